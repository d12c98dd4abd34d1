"""Server-sent events: raw bytes in any chunking, in; the data of each event, as parsed JSON, out.

Fast for what the providers send (one `data:` line per event) and right for what the standard allows (several `data:`
lines, comments, CRLF or CR line ends, an event cut by the end of a chunk). A JSON document without `data:`, which hosts send
instead of a stream or in the middle of one, is an event as well.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any

from capably.http import BodyTooLargeError
from capably.providers.json import load_json

MAX_EVENT = 256 * 1024 * 1024
"""Bytes of one event. A longer one is an error: no picture is that large."""

_END_OF_EVENT = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINES = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class SSEBuffer:
    """Collects bytes and returns the complete events, each as its lines."""

    __slots__ = ("_pending", "_size", "_tail")

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._size = 0
        self._tail = b""
        """The last bytes of what is pending: as many as may be part of an end of an event that follows."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events that are complete now, each as its lines."""
        self._pending.append(chunk)
        before, self._tail = self._tail, chunk[-3:] if len(chunk) > 2 else (self._tail + chunk)[-3:]
        if (b"\n" not in chunk and b"\r" not in chunk) or not _ends_event(before + chunk):
            # The middle of a long line, or of a long event. Earlier bytes were searched already.
            self._size += len(chunk)
            if self._size > MAX_EVENT:
                raise BodyTooLargeError(f"an event of the stream has more than {MAX_EVENT:,} bytes")
            return []
        pending = b"".join(self._pending)
        blocks = _END_OF_EVENT.split(pending) if b"\r" in pending else pending.split(b"\n\n")
        # A CR at the very end may be the first half of a CRLF, so an event is only over when more than that follows.
        self._pending = [blocks.pop()]
        self._size = len(self._pending[0])
        self._tail = self._pending[0][-3:]
        return blocks

    def end(self) -> list[bytes]:
        """Return the last event, if the stream ended without an empty line."""
        last, self._pending, self._tail, self._size = b"".join(self._pending), [], b"", 0
        return [last]


class SSEDecoder:
    """Turns the bytes of a stream into parsed events, each when it is needed. Shared by the sync and the async reader.

    `done` is set by `[DONE]`, after which nothing follows. Raises `msgspec.DecodeError` for data that is no JSON.
    """

    __slots__ = ("_bare", "_begun", "_buffer", "done")

    def __init__(self) -> None:
        self._buffer = SSEBuffer()
        self._begun = False
        self._bare: list[bytes] | None = None
        self.done: bool = False

    def feed(self, chunk: bytes) -> Iterator[Any]:
        """Yield the events that are complete now."""
        if not self._begun:
            self._begun = True
            chunk = chunk.removeprefix(_BYTE_ORDER_MARK)
        return self._events(self._buffer.feed(chunk))

    def end(self) -> Iterator[Any]:
        """Yield what is left when the stream is over."""
        yield from self._events(self._buffer.end())
        if self._bare is not None and not self.done:
            yield load_json(b"\n\n".join(self._bare))

    def _events(self, blocks: list[bytes]) -> Iterator[Any]:
        for block in blocks:
            if self._bare is not None:
                self._bare.append(block)
                continue
            data = block[5:] if block.startswith(b"data:") else block.partition(b"\ndata:")[2]
            if not data or b"\n" in data or b"\r" in block:
                data, bare = _read_lines(block)
                self._bare = bare
            data = data.strip()
            if data == b"[DONE]":
                self.done = True
                return
            if data:
                yield load_json(data)


def _ends_event(data: bytes) -> bool:
    return b"\n\n" in data or (b"\r" in data and _END_OF_EVENT.search(data) is not None)


def _read_lines(block: bytes) -> tuple[bytes, list[bytes] | None]:
    """Return the data of an event of any form, and the beginning of a JSON document that is in its place or after it."""
    lines = _LINES.split(block)
    bare = next((place for place, line in enumerate(lines) if line.lstrip()[:1] in (b"{", b"[")), None)
    data = [line[5:].removeprefix(b" ") for line in lines[:bare] if line.startswith(b"data:")]
    return b"\n".join(data), None if bare is None else [b"\n".join(lines[bare:])]


def decode_sse(chunks: Iterable[bytes], done: Any = None) -> Iterator[Any]:
    """Yield the parsed events of a byte stream, and `done` for `[DONE]`, after which nothing follows.

    Raises `msgspec.DecodeError` for data that is no JSON.
    """
    decoder = SSEDecoder()
    for chunk in chunks:
        yield from decoder.feed(chunk)
        if decoder.done:
            break
    if decoder.done:
        if done is not None:
            yield done
        return
    yield from decoder.end()


async def decode_sse_async(chunks: AsyncIterable[bytes], done: Any = None) -> AsyncIterator[Any]:
    """Yield the same as `decode_sse`, asynchronously."""
    decoder = SSEDecoder()
    async for chunk in chunks:
        for event in decoder.feed(chunk):
            yield event
        if decoder.done:
            break
    if decoder.done:
        if done is not None:
            yield done
        return
    for event in decoder.end():
        yield event
