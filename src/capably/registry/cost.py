"""Compute the cost of a call from the registry's dated prices."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from capably.types.usage import Usage

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from capably_models import _facts

    Rate: TypeAlias = Literal[
        "input", "output", "cache_read", "cache_write", "cache_write_1h", "input_audio", "output_audio", "output_image"
    ]

USUAL_TIERS = (None, "default", "standard", "auto", "on_demand")
"""Service tiers at the registry's rates, in the words of OpenAI, Anthropic, Groq and Google."""

BATCH = "batch"


def price_on(prices: Iterable[_facts.Price], day: datetime.date) -> _facts.Price | None:
    """Return the price in force on `day`, or `None` if the registry has none."""
    today = day.isoformat()
    for price in prices:
        if (price["start"] or "") <= today <= (price["until"] or "9999"):
            return price
    return None


def cost_of(
    usage: Usage,
    prices: Iterable[_facts.Price],
    day: datetime.date,
    prices_of: Callable[[str], Iterable[_facts.Price]] | None = None,
) -> float | None:
    """Return the US dollars for `usage` at the price of `day`; `None` if the usage, or a rate that is needed, is unknown.

    A cost that the provider reported is returned as it is. Cached tokens, audio and pictures count at their own rates, and
    never at another one. A tier with a lower bound on the prompt applies to all tokens of a call. Of a sum, each call is
    priced by itself; `prices_of` returns the prices of another model that took part (an advisor).
    """
    if usage.calls:
        costs = [cost_of(call, prices, day, prices_of) for call in usage.calls]
        return None if None in costs else sum(cost for cost in costs if cost is not None)
    if usage.reported_cost is not None:
        return usage.reported_cost
    if not usage.reported or usage.searches:
        return None  # The registry has no price of a search.
    if usage.model is not None:
        prices = prices_of(usage.model) if prices_of else ()
    price = price_on(prices, day)
    return None if price is None else _cost_at(usage, price)


def _cost_at(usage: Usage, price: _facts.Price) -> float | None:
    """Return the cost of one call at a price; `None` if a rate that is needed is unknown."""
    tier = usage.service_tier
    factor = price["batch"] if tier == BATCH else 1.0 if tier in USUAL_TIERS else None
    if factor is None or usage.cache_read_audio_tokens:  # The registry has no rate of cached audio.
        return None
    tiers = [tier for tier in price["tiers"] if usage.input_tokens > tier["above"]]

    def rate_of(name: Rate) -> float | None:
        special = tiers[-1].get(name) if tiers else None
        rate = price[name] if special is None else special
        if tier != BATCH or rate is None:
            return rate
        return rate * factor if name in ("input", "output") else None  # The factor is of these two.

    cached = usage.cache_read_tokens + usage.cache_write_tokens
    counts: tuple[tuple[int, Rate], ...] = (
        (usage.input_tokens - cached - usage.input_audio_tokens, "input"),
        (usage.output_tokens - usage.output_audio_tokens - usage.output_image_tokens, "output"),
        (usage.cache_read_tokens, "cache_read"),
        (usage.cache_write_tokens - usage.cache_write_1h_tokens, "cache_write"),
        (usage.cache_write_1h_tokens, "cache_write_1h"),
        (usage.input_audio_tokens, "input_audio"),
        (usage.output_audio_tokens, "output_audio"),
        (usage.output_image_tokens, "output_image"),
    )
    total = 0.0
    for tokens, name in counts:
        rate = rate_of(name)
        if tokens < 0 or (tokens and rate is None):
            return None  # A part that is larger than what it is part of; or a rate that nobody knows.
        total += tokens * (rate or 0.0)
    return total / 1_000_000
