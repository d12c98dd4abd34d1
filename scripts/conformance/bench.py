"""One loopback server, the adapters that ask it, and how a recorded exchange is asked again."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import anthropic
import openai
from google import genai
from support.loopback import Canned, Loopback, Received

from capably import llm
from capably.calls.model import ModelBase
from capably.http.libraries import Library
from capably.providers.adapters import adapter_of
from capably.providers.handles import Handle
from capably.providers.settings import Settings
from capably.registry.lookup import add_host, providers
from capably.responses.response import AsyncResponse, Response
from capably.responses.stream_response import AsyncStreamResponse, StreamResponse
from capably.types.messages import user
from capably.types.request import Request
from capably.types.tools import MCPServer, Tool
from conformance.cases import Exchange, Skipped, name_of

ADAPTER_OF = {
    "messages": "anthropic",
    "generate_content": "google",
    "responses": "openai",
    "chat_completions": "openai",
}

SDK_CLIENTS: Mapping[str, Callable[[str], Any]] = {
    "anthropic": lambda url: anthropic.Anthropic(api_key="test", base_url=url, max_retries=0),
    "openai": lambda url: openai.OpenAI(api_key="test", base_url=url, max_retries=0),
    "google": lambda url: genai.Client(api_key="test", http_options=genai.types.HttpOptions(base_url=url)),
}
"""Adapter -> a client of its vendor's SDK, as a user builds it."""


class Bench:
    """One server and, per provider, one adapter; each exchange sets what the server answers next."""

    def __init__(self, http: Library = "auto") -> None:
        self.http: Library = http
        self.server = Loopback([self._reply])
        self.answer = Canned()
        self.sent: set[bytes] = set()
        self.unsaid: list[Skipped] = []
        self.unread: list[Skipped] = []
        self._adapters: dict[tuple[str, str, bool], Any] = {}

    def _reply(self, received: Received) -> Canned:
        self.sent.add(received.body)
        return self.answer

    def __enter__(self) -> Self:
        self.server.__enter__()
        self.runner = asyncio.Runner()
        for vendor, path in (("anthropic", ""), ("openai", "/v1"), ("google", "")):
            llm.configure(vendor, api_key="test", base_url=self.server.url + path, http=self.http)
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.run(llm.aclose())
        for adapter in self._adapters.values():
            self.runner.run(adapter.handle.aclose())
        for vendor in ("anthropic", "openai", "google"):
            llm.configure(vendor)
        self.runner.close()
        self.server.__exit__()

    def adapter(self, provider: str, endpoint: str, *, sdk: bool = False) -> Any:
        """Return the adapter that asks the server, over our HTTP or over a client of the vendor's SDK."""
        kind = ADAPTER_OF[endpoint]
        if (provider, kind, sdk) not in self._adapters:
            name = name_of(provider)
            if name not in providers():
                add_host(name, endpoint)
            url = self.server.url + ("/v1" if kind == "openai" else "")
            way: dict[str, Any] = {"api_key": "test", "base_url": url, "http": self.http}
            if sdk:
                way = {"client": SDK_CLIENTS[kind](url + ("/openai/v1" if name == "azure" else ""))}
            self._adapters[provider, kind, sdk] = adapter_of(Handle(Settings(provider=name, **way)))
        return self._adapters[provider, kind, sdk]

    def serve(
        self, body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None, events: bool = False
    ) -> None:
        kind = "text/event-stream" if events else "application/json"
        self.answer = Canned([body], status=status, headers={"content-type": kind, **(headers or {})})
        self.server.requests.clear()


def request_of(exchange: Exchange, messages: list[Any] | None = None, **extra: Any) -> Request:
    tools = list(tools_of(exchange.sent))
    return Request(
        info=None,
        model_id=str(exchange.sent.get("model") or "some-model").replace(":", "-"),
        endpoint=exchange.endpoint,
        messages=messages or [user("Hi")],
        system=None,
        params={"tools": tools} if tools else {},
        extra=extra or None,
        max_retries=0,
    )


def tools_of(sent: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the tools that decide how an answer is read: Google itself answers calls to an MCP server."""
    for tool in sent.get("tools") or ():
        if not isinstance(tool, dict):
            continue
        for server in tool.get("mcpServers") or ():
            yield MCPServer(**server)
        for function in (tool.get("functionDeclarations") or ()) if "mcpServers" in json.dumps(sent["tools"]) else ():
            yield Tool(lambda: None, name=function["name"], description=None, parameters={})


def rest(exchange: Exchange, request: Request) -> tuple[Any, ...]:
    name = name_of(exchange.provider)
    model = ModelBase._create(f"{name}/{request.model_id}", None, {})  # pyright: ignore[reportPrivateUsage]
    return model, request, request.messages, {}, ()


def ask(bench: Bench, exchange: Exchange, *, sdk: bool = False) -> Any:
    adapter, request = bench.adapter(exchange.provider, exchange.endpoint, sdk=sdk), request_of(exchange)
    if not exchange.streamed:
        return _Response(adapter, adapter.call(request, adapter.encode(request)), *rest(exchange, request))
    return _Stream(
        adapter,
        adapter.stream(request, adapter.encode(request)),
        adapter.accumulator(request),
        *rest(exchange, request),
    )


async def ask_async(bench: Bench, exchange: Exchange) -> Any:
    adapter, request = bench.adapter(exchange.provider, exchange.endpoint), request_of(exchange)
    if not exchange.streamed:
        return AsyncResponse(await adapter.call_async(request, adapter.encode(request)), *rest(exchange, request))
    response: Any = AsyncStreamResponse(
        await adapter.stream_async(request, adapter.encode(request)),
        adapter.accumulator(request),
        *rest(exchange, request),
    )
    return await response.finish()


class _WithAdapter:
    """`raw` of a provider that the registry does not list."""

    _adapter: Any

    @property
    def raw(self) -> Any:
        answer: Any = self
        return self._adapter.to_sdk(answer.body, answer._request.endpoint)


class _Response(_WithAdapter, Response[Any, Any, Any]):
    def __init__(self, adapter: Any, *rest: Any) -> None:
        super().__init__(*rest)
        self._adapter = adapter


class _Stream(_WithAdapter, StreamResponse[Any, Any, Any]):
    def __init__(self, adapter: Any, *rest: Any) -> None:
        super().__init__(*rest)
        self._adapter = adapter
