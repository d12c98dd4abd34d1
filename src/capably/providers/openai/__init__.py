"""OpenAI, and every host with its wire formats: the Responses and the Chat Completions endpoints.

Importing this package imports no SDK; building the adapter does.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from capably.providers import ClientPerLoop
from capably.providers.credentials import NO_KEY, forget_vendor, guard_redirects, key_of, without_key
from capably.providers.json import dump_json
from capably.providers.openai.azure import build_azure_client
from capably.providers.openai.chat import decode as chat_decode, encode as chat_encode
from capably.providers.openai.chat.stream import ChatAccumulator
from capably.providers.openai.errors import translate
from capably.providers.openai.hosts import host_of
from capably.providers.openai.responses import decode as responses_decode, encode as responses_encode
from capably.providers.openai.responses.stream import ResponsesAccumulator
from capably.providers.openai.transport import AsyncOpenAIStream, OpenAIStream, request_id_of
from capably.types.errors import ConfigurationError, ProviderError

if TYPE_CHECKING:
    from capably.providers import AsyncEventStream, EventStream, Settings
    from capably.types.request import Request
    from capably.types.response_data import ResponseData
    from capably.types.stream import StreamAccumulator

DEFAULT_ENDPOINT = "responses"

VENDOR = "openai"
"""The provider whose client reads OpenAI's own variables (organization, project, address, headers). No other host gets them."""

ADDRESS = "https://api.openai.com/v1"
"""Where the SDK sends requests when nobody says otherwise."""

FROM_ENVIRONMENT = ("organization", "project", "admin_api_key", "webhook_secret")
"""What the SDK's client reads from OpenAI's variables, besides its key."""


class Endpoint(NamedTuple):
    """One endpoint: its path, our modules and accumulator, and the SDK's class of its reply."""

    path: str
    encode: Any
    decode: Any
    accumulator: Callable[[Request, str], StreamAccumulator]
    sdk_type: tuple[str, str]


_RESPONSE, _COMPLETION = ("openai.types.responses", "Response"), ("openai.types.chat", "ChatCompletion")
ENDPOINTS = {
    "responses": Endpoint("/responses", responses_encode, responses_decode, ResponsesAccumulator, _RESPONSE),
    "chat_completions": Endpoint("/chat/completions", chat_encode, chat_decode, ChatAccumulator, _COMPLETION),
}


class OpenAIAdapter:
    """The Responses and Chat Completions formats. The client of the `openai` SDK sends, signs and retries."""

    def __init__(self, settings: Settings) -> None:
        _sdk(settings.provider)
        self._settings = settings
        self._host = host_of(settings.provider, settings.dialect)
        self._client: Any = settings.client
        self._async_clients = ClientPerLoop()

    def encode(self, request: Request) -> dict[str, Any]:
        """Return the JSON body of the request with `extra` merged in."""
        return self._endpoint(request).encode.encode_request(request, self._host)

    def call(self, request: Request, body: dict[str, Any]) -> ResponseData:
        client = self._sync()
        sent = dump_json(body)
        try:
            response = client.post(**self._post(request, client, body, sent))
        except Exception as error:
            raise translate(error, self._settings.provider) from error
        return self._received(response, request, sent)

    async def call_async(self, request: Request, body: dict[str, Any]) -> ResponseData:
        client = self._async()
        sent = dump_json(body)
        try:
            response = await client.post(**self._post(request, client, body, sent))
        except Exception as error:
            raise translate(error, self._settings.provider) from error
        return self._received(response, request, sent)

    def stream(self, request: Request, body: dict[str, Any]) -> EventStream:
        body, client = self._streaming(request, body), self._sync()
        sent = dump_json(body)
        try:
            response = client.post(**self._post(request, client, body, sent), stream=True)
        except Exception as error:
            raise translate(error, self._settings.provider) from error
        return OpenAIStream(response, self._settings.provider, sent)

    async def stream_async(self, request: Request, body: dict[str, Any]) -> AsyncEventStream:
        body, client = self._streaming(request, body), self._async()
        sent = dump_json(body)
        try:
            response = await client.post(**self._post(request, client, body, sent), stream=True)
        except Exception as error:
            raise translate(error, self._settings.provider) from error
        return AsyncOpenAIStream(response, self._settings.provider, sent)

    def accumulator(self, request: Request) -> StreamAccumulator:
        """Return a new accumulator for the events of one streamed reply."""
        return self._endpoint(request).accumulator(request, self._settings.provider)

    def to_sdk(self, body: bytes, endpoint: str | None) -> Any:
        """Return the SDK's own `Response` or `ChatCompletion`, built without validation as the SDK does it."""
        module, name = ENDPOINTS[endpoint or DEFAULT_ENDPOINT].sdk_type
        return getattr(importlib.import_module(module), name).construct(**msgspec.json.decode(body))

    # What the methods above share

    def _endpoint(self, request: Request) -> Endpoint:
        name = request.endpoint or DEFAULT_ENDPOINT
        if name not in ENDPOINTS:
            known = ", ".join(ENDPOINTS)
            raise ConfigurationError(f"{self._settings.provider!r} has no endpoint {name!r}; it has {known}")
        return ENDPOINTS[name]

    def _streaming(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body for a stream with usage and without padding."""
        return self._endpoint(request).encode.ask_for_stream(body, self._host)

    def _post(self, request: Request, client: Any, body: dict[str, Any], sent: bytes) -> dict[str, Any]:
        """Return the arguments of the SDK's `post`, which returns the raw HTTP response.

        OpenAI's own client gets bytes. Those for other hosts (Azure) read the model from the body, so they get a dict.
        """
        import httpx2

        sdk = _sdk(self._settings.provider)
        headers: dict[str, Any] = dict(request.headers or {})
        if getattr(client, "api_key", None) is NO_KEY:
            headers = without_key(headers, sdk.omit)
        options: dict[str, Any] = {"headers": headers}
        for name in ("timeout", "max_retries"):
            own = getattr(request, name)
            value = own if own is not None else getattr(self._settings, name)
            if value is not None:
                options[name] = value
        payload = {"content": sent} if type(client) in (sdk.OpenAI, sdk.AsyncOpenAI) else {"body": body}
        path = self._endpoint(request).path
        if "prefill" in request.params:
            path = self._host.prefill_path or path
        return {"path": path, "cast_to": httpx2.Response, "options": options, **payload}

    def _received(self, response: Any, request: Request, sent: bytes) -> ResponseData:
        request_id = request_id_of(response)
        try:
            reply = self._endpoint(request).decode.decode_reply(response.content, request, self._settings.provider)
        except ProviderError as error:
            error.request_id = error.request_id or request_id
            raise
        reply.request_id = request_id
        reply.sent = sent
        return reply

    def _sync(self) -> Any:
        if self._client is None:
            self._client = self._built("OpenAI", "Client")
        return self._client

    def _async(self) -> Any:
        return self._settings.async_client or self._async_clients.get(lambda: self._built("AsyncOpenAI", "AsyncClient"))

    def _built(self, kind: str, http_kind: str) -> Any:
        """Return a client of the SDK, which chooses what the settings leave open."""
        import httpx2

        from capably.providers.lean import lean_client

        settings = self._settings
        if settings.http_client is not None and not isinstance(settings.http_client, getattr(httpx2, http_kind)):
            raise ConfigurationError(
                f"{settings.provider}: http_client= is a {type(settings.http_client).__name__}, this call needs an "
                f"httpx2.{http_kind}. Pass a client of the SDK with client= or async_client= for the other kind."
            )
        own = settings.provider == VENDOR
        if settings.cloud == "azure":
            client = build_azure_client(_sdk(settings.provider), settings, kind)
        else:
            chosen = {
                "api_key": _key(settings),
                "base_url": settings.base_url or (None if own else ADDRESS),
                "http_client": settings.http_client or lean_client(http_kind),
            }
            try:
                client = getattr(_sdk(settings.provider), kind)(**{k: v for k, v in chosen.items() if v is not None})
            except Exception as error:
                raise ConfigurationError(f"{settings.provider}: {error}") from error
        if not own:
            forget_vendor(client, *FROM_ENVIRONMENT)
        if settings.http_client is None:
            guard_redirects(client._client)
        return client


def _key(settings: Settings) -> Any:
    names, key = settings.key_names, key_of(settings)
    if key is None:
        if not names:
            return NO_KEY
        provider = settings.provider
        raise ConfigurationError(
            f'No API key for {provider}. Set {" or ".join(names)}, or call llm.provider("{provider}", api_key=...).'
        )
    return key


def _sdk(provider: str) -> Any:
    try:
        import openai
    except ModuleNotFoundError as error:
        if error.name != "openai":
            raise
        message = f'The openai SDK, which {provider} needs, is not installed: pip install "capably[openai]"'
        raise ConfigurationError(message) from error
    return openai
