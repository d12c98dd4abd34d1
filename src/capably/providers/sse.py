"""Server-sent events: raw bytes in any chunking, in; the data of each event, as JSON, out.

Fast for what the providers send (one `data:` line per event) and right for what the standard allows (several `data:`
lines, comments, CRLF or CR line ends, an event cut by the end of a chunk). A JSON document without `data:`, which hosts send
instead of a stream or in the middle of one, is an event as well.
"""

from __future__ import annotations

import re

from capably.http import BodyTooLargeError

MAX_EVENT = 256 * 1024 * 1024
"""Bytes of one event. A longer one is an error: no picture is that large."""

DONE = b"[DONE]"
"""The data after which nothing follows."""

_LF, _CR = b"\n\r"
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
        if not self._pending and chunk.endswith(b"\n\n") and _CR not in chunk:  # As most chunks are.
            return chunk[:-2].split(b"\n\n")
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
        rest = blocks.pop()
        self._pending = [rest] if rest else []
        self._size = len(rest)
        self._tail = rest[-3:]
        return blocks

    def end(self) -> list[bytes]:
        """Return the last event, if the stream ended without an empty line."""
        last, self._pending, self._tail, self._size = b"".join(self._pending), [], b"", 0
        return [last]


class SSEDecoder:
    """Turns the bytes of a stream into the data of its events, which are JSON documents.

    `done` is set by `[DONE]`, and at the end of the bytes: nothing follows. With `reports_done`, `[DONE]` is an event as well,
    whose data is `DONE`.
    """

    __slots__ = ("_bare", "_begun", "_buffer", "_reports_done", "done")

    def __init__(self, *, reports_done: bool = False) -> None:
        self._buffer = SSEBuffer()
        self._reports_done = reports_done
        self._begun = False
        self._bare: list[bytes] | None = None
        self.done: bool = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the data of the events that are complete now; without bytes, which are the end, what is left."""
        at_end = not chunk
        if not self._begun:
            self._begun = True
            chunk = chunk.removeprefix(_BYTE_ORDER_MARK)
        events: list[bytes] = []
        for block in self._buffer.end() if at_end else self._buffer.feed(chunk):
            data = (block[5:] if block.startswith(b"data:") else block.partition(b"\ndata:")[2]).lstrip()
            if not data.endswith(b"}") or _LF in data or _CR in block or self._bare is not None:
                data = self._read(block)
                if self.done:
                    return [*events, data] if data else events
            if data:
                events.append(data)
        if at_end:
            self.done = True
            if self._bare is not None:
                events.append(b"\n\n".join(self._bare))
        return events

    def _read(self, block: bytes) -> bytes:
        """Return the data of an event of any form; nothing for one without data."""
        if self._bare is not None:
            self._bare.append(block)
            return b""
        data = block[5:] if block.startswith(b"data:") else block.partition(b"\ndata:")[2]
        if not data or _LF in data or _CR in block:
            data, self._bare = _read_lines(block)
        data = data.strip()
        if data != DONE:
            return data
        self.done = True
        return DONE if self._reports_done else b""


def _ends_event(data: bytes) -> bool:
    return b"\n\n" in data or (b"\r" in data and _END_OF_EVENT.search(data) is not None)


def _read_lines(block: bytes) -> tuple[bytes, list[bytes] | None]:
    """Return the data of an event of any form, and the beginning of a JSON document that is in its place or after it."""
    lines = _LINES.split(block)
    bare = next((place for place, line in enumerate(lines) if line.lstrip()[:1] in (b"{", b"[")), None)
    data = [line[5:].removeprefix(b" ") for line in lines[:bare] if line.startswith(b"data:")]
    return b"\n".join(data), None if bare is None else [b"\n".join(lines[bare:])]
