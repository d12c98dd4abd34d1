"""What is paid once, and what is paid beside calls: import, first answer, memory, long streams, generator, selection, schemas.

    just bench-costs                       # all of it
    just bench-costs --only import,first --runs 5

Fresh processes for the first half, with bytecode compiled: CPU seconds and peak memory, the median. For the second half
CPU microseconds in this process, the best of several, each as a multiple of one fixed piece of Python (`unit`), which
makes machines comparable.
"""

from __future__ import annotations

import argparse
import compileall
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases import TOOLS, WIRES
from run import about, serving

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

IMPORTS = {
    "python": "pass",
    "msgspec": "import msgspec",
    "capably": "from capably import llm",
    "capably, a model": 'from capably import llm; llm.Model("anthropic/claude-sonnet-5-5")',
    "anthropic": "import anthropic",
    "openai": "import openai",
    "google-genai": "from google import genai",
}
FIRST = """import sys; sys.path.insert(0, {here!r}); import worker
from cases import CASES
assert worker.load({file!r}).System({wire!r}, {url!r}).call(CASES["small"]) == CASES["small"].answer"""
LONG = """import sys; sys.path.insert(0, {here!r}); import worker
from cases import CASES
assert sum(map(len, worker.load({file!r}).System({wire!r}, {url!r}).pieces(CASES["stream"]))) == {size}"""
"""Text that is read piece by piece; nobody keeps the pieces."""


def fresh(code: str) -> tuple[float, float]:
    """Return CPU milliseconds and peak memory (MB) of a fresh process that runs `code`."""
    # Not `ru_maxrss`, which a child inherits from the process that started it.
    end = (
        "\nimport time; print(time.process_time(), open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code + end]
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.split()
    return 1000 * float(output[-2]), float(output[-1]) / 1024


def processes(codes: dict[str, str], runs: int) -> dict[str, dict[str, float]]:
    """Run each piece of code in fresh processes, in random order."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in codes}
    for code in codes.values():
        fresh(code)
    for _ in range(runs):
        for name in random.sample(list(codes), len(codes)):
            took[name].append(fresh(codes[name]))
    return {
        name: {"ms": statistics.median(cpu for cpu, _ in all), "mb": statistics.median(memory for _, memory in all)}
        for name, all in took.items()
    }


def first_answers(runs: int) -> dict[str, dict[str, float]]:
    """Measure from the start of Python to the first answer, with the SDK alone and with capably over each HTTP library."""
    with serving() as served:
        codes = {
            f"{wire}, {system}": FIRST.format(
                here=str(HERE), file=str(HERE / f"{system}.py"), wire=wire, url=served.url
            )
            for wire in WIRES
            for system in ("sdk", "ours", "fast")
        }
        return processes(codes, runs)


def long_streams(runs: int) -> dict[str, dict[str, float]]:
    """Measure streams of 1 MB and 100 MB on the wire, in deltas of 64 kB. Responses repeats its text four times at
    the end."""
    sys.path.append(str(ROOT / "tests"))
    import replies
    from support.loopback import Canned, Loopback

    costs: dict[str, dict[str, float]] = {}
    for wire, megabytes in itertools.product(WIRES, (1, 100)):
        count = megabytes * 16 // (5 if wire == "responses" else 1)
        replies.PIECES[:] = ["a word ".ljust(65536, "x")] * count
        with Loopback([Canned(list(replies.events(wire, "stream")))]) as server:
            codes = {
                f"{wire}, {system}, {megabytes} MB": LONG.format(
                    here=str(HERE), file=str(HERE / f"{system}.py"), wire=wire, url=server.url, size=count * 65536
                )
                for system in ("sdk", "ours", "fast")
            }
            costs |= processes(codes, runs)
    return costs


# --- inside one process -------------------------------------------------------------------------------------------


def unit() -> None:
    """Run a fixed piece of Python, about 100 us: the unit of the other costs."""
    counts: dict[str, int] = {}
    for number in range(400):
        key = str(number % 50)
        counts[key] = counts.get(key, 0) + len(key)


@dataclass
class Chapter:
    title: str
    pages: int
    notes: list[str]


@dataclass
class Story:
    """A class with classes inside, for the schema."""

    title: str
    year: int | None
    chapters: list[Chapter]


def pieces_of_work() -> dict[str, Callable[[], object]]:
    """Return what is timed in this process, by name."""
    from capably_codegen.load import load_registry
    from capably_codegen.stubs.render import render

    from capably import llm
    from capably.calls.call import prepare
    from capably.formats import output_format as _format
    from capably.formats.partial_json import PartialParser
    from capably.tools import decorator as _tool
    from capably.validation.check import check_call
    from capably.validation.violations import PendingCall

    source = load_registry(ROOT / "model_registry.yaml")
    chapters = [{"title": f"Chapter {n}", "pages": n, "notes": ["a note", "another one"] * 10} for n in range(100)]
    text = json.dumps({"title": "A story", "year": 1968, "chapters": chapters})
    deltas = [text[at : at + 12] for at in range(0, len(text), 12)]
    model: Any = llm.Model("openai/gpt-6.1-sol")
    tools = [llm.tool(function) for function in TOOLS]

    def partial() -> None:
        feed = PartialParser().feed
        for delta in deltas:
            feed(delta)

    def tool_schemas() -> None:
        for function in TOOLS:
            _ = _tool.tool(function).parameters

    params = {"max_tokens": 100, "tools": tools, "reasoning": "low"}
    info: Any = model.info
    hi: list[Any] = [llm.user("Hi")]

    return {
        "the generator, all files": lambda: render(source),
        "llm.models(tools=True, ...)": lambda: llm.models(tools=True, image_input=True, reasoning="high"),
        'llm.Model("...")': lambda: llm.Model("openai/gpt-6.1-sol"),
        "check of a call": lambda: check_call(PendingCall(info.id, info, "responses", params, hi, "raise")),
        "check and request of a call": lambda: prepare(model.id, info, "Hi", params),
        "schema of a format": lambda: _format._make_format(Story),  # pyright: ignore[reportPrivateUsage]
        "schemas of five tools": tool_schemas,
        f"partial parsing, {len(deltas)} pieces": partial,
    }


def best_of(work: Callable[[], object], runs: int) -> float:
    """Return the CPU microseconds of one piece of work, the best of several runs."""
    started = time.process_time()
    work()
    times = max(1, min(2000, int(0.02 / max(1e-6, time.process_time() - started))))
    times_taken: list[float] = []
    for _ in range(runs):
        started = time.process_time()
        for _ in range(times):
            work()
        times_taken.append((time.process_time() - started) / times)
    return 1e6 * min(times_taken)


def inside(runs: int) -> dict[str, dict[str, float]]:
    base = best_of(unit, runs)
    times_taken = {name: best_of(work, runs) for name, work in pieces_of_work().items()}
    base = min(base, best_of(unit, runs))
    return {name: {"us": took, "units": took / base} for name, took in times_taken.items()}


def show(title: str, rows: dict[str, dict[str, float]]) -> None:
    columns = list(next(iter(rows.values())))
    print(f"\n{title:40}" + "".join(f"{column:>12}" for column in columns))
    for name, numbers in rows.items():
        print(f"{name:40}" + "".join(f"{numbers[column]:12,.1f}" for column in columns))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="import,first,long,inside", help="with commas")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--json", type=Path, help="writes every number into this file")
    options = parser.parse_args()
    for folder in ("src", "typings"):
        compileall.compile_dir(ROOT / folder, quiet=2)
    wanted = options.only.split(",")
    results: dict[str, Any] = {"about": about()}
    for name, title, measure in (
        ("import", "import, fresh process", lambda: processes(IMPORTS, options.runs)),
        ("first", "first answer, fresh process", lambda: first_answers(options.runs)),
        ("long", "long streams, fresh process", lambda: long_streams(min(3, options.runs))),
        ("inside", "beside calls", lambda: inside(options.runs)),
    ):
        if name in wanted:
            results[name] = measure()
            show(title, results[name])
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
