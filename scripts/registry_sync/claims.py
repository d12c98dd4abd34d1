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


PLAIN, CACHE = ("input", "output"), ("cache_read", "cache_write", "cache_write_1h")
"""Rates on which a service tier has one factor each."""


def factors(tier: str, rates: Mapping[str, float], tier_rates: Mapping[str, float]) -> dict[str, Value]:
    """Return the factors of a service tier, `{"flex": 0.5, "flex_cache": 0.5}`: on input and output, and on the cache.

    A factor is claimed only if it is that of each such rate, those beyond a threshold included.
    """
    claims: dict[str, Value] = {}
    for field, names in ((tier, PLAIN), (f"{tier}_cache", CACHE)):
        parts = {name: rate for name, rate in rates.items() if name.rpartition(".")[2] in names}
        ratios = {rounded(tier_rates[name] / rate) for name, rate in parts.items() if rate and name in tier_rates}
        if len(ratios) == 1 and all(name in tier_rates for name in parts):
            claims[field] = ratios.pop()
    return claims


def priced_by_query(id: str) -> bool:
    """Return whether a search is paid by the query, which is what we count: Gemini before 3 is paid by the grounded prompt."""
    return not id.startswith(("google/gemini-1", "google/gemini-2", "google/gemini-exp"))


def without_none(fields: Mapping[str, Value | None]) -> dict[str, Value]:
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
