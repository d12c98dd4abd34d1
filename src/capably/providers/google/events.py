"""Open streams of generateContent: bytes from the SDK's HTTP client in, events as parsed JSON out."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from capably.providers.google import transport
from capably.providers.google.errors import request_id_of, translate
from capably.providers.sse import decode_sse, decode_sse_async


class GoogleEvents:
    """An open stream. Closing it early closes the connection. `sent` is the body that was sent.

    It holds a reference to its `owner`, the adapter: google-genai closes all connections of a client that is garbage collected.
    """

    def __init__(self, response: Any, headers: Mapping[str, str], provider: str, sent: bytes, owner: Any) -> None:
        self.sent = sent
        self._owner = owner
        self.request_id: str | None = request_id_of(headers)
        self._response = response
        self._provider = provider

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from decode_sse(_as_sse(transport.bytes_of(self._response)))
        except Exception as error:
            raise translate(error, self._provider) from error
        finally:
            self.close()

    def close(self) -> None:
        self._response.close()


class AsyncGoogleEvents:
    """The asynchronous twin of `GoogleEvents`."""

    def __init__(self, response: Any, headers: Mapping[str, str], provider: str, sent: bytes, owner: Any) -> None:
        self.sent = sent
        self._owner = owner
        self.request_id: str | None = request_id_of(headers)
        self._response = response
        self._provider = provider

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            async for event in decode_sse_async(_as_sse_async(transport.bytes_of_async(self._response))):
                yield event
        except Exception as error:
            raise translate(error, self._provider) from error
        finally:
            await self.close()

    async def close(self) -> None:
        await transport.close_async(self._response)


def _as_sse(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a stream, with bare JSON wrapped into an event.

    An error in mid-stream may come as a JSON document over several lines, without `data:`.
    """
    line_start = True
    for chunk in chunks:
        at = bare_json_in(chunk, line_start=line_start)
        if at is not None:
            yield chunk[:at]
            yield as_event(chunk[at:] + b"".join(chunks))
            return
        yield chunk
        line_start = chunk.endswith((b"\n", b"\r"))


async def _as_sse_async(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield as `_as_sse` does, asynchronously."""
    line_start = True
    async for chunk in chunks:
        at = bare_json_in(chunk, line_start=line_start)
        if at is not None:
            yield chunk[:at]
            yield as_event(chunk[at:] + b"".join([rest async for rest in chunks]))
            return
        yield chunk
        line_start = chunk.endswith((b"\n", b"\r"))


_BARE_JSON = re.compile(rb"[\r\n][ \t\f\v]*[{\[]")
"""Spaces without line ends, so that a run of line ends is scanned once and not once from each of them."""


def bare_json_in(chunk: bytes, *, line_start: bool) -> int | None:
    """Return the offset of a line that begins with JSON instead of an event field; `None` if there is none."""
    if line_start and chunk.lstrip()[:1] in (b"{", b"["):
        return 0
    match = _BARE_JSON.search(chunk)
    return match.start() + 1 if match else None


def as_event(document: bytes) -> bytes:
    """Return a JSON document as one event. Its line ends are only between tokens, so they can be removed."""
    return b"\n\ndata: " + b" ".join(document.splitlines()) + b"\n\n"
