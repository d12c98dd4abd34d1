"""The constraints of a profile: each decides which values of a parameter it admits, and describes a violation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from capably.parameters import PARAMETERS, ROUTING
from capably.providers.spellings import Spellings
from capably.registry.rules import Rule
from capably.types.facts import UNVERIFIED, Facts
from capably.types.reasoning import Reasoning
from capably.types.tools import AsyncTool, BuiltinTool, Tool
from capably.validation.conditions import CONDITIONS, budget_of, is_met
from capably.validation.violations import Params, Violation, shown

if TYPE_CHECKING:
    from capably.types.tools import AnyTool

Admits: TypeAlias = Callable[[Any, Params], bool]
Describes: TypeAlias = Callable[[Any, Params], Violation]
"""Functions of a value, whose kind is that of the parameter, and of all parameters of the call."""


class Profile(NamedTuple):
    """A model at one endpoint: its facts, the rules made from them, and how many tokens it can write."""

    facts: Facts
    rules: Mapping[str, Rule]
    most: int | None
    spellings: Spellings | None = None


class Constraint:
    """A constraint on one parameter. `admits` checks a value, and `violation` describes one that is not admitted.

    Both get the value and all parameters of the call.
    """

    __slots__ = ("admits", "name", "violation")

    def __init__(self, name: str, admits: Admits, violation: Describes) -> None:
        self.name: str = name
        self.admits: Admits = admits
        self.violation: Describes = violation


def constraints_of(profile: Profile, name: str) -> tuple[Constraint, ...]:
    """Return the constraints on a parameter. Of a value, only the first violation is reported.

    There are none where the model takes every value in every call.
    """
    return () if name in ROUTING else _CONSTRAINTS.get(name, _parameter)(profile, name)


def constraints_together(profile: Profile) -> tuple[Constraint, ...]:
    """Return the constraints on parameters that are accepted alone and refused in one call."""
    rules, constraints = profile.rules, list[Constraint]()
    if profile.facts["sampling"]["exclusive"]:
        constraints.append(_pair("top_p", "temperature", "never", lambda _, params: "temperature" not in params))
    spelling = (profile.spellings or {}).get("reasoning.budget_tokens")
    if spelling and spelling.below and not rules["reasoning.budget_tokens"].refused:
        constraints.append(_below("reasoning", spelling.below, profile.most))
    if not rules["tools"].refused:
        if rules["tools.with_format"].refused:
            when = rules["tools.with_format"].when
            constraints.append(_pair("format", "tools", when, lambda _, params: not _own(params.get("tools", ()))))
        if rules["tools.with_builtin"].refused:
            when = rules["tools.with_builtin"].when
            constraints.append(
                _pair("tools", "built-in tools", when, lambda tools, _: len(_own(tools)) in (0, len(tools)))
            )
    return tuple(constraints)


# --- one parameter ------------------------------------------------------------------------------------------------


def _parameter(profile: Profile, name: str) -> tuple[Constraint, ...]:
    """Return the constraints of a parameter's rule: its condition and its values."""
    rule = profile.rules[name]
    among = [_among(name, rule.values)] if rule.values else []
    kind = PARAMETERS[name].kind if name in PARAMETERS else None
    bounded = kind is not None and (kind.least, kind.most) != (None, None)
    within = [_within(name, kind.least or 0, kind.most)] if kind and bounded else []
    return (*_under(name, rule.when), *among, *within)


def _max_tokens(profile: Profile, name: str) -> tuple[Constraint, ...]:
    return (_within(name, 0, profile.most),)


def _temperature(profile: Profile, name: str) -> tuple[Constraint, ...]:
    return (*_parameter(profile, name), _within(name, 0, profile.facts["sampling"]["temperature_max"]))


def _top_p(profile: Profile, name: str) -> tuple[Constraint, ...]:
    # Tables compiled before there was a smallest `top_p` have none.
    least = profile.facts["sampling"].get("top_p_min") or 0
    constraints = _parameter(profile, name)
    return (*constraints, _within(name, least, 1)) if least else constraints


def _reasoning(profile: Profile, name: str) -> tuple[Constraint, ...]:
    rule = profile.rules[name]
    words = rule.values

    def wrong_level(value: object, params: Params) -> Violation:
        violation = _not_among(params, name, _effort(value), words)
        if profile.rules["reasoning.budget_tokens"].refused:
            return violation
        return violation._replace(advice="Choose one of them, or a budget: reasoning=llm.Reasoning(budget_tokens=...)")

    level = Constraint(
        name, lambda value, _: (word := getattr(value, "effort", value)) is None or word in words, wrong_level
    )
    unbudgeted = [_unbudgeted(name)] if profile.rules["reasoning.unbudgeted"].refused else []
    either = [_either(name)] if profile.rules["reasoning.level_with_budget"].refused else []
    unseen = [_unseen(name)] if profile.rules["reasoning.visible"].refused else []
    # The thoughts come last: every other violation drops `reasoning` with all its fields.
    return (*_under(name, rule.when), level, *unbudgeted, _budget(profile, name), *either, *unseen)


def _effort(value: object) -> object:
    """Return the level: the word itself, or the field of `Reasoning(...)`, where `None` leaves it to the model."""
    return getattr(value, "effort", value)


def _unbudgeted(name: str) -> Constraint:
    """Return the constraint of a model that thinks only with a budget, so that thoughts need one."""

    def admits(value: object, _: Params) -> bool:
        asks_for_thoughts = _effort(value) is None or getattr(value, "visible", None) is not None
        return budget_of(value) is not None or not asks_for_thoughts

    def violation(value: object, params: Params) -> Violation:
        violation = _refused(params, name, "Reasoning(...) without budget_tokens", value, "never")
        return violation._replace(advice="It thinks only when it is given a number: add budget_tokens=...")

    return Constraint(name, admits, violation)


def _either(name: str) -> Constraint:
    """Return the constraint of a wire format with one field for level and budget."""

    def violation(value: object, params: Params) -> Violation:
        what = "`Reasoning(effort=..., budget_tokens=...)`"
        return Violation(name, value, (), "together", what, "Leave out one of the two", _dropper(params, name), True)

    return Constraint(name, lambda value, _: budget_of(value) is None or _effort(value) is None, violation)


def _unseen(name: str) -> Constraint:
    """Return the constraint of a model that never shows its thoughts. Its `drop` keeps the rest of `reasoning`."""
    feature = "reasoning.visible"

    def violation(value: Any, params: Params) -> Violation:
        def drop() -> None:
            params[name] = Reasoning(effort=value.effort, budget_tokens=value.budget_tokens)

        advice = "It shows no thoughts: leave out visible=True"
        return Violation(feature, True, (), "never", "`Reasoning(visible=True)`", advice, drop)

    return Constraint(name, lambda value, _: getattr(value, "visible", None) is not True, violation)


def _budget(profile: Profile, name: str) -> Constraint:
    rule, feature = profile.rules["reasoning.budget_tokens"], "reasoning.budget_tokens"
    if rule.refused:
        advice = f"Say it in words (reasoning={', '.join(map(shown, profile.rules[name].values))})"

        def refused(value: object, params: Params) -> Violation:
            violation = _refused(params, name, "Reasoning(budget_tokens=...)", budget_of(value), rule.when)
            return violation._replace(feature=feature, advice=advice)

        return Constraint(name, lambda value, _: budget_of(value) is None, refused)
    reasoning = profile.facts["reasoning"]
    budget = reasoning["budget"] if reasoning and reasoning != UNVERIFIED else None
    low, high = (budget["min"], budget["max"]) if budget else (0, None)
    span = _within(name, low, high or profile.most, shown="budget_tokens")
    return Constraint(
        name,
        lambda value, params: (tokens := budget_of(value)) is None or span.admits(tokens, params),
        lambda value, params: span.violation(budget_of(value), params)._replace(feature=feature),
    )


def _tools(profile: Profile, name: str) -> tuple[Constraint, ...]:
    rule, known = profile.rules[name], profile.rules["builtin_tools"].values

    def unknown(tools: Iterable[AnyTool | BuiltinTool]) -> list[BuiltinTool]:
        return [tool for tool in tools if isinstance(tool, BuiltinTool) and tool.kind not in known]

    def refused(tools: Iterable[AnyTool | BuiltinTool], params: Params) -> Violation:
        wrong = unknown(tools)
        kind, remaining = wrong[0].kind, [tool for tool in tools if tool not in wrong]
        reason = UNVERIFIED if kind in profile.facts["unverified_builtin_tools"] else "never"
        violation = _refused(params, name, f"the built-in tool llm.{type(wrong[0]).__name__}", kind, reason)
        return violation._replace(
            feature=f"builtin_tools.{kind}", allowed=known, drop=lambda: params.update({name: remaining})
        )

    own = Constraint(
        name,
        lambda tools, params: is_met(rule.when, params) or not _own(tools),
        lambda tools, params: _refused(params, name, name, _own(tools), rule.when),
    )
    builtin = Constraint(name, lambda tools, _: _TOOLS.issuperset(map(type, tools)) or not unknown(tools), refused)
    return (builtin,) if rule.when == "always" else (own, builtin)


_TOOLS = frozenset({Tool, AsyncTool})
"""The classes of the caller's own tools, so that a list of nothing else need not be looked through."""


def _own(tools: Iterable[AnyTool | BuiltinTool]) -> list[AnyTool | BuiltinTool]:
    return [tool for tool in tools if not isinstance(tool, BuiltinTool)]


def _tool_choice(profile: Profile, name: str) -> tuple[Constraint, ...]:
    rule = profile.rules["tool_choice.forced"]
    free, forced, words = profile.rules[name].when, rule.when, ("auto", "none")

    def refused(value: object, params: Params) -> Violation:
        if not _forces(value):
            return _refused(params, name, name, value, free)
        violation = _refused(params, name, f"{name}={shown(value)}", value, forced)
        return violation._replace(allowed=words) if free == "always" else violation

    return (
        Constraint(name, lambda value, params: is_met(forced if _forces(value) else free, params), refused),
        Constraint(
            name,
            lambda value, _: _forces(value) or value in words,
            lambda value, params: _not_among(params, name, value, (*words, "required"))._replace(general=True),
        ),
        *([_among(name, (*words, *rule.values))] if rule.values else []),
    )


def _forces(choice: object) -> bool:
    return choice == "required" or isinstance(choice, Tool)


def _output(profile: Profile, name: str) -> tuple[Constraint, ...]:
    known = profile.rules[name].values

    def wrong(words: Iterable[str]) -> list[str]:
        return [word for word in words if word not in known]

    return (
        Constraint(
            name,
            lambda words, _: not wrong(words),
            lambda words, params: _not_among(params, name, wrong(words)[0], known),
        ),
    )


_CONSTRAINTS: Mapping[str, Callable[[Profile, str], tuple[Constraint, ...]]] = {
    "max_tokens": _max_tokens,
    "temperature": _temperature,
    "top_p": _top_p,
    "reasoning": _reasoning,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "output": _output,
}
"""Parameters with constraints beyond their rule."""


# --- constraints of several parameters ----------------------------------------------------------------------------


def _under(name: str, when: str) -> tuple[Constraint, ...]:
    """Return the constraint of a parameter that is taken in some calls only, or in none."""
    constraint = Constraint(
        name,
        lambda _, params: is_met(when, params),
        lambda value, params: _refused(params, name, name, value, when),
    )
    return () if when == "always" else (constraint,)


def _among(name: str, words: tuple[str, ...]) -> Constraint:
    # Held against the words one by one: a value may be of any kind, hashable or not.
    return Constraint(
        name,
        lambda value, _: value in words,
        lambda value, params: _not_among(params, name, value, words),
    )


def _within(name: str, low: float, high: float | None, *, shown: str | None = None) -> Constraint:
    def violation(value: object, params: Params) -> Violation:
        span = f"{low:,} to {high:,}" if high is not None else f"at least {low:,}"
        what, advice = f"`{shown or name}={value}`", "Choose a value in that range"
        return Violation(name, value, (span,), "range", what, advice, _dropper(params, name))

    return Constraint(name, lambda value, _: low <= value and (high is None or value <= high), violation)


def _below(name: str, other: str, most: int | None) -> Constraint:
    """Return the constraint that a budget leaves room for the answer."""

    def admits(value: object, params: Params) -> bool:
        tokens, limit = budget_of(value), params.get(other, most)
        return tokens is None or limit is None or tokens < limit

    def violation(value: object, params: Params) -> Violation:
        span, what = f"less than {other}={params.get(other, most)}", f"`budget_tokens={budget_of(value)}`"
        advice = f"Raise {other}, which bounds the answer too"
        return Violation(
            "reasoning.budget_tokens", budget_of(value), (span,), "range", what, advice, _dropper(params, name)
        )

    return Constraint(name, admits, violation)


def _pair(name: str, other: str, when: str, admits: Admits) -> Constraint:
    reason = UNVERIFIED if when == UNVERIFIED else "together"
    what = f"`{name}` together with `{other}`"
    advice = "Ask in two calls" if name == "format" else "Leave out one of the two"
    return Constraint(
        name,
        admits,
        lambda value, params: Violation(name, value, (), reason, what, advice, _dropper(params, name), general=True),
    )


# --- violations ---------------------------------------------------------------------------------------------------


def _refused(params: Params, name: str, shown: str, value: object, when: str) -> Violation:
    condition = CONDITIONS.get(when)
    advice = f"{condition.advice}, or drop the argument" if condition else "Drop the argument"
    what = shown if shown.startswith("the ") else f"`{shown}`"
    return Violation(name, value, (), when, what, advice, _dropper(params, name))


def _not_among(params: Params, name: str, value: object, allowed: tuple[str, ...]) -> Violation:
    what = f"`{name}={shown(value)}`"
    return Violation(name, value, allowed, "value", what, "Choose one of them", _dropper(params, name))


def _dropper(params: Params, name: str) -> Callable[[], None]:
    return lambda: params.pop(name, None)
