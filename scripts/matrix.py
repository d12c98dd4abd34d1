"""Every model x every gated feature x every form of call, written as a program, against what the registry says.

The expectation is read from the registry's own words, here, and from nothing that the generator or the library made of
them. pyright must reject exactly the lines that the registry forbids. `just matrix` prints the counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from capably_codegen.registry import Source, constant_name, load_registry
from capably_codegen.schema import Model, Profile, Reasoning, Tools

ROOT = Path(__file__).resolve().parent.parent
EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")
FORMS = ("call", "stream", "call_async", "stream_async")
PARTS = {"image": "Image", "document": "Document", "audio": "Audio", "video": "Video"}
BUILTINS = {
    "web_search": "WebSearch",
    "web_fetch": "WebFetch",
    "code_execution": "CodeExecution",
    "file_search": "FileSearch",
    "image_generation": "ImageGeneration",
    "computer_use": "ComputerUse",
    "google_maps": "GoogleMaps",
    "memory": "Memory",
    "mcp": "MCPServer",
}


class Case(NamedTuple):
    """One call: which feature it uses, its arguments, and whether the registry allows it."""

    feature: str
    arguments: str
    allowed: bool


def cases_of(profile: Profile | None) -> Iterator[Case]:
    """Every feature of one profile, asked for once; `None` is an unverified model, which admits everything."""
    always = profile is None
    yield Case("plain", '"hi"', True)
    yield Case("max_tokens", '"hi", max_tokens=100', True)
    yield Case("routing", '"hi", extra={"a": 1}, on_unsupported="drop", timeout=3.0, max_retries=1, headers={}', True)
    yield Case("misspelt", '"hi", temprature=0.5', False)
    for name, arguments, said in _plain(profile):
        yield Case(name, f'"hi", {arguments}', always or said)
    yield from _sampling(profile)
    yield from _reasoning(profile)
    yield from _tools(profile)
    for modality, part in PARTS.items():
        said = always or modality in profile.input
        url = f'llm.{part}.from_url("https://x.y/z")'
        yield Case(f"input {modality}", url, said)
        yield Case(f"input {modality}", f'["hi", {url}]', said)
        yield Case(f"input {modality}", f'[llm.user(["hi", {url}]), llm.assistant("yes"), llm.user("and?")]', said)


def _plain(profile: Profile | None) -> Iterator[tuple[str, str, bool]]:
    """Features that one word of the profile decides."""
    cache = profile.cache if profile else None
    lifetimes = cache.breakpoints if cache and not isinstance(cache, str) else []
    endpoint = next(iter(profile.endpoints.values())) if profile else None
    yield "system", 'system="be brief"', bool(profile) and profile.system in ("start", "anywhere")
    yield "format", "format=int", bool(profile) and profile.structured_output in ("json_schema", "json_object")
    yield "prefill", 'prefill="The"', bool(profile) and profile.prefill is True
    yield "stop", 'stop="END"', bool(endpoint) and endpoint.stop == "always"
    yield "stop", 'stop=["END", "STOP"]', bool(endpoint) and endpoint.stop == "always"
    yield "seed", "seed=7", bool(endpoint) and endpoint.seed == "always"
    for word in ("low", "medium", "high"):
        yield "verbosity", f'verbosity="{word}"', bool(profile) and word in profile.verbosity
    for word in ("5m", "30m", "1h", "12h", "24h"):
        yield "cache", f'cache="{word}"', word in lifetimes
    for word in ("image", "audio"):
        yield "output", f'output=("text", "{word}")', bool(profile) and word in profile.output


def _sampling(profile: Profile | None) -> Iterator[Case]:
    reasoning = profile.reasoning if profile else None
    can_be_off = isinstance(reasoning, Reasoning) and reasoning.off not in ("never", "unverified")
    endpoint = next(iter(profile.endpoints.values())) if profile else None
    said = {
        "temperature=0.5": profile.sampling.temperature if profile else "always",
        "top_p=0.5": profile.sampling.top_p if profile else "always",
        "top_k=5": profile.sampling.top_k if profile else "always",
        "logprobs=3": endpoint.logprobs if endpoint else "always",
    }
    for argument, when in said.items():
        name = argument.partition("=")[0]
        yield Case(name, f'"hi", {argument}', when == "always")
        yield Case(
            f"{name} with reasoning off",
            f'"hi", {argument}, reasoning="off"',
            profile is None or (can_be_off and when in ("always", "reasoning_off")),
        )


def _reasoning(profile: Profile | None) -> Iterator[Case]:
    reasoning = profile.reasoning if profile else None
    known = reasoning if isinstance(reasoning, Reasoning) else None
    efforts: Iterable[str] = known.efforts if known and known.efforts != "unverified" else ()
    here = next(iter(profile.endpoints.values())).efforts if profile else None
    levels = [e for e in efforts if here is None or e in here]
    off = known is not None and known.off not in ("never", "unverified")
    budget = known is not None and known.budget is not None
    settable = bool(levels) or off or budget
    for effort in EFFORTS:
        said = profile is None or effort in levels
        yield Case("reasoning level", f'"hi", reasoning="{effort}"', said)
        yield Case("Reasoning(effort)", f'"hi", reasoning=llm.Reasoning(effort="{effort}", visible=True)', said)
    yield Case("reasoning level", '"hi", reasoning="extreme"', False)
    yield Case("reasoning off", '"hi", reasoning="off"', profile is None or off)
    yield Case("reasoning budget", '"hi", reasoning=llm.Reasoning(budget_tokens=4000)', profile is None or budget)
    yield Case("reasoning visible", '"hi", reasoning=llm.Reasoning(visible=True)', profile is None or settable)


def _tools(profile: Profile | None) -> Iterator[Case]:
    endpoint = next(iter(profile.endpoints.values())) if profile else None
    tools = profile.tools if profile and isinstance(profile.tools, Tools) else None
    has = profile is None or (tools is not None and endpoint is not None and endpoint.tools == "always")
    forced = tools.forced if tools else "never"
    budget = profile is not None and isinstance(profile.reasoning, Reasoning) and profile.reasoning.budget is not None
    free = profile is None or (has and forced in ("always", "without_budget"))
    yield Case("tools", '"hi", tools=[add]', has)
    yield Case("tools", '"hi", tools=[add], tool_choice="auto"', has)
    yield Case("tool_choice forced", '"hi", tools=[add], tool_choice="required"', free)
    yield Case("tool_choice forced", '"hi", tools=[add], tool_choice=add', free)
    yield Case(
        "tool_choice forced with a budget",
        '"hi", tools=[add], tool_choice="required", reasoning=llm.Reasoning(budget_tokens=4000)',
        profile is None or (has and budget and forced == "always"),
    )
    yield Case("tool_choice misspelt", '"hi", tools=[add], tool_choice="always"', False)
    parallel = profile is None or (has and tools is not None and tools.parallel == "optional")
    yield Case("parallel_tools", '"hi", tools=[add], parallel_tools=False', parallel)
    for word, name in BUILTINS.items():
        said = profile is None or word in profile.builtin_tools
        yield Case(f"built-in {word}", f'"hi", tools=[llm.{name}()]', said)


class Line(NamedTuple):
    """Where a case stands in the written program."""

    model: str
    form: str
    case: Case


HEAD = """from capably import llm

@llm.tool
def add(a: int, b: int) -> int:
    "Adds."
    return a + b

"""


def write_program(
    source: Source, id: str, model: Model, forms: Iterable[str], door: str
) -> tuple[str, dict[int, Line]]:
    """A file that makes every call of one model, and what stands on which line (counted from 1)."""
    lines = HEAD.splitlines()
    provider = id.partition("/")[0]
    made = f'llm.Model("{id}")' if door == "string" else f"llm.{provider}.{constant_name(id, model)}"
    lines += [f"m = {made}", "async def run() -> None:"]
    where: dict[int, Line] = {}
    for case in cases_of(source.registry.profiles.get(model.profile)):
        for form in forms:
            waiting = "await " if form.endswith("_async") else ""
            lines.append(f"    {waiting}m.{form}({case.arguments})")
            where[len(lines)] = Line(id, form, case)
    return "\n".join(lines) + "\n", where


class Verdict(NamedTuple):
    """A line on which pyright and the registry disagree."""

    line: Line
    kind: str
    said: str


def run_matrix(
    source: Source,
    ids: Iterable[str],
    python: str,
    *,
    forms: Iterable[str] = FORMS,
    door: str = "constant",
    jobs: int = 2,
) -> tuple[Counter[str], list[Verdict]]:
    """Counts of cells and of disagreements, over these models, with the package that `python` has installed."""
    forms = tuple(forms)
    pieces = [list(ids)[i::jobs] for i in range(jobs)]
    with ThreadPoolExecutor(jobs) as pool:
        tasks = [pool.submit(_run_piece, source, piece, python, forms, door) for piece in pieces]
        results = [task.result() for task in tasks]
    total = sum((counts for counts, _ in results), Counter[str]())
    return total, [verdict for _, verdicts in results for verdict in verdicts]


def _run_piece(
    source: Source, ids: list[str], python: str, forms: tuple[str, ...], door: str
) -> tuple[Counter[str], list[Verdict]]:
    counts: Counter[str] = Counter()
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory() as folder:
        programs: dict[str, dict[int, Line]] = {}
        for number, id in enumerate(ids):
            text, where = write_program(source, id, source.registry.models[id], forms, door)
            name = f"m{number}.py"
            (Path(folder) / name).write_text(text, encoding="utf-8")
            programs[name] = where
        (Path(folder) / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}', encoding="utf-8")
        said = pyright_errors(Path(folder), python)
    for name, where in programs.items():
        rejected = said.pop(name, {})
        for number, line in where.items():
            wrong = "false accept" if number not in rejected else "false reject"
            counts["cells"] += 1
            counts["allowed" if line.case.allowed else "forbidden"] += 1
            if line.case.allowed is (number in rejected):
                counts[wrong] += 1
                verdicts.append(Verdict(line, wrong, rejected.get(number, "nothing")))
        for number in rejected.keys() - where.keys():
            counts["broken"] += 1
            verdicts.append(Verdict(Line(name, "", Case("the program itself", "", True)), "broken", rejected[number]))
    return counts, verdicts


def pyright_errors(folder: Path, python: str) -> dict[str, dict[int, str]]:
    """File name -> line -> the first line of pyright's first error there."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", python]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError(f"pyright did not run:\n{done.stdout}{done.stderr}") from None
    found: dict[str, dict[int, str]] = {}
    for item in report["generalDiagnostics"]:
        if item["severity"] == "error":
            lines = found.setdefault(Path(item["file"]).name, {})
            lines.setdefault(item["range"]["start"]["line"] + 1, item["message"].splitlines()[0])
    return found


def one_per_profile(source: Source) -> list[str]:
    """The first model of each profile (and one that is unverified)."""
    first: dict[str, str] = {}
    for id, model in source.registry.models.items():
        first.setdefault(model.profile, id)
    return sorted(first.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="the interpreter whose installed capably is checked")
    parser.add_argument("--door", choices=("constant", "string"), default="constant")
    parser.add_argument("--profiles", action="store_true", help="one model of each profile instead of every model")
    options = parser.parse_args()
    source = load_registry(ROOT / "model_registry.yaml")
    ids = one_per_profile(source) if options.profiles else sorted(source.registry.models)
    started = time.perf_counter()
    counts, verdicts = run_matrix(source, ids, options.python, door=options.door)
    for verdict in verdicts[:40]:
        line = verdict.line
        print(f"{verdict.kind}: {line.model}.{line.form}({line.case.arguments})\n    pyright says: {verdict.said}")
    print(
        f"{len(ids)} models, {counts['cells']:,} cells "
        f"({counts['allowed']:,} allowed, {counts['forbidden']:,} forbidden): "
        f"{counts['false accept']} false accepts, {counts['false reject']} false rejects, "
        f"{time.perf_counter() - started:.0f} s"
    )
    return 1 if verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
