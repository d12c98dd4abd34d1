"""OpenAI, and every host with its wire formats: the Responses and the Chat Completions endpoints.

Requests go over our own HTTP; over a client of the `openai` SDK where the caller gives one (`capably.providers.openai.sdk`).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

import msgspec

from capably.http import Answer, Reply
from capably.providers.http_adapter import HttpAdapter, Post, join_url
from capably.providers.openai import azure
from capably.providers.openai.chat import decode as chat_decode, encode as chat_encode
from capably.providers.openai.chat.stream import DONE, ChatAccumulator
from capably.providers.openai.errors import failure_of
from capably.providers.openai.hosts import host_of
from capably.providers.openai.responses import decode as responses_decode, encode as responses_encode
from capably.providers.openai.responses.stream import ResponsesAccumulator
from capably.types.errors import ConfigurationError, ProviderError

if TYPE_CHECKING:
    from capably.providers.handles import Handle
    from capably.providers.openai.hosts import Host
    from capably.providers.spellings import Body
    from capably.types.json_types import Json
    from capably.types.request import Request
    from capably.types.response_data import ResponseData
    from capably.types.stream import StreamAccumulator

DEFAULT_ENDPOINT = "responses"

LAST_EVENTS = ("response.completed", "response.failed", "response.incomplete")
"""The last event of a stream of Responses, after which its connection is done. Chat Completions end with `[DONE]`."""


class Encode(Protocol):
    """What is used of an endpoint's `encode.py`."""

    def encode_request(self, request: Request, host: Host) -> Body: ...
    def ask_for_stream(self, body: Body, host: Host) -> Body: ...


class Decode(Protocol):
    """What is used of an endpoint's `decode.py`."""

    def decode_reply(self, body: bytes, request: Request, provider: str) -> ResponseData: ...


class Endpoint(NamedTuple):
    """One endpoint: its path, our modules and accumulator, and the SDK's class of its reply."""

    path: str
    encode: Encode
    decode: Decode
    accumulator: Callable[[Request, str], StreamAccumulator]
    sdk_type: tuple[str, str]


_RESPONSE, _COMPLETION = ("openai.types.responses", "Response"), ("openai.types.chat", "ChatCompletion")
ENDPOINTS = {
    "responses": Endpoint("/responses", responses_encode, responses_decode, ResponsesAccumulator, _RESPONSE),
    "chat_completions": Endpoint("/chat/completions", chat_encode, chat_decode, ChatAccumulator, _COMPLETION),
}


class OpenAIAdapter(HttpAdapter):
    """The Responses and Chat Completions formats."""

    sdk = "openai"
    done: ClassVar[Json] = DONE

    def __init__(self, handle: Handle) -> None:
        super().__init__(handle)
        entry = self.settings.entry
        self._host = host_of(self.provider, entry["dialect"])
        self._is_azure = entry["cloud"] == "azure"

    def encode(self, request: Request) -> Body:
        return self._endpoint(request).encode.encode_request(request, self._host)

    def path(self, post: Post) -> str:
        path = self._endpoint(post.request).path
        return self._host.prefill_path or path if "prefill" in post.request.params else path

    def url(self, post: Post) -> str:
        if self._is_azure:
            address, path = azure.place_of(self.settings, self.path(post), post.request.model_id)
            return join_url(address, path, self.settings.query)
        return super().url(post)

    def credential(self, key: str) -> tuple[str, str]:
        versioned = self._is_azure and azure.is_versioned(self.settings)
        return ("api-key", key) if versioned else super().credential(key)

    async def authorization(self, post: Post) -> tuple[str, str] | None:
        if self._is_azure:
            return await azure.authorization(self.settings, sync=post.sync) or await super().authorization(post)
        return await super().authorization(post)

    def failure(self, answer: Answer, url: str, request: Request) -> ProviderError:
        return failure_of(answer, url, self.provider, request.model_id, self.request_id(answer.headers))

    def decode(self, body: bytes, request: Request) -> ResponseData:
        return self._endpoint(request).decode.decode_reply(body, request, self.provider)

    def request_id(self, headers: Mapping[str, str]) -> str | None:
        return headers.get("x-request-id") or headers.get("apim-request-id")

    def streamed(self, request: Request, body: Body) -> Body:
        """Return the body for a stream with usage and without padding."""
        return self._endpoint(request).encode.ask_for_stream(body, self._host)

    def is_last(self, event: Json) -> bool:
        return event is DONE or (type(event) is dict and event.get("type") in LAST_EVENTS)

    def accumulator(self, request: Request) -> StreamAccumulator:
        return self._endpoint(request).accumulator(request, self.provider)

    def to_sdk(self, body: bytes, endpoint: str | None) -> object:
        """Return the SDK's own `Response` or `ChatCompletion`, built without validation as the SDK does it."""
        from capably.providers.openai import sdk

        sdk.import_sdk(self.provider)
        module, name = ENDPOINTS[endpoint or DEFAULT_ENDPOINT].sdk_type
        return getattr(importlib.import_module(module), name).construct(**msgspec.json.decode(body))

    async def fetch_by_sdk(self, client: object, post: Post) -> Answer:
        from capably.providers.openai import sdk

        return await sdk.fetch(client, post, self)

    async def open_by_sdk(self, client: object, post: Post) -> Reply:
        from capably.providers.openai import sdk

        return await sdk.open_stream(client, post, self)

    def _endpoint(self, request: Request) -> Endpoint:
        name = request.endpoint or DEFAULT_ENDPOINT
        if name not in ENDPOINTS:
            known = ", ".join(ENDPOINTS)
            raise ConfigurationError(f"{self.provider!r} has no endpoint {name!r}; it has {known}")
        return ENDPOINTS[name]
