"""What the types cost: pyright's CPU seconds and an editor's waits, over registries of 50 to 3,000 models.

    python scripts/bench/typing_cost.py                          # the table of CPU seconds
    python scripts/bench/typing_cost.py --langserver --sizes 0   # the waits of an editor, with the real registry (0)

The registries are made of the real profiles: models are repeated under other ids, and where there are too few, profiles too.
CPU seconds are the least of `--runs` rounds, ratios the median of those within a round; on a busy machine trust the ratios.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from capably_codegen.load import load_registry
from capably_codegen.output.format_code import format_files
from capably_codegen.registry.names import constant_name
from capably_codegen.registry.schema import Model, Profile
from capably_codegen.registry.source import Source
from capably_codegen.stubs.render import render
from support.langserver import Server

ROOT = Path(__file__).resolve().parent.parent.parent
SIX = 6
MANY = 300
PROFILES = {50: 20, 300: 60, 1000: 150, 3000: 300}
"""Size of a made registry -> how many profiles its models share."""
USER_FILES = ("user file", "  with pydantic", "user file, and a string", "  and pydantic")
LIMITS = {**dict.fromkeys(USER_FILES, 1.15), "300 constants": 1.3, "300 strings": 1.6}
"""What issue 3 allows from 50 to 1,000 models."""

BARE = '''from dataclasses import dataclass

@dataclass
class Book:
    title: str

def best(books: list[Book]) -> Book | None:
    return max(books, key=lambda book: book.title, default=None)

''' + "\n".join(f"def step_{n}(text: str) -> str:\n    return text.upper() * {n}" for n in range(10))  # fmt: skip

USES = """from dataclasses import dataclass
from capably import llm

@dataclass
class Book:
    title: str

@llm.tool
def look_up(title: str) -> str:
    "Looks up."
    return title

model = {model}

def ask(question: str) -> str:
    response = model.call(question, max_tokens=100)
    print(response.usage, response.cost, response.finish_reason)
    return response.text()

def read(text: str) -> Book:
    return llm.Model.of(text).call(text, format=Book).parse()

def loop(text: str) -> str:
    response = llm.Model.of(text).call(text, tools=[look_up])
    while response.tool_calls:
        response = response.resume(response.execute_tools())
    return response.text()
"""


def of_size(real: Source, size: int) -> Source:
    """Return a registry of `size` models (0: the real one) that share `PROFILES[size]` real profiles, or copies of
    them."""
    if not size:
        return real
    registry = real.registry
    members: dict[str, list[str]] = {}
    for id, model in sorted(registry.models.items()):
        if model.profile in registry.profiles:
            members.setdefault(model.profile, []).append(id)
    names, wanted = sorted(members), PROFILES[size]
    models: dict[str, Model] = {}
    profiles: dict[str, Profile] = {}
    for number in range(size):
        place = number % wanted
        name = names[place % len(names) if wanted > len(names) else place * len(names) // wanted]
        profile = f"{name}-copy{place // len(names)}" if place >= len(names) else name
        id = members[name][number // wanted % len(members[name])]
        new = next(new for new in chain([id], (f"{id}-v{n}" for n in count(1))) if new not in models)
        profiles[profile] = registry.profiles[name]
        models[new] = registry.models[id].model_copy(update={"profile": profile, "constant": None, "replacement": None})
    lines = {**real.lines, **{("profiles", name): 1 for name in profiles}, **{("models", id): 1 for id in models}}
    return Source(real.path, registry.model_copy(update={"models": models, "profiles": profiles}), lines)


def constant(source: Source, id: str) -> str:
    return f"llm.{id.partition('/')[0]}.{constant_name(id, source.registry.models[id])}"


def six_of(real: Source) -> list[str]:
    """Return models of as many providers as possible that are in a registry of any size, so that all check the same
    file."""
    ids = sorted(real.registry.models.keys() & of_size(real, min(PROFILES)).registry.models.keys())
    return [ids[i * len(ids) // SIX] for i in range(SIX)]


def write_project(folder: Path, real: Source, source: Source) -> None:
    """Write the stubs of the registry into `typings/`, where they shadow the installed ones, and files that use
    them."""
    stubs = folder / "typings" / "capably_models"
    stubs.mkdir(parents=True)
    for name, text in format_files(render(source)).items():
        (stubs / name).parent.mkdir(exist_ok=True)
        (stubs / name).write_text(text, encoding="utf-8")
    many = (sorted(source.registry.models) * MANY)[:MANY]
    six = six_of(real)
    (folder / "bare.py").write_text(BARE, encoding="utf-8")
    (folder / "uses.py").write_text(USES.replace("{model}", f'llm.Model("{six[0]}")'), encoding="utf-8")
    (folder / "constant.py").write_text(USES.replace("{model}", constant(source, six[0])), encoding="utf-8")
    user = _functions(constant(source, id) for id in six) + USES
    for name, model in (("user", constant(source, six[1])), ("user_string", f'llm.Model("{six[1]}")')):
        text = user.replace("{model}", model)
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
        (folder / f"{name}_pydantic.py").write_text(text.replace(*PYDANTIC), encoding="utf-8")
    (folder / "constants.py").write_text(_functions(constant(source, id) for id in many), encoding="utf-8")
    (folder / "strings.py").write_text(_functions(f'llm.Model("{id}")' for id in many), encoding="utf-8")


def _functions(models: Iterator[str]) -> str:
    return "from capably import llm\n" + "\n".join(
        f"def f_{n}(text: str) -> str:\n    return {model}.call(text, max_tokens=100).text()\n"
        for n, model in enumerate(models)
    )


PYDANTIC = ("@dataclass\nclass Book:", "from pydantic import BaseModel\n\nclass Book(BaseModel):")
"""The dataclass of `USES`, and the same in pydantic."""

FILES = {
    "bare file": "bare.py",
    "30 lines, a string": "uses.py",
    "30 lines, a constant": "constant.py",
    "user file": "user.py",
    "  with pydantic": "user_pydantic.py",
    "user file, and a string": "user_string.py",
    "  and pydantic": "user_string_pydantic.py",
    "300 constants": "constants.py",
    "300 strings": "strings.py",
}


def cpu_of(folder: Path, file: str, python: str) -> float:
    """Return the CPU seconds of pyright for one file, which must have no errors."""
    config = {"include": [file], "typeCheckingMode": "standard", "stubPath": "typings"}
    (folder / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pyright", "--pythonpath", python]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{file} is not free of errors:\n{done.stdout[:2000]}{done.stderr[:2000]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_cpu(real: Source, sizes: Sequence[int], python: str, runs: int) -> None:
    """Measure every file in every registry, once in each round; ratios are of the same round."""
    rounds: dict[tuple[str, int], list[float]] = {(name, size): [] for name in FILES for size in sizes}
    with tempfile.TemporaryDirectory() as made:
        for size in sizes:
            write_project(Path(made) / str(size), real, of_size(real, size))
        for _ in range(runs):
            for name, size in rounds:
                rounds[name, size].append(cpu_of(Path(made) / str(size), FILES[name], python))

    def ratio(over: tuple[str, int], under: tuple[str, int]) -> str:
        pairs = zip(rounds[over], rounds[under], strict=True) if over in rounds and under in rounds else ()
        ratios = [value / base for value, base in pairs]
        return f"{statistics.median(ratios):9.2f}" if ratios else f"{'':9}"

    heads = "".join(f"{size or 'real':>9}" for size in sizes)
    print(f"{'CPU seconds (least)':28}{heads}{'1000/50':>9}{'allowed':>9}")
    for name in FILES:
        values = "".join(f"{min(rounds[name, size]):9.2f}" for size in sizes)
        print(f"{name:28}{values}{ratio((name, 1000), (name, 50))}{LIMITS.get(name, ''):>9}")
    print("\nof the bare file")
    for name in ("30 lines, a string", "30 lines, a constant"):
        print(f"{name:28}{''.join(ratio((name, size), ('bare file', size)) for size in sizes)}{'':9}{1.5:>9}")


def measure_editor(real: Source, size: int, python: str) -> None:
    """Measure milliseconds from a keystroke to the answer, warm: the median of seven edits, and what was offered."""
    source = of_size(real, size)
    id = "anthropic/claude-sonnet-5-5" if not size else min(source.registry.models)
    name = constant(source, id)
    questions = {
        "ids, constants": ("completion", f"{name.rpartition('.')[0]}.|"),
        "ids, strings": ("completion", 'llm.Model("|")'),
        "effort levels": ("completion", f'{name}.call("Hi", reasoning="|")'),
        "parameters": ("completion", f'{name}.call("Hi", |)'),
        "parameters, strings": ("completion", f'llm.Model("{id}").call("Hi", |)'),
        "hover of a model": ("hover", name[:-1] + "|" + name[-1]),
        "hover of call": ("hover", f'{name}.ca|ll("Hi")'),
        "signature help": ("signatureHelp", f"{name}.call(|)"),
        "signature help, Model(": ("signatureHelp", "llm.Model(|)"),
        "signature help, @llm.call(": ("signatureHelp", "llm.call(|)"),
    }
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        write_project(folder, real, source)
        with Server(folder, python) as server:
            print(f"\n{len(source.registry.models)} models{'':22}{'median ms':>10}{'worst':>8}  offered")
            for title, (method, text) in questions.items():
                waits: list[float] = []
                answer: Any = None
                for edit in range(8):
                    written = "from capably import llm\n\n" + "# an edit\n" * edit + text + "\n"
                    started = time.perf_counter()
                    answer = server.at(method, written)
                    waits.append(1000 * (time.perf_counter() - started))
                print(f"{title:32}{statistics.median(waits[1:]):10.0f}{max(waits[1:]):8.0f}  {_offered(answer)}")


def _offered(answer: Any) -> str:
    if not answer:
        return "nothing"
    if "signatures" in answer:
        return f"{len(answer['signatures'])} signatures"
    if "contents" in answer:
        return str(answer["contents"].get("value", "")).replace("\n", " ")[:90]
    items: Any = answer.get("items", answer)
    quoted = [item["label"] for item in items if item["label"].startswith(('"', "'")) or item["label"].endswith("=")]
    names = quoted or [item["label"] for item in items]
    return f"{len(names)}: {', '.join(names)[:90]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the interpreter whose installed capably is used")
    parser.add_argument("--sizes", default="50,300,1000", help="numbers of models, with commas; 0 is the real registry")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--langserver", action="store_true", help="the waits of an editor instead of CPU seconds")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    real = load_registry(ROOT / "model_registry.yaml")
    if not options.langserver:
        measure_cpu(real, sizes, options.python, options.runs)
        return
    for size in sizes:
        measure_editor(real, size, options.python)


if __name__ == "__main__":
    main()
