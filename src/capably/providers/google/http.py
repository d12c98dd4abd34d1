"""The HTTP clients under google-genai: httpx2's, over our transports, without the work that its calls have no use for.

google-genai takes a client of httpx2 (`http_options.httpx_client`) and asks two things of it: to build a request, and to
send it. These build a request from the one before to the same address, and give the answer to a call as what google-genai
reads of it. Streams, all answers but JSON with status 200, and calls whose log somebody reads, go httpx2's own way.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import httpx2

from capably.providers.http import READY, LeanTransport

if TYPE_CHECKING:
    from capably.providers.aio import LeanAsyncTransport

MOST_KEPT = 100
"""Requests that are kept to build others from."""

PLAIN = frozenset({"application/json", "application/json; charset=utf-8"})
"""Media types of text that is UTF-8."""

_log = logging.getLogger("httpx2")


class Answer(httpx2.Response):
    """The answer to a call, as far as google-genai reads it: its status, its headers as a dict, its text."""

    headers: Any
    text: Any = ""

    def __init__(self, headers: dict[str, str], content: bytes) -> None:
        """Raises `httpx2.DecodingError` for content that is not packed as its headers say."""
        self.status_code = 200
        if "content-encoding" in headers:
            try:
                content = zlib.decompress(content, zlib.MAX_WBITS | 16)
            except zlib.error as error:
                raise httpx2.DecodingError(str(error)) from error
        self.headers = headers
        self.text = content.decode("utf-8", "replace")


def headers_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name, in small letters; those that come more than once, joined."""
    found: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def is_plain(status: int, headers: dict[str, str]) -> bool:
    """Whether google-genai needs no more than an `Answer`."""
    readable = headers.get("content-encoding", "gzip") == "gzip" and headers.get("content-type", "").lower() in PLAIN
    return status == 200 and readable and "set-cookie" not in headers


class Requests:
    """Builds requests by `build`. Those to one address with the same headers and timeout differ in their content only."""

    def __init__(self, build: Callable[..., httpx2.Request]) -> None:
        self._build = build
        self._kept: dict[Any, httpx2.Request] = {}

    def __call__(
        self, method: str, url: str, *, content: Any = None, headers: Any = None, timeout: Any = None, **rest: Any
    ) -> httpx2.Request:
        if not isinstance(content, bytes) or headers is None or any(value is not None for value in rest.values()):
            return self._build(method, url, content=content, headers=headers, timeout=timeout, **rest)
        key = (method, url, timeout, *headers.items())
        like = self._kept.get(key)
        if like is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            like = self._kept[key] = self._build(method, url, content=b"-", headers=headers, timeout=timeout)
        stream = httpx2.ByteStream(content)
        built = httpx2.Request(like.method, like.url, headers=like.headers, stream=stream, extensions=like.extensions)
        built.headers["Content-Length"] = str(len(content))
        return built


class LeanClient(httpx2.Client):
    """The synchronous client."""

    def __init__(self, transport: LeanTransport) -> None:
        super().__init__(transport=transport, follow_redirects=True)
        self._lean = transport
        self._requests = Requests(super().build_request)

    def build_request(self, *given: Any, **named: Any) -> httpx2.Request:
        return (super().build_request if self.cookies else self._requests)(*given, **named)

    def send(self, request: httpx2.Request, *, stream: bool = False, **given: Any) -> Any:
        if stream or self.is_closed or _log.isEnabledFor(logging.INFO):
            return super().send(request, stream=stream, **given)
        try:
            came, body = self._lean.exchange(request)
            headers = headers_of(came.getheaders())
            if is_plain(came.status, headers):
                try:
                    return Answer(headers, b"".join(body))
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
        self._requests = Requests(super().build_request)

    def build_request(self, *given: Any, **named: Any) -> httpx2.Request:
        return (super().build_request if self.cookies else self._requests)(*given, **named)

    async def send(self, request: httpx2.Request, *, stream: bool = False, **given: Any) -> Any:
        if stream or self.is_closed or _log.isEnabledFor(logging.INFO):
            return await super().send(request, stream=stream, **given)
        try:
            came = await self._lean.exchange(request)
            headers = headers_of(came.headers.items())
            if is_plain(came.status, headers):
                return Answer(headers, await self._lean.content(came))
        except httpx2.RequestError as error:
            error.request = request
            raise
        request.extensions[READY] = self._lean.response(came)
        return await super().send(request, **given)
