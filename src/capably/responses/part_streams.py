"""One part of a streamed reply, as a stream of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeAlias, TypeVar

from capably.types import parts as p
from capably.types.stream import TextBuffer

if TYPE_CHECKING:
    from capably.types.stream import Chunk

PartT = TypeVar("PartT", bound=p.Part)

ContentType: TypeAlias = Literal["image", "audio", "video", "document", "refusal", "citation", "unknown"]
"""The kind of a part that arrives in one piece; `unknown` is one without a class here."""


CompletePart: TypeAlias = p.Image | p.Audio | p.Refusal | p.Unknown
"""A part that arrives in one piece."""


class _Growing(Generic[PartT]):
    """One part, or a stretch of one, while it grows."""

    def __init__(self, splitter: Any, index: int) -> None:
        self.index = index
        """The place of the part in the `content` of the finished reply."""
        self._splitter = splitter
        self._text = TextBuffer()
        """All deltas as one."""
        self._part: p.Part | None = None
        self._over = False
        self._first = True
        """Whether this is the first stretch of its part."""

    def _take(self, chunk: Chunk) -> None:
        self._text.add(chunk.delta)

    def _complete(self) -> Any:
        """Return the finished part; of an interrupted text, the stretch that was read here."""
        return self._part

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.index}: {str(self._text)[:60]!r}>"


class _Words(_Growing[PartT]):
    _class: ClassVar[Any]

    def _complete(self) -> Any:
        text = str(self._text)
        part: Any = self._part
        return part if part is not None and part.text == text else self._class(text)


class _Call(_Growing[p.ToolCall]):
    """A tool call: its name is known from the start."""

    content_type: Literal["tool_call"] = "tool_call"
    id: str = ""
    """The id that the output of the tool must carry."""
    tool_name: str = ""

    def __init__(self, splitter: Any, index: int) -> None:
        super().__init__(splitter, index)
        self._parser: Any = None
        self._parsed = 0

    def _take(self, chunk: Chunk) -> None:
        super()._take(chunk)
        self.id, self.tool_name = chunk.id or self.id, chunk.name or self.tool_name

    @property
    def partial_args(self) -> Mapping[str, Any]:
        """Return the arguments that have arrived: texts cut where they end, numbers once they are complete.

        After `collect()` these are all arguments. They are one object that grows in place; copy what you want to keep.
        """
        complete: Any = self._part if self._over else None
        if complete is not None:
            return complete.args
        from capably.formats.output_format import PartialParser

        self._parser = self._parser or PartialParser()
        if self._parsed < len(self._text):
            self._parser.feed(self._text.since(self._parsed))
            self._parsed = len(self._text)
        parsed: Any = self._parser.value
        return parsed if isinstance(parsed, dict) else {}  # pyright: ignore[reportUnknownVariableType]

    def _complete(self) -> Any:
        if self._part is None:
            self._part = self._splitter.part_at(self.index)
        return self._part


class _Pulled(_Growing[PartT]):
    """Reading without `await`."""

    def __iter__(self) -> Iterator[str]:
        """Yield the deltas: more text, or more of the arguments as JSON. Earlier deltas are joined to one."""
        place = 0
        while True:
            if place < len(self._text):
                delta, place = self._text.since(place), len(self._text)
                yield delta
            elif self._over or not self._splitter.pull():
                return

    def collect(self) -> PartT:
        """Read the part to its end and return it."""
        for _ in self:
            pass
        return self._complete()


class _Awaited(_Growing[PartT]):
    """Reading with `await`."""

    async def __aiter__(self) -> AsyncIterator[str]:
        """Yield the deltas: more text, or more of the arguments as JSON. Earlier deltas are joined to one."""
        place = 0
        while True:
            if place < len(self._text):
                delta, place = self._text.since(place), len(self._text)
                yield delta
            elif self._over or not await self._splitter.pull():
                return

    async def collect(self) -> PartT:
        """Read the part to its end and return it."""
        async for _ in self:
            pass
        return self._complete()


class TextStream(_Pulled[p.Text], _Words[p.Text]):
    """Text of the answer."""

    content_type: Literal["text"] = "text"
    _class = p.Text


class ThoughtStream(_Pulled[p.Thought], _Words[p.Thought]):
    """A thought, as far as the model shows it."""

    content_type: Literal["thought"] = "thought"
    _class = p.Thought


class CommentaryStream(_Pulled[p.Commentary], _Words[p.Commentary]):
    """What the model says on the way to its answer."""

    content_type: Literal["commentary"] = "commentary"
    _class = p.Commentary


class ToolCallStream(_Pulled[p.ToolCall], _Call):
    """A tool call; its deltas are more of the arguments as JSON text."""


class PartStream(_Pulled[CompletePart]):
    """A part that arrives in one piece: a picture, sound, a refusal, a block of a built-in tool. It has no deltas."""

    content_type: ContentType = "unknown"


class AsyncTextStream(_Awaited[p.Text], _Words[p.Text]):
    """Text of the answer."""

    content_type: Literal["text"] = "text"
    _class = p.Text


class AsyncThoughtStream(_Awaited[p.Thought], _Words[p.Thought]):
    """A thought, as far as the model shows it."""

    content_type: Literal["thought"] = "thought"
    _class = p.Thought


class AsyncCommentaryStream(_Awaited[p.Commentary], _Words[p.Commentary]):
    """What the model says on the way to its answer."""

    content_type: Literal["commentary"] = "commentary"
    _class = p.Commentary


class AsyncToolCallStream(_Awaited[p.ToolCall], _Call):
    """A tool call; its deltas are more of the arguments as JSON text."""


class AsyncPartStream(_Awaited[CompletePart]):
    """A part that arrives in one piece: a picture, sound, a refusal, a block of a built-in tool. It has no deltas."""

    content_type: ContentType = "unknown"


AnyStream: TypeAlias = TextStream | ThoughtStream | CommentaryStream | ToolCallStream | PartStream
AnyAsyncStream: TypeAlias = (
    AsyncTextStream | AsyncThoughtStream | AsyncCommentaryStream | AsyncToolCallStream | AsyncPartStream
)
