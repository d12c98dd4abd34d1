"""Compute the cost of a call from the registry's dated prices."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING

from capably.types.usage import Usage

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from capably_models import _facts

    Rate: TypeAlias = Literal["input", "output", "cache_read", "cache_write", "cache_write_1h"]


def price_on(prices: Iterable[_facts.Price], day: datetime.date) -> _facts.Price | None:
    """Return the price in force on `day`, or `None` if the registry has none."""
    today = day.isoformat()
    for price in prices:
        if (price["start"] or "") <= today <= (price["until"] or "9999"):
            return price
    return None


def cost_of(usage: Usage, prices: Iterable[_facts.Price], day: datetime.date) -> float | None:
    """Return the US dollars for `usage` at the price of `day`; `None` if a rate that is needed is unknown.

    Cached tokens count at their own rates. A tier with a lower bound on the prompt applies to all tokens of the call.
    """
    price = price_on(prices, day)
    if price is None:
        return None
    tiers = [tier for tier in price["tiers"] if usage.input_tokens > tier["above"]]

    def rate_of(name: Rate) -> float | None:
        special = tiers[-1].get(name) if tiers else None
        return price[name] if special is None else special

    cached = usage.cache_read_tokens + usage.cache_write_tokens
    write_5m = usage.cache_write_tokens - usage.cache_write_1h_tokens
    total = 0.0
    for tokens, rate in (
        (usage.input_tokens - cached, rate_of("input")),
        (usage.output_tokens, rate_of("output")),
        (usage.cache_read_tokens, rate_of("cache_read")),
        (write_5m, rate_of("cache_write")),
        (usage.cache_write_1h_tokens, rate_of("cache_write_1h")),
    ):
        if tokens and rate is None:
            return None
        total += tokens * (rate or 0.0)
    return total / 1_000_000
