"""`llm.models(...)`: choose a model by what it can do."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal, cast, get_args

from capably.modalities import SELECTORS as MODALITIES, Side
from capably.parameters import SELECTORS
from capably.registry.cost import price_on
from capably.registry.lookup import listed_models, providers, rules_for
from capably.registry.rules import Rule
from capably.types.errors import did_you_mean
from capably.types.facts import UNVERIFIED, Facts, ModelInfo
from capably.types.reasoning import Effort

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from capably.calls.model import SomeModel

    FoundT = TypeVar("FoundT", bound=SomeModel | ModelInfo, default=ModelInfo)
    """A demanded model; `ModelInfo` where none is."""


LIMITS: Mapping[str, Literal["context", "output"]] = {"min_context": "context", "min_output": "output"}
PRICES: Mapping[str, Literal["input", "output"]] = {"max_input_price": "input", "max_output_price": "output"}
"""Selector -> limit, selector -> rate."""

_SELECTORS: Mapping[str, object] = dict.fromkeys(
    ("provider", "reasoning", "deprecated", *SELECTORS, *MODALITIES, *LIMITS, *PRICES)
)
"""All selectors; `None` = not used. The generated stub has the signature."""


def models(demanded: type[FoundT] | None = None, /, **selectors: object) -> list[FoundT]:
    """Return listed models that fit, cheapest input first (unknown prices last).

    Args:
        demanded: A demanded model, `llm.Model[llm.Image, Needs]`. The result is then models of that type, which a function
            that demands it accepts; without it, `ModelInfo` of each model.
        provider: The provider's name, `"anthropic"`.
        reasoning: `True` for models that reason, `False` for those that do not, or a level that the model takes.
        min_context, min_output: The least size of the context window and of the answer, in tokens.
        max_input_price, max_output_price: The highest price, in US dollars per million tokens.
        deprecated: Include models that the vendor is going to end.

    All other arguments are features: `True` asks for one, `False` for its absence. A condition (`reasoning_off`) counts as
    having it; an unknown fact counts as neither. `forced_tools` is a forced `tool_choice`.
    """
    unknown = next((name for name in selectors if name not in _SELECTORS), None)
    if unknown:
        raise TypeError(f"llm.models selects by no {unknown!r}.{did_you_mean(unknown, _SELECTORS)}")
    selectors = {**_SELECTORS, **selectors}
    for name in (*SELECTORS, *MODALITIES, "deprecated"):
        if not isinstance(selectors[name], (bool, type(None))):
            raise TypeError(
                f"{name}={selectors[name]!r} is of type {type(selectors[name]).__name__}; it must be a bool"
            )
    _check_word("provider", selectors["provider"], providers())
    _check_word("reasoning", selectors["reasoning"], ("off", *get_args(Effort)))
    bounds = _bounds(selectors)
    fitting = (info for info in listed_models() if _fits(info, selectors, bounds))
    infos = sorted(fitting, key=lambda i: (_order(price(i, "input")), _order(price(i, "output")), i.id))
    if demanded is None:
        return cast("list[FoundT]", infos)
    from capably_models import Model

    from capably.registry.requirements import Requirements

    requirements, model = Requirements(demanded), cast("Callable[[str], FoundT]", Model)
    return [model(info.id) for info in infos if requirements.met_by(info)]


def price(info: ModelInfo, rate: Literal["input", "output"]) -> float | None:
    """Return today's rate (`input`, `output`, ...) in US dollars per million tokens; `None` if unknown."""
    today = price_on(info.prices, datetime.date.today())
    return today[rate] if today else None


def _bounds(selectors: Mapping[str, object]) -> dict[str, float | None]:
    """Return the bounds of limits and prices. Raise `TypeError` for one that is no number."""
    bounds: dict[str, float | None] = {}
    for name in (*LIMITS, *PRICES):
        bound = selectors[name]
        if not isinstance(bound, (int, float, type(None))):
            raise TypeError(f"{name}={bound!r} is of type {type(bound).__name__}; it must be a number")
        bounds[name] = bound
    return bounds


def _check_word(name: str, word: object, words: Iterable[str]) -> None:
    """Raise `ValueError` for a word that selects no model."""
    if isinstance(word, str) and word not in (choices := list(words)):
        hint = did_you_mean(word, choices) or f" There are {', '.join(map(repr, choices))}."
        raise ValueError(f"{name}={word!r} selects nothing.{hint}")


def _fits(info: ModelInfo, selectors: Mapping[str, object], bounds: Mapping[str, float | None]) -> bool:
    provider = selectors["provider"]
    return (
        (provider is None or info.provider == provider)
        and (bool(selectors["deprecated"]) or info.status != "deprecated")
        and _can(info, selectors)
        and all(_at_least(info.limits[limit], bounds[name]) for name, limit in LIMITS.items())
        and all(_at_most(price(info, rate), bounds[name]) for name, rate in PRICES.items())
    )


def _can(info: ModelInfo, selectors: Mapping[str, object]) -> bool:
    if all(selectors[name] is None for name in (*SELECTORS, *MODALITIES, "reasoning")):
        return True
    if info.facts is None:
        return False
    facts, rules, reasoning = info.facts, rules_for(info, info.endpoint), selectors["reasoning"]
    return (
        all(_is_as_wanted(rules[rule], selectors[name]) for name, rule in SELECTORS.items())
        and all(selectors[name] in (None, _has(facts, *place)) for name, place in MODALITIES.items())
        and (
            reasoning in rules["reasoning"].values
            if isinstance(reasoning, str)
            else reasoning is None or (facts["reasoning"] != UNVERIFIED and bool(facts["reasoning"]) is reasoning)
        )
    )


def _is_as_wanted(rule: Rule, wanted: object) -> bool:
    has = None if rule.when == UNVERIFIED else not rule.refused
    return wanted is None or has is wanted


def _has(facts: Facts, side: Side, modality: str) -> bool | None:
    """Return whether the model reads or writes this modality; `None` if unknown."""
    return None if side == "input" and modality in facts["unverified_input"] else modality in facts[side]


def _at_least(value: int | None, floor: float | None) -> bool:
    return floor is None or (value is not None and value >= floor)


def _at_most(value: float | None, ceiling: float | None) -> bool:
    return ceiling is None or (value is not None and value <= ceiling)


def _order(value: float | None) -> float:
    return float("inf") if value is None else value
