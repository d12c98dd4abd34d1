"""The parts of a streamed reply as streams of their own: `for stream in response.streams(): ...`.

A `Splitter` passes each chunk of a reply to the stream of its part. It gets chunks one at a time, so the synchronous and
the asynchronous streams differ only in how they wait for the next one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from capably.responses.part_streams import (
    AnyAsyncStream,
    AnyStream,
    AsyncCommentaryStream,
    AsyncPartStream,
    AsyncTextStream,
    AsyncThoughtStream,
    AsyncToolCallStream,
    CommentaryStream,
    Growth,
    PartStream,
    TextStream,
    ThoughtStream,
    ToolCallStream,
)
from capably.types import parts as p

if TYPE_CHECKING:
    from capably.types.stream import Chunk

StreamT = TypeVar("StreamT")

KINDS: Mapping[type[p.Part], str] = {
    p.Text: "text",
    p.Thought: "thought",
    p.Commentary: "commentary",
    p.ToolCall: "tool_call",
}
"""Parts that grow -> the kind of their chunks."""

STREAMS: Mapping[str, Callable[[Growth, Callable[[], bool]], AnyStream]] = {
    "text": TextStream,
    "thought": ThoughtStream,
    "commentary": CommentaryStream,
    "tool_call": ToolCallStream,
    "part": PartStream,
}

ASYNC_STREAMS: Mapping[str, Callable[[Growth, Callable[[], Awaitable[bool]]], AnyAsyncStream]] = {
    "text": AsyncTextStream,
    "thought": AsyncThoughtStream,
    "commentary": AsyncCommentaryStream,
    "tool_call": AsyncToolCallStream,
    "part": AsyncPartStream,
}


def _kind_of(part: p.Part) -> str:
    return next((kind for cls, kind in KINDS.items() if isinstance(part, cls)), "part")


class _Dealer(Generic[StreamT]):
    """Passes chunks to a stream for each part, in the order in which the parts began.

    A text is over when another part begins, and a new stream goes on with it if more of it comes. A tool call is over
    when the provider says so, or with the reply, so that `collect()` always gives all arguments.
    """

    def __init__(self, content: Callable[[], Sequence[p.Part]]) -> None:
        self.dealt: list[StreamT] = []
        self.growths: list[Growth] = []
        """Of each stream that was dealt, what it reads."""
        self._content = content
        """Returns the parts of the finished reply."""
        self._latest: dict[int, Growth] = {}
        self._words: Growth | None = None
        """The text that began last: all others are over."""

    def _stream(self, kind: str, growth: Growth) -> StreamT:
        raise NotImplementedError

    def _part_at(self, index: int) -> p.Part:
        return self._content()[index]

    def deal(self, chunk: Chunk) -> None:
        latest = self._latest.get(chunk.index)
        words = self._words
        if words is not None and words.index != chunk.index:
            words.over = True
        if chunk.part is not None:
            self._finish(latest or self._begin(_kind_of(chunk.part), chunk.index), chunk.part)
            return
        if latest is None or latest.over:
            latest = self._begin(chunk.kind, chunk.index)
        latest.add(chunk)

    def _begin(self, kind: str, index: int) -> Growth:
        growth = Growth(index, index not in self._latest, self._part_at)
        self._latest[index] = growth
        if kind in ("text", "thought", "commentary"):
            self._words = growth
        self.growths.append(growth)
        self.dealt.append(self._stream(kind, growth))
        return growth

    def _finish(self, growth: Growth, part: p.Part) -> None:
        """End a part. One without deltas gets its text, or its arguments, as the only delta."""
        growth.over = True
        growth.part = part
        if isinstance(part, p.ToolCall):
            from capably.types.arguments import args_text

            growth.id, growth.name = part.id, part.name
            if not growth.text:
                growth.text.add(args_text(part))
        elif isinstance(part, (p.Text, p.Thought, p.Commentary)) and not growth.text and growth.first:
            growth.text.add(part.text)

    def end(self) -> None:
        for growth in self.growths:
            growth.over = True


class Splitter(_Dealer[AnyStream]):
    """The streams of a reply that is read without `await`."""

    def __init__(self, content: Callable[[], Sequence[p.Part]], chunks: Iterator[Chunk]) -> None:
        super().__init__(content)
        self._chunks = chunks

    def _stream(self, kind: str, growth: Growth) -> AnyStream:
        return STREAMS[kind](growth, self.pull)

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


class AsyncSplitter(_Dealer[AnyAsyncStream]):
    """The asynchronous twin of `Splitter`."""

    def __init__(self, content: Callable[[], Sequence[p.Part]], chunks: AsyncIterator[Chunk]) -> None:
        super().__init__(content)
        self._chunks = chunks

    def _stream(self, kind: str, growth: Growth) -> AnyAsyncStream:
        return ASYNC_STREAMS[kind](growth, self.pull)

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
    splitter = Splitter(tuple, iter(chunks))
    while splitter.pull():
        pass
    for stream, growth in zip(splitter.dealt, splitter.growths, strict=True):
        if growth.part is None and isinstance(stream, ToolCallStream):
            growth.part = p.ToolCall(growth.id, growth.name, dict(stream.partial_args), str(growth.text))
    return tuple(stream.collect() for stream in splitter.dealt)
