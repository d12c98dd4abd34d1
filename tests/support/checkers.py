"""Five type checkers, each run over a folder of programs: file name -> line -> the first error there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

Errors: TypeAlias = dict[str, dict[int, str]]


READS_INIT = ("pyright", "basedpyright")
"""Those that evaluate the `__init__` of what `__new__` returns, and so hold the defaults of `llm.Model(id, ...)`."""


def run_checker(checker: str, folder: Path, python: str, *files: str) -> Errors:
    """Return what `checker` rejects in the programs of `folder`, with the packages that `python` has installed.

    Only these `files` are checked, where some are given: generated types in the same folder take ten seconds. `pyright` may
    be spelt `pyright:strict` to be run in that mode, but that a deprecated model stays a hint. `NAME:bare` writes no
    configuration: what `folder` has is what counts, as in a user's project. Raises `RuntimeError` where it does not run.
    """
    name, _, mode = checker.partition(":")
    return _CHECKERS[name](find_checker(name) or name, folder, python, mode or "standard", files)


def find_checker(name: str) -> str | None:
    """Return the command of a checker: beside this interpreter, or on the PATH."""
    beside = Path(sys.executable).parent
    return shutil.which(name, path=str(beside)) or shutil.which(name)


def _pyright(command: str, folder: Path, python: str, mode: str, files: Sequence[str]) -> Errors:
    if mode != "bare":
        (folder / "pyrightconfig.json").write_text(
            json.dumps({"typeCheckingMode": mode, "reportDeprecated": False}), encoding="utf-8"
        )
    report = json.loads(_output_of(command, folder, "--outputjson", "--pythonpath", python, *files))
    errors: Errors = {}
    for item in report["generalDiagnostics"]:
        if item["severity"] == "error":
            _note(errors, item["file"], item["range"]["start"]["line"] + 1, item["message"])
    return errors


def _mypy(command: str, folder: Path, python: str, _: str, files: Sequence[str]) -> Errors:
    flags = ("--no-incremental", "--no-error-summary", "--hide-error-context", "--output=json")
    errors: Errors = {}
    for line in _output_of(command, folder, *flags, "--python-executable", python, *(files or ["."])).splitlines():
        item: dict[str, Any] = json.loads(line) if line.startswith("{") else {"severity": "error", "message": line}
        if item["severity"] == "error":
            _note(errors, item.get("file", "mypy"), item.get("line", 0), item["message"])
    return errors


_CONCISE = re.compile(r"^(?P<file>[^:\n]+):(?P<line>\d+):\d+: error\[(?P<message>.*)$", re.MULTILINE)


def _ty(command: str, folder: Path, python: str, _: str, files: Sequence[str]) -> Errors:
    arguments = ("check", "--output-format", "concise", "--python", str(Path(python).parent.parent))
    text = _output_of(command, folder, *arguments, *files)
    errors: Errors = {}
    for match in _CONCISE.finditer(text):
        _note(errors, match["file"], int(match["line"]), match["message"])
    return errors


def _pyrefly(command: str, folder: Path, python: str, mode: str, files: Sequence[str]) -> Errors:
    if mode == "bare":
        arguments = ("check", "--output-format", "json", "--python-interpreter-path", python)
        return _pyrefly_errors(_output_of(command, folder, *arguments, *files))
    # An empty configuration, so that none is looked for above the folder and defaults are those of a configured project.
    (folder / "pyrefly.toml").write_text(f"python-interpreter-path = {json.dumps(python)}\n", encoding="utf-8")
    return _pyrefly_errors(_output_of(command, folder, "check", "--output-format", "json", *files))


def _pyrefly_errors(text: str) -> Errors:
    errors: Errors = {}
    for item in json.loads(text)["errors"]:
        if item.get("severity", "error") == "error":
            _note(errors, item["path"], item["line"], item["description"])
    return errors


_CHECKERS: Mapping[str, Callable[[str, Path, str, str, Sequence[str]], Errors]] = {
    "pyright": _pyright,
    "basedpyright": _pyright,
    "mypy": _mypy,
    "ty": _ty,
    "pyrefly": _pyrefly,
}
CHECKERS = tuple(_CHECKERS)


def _output_of(command: str, folder: Path, *arguments: str) -> str:
    """Return the standard output of a checker. Exit codes 0 and 1 are verdicts; any other raises."""
    done = subprocess.run([command, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{command} did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def _note(errors: Errors, file: str, line: int, message: str) -> None:
    lines = errors.setdefault(Path(file).name, {})
    # Of several remarks on one line, the one that names the parameter says most.
    if line not in lines or lines[line].startswith("No overloads"):
        lines[line] = message.partition("\n")[0]
