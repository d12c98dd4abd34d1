"""What is read from streams of Anthropic's Messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.untyped import untyped
from support.vendors.anthropic import (
    CALL,
    STREAMED,
    WHOLE,
    accumulator,
    closing,
    decoded,
    delta,
    message,
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
    assert untyped(folding.reply().wire)["content"] == [text("a"), CALL]


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
    assert untyped(reply.wire)["content"][0]["input"] == {"INVALID_JSON": broken}


def test_a_fallback_tells_which_model_answered() -> None:
    block = {"type": "fallback", "from": {"model": "claude-a"}, "to": {"model": "claude-b"}}
    folding, _ = accumulator(opening(), start(0, **block), stop(0), *closing(container={"id": "container_1"}))
    reply = folding.reply()
    assert (reply.model, untyped(reply.wire)["container"]) == ("claude-b", {"id": "container_1"})


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
        {"type": "content_block_delta", "delta": ["text_delta"]},
        {"type": ["content_block_delta"]},
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


def _moved(events: list[Any], index: Any) -> list[Any]:
    """The events with other indices; `...` leaves them out."""
    moved: list[Any] = []
    for event in events:
        if "index" not in event:
            moved.append(event)
        elif index is ...:
            moved.append({key: value for key, value in event.items() if key != "index"})
        else:
            moved.append({**event, "index": index(event["index"])})
    return moved


IN_ORDER = [
    opening(),
    start(0, type="thinking", thinking="", signature=""),
    delta(0, "thinking_delta", thinking="Hm."),
    delta(0, "signature_delta", signature="sig"),
    delta(0, "signature_delta", signature=""),
    stop(0),
    start(1, type="text", text=""),
    delta(1, "text_delta", text="Hel"),
    delta(1, "text_delta", text="lo"),
    stop(1),
    start(2, type="tool_use", id="1", name="weather", input={}),
    delta(2, "input_json_delta", partial_json='{"city":"Ulm"}'),
    stop(2),
    *closing("tool_use"),
]


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(..., id="no index"),
        pytest.param(lambda index: 0, id="always 0"),
        pytest.param(lambda index: index + 1, id="from 1"),
        pytest.param(lambda index: 10**9 * index, id="large"),
        pytest.param(lambda index: -index, id="backwards"),
    ],
)
def test_blocks_stand_in_the_order_in_which_they_begin(index: Any) -> None:
    folding, chunks = accumulator(*_moved(IN_ORDER, index))
    usual, usual_chunks = accumulator(*IN_ORDER)
    assert folding.reply().wire == usual.reply().wire
    assert [(c.kind, c.index, c.delta) for c in chunks] == [(c.kind, c.index, c.delta) for c in usual_chunks]
    assert untyped(folding.reply().wire)["content"][0] == {"type": "thinking", "thinking": "Hm.", "signature": "sig"}


def test_a_second_beginning_loses_nothing_that_was_given_out() -> None:
    first = [opening(), start(0, type="text", text=""), delta(0, "text_delta", text="One. "), stop(0)]
    second = [opening(), start(0, type="text", text=""), delta(0, "text_delta", text="Two."), stop(0), *closing()]
    folding, chunks = accumulator(*first, *second)
    assert [block["text"] for block in untyped(folding.reply().wire)["content"]] == ["One. ", "Two."]
    assert [(c.index, c.delta) for c in chunks if c.delta] == [(0, "One. "), (1, "Two.")]


def test_a_message_without_its_beginning_is_read() -> None:
    events = [delta(0, "text_delta", text="Hel"), delta(0, "text_delta", text="lo"), *closing()]
    folding, chunks = accumulator(*events)
    reply = folding.reply()
    assert (reply.content, reply.id, reply.finish_reason) == ((p.Text("Hello"),), None, "stop")
    assert not reply.usage.reported
    assert [c.delta for c in chunks if c.kind == "text"] == ["Hel", "lo"]


def test_an_end_alone_is_no_message() -> None:
    folding, _ = accumulator({"type": "message_stop"})
    with pytest.raises(e.ServerError):
        folding.reply()


@pytest.mark.parametrize("begun", [5, None, ["a"]])
def test_text_for_a_block_of_a_new_kind_that_began_without_one_is_its_text(begun: Any) -> None:
    folding, _ = accumulator(opening(), start(0, type="new", text=begun), delta(0, "text_delta", text="a"), *closing())
    assert folding.reply().content == (p.Unknown("new", {"type": "new", "text": "a"}),)


def test_a_fallback_that_names_no_model_is_a_part() -> None:
    folding, _ = accumulator(opening(), start(0, type="fallback"), stop(0), *closing())
    reply = folding.reply()
    assert (reply.model, reply.content) == ("claude-test-1-20260101", (p.Unknown("fallback", {"type": "fallback"}),))


def test_a_complete_message_in_place_of_a_stream_is_the_answer() -> None:
    whole = message(
        {"type": "thinking", "thinking": "Hm.", "signature": "S"},
        text("Hi"),
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
        stop_reason="tool_use",
    )
    stream, chunks = accumulator(whole)
    assert same(stream.reply(), decoded(*whole["content"], stop_reason="tool_use"))
    assert stream.reply().usage.reported
    assert "".join(chunk.delta for chunk in chunks if chunk.kind == "text") == "Hi"
