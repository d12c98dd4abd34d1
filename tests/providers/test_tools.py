"""What a tool carries beside its description, on every wire format."""

from __future__ import annotations

import json
from typing import Any

import pytest

from capably import llm
from capably.calls.call import prepare
from capably.registry.identify import find_model


@llm.tool(extra={"defer_loading": True})
def forecast(city: str) -> str:
    """The weather forecast."""
    return city


class Station:
    @llm.tool(extra={"defer_loading": True})
    def forecast(self, city: str) -> str:
        """The weather forecast."""
        return city


MODELS = {
    "anthropic/claude-sonnet-5-5": lambda body: body["tools"][0],
    "openai/gpt-6.1-sol": lambda body: body["tools"][0],
    "groq/openai/gpt-oss-120b": lambda body: body["tools"][0],
    "google/gemini-3.8-flash": lambda body: body["tools"][0]["functionDeclarations"][0],
}


@pytest.mark.parametrize("tool", [forecast, Station().forecast], ids=["function", "method"])
@pytest.mark.parametrize("id", MODELS)
def test_fields_of_the_providers_own_stand_in_the_tools_entry(id: str, tool: Any) -> None:
    ready = prepare(id, find_model(id), "Hi", {"tools": [tool]})
    adapter: Any = ready.adapter
    entry = MODELS[id](adapter.encode(ready.request))
    assert entry["defer_loading"] is True
    assert "forecast" in (entry.get("name"), entry.get("function", {}).get("name"))


PNG = llm.Image.from_bytes(b"\x89PNG\r\n\x1a\n", media_type="image/png")
IMAGES = {
    "anthropic/claude-sonnet-5-5": '"type": "image"',
    "openai/gpt-6.1-sol": '"type": "input_image"',
    "openrouter/x/y": '"type": "image_url"',
    "google/gemini-3.8-flash": '"inlineData"',
}


def answered_with(result: Any) -> list[Any]:
    call, output = llm.ToolCall("c1", "look", {}), llm.ToolOutput("c1", "look", result)
    return [llm.user("Look."), llm.assistant([call]), llm.user([output])]


@pytest.mark.parametrize("id", IMAGES)
def test_an_image_inside_the_json_of_an_output_is_sent_as_an_image(id: str) -> None:
    body = json.dumps(prepare(id, llm.Model.of(id).info, answered_with({"caption": "dawn", "image": PNG}), {}).body)
    assert IMAGES[id] in body
    assert json.dumps('{"caption":"dawn","image":"[image 1]"}') in body
    assert "Image(" not in body


@pytest.mark.parametrize("id", IMAGES)
@pytest.mark.parametrize("result", [object(), {"db": object()}, [PNG, object()]], ids=["bare", "in JSON", "beside"])
def test_an_output_without_json_form_is_refused_by_its_type(id: str, result: Any) -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        prepare(id, llm.Model.of(id).info, answered_with(result), {})
