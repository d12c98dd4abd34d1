"""Names and docstrings are plain technical English."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(path for folder in ("src", "codegen", "scripts") for path in (ROOT / folder).rglob("*.py"))

BANNED = {"said", "told", "gone", "whole", "kept", "came", "asked"}
NO_VERBS = ("What", "Whether", "How", "The", "One", "A", "An")


def identifiers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every name that a file defines or uses, with its line."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Name(id=name, lineno=line) | ast.arg(arg=name, lineno=line) | ast.Attribute(attr=name, lineno=line)
            ):
                yield name, line
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.keyword(arg=str(name), lineno=line) | ast.alias(asname=str(name), lineno=line):
                yield name, line
            case _:
                pass


def banned_names(source: str) -> list[str]:
    """Return `line: name` of each name that contains a banned word."""
    return [f"{line}: {name}" for name, line in identifiers(ast.parse(source)) if BANNED & {*name.lower().split("_")}]


def public_docstrings_without_a_verb(source: str) -> list[str]:
    """Return `line: first line` of public functions' docstrings that begin with one of `NO_VERBS`."""
    nodes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    docstrings = [(node.lineno, ast.get_docstring(node) or "") for node in nodes if not node.name.startswith("_")]
    return [f"{line}: {doc.splitlines()[0]}" for line, doc in docstrings if re.match(rf"({'|'.join(NO_VERBS)})\b", doc)]


def checked() -> list[str]:
    """Return the files, relative to the repository."""
    return [path.relative_to(ROOT).as_posix() for path in FILES]


@pytest.mark.parametrize("path", checked())
def test_names_contain_no_banned_word(path: str) -> None:
    assert banned_names((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", checked())
def test_docstrings_of_public_functions_begin_with_a_verb(path: str) -> None:
    assert public_docstrings_without_a_verb((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "came_whole = 1",
        "def f(told): ...",
        "def _said(): ...",
        "class Asked: ...",
        "import a as gone",
        "x.read_whole()",
        "f(kept=1)",
    ],
)
def test_a_banned_word_is_noticed_wherever_a_name_can_stand(source: str) -> None:
    assert len(banned_names(source)) == 1


def test_a_docstring_without_a_verb_is_noticed() -> None:
    assert public_docstrings_without_a_verb('def f():\n    """The sum."""') == ["1: The sum."]
    assert public_docstrings_without_a_verb('def f():\n    """Return the sum."""') == []
