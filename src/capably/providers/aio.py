"""aiohttp under the SDKs' asynchronous clients, where it is installed (`capably[aiohttp]`).

With many calls at once the stock transport costs several times what aiohttp does. Like `capably.providers.http`, it keeps
httpx2's errors, timeouts and TLS settings, stands aside where there is a proxy, and is turned off by
`CAPABLY_TRANSPORT=sdk`.
"""

from __future__ import annotations

import asyncio
import atexit
import weakref
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from typing import Any

import aiohttp
import httpx2
from yarl import URL

from capably.providers.http import EXPIRY, READY, is_readable

MOST_CONNECTIONS = 1000
"""Connections at the same time, as with the SDKs; more calls wait."""

OWN_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp would add where httpx2 sent none."""

ERRORS: tuple[tuple[type[BaseException], type[Exception]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx2.ConnectTimeout),
    (TimeoutError, httpx2.ReadTimeout),
    (aiohttp.ServerDisconnectedError, httpx2.RemoteProtocolError),
    (aiohttp.ClientConnectorError, httpx2.ConnectError),
    (aiohttp.ClientPayloadError, httpx2.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx2.RemoteProtocolError),
    (aiohttp.ClientError, httpx2.ReadError),
    (OSError, httpx2.ReadError),
    (ValueError, httpx2.LocalProtocolError),
)
"""aiohttp's errors -> httpx2's; the first one that fits counts."""

_transports: weakref.WeakSet[LeanAsyncTransport] = weakref.WeakSet()


class LeanAsyncTransport(httpx2.AsyncBaseTransport):
    """Sends requests of an `httpx2.AsyncClient` over aiohttp, in any event loop: each has connections of its own."""

    def __init__(self, verify: Any = True) -> None:
        self._verify = verify
        self._context: Any = None
        self._sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}
        _transports.add(self)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return request.extensions.pop(READY, None) or self.response(await self.exchange(request))

    async def exchange(self, request: httpx2.Request) -> aiohttp.ClientResponse:
        """Sends the request; what came back: its head is read, its body waits."""
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop) or self._opened(loop)
        waits = request.extensions.get("timeout", {})
        body = request.read() if isinstance(request.stream, httpx2.ByteStream) else await request.aread()
        # aiohttp counts no time once an interim answer came: then all the waits together are the end.
        most = None if not waits or None in waits.values() else sum(waits.values())
        with _told():
            async with asyncio.timeout(most):
                return await session.request(
                    request.method,
                    URL(str(request.url), encoded=True),
                    headers=_headers_of(request),
                    data=body or None,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(
                        connect=waits.get("pool"), sock_connect=waits.get("connect"), sock_read=waits.get("read")
                    ),
                )

    def response(self, response: aiohttp.ClientResponse) -> httpx2.Response:
        """What came back, as httpx2 has it."""
        return httpx2.Response(
            response.status,
            headers=list(response.raw_headers),
            stream=AsyncBody(response),
            extensions=self.extensions(response),
        )

    def extensions(self, response: aiohttp.ClientResponse) -> dict[str, Any]:
        """What else httpx2 keeps of it."""
        return {
            "http_version": b"HTTP/1.0" if response.version == aiohttp.HttpVersion10 else b"HTTP/1.1",
            "reason_phrase": (response.reason or "").encode("latin-1"),
        }

    async def content(self, response: aiohttp.ClientResponse) -> bytes:
        """The whole body, as it came."""
        with _told():
            return await response.read()

    async def aclose(self) -> None:
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    def __del__(self) -> None:
        self._forget(lambda _: True)

    def _forget(self, over: Callable[[asyncio.AbstractEventLoop], bool]) -> None:
        """Lets the sessions of some loops go, without the complaints of aiohttp: the SDKs' clients are never closed either."""
        for loop in [loop for loop in self._sessions if over(loop)]:
            self._sessions.pop(loop).detach()

    def _opened(self, loop: asyncio.AbstractEventLoop) -> aiohttp.ClientSession:
        self._forget(lambda known: known.is_closed())
        if self._context is None:
            self._context = httpx2.create_ssl_context(verify=self._verify)
        connector = _Connector(ssl=self._context, limit=MOST_CONNECTIONS, keepalive_timeout=EXPIRY)
        session = self._sessions[loop] = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            skip_auto_headers=OWN_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return session


def _headers_of(request: httpx2.Request) -> list[tuple[str, str]]:
    """The headers to send; aiohttp adds those about the body's form itself."""
    try:
        pairs = [(name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw]
    except UnicodeDecodeError:
        pairs = request.headers.multi_items()
    return [pair for pair in pairs if pair[0].lower() != "transfer-encoding"]


class AsyncBody(httpx2.AsyncByteStream):
    """The body of a response, as it comes."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told():
            async for piece in self._response.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        self._response.release() if self._response.content.at_eof() else self._response.close()


@contextmanager
def _told() -> Generator[None]:
    """aiohttp's errors as those of httpx2."""
    try:
        yield
    except asyncio.CancelledError:
        raise
    except tuple(known for known, _ in ERRORS) as error:
        kind = next(told for known, told in ERRORS if isinstance(error, known))
        raise kind(str(error) or type(error).__name__) from error


class _Connector(aiohttp.TCPConnector):
    """Connections that end with their loop, as those of the stock transport do, and without a word.

    One on which bytes came that nobody asked for is closed: they would be taken for the answer to the next request.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)  # pyright: ignore[reportUnknownMemberType]
        self._used: weakref.WeakSet[Any] = weakref.WeakSet()

    async def connect(self, *given: Any, **named: Any) -> Any:
        while True:
            connection = await super().connect(*given, **named)
            protocol = connection.protocol
            assert protocol is not None and protocol.transport is not None
            used = protocol in self._used
            if not protocol.should_close and not (used and is_readable(protocol.transport.get_extra_info("socket"))):
                self._used.add(protocol)
                return connection
            connection.close()
            if not used:
                raise aiohttp.ServerDisconnectedError("the server sent bytes before a request, which answer nothing")

    def __del__(self, _warnings: Any = None) -> None:
        """aiohttp would report every connection that was kept."""


@atexit.register
def _forget_all() -> None:
    for transport in list(_transports):
        transport.__del__()
