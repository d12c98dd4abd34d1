"""HTTP: one small protocol over two libraries, httpx2 and pyreqwest, and what is ours around them.

`over_httpx2` and `over_pyreqwest` send one request and give status, headers and the pieces of the body. `exchange` makes one
request of several attempts: retries, redirects, limits. `libraries` chooses the library and keeps the clients of a handle.

Everything is written once, as coroutines. Those of a synchronous client never wait for an event loop: `run` takes them to
their end in one step.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Mapping
from typing import NamedTuple, Protocol, TypeVar

from capably.types.timeout import Timeout

ResultT = TypeVar("ResultT")

MAX_BODY = 512 * 1024 * 1024
"""Bytes of one answer, after decompression. A longer one is an error: no answer of a model is that long."""


class HttpRequest(NamedTuple):
    """A POST request: address, headers (names in small letters) and body."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        """Show no credential: tools that report errors show the variables of each frame."""
        return f"HttpRequest({self.url.partition('?')[0]!r}, {len(self.body)} bytes)"


class Answer(NamedTuple):
    """An answer that was read to its end. The names of its headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Reply(Protocol):
    """An answer whose head is there, and whose body is read piece by piece. Whoever has one closes it."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers by name in small letters; those that are repeated, joined by a comma."""
        ...

    async def piece(self) -> bytes:
        """Return the next bytes of the body, decompressed; empty at its end."""
        ...

    async def close(self) -> None:
        """Let go of the connection. It can take another request if the body was read to its end."""
        ...

    async def finish(self) -> None:
        """Let go of the connection when all that matters of the body was read. Does not wait for the end of the body."""
        ...


class SyncReply(Reply, Protocol):
    """An answer of a synchronous client."""

    def read(self) -> bytes:
        """Return what `piece` returns. A stream reads each event by it: a coroutine would cost more than the reading."""
        ...


class Client(Protocol):
    """A pool of connections of one library, whose own exceptions it raises."""

    async def fetch(self, request: HttpRequest, timeout: Timeout) -> Answer:
        """Send a request and return the answer, of any status, with its body."""
        ...

    async def open(self, request: HttpRequest, timeout: Timeout) -> Reply:
        """Send a request and return the answer, of any status, as soon as its head is there."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    async def in_time(self, steps: Awaitable[ResultT], deadline: float) -> ResultT:
        """Return the result of the caller's steps. An asynchronous client raises `TotalTimeoutError` when it is not there by then; a
        synchronous one cannot leave them."""
        ...

    async def close(self) -> None: ...


FAILURE = 400
"""The lowest status of a failure."""


async def read_body(reply: Reply) -> bytes:
    """Return the body of an answer, and close it. Raises `BodyTooLargeError` beyond `MAX_BODY`.

    Of a failure, what arrived is returned: its status says what went wrong, and the end of its body nothing more.
    """
    pieces: list[bytes] = []
    size = 0
    try:
        while piece := await reply.piece():
            size = checked_size(size + len(piece))
            pieces.append(piece)
    except Exception as error:
        if reply.status < FAILURE or isinstance(error, BodyTooLargeError):
            raise
    finally:
        await reply.close()
    return b"".join(pieces)


def checked_size(size: int) -> int:
    """Return the size of a body so far. Raises `BodyTooLargeError` beyond `MAX_BODY`."""
    if size > MAX_BODY:
        raise BodyTooLargeError(f"the answer has more than {MAX_BODY:,} bytes")
    return size


class BodyTooLargeError(Exception):
    """An answer has more bytes than any answer of a model."""


class TotalTimeoutError(Exception):
    """The time for the complete request (`llm.Timeout(total=)`) is over."""


def run(steps: Coroutine[object, None, ResultT]) -> ResultT:
    """Return the result of a coroutine that never waits, which those over synchronous clients are."""
    try:
        steps.send(None)
    except StopIteration as end:
        return end.value
    finally:
        steps.close()
    raise RuntimeError("a synchronous call cannot wait for an event loop")
