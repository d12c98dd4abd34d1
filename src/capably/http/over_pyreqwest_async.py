"""Asynchronous HTTP over pyreqwest: the twin of `over_pyreqwest`. It is a module of its own because asyncio takes long to load."""

from __future__ import annotations

import asyncio
import atexit
import sys
import threading
import time
from collections.abc import Awaitable, Mapping
from functools import cache
from typing import TypeVar

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.request import RequestBuilder, StreamRequest
from pyreqwest.response import Response

from capably.http import Answer, HttpRequest, TotalTimeoutError, read_body
from capably.http.over_pyreqwest import Ends, Headers, keep, request_of, set_up
from capably.types.timeout import Timeout

ValueT = TypeVar("ValueT")


class AsyncPyreqwestClient:
    """Connections of asynchronous `Client`s, which every event loop can use."""

    def __init__(self) -> None:
        self._clients: dict[tuple[float, float], Client] = {}
        self._ends: Ends[StreamRequest] = Ends()
        _let_threads_end()

    async def fetch(self, request: HttpRequest, timeout: Timeout) -> Answer:
        streamed = self._message(request, timeout).build_streamed()
        reply = AsyncPyreqwestReply(streamed, await _entered(streamed), self._ends)
        return Answer(reply.status, reply.headers, await read_body(reply))

    async def open(self, request: HttpRequest, timeout: Timeout) -> AsyncPyreqwestReply:
        streamed = self._message(request, timeout).streamed_read_buffer_limit(0).build_streamed()
        return AsyncPyreqwestReply(streamed, await _entered(streamed), self._ends)

    def _message(self, request: HttpRequest, timeout: Timeout) -> RequestBuilder:
        client = self._clients.get((timeout.connect, timeout.silence)) or self._opened(timeout)
        return request_of(client.post(request.url), request, timeout)

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
        for request in self._ends.late(0):
            await _leave(request)

    def _opened(self, timeout: Timeout) -> Client:
        return keep(self._clients, timeout, set_up(ClientBuilder(), timeout).build())


class AsyncPyreqwestReply:
    """The asynchronous twin of `PyreqwestReply`."""

    def __init__(self, request: StreamRequest, response: Response, ends: Ends[StreamRequest]) -> None:
        self._request = request
        self._ends = ends
        self._reader = response.body_reader
        self._reading_by: asyncio.Task[object] | None = None
        self._closed = False
        self.status: int = response.status
        self.headers: Mapping[str, str] = Headers(response.headers)

    async def piece(self) -> bytes:
        task, before = _cancellations()
        self._reading_by = task
        try:
            piece = await self._reader.read_chunk()
            _check_cancelled(task, before)
            return bytes(piece or b"")
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
            await _leave(self._request)

    async def finish(self) -> None:
        if not self._closed:
            self._closed = True
            for request in self._ends.late():
                await _leave(request)
            self._ends.add(self._request)


async def _entered(request: StreamRequest) -> Response:
    """Return the answer to a request as soon as its head is there."""
    task, before = _cancellations()
    response = await request.__aenter__()
    try:
        _check_cancelled(task, before)
    except asyncio.CancelledError:
        await _leave(request)
        raise
    return response


async def _leave(request: StreamRequest) -> None:
    task, before = _cancellations()
    await request.__aexit__(None, None, None)
    _check_cancelled(task, before)


def _cancellations() -> tuple[asyncio.Task[object] | None, int]:
    """Return the running task, and how often it was cancelled so far."""
    task = asyncio.current_task()
    return task, 0 if task is None else task.cancelling()


def _check_cancelled(task: asyncio.Task[object] | None, before: int) -> None:
    """Raise the cancellation that a task got while it awaited the library, which forgets it where its result is there already."""
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError


@cache
def _let_threads_end() -> None:
    """Let the library's threads end what they do in Python, at the end of the process. One is still there when it has given its result.

    Where Python ends meanwhile, its versions before 3.13 end with a fatal error.
    """
    atexit.register(_wait_for_threads)


PAUSE, MOST_PAUSES = 0.005, 400
"""Seconds between two looks at the library's threads, and how many times we look."""


def _wait_for_threads() -> None:
    time.sleep(4 * PAUSE)  # For those that do not run in Python yet, and let go of an object of it.
    for _ in range(MOST_PAUSES):
        own = {thread.ident for thread in threading.enumerate()}
        if own.issuperset(sys._current_frames()):  # pyright: ignore[reportPrivateUsage]
            return
        time.sleep(PAUSE)
