"""`capably swap OLD NEW PATH...`: what would break if a code base moved from one model to another.

The ids are swapped in a copy, and a type checker reads the code before and after. Errors that appear only afterwards are
what breaks. What types cannot express (`max_tokens` above the new model's limit) is searched for in the text. Files are
edited only with `--write`, each in one step, and nothing but the names changes. Mentions that cannot be edited safely are
reported and left alone.
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from capably.cli.check import counted, print_unread
from capably.cli.edits import Edit, edited
from capably.cli.find_models_in_code import Mention, constants, mentions_in
from capably.cli.source_files import SourceFile, lines_of, overwrite, parse, read_files, why_not_writable
from capably.registry.identify import find_model
from capably.registry.lookup import rules_for
from capably.registry.rules import Rule
from capably.types.errors import ConfigurationError
from capably.types.facts import ModelInfo
from capably.validation.conditions import CONDITIONS

if TYPE_CHECKING:
    from typing import Literal, TypedDict

    class Diagnostic(TypedDict):
        """What is read of a message of `pyright --outputjson`."""

        file: str
        severity: str
        message: str
        range: dict[Literal["start", "end"], dict[Literal["line", "character"], int]]


class Break(NamedTuple):
    """A place that would no longer work."""

    file: Path
    line: int
    what: str


def add_swap(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    parser = add_parser(
        "swap",
        help="what breaks when one model takes another's place",
        description="Exits with 1 if something would break or was left alone. Needs pyright.",
    )
    parser.add_argument("old", metavar="OLD", help="for example openai/gpt-4.1")
    parser.add_argument("new", metavar="NEW", help="for example anthropic/claude-sonnet-5-5")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--write", action="store_true", help="edit the files, too")
    parser.set_defaults(run=_swap)


class Plan(NamedTuple):
    """The edits of one file."""

    file: SourceFile
    text: str
    """The text afterwards."""
    edits: list[Edit]
    left: list[tuple[Mention, str]]
    """Mentions that stay, each with the reason."""


def _swap(options: argparse.Namespace) -> int:
    old, new = find_model(options.old), find_model(options.new)
    if old.id == new.id:
        raise ConfigurationError(f"OLD and NEW are the same model, {new.id}")
    files, unread = read_files(options.paths)
    print_unread(files, unread)
    named = [(file, mentions) for file in files if (mentions := _of(old, mentions_in(file)))]
    if not named:
        print(f"{old.id} is named nowhere{' in what could be read' if unread else ''}")
        return 0
    plans = [_plan(file, mentions, new.id, options.paths) for file, mentions in named]
    for line in _differences(old, new):
        print(line)
    python = {file.path: file.text for file in files if file.path.suffix in (".py", ".pyi")}
    swapped = {plan.file.path: plan.text for plan in plans if plan.edits}
    after = {path: swapped.get(path, text) for path, text in python.items()}
    broken = sorted({*_new_errors(python, after, old, new), *_too_long(swapped, new)})
    return _report([_written(plan) for plan in plans] if options.write else plans, broken, written=options.write)


def _plan(file: SourceFile, mentions: list[Mention], id: str, paths: list[Path]) -> Plan:
    why = why_not_writable(file, paths)
    left = [(mention, mention.fixed or why) for mention in mentions if mention.fixed or why]
    edits = [Edit(mention, _replacement(mention, id)) for mention in mentions if not (mention.fixed or why)]
    text = edited(file, edits)
    if text is None:
        return _without_edits(
            Plan(file, file.text, edits, left), "it could not be replaced without changing more than it"
        )
    return Plan(file, text, edits, left)


def _without_edits(plan: Plan, why: str) -> Plan:
    left = sorted([*plan.left, *((edit.mention, why) for edit in plan.edits)])
    return Plan(plan.file, plan.file.text, [], left)


def _written(plan: Plan) -> Plan:
    try:
        if plan.edits:
            overwrite(plan.file, plan.text)
    except OSError as error:
        return _without_edits(plan, f"the file cannot be written: {error.strerror or error}")
    return plan


def _report(plans: list[Plan], broken: list[Break], *, written: bool) -> int:
    """Print what was done, or would be; return the exit code."""
    edits = [edit for plan in plans for edit in plan.edits]
    left = [place for plan in plans for place in plan.left]
    for mention, replacement in edits:
        print(f"{mention}: {mention.text} -> {replacement}")
    for mention, why in left:
        print(f"{mention}: {mention.text} is left alone: {why}")
    for place in broken:
        print(f"{place.file}:{place.line}: breaks: {place.what}")
    counts = f"{counted(len(edits), 'mention')} {'swapped' if written else 'would be swapped'}"
    counts += f", {len(left)} left alone" if left else ""
    breaks = "would break" if not written else "breaks" if len(broken) == 1 else "break"
    print(f"{counts}, {counted(len(broken), 'place')} {breaks}")
    return 1 if broken or left else 0


def _of(model: ModelInfo, mentions: list[Mention]) -> list[Mention]:
    """Return the mentions that name this model in full. A bare id may belong to another library's call."""
    return [
        mention
        for mention in mentions
        if mention.id == model.id and (mention.text == model.id or "llm." in mention.text)
    ]


def _replacement(mention: Mention, id: str) -> str:
    return _constant(id) if mention.text.startswith("llm.") else id


def _constant(id: str) -> str:
    provider = id.partition("/")[0]
    name = next(name for name, constant_id in constants(provider).items() if constant_id == id)
    return f"llm.{provider}.{name}"


# --- what differs -------------------------------------------------------------------------------------------------


def _differences(old: ModelInfo, new: ModelInfo) -> Iterator[str]:
    """Yield what one model takes and the other does not, from the rules that types are made of."""
    if old.facts is None or new.facts is None:
        unverified = ", ".join(info.id for info in (old, new) if info.facts is None)
        yield f"nobody knows what {unverified} takes, so nothing is checked"
        return
    before, after = rules_for(old, old.endpoint), rules_for(new, new.endpoint)
    lost = [name for name, rule in before.items() if not rule.refused and after[name].refused]
    gained = [name for name, rule in after.items() if not rule.refused and before[name].refused]
    for word, names in (("no longer takes", lost), ("takes as well", gained)):
        if names:
            yield f"{new.id} {word}: {', '.join(names)}"
    for when, condition in CONDITIONS.items():
        tied = [name for name, rule in after.items() if rule.when == when and _allows_more(before[name], when)]
        if tied:
            yield f"{new.id} takes only {condition.words}: {', '.join(tied)}"
    for name, rule in after.items():
        fewer = [value for value in before[name].values if value not in rule.values]
        if fewer and rule.values and name not in lost:
            yield f"{new.id} has fewer words for {name}: no {', '.join(fewer)}"


def _allows_more(rule: Rule, when: str) -> bool:
    """Return whether a rule allows calls that a condition does not."""
    return not rule.refused and rule.when not in _NO_LOOSER[when]


_NO_LOOSER: Mapping[str, tuple[str, ...]] = {
    "reasoning_off": ("reasoning_off",),
    "without_reasoning": ("reasoning_off", "without_reasoning"),
    "without_budget": ("reasoning_off", "without_budget"),
}
"""Condition of a rule -> the conditions that allow no more calls than it does."""


def _too_long(swapped: Mapping[Path, str], new: ModelInfo) -> Iterator[Break]:
    """Yield uses of `max_tokens` above the new model's output limit, which types cannot express."""
    limit = new.limits["output"]
    for file, text in swapped.items():
        if limit is None or file.suffix != ".py":
            continue
        for node in _arguments(text):
            if node.arg == "max_tokens" and isinstance(node.value, ast.Constant):
                value = node.value.value
                if isinstance(value, int) and value > limit:
                    yield Break(file, node.value.lineno, f"max_tokens={value:,}; {new.id} writes at most {limit:,}")


# --- errors of the type checker -----------------------------------------------------------------------------------


class Rejected(NamedTuple):
    """An error of pyright: its line, and the argument there or the rest of the line."""

    file: Path
    line: int
    what: str


def _new_errors(
    before: Mapping[Path, str], after: Mapping[Path, str], old: ModelInfo, new: ModelInfo
) -> Iterator[Break]:
    """Yield errors that pyright reports after the swap at places where it reported none before."""
    errors = dict(_errors({file: text for file, text in after.items() if file in before}))
    had = {place for place, _ in _errors(before)} if errors else set[Rejected]()
    for place, message in errors.items():
        then = place.what.replace(new.id, old.id).replace(_constant(new.id), _constant(old.id))
        if place._replace(what=then) not in had:
            yield Break(place.file, place.line, "; ".join(" ".join(line.split()) for line in message.splitlines()))


def _errors(texts: Mapping[Path, str]) -> Iterator[tuple[Rejected, str]]:
    """Yield what pyright rejects, with its message, when these files have these texts. The rest of the project is
    unchanged."""
    root = Path.cwd()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        places: dict[Path, Path] = {}
        for number, (file, text) in enumerate(texts.items()):
            path = file.resolve()
            inside = path.relative_to(root) if path.is_relative_to(root) else Path(f"other{number}") / file.name
            copy = folder / inside
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(text, encoding="utf-8", newline="")
            places[copy] = file
        typings = root / "typings"
        config = {
            "include": ["."],
            "extraPaths": [str(folder / "src"), str(root), str(root / "src")],
            "typeCheckingMode": "standard",
            "reportMissingImports": False,
            **({"stubPath": str(typings)} if typings.is_dir() else {}),
        }
        (folder / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
        for item in _causes([item for item in _pyright(folder) if item["severity"] == "error"]):
            if Path(item["file"]).resolve() in places:
                where = places[Path(item["file"]).resolve()]
                start = item["range"]["start"]
                line, column = start["line"] + 1, start["character"]
                yield Rejected(where, line, _words_at(texts[where], line, column)), item["message"]


def _causes(errors: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the errors without those of a call of which an argument has an error: pyright reports both."""
    starts = {(item["file"], _position(item["range"]["start"])) for item in errors if not _is_of_call(item)}
    for item in errors:
        first, last = _position(item["range"]["start"]), _position(item["range"]["end"])
        if not _is_of_call(item) or not any(file == item["file"] and first <= at < last for file, at in starts):
            yield item


def _is_of_call(item: Diagnostic) -> bool:
    return item["message"].startswith("No overloads for")


def _position(place: Mapping[Literal["line", "character"], int]) -> tuple[int, int]:
    return place["line"], place["character"]


def _words_at(text: str, line: int, column: int) -> str:
    """Return the name of the argument at a position, or the rest of the line."""
    words = [*lines_of(text), ""][line - 1].rstrip("\r\n")
    words_before = words.encode("utf-16-le")[: 2 * column].decode("utf-16-le", errors="ignore")  # pyright counts UTF-16
    place = (line, len(words_before.encode()))
    around = [
        node
        for node in _arguments(text)
        if (node.lineno, node.col_offset) <= place < (node.end_lineno or 0, node.end_col_offset or 0)
    ]
    innermost = max(around, key=lambda node: (node.lineno, node.col_offset), default=None)
    return f"{innermost.arg}=" if innermost and innermost.arg else words[len(words_before) :]


def _arguments(text: str) -> list[ast.keyword]:
    """Return every keyword argument in the text; none if the text is not Python."""
    module, _ = parse(text)
    return [node for node in ast.walk(module) if isinstance(node, ast.keyword)] if module else []


def _pyright(folder: Path) -> list[Diagnostic]:
    beside = shutil.which("pyright", path=str(Path(sys.executable).parent))
    program = beside or shutil.which("pyright")
    if program is None:
        raise ConfigurationError('swapping needs the type checker pyright: pip install "pyright[nodejs]"')
    command = [program, "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    try:
        return json.loads(done.stdout)["generalDiagnostics"]
    except (json.JSONDecodeError, KeyError):
        raise ConfigurationError(f"pyright does not run: {(done.stderr or done.stdout).strip()[-300:]}") from None
