"""A virtual environment for each peer, made on demand and kept."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("CAPABLY_BENCH_ENVIRONMENTS", HERE.parent.parent / ".bench"))
"""Where the environments are; not in the repository."""

_REQUIREMENTS = re.compile(r"^REQUIREMENTS = \((.*?)\)", re.MULTILINE | re.DOTALL)


def requirements_of(file: Path) -> list[str]:
    """Return the `REQUIREMENTS` of a peer's file, read without importing it."""
    match = _REQUIREMENTS.search(file.read_text(encoding="utf-8"))
    return re.findall(r'"([^"]+)"', match[1]) if match else []


def python_for(file: Path) -> str:
    """Return the interpreter for the system in `file`: this one, or that of the peer's own environment."""
    if file.parent == HERE:
        return sys.executable
    wanted = requirements_of(file)
    folder = CACHE / f"{file.stem}-{hashlib.sha256(repr(sorted(wanted)).encode()).hexdigest()[:8]}"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (folder / "ready").exists():
        print(f"installing {', '.join(wanted)} ...", file=sys.stderr)
        _run("uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        _run("uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *wanted)
        (folder / "ready").touch()
    return str(python)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
