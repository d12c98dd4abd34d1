"""Every model x every gated feature x every form of call, written as programs, against what the registry says.

A type checker must reject exactly the lines that the registry forbids (`oracle.py` reads its words). `just matrix`
prints the counts.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from capably_codegen.registry import Source, constant_name, load_registry
from support.checkers import CHECKERS, READS_INIT, Errors, run_checker
from support.expected_types import Case, Requirement, bodies, cases_of, defaults_of, requirements_of

ROOT = Path(__file__).resolve().parent.parent
CALLS = ("call", "stream", "call_async", "stream_async")
FORMS = (*CALLS, "with_", "Model", "defaults", "decorator", "requirement")
"""The ways to say what a model shall do; `defaults` are calls after `with_`, `requirement` passes the model to a function
that requires a capability."""

ALIKE = ((*CALLS, "decorator"), ("with_", "Model"))
"""Forms that take the same parameters. A sample writes each case in one form of each group, by turns."""

_PER_CALL = re.compile(r"\b(format|prefill)=")
"""Parameters that cannot be set on the model itself."""

HEAD = """from typing import Literal
from capably import llm

@llm.tool
def add(a: int, b: int) -> int:
    "Adds."
    return a + b

"""


class Line(NamedTuple):
    """What stands on a line of a written program."""

    model: str
    form: str
    case: Case | Requirement
    text: str


class Program:
    """A program as it is written, and what stands on which line (counted from 1)."""

    def __init__(self) -> None:
        self.lines: list[str] = [*HEAD.splitlines()]
        self.where: dict[int, Line] = {}

    def add(self, *lines: str, line: tuple[str, str, Case | Requirement] | None = None) -> None:
        """Add lines; an error on any of them belongs to the case that `line` names."""
        for text in lines:
            self.lines.append(text)
            if line:
                self.where[len(self.lines)] = Line(*line, " ".join(map(str.strip, lines)))

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def has_turn(form: str, forms: Sequence[str], turn: int | None) -> bool:
    """Tell whether a sample writes a case in this form. `turn` counts cases and programs; `None` is no sample."""
    for group in ALIKE:
        if form in group and turn is not None:
            choices = [name for name in group if name in forms]
            return choices[turn % len(choices)] == form
    return True


def turns(first: int | None, cases: Iterable[Case]) -> list[tuple[int | None, Case]]:
    """Return the cases with their turns, in a sample that begins with turn `first`."""
    return [(first if first is None else first + number, case) for number, case in enumerate(cases)]


def write_program(source: Source, id: str, forms: Sequence[str], door: str, first: int | None = None) -> Program:
    """Write a program with every call to one model, in every form; a sample of it where there is a `first` turn."""
    model = source.registry.models[id]
    profile = source.registry.profiles.get(model.profile)
    provider = id.partition("/")[0]
    made = {
        "constant": f"llm.{provider}.{constant_name(id, model)}",
        "string": f'llm.Model("{id}")',
        "custom": f'llm.Model.custom("{provider}/ours", like="{id}")',
    }[door]
    program = Program()
    requirements = list(requirements_of(profile)) if "requirement" in forms else []
    for number, requirement in enumerate(requirements):
        program.add(*_requiring(number, requirement.type))
    program.add(f"m = {made}", "async def run() -> None:", "    pass")
    cases = turns(first, cases_of(profile))
    for form in forms:
        for turn, case in cases:
            if not has_turn(form, forms, turn):
                continue
            if form in CALLS:
                program.add(f"    {_call('m', form, case)}", line=(id, form, case))
            elif form in ("with_", "Model") and case.params and not _PER_CALL.search(case.params):
                start = "m.with_(" if form == "with_" else f'llm.Model("{id}", '
                program.add(f"    {start}{case.params})", line=(id, form, case))
    for number, case in enumerate(defaults_of(profile) if "defaults" in forms else ()):
        copy = "m" + "".join(f".with_({defaults})" for defaults in case.defaults)
        program.add(f"    {_call(copy, CALLS[number % len(CALLS)], case)}", line=(id, "defaults", case))
    for number, requirement in enumerate(requirements):
        program.add(f"    need_{number}(m)", line=(id, "requirement", requirement))
    if "decorator" in forms:
        program.add(f'fixed = llm.call("{id}")')
    for number, (turn, case) in enumerate(cases if "decorator" in forms else ()):
        if has_turn("decorator", forms, turn):
            program.add(*_decorated(id, f"said_{number}", case), line=(id, "decorator", case))
    return program


def _call(model: str, form: str, case: Case) -> str:
    call = f"{model}.{form}({case.arguments})"
    if form.endswith("_async"):
        call = f"(await {call})" if case.after else f"await {call}"
    return f"print({call}{case.after})" if case.after else call


def _decorated(id: str, name: str, case: Case) -> list[str]:
    """Write a function decorated with `@llm.call`, followed by the use of its response."""
    start = f'@llm.call("{id}", {case.params})' if case.params else "@fixed"
    below = [f"print({name}(){case.after})"] if case.after else []
    return [start, f"def {name}() -> {case.returns}: raise SystemExit", *below]


def _requiring(number: int, type: str) -> list[str]:
    """Write a function `need_<number>` that requires what `type` names."""
    if type.startswith("prompt"):
        _, _, rest = type.partition(":")
        params = rest if "=" in rest else ""
        returns = "str" if "=" in rest or not rest else f"list[str | llm.{rest}]"
        return [f"@llm.prompt({params})", f"def need_{number}() -> {returns}: raise SystemExit"]
    inputs, _, has = type.rpartition(", ")
    if type and not type.startswith("Has"):
        inputs, has = (inputs, has) if inputs else (type, "")
    inside = ", ".join(f"llm.{name}" for name in (inputs or ("Text" if has else ""), has) if name)
    return [f"def need_{number}(model: llm.Model{f'[{inside}]' if inside else ''}) -> None: ..."]


def write_body(type: str, cases: Sequence[Case], first: int | None = None) -> Program:
    """Write a function that requires a capability. Its body uses everything; only what it requires must be accepted."""
    program = Program()
    program.add(f"async def body(m: {type}) -> None:")
    for form in CALLS:
        for turn, case in turns(first, cases):
            if has_turn(form, CALLS, turn):
                program.add(f"    {_call('m', form, case)}", line=(type, form, case))
    return program


class Verdict(NamedTuple):
    """A line on which the type checker and the registry disagree."""

    line: Line
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.line.model}: {self.line.text}\n    {self.message}"


def run_matrix(
    source: Source,
    ids: Sequence[str],
    python: str,
    *,
    forms: Sequence[str] = FORMS,
    door: str = "constant",
    jobs: int = 2,
    checker: str = "pyright",
    sample: bool = False,
) -> tuple[Counter[str], list[Verdict]]:
    """Count cells and disagreements for these models, with the package that `python` has installed.

    A sample has every case of every model, every case in every form and every model in every form, but not all three at
    once: of the forms that take the same parameters, each case has one.
    """
    if checker not in READS_INIT:
        forms = [form for form in forms if form != "Model"]
    programs = {
        f"m{number}.py": write_program(source, id, forms, door, number if sample else None)
        for number, id in enumerate(ids)
    }
    if "requirement" in forms:
        programs |= {
            f"body{number}.py": write_body(*body, number if sample else None) for number, body in enumerate(bodies())
        }
    names = list(programs)
    # mypy reads every stub again in each process.
    pieces = [names[i::jobs] for i in range(jobs)] if checker != "mypy" else [names]
    with ThreadPoolExecutor(jobs) as pool:
        tasks = [pool.submit(_run_piece, {n: programs[n] for n in piece}, python, checker) for piece in pieces if piece]
        results = [task.result() for task in tasks]
    total = sum((counts for counts, _ in results), Counter[str]())
    return total, [verdict for _, verdicts in results for verdict in verdicts]


def _run_piece(programs: Mapping[str, Program], python: str, checker: str) -> tuple[Counter[str], list[Verdict]]:
    with tempfile.TemporaryDirectory() as folder:
        for name, program in programs.items():
            (Path(folder) / name).write_text(program.text, encoding="utf-8")
        errors = run_checker(checker, Path(folder), python)
    return compare(programs, errors)


def compare(programs: Mapping[str, Program], errors: Errors) -> tuple[Counter[str], list[Verdict]]:
    """Count, and return where the checker's errors differ from what the cases expect. A case may have several lines."""
    counts: Counter[str] = Counter()
    verdicts: list[Verdict] = []
    for name, program in programs.items():
        rejected = errors.get(name, {})
        cells: dict[tuple[int, str], tuple[Line, str]] = {}
        for number, line in program.where.items():
            key = (id(line.case), line.form)
            cells[key] = (line, cells.get(key, (line, ""))[1] or rejected.get(number, ""))
        for line, message in cells.values():
            counts["cells"] += 1
            counts[line.form] += 1
            counts["allowed" if line.case.allowed else "forbidden"] += 1
            if line.case.allowed is bool(message):
                kind = "false reject" if message else "false accept"
                counts[kind] += 1
                verdicts.append(Verdict(line, kind, message or "nothing"))
        outside = sorted(rejected.keys() - program.where.keys())
        verdicts += [_broken(name, program.lines[n - 1] if n else name, rejected[n]) for n in outside]
    verdicts += [_broken(name, name, str(lines)) for name, lines in errors.items() if name not in programs]
    counts["broken"] = sum(verdict.kind == "broken" for verdict in verdicts)
    return counts, verdicts


def _broken(name: str, text: str, message: str) -> Verdict:
    return Verdict(Line(name, "", Case("the program itself", "", True), text), "broken", message)


def one_per_profile(source: Source) -> list[str]:
    """Return the first model of each profile, and one unverified model."""
    first: dict[str, str] = {}
    for id, model in source.registry.models.items():
        first.setdefault(model.profile, id)
    return sorted(first.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="the interpreter whose installed capably is checked")
    parser.add_argument("--door", choices=("constant", "string", "custom"), default="constant")
    parser.add_argument("--profiles", action="store_true", help="one model of each profile instead of every model")
    parser.add_argument("--sample", action="store_true", help="each case in one of the forms that are alike, by turns")
    parser.add_argument("--models", default="", help="only these ids, with commas between them")
    parser.add_argument("--checker", choices=CHECKERS, default="pyright")
    parser.add_argument("--forms", default=",".join(FORMS))
    parser.add_argument("--write", type=Path, help="write the programs into this folder, and check nothing")
    options = parser.parse_args()
    source = load_registry(ROOT / "model_registry.yaml")
    ids = one_per_profile(source) if options.profiles else sorted(source.registry.models)
    ids = options.models.split(",") if options.models else ids
    forms = options.forms.split(",")
    if options.write:
        for id in ids:
            text = write_program(source, id, forms, options.door).text
            (options.write / f"{id.replace('/', '_')}.py").write_text(text, encoding="utf-8")
        return 0
    started = time.perf_counter()
    counts, verdicts = run_matrix(
        source, ids, options.python, forms=forms, door=options.door, checker=options.checker, sample=options.sample
    )
    print("\n".join(map(str, verdicts[:40])), end="\n" if verdicts else "")
    print(summary(options.checker, len(ids), forms, counts), f"{time.perf_counter() - started:.0f} s")
    return 1 if verdicts else 0


def summary(checker: str, models: int, forms: Iterable[str], counts: Counter[str]) -> str:
    """Return one line with the counts."""
    return (
        f"{checker}: {models} models, {counts['cells']:,} cells "
        f"({counts['allowed']:,} allowed, {counts['forbidden']:,} forbidden; "
        f"{', '.join(f'{form} {counts[form]:,}' for form in forms)}): "
        f"{counts['false accept']} false accepts, {counts['false reject']} false rejects, {counts['broken']} broken,"
    )


if __name__ == "__main__":
    sys.exit(main())
