"""Derive rules from facts: whether, and with which values, one profile takes each parameter.

This is the only module that interprets the registry's capability facts. The run-time check and the generated types both
use it, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from capably.modalities import OUTPUTS
from capably.parameters import PARAMETERS
from capably.types.facts import UNVERIFIED, Facts

if TYPE_CHECKING:
    from capably_models import _facts

    Reasoning: TypeAlias = _facts.Reasoning | Literal["unverified"] | None
    """`None` = the model does not reason."""

Condition: TypeAlias = Literal[
    "always", "reasoning_off", "without_reasoning", "without_budget", "ignored", "never", "unverified"
]
"""When a model takes a parameter."""


_STATED: Mapping[str, tuple[str, str]] = {
    name: (group, field)
    for name, parameter in PARAMETERS.items()
    for group, _, field in [parameter.fact.partition(".")]
    if group in ("sampling", "endpoints")
}
"""Parameters whose condition the registry states in one word -> group and field."""


class Rule:
    """Whether a model takes one parameter.

    `when` is one of:
    - `always`
    - `reasoning_off`: only in a call with `reasoning="off"`.
    - `without_reasoning`: the same, or in a call without `reasoning`, of a model that does not reason by default.
    - `without_budget`: not in a call with a thinking budget.
    - `ignored`: the API accepts it without effect, so it is refused.
    - `never`
    - `unverified`: no source settles it, so it is refused.

    `values`: the allowed words; empty if any value of the parameter's type is allowed.
    """

    __slots__ = ("values", "when")

    def __init__(self, when: Condition, values: tuple[str, ...] = ()) -> None:
        self.when: Condition = when
        self.values: tuple[str, ...] = values

    @property
    def refused(self) -> bool:
        """Return whether no call can use it."""
        return self.when in ("ignored", "never", UNVERIFIED)

    def __repr__(self) -> str:
        return f"Rule({self.when!r}, {self.values!r})"


def rules_of(facts: Facts, endpoint: str | None = None) -> dict[str, Rule]:
    """Map each parameter to its rule, for one profile at one endpoint (by default the profile's first).

    Besides parameters the keys are:
    - `input`, `output`: modalities.
    - `system_messages`: system messages in mid-conversation.
    - `tool_choice.forced`: a forced tool; it has values if no tool can be named.
    - `reasoning.off`: levels that remain while reasoning is off.
    - `reasoning.budget_tokens`: a token budget.
    - `reasoning.unbudgeted`: `visible=` without a budget.
    - `reasoning.level_with_budget`: both in one call.
    - `reasoning.visible`: `visible=True`.
    - `builtin_tools`: the provider's tools.
    - `tools.with_format`, `tools.with_builtin`: the caller's own tools with `format`, or with the provider's tools.
    """
    at = facts["endpoints"][cast("_facts.Endpoint | None", endpoint) or next(iter(facts["endpoints"]))]
    reasoning, cache = facts["reasoning"], facts["cache"]
    stated: Mapping[str, Any] = {"sampling": facts["sampling"], "endpoints": at}
    efforts = _efforts(reasoning, at["efforts"])
    rules = {
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
        "reasoning.level_with_budget": Rule(_level_with_budget(reasoning)),
        "reasoning.unbudgeted": Rule("never" if efforts.refused else _unbudgeted(reasoning)),
        "reasoning.visible": Rule("never" if efforts.refused else _shown(reasoning)),
        "max_tokens": Rule("always"),
        **{name: Rule(stated[group][field]) for name, (group, field) in _STATED.items()},
        "verbosity": _words(facts["verbosity"]),
        "prefill": Rule(_flag(facts["prefill"])),
        "cache": _words(cache if isinstance(cache, str) else cache["breakpoints"]),
    }
    return rules if _reasons(reasoning) else {n: _by_default(r) for n, r in rules.items()}


def capabilities_of(rules: Mapping[str, Rule], facts: Facts) -> frozenset[str]:
    """Return what a model has in every call by default, so that a function may require it.

    The names are those of the rules, `thoughts`, and one for each modality that a model may write (`image_output`).
    """
    reasoning = facts["reasoning"]
    forced = rules["tool_choice.forced"]
    marks = {
        "tool_choice.forced": forced.when in ("always", "without_budget") and not forced.values,
        "thoughts": bool(reasoning) and reasoning != UNVERIFIED and reasoning["visible"] in ("summary", "full"),
        **{has.feature: word in rules["output"].values for word, has in OUTPUTS.items()},
    }
    always = (n for n, rule in rules.items() if rule.when in ("always", "without_reasoning") and n not in marks)
    return frozenset((*always, *(name for name, has in marks.items() if has)))


def _reasons(reasoning: Reasoning) -> bool:
    """Return whether a call without `reasoning` may reason."""
    return reasoning is None or isinstance(reasoning, str) or reasoning["on_by_default"] is not False


def _level_with_budget(reasoning: Reasoning) -> Condition:
    """Return whether a level and a token budget go together in one call."""
    style = None if reasoning is None or isinstance(reasoning, str) else reasoning["style"]
    return "never" if style == "level" else "always"


def _by_default(rule: Rule) -> Rule:
    """Return the rule of a model that does not reason by default: `reasoning="off"` may be left out."""
    return Rule("without_reasoning", rule.values) if rule.when == "reasoning_off" else rule


def _tools(tools: _facts.Tools | Literal["unverified"] | None, here: Condition) -> dict[str, Rule]:
    """Return the rules of the caller's own tools: those of the model combined with those of this endpoint."""
    has = _both(_present(tools), here)
    if tools is None or isinstance(tools, str):
        forced = parallel = with_format = with_builtin = _present(tools)
    else:
        forced, parallel = tools["forced"], _yes(tools["parallel"], "optional")
        with_format, with_builtin = _flag(tools["with_structured_output"]), _flag(tools["with_builtin"])
    return {
        "tools": Rule(has),
        "tool_choice": Rule(has),
        "tool_choice.forced": Rule(_both(has, forced), _forced(tools)),
        "parallel_tools": Rule(_both(has, parallel)),
        "tools.with_format": Rule(_both(has, with_format)),
        "tools.with_builtin": Rule(_both(has, with_builtin)),
    }


def _here(words: Sequence[str], here: Sequence[str] | None) -> list[str]:
    """Return those of the model's words that an endpoint takes; all if the endpoint lists none."""
    return [word for word in words if here is None or word in here]


def _forced(tools: _facts.Tools | Literal["unverified"] | None) -> tuple[str, ...]:
    """Return the words that force a tool if none can be named. Tables compiled before this fact existed lack it."""
    named = None if tools is None or isinstance(tools, str) else tools.get("named")
    return ("required",) if named is False else ()


def _efforts(reasoning: Reasoning, here: Sequence[str] | None) -> Rule:
    """Return the words that `reasoning=` takes: the levels of this endpoint, and `off` if reasoning can be turned
    off."""
    if reasoning is None or isinstance(reasoning, str):
        return Rule(_present(reasoning))
    efforts: Sequence[str] = () if reasoning["efforts"] == UNVERIFIED else reasoning["efforts"]
    levels = _here(efforts, here)
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
    """Return whether `visible=True` is accepted. If the effect is unverified it is sent, and no type promises
    thoughts."""
    if reasoning is None or isinstance(reasoning, str):
        return "always"
    return "never" if reasoning["visible"] == "never" else "always"


def _unbudgeted(reasoning: Reasoning) -> Condition:
    """Return whether thoughts can be requested without a budget: not if the model reasons only with a budget."""
    if reasoning is None or isinstance(reasoning, str):
        return "always"
    return "never" if reasoning["style"] == "budget" and not reasoning["on_by_default"] else "always"


def _budget(reasoning: Reasoning) -> Condition:
    """Return whether a token budget for reasoning can be set."""
    return _present(reasoning if reasoning is None or isinstance(reasoning, str) else reasoning["budget"])


def _present(value: object) -> Condition:
    return UNVERIFIED if value == UNVERIFIED else "always" if value else "never"


def _yes(value: str, *yes: str) -> Condition:
    return UNVERIFIED if value == UNVERIFIED else "always" if value in yes else "never"


def _flag(value: bool | Literal["unverified"]) -> Condition:
    return UNVERIFIED if value == UNVERIFIED else "always" if value else "never"


def _words(values: Sequence[str]) -> Rule:
    """Return the rule for a list of words, or for the word `unverified`."""
    if not values or isinstance(values, str):
        return Rule(_present(values))
    return Rule("always", tuple(values))


_STRICTNESS: tuple[Condition, ...] = ("always", "without_budget", "reasoning_off", "ignored", UNVERIFIED, "never")


def _both(first: Condition, second: Condition) -> Condition:
    """Return the stricter of two conditions."""
    return first if _STRICTNESS.index(first) >= _STRICTNESS.index(second) else second
