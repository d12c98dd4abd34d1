"""The parts of a streamed reply as streams of their own: `for stream in response.streams(): ...`.

A `Splitter` passes each chunk of a reply to the stream of its part. It gets chunks one at a time, so the synchronous and
the asynchronous streams differ only in how they wait for the next one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from capably.modalities import MODALITY_OF
from capably.responses.part_streams import (
    AnyAsyncStream,
    AnyStream,
    AsyncCommentaryStream,
    AsyncPartStream,
    AsyncTextStream,
    AsyncThoughtStream,
    AsyncToolCallStream,
    CommentaryStream,
    PartStream,
    TextStream,
    ThoughtStream,
    ToolCallStream,
)
from capably.types import parts as p

if TYPE_CHECKING:
    from capably.types.stream import Chunk

KINDS: Mapping[type[Any], str] = {
    p.Text: "text",
    p.Thought: "thought",
    p.Commentary: "commentary",
    p.ToolCall: "tool_call",
}
"""Parts that grow -> the kind of their chunks."""


def _kind_of(part: p.Part | None) -> str:
    return next((kind for cls, kind in KINDS.items() if isinstance(part, cls)), "part")


class _Dealer:
    """Passes chunks to a stream for each part, in the order in which the parts began.

    A text is over when another part begins, and a new stream goes on with it if more of it comes. A tool call is over
    when the provider says so, or with the reply, so that `collect()` always gives all arguments.
    """

    _classes: Mapping[str, Any]

    def __init__(self, response: Any) -> None:
        self.dealt: list[Any] = []
        self._response = response
        self._latest: dict[int, Any] = {}
        self._words: Any = None
        """The text that began last: all others are over."""

    def part_at(self, index: int) -> Any:
        """Return a part of the finished reply."""
        return self._response.content[index]

    def deal(self, chunk: Chunk) -> None:
        latest = self._latest.get(chunk.index)
        words = self._words
        if words is not None and words.index != chunk.index:
            words._over = True
        if chunk.part is not None:
            self._finish(latest or self._begin(_kind_of(chunk.part), chunk.index), chunk.part)
            return
        if latest is None or latest._over:
            latest = self._begin(chunk.kind, chunk.index)
        latest._take(chunk)

    def _begin(self, kind: str, index: int) -> Any:
        stream = self._classes[kind](self, index)
        stream._first = index not in self._latest
        self._latest[index] = stream
        if kind in ("text", "thought", "commentary"):
            self._words = stream
        self.dealt.append(stream)
        return stream

    def _finish(self, stream: Any, part: p.Part) -> None:
        """End a part. One without deltas gets its text, or its arguments, as the only delta."""
        stream._over = True
        stream._part = part
        if isinstance(part, p.ToolCall):
            from capably.types.arguments import args_text

            stream.id, stream.tool_name = part.id, part.name
            if not stream._text:
                stream._text.add(args_text(part))
        elif isinstance(part, (p.Text, p.Thought, p.Commentary)):
            if not stream._text and stream._first:
                stream._text.add(part.text)
        else:
            stream.content_type = MODALITY_OF.get(type(part)) or type(part).__name__.lower()

    def end(self) -> None:
        for stream in self.dealt:
            stream._over = True


class Splitter(_Dealer):
    """The streams of a reply that is read without `await`."""

    _classes: Mapping[str, Any] = {
        "text": TextStream,
        "thought": ThoughtStream,
        "commentary": CommentaryStream,
        "tool_call": ToolCallStream,
        "part": PartStream,
    }

    def __init__(self, response: Any, chunks: Iterator[Chunk]) -> None:
        super().__init__(response)
        self._chunks = chunks

    def pull(self) -> bool:
        """Read one chunk more. Return false at the end."""
        chunk = next(self._chunks, None)
        if chunk is None:
            self.end()
            return False
        self.deal(chunk)
        return True

    def streams(self) -> Iterator[AnyStream]:
        place = 0
        while place < len(self.dealt) or self.pull():
            while place < len(self.dealt):
                yield self.dealt[place]
                place += 1


class AsyncSplitter(_Dealer):
    """The asynchronous twin of `Splitter`."""

    _classes: Mapping[str, Any] = {
        "text": AsyncTextStream,
        "thought": AsyncThoughtStream,
        "commentary": AsyncCommentaryStream,
        "tool_call": AsyncToolCallStream,
        "part": AsyncPartStream,
    }

    def __init__(self, response: Any, chunks: AsyncIterator[Chunk]) -> None:
        super().__init__(response)
        self._chunks = chunks

    async def pull(self) -> bool:
        """Read one chunk more. Return false at the end."""
        chunk = await anext(self._chunks, None)
        if chunk is None:
            self.end()
            return False
        self.deal(chunk)
        return True

    async def streams(self) -> AsyncIterator[AnyAsyncStream]:
        place = 0
        while place < len(self.dealt) or await self.pull():
            while place < len(self.dealt):
                yield self.dealt[place]
                place += 1


def parts_of(chunks: Iterable[Chunk]) -> tuple[p.Part, ...]:
    """Return the parts of the chunks of a stream that broke, for which there is no finished reply.

    A tool call that was cut has the arguments that can be read of it, and its text in `raw_args`.
    """
    splitter = Splitter(None, iter(chunks))
    for stream in splitter.streams():
        if isinstance(stream, ToolCallStream) and stream._part is None:  # pyright: ignore[reportPrivateUsage]
            text = "".join(stream)
            stream._part = p.ToolCall(stream.id, stream.tool_name, dict(stream.partial_args), text)  # pyright: ignore[reportPrivateUsage]
    return tuple(stream.collect() for stream in splitter.dealt)
