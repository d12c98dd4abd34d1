"""Data that packages keep in Python files, read from the text: nothing is imported, nothing runs."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, NamedTuple

from registry_sync.claims import SourceError


class Built(NamedTuple):
    """A call in the text, `ModelPrice(input_mtok=...)`: the name of what it builds and its arguments."""

    kind: str
    fields: dict[str, Any]
    positional: list[Any]

    def get(self, field: str) -> Any:
        """Return an argument by its name, or `None`."""
        return self.fields.get(field)


def parse(file: Path) -> ast.Module:
    """Return the syntax tree of a file. Raise `SourceError` if it is missing or truncated."""
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourceError(f"{_short(file)} is missing") from None
    except SyntaxError as error:
        raise SourceError(f"{_short(file)} is no valid Python (line {error.lineno}: {error.msg}); cut off?") from None


def variable(file: Path, name: str) -> ast.expr:
    """Return what a file assigns to a name at its top level. Raise `SourceError` if it does not."""
    return value_of(parse(file), name, file)


def value_of(module: ast.Module, name: str, file: Path) -> ast.expr:
    """Return the value of a top-level name in a parsed file."""
    for statement in module.body:
        targets = (
            statement.targets
            if isinstance(statement, ast.Assign)
            else [statement.target]
            if isinstance(statement, ast.AnnAssign)
            else []
        )
        value = getattr(statement, "value", None)
        if value is not None and any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return value
    raise SourceError(f"{_short(file)} has no `{name}` any more; it was renamed or moved")


def read(node: ast.expr) -> Any:
    """Return plain data from an expression of literals and constructor calls."""
    if isinstance(node, ast.Call):
        kind = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "?")
        positional = [read(argument) for argument in node.args]
        if kind == "Decimal":
            return float(positional[0])
        return Built(kind, {k.arg: read(k.value) for k in node.keywords if k.arg}, positional)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {read(key): read(value) for key, value in pairs if key is not None}
    if isinstance(node, (ast.List, ast.Tuple)):
        return [read(item) for item in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -read(node.operand)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Attribute):
        return ast.unparse(node)  # a name such as `datetime.UTC`
    raise SourceError(f"line {node.lineno}: `{ast.unparse(node)[:60]}` is no plain data")


def _short(file: Path) -> str:
    """Shorten a path for a message to its last steps, independent of where it was unpacked."""
    return "/".join(file.parts[-3:])
