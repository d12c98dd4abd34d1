"""Open streams: the bytes of an HTTP response as events, with transport errors as ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec

from capably.providers.json import load_json
from capably.providers.openai.errors import malformed_reply, translate
from capably.providers.sse import decode_sse, decode_sse_async


class OpenAIStream:
    """The events of a streamed response. `sent` is the body of the request."""

    def __init__(self, response: Any, provider: str, sent: bytes) -> None:
        self._response = response
        self._provider = provider
        self.request_id: str | None = request_id_of(response)
        self.sent = sent

    def __iter__(self) -> Iterator[Any]:
        try:
            if is_json(self._response):
                yield load_json(self._response.read())
            else:
                yield from decode_sse(self._response.iter_bytes())
        except msgspec.DecodeError as error:
            raise not_events(error, self._provider, self.request_id) from error
        except Exception as error:
            raise translate(error, self._provider) from error
        finally:
            self.close()

    def close(self) -> None:
        self._response.close()


class AsyncOpenAIStream:
    """The asynchronous twin of `OpenAIStream`."""

    def __init__(self, response: Any, provider: str, sent: bytes) -> None:
        self._response = response
        self._provider = provider
        self.request_id: str | None = request_id_of(response)
        self.sent = sent

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            if is_json(self._response):
                yield load_json(await self._response.aread())
            else:
                async for event in decode_sse_async(self._response.aiter_bytes()):
                    yield event
        except msgspec.DecodeError as error:
            raise not_events(error, self._provider, self.request_id) from error
        except Exception as error:
            raise translate(error, self._provider) from error
        finally:
            await self.close()

    async def close(self) -> None:
        await self._response.aclose()


def request_id_of(response: Any) -> str | None:
    """Return the id by which the provider's support finds the request."""
    return response.headers.get("x-request-id") or response.headers.get("apim-request-id")


def is_json(response: Any) -> bool:
    """Return whether a response is JSON instead of a stream: some hosts report errors so, with status 200."""
    return response.headers.get("content-type", "").startswith("application/json")


def not_events(error: Exception, provider: str, request_id: str | None) -> Exception:
    """Return the error for a stream whose events are no JSON."""
    return malformed_reply(f"a stream event is no JSON ({error})", provider, None, request_id)
