"""Anthropic's Messages API over the `anthropic` SDK: its client sends and retries, we write and read the bytes."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec

from capably.providers import ClientPerLoop, Settings
from capably.providers.anthropic.cloud import AWS_EVENTS, build_cloud_client, events_of, events_of_async
from capably.providers.anthropic.decode import decode_reply, malformed_reply
from capably.providers.anthropic.encode import encode_request
from capably.providers.anthropic.errors import translate
from capably.providers.anthropic.stream import MessageAccumulator
from capably.providers.credentials import (
    NO_KEY,
    forget_vendor,
    guard_redirects,
    key_of,
    sendable,
    without_key,
)
from capably.providers.json import dump_json
from capably.providers.sse import decode_sse, decode_sse_async
from capably.types.errors import ConfigurationError, ProviderError
from capably.types.request import Request
from capably.types.response_data import ResponseData

API_VERSION = "2026-10-21"
"""Sent with every request, so that an update of the SDK cannot change what the API accepts."""

PATH = "/v1/messages"

BETAS = {"mcp_servers": "mcp-client-2026-09-15"}
"""Field of the body -> the beta that it needs."""

VENDOR = "anthropic"
"""The provider whose client reads Anthropic's own variables (tokens, profiles, address, headers). No other host gets them."""

ADDRESS = "https://api.anthropic.com"
"""Where the SDK sends requests when nobody says otherwise."""

BEARER_VARIABLE = "ANTHROPIC_AUTH_TOKEN"
"""The variable of a credential that Anthropic takes where there is no key."""


class AnthropicAdapter:
    """The Messages API, at Anthropic or a compatible host. Its clients are built at the first call."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Any = settings.client
        self._async_clients = ClientPerLoop()

    def encode(self, request: Request) -> dict[str, Any]:
        return encode_request(request, provider=self._settings.provider)

    def call(self, request: Request, body: dict[str, Any]) -> ResponseData:
        sent = dump_json(body)
        client = self._sync_client()
        try:
            response = client.post(PATH, **_content(client, body, sent), **self._options(request, body, client))
        except Exception as error:
            raise translate(error, self._settings.provider) from error
        return self._receive(response, request, sent)

    async def call_async(self, request: Request, body: dict[str, Any]) -> ResponseData:
        sent = dump_json(body)
        client = self._async_client()
        try:
            response = await client.post(PATH, **_content(client, body, sent), **self._options(request, body, client))
        except Exception as error:
            raise translate(error, self._settings.provider) from error
        return self._receive(response, request, sent)

    def stream(self, request: Request, body: dict[str, Any]) -> SyncEvents:
        body = {**body, "stream": True}
        sent = dump_json(body)
        client = self._sync_client()
        options = self._options(request, body, client)
        try:
            response = client.post(
                PATH, **_content(client, body, sent), **options, stream=True, stream_cls=_sdk().Stream[object]
            )
            if not _is_event_stream(response):
                response.read()
        except Exception as error:
            raise translate(error, self._settings.provider) from error
        self._check_stream(response, request)
        return SyncEvents(response, self._settings.provider, sent, client)

    async def stream_async(self, request: Request, body: dict[str, Any]) -> AsyncEvents:
        body = {**body, "stream": True}
        sent = dump_json(body)
        client = self._async_client()
        options = {**self._options(request, body, client), "stream": True, "stream_cls": _sdk().AsyncStream[object]}
        try:
            response = await client.post(PATH, **_content(client, body, sent), **options)
            if not _is_event_stream(response):
                await response.aread()
        except Exception as error:
            raise translate(error, self._settings.provider) from error
        self._check_stream(response, request)
        return AsyncEvents(response, self._settings.provider, sent, client)

    def accumulator(self, request: Request) -> MessageAccumulator:
        return MessageAccumulator(request, provider=self._settings.provider)

    def to_sdk(self, body: bytes, endpoint: str | None) -> Any:
        """Return the body as `anthropic.types.Message`, built without validation like the SDK's own."""
        _sdk()
        from anthropic.types import Message

        return Message.construct(**msgspec.json.decode(body))

    def _options(self, request: Request, body: dict[str, Any], client: Any) -> dict[str, Any]:
        """Return the SDK's options for this request. It returns the raw HTTP response."""
        import httpx2

        headers: dict[str, Any] = _headers(request, body)
        if getattr(client, "api_key", None) is NO_KEY:
            headers = without_key(headers, _sdk().omit)
        options: dict[str, Any] = {"headers": headers}
        for name in ("timeout", "max_retries"):
            own = getattr(request, name)
            value = own if own is not None else getattr(self._settings, name)
            if value is not None:
                options[name] = value
        return {"cast_to": httpx2.Response, "options": options}

    def _receive(self, response: Any, request: Request, sent: bytes) -> ResponseData:
        request_id = response.headers.get("request-id")
        try:
            reply = decode_reply(response.content, request, provider=self._settings.provider)
        except ProviderError as error:
            error.request_id = error.request_id or request_id
            raise
        reply.request_id = request_id
        reply.sent = sent
        return reply

    def _check_stream(self, response: Any, request: Request) -> None:
        """Raise the error of a host that answers with one JSON body instead of a stream."""
        if not _is_event_stream(response):
            self._receive(response, request, b"")
            raise malformed_reply("is no event stream", response.text, self._settings.provider)

    def _sync_client(self) -> Any:
        if self._client is None:
            self._client = self._build("", "Client")
        return self._client

    def _async_client(self) -> Any:
        given = self._settings.async_client
        return given or self._async_clients.get(lambda: self._build("Async", "AsyncClient"))

    def _build(self, kind: str, http_kind: str) -> Any:
        sdk = _sdk()
        import httpx2

        from capably.providers.lean import lean_client

        settings = self._settings
        if settings.http_client is not None and not isinstance(settings.http_client, getattr(httpx2, http_kind)):
            raise ConfigurationError(
                f"{settings.provider}: http_client= is a {type(settings.http_client).__name__}, this call needs an "
                f"httpx2.{http_kind}. Pass a client of the SDK with client= or async_client= for the other kind."
            )
        own = settings.provider == VENDOR
        if settings.cloud:
            client = build_cloud_client(sdk, settings, kind, settings.http_client)
        else:
            client = self._plain_client(getattr(sdk, f"{kind}Anthropic"), lean_client(http_kind), own)
        if not own:
            forget_vendor(client)
        if settings.http_client is None:
            guard_redirects(client._client)
        return client

    def _plain_client(self, made: Any, lean: Any, own: bool) -> Any:
        """Return a client for Anthropic or a compatible host. Only the first looks for credentials other than a key."""
        settings = self._settings
        key = key_of(settings)
        token = (
            sendable(os.environ.get(BEARER_VARIABLE, ""), f"The token in {BEARER_VARIABLE}")
            if own and key is None
            else None
        )
        if key is None and not own:
            if settings.key_names:
                raise self._no_key()
            key = NO_KEY
        try:
            client = made(
                api_key=key,
                auth_token=token or None,
                base_url=settings.base_url or (None if own else ADDRESS),
                http_client=settings.http_client or lean,
            )
        except Exception as error:
            raise ConfigurationError(f"{settings.provider}: {error}") from error
        if client.api_key is None and client.auth_token is None and client.credentials is None:
            raise self._no_key()
        return client

    def _no_key(self) -> ConfigurationError:
        provider = self._settings.provider
        names = " or ".join(self._settings.key_names)
        return ConfigurationError(
            f'No API key for {provider}. Set {names}, or call llm.provider("{provider}", api_key=...).'
        )


class SyncEvents:
    """The events of an open stream. `sent` is the body that was sent."""

    def __init__(self, response: Any, provider: str, sent: bytes, client: Any = None) -> None:
        self._response = response
        self._client = client
        self._provider = provider
        self.request_id: str | None = response.headers.get("request-id")
        self.sent = sent

    def __iter__(self) -> Iterator[Any]:
        try:
            if _is_aws(self._response):
                yield from events_of(self._response, self._client, _sdk())
            else:
                yield from decode_sse(self._response.iter_bytes())
        except Exception as error:
            raise translate(error, self._provider) from error
        finally:
            self.close()

    def close(self) -> None:
        self._response.close()


class AsyncEvents:
    """The asynchronous twin of `SyncEvents`."""

    def __init__(self, response: Any, provider: str, sent: bytes, client: Any = None) -> None:
        self._response = response
        self._client = client
        self._provider = provider
        self.request_id: str | None = response.headers.get("request-id")
        self.sent = sent

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            if _is_aws(self._response):
                events = events_of_async(self._response, self._client, _sdk())
            else:
                events = decode_sse_async(self._response.aiter_bytes())
            async for event in events:
                yield event
        except Exception as error:
            raise translate(error, self._provider) from error
        finally:
            await self.close()

    async def close(self) -> None:
        await self._response.aclose()


def _headers(request: Request, body: dict[str, Any]) -> dict[str, str]:
    """Return our headers, overridden by the caller's. The betas of both are joined."""
    own = {name.lower(): value for name, value in (request.headers or {}).items()}
    betas = [beta for field, beta in BETAS.items() if field in body]
    named = own.pop("anthropic-beta", "")
    betas += [beta for beta in map(str.strip, named.split(",")) if beta and beta not in betas]
    headers = {"content-type": "application/json", "anthropic-version": API_VERSION, **own}
    return {**headers, "anthropic-beta": ",".join(betas)} if betas else headers


def _content(client: Any, body: dict[str, Any], sent: bytes) -> dict[str, Any]:
    """Return bytes for Anthropic's own client. Those of Bedrock and Vertex rewrite the body: they get a dict."""
    sdk = _sdk()
    return {"content": sent} if isinstance(client, (sdk.Anthropic, sdk.AsyncAnthropic)) else {"body": body}


def _is_aws(response: Any) -> bool:
    return AWS_EVENTS in response.headers.get("content-type", "")


def _is_event_stream(response: Any) -> bool:
    return _is_aws(response) or "text/event-stream" in response.headers.get("content-type", "text/event-stream")


def _sdk() -> Any:
    try:
        import anthropic
    except ImportError as error:
        raise ConfigurationError('The anthropic SDK is not installed: pip install "capably[anthropic]"') from error
    return anthropic
