"""What is read from answers of Chat Completions."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from support.untyped import untyped
from support.vendors.chat import CALL_A, CALL_B, A, B, call, completion, decoded, request, wires

from capably.providers.openai.chat.decode import decode_reply
from capably.types import errors as e, parts as p
from capably.types.messages import UserMessage
from capably.types.usage import Usage


def test_a_reply_has_its_parts_in_order_and_its_message_to_replay() -> None:
    body = completion("tool_calls", content="Hello", tool_calls=[A, B])
    reply = decoded(body)
    assert reply.content == (p.Text("Hello"), CALL_A, CALL_B)
    assert reply.wire == body["choices"][0]["message"]
    assert (reply.id, reply.model, reply.finish_reason) == ("cmpl_1", "gpt-test-1", "tool_use")


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"reasoning_content": "hm"}, id="reasoning_content"),
        pytest.param({"reasoning": "hm"}, id="reasoning"),
        pytest.param(
            {
                "reasoning_details": [
                    {"type": "reasoning.summary", "summary": "hm"},
                    {"type": "reasoning.encrypted", "data": "gAAA="},
                ]
            },
            id="reasoning_details",
        ),
    ],
)
def test_thoughts_of_compatible_hosts_are_read(message: Any) -> None:
    assert decoded(completion(content="x", **message)).content == (p.Thought("hm"), p.Text("x"))


@pytest.mark.parametrize(
    "thinking",
    [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "thinking", "thinking": "hm"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
    ],
)
def test_thoughts_that_stand_in_the_content_are_read(thinking: Any) -> None:
    content = [thinking, {"type": "text", "text": "x"}, {"type": "reference", "reference_ids": [1]}]
    unknown = p.Unknown("reference", content[2])
    assert decoded(completion(content=content)).content == (p.Thought("hm"), p.Text("x"), unknown)


def test_citations_are_read_where_hosts_put_them() -> None:
    raw = {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 0, "end_index": 2}}
    (part,) = decoded(completion(content="Hello", annotations=[raw])).of(p.Text)
    assert part.citations == (p.Citation(url="u", title="t", cited_text="He", raw=raw),)
    (part,) = decoded({**completion(content="Hello"), "citations": ["u"]}).of(p.Text)
    assert part.citations == (p.Citation(url="u", raw={"url": "u"}),)


@pytest.mark.parametrize("where", ["annotations", "search_results"])
def test_a_citation_that_makes_no_sense_loses_nobody_the_answer(where: str) -> None:
    listed = [5, {"url": "u"}, None, {}, [{}]]
    message = {"annotations": listed} if where == "annotations" else {}
    beside = {"search_results": listed} if where == "search_results" else {}
    (part,) = decoded({**completion(content="Hello", **untyped(message)), **beside}).content
    assert part == p.Text("Hello", (p.Citation(url="u", raw={"url": "u"}),))


@pytest.mark.parametrize(
    ("wanted", "kind"), [({"format": "mp3"}, "audio/mpeg"), ({"format": 5}, "audio/wav"), ("mp3", "audio/wav")]
)
def test_sound_has_the_format_that_the_caller_asked_for(wanted: Any, kind: str) -> None:
    body = msgspec.json.encode(completion(audio={"id": "a", "data": "d2F2"}))
    assert decode_reply(body, request(extra={"audio": wanted})).content == (p.Audio(data=b"wav", media_type=kind),)


def test_sound_and_pictures_are_read() -> None:
    audio = {"id": "a", "data": "d2F2", "transcript": "Hi"}
    sound = p.Audio(data=b"wav", media_type="audio/wav", transcript="Hi")
    assert decoded(completion(audio=audio)).content == (sound,)
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}}
    assert decoded(completion(images=[image])).content == (p.Image.from_bytes(b"png", media_type="image/png"),)


def test_the_legacy_function_call_is_a_tool_call_and_its_output_goes_back_as_a_function() -> None:
    body = completion("function_call", function_call={"name": "weather", "arguments": "{}"})
    reply = decoded(body)
    assert (reply.content, reply.finish_reason) == ((p.ToolCall("", "weather", {}, "{}"),), "tool_use")
    assert wires(UserMessage([p.ToolOutput("", "weather", "x")]))[0] == {
        "role": "function",
        "name": "weather",
        "content": "x",
    }


def test_calls_without_ids_are_given_ids_that_their_replay_has_too() -> None:
    reply = decoded(completion(tool_calls=[call(""), call("")]))
    assert [part.id for part in untyped(reply.content)] == ["call_1", "call_2"]
    assert [wire["id"] for wire in untyped(reply.wire)["tool_calls"]] == ["call_1", "call_2"]


def test_arguments_are_read_as_text_or_object() -> None:
    (part,) = decoded(completion(tool_calls=[call(arguments={"city": "Rome"})])).of(p.ToolCall)
    assert (part.args, part.raw_args) == ({"city": "Rome"}, '{"city":"Rome"}')
    (part,) = decoded(completion(tool_calls=[call(arguments='{"city": "Ro')])).of(p.ToolCall)
    assert (part.args, part.raw_args) == ({}, '{"city": "Ro')


def test_a_call_of_an_unknown_kind_is_kept_as_it_is() -> None:
    call = {"id": "c", "type": "later", "later": {"name": "grammar"}}
    assert decoded(completion(tool_calls=[call])).content == (p.Unknown("later", call),)


@pytest.mark.parametrize(
    ("body", "reason", "detail"),
    [
        (completion("stop", content="x"), "stop", None),
        (completion(None, content="x"), "stop", None),
        (completion("stop", tool_calls=[A]), "tool_use", None),
        (completion("length", content="x"), "length", None),
        (completion("tool_calls", tool_calls=[A]), "tool_use", None),
        (completion("content_filter", content="x"), "content_filter", None),
        (completion("stop", refusal="I cannot."), "refusal", "I cannot."),
        (completion("model_length", content="x"), "context_overflow", None),
        (completion("some_future_reason", content="x"), "other", "some_future_reason"),
        (completion("some_future_reason", refusal="I cannot."), "other", "some_future_reason: I cannot."),
    ],
)
def test_the_end_is_told_in_neutral_words(body: Any, reason: str, detail: str | None) -> None:
    reply = decoded(body)
    assert (reply.finish_reason, reply.stop_detail) == (reason, detail)


@pytest.mark.parametrize(
    ("usage", "normal"),
    [
        pytest.param(None, Usage(reported=False), id="none"),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "total_tokens": 150,
                "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30},
                "completion_tokens_details": {"reasoning_tokens": 40},
            },
            Usage(100, 50, reasoning_tokens=40, cache_read_tokens=60, cache_write_tokens=30),
            id="OpenAI",
        ),
        pytest.param(
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 35,
                "completion_tokens_details": {"reasoning_tokens": 20},
            },
            Usage(10, 25, reasoning_tokens=20),
            id="xAI counts thoughts beside the completion",
        ),
        pytest.param(
            {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 35},
            Usage(10, 25, reasoning_tokens=20),
            id="Gemini does not name them",
        ),
        pytest.param(
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 390,
                "prompt_tokens_details": {"audio_tokens": 375},
            },
            Usage(385, 5, input_audio_tokens=375),
            id="Mistral counts sound beside the prompt",
        ),
        pytest.param(
            {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_cache_hit_tokens": 8},
            Usage(10, 5, cache_read_tokens=8),
            id="DeepSeek",
        ),
        pytest.param(
            {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_tokens_details": None},
            Usage(10, 5),
            id="null details",
        ),
    ],
)
def test_usage_is_put_into_normal_form(usage: Any, normal: Usage) -> None:
    assert decoded(completion(content="x", usage=usage)).usage == normal


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"message": "Oops", "code": 429}}, e.RateLimitError),
        ({"error": {"message": "Oops", "type": "invalid_request_error", "code": None}}, e.BadRequestError),
        ({"error": "Oops"}, e.ServerError),
        ({"choices": [{"error": {"message": "Oops", "code": 502}, "finish_reason": "error"}]}, e.ServerError),
        (completion("insufficient_system_resource", content="Oops"), e.ServerError),
    ],
)
def test_an_error_with_status_200_is_an_error(body: Any, kind: type[e.ProviderError]) -> None:
    with pytest.raises(kind) as caught:
        decoded(body)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"choices": [{"mess',
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": {}}',
        b'{"choices": [{}]}',
        b'{"choices": [{"message": 1}]}',
        b'{"choices": [{"message": {"content": [1]}}]}',
        b'{"choices": [{"message": {"tool_calls": [{"id": "c", "function": {}}]}}]}',
    ],
)
def test_a_body_that_makes_no_sense_is_a_server_error_that_carries_it(body: bytes) -> None:
    with pytest.raises(e.ServerError) as caught:
        decode_reply(body, request())
    assert caught.value.body == body


def with_logprobs(**entry: object) -> dict[str, Any]:
    body = completion(content="A")
    body["choices"][0]["logprobs"] = {"content": [entry]}
    return body


def test_the_logarithm_of_a_probability_of_0_is_no_number_and_comes_as_null() -> None:
    (token,) = decoded(with_logprobs(token="A", logprob=None)).logprobs
    assert (token.token, token.logprob) == ("A", -math.inf)


@pytest.mark.parametrize(
    "entry",
    [
        {"token": 1, "logprob": -0.5},
        {"token": "A", "logprob": "-0.5"},
        {"token": "A", "logprob": -0.5, "bytes": 10**18},
        {"token": "A", "logprob": -0.5, "bytes": [256]},
        {"token": "A", "logprob": -0.5, "top_logprobs": [5]},
    ],
)
def test_a_token_that_makes_no_sense_is_a_server_error(entry: Any) -> None:
    with pytest.raises(e.ServerError, match="not shaped like a completion"):
        decoded(with_logprobs(**entry))


@pytest.mark.parametrize(
    "fields",
    [
        b'"images": [{}]',
        b'"images": [{"image_url": {"url": "data:image/png;base64,A"}}]',
        b'"audio": {"data": 1}',
        b'"tool_calls": [{"id": "c", "function": {"name": 1, "arguments": "{}"}}]',
        b'"tool_calls": [{"id": "c", "custom": {"name": 1, "input": "x"}}]',
        b'"content": [{"type": "text", "text": "Hi"}, {"type": "thinking", "thinking": [1]}]',
    ],
)
def test_a_part_that_makes_no_sense_is_a_server_error_each_time_it_is_read(fields: bytes) -> None:
    body = b'{"choices": [{"message": {"content": "Hi", %b}}]}' % fields
    reply = decode_reply(body, request())
    assert [text.text for text in reply.of(p.Text)] == ["Hi"]
    reply.request_id = "req_1"
    for _ in range(2):
        with pytest.raises(e.ServerError, match="not shaped like a completion") as caught:
            _ = reply.content
        assert caught.value.request_id == "req_1"
        assert caught.value.body == body


def test_the_tokens_of_a_refusal_have_probabilities_too() -> None:
    body = completion(refusal="No.", content=None)
    body["choices"][0]["logprobs"] = {"content": None, "refusal": [{"token": "No", "logprob": -0.5}]}
    assert [token.token for token in decoded(body).logprobs] == ["No"]


@pytest.mark.parametrize(("data", "sound"), [("_-8=", b"\xff\xef"), ("_-8", b"\xff\xef"), ("d2\nF2", b"wav")])
def test_sound_in_either_alphabet_is_read(data: str, sound: bytes) -> None:
    (part,) = decoded(completion(audio={"id": "a", "data": data})).content
    assert part == p.Audio(data=sound, media_type="audio/wav")


def test_sound_that_is_no_base64_is_not_an_empty_sound() -> None:
    reply = decoded(completion(audio={"id": "a", "data": "@@@@"}))
    with pytest.raises(e.ServerError, match="base64"):
        _ = reply.content


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"object": "error", "message": "no such model", "type": "NotFoundError", "code": 404}, e.NotFoundError),
        ({"detail": "no such model"}, e.ServerError),
        ({"message": "no such model"}, e.ServerError),
    ],
)
def test_an_error_of_another_shape_is_told_in_its_own_words(body: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="no such model"):
        decoded(body)
