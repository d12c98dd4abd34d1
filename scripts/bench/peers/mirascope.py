"""Mirascope, the library whose idea of an interface is closest to ours."""

from __future__ import annotations

import asyncio
from typing import Any

from cases import HISTORY, MODELS, TOOLS, Answer, Case, base_url
from sdk import book

REQUIREMENTS = ("mirascope[anthropic,openai,google]",)
PROVIDERS = {
    "anthropic": "anthropic",
    "responses": "openai:responses",
    "chat": "openai:completions",
    "google": "google",
}


class System:
    """What the worker drives."""

    def __init__(self, wire: str, url: str) -> None:
        from mirascope import llm

        self.llm: Any = llm
        provider = PROVIDERS[wire]
        vendor, _, suffix = provider.partition(":")
        llm.register_provider(provider, scope=f"{vendor}/", api_key="test", base_url=base_url(wire, url))
        self.model: Any = llm.model(f"{vendor}/{MODELS[wire]}{suffix and ':' + suffix}")
        self.tools = [llm.tool(function) for function in TOOLS]
        self.history = [
            llm.messages.user(text) if role == "user" else llm.messages.assistant(text, model_id=None, provider_id=None)
            for role, text in HISTORY
        ]

    def _request(self, case: Case) -> tuple[Any, dict[str, Any]]:
        content = [*self.history, self.llm.messages.user(case.prompt)] if case.history else case.prompt
        tools = {"tools": self.tools} if case.tools else {"format": book()} if case.structured else {}
        return content, tools

    def call(self, case: Case) -> Answer:
        content, tools = self._request(case)
        response = self.model.call(content, **tools)
        return _answer(response, repr(response.parse().model_dump()) if case.structured else response.text())

    def stream(self, case: Case) -> Answer:
        content, tools = self._request(case)
        response = self.model.stream(content, **tools)
        text = "".join(response.text_stream()).removesuffix("\n")  # A line end after each part is its own idea.
        response.finish()
        return _answer(response, text)

    async def at_once(self, case: Case, count: int) -> list[Answer]:
        content, tools = self._request(case)
        results = await asyncio.gather(*(self.model.call_async(content, **tools) for _ in range(count)))
        return [_answer(one, one.text()) for one in results]


def _answer(response: Any, text: str) -> Answer:
    import json

    calls = tuple((call.name, json.loads(call.args)) for call in response.tool_calls)
    return Answer(text, calls, (response.usage.input_tokens, response.usage.output_tokens))
