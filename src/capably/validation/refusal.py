"""Decides what happens to a violation: an error, a warning, or a drop; and writes the message.

There are two kinds. If the wire format cannot express a value, it cannot be sent to any model. If only the model does not
take it, it can still be sent, in the API's own spelling.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, cast

from capably.modalities import MODALITY_OF
from capably.parameters import PARAMETERS
from capably.providers.adapters import spellings_at
from capably.providers.spellings import NoSpellingError, Spelling, spelled_as, unspelled
from capably.registry.lookup import listed_models, rules_for
from capably.types.errors import Reason, UnsupportedFeatureError, UnsupportedFeatureWarning
from capably.types.facts import UNVERIFIED, ModelInfo
from capably.types.messages import SystemMessage, UserMessage
from capably.types.parts import CachePoint, Image, Part
from capably.validation.conditions import CONDITIONS
from capably.validation.drop import drop_from_messages, drop_from_parameters
from capably.validation.violations import PendingCall, Violation, shown

if TYPE_CHECKING:
    pass


def missing_spellings_first(call: PendingCall, violations: list[Violation]) -> list[Violation]:
    """Return the violations, preceded by those of the wire format, which no policy can send."""
    spellings = spellings_at(call.id.partition("/")[0], call.endpoint)
    if spellings is None:
        return violations
    missing = [unspelled(spellings, name, value) for name, value in call.params.items()]
    first = [missing_violation(call, one) for one in missing if one is not None]
    named = {violation.feature for violation in first}
    rest = [violation for violation in violations if violation.feature not in named]
    return [*(_with_allowed_of(one, violations) for one in first), *rest]


def _with_allowed_of(missing: Violation, violations: list[Violation]) -> Violation:
    """Return `missing` with the allowed values of the violation of the same feature, if there is one."""
    same = next((violation for violation in violations if violation.feature == missing.feature), None)
    return missing if same is None else missing._replace(drop=same.drop, allowed=same.allowed)


def decide(call: PendingCall, violation: Violation) -> str:
    """Raise the error, or warn and send, or warn and drop, as `on_unsupported` demands. Return the warning.

    `warn` also raises for what the wire format cannot express. `drop` also raises if no message would be left.
    """
    spelling: Spelling | None = None
    spellings = spellings_at(call.id.partition("/")[0], call.endpoint)
    if spellings and violation.reason != "no_field":
        missing = unspelled(spellings, violation.feature, violation.value)
        if missing:
            violation = missing_violation(call, missing)._replace(drop=violation.drop, allowed=violation.allowed)
        else:
            spelling = spelled_as(spellings, violation.feature, violation.value)
    error = refusal(call, violation, spelling)
    if call.on_unsupported == "raise" or (call.on_unsupported == "warn" and error.reason == "no_field"):
        raise error
    text = str(error).partition("\n")[0]
    if call.on_unsupported == "drop":
        violation.drop()
        call.messages[:] = [m for m in call.messages if not isinstance(m, UserMessage) or m.content]
        if not call.messages:
            raise error
        text = f"{text} It was dropped."
    warnings.warn(text, UnsupportedFeatureWarning, stacklevel=5)
    return text


def refusal(call: PendingCall, violation: Violation, spelling: Spelling | None) -> UnsupportedFeatureError:
    """Return the error for a violation. `spelling` is how the API expresses the value, if it can."""
    facts = call.info.facts if call.info else None
    source = f"{facts.get('file', 'model_registry.yaml')}:{call.info.line}" if facts and call.info else None
    checked = f"checked {facts['verified']}, {source}" if facts else None
    others = _alternatives(call, violation)
    lines = [f'"{call.id}" {_sentence(violation, checked)}']
    why = violation.why or (spelling.why if spelling else "")
    if why:
        lines.append(why)
    if violation.allowed:
        words = violation.allowed if violation.reason == "range" else map(shown, violation.allowed)
        lines.append(f"It takes: {', '.join(words)}.")
    if others:
        lines.append(f"Models that do: {', '.join(others)}{_selector(violation)}.")
    lines.append(f"{violation.advice}, or {_way_around(violation, spelling)}.")
    return UnsupportedFeatureError(
        "\n".join(lines),
        model=call.id,
        feature=violation.feature,
        value=violation.value,
        allowed=violation.allowed,
        reason=cast("Reason", "reasoning_off" if violation.reason == "without_reasoning" else violation.reason),
        alternatives=others,
        spelled=spelling.at(violation.value) if spelling else None,
        source=source,
        checked=date.fromisoformat(str(facts["verified"])) if facts else None,
    )


def _sentence(violation: Violation, source: str | None) -> str:
    condition = CONDITIONS.get(violation.reason)
    sentence = (condition.accepts if condition else "does not accept {}").format(violation.what)
    why = violation.reason_in_words or _WHY.get(violation.reason)
    beside = "; ".join(filter(None, (why, source)))
    return f"{sentence} ({beside})." if beside else f"{sentence}."


_WHY: Mapping[str, str] = {
    "never": "never",
    "ignored": "accepted and ignored, so it would do nothing",
    "together": "never together",
    UNVERIFIED: "unverified: nobody has seen it work",
}


def _way_around(violation: Violation, spelling: Spelling | None) -> str:
    """Return what to write to send it anyway: the API's own fields in `extra`, or `on_unsupported`."""
    if violation.reason == "no_field":
        return 'leave it to on_unsupported="drop"'
    fields = spelling.fields(violation.value) if spelling and violation.feature in PARAMETERS else None
    way = 'on_unsupported="warn"' if fields is None else f"extra={shown(fields)}"
    return f"send it anyway with {way}"


# --- violations of a wire format ----------------------------------------------------------------------------------


_LACKS: Mapping[bool | None, str] = {
    None: "this API cannot say it",
    False: "this API has no such field",
    True: "this API has no word for it",
}
"""Whether the API has a field for the feature -> reason. `None`: it has one, but not for this value at this place."""

_OF_PARAMETER: Mapping[str, str] = {
    "reasoning.effort": "reasoning",
    "reasoning.off": "reasoning",
    "cache.named": "cache",
    "tool_choice.builtin": "tool_choice",
    "tool_choice.forced": "tool_choice",
}
"""Feature -> the parameter that errors name."""


def missing_violation(call: PendingCall, missing: NoSpellingError) -> Violation:
    """Return the violation for a value that the wire format cannot express."""
    group, _, word = missing.feature.partition(".")
    feature = "output" if group == "output" else _OF_PARAMETER.get(missing.feature, missing.feature)
    value = missing.value.ttl if isinstance(missing.value, CachePoint) else missing.value
    what = f"`{feature}={shown(value)}`" if missing.words and feature in PARAMETERS else f"`{feature}`"
    if group == "input":
        kind = cast("type[object]", type(value))
        detail = f"(detail={shown(getattr(value, 'detail', None))})" if word == "image.detail" else ""
        name = kind.__name__ + detail
        what = f"{word} input (`llm.{name}`)" if word == MODALITY_OF.get(kind) else f"this `llm.{name}`"
    elif group == "builtin_tools":
        what = f"the built-in tool llm.{type(value).__name__}"
        value = word
    elif missing.feature in _WRITTEN:
        what = _WRITTEN[missing.feature].format(shown(value))
    return Violation(
        feature,
        value,
        tuple(word for word in missing.words if isinstance(word, str)),
        "no_field",
        what,
        missing.instead or ("Leave the part out" if group in ("input", "cache") and word else "Drop the argument"),
        lambda: _drop(call, missing),
        general=missing.path is None or missing.feature == "tool_choice.builtin",
        why=missing.why,
        reason_in_words=_LACKS[None if missing.path is None else bool(missing.path)],
    )


def _drop(call: PendingCall, missing: NoSpellingError) -> None:
    if isinstance(missing.value, Image) and missing.feature == "input.image.detail":
        drop_from_messages(call.messages, missing.value, missing.value.__replace__(detail=None))
    elif isinstance(missing.value, (Part, SystemMessage)):
        drop_from_messages(call.messages, missing.value)
    else:
        drop_from_parameters(call.params, missing.feature, missing.value)


_WRITTEN: Mapping[str, str] = {
    "cache.point": "`llm.CachePoint(ttl={})`",
    "output.image": "`output=[{}]`",
    "reasoning.budget_tokens": "`Reasoning(budget_tokens=...)`",
    "reasoning.visible": "`Reasoning(visible={})`",
    "system_messages": "system messages in mid-conversation",
    "tools.strict": "`strict=True`",
}
"""Feature -> how a caller writes it."""


def _alternatives(call: PendingCall, violation: Violation, count: int = 3) -> list[str]:
    """Return active models that take what was refused: plain chat models of the same provider first, newest first."""
    able = [other for other in listed_models() if other.status == "active" and _takes(other, violation) is not None]
    able.sort(key=lambda other: other.dates["released"] or "", reverse=True)
    provider = call.id.partition("/")[0]
    able.sort(key=lambda other: (_writes_more(other), other.provider != provider))
    conditions = {other.id: _takes(other, violation) for other in able[:count]}
    return [f"{id} ({condition})" if condition else id for id, condition in conditions.items()]


def _writes_more(info: ModelInfo) -> bool:
    return info.facts is not None and list(info.facts["output"]) != ["text"]


def _selector(violation: Violation) -> str:
    """Return the call of `llm.models` that lists all models that take it, if there is one."""
    group, _, word = violation.feature.partition(".")
    if group == "input":
        return f", ... (llm.models({word}_input=True))"
    if violation.feature == "reasoning" and violation.reason == "value":
        return f', ... (llm.models(reasoning="{violation.value}"))'
    selects = violation.feature in PARAMETERS and PARAMETERS[violation.feature].selects and violation.reason != "value"
    return f", ... (llm.models({group}=True))" if selects else ""


def _takes(info: ModelInfo, violation: Violation) -> str | None:
    """Return the condition under which a model takes what was refused, empty if it always does; `None` if it never does."""
    if info.facts is None or violation.general or violation.reason == "range":
        return None
    rules = rules_for(info, info.endpoint)
    group, _, word = violation.feature.partition(".")
    if group in ("input", "builtin_tools"):
        return "" if word in rules[group].values else None
    if violation.feature == "output" and violation.reason == "no_field":
        return "" if violation.value in rules["output"].values else None
    forced = violation.feature == "tool_choice" and violation.allowed
    rule = rules.get("tool_choice.forced" if forced else violation.feature) or rules.get(group)
    if rule is None or rule.refused:
        return None
    value = getattr(violation.value, "effort", violation.value)
    if rule.values and value is not None and value not in rule.values:
        return None
    if rule.when == violation.reason or (violation.reason, rule.when) == ("without_reasoning", "reasoning_off"):
        return None
    return "" if rule.when == "always" else CONDITIONS[rule.when].words
