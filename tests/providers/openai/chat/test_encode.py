"""What Chat Completions is sent."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from support.untyped import untyped
from support.vendors.chat import encoded, host, request, wires

from capably.providers.openai.chat.encode import ask_for_stream, encode_request, spellings_of
from capably.providers.openai.hosts import host_of
from capably.providers.spellings import NoSpellingError, feature_of
from capably.types import parts as p, tools as t
from capably.types.facts import ModelInfo
from capably.types.format import Format
from capably.types.messages import AssistantMessage, Source, UserMessage, system, user
from capably.types.reasoning import Reasoning

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


@pytest.mark.parametrize(
    "part",
    [
        p.Image.from_url("https://x.test/a.png"),
        p.Document.from_bytes(b"x", media_type="application/pdf"),
        p.Audio.from_bytes(b"x", media_type="audio/wav"),
    ],
)
def test_a_host_can_lack_any_kind_of_content(part: Any) -> None:
    deaf = host_of("deaf", {"lacks": [feature_of(part)]})
    asked = request(user([part]))
    assert untyped(encode_request(asked, host_of("deaf")))["messages"][0]["role"] == "user"
    with pytest.raises(NoSpellingError, match=feature_of(part)):
        encode_request(asked, deaf)
    assert spellings_of(deaf)[feature_of(part)].path == ""


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


@pytest.mark.parametrize("audio", ["audio_1", ["audio_1"], {}, {"id": None}])
def test_a_message_of_a_file_of_ones_own_is_replayed_whatever_its_sound_is(audio: Any) -> None:
    wire = {"role": "assistant", "content": "x", "audio": audio}
    turn = AssistantMessage([p.Text("x")], Source("openai", "chat_completions", "m", wire))
    assert encode_request(request(turn), host("openai"))["messages"] == [wire]


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
        (
            {"tool_choice": t.Tool(str, name="required", parameters=SCHEMA)},
            {"tool_choice": {"type": "function", "function": {"name": "required"}}},
        ),
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
    assert untyped(ask_for_stream(encoded(output=["audio", "text"]), host("openai")))["audio"]["format"] == "pcm16"


@pytest.mark.parametrize("extra", [{"audio": None}, {"audio": "wav"}, {"stream_options": 5}])
def test_a_stream_is_asked_for_with_what_the_caller_wrote_whatever_it_is(extra: Any) -> None:
    body = ask_for_stream(encode_request(request(extra=extra), host("openai")), host("openai"))
    assert {name: body[name] for name in extra} == extra
