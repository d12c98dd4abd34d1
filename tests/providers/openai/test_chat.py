"""The Chat Completions endpoint, of OpenAI and of hosts that speak it: on the wire and off it, whole and streamed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from support.request_types import described

from capably.providers.openai.chat.decode import decode_reply
from capably.providers.openai.chat.encode import ask_for_stream, encode_request
from capably.providers.openai.chat.stream import ChatAccumulator
from capably.providers.openai.hosts import Host, host_of
from capably.providers.spellings import NoSpellingError, feature_of
from capably.registry.lookup import providers
from capably.responses.chunk_splitter import Splitter
from capably.types import errors as e, parts as p, tools as t
from capably.types.facts import ModelInfo
from capably.types.format import Format
from capably.types.messages import AssistantMessage, Source, UserMessage, system, user
from capably.types.reasoning import Reasoning
from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.stream import Chunk
from capably.types.usage import Usage


def host(provider: str) -> Host:
    return host_of(provider, providers()[provider]["dialect"] if provider in providers() else None)


SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}


def weather(**fields: Any) -> t.Tool[str]:
    return t.Tool(lambda city: city, name="weather", description="Tells it.", parameters=SCHEMA, **fields)


def book() -> Format:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    return Format(name="Book", schema=schema, load=dict, source=dict)


def info(provider: str = "openai", **facts: Any) -> ModelInfo:
    entry: Any = {"name": None}
    known: Any = {
        "input": ["text"],
        "structured_output": "json_schema",
        "reasoning": {"style": "effort", "off": "effort_none"},
        "sampling": {"top_k": "never"},
        "prefill": False,
        "endpoints": {"chat_completions": {}},
        **facts,
    }
    return ModelInfo(f"{provider}/gpt-test", "openai/test", known, entry, 1)


def request(*messages: Any, model: ModelInfo | None = None, **fields: Any) -> Request:
    routing = {name: fields.pop(name) for name in ("extra",) if name in fields}
    lead = fields.pop("system", None)
    return Request(
        info=model,
        model_id="gpt-test",
        endpoint="chat_completions",
        messages=messages or (user("Hi"),),
        system=lead,
        params=fields,
        **routing,
    )


def encoded(*messages: Any, provider: str = "openai", undescribed: str = "", **fields: Any) -> dict[str, Any]:
    body = encode_request(request(*messages, **fields), host(provider))
    if provider != "openai":  # Other hosts have words of their own, which no SDK describes.
        json.dumps(body)
        return body
    return described("chat_completions", body, undescribed)


def wires(*messages: Any, **fields: Any) -> list[Any]:
    return encoded(*messages, **fields)["messages"]


# Encoding


def test_a_plain_call_says_no_more_than_it_must() -> None:
    assert encoded() == {"model": "gpt-test", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize(
    ("provider", "model", "role"),
    [
        ("openai", None, "developer"),
        ("openai", info(reasoning=None), "system"),
        ("mistral", None, "system"),
        ("a-new-host", None, "system"),
    ],
)
def test_instructions_have_the_role_that_the_host_knows(provider: str, model: ModelInfo | None, role: str) -> None:
    sent = wires(user("a"), system("later"), system="first", provider=provider, model=model)
    assert [(m["role"], m["content"]) for m in sent] == [(role, "first"), ("user", "a"), (role, "later")]


@pytest.mark.parametrize(
    ("part", "wire"),
    [
        (
            p.Image.from_url("https://x.test/a.png"),
            {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
        ),
        (
            p.Image.from_bytes(b"png", media_type="image/png"),
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}},
        ),
        (
            p.Document.from_bytes(b"pdf", media_type="application/pdf", name="a.pdf"),
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,cGRm"}},
        ),
        (p.Document.from_file_id("f"), {"type": "file", "file": {"file_id": "f"}}),
        (
            p.Audio.from_bytes(b"wav", media_type="audio/mpeg"),
            {"type": "input_audio", "input_audio": {"data": "d2F2", "format": "mp3"}},
        ),
    ],
)
def test_a_part_of_the_user_is_encoded(part: Any, wire: Any) -> None:
    assert wires(user(["look", part]))[0]["content"] == [{"type": "text", "text": "look"}, wire]


def test_video_goes_to_hosts_that_read_it() -> None:
    video = p.Video.from_url("https://x.test/a.mp4")
    content = wires(user([video]), model=info("openrouter", input=["text", "video"]), provider="openrouter")[0][
        "content"
    ]
    assert content == [{"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}}]


@pytest.mark.parametrize(
    "part",
    [
        p.Image.from_file_id("f"),
        p.Document.from_url("https://x.test/a.pdf"),
        p.Audio.from_bytes(b"x", media_type="audio/flac"),
        p.Audio.from_url("https://x.test/a.wav"),
        p.Video.from_url("https://x.test/a.mp4"),
        p.Unknown("x", {}),
    ],
)
def test_a_part_that_the_endpoint_does_not_take_is_refused_by_name(part: Any) -> None:
    with pytest.raises(NoSpellingError, match=feature_of(part)):
        encoded(user([part]))


def test_tool_outputs_come_first_and_their_pictures_follow_as_the_user() -> None:
    picture = p.Image.from_url("https://x.test/a.png")
    turn = UserMessage(
        [
            p.Text("and now?"),
            p.ToolOutput("c1", "look", [p.Text("see"), picture]),
            p.ToolOutput("c2", "weather", "boom", is_error=True),
        ]
    )
    first, second, rest = wires(turn)
    assert first == {"role": "tool", "tool_call_id": "c1", "content": "see"}
    assert second == {"role": "tool", "tool_call_id": "c2", "content": "Error: boom"}
    assert [part.get("text") for part in rest["content"]] == ["and now?", "Output of look (call c1):", None]


def test_an_answer_from_elsewhere_is_rebuilt_without_its_thoughts() -> None:
    parts = [p.Thought("hm"), p.Text("Wait."), p.ToolCall("toolu_01", "weather", {"city": "Rome"})]
    turn = AssistantMessage(parts, Source("openai", "responses", "gpt", []))
    call = {"id": "toolu_01", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}}
    assert wires(turn)[0] == {"role": "assistant", "content": "Wait.", "tool_calls": [call]}


@pytest.mark.parametrize(
    "wire",
    [
        {"role": "assistant", "content": "x", "refusal": None, "annotations": []},
        {"role": "assistant", "content": None, "reasoning_content": "hm", "tool_calls": [{"id": "c", "index": 0}]},
        {"role": "assistant", "content": "x", "reasoning_details": [{"type": "reasoning.encrypted", "data": "gAAA="}]},
    ],
)
def test_an_answer_of_this_endpoint_is_replayed_byte_for_byte(wire: Any) -> None:
    turn = AssistantMessage([p.Text("x")], Source("deepseek", "chat_completions", "m", wire))
    assert msgspec.json.encode(wires(turn, provider="deepseek")[0]) == msgspec.json.encode(wire)


def test_sound_is_replayed_by_its_id() -> None:
    wire = {"role": "assistant", "content": None, "audio": {"id": "audio_1", "data": "AAAA", "expires_at": 1}}
    turn = AssistantMessage([], Source("openai", "chat_completions", "m", wire))
    assert wires(turn)[0]["audio"] == {"id": "audio_1"}


def test_a_part_from_elsewhere_that_cannot_be_sent_on_is_refused() -> None:
    with pytest.raises(NoSpellingError, match="web_search_call"):
        encoded(AssistantMessage([p.Unknown("web_search_call", {})]))


def test_tools_are_lax_unless_strictness_was_asked_for() -> None:
    lax, strict = encoded(tools=[weather(), weather(strict=True)])["tools"]
    assert lax == {
        "type": "function",
        "function": {"name": "weather", "description": "Tells it.", "parameters": SCHEMA},
    }
    assert strict["function"]["strict"] is True
    assert strict["function"]["parameters"]["required"] == ["city", "days"]


def test_web_search_is_the_only_builtin_tool() -> None:
    assert encoded(tools=[t.WebSearch(search_context_size="low")]) == {
        **encoded(),
        "web_search_options": {"search_context_size": "low"},
    }
    with pytest.raises(NoSpellingError, match=r"builtin_tools.code_execution"):
        encoded(tools=[t.CodeExecution()])


NAMED = {"type": "function", "function": {"name": "weather"}}


@pytest.mark.parametrize(
    ("params", "wire"),
    [
        ({"tool_choice": "none"}, {"tool_choice": "none"}),
        ({"tool_choice": "weather"}, {"tool_choice": NAMED}),
        ({"tool_choice": weather()}, {"tool_choice": NAMED}),
        ({"parallel_tools": False}, {"parallel_tool_calls": False}),
        ({"reasoning": "off"}, {"reasoning_effort": "none"}),
        ({"reasoning": Reasoning(effort="high")}, {"reasoning_effort": "high"}),
        ({"temperature": 0.2, "top_p": 0.9}, {"temperature": 0.2, "top_p": 0.9}),
        ({"max_tokens": 9}, {"max_completion_tokens": 9}),
        ({"max_tokens": 9, "provider": "together"}, {"max_tokens": 9}),
        ({"seed": 1}, {"seed": 1}),
        ({"presence_penalty": 0.5, "frequency_penalty": -1}, {"presence_penalty": 0.5, "frequency_penalty": -1}),
        ({"seed": 1, "provider": "mistral"}, {"random_seed": 1}),
        ({"stop": "END"}, {"stop": "END"}),
        ({"stop": ("A", "B")}, {"stop": ["A", "B"]}),
        ({"logprobs": True}, {"logprobs": True}),
        ({"logprobs": 2}, {"logprobs": True, "top_logprobs": 2}),
        ({"verbosity": "low"}, {"verbosity": "low"}),
        ({"cache": "30m"}, {"prompt_cache_options": {"mode": "implicit", "ttl": "30m"}}),
        ({"output": ["text"]}, {}),
        (
            {"output": ["text", "audio"]},
            {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
        ),
    ],
)
def test_a_parameter_is_encoded(params: dict[str, Any], wire: dict[str, Any]) -> None:
    assert encoded(**params) == {**encoded(), **wire}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"top_k": 4}, "top_k"),
        ({"prefill": "{"}, "cannot continue"),
        ({"reasoning": Reasoning(budget_tokens=1024)}, "budget"),
        ({"reasoning": Reasoning(visible=True)}, "no thoughts"),
        ({"cache": "1h"}, "30m"),
        ({"output": ["video"]}, "text image audio"),
        ({"tool_choice": t.WebSearch()}, "tools of your own"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_parameter_without_a_place_is_refused_with_advice(params: dict[str, Any], words: str) -> None:
    with pytest.raises(NoSpellingError, match=words):
        encoded(**params)


def test_what_the_caller_writes_in_openais_own_json_goes_out_as_it_is() -> None:
    detailed = {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "high"}}
    assert wires(user(["See:", p.Unknown("image_url", detailed)]))[0]["content"][1] == detailed


def test_hosts_that_take_more_than_openai_are_sent_more() -> None:
    model = info("openrouter", sampling={"top_k": "always"})
    assert encoded(model=model, top_k=4, provider="openrouter")["top_k"] == 4
    off = encoded(model=info("deepseek", reasoning={"off": "disabled"}), reasoning="off", provider="deepseek")
    assert off["thinking"] == {"type": "disabled"}
    assert wires(prefill="{", provider="mistral")[-1] == {"role": "assistant", "content": "{", "prefix": True}
    assert "reasoning_effort" not in encoded(model=info("groq"), reasoning=Reasoning(visible=True), provider="groq")


def test_a_format_is_a_strict_json_schema_or_an_instruction() -> None:
    wire = encoded(format=book())["response_format"]
    assert (wire["type"], wire["json_schema"]["name"], wire["json_schema"]["strict"]) == ("json_schema", "Book", True)
    told = encoded(format=book(), model=info(structured_output="json_object"), system="s")
    assert told["response_format"] == {"type": "json_object"}
    assert '"title"' in told["messages"][1]["content"]


@pytest.mark.parametrize(
    ("provider", "options"),
    [
        ("openai", {"include_usage": True, "include_obfuscation": False}),
        ("deepseek", {"include_usage": True}),
        ("mistral", None),
    ],
)
def test_a_stream_is_asked_for_its_usage(provider: str, options: Any) -> None:
    body = ask_for_stream(encoded(provider=provider), host(provider))
    assert (body["stream"], body.get("stream_options")) == (True, options)


def test_sound_is_streamed_in_the_only_format_that_can_be() -> None:
    assert ask_for_stream(encoded(output=["audio", "text"]), host("openai"))["audio"]["format"] == "pcm16"


# Decoding


def call(id: str = "c1", name: str = "weather", arguments: Any = '{"city":"Rome"}') -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def completion(finish: str | None = "stop", usage: Any = None, **message: Any) -> dict[str, Any]:
    whole = {"role": "assistant", "content": None, **message}
    choices = [{"index": 0, "finish_reason": finish, "message": whole}]
    return {"id": "cmpl_1", "object": "chat.completion", "model": "gpt-test-1", "choices": choices, "usage": usage}


def decoded(body: Any, **fields: Any) -> ResponseData:
    return decode_reply(msgspec.json.encode(body), request(**fields))


A, B = call("a"), call("b", "clock", "{}")
CALL_A, CALL_B = p.ToolCall("a", "weather", {"city": "Rome"}, '{"city":"Rome"}'), p.ToolCall("b", "clock", {}, "{}")


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
    (part,) = decoded(completion(content="Hello", annotations=[raw])).content
    assert part.citations == (p.Citation(url="u", title="t", cited_text="He", raw=raw),)
    (part,) = decoded({**completion(content="Hello"), "citations": ["u"]}).content
    assert part.citations == (p.Citation(url="u", raw={"url": "u"}),)


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
    assert [part.id for part in reply.content] == ["call_1", "call_2"]
    assert [wire["id"] for wire in reply.wire["tool_calls"]] == ["call_1", "call_2"]


def test_arguments_are_read_as_text_or_object() -> None:
    (part,) = decoded(completion(tool_calls=[call(arguments={"city": "Rome"})])).content
    assert (part.args, part.raw_args) == ({"city": "Rome"}, '{"city":"Rome"}')
    (part,) = decoded(completion(tool_calls=[call(arguments='{"city": "Ro')])).content
    assert (part.args, part.raw_args) == ({}, '{"city": "Ro')


def test_a_custom_tool_call_is_kept_as_it_is() -> None:
    custom = {"id": "c", "type": "custom", "custom": {"name": "grammar", "input": "4 + 4"}}
    assert decoded(completion(tool_calls=[custom])).content == (p.Unknown("custom", custom),)


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
        pytest.param(None, Usage(), id="none"),
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
            Usage(385, 5),
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


@pytest.mark.parametrize(
    "fields",
    [
        b'"images": [{}]',
        b'"images": [{"image_url": {"url": "data:image/png;base64,A"}}]',
        b'"audio": {"data": 1}',
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


# Streams


def delta(finish: str | None = None, usage: Any = None, **fields: Any) -> dict[str, Any]:
    choices = [{"index": 0, "delta": fields, "finish_reason": finish}]
    return {
        "id": "cmpl_1",
        "object": "chat.completion.chunk",
        "model": "gpt-test-1",
        "choices": choices,
        "usage": usage,
    }


def call_delta(
    index: int | None, arguments: str = "", id: str | None = None, name: str | None = None
) -> dict[str, Any]:
    function = {"arguments": arguments, **({"name": name} if name else {})}
    fields = {"function": function, **({"id": id, "type": "function"} if id is not None else {})}
    return delta(tool_calls=[fields if index is None else {"index": index, **fields}])


def run(*events: Any, **fields: Any) -> tuple[list[Chunk], ResponseData]:
    accumulator = ChatAccumulator(request(**fields))
    chunks = [chunk for event in events for chunk in accumulator.feed(event)]
    return chunks, accumulator.reply()


def check_chunks(chunks: list[Chunk], reply: ResponseData) -> None:
    """Chunks and reply tell the same story, under the same indices."""
    sums: dict[int, Any] = {}
    for chunk in chunks:
        kind, text, id, name, part = sums.get(chunk.index, (chunk.kind, "", None, None, None))
        assert part is None, "something follows on a whole part"
        assert kind == chunk.kind or (kind, chunk.kind) == ("tool_call", "part")
        sums[chunk.index] = (
            kind,
            text + chunk.delta,
            chunk.id if id is None else id,
            name or chunk.name,
            part or chunk.part,
        )
    for index, part in enumerate(reply.content):
        if isinstance(part, p.ToolCall):
            assert sums.pop(index) == ("tool_call", part.raw_args, part.id, part.name, part)
        elif isinstance(part, (p.Text, p.Thought)):
            kind = "text" if isinstance(part, p.Text) else "thought"
            assert sums.pop(index) == (kind, part.text, None, None, None)
        else:
            assert sums.pop(index) == ("part", "", None, None, part)
    assert not sums


STORY = [
    delta(role="assistant", content="", refusal=None),
    delta(reasoning_content="h"),
    delta(reasoning_content="m"),
    delta(content="Hel"),
    delta(content="lo"),
    call_delta(0, "", "a", "weather"),
    call_delta(0, '{"city":'),
    call_delta(1, "", "b", "clock"),
    call_delta(0, '"Rome"}'),
    call_delta(1, "{}"),
    delta("tool_calls"),
    {"id": "cmpl_1", "choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}},
]
WHOLE = completion(
    "tool_calls",
    {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    content="Hello",
    reasoning_content="hm",
    tool_calls=[A, B],
)


def test_a_stream_ends_in_the_reply_of_the_call() -> None:
    chunks, reply = run(*STORY)
    called = decoded(WHOLE)
    assert (reply.content, reply.wire, reply.usage) == (called.content, called.wire, called.usage)
    assert (reply.finish_reason, reply.id, reply.model) == (called.finish_reason, called.id, called.model)
    assert decode_reply(reply.body, request()).content == called.content
    check_chunks(chunks, reply)
    assert [(c.kind, c.index, c.delta) for c in chunks[:4]] == [
        ("thought", 0, "h"),
        ("thought", 0, "m"),
        ("text", 1, "Hel"),
        ("text", 1, "lo"),
    ]


def test_steps_are_given_out_as_they_come() -> None:
    accumulator = ChatAccumulator(request())
    assert [[(c.kind, c.index, c.delta) for c in accumulator.feed(event)] for event in STORY[4:8]] == [
        [("text", 0, "lo")],
        [("tool_call", 1, "")],
        [("tool_call", 1, '{"city":')],
        [("tool_call", 2, "")],
    ]


def _interleaved() -> list[list[dict[str, Any]]]:
    """The deltas of two calls in every order; those of one call stay in order."""
    first = [call_delta(0, "", "a", "weather"), call_delta(0, '{"city":'), call_delta(0, '"Rome"}')]
    second = [call_delta(1, "", "b", "clock"), call_delta(1, "{"), call_delta(1, "}")]
    orders: list[list[dict[str, Any]]] = []
    for places in itertools.combinations(range(6), 3):
        one, two = iter(first), iter(second)
        orders.append([next(one) if place in places else next(two) for place in range(6)])
    return orders


@pytest.mark.parametrize("events", _interleaved())
def test_no_order_of_deltas_mixes_up_two_calls(events: list[dict[str, Any]]) -> None:
    chunks, reply = run(*events, delta("tool_calls"))
    assert reply.content == (CALL_A, CALL_B)
    check_chunks(chunks, reply)


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(
            [call_delta(None, '{"city":"Rome"}', "a", "weather"), call_delta(None, "{}", "b", "clock")], id="no index"
        ),
        pytest.param(
            [
                call_delta(None, "", "a", "weather"),
                call_delta(None, '{"city":"Rome"}'),
                call_delta(None, "{}", "b", "clock"),
            ],
            id="no index, in pieces",
        ),
        pytest.param(
            [call_delta(0, '{"city":"Rome"}', "a", "weather"), call_delta(0, "{}", "b", "clock")], id="same index"
        ),
        pytest.param(
            [call_delta(1, '{"city":"Rome"}', "a", "weather"), call_delta(2, "{}", "b", "clock")], id="from one"
        ),
        pytest.param([delta(tool_calls=[{"index": 0, **A}, {"index": 1, **B}])], id="whole"),
        pytest.param(
            [
                call_delta(0, '{"city":', "a", "weather"),
                call_delta(0, '"Rome"}', "a", "weather"),
                call_delta(1, "{}", "b", "clock"),
            ],
            id="id and name repeated",
        ),
    ],
)
def test_calls_are_told_apart_however_a_host_numbers_them(events: list[dict[str, Any]]) -> None:
    chunks, reply = run(*events, delta("tool_calls"))
    assert reply.content == (CALL_A, CALL_B)
    check_chunks(chunks, reply)


def test_a_call_is_over_when_the_next_one_begins() -> None:
    accumulator = ChatAccumulator(request())
    for event in (call_delta(0, '{"city":', "a", "weather"), call_delta(0, '"Rome"}')):
        assert [chunk.kind for chunk in accumulator.feed(event)] != ["part"]
    closed, begun = accumulator.feed(call_delta(1, "", "b", "clock"))
    assert (closed.index, closed.part) == (0, p.ToolCall("a", "weather", {"city": "Rome"}, '{"city":"Rome"}'))
    assert (begun.index, begun.kind, begun.name) == (1, "tool_call", "clock")
    (last,) = accumulator.feed(delta("tool_calls"))
    assert (last.index, last.part) == (1, p.ToolCall("b", "clock", {}, ""))
    assert accumulator.reply().content == (closed.part, last.part)


def test_a_call_of_which_more_may_come_stays_open() -> None:
    accumulator = ChatAccumulator(request())
    for event in (call_delta(0, '{"city":', "a", "weather"), call_delta(1, "{}", "b", "clock")):
        assert all(chunk.part is None for chunk in accumulator.feed(event))
    assert [chunk.delta for chunk in accumulator.feed(call_delta(0, '"Rome"}'))] == ['"Rome"}']
    assert [chunk.part for chunk in accumulator.feed(delta("tool_calls"))] == list(accumulator.reply().content)


def test_a_call_is_read_without_waiting_for_the_rest_of_the_reply() -> None:
    def until_the_second() -> Iterator[Chunk]:
        accumulator = ChatAccumulator(request())
        for event in (call_delta(0, '{"city":"Rome"}', "a", "weather"), call_delta(1, "", "b", "clock")):
            yield from accumulator.feed(event)
        raise AssertionError("more was read than the first call")

    first = next(Splitter(None, until_the_second()).streams())
    assert first.collect() == p.ToolCall("a", "weather", {"city": "Rome"}, '{"city":"Rome"}')


def test_calls_without_ids_are_told_apart_by_their_names() -> None:
    events = [call_delta(None, '{"city":"Rome"}', "", "weather"), call_delta(None, "{}", "", "clock")]
    chunks, reply = run(*events, delta("stop"))
    assert [(part.id, part.name) for part in reply.content] == [("call_1", "weather"), ("call_2", "clock")]
    check_chunks(chunks, reply)


def test_words_after_a_tool_call_stay_where_they_were_given_out() -> None:
    chunks, reply = run(call_delta(0, "{}", "b", "clock"), delta(content="So."), delta("tool_calls"))
    assert reply.content == (CALL_B, p.Text("So."))
    check_chunks(chunks, reply)


def test_thoughts_after_words_stay_where_they_were_given_out() -> None:
    chunks, reply = run(delta(content="x"), delta(reasoning="hm"), delta("stop"))
    assert reply.content == (p.Text("x"), p.Thought("hm"))
    check_chunks(chunks, reply)


def test_thinking_in_content_lists_is_joined() -> None:
    def thinking(text: str) -> dict[str, Any]:
        return delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": text}]}])

    chunks, reply = run(thinking("h"), thinking("m"), delta(content="Hel"), delta(content="lo"), delta("stop"))
    assert reply.content == (p.Thought("hm"), p.Text("Hello"))
    assert reply.wire["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "Hello"},
    ]
    check_chunks(chunks, reply)


def test_reasoning_details_are_joined_to_what_must_be_replayed() -> None:
    def detail(**fields: Any) -> dict[str, Any]:
        return delta(reasoning_details=[{"type": "reasoning.text", "index": 0, **fields}])

    encrypted = {"type": "reasoning.encrypted", "index": 1, "data": "gAAA="}
    chunks, reply = run(
        detail(text="h"),
        detail(text="m"),
        detail(signature="sig="),
        delta(reasoning_details=[encrypted]),
        delta("stop"),
    )
    assert reply.wire["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "text": "hm", "signature": "sig="},
        encrypted,
    ]
    assert reply.content == (p.Thought("hm"),)
    check_chunks(chunks, reply)


def test_parts_that_come_whole_are_given_out_at_the_end() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}}
    chunks, reply = run(
        delta(content="x"), delta(images=[image]), delta(refusal="I "), delta(refusal="cannot."), delta("stop")
    )
    assert reply.content == (p.Text("x"), p.Image.from_bytes(b"png", media_type="image/png"), p.Refusal("I cannot."))
    check_chunks(chunks, reply)


def test_sound_is_put_together() -> None:
    events = [
        delta(audio={"id": "a", "transcript": "Hi "}),
        delta(audio={"data": "d2F2"}),
        delta(audio={"transcript": "you"}),
    ]
    chunks, reply = run(*events, delta("stop"), extra={"audio": {"format": "pcm16"}})
    assert reply.content == (p.Audio(data=b"wav", media_type="audio/pcm", transcript="Hi you"),)
    check_chunks(chunks, reply)


def test_the_legacy_function_call_is_streamed() -> None:
    events = [delta(function_call={"name": "clock", "arguments": "{"}), delta(function_call={"arguments": "}"})]
    chunks, reply = run(*events, delta("function_call"))
    assert reply.content == (p.ToolCall("", "clock", {}, "{}"),)
    check_chunks(chunks, reply)


def test_a_signature_beside_a_call_survives_the_stream() -> None:
    extra = {"google": {"thought_signature": "sig="}}
    _, reply = run(delta(tool_calls=[{**A, "extra_content": extra}]), delta("stop"))
    assert reply.wire["tool_calls"] == [{**A, "extra_content": extra}]


def test_a_host_that_forgets_the_finish_reason_ends_with_its_usage() -> None:
    chunks, reply = run(call_delta(0, "{}", "b", "clock"), STORY[-1])
    assert (reply.content, reply.finish_reason) == ((CALL_B,), "tool_use")
    check_chunks(chunks, reply)


@pytest.mark.parametrize("length", [0, 1, 5, 9])
def test_a_stream_that_was_cut_is_no_reply(length: int) -> None:
    with pytest.raises(e.ServerError, match="cut"):
        run(*STORY[:length])


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"error": {"message": "Oops", "code": 429}}, e.RateLimitError),
        ({"error": {"message": "Oops", "type": "server_error"}}, e.ServerError),
        ({"choices": [{"error": {"message": "Oops", "code": 503}, "finish_reason": "error"}]}, e.OverloadedError),
    ],
)
def test_a_failure_in_mid_stream_is_raised(event: Any, kind: type[e.ProviderError]) -> None:
    accumulator = ChatAccumulator(request())
    accumulator.feed(delta(content="Hel"))
    with pytest.raises(kind, match="Oops"):
        accumulator.feed(event)


@pytest.mark.parametrize("event", [1, {"choices": 1}, {"choices": [{"delta": 1}]}, delta(tool_calls=[1])])
def test_an_event_that_makes_no_sense_is_a_server_error(event: Any) -> None:
    with pytest.raises(e.ServerError):
        ChatAccumulator(request()).feed(event)


def test_a_whole_completion_in_place_of_a_stream_is_taken() -> None:
    chunks, reply = run(WHOLE)
    assert reply.content == decoded(WHOLE).content
    check_chunks(chunks, reply)
