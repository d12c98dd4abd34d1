"""From facts to rules: what one profile says to each parameter.

This is the only reading of the registry's capability facts. The run-time check and the generated types are both made
from it, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from capably.types.facts import UNVERIFIED, Facts

if TYPE_CHECKING:
    from capably_models import _facts

    Reasoning: TypeAlias = _facts.Reasoning | Literal["unverified"] | None
    """`None` = the model does not reason."""

Condition: TypeAlias = Literal["always", "reasoning_off", "without_budget", "ignored", "never", "unverified"]
"""When a model takes something."""

PARTS = {"text": "Text", "image": "Image", "document": "Document", "audio": "Audio", "video": "Video"}
"""Modality -> the name of its part class."""


class Rule:
    """What a model says to one parameter.

    `when`: `always`, `reasoning_off` (only in a call that says `reasoning="off"`), `without_budget` (not in a call with a
    thinking budget), `ignored` (accepted without effect, so refused here), `never`, or `unverified` (nobody knows, so
    refused until somebody does).
    `values`: the words that are allowed; empty where any value of the parameter's type is.
    """

    __slots__ = ("values", "when")

    def __init__(self, when: Condition, values: tuple[str, ...] = ()) -> None:
        self.when: Condition = when
        self.values: tuple[str, ...] = values

    @property
    def refused(self) -> bool:
        """Whether no call can use it."""
        return self.when in ("ignored", "never", UNVERIFIED)

    def __repr__(self) -> str:
        return f"Rule({self.when!r}, {self.values!r})"


def rules_of(facts: Facts, endpoint: str | None = None) -> dict[str, Rule]:
    """Parameter -> rule, for one profile at one endpoint (the profile's first unless named).

    Besides parameters the keys are: `input` (modalities), `system_messages` (in mid-conversation), `tool_choice.forced`,
    `reasoning.off` (levels that remain while it is off), `reasoning.budget_tokens`, `reasoning.unbudgeted` (thoughts may
    be spoken of without a budget), `reasoning.visible` (they can be asked for), `builtin_tools`, `tools.with_format` and `tools.with_builtin` (the caller's own tools
    together with `format`, or with the provider's, in one call).
    """
    at = facts["endpoints"][cast("_facts.Endpoint | None", endpoint) or next(iter(facts["endpoints"]))]
    reasoning, sampling, cache = facts["reasoning"], facts["sampling"], facts["cache"]
    efforts = _efforts(reasoning, at["efforts"])
    return {
        "input": Rule("always", tuple(facts["input"])),
        "output": Rule("always", tuple(facts["output"])),
        "system": Rule(_yes(facts["system"], "start", "anywhere")),
        "system_messages": Rule(_yes(facts["system"], "anywhere")),
        **_tools(facts["tools"], at["tools"]),
        "builtin_tools": _words(_here(facts["builtin_tools"], at.get("builtin_tools"))),
        "format": Rule(_yes(facts["structured_output"], "json_schema", "json_object")),
        "reasoning": efforts,
        "reasoning.off": _off_efforts(reasoning),
        "reasoning.budget_tokens": Rule(_budget(reasoning)),
        "reasoning.unbudgeted": Rule("never" if efforts.refused else _unbudgeted(reasoning)),
        "reasoning.visible": Rule("never" if efforts.refused else _shown(reasoning)),
        "temperature": Rule(sampling["temperature"]),
        "top_p": Rule(sampling["top_p"]),
        "top_k": Rule(sampling["top_k"]),
        "max_tokens": Rule("always"),
        "stop": Rule(at["stop"]),
        "seed": Rule(at["seed"]),
        "logprobs": Rule(at["logprobs"]),
        "verbosity": _words(facts["verbosity"]),
        "prefill": Rule(_flag(facts["prefill"])),
        "cache": _words(cache if isinstance(cache, str) else cache["breakpoints"]),
    }


def capabilities_of(rules: Mapping[str, Rule], facts: Facts) -> frozenset[str]:
    """What a model has in every call, whatever else is said in it: what a function may demand of a model.

    The names are those of the rules, and `thoughts`, `image_output`, `audio_output`.
    """
    reasoning = facts["reasoning"]
    marks = {
        "tool_choice.forced": rules["tool_choice.forced"].when == "without_budget",
        "thoughts": bool(reasoning) and reasoning != UNVERIFIED and reasoning["visible"] in ("summary", "full"),
        "image_output": "image" in rules["output"].values,
        "audio_output": "audio" in rules["output"].values,
    }
    always = (name for name, rule in rules.items() if rule.when == "always")
    return frozenset((*always, *(name for name, has in marks.items() if has)))


def _tools(tools: _facts.Tools | Literal["unverified"] | None, here: Condition) -> dict[str, Rule]:
    """What is said to the caller's own tools: by the model, and by this endpoint."""
    has = _both(_present(tools), here)
    if tools is None or isinstance(tools, str):
        forced = parallel = with_format = with_builtin = _present(tools)
    else:
        forced, parallel = tools["forced"], _yes(tools["parallel"], "optional")
        with_format, with_builtin = _flag(tools["with_structured_output"]), _flag(tools["with_builtin"])
    return {
        "tools": Rule(has),
        "tool_choice": Rule(has),
        "tool_choice.forced": Rule(_both(has, forced)),
        "parallel_tools": Rule(_both(has, parallel)),
        "tools.with_format": Rule(_both(has, with_format)),
        "tools.with_builtin": Rule(_both(has, with_builtin)),
    }


def _here(words: Sequence[str], here: Sequence[str] | None) -> list[str]:
    """Those of the model's words that an endpoint takes; all, if it says nothing of them."""
    return [word for word in words if here is None or word in here]


def _efforts(reasoning: Reasoning, here: Sequence[str] | None) -> Rule:
    """The words that `reasoning=` takes: the levels of this endpoint, and `off` where it can be turned off."""
    if reasoning is None or isinstance(reasoning, str):
        return Rule(_present(reasoning))
    said: Sequence[str] = () if reasoning["efforts"] == UNVERIFIED else reasoning["efforts"]
    levels = _here(said, here)
    off = [] if reasoning["off"] in ("never", UNVERIFIED) else ["off"]
    settable = levels or off or reasoning["budget"]
    refused = UNVERIFIED if UNVERIFIED in (reasoning["efforts"], reasoning["off"]) else "never"
    return Rule("always" if settable else refused, (*off, *levels))


def _off_efforts(reasoning: Reasoning) -> Rule:
    if reasoning is None or isinstance(reasoning, str):
        return Rule("never")
    off = reasoning["off"]
    when = off if off in ("never", UNVERIFIED) else "always"
    return Rule(when, tuple(reasoning["off_efforts"] or ()))


def _shown(reasoning: Reasoning) -> Condition:
    """Whether `visible=True` may be said: where nobody knows what comes of it, it is sent, and no type promises thoughts."""
    if reasoning is None or isinstance(reasoning, str):
        return "always"
    return "never" if reasoning["visible"] == "never" else "always"


def _unbudgeted(reasoning: Reasoning) -> Condition:
    """A model that thinks only when it is given a number of tokens has no thoughts to show without one."""
    if reasoning is None or isinstance(reasoning, str):
        return "always"
    return "never" if reasoning["style"] == "budget" and not reasoning["on_by_default"] else "always"


def _budget(reasoning: Reasoning) -> Condition:
    """Whether a number of tokens to think can be given."""
    return _present(reasoning if reasoning is None or isinstance(reasoning, str) else reasoning["budget"])


def _present(value: object) -> Condition:
    return UNVERIFIED if value == UNVERIFIED else "always" if value else "never"


def _yes(value: str, *yes: str) -> Condition:
    return UNVERIFIED if value == UNVERIFIED else "always" if value in yes else "never"


def _flag(value: bool | Literal["unverified"]) -> Condition:
    return UNVERIFIED if value == UNVERIFIED else "always" if value else "never"


def _words(values: Sequence[str]) -> Rule:
    """A list of words, or the word `unverified`."""
    if not values or isinstance(values, str):
        return Rule(_present(values))
    return Rule("always", tuple(values))


_STRICTNESS: tuple[Condition, ...] = ("always", "without_budget", "reasoning_off", "ignored", UNVERIFIED, "never")


def _both(first: Condition, second: Condition) -> Condition:
    """The stricter of two conditions."""
    return first if _STRICTNESS.index(first) >= _STRICTNESS.index(second) else second
