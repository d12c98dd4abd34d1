"""Responses and conversations as JSON, pickles and copies."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from support.made_responses import BOOK, LOOK, Book, replying, rest

from capably import llm
from capably.types.request import Request
from capably.types.response_data import ResponseData

EVERYTHING: list[Any] = [
    llm.Thought("Hm."),
    llm.Text("See ", (llm.Citation(url="https://example.com", raw={"__kind__": "odd", "n": 1}),)),
    LOOK,
    llm.Image.from_bytes(b"\x00\xff", media_type="image/png"),
    llm.Audio(data=b"x", media_type="audio/wav", transcript="hello"),
    llm.Refusal("No."),
    llm.Unknown("new_block", {"type": "new_block", "deep": [1, None, {"a": "b"}]}),
]


def conversation() -> llm.Response[Any, Any, Any]:
    asked: list[Any] = [
        llm.system("Be kind."),
        llm.user(["What?", llm.Document.from_bytes(b"%PDF", media_type="application/pdf"), llm.CachePoint("1h")]),
        llm.assistant([LOOK]),
        llm.user([llm.ToolOutput("1", "look", [llm.Text("A fox."), llm.Image.from_url("https://e.com/x.png")])]),
    ]
    return llm.scripted(EVERYTHING).call(asked, max_tokens=10, extra={"a": [1]})


def same(one: Any, other: Any) -> None:
    for name in ("content", "messages", "finish_reason", "usage", "id", "body", "request", "warnings", "model", "cost"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.messages[-1].source.wire == other.messages[-1].source.wire
    assert one._params == other._params


KEEP: list[Callable[[Any], Any]] = [
    lambda response: llm.Response.from_json(response.to_json()),
    lambda response: pickle.loads(pickle.dumps(response)),
    copy.deepcopy,
    copy.copy,
]


@pytest.mark.parametrize("keep", KEEP, ids=["json", "pickle", "deepcopy", "copy"])
def test_a_kept_response_is_the_same_and_goes_on(keep: Callable[[Any], Any]) -> None:
    response = conversation()
    again = keep(response)
    same(response, again)
    assert again.resume("And?").messages[: len(response.messages)] == response.messages


def test_a_kept_response_shares_nothing_with_the_first() -> None:
    response = conversation()
    again = copy.deepcopy(response)
    said: Any = again.content[2]
    said.args["at"] = "changed"
    assert response.content[2] == LOOK


@pytest.mark.parametrize("keep", KEEP[:3], ids=["json", "pickle", "deepcopy"])
def test_a_stream_is_kept_as_a_whole_response(keep: Callable[[Any], Any]) -> None:
    stream = llm.scripted("A fox.").stream("Hi")
    again = keep(stream)
    assert type(again) is llm.Response
    same(stream, again)


def test_format_and_tools_are_not_kept_but_can_be_given_again() -> None:
    @llm.tool
    def look(at: str) -> str:
        return f"{at} is there"

    model = llm.scripted([llm.Text(BOOK), LOOK])
    response = model.call("Hi", format=Book, tools=[look], headers={"x-secret": "s"}, max_tokens=5)
    text = response.to_json()
    assert "x-secret" not in text
    bare = llm.Response.from_json(text)
    with pytest.raises(llm.ParseError, match=r"from_json\(text, format="):
        bare.parse()
    assert bare._dropped == ("format", "headers", "tools")
    whole = llm.Response.from_json(text, format=Book, tools=[look])
    assert whole.parse() == Book("Dune", 412)
    assert whole.execute_tools() == [llm.ToolOutput("1", "look", "it is there")]
    assert pickle.loads(pickle.dumps(response))._params == {"max_tokens": 5}
    for copied in (copy.copy(response), copy.deepcopy(response)):
        assert copied.parse() == Book("Dune", 412)
        assert copied.execute_tools() == [llm.ToolOutput("1", "look", "it is there")]


def test_a_kept_real_answer_is_replayed_with_the_providers_own_json() -> None:
    reply = replying([llm.Text("Hi")])
    response = llm.Response(reply, *rest())
    said: Any = llm.Response.from_json(response.to_json()).messages[-1]
    assert (said.source.wire, said.source.provider, said.source.endpoint) == ({"said": 1}, "scripted", "scripted")


def test_a_kept_answer_costs_what_it_cost_on_its_day() -> None:
    """The price of Gemini 4 Argon changes after 2026-11-30, and an answer is not charged again when it is read again."""
    model = llm.Model("google/gemini-4-argon")
    request = Request(
        info=model.info, model_id="gemini-4-argon", endpoint="generate_content", messages=[], system=None, params={}
    )
    reply = ResponseData(content=[], finish_reason="stop", usage=llm.Usage(1_000_000, 100_000), body=b"{}", wire={})
    state = json.loads(llm.Response(reply, model, request, [], {}, ()).to_json())
    costs: list[float | None] = []
    for day in ("2026-10-20", "2026-11-30", "2026-12-01", "2027-03-01"):
        state["response"]["day"] = day
        again = llm.Response.from_json(json.dumps(state))
        costs.append(pickle.loads(pickle.dumps(again)).cost)
    assert costs == [3, 3, 6, 6]


def test_messages_survive_json_pickle_and_copies() -> None:
    messages = conversation().messages
    for again in (
        llm.load_messages(llm.dump_messages(messages)),
        pickle.loads(pickle.dumps(messages)),
        copy.deepcopy(messages),
    ):
        assert again == messages


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no JSON"),
        ("[]", "no response of capably's"),
        ('{"capably": "1", "response": {}}', "no response of capably's"),
        ('{"capably": 99, "response": {}}', "written by a later capably"),
    ],
)
def test_what_is_no_kept_response_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        llm.Response.from_json(text)


def test_a_part_of_a_later_version_is_told() -> None:
    text = conversation().to_json().replace('"__kind__":"Refusal"', '"__kind__":"Hologram"')
    with pytest.raises(ValueError, match="no Hologram in this version"):
        llm.Response.from_json(text)


def test_asynchronous_responses_are_kept_too() -> None:
    async def story() -> None:
        called = await llm.scripted("one", "two").call_async("Hi")
        again = llm.AsyncResponse.from_json(called.to_json())
        same(called, again)
        assert (await again.resume("And?")).text() == "two"
        stream = await llm.scripted("one").stream_async("Hi")
        with pytest.raises(RuntimeError, match="finish"):
            pickle.dumps(stream)
        assert type(pickle.loads(pickle.dumps(await stream.finish()))) is llm.AsyncResponse

    asyncio.run(story())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda state: [], id="a list"),
        pytest.param(lambda state: {**state, "model": 5}, id="a model that is a number"),
        pytest.param(lambda state: {key: value for key, value in state.items() if key != "reply"}, id="no reply"),
        pytest.param(lambda state: {**state, "sent": [{"__kind__": ["x"]}]}, id="a kind that is a list"),
        pytest.param(lambda state: {**state, "sent": [{"__bytes__": 5}]}, id="bytes that are a number"),
        pytest.param(lambda state: {**state, "sent": [{"__plain__": 5}]}, id="a mapping that is a number"),
        pytest.param(lambda state: {**state, "params": 1}, id="parameters that are a number"),
        pytest.param(lambda state: {**state, "day": "x"}, id="a day that is none"),
    ],
)
def test_json_of_another_shape_is_a_value_error(change: Any) -> None:
    saved = json.loads(llm.scripted("Hi").call("Hi").to_json())
    with pytest.raises(ValueError, match=r"capably|isoformat"):
        llm.Response.from_json(json.dumps({**saved, "response": change(saved["response"])}))


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, b"\xff", None, "{}"])
def test_what_is_no_saved_response_is_a_value_error(text: Any) -> None:
    with pytest.raises(ValueError, match="this is no"):
        llm.Response.from_json(text)
    with pytest.raises(ValueError, match="this is no"):
        llm.load_messages(text)


def test_a_saved_answer_with_half_an_emoji_is_read() -> None:
    text = llm.scripted("Hello").call("Hi").to_json().replace("Hello", "\\ud83d")
    assert llm.Response.from_json(text).text() == "\ufffd"
