"""A streamed reply, event by event. Source: anthropic 2.12.0, lib/streaming/_beta_messages.py (read 2026-11-22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from capably.providers.anthropic.decode import decode_block, decode_reply, malformed_reply
from capably.providers.anthropic.errors import error_from_body
from capably.providers.json import body_of, is_object, list_in, object_in, object_of, text_in, text_of
from capably.types.arguments import args_text, read_arguments
from capably.types.errors import ServerError
from capably.types.parts import ToolCall
from capably.types.request import Request
from capably.types.response_data import ResponseData, build_part
from capably.types.stream import Chunk, TextBuffer

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject

_GROWING = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "input_json_delta": ("partial_json", "input"),
}
"""Deltas that append to a text -> the field they carry it in, the block's field that it is for."""

_SHOWN: dict[tuple[str, str], Literal["text", "thought", "tool_call"]] = {
    ("text_delta", "text"): "text",
    ("thinking_delta", "thinking"): "thought",
    ("input_json_delta", "tool_use"): "tool_call",
}
"""Deltas that a reader of the stream sees, with the kind of their block -> the kind of chunk."""

_BEGINNINGS: dict[str, JsonObject] = {
    "text_delta": {"type": "text", "text": ""},
    "citations_delta": {"type": "text", "text": ""},
    "thinking_delta": {"type": "thinking", "thinking": "", "signature": ""},
}
"""Deltas that say what block they are for -> its beginning. A tool call has a name, which no delta has."""

_FOREIGN = frozenset(
    (delta, block)
    for delta, owners in (
        ("text_delta", ("text",)),
        ("citations_delta", ("text",)),
        ("thinking_delta", ("thinking",)),
        ("input_json_delta", ("tool_use", "redacted_thinking")),
    )
    for block in ("text", "thinking", "redacted_thinking", "tool_use")
    if block not in owners
)
"""Deltas with the kinds of blocks that they are not for: they are for a block that did not begin. What a new kind takes, nobody
knows."""

_EMPTY: JsonObject = {"text": "", "thinking": "", "citations": None, "input": {}}
"""Contents of an open block after its text was dropped."""

_OWN_FIELDS = frozenset({"type", *_EMPTY})
"""Fields of a block that a delta of an unknown kind does not set."""


class _Block:
    """A block of the message: its JSON as it began, and the texts that its deltas append, until it is complete."""

    __slots__ = ("grown", "is_open", "kind", "place", "wire")

    def __init__(self, place: int, wire: JsonObject) -> None:
        self.place: int = place
        self.kind: str = text_in(wire, "type")
        self.wire: JsonObject = wire
        self.grown: defaultdict[str, TextBuffer] = defaultdict(TextBuffer)
        self.is_open: bool = True

    def complete(self) -> None:
        """Join the collected pieces. Unreadable arguments stay text, which the decoder understands."""
        self.is_open = False
        for field, text in self.grown.items():
            grown, before = str(text), self.wire.get(field)
            if field != "input":
                self.wire[field] = before + grown if isinstance(before, str) else grown
            elif grown:
                self.wire["input"] = _object_or_text(grown)
        self.grown.clear()

    def change(self, kind: Json, delta: JsonObject) -> None:
        """Apply a delta that is complete in itself: add a citation, or set the fields of any other kind, but for those that
        grow."""
        if kind == "citations_delta":
            citations = self.wire.get("citations")
            if not isinstance(citations, list):
                self.wire["citations"] = citations = []
            citations.append(delta["citation"])
        else:
            more = {name: value for name, value in delta.items() if name not in _OWN_FIELDS}
            self.wire.update((name, value) for name, value in more.items() if value or not self.wire.get(name))

    def forget(self) -> None:
        """Drop the text that was collected."""
        self.wire.update(_EMPTY)
        for text in self.grown.values():
            text.clear()


class MessageAccumulator:
    """Rebuilds the message from its events, block by block.

    Blocks stand in the order in which they begin. Their `index` only says which of them an event is for: it may begin at
    any number, and count anew after a second `message_start`.
    """

    __slots__ = ("_begun", "_blocks", "_by_index", "_counted", "_last", "_message", "_provider", "_request", "ended")

    def __init__(self, request: Request, *, provider: str = "anthropic") -> None:
        self._request = request
        self._provider = provider
        self._message: JsonObject = {}
        self._begun = 0
        """How many blocks have begun."""
        self._counted = False
        """Whether the tokens of the answer arrived. The number at its beginning is none: the answer was still to come."""
        self._blocks: list[_Block] = []
        self._by_index: dict[object, _Block] = {}
        """`index` of an event -> the block that last began with it."""
        self._last: _Block | None = None
        """The block that last began: events without an index are for it."""
        self.ended: bool = False

    def feed(self, event: Json) -> Sequence[Chunk]:
        """Return the chunks of one event; none for new kinds of events and events without content."""
        try:
            if type(event) is not dict:
                raise TypeError("it is no object")
            kind = event["type"] if "type" in event else "error" if "error" in event else ""  # noqa: SIM401
            return self._EVENTS[kind](self, event) if kind in self._EVENTS else ()
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise malformed_reply(f"holds an event that makes no sense ({error!r})", event, self._provider) from error

    def reply(self) -> ResponseData:
        """Return the reply that `call` would have returned. Raise `ServerError` if the stream was cut."""
        message = self._rebuilt()
        if not self.ended:
            why = "The stream was cut: it ended before the provider said that the message was complete"
            raise ServerError(f"{why} ({self._provider}).", provider=self._provider, body=message)
        return decode_reply(body_of(message)[1], self._request, provider=self._provider)

    def forget(self) -> None:
        """Drop finished blocks, and the text collected in open ones."""
        self._blocks = [block for block in self._blocks if block.is_open]
        self._by_index = {index: block for index, block in self._by_index.items() if block.is_open}
        self._last = self._last if self._last and self._last.is_open else None
        for block in self._blocks:
            block.forget()

    def _rebuilt(self) -> JsonObject:
        for block in self._blocks:
            if block.is_open:
                block.complete()
        content: list[Json] = [block.wire for block in self._blocks]
        message: JsonObject = {"type": "message", "role": "assistant", **self._message, "content": content}
        usage = message.get("usage")
        if is_object(usage) and not self._counted:
            message["usage"] = {name: count for name, count in usage.items() if name != "output_tokens"}
        return message

    def _start(self, event: JsonObject) -> Sequence[Chunk]:
        """Begin the message, with what it has of content already. A second beginning goes on with the same one, as in the SDK,
        and counts blocks anew."""
        self._by_index.clear()
        message, first = object_in(event, "message"), not self._message
        for name, value in message.items():
            if name != "content" and not self._message.get(name):
                self._message[name] = value
        chunks: list[Chunk] = []
        for index, block in enumerate(list_in(message, "content") if first and message.get("content") else ()):
            place: JsonObject = {"index": index, "content_block": block}
            chunks += [*self._start_block(place), *self._stop_block(place)]
        return chunks

    def _complete(self, event: JsonObject) -> Sequence[Chunk]:
        """Read a complete message in place of a stream."""
        chunks, self._counted, self.ended = self._start({"message": event}), True, True
        return chunks

    def _start_block(self, event: JsonObject) -> Sequence[Chunk]:
        wire = dict(object_in(event, "content_block"))
        citations = wire.get("citations")
        if isinstance(citations, list):
            wire["citations"] = citations.copy()  # They grow, and the event is not ours.
        block = self._begin(event, wire)
        kind, place = block.kind, block.place
        if kind == "tool_use":
            return (Chunk("tool_call", place, id=text_in(wire, "id"), name=text_in(wire, "name")),)
        if kind == "fallback" and (model := text_of(object_of(wire, "to"), "model")):
            self._message["model"] = model
        if kind in ("text", "thinking") and (text := text_in(wire, kind)):
            return (Chunk("text" if kind == "text" else "thought", place, text),)
        return ()

    def _begin(self, event: JsonObject, wire: JsonObject) -> _Block:
        index = event.get("index")
        if index is not None and not isinstance(index, int):
            raise TypeError(f"'index' is a {type(index).__name__}, not an int")
        block = self._last = _Block(self._begun, wire)
        self._by_index[block.place if index is None else index] = block
        self._blocks.append(block)
        self._begun += 1
        return block

    def _delta(self, event: JsonObject) -> Sequence[Chunk]:
        delta = event["delta"]
        if type(delta) is not dict:
            raise TypeError(f"'delta' is a {type(delta).__name__}, not an object")
        kind = delta["type"]
        index = event["index"] if "index" in event else None  # noqa: SIM401 - a call less for each delta
        block = self._last if index is None else self._by_index.get(index)
        if block is None or not block.is_open or (kind, block.kind) in _FOREIGN:
            block = self._begin(
                event, dict(_BEGINNINGS[text_in(delta, "type")])
            )  # Its beginning is missing, or it was over.
        if kind not in _GROWING:
            block.change(kind, delta)
            return ()
        carrier, field = _GROWING[kind]
        more = delta[carrier]
        if type(more) is not str:
            raise TypeError(f"{carrier!r} is a {type(more).__name__}, not a str")
        block.grown[field] += more.encode("utf-8", "surrogatepass")
        if not more:
            return ()
        shown = _SHOWN.get((kind, block.kind))
        return (Chunk(shown, block.place, more),) if shown else ()

    def _stop_block(self, event: JsonObject) -> Sequence[Chunk]:
        index = event.get("index")
        block = self._last if index is None else self._by_index.get(index)
        if block is None or not block.is_open:
            return ()
        without_deltas = not block.grown.get("input")
        block.complete()
        done = Chunk("part", block.place, part=build_part(decode_block(block.wire)))
        if without_deltas and isinstance(done.part, ToolCall) and block.wire.get("input"):
            return (Chunk("tool_call", block.place, args_text(done.part)), done)
        return (done,)

    def _change_message(self, event: JsonObject) -> Sequence[Chunk]:
        """Apply stop reasons and final counts. An absent or null count leaves the initial one."""
        message = self._message
        for name, value in object_in(event, "delta").items():
            if value is not None or message.get(name) is None:
                message[name] = value
        before, usage = message.get("usage"), event.get("usage")
        if is_object(usage):
            counts: JsonObject = {name: value for name, value in usage.items() if value is not None}
            message["usage"] = {**before, **counts} if is_object(before) else counts
            self._counted = self._counted or "output_tokens" in counts
        others = {name: value for name, value in event.items() if name not in ("type", "delta", "usage")}
        message.update((name, value) for name, value in others.items() if value is not None or name not in message)
        return ()

    def _stop(self, _: JsonObject) -> Sequence[Chunk]:
        self.ended = True
        return ()

    def _fail(self, event: JsonObject) -> Sequence[Chunk]:
        raise error_from_body(event, provider=self._provider)

    _EVENTS: ClassVar[dict[str, Callable[[MessageAccumulator, JsonObject], Sequence[Chunk]]]] = {
        "message": _complete,
        "message_start": _start,
        "content_block_start": _start_block,
        "content_block_delta": _delta,
        "content_block_stop": _stop_block,
        "message_delta": _change_message,
        "message_stop": _stop,
        "error": _fail,
    }


def _object_or_text(text: str) -> Json:
    args, _, error = read_arguments(text)
    return args if error is None else text
