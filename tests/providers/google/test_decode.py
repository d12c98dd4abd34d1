"""What is read from answers of Google's generateContent."""

from __future__ import annotations

import math
from typing import Any

import pytest
from support.vendors.google import COUNTS, GROUNDED, MODEL, PNG, accumulator, body, decode, request, weather

from capably.providers.google.decode import FINISH, decode_reply
from capably.types import errors as e, parts as p, tools as t
from capably.types.usage import Usage


def test_a_reply_holds_its_parts_in_order() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}
    code = {"executableCode": {"language": "PYTHON", "code": "1"}}
    reply = decode(
        body(
            *({"text": "hm", "thought": True}, {"text": "Hel"}, {"text": "lo"}, picture, code),
            *({"functionCall": {"name": "f"}}, {"fileData": {"fileUri": "u", "mimeType": "video/mp4"}}),
            *({"thoughtSignature": "x"}, {"inlineData": {"mimeType": "image/png", "data": "AA=="}, "thought": True}),
        )
    )
    assert reply.content == (
        p.Thought("hm"),
        p.Text("Hello"),
        p.Image.from_bytes(PNG, media_type="image/png"),
        p.Unknown("executableCode", code),
        p.ToolCall("call_1", "f", {}),
        p.Video(url="u", media_type="video/mp4"),
        p.Unknown("inlineData", {"inlineData": {"mimeType": "image/png", "data": "AA=="}, "thought": True}),
    )
    assert (reply.id, reply.model, reply.finish_reason) == ("r-1", MODEL, "tool_use")


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        (None, Usage(reported=False)),
        (COUNTS, Usage(10, 5)),
        (
            {
                "promptTokenCount": 100,
                "toolUsePromptTokenCount": 20,
                "candidatesTokenCount": 7,
                "thoughtsTokenCount": 30,
                "cachedContentTokenCount": 60,
                "totalTokenCount": 157,
            },
            Usage(120, 37, 30, 60),
        ),
        ({"totalTokenCount": 0}, Usage()),
    ],
)
def test_usage_is_in_normal_form(counts: Any, usage: Usage) -> None:
    reply = decode(body({"text": "a"}, usage=counts))
    assert reply.usage == usage
    assert usage.total_tokens == (counts or {}).get("totalTokenCount", 0)


@pytest.mark.parametrize(("reason", "word"), [*FINISH.items(), ("BRAND_NEW", "other")])
def test_finish_reasons_are_ours_and_googles_stand_in_the_detail(reason: str, word: str) -> None:
    reply = decode(body({"text": "a"}, finish=reason, finishMessage="because"))
    assert reply.finish_reason == word
    assert reply.stop_detail == (None if word in ("stop", "length") else f"{reason}: because")
    assert accumulator([body({"text": "a"}, finish=reason)])[1].finish_reason == word


def test_a_failed_call_never_looks_like_a_tool_call() -> None:
    reply = decode(body({"functionCall": {"name": "f", "args": {}}}, finish="UNEXPECTED_TOOL_CALL"))
    assert (reply.finish_reason, reply.stop_detail) == ("error", "UNEXPECTED_TOOL_CALL")


@pytest.mark.parametrize("found", [{}, body({"text": "a"}, finish=None)])
def test_a_blocked_prompt_never_looks_like_success(found: dict[str, Any]) -> None:
    blocked = {**found, "promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "no"}}
    for reply in (decode(blocked), accumulator([blocked])[1]):
        assert (reply.finish_reason, reply.stop_detail) == ("content_filter", "SAFETY: no")


def test_calls_that_an_mcp_server_answers_are_not_the_callers() -> None:
    call = {"functionCall": {"name": "srv_find", "args": {}}}
    answer = {"functionResponse": {"name": "srv_find", "response": {}}}
    own = {"functionCall": {"name": "weather", "args": {}}}
    tools = [t.MCPServer(name="srv"), weather()]
    reply = decode(body(call, answer, {"text": "a"}), tools=tools)
    assert reply.content == (p.Unknown("functionCall", call), p.Unknown("functionResponse", answer), p.Text("a"))
    assert reply.finish_reason == "stop"
    assert decode(body(own), tools=tools).finish_reason == "tool_use"


def test_citations_belong_to_the_text_that_they_support() -> None:
    candidate: dict[str, Any] = {
        "groundingMetadata": GROUNDED,
        "citationMetadata": {"citations": [{}, {"uri": "https://c.d"}]},
    }
    found = body({"text": "Rain."}, {"executableCode": {}}, {"text": "Sun."}, **candidate)
    first, _, last = decode(found).content
    assert isinstance(first, p.Text)
    assert isinstance(last, p.Text)
    assert [(c.url, c.title, c.cited_text) for c in first.citations] == [
        ("https://a.b", "A", "Rain."),
        (None, "file", "Rain."),
    ]
    assert [c.url for c in last.citations] == ["https://c.d"]


def test_a_statement_without_words_is_found_by_its_number() -> None:
    support = {"segment": {"partIndex": 1}, "groundingChunkIndices": [0]}
    grounding = {**GROUNDED, "groundingSupports": [support, {**support, "segment": {"partIndex": 0}}]}
    found = body(
        {"text": "hm", "thought": True}, {"text": "a"}, {"fileData": {}}, {"text": "b"}, groundingMetadata=grounding
    )
    cited = [len(part.citations) for part in decode(found).content if isinstance(part, p.Text)]
    assert cited == [1, 1]


def test_sources_of_an_answer_without_text_stay_in_the_body() -> None:
    reply = decode(body({"executableCode": {}}, groundingMetadata=GROUNDED))
    assert [type(part) for part in reply.content] == [p.Unknown]


def test_sources_without_statements_are_citations_too() -> None:
    (text,) = decode(body({"text": "a"}, groundingMetadata={"groundingChunks": GROUNDED["groundingChunks"]})).content
    assert isinstance(text, p.Text)
    assert len(text.citations) == 2


@pytest.mark.parametrize(
    "odd", [5, "text", [], [5, None, {}], {"groundingChunks": 5}, {"groundingSupports": [5, {"segment": 5}]}]
)
@pytest.mark.parametrize("field", ["groundingMetadata", "citationMetadata"])
def test_sources_and_counts_of_another_shape_lose_nobody_the_answer(field: str, odd: Any) -> None:
    (text,) = decode(body({"text": "a"}, usage={**COUNTS, "promptTokensDetails": odd}, **{field: odd})).content
    assert text == p.Text("a")


def test_a_source_of_another_shape_moves_no_other() -> None:
    chunks = [5, {"web": {"uri": "https://a.b", "title": "A"}}]
    support = {"segment": {"text": "a"}, "groundingChunkIndices": [0, 1]}
    grounding = {"groundingChunks": chunks, "groundingSupports": [support]}
    (text,) = decode(body({"text": "a"}, groundingMetadata=grounding)).content
    assert isinstance(text, p.Text)
    assert [c.url for c in text.citations] == ["https://a.b"]


def test_a_found_picture_is_cited_by_its_page_and_its_search_counts() -> None:
    image = {"sourceUri": "https://a.b/page", "imageUri": "https://a.b/x.png", "title": "A", "domain": "a.b"}
    grounding = {"imageSearchQueries": ["fox"], "webSearchQueries": ["a", "b"], "groundingChunks": [{"image": image}]}
    reply = decode(body({"text": "a"}, usage=COUNTS, groundingMetadata=grounding))
    (text,) = reply.content
    assert isinstance(text, p.Text)
    assert [(c.url, c.title) for c in text.citations] == [("https://a.b/page", "A")]
    assert reply.usage.searches == 3


@pytest.mark.parametrize(
    ("number", "logprob"), [(-0.5, -0.5), ("-Infinity", -math.inf), ("NaN", math.nan), (None, math.nan)]
)
def test_the_probability_of_a_token_is_a_number(number: Any, logprob: float) -> None:
    chosen = {"chosenCandidates": [{"token": "Hi", "logProbability": number}]}
    (token,) = decode(body({"text": "Hi"}, logprobsResult=chosen)).logprobs
    assert token.logprob == pytest.approx(logprob, nan_ok=True)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'"text"',
        b"[" * 100_000,
        b"{}",
        b'{"candidates": "x"}',
        b'{"candidates": [1]}',
        b'{"candidates": [{"content": 5, "finishReason": "STOP"}]}',
        b'{"candidates": [{"content": {"bad": true}}]}',
        b'{"candidates": [{"content": {"parts": [{"text": 5}]}, "finishReason": "STOP"}]}',
    ],
    ids=range(10),
)
def test_a_reply_that_makes_no_sense_is_a_server_error_with_the_body(raw: bytes) -> None:
    with pytest.raises(e.ServerError, match="makes no sense") as caught:
        decode_reply(raw, request())
    assert caught.value.body is not None


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ({"inlineData": {"data": "?"}}, ""),
        ({"inlineData": {"data": "?", "mimeType": "image/png"}}, ""),
        ({"inlineData": {"data": 1, "mimeType": "image/png"}}, ""),
    ],
    ids=range(3),
)
def test_a_part_that_makes_no_sense_is_a_server_error_each_time_it_is_read(part: dict[str, Any], why: str) -> None:
    reply = decode(body({"text": "Hi"}, part))
    assert reply.of(p.Text) == (p.Text("Hi"),)
    reply.request_id = "req_1"
    for _ in range(2):
        with pytest.raises(e.ServerError, match=f"makes no sense.*{why}") as caught:
            _ = reply.content
        assert caught.value.request_id == "req_1"
        assert caught.value.body == body({"text": "Hi"}, part)


def test_an_error_body_with_status_200_raises_its_error() -> None:
    with pytest.raises(e.OverloadedError, match="busy"):
        decode({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}})


def test_a_total_alone_does_not_say_what_it_is_made_of() -> None:
    assert decode(body({"text": "a"}, usage={"totalTokenCount": 17})).usage == Usage(reported=False)


def test_a_picture_is_what_its_bytes_show() -> None:
    jpeg = {"inlineData": {"mimeType": "image/png", "data": "/9j/4AAQ"}}
    (image,) = decode(body(jpeg)).content
    assert isinstance(image, p.Image)
    assert image.media_type == "image/jpeg"


@pytest.mark.parametrize("about", ["audioMetadata", "documentMetadata", "speechMetadata", "spreadsheetMetadata"])
def test_what_qualifies_a_part_is_not_its_kind(about: str) -> None:
    part = {about: {"n": 1}, "executableCode": {"code": "1"}}
    assert decode(body(part)).content == (p.Unknown("executableCode", part),)
