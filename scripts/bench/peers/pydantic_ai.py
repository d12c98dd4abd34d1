"""pydantic-ai, by its `direct` calls: one model request, without the agent."""

from __future__ import annotations

import asyncio
from typing import Any

from cases import HISTORY, MODELS, SCHEMAS, TOOLS, Answer, Case, base_url
from sdk import book

REQUIREMENTS = ("pydantic-ai-slim[anthropic,openai,google]",)


class System:
    """What the worker drives."""

    def __init__(self, wire: str, url: str) -> None:
        from pydantic_ai import direct, messages, models, tools

        self.direct, self.m = direct, messages
        self.model = _model(wire, base_url(wire, url))
        self.plain = models.ModelRequestParameters()
        definitions = [
            tools.ToolDefinition(
                name=tool.__name__, description=tool.__doc__, parameters_json_schema=SCHEMAS[tool.__name__]
            )
            for tool in TOOLS
        ]
        self.tools = models.ModelRequestParameters(function_tools=definitions)
        from pydantic_ai._output import OutputObjectDefinition

        schema = OutputObjectDefinition(json_schema=book().model_json_schema(), name="Book")
        self.format = models.ModelRequestParameters(output_mode="native", output_object=schema)

    def _request(self, case: Case) -> tuple[list[Any], Any]:
        m = self.m
        messages: list[Any] = [
            m.ModelRequest(parts=[m.UserPromptPart(text)])
            if role == "user"
            else m.ModelResponse(parts=[m.TextPart(text)])
            for role, text in (HISTORY if case.history else ())
        ]
        messages.append(m.ModelRequest(parts=[m.UserPromptPart(case.prompt)]))
        return messages, self.tools if case.tools else self.format if case.structured else self.plain

    def call(self, case: Case) -> Answer:
        messages, params = self._request(case)
        response = self.direct.model_request_sync(self.model, messages, model_request_parameters=params)
        if case.structured:
            return self._answer(response, repr(book().model_validate_json(response.text).model_dump()))
        return self._answer(response)

    def _answer(self, response: Any, text: str | None = None) -> Answer:
        calls = tuple((call.tool_name, call.args_as_dict()) for call in response.tool_calls)
        tokens = (response.usage.input_tokens, response.usage.output_tokens)
        return Answer((response.text or "") if text is None else text, calls, tokens)

    def stream(self, case: Case) -> Answer:
        messages, params = self._request(case)
        text: list[str] = []
        with self.direct.model_request_stream_sync(self.model, messages, model_request_parameters=params) as stream:
            for event in stream:
                part = getattr(event, "part", None) if event.event_kind == "part_start" else None
                if part is not None and part.part_kind == "text":
                    text.append(part.content)
                elif event.event_kind == "part_delta" and event.delta.part_delta_kind == "text":
                    text.append(event.delta.content_delta)
            return self._answer(stream.response, "".join(text))

    async def at_once(self, case: Case, count: int) -> list[Answer]:
        messages, params = self._request(case)
        requests = (
            self.direct.model_request(self.model, messages, model_request_parameters=params) for _ in range(count)
        )
        return [self._answer(one) for one in await asyncio.gather(*requests)]


def _model(wire: str, url: str) -> Any:
    if wire == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        return AnthropicModel(MODELS[wire], provider=AnthropicProvider(api_key="test", base_url=url))
    if wire == "google":
        from pydantic_ai.models.google import GoogleModel
        from pydantic_ai.providers.google import GoogleProvider

        return GoogleModel(MODELS[wire], provider=GoogleProvider(api_key="test", base_url=url))
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    kind = OpenAIChatModel if wire == "chat" else OpenAIResponsesModel
    return kind(MODELS[wire], provider=OpenAIProvider(api_key="test", base_url=url))
