"""No two modules of the library need each other: imports inside functions count, and so do those for type checkers."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from capably import llm

ROOT = Path(__file__).parents[1]
SOURCES = {"capably": ROOT / "src", "capably_codegen": ROOT / "codegen"}


def modules(root: Path, package: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, names: dict[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & names.keys()
            yield from inner or {node.module} & names.keys()


def test_no_module_of_the_library_or_the_generator_is_in_a_circle() -> None:
    names = {name: path for package, root in SOURCES.items() for name, path in modules(root, package).items()}
    graph = {name: set(imported(path, names)) - {name} for name, path in names.items()}
    assert len(graph) > 120
    graphlib.TopologicalSorter(graph).prepare()  # CycleError names the modules of a circle


def test_the_facade_has_the_same_names_for_type_checkers_and_at_run_time() -> None:
    tree = ast.parse((ROOT / "src/capably/llm/__init__.py").read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    for_checkers = {
        alias.asname: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name != "*"
    }
    at_run_time = {name: module for name, module in cast("Any", llm)._MODULES.items() if module != "capably_models"}
    assert for_checkers == at_run_time
