"""Adapters that encode a request themselves, as a call does before it hands one on."""

from __future__ import annotations

from typing import Any

from capably.providers import anthropic, google, openai
from capably.types.request import Request


class _Encoding:
    def call(self: Any, request: Request) -> Any:
        return super().call(request, self.encode(request))  # type: ignore[misc]

    async def call_async(self: Any, request: Request) -> Any:
        return await super().call_async(request, self.encode(request))  # type: ignore[misc]

    def stream(self: Any, request: Request) -> Any:
        return super().stream(request, self.encode(request))  # type: ignore[misc]

    async def stream_async(self: Any, request: Request) -> Any:
        return await super().stream_async(request, self.encode(request))  # type: ignore[misc]


class AnthropicAdapter(_Encoding, anthropic.AnthropicAdapter): ...  # pyright: ignore[reportIncompatibleMethodOverride]


class GoogleAdapter(_Encoding, google.GoogleAdapter): ...  # pyright: ignore[reportIncompatibleMethodOverride]


class OpenAIAdapter(_Encoding, openai.OpenAIAdapter): ...  # pyright: ignore[reportIncompatibleMethodOverride]
