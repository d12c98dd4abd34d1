"""LangChain's chat models."""

from __future__ import annotations

import asyncio
from typing import Any

from cases import HISTORY, MODELS, TOOLS, Answer, Case, base_url
from sdk import book

REQUIREMENTS = ("langchain", "langchain-anthropic", "langchain-openai", "langchain-google-genai")


class System:
    """What the worker drives."""

    def __init__(self, wire: str, url: str) -> None:
        from langchain_core import messages

        self.m = messages
        self.model = _model(wire, base_url(wire, url))
        self.tools = self.model.bind_tools(TOOLS)
        method = {} if wire == "google" else {"method": "json_schema"}
        self.format = self.model.with_structured_output(book(), include_raw=True, **method)

    def _messages(self, case: Case) -> list[Any]:
        m = self.m
        messages: list[Any] = [
            m.HumanMessage(text) if role == "user" else m.AIMessage(text)
            for role, text in (HISTORY if case.history else ())
        ]
        return [*messages, m.HumanMessage(case.prompt)]

    def call(self, case: Case) -> Answer:
        if case.structured:
            result = self.format.invoke(self._messages(case))
            return _answer(result["raw"], repr(result["parsed"].model_dump()))
        return _answer((self.tools if case.tools else self.model).invoke(self._messages(case)))

    def stream(self, case: Case) -> Answer:
        joined: Any = None
        text: list[str] = []
        for chunk in (self.tools if case.tools else self.model).stream(self._messages(case)):
            text.append(chunk.text)
            joined = chunk if joined is None else joined + chunk
        return _answer(joined, "".join(text))

    async def at_once(self, case: Case, count: int) -> list[Answer]:
        messages = self._messages(case)
        return [_answer(one) for one in await asyncio.gather(*(self.model.ainvoke(messages) for _ in range(count)))]


def _answer(message: Any, text: str | None = None) -> Answer:
    calls = tuple((call["name"], call["args"]) for call in message.tool_calls)
    usage = message.usage_metadata
    return Answer(str(message.text) if text is None else text, calls, (usage["input_tokens"], usage["output_tokens"]))


def _model(wire: str, url: str) -> Any:
    if wire == "anthropic":
        from langchain_anthropic import ChatAnthropic

        return ChatAnthropic(model=MODELS[wire], api_key="test", base_url=url, max_tokens=4096)
    if wire == "google":
        from langchain_google_genai import ChatGoogleGenerativeAI

        return ChatGoogleGenerativeAI(model=MODELS[wire], api_key="test", base_url=url)
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(
        model=MODELS[wire], api_key="test", base_url=url, use_responses_api=wire == "responses", stream_usage=True
    )
