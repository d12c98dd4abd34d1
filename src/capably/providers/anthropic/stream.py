"""A streamed reply, event by event. Source: anthropic 2.12.0, lib/streaming/_beta_messages.py (read 2026-11-22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import msgspec

from capably.providers.anthropic.decode import decode_block, decode_reply, malformed_reply
from capably.providers.anthropic.errors import error_from_body
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

_SHOWN = {"text_delta": "text", "thinking_delta": "thought"}
"""Deltas that a reader of the stream sees -> the kind of chunk. Arguments are shown for `tool_use` only."""

_EMPTY: dict[str, Any] = {"text": "", "thinking": "", "citations": None, "input": {}}
"""Contents of an open block after its text was dropped."""


class MessageAccumulator:
    """Rebuilds the message from its events, block by block, by index."""

    __slots__ = ("_blocks", "_grown", "_message", "_provider", "_request", "ended")

    def __init__(self, request: Request, *, provider: str = "anthropic") -> None:
        self._request = request
        self._provider = provider
        self._message: dict[str, Any] = {}
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
        body = self._body()
        if not self.ended:
            why = "The stream was cut: it ended before the provider said that the message was complete"
            raise ServerError(f"{why} ({self._provider}).", provider=self._provider, body=msgspec.json.decode(body))
        return decode_reply(body, self._request, provider=self._provider)

    def forget(self) -> None:
        """Drop finished blocks, and the text collected in open ones."""
        self._blocks = {index: block for index, block in self._blocks.items() if index in self._grown}
        for index, block in self._blocks.items():
            block.update(_EMPTY)
            for text in self._grown[index].values():
                text.clear()

    def _body(self) -> bytes:
        for index in list(self._grown):
            self._settle(index)
        return msgspec.json.encode(
            {**self._message, "content": [self._blocks[index] for index in sorted(self._blocks)]}
        )

    def _start(self, event: dict[str, Any]) -> Sequence[Chunk]:
        self._blocks.clear()
        self._grown.clear()
        self._message = dict(event["message"])
        self._message["usage"] = dict(self._message["usage"])
        return ()

    def _start_block(self, event: dict[str, Any]) -> Sequence[Chunk]:
        index, block = event["index"], dict(event["content_block"])
        if not isinstance(index, int):
            raise TypeError(f"'index' is a {type(index).__name__}, not an int")
        if block.get("citations"):
            block["citations"] = list(block["citations"])  # They grow, and the event is not ours.
        self._blocks[index] = block
        self._grown[index] = defaultdict(TextBuffer)
        kind = block["type"]
        if kind == "tool_use":
            return (Chunk("tool_call", index, id=block["id"], name=block["name"]),)
        if kind == "fallback":
            self._message["model"] = block["to"]["model"]
        if kind in ("text", "thinking") and not isinstance(block[kind], str):
            raise TypeError(f"{kind!r} is a {type(block[kind]).__name__}, not a str")
        if kind in ("text", "thinking") and block[kind]:
            return (Chunk("text" if kind == "text" else "thought", index, block[kind]),)
        return ()

    def _delta(self, event: dict[str, Any]) -> Sequence[Chunk]:
        index, delta = event["index"], event["delta"]
        kind = delta["type"]
        if kind not in _GROWING:
            self._change(self._blocks[index], kind, delta)
            return ()
        carrier, field = _GROWING[kind]
        more = delta[carrier]
        if not isinstance(more, str):
            raise TypeError(f"{carrier!r} is a {type(more).__name__}, not a str")
        self._grown[index][field] += more.encode()
        if not more:
            return ()
        shown = _SHOWN.get(kind) or ("tool_call" if self._blocks[index]["type"] == "tool_use" else None)
        return (Chunk(shown, index, more),) if shown else ()  # pyright: ignore[reportArgumentType]

    @staticmethod
    def _change(block: dict[str, Any], kind: str, delta: dict[str, Any]) -> None:
        """Apply a delta that is complete in itself: add a citation, or set the fields of any other kind."""
        if kind == "citations_delta":
            citations: list[Any] = block.get("citations") or []
            citations.append(delta["citation"])
            block["citations"] = citations
        else:
            block.update((name, value) for name, value in delta.items() if name != "type")

    def _stop_block(self, event: dict[str, Any]) -> Sequence[Chunk]:
        index = event["index"]
        block = self._blocks[index]
        without_deltas = not self._grown[index]["input"]
        self._settle(index)
        done = Chunk("part", index, part=build_part(decode_block(block)))
        if without_deltas and isinstance(done.part, ToolCall) and block.get("input"):
            return (Chunk("tool_call", index, args_text(done.part)), done)
        return (done,)

    def _settle(self, index: int) -> None:
        """Join the collected pieces of a block, once. Unreadable arguments stay text, which the decoder understands."""
        block = self._blocks[index]
        for field, text in self._grown.pop(index, defaultdict(TextBuffer)).items():
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
        usage: dict[str, Any] = event.get("usage") or {}
        message["usage"].update((name, value) for name, value in usage.items() if value is not None)
        message.update((name, value) for name, value in event.items() if name not in ("type", "delta", "usage"))
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
