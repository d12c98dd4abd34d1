"""The HTTP clients under the SDKs: httpx2's, over our transports, without the work that calls have no use for.

An SDK asks two things of its HTTP client: to build a request, and to send it. These build a request from the one before to
the same address, and give the answer to a call as it was read. Streams, all answers but JSON with status 200, and calls
whose log somebody reads, go httpx2's own way. All of it stands aside where there is a proxy, and for good with
`CAPABLY_TRANSPORT=sdk` in the environment.
"""

from __future__ import annotations

import logging
import os
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import httpx2

from capably.providers.http import READY, LeanTransport

if TYPE_CHECKING:
    from capably.providers.aio import LeanAsyncTransport

SWITCH = "CAPABLY_TRANSPORT"
"""Variable that names the transport: `sdk` for the SDKs' own; unset, ours."""

MOST_KEPT = 100
"""Requests that are kept to build others from."""

PLAIN = frozenset({"application/json", "application/json; charset=utf-8"})
"""Media types of text that is UTF-8."""

_log = logging.getLogger("httpx2")


def lean_client(kind: str) -> Any:
    """The `"Client"` or `"AsyncClient"` of this module; `None` where the SDK shall build its own.

    That is where there is a proxy, where the switch says so, and for the asynchronous one without aiohttp.
    """
    if os.environ.get(SWITCH) == "sdk" or urllib.request.getproxies().keys() & {"http", "https", "all"}:
        return None
    if kind == "Client":
        return LeanClient(LeanTransport())
    try:
        from capably.providers.aio import LeanAsyncTransport
    except ImportError:
        return None
    return LeanAsyncClient(LeanAsyncTransport())


def headers_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name, in small letters; those that come more than once, joined."""
    found: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def is_plain(status: int, headers: dict[str, str]) -> bool:
    """Whether an `Answer` can stand for it."""
    readable = headers.get("content-encoding", "gzip") == "gzip" and headers.get("content-type", "").lower() in PLAIN
    return status == 200 and readable and "set-cookie" not in headers


class AnswerHeaders(dict[str, str]):
    """Headers by name, in small letters; found by it in any letters."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def __missing__(self, name: str) -> str:
        if name == name.lower():
            raise KeyError(name)
        return self[name.lower()]

    def __getattr__(self, name: str) -> Any:
        """What else `httpx2.Headers` has."""
        return getattr(httpx2.Headers(self), name)


class Answer(httpx2.Response):
    """The answer to a call, with status 200 and read whole: what an `httpx2.Response` is then, for less."""

    headers: Any
    history: list[httpx2.Response]
    next_request: httpx2.Request | None
    stream: httpx2.SyncByteStream | httpx2.AsyncByteStream

    def __init__(
        self, request: httpx2.Request, headers: dict[str, str], content: bytes, extensions: dict[str, Any], start: float
    ) -> None:
        """`headers` have small letters, `start` is when the request was sent, by `time.perf_counter`.

        Raises `httpx2.DecodingError` for content that is not packed as its headers say.
        """
        self.stream = httpx2.ByteStream(content)
        self._num_bytes_downloaded = len(content)
        if "content-encoding" in headers:
            try:
                content = zlib.decompress(content, zlib.MAX_WBITS | 16)
            except zlib.error as error:
                raise httpx2.DecodingError(str(error)) from error
        self.status_code = 200
        self.headers = AnswerHeaders(headers)
        self.extensions = extensions
        self.history = []
        self.next_request = None
        self.is_closed = self.is_stream_consumed = True
        self.default_encoding = "utf-8"
        self.elapsed = timedelta(seconds=time.perf_counter() - start)
        self._request = request
        self._content = content

    @property
    def text(self) -> str:
        return self._content.decode("utf-8", "replace")


class Requests:
    """Builds requests. Those to one address with the same headers differ in their content and their timeouts only."""

    def __init__(self) -> None:
        self._kept: dict[Any, httpx2.Request] = {}

    def build(
        self,
        build: Callable[..., httpx2.Request],
        cookies: httpx2.Cookies,
        /,
        method: str,
        url: httpx2.URL | str,
        *,
        content: Any = None,
        headers: Any = None,
        timeout: Any = httpx2.USE_CLIENT_DEFAULT,
        **rest: Any,
    ) -> httpx2.Request:
        """What `build`, the `build_request` of httpx2's client, makes of the same. `cookies` are the client's."""
        pairs, known = _pairs(headers), isinstance(content, bytes) and timeout is not httpx2.USE_CLIENT_DEFAULT
        if pairs is None or not known or any(value is not None for value in rest.values()):
            return build(method, url, content=content, headers=headers, timeout=timeout, **rest)
        key = (method, str(url), *pairs)
        like = self._kept.get(key)
        if like is None:
            like = build(method, url, content=b"-", headers=headers, timeout=timeout)
            like.headers.pop("Cookie", None)
            if like.headers.get("Content-Length") != "1" or "cookie" in httpx2.Headers(headers):  # The caller's own.
                return build(method, url, content=content, headers=headers, timeout=timeout)
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = like
        waits = {"timeout": httpx2.Timeout(timeout).as_dict()}
        stream = httpx2.ByteStream(content)
        built = httpx2.Request(like.method, like.url, headers=like.headers, stream=stream, extensions=waits)
        built.headers["Content-Length"] = str(len(content))
        if cookies:
            cookies.set_cookie_header(built)
        return built


def _pairs(headers: Any) -> list[tuple[Any, Any]] | None:
    """Headers as the SDKs give them, in pairs."""
    if isinstance(headers, httpx2.Headers):
        return headers.raw
    if isinstance(headers, dict):
        return list(cast("dict[str, str]", headers).items())
    return cast("list[tuple[Any, Any]]", headers) if isinstance(headers, list) else None


def _goes_as_ever(client: Any, request: httpx2.Request, stream: bool, auth: Any) -> bool:
    """Whether a request needs more of httpx2 than its being sent: a stream, authentication, a record in the log."""
    signed = auth is not httpx2.USE_CLIENT_DEFAULT or bool(request.url.userinfo)
    return stream or signed or client.is_closed or _log.isEnabledFor(logging.INFO)


class LeanClient(httpx2.Client):
    """The synchronous client. Timeouts are the SDK's: it gives them with each request."""

    def __init__(self, transport: LeanTransport) -> None:
        super().__init__(transport=transport, follow_redirects=True)
        self._lean = transport
        self._requests = Requests()

    def build_request(self, *given: Any, **named: Any) -> httpx2.Request:
        return self._requests.build(super().build_request, self.cookies, *given, **named)

    def send(
        self, request: httpx2.Request, *, stream: bool = False, auth: Any = httpx2.USE_CLIENT_DEFAULT, **given: Any
    ) -> httpx2.Response:
        if _goes_as_ever(self, request, stream, auth):
            return super().send(request, stream=stream, auth=auth, **given)
        start = time.perf_counter()
        try:
            came, body = self._lean.exchange(request)
            headers = headers_of(came.getheaders())
            if is_plain(came.status, headers):
                try:
                    return Answer(request, headers, b"".join(body), self._lean.extensions(came), start)
                finally:
                    body.close()
        except httpx2.RequestError as error:
            error.request = request
            raise
        request.extensions[READY] = self._lean.response(came, body)
        return super().send(request, **given)


class LeanAsyncClient(httpx2.AsyncClient):
    """The asynchronous client."""

    def __init__(self, transport: LeanAsyncTransport) -> None:
        super().__init__(transport=transport, follow_redirects=True)
        self._lean = transport
        self._requests = Requests()

    def build_request(self, *given: Any, **named: Any) -> httpx2.Request:
        return self._requests.build(super().build_request, self.cookies, *given, **named)

    async def send(
        self, request: httpx2.Request, *, stream: bool = False, auth: Any = httpx2.USE_CLIENT_DEFAULT, **given: Any
    ) -> httpx2.Response:
        if _goes_as_ever(self, request, stream, auth):
            return await super().send(request, stream=stream, auth=auth, **given)
        start = time.perf_counter()
        try:
            came = await self._lean.exchange(request)
            headers = headers_of(came.headers.items())
            if is_plain(came.status, headers):
                content = await self._lean.content(came)
                return Answer(request, headers, content, self._lean.extensions(came), start)
        except httpx2.RequestError as error:
            error.request = request
            raise
        request.extensions[READY] = self._lean.response(came)
        return await super().send(request, **given)
