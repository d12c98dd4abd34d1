"""Compute the cost of a call from the registry's dated prices."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from capably.types.usage import Usage

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from capably_models import _facts

    Rate: TypeAlias = Literal[
        "input",
        "output",
        "cache_read",
        "cache_write",
        "cache_write_1h",
        "cache_read_audio",
        "input_audio",
        "output_audio",
        "output_image",
    ]
    Factor: TypeAlias = Literal["batch", "batch_cache", "flex", "flex_cache", "priority", "priority_cache"]

USUAL_TIERS = (None, "default", "standard", "auto", "on_demand")
"""Service tiers at the registry's rates, in the words of OpenAI, Anthropic, Groq and Google."""


def _factors(plain: Factor, cache: Factor) -> Mapping[Rate, Factor]:
    return {"input": plain, "output": plain, "cache_read": cache, "cache_write": cache, "cache_write_1h": cache}


FACTORS: Mapping[str, Mapping[Rate, Factor]] = {
    "batch": _factors("batch", "batch_cache"),
    "flex": _factors("flex", "flex_cache"),
    "priority": _factors("priority", "priority_cache"),
}
"""Other service tiers, in the words of OpenAI, Anthropic and Google: rate -> the factor on it. Other rates are unknown there."""

NO_FACTORS: Mapping[Rate, Factor] = {}


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
    if not usage.reported:
        return None
    if usage.model is not None:
        prices = prices_of(usage.model) if prices_of else ()
    price = price_on(prices, day)
    return None if price is None else _cost_at(usage, price)


def _cost_at(usage: Usage, price: _facts.Price) -> float | None:
    """Return the cost of one call at a price; `None` if a rate that is needed is unknown."""
    factors = None if usage.service_tier in USUAL_TIERS else FACTORS.get(usage.service_tier or "", NO_FACTORS)
    searches = _cost_of_searches(usage, price)
    if searches is None or (usage.searches and factors is not None):
        return None  # Nobody states what a search costs in another tier.
    if usage.cache_read_audio_tokens and not usage.cache_read_audio_reported:
        return None
    tiers = [tier for tier in price["tiers"] if usage.input_tokens > tier["above"]]

    def rate_of(name: Rate) -> float | None:
        special = tiers[-1].get(name) if tiers else None
        rate = price[name] if special is None else special
        if factors is None or rate is None:
            return rate
        factor = price[factors[name]] if name in factors else None
        return None if factor is None else rate * factor

    cached, cached_audio = usage.cache_read_tokens + usage.cache_write_tokens, usage.cache_read_audio_tokens
    counts: tuple[tuple[int, Rate], ...] = (
        (usage.input_tokens - cached - usage.input_audio_tokens + cached_audio, "input"),
        (usage.output_tokens - usage.output_audio_tokens - usage.output_image_tokens, "output"),
        (usage.cache_read_tokens - cached_audio, "cache_read"),
        (cached_audio, "cache_read_audio"),
        (usage.cache_write_tokens - usage.cache_write_1h_tokens, "cache_write"),
        (usage.cache_write_1h_tokens, "cache_write_1h"),
        (usage.input_audio_tokens - cached_audio, "input_audio"),
        (usage.output_audio_tokens, "output_audio"),
        (usage.output_image_tokens, "output_image"),
    )
    total = searches * 1_000_000
    for tokens, name in counts:
        rate = rate_of(name)
        if tokens < 0 or (tokens and rate is None):
            return None  # A part that is larger than what it is part of; or a rate that nobody knows.
        total += tokens * (rate or 0.0)
    return total / 1_000_000


def _cost_of_searches(usage: Usage, price: _facts.Price) -> float | None:
    """Return the cost of the searches of one call; `None` if a rate that is needed is unknown."""
    total = 0.0
    web = usage.searches - usage.file_searches
    for count, rate in ((web, price["web_search"]), (usage.file_searches, price["file_search"])):
        if count and rate is None:
            return None
        total += count * (rate or 0.0) / 1_000
    return total
