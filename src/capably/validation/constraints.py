"""What can be said against a parameter: each clause of a profile knows what it admits, and words what it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from capably.parameters import PARAMETERS, ROUTING
from capably.providers.spellings import Spellings
from capably.registry.rules import Rule
from capably.types.facts import UNVERIFIED, Facts
from capably.types.reasoning import Reasoning
from capably.types.tools import AsyncTool, BuiltinTool, Tool
from capably.validation.refusal import Finding, shown

Params: TypeAlias = dict[str, Any]


class Profile(NamedTuple):
    """What is known of a model at one endpoint: its facts, the rules made of them, and how many tokens it can write."""

    facts: Facts
    rules: Mapping[str, Rule]
    most: int | None
    spellings: Spellings | None = None


class Clause:
    """One thing that can be said against a parameter: whether its value is admitted, and what is said if it is not.

    Both are told the value and all parameters of the call.
    """

    __slots__ = ("admits", "finding", "name")

    def __init__(
        self, name: str, admits: Callable[[Any, Params], bool], finding: Callable[[Any, Params], Finding]
    ) -> None:
        self.name: str = name
        self.admits: Callable[[Any, Params], bool] = admits
        self.finding: Callable[[Any, Params], Finding] = finding


def clauses_of(profile: Profile, name: str) -> tuple[Clause, ...]:
    """All that a profile can say against a parameter; the first that does not admit a value is said of it.

    Nothing where every value is taken in every call.
    """
    return () if name in ROUTING else _CLAUSES.get(name, _parameter)(profile, name)


def clauses_together(profile: Profile) -> tuple[Clause, ...]:
    """What can be said against parameters that are fine alone and refused in one call."""
    rules, clauses = profile.rules, list[Clause]()
    if profile.facts["sampling"]["exclusive"]:
        clauses.append(_pair("top_p", "temperature", "never", lambda _, params: "temperature" not in params))
    spelling = (profile.spellings or {}).get("reasoning.budget_tokens")
    if spelling and spelling.below and not rules["reasoning.budget_tokens"].refused:
        clauses.append(_below("reasoning", spelling.below, profile.most))
    if not rules["tools"].refused:
        if rules["tools.with_format"].refused:
            when = rules["tools.with_format"].when
            clauses.append(_pair("format", "tools", when, lambda _, params: not _own(params.get("tools", ()))))
        if rules["tools.with_builtin"].refused:
            when = rules["tools.with_builtin"].when
            clauses.append(_pair("tools", "built-in tools", when, lambda tools, _: len(_own(tools)) in (0, len(tools))))
    return tuple(clauses)


# --- one parameter ------------------------------------------------------------------------------------------------


def _parameter(profile: Profile, name: str) -> tuple[Clause, ...]:
    """The rule of a parameter: whether it is taken at all, under which condition, and with which values."""
    rule = profile.rules[name]
    among = [_among(name, rule.values)] if rule.values else []
    kind = PARAMETERS[name].kind if name in PARAMETERS else None
    bounded = kind is not None and (kind.least, kind.most) != (None, None)
    within = [_within(name, kind.least or 0, kind.most)] if kind and bounded else []
    return (*_under(name, rule.when), *among, *within)


def _max_tokens(profile: Profile, name: str) -> tuple[Clause, ...]:
    return (_within(name, 0, profile.most),)


def _temperature(profile: Profile, name: str) -> tuple[Clause, ...]:
    return (*_parameter(profile, name), _within(name, 0, profile.facts["sampling"]["temperature_max"]))


def _top_p(profile: Profile, name: str) -> tuple[Clause, ...]:
    # Tables compiled before there was a smallest `top_p` have none.
    least = profile.facts["sampling"].get("top_p_min") or 0
    return (*_parameter(profile, name), _within(name, least, 1))


def _reasoning(profile: Profile, name: str) -> tuple[Clause, ...]:
    rule = profile.rules[name]
    words = rule.values
    level = Clause(
        name,
        lambda value, _: (word := getattr(value, "effort", value)) is None or word in words,
        lambda value, params: _not_among(params, name, _effort(value), words),
    )
    unbudgeted = [_unbudgeted(name)] if profile.rules["reasoning.unbudgeted"].refused else []
    either = [_either(name)] if profile.rules["reasoning.level_with_budget"].refused else []
    unseen = [_unseen(name)] if profile.rules["reasoning.visible"].refused else []
    # The thoughts come last: every other finding drops all that was said of reasoning, and with it the wish to see them.
    return (*_under(name, rule.when), level, *unbudgeted, _budget(profile, name), *either, *unseen)


def _effort(value: Any) -> Any:
    """The level: the word itself, or a field of `Reasoning(...)`, where `None` leaves it to the model."""
    return getattr(value, "effort", value)


def _tokens(value: Any) -> int | None:
    return getattr(value, "budget_tokens", None)


def _unbudgeted(name: str) -> Clause:
    """Thoughts need a budget: a model that thinks only when it is given a number has none to show without one."""

    def admits(value: Any, _: Params) -> bool:
        asks_for_thoughts = _effort(value) is None or getattr(value, "visible", None) is not None
        return _tokens(value) is not None or not asks_for_thoughts

    def finding(value: Any, params: Params) -> Finding:
        found = _refused(params, name, "Reasoning(...) without budget_tokens", value, "never")
        return found._replace(advice="It thinks only when it is given a number: add budget_tokens=...")

    return Clause(name, admits, finding)


def _either(name: str) -> Clause:
    """A level or a budget: the wire format has one place for both."""

    def finding(value: Any, params: Params) -> Finding:
        what = "`Reasoning(effort=..., budget_tokens=...)`"
        return Finding(name, value, (), "together", what, "Leave out one of the two", _dropper(params, name), True)

    return Clause(name, lambda value, _: _tokens(value) is None or _effort(value) is None, finding)


def _unseen(name: str) -> Clause:
    """A model that never shows its thoughts. They are no reason to drop the rest of what was said."""
    feature = "reasoning.visible"

    def finding(value: Any, params: Params) -> Finding:
        def drop() -> None:
            params[name] = Reasoning(effort=value.effort, budget_tokens=value.budget_tokens)

        advice = "It shows no thoughts: leave out visible=True"
        return Finding(feature, True, (), "never", "`Reasoning(visible=True)`", advice, drop)

    return Clause(name, lambda value, _: getattr(value, "visible", None) is not True, finding)


def _budget(profile: Profile, name: str) -> Clause:
    rule, feature = profile.rules["reasoning.budget_tokens"], "reasoning.budget_tokens"
    if rule.refused:
        advice = f"Say it in words (reasoning={', '.join(map(shown, profile.rules[name].values))})"

        def refused(value: Any, params: Params) -> Finding:
            found = _refused(params, name, "Reasoning(budget_tokens=...)", _tokens(value), rule.when)
            return found._replace(feature=feature, advice=advice)

        return Clause(name, lambda value, _: getattr(value, "budget_tokens", None) is None, refused)
    reasoning = profile.facts["reasoning"]
    budget = reasoning["budget"] if reasoning and reasoning != UNVERIFIED else None
    low, high = (budget["min"], budget["max"]) if budget else (0, None)
    span = _within(name, low, high or profile.most, shown="budget_tokens")
    return Clause(
        name,
        lambda value, params: (tokens := _tokens(value)) is None or span.admits(tokens, params),
        lambda value, params: span.finding(_tokens(value), params)._replace(feature=feature),
    )


def _tools(profile: Profile, name: str) -> tuple[Clause, ...]:
    rule, known = profile.rules[name], profile.rules["builtin_tools"].values

    def unknown(tools: Iterable[Any]) -> list[BuiltinTool]:
        return [tool for tool in tools if isinstance(tool, BuiltinTool) and tool.kind not in known]

    def refused(tools: Iterable[Any], params: Params) -> Finding:
        wrong = unknown(tools)
        kind, kept = wrong[0].kind, [tool for tool in tools if tool not in wrong]
        reason = UNVERIFIED if kind in profile.facts["unverified_builtin_tools"] else "never"
        found = _refused(params, name, f"the built-in tool llm.{type(wrong[0]).__name__}", kind, reason)
        return found._replace(feature=f"builtin_tools.{kind}", allowed=known, drop=lambda: params.update({name: kept}))

    own = Clause(
        name,
        lambda tools, params: _met(rule.when, params) or not _own(tools),
        lambda tools, params: _refused(params, name, name, _own(tools), rule.when),
    )
    builtin = Clause(name, lambda tools, _: _TOOLS.issuperset(map(type, tools)) or not unknown(tools), refused)
    return (builtin,) if rule.when == "always" else (own, builtin)


_TOOLS = frozenset({Tool, AsyncTool})
"""The classes of the caller's own tools, so that a list of nothing else need not be looked through."""


def _own(tools: Iterable[Any]) -> list[Any]:
    return [tool for tool in tools if not isinstance(tool, BuiltinTool)]


def _tool_choice(profile: Profile, name: str) -> tuple[Clause, ...]:
    rule = profile.rules["tool_choice.forced"]
    free, forced, words = profile.rules[name].when, rule.when, ("auto", "none")

    def refused(value: Any, params: Params) -> Finding:
        if not _forces(value):
            return _refused(params, name, name, value, free)
        found = _refused(params, name, f"{name}={shown(value)}", value, forced)
        return found._replace(allowed=words) if free == "always" else found

    return (
        Clause(name, lambda value, params: _met(forced if _forces(value) else free, params), refused),
        Clause(
            name,
            lambda value, _: _forces(value) or value in words,
            lambda value, params: _not_among(params, name, value, (*words, "required"))._replace(general=True),
        ),
        *([_among(name, (*words, *rule.values))] if rule.values else []),
    )


def _forces(choice: Any) -> bool:
    return choice == "required" or isinstance(choice, Tool)


def _output(profile: Profile, name: str) -> tuple[Clause, ...]:
    known = profile.rules[name].values

    def wrong(words: Iterable[str]) -> list[str]:
        return [word for word in words if word not in known]

    return (
        Clause(
            name,
            lambda words, _: not wrong(words),
            lambda words, params: _not_among(params, name, wrong(words)[0], known),
        ),
    )


_CLAUSES: Mapping[str, Callable[[Profile, str], tuple[Clause, ...]]] = {
    "max_tokens": _max_tokens,
    "temperature": _temperature,
    "top_p": _top_p,
    "reasoning": _reasoning,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "output": _output,
}
"""Parameters of which more can be said than their rule says."""


# --- clauses that several parameters have -------------------------------------------------------------------------


def _under(name: str, when: str) -> tuple[Clause, ...]:
    """It is taken in some calls only, or in none."""
    clause = Clause(
        name,
        lambda _, params: _met(when, params),
        lambda value, params: _refused(params, name, name, value, when),
    )
    return () if when == "always" else (clause,)


def _met(when: str, params: Params) -> bool:
    """Whether this call satisfies a rule's condition."""
    if when == "reasoning_off":
        return params.get("reasoning") == "off"
    if when == "without_reasoning":
        return params.get("reasoning") in (None, "off")
    if when == "without_budget":
        return _tokens(params.get("reasoning")) is None
    return when == "always"


def _among(name: str, words: tuple[str, ...]) -> Clause:
    # Held against the words one by one: a value may be of any kind, hashable or not.
    return Clause(
        name,
        lambda value, _: value in words,
        lambda value, params: _not_among(params, name, value, words),
    )


def _within(name: str, low: float, high: float | None, *, shown: str | None = None) -> Clause:
    def finding(value: Any, params: Params) -> Finding:
        span = f"{low:,} to {high:,}" if high is not None else f"at least {low:,}"
        what, advice = f"`{shown or name}={value}`", "Choose a value in that range"
        return Finding(name, value, (span,), "range", what, advice, _dropper(params, name))

    return Clause(name, lambda value, _: low <= value and (high is None or value <= high), finding)


def _below(name: str, other: str, most: int | None) -> Clause:
    """A budget must leave room for the answer in what bounds both."""

    def admits(value: Any, params: Params) -> bool:
        tokens, limit = _tokens(value), params.get(other, most)
        return tokens is None or limit is None or tokens < limit

    def finding(value: Any, params: Params) -> Finding:
        span, what = f"less than {other}={params.get(other, most)}", f"`budget_tokens={_tokens(value)}`"
        advice = f"Raise {other}, which bounds the answer too"
        return Finding(
            "reasoning.budget_tokens", _tokens(value), (span,), "range", what, advice, _dropper(params, name)
        )

    return Clause(name, admits, finding)


def _pair(name: str, other: str, when: str, admits: Callable[[Any, Params], bool]) -> Clause:
    reason = UNVERIFIED if when == UNVERIFIED else "together"
    what = f"`{name}` together with `{other}`"
    advice = "Ask in two calls" if name == "format" else "Leave out one of the two"
    return Clause(
        name,
        admits,
        lambda value, params: Finding(name, value, (), reason, what, advice, _dropper(params, name), general=True),
    )


# --- what a finding says ------------------------------------------------------------------------------------------


def _refused(params: Params, name: str, shown: str, value: Any, when: str) -> Finding:
    advice = {
        "reasoning_off": 'Add reasoning="off", or drop the argument',
        "without_reasoning": 'Leave out reasoning or turn it "off", or drop the argument',
        "without_budget": "Leave out the thinking budget, or drop the argument",
    }.get(when, "Drop the argument")
    what = shown if shown.startswith("the ") else f"`{shown}`"
    return Finding(name, value, (), when, what, advice, _dropper(params, name))


def _not_among(params: Params, name: str, value: Any, allowed: tuple[str, ...]) -> Finding:
    what = f"`{name}={shown(value)}`"
    return Finding(name, value, allowed, "value", what, "Choose one of them", _dropper(params, name))


def _dropper(params: Params, name: str) -> Callable[[], None]:
    return lambda: params.pop(name, None)
