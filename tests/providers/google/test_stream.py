"""What is read from streams of Google's generateContent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.vendors.google import COUNTS, GROUNDED, SIGNATURE, STREAM, accumulator, body, decode

from capably.providers.google.partial import steps_of
from capably.types import errors as e, parts as p
from capably.types.stream import ChunkBuffer
from capably.types.usage import Usage

WHOLE = body(
    {"text": "I think", "thought": True},
    {"text": "Hello"},
    {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": SIGNATURE},
    {"text": "Rain."},
    {"text": "", "thoughtSignature": SIGNATURE},
    groundingMetadata=GROUNDED,
)


def test_a_stream_ends_in_the_reply_that_a_call_would_have_given() -> None:
    chunks, streamed = accumulator(STREAM)
    called = decode(WHOLE)
    assert streamed.content == called.content
    assert streamed.wire == called.wire
    assert (streamed.usage, streamed.finish_reason, streamed.id) == (called.usage, called.finish_reason, called.id)
    assert json.loads(streamed.body)["candidates"][0]["newField"] == 1
    assert {chunk.index: chunk.part for chunk in chunks if chunk.kind == "part"} == dict(enumerate(called.content))


def test_chunks_say_what_came_and_for_which_part() -> None:
    chunks, _ = accumulator(STREAM)
    assert [(c.kind, c.index, c.delta, c.id, c.name) for c in chunks] == [
        ("thought", 0, "I ", None, None),
        ("thought", 0, "think", None, None),
        ("part", 0, "", None, None),
        ("text", 1, "Hel", None, None),
        ("text", 1, "lo", None, None),
        ("part", 1, "", None, None),
        ("tool_call", 2, '{"a":1}', "call_1", "f"),
        ("part", 2, "", None, None),
        ("text", 3, "Rain.", None, None),
        ("part", 3, "", None, None),
    ]


def test_a_text_that_a_signature_stands_in_is_one() -> None:
    pieces = [
        {"text": "a"},
        {"text": "b", "thoughtSignature": SIGNATURE},
        {"thought": False, "text": "c"},
        {"text": "d"},
    ]
    chunks, reply = accumulator([body(piece, finish=None) for piece in pieces] + [body({"executableCode": {}})])
    assert [chunk.part for chunk in chunks if chunk.part] == list(reply.content)
    assert reply.content[0] == p.Text("abcd")
    wire: Any = reply.wire
    assert len(wire["parts"]) == 5, "Gemini wants its signatures back where they stood"


def test_a_stream_without_a_finish_reason_was_cut() -> None:
    with pytest.raises(e.ServerError, match="cut") as caught:
        accumulator(STREAM[:-1])
    assert "Hel" in json.dumps(caught.value.body)


@pytest.mark.parametrize(
    "event", [{"error": {"code": 503, "message": "busy"}}, [{"error": {"status": "UNAVAILABLE", "message": "busy"}}]]
)
def test_an_error_in_mid_stream_raises_its_error(event: Any) -> None:
    with pytest.raises(e.OverloadedError, match="busy"):
        accumulator([STREAM[0], event])


@pytest.mark.parametrize(
    "event", ["x", {"candidates": 1}, {"candidates": [{"index": "a"}]}, {"candidates": [{"content": 1}]}]
)
def test_an_event_that_makes_no_sense_is_a_server_error(event: Any) -> None:
    with pytest.raises(e.ServerError, match="makes no sense"):
        accumulator([event])


def test_a_text_may_go_on_after_a_premature_finish_reason() -> None:
    chunks, reply = accumulator([body({"text": "a"}), body({"text": "b"}), {"usageMetadata": COUNTS}])
    assert reply.content == (p.Text("ab"),)
    assert [chunk.index for chunk in chunks] == [0, 0, 0, 0]


def test_the_last_counts_replace_earlier_ones() -> None:
    last = {"promptTokenCount": 3, "thoughtsTokenCount": 2, "totalTokenCount": 5}
    assert accumulator([body({"text": "a"}, finish=None), body(usage=last)])[1].usage == Usage(3, 2, 2)


def test_other_candidates_are_kept_in_the_body() -> None:
    other = {"candidates": [{"index": 1, "content": {"parts": [{"text": "B"}]}, "finishReason": "STOP"}]}
    _, reply = accumulator([body({"text": "a"}), other, other])
    assert reply.content == (p.Text("a"),)
    assert len(json.loads(reply.body)["candidates"][1]["content"]["parts"]) == 2


def test_a_call_that_comes_in_pieces_is_put_together() -> None:
    pieces: list[Any] = [
        {"functionCall": {"name": "add", "willContinue": True}, "thoughtSignature": SIGNATURE},
        {"functionCall": {"partialArgs": [{"jsonPath": "$.items[0].n", "stringValue": "a"}], "willContinue": True}},
        {"functionCall": {"partialArgs": [{"jsonPath": "$.items[0].n", "stringValue": "a"}], "willContinue": True}},
        {
            "functionCall": {
                "partialArgs": [{"jsonPath": "$.items[1]", "nullValue": "NULL_VALUE"}],
                "willContinue": True,
            }
        },
        {"functionCall": {"partialArgs": [{"jsonPath": "$['big'][0]", "numberValue": 2}], "willContinue": True}},
        {"functionCall": {}},
        {
            "functionCall": {
                "name": "add",
                "partialArgs": [{"jsonPath": "$.ok", "boolValue": False}],
                "willContinue": True,
            }
        },
    ]
    chunks, reply = accumulator([*(body(piece, finish=None) for piece in pieces), body()])
    args = {"items": [{"n": "aa"}, None], "big": [2]}
    assert reply.content == (p.ToolCall("call_1", "add", args), p.ToolCall("call_2", "add", {"ok": False}))
    wire: Any = reply.wire
    assert wire["parts"][0] == {"functionCall": {"name": "add", "args": args}, "thoughtSignature": SIGNATURE}
    assert [chunk.kind for chunk in chunks] == ["tool_call", "part"] * 2


@pytest.mark.parametrize(("path", "kept"), [("$", True), ("$.a[5]", False), ("$.a.b", False)])
def test_pieces_that_fit_nowhere_are_a_server_error(path: str, kept: bool) -> None:
    first = {"jsonPath": "$.a[0]", "numberValue": 1}
    call = {"functionCall": {"name": "f", "partialArgs": [first, {"jsonPath": path, "numberValue": 2}]}}
    if kept:
        assert accumulator([body(call)])[1].content == (p.ToolCall("call_1", "f", {"a": [1]}),)
    else:
        with pytest.raises(e.ServerError, match="does not fit"):
            accumulator([body(call)])


def test_a_call_without_a_name_is_kept_as_it_is() -> None:
    call = {"functionCall": {"id": "x"}}
    assert accumulator([body(call)])[1].content == decode(body(call)).content == (p.Unknown("functionCall", call),)


def test_json_paths_are_read_step_by_step() -> None:
    assert steps_of("$.a[0]['b c'].d") == ["a", 0, "b c", "d"]


def test_what_is_empty_or_unspecified_replaces_nothing() -> None:
    empty = {"candidates": [{"finishReason": "FINISH_REASON_UNSPECIFIED"}], "responseId": "", "modelVersion": None}
    _, reply = accumulator([body({"text": "a"}, finish=None), empty, body({"text": "b"}, finish="MAX_TOKENS"), empty])
    assert (reply.finish_reason, reply.id, reply.content) == ("length", "r-1", (p.Text("ab"),))


def test_an_unspecified_finish_reason_is_no_end() -> None:
    with pytest.raises(e.ServerError, match="cut"):
        accumulator([body({"text": "a"}, finish="FINISH_REASON_UNSPECIFIED")])


def test_further_candidates_and_log_probabilities_are_complete() -> None:
    def event(text: str, finish: str | None) -> dict[str, Any]:
        chosen = {"chosenCandidates": [{"token": text, "logProbability": -0.5}]}
        tops = {"topCandidates": [{"candidates": [{"token": text}, {"token": "x", "logProbability": -2.0}]}]}
        end = {} if finish is None else {"finishReason": finish}
        parts = {"content": {"role": "model", "parts": [{"text": text}]}}
        second = {"index": 1, "content": {"role": "model", "parts": [{"text": text.upper()}]}, **end}
        return {"candidates": [{"index": 0, **parts, "logprobsResult": {**chosen, **tops}, **end}, second]}

    _, reply = accumulator([event("a", None), event("b", "STOP")])
    (other,) = reply.others
    assert (reply.content, other.text(), other.finish_reason) == ((p.Text("ab"),), "AB", "stop")
    assert [(t.token, [a.token for a in t.alternatives]) for t in reply.logprobs] == [
        ("a", ["a", "x"]),
        ("b", ["b", "x"]),
    ]


HIGH, LOW = "\ud83c", "\udf3e"
"""The halves of an ear of rice."""


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        pytest.param(
            [{"text": "a", "thought": True}, {"text": "b", "thought": 1}], "b", id="a thought is `true`, not 1"
        ),
        pytest.param(
            [{"text": f"a{HIGH}"}, {"text": f"{LOW}b", "thoughtSignature": SIGNATURE}], "a🌾b", id="signed last"
        ),
        pytest.param(
            [{"text": f"a{HIGH}", "thoughtSignature": SIGNATURE}, {"text": f"{LOW}b"}], "a🌾b", id="signed first"
        ),
        pytest.param([{"text": f"a{HIGH}"}, {"text": f"{LOW}b", "thought": False}], "a🌾b", id="marked as no thought"),
        pytest.param([{"text": f"a{HIGH}"}, {}, {"text": f"{LOW}b"}], "a🌾b", id="an empty part between"),
        pytest.param([{"text": HIGH, "thought": True}, {"text": LOW}], "\ufffd", id="halves of two kinds"),
        pytest.param([{"text": HIGH}, {"text": "b", "thoughtSignature": SIGNATURE}], "\ufffdb", id="half alone"),
    ],
)
def test_the_deltas_of_a_text_are_the_text_of_its_part_and_of_the_body(pieces: list[Any], text: str) -> None:
    chunks, reply = streamed(pieces)
    assert deltas_of(chunks, len(reply.content) - 1) == text
    assert [chunk.part for chunk in chunks if chunk.part] == list(reply.content)
    assert list(reply.content)[-1] == p.Text(text)
    assert decode(json.loads(reply.body)).content == reply.content


def test_half_an_emoji_at_a_premature_end_stays_half() -> None:
    chunks, reply = accumulator([body({"text": f"a{HIGH}"}), body({"text": f"{LOW}b"})])
    assert deltas_of(chunks, 0) == "a\ufffd\ufffdb"
    assert list(reply.content) == [p.Text("a\ufffd\ufffdb")]


def streamed(pieces: list[Any]) -> tuple[list[Any], Any]:
    """Read a stream that has an event for each piece."""
    return accumulator([body(piece, finish=None) for piece in pieces] + [body()])


def deltas_of(chunks: list[Any], index: int) -> str:
    """Return the text that a reader of the steps puts together."""
    buffer = ChunkBuffer()
    for chunk in chunks:
        for step in [chunk] if (instead := buffer.add(chunk)) is None else instead:
            if instead is not None:
                buffer.append(step)
    for step in buffer.rest():
        buffer.append(step)
    return "".join(step.delta for step in buffer if step.index == index)


def test_all_events_in_one_list_are_a_stream_too() -> None:
    """So answers Google without `alt=sse`, which gateways leave out."""
    first = body({"text": "A "}, finish=None)
    chunks, reply = accumulator([[first, body({"text": "fox."})]])
    assert reply.content == (p.Text("A fox."),)
    assert [chunk.delta for chunk in chunks if chunk.delta] == ["A ", "fox."]
    with pytest.raises(e.OverloadedError, match="over"):
        accumulator([[first, {"error": {"code": 503, "message": "over"}}]])
