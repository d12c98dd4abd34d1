"""litellm: everything in OpenAI's shape."""

from __future__ import annotations

import asyncio
from typing import Any

from cases import MODELS, Answer, Case, base_url
from openai_shape import FUNCTIONS, answer, messages, streamed
from sdk import book

REQUIREMENTS = ("litellm", "mcp")
PROVIDERS = {"anthropic": "anthropic", "chat": "openai", "google": "gemini"}


class System:
    """What the worker drives."""

    def __init__(self, wire: str, url: str) -> None:
        import litellm

        if wire == "responses":
            raise NotImplementedError
        self.llm: Any = litellm
        self.fixed = {
            "model": f"{PROVIDERS[wire]}/{MODELS[wire]}",
            "api_key": "test",
            "api_base": f"{url}/v1beta" if wire == "google" else base_url(wire, url),
            "max_tokens": 4096,
            "allowed_openai_params": ["tools", "response_format"],
        }

    def _params(self, case: Case) -> dict[str, Any]:
        tools = {"tools": FUNCTIONS} if case.tools else {}
        return {**self.fixed, "messages": messages(case), **tools}

    def call(self, case: Case) -> Answer:
        if case.structured:
            results = self.llm.completion(response_format=book(), **self._params(case))
            return answer(results, repr(book().model_validate_json(results.choices[0].message.content).model_dump()))
        return answer(self.llm.completion(**self._params(case)))

    def stream(self, case: Case) -> Answer:
        options = {"include_usage": True}
        return streamed(self.llm.completion(stream=True, stream_options=options, **self._params(case)))

    async def at_once(self, case: Case, count: int) -> list[Answer]:
        results = await asyncio.gather(*(self.llm.acompletion(**self._params(case)) for _ in range(count)))
        return [answer(one) for one in results]
