"""`registry.lock.json`: for each model and field the value, since when it stands so, and which lineages say so.

A field is `[value, date, [lineages that say so], {lineage: what it says instead}]`, the last one only where somebody
does. The date is the day on which a sync first saw it so; it moves only when something of it changes.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from registry_sync.claims import Source, SourceError
from registry_sync.vote import Evidence

SCHEMA = 1
_SHRUNK = 0.8
"""A source that lists less than this part of what it listed at the last sync was cut off."""


def load_lock(file: Path) -> dict[str, Any]:
    """Load the lock of the last sync; an empty one before the first."""
    if not file.exists():
        return {"schema": SCHEMA, "sources": {}, "models": {}}
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise SourceError(f"{file.name} is no valid JSON (line {error.lineno}); restore it from git") from None


def check_sizes(sources: list[Source], old: Mapping[str, Any]) -> None:
    """Raise `SourceError` if a source has shrunk: models missing in a truncated file have not ended."""
    shrunk: list[str] = []
    for source in sources:
        before: int = old["sources"].get(source.name, {}).get("models", 0)
        if len(source.claims | dict.fromkeys(source.ids)) < before * _SHRUNK:
            shrunk.append(
                f"{source.name} {source.version} speaks of {_size(source)} models, at the last sync of {before}"
            )
    if shrunk:
        raise SourceError("\n".join([*shrunk, "a source was cut off, or its shape has changed"]))


def lock_of(
    sources: list[Source], evidence: Mapping[str, Mapping[str, Evidence]], old: Mapping[str, Any], day: datetime.date
) -> dict[str, Any]:
    """Build the lock of this sync; unchanged fields keep their date."""
    return {
        "schema": SCHEMA,
        "sources": {
            source.name: {"version": source.version, "lineage": source.lineage, "models": _size(source)}
            for source in sorted(sources, key=lambda s: s.name)
        },
        "models": {
            id: {
                field: _entry(entry, old["models"].get(id, {}).get(field), day)
                for field, entry in sorted(fields.items())
            }
            for id, fields in sorted(evidence.items())
        },
    }


def _size(source: Source) -> int:
    return len(source.claims.keys() | source.ids)


def _entry(evidence: Evidence, old: list[Any] | None, day: datetime.date) -> list[Any]:
    what = [evidence.value, day.isoformat(), evidence.by, *([evidence.against] if evidence.against else [])]
    same = old is not None and [old[0], *old[2:]] == [what[0], *what[2:]]
    return old if same and old is not None else what


def lock_text(lock: Mapping[str, Any]) -> str:
    """Format one line per field, so that a change of one fact is a change of one line."""
    return "\n".join(_lines(lock)) + "\n"


def _lines(lock: Mapping[str, Any]) -> Iterator[str]:
    yield "{"
    yield f'"schema": {lock["schema"]},'
    yield '"sources": {'
    yield from _members(lock["sources"])
    yield "},"
    yield '"models": {'
    last = len(lock["models"])
    for number, (id, fields) in enumerate(lock["models"].items(), 1):
        yield f" {json.dumps(id)}: {{"
        yield from _members(fields)
        yield " }" + ("," if number < last else "")
    yield "}"
    yield "}"


def _members(fields: Mapping[str, Any]) -> Iterator[str]:
    for number, (name, value) in enumerate(fields.items(), 1):
        yield f"  {json.dumps(name)}: {json.dumps(value)}" + ("," if number < len(fields) else "")
