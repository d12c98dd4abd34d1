"""HTTP over pyreqwest, Rust's reqwest for Python (`capably[fast]`): several times cheaper than httpx2.

Its connections belong to no event loop and to no thread, but its runtime does not survive a fork (`capably.http.libraries`).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import import_module
from queue import SimpleQueue
from typing import Any, TypeVar

from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.http import HeaderMap
from pyreqwest.request import RequestBuilder, StreamRequest, SyncRequestBuilder, SyncStreamRequest
from pyreqwest.response import Response, SyncResponse

from capably.http import Answer, HttpRequest, checked_size, read_body
from capably.types.timeout import Timeout

ValueT = TypeVar("ValueT")
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
        return _interruptible(_fetch, self._message(request, timeout))

    async def open(self, request: HttpRequest, timeout: Timeout) -> PyreqwestReply:
        message = self._message(request, timeout)
        return PyreqwestReply(
            message, _interruptible(message.__enter__, leave=lambda: message.__exit__(None, None, None))
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
        self._reading_by: _Waiter | None = None
        self._closed = False
        self.status: int = response.status
        self.headers: Mapping[str, str] = Headers(response.headers)

    async def piece(self) -> bytes:
        self._reading_by = waiter = _waiter()
        try:
            return bytes(waiter.run(self._reader.read_chunk, (), self._leave) or b"")
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
            waiter.abandon(self._leave)

    def _leave(self) -> None:
        self._request.__exit__(None, None, None)

    finish = close  # The library gives back a connection whose answer has ended, and knows without waiting.


class AsyncPyreqwestClient:
    """Connections of asynchronous `Client`s, which every event loop can use."""

    name = "pyreqwest"

    def __init__(self) -> None:
        self._clients: dict[tuple[float, float], Client] = {}

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
        self._closed = False
        self.status: int = response.status
        self.headers: Mapping[str, str] = Headers(response.headers)

    async def piece(self) -> bytes:
        return bytes(await self._reader.read_chunk() or b"")

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self._request.__aexit__(None, None, None)

    finish = close


def _message(message: MessageT, request: HttpRequest, timeout: Timeout) -> MessageT:
    """Return a request as the library builds it. It says itself which compressions it reads.

    Nothing is buffered: a piece of a stream is there as soon as it arrives.
    """
    headers = {name: value for name, value in request.headers.items() if name != "accept-encoding"}
    message = message.headers(headers).body_bytes(request.body).streamed_read_buffer_limit(0)
    return message if timeout.total is None else message.timeout(timedelta(seconds=timeout.total))


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


def _interruptible(function: Callable[..., ValueT], *args: Any, leave: Callable[[], object] | None = None) -> ValueT:
    """Return `function(*args)`, which blocks. In the main thread another one waits for it, so that Ctrl+C works meanwhile.
    After that, `leave` runs when the function has ended.

    The library waits without looking at signals, which Python delivers to the main thread only.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*args)
    return _waiter().run(function, args, leave)


class _Waiter:
    """A thread that waits in place of another one, which can be interrupted meanwhile."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self.abandoned = False
        threading.Thread(target=self._work, name="capably-waiter", daemon=True).start()

    def run(
        self, function: Callable[..., ValueT], args: tuple[Any, ...], leave: Callable[[], object] | None = None
    ) -> ValueT:
        """Return the function's result. Where the wait for it is interrupted, `leave` runs when the function has ended."""
        self._jobs.put((function, args))
        try:
            value, error = self._results.get()
        except BaseException:
            self.abandoned = True
            if leave is not None:
                self._jobs.put((leave, ()))
            raise
        finally:
            if self.abandoned:
                self._jobs.put(None)  # What runs ends when it can; nobody uses this thread again.
            else:
                _idle.append(self)
        if error is not None:
            raise error
        return value

    def abandon(self, last: Callable[[], object]) -> None:
        """Raise an error in the thread that waits for a result. What runs for it ends when it can, and then `last` runs."""
        self.abandoned = True
        self._jobs.put((last, ()))
        self._results.put((None, ConnectionAbortedError("the stream was closed while it was read")))

    def _work(self) -> None:
        while job := self._jobs.get():
            function, args = job
            try:
                self._results.put((function(*args), None))
            except BaseException as error:
                self._results.put((None, error))
            del function, args, job


_idle: list[_Waiter] = []


def _waiter() -> _Waiter:
    try:
        return _idle.pop()
    except IndexError:
        return _Waiter()
