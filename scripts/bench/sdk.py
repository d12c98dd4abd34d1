"""The vendors' own SDKs, used the way their documentation shows first. Everything else is measured against them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from cases import HISTORY, MODELS, SCHEMAS, TOOLS, Answer, Case, base_url

REQUIREMENTS = ("anthropic>=2.12,<3", "openai>=3.54,<4", "google-genai>=3.4,<4", "pydantic>=2.11")


@cache
def book() -> Any:
    """Return the class of the structured answer, created on first use because pydantic may not be imported before."""
    from pydantic import BaseModel

    class Book(BaseModel):
        title: str
        author: str
        year: int
        tags: list[str]

    return Book


def _messages(case: Case) -> list[dict[str, str]]:
    history = [{"role": role, "content": text} for role, text in HISTORY] if case.history else []
    return [*history, {"role": "user", "content": case.prompt}]


class Anthropic:
    def __init__(self, wire: str, url: str) -> None:
        import anthropic

        self.client: Any = anthropic.Anthropic(api_key="test", base_url=base_url(wire, url))
        self.async_client: Any = anthropic.AsyncAnthropic(api_key="test", base_url=base_url(wire, url))
        self.tools: Any = [
            {"name": tool.__name__, "description": tool.__doc__, "input_schema": SCHEMAS[tool.__name__]}
            for tool in TOOLS
        ]

    def _params(self, case: Case) -> Any:
        tools = {"tools": self.tools} if case.tools else {}
        return {"model": MODELS["anthropic"], "max_tokens": 4096, "messages": _messages(case), **tools}

    def call(self, case: Case) -> Answer:
        if case.structured:
            message: Any = self.client.messages.parse(output_format=book(), **self._params(case))
            return self._answer(message, repr(message.parsed_output.model_dump()))
        return self._answer(self.client.messages.create(**self._params(case)))

    def _answer(self, message: Any, text: str | None = None) -> Answer:
        if text is None:
            text = "".join(block.text for block in message.content if block.type == "text")
        calls = tuple((block.name, block.input) for block in message.content if block.type == "tool_use")
        return Answer(text, calls, (message.usage.input_tokens, message.usage.output_tokens))

    def stream(self, case: Case) -> Answer:
        text: list[str] = []
        name, arguments = "", list[str]()
        read = written = 0
        for event in self.client.messages.create(stream=True, **self._params(case)):
            if event.type == "content_block_delta":
                if event.delta.type == "text_delta":
                    text.append(event.delta.text)
                elif event.delta.type == "input_json_delta":
                    arguments.append(event.delta.partial_json)
            elif event.type == "content_block_start" and event.content_block.type == "tool_use":
                name = event.content_block.name
            elif event.type == "message_start":
                read = event.message.usage.input_tokens
            elif event.type == "message_delta":
                written = event.usage.output_tokens
        calls = ((name, json.loads("".join(arguments))),) if name else ()
        return Answer("".join(text), calls, (read, written))

    def pieces(self, case: Case) -> Iterator[str]:
        for event in self.client.messages.create(stream=True, **self._params(case)):
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                yield event.delta.text

    async def call_async(self, case: Case) -> Answer:
        return self._answer(await self.async_client.messages.create(**self._params(case)))


class Responses:
    def __init__(self, wire: str, url: str) -> None:
        import openai

        self.client: Any = openai.OpenAI(api_key="test", base_url=base_url(wire, url))
        self.async_client: Any = openai.AsyncOpenAI(api_key="test", base_url=base_url(wire, url))
        self.tools: Any = [
            {
                "type": "function",
                "name": tool.__name__,
                "description": tool.__doc__,
                "parameters": SCHEMAS[tool.__name__],
                "strict": False,
            }
            for tool in TOOLS
        ]

    def _params(self, case: Case) -> Any:
        tools = {"tools": self.tools} if case.tools else {}
        return {"model": MODELS["responses"], "input": _messages(case), "store": False, **tools}

    def call(self, case: Case) -> Answer:
        if case.structured:
            parsed: Any = self.client.responses.parse(text_format=book(), **self._params(case))
            return self._answer(parsed, repr(parsed.output_parsed.model_dump()))
        return self._answer(self.client.responses.create(**self._params(case)))

    def _answer(self, response: Any, text: str | None = None) -> Answer:
        answer: str = response.output_text if text is None else text
        calls = tuple(
            (item.name, json.loads(item.arguments)) for item in response.output if item.type == "function_call"
        )
        return Answer(answer, calls, (response.usage.input_tokens, response.usage.output_tokens))

    def stream(self, case: Case) -> Answer:
        text: list[str] = []
        answer = Answer()
        for event in self.client.responses.create(stream=True, **self._params(case)):
            if event.type == "response.output_text.delta":
                text.append(event.delta)
            elif event.type == "response.completed":
                answer = self._answer(event.response, "".join(text))
        return answer

    def pieces(self, case: Case) -> Iterator[str]:
        for event in self.client.responses.create(stream=True, **self._params(case)):
            if event.type == "response.output_text.delta":
                yield event.delta

    async def call_async(self, case: Case) -> Answer:
        return self._answer(await self.async_client.responses.create(**self._params(case)))


class Chat:
    def __init__(self, wire: str, url: str) -> None:
        import openai

        self.client: Any = openai.OpenAI(api_key="test", base_url=base_url(wire, url))
        self.async_client: Any = openai.AsyncOpenAI(api_key="test", base_url=base_url(wire, url))
        self.tools: Any = [
            {
                "type": "function",
                "function": {
                    "name": tool.__name__,
                    "description": tool.__doc__,
                    "parameters": SCHEMAS[tool.__name__],
                },
            }
            for tool in TOOLS
        ]

    def _params(self, case: Case) -> Any:
        tools = {"tools": self.tools} if case.tools else {}
        return {"model": MODELS["chat"], "messages": _messages(case), **tools}

    def call(self, case: Case) -> Answer:
        if case.structured:
            parsed: Any = self.client.chat.completions.parse(response_format=book(), **self._params(case))
            return self._answer(parsed, repr(parsed.choices[0].message.parsed.model_dump()))
        return self._answer(self.client.chat.completions.create(**self._params(case)))

    def _answer(self, completion: Any, text: str | None = None) -> Answer:
        message = completion.choices[0].message
        calls = tuple((call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or ())
        tokens = (completion.usage.prompt_tokens, completion.usage.completion_tokens)
        return Answer((message.content or "") if text is None else text, calls, tokens)

    def stream(self, case: Case) -> Answer:
        text: list[str] = []
        name, arguments = "", list[str]()
        tokens = (0, 0)
        options = {"include_usage": True}
        for chunk in self.client.chat.completions.create(stream=True, stream_options=options, **self._params(case)):
            if chunk.usage:
                tokens = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
            if not chunk.choices:
                continue
            delta = chunk.choices[0].delta
            if delta.content:
                text.append(delta.content)
            for call in delta.tool_calls or ():
                name = call.function.name or name
                arguments.append(call.function.arguments)
        return Answer("".join(text), ((name, json.loads("".join(arguments))),) if name else (), tokens)

    def pieces(self, case: Case) -> Iterator[str]:
        for chunk in self.client.chat.completions.create(stream=True, **self._params(case)):
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content

    async def call_async(self, case: Case) -> Answer:
        return self._answer(await self.async_client.chat.completions.create(**self._params(case)))


class Google:
    def __init__(self, wire: str, url: str) -> None:
        from google import genai
        from google.genai import types

        self.client: Any = genai.Client(api_key="test", http_options={"base_url": base_url(wire, url)})
        declarations: Any = [
            {
                "name": tool.__name__,
                "description": tool.__doc__,
                "parameters_json_schema": SCHEMAS[tool.__name__],
            }
            for tool in TOOLS
        ]
        self.tools = types.GenerateContentConfig(tools=[types.Tool(function_declarations=declarations)])

        @cache
        def format() -> Any:
            schema = book().model_json_schema()
            return types.GenerateContentConfig(response_mime_type="application/json", response_json_schema=schema)

        self.format = format

    def _params(self, case: Case) -> Any:
        roles = {"user": "user", "assistant": "model"}
        contents = [{"role": roles[m["role"]], "parts": [{"text": m["content"]}]} for m in _messages(case)]
        config = self.tools if case.tools else self.format() if case.structured else None
        return {"model": MODELS["google"], "contents": contents, "config": config}

    def call(self, case: Case) -> Answer:
        response = self.client.models.generate_content(**self._params(case))
        if case.structured:
            return self._answer(response, repr(book().model_validate_json(response.text or "").model_dump()))
        return self._answer(response)

    def _answer(self, response: Any, text: str | None = None) -> Answer:
        parts = response.candidates[0].content.parts
        if text is None:
            text = "".join(part.text for part in parts if part.text and not part.thought)
        calls = tuple((call.name, call.args) for call in response.function_calls or ())
        usage = response.usage_metadata
        return Answer(text, calls, (usage.prompt_token_count, usage.candidates_token_count))

    def stream(self, case: Case) -> Answer:
        text: list[str] = []
        calls: list[Any] = []
        tokens = (0, 0)
        for chunk in self.client.models.generate_content_stream(**self._params(case)):
            piece, more, tokens = self._answer(chunk)
            text.append(piece)
            calls += more
        return Answer("".join(text), tuple(calls), tokens)

    def pieces(self, case: Case) -> Iterator[str]:
        for chunk in self.client.models.generate_content_stream(**self._params(case)):
            yield chunk.text or ""

    async def call_async(self, case: Case) -> Answer:
        return self._answer(await self.client.aio.models.generate_content(**self._params(case)))


_BY_WIRE = {"anthropic": Anthropic, "responses": Responses, "chat": Chat, "google": Google}


class System:
    """What the worker drives: one system on one wire format."""

    def __init__(self, wire: str, url: str) -> None:
        made: Any = _BY_WIRE[wire](wire, url)
        self.call = made.call
        self.stream = made.stream
        self.pieces = made.pieces
        self.call_async = made.call_async

    async def at_once(self, case: Case, count: int) -> list[Answer]:
        return await asyncio.gather(*(self.call_async(case) for _ in range(count)))
