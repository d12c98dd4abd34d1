"""Google's Gemini models over generateContent, with google-genai's own client.

The SDK is imported when the adapter is built; its client is made at the first call, and serves sync and async alike.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec

from capably.providers import Settings
from capably.types.request import Reply, Request

if TYPE_CHECKING:
    from capably.providers.google.events import AsyncGoogleEvents, GoogleEvents
    from capably.providers.google.stream import GoogleFold

_CALL = "generateContent"
_STREAM = "streamGenerateContent?alt=sse"


class GoogleAdapter:
    """Google's wire format over google-genai's client."""

    def __init__(self, settings: Settings) -> None:
        from capably.providers.google.client import import_sdk

        self._genai = import_sdk()
        self._settings = settings
        self._lock = threading.Lock()
        self._client: Any = None
        self._options: dict[str, Any] = {}

    def encode(self, request: Request) -> dict[str, Any]:
        from capably.providers.google.encode import encode_request

        return encode_request(request)

    def call(self, request: Request) -> Reply:
        from capably.providers.google import errors, transport

        api = self._api(self._settings.client)
        path, sent, options = self._prepare(request, _CALL, api)
        try:
            body, headers = transport.send(api, path, sent, options)
        except Exception as error:
            raise errors.translate(error, self._settings.provider) from error
        return _decode(body, headers, request, sent)

    async def call_async(self, request: Request) -> Reply:
        from capably.providers.google import errors, transport

        api = self._api(self._settings.async_client or self._settings.client)
        path, sent, options = self._prepare(request, _CALL, api)
        try:
            body, headers = await transport.send_async(api, path, sent, options)
        except Exception as error:
            raise errors.translate(error, self._settings.provider) from error
        return _decode(body, headers, request, sent)

    def stream(self, request: Request) -> GoogleEvents:
        from capably.providers.google import errors, events, transport

        api = self._api(self._settings.client)
        path, sent, options = self._prepare(request, _STREAM, api)
        try:
            response, headers = transport.open_stream(api, path, sent, options)
        except Exception as error:
            raise errors.translate(error, self._settings.provider) from error
        return events.GoogleEvents(response, headers, self._settings.provider, sent, self)

    async def stream_async(self, request: Request) -> AsyncGoogleEvents:
        from capably.providers.google import errors, events, transport

        api = self._api(self._settings.async_client or self._settings.client)
        path, sent, options = self._prepare(request, _STREAM, api)
        try:
            response, headers = await transport.open_stream_async(api, path, sent, options)
        except Exception as error:
            raise errors.translate(error, self._settings.provider) from error
        return events.AsyncGoogleEvents(response, headers, self._settings.provider, sent, self)

    def fold(self, request: Request) -> GoogleFold:
        from capably.providers.google.stream import GoogleFold

        return GoogleFold(request)

    def to_sdk(self, body: bytes, endpoint: str | None) -> Any:
        """The body as `google.genai.types.GenerateContentResponse`, without fields that the SDK does not know."""
        from capably.providers.google.transport import sdk_reply

        return sdk_reply(body)

    def _api(self, given: Any) -> Any:
        """The inner HTTP client of the caller's SDK client, else of our own, which is made once."""
        from capably.providers.google.client import build_client
        from capably.providers.google.transport import check_client

        if given is not None:
            return check_client(given)
        with self._lock:
            if self._client is None:
                self._client = build_client(self._settings)
        return check_client(self._client)

    def _prepare(self, request: Request, verb: str, api: Any) -> tuple[str, bytes, Any]:
        """Path, body and the SDK's options for one request; `None` for the options of the client itself."""
        from capably.providers.google.client import path_of, request_options

        sent = msgspec.json.encode(self.encode(request))
        options = request_options(request, self._settings, api)
        return path_of(request, verb, api), sent, self._http_options(options) if options else None

    def _http_options(self, options: dict[str, Any]) -> Any:
        """The SDK's own object for these options, kept, since the same few come again and again."""
        if "headers" in options:
            return self._genai.types.HttpOptions(**options)
        key = repr(options)
        if key not in self._options:
            self._options[key] = self._genai.types.HttpOptions(**options)
        return self._options[key]


def _decode(body: bytes, headers: dict[str, str], request: Request, sent: bytes) -> Reply:
    from capably.providers.google.decode import decode_reply
    from capably.providers.google.errors import request_id_of

    reply = decode_reply(body, request)
    reply.request_id = request_id_of(headers)
    reply.sent = sent
    return reply
