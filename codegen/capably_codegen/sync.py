"""Generated files against the disk: write them, or say what is stale."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

_SHOWN = 40
_GENERATED = ("**/*.py", "**/*.pyi", "py.typed", "_provenance.json")


def write(files: Mapping[str, str], folder: Path) -> list[str]:
    """Writes what differs and removes orphans; returns the paths that changed, relative to `folder`."""
    changed: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in sorted(files.items()):
        if write_file(folder / path, text):
            changed.append(path)
    for orphan in _orphans(files, folder):
        (folder / orphan).unlink()
        if not any((folder / orphan).parent.iterdir()):
            (folder / orphan).parent.rmdir()
        changed.append(orphan)
    return changed


def differences(files: Mapping[str, str], folder: Path) -> list[str]:
    """What `write` would change, as short diffs; empty when the disk is fresh."""
    found: list[str] = []
    for path, text in sorted(files.items()):
        found += difference(folder / path, text, path)
    found += [f"{orphan} is no longer generated" for orphan in _orphans(files, folder)]
    return found


def write_file(target: Path, text: str) -> bool:
    """Writes one file if it differs; whether it did."""
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")
    return True


def difference(target: Path, text: str, name: str = "") -> list[str]:
    """What `write_file` would change, as one short diff; nothing when the file is fresh."""
    name = name or target.name
    if not target.exists():
        return [f"{name} is missing"]
    old = target.read_text(encoding="utf-8")
    if old == text:
        return []
    lines = list(
        difflib.unified_diff(
            old.splitlines(),
            text.splitlines(),
            f"{name} (on disk)",
            f"{name} (fresh)",
            lineterm="",
            n=1,
        )
    )
    more = len(lines) - _SHOWN
    return ["\n".join(lines[:_SHOWN]) + (f"\n... and {more} more lines" if more > 0 else "")]


def _orphans(files: Mapping[str, str], folder: Path) -> list[str]:
    on_disk = {p.relative_to(folder).as_posix() for pattern in _GENERATED for p in folder.glob(pattern)}
    return sorted(on_disk - set(files))
