"""HTTP over pyreqwest, Rust's reqwest for Python (`capably[fast]`): several times cheaper than httpx2.

Its connections belong to no event loop and to no thread, but its runtime does not survive a fork (`capably.http.libraries`).
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import TypeVar

from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.http import HeaderMap
from pyreqwest.request import RequestBuilder, StreamRequest, SyncRequestBuilder, SyncStreamRequest
from pyreqwest.response import Response, SyncResponse

from capably.http import Answer, HttpRequest, checked_size, read_body
from capably.http.threads import Waiter, idle_waiter, interruptible
from capably.types.timeout import Timeout

BuilderT = TypeVar("BuilderT", ClientBuilder, SyncClientBuilder)
MessageT = TypeVar("MessageT", RequestBuilder, SyncRequestBuilder)

import_module(
    "pyreqwest.exceptions"
)  # The library would import it at the first error, where an interrupt ends the process.

IDLE = timedelta(seconds=30)
"""How long a connection without a call stays open."""


class PyreqwestClient:
    """Connections of `SyncClient`s: one for each pair of timeouts, which the library has for a client only."""

    name = "pyreqwest"

    def __init__(self) -> None:
        self._clients: dict[tuple[float, float], SyncClient] = {}

    async def fetch(self, request: HttpRequest, timeout: Timeout) -> Answer:
        return interruptible(_fetch, self._message(request, timeout))

    async def open(self, request: HttpRequest, timeout: Timeout) -> PyreqwestReply:
        message = self._message(request, timeout)
        return PyreqwestReply(
            message, interruptible(message.__enter__, last=lambda: message.__exit__(None, None, None))
        )

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def close(self) -> None:
        for client in list(self._clients.values()):
            client.close()

    def _message(self, request: HttpRequest, timeout: Timeout) -> SyncStreamRequest:
        client = self._clients.get((timeout.connect, timeout.silence)) or self._opened(timeout)
        return _message(client.post(request.url), request, timeout).build_streamed()

    def _opened(self, timeout: Timeout) -> SyncClient:
        client = _set_up(SyncClientBuilder(), timeout).build()
        return self._clients.setdefault((timeout.connect, timeout.silence), client)


class PyreqwestReply:
    """An answer over pyreqwest."""

    def __init__(self, request: SyncStreamRequest, response: SyncResponse) -> None:
        self._request = request
        self._reader = response.body_reader
        self._reading_by: Waiter | None = None
        self._closed = False
        self.status: int = response.status
        self.headers: Mapping[str, str] = Headers(response.headers)

    async def piece(self) -> bytes:
        self._reading_by = waiter = idle_waiter()
        try:
            return bytes(waiter.run(self._reader.read_chunk, last=self._leave) or b"")
        finally:
            self._reading_by = None
            self._closed = self._closed or waiter.abandoned

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        waiter = self._reading_by
        if waiter is None:
            self._leave()
        else:  # Another thread reads, and the library would wait for it.
            error = ConnectionAbortedError("the stream was closed while it was read")
            waiter.abandon(error, self._leave)

    def _leave(self) -> None:
        self._request.__exit__(None, None, None)

    async def finish(self) -> None:
        await self.close()  # The library looks itself whether the end of the body is there.


class AsyncPyreqwestClient:
    """Connections of asynchronous `Client`s, which every event loop can use."""

    name = "pyreqwest"

    def __init__(self) -> None:
        self._clients: dict[tuple[float, float], Client] = {}
        _let_threads_end()

    async def fetch(self, request: HttpRequest, timeout: Timeout) -> Answer:
        reply = await self.open(request, timeout)
        return Answer(reply.status, reply.headers, await read_body(reply))

    async def open(self, request: HttpRequest, timeout: Timeout) -> AsyncPyreqwestReply:
        client = self._clients.get((timeout.connect, timeout.silence)) or self._opened(timeout)
        streamed = _message(client.post(request.url), request, timeout).build_streamed()
        return AsyncPyreqwestReply(streamed, await streamed.__aenter__())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        for client in list(self._clients.values()):
            await client.close()

    def _opened(self, timeout: Timeout) -> Client:
        client = _set_up(ClientBuilder(), timeout).build()
        return self._clients.setdefault((timeout.connect, timeout.silence), client)


class AsyncPyreqwestReply:
    """The asynchronous twin of `PyreqwestReply`."""

    def __init__(self, request: StreamRequest, response: Response) -> None:
        self._request = request
        self._reader = response.body_reader
        self._closed = self._reading = False
        self.status: int = response.status
        self.headers: Mapping[str, str] = Headers(response.headers)

    async def piece(self) -> bytes:
        self._reading = True
        try:
            return bytes(await self._reader.read_chunk() or b"")
        finally:
            self._reading = False

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._reading:  # Another task reads, and the library would wait for it.
            task: asyncio.Future[None] = asyncio.ensure_future(self._request.__aexit__(None, None, None))
            _tasks.add(task)
            task.add_done_callback(_tasks.discard)
        else:
            await self._request.__aexit__(None, None, None)

    async def finish(self) -> None:
        await self.close()


_tasks: set[asyncio.Future[None]] = set()
"""Streams that are being closed while they are read. An event loop itself does not hold its tasks."""


def _message(message: MessageT, request: HttpRequest, timeout: Timeout) -> MessageT:
    """Return a request as the library builds it. It says itself which compressions it reads.

    Nothing is buffered: a piece of a stream is there as soon as it arrives.
    """
    headers = {name: value for name, value in request.headers.items() if name != "accept-encoding"}
    message = message.headers(headers).body_bytes(request.body).streamed_read_buffer_limit(0)
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


def _fetch(message: SyncStreamRequest) -> Answer:
    pieces: list[bytes] = []
    size = 0
    with message as response:
        reader = response.body_reader
        while piece := reader.read_chunk():
            size = checked_size(size + len(piece))
            pieces.append(bytes(piece))
        return Answer(response.status, Headers(response.headers), b"".join(pieces))
