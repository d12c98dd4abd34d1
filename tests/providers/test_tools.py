"""What a tool carries beside its description, on every wire format."""

from __future__ import annotations

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
