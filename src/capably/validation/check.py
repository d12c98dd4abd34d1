"""Checks a call against the registry's facts about its model before anything is sent.

A profile is compiled once: to the constraints on each parameter (mostly none or few) and to the classes of parts that the
model reads. A call is compared with these, and error messages are made only for violations.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, get_args

from capably.modalities import MODALITY_OF
from capably.parameters import OnUnsupported
from capably.providers.adapters import spellings_at
from capably.registry.lookup import on_registry_change, rules_for
from capably.types import parts as p
from capably.types.errors import UnverifiedModelWarning
from capably.types.facts import UNVERIFIED, Facts, ModelInfo
from capably.types.messages import AssistantMessage, SystemMessage, UserMessage
from capably.validation.constraints import Constraint, Profile, constraints_of, constraints_together
from capably.validation.conversations import conversation_rules_of, is_prefill
from capably.validation.drop import drop_from_messages
from capably.validation.refusal import decide, missing_spellings_first
from capably.validation.violations import Params, PendingCall, Violation, shown

if TYPE_CHECKING:
    from capably.types.messages import Message

_POLICIES = get_args(OnUnsupported)


class CompiledProfile(dict[str, tuple[Constraint, ...]]):
    """Maps each parameter to its constraints, compiled when the parameter is first looked up.

    `together` has the constraints on several parameters at once. `parts` has the classes of parts that need no check.
    """

    __slots__ = ("parts", "profile", "together")

    def __init__(self, profile: Profile) -> None:
        self.profile: Profile = profile
        self.together: tuple[Constraint, ...] = constraints_together(profile)
        rules = profile.rules
        readable = frozenset(kind for kind, modality in MODALITY_OF.items() if modality in rules["input"].values)
        self.parts: frozenset[type[object]] = readable if rules["tools"].refused else readable | {p.ToolOutput}

    def __missing__(self, name: str) -> tuple[Constraint, ...]:
        self[name] = constraints = constraints_of(self.profile, name)
        return constraints


_compiled: dict[tuple[str, str | None, int | None], CompiledProfile] = {}
on_registry_change(_compiled.clear)


def _compile(info: ModelInfo, facts: Facts, endpoint: str | None) -> CompiledProfile:
    """Return the compiled profile of a model at an endpoint. A model object keeps the facts that it was created with."""
    most = info.limits["output"]
    key = (info.id, endpoint, most)
    compiled = _compiled.get(key)
    if compiled is None or compiled.profile.facts is not facts:
        compiled = _compiled[key] = CompiledProfile(
            Profile(facts, rules_for(info, endpoint), most, spellings_at(info.provider, endpoint or ""))
        )
    return compiled


def check_call(call: PendingCall) -> list[str]:
    """Check the call against the registry. Raise, warn or drop as its `on_unsupported` demands; return the warnings."""
    if call.on_unsupported not in _POLICIES:
        raise ValueError(f"on_unsupported={call.on_unsupported!r} is none of: {', '.join(map(repr, _POLICIES))}")
    info = call.info
    if info is None:
        return []
    if info.facts is None:
        text = f'"{info.id}" is {UNVERIFIED}: its id is known and its capabilities are not, so nothing was checked.'
        warnings.warn(text, UnverifiedModelWarning, stacklevel=4)
        return [text]
    violations = _violations(_compile(info, info.facts, call.endpoint), info, call.endpoint, call.params, call.messages)
    texts: list[str] = []
    for violation in missing_spellings_first(call, violations) if violations else ():
        texts.append(decide(call, violation))  # noqa: PERF401 (a comprehension is a frame of its own, and warnings count frames)
    return texts


def _violations(
    compiled: CompiledProfile, info: ModelInfo, endpoint: str | None, params: Params, messages: list[Message]
) -> list[Violation]:
    violations: list[Violation] = []
    for name, value in params.items():
        for constraint in compiled[name]:
            if not constraint.admits(value, params):
                violations.append(constraint.violation(value, params))
                break
    for constraint in compiled.together:
        name = constraint.name
        if name in params and not constraint.admits(params[name], params):
            violations.append(constraint.violation(params[name], params))
    feature, readable = "system", compiled.parts
    for message in messages:
        # This one step passes most messages of a long history.
        if type(message) is AssistantMessage or (
            type(message) is UserMessage and readable.issuperset(map(type, message.content))
        ):
            feature = "system_messages"
        elif isinstance(message, SystemMessage):
            if compiled[feature]:
                violations.append(_system_violation(compiled.profile, messages, message, feature))
            violations += _part_violations(compiled.profile, messages, message) if len(message.content) > 1 else ()
        else:
            feature = "system_messages"
            if isinstance(message, UserMessage):
                violations += _part_violations(compiled.profile, messages, message)
    last = messages[-1] if messages else None
    if type(last) is AssistantMessage and _is_refused_prefill(compiled, info, endpoint, last):
        violations.append(_prefill_violation(compiled.profile, messages))
    return violations


def _is_refused_prefill(
    compiled: CompiledProfile, info: ModelInfo, endpoint: str | None, last: AssistantMessage
) -> bool:
    """Return whether `last` would be a prefill at this API and the model takes none."""
    refused = compiled.profile.rules["prefill"].refused
    return refused and "last_answer" in conversation_rules_of(info.provider, endpoint).refuses and is_prefill(last)


def _prefill_violation(profile: Profile, messages: list[Message]) -> Violation:
    last = messages[-1]
    text = "".join(part.text for part in last.content if isinstance(part, (p.Text, p.Refusal, p.Commentary)))
    what = "an assistant message at the end (`prefill`)"
    when, advice = profile.rules["prefill"].when, "End with a user message"
    return Violation("prefill", text, (), when, what, advice, lambda: drop_from_messages(messages, last))


# --- content ------------------------------------------------------------------------------------------------------


_INSTRUCTIONS: Mapping[str, tuple[str, str]] = {
    "system": ("`system`", "Put the instructions into the user message"),
    "system_messages": ("system messages in mid-conversation", "Put the instructions at the start"),
}
"""Feature -> its name in errors, and the advice."""


def _system_violation(profile: Profile, messages: list[Message], message: SystemMessage, feature: str) -> Violation:
    when = profile.rules[feature].when
    return Violation(
        feature, message.text, (), when, *_INSTRUCTIONS[feature], lambda: drop_from_messages(messages, message)
    )


def _part_violations(
    profile: Profile, messages: list[Message], message: UserMessage[p.Part] | SystemMessage
) -> Iterator[Violation]:
    for part in message.content:
        violation = _part_violation(profile, part, lambda part=part: drop_from_messages(messages, part))
        if violation:
            yield violation


def _part_violation(profile: Profile, part: p.Part, drop: Callable[[], object]) -> Violation | None:
    rules, kind = profile.rules, f"llm.{part.__class__.__name__}"
    modality = MODALITY_OF.get(part.__class__)
    if modality is not None and modality not in rules["input"].values:
        reason = UNVERIFIED if modality in profile.facts["unverified_input"] else "never"
        what = f"{modality} input (`{kind}`)"
        return Violation(f"input.{modality}", part, rules["input"].values, reason, what, "Leave the part out", drop)
    if isinstance(part, p.CachePoint):
        rule = rules["cache"]
        if rule.refused or (part.ttl is not None and part.ttl not in rule.values):
            reason = rule.when if rule.refused else "value"
            what = f"`llm.CachePoint(ttl={shown(part.ttl)})`"
            return Violation("cache.point", part.ttl, rule.values, reason, what, "Leave the part out", drop)
    if isinstance(part, p.ToolOutput) and rules["tools"].refused:
        return Violation("tools", part, (), rules["tools"].when, f"`{kind}`", "Say the result in words", drop)
    return None
