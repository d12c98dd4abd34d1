"""One part of a streamed reply, as a stream of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

from capably.modalities import MODALITY_OF
from capably.types import parts as p
from capably.types.stream import TextBuffer

if TYPE_CHECKING:
    from capably.formats.partial_json import PartialParser
    from capably.types.stream import Chunk

PartT_co = TypeVar("PartT_co", bound=p.Part, covariant=True)
WordsT_co = TypeVar("WordsT_co", bound=p.Text | p.Thought | p.Commentary, covariant=True)

ContentType: TypeAlias = Literal["image", "audio", "video", "document", "refusal", "citation", "unknown"]
"""The kind of a part that arrives in one piece; `unknown` is one without a class here."""


CompletePart: TypeAlias = p.Image | p.Audio | p.Refusal | p.Unknown
"""A part that arrives in one piece."""


_CONTENT_TYPES: Mapping[type[object], str] = {**MODALITY_OF, p.Refusal: "refusal", p.Citation: "citation"}


class Growth:
    """What has arrived of one part, or of a stretch of one. A `Splitter` adds to it, and a stream reads it."""

    __slots__ = ("first", "id", "index", "name", "over", "part", "part_at", "text")

    def __init__(self, index: int, first: bool, part_at: Callable[[int], p.Part]) -> None:
        self.index: int = index
        self.first: bool = first
        """Whether this is the first stretch of its part."""
        self.part_at: Callable[[int], p.Part] = part_at
        """Returns a part of the finished reply."""
        self.text: TextBuffer = TextBuffer()
        """All deltas as one."""
        self.id: str = ""
        self.name: str = ""
        self.part: p.Part | None = None
        """The complete part, as soon as there is one."""
        self.over: bool = False

    def add(self, chunk: Chunk) -> None:
        self.text.add(chunk.delta)
        self.id, self.name = chunk.id or self.id, chunk.name or self.name


class _Growing(Generic[PartT_co]):
    """A stream of one part, or of a stretch of one, while it grows."""

    def __init__(self, growth: Growth) -> None:
        self._growth = growth

    @property
    def index(self) -> int:
        """Return the place of the part in the `content` of the finished reply."""
        return self._growth.index

    def _complete(self) -> PartT_co:
        """Return the finished part; of an interrupted text, the stretch that was read here."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.index}: {str(self._growth.text)[:60]!r}>"


class _Words(_Growing[WordsT_co]):
    _class: type[WordsT_co]

    def _complete(self) -> WordsT_co:
        text, part = str(self._growth.text), self._growth.part
        return part if isinstance(part, self._class) and part.text == text else self._class(text)


class _Call(_Growing[p.ToolCall]):
    """A tool call: its name is known from the start."""

    content_type: Literal["tool_call"] = "tool_call"

    def __init__(self, growth: Growth) -> None:
        super().__init__(growth)
        self._parser: PartialParser | None = None
        self._parsed = 0

    @property
    def id(self) -> str:
        """Return the id that the output of the tool must carry."""
        return self._growth.id

    @property
    def tool_name(self) -> str:
        """Return the name of the tool that the model calls."""
        return self._growth.name

    @property
    def partial_args(self) -> Mapping[str, Any]:
        """Return the arguments that have arrived: texts cut where they end, numbers once they are complete.

        After `collect()` these are all arguments. They are one object that grows in place; copy what you want to keep.
        """
        growth = self._growth
        if growth.over and isinstance(growth.part, p.ToolCall):
            return growth.part.args
        if self._parser is None:
            from capably.formats.partial_json import PartialParser

            self._parser = PartialParser()
        if self._parsed < len(growth.text):
            self._parser.feed(growth.text.since(self._parsed))
            self._parsed = len(growth.text)
        return self._parser.value if isinstance(self._parser.value, dict) else {}

    def _complete(self) -> p.ToolCall:
        if self._growth.part is None:
            self._growth.part = self._growth.part_at(self.index)
        return cast("p.ToolCall", self._growth.part)


class _Piece(_Growing[CompletePart]):
    @property
    def content_type(self) -> ContentType:
        """Return the kind of the part: `image`, `audio`, `refusal`, or `unknown` for one without a class here."""
        part = self._growth.part
        return cast("ContentType", _CONTENT_TYPES.get(type(part), "unknown"))

    def _complete(self) -> CompletePart:
        return cast("CompletePart", self._growth.part)


class _Pulled(_Growing[PartT_co]):
    """Reading without `await`."""

    def __init__(self, growth: Growth, pull: Callable[[], bool]) -> None:
        super().__init__(growth)
        self._pull = pull

    def __iter__(self) -> Iterator[str]:
        """Yield the deltas: more text, or more of the arguments as JSON. Earlier deltas are joined to one."""
        growth, place = self._growth, 0
        while True:
            if place < len(growth.text):
                delta, place = growth.text.since(place), len(growth.text)
                yield delta
            elif growth.over or not self._pull():
                return

    def collect(self) -> PartT_co:
        """Read the part to its end and return it."""
        for _ in self:
            pass
        return self._complete()


class _Awaited(_Growing[PartT_co]):
    """Reading with `await`."""

    def __init__(self, growth: Growth, pull: Callable[[], Awaitable[bool]]) -> None:
        super().__init__(growth)
        self._pull = pull

    async def __aiter__(self) -> AsyncIterator[str]:
        """Yield the deltas: more text, or more of the arguments as JSON. Earlier deltas are joined to one."""
        growth, place = self._growth, 0
        while True:
            if place < len(growth.text):
                delta, place = growth.text.since(place), len(growth.text)
                yield delta
            elif growth.over or not await self._pull():
                return

    async def collect(self) -> PartT_co:
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


class PartStream(_Pulled[CompletePart], _Piece):
    """A part that arrives in one piece: a picture, sound, a refusal, a block of a built-in tool. It has no deltas."""


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


class AsyncPartStream(_Awaited[CompletePart], _Piece):
    """A part that arrives in one piece: a picture, sound, a refusal, a block of a built-in tool. It has no deltas."""


AnyStream: TypeAlias = TextStream | ThoughtStream | CommentaryStream | ToolCallStream | PartStream
AnyAsyncStream: TypeAlias = (
    AsyncTextStream | AsyncThoughtStream | AsyncCommentaryStream | AsyncToolCallStream | AsyncPartStream
)
