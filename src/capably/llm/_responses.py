"""What a call gives back: the whole reply (in `_whole`), or the reply as it comes; each with an asynchronous twin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from capably.llm._answers import CapsT_co, FormatT, FormatT_co, InputT_contra
from capably.llm._turns import AsyncAnswer, SyncAnswer
from capably.llm._whole import AsyncResponse, Response
from capably.types.errors import CapablyError, ParseError
from capably.types.request import Reply
from capably.types.stream import Transcript

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from capably.llm._part_streams import AnyAsyncStream, AnyStream
    from capably.providers import AsyncEventStream, EventStream
    from capably.types.messages import Message
    from capably.types.stream import Chunk, Fold

__all__ = ["AsyncResponse", "AsyncStreamResponse", "FormatT", "Response", "StreamResponse"]

REACHED: Final = "reached"
"""The end of a stream whose whole reply nobody has asked for yet."""

Ending: TypeAlias = Reply | CapablyError | Literal["reached"] | None
"""How a stream ended; `None` while it has not, or where it was closed before."""


class StreamResponse(SyncAnswer[FormatT_co, InputT_contra, CapsT_co]):
    """The reply of `model.stream`, as it comes. Reading anything of the whole reply first reads the stream to its end.

    Use it in a `with` block to close the connection when you stop early. An error in mid-stream is raised by whatever
    reads; what had arrived stands in its `partial`, and stays readable through `chunks` and `streams`.

    It may be read as often as you like, also by several readers in turn. What was read before comes in coarser steps, since
    a stream keeps what was said and not in which pieces: deltas of one part that follow each other come as one.
    """

    _WHOLE = Response

    def __init__(self, events: EventStream, fold: Fold, *rest: Any) -> None:
        super().__init__(*rest)
        self._events = events
        self._fold = fold
        self._said = Transcript()
        self._end: Ending = None
        self._steps = self._read()

    def _read(self) -> Iterator[Chunk]:
        said = self._said
        try:
            for event in self._events:
                for chunk in self._fold.feed(event):
                    said.add(chunk)
                    yield chunk
            self._end = REACHED if self._fold.ended else _finished(self._fold, self._events)
        except CapablyError as error:
            self._end = _broken(error, said)
            raise
        finally:
            self._events.close()

    @property
    def _reply(self) -> Reply:
        if self._end is None:
            for _ in self._steps:
                pass
        if self._end == REACHED:
            self._end = _built(self._fold, self._events, self._said)
        return _reply_of(self._end)

    def chunks(self) -> Iterator[Chunk]:
        """Every step of the reply. Of what was read before, the deltas of a part come joined."""
        said, steps, place = self._said, self._steps, 0
        while True:
            while place < said.end:
                chunk, place = said.after(place)
                yield chunk
            chunk = next(steps, None)
            if chunk is None:
                return
            place = said.end
            yield chunk

    def text_stream(self) -> Iterator[str]:
        """The answer's text, piece by piece."""
        return (chunk.delta for chunk in self.chunks() if chunk.kind == "text")

    def streams(self) -> Iterator[AnyStream]:
        """A stream for each part of the answer, as soon as it begins: text, thought, tool call, or anything else.

        Look at `content_type` to tell them apart; iterate over one for its deltas, or `collect()` it. They may be read
        in any order. Where a text is interrupted by another part and then goes on, a second stream goes on with it.
        """
        from capably.llm._streams import Splitter

        splitter = Splitter(self, self.chunks())
        return splitter.streams()

    def structured_stream(self) -> Iterator[Any]:
        """The answer in the `format` that was asked for, while it grows: plain lists, dicts and texts.

        It is one and the same object, which grows in place, so that the whole takes linear time; copy what you want to
        keep. `parse()` gives the checked value at the end. Raises `ParseError` where no format was asked for.
        """
        feed = _partial_parser(self)
        return (feed(delta) for delta in self.text_stream())

    def close(self) -> None:
        """Closes the connection; what has arrived stays readable through `chunks`."""
        self._steps.close()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, messages: list[Message], params: Mapping[str, Any]) -> Self:
        model: Any = self._model
        return model.stream(messages, **params)

    def _joined(self, following: Any) -> Self:
        from capably.llm._continue import FoldAfter

        following._fold = FoldAfter(self._reply, following._fold)
        for chunk in self._said:
            following._said.add(chunk)
        return following._as_asked(self)


class AsyncStreamResponse(AsyncAnswer[FormatT_co, InputT_contra, CapsT_co]):
    """The reply of `await model.stream_async`, as it comes. `await finish()` before reading the whole reply.

    An error in mid-stream is raised by whatever reads; what had arrived stands in its `partial`.
    """

    _WHOLE = AsyncResponse

    def __init__(self, events: AsyncEventStream, fold: Fold, *rest: Any) -> None:
        super().__init__(*rest)
        self._events = events
        self._fold = fold
        self._said = Transcript()
        self._end: Ending = None
        self._closed = False
        self._steps = self._read()

    async def _read(self) -> AsyncIterator[Chunk]:
        said = self._said
        try:
            async for event in self._events:
                for chunk in self._fold.feed(event):
                    said.add(chunk)
                    yield chunk
            self._end = REACHED if self._fold.ended else _finished(self._fold, self._events)
        except CapablyError as error:
            self._end = _broken(error, said)
            raise
        finally:
            await self._events.close()

    @property
    def _reply(self) -> Reply:
        if self._end is None and not self._closed:
            raise RuntimeError("the stream has not been read to its end yet: `await response.finish()` first")
        if self._end == REACHED:
            self._end = _built(self._fold, self._events, self._said)
        return _reply_of(self._end)

    async def finish(self) -> Self:
        """Reads the stream to its end, so that the whole reply can be read."""
        async for _ in self.chunks():
            pass
        _ = self._reply
        return self

    async def _whole(self) -> Self:
        return await self.finish()

    async def chunks(self) -> AsyncIterator[Chunk]:
        """Every step of the reply. Of what was read before, the deltas of a part come joined."""
        said, steps, place = self._said, self._steps, 0
        while True:
            while place < said.end:
                chunk, place = said.after(place)
                yield chunk
            chunk = await anext(steps, None)
            if chunk is None:
                return
            place = said.end
            yield chunk

    async def text_stream(self) -> AsyncIterator[str]:
        """The answer's text, piece by piece."""
        async for chunk in self.chunks():
            if chunk.kind == "text":
                yield chunk.delta

    def streams(self) -> AsyncIterator[AnyAsyncStream]:
        """A stream for each part of the answer, as soon as it begins: text, thought, tool call, or anything else.

        Look at `content_type` to tell them apart; iterate over one for its deltas, or `await collect()` it. They may be
        read in any order. Where a text is interrupted by another part and then goes on, a second stream goes on with it.
        """
        from capably.llm._streams import AsyncSplitter

        splitter = AsyncSplitter(self, self.chunks())
        return splitter.streams()

    def structured_stream(self) -> AsyncIterator[Any]:
        """The answer in the `format` that was asked for, while it grows: plain lists, dicts and texts.

        It is one and the same object, which grows in place, so that the whole takes linear time; copy what you want to
        keep. `parse()` gives the checked value at the end. Raises `ParseError` where no format was asked for.
        """
        feed = _partial_parser(self)
        return (feed(delta) async for delta in self.text_stream())

    async def close(self) -> None:
        """Closes the connection; what has arrived stays readable through `chunks`."""
        self._closed = True
        await self._steps.aclose()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        await self._events.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _ask(self, messages: list[Message], params: Mapping[str, Any]) -> Self:
        model: Any = self._model
        return await model.stream_async(messages, **params)

    def _joined(self, following: Any) -> Self:
        from capably.llm._continue import FoldAfter

        following._fold = FoldAfter(self._reply, following._fold)
        for chunk in self._said:
            following._said.add(chunk)
        return following._as_asked(self)


def _finished(fold: Fold, events: EventStream | AsyncEventStream) -> Reply:
    """The whole reply of a stream, with what only the connection knows."""
    reply = fold.reply()
    for known in {id(one): one for one in (reply, reply.last)}.values():
        known.sent = events.sent
        known.request_id = known.request_id or events.request_id
    return reply


def _broken(error: CapablyError, said: Transcript) -> CapablyError:
    """The error of a stream that failed, with the parts that had arrived."""
    from capably.llm._streams import parts_of

    error.partial = parts_of(said)
    return error


def _built(fold: Fold, events: EventStream | AsyncEventStream, said: Transcript) -> Reply | CapablyError:
    """The whole reply of a stream that was read to its end, or why there is none."""
    try:
        return _finished(fold, events)
    except CapablyError as error:
        return _broken(error, said)


def _reply_of(end: Reply | CapablyError | None) -> Reply:
    """How a stream ended: its reply, or its failure once more."""
    if end is None:
        raise RuntimeError("the stream was closed before its end; what has arrived is in `chunks()` and `streams()`")
    if isinstance(end, CapablyError):
        raise end
    return end


def _partial_parser(response: Any) -> Any:
    from capably.llm._format import PartialParser

    wanted = response._request.params.get("format")
    if wanted is None:
        raise ParseError("this call asked for no format; pass format= to have an answer to read as it grows")
    return PartialParser(wanted).feed
