"""HTTP over pyreqwest, Rust's reqwest for Python (`capably[fast]`): several times cheaper than httpx2.

Its connections belong to no event loop and to no thread, but its runtime does not survive a fork (`capably.http.libraries`).
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import time
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import TypeVar

from pyreqwest.bytes import Bytes
from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.http import HeaderMap
from pyreqwest.request import RequestBuilder, StreamRequest, SyncRequestBuilder, SyncStreamRequest
from pyreqwest.response import Response, SyncResponse

from capably.http import Answer, HttpRequest, TotalTimeoutError, checked_size, read_body
from capably.http.threads import Waiter, idle_waiter, interruptible
from capably.types.timeout import Timeout

BuilderT = TypeVar("BuilderT", ClientBuilder, SyncClientBuilder)
ClientT = TypeVar("ClientT", Client, SyncClient)
ValueT = TypeVar("ValueT")
MessageT = TypeVar("MessageT", RequestBuilder, SyncRequestBuilder)

import_module(
    "pyreqwest.exceptions"
)  # The library would import it at the first error, where an interrupt ends the process.

IDLE = timedelta(seconds=30)
"""How long a connection without a call stays open."""

MOST_CLIENTS = 16
"""Pairs of timeouts whose connections stay open."""


class PyreqwestClient:
    """Connections of `SyncClient`s: one for each pair of timeouts, which the library has for a client only.

    A body is buffered by the library, except that of a stream, whose pieces are there as soon as they arrive.
    """

    def __init__(self) -> None:
        self._clients: dict[tuple[float, float], SyncClient] = {}

    async def fetch(self, request: HttpRequest, timeout: Timeout) -> Answer:
        return interruptible(_fetch, self._message(request, timeout).build_streamed())

    async def open(self, request: HttpRequest, timeout: Timeout) -> PyreqwestReply:
        message = self._message(request, timeout).streamed_read_buffer_limit(0).build_streamed()
        return PyreqwestReply(
            message, interruptible(message.__enter__, last=lambda: message.__exit__(None, None, None))
        )

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def in_time(self, steps: Awaitable[ValueT], deadline: float) -> ValueT:
        return await steps

    async def close(self) -> None:
        self._clients.clear()  # Those of calls that run end with the last of them.

    def _message(self, request: HttpRequest, timeout: Timeout) -> SyncRequestBuilder:
        client = self._clients.get((timeout.connect, timeout.silence)) or self._opened(timeout)
        return _message(client.post(request.url), request, timeout)

    def _opened(self, timeout: Timeout) -> SyncClient:
        return _keep(self._clients, timeout, _set_up(SyncClientBuilder(), timeout).build())


QUICK, MANY = 0.002, 8
"""Seconds of a read whose bytes were there already, and how many of them in a row make a burst.

In a burst a piece is read at once; else another thread waits for it, which costs more than all else and can be interrupted.
"""


class PyreqwestReply:
    """An answer over pyreqwest."""

    def __init__(self, request: SyncStreamRequest, response: SyncResponse) -> None:
        self._request = request
        self._reader = response.body_reader
        self._reading_by: Waiter | None = None
        self._closed = self._reading = False
        self._quick = 0
        self.status: int = response.status
        self.headers: Mapping[str, str] = Headers(response.headers)

    async def piece(self) -> bytes:
        start = time.monotonic()
        self._reading = True
        try:
            piece = self._reader.read_chunk() if self._quick >= MANY else self._wait_for_piece()
        finally:
            self._reading = False
        self._quick = self._quick + 1 if time.monotonic() - start < QUICK else 0
        return bytes(piece or b"")

    def _wait_for_piece(self) -> Bytes | None:
        self._reading_by = waiter = idle_waiter()
        try:
            return waiter.run(self._reader.read_chunk, last=self._leave)
        finally:
            self._reading_by = None
            self._closed = self._closed or waiter.abandoned

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        waiter = self._reading_by
        if not self._reading:
            self._leave()
        elif waiter is None:  # Another thread reads, and the library waits for it.
            idle_waiter().go(self._leave)
        else:
            error = ConnectionAbortedError("the stream was closed while it was read")
            waiter.abandon(error, self._leave)

    def _leave(self) -> None:
        self._request.__exit__(None, None, None)

    async def finish(self) -> None:
        await self.close()  # The library looks itself whether the end of the body is there.


class AsyncPyreqwestClient:
    """Connections of asynchronous `Client`s, which every event loop can use."""

    def __init__(self) -> None:
        self._clients: dict[tuple[float, float], Client] = {}
        _let_threads_end()

    async def fetch(self, request: HttpRequest, timeout: Timeout) -> Answer:
        streamed = self._message(request, timeout).build_streamed()
        reply = AsyncPyreqwestReply(streamed, await streamed.__aenter__())
        return Answer(reply.status, reply.headers, await read_body(reply))

    async def open(self, request: HttpRequest, timeout: Timeout) -> AsyncPyreqwestReply:
        streamed = self._message(request, timeout).streamed_read_buffer_limit(0).build_streamed()
        return AsyncPyreqwestReply(streamed, await streamed.__aenter__())

    def _message(self, request: HttpRequest, timeout: Timeout) -> RequestBuilder:
        client = self._clients.get((timeout.connect, timeout.silence)) or self._opened(timeout)
        return _message(client.post(request.url), request, timeout)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def in_time(self, steps: Awaitable[ValueT], deadline: float) -> ValueT:
        limit = asyncio.timeout(deadline - time.monotonic())
        try:
            async with limit:
                return await steps
        except TimeoutError:
            if limit.expired():
                raise TotalTimeoutError from None
            raise

    async def close(self) -> None:
        self._clients.clear()

    def _opened(self, timeout: Timeout) -> Client:
        return _keep(self._clients, timeout, _set_up(ClientBuilder(), timeout).build())


class AsyncPyreqwestReply:
    """The asynchronous twin of `PyreqwestReply`."""

    def __init__(self, request: StreamRequest, response: Response) -> None:
        self._request = request
        self._reader = response.body_reader
        self._reading_by: asyncio.Task[object] | None = None
        self._closed = False
        self.status: int = response.status
        self.headers: Mapping[str, str] = Headers(response.headers)

    async def piece(self) -> bytes:
        self._reading_by = task = asyncio.current_task()
        try:
            return bytes(await self._reader.read_chunk() or b"")
        except asyncio.CancelledError:
            if not self._closed or task is None or task.uncancel():
                raise
            raise ConnectionAbortedError("the stream was closed while it was read") from None
        finally:
            self._reading_by = None

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            if self._reading_by is not None:  # Another task reads, and the library would wait for it.
                self._reading_by.cancel()
            await self._request.__aexit__(None, None, None)

    async def finish(self) -> None:
        await self.close()


def _message(message: MessageT, request: HttpRequest, timeout: Timeout) -> MessageT:
    """Return a request as the library builds it. It says itself which compressions it reads."""
    headers = {name: value for name, value in request.headers.items() if name != "accept-encoding"}
    message = message.headers(headers).body_bytes(request.body)
    return message if timeout.total is None else message.timeout(timedelta(seconds=timeout.total))


@cache
def _let_threads_end() -> None:
    """Leave the library's threads a moment at the end of the process: they let go of Python objects after an answer.

    Where Python ends meanwhile, its versions before 3.13 end with a fatal error.
    """
    atexit.register(time.sleep, 0.02)


class Headers(dict[str, str]):
    """Headers by name in small letters. Those that are no ASCII, which the library cannot read, are left out."""

    def __init__(self, headers: HeaderMap) -> None:
        super().__init__()
        for name in headers.keys():  # noqa: SIM118 (its iterator is another one)
            if name not in self:
                with contextlib.suppress(ValueError):
                    self[name] = ", ".join(headers.getall(name))


def _set_up(builder: BuilderT, timeout: Timeout) -> BuilderT:
    return (
        builder.follow_redirects(False)
        .referer(False)
        .connect_timeout(timedelta(seconds=timeout.connect))
        .read_timeout(timedelta(seconds=timeout.silence))
        .pool_idle_timeout(IDLE)
    )


def _keep(clients: dict[tuple[float, float], ClientT], timeout: Timeout, client: ClientT) -> ClientT:
    """Return the client for these timeouts, and let go of the oldest where there are many: timeouts may differ at each call."""
    one = clients.setdefault((timeout.connect, timeout.silence), client)
    for oldest in list(clients)[:-MOST_CLIENTS]:
        clients.pop(oldest, None)
    return one


def _fetch(message: SyncStreamRequest) -> Answer:
    pieces: list[bytes] = []
    size = 0
    with message as response:
        reader = response.body_reader
        while piece := reader.read_chunk():
            size = checked_size(size + len(piece))
            pieces.append(bytes(piece))
        return Answer(response.status, Headers(response.headers), b"".join(pieces))
