"""From facts to rules: what one profile says to each parameter.

This is the only reading of the registry's capability facts. The run-time check and the generated types are both made
from it, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from capably.parameters import PARAMETERS
from capably.types.facts import UNVERIFIED, Facts

Group: TypeAlias = Mapping[str, Any] | str | None
"""Facts that belong together (tools, reasoning, ...); `None` = the model has none of it, or the word `unverified`."""

PARTS = {"text": "Text", "image": "Image", "document": "Document", "audio": "Audio", "video": "Video"}
"""Modality -> the name of its part class."""


_STATED: Mapping[str, tuple[str, str]] = {
    name: (group, field)
    for name, parameter in PARAMETERS.items()
    for group, _, field in [parameter.fact.partition(".")]
    if group in ("sampling", "endpoints")
}
"""Parameters whose condition the registry states in one word -> where it stands."""


class Rule:
    """What a model says to one parameter.

    `when`: `always`, `reasoning_off` (only in a call that says `reasoning="off"`), `without_reasoning` (the same, or in a
    call without `reasoning`, of a model that does not reason by default), `without_budget` (not in a call with a thinking
    budget), `ignored` (accepted without effect, so refused here), `never`, or `unverified` (nobody knows, so refused until
    somebody does).
    `values`: the words that are allowed; empty where any value of the parameter's type is.
    """

    __slots__ = ("values", "when")

    def __init__(self, when: str, values: tuple[str, ...] = ()) -> None:
        self.when: str = when
        self.values: tuple[str, ...] = values

    @property
    def refused(self) -> bool:
        """Whether no call can use it."""
        return self.when in ("ignored", "never", UNVERIFIED)

    def __repr__(self) -> str:
        return f"Rule({self.when!r}, {self.values!r})"


def rules_of(facts: Facts, endpoint: str | None = None) -> dict[str, Rule]:
    """Parameter -> rule, for one profile at one endpoint (the profile's first unless named).

    Besides parameters the keys are: `input` (modalities), `system_messages` (in mid-conversation), `tool_choice.forced` (with
    values, where no tool can be named),
    `reasoning.off` (levels that remain while it is off), `reasoning.budget_tokens`, `reasoning.unbudgeted` (thoughts may
    be spoken of without a budget), `reasoning.level_with_budget` (both in one call), `reasoning.visible` (they can be asked for), `builtin_tools`, `tools.with_format` and `tools.with_builtin` (the caller's own tools
    together with `format`, or with the provider's, in one call).
    """
    at = facts["endpoints"][endpoint or next(iter(facts["endpoints"]))]
    tools, reasoning, cache = facts["tools"], facts["reasoning"], facts["cache"]
    facts_at: Mapping[str, Any] = {"sampling": facts["sampling"], "endpoints": at}
    has_tools = _both(_present(tools), at["tools"])
    efforts = _efforts(reasoning, at["efforts"])
    rules = {
        "input": Rule("always", tuple(facts["input"])),
        "output": Rule("always", tuple(facts["output"])),
        "system": Rule(_yes(facts["system"], "start", "anywhere")),
        "system_messages": Rule(_yes(facts["system"], "anywhere")),
        "tools": Rule(has_tools),
        "tool_choice": Rule(has_tools),
        "tool_choice.forced": Rule(_both(has_tools, _of(tools, "forced")), _forced(tools)),
        "parallel_tools": Rule(_both(has_tools, _yes(_of(tools, "parallel"), "optional"))),
        "tools.with_format": Rule(_both(has_tools, _flag(_of(tools, "with_structured_output")))),
        "tools.with_builtin": Rule(_both(has_tools, _flag(_of(tools, "with_builtin")))),
        "builtin_tools": _words(_here(facts["builtin_tools"], at.get("builtin_tools"))),
        "format": Rule(_yes(facts["structured_output"], "json_schema", "json_object")),
        "reasoning": efforts,
        "reasoning.off": _off_efforts(reasoning),
        "reasoning.budget_tokens": Rule(_present(_of(reasoning, "budget"))),
        "reasoning.level_with_budget": Rule("never" if _of(reasoning, "style") == "level" else "always"),
        "reasoning.unbudgeted": Rule("never" if efforts.refused else _unbudgeted(reasoning)),
        "reasoning.visible": Rule("never" if efforts.refused else _shown(reasoning)),
        "max_tokens": Rule("always"),
        **{name: Rule(facts_at[group][field]) for name, (group, field) in _STATED.items()},
        "verbosity": _words(facts["verbosity"]),
        "prefill": Rule(_flag(facts["prefill"])),
        "cache": _words(_of(cache, "breakpoints")),
    }
    return rules if _of(reasoning, "on_by_default") is not False else {n: _by_default(r) for n, r in rules.items()}


def capabilities_of(rules: Mapping[str, Rule], facts: Facts) -> frozenset[str]:
    """What a model has in every call that says nothing else: what a function may demand of a model.

    The names are those of the rules, and `thoughts`, `image_output`, `audio_output`.
    """
    reasoning: Group = facts["reasoning"]
    forced = rules["tool_choice.forced"]
    marks = {
        "tool_choice.forced": forced.when in ("always", "without_budget") and not forced.values,
        "thoughts": reasoning != UNVERIFIED and _of(reasoning, "visible") in ("summary", "full"),
        "image_output": "image" in rules["output"].values,
        "audio_output": "audio" in rules["output"].values,
    }
    always = (n for n, rule in rules.items() if rule.when in ("always", "without_reasoning") and n not in marks)
    return frozenset((*always, *(name for name, has in marks.items() if has)))


def _by_default(rule: Rule) -> Rule:
    """The rule of a model that does not reason by default: what asks for no reasoning need not be said."""
    return Rule("without_reasoning", rule.values) if rule.when == "reasoning_off" else rule


def _here(words: Sequence[str], here: Sequence[str] | None) -> list[str]:
    """Those of the model's words that an endpoint takes; all, if it says nothing of them."""
    return [word for word in words if here is None or word in here]


def _forced(tools: Group) -> tuple[str, ...]:
    """The words that force a tool where none can be named; tables compiled before there was such a fact lack it."""
    named = None if tools is None or isinstance(tools, str) else tools.get("named")
    return ("required",) if named is False else ()


def _efforts(reasoning: Group, here: Sequence[str] | None) -> Rule:
    """The words that `reasoning=` takes: the levels of this endpoint, and `off` where it can be turned off."""
    if reasoning is None or isinstance(reasoning, str):
        return Rule(_present(reasoning))
    said: Sequence[str] = () if reasoning["efforts"] == UNVERIFIED else reasoning["efforts"]
    levels = _here(said, here)
    off = [] if reasoning["off"] in ("never", UNVERIFIED) else ["off"]
    settable = levels or off or reasoning["budget"]
    refused = UNVERIFIED if UNVERIFIED in (reasoning["efforts"], reasoning["off"]) else "never"
    return Rule("always" if settable else refused, (*off, *levels))


def _off_efforts(reasoning: Group) -> Rule:
    if reasoning is None or isinstance(reasoning, str):
        return Rule("never")
    off = reasoning["off"]
    when = off if off in ("never", UNVERIFIED) else "always"
    return Rule(when, tuple(reasoning["off_efforts"] or ()))


def _shown(reasoning: Group) -> str:
    """Whether `visible=True` may be said: where nobody knows what comes of it, it is sent, and no type promises thoughts."""
    return "never" if _of(reasoning, "visible") == "never" else "always"


def _unbudgeted(reasoning: Group) -> str:
    """A model that thinks only when it is given a number of tokens has no thoughts to show without one."""
    return "never" if _of(reasoning, "style") == "budget" and not _of(reasoning, "on_by_default") else "always"


def _present(value: Any) -> str:
    return UNVERIFIED if value == UNVERIFIED else "always" if value else "never"


def _of(group: Group, key: str) -> Any:
    """A field of a group of facts; the group itself may be absent or unverified."""
    return group if group is None or isinstance(group, str) else group[key]


def _yes(value: Any, *yes: str) -> str:
    return UNVERIFIED if value == UNVERIFIED else "always" if value in yes else "never"


def _flag(value: bool | str | None) -> str:
    return UNVERIFIED if value == UNVERIFIED else "always" if value else "never"


def _words(values: Any) -> Rule:
    if not values or values == UNVERIFIED:
        return Rule(_present(values))
    return Rule("always", tuple(values))


_STRICTNESS = ("always", "without_budget", "reasoning_off", "ignored", UNVERIFIED, "never")


def _both(first: str, second: str | None) -> str:
    """The stricter of two conditions."""
    return max(first, second or "never", key=_STRICTNESS.index)
