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
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

from capably_codegen.load import load_registry
from capably_codegen.registry.names import constant_name
from capably_codegen.registry.source import Source
from support.checkers import CHECKERS, READS_INIT, Errors, run_checker
from support.expected_types import Case, Requirement, bodies, cases_of, defaults_of, requirements_of

CaseT = TypeVar("CaseT", bound=Case | Requirement)
ROOT = Path(__file__).resolve().parent.parent
CALLS = ("call", "stream", "call_async", "stream_async")
FORMS = (*CALLS, "with_", "Model", "defaults", "decorator", "requirement")
"""The ways to say what a model shall do; `defaults` are calls after `with_`, `requirement` passes the model to a function
that requires a capability."""

TURNS = (*CALLS, "with_") * 6 + ("Model", "Model", "decorator")
"""Forms that take the same parameters, as often as a sample writes them: a call in a decorated function takes pyright as long as ten
others."""

SETTING = ("with_", "Model")
"""Forms that set defaults."""

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


def may_be_set(case: Case) -> bool:
    """Tell whether what a case passes can be a default of the model."""
    return bool(case.params) and not _PER_CALL.search(case.params)


def forms_of(case: Case, forms: Sequence[str]) -> list[str]:
    """Return those of the forms that take the same parameters in which a case can be written, as often as `TURNS` has them."""
    return [form for form in TURNS if form in forms and (form not in SETTING or may_be_set(case))]


class Everything:
    """All cells."""

    def begin(self) -> None:
        """Note that another program begins."""

    def forms(self, number: int, case: Case, forms: Sequence[str]) -> Collection[str]:
        """Return the forms in which a case is written, the one of this number in its program."""
        return forms_of(case, forms)

    def has(self, number: int, form: str, case: Case | Requirement) -> bool:
        """Tell whether a case is written that has one form only."""
        return True

    def chosen(self, form: str, cases: Iterable[CaseT]) -> list[tuple[int, CaseT]]:
        """Return the cases of one form that are written, with their numbers."""
        return [(number, case) for number, case in enumerate(cases) if self.has(number, form, case)]


class Sample(Everything):
    """Of each case of a model one form, by turns; of defaults, requirements and what stands in functions that require something,
    every second; and the first cell of each kind.

    A kind is a form, a feature and whether that is allowed. So a sample has every case of every model and every kind.
    """

    def __init__(self) -> None:
        self._kinds: set[tuple[str, str, bool]] = set()
        self._programs = 0

    def begin(self) -> None:
        self._programs += 1

    def forms(self, number: int, case: Case, forms: Sequence[str]) -> Collection[str]:
        choices = forms_of(case, forms)
        turn = choices[(number + self._programs) % len(choices)] if choices else ""
        return {form for form in dict.fromkeys(choices) if self._is_first(form, case) or form == turn}

    def has(self, number: int, form: str, case: Case | Requirement) -> bool:
        return self._is_first(form, case) or (number + self._programs) % 2 == 0

    def _is_first(self, form: str, case: Case | Requirement) -> bool:
        kind = (form, case.feature, case.allowed)
        first = kind not in self._kinds
        self._kinds.add(kind)
        return first


def write_program(source: Source, id: str, forms: Sequence[str], door: str, cells: Everything) -> Program:
    """Write a program with those of these cells that belong to one model."""
    model = source.registry.models[id]
    profile = source.registry.profiles.get(model.profile)
    provider = id.partition("/")[0]
    made = {
        "constant": f"llm.{provider}.{constant_name(id, model)}",
        "string": f'llm.Model("{id}")',
        "custom": f'llm.Model.custom("{provider}/ours", like="{id}")',
    }[door]
    program = Program()
    cells.begin()
    requirements = cells.chosen("requirement", requirements_of(profile) if "requirement" in forms else ())
    for number, requirement in requirements:
        program.add(*_requiring(number, requirement.type))
    program.add(f"m = {made}", "async def run() -> None:", "    pass")
    cases = [(cells.forms(number, case, forms), case) for number, case in enumerate(cases_of(profile))]
    for form in forms:
        for written, case in cases:
            if form not in written:
                continue
            if form in CALLS:
                program.add(f"    {_call('m', form, case)}", line=(id, form, case))
            elif form in SETTING:
                start = "m.with_(" if form == "with_" else f'llm.Model("{id}", '
                program.add(f"    {start}{case.params})", line=(id, form, case))
    for number, case in cells.chosen("defaults", defaults_of(profile) if "defaults" in forms else ()):
        copy = "m" + "".join(f".with_({defaults})" for defaults in case.defaults)
        program.add(f"    {_call(copy, CALLS[number % len(CALLS)], case)}", line=(id, "defaults", case))
    for number, requirement in requirements:
        program.add(f"    need_{number}(m)", line=(id, "requirement", requirement))
    if "decorator" in forms:
        program.add(f'fixed = llm.call("{id}")')
    for number, (written, case) in enumerate(cases):
        if "decorator" in written:
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


def write_body(type: str, cases: Sequence[Case], cells: Everything) -> Program:
    """Write a function that requires a capability. Its body uses everything; only what it requires must be accepted."""
    program = Program()
    program.add(f"async def body(m: {type}) -> None:")
    cells.begin()
    taken = [(cells.forms(number, case, CALLS), case) for number, case in cells.chosen("body", cases)]
    for form in CALLS:
        for written, case in taken:
            if form in written:
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
    """Count cells and disagreements for these models, or for a sample of their cells, with the package that `python` has
    installed."""
    if checker not in READS_INIT:
        forms = [form for form in forms if form != "Model"]
    cells = Sample() if sample else Everything()
    programs = {f"m{number}.py": write_program(source, id, forms, door, cells) for number, id in enumerate(ids)}
    if "requirement" in forms:
        programs |= {f"body{number}.py": write_body(*body, cells) for number, body in enumerate(bodies())}
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
    parser.add_argument(
        "--sample", action="store_true", help="each case in one form, by turns, and the first cell of each kind"
    )
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
        cells = Sample() if options.sample else Everything()
        for id in ids:
            text = write_program(source, id, forms, options.door, cells).text
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
