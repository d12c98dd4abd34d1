"""One reader per source: `read(folder, ...)` gives a `Source`, or raises `SourceError` saying what has changed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from registry_sync.claims import SourceError


def version_of(folder: Path, distribution: str) -> str:
    """Return the version of an unpacked package. Raise `SourceError` if it is absent."""
    prefix = distribution.replace("-", "_")
    for folder_of_wheel in sorted(folder.glob(f"{prefix}-*.dist-info")):
        return folder_of_wheel.name.removeprefix(f"{prefix}-").removesuffix(".dist-info")
    raise SourceError(f"{distribution} is missing: its wheel is not among the sources")


def expect(name: str, wanted: Collection[str], seen: Collection[str]) -> None:
    """Raise if no model has an expected field any more: it was renamed, and its absence would look like changed
    facts."""
    missing = sorted(set(wanted) - set(seen))
    if missing:
        raise SourceError(f"{name}: no model has {', '.join(missing)} any more; renamed?")
