"""Anthropic's Messages API, at Anthropic or a compatible host.

With a key or a token a request goes over our own HTTP. Anthropic's other credentials and the clouds go over clients of its SDK
(`capably.providers.anthropic.sdk`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from capably.http import Answer, Reply
from capably.providers.anthropic.decode import decode_reply
from capably.providers.anthropic.encode import encode_request
from capably.providers.anthropic.errors import failure_of
from capably.providers.anthropic.stream import MessageAccumulator
from capably.providers.credentials import named_key, named_token, resolve_secret
from capably.providers.http_adapter import HttpAdapter, Post
from capably.types.errors import ProviderError
from capably.types.request import Request
from capably.types.response_data import ResponseData

if TYPE_CHECKING:
    from capably.providers.spellings import Body
    from capably.types.json_types import Json

API_VERSION = "2026-10-21"
"""The version of the API, sent with every request. Source: anthropic 2.12.0."""

PATH = "/v1/messages"

BETAS = {"mcp_servers": "mcp-client-2026-09-15"}
"""Field of the body -> the beta that it needs."""

VENDOR = "anthropic"
"""The provider that takes Anthropic's other credentials (profiles, workload identity), which its SDK finds."""


class AnthropicAdapter(HttpAdapter):
    """The Messages API."""

    sdk = "anthropic"
    joined: ClassVar[tuple[str, ...]] = ("anthropic-beta",)

    def encode(self, request: Request) -> Body:
        return encode_request(request, provider=self.provider)

    def path(self, post: Post) -> str:
        return PATH

    def headers(self, post: Post) -> Mapping[str, str]:
        """Return the version, and the betas that the body needs, joined with those of the caller."""
        needed = [beta for field, beta in BETAS.items() if field in post.fields]
        given = {**(self.settings.headers or {}), **(post.request.headers or {})}.get("anthropic-beta", "")
        return {"anthropic-version": API_VERSION, **({"anthropic-beta": joined(needed, given)} if needed else {})}

    async def authorization(self, post: Post) -> tuple[str, str] | None:
        """Return the key; where there is none, the bearer token that Anthropic takes instead."""
        settings = self.settings
        if settings.api_key is None and named_key(settings) is None:
            token = (
                await resolve_secret(settings.token, settings, "token", sync=post.sync)
                if callable(settings.token)
                else None
            )
            token = token or named_token(settings)
            if token is not None:
                return "authorization", f"Bearer {token}"
        return await super().authorization(post)

    def failure(self, answer: Answer, url: str, request: Request) -> ProviderError:
        return failure_of(answer, url, self.provider, request.model_id, self.request_id(answer.headers))

    def decode(self, body: bytes, request: Request) -> ResponseData:
        return decode_reply(body, request, provider=self.provider)

    def request_id(self, headers: Mapping[str, str]) -> str | None:
        return headers.get("request-id")

    def is_last(self, event: Json) -> bool:
        return type(event) is dict and event.get("type") == "message_stop"

    def accumulator(self, request: Request) -> MessageAccumulator:
        return MessageAccumulator(request, provider=self.provider)

    def to_sdk(self, body: bytes, endpoint: str | None) -> object:
        """Return the body as `anthropic.types.Message`, built without validation like the SDK's own."""
        from capably.providers.anthropic import sdk

        return sdk.sdk_reply(body)

    def sdk_client(self, *, sync: bool) -> object:
        given = super().sdk_client(sync=sync)
        if given is not None or not (self.settings.entry["cloud"] or self._has_other_credentials()):
            return given
        from capably.providers.anthropic import sdk

        return sdk.client_of(self.handle, sync=sync)

    def _has_other_credentials(self) -> bool:
        """Return whether neither a key nor a token is there, so that Anthropic's SDK may know of another credential."""
        settings = self.settings
        if self.provider != VENDOR or settings.api_key is not None or settings.token is not None:
            return False
        if named_key(settings) is not None or named_token(settings) is not None or settings.headers:
            return False
        from capably.providers.anthropic import sdk

        return sdk.has_other_credentials()

    async def fetch_by_sdk(self, client: object, post: Post) -> Answer:
        from capably.providers.anthropic import sdk

        return await sdk.fetch(client, post, self)

    async def open_by_sdk(self, client: object, post: Post) -> Reply:
        from capably.providers.anthropic import sdk

        return await sdk.open_stream(client, post, self)


def joined(needed: list[str], given: str) -> str:
    """Return betas as one header: ours first, each once."""
    betas = [*needed, *filter(None, map(str.strip, given.split(",")))]
    return ",".join(dict.fromkeys(betas))
