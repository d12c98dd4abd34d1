"""A provider inside this process: it answers each request with bytes, without a socket. For fuzzing and for measuring."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import httpx2

from capably import llm

MODELS: Mapping[str, str] = {
    "anthropic": "anthropic/claude-sonnet-5-5",
    "responses": "openai/gpt-6.1-sol",
    "chat": "mistral/mistral-medium-2604",
    "google": "google/gemini-3.8-flash",
}
"""Wire format -> a listed model that is called in it."""


class Answer(NamedTuple):
    """What comes back: the pieces in which the body arrives, and whether the connection breaks after them."""

    pieces: Sequence[bytes]
    streamed: bool
    broken: bool = False


class InProcess:
    """A provider whose next answers are `answer`. `model` reaches it, over httpx2, sync and async."""

    def __init__(self, wire: str) -> None:
        self.answer: Answer = Answer([b""], streamed=False)
        self.sent: bytes = b""
        """The body of the last request."""
        id = MODELS[wire]
        sync, async_ = httpx2.MockTransport(self._reply), httpx2.MockTransport(self._reply_async)
        settings: dict[str, Any] = {
            "http_client": httpx2.Client(transport=sync),
            "async_http_client": httpx2.AsyncClient(transport=async_),
        }
        handle = llm.provider(id.partition("/")[0], api_key="test", base_url="http://127.0.0.1:1", **settings)
        self.model: Any = llm.Model.of(id, provider=handle, max_retries=0)

    def _reply(self, request: httpx2.Request) -> httpx2.Response:
        self.sent = request.content
        return self._response(self._pieces())

    async def _reply_async(self, request: httpx2.Request) -> httpx2.Response:
        self.sent = request.content
        return self._response(self._pieces_async())

    def _response(self, content: Any) -> httpx2.Response:
        kind = "text/event-stream" if self.answer.streamed else "application/json"
        return httpx2.Response(200, headers={"content-type": kind}, content=content)

    def _pieces(self) -> Iterator[bytes]:
        answer = self.answer
        yield from answer.pieces
        if answer.broken:
            raise httpx2.ReadError("broken")

    async def _pieces_async(self) -> AsyncIterator[bytes]:
        for piece in self._pieces():
            yield piece
