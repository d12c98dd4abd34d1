"""The check before anything is sent: what this call asks for, against what the registry says of this model.

What a profile says is compiled once: to the clauses that can be held against each parameter, of which there are none or
few, and to the parts that it reads. A call is looked up there, and only what is not admitted is put into words.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from capably.providers.adapters import spellings_at
from capably.registry.lookup import on_registry_change, rules_for
from capably.types import parts as p
from capably.types.errors import UnverifiedModelWarning
from capably.types.facts import UNVERIFIED, Facts, ModelInfo
from capably.types.messages import AssistantMessage, SystemMessage, UserMessage
from capably.validation.constraints import Clause, Params, Profile, clauses_of, clauses_together
from capably.validation.conversations import is_prefill, rules_of
from capably.validation.drop import drop_from_messages
from capably.validation.refusal import Call, Finding, decide, missing_first, shown

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


class Lookup(dict[str, tuple[Clause, ...]]):
    """Parameter -> the clauses that can be held against it, compiled when it is first asked for.

    Beside them: the clauses about parameters `together`, and the classes of `parts` about which there is nothing to ask.
    """

    __slots__ = ("parts", "profile", "together")

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.together = clauses_together(profile)
        rules = profile.rules
        read = frozenset(kind for kind, modality in MODALITY.items() if modality in rules["input"].values)
        self.parts: frozenset[type[p.Part]] = read if rules["tools"].refused else read | {p.ToolOutput}

    def __missing__(self, name: str) -> tuple[Clause, ...]:
        self[name] = clauses = clauses_of(self.profile, name)
        return clauses


_lookups: dict[tuple[str, str | None, int | None], Lookup] = {}
on_registry_change(_lookups.clear)


def _lookup(info: ModelInfo, facts: Facts, endpoint: str | None) -> Lookup:
    """What this model says at an endpoint of its host, compiled once. A model keeps the facts it was made with."""
    most = info.limits["output"]
    key = (info.id, endpoint, most)
    lookup = _lookups.get(key)
    if lookup is None or lookup.profile.facts is not facts:
        lookup = _lookups[key] = Lookup(
            Profile(facts, rules_for(info, endpoint), most, spellings_at(info.provider, endpoint or ""))
        )
    return lookup


def check_call(call: Call) -> list[str]:
    """Hold the call against the registry; raise, warn or drop as it says. Return what was warned of."""
    if call.on_unsupported not in _ANSWERS:
        raise ValueError(f"on_unsupported={call.on_unsupported!r} is none of: {', '.join(map(repr, _ANSWERS))}")
    info = call.info
    if info is None:
        return []
    if info.facts is None:
        text = f'"{info.id}" is {UNVERIFIED}: its id is known and its capabilities are not, so nothing was checked.'
        warnings.warn(text, UnverifiedModelWarning, stacklevel=4)
        return [text]
    found = _findings(_lookup(info, info.facts, call.endpoint), info, call.endpoint, call.params, call.messages)
    told: list[str] = []
    for finding in missing_first(call, found) if found else ():
        told.append(decide(call, finding))  # noqa: PERF401 (a comprehension is a frame of its own, and warnings count frames)
    return told


def _findings(
    lookup: Lookup, info: ModelInfo, endpoint: str | None, params: Params, messages: list[Message]
) -> list[Finding]:
    found: list[Finding] = []
    for name, value in params.items():
        for clause in lookup[name]:
            if not clause.admits(value, params):
                found.append(clause.finding(value, params))
                break
    for clause in lookup.together:
        name = clause.name
        if name in params and not clause.admits(params[name], params):
            found.append(clause.finding(params[name], params))
    feature, read = "system", lookup.parts
    for message in messages:
        # Most of a long history is told apart in this one step.
        if type(message) is AssistantMessage or (
            type(message) is UserMessage and read.issuperset(map(type, message.content))
        ):
            feature = "system_messages"
        elif isinstance(message, SystemMessage):
            if lookup[feature]:
                found.append(_instructions(lookup.profile, messages, message, feature))
        else:
            feature = "system_messages"
            if isinstance(message, UserMessage):
                found += _parts(lookup.profile, messages, message)
    last = messages[-1] if messages else None
    if type(last) is AssistantMessage and _is_refused_prefill(lookup, info, endpoint, last):
        found.append(_prefill(lookup.profile, messages))
    return found


def _is_refused_prefill(lookup: Lookup, info: ModelInfo, endpoint: str | None, last: AssistantMessage) -> bool:
    """Whether the API takes a last assistant message for the beginning of the answer, and the model takes none."""
    refused = lookup.profile.rules["prefill"].refused
    return refused and "last_answer" in rules_of(info.provider, endpoint).refuses and is_prefill(last)


def _prefill(profile: Profile, messages: list[Message]) -> Finding:
    last: Any = messages[-1]
    text = "".join(part.text for part in last.content if isinstance(part, (p.Text, p.Refusal)))
    what = "an assistant message at the end (`prefill`)"
    when, advice = profile.rules["prefill"].when, "End with a user message"
    return Finding("prefill", text, (), when, what, advice, lambda: drop_from_messages(messages, last))


# --- content ------------------------------------------------------------------------------------------------------


_INSTRUCTIONS: Mapping[str, tuple[str, str]] = {
    "system": ("`system`", "Put the instructions into the user message"),
    "system_messages": ("system messages in mid-conversation", "Put the instructions at the start"),
}
"""Feature -> what it is called, and what to do without it."""


def _instructions(profile: Profile, messages: list[Message], message: SystemMessage, feature: str) -> Finding:
    when = profile.rules[feature].when
    return Finding(
        feature, message.text, (), when, *_INSTRUCTIONS[feature], lambda: drop_from_messages(messages, message)
    )


def _parts(profile: Profile, messages: list[Message], message: UserMessage[Any]) -> Iterator[Finding]:
    for part in message.content:
        found = _part(profile, part)
        if found:
            yield found._replace(drop=lambda part=part: drop_from_messages(messages, part))


def _part(profile: Profile, part: Any) -> Finding | None:
    rules, kind = profile.rules, f"llm.{part.__class__.__name__}"
    modality = MODALITY.get(part.__class__)
    if modality is not None and modality not in rules["input"].values:
        reason = UNVERIFIED if modality in profile.facts["unverified_input"] else "never"
        what = f"{modality} input (`{kind}`)"
        return Finding(f"input.{modality}", part, rules["input"].values, reason, what, "Leave the part out", _nothing)
    if isinstance(part, p.CachePoint):
        rule = rules["cache"]
        if rule.refused or (part.ttl is not None and part.ttl not in rule.values):
            reason = rule.when if rule.refused else "value"
            what = f"`llm.CachePoint(ttl={shown(part.ttl)})`"
            return Finding("cache.point", part.ttl, rule.values, reason, what, "Leave the part out", _nothing)
    if isinstance(part, p.ToolOutput) and rules["tools"].refused:
        return Finding("tools", part, (), rules["tools"].when, f"`{kind}`", "Say the result in words", _nothing)
    return None


def _nothing() -> None:
    """Replaced where the part's place is known."""
