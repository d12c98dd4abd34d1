"""Where a code base names models: as `"provider/id"`, as a constant `llm.openai.gpt_4_1`, or by the vendor's bare id."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from capably.registry.lookup import forget_on_change, gone, listed_ids, providers
from capably.types.errors import ConfigurationError, UnknownModelError

_LEFT_OUT = ("__pycache__", "node_modules", "build", "dist", "site-packages", "venv")
_TEXTS = (".cfg", ".env", ".ini", ".ipynb", ".json", ".md", ".py", ".pyi", ".sh", ".toml", ".txt", ".yaml", ".yml")
_TOO_LONG = 1_000_000
IGNORE = "capably: ignore"
"""In a comment of the line: this mention is meant."""


class Mention(NamedTuple):
    """One place that names a model."""

    file: Path
    line: int
    column: int
    """Characters before it, from 0."""
    text: str
    """What stands there, without quotes."""
    id: str
    """The id that it means; `text` itself where nobody knows it."""
    known: bool
    """Whether the registry knows the id, as a model or as one that is gone or no chat model."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column + 1}"


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """Every text file in these files and folders; hidden ones, environments and what was built are left out."""
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                inside = file.relative_to(path).parts
                hidden = any((part[:1] == "." and part != ".env") or part in _LEFT_OUT for part in inside)
                if not hidden and (file.suffix in _TEXTS or file.name == ".env") and file.is_file():
                    yield file
        elif path.exists():
            yield path
        else:
            raise ConfigurationError(f"there is no file or folder {path}")


def read(file: Path) -> str | None:
    """The text of a file; `None` for one that is no text or too long to be written by hand."""
    if file.stat().st_size > _TOO_LONG:
        return None
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def mentions_in(file: Path, text: str) -> list[Mention]:
    """The mentions in one file, in order. Python is parsed; in other text whole words count, and only known ids."""
    lines = text.splitlines()
    if file.suffix in (".py", ".pyi"):
        try:
            module = ast.parse(text)
        except SyntaxError:
            found = _in_text(file, lines)
        else:
            found = _in_python(file, module, lines)
    else:
        found = _in_text(file, lines)
    return sorted(m for m in found if IGNORE not in lines[m.line - 1])


@cache
def _known() -> dict[str, str]:
    """What is written -> the id that it means: full ids, and bare ones that a single provider has."""
    retired, not_chat = gone()
    full = [*listed_ids(), *retired, *not_chat]
    bare: dict[str, str | None] = {}
    for id in full:
        name = id.partition("/")[2]
        bare[name] = None if name in bare else id
    named = {name: id for name, id in bare.items() if id is not None and re.search(r"\d", name)}
    return {**named, **{id: id for id in full}}


def _in_python(file: Path, module: ast.Module, lines: list[str]) -> Iterator[Mention]:
    asked = {id(node) for call in ast.walk(module) if isinstance(call, ast.Call) for node in _model_arguments(call)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            known = _known().get(node.value)
            if known is not None or id(node) in asked:
                start = lines[node.lineno - 1].encode()[: node.col_offset].decode()
                at = lines[node.lineno - 1].find(node.value, len(start))
                if at >= 0:
                    yield Mention(file, node.lineno, at, node.value, known or node.value, known is not None)
        elif isinstance(node, ast.Attribute):
            yield from _constant(file, node)


_MAKERS = ("Model", "Model.of", "llm.call")


def _model_arguments(call: ast.Call) -> Iterator[ast.expr]:
    """The arguments of a call of ours that must be listed ids."""
    name = ast.unparse(call.func) if isinstance(call.func, (ast.Name, ast.Attribute)) else ""
    if any(name == maker or name.endswith(f".{maker}") for maker in _MAKERS):
        yield from call.args[:1]
    if name.endswith("Model.custom"):
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "like")


def _constant(file: Path, node: ast.Attribute) -> Iterator[Mention]:
    """`llm.openai.gpt_4_1`."""
    module = node.value
    if not (isinstance(module, ast.Attribute) and isinstance(module.value, ast.Name) and module.value.id == "llm"):
        return
    if module.attr in providers() and node.end_col_offset is not None and node.lineno == node.end_lineno:
        id = constants(module.attr).get(node.attr)
        text = f"llm.{module.attr}.{node.attr}"
        yield Mention(file, node.lineno, node.end_col_offset - len(text), text, id or text, id is not None)


@cache
def constants(provider: str) -> dict[str, str]:
    """Name of a constant -> the id behind it."""
    from importlib import import_module

    from capably.calls.constants import added_provider

    module = added_provider(provider) or import_module(f"capably_models.{provider}")
    found: dict[str, str] = {}
    for name in dir(module):
        if not name.startswith("__"):
            with suppress(UnknownModelError):  # the user's own file may have removed it
                found[name] = getattr(module, name).id
    return found


forget_on_change(_known.cache_clear)
forget_on_change(constants.cache_clear)


def _in_text(file: Path, lines: list[str]) -> Iterator[Mention]:
    pattern = re.compile(rf"(?<![\w/.@:-])(?:{'|'.join(map(re.escape, providers()))})/[\w.:-]*\w")
    for number, line in enumerate(lines, 1):
        for match in pattern.finditer(line):
            if match[0] in _known():
                yield Mention(file, number, match.start(), match[0], match[0], known=True)
