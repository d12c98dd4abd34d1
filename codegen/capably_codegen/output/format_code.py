"""Format generated code: remove unused imports, refuse names that are defined twice, and run ruff."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import libcst as cst
from ruff import find_ruff_bin  # pyright: ignore[reportMissingTypeStubs]

LINE_LENGTH = 120


class GeneratedCodeError(Exception):
    """The generated code is invalid; this is a bug in a template."""


def format_files(files: Mapping[str, str]) -> dict[str, str]:
    """Return the same files, pruned and formatted. The same input gives the same bytes on every machine."""
    pruned = {path: prune(path, text) if path.endswith(".pyi") else text for path, text in files.items()}
    return _format(pruned)


def prune(path: str, text: str) -> str:
    """Return `text` without unused imports. Raise `GeneratedCodeError` if a name is defined twice.

    Only the imports become a tree: the bodies are long, and a name is used there when it stands there.
    """
    start = _END_OF_IMPORTS.search(text)
    head, body = (text[: start.start()], text[start.start() :]) if start else (text, "")
    doubles = [name for name, count in Counter(_DEFINITION.findall(body)).items() if count > 1]
    if doubles:
        raise GeneratedCodeError(f"{path} defines {', '.join(sorted(doubles))} more than once")
    return _used_imports(head, frozenset(_NAME.findall(head)) & frozenset(_NAME.findall(body))) + body


@lru_cache(maxsize=1024)
def _used_imports(head: str, used: frozenset[str]) -> str:
    """Return these imports without those of other names. Whoever generates again has most of them already."""
    return cst.parse_module(head).visit(_Prune(used)).code


_NAME = re.compile(r"\b[A-Za-z_]\w*")
_DEFINITION = re.compile(r"^(?:class )?([A-Za-z_]\w*)(?=[(:])", re.MULTILINE)
_END_OF_IMPORTS = re.compile(r"^(?!from |import |#|[ )\n])", re.MULTILINE)


class _Prune(cst.CSTTransformer):
    def __init__(self, used: frozenset[str]) -> None:
        self._used = used

    def leave_ImportFrom(  # noqa: N802 (libcst's name)
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.RemovalSentinel:
        if isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        used = [a for a in updated_node.names if a.asname is not None or _local_name(a) in self._used]
        if not used:
            return cst.RemoveFromParent()
        used[-1] = used[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return updated_node.with_changes(names=used)


def _local_name(alias: cst.ImportAlias) -> str:
    name = alias.asname.name if alias.asname else alias.name
    return name.value if isinstance(name, cst.Name) else ""


def _format(files: Mapping[str, str]) -> dict[str, str]:
    """Run ruff isolated: it runs inside users' projects, whose ruff settings must not matter."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        options = [
            "--isolated",
            "--no-cache",
            "--quiet",
            "--line-length",
            str(LINE_LENGTH),
            "--target-version",
            "py311",
        ]
        for command in (["check", "--select", "I", "--fix"], ["format"]):
            done = subprocess.run(
                [find_ruff_bin(), *command, *options, "."],
                # What ruff sorts as first-party it looks up in the working directory, isolated or not.
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise GeneratedCodeError(f"ruff {command[0]} refuses the generated code:\n{done.stdout}{done.stderr}")
        return {path: (root / path).read_text(encoding="utf-8") for path in files}
