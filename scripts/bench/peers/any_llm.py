"""any-llm: everything in OpenAI's shape, over the vendors' SDKs."""

from __future__ import annotations

import asyncio
from typing import Any

from cases import MODELS, Answer, Case, base_url
from openai_shape import FUNCTIONS, answer, messages, streamed
from sdk import book

REQUIREMENTS = ("any-llm-sdk[anthropic,openai,gemini]",)
PROVIDERS = {"anthropic": "anthropic", "chat": "openai", "google": "gemini"}


class System:
    """What the worker drives."""

    def __init__(self, wire: str, url: str) -> None:
        from any_llm import AnyLLM

        if wire == "responses":
            raise NotImplementedError
        options: dict[str, Any] = {"api_base": base_url(wire, url)}
        if wire == "google":
            options = {"http_options": {"base_url": url}}
        self.llm: Any = AnyLLM.create(PROVIDERS[wire], api_key="test", **options)
        self.wire = wire

    def _params(self, case: Case) -> dict[str, Any]:
        tools = {"tools": FUNCTIONS} if case.tools else {}
        return {"model": MODELS[self.wire], "messages": messages(case), "reasoning_effort": None, **tools}

    def call(self, case: Case) -> Answer:
        if case.structured:
            results = self.llm.completion(response_format=book(), **self._params(case))
            return answer(results, repr(book().model_validate_json(results.choices[0].message.content).model_dump()))
        return answer(self.llm.completion(**self._params(case)))

    def stream(self, case: Case) -> Answer:
        options = {"stream_options": {"include_usage": True}} if self.wire == "chat" else {}
        return streamed(self.llm.completion(stream=True, **options, **self._params(case)))

    async def at_once(self, case: Case, count: int) -> list[Answer]:
        results = await asyncio.gather(*(self.llm.acompletion(**self._params(case)) for _ in range(count)))
        return [answer(one) for one in results]
