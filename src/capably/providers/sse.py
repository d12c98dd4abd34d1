"""Server-sent events: raw bytes in any chunking, in; the data of each event, as parsed JSON, out.

Fast for what the providers send (one `data:` line per event) and right for what the standard allows (several `data:`
lines, comments, CRLF or CR line ends, an event cut by the end of a chunk).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any

from capably.providers.wire import load_json

_END_OF_EVENT = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINES = re.compile(rb"\r\n|\n|\r")


class SSEBuffer:
    """Collects bytes and gives out whole events. Shared by the sync and the async reader."""

    __slots__ = ("_pending",)

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, chunk: bytes) -> Iterator[Any]:
        """Events that are complete now. Lazy: an event is parsed when it is asked for."""
        pending = self._pending + chunk if self._pending else chunk
        blocks = _END_OF_EVENT.split(pending) if b"\r" in pending else pending.split(b"\n\n")
        # A CR at the very end may be the first half of a CRLF, so an event is only over when more than that follows.
        self._pending = blocks.pop()
        for block in blocks:
            data = data_of(block)
            if data:
                yield load_json(data)

    def end(self) -> Iterator[Any]:
        """The last event, where the stream ended without an empty line."""
        data = data_of(self._pending)
        self._pending = b""
        if data:
            yield load_json(data)


def data_of(block: bytes) -> bytes:
    """The data of one event; empty for comments, keep-alives and the closing `[DONE]`."""
    if b"\n" not in block and b"\r" not in block:
        data = block[5:].strip() if block.startswith(b"data:") else b""
    else:
        lines = [line[5:].removeprefix(b" ") for line in _LINES.split(block) if line.startswith(b"data:")]
        data = b"\n".join(lines).strip()
    return b"" if data == b"[DONE]" else data


def decode_sse(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Events of a byte stream. A data field that is no JSON raises `msgspec.DecodeError`."""
    buffer = SSEBuffer()
    for chunk in chunks:
        yield from buffer.feed(chunk)
    yield from buffer.end()


async def decode_sse_async(chunks: AsyncIterable[bytes]) -> AsyncIterator[Any]:
    """The asynchronous twin of `decode_sse`."""
    buffer = SSEBuffer()
    async for chunk in chunks:
        for event in buffer.feed(chunk):
            yield event
    for event in buffer.end():
        yield event
