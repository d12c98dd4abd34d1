"""What a source says: model -> field -> value, in the registry's own names and units."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

Value: TypeAlias = Any
"""A number, a word, a bool or a sorted list of words."""
Claims: TypeAlias = dict[str, dict[str, Value]]
"""`provider/id` -> field -> value; what is missing was not said."""

PROVIDERS = ("anthropic", "google", "openai")
"""The vendors of which every source must speak, and whose new ids are told. Of a host only the curated models are read."""

PROBED = "probed"
"""The lineage of those who asked the live API."""


class SourceError(Exception):
    """A source cannot be read as it should be; the message says which, what was expected and what was found."""


class Source(NamedTuple):
    """One reading of one source."""

    name: str
    """The package or endpoint."""
    version: str
    lineage: str
    """Sources of one lineage copy each other and have one vote."""
    claims: Claims
    ids: frozenset[str]
    """Every chat model that it lists."""
    days: Mapping[tuple[str, str], datetime.date] = {}
    """The day on which a fact was measured, by model and field; of other sources, that of their release counts."""


def lineages(sources: list[Source]) -> dict[str, Claims]:
    """Merge claims by lineage; of two sources of one lineage the first with a field counts."""
    merged: dict[str, Claims] = {}
    for source in sources:
        into = merged.setdefault(source.lineage, {})
        for id, fields in source.claims.items():
            into[id] = {**fields, **into.get(id, {})}
    return merged


def rounded(value: float) -> float | int:
    """Return a price without floating-point noise: 2.5, not 2.4999999999999996; integers as int."""
    clean = float(f"{value:.8g}")
    return int(clean) if clean.is_integer() else clean


def without_none(fields: Mapping[str, Value | None]) -> dict[str, Value]:
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
