"""HTTP over an `httpx2.AsyncClient`: the asynchronous twin of `over_httpx2`."""

from __future__ import annotations

import asyncio
import contextlib
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import TypeVar

import httpx2

from capably.http import Answer, HttpRequest, TotalTimeoutError, read_body
from capably.http.over_httpx2 import DRAIN, deadline_of, is_plain, made, malformed_place, message_of
from capably.types.timeout import Timeout

ValueT = TypeVar("ValueT")


class AsyncHttpx2Client:
    """Connections of an `httpx2.AsyncClient`. They belong to the event loop that opened them."""

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        self._given = client
        self._made: httpx2.AsyncClient | None = None
        self._calls = 0
        self._closing = False

    async def fetch(self, request: HttpRequest, timeout: Timeout) -> Answer:
        reply = await self._sent(request, timeout)
        return Answer(reply.status, reply.headers, await read_body(reply))

    async def open(self, request: HttpRequest, timeout: Timeout) -> AsyncHttpx2Reply:
        reply = await self._sent(request, timeout)
        reply.guard = _close_with_loop(reply, reply.running)
        return reply

    async def _sent(self, request: HttpRequest, timeout: Timeout) -> AsyncHttpx2Reply:
        message, deadline = message_of(request, timeout, self._given), deadline_of(timeout)
        send = self._begun().send
        try:
            response = await _awaited_in_time(send(message, stream=True, follow_redirects=False), deadline)
        except BaseException as error:
            await self.ended()
            if isinstance(error, httpx2.InvalidURL):
                raise malformed_place(error) from error
            raise
        return AsyncHttpx2Reply(response, timeout, deadline, self)

    def _begun(self) -> httpx2.AsyncClient:
        client = self._given or self._made
        if client is None:
            client = self._made = made(httpx2.AsyncClient)
        self._calls += 1
        return client

    async def ended(self) -> None:
        """Count a call that is over."""
        self._calls -= 1
        if self._closing:
            await self.close()

    async def in_time(self, steps: Awaitable[ValueT], deadline: float) -> ValueT:
        return await _awaited_in_time(steps, deadline)

    async def sleep(self, seconds: float) -> None:
        import anyio

        await anyio.sleep(seconds)

    async def close(self) -> None:
        """Let go of the connections; those of calls that run, at the end of the last."""
        self._closing = True
        if not self._calls and self._made is not None:
            made, self._made = self._made, None
            await made.aclose()


class Running:
    """An answer over httpx2 that is not closed yet, and the client that counts it."""

    def __init__(self, response: httpx2.Response, client: AsyncHttpx2Client | None = None) -> None:
        self.response = response
        self._client = client

    async def end(self) -> None:
        """Close the answer. Its call is counted as over once."""
        client, self._client = self._client, None
        try:
            await self.response.aclose()
        finally:
            if client is not None:
                await client.ended()


class AsyncHttpx2Reply:
    """The asynchronous twin of `Httpx2Reply`."""

    guard: asyncio.Task[None] | None = None

    def __init__(
        self,
        response: httpx2.Response,
        timeout: Timeout,
        deadline: float | None = None,
        client: AsyncHttpx2Client | None = None,
    ) -> None:
        self.running: Running = Running(response, client)
        self._pieces: AsyncIterator[bytes] = response.aiter_raw() if is_plain(response) else response.aiter_bytes()
        self._ended = False
        self._deadline = deadline or deadline_of(timeout)
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def piece(self) -> bytes:
        piece = await _awaited_in_time(anext(self._pieces, b""), self._deadline)
        self._ended = not piece
        return piece

    async def close(self) -> None:
        self._end_guard()
        await self.running.end()

    def _end_guard(self) -> bool:
        guard, self.guard = self.guard, None
        return guard is not None and guard.cancel()

    async def finish(self) -> None:
        if self._ended or not self._end_guard():
            await self.close()
            return
        _hold(asyncio.get_running_loop().create_task(self._drain()))
        await asyncio.sleep(0)  # Most ends are there already: the next call finds the connection free.

    async def _drain(self) -> None:
        try:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(DRAIN):
                    async for _ in self._pieces:
                        pass
        finally:
            await self.running.end()


_tasks: set[asyncio.Task[None]] = set()
"""Tasks that wait for the end of an answer, or close it."""


def _close_with_loop(reply: AsyncHttpx2Reply, running: Running) -> asyncio.Task[None] | None:
    """Return a task that closes an answer when nobody has it any more, or when asyncio ends its loop.

    httpx2 reads by generators inside generators. A loop that ends closes all of them at once, and each complains of the others;
    tasks end before.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None  # of trio

    task = loop.create_task(_wait_for_end(weakref.ref(reply)), name="capably-open-stream")

    def close() -> None:
        if task.cancel():  # Else the loop is ending, and the task is closing the answer.
            _hold(loop.create_task(running.end()))

    def left() -> None:
        with contextlib.suppress(RuntimeError):  # The loop is over.
            loop.call_soon_threadsafe(close)

    weakref.finalize(reply, left).atexit = False
    return task


async def _wait_for_end(reply: weakref.ref[AsyncHttpx2Reply]) -> None:
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        left = reply()
        if left is not None and left.guard is not None:
            await left.close()


def _hold(task: asyncio.Task[None]) -> None:
    """Keep a task, which its event loop does not, until it is done."""
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _awaited_in_time(steps: Awaitable[ValueT], deadline: float | None) -> ValueT:
    """Return the result. Raises `TotalTimeoutError` when it is not there by then."""
    if deadline is None:
        return await steps
    import anyio

    with anyio.move_on_after(deadline - time.monotonic()):
        return await steps
    raise TotalTimeoutError
