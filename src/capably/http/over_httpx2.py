"""HTTP over httpx2, the default: proxies, certificates, mocks, recorders and tracers work as its users expect."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Awaitable, Iterator, Mapping
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar

import httpx2

from capably.http import Answer, HttpRequest, read_body
from capably.http.threads import idle_waiter, in_time
from capably.types.errors import ConfigurationError
from capably.types.timeout import Timeout

ValueT = TypeVar("ValueT")
ClientT = TypeVar("ClientT", httpx2.Client, httpx2.AsyncClient)

LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30)
"""As many connections as there are calls at once; of those without a call, 100 stay open for 30 seconds."""


class Httpx2Client:
    """Connections of an `httpx2.Client`: our own, or the caller's with all that it is set up to do."""

    def __init__(self, client: httpx2.Client | None = None) -> None:
        self._given = client
        self._lock = threading.Lock()
        self._made: httpx2.Client | None = None
        self._end: weakref.finalize[..., object] | None = None
        self._calls = 0
        self._closing = False

    async def fetch(self, request: HttpRequest, timeout: Timeout) -> Answer:
        reply = await self.open(request, timeout)
        return Answer(reply.status, reply.headers, await read_body(reply))

    async def open(self, request: HttpRequest, timeout: Timeout) -> Httpx2Reply:
        message, deadline = message_of(request, timeout, self._given), deadline_of(timeout)
        if deadline is not None:
            return Httpx2Reply(self._sent_by(message, deadline), timeout, self, deadline)
        client = self._begun()
        try:
            return Httpx2Reply(_send(client, message), timeout, self)
        except BaseException:
            self.ended()
            raise

    def _sent_by(self, message: httpx2.Request, deadline: float) -> httpx2.Response:
        """Return the answer if its head is there by then. httpx2 counts no total time, so another thread waits for it."""
        waiter, client = idle_waiter(), self._begun()
        responses: list[httpx2.Response] = []

        def leave() -> None:
            for response in responses:
                response.close()
            self.ended()

        try:
            in_time(waiter, deadline, leave, lambda: responses.append(_send(client, message)))
        except BaseException:
            if not waiter.abandoned:
                self.ended()
            raise
        return responses[0]

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def in_time(self, steps: Awaitable[ValueT], deadline: float) -> ValueT:
        return await steps

    async def close(self) -> None:
        """Let go of the connections; those of calls that run, at the end of the last. httpx2 would leave them waiting for ever."""
        with self._lock:
            self._closing = True
        self._close_unused()

    def _begun(self) -> httpx2.Client:
        with self._lock:
            client = self._given or self._made
            if client is None:
                client = made(httpx2.Client)
                self._end = weakref.finalize(self, client.close)
                self._end.atexit = False
                self._made = client
            self._calls += 1  # Last: what fails before, as certificates that cannot be read, is no call.
            return client

    def ended(self) -> None:
        """Count a call that is over."""
        with self._lock:
            self._calls -= 1
        if self._closing:
            self._close_unused()

    def _close_unused(self) -> None:
        with self._lock:
            if self._calls or self._made is None:
                return
            end, self._made = self._end, None
        if end is not None:
            end()


def _send(client: httpx2.Client, message: httpx2.Request) -> httpx2.Response:
    try:
        return client.send(message, stream=True, follow_redirects=False)
    except httpx2.InvalidURL as error:
        raise malformed_place(error) from error


def malformed_place(error: httpx2.InvalidURL) -> httpx2.RemoteProtocolError:
    """Return the error for an answer that redirects to no URL. httpx2 reads the place unasked; before 2.16.2 it raised `error`,
    which is otherwise about the address that we send to."""
    return httpx2.RemoteProtocolError(f"Invalid URL in location header: {error}.")


class Httpx2Reply:
    """An answer over httpx2. It holds the client, whose connections are closed when nobody uses it any more."""

    def __init__(
        self,
        response: httpx2.Response,
        timeout: Timeout,
        client: Httpx2Client | None = None,
        deadline: float | None = None,
    ) -> None:
        self.response = response
        self._client = client
        self._pieces: Iterator[bytes] = response.iter_raw() if is_plain(response) else response.iter_bytes()
        self._deadline = deadline or deadline_of(timeout)
        self._reading = self._ended = self._left = False
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def piece(self) -> bytes:
        return self.read()

    def read(self) -> bytes:
        self._reading = True
        try:
            piece = next(self._pieces, b"") if self._deadline is None else self._piece_by(self._deadline)
        finally:
            self._reading = False
        self._ended = not piece
        return piece

    def _piece_by(self, deadline: float) -> bytes:
        waiter = idle_waiter()
        try:
            return in_time(waiter, deadline, self._let_go, next, self._pieces, b"")
        finally:
            if waiter.abandoned:
                self._left = True
                _shut_down(self.response)

    async def close(self) -> None:
        if self._left:  # The thread that reads closes it.
            return
        if self._reading:  # In another thread, which a closed socket would leave waiting.
            _shut_down(self.response)
        else:
            self._let_go()

    def __del__(self) -> None:
        """Close an answer that nobody reads any more. Another thread does it: this one may hold a lock of the library."""
        if self._client is not None:
            with contextlib.suppress(RuntimeError):  # No thread can begin when the process ends.
                idle_waiter().go(_close_unread, self.response, self._client)

    def _let_go(self) -> None:
        try:
            self.response.close()
        finally:
            client, self._client = self._client, None
            if client is not None:
                client.ended()

    async def finish(self) -> None:
        now = time.monotonic()
        for reply, end in list(_draining.items()):
            if now > end:
                _shut_down(reply.response)
        if not self._ended and len(_draining) < MOST_DRAINING:
            _draining[self] = now + DRAIN
            idle_waiter().go(self._drain)
        else:
            self._let_go()

    def _drain(self) -> None:
        """Read what is left of the body, as a rule its end, so that the connection can take another request."""
        try:
            for _ in self._pieces:
                pass
        finally:
            _draining.pop(self, None)
            self._let_go()


_draining: dict[Httpx2Reply, float] = {}
"""Answers whose end is awaited -> when it is awaited no longer."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_draining.clear)  # Their connections are the parent's.

DRAIN, MOST_DRAINING = 1.0, 8
"""Seconds until the end of an answer whose last event is there, and the number of answers that are awaited at once."""


ENCODINGS = "gzip, deflate"
"""Compressions of answers that httpx2 reads by itself."""

NO_COOKIES = DefaultCookiePolicy(allowed_domains=[])
"""Calls have no memory of each other."""


def message_of(
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


def is_plain(response: httpx2.Response) -> bool:
    """Return whether the body is neither compressed nor read before, as a mock's is: its bytes can be taken as they are."""
    return "content-encoding" not in response.headers and not response.is_stream_consumed


def _close_unread(response: httpx2.Response, client: Httpx2Client) -> None:
    response.close()
    client.ended()


def _shut_down(response: httpx2.Response) -> None:
    """End a connection on which another thread waits for bytes. That thread closes it."""
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream else None
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def made(kind: type[ClientT]) -> ClientT:
    """Return a client with our limits, which has no memory of calls. Raises `ConfigurationError` for a proxy that cannot be used."""
    try:
        client = kind(verify=certificates(), limits=LIMITS)
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise ConfigurationError(
            f"a proxy of the environment (HTTP_PROXY and its kin) cannot be used: {error}"
        ) from error
    client.cookies.jar.set_policy(NO_COOKIES)
    return client


_url = lru_cache(maxsize=128)(httpx2.URL)


def deadline_of(timeout: Timeout) -> float | None:
    return None if timeout.total is None else time.monotonic() + timeout.total


def certificates() -> ssl.SSLContext:
    """Return the certificates to trust, read once: those of the system, or of `SSL_CERT_FILE` or `SSL_CERT_DIR`."""
    return _read_certificates(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=8)
def _read_certificates(file: str | None, folder: str | None) -> ssl.SSLContext:
    try:
        return httpx2.create_ssl_context()
    except OSError as error:
        place = f"SSL_CERT_FILE={file}" if file else f"SSL_CERT_DIR={folder}" if folder else "the system's certificates"
        raise ConfigurationError(f"{place} cannot be read: {error}") from error
