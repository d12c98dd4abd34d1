"""The registry as flat fields, `limits.input` or `prices.above_272000.output`: what the sync compares and verdicts name."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from capably.modalities import SELECTORS
from capably.parameters import PARAMETERS
from capably.types.facts import UNVERIFIED
from capably_codegen.registry.schema import Model, Price, Profile, Rates, Registry

Fields: TypeAlias = dict[str, object]
"""Field -> value: a number, a word, a date as text, a list of words, a bool, or `unverified`. Unknown ones are missing."""

_YES: Final = ("always", "reasoning_off", "without_budget", "optional", "json_schema", "anywhere")
_NO: Final = ("never", "ignored", "json_object", "start")

OF_PRICE: Final = tuple(
    name for name in Price.model_fields if name not in {*Rates.model_fields, "start", "until", "tiers"}
)
"""What a price has beside its rates: factors of service tiers, and what searches cost."""


def fields_of(registry: Registry, id: str, day: datetime.date) -> Fields:
    """Return the fields of a model; prices without a date are those in force on `day`."""
    model = registry.models[id]
    fields = dict(_numbers(model, day))
    if model.profile != UNVERIFIED:
        fields |= dict(_capabilities(registry.profiles[model.profile]))
    return fields


def as_yes_or_no(value: object) -> bool | None:
    """Return a registry word as a bool (`reasoning_off` is true, `ignored` false); `None` if it is neither."""
    if isinstance(value, bool):
        return value
    return True if value in _YES else False if value in _NO else None


def price_fields(prices: list[Price], day: datetime.date) -> Fields:
    """Return `prices.input` and so on for the price of `day`; a later price is named `prices@2026-12-01.input`."""
    fields: Fields = {}
    for price in prices:
        if price.start and price.start > day:
            prefix = f"prices@{price.start}"
        elif price.until is None or price.until >= day:
            prefix = "prices"
        else:
            continue
        fields |= {f"{prefix}.{name}": rate for name, rate in _rates(price)}
        fields |= {f"{prefix}.{name}": rate for name, rate in _rates(price, OF_PRICE)}
        for tier in price.tiers:
            fields |= {f"{prefix}.above_{tier.above}.{name}": rate for name, rate in _rates(tier)}
    return fields


def _rates(rates: Rates, names: Iterable[str] = Rates.model_fields) -> Iterator[tuple[str, float]]:
    for name in names:
        rate = getattr(rates, name)
        if rate is not None:
            yield name, int(rate) if float(rate).is_integer() else rate


def _numbers(model: Model, day: datetime.date) -> Iterator[tuple[str, object]]:
    for group in ("limits", "dates"):
        for name, value in getattr(model, group).model_dump(mode="json", exclude_none=True).items():
            yield f"{group}.{name}", value
    yield from price_fields(model.prices, day).items()


def _capabilities(profile: Profile) -> Iterator[tuple[str, object]]:
    for side, modality in SELECTORS.values():
        unknown = side == "input" and modality in profile.unverified_input
        yield f"{side}.{modality}", UNVERIFIED if unknown else modality in getattr(profile, side)
    yield from _tools(profile)
    yield "structured_output", profile.structured_output
    yield from _reasoning(profile)
    for parameter in PARAMETERS.values():
        group, _, name = parameter.fact.partition(".")
        if group == "sampling":
            yield parameter.fact, getattr(profile.sampling, name)
    for name in ("temperature_max", "top_p_min"):
        bound = getattr(profile.sampling, name)
        if bound is not None:
            yield f"sampling.{name}", bound
    yield "system", profile.system
    yield "prefill", profile.prefill
    for endpoint, rules in profile.endpoints.items():
        for name, value in rules.model_dump(mode="json", exclude_none=True).items():
            yield f"endpoints.{endpoint}.{name}", value


def _tools(profile: Profile) -> Iterator[tuple[str, object]]:
    tools = profile.tools
    yield "tools", UNVERIFIED if tools == UNVERIFIED else tools is not None
    if tools is not None and not isinstance(tools, str):
        for name, value in tools.model_dump(mode="json").items():
            yield f"tools.{name}", value


def _reasoning(profile: Profile) -> Iterator[tuple[str, object]]:
    reasoning = profile.reasoning
    yield "reasoning", UNVERIFIED if reasoning == UNVERIFIED else reasoning is not None
    if reasoning is None or isinstance(reasoning, str):
        return
    yield "reasoning.style", reasoning.style
    yield "reasoning.efforts", reasoning.efforts
    yield "reasoning.off", reasoning.off
    yield "reasoning.budget", reasoning.budget is not None
    if reasoning.budget:
        for name, value in reasoning.budget.model_dump(exclude_none=True).items():
            yield f"reasoning.budget.{name}", value
    if reasoning.on_by_default is not None:
        yield "reasoning.on_by_default", reasoning.on_by_default
    if reasoning.off != UNVERIFIED:
        yield "reasoning.always_on", reasoning.off == "never"
