"""What a response has that no other page of these tests is about."""

from __future__ import annotations

from typing import Any, cast

from support.made_responses import LOOK

from capably import llm


def test_tools_are_handed_the_context_of_the_call() -> None:
    @llm.tool
    def look(context: llm.Context[str], at: str) -> str:
        return f"{context.deps} sees {at}"

    response = llm.scripted([LOOK]).call("Hi", tools=[look])
    outputs = response.execute_tools(llm.Context("Ann"))
    assert outputs == [llm.ToolOutput("1", "look", "Ann sees it")]


def test_a_system_of_the_models_own_is_said_once_in_every_form() -> None:
    model: Any = cast("Any", llm.scripted("one")).with_(system="Be kind.")
    asked = model.call("a", prefill="O").resume("b").resume("c")
    assert asked.request["system"] == "Be kind."
    assert "prefill" not in asked.request
    assert model.stream("a").resume("b").request["system"] == "Be kind."
