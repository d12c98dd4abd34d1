"""HTTP over httpx2, the default: proxies, certificates, mocks, recorders and tracers work as its users expect."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
import weakref
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from os import environ

import httpx2

from capably.http import Answer, HttpRequest, TotalTimeoutError, read_body
from capably.http.threads import idle_waiter
from capably.types.errors import ConfigurationError
from capably.types.timeout import Timeout

LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30)
"""As many connections as there are calls at once; of those without a call, 100 stay open for 30 seconds."""


class Httpx2Client:
    """Connections of an `httpx2.Client`: our own, or the caller's with all that it is set up to do."""

    name = "httpx2"

    def __init__(self, client: httpx2.Client | None = None) -> None:
        self._given = client
        self._client = client or httpx2.Client(verify=_certificates(), limits=LIMITS)
        if client is None:
            self._client.cookies.jar.set_policy(NO_COOKIES)
            weakref.finalize(self, self._client.close).atexit = False

    async def fetch(self, request: HttpRequest, timeout: Timeout) -> Answer:
        reply = await self.open(request, timeout)
        return Answer(reply.status, reply.headers, await read_body(reply))

    async def open(self, request: HttpRequest, timeout: Timeout) -> Httpx2Reply:
        message = _message(request, timeout, self._given)
        response = self._client.send(message, stream=True, follow_redirects=False)
        return Httpx2Reply(response, timeout, self)

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def close(self) -> None:
        if self._given is None:
            self._client.close()


class Httpx2Reply:
    """An answer over httpx2. It holds the client, whose connections are closed when nobody uses it any more."""

    def __init__(self, response: httpx2.Response, timeout: Timeout, client: object = None) -> None:
        self._response = response
        self._client = client
        self._pieces: Iterator[bytes] = response.iter_bytes()
        self._deadline = _deadline(timeout)
        self._reading = self._ended = False
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def piece(self) -> bytes:
        self._reading = True
        try:
            piece = next(self._pieces, b"")
        finally:
            self._reading = False
        self._ended = not piece
        _check(self._deadline)
        return piece

    async def close(self) -> None:
        if self._reading:  # In another thread, which a closed socket would leave waiting.
            _shut_down(self._response)
        else:
            self._response.close()

    async def finish(self) -> None:
        now = time.monotonic()
        for reply, end in list(_draining.items()):
            if now > end:
                _shut_down(reply._response)
        if not self._ended and len(_draining) < MOST_DRAINING:
            _draining[self] = now + DRAIN
            idle_waiter().go(self._drain)
        else:
            self._response.close()

    def _drain(self) -> None:
        """Read what is left of the body, as a rule its end, so that the connection can take another request."""
        try:
            for _ in self._pieces:
                pass
        finally:
            self._response.close()
            del _draining[self]


_draining: dict[Httpx2Reply, float] = {}
"""Answers whose end is awaited -> when it is awaited no longer."""

DRAIN, MOST_DRAINING = 1.0, 8
"""Seconds until the end of an answer whose last event is there, and the number of answers that are awaited at once."""


class AsyncHttpx2Client:
    """Connections of an `httpx2.AsyncClient`. They belong to the event loop that opened them."""

    name = "httpx2"

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        self._given = client
        self._client = client or httpx2.AsyncClient(verify=_certificates(), limits=LIMITS)
        if client is None:
            self._client.cookies.jar.set_policy(NO_COOKIES)

    async def fetch(self, request: HttpRequest, timeout: Timeout) -> Answer:
        reply = await self._sent(request, timeout)
        return Answer(reply.status, reply.headers, await read_body(reply))

    async def open(self, request: HttpRequest, timeout: Timeout) -> AsyncHttpx2Reply:
        reply = await self._sent(request, timeout)
        reply.guard = _close_with_loop(reply)
        return reply

    async def _sent(self, request: HttpRequest, timeout: Timeout) -> AsyncHttpx2Reply:
        message = _message(request, timeout, self._given)
        return AsyncHttpx2Reply(await self._client.send(message, stream=True, follow_redirects=False), timeout)

    async def sleep(self, seconds: float) -> None:
        import anyio

        await anyio.sleep(seconds)

    async def close(self) -> None:
        if self._given is None:
            await self._client.aclose()


class AsyncHttpx2Reply:
    """The asynchronous twin of `Httpx2Reply`."""

    guard: asyncio.Task[None] | None = None

    def __init__(self, response: httpx2.Response, timeout: Timeout) -> None:
        self._response = response
        self._pieces: AsyncIterator[bytes] = response.aiter_bytes()
        self._ended = False
        self._deadline = _deadline(timeout)
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def piece(self) -> bytes:
        piece = await anext(self._pieces, b"")
        self._ended = not piece
        _check(self._deadline)
        return piece

    async def close(self) -> None:
        if self.guard is not None:
            self.guard.cancel()
        await self._response.aclose()

    async def finish(self) -> None:
        if self._ended or self.guard is None:
            await self.close()
            return
        self.guard.cancel()
        task = asyncio.get_running_loop().create_task(self._drain())
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    async def _drain(self) -> None:
        try:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(DRAIN):
                    async for _ in self._pieces:
                        pass
        finally:
            await self._response.aclose()


_tasks: set[asyncio.Task[None]] = set()
"""Tasks that wait for the end of an answer. An event loop itself does not hold its tasks."""

ENCODINGS = "gzip, deflate"
"""Compressions of answers that httpx2 reads by itself."""

NO_COOKIES = DefaultCookiePolicy(allowed_domains=[])
"""Calls have no memory of each other."""


def _message(
    request: HttpRequest, timeout: Timeout, given: httpx2.Client | httpx2.AsyncClient | None
) -> httpx2.Request:
    """Return the request for httpx2. A client of the caller's adds its own headers, parameters and cookies."""
    most = timeout.silence if timeout.total is None else min(timeout.silence, timeout.total)
    waits = {"connect": min(timeout.connect, most), "read": most, "write": most, "pool": most}
    headers = {"accept-encoding": ENCODINGS, **request.headers}
    if given is not None:
        return given.build_request(
            "POST", request.url, headers=headers, content=request.body, extensions={"timeout": waits}
        )
    return httpx2.Request(
        "POST", _url(request.url), headers=headers, content=request.body, extensions={"timeout": waits}
    )


def _close_with_loop(reply: AsyncHttpx2Reply) -> asyncio.Task[None] | None:
    """Return a task that closes an answer when asyncio ends its loop, if nobody did before.

    httpx2 reads by generators inside generators. A loop that ends closes all of them at once, and each complains of the others;
    tasks end before.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None  # of trio
    task = loop.create_task(_wait_for_end(weakref.ref(reply, lambda _: task.cancel())), name="capably-open-stream")
    return task


async def _wait_for_end(reply: weakref.ref[AsyncHttpx2Reply]) -> None:
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        left = reply()
        if left is not None:
            left.guard = None
            await left.close()


def _shut_down(response: httpx2.Response) -> None:
    """End a connection on which another thread waits for bytes. That thread closes it."""
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream else None
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


_url = lru_cache(maxsize=128)(httpx2.URL)


def _deadline(timeout: Timeout) -> float | None:
    return None if timeout.total is None else time.monotonic() + timeout.total


def _check(deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise TotalTimeoutError


def _certificates() -> ssl.SSLContext:
    """Return the certificates to trust, read once: those of the system, or of `SSL_CERT_FILE` or `SSL_CERT_DIR`."""
    return _read_certificates(environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=8)
def _read_certificates(file: str | None, folder: str | None) -> ssl.SSLContext:
    try:
        return httpx2.create_ssl_context()
    except OSError as error:
        place = f"SSL_CERT_FILE={file}" if file else f"SSL_CERT_DIR={folder}" if folder else "the system's certificates"
        raise ConfigurationError(f"{place} cannot be read: {error}") from error
