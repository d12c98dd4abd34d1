"""Events of `streamGenerateContent?alt=sse` -> chunks, and in the end the reply that `generateContent` would give.

Every event is itself a body with a piece of the answer. Texts arrive in deltas, other parts in one event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from capably.providers.google.citations import SOURCES, cite
from capably.providers.google.decode import blocked_by, decode_reply, is_error
from capably.providers.google.errors import error_of, malformed
from capably.providers.google.partial import PartialCall, is_partial
from capably.providers.google.parts import PartReader
from capably.providers.json import (
    as_object,
    body_of,
    is_sendable,
    mend_json,
    object_in,
    object_of,
    objects_of,
    text_in,
    text_of,
)
from capably.types import parts as p
from capably.types.arguments import args_text
from capably.types.errors import ServerError
from capably.types.json import mend
from capably.types.request import Request
from capably.types.response_data import UNREADABLE, ResponseData, build_part
from capably.types.stream import Chunk, TextBuffer
from capably.types.values import set_field

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject

UNSPECIFIED = "FINISH_REASON_UNSPECIFIED"
"""No reason. Some gateways write the default of the enum into each event."""

APPENDED = frozenset({"citationMetadata", "logprobsResult"})
"""Fields of a candidate whose lists grow from event to event; of the others the last one stands."""


class GoogleAccumulator:
    """The accumulator of one stream.

    A text is announced as complete (`part`) when another part follows or the answer ends. Citations come with the last
    event, and then stand in the texts that were announced before, too.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._reader = PartReader(request)
        self._reply: JsonObject = {}
        self._candidates: dict[int, JsonObject] = {}
        self._others: defaultdict[int, list[Json]] = defaultdict(list)
        """The parts of the candidates that are not the answer."""
        self._answer: int | None = 0 if _wants_several(request) else None
        """The index of the candidate that is the answer: 0 of several, else that of the first one that says anything."""
        self._content: JsonObject = {}
        self._wire = _WireParts()
        self._partial: PartialCall | None = None
        self._parts: list[p.Part] = []
        self._open: type[p.Text | p.Thought] | None = None
        """The class of the text that is open."""
        self._begin = 0
        """The wire part that the open text begins with."""
        self._more = False
        """Whether more of it arrived since it was announced."""
        self.ended: bool = False
        self._ends = 0
        """How many events had a finish reason."""
        self._given: list[Chunk] = []
        """The steps of the event that is being read."""

    def feed(self, event: Json) -> Sequence[Chunk]:
        """Return the chunks of one event. Raise our error for an event that reports a failure."""
        if is_error(event):
            raise error_of(event)
        try:
            self._given = []
            for one in event if isinstance(event, list) else (event,):  # A list is all events, without `alt=sse`.
                if is_error(one):
                    raise error_of(one)
                self._feed(as_object(one, "event"))
        except UNREADABLE as error:
            raise malformed(str(error), event) from error
        return self._given

    def reply(self) -> ResponseData:
        """Return the complete reply. Raise `ServerError` if the stream ended without a finish reason."""
        if not self.ended:
            raise ServerError(
                "The stream was cut: it ended without a finish reason, so the answer is not whole [google]",
                provider="google",
                body=self._body(),
            )
        return decode_reply(body_of(self._body())[1], self._request)

    def forget(self) -> None:
        """Drop everything except the state of the answer: whether it calls functions, why it ended, what it cost."""
        self._wire.forget()
        self._begin, self._more = len(self._wire), False
        self._parts = [] if self._open is None else [self._open("")]
        self._others.clear()
        for index, candidate in self._candidates.items():
            for key in (*APPENDED, *(("content",) if index != self._answer else ())):
                candidate.pop(key, None)

    def _body(self) -> JsonObject:
        """Build the body that the same answer would have had without streaming."""
        order = sorted(self._candidates, key=lambda index: (index != self._answer, index))
        candidates = [self._candidates[index] for index in order]
        if self._content:
            parts = self._wire.joined()
            content: JsonObject = {**self._content, "parts": parts} if parts else self._content
            candidates[0] = {"content": content, **candidates[0]}
        return {"candidates": [*candidates], **self._reply} if candidates else self._reply

    def _feed(self, event: JsonObject) -> None:
        _merge(self._reply, event, "candidates")
        if "promptFeedback" in event and blocked_by(event) is not None:
            self.ended = True
        for candidate in objects_of(event, "candidates"):
            index = candidate.get("index") or 0
            if not isinstance(index, int):
                raise ValueError(f"the index of a candidate is {index!r}")
            merged = self._candidates.setdefault(index, {})
            _merge(merged, candidate, "content")
            content = object_of(candidate, "content")
            if self._answer is None and (content or "finishReason" in candidate):
                self._answer = index
            if index == self._answer:
                self._feed_first(candidate, content, merged)
            elif content:
                parts = self._others[index]
                parts.extend(objects_of(content, "parts"))
                merged["content"] = {**content, "parts": parts}

    def _feed_first(self, candidate: JsonObject, content: JsonObject, merged: JsonObject) -> None:
        """Read the first candidate; the others are only collected."""
        self._content = content or self._content
        for part in objects_of(content, "parts"):
            self._take(part)
        if candidate.get("finishReason") not in (None, "", UNSPECIFIED):
            self._end(merged)

    def _end(self, candidate: JsonObject) -> None:
        """Announce the open parts. More may follow: Google also sends STOP before the results of an MCP server's
        tools."""
        self.ended = True
        self._end_call()
        self._ends += 1
        if self._ends > 16 and self._ends & (self._ends - 1):
            return  # A finish reason in every event must not announce the text so far with every event.
        self._announce()
        if SOURCES.isdisjoint(candidate):
            return
        for part in self._parts:
            if isinstance(part, p.Text):
                set_field(part, "citations", ())
        cite(candidate, self._parts, ())

    def _take(self, part: JsonObject) -> None:
        if part.get("text") is not None:
            if self._partial is not None:
                self._end_call()
            text = text_in(part, "text")
            if text:
                self._take_text(p.Thought if part.get("thought") is True else p.Text, text)
            self._wire.add_text(part, text)
            return
        if part.get("functionCall") is not None:
            call = object_in(part, "functionCall")
            if not call or (self._partial is not None and not call.get("name")):
                self._go_on_with(call)
                return
            self._end_call()
            if is_partial(call):
                self._partial = PartialCall(part)
                if not call.get("willContinue"):
                    self._end_call()
                return
        self._take_complete(part)

    def _take_text(self, kind: type[p.Text | p.Thought], text: str) -> None:
        if self._open is not kind:
            self._announce()
            self._open = kind
            self._parts.append(kind(text))
            self._begin = len(self._wire)
        self._more = True
        self._given.append(Chunk("thought" if kind is p.Thought else "text", len(self._parts) - 1, text))

    def _announce(self) -> None:
        """Announce the open text as complete. It stays open, because Google may continue it."""
        if self._open is not None and self._more:
            self._more = False
            self._wire.end_text()
            complete = self._parts[-1] = self._open(self._wire.text_from(self._begin))
            self._given.append(Chunk("part", len(self._parts) - 1, part=complete))

    def _take_complete(self, part: JsonObject) -> None:
        later = self._reader.read(part)
        self._wire.add(part, within_text=later is None)
        if later is None:
            return
        complete = build_part(later)
        self._announce()
        self._open = None
        index = len(self._parts)
        if isinstance(complete, p.ToolCall):
            text = args_text(complete)
            if not is_sendable(text):  # As in the reply, whose body is mended.
                complete = complete.__replace__(args=mend_json(complete.args))
            self._given.append(Chunk("tool_call", index, text, id=complete.id, name=complete.name))
        self._parts.append(complete)
        self._given.append(Chunk("part", index, part=complete))

    def _go_on_with(self, call: JsonObject) -> None:
        """Add a piece to the open call, or end it."""
        if self._partial is not None:
            self._partial.add(call)
            if not call.get("willContinue"):
                self._end_call()

    def _end_call(self) -> None:
        if self._partial is not None:
            part, self._partial = self._partial.part, None
            self._take_complete(part)


class _WireParts:
    """The parts of the complete answer in Google's form.

    Neighbouring texts are joined; a part with a signature stays by itself, since Gemini wants it back as it was. Where
    half a surrogate pair ends one of them, and the other half begins the next one, the pair goes into the next one.
    """

    __slots__ = ("_last", "_parts", "_run", "_thought")

    def __init__(self) -> None:
        self._parts: list[tuple[JsonObject, TextBuffer | None]] = []
        self._run: TextBuffer | None = None
        self._thought: Json = None
        """What the last text says of itself: a thought is one with `True`, and not with `1`, which equals it."""
        self._last: int | None = None
        """The place of the last text, if the next one continues it."""

    def add(self, part: JsonObject, *, within_text: bool) -> None:
        self._parts.append((part, None))
        self._run = None
        if not within_text:
            self._last = None

    def add_text(self, part: JsonObject, text: str) -> None:
        if len(part) > 1 and not part.keys() <= _PLAIN_TEXT:
            if text:
                part, text = self._begin(part, text)
            self.add(part, within_text=True)
            return
        if not text:
            return
        if self._run is None or part.get("thought") is not self._thought:
            part, text = self._begin(part, text)
            self._run = TextBuffer()
            self._parts.append((part, self._run))
        self._run += text.encode("utf-8", "surrogatepass")

    def end_text(self) -> None:
        """Let half a surrogate pair at the end of the text stand alone: the text is announced, and its deltas are out."""
        if self._last is None:
            return
        part, run = self._parts[self._last]
        if run is None:
            self._parts[self._last] = ({**part, "text": mend_json(part["text"])}, None)
        elif run[-3:].startswith(b"\xed"):  # As all surrogates do.
            run[:] = str(run).encode()

    def _begin(self, part: JsonObject, text: str) -> tuple[JsonObject, str]:
        """Return a part that is about to be added, and its text, with the half of a pair that the text before ends with."""
        last, before = self._last, self._thought
        self._last, self._thought = len(self._parts), part.get("thought")
        if last is None or (self._thought is True) is not (before is True) or not "\udc00" <= text[0] <= "\udfff":
            return part, text
        wire, run = self._parts[last]
        written = text_in(wire, "text") if run is None else run.since(0)
        if not "\ud800" <= written[-1:] <= "\udbff":
            return part, text
        self._parts[last] = ({**wire, "text": written[:-1]}, None)
        text = written[-1] + text
        return {**part, "text": text}, text

    def forget(self) -> None:
        """Drop all parts; of calls, keep only the names."""
        calls = [object_in(part, "functionCall") for part, _ in self._parts if _is_call(part)]
        self._parts = [({"functionCall": {"name": call.get("name")}}, None) for call in calls]
        self._run = self._last = None

    def __len__(self) -> int:
        return len(self._parts)

    def text_from(self, place: int) -> str:
        """Return the texts from this part on, joined."""
        pieces = (text_of(part, "text") or "" if run is None else str(run) for part, run in self._parts[place:])
        text = "".join(pieces)
        return text if is_sendable(text) else mend(text)

    def joined(self) -> list[Json]:
        return [part if run is None else {**part, "text": str(run)} for part, run in self._parts]


_PLAIN_TEXT = {"text", "thought"}


def _is_call(part: JsonObject) -> bool:
    return part.get("functionCall") is not None and part.get("text") is None


def _wants_several(request: Request) -> bool:
    """Return whether the caller has asked for several candidates."""
    options = request.extra.get("generationConfig") if request.extra else None
    return isinstance(options, Mapping) and cast("Mapping[str, object]", options).get("candidateCount", 1) != 1


def _merge(merged: JsonObject, fields: JsonObject, excluded: str) -> None:
    """Merge all fields but one of an event, or of a candidate in it. An empty value never replaces an earlier one."""
    for key, value in fields.items():
        if key == excluded:
            continue
        if isinstance(value, dict):
            _merge_object(merged, key, value)
        elif value is not None and value != UNSPECIFIED and (value != "" or key not in merged):
            merged[key] = value


def _merge_object(merged: JsonObject, key: str, new: JsonObject) -> None:
    if key == "usageMetadata" and "totalTokenCount" in new:
        # Counts are totals of the answer so far: one that a later event lacks is 0, not its earlier value.
        merged[key] = dict(new)
        return
    before = merged.get(key)
    if not isinstance(before, dict):
        merged[key] = before = {}  # Made here, so it may grow in place, and the lists in it, too.
    for field, more in new.items():
        if key in APPENDED and isinstance(more, list):
            old = before.get(field)
            if not isinstance(old, list):
                before[field] = old = []
            old.extend(more)
        else:
            before[field] = more
