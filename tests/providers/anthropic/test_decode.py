"""What is read from answers of Anthropic's Messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.vendors.anthropic import (
    CALL,
    REDACTED,
    SEARCH,
    THINKING,
    USAGE,
    accumulator,
    closing,
    decoded,
    message,
    opening,
    request,
    start,
    text,
)

from capably.providers.anthropic.decode import decode_reply
from capably.types import errors as e, parts as p
from capably.types.usage import Usage


def test_parts_come_in_order_and_kinds_without_a_class_are_kept() -> None:
    cited: dict[str, Any] = {
        "type": "text",
        "text": "So",
        "citations": [
            {"type": "web_search_result_location", "url": "https://x.test", "title": "X", "cited_text": "so it is"},
            {"type": "page_location", "document_title": "D", "cited_text": "p", "start_page_number": 1},
        ],
    }
    reply = decoded(THINKING, REDACTED, cited, CALL, SEARCH, {"type": "invented", "x": 1})
    assert reply.content == (
        p.Thought("Let me see."),
        p.Thought("", redacted=True),
        p.Text(
            "So",
            (
                p.Citation(url="https://x.test", title="X", cited_text="so it is", raw=cited["citations"][0]),
                p.Citation(title="D", cited_text="p", raw=cited["citations"][1]),
            ),
        ),
        p.ToolCall("toolu_1", "weather", {"city": "Ulm"}),
        p.Unknown("server_tool_use", SEARCH),
        p.Unknown("invented", {"type": "invented", "x": 1}),
    )
    assert (reply.id, reply.model) == ("msg_1", "claude-test-1-20260101")


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("tool_use", "tool_use"),
        ("pause_turn", "pause"),
        ("compaction", "pause"),
        ("refusal", "refusal"),
        ("model_context_window_exceeded", "context_overflow"),
        ("invented_reason", "other"),
    ],
)
def test_every_stop_reason_has_one_word(reason: str, expected: str) -> None:
    assert decoded(text("a"), stop_reason=reason).finish_reason == expected


def test_why_it_stopped_is_told() -> None:
    assert decoded(stop_reason="stop_sequence", stop_sequence="END").stop_detail == "END"
    details = {"type": "refusal", "category": "cyber", "explanation": "Not this."}
    assert decoded(stop_reason="refusal", stop_details=details).stop_detail == "cyber: Not this."
    assert decoded(stop_details=None).stop_detail is None
    assert decoded(stop_reason="invented_reason").stop_detail == "invented_reason"
    assert (
        decoded(stop_reason="invented_reason", stop_details=details).stop_detail == "invented_reason: cyber: Not this."
    )


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (USAGE, Usage(10, 5)),
        (
            {
                "input_tokens": 10,
                "output_tokens": 50,
                "output_tokens_details": {"thinking_tokens": 30},
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 1000,
                "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 600},
            },
            Usage(1110, 50, 30, 100, 1000, 600),
        ),
        (
            {
                "input_tokens": 220,
                "output_tokens": 8,
                "cache_read_input_tokens": None,
                "cache_creation": None,
                "output_tokens_details": None,
                "iterations": [
                    5,
                    {"type": "compaction", "input_tokens": 5000, "output_tokens": 125},
                    {"type": "message", "input_tokens": 220, "output_tokens": 8},
                ],
            },
            Usage(5220, 133),
        ),
        ({**USAGE, "iterations": "odd"}, Usage(10, 5)),
        (
            {**USAGE, "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 600}},
            Usage(1010, 5, 0, 0, 1000, 600),
        ),
    ],
)
def test_usage_nests_as_everywhere(usage: dict[str, Any], expected: Usage) -> None:
    assert decoded(text("a"), usage=usage).usage == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"type": "message", "content": [',
        b"<html>Bad gateway</html>",
        b"[]",
        b"null",
        b'{"type": "completion"}',
        json.dumps({"type": "message"}).encode(),
        json.dumps(message({"type": "text", "text": 5})).encode(),
        json.dumps(message({"no": "type"})).encode(),
        json.dumps(message("no block")).encode(),
        json.dumps(message(content="text")).encode(),
        json.dumps(message(stop_reason=None)).encode(),
        json.dumps(message(stop_reason=["a"])).encode(),
    ],
)
def test_bodies_that_make_no_sense_raise_server_error_with_the_body(body: bytes) -> None:
    with pytest.raises(e.ServerError) as raised:
        decode_reply(body, request())
    assert ".body" in str(raised.value)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "tool_use", "name": "x", "input": {}},
        {"type": "tool_use", "id": "1", "name": 1, "input": {}},
        {"type": "thinking", "thinking": 1},
    ],
)
def test_a_part_that_makes_no_sense_raises_server_error_each_time_it_is_read(block: dict[str, Any]) -> None:
    body = message(text("Hi"), block)
    reply = decode_reply(json.dumps(body).encode(), request())
    assert reply.of(p.Text) == (p.Text("Hi"),)
    reply.request_id = "req_1"
    for _ in range(2):
        with pytest.raises(e.ServerError, match="lacks a field or has one of the wrong type") as raised:
            _ = reply.content
        assert raised.value.request_id == "req_1"
        assert raised.value.body == body


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("overloaded_error", e.OverloadedError),
        ("api_error", e.ServerError),
        ("rate_limit_error", e.RateLimitError),
        ("invalid_request_error", e.BadRequestError),
        ("authentication_error", e.AuthenticationError),
        ("invented_error", e.ServerError),
    ],
)
def test_errors_with_status_200_never_look_like_success(kind: str, ours: type[e.ProviderError]) -> None:
    body = {"type": "error", "error": {"type": kind, "message": "Not now."}, "request_id": "req_1"}
    for broken in (lambda: decode_reply(json.dumps(body).encode(), request()), lambda: accumulator(body)):
        with pytest.raises(ours, match=r"^Not now\. \[anthropic") as raised:
            broken()
        assert type(raised.value) is ours
        assert (raised.value.code, raised.value.request_id, raised.value.body) == (kind, "req_1", body)


@pytest.mark.parametrize(
    "error", [{"type": ["api_error"], "message": "Not now."}, {"type": 5, "detail": "Not now."}, "Not now."]
)
def test_errors_of_an_odd_shape_are_errors(error: Any) -> None:
    body = {"type": "error", "error": error, "request_id": 5}
    for broken in (lambda: decode_reply(json.dumps(body).encode(), request()), lambda: accumulator(body)):
        with pytest.raises(e.ServerError, match=r"^Not now\. \[anthropic\]$") as raised:
            broken()
        assert (raised.value.code, raised.value.request_id, raised.value.body) == (None, None, body)


def test_what_stands_beside_an_answer_loses_nobody_the_answer() -> None:
    odd = {**USAGE, "service_tier": ["standard"], "server_tool_use": 1, "cache_creation": "none"}
    cited = [{**text("Hi"), "citations": citations} for citations in ("none", 5, ["a", None, {}])]
    reply = decoded(*cited, stop_details="cyber", stop_sequence=5, usage=odd)
    assert (reply.content, reply.stop_detail, reply.stop_sequence) == ((p.Text("Hi"),) * 3, None, None)
    folding, _ = accumulator(opening(), *(start(place, **block) for place, block in enumerate(cited)), *closing())
    assert folding.reply().content == reply.content
    assert reply.usage == Usage(10, 5)
    refused = decoded(stop_reason="refusal", stop_details={"category": "cyber", "explanation": ["Why"]})
    assert refused.stop_detail == "cyber"
