"""The check before anything is sent: what this call asks for, against what the registry says of this model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from capably.llm._registry import listed_models, rules_for
from capably.types import parts as p
from capably.types.errors import UnsupportedFeatureError, UnsupportedFeatureWarning, UnverifiedModelWarning
from capably.types.facts import UNVERIFIED, ModelInfo
from capably.types.messages import SystemMessage, UserMessage
from capably.types.reasoning import Reasoning
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
_WHY = {
    "never": "never",
    "ignored": "accepted and ignored, so it would do nothing",
    UNVERIFIED: "unverified: nobody has seen it work",
}


class Finding(NamedTuple):
    """One thing that the model does not take. `drop` takes it out of the parameters or messages it was found in."""

    feature: str
    value: Any
    allowed: tuple[str, ...]
    reason: str
    what: str
    advice: str
    drop: Callable[[], None]
    general: bool = False
    """It is no lack of this model alone, so no other models are named."""


def check_call(
    info: ModelInfo,
    endpoint: str | None,
    params: dict[str, Any],
    messages: list[Message],
    on_unsupported: str,
) -> list[str]:
    """Holds the call against the registry. Raises, warns or drops as `on_unsupported` says; returns what was warned or dropped.

    Dropping changes `params` and `messages` in place.
    """
    if on_unsupported not in _ANSWERS:
        raise ValueError(f"on_unsupported={on_unsupported!r} is none of: {', '.join(map(repr, _ANSWERS))}")
    if info.facts is None:
        text = f'"{info.id}" is {UNVERIFIED}: its id is known and its capabilities are not, so nothing was checked.'
        warnings.warn(text, UnverifiedModelWarning, stacklevel=4)
        return [text]
    findings = list(_findings(info, rules_for(info, endpoint), params, messages))
    told: list[str] = []
    for finding in findings:
        error = _error(info, endpoint, finding)
        if on_unsupported == "raise":
            raise error
        text = str(error).partition("\n")[0]
        if on_unsupported == "drop":
            finding.drop()
            text = f"{text} It was dropped."
        warnings.warn(text, UnsupportedFeatureWarning, stacklevel=4)
        told.append(text)
    return told


# --- what is found ------------------------------------------------------------------------------------------------


def _findings(
    info: ModelInfo, rules: Mapping[str, Rule], params: dict[str, Any], messages: list[Message]
) -> Iterator[Finding]:
    for name in list(params):
        if name in ROUTING:
            continue
        found = _PARAMETERS.get(name, _parameter)(info, rules, name, params)
        if found:
            yield found
    yield from _together(info, rules, params)
    yield from _content(info, rules, messages)


def _parameter(info: ModelInfo, rules: Mapping[str, Rule], name: str, params: dict[str, Any]) -> Finding | None:
    """The rule of a parameter: whether it is taken at all, under which condition, and with which values."""
    rule, value = rules[name], params[name]
    shown = f"{name}={value!r}" if rule.values or isinstance(value, (int, float)) else name
    if not _met(rule.when, params):
        return _refused(name, name, value, rule.when, params)
    if rule.values and value not in rule.values:
        return _not_among(name, shown, value, rule.values, params)
    limits = _RANGES.get(name)
    if limits and not limits[0] <= value <= (limits[1] or float("inf")):
        return _out_of_range(name, value, limits[0], limits[1], params)
    return None


def _max_tokens(info: ModelInfo, rules: Mapping[str, Rule], name: str, params: dict[str, Any]) -> Finding | None:
    limit = info.limits["output"]
    if params[name] > (limit or float("inf")) or params[name] < 0:
        return _out_of_range(name, params[name], 0, limit, params)
    return None


def _temperature(info: ModelInfo, rules: Mapping[str, Rule], name: str, params: dict[str, Any]) -> Finding | None:
    facts = info.facts or {}
    highest = facts["sampling"]["temperature_max"]
    found = _parameter(info, rules, name, params)
    if found is None and not 0 <= params[name] <= (highest or float("inf")):
        return _out_of_range(name, params[name], 0, highest, params)
    return found


def _reasoning(info: ModelInfo, rules: Mapping[str, Rule], name: str, params: dict[str, Any]) -> Finding | None:
    rule, value = rules[name], params[name]
    if rule.refused:
        return _refused(name, name, value, rule.when, params)
    settings: Reasoning[Any, Any] | None = value if isinstance(value, Reasoning) else None
    word = value if settings is None else settings.effort
    if word is not None and word not in rule.values:
        return _not_among(name, f"{name}={word!r}", word, rule.values, params)
    if isinstance(value, Reasoning) and value.budget_tokens is not None:  # pyright: ignore[reportUnknownMemberType]
        return _budget(info, rules, value.budget_tokens, params)  # pyright: ignore[reportUnknownMemberType]
    return None


def _budget(info: ModelInfo, rules: Mapping[str, Rule], tokens: int, params: dict[str, Any]) -> Finding | None:
    rule, name = rules["reasoning.budget_tokens"], "Reasoning(budget_tokens=...)"
    if rule.refused:
        efforts = ", ".join(map(repr, rules["reasoning"].values))
        found = _refused("reasoning", name, tokens, rule.when, params)
        return found._replace(feature="reasoning.budget_tokens", advice=f"Say it in words (reasoning={efforts})")
    budget = (info.facts or {})["reasoning"]["budget"]
    highest = budget["max"] or info.limits["output"]
    if not budget["min"] <= tokens <= (highest or float("inf")):
        found = _out_of_range("reasoning", tokens, budget["min"], highest, params, shown="budget_tokens")
        return found._replace(feature="reasoning.budget_tokens")
    return None


def _tools(info: ModelInfo, rules: Mapping[str, Rule], name: str, params: dict[str, Any]) -> Finding | None:
    own = [tool for tool in params[name] if not isinstance(tool, BuiltinTool)]
    known = rules["builtin_tools"].values
    unknown = [tool for tool in params[name] if isinstance(tool, BuiltinTool) and tool.kind not in known]
    if own and not _met(rules[name].when, params):
        return _refused(name, name, own, rules[name].when, params)
    if not unknown:
        return None
    kind = unknown[0].kind
    unverified = kind in (info.facts or {})["unverified_builtin_tools"]
    reason = UNVERIFIED if unverified else "never"
    kept = [tool for tool in params[name] if tool not in unknown]
    found = _refused(name, f"the built-in tool llm.{type(unknown[0]).__name__}", kind, reason, params)
    return found._replace(feature=f"builtin_tools.{kind}", allowed=known, drop=lambda: params.update({name: kept}))


def _tool_choice(info: ModelInfo, rules: Mapping[str, Rule], name: str, params: dict[str, Any]) -> Finding | None:
    value = params[name]
    forced = value == "required" or isinstance(value, Tool)
    rule = rules["tool_choice.forced" if forced else name]
    if not _met(rule.when, params):
        shown = f"tool_choice={value!r}" if forced else name
        found = _refused(name, shown, value, rule.when, params)
        return found._replace(allowed=("auto", "none")) if forced and rules[name].when == "always" else found
    if not forced and value not in ("auto", "none"):
        found = _not_among(name, f"{name}={value!r}", value, ("auto", "none", "required"), params)
        return found._replace(general=True)
    return None


def _output(info: ModelInfo, rules: Mapping[str, Rule], name: str, params: dict[str, Any]) -> Finding | None:
    wrong = [word for word in params[name] if word not in rules[name].values]
    return _not_among(name, f"output={wrong[0]!r}", wrong[0], rules[name].values, params) if wrong else None


def _together(info: ModelInfo, rules: Mapping[str, Rule], params: dict[str, Any]) -> Iterator[Finding]:
    """Parameters that are fine alone and refused in one call."""
    facts = info.facts or {}
    tools = facts["tools"] if isinstance(facts["tools"], dict) else None
    own = [tool for tool in params.get("tools", ()) if not isinstance(tool, BuiltinTool)]
    pairs = (
        (facts["sampling"]["exclusive"] and {"temperature", "top_p"} <= params.keys(), "top_p", "temperature", True),
        (tools and own and "format" in params, "format", "tools", tools and tools["with_structured_output"]),
        (tools and own and len(own) < len(params["tools"]), "tools", "built-in tools", tools and tools["with_builtin"]),
    )
    for both, name, other, allowed in pairs:
        refused = both if name == "top_p" else both and allowed is not True
        if refused:
            reason = UNVERIFIED if allowed == UNVERIFIED else "never together"
            yield Finding(
                name,
                params[name],
                (),
                reason,
                f"`{name}` together with `{other}`",
                f"Leave out one of the two{': ask in two calls' if name == 'format' else ''}",
                lambda name=name: params.pop(name, None),
                general=True,
            )


def _content(info: ModelInfo, rules: Mapping[str, Rule], messages: list[Message]) -> Iterator[Finding]:
    leading = True
    for message in list(messages):
        if isinstance(message, SystemMessage):
            rule = rules["system" if leading else "system_messages"]
            if rule.refused:
                yield Finding(
                    "system" if leading else "system_messages",
                    message.text,
                    (),
                    rule.when,
                    "`system`" if leading else "system messages in mid-conversation",
                    "Put the instructions into the user message" if leading else "Put the instructions at the start",
                    lambda message=message: _remove(messages, message),
                )
        else:
            leading = False
            if isinstance(message, UserMessage):
                yield from _parts(info, rules, messages, message)


def _parts(
    info: ModelInfo, rules: Mapping[str, Rule], messages: list[Message], message: UserMessage[Any]
) -> Iterator[Finding]:
    allowed = rules["input"].values
    unverified = (info.facts or {})["unverified_input"]
    # The message as it stands when something is taken out: it may have lost a part before.
    now = [message]
    for part in message.content:
        modality = MODALITY.get(type(part))
        if modality is not None and modality not in allowed:
            yield Finding(
                f"input.{modality}",
                part,
                allowed,
                UNVERIFIED if modality in unverified else "never",
                f"{modality} input (`llm.{type(part).__name__}`)",
                "Leave the part out",
                lambda part=part: _take_out(messages, now, part),
            )
        elif isinstance(part, p.CachePoint) and part.ttl not in rules["cache"].values:
            yield Finding(
                "cache",
                part.ttl,
                rules["cache"].values,
                rules["cache"].when if rules["cache"].refused else "value",
                f"`llm.CachePoint(ttl={part.ttl!r})`",
                "Leave the part out",
                lambda part=part: _take_out(messages, now, part),
            )
        elif isinstance(part, p.ToolOutput) and rules["tools"].refused:
            yield Finding(
                "tools",
                part,
                (),
                rules["tools"].when,
                "`llm.ToolOutput`",
                "Say the result in words",
                lambda part=part: _take_out(messages, now, part),
            )


def _remove(messages: list[Message], message: Message) -> None:
    del messages[_place(messages, message)]


def _take_out(messages: list[Message], now: list[UserMessage[Any]], part: p.Part) -> None:
    place = _place(messages, now[0])
    now[0] = messages[place] = UserMessage([kept for kept in now[0].content if kept is not part])


def _place(messages: list[Message], message: Message) -> int:
    """Where this very message stands; an equal one elsewhere is another."""
    return next(i for i, other in enumerate(messages) if other is message)


_RANGES: Mapping[str, tuple[float, float | None]] = {"top_p": (0, 1), "top_k": (1, None), "logprobs": (0, 20)}
_PARAMETERS: Mapping[str, Callable[[ModelInfo, Mapping[str, Rule], str, dict[str, Any]], Finding | None]] = {
    "max_tokens": _max_tokens,
    "temperature": _temperature,
    "reasoning": _reasoning,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "output": _output,
}


def _met(when: str, params: Mapping[str, Any]) -> bool:
    """Whether this call satisfies a rule's condition."""
    if when == "reasoning_off":
        return params.get("reasoning") == "off"
    if when == "without_budget":
        reasoning = params.get("reasoning")
        return not isinstance(reasoning, Reasoning) or reasoning.budget_tokens is None  # pyright: ignore[reportUnknownMemberType]
    return when == "always"


# --- how it is told -----------------------------------------------------------------------------------------------


def _refused(name: str, shown: str, value: Any, when: str, params: dict[str, Any]) -> Finding:
    advice = {
        "reasoning_off": 'Add reasoning="off", or drop the argument',
        "without_budget": "Leave out the thinking budget, or drop the argument",
    }.get(when, "Drop the argument")
    return Finding(name, value, (), when, _ticked(shown), advice, lambda: params.pop(name, None))


def _not_among(name: str, shown: str, value: Any, allowed: tuple[str, ...], params: dict[str, Any]) -> Finding:
    return Finding(name, value, allowed, "value", _ticked(shown), "Choose one of them", lambda: params.pop(name, None))


def _out_of_range(
    name: str, value: float, low: float, high: float | None, params: dict[str, Any], shown: str | None = None
) -> Finding:
    span = f"{low:,} to {high:,}" if high is not None else f"at least {low:,}"
    what = _ticked(f"{shown or name}={value}")
    return Finding(name, value, (span,), "range", what, "Choose a value in that range", lambda: params.pop(name, None))


def _ticked(text: str) -> str:
    return text if text.startswith("the ") else f"`{text}`"


def _error(info: ModelInfo, endpoint: str | None, finding: Finding) -> UnsupportedFeatureError:
    facts = info.facts or {}
    source = f"checked {facts['verified']}, model_registry.yaml:{info.line}"
    conditions = {
        "reasoning_off": f'accepts {finding.what} only together with reasoning="off" ({source}).',
        "without_budget": f"does not accept {finding.what} together with a thinking budget ({source}).",
        "value": f"does not accept {finding.what} ({source}).",
        "range": f"does not accept {finding.what} ({source}).",
    }
    why = _WHY.get(finding.reason, finding.reason)
    lines = [f'"{info.id}" ' + conditions.get(finding.reason, f"does not accept {finding.what} ({why}; {source}).")]
    if finding.allowed:
        words = finding.allowed if finding.reason == "range" else map(repr, finding.allowed)
        lines.append(f"It takes: {', '.join(words)}.")
    others = _alternatives(info, finding)
    if others:
        lines.append(f"Models that do: {', '.join(others)}{_selector(finding)}.")
    lines.append(f"{finding.advice}, or send it anyway with {_escape(endpoint, finding)}.")
    return UnsupportedFeatureError(
        "\n".join(lines),
        model=info.id,
        feature=finding.feature,
        value=finding.value,
        allowed=finding.allowed,
        reason=finding.reason,
        alternatives=others,
    )


_WIRE: Mapping[str, Mapping[str, str]] = {
    "messages": {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "stop": "stop_sequences"},
    "responses": {"temperature": "temperature", "top_p": "top_p", "logprobs": "top_logprobs"},
    "chat_completions": {"temperature": "temperature", "top_p": "top_p", "stop": "stop", "seed": "seed"},
    "generate_content": {
        "temperature": "generationConfig.temperature",
        "top_p": "generationConfig.topP",
        "top_k": "generationConfig.topK",
        "seed": "generationConfig.seed",
    },
}
"""Where the provider's body has a field that we refuse: endpoint -> parameter -> path."""


def _escape(endpoint: str | None, finding: Finding) -> str:
    """How to send it all the same: in the provider's own words where they are that simple."""
    path = _WIRE.get(endpoint or "", {}).get(finding.feature)
    if path is None:
        return 'on_unsupported="warn"'
    shown: Any = finding.value
    for key in reversed(path.split(".")):
        shown = {key: shown}
    return f"extra={_double_quoted(shown)}"


def _double_quoted(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{k}": {_double_quoted(v)}' for k, v in value.items()) + "}"  # pyright: ignore[reportUnknownVariableType]
    return repr(value)


def _alternatives(info: ModelInfo, finding: Finding, count: int = 3) -> list[str]:
    """Active models that take what was refused: plain chat models of the same provider first, newest first."""
    able = [(how, other) for other in listed_models() if other.status == "active" and (how := _takes(other, finding))]
    able.sort(key=lambda pair: pair[1].dates["released"] or "", reverse=True)
    able.sort(key=lambda pair: ((pair[1].facts or {})["output"] != ["text"], pair[1].provider != info.provider))
    return [f"{other.id}{how.strip() and how}" for how, other in able[:count]]


def _selector(finding: Finding) -> str:
    """The call that lists all models that do, where `llm.models` has a word for it."""
    group, _, word = finding.feature.partition(".")
    if group == "input":
        return f", ... (llm.models({word}_input=True))"
    if finding.feature == "reasoning" and finding.reason == "value":
        return f', ... (llm.models(reasoning="{finding.value}"))'
    selects = finding.feature in _SELECTORS and finding.reason != "value"
    return f", ... (llm.models({group}=True))" if selects else ""


_SELECTORS = ("tools", "format", "reasoning", "temperature", "top_p", "top_k", "stop", "seed", "prefill")


def _takes(info: ModelInfo, finding: Finding) -> str:
    """Whether a model takes what another refused: empty if not, else the condition (a blank where there is none)."""
    if info.facts is None or finding.general or finding.reason == "range":
        return ""
    rules = rules_for(info, info.endpoint)
    group, _, word = finding.feature.partition(".")
    if group in ("input", "builtin_tools"):
        return " " if word in rules[group].values else ""
    rule = rules["tool_choice.forced" if finding.feature == "tool_choice" and finding.allowed else finding.feature]
    if rule.values and finding.reason == "value" and finding.value not in rule.values:
        return ""
    if rule.when == finding.reason:
        return ""
    return {"always": " ", "reasoning_off": ' (with reasoning="off")'}.get(rule.when, "")


def unknown_parameter(name: str, known: Sequence[str]) -> TypeError:
    """The error for a keyword that no model has."""
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return TypeError(f"there is no parameter {name!r}.{hint} A provider's own fields go into extra={{...}}.")
