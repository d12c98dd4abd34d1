"""What a call cost, from the registry's dated prices."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from capably.types.usage import Usage


def price_on(prices: Iterable[Mapping[str, Any]], day: datetime.date) -> Mapping[str, Any] | None:
    """The price in force on `day`, or `None` where the registry knows none."""
    today = day.isoformat()
    for price in prices:
        if (price["start"] or "") <= today <= (price["until"] or "9999"):
            return price
    return None


def cost_of(usage: Usage, prices: Iterable[Mapping[str, Any]], day: datetime.date) -> float | None:
    """US dollars for `usage` at the price of `day`; `None` where a rate that is needed is unknown.

    Cached tokens count at their own rates. A tier with a lower bound on the prompt applies to the whole call.
    """
    price = price_on(prices, day)
    if price is None:
        return None
    tiers = [tier for tier in price["tiers"] if usage.input_tokens > tier["above"]]
    rates = {**price, **{k: v for k, v in tiers[-1].items() if v is not None}} if tiers else price
    cached = usage.cache_read_tokens + usage.cache_write_tokens
    write_5m = usage.cache_write_tokens - usage.cache_write_1h_tokens
    total = 0.0
    for tokens, rate in (
        (usage.input_tokens - cached, rates["input"]),
        (usage.output_tokens, rates["output"]),
        (usage.cache_read_tokens, rates["cache_read"]),
        (write_5m, rates["cache_write"]),
        (usage.cache_write_1h_tokens, rates["cache_write_1h"]),
    ):
        if tokens and rate is None:
            return None
        total += tokens * (rate or 0.0)
    return total / 1_000_000
