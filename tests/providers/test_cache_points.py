"""Cache points on every wire format: where their marks stand, and that none is lost."""

from __future__ import annotations

from typing import Any

import pytest

from capably import llm
from capably.calls.call import prepare
from capably.types.messages import SystemMessage

CLAUDE, GPT, GEMINI = "anthropic/claude-sonnet-5-5", "openai/gpt-6.1-sol", "google/gemini-3.8-flash"
ROUTED = "openrouter/anthropic/claude-sonnet-4.5"
POINT, HOUR = llm.CachePoint(), llm.CachePoint("1h")
SHORT, LONG = {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}


@llm.tool
def look(place: str) -> str:
    """Look."""
    return place


def body_of(id: str, content: Any, **params: Any) -> Any:
    return prepare(id, llm.Model.of(id).info, content, params).body


def text(words: str, mark: Any = None) -> dict[str, Any]:
    return {"type": "text", "text": words, **({"cache_control": mark} if mark else {})}


def test_leading_instructions_are_blocks_for_anthropic_and_a_point_may_stand_between_them() -> None:
    system = llm.system(["Fixed.", HOUR, "Of this user."])
    assert body_of(CLAUDE, [system, "Hi"])["system"] == [text("Fixed.", LONG), text("Of this user.")]
    two = [llm.system("Fixed."), llm.system("Of this user."), llm.user([POINT, "Hi"])]
    assert body_of(CLAUDE, two)["system"] == [text("Fixed."), text("Of this user.", SHORT)]
    between = [llm.system("Fixed."), llm.system([POINT, "Of this user."]), llm.user("Hi")]
    assert body_of(CLAUDE, between)["system"] == [text("Fixed.", SHORT), text("Of this user.")]
    assert body_of(CLAUDE, [llm.system("Fixed."), "Hi"])["system"] == "Fixed."


def test_a_point_before_all_instructions_marks_the_tools() -> None:
    body = body_of(CLAUDE, [llm.system([HOUR, "Be brief.", POINT]), "Hi"], tools=[look])
    assert body["tools"][-1]["cache_control"] == LONG
    assert body["system"] == [text("Be brief.", SHORT)]
    assert "cache_control" not in body_of(CLAUDE, "Hi", tools=[look])["tools"][-1], "a tool's entry is shared"


def test_instructions_in_mid_conversation_may_be_marked() -> None:
    turns = [llm.user("Hi"), llm.assistant("Yes?"), llm.user("Go on"), llm.system(["Be brief.", POINT])]
    (*_, last) = body_of(CLAUDE, turns)["messages"]
    assert last == {"role": "system", "content": [text("Be brief.", SHORT)]}


def test_a_second_point_at_one_place_is_one_mark_or_refused() -> None:
    body = body_of(CLAUDE, ["Long.", POINT, POINT, "Hi"])
    assert body["messages"][0]["content"] == [text("Long.", SHORT), text("Hi")]
    for content in (["Long.", HOUR, POINT, "Hi"], [HOUR, POINT, "Hi"]):
        with pytest.raises(llm.UnsupportedFeatureError, match="nothing between it and the cache point before it"):
            body_of(CLAUDE, content, system="Be brief.")


def test_more_points_than_anthropic_takes_are_refused_or_dropped_from_the_front() -> None:
    content = [part for word in "abcdef" for part in (word, llm.CachePoint())]
    with pytest.raises(llm.UnsupportedFeatureError, match="takes 4 cache points in a request, and this one has 6"):
        body_of(CLAUDE, content)
    with pytest.warns(llm.UnsupportedFeatureWarning):
        (message,) = body_of(CLAUDE, content, on_unsupported="drop")["messages"]
    assert [block["text"] for block in message["content"] if "cache_control" in block] == ["c", "d", "e", "f"]


def test_openai_takes_points_in_instructions_as_parts_of_a_message() -> None:
    body = body_of(GPT, [llm.system(["Fixed.", POINT, "Of this user."]), "Hi"])
    assert "instructions" not in body
    fixed, other = body["input"][0]["content"]
    assert body["input"][0]["role"] == "developer"
    assert fixed["prompt_cache_breakpoint"] == {"mode": "explicit", "ttl": "30m"}
    assert other == {"type": "input_text", "text": "Of this user."}
    assert body_of(GPT, [llm.system("Fixed."), llm.system("More."), "Hi"])["instructions"] == "Fixed.\n\nMore."


def test_openrouter_takes_anthropics_marks() -> None:
    turns = [
        llm.system(["Fixed.", HOUR, "Of this user."]),
        llm.user(["Long.", POINT, "Hi"]),
        llm.assistant([llm.ToolCall("c1", "look", {"place": "x"})]),
        llm.user([llm.ToolOutput("c1", "look", "dark"), POINT]),
    ]
    body = body_of(ROUTED, turns, cache="5m")
    assert body["cache_control"] == {"type": "ephemeral", "ttl": "5m"}
    system, user, _, output = body["messages"]
    assert system["content"] == [text("Fixed.", LONG), text("Of this user.")]
    assert user["content"] == [text("Long.", SHORT), text("Hi")]
    assert output["content"] == [text("dark", SHORT)]


@pytest.mark.parametrize("id", [GPT, ROUTED])
def test_a_point_with_nothing_before_it_in_its_message_is_refused_by_openais_formats(id: str) -> None:
    with pytest.raises(llm.UnsupportedFeatureError, match="must follow the content that is to be cached"):
        body_of(id, [llm.system("Fixed."), llm.user([POINT, "Hi"])])


def test_gemini_takes_no_points_anywhere() -> None:
    for content in (["Long.", POINT, "Hi"], [llm.system(["Fixed.", POINT]), llm.user("Hi")]):
        with pytest.raises(llm.UnsupportedFeatureError, match="CachePoint"):
            body_of(GEMINI, content)
    with pytest.warns(llm.UnsupportedFeatureWarning):
        body = body_of(GEMINI, [llm.system(["Fixed.", POINT]), llm.user("Hi")], on_unsupported="drop")
    assert body["systemInstruction"] == {"parts": [{"text": "Fixed."}]}


def test_a_system_message_holds_texts_and_points() -> None:
    message = llm.system(["Fixed.", POINT, llm.Text("More.")])
    assert (message.text, message.content[1]) == ("Fixed.\n\nMore.", POINT)
    assert repr(llm.system("Fixed.")) == "system('Fixed.')"
    image: Any = llm.Image.from_file_id("x")
    with pytest.raises(TypeError, match="texts and cache points, not a Image"):
        SystemMessage([image])
