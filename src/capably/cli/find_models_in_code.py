"""Find models in a code base: as `"provider/id"`, as a constant `llm.openai.gpt_4_1`, or as the vendor's bare id."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from capably.cli.source_files import SourceFile, lines_of
from capably.registry.lookup import listed_ids, on_registry_change, providers, retired_models
from capably.types.errors import UnknownModelError

IGNORE = "capably: ignore"
"""In a comment of the line: the mention is intended."""


class Mention(NamedTuple):
    """One place that names a model."""

    file: Path
    line: int
    column: int
    """Characters before it, from 0."""
    text: str
    """The text at this place, without quotes."""
    id: str
    """The id that it means; `text` itself if no id matches."""
    listed: bool
    """Whether the registry lists the id, as a model, a retired id or an id of another kind of model."""
    start: int
    """Characters of the file before `text`, line ends counted as they are."""
    fixed: str = ""
    """Why `text` cannot be replaced where it stands; empty if it can."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column + 1}"


def mentions_in(file: SourceFile) -> list[Mention]:
    """Return the mentions in one file, in order. Python is parsed; other text is searched for complete, listed ids."""
    text = _Text(file.path, file.text)
    mentions = _in_text(text) if file.module is None else _in_python(text, file.module)
    return sorted(mention for mention in mentions if IGNORE not in text.lines[mention.line - 1])


class _Text:
    """A text and the places in it."""

    def __init__(self, file: Path, text: str) -> None:
        self.file = file
        self.text = text
        self.lines = lines_of(text) or [""]
        self._starts = [0, *accumulate(map(len, self.lines))][: len(self.lines)]

    def offset(self, line: int, column: int) -> int:
        """Convert a line and a UTF-8 byte column of a syntax tree to a character offset in the file."""
        if line > len(self.lines):
            return len(self.text)
        return self._starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode(errors="ignore"))

    def span(self, node: ast.expr) -> tuple[int, int]:
        end = self.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        return self.offset(node.lineno, node.col_offset), end

    def mention(self, start: int, text: str, id: str | None, fixed: str = "") -> Mention:
        line = bisect_right(self._starts, start)
        column = start - self._starts[line - 1]
        return Mention(self.file, line, column, text, id or text, id is not None, start, fixed)


@cache
def _ids_by_name() -> dict[str, str]:
    """Map each spelling to its id: full ids, and bare ids that only one provider has."""
    retired, not_chat = retired_models()
    full = [*listed_ids(), *retired, *not_chat]
    bare: dict[str, str | None] = {}
    for id in full:
        name = id.partition("/")[2]
        bare[name] = None if name in bare else id
    named = {name: id for name, id in bare.items() if id is not None and re.search(r"\d", name)}
    return {**named, **{id: id for id in full}}


def _in_python(text: _Text, module: ast.Module) -> Iterator[Mention]:
    arguments = {id(node) for call in ast.walk(module) if isinstance(call, ast.Call) for node in _model_arguments(call)}
    pieces = {id(piece) for node in ast.walk(module) for piece in _pieces(node)}
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute):
            yield from _constant(text, node)
        elif isinstance(node, ast.expr) and id(node) not in pieces:
            value = _string(node)
            model_id = _ids_by_name().get(value) if value else None
            if value and (model_id is not None or id(node) in arguments):
                yield _literal(text, node, value, model_id)


def _pieces(node: ast.AST) -> list[ast.expr]:
    """Return the literal pieces of an f-string or template string, which are not strings of their own."""
    return node.values if type(node).__name__ in ("JoinedStr", "TemplateStr") else []  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


def _string(node: ast.expr) -> str | None:
    """Return the text of a string, a bytes literal, or an f-string without placeholders; `None` for anything else."""
    if isinstance(node, ast.JoinedStr) and len(node.values) == 1:
        node = node.values[0]
    if not isinstance(node, ast.Constant):
        return None
    if isinstance(node.value, bytes):
        return node.value.decode(errors="replace")
    return node.value if isinstance(node.value, str) else None


def _literal(text: _Text, node: ast.expr, value: str, model_id: str | None) -> Mention:
    start, end = text.span(node)
    written = text.text[start:end]
    plain = re.fullmatch(rf"""([uUrR]?)(\"{{3}}|'{{3}}|"|'){re.escape(value)}\2""", written)
    if plain:
        return text.mention(start + plain.end(2), value, model_id)
    shown = value if value.isprintable() else repr(value)[1:-1]
    return text.mention(start, shown, model_id, "it is not written as one plain string")


_MAKERS = ("Model", "Model.of", "llm.call")


def _model_arguments(call: ast.Call) -> Iterator[ast.expr]:
    """Yield the arguments of a capably call that must be listed ids."""
    name = _dotted(call.func)
    if any(name == maker or name.endswith(f".{maker}") for maker in _MAKERS):
        yield from call.args[:1]
    if name.endswith("Model.custom"):
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "like")


def _dotted(node: ast.expr) -> str:
    """Return the last three names of a dotted name: `llm.Model.of` for `capably.llm.Model.of`. Anything unnamed is
    `?`."""
    names: list[str] = []
    while isinstance(node, ast.Attribute) and len(names) < 3:
        names.append(node.attr)
        node = node.value
    if len(names) < 3:
        names.append(node.id if isinstance(node, ast.Name) else "?")
    return ".".join(reversed(names))


def _constant(text: _Text, node: ast.Attribute) -> Iterator[Mention]:
    """Yield the mention of a constant such as `llm.openai.gpt_4_1`."""
    module = node.value
    if not (isinstance(module, ast.Attribute) and isinstance(module.value, ast.Name) and module.value.id == "llm"):
        return
    if module.attr in providers():
        name = f"llm.{module.attr}.{node.attr}"
        start, end = text.span(node)
        fixed = "" if text.text[start:end] == name else "it is not written as one word"
        yield text.mention(start, name, constants(module.attr).get(node.attr), fixed)


@cache
def constants(provider: str) -> dict[str, str]:
    """Map the names of a provider's constants to their ids."""
    from importlib import import_module

    from capably.calls.constants import added_provider

    module = added_provider(provider) or import_module(f"capably_models.{provider}")
    ids: dict[str, str] = {}
    for name in dir(module):
        if not name.startswith("__"):
            with suppress(UnknownModelError):  # the user's own file may have removed it
                ids[name] = getattr(module, name).id
    return ids


on_registry_change(_ids_by_name.cache_clear)
on_registry_change(constants.cache_clear)


def _in_text(text: _Text) -> Iterator[Mention]:
    pattern = re.compile(rf"(?<![\w/.@:-])(?:{'|'.join(map(re.escape, providers()))})/[\w.:/-]*\w")
    for match in pattern.finditer(text.text):
        if match[0] in _ids_by_name():
            yield text.mention(match.start(), match[0], match[0])
