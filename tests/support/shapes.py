"""Programs in the shapes that people write: what they are, what a type checker must say of them, and how they run.

A file in `tests/typing/shapes` holds many, each below a line `# %% title`. A title begins with `misuse: ` where a marked
line is wrong, with `pending: ` where types are not yet right, and with neither where the program is fine.

- `# error` ends a line that a type checker rejects, and that run time refuses before anything is sent.
- `# run time` ends a line that no type can reject, and that run time refuses.
- `# refused here` ends the line that run time refuses, where it is another one.
- `# types only: REASON` below the title: run time does not refuse it.
- `# after 2 requests` below the title: so many are sent before the wrong line.
- `# except mypy, ty: REASON` below the title: these checkers do not say what the others do.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from capably import llm

from .checkers import run_checker
from .loopback import Loopback
from .model_replies import PROVIDERS, model_reply

FOLDER = Path(__file__).resolve().parents[1] / "typing" / "shapes"
REFUSALS = (
    llm.UnsupportedFeatureError,
    llm.UnknownModelError,
    llm.ConfigurationError,
    llm.ToolError,
    llm.ConversationError,
)
"""Errors of ours that are raised before anything is sent. Python's own are the others."""
_TITLE = re.compile(r"^# %% (?:(misuse|pending): )?(.+)$", re.MULTILINE)
_MARK = re.compile(r"# (error|run time|refused here)$")
_AFTER = re.compile(r"^# after (\d+) request", re.MULTILINE)
_EXCEPT = re.compile(r"^# except ([\w, ]+): (.+)$", re.MULTILINE)


class Shape(NamedTuple):
    """One program."""

    name: str
    kind: str
    """`valid`, `misuse` or `pending`."""
    title: str
    text: str

    def lines(self, *marks: str) -> set[int]:
        """Return the lines of all statements that have one of these marks."""
        numbered = enumerate(self.text.splitlines(), start=1)
        marked = [number for number, line in numbered if (mark := _MARK.search(line)) and mark[1] in marks]
        return {line for number in marked for line in _statement(self.text, number)}

    @property
    def exceptions(self) -> dict[str, str]:
        """Return the checkers that do not say what the others do, with the reason."""
        return {name.strip(): reason for names, reason in _EXCEPT.findall(self.text) for name in names.split(",")}

    @property
    def in_types_only(self) -> bool:
        """Whether run time does not refuse it."""
        return "# types only: " in self.text


class Disagreement(NamedTuple):
    """A program of which a checker says something else than its marks."""

    shape: Shape
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.shape.name}, {self.shape.title}\n    {self.message}"


def read_shapes(folder: Path = FOLDER) -> list[Shape]:
    """Return all programs, by file and place."""
    return [shape for path in sorted(folder.glob("*.py")) for shape in _read_file(path)]


def _read_file(path: Path) -> Iterator[Shape]:
    text = path.read_text(encoding="utf-8")
    titles = list(_TITLE.finditer(text))
    for number, title in enumerate(titles):
        end = titles[number + 1].start() if number + 1 < len(titles) else len(text)
        yield Shape(f"{path.stem}_{number + 1:02}", title[1] or "valid", title[2], text[title.start() : end])


def _statement(text: str, number: int) -> range:
    """Return the lines of the smallest statement around a line; of a function, its decorators and its first line."""
    around = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt) and _holds(node, number)]
    smallest = min(around, key=lambda node: len(_span(node)))
    return _span(smallest)


def _span(node: ast.stmt) -> range:
    body: list[ast.stmt] = getattr(node, "body", [])
    if not body:
        return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return range(min([node.lineno, *(d.lineno for d in decorators)]), max(body[0].lineno, node.lineno + 1))


def _holds(node: ast.stmt, number: int) -> bool:
    return number in _span(node)


def check_shapes(
    shapes: Sequence[Shape], checker: str, python: str, folder: Path
) -> tuple[Counter[str], list[Disagreement]]:
    """Run a checker over the programs, written into `folder`. Count them, and return where it disagrees with the marks."""
    for shape in shapes:
        (folder / f"{shape.name}.py").write_text(shape.text, encoding="utf-8")
    errors = run_checker(checker, folder, python)
    counts: Counter[str] = Counter()
    found: list[Disagreement] = []
    for shape in shapes:
        rejected = errors.get(f"{shape.name}.py", {})
        wrong = list(_disagreements(shape, rejected))
        excepted = checker in shape.exceptions
        counts[shape.kind if not (excepted and wrong) else "excepted"] += 1
        if shape.kind == "pending":
            counts["pending and right"] += not wrong
        elif not excepted:
            found += wrong
    return counts, found


def _disagreements(shape: Shape, rejected: dict[int, str]) -> Iterator[Disagreement]:
    expected = shape.lines("error")
    for line, message in rejected.items():
        if line not in expected:
            yield Disagreement(shape, "false reject", f"line {line}: {message}")
    if expected and not expected & rejected.keys():
        yield Disagreement(shape, "false accept", "no error on the marked line")


def run_shape(shape: Shape) -> str | None:
    """Run a program against a server on this machine. Return what is wrong with how it ended; `None` if nothing is."""
    with Loopback([model_reply]) as server:
        for provider in PROVIDERS:
            llm.configure(provider, api_key="test", base_url=f"{server.url}/{provider}", max_retries=0)
        error = _execute(shape)
    if shape.kind == "misuse":
        return None if shape.in_types_only else _not_refused(shape, error, len(server.requests))
    if error is None:
        return None
    return "".join(traceback.format_exception(error))


def _execute(shape: Shape) -> Exception | None:
    module = ModuleType(shape.name)
    sys.modules[shape.name] = module  # dataclasses look their module up
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(shape.text, shape.name, "exec", dont_inherit=True), module.__dict__)
    except Exception as error:
        return error
    finally:
        del sys.modules[shape.name]
    return None


def _not_refused(shape: Shape, error: Exception | None, sent: int) -> str | None:
    if error is None:
        return "nothing is refused"
    if not isinstance(error, (*REFUSALS, TypeError, ValueError, AttributeError)):
        return f"it ends with {error!r}"
    places = {frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == shape.name}
    there = shape.lines("refused here") or shape.lines("error", "run time")
    if not places & there:
        return f"another line is refused: {sorted(filter(None, places))}: {error!r}"
    before = _AFTER.search(shape.text)
    return f"{sent} requests were sent before {error!r}" if sent != (int(before[1]) if before else 0) else None
