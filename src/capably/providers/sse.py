"""Server-sent events: raw bytes in any chunking, in; the data of each event, as parsed JSON, out.

Fast for what the providers send (one `data:` line per event) and right for what the standard allows (several `data:`
lines, comments, CRLF or CR line ends, an event cut by the end of a chunk).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any

from capably.providers.json import load_json

_END_OF_EVENT = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINES = re.compile(rb"\r\n|\n|\r")


class SSEBuffer:
    """Collects bytes and returns the data of complete events. Shared by the sync and the async reader."""

    __slots__ = ("_pending", "_tail")

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._tail = b""
        """The last bytes of what is pending: as many as may be part of an end of an event that follows."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events that are complete now, each as its lines."""
        self._pending.append(chunk)
        before, self._tail = self._tail, chunk[-3:] if len(chunk) > 2 else (self._tail + chunk)[-3:]
        if b"\n" not in chunk and b"\r" not in chunk:  # The middle of a long line, such as a picture.
            return []
        if not _ends_event(before + chunk):  # The middle of a long event. Earlier bytes were searched already.
            return []
        pending = b"".join(self._pending)
        blocks = _END_OF_EVENT.split(pending) if b"\r" in pending else pending.split(b"\n\n")
        # A CR at the very end may be the first half of a CRLF, so an event is only over when more than that follows.
        self._pending = [blocks.pop()]
        self._tail = self._pending[0][-3:]
        return blocks

    def end(self) -> list[bytes]:
        """Return the last event, if the stream ended without an empty line."""
        last, self._pending, self._tail = b"".join(self._pending), [], b""
        return [last]


def _ends_event(data: bytes) -> bool:
    return b"\n\n" in data or (b"\r" in data and _END_OF_EVENT.search(data) is not None)


def data_of(block: bytes) -> bytes:
    """Return the data of one event; empty for comments, keep-alives and the closing `[DONE]`."""
    data = block[5:] if block.startswith(b"data:") else block.partition(b"\ndata:")[2]
    if b"\n" in data or b"\r" in block:
        lines = [line[5:].removeprefix(b" ") for line in _LINES.split(block) if line.startswith(b"data:")]
        data = b"\n".join(lines)
    data = data.strip()
    return b"" if data == b"[DONE]" else data


def decode_sse(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Yield the parsed events of a byte stream. Raise `msgspec.DecodeError` for data that is no JSON."""
    buffer = SSEBuffer()
    for chunk in chunks:
        for block in buffer.feed(chunk):
            if data := data_of(block):
                yield load_json(data)
    for block in buffer.end():
        if data := data_of(block):
            yield load_json(data)


async def decode_sse_async(chunks: AsyncIterable[bytes]) -> AsyncIterator[Any]:
    """Yield the same as `decode_sse`, asynchronously."""
    buffer = SSEBuffer()
    async for chunk in chunks:
        for block in buffer.feed(chunk):
            if data := data_of(block):
                yield load_json(data)
    for block in buffer.end():
        if data := data_of(block):
            yield load_json(data)
