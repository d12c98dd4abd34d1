"""Google's Gemini models over generateContent, with google-genai's own client.

The SDK is imported when the adapter is built; its client is made at the first call, and serves sync and async alike.
"""

from __future__ import annotations

import threading
from typing import Any

from capably.providers import Settings
from capably.providers.google import transport
from capably.providers.google.client import build_client, import_sdk, path_of, request_options
from capably.providers.google.decode import decode_reply
from capably.providers.google.encode import encode_request
from capably.providers.google.errors import request_id_of, translate
from capably.providers.google.events import AsyncGoogleEvents, GoogleEvents
from capably.providers.google.stream import GoogleAccumulator
from capably.providers.json import dump_json
from capably.types.request import Request
from capably.types.response_data import ResponseData

_CALL = "generateContent"
_STREAM = "streamGenerateContent?alt=sse"


class GoogleAdapter:
    """Google's wire format over google-genai's client."""

    def __init__(self, settings: Settings) -> None:
        self._genai = import_sdk()
        self._settings = settings
        self._lock = threading.Lock()
        self._client: Any = None
        self._options: dict[str, Any] = {}

    def encode(self, request: Request) -> dict[str, Any]:
        return encode_request(request)

    def call(self, request: Request, body: dict[str, Any]) -> ResponseData:
        api = self._api(self._settings.client)
        path, sent, options = self._prepare(request, body, _CALL, api)
        try:
            answer, headers = transport.send(api, path, sent, options)
        except Exception as error:
            raise translate(error, self._settings.provider) from error
        return _decode(answer, headers, request, sent)

    async def call_async(self, request: Request, body: dict[str, Any]) -> ResponseData:
        api = self._api(self._settings.async_client or self._settings.client)
        path, sent, options = self._prepare(request, body, _CALL, api)
        try:
            answer, headers = await transport.send_async(api, path, sent, options)
        except Exception as error:
            raise translate(error, self._settings.provider) from error
        return _decode(answer, headers, request, sent)

    def stream(self, request: Request, body: dict[str, Any]) -> GoogleEvents:
        api = self._api(self._settings.client)
        path, sent, options = self._prepare(request, body, _STREAM, api)
        try:
            response, headers = transport.open_stream(api, path, sent, options)
        except Exception as error:
            raise translate(error, self._settings.provider) from error
        return GoogleEvents(response, headers, self._settings.provider, sent, self)

    async def stream_async(self, request: Request, body: dict[str, Any]) -> AsyncGoogleEvents:
        api = self._api(self._settings.async_client or self._settings.client)
        path, sent, options = self._prepare(request, body, _STREAM, api)
        try:
            response, headers = await transport.open_stream_async(api, path, sent, options)
        except Exception as error:
            raise translate(error, self._settings.provider) from error
        return AsyncGoogleEvents(response, headers, self._settings.provider, sent, self)

    def accumulator(self, request: Request) -> GoogleAccumulator:
        return GoogleAccumulator(request)

    def to_sdk(self, body: bytes, endpoint: str | None) -> Any:
        """Return the body as `google.genai.types.GenerateContentResponse`, without fields unknown to the SDK."""
        return transport.sdk_reply(body)

    def _api(self, given: Any) -> Any:
        """Return the inner HTTP client of the caller's SDK client, else of our own, which is made once."""
        if given is not None:
            return transport.check_client(given)
        with self._lock:
            if self._client is None:
                self._client = build_client(self._settings)
        return transport.check_client(self._client)

    def _prepare(self, request: Request, body: dict[str, Any], verb: str, api: Any) -> tuple[str, bytes, Any]:
        """Return path, body and the SDK's options for one request; `None` for the options of the client itself."""
        sent = dump_json(body)
        options = request_options(request, self._settings, api)
        return path_of(request, verb, api), sent, self._http_options(options) if options else None

    def _http_options(self, options: dict[str, Any]) -> Any:
        """Return the SDK's object for these options. Objects are cached, since the same few recur."""
        if "headers" in options:
            return self._genai.types.HttpOptions(**options)
        key = repr(options)
        if key not in self._options:
            self._options[key] = self._genai.types.HttpOptions(**options)
        return self._options[key]


def _decode(body: bytes, headers: dict[str, str], request: Request, sent: bytes) -> ResponseData:
    reply = decode_reply(body, request)
    reply.request_id = request_id_of(headers)
    reply.sent = sent
    return reply
