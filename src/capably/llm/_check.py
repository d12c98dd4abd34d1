"""The check before anything is sent: what this call asks for, against what the registry says of this model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from capably.llm._refusal import Finding, refusal
from capably.llm._registry import rules_for
from capably.types import parts as p
from capably.types.errors import UnsupportedFeatureWarning, UnverifiedModelWarning
from capably.types.facts import UNVERIFIED, Facts, ModelInfo
from capably.types.messages import AssistantMessage, SystemMessage, UserMessage
from capably.types.request import ROUTING
from capably.types.rules import Rule
from capably.types.tools import BuiltinTool, Tool

if TYPE_CHECKING:
    from capably.types.messages import Message

MODALITY: Mapping[type[p.Part], str] = {
    p.Text: "text",
    p.Image: "image",
    p.Document: "document",
    p.Audio: "audio",
    p.Video: "video",
}

_ANSWERS = ("raise", "warn", "drop")


class Asked(NamedTuple):
    """What a call asks for, beside what the model says to it. Dropping changes `params` and `messages` in place."""

    info: ModelInfo
    facts: Facts
    rules: Mapping[str, Rule]
    params: dict[str, Any]
    messages: list[Message]


def check_call(
    info: ModelInfo,
    endpoint: str | None,
    params: dict[str, Any],
    messages: list[Message],
    on_unsupported: str,
) -> list[str]:
    """Holds the call against the registry; raises, warns or drops as `on_unsupported` says.

    Returns what was warned of. Dropping changes `params` and `messages` in place; what would leave nothing to say is
    refused all the same.
    """
    if on_unsupported not in _ANSWERS:
        raise ValueError(f"on_unsupported={on_unsupported!r} is none of: {', '.join(map(repr, _ANSWERS))}")
    if info.facts is None:
        text = f'"{info.id}" is {UNVERIFIED}: its id is known and its capabilities are not, so nothing was checked.'
        warnings.warn(text, UnverifiedModelWarning, stacklevel=4)
        return [text]
    asked = Asked(info, info.facts, rules_for(info, endpoint), params, messages)
    told: list[str] = []
    for finding in list(_findings(asked)):
        error = refusal(info, endpoint, finding)
        if on_unsupported == "raise":
            raise error
        text = str(error).partition("\n")[0]
        if on_unsupported == "drop":
            finding.drop()
            messages[:] = [m for m in messages if not isinstance(m, UserMessage) or m.content]  # pyright: ignore[reportUnknownMemberType]
            if not messages:
                raise error
            text = f"{text} It was dropped."
        warnings.warn(text, UnsupportedFeatureWarning, stacklevel=4)
        told.append(text)
    return told


def _findings(asked: Asked) -> Iterator[Finding]:
    for name in list(asked.params):
        if name not in ROUTING:
            found = _FINDERS.get(name, _parameter)(asked, name)
            if found:
                yield found
    yield from _together(asked)
    yield from _content(asked)


# --- one parameter ------------------------------------------------------------------------------------------------


def _parameter(asked: Asked, name: str) -> Finding | None:
    """The rule of a parameter: whether it is taken at all, under which condition, and with which values."""
    rule, value = asked.rules[name], asked.params[name]
    shown = f"{name}={value!r}" if rule.values or isinstance(value, (int, float)) else name
    if not _met(rule.when, asked.params):
        return _refused(asked, name, name, value, rule.when)
    if rule.values and value not in rule.values:
        return _not_among(asked, name, shown, value, rule.values)
    low, high = _RANGES.get(name, (None, None))
    return None if low is None else _in_range(asked, name, value, low, high)


def _max_tokens(asked: Asked, name: str) -> Finding | None:
    return _in_range(asked, name, asked.params[name], 0, asked.info.limits["output"])


def _temperature(asked: Asked, name: str) -> Finding | None:
    highest = asked.facts["sampling"]["temperature_max"]
    return _parameter(asked, name) or _in_range(asked, name, asked.params[name], 0, highest)


def _reasoning(asked: Asked, name: str) -> Finding | None:
    rule, value = asked.rules[name], asked.params[name]
    if rule.refused:
        return _refused(asked, name, name, value, rule.when)
    # A level in words, or `Reasoning(...)`, which has it as a field.
    word: Any = getattr(value, "effort", value)
    tokens: int | None = getattr(value, "budget_tokens", None)
    if word is not None and word not in rule.values:
        return _not_among(asked, name, f"{name}={word!r}", word, rule.values)
    asks_for_thoughts = word is None or getattr(value, "visible", None) is not None
    if tokens is None and asks_for_thoughts and asked.rules["reasoning.unbudgeted"].refused:
        found = _refused(asked, name, "Reasoning(...) without budget_tokens", value, "never")
        return found._replace(advice="It thinks only when it is given a number: add budget_tokens=...")
    return None if tokens is None else _budget(asked, tokens)


def _budget(asked: Asked, tokens: int) -> Finding | None:
    rule, feature = asked.rules["reasoning.budget_tokens"], "reasoning.budget_tokens"
    if rule.refused:
        words = ", ".join(map(repr, asked.rules["reasoning"].values))
        found = _refused(asked, "reasoning", "Reasoning(budget_tokens=...)", tokens, rule.when)
        return found._replace(feature=feature, advice=f"Say it in words (reasoning={words})")
    budget = asked.facts["reasoning"]["budget"]
    highest = budget["max"] or asked.info.limits["output"]
    found = _in_range(asked, "reasoning", tokens, budget["min"], highest, shown="budget_tokens")
    return found and found._replace(feature=feature)


def _tools(asked: Asked, name: str) -> Finding | None:
    given: list[Any] = list(asked.params[name])
    own = [tool for tool in given if not isinstance(tool, BuiltinTool)]
    if own and not _met(asked.rules[name].when, asked.params):
        return _refused(asked, name, name, own, asked.rules[name].when)
    known = asked.rules["builtin_tools"].values
    unknown = [tool for tool in given if isinstance(tool, BuiltinTool) and tool.kind not in known]
    if not unknown:
        return None
    kind = unknown[0].kind
    reason = UNVERIFIED if kind in asked.facts["unverified_builtin_tools"] else "never"
    kept = [tool for tool in given if tool not in unknown]
    found = _refused(asked, name, f"the built-in tool llm.{type(unknown[0]).__name__}", kind, reason)
    drop: Callable[[], None] = lambda: asked.params.update({name: kept})  # noqa: E731
    return found._replace(feature=f"builtin_tools.{kind}", allowed=known, drop=drop)


def _tool_choice(asked: Asked, name: str) -> Finding | None:
    value, rules = asked.params[name], asked.rules
    forced = value == "required" or isinstance(value, Tool)
    rule = rules["tool_choice.forced" if forced else name]
    if not _met(rule.when, asked.params):
        found = _refused(asked, name, f"tool_choice={value!r}" if forced else name, value, rule.when)
        return found._replace(allowed=("auto", "none")) if forced and rules[name].when == "always" else found
    if not forced and value not in ("auto", "none"):
        found = _not_among(asked, name, f"{name}={value!r}", value, ("auto", "none", "required"))
        return found._replace(general=True)
    return None


def _output(asked: Asked, name: str) -> Finding | None:
    known = asked.rules[name].values
    wrong = [word for word in asked.params[name] if word not in known]
    return _not_among(asked, name, f"output={wrong[0]!r}", wrong[0], known) if wrong else None


_RANGES: Mapping[str, tuple[float, float | None]] = {"top_p": (0, 1), "top_k": (1, None), "logprobs": (0, 20)}
_FINDERS: Mapping[str, Callable[[Asked, str], Finding | None]] = {
    "max_tokens": _max_tokens,
    "temperature": _temperature,
    "reasoning": _reasoning,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "output": _output,
}
"""Parameters that need more than their rule says."""


# --- parameters together, and content -----------------------------------------------------------------------------


def _together(asked: Asked) -> Iterator[Finding]:
    """Parameters that are fine alone and refused in one call."""
    if asked.facts["sampling"]["exclusive"] and {"temperature", "top_p"} <= asked.params.keys():
        yield _pair(asked, "top_p", "temperature", "never together", "Leave out one of the two")
    given: Sequence[Any] = asked.params.get("tools", ())
    own = [tool for tool in given if not isinstance(tool, BuiltinTool)]
    if not own or asked.rules["tools"].refused:
        return
    for rule, there, name, other, advice in (
        ("tools.with_format", "format" in asked.params, "format", "tools", "Ask in two calls"),
        ("tools.with_builtin", len(own) < len(given), "tools", "built-in tools", "Leave out one of the two"),
    ):
        when = asked.rules[rule].when
        if there and asked.rules[rule].refused:
            yield _pair(asked, name, other, UNVERIFIED if when == UNVERIFIED else "never together", advice)


def _pair(asked: Asked, name: str, other: str, reason: str, advice: str) -> Finding:
    what = f"`{name}` together with `{other}`"
    return Finding(name, asked.params[name], (), reason, what, advice, _dropper(asked, name), general=True)


@cache
def _taken(modalities: tuple[str, ...], tools: bool) -> frozenset[type[p.Part]]:
    """The parts about which there is nothing to ask where a model reads these, and takes tools or not."""
    read = frozenset(kind for kind, modality in MODALITY.items() if modality in modalities)
    return read | {p.ToolOutput} if tools else read


def _content(asked: Asked) -> Iterator[Finding]:
    leading = list(takewhile(lambda message: isinstance(message, SystemMessage), asked.messages))
    for message in leading:
        yield from _instructions(asked, message, "system")
    taken = _taken(asked.rules["input"].values, not asked.rules["tools"].refused)
    # A long history is told apart here, in one step for each message.
    for message in [
        message
        for message in asked.messages[len(leading) :]
        if type(message) is not AssistantMessage
        and not (type(message) is UserMessage and taken.issuperset(map(type, message.content)))
    ]:
        if isinstance(message, SystemMessage):
            yield from _instructions(asked, message, "system_messages")
        elif isinstance(message, UserMessage):
            yield from _parts(asked, message)


_INSTRUCTIONS: Mapping[str, tuple[str, str]] = {
    "system": ("`system`", "Put the instructions into the user message"),
    "system_messages": ("system messages in mid-conversation", "Put the instructions at the start"),
}
"""Feature -> what it is called, and what to do without it."""


def _instructions(asked: Asked, message: Any, feature: str) -> Iterator[Finding]:
    rule = asked.rules[feature]
    if rule.refused:
        drop: Callable[[], None] = lambda: _remove(asked.messages, message)  # noqa: E731
        yield Finding(feature, message.text, (), rule.when, *_INSTRUCTIONS[feature], drop)


def _parts(asked: Asked, message: UserMessage[Any]) -> Iterator[Finding]:
    # The message as it stands when something is taken out: it may have lost a part before.
    now = [message]
    for part in message.content:
        found = _part(asked, part)
        if found:
            yield found._replace(drop=lambda part=part: _take_out(asked.messages, now, part))


def _part(asked: Asked, part: Any) -> Finding | None:
    rules, kind = asked.rules, f"llm.{part.__class__.__name__}"
    modality = MODALITY.get(part.__class__)
    if modality is not None and modality not in rules["input"].values:
        reason = UNVERIFIED if modality in asked.facts["unverified_input"] else "never"
        what = f"{modality} input (`{kind}`)"
        return Finding(f"input.{modality}", part, rules["input"].values, reason, what, "Leave the part out", _nothing)
    if isinstance(part, p.CachePoint):
        rule = rules["cache"]
        if rule.refused or (part.ttl is not None and part.ttl not in rule.values):
            reason = rule.when if rule.refused else "value"
            shown = f"`llm.CachePoint(ttl={part.ttl!r})`"
            return Finding("cache", part.ttl, rule.values, reason, shown, "Leave the part out", _nothing)
    if isinstance(part, p.ToolOutput) and rules["tools"].refused:
        return Finding("tools", part, (), rules["tools"].when, f"`{kind}`", "Say the result in words", _nothing)
    return None


def _nothing() -> None:
    """Replaced where the part's place is known."""


def _remove(messages: list[Message], message: Message) -> None:
    del messages[_place(messages, message)]


def _take_out(messages: list[Message], now: list[UserMessage[Any]], part: p.Part) -> None:
    place = _place(messages, now[0])
    kept: list[Any] = [other for other in now[0].content if other is not part]
    now[0] = messages[place] = UserMessage(kept)


def _place(messages: list[Message], message: Message) -> int:
    """Where this very message stands; an equal one elsewhere is another."""
    return next(i for i, other in enumerate(messages) if other is message)


# --- what a finding says ------------------------------------------------------------------------------------------


def _met(when: str, params: Mapping[str, Any]) -> bool:
    """Whether this call satisfies a rule's condition."""
    reasoning: Any = params.get("reasoning")
    if when == "reasoning_off":
        return reasoning == "off"
    if when == "without_budget":
        return getattr(reasoning, "budget_tokens", None) is None
    return when == "always"


def _refused(asked: Asked, name: str, shown: str, value: Any, when: str) -> Finding:
    advice = {
        "reasoning_off": 'Add reasoning="off", or drop the argument',
        "without_budget": "Leave out the thinking budget, or drop the argument",
    }.get(when, "Drop the argument")
    return Finding(name, value, (), when, _ticked(shown), advice, _dropper(asked, name))


def _not_among(asked: Asked, name: str, shown: str, value: Any, allowed: tuple[str, ...]) -> Finding:
    return Finding(name, value, allowed, "value", _ticked(shown), "Choose one of them", _dropper(asked, name))


def _in_range(
    asked: Asked, name: str, value: float, low: float, high: float | None, *, shown: str | None = None
) -> Finding | None:
    if low <= value and (high is None or value <= high):
        return None
    span = f"{low:,} to {high:,}" if high is not None else f"at least {low:,}"
    what = _ticked(f"{shown or name}={value}")
    return Finding(name, value, (span,), "range", what, "Choose a value in that range", _dropper(asked, name))


def _dropper(asked: Asked, name: str) -> Callable[[], None]:
    return lambda: asked.params.pop(name, None)


def _ticked(text: str) -> str:
    return text if text.startswith("the ") else f"`{text}`"
