"""Calls and outputs of a conversation, paired by their ids, and messages with other ids."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from capably.providers.call_ids import reissued
from capably.types import parts as p
from capably.types.calls import ApprovalRequest
from capably.types.messages import AssistantMessage, Message, Source, UserMessage
from capably.types.values import set_field

if TYPE_CHECKING:
    from capably.types.json_types import JsonObject

ANSWERS = ("tool_use_id", "call_id", "tool_call_id")
"""Where an output in a provider's own JSON names its call."""

NewIds = tuple[str | None, ...]
"""For each part of a message, the id that its call or output is sent with; `None` for other parts."""


class WaitingCall(NamedTuple):
    """A call that waits for its output: its place, and the id that it is sent with."""

    place: int
    part: p.ToolCall
    id: str


class Pairs:
    """The calls that wait for an output, by their original ids."""

    __slots__ = ("answered", "loose", "waiting")

    def __init__(self) -> None:
        self.waiting: dict[str, list[WaitingCall]] = {}
        self.answered: set[str] = set()
        self.loose: set[str] = set()
        """Ids in JSON that has no class here: calls of the provider's own kinds, which the caller may answer."""

    def begin(self) -> None:
        """Forget the calls of the turn before."""
        self.waiting.clear()
        self.answered.clear()

    def take(self, id: str) -> WaitingCall | None:
        """Return the first waiting call with this id, and remove it."""
        calls = self.waiting.get(id)
        if not calls:
            return None
        call = calls.pop(0)
        if not calls:
            del self.waiting[id]
        self.answered.add(id)
        return call

    def take_first(self, name: str) -> WaitingCall | None:
        """Return the first waiting call of a tool, for an output without an id: Gemini pairs by name and order."""
        calls = [call for waiting in self.waiting.values() for call in waiting if name in (call.part.name, "")]
        return self.take(calls[0].part.id) if calls else None


class Ids:
    """Issues the ids that calls are sent with: their own, if the API takes it and no other call has it."""

    __slots__ = ("_counts", "_once", "_pattern", "_taken")

    def __init__(self, pattern: re.Pattern[str] | None, *, once: bool) -> None:
        self._pattern = pattern
        self._once = once
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def of_answer(self, message: AssistantMessage, pairs: Pairs, place: int, *, own: bool) -> NewIds:
        """Return the ids of the calls of an answer. They wait from here on."""
        new: list[str | None] = []
        for part in message.content:
            if isinstance(part, ApprovalRequest):
                pairs.loose.add(part.id)  # It may be left without an answer.
            elif isinstance(part, p.ToolCall):
                id = self._issue(part.id, own)
                pairs.waiting.setdefault(part.id, []).append(WaitingCall(place, part, id))
                new.append(id)
                continue
            if type(part) is p.Unknown and not _is_answer(part, pairs):
                pairs.loose.update(_ids_in(part))
            new.append(None)
        return tuple(new)

    def of_outputs(self, message: UserMessage[p.Part], pairs: Pairs) -> tuple[NewIds, str | None]:
        """Return the ids of the outputs of a message, and that of the first one whose call does not wait."""
        new: list[str | None] = []
        unexpected = None
        for part in message.content:
            id = part.id if type(part) is p.ToolOutput else answered_by(part) if type(part) is p.Unknown else None
            call = (
                None if id is None else pairs.take(id) or (None if id else pairs.take_first(getattr(part, "name", "")))
            )
            new.append(call.id if call else None)
            if id and call is None and type(part) is p.ToolOutput and id not in pairs.loose and unexpected is None:
                unexpected = id
        return tuple(new), unexpected

    def _issue(self, id: str, own: bool) -> str:
        pattern, new = self._pattern, id
        if not own and pattern is not None and not pattern.fullmatch(id):
            new = reissued(id, pattern)
        while new in self._taken and (self._once or not own):
            self._counts[id] = count = self._counts.get(id, 1) + 1
            new = reissued(f"{id}#{count}", pattern)
        self._taken.add(new)
        return new


def answered_by(part: p.Unknown) -> str | None:
    """Return the id of the call that an output in a provider's own JSON answers."""
    fields = _fields_of(part.raw)
    inner = fields.get("functionResponse")
    if isinstance(inner, Mapping):
        return str(_fields_of(cast("object", inner)).get("id") or "")
    if str(fields.get("type")).endswith(("_output", "_result", "_response")):
        return next((str(fields[key]) for key in ANSWERS if fields.get(key)), None)
    return None


def _fields_of(raw: object) -> Mapping[str, object]:
    """Return an object of a provider's own JSON; an empty one where it is something else."""
    return cast("Mapping[str, object]", raw) if isinstance(raw, Mapping) else {}


def _is_answer(part: p.Unknown, pairs: Pairs) -> bool:
    """Return whether the part is the output of a call of the same answer."""
    id = answered_by(part)
    return id is not None and (pairs.take(id) if id else pairs.take_first("")) is not None


def _ids_in(part: p.Unknown) -> list[str]:
    fields = _fields_of(part.raw)
    return [value for key in ("id", "call_id") if isinstance(value := fields.get(key), str)]


# --- other ids ----------------------------------------------------------------------------------------------------


def renamed(message: UserMessage[p.Part] | AssistantMessage, new: NewIds, *, own: bool) -> Message:
    """Return the message with these ids, or itself if it has them. The copy is cached with its wire form."""
    if all(id is None or id == _id_of(part) for id, part in zip(new, message.content, strict=True)):
        return message
    before: tuple[NewIds, Message] | None = getattr(message, "_renamed", None)
    if before is not None and before[0] == new:
        return before[1]
    content = [part if id is None else _with_id(part, id) for id, part in zip(new, message.content, strict=True)]
    other: Message
    if isinstance(message, AssistantMessage):
        source = message.source
        other = AssistantMessage(content, _with_ids(source, new) if own and source else source)
    else:
        other = UserMessage(content)
    set_field(message, "_renamed", (new, other))
    return other


def _id_of(part: p.Part) -> str | None:
    return answered_by(part) if type(part) is p.Unknown else getattr(part, "id", None)


def _with_id(part: p.Part, id: str) -> p.Part:
    if isinstance(part, p.Unknown):
        return p.Unknown(part.kind, {key: id if key in ANSWERS else value for key, value in part.raw.items()})
    return part.__replace__(id=id)


def _with_ids(source: Source, new: Sequence[str | None]) -> Source:
    """Return Anthropic's own JSON with new ids of its calls, for an id that a conversation has twice."""
    wire = cast("dict[str, list[JsonObject]]", source.wire)
    ids = iter([id for id in new if id is not None])
    content = [
        {**block, "id": next(ids, block["id"])} if block.get("type") == "tool_use" else block
        for block in wire["content"]
    ]
    return source.__replace__(wire={**wire, "content": content})
