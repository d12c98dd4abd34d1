"""`llm.models(...)`: choose a model by what it can do."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, cast, get_args

from capably.llm._registry import listed_models, providers, rules_for
from capably.types.cost import price_on
from capably.types.facts import UNVERIFIED, Facts, ModelInfo
from capably.types.reasoning import Effort

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from capably.llm._model import ModelBase

    FoundT = TypeVar("FoundT", bound=ModelBase[Any, Any] | ModelInfo, default=ModelInfo)
    """A demanded model; `ModelInfo` where none is."""


class Wishes(TypedDict, total=False):
    """What `llm.models(...)` can be asked for. `True` asks for a feature, `False` for its absence."""

    provider: str | None
    tools: bool | None
    forced_tools: bool | None
    format: bool | None
    image_input: bool | None
    document_input: bool | None
    audio_input: bool | None
    video_input: bool | None
    image_output: bool | None
    audio_output: bool | None
    reasoning: bool | Literal["off"] | Effort | None
    temperature: bool | None
    top_p: bool | None
    top_k: bool | None
    stop: bool | None
    seed: bool | None
    prefill: bool | None
    min_context: int | None
    min_output: int | None
    max_input_price: float | None
    max_output_price: float | None
    deprecated: bool


FEATURES: Mapping[str, str] = {
    "tools": "tools",
    "forced_tools": "tool_choice.forced",
    "format": "format",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop": "stop",
    "seed": "seed",
    "prefill": "prefill",
}
"""Wish -> rule."""

MODALITIES: Mapping[str, tuple[str, str]] = {
    "image_input": ("input", "image"),
    "document_input": ("input", "document"),
    "audio_input": ("input", "audio"),
    "video_input": ("input", "video"),
    "image_output": ("output", "image"),
    "audio_output": ("output", "audio"),
}
"""Wish -> side and modality."""

LIMITS: Mapping[str, str] = {"min_context": "context", "min_output": "output"}
PRICES: Mapping[str, str] = {"max_input_price": "input", "max_output_price": "output"}
"""Wish -> limit, wish -> rate."""


def models(demanded: type[FoundT] | None = None, /, **wishes: Unpack[Wishes]) -> list[FoundT]:
    """Listed models that can, cheapest input first (unknown prices last).

    `True` asks for a feature and `False` for its absence; a condition (`reasoning_off`) counts as having it, an
    unverified fact as neither. `reasoning` may name a level. Prices are US dollars per million tokens, sizes are tokens.
    Deprecated models are left out unless `deprecated=True`.

    With a demanded model, `llm.models(llm.Model[llm.Image, Needs])`, the answer is models of that type, which a function
    that demands it takes; without one it is their `ModelInfo`.
    """
    _look_at(wishes)
    infos = (info for info in listed_models() if _fits(info, wishes))
    found: list[Any] = sorted(infos, key=lambda i: (_order(price(i, "input")), _order(price(i, "output")), i.id))
    if demanded is not None:
        from capably_models import Model

        from capably.llm._demands import Demands

        demands, model = Demands(demanded), cast("Any", Model)
        found = [model(info.id) for info in found if demands.met_by(info)]
    return found


def price(info: ModelInfo, rate: str) -> float | None:
    """Today's rate (`input`, `output`, ...) in US dollars per million tokens; `None` if unknown."""
    today = price_on(info.prices, datetime.date.today())
    return today[rate] if today else None


def _look_at(wishes: Wishes) -> None:
    """Wishes that no model could meet would select nothing, and look like an answer."""
    for name, wish in wishes.items():
        if name not in Wishes.__annotations__:
            close = difflib.get_close_matches(name, Wishes.__annotations__, n=1)
            raise TypeError(f"there is no wish {name!r}." + (f" Did you mean {close[0]!r}?" if close else ""))
        if name in LIMITS.keys() | PRICES.keys() and not isinstance(wish, (int, float, type(None))):
            raise TypeError(f"{name}={wish!r} is of type {type(wish).__name__}; it must be a number")
    _known("provider", wishes.get("provider"), providers())
    _known("reasoning", wishes.get("reasoning"), ("off", *get_args(Effort)))


def _known(name: str, word: object, words: Iterable[str]) -> None:
    if isinstance(word, str) and word not in (known := list(words)):
        close = difflib.get_close_matches(word, known, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(map(repr, known))}."
        raise ValueError(f"{name}={word!r} selects nothing. {hint}")


def _fits(info: ModelInfo, wishes: Mapping[str, Any]) -> bool:
    provider = wishes.get("provider")
    return (
        (provider is None or info.provider == provider)
        and (bool(wishes.get("deprecated")) or info.status != "deprecated")
        and _can(info, wishes)
        and all(_at_least(info.limits[limit], wishes.get(name)) for name, limit in LIMITS.items())
        and all(_at_most(price(info, rate), wishes.get(name)) for name, rate in PRICES.items())
    )


def _can(info: ModelInfo, wishes: Mapping[str, Any]) -> bool:
    if all(wishes.get(name) is None for name in (*FEATURES, *MODALITIES, "reasoning")):
        return True
    if info.facts is None:
        return False
    facts, rules, reasoning = info.facts, rules_for(info, info.endpoint), wishes.get("reasoning")
    return (
        all(_says(rules[rule].when, wishes.get(name)) for name, rule in FEATURES.items())
        and all(wishes.get(name) in (None, _has(facts, *place)) for name, place in MODALITIES.items())
        and (
            reasoning in rules["reasoning"].values
            if isinstance(reasoning, str)
            else reasoning is None or (facts["reasoning"] != UNVERIFIED and bool(facts["reasoning"]) is reasoning)
        )
    )


def _says(when: str, want: bool | None) -> bool:
    has = {"always": True, "reasoning_off": True, "without_budget": True, "never": False, "ignored": False}.get(when)
    return want is None or has is want


def _has(facts: Facts, side: str, modality: str) -> bool | None:
    """Whether it reads or writes this modality; `None` where nobody knows."""
    return None if modality in facts.get(f"unverified_{side}", ()) else modality in facts[side]


def _at_least(value: int | None, floor: int | None) -> bool:
    return floor is None or (value is not None and value >= floor)


def _at_most(value: float | None, ceiling: float | None) -> bool:
    return ceiling is None or (value is not None and value <= ceiling)


def _order(value: float | None) -> float:
    return float("inf") if value is None else value
