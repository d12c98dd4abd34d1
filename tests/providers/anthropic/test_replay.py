"""What Anthropic's Messages is sent of answers, its own and those of others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.untyped import untyped
from support.vendors.anthropic import (
    CALL,
    MODEL,
    REDACTED,
    SEARCH,
    THINKING,
    contents,
    decoded,
    encoded,
    message,
    request,
    said,
    text,
)

from capably.providers.anthropic.content import container_of
from capably.providers.anthropic.decode import decode_reply
from capably.providers.anthropic.encode import encode_request
from capably.providers.spellings import NoSpellingError
from capably.types import parts as p, tools as t
from capably.types.messages import AssistantMessage, Source, user


def test_a_reply_is_replayed_exactly_as_it_came() -> None:
    reply = decoded(THINKING, REDACTED, SEARCH, text("So"), CALL, stop_reason="tool_use")
    _, replayed, _ = contents(user("Hi"), said(reply), user([p.ToolOutput("toolu_1", "weather", "warm")]))
    assert json.dumps(replayed) == json.dumps([THINKING, REDACTED, SEARCH, text("So"), CALL])


def test_thinking_is_left_out_for_another_model() -> None:
    asked = request()
    asked.model_id = "claude-other"
    reply = decode_reply(json.dumps(message(THINKING, REDACTED, SEARCH, text("So"))).encode(), asked)
    _, replayed = contents(user("Hi"), said(reply, model="claude-other"))
    assert replayed == [SEARCH, text("So")]


def test_an_alias_that_is_asked_again_gets_its_thinking_back() -> None:
    reply = decoded(THINKING, text("So"))
    assert reply.model != MODEL
    for by_core in (reply.model, MODEL):
        for endpoint in ("messages", ""):
            source = Source("anthropic", endpoint, str(by_core), reply.wire)
            _, replayed = contents(user("Hi"), AssistantMessage(reply.content, source))
            assert replayed == [THINKING, text("So")]


def replayed(reads: str, wrote: str) -> Any:
    """Return the blocks that the model `reads` gets of an answer with thinking of the model `wrote`."""
    reply = decoded(THINKING, text("So"), model=wrote)
    asked = request(user("Hi"), said(reply, model=wrote), user("And?"))
    asked.model_id = reads
    return untyped(encode_request(asked))["messages"][1]["content"]


@pytest.mark.parametrize(
    ("wrote", "reads"),
    [
        ("claude-opus-4-5", "claude-opus-4-5-20251101"),
        ("claude-opus-4-5-20251101", "claude-opus-4-5"),
        ("claude-opus-4-5-20251101", "claude-opus-4-5-latest"),
        ("claude-opus-4-5@20251101", "claude-opus-4-5"),
        ("anthropic.claude-opus-4-5-20251101-v1:0", "anthropic.claude-opus-4-5"),
    ],
)
def test_a_dated_id_and_its_alias_are_one_model(wrote: str, reads: str) -> None:
    assert replayed(reads, wrote) == [THINKING, text("So")]


@pytest.mark.parametrize("reads", ["claude-opus-4-6", "claude-opus-4", "claude-opus-4-5-mini"])
def test_an_id_that_only_resembles_another_is_another_model(reads: str) -> None:
    assert replayed(reads, "claude-opus-4-5") == [text("So")]


def test_a_reply_without_content_is_not_replayed() -> None:
    refusal = decoded(stop_reason="refusal")
    assert len(encoded(user("Hi"), said(refusal), user("Why?"))["messages"]) == 2


def test_words_of_another_provider_are_encoded_anew_without_thoughts() -> None:
    foreign = AssistantMessage(
        [p.Thought("hm"), p.Text(""), p.Text("So"), p.ToolCall("call_1", "weather", {"city": "Ulm"})],
        Source("openai", "responses", "gpt-x", []),
    )
    _, blocks = contents(user("Hi"), foreign)
    assert blocks == [text("So"), {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Ulm"}}]


def test_unknown_parts_of_another_provider_are_refused() -> None:
    foreign = AssistantMessage(
        [p.Unknown("web_search_call", {"type": "x"})], Source("openai", "responses", "gpt-x", [])
    )
    with pytest.raises(NoSpellingError, match="another provider"):
        encoded(user("Hi"), foreign)


def test_results_of_a_toolset_name_their_toolset() -> None:
    click = {"type": "tool_use", "id": "toolu_9", "name": "left_click", "input": {}, "toolset_name": "computer"}
    messages = (user("Hi"), said(decoded(click)), user([p.ToolOutput("toolu_9", "left_click", "ok")]))
    assert contents(*messages)[-1][0]["toolset_name"] == "computer"


def test_the_sandbox_is_carried_on_until_it_expires() -> None:
    alive = {"id": "container_1", "expires_at": "2999-01-01T00:00:00.5Z"}
    messages = (user("Hi"), said(decoded(text("a"), container=alive)), user("Go on"))
    assert encoded(*messages, tools=[t.CodeExecution()])["container"] == "container_1"
    assert "container" not in encoded(*messages)
    dead = {"id": "container_1", "expires_at": "2020-01-01T00:00:00Z"}
    assert container_of(request(user("Hi"), said(decoded(container=dead))), provider="anthropic") is None
    forever = request(user("Hi"), said(decoded(container={"id": "container_2"})))
    assert container_of(forever, provider="anthropic") == "container_2"
    assert container_of(request(), provider="anthropic") is None


@pytest.mark.parametrize(
    "wire",
    [{}, {"content": None}, {"content": ["So"]}, {"content": [{"type": "text"}]}, {"content": "So"}, [], None],
)
def test_an_answer_whose_stored_json_makes_no_sense_is_encoded_anew(wire: Any) -> None:
    stored = AssistantMessage([p.Text("So")], Source("anthropic", "messages", MODEL, wire))
    assert contents(user("Hi"), stored, user("And?"), tools=[t.CodeExecution()])[1] == [text("So")]


@pytest.mark.parametrize("toolset", [{"toolset_name": ["computer"]}, {"toolset_name": "computer", "id": None}])
def test_a_toolset_without_a_name_or_an_id_is_named_nowhere(toolset: dict[str, Any]) -> None:
    click = {"type": "tool_use", "id": "toolu_9", "name": "left_click", "input": {}, **toolset}
    stored = AssistantMessage([p.Text("So")], Source("anthropic", "messages", MODEL, {"content": [click]}))
    sent = untyped(encode_request(request(user("Hi"), stored, user([p.ToolOutput("toolu_9", "left_click", "ok")]))))
    assert "toolset_name" not in sent["messages"][-1]["content"][0]


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"id": "container_1", "expires_at": "2999-01-01T00:00:00"}, "container_1"),
        ({"id": "container_1", "expires_at": "2020-01-01T00:00:00"}, None),
        ({"id": "container_1", "expires_at": "tomorrow"}, "container_1"),
        ({"id": "container_1", "expires_at": 5}, "container_1"),
        ({"expires_at": None}, None),
        ("container_1", None),
    ],
)
def test_a_sandbox_of_an_odd_shape_fails_no_request(container: Any, expected: str | None) -> None:
    sent = encoded(user("Hi"), said(decoded(text("a"), container=container)), tools=[t.CodeExecution()])
    assert sent.get("container") == expected
