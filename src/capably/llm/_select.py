"""`llm.models(...)`: choose a model by what it can do."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from capably.llm._registry import listed_models, providers, rules_for
from capably.types.cost import price_on
from capably.types.facts import UNVERIFIED, Facts, ModelInfo
from capably.types.reasoning import Effort


def models(
    *,
    provider: str | None = None,
    tools: bool | None = None,
    forced_tools: bool | None = None,
    format: bool | None = None,
    image_input: bool | None = None,
    document_input: bool | None = None,
    audio_input: bool | None = None,
    video_input: bool | None = None,
    image_output: bool | None = None,
    audio_output: bool | None = None,
    reasoning: bool | Literal["off"] | Effort | None = None,
    temperature: bool | None = None,
    top_p: bool | None = None,
    top_k: bool | None = None,
    stop: bool | None = None,
    seed: bool | None = None,
    prefill: bool | None = None,
    min_context: int | None = None,
    min_output: int | None = None,
    max_input_price: float | None = None,
    max_output_price: float | None = None,
    deprecated: bool = False,
) -> list[ModelInfo]:
    """Listed models that can, cheapest input first (unknown prices last).

    `True` asks for a feature and `False` for its absence; a condition (`reasoning_off`) counts as having it, an
    unverified fact as neither. `reasoning` may name a level. Prices are US dollars per million tokens, sizes are tokens.
    Deprecated models are left out unless `deprecated=True`.
    """
    wanted = {
        "tools": tools,
        "tool_choice.forced": forced_tools,
        "format": format,
        "temperature": temperature,
        "top_p": top_p,
        "top_k": top_k,
        "stop": stop,
        "seed": seed,
        "prefill": prefill,
    }
    reasons = reasoning if isinstance(reasoning, bool) else None
    modalities = {
        ("input", "image"): image_input,
        ("input", "document"): document_input,
        ("input", "audio"): audio_input,
        ("input", "video"): video_input,
        ("output", "image"): image_output,
        ("output", "audio"): audio_output,
    }
    level = reasoning if isinstance(reasoning, str) else None
    _known("provider", provider, providers())
    _known("reasoning", level, ("off", *get_args(Effort)))
    for name, number in (
        ("min_context", min_context),
        ("min_output", min_output),
        ("max_input_price", max_input_price),
        ("max_output_price", max_output_price),
    ):
        if number is not None and not isinstance(number, (int, float)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{name}={number!r} is of type {type(number).__name__}; it must be a number")
    found = [
        info
        for info in listed_models()
        if (provider is None or info.provider == provider)
        and (deprecated or info.status != "deprecated")
        and _can(info, wanted, modalities, reasons, level)
        and _at_least(info.limits["context"], min_context)
        and _at_least(info.limits["output"], min_output)
        and _at_most(price(info, "input"), max_input_price)
        and _at_most(price(info, "output"), max_output_price)
    ]
    return sorted(found, key=lambda info: (_order(price(info, "input")), _order(price(info, "output")), info.id))


def price(info: ModelInfo, rate: str) -> float | None:
    """Today's rate (`input`, `output`, ...) in US dollars per million tokens; `None` if unknown."""
    today = price_on(info.prices, datetime.date.today())
    return today[rate] if today else None


def _known(name: str, word: str | None, words: Iterable[str]) -> None:
    """A word that nobody has would select nothing, and look like an answer."""
    if word is not None and word not in (known := list(words)):
        import difflib

        close = difflib.get_close_matches(word, known, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(map(repr, known))}."
        raise ValueError(f"{name}={word!r} selects nothing. {hint}")


def _can(
    info: ModelInfo,
    wanted: Mapping[str, bool | None],
    modalities: Mapping[tuple[str, str], bool | None],
    reasons: bool | None,
    level: str | None,
) -> bool:
    asked = level is not None or any(want is not None for want in (reasons, *wanted.values(), *modalities.values()))
    if not asked:
        return True
    if info.facts is None:
        return False
    rules = rules_for(info, info.endpoint)
    return (
        all(_says(rules[name].when, want) for name, want in wanted.items())
        and all(want is None or _has(info.facts, name, word) is want for (name, word), want in modalities.items())
        and (reasons is None or (info.facts["reasoning"] != UNVERIFIED and bool(info.facts["reasoning"]) is reasons))
        and (level is None or level in rules["reasoning"].values)
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
