"""Read the counts of a usage: numbers of tokens, and costs that a host reports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capably.types.json_types import Json

NOTHING: Mapping[str, Json] = {}

TICKS = 10_000_000_000
"""xAI counts costs in ticks of a US dollar. Source: https://docs.x.ai/docs/key-information/consumption (read 2026-11-29)."""


def count_of(usage: Mapping[str, Json], name: str) -> int | None:
    """Return a number of tokens; `None` if it is absent, or no number."""
    if name not in usage:
        return None
    value = usage[name]
    if type(value) is float and value >= 0 and value.is_integer():
        return int(value)
    return value if type(value) is int and value >= 0 else None


def counts_in(details: Mapping[str, Json], names: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return the counts of a breakdown that are not 0, as fields of `Usage`. `names` has the field of each wire name; of two
    names for one field the first counts."""
    counts: dict[str, int] = {}
    for name, field in names:
        if name in details and field not in counts and (count := count_of(details, name)):
            counts[field] = count
    return counts


def details_of(usage: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Return a breakdown; an empty one if there is none."""
    details = usage.get(name)
    return details if isinstance(details, dict) else NOTHING


def reported_cost(usage: Mapping[str, Json]) -> float | None:
    """Return the US dollars that a host reports: OpenRouter, Perplexity and LiteLLM under `cost`, xAI in ticks.

    OpenRouter counts what a key of the caller's own paid upstream beside its own fee.
    """
    if "cost" not in usage:
        ticks = _dollars(usage["cost_in_usd_ticks"]) if "cost_in_usd_ticks" in usage else None
        return None if ticks is None else ticks / TICKS
    cost = usage["cost"]
    if isinstance(cost, dict):
        return _dollars(cost.get("total_cost"))
    own = _dollars(cost)
    if not usage.get("is_byok"):
        return own
    upstream = _dollars(details_of(usage, "cost_details").get("upstream_inference_cost"))
    return None if upstream is None or own is None else own + upstream


def _dollars(value: Json) -> float | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None
