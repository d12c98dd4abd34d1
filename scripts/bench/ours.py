"""capably, as the README shows it, over httpx2."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from typing import Any, Literal

from cases import HISTORY, MODELS, TOOLS, Answer, Case, base_url
from sdk import book

PROVIDERS = {"anthropic": "anthropic", "responses": "openai", "google": "google"}


class System:
    """What the worker drives: one system on one wire format."""

    http: Literal["httpx2", "pyreqwest"] = "httpx2"

    def __init__(self, wire: str, url: str) -> None:
        warnings.simplefilter("ignore")
        from capably import llm

        id = f"{PROVIDERS[wire]}/{MODELS[wire]}" if wire in PROVIDERS else _speaks_chat()
        llm.configure(id.partition("/")[0], api_key="test", base_url=base_url(wire, url), http=self.http)
        self.model: Any = llm.Model.of(id)
        self.tools = [llm.tool(function) for function in TOOLS]
        self.history = [llm.user(text) if role == "user" else llm.assistant(text) for role, text in HISTORY]
        self.user = llm.user

    def _request(self, case: Case) -> tuple[Any, dict[str, Any]]:
        params: dict[str, Any] = {"tools": self.tools} if case.tools else {"format": book()} if case.structured else {}
        return [*self.history, self.user(case.prompt)] if case.history else case.prompt, params

    def call(self, case: Case) -> Answer:
        content, params = self._request(case)
        response = self.model.call(content, **params)
        return _answer(response, repr(response.parse().model_dump()) if case.structured else response.text())

    def stream(self, case: Case) -> Answer:
        content, params = self._request(case)
        with self.model.stream(content, **params) as response:
            return _answer(response, "".join(response.text_stream()))

    def pieces(self, case: Case) -> Iterator[str]:
        yield from self.model.stream(case.prompt).text_stream()

    async def at_once(self, case: Case, count: int) -> list[Answer]:
        return await asyncio.gather(*(self._call_async(case) for _ in range(count)))

    async def _call_async(self, case: Case) -> Answer:
        content, params = self._request(case)
        response = await self.model.call_async(content, **params)
        return _answer(response, response.text())


def _answer(response: Any, text: str) -> Answer:
    calls = tuple((call.name, call.args) for call in response.tool_calls)
    return Answer(text, calls, (response.usage.input_tokens, response.usage.output_tokens))


def _speaks_chat() -> str:
    """Return a listed model that is called over Chat Completions and supports structured output."""
    from capably import llm

    for info in llm.models(tools=True):
        if info.endpoint == "chat_completions" and info.facts and info.facts["structured_output"] == "json_schema":
            return info.id
    raise LookupError("no listed model speaks Chat Completions")
