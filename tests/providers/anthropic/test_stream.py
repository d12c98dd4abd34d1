"""What is read from streams of Anthropic's Messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.vendors.anthropic import (
    CALL,
    STREAMED,
    WHOLE,
    accumulator,
    closing,
    delta,
    opening,
    request,
    same,
    start,
    stop,
    text,
)

from capably.providers.anthropic.decode import decode_reply
from capably.types import errors as e, parts as p


def test_a_stream_ends_in_the_reply_that_a_call_gives() -> None:
    folding, _ = accumulator(*json.loads(json.dumps(STREAMED)))
    assert same(folding.reply(), decode_reply(json.dumps(WHOLE).encode(), request()))
    assert same(folding.reply(), folding.reply())


def test_chunks_belong_to_their_part_whatever_the_order() -> None:
    folding, chunks = accumulator(*STREAMED)
    reply = folding.reply()
    for index, part in enumerate(reply.content):
        mine = [chunk for chunk in chunks if chunk.index == index]
        assert [chunk.part for chunk in mine if chunk.kind == "part"] == [part]
        words = "".join(chunk.delta for chunk in mine)
        if isinstance(part, p.ToolCall):
            assert (mine[0].kind, mine[0].id, mine[0].name) == ("tool_call", part.id, part.name)
            assert json.loads(words or "{}") == part.args
        elif isinstance(part, p.Text | p.Thought):
            assert words == part.text
        else:
            assert [chunk.kind for chunk in mine] == ["part"]


def test_arguments_that_come_whole_and_text_at_the_start_are_shown_too() -> None:
    events = [start(0, type="text", text="a"), stop(0), start(1, **CALL), stop(1)]
    folding, chunks = accumulator(opening(), *events, *closing())
    assert [(chunk.kind, chunk.delta) for chunk in chunks if chunk.delta] == [
        ("text", "a"),
        ("tool_call", '{"city":"Ulm"}'),
    ]
    assert folding.reply().wire["content"] == [text("a"), CALL]


@pytest.mark.parametrize("broken", ['{"city": "U', "[1]"])
def test_arguments_that_are_no_object_stay_readable_and_can_be_replayed(broken: str) -> None:
    events = [
        start(0, type="tool_use", id="1", name="weather", input={}),
        delta(0, "input_json_delta", partial_json=broken),
    ]
    folding, _ = accumulator(opening(), *events, stop(0), *closing("max_tokens"))
    reply = folding.reply()
    assert reply.content == (p.ToolCall("1", "weather", {}, broken),)
    assert reply.finish_reason == "length"
    assert reply.wire["content"][0]["input"] == {"INVALID_JSON": broken}


def test_a_fallback_tells_which_model_answered() -> None:
    block = {"type": "fallback", "from": {"model": "claude-a"}, "to": {"model": "claude-b"}}
    folding, _ = accumulator(opening(), start(0, **block), stop(0), *closing(container={"id": "container_1"}))
    reply = folding.reply()
    assert (reply.model, reply.wire["container"]) == ("claude-b", {"id": "container_1"})


@pytest.mark.parametrize("end", [0, 1, 5, len(STREAMED) - 2, len(STREAMED) - 1])
def test_a_stream_that_was_cut_never_looks_like_success(end: int) -> None:
    folding, _ = accumulator(*STREAMED[:end])
    with pytest.raises(e.ServerError, match="cut"):
        folding.reply()


@pytest.mark.parametrize(
    "event",
    [
        "text",
        None,
        delta(9, "input_json_delta", partial_json="a"),
        {"type": "content_block_start"},
        delta(0, "text_delta"),
    ],
)
def test_events_that_make_no_sense_raise_server_error(event: Any) -> None:
    with pytest.raises(e.ServerError, match="makes no sense") as raised:
        accumulator(opening(), start(0, type="text", text=""), event)
    assert raised.value.body == event


def test_an_error_without_a_type_is_an_error() -> None:
    with pytest.raises(e.ServerError, match="Broken"):
        accumulator({"error": {"message": "Broken"}})
