"""The result of a stream: a complete reply, one without its content, or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from capably.types.errors import CapablyError
from capably.types.response_data import ResponseData
from capably.types.stream import forgotten, why_forgotten

if TYPE_CHECKING:
    from capably.providers import AsyncEventStream, EventStream
    from capably.types.stream import ChunkBuffer, StreamAccumulator

REACHED: Final = "reached"
"""The result of a stream that has ended and whose reply is not built yet."""

StreamResult: TypeAlias = ResponseData | CapablyError | Literal["reached"] | None
"""`None` before the end, and for a stream that was closed early."""

FORGETTABLE = ("_content", "_parts", "body", "logprobs", "others", "wire")
"""The attributes that a stream without its content lacks."""


class ForgottenResponseData(ResponseData):
    """The finish reason and the usage of a stream that dropped its content. Reading the content raises `CapablyError`."""

    __slots__ = ()

    def __init__(self, reply: ResponseData) -> None:  # pyright: ignore[reportMissingSuperCall]
        for name in ResponseData.__slots__:
            if name not in FORGETTABLE:
                setattr(self, name, getattr(reply, name))

    def __getattr__(self, name: str) -> object:
        if name in FORGETTABLE:
            raise forgotten()
        raise AttributeError(f"a {type(self).__name__} has no {name!r}")


def finish_data(
    accumulator: StreamAccumulator, events: EventStream | AsyncEventStream, buffer: ChunkBuffer
) -> ResponseData:
    """Return the data of a finished stream, with the connection's ids. Raise the error of `StreamAccumulator.reply`."""
    if buffer.begin:
        accumulator.forget()  # The rest, which nobody can read.
    reply = accumulator.reply()
    for known in {id(one): one for one in (reply, reply.last)}.values():
        known.sent = events.sent
        known.request_id = known.request_id or events.request_id
    return ForgottenResponseData(reply) if buffer.begin else reply


def with_partial(error: CapablyError, buffer: ChunkBuffer) -> CapablyError:
    """Return the error of a failed stream with the parts that had arrived, unless some were forgotten."""
    if buffer.begin:
        error.add_note(f"`partial` is empty: {why_forgotten()}.")
        return error
    from capably.responses.chunk_splitter import parts_of

    error.partial = parts_of(buffer)
    return error


def build_result(
    accumulator: StreamAccumulator, events: EventStream | AsyncEventStream, buffer: ChunkBuffer
) -> ResponseData | CapablyError:
    """Return the data of a stream that was read to its end, or the error."""
    try:
        return finish_data(accumulator, events, buffer)
    except CapablyError as error:
        return with_partial(error, buffer)


def data_of(end: ResponseData | CapablyError | None, buffer: ChunkBuffer) -> ResponseData:
    """Return the data of a stream's result, or raise its error again."""
    if end is None:
        rest = why_forgotten() if buffer.begin else "what has arrived is in `chunks()` and `streams()`"
        raise RuntimeError(f"the stream was closed before its end; {rest}")
    if isinstance(end, CapablyError):
        raise end
    return end
