"""Streams: responses that are read while they arrive, with and without `await`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, overload

from capably.responses.base import CapsT_co, FormatT_co, InputT_contra
from capably.responses.follow_up import AsyncFollowUp, FollowUp
from capably.responses.response import AsyncResponse, Response
from capably.responses.stream_result import REACHED, StreamResult, build_result, data_of, finish_data, with_partial
from capably.types.errors import CapablyError, ParseError
from capably.types.stream import ChunkBuffer

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from capably_models._resume import AfterAsyncStreamResponse, AfterStreamResponse  # pyright: ignore[reportMissingModuleSource]

    from capably.providers import AsyncEventStream, EventStream
    from capably.responses.base import CallRecord
    from capably.responses.part_streams import AnyAsyncStream, AnyStream
    from capably.responses.partial import CallWithoutFormat, Items, WithFields
    from capably.types.json_types import Json
    from capably.types.messages import Message
    from capably.types.request import Request
    from capably.types.response_data import ResponseData
    from capably.types.stream import Chunk, StreamAccumulator
else:
    AfterAsyncStreamResponse = AfterStreamResponse = object  # They only give `resume` its types.

__all__ = ["AsyncStreamResponse", "StreamResponse"]


class StreamResponse(FollowUp[FormatT_co, InputT_contra, CapsT_co], AfterStreamResponse):
    """The response of `model.stream`, read while it arrives. Attributes of the complete response read the stream to its end.

    Use it in a `with` block to close the connection when you stop early. An error in mid-stream is raised by the reader
    that meets it. Its `partial` has the parts that had arrived; `chunks` and `streams` still yield them.

    You can read it any number of times, and with several readers in turn. Later readers get larger deltas: the stream
    stores the text and not its pieces, so successive deltas of one part are joined. One exception: see `text_stream`.
    """

    def __init__(self, events: EventStream, accumulator: StreamAccumulator, *rest: *CallRecord) -> None:
        super().__init__(*rest)
        self._events = events
        self._accumulator = accumulator
        self._buffer = ChunkBuffer()
        self._end: StreamResult = None
        self._reading = threading.Lock()
        self._steps = self._read()

    def _read(self) -> Iterator[Chunk]:
        buffer, feed = self._buffer, self._accumulator.feed
        try:
            for event in self._events:
                for chunk in feed(event):
                    steps = buffer.add(chunk)
                    if steps is None:
                        yield chunk
                        continue
                    for step in steps:
                        buffer.append(step)
                        yield step
                if buffer.end > buffer.limit:
                    buffer.forget()
                    self._accumulator.forget()
            for step in buffer.rest():
                buffer.append(step)
                yield step
            self._end = REACHED if self._accumulator.ended else finish_data(self._accumulator, self._events, buffer)
        except CapablyError as error:
            self._end = with_partial(error, buffer)
            raise
        finally:
            self._events.close()

    @property
    def _reply(self) -> ResponseData:
        if self._end is None:
            self._buffer.read_all()
            with self._reading:
                for _ in self._steps:
                    pass
        if self._end == REACHED:
            self._end = build_result(self._accumulator, self._events, self._buffer)
        return data_of(self._end, self._buffer)

    def chunks(self) -> Iterator[Chunk]:
        """Yield every step of the reply. Deltas that were read before are joined for each part."""
        self._buffer.read_all()
        return self._from_the_start()

    def _from_the_start(self) -> Iterator[Chunk]:
        buffer, steps, place = self._buffer, self._steps, 0
        while True:
            while place < buffer.end:
                chunk, place = buffer.after(place)
                yield chunk
            with self._reading:
                if place < buffer.end:
                    continue  # Another thread has read on.
                chunk = next(steps, None)
                place = buffer.end
            if chunk is None:
                return
            yield chunk

    def text_stream(self) -> Iterator[str]:
        """Yield the answer's text, piece by piece.

        If you only use `text_stream()` and the text exceeds 8 MiB, which is more than any model writes, it is no longer
        buffered. `text()`, `content`, `messages` and whatever else needs the content then raise `CapablyError`; `usage`,
        `cost` and `finish_reason` do not. Call `chunks()` beforehand to buffer everything.
        """
        self._buffer.read_once()
        return self._texts()

    def _texts(self) -> Iterator[str]:
        return (chunk.delta for chunk in self._from_the_start() if chunk.kind == "text")

    def streams(self) -> Iterator[AnyStream]:
        """Yield a stream for each part of the answer when it begins: text, thought, tool call, or anything else.

        Look at `content_type` to tell them apart; iterate over one for its deltas, or `collect()` it. They may be read
        in any order. A text that another part interrupts is continued by a second stream.
        """
        from capably.responses.chunk_splitter import Splitter

        splitter = Splitter(lambda: self.content, self.chunks())
        return splitter.streams()

    @overload
    def structured_stream(  # pyright: ignore[reportOverlappingOverload]
        self: StreamResponse[None],
    ) -> CallWithoutFormat: ...
    @overload
    def structured_stream(self: StreamResponse[WithFields | None]) -> Iterator[dict[str, Any]]: ...
    @overload
    def structured_stream(self: StreamResponse[Items | None]) -> Iterator[list[Any]]: ...
    @overload
    def structured_stream(self: StreamResponse[str]) -> Iterator[str]: ...
    @overload
    def structured_stream(self: StreamResponse[object]) -> Iterator[Any]: ...
    def structured_stream(self) -> object:
        """Yield the answer in the call's `format` while it grows, from its first character on.

        A class with fields, a `TypedDict` or a dict is a dict, a list, tuple or set is a list, both with the values that
        have arrived. It is one object that grows in place, so that reading takes linear time; copy what you want to
        keep. At the end, `parse()` returns the checked value.

        Raises:
            ParseError: The call has no format.
        """
        feed = _partial_parser(self._request)
        self._buffer.read_all()
        return (value for delta in self._texts() if (value := feed(delta)) is not None)

    def close(self) -> None:
        """Close the connection. `chunks` still yields what has arrived; another thread that waits for more gets an error."""
        with contextlib.suppress(ValueError):  # The generator runs, in that other thread.
            self._steps.close()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, messages: list[Message], params: Mapping[str, object]) -> Self:
        return self._model.stream(messages, **params)

    @classmethod
    def _complete_class(cls) -> type[Response[object]]:
        return Response

    def _arrived(self) -> Iterable[Chunk]:
        return self._buffer

    def _join(self, first: ResponseData, chunks: Iterable[Chunk]) -> None:
        from capably.responses.continuation import ContinuationAccumulator

        self._accumulator = ContinuationAccumulator(first, self._accumulator)
        for chunk in chunks:
            self._buffer.add(chunk)


class AsyncStreamResponse(AsyncFollowUp[FormatT_co, InputT_contra, CapsT_co], AfterAsyncStreamResponse):
    """The response of `await model.stream_async`, read while it arrives. `await finish()` before reading its attributes.

    An error in mid-stream is raised by the reader that meets it. Its `partial` has the parts that had arrived.
    """

    def __init__(self, events: AsyncEventStream, accumulator: StreamAccumulator, *rest: *CallRecord) -> None:
        super().__init__(*rest)
        self._events = events
        self._accumulator = accumulator
        self._buffer = ChunkBuffer()
        self._end: StreamResult = None
        self._closed = False
        from asyncio import Lock  # It is there where an event loop runs, and costs much where none does.

        self._reading = Lock()
        self._steps = self._read()

    async def _read(self) -> AsyncIterator[Chunk]:
        buffer, feed = self._buffer, self._accumulator.feed
        try:
            async for event in self._events:
                for chunk in feed(event):
                    steps = buffer.add(chunk)
                    if steps is None:
                        yield chunk
                        continue
                    for step in steps:
                        buffer.append(step)
                        yield step
                if buffer.end > buffer.limit:
                    buffer.forget()
                    self._accumulator.forget()
            for step in buffer.rest():
                buffer.append(step)
                yield step
            self._end = REACHED if self._accumulator.ended else finish_data(self._accumulator, self._events, buffer)
        except CapablyError as error:
            self._end = with_partial(error, buffer)
            raise
        finally:
            await self._events.close()

    @property
    def _reply(self) -> ResponseData:
        if self._end is None and not self._closed:
            raise RuntimeError("the stream has not been read to its end yet: `await response.finish()` first")
        if self._end == REACHED:
            self._end = build_result(self._accumulator, self._events, self._buffer)
        return data_of(self._end, self._buffer)

    async def finish(self) -> Self:
        """Read the stream to its end, so that the complete reply can be read."""
        self._buffer.read_all()
        async with self._reading:
            async for _ in self._steps:
                pass
        _ = self._reply
        return self

    async def _complete(self) -> Self:
        return await self.finish()

    def chunks(self) -> AsyncIterator[Chunk]:
        """Yield every step of the reply. Deltas that were read before are joined for each part."""
        self._buffer.read_all()
        return self._from_the_start()

    async def _from_the_start(self) -> AsyncIterator[Chunk]:
        buffer, steps, place = self._buffer, self._steps, 0
        while True:
            while place < buffer.end:
                chunk, place = buffer.after(place)
                yield chunk
            async with self._reading:
                if place < buffer.end:
                    continue  # Another task has read on.
                chunk = await anext(steps, None)
                place = buffer.end
            if chunk is None:
                return
            yield chunk

    def text_stream(self) -> AsyncIterator[str]:
        """Yield the answer's text, piece by piece.

        Beyond 8 MiB it is no longer buffered for `text()`, `content` and `messages`: see `StreamResponse.text_stream`.
        """
        self._buffer.read_once()
        return self._texts()

    async def _texts(self) -> AsyncIterator[str]:
        async for chunk in self._from_the_start():
            if chunk.kind == "text":
                yield chunk.delta

    def streams(self) -> AsyncIterator[AnyAsyncStream]:
        """Yield a stream for each part of the answer when it begins: text, thought, tool call, or anything else.

        Look at `content_type` to tell them apart; iterate over one for its deltas, or `await collect()` it. They may be
        read in any order. A text that another part interrupts is continued by a second stream.
        """
        from capably.responses.chunk_splitter import AsyncSplitter

        splitter = AsyncSplitter(lambda: self.content, self.chunks())
        return splitter.streams()

    @overload
    def structured_stream(  # pyright: ignore[reportOverlappingOverload]
        self: AsyncStreamResponse[None],
    ) -> CallWithoutFormat: ...
    @overload
    def structured_stream(self: AsyncStreamResponse[WithFields | None]) -> AsyncIterator[dict[str, Any]]: ...
    @overload
    def structured_stream(self: AsyncStreamResponse[Items | None]) -> AsyncIterator[list[Any]]: ...
    @overload
    def structured_stream(self: AsyncStreamResponse[str]) -> AsyncIterator[str]: ...
    @overload
    def structured_stream(self: AsyncStreamResponse[object]) -> AsyncIterator[Any]: ...
    def structured_stream(self) -> object:
        """Yield the answer in the call's `format` while it grows, from its first character on.

        A class with fields, a `TypedDict` or a dict is a dict, a list, tuple or set is a list, both with the values that
        have arrived. It is one object that grows in place, so that reading takes linear time; copy what you want to
        keep. At the end, `parse()` returns the checked value.

        Raises:
            ParseError: The call has no format.
        """
        feed = _partial_parser(self._request)
        self._buffer.read_all()
        return (value async for delta in self._texts() if (value := feed(delta)) is not None)

    async def close(self) -> None:
        """Close the connection. `chunks` still yields what has arrived."""
        self._closed = True
        with contextlib.suppress(RuntimeError):  # The generator runs, in another task.
            await self._steps.aclose()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        await self._events.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _ask(self, messages: list[Message], params: Mapping[str, object]) -> Self:
        return await self._model.stream_async(messages, **params)

    @classmethod
    def _complete_class(cls) -> type[AsyncResponse[object]]:
        return AsyncResponse

    def _arrived(self) -> Iterable[Chunk]:
        return self._buffer

    def _join(self, first: ResponseData, chunks: Iterable[Chunk]) -> None:
        from capably.responses.continuation import ContinuationAccumulator

        self._accumulator = ContinuationAccumulator(first, self._accumulator)
        for chunk in chunks:
            self._buffer.add(chunk)


def _partial_parser(request: Request) -> Callable[[str], Json]:
    from capably.formats.partial_json import PartialParser

    wanted = request.params.get("format")
    if wanted is None:
        raise ParseError("this call asked for no format; pass format= to have an answer to read as it grows")
    return PartialParser(wanted).feed
