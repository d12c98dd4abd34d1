"""Google's Gemini models over generateContent.

With a key a request goes over our own HTTP; at Google Cloud, and over a client that the caller gives, by google-genai
(`capably.providers.google.sdk`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from capably.http import Answer, Reply
from capably.providers.google.content import model_of
from capably.providers.google.decode import decode_reply
from capably.providers.google.encode import encode_request
from capably.providers.google.errors import failure_of, request_id_of
from capably.providers.google.stream import GoogleAccumulator
from capably.providers.http_adapter import HttpAdapter, Post
from capably.types.errors import ProviderError, UnknownModelError
from capably.types.request import Request
from capably.types.response_data import ResponseData

if TYPE_CHECKING:
    from google.genai.types import GenerateContentResponse

    from capably.providers.spellings import Body
    from capably.types.json_types import Json

API_VERSION = "v1"
"""The version of the API of a model whose facts name none. Source: google-genai 3.4.0."""

CALL = "generateContent"
STREAM = "streamGenerateContent?alt=sse"


class GoogleAdapter(HttpAdapter):
    """Google's wire format."""

    sdk = "google"

    def encode(self, request: Request) -> Body:
        return encode_request(request)

    def path(self, post: Post) -> str:
        info = post.request.info
        version = (info.api_version if info else None) or self.settings.value("api_version") or API_VERSION
        return f"/{version}/{model_path(post.request)}:{STREAM if post.stream else CALL}"

    def credential(self, key: str) -> tuple[str, str]:
        return "x-goog-api-key", key

    def failure(self, answer: Answer, url: str, request: Request) -> ProviderError:
        return failure_of(answer, url, self.provider, request.model_id, self.request_id(answer.headers))

    def decode(self, body: bytes, request: Request) -> ResponseData:
        return decode_reply(body, request)

    def request_id(self, headers: Mapping[str, str]) -> str | None:
        return request_id_of(headers)

    def streamed(self, request: Request, body: Body) -> Body:
        """Return the body as it is: the path asks for the stream."""
        return body

    def is_last(self, event: Json) -> bool | None:
        """Return `None` for a reason to finish: what follows it, if anything, repeats it."""
        if isinstance(event, dict) and isinstance(candidates := event.get("candidates"), list) and candidates:
            first = candidates[0]
            if isinstance(first, dict) and first.get("finishReason"):
                return None
        return False

    def accumulator(self, request: Request) -> GoogleAccumulator:
        return GoogleAccumulator(request)

    def to_sdk(self, body: bytes, endpoint: str | None) -> GenerateContentResponse:
        """Return the body as `google.genai.types.GenerateContentResponse`, without fields unknown to the SDK."""
        from capably.providers.google import sdk

        return sdk.sdk_reply(body)

    def sdk_client(self, *, sync: bool) -> object:
        settings = self.settings
        given = settings.client if sync else settings.async_client or settings.client
        if given is None and not self._is_at_google_cloud():
            return None
        from capably.providers.google import sdk

        return sdk.check_client(given or sdk.client_of(self.handle))

    def _is_at_google_cloud(self) -> bool:
        """Return whether credentials of Google Cloud take the place of a key."""
        entry = self.settings.entry
        names = entry["variables"].get("enterprise", ())
        return entry["cloud"] == "vertex" or any(os.environ.get(name, "").lower() in ("true", "1") for name in names)

    async def fetch_by_sdk(self, client: object, post: Post) -> Answer:
        from capably.providers.google import sdk

        return await sdk.fetch(client, post, self)

    async def open_by_sdk(self, client: object, post: Post) -> Reply:
        from capably.providers.google import sdk

        return await sdk.open_stream(client, post, self)


def model_path(request: Request) -> str:
    """Return `models/{model}`, or the path that the id is. Raises `UnknownModelError` for one that would change the address."""
    model = model_of(request)
    if not model or ".." in model or not model.isprintable() or not frozenset(" ?&#%\\").isdisjoint(model):
        raise UnknownModelError(f"{model!r} cannot be a model id of Google's", model=model)
    return model if model.startswith(("models/", "tunedModels/", "projects/", "publishers/")) else f"models/{model}"
