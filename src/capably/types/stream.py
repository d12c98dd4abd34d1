"""The chunks of a streamed reply, their buffer, and the protocol of an adapter's accumulator."""

from __future__ import annotations

import sys
from bisect import bisect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, Protocol
from zlib import crc32

import msgspec

from capably.types.errors import CapablyError
from capably.types.json import mend

if TYPE_CHECKING:
    from capably.types.json_types import Json
    from capably.types.parts import Part
    from capably.types.response_data import ResponseData

MAX_BUFFERED_BYTES = 8 * 1024 * 1024
"""How many bytes (texts, thoughts and arguments) of a stream are buffered if only `text_stream()` reads it. A longer stream is
not buffered. It is several times what any model can write: the highest output limit is half a million tokens."""


_HALF = b"\xed"
"""The first byte of each half of a surrogate pair (and of some Korean syllables)."""


class Chunk(msgspec.Struct, eq=False):
    """One step of a stream, for the part at `index` of the finished reply.

    - `text`, `thought` and `commentary`: `delta` is more of its text.
    - `tool_call`: `id` and `name` are set on the first step; `delta` is more of its arguments as JSON text.
    - `part`: the part is complete and stands in `part`: the last step of a tool call, and the only one of kinds without
      deltas (images, built-in tools, ...).
    """

    kind: Literal["text", "thought", "commentary", "tool_call", "part"]
    index: int
    delta: str = ""
    id: str | None = None
    name: str | None = None
    part: Part | None = None

    def __repr__(self) -> str:
        shown = (("delta", self.delta), ("id", self.id), ("name", self.name), ("part", self.part))
        inside = "".join(f", {name}={value!r}" for name, value in shown if value)
        return f"Chunk({self.kind!r}, {self.index}{inside})"


class TextBuffer(bytearray):
    """A growing text, stored as its bytes; a list of pieces, or a `StringIO`, takes ten times the memory.

    Lengths and places are in bytes. Accumulators write `text += piece.encode("utf-8", "surrogatepass")`, which is `add`
    without a call: a piece may end with one half of a surrogate pair, and the next one begin with the other.
    """

    forgotten: int = 0
    """How many bytes were dropped before those in the buffer."""
    checksum: int = 0
    """Of these bytes."""

    def add(self, piece: str) -> None:
        self += piece.encode("utf-8", "surrogatepass")

    def since(self, place: int) -> str:
        """Return the text after the first `place` bytes."""
        return self[place:].decode("utf-8", "surrogatepass")

    def forget(self) -> None:
        self.forgotten, self.checksum = self.forgotten + len(self), crc32(self, self.checksum)
        self.clear()

    def rest_of(self, text: str) -> str:
        """Return the rest of `text` after this buffer and the bytes dropped from it; nothing if it does not begin
        with both."""
        encoded, begin = text.encode("utf-8", "surrogatepass"), self.forgotten
        if not begin and _HALF in self:
            self[:] = str(self).encode()
        if not encoded.startswith(self, begin) or crc32(memoryview(encoded)[:begin]) != self.checksum:
            return ""
        return encoded[begin + len(self) :].decode("utf-8", "surrogatepass")

    def __str__(self) -> str:
        try:
            return self.decode()
        except UnicodeDecodeError:
            return mend(self.decode("utf-8", "surrogatepass"))


class ChunkBuffer:
    """The steps of a stream so far, for reading again. Its size is that of their text: consecutive deltas of one part are
    joined.

    A reader has a `place`: 0 at the beginning, and `end` after the last step. A step advances it by one, plus one for
    each byte of its delta.

    Its owner calls `forget` when `end` exceeds `limit`; then only places from `begin` on can be read. There is a limit
    only as long as every reader has called `read_once`.
    """

    __slots__ = ("_begins", "_chunks", "_halves", "_last", "_shared", "_text", "begin", "end", "limit")

    def __init__(self) -> None:
        self._halves: dict[int, Chunk] = {}
        """Steps that are one half of a surrogate pair, by index, until the other half arrives."""
        self.begin: int = 0
        self.end: int = 0
        self.limit: int = sys.maxsize
        self._shared = False
        """Whether a reader reads all steps, now or later."""
        self._chunks: list[tuple[Chunk, TextBuffer]] = []
        """Steps without their deltas, and these."""
        self._begins: list[int] = []
        """Where each step begins."""
        self._last = Chunk("part", -1)
        self._text = TextBuffer()

    def add(self, step: Chunk) -> Sequence[Chunk] | None:
        """Add a step. If it holds, or follows on, half a surrogate pair, return the steps to `append` instead of it."""
        try:
            added = step.delta.encode()
        except UnicodeEncodeError:
            return self._paired(step)
        if self._halves and step.index in self._halves:
            return self._paired(step)
        last = self._last
        if step.index != last.index or step.kind != last.kind or step.part is not None or step.id is not None:
            self._last = Chunk(step.kind, step.index, id=step.id, name=step.name, part=step.part)
            self._text = TextBuffer()
            self._chunks.append((self._last, self._text))
            self._begins.append(self.end)
            self.end += 1
        self._text += added
        self.end += len(added)
        return None

    def append(self, step: Chunk) -> None:
        """Add a step of those that `add` or `rest` returned."""
        halves, self._halves = self._halves, {}
        self.add(step)
        self._halves = halves

    def _paired(self, step: Chunk) -> Sequence[Chunk]:
        before = self._halves.pop(step.index, None)
        steps: list[Chunk] = []
        if before is not None and step.kind != before.kind:
            steps.append(Chunk(before.kind, step.index, mend(before.delta)))
        elif before is not None:
            step.delta = before.delta + step.delta
        if "\ud800" <= step.delta[-1:] <= "\udbff" and step.part is None:
            self._halves[step.index] = Chunk(step.kind, step.index, step.delta[-1])
            step.delta = step.delta[:-1]
        step.delta = mend(step.delta)
        if step.delta or step.id is not None or step.part is not None:
            steps.append(step)
        return steps

    def held(self) -> Sequence[Chunk]:
        """Return the halves of surrogate pairs that wait for their other half, as they arrived."""
        return list(self._halves.values())

    def rest(self) -> Sequence[Chunk]:
        """Return the steps to `append` at the end: for halves of surrogate pairs whose other half never arrived."""
        steps = [Chunk(half.kind, index, mend(half.delta)) for index, half in self._halves.items()]
        self._halves.clear()
        return steps

    def read_once(self) -> None:
        """Register a reader that reads each step once, as it arrives."""
        if not self._shared and self.limit == sys.maxsize:
            self.limit = self.end + MAX_BUFFERED_BYTES

    def read_all(self) -> None:
        """Register a reader that reads all steps. It has no effect if some were already dropped."""
        if not self.begin:
            self._shared, self.limit = True, sys.maxsize

    def forget(self) -> None:
        """Drop all steps."""
        self._chunks.clear()
        self._begins.clear()
        self._last, self._text = Chunk("part", -1), TextBuffer()
        self.begin, self.limit = self.end, self.end + MAX_BUFFERED_BYTES

    def after(self, place: int) -> tuple[Chunk, int]:
        """Return the step at `place` (below `end`) as far as it has arrived, and the place after it.

        Raises `CapablyError` for a place that is forgotten.
        """
        if place < self.begin:
            raise forgotten()
        number = bisect(self._begins, place) - 1
        begin, (step, text) = self._begins[number], self._chunks[number]
        then = begin + 1 + len(text)
        if place == begin:
            return Chunk(step.kind, step.index, str(text), id=step.id, name=step.name, part=step.part), then
        return Chunk(step.kind, step.index, text.since(place - begin - 1)), then

    def __iter__(self) -> Iterator[Chunk]:
        """Yield all steps so far."""
        place = 0
        while place < self.end:
            step, place = self.after(place)
            yield step


class StreamAccumulator(Protocol):
    """Turns a provider's events into chunks, and in the end into the reply that `call` would have given.

    An accumulator is pure: it does no I/O, so sync and async streams share it. It rebuilds the body of the non-streamed reply
    from the events, and `reply` decodes that body with the same decoder that `call` uses.
    """

    def feed(self, event: Json) -> Sequence[Chunk]:
        """Return the chunks of one event. Raise our error for an event that reports a failure."""
        ...

    @property
    def ended(self) -> bool:
        """Return whether the provider reported the end of the reply."""
        ...

    def reply(self) -> ResponseData:
        """Return the complete reply. Raise `ServerError` if the events stopped before the provider reported the end."""
        ...

    def forget(self) -> None:
        """Drop what was gathered of the answer; may be called again and again. From now on steps of kind `text` are right,
        each delta once, and of the reply everything but content, body and wire."""
        ...


def why_forgotten() -> str:
    """Explain why the content of a stream was dropped."""
    return (
        f"the text of this stream was not buffered, because it is longer than {MAX_BUFFERED_BYTES / 2**20:g} MiB and only "
        "text_stream() read it"
    )


def forgotten() -> CapablyError:
    """Return the error for content that a stream has dropped."""
    return CapablyError(
        f"{why_forgotten()}. Its usage, cost, finish_reason and ids are available. To buffer a longer answer, read the stream "
        "with chunks() or streams(), or use call()."
    )
