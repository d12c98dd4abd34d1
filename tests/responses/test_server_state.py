"""Conversations that OpenAI's server keeps (`conversation`, `previous_response_id`): what a further turn sends."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from support.loopback import Canned, Loopback, Received

from capably import llm
from capably.types.messages import Source

SOL: Any = llm.openai.gpt_6_1_sol
STORED: dict[str, Any] = {"store": True, "previous_response_id": "resp_0"}


class Server(Loopback):
    """OpenAI, which numbers its replies: `resp_1`, `resp_2`."""

    def __init__(self) -> None:
        super().__init__([self._answer])

    def _answer(self, request: Received) -> Canned:
        text = [{"type": "output_text", "text": "Yes.", "annotations": []}]
        output = [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": text}]
        body = {"id": f"resp_{len(self.requests)}", "status": "completed", "output": output}
        event = f"data: {json.dumps({'type': 'response.completed', 'response': body})}\n\n"
        return Canned(event if request.json().get("stream") else body)

    @property
    def sent(self) -> list[tuple[int, Any]]:
        """Return of each request how many turns it sent, and which response it follows."""
        bodies = [request.json() for request in self.requests]
        return [(len(body["input"]), body.get("previous_response_id")) for body in bodies]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        llm.configure("openai", api_key="test", base_url=running.url)
        yield running


@pytest.mark.parametrize("conversation", ["conv_1", {"id": "conv_1"}], ids=["by its id", "as an object"])
def test_a_conversation_gets_each_turn_once(server: Server, conversation: Any) -> None:
    first = SOL.call("One", system="Be brief.", extra={"conversation": conversation})
    third = first.resume("Two").resume("Three")
    assert server.sent == [(1, None)] * 3
    assert [request.json()["instructions"] for request in server.requests] == ["Be brief."] * 3
    assert [message.content[0].text for message in third.messages[1:]] == [
        "One",
        "Yes.",
        "Two",
        "Yes.",
        "Three",
        "Yes.",
    ]


def test_a_stored_response_is_followed_by_its_id(server: Server) -> None:
    SOL.call("One", extra=STORED).resume("Two").resume("Three")
    assert server.sent == [(1, "resp_0"), (1, "resp_1"), (1, "resp_2")]


def test_two_turns_may_follow_one_response(server: Server) -> None:
    first = SOL.call("One", extra=STORED)
    first.resume("Two")
    first.resume("Or three")
    assert server.sent == [(1, "resp_0"), (1, "resp_1"), (1, "resp_1")]


def test_a_response_that_the_user_names_has_what_came_before(server: Server) -> None:
    first = SOL.call("One", extra={"store": True})
    second = first.resume("Two", extra={"store": True, "previous_response_id": first.id})
    second.resume("Three")
    assert server.sent == [(1, None), (1, "resp_1"), (1, "resp_2")]


def test_what_is_not_stored_is_sent_again(server: Server) -> None:
    SOL.call("One", extra={"previous_response_id": "resp_0"}).resume("Two")
    SOL.call("One", extra={"store": True}).resume("Two")
    assert server.sent == [(1, "resp_0"), (3, "resp_0"), (1, None), (3, None)]


def test_another_conversation_gets_everything(server: Server) -> None:
    first = SOL.call("One", extra={"conversation": "conv_1"})
    first.resume("Two", extra={"conversation": "conv_2"})
    assert server.sent == [(1, None), (3, None)]


def test_a_stream_and_a_loaded_response_go_on_alike(server: Server) -> None:
    extra = {"conversation": "conv_1"}
    SOL.stream("One", extra=extra).resume("Two")
    loaded = llm.Response.from_json(SOL.call("One", extra=extra).to_json())
    pickle.loads(pickle.dumps(loaded)).resume("Two")

    async def later() -> None:
        await (await SOL.call_async("One", extra=extra)).resume("Two")

    asyncio.run(later())
    assert [count for count, _ in server.sent] == [1] * 6


def test_the_output_of_a_custom_tool_has_its_own_form_although_the_call_is_not_sent(server: Server) -> None:
    call = {"type": "custom_tool_call", "call_id": "call_1", "name": "sql", "input": "select 1"}
    answer = llm.AssistantMessage(
        [llm.ToolCall("call_1", "sql", {})], Source("openai", "responses", SOL.id, [call], "resp_7", "conv_1")
    )
    SOL.call(
        [llm.user("Ask."), answer, llm.user(llm.ToolOutput("call_1", "sql", "1"))], extra={"conversation": "conv_1"}
    )
    assert server.requests[0].json()["input"] == [
        {"type": "custom_tool_call_output", "call_id": "call_1", "output": "1"}
    ]
