"""A streamed reply, event by event. Source: anthropic 2.12.0, lib/streaming/_beta_messages.py (read 2026-11-22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

from capably.providers.anthropic.decode import decode_block, decode_reply, malformed_reply
from capably.providers.anthropic.errors import error_from_body
from capably.providers.json import body_of, is_object
from capably.types.arguments import args_text, read_arguments
from capably.types.errors import ServerError
from capably.types.parts import ToolCall
from capably.types.request import Request
from capably.types.response_data import ResponseData, build_part
from capably.types.stream import Chunk, TextBuffer

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

_BEGINNINGS: dict[str, dict[str, Any]] = {
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

_EMPTY: dict[str, Any] = {"text": "", "thinking": "", "citations": None, "input": {}}
"""Contents of an open block after its text was dropped."""

_OWN_FIELDS = frozenset({"type", *_EMPTY})
"""Fields of a block that a delta of an unknown kind does not set."""


class MessageAccumulator:
    """Rebuilds the message from its events, block by block.

    Blocks stand in the order in which they begin. Their `index` only says which of them an event is for: it may begin at
    any number, and count anew after a second `message_start`.
    """

    __slots__ = ("_begun", "_blocks", "_counted", "_grown", "_message", "_places", "_provider", "_request", "ended")

    def __init__(self, request: Request, *, provider: str = "anthropic") -> None:
        self._request = request
        self._provider = provider
        self._message: dict[str, Any] = {}
        self._begun = 0
        """How many blocks have begun."""
        self._counted = False
        """Whether the tokens of the answer arrived. The number at its beginning is none: the answer was still to come."""
        self._places: dict[int, int] = {}
        """`index` of an event -> the place of the block that last began with it."""
        self._blocks: dict[int, dict[str, Any]] = {}
        self._grown: dict[int, defaultdict[str, TextBuffer]] = {}
        self.ended: bool = False

    def feed(self, event: Any) -> Sequence[Chunk]:
        """Return the chunks of one event; none for new kinds of events and events without content."""
        try:
            take = self._EVENTS.get(event.get("type", "error" if "error" in event else ""))
            return take(self, event) if take else ()
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
        self._blocks = {place: block for place, block in self._blocks.items() if place in self._grown}
        for place, block in self._blocks.items():
            block.update(_EMPTY)
            for text in self._grown[place].values():
                text.clear()

    def _rebuilt(self) -> dict[str, Any]:
        for place in list(self._grown):
            self._settle(place)
        message = {"type": "message", "role": "assistant", **self._message, "content": list(self._blocks.values())}
        usage = message.get("usage")
        if is_object(usage) and not self._counted:
            message["usage"] = {name: count for name, count in usage.items() if name != "output_tokens"}
        return message

    def _start(self, event: dict[str, Any]) -> Sequence[Chunk]:
        """Begin the message, with what it has of content already. A second beginning goes on with the same one, as in the SDK,
        and counts blocks anew."""
        self._places.clear()
        first = not self._message
        for name, value in event["message"].items():
            if name != "content" and not self._message.get(name):
                self._message[name] = value
        content: list[Any] = (event["message"].get("content") or []) if first else []
        chunks: list[Chunk] = []
        for index, block in enumerate(content):
            place = {"index": index, "content_block": block}
            chunks += [*self._start_block(place), *self._stop_block(place)]
        return chunks

    def _start_block(self, event: dict[str, Any]) -> Sequence[Chunk]:
        block = dict(event["content_block"])
        if block.get("citations"):
            block["citations"] = list(block["citations"])  # They grow, and the event is not ours.
        kind = block["type"]
        if kind in ("text", "thinking") and not isinstance(block[kind], str):
            raise TypeError(f"{kind!r} is a {type(block[kind]).__name__}, not a str")
        place = self._begin(event, block)
        if kind == "tool_use":
            return (Chunk("tool_call", place, id=block["id"], name=block["name"]),)
        if kind == "fallback":
            self._message["model"] = block["to"]["model"]
        if kind in ("text", "thinking") and block[kind]:
            return (Chunk("text" if kind == "text" else "thought", place, block[kind]),)
        return ()

    def _begin(self, event: dict[str, Any], block: dict[str, Any]) -> int:
        index, place = event.get("index"), self._begun
        if index is not None and not isinstance(index, int):
            raise TypeError(f"'index' is a {type(index).__name__}, not an int")
        self._places[place if index is None else index] = place
        self._begun += 1
        self._blocks[place] = block
        self._grown[place] = defaultdict(TextBuffer)
        return place

    def _place(self, event: dict[str, Any]) -> int | None:
        """Return the place of the block that an event is for: of its index, or the last one if it has none."""
        index = event.get("index")
        return self._begun - 1 if index is None else self._places.get(index)

    def _delta(self, event: dict[str, Any]) -> Sequence[Chunk]:
        delta = event["delta"]
        kind = delta["type"]
        index = event["index"] if "index" in event else None  # noqa: SIM401 - a call less for each delta
        place = self._begun - 1 if index is None else self._places.get(index)
        if place not in self._grown or (kind, self._blocks[place]["type"]) in _FOREIGN:
            place = self._begin(event, dict(_BEGINNINGS[kind]))  # Its beginning is missing, or it was over.
        if kind not in _GROWING:
            self._change(self._blocks[place], kind, delta)
            return ()
        carrier, field = _GROWING[kind]
        more = delta[carrier]
        if not isinstance(more, str):
            raise TypeError(f"{carrier!r} is a {type(more).__name__}, not a str")
        self._grown[place][field] += more.encode("utf-8", "surrogatepass")
        if not more:
            return ()
        shown = _SHOWN.get((kind, self._blocks[place]["type"]))
        return (Chunk(shown, place, more),) if shown else ()

    @staticmethod
    def _change(block: dict[str, Any], kind: str, delta: dict[str, Any]) -> None:
        """Apply a delta that is complete in itself: add a citation, or set the fields of any other kind, but for those that
        grow."""
        if kind == "citations_delta":
            citations: list[Any] = block.get("citations") or []
            citations.append(delta["citation"])
            block["citations"] = citations
        else:
            more = {name: value for name, value in delta.items() if name not in _OWN_FIELDS}
            block.update((name, value) for name, value in more.items() if value or not block.get(name))

    def _stop_block(self, event: dict[str, Any]) -> Sequence[Chunk]:
        place = self._place(event)
        if place not in self._grown:
            return ()
        block = self._blocks[place]
        without_deltas = not self._grown[place]["input"]
        self._settle(place)
        done = Chunk("part", place, part=build_part(decode_block(block)))
        if without_deltas and isinstance(done.part, ToolCall) and block.get("input"):
            return (Chunk("tool_call", place, args_text(done.part)), done)
        return (done,)

    def _settle(self, place: int) -> None:
        """Join the collected pieces of a block, once. Unreadable arguments stay text, which the decoder understands."""
        block = self._blocks[place]
        for field, text in self._grown.pop(place, defaultdict(TextBuffer)).items():
            grown = str(text)
            if field != "input":
                block[field] = block.get(field, "") + grown
            elif grown:
                block["input"] = _object_or_text(grown)

    def _change_message(self, event: dict[str, Any]) -> Sequence[Chunk]:
        """Apply stop reasons and final counts. An absent or null count leaves the initial one."""
        message = self._message
        for name, value in event["delta"].items():
            if value is not None or message.get(name) is None:
                message[name] = value
        before, usage = message.get("usage"), event.get("usage")
        if is_object(usage):
            counts = {name: value for name, value in usage.items() if value is not None}
            message["usage"] = {**before, **counts} if is_object(before) else counts
            self._counted = self._counted or "output_tokens" in counts
        others = {name: value for name, value in event.items() if name not in ("type", "delta", "usage")}
        message.update((name, value) for name, value in others.items() if value is not None or name not in message)
        return ()

    def _stop(self, _: dict[str, Any]) -> Sequence[Chunk]:
        self.ended = True
        return ()

    def _fail(self, event: dict[str, Any]) -> Sequence[Chunk]:
        raise error_from_body(event, provider=self._provider)

    _EVENTS: ClassVar[dict[str, Callable[[MessageAccumulator, dict[str, Any]], Sequence[Chunk]]]] = {
        "message_start": _start,
        "content_block_start": _start_block,
        "content_block_delta": _delta,
        "content_block_stop": _stop_block,
        "message_delta": _change_message,
        "message_stop": _stop,
        "error": _fail,
    }


def _object_or_text(text: str) -> dict[str, Any] | str:
    args, _, error = read_arguments(text)
    return args if error is None else text
