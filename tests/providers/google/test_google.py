"""The Google adapter: what goes on the wire, what comes off it, and the real SDK client against a loopback."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from support.adapters import GoogleAdapter
from support.loopback import Canned, Loopback
from support.request_types import described

from capably.providers import Settings
from capably.providers.adapters import settings_of
from capably.providers.google import transport
from capably.providers.google.decode import FINISH, decode_reply
from capably.providers.google.encode import BUILTIN_TOOLS, encode_request
from capably.providers.google.errors import error_of, translate
from capably.providers.google.partial import steps_of
from capably.providers.google.schema import encode_schema
from capably.providers.google.stream import GoogleAccumulator
from capably.providers.spellings import NoSpellingError, feature_of, merge_extra
from capably.types import errors as e, parts as p, tools as t
from capably.types.facts import ModelInfo
from capably.types.format import Format
from capably.types.messages import AssistantMessage, Source, assistant, system, user
from capably.types.reasoning import Reasoning
from capably.types.request import CallParams, Request
from capably.types.response_data import ResponseData
from capably.types.usage import Usage

MODEL = "gemini-3.8-flash"
ROUTING = ("extra", "headers", "timeout", "max_retries", "endpoint")
PNG = b"\x89PNG"
SIGNATURE = "EtIBCs8B/+q7=="
COUNTS = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}


def weather(strict: bool | None = None) -> t.Tool[str]:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "default": 1}},
        "required": ["city"],
    }
    return t.Tool(lambda city: city, name="weather", description="Tells it.", parameters=schema, strict=strict)


def info(model: str = MODEL, api_version: str | None = None, **facts: Any) -> ModelInfo:
    profile: Any = {
        "structured_output": "json_schema",
        "reasoning": None,
        "endpoints": {"generate_content": {}},
        **facts,
    }
    entry: Any = {"name": None, "api_version": api_version}
    return ModelInfo(f"google/{model}", "google/test", profile, entry, 1)


def request(
    *messages: Any, model: str = MODEL, lead: str | None = None, of: ModelInfo | None = None, **params: Any
) -> Request:
    routing: dict[str, Any] = {"endpoint": "generate_content"}
    routing.update({name: params.pop(name) for name in ROUTING if name in params})
    return Request(
        info=of,
        model_id=model,
        messages=messages or [user("Hello")],
        system=lead,
        params=params,
        **routing,
    )


def body(*parts: Any, finish: str | None = "STOP", usage: Any = COUNTS, **candidate: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0, **candidate}
    if finish is not None:
        found["finishReason"] = finish
    return {"candidates": [found], "usageMetadata": usage, "modelVersion": MODEL, "responseId": "r-1"}


def decode(found: Any, **params: Any) -> ResponseData:
    return decode_reply(json.dumps(found).encode(), request(**params))


def encode(*messages: Any, undescribed: str = "", **params: Any) -> dict[str, Any]:
    return described("generate_content", encode_request(request(*messages, **params)), undescribed)


def parts_of(*messages: Any, **params: Any) -> Any:
    return [content["parts"] for content in encode(*messages, **params)["contents"]]


def config_of(**params: Any) -> Any:
    return encode(**params).get("generationConfig")


def said(reply: ResponseData, provider: str = "google", endpoint: str = "generate_content") -> AssistantMessage:
    return AssistantMessage(reply.content, Source(provider, endpoint, MODEL, reply.wire))


def accumulator(events: list[Any], **params: Any) -> tuple[list[Any], ResponseData]:
    folding = GoogleAccumulator(request(**params))
    chunks = [chunk for event in events for chunk in folding.feed(event)]
    return chunks, folding.reply()


def adapter(server: Loopback, **settings: Any) -> GoogleAdapter:
    fields: dict[str, Any] = {"api_key": "secret", "base_url": server.url, "max_retries": 0, **settings}
    return GoogleAdapter(Settings("google", **fields))


def run(coroutine: Any) -> Any:
    """Runs to the end, and clears away what google-genai leaves open for the loop that is over."""
    try:
        return asyncio.run(coroutine)
    finally:
        gc.collect()


@pytest.fixture(scope="module", autouse=True)
def _clear_away() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """Finalizers of google-genai's clients raise; they shall do so here, and not in the middle of something else."""
    yield
    gc.collect()


def sse(*events: Any) -> str:
    return "".join(f"data: {json.dumps(event)}\r\n\r\n" for event in events)


# Requests


def test_a_text_and_a_system_prompt_stand_where_google_expects_them() -> None:
    assert encode(lead="Be brief.") == {
        "contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
    }


@pytest.mark.parametrize(
    ("part", "wire"),
    [
        (p.Text("Hi"), {"text": "Hi"}),
        (
            p.Image.from_bytes(PNG, media_type="image/png"),
            {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}},
        ),
        (
            p.Image.from_url("https://a.b/c.png"),
            {"fileData": {"mimeType": "image/png", "fileUri": "https://a.b/c.png"}},
        ),
        (p.Video.from_url("https://youtu.be/x"), {"fileData": {"fileUri": "https://youtu.be/x"}}),
        (
            p.Document.from_bytes(b"plain", media_type="text/plain"),
            {"inlineData": {"mimeType": "text/plain", "data": base64.b64encode(b"plain").decode()}},
        ),
        (
            p.Audio.from_file_id("files/abc", media_type="audio/wav"),
            {
                "fileData": {
                    "mimeType": "audio/wav",
                    "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc",
                }
            },
        ),
        (p.Document.from_file_id("https://x/files/abc"), {"fileData": {"fileUri": "https://x/files/abc"}}),
        (
            p.Unknown("videoMetadata", {"text": "", "videoMetadata": {"fps": 2}}),
            {"text": "", "videoMetadata": {"fps": 2}},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_kind_of_user_part_has_its_wire_form(part: p.Part, wire: dict[str, Any]) -> None:
    assert parts_of(user([part])) == [[wire]]


@pytest.mark.parametrize(
    "part",
    [
        p.CachePoint("5m"),
        p.Thought("hm"),
        p.Citation(url="https://a.b"),
        p.Image(data=b"x"),
        p.Unknown("odd", "text"),
    ],
    ids=lambda part: type(part).__name__,
)
def test_parts_without_a_wire_form_are_refused_and_not_dropped(part: p.Part) -> None:
    with pytest.raises(NoSpellingError, match=feature_of(part)):
        encode(user([p.Text("a"), part]))


def test_a_system_message_in_mid_conversation_is_refused_and_not_dropped() -> None:
    with pytest.raises(NoSpellingError, match="at the start"):
        encode(user("a"), system("b"))


@pytest.mark.parametrize(
    ("params", "wire"),
    [
        ({"temperature": 0.0}, {"temperature": 0.0}),
        ({"top_p": 0.9, "top_k": 40}, {"topP": 0.9, "topK": 40}),
        ({"max_tokens": 9, "seed": 7}, {"maxOutputTokens": 9, "seed": 7}),
        ({"presence_penalty": 0.5, "frequency_penalty": -1}, {"presencePenalty": 0.5, "frequencyPenalty": -1}),
        ({"stop": "x"}, {"stopSequences": ["x"]}),
        ({"stop": ("x", "y")}, {"stopSequences": ["x", "y"]}),
        ({"logprobs": True}, {"responseLogprobs": True}),
        ({"logprobs": 3}, {"responseLogprobs": True, "logprobs": 3}),
        ({"logprobs": False}, None),
        ({"output": ("text", "image")}, {"responseModalities": ["TEXT", "IMAGE"]}),
        ({"parallel_tools": True}, None),
        ({"temperature": None}, None),
    ],
)
def test_parameters_have_googles_names(params: dict[str, Any], wire: Any) -> None:
    assert config_of(**params) == wire


def test_no_parameter_of_a_call_is_dropped_without_a_word() -> None:
    features = set(CallParams.__annotations__) - {
        "system",
        "extra",
        "on_unsupported",
        "timeout",
        "max_retries",
        "headers",
    }
    values: dict[str, Any] = {
        **dict.fromkeys(features, 1),
        "tools": [weather()],
        "tool_choice": "auto",
        "parallel_tools": False,
        "reasoning": "low",
        "stop": "x",
        "verbosity": "low",
        "prefill": "a",
        "cache": "5m",
        "output": ["text"],
        "format": Format(name="x", schema={"type": "object"}, load=lambda value: value, source=None),
    }
    for name in features:
        before = encode()
        params: dict[str, Any] = {name: values[name], **({"tools": [weather()]} if name == "tool_choice" else {})}
        try:
            after = encode(**params)
        except NoSpellingError:
            continue
        assert after != before, name


@pytest.mark.parametrize(
    "params", [{"verbosity": "low"}, {"parallel_tools": False}, {"cache": "5m"}, {"tool_choice": "nope"}, {"odd": 1}]
)
def test_parameters_that_google_lacks_are_refused_with_a_reason(params: dict[str, Any]) -> None:
    with pytest.raises(NoSpellingError, match=next(iter(params))):
        encode(**params)


def test_a_cache_made_beforehand_is_named() -> None:
    assert encode(cache="cachedContents/abc")["cachedContent"] == "cachedContents/abc"


def test_a_prefill_is_the_beginning_of_the_answer() -> None:
    assert encode(prefill="{")["contents"][-1] == {"role": "model", "parts": [{"text": "{"}]}


def test_extra_is_merged_in_last_and_deeply() -> None:
    extra = {"generationConfig": {"temperature": 2}, "labels": {"a": "b"}}
    sent = encode(temperature=1, max_tokens=5, extra=extra, undescribed="extra may hold anything")
    assert sent["generationConfig"] == {"temperature": 2, "maxOutputTokens": 5}
    assert sent["labels"] == {"a": "b"}


def test_merging_leaves_both_sides_as_they_were() -> None:
    base, extra = {"a": {"b": 1}}, {"a": {"c": 2}}
    assert merge_extra(base, extra) == {"a": {"b": 1, "c": 2}}
    assert (base, extra) == ({"a": {"b": 1}}, {"a": {"c": 2}})


# Tools and formats


def test_a_tool_is_declared_once_and_its_optional_arguments_stay_optional() -> None:
    tool = weather()
    declared = encode(tools=[tool])["tools"][0]["functionDeclarations"][0]
    assert declared["name"] == "weather"
    assert declared["parametersJsonSchema"]["required"] == ["city"]
    assert encode(tools=[tool])["tools"][0]["functionDeclarations"][0] is declared


def test_a_tool_without_parameters_is_declared_without_a_schema() -> None:
    empty = {"type": "object", "properties": {}}
    tool = t.Tool(lambda: 1, name="now", description=None, parameters=empty)
    assert encode(tools=[tool])["tools"] == [{"functionDeclarations": [{"name": "now"}]}]


@pytest.mark.parametrize(
    ("choice", "strict", "wire"),
    [
        (None, None, None),
        (None, True, {"mode": "VALIDATED"}),
        ("auto", None, {"mode": "AUTO"}),
        ("auto", True, {"mode": "VALIDATED"}),
        ("none", None, {"mode": "NONE"}),
        ("required", None, {"mode": "ANY"}),
        ("weather", None, {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
    ],
)
def test_tool_choice_is_a_mode(choice: str | None, strict: bool | None, wire: Any) -> None:
    params = {} if choice is None else {"tool_choice": choice}
    assert encode(tools=[weather(strict)], **params).get("toolConfig") == (wire and {"functionCallingConfig": wire})


def test_a_tool_object_can_be_chosen() -> None:
    tool = weather()
    config = encode(tools=[tool], tool_choice=tool)["toolConfig"]["functionCallingConfig"]
    assert config["allowedFunctionNames"] == ["weather"]


@pytest.mark.parametrize("kind", [tool for tool in t.BuiltinTool.__subclasses__() if tool.kind != "mcp"])
def test_a_built_in_tool_is_sent_under_googles_name_or_refused(kind: type[t.BuiltinTool]) -> None:
    if kind.kind not in BUILTIN_TOOLS:
        with pytest.raises(NoSpellingError, match=kind.kind):
            encode(tools=[kind()])
    else:
        assert encode(tools=[kind(limit=1)], undescribed="the option is made up")["tools"] == [
            {BUILTIN_TOOLS[kind.kind]: {"limit": 1}}
        ]


def test_mcp_servers_share_one_entry() -> None:
    assert encode(tools=[t.MCPServer(name="a"), t.MCPServer(name="b")])["tools"] == [
        {"mcpServers": [{"name": "a"}, {"name": "b"}]}
    ]


def test_functions_together_with_built_in_tools_ask_for_both() -> None:
    sent = encode(tools=[t.WebSearch(), weather()], tool_choice="auto")
    assert sent["toolConfig"] == {
        "includeServerSideToolInvocations": True,
        "functionCallingConfig": {"mode": "VALIDATED"},
    }


def test_a_format_is_sent_as_json_schema() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    format = Format(name="n", schema=schema, load=lambda value: value, source=int)
    assert config_of(format=format) == {"responseMimeType": "application/json", "responseJsonSchema": schema}
    assert "google" in format.wire
    assert config_of(format=format, of=info(structured_output="json_object")) == {
        "responseMimeType": "application/json"
    }


@pytest.mark.parametrize(
    ("schema", "wire"),
    [
        ({"type": "string", "pattern": "^a"}, {"type": "string", "description": 'pattern: "^a"'}),
        (
            {"type": "integer", "exclusiveMinimum": 0, "description": "Count"},
            {"type": "integer", "description": "Count; exclusiveMinimum: 0"},
        ),
        ({"const": "a"}, {"enum": ["a"]}),
        ({"const": True}, {"description": "const: true"}),
        ({"$schema": "x", "type": "object", "examples": [1]}, {"type": "object"}),
        ({"allOf": [{"$ref": "#/$defs/A"}], "description": "d"}, {"$ref": "#/$defs/A", "description": "d"}),
        ({"$ref": "#/$defs/A", "title": "T"}, {"$ref": "#/$defs/A", "description": 'title: "T"'}),
        (
            {"definitions": {"A": {"pattern": "x"}}, "items": {"$ref": "#/definitions/A"}},
            {"$defs": {"A": {"description": 'pattern: "x"'}}, "items": {"$ref": "#/$defs/A"}},
        ),
        (
            {"properties": {"pattern": {"type": "string"}}, "additionalProperties": False},
            {"properties": {"pattern": {"type": "string"}}, "additionalProperties": False},
        ),
        (
            {"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]},
            {"anyOf": [{"type": "string", "description": "minLength: 1"}, {"type": "null"}]},
        ),
    ],
)
def test_a_schema_is_told_in_googles_dialect(schema: dict[str, Any], wire: dict[str, Any]) -> None:
    assert encode_schema(schema) == wire


def test_a_schema_that_refers_to_itself_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    assert encode_schema({"$ref": "#/$defs/Node", "$defs": {"Node": node}})["$defs"]["Node"] == node


# Reasoning

LEVEL = {"style": "level", "off": "never", "budget": None}
BUDGET = {"style": "budget", "off": "budget_zero", "budget": {"min": 1, "max": 100}}
EITHER = {"style": "level", "off": "budget_zero", "budget": {"min": 1, "max": 65535}}


@pytest.mark.parametrize(
    ("reasoning", "facts", "wire"),
    [
        ("low", LEVEL, {"thinkingLevel": "LOW"}),
        ("xhigh", None, {"thinkingLevel": "XHIGH"}),
        ("off", BUDGET, {"thinkingBudget": 0}),
        ("off", None, {"thinkingBudget": 0}),
        (Reasoning(budget_tokens=64), BUDGET, {"thinkingBudget": 64}),
        (Reasoning(budget_tokens=64), "unverified", {"thinkingBudget": 64}),
        ("low", EITHER, {"thinkingLevel": "LOW"}),
        ("off", EITHER, {"thinkingBudget": 0}),
        (Reasoning(budget_tokens=65535, visible=True), EITHER, {"thinkingBudget": 65535, "includeThoughts": True}),
        (Reasoning(effort="high", visible=True), LEVEL, {"thinkingLevel": "HIGH", "includeThoughts": True}),
        (Reasoning(visible=False), BUDGET, {"includeThoughts": False}),
    ],
)
def test_reasoning_is_spelt_as_the_model_takes_it(reasoning: Any, facts: Any, wire: Any) -> None:
    of = None if facts is None else info(reasoning=facts)
    assert config_of(reasoning=reasoning, of=of) == {"thinkingConfig": wire}


@pytest.mark.parametrize(
    ("reasoning", "facts", "wire"),
    [
        ("off", LEVEL, {"thinkingBudget": 0}),
        ("low", BUDGET, {"thinkingLevel": "LOW"}),
        (Reasoning(budget_tokens=5), LEVEL, {"thinkingBudget": 5}),
        (Reasoning(effort="low", budget_tokens=5), EITHER, {"thinkingLevel": "LOW", "thinkingBudget": 5}),
    ],
)
def test_what_the_model_does_not_take_is_spelt_all_the_same(reasoning: Any, facts: Any, wire: Any) -> None:
    assert config_of(reasoning=reasoning, of=info(reasoning=facts)) == {"thinkingConfig": wire}


def test_a_level_that_gemini_has_no_word_for_is_refused() -> None:
    with pytest.raises(NoSpellingError, match=r"reasoning.effort"):
        encode(reasoning="max", of=info(reasoning=LEVEL))


def test_reasoning_without_wishes_sends_nothing() -> None:
    assert config_of(reasoning=Reasoning()) is None


# Round trips


def test_an_answer_goes_back_exactly_as_it_came() -> None:
    wire_parts = [
        {"text": "thinking", "thought": True},
        {
            "functionCall": {"name": "weather", "args": {"city": "Köln", "n": 1.0}, "id": "x1"},
            "thoughtSignature": SIGNATURE,
        },
        {"text": "", "thoughtSignature": SIGNATURE},
        {"newKind": {"a": [1, None]}},
    ]
    came = json.dumps(body(*wire_parts), ensure_ascii=False).encode()
    reply = decode_reply(came, request())
    content = encode(user("a"), said(reply), user("b"), undescribed="a part is of a new kind")["contents"][1]
    assert json.dumps(content) == json.dumps({"parts": wire_parts, "role": "model"})


@pytest.mark.parametrize("endpoint", ["generate_content", ""])
def test_calls_without_ids_get_ids_of_ours_that_are_not_sent_back(endpoint: str) -> None:
    call = {"functionCall": {"name": "weather", "args": {"city": "Köln"}}}
    reply = decode(body(call, call))
    ids = [part.id for part in reply.content if isinstance(part, p.ToolCall)]
    assert ids == ["call_1", "call_2"]
    outputs = [p.ToolOutput(id, "weather", "rain") for id in ids]
    sent = encode(user("a"), said(reply, endpoint=endpoint), user(outputs))["contents"]
    assert "id" not in json.dumps(sent)


def test_ids_of_ours_stay_distinct_in_the_whole_conversation() -> None:
    call = {"functionCall": {"name": "weather", "args": {}}}
    first = decode(body(call))
    second = decode_reply(json.dumps(body(call)).encode(), request(user("a"), said(first), user("b")))
    assert [part.id for part in (*first.content, *second.content) if isinstance(part, p.ToolCall)] == [
        "call_1",
        "call_2",
    ]


def test_ids_of_the_provider_are_sent_back() -> None:
    reply = decode(body({"functionCall": {"name": "weather", "args": {}, "id": "g7"}}))
    sent = encode(user("a"), said(reply), user([p.ToolOutput("g7", "weather", "rain")]))["contents"][-1]
    assert sent["parts"][0]["functionResponse"] == {"id": "g7", "name": "weather", "response": {"output": "rain"}}


@pytest.mark.parametrize(
    ("output", "response"),
    [
        (p.ToolOutput("", "f", "x"), {"output": "x"}),
        (p.ToolOutput("", "f", "x", is_error=True), {"error": "x"}),
        (p.ToolOutput("", "f", [p.Text("a"), "b"]), {"output": "ab"}),
        (p.ToolOutput("", "f", {"n": 1}), {"output": {"n": 1}}),
        (p.ToolOutput("", "f", [1, 2]), {"output": [1, 2]}),
    ],
)
def test_tool_outputs_say_whether_they_are_errors(output: p.ToolOutput, response: Any) -> None:
    assert parts_of(user([output])) == [[{"functionResponse": {"name": "f", "response": response}}]]


def test_a_tool_result_that_mixes_media_with_other_parts_is_refused() -> None:
    with pytest.raises(TypeError, match="ToolCall"):
        encode(
            user([p.ToolOutput("", "f", [p.Image.from_bytes(PNG, media_type="image/png"), p.ToolCall("", "g", {})])])
        )


def test_a_single_part_is_a_tool_result_too() -> None:
    assert parts_of(user([p.ToolOutput("", "f", p.Text("x"))]))[0][0]["functionResponse"]["response"] == {"output": "x"}


def test_media_of_a_tool_travel_inside_its_result_since_gemini_3_and_after_it_before() -> None:
    output = p.ToolOutput("", "f", ["seen", p.Image.from_bytes(PNG, media_type="image/png")])
    image = {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}
    response = {"name": "f", "response": {"output": "seen"}}
    assert parts_of(user([output])) == [[{"functionResponse": {**response, "parts": [image]}}]]
    before = parts_of(user([output]), model="gemini-2.5-flash")
    assert before == [[{"functionResponse": response}, {"text": "Returned by f:"}, image]]


def test_results_of_parallel_calls_share_one_content() -> None:
    contents = encode(*(user([p.ToolOutput(str(n), "f", "x")]) for n in range(3)), user("go on"))["contents"]
    assert [len(content["parts"]) for content in contents] == [3, 1]


def test_the_answer_of_another_provider_loses_its_thoughts_and_its_calls_need_no_signature() -> None:
    foreign = AssistantMessage(
        [p.Thought("hm"), p.Text("a"), p.Text(""), p.ToolCall("t1", "f", {}), p.ToolCall("t2", "f", {})],
        Source("anthropic", "messages", "m", {"content": []}),
    )
    first, second = {"id": "t1", "name": "f", "args": {}}, {"id": "t2", "name": "f", "args": {}}
    signed = {"functionCall": first, "thoughtSignature": "skip_thought_signature_validator"}
    assert parts_of(foreign) == [[{"text": "a"}, signed, {"functionCall": second}]]
    assert parts_of(foreign, model="gemini-2.5-pro") == [
        [{"text": "a"}, {"functionCall": first}, {"functionCall": second}]
    ]


def test_a_part_in_another_providers_json_is_refused() -> None:
    foreign = AssistantMessage([p.Unknown("server_tool_use", {})], Source("anthropic", "messages", "m", {}))
    with pytest.raises(NoSpellingError, match="anthropic"):
        encode(foreign)


def test_an_answer_of_the_callers_own_is_sent_as_the_models() -> None:
    assert encode(assistant("Yes."))["contents"] == [{"role": "model", "parts": [{"text": "Yes."}]}]


def test_an_empty_answer_is_not_sent_back() -> None:
    reply = decode({"promptFeedback": {"blockReason": "SAFETY"}})
    assert len(encode(user("a"), said(reply), user("b"))["contents"]) == 2


def test_an_answer_that_google_broke_off_goes_on_by_its_token() -> None:
    reply = decode(body({"text": "half"}, finish="CONTINUATION", continuationToken="tok"))
    assert (reply.finish_reason, reply.stop_detail, reply.wire["continuationToken"]) == ("continuation", "tok", "tok")
    later = decode(body({"text": "more"}, finish="CONTINUATION", continuationToken="tok2"))
    resumed = encode(user("a"), said(reply), said(later))
    assert (len(resumed["contents"]), resumed["continuationToken"]) == (1, "tok2")
    went_on = encode(user("a"), said(reply), user("b"))
    assert "continuationToken" not in json.dumps(went_on)
    assert went_on["contents"][1] == {"role": "model", "parts": [{"text": "half"}]}


# Replies


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
        (None, Usage()),
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


GROUNDED = {
    "groundingChunks": [{"web": {"uri": "https://a.b", "title": "A"}}, {"retrievedContext": {"title": "file"}}],
    "groundingSupports": [{"segment": {"text": "Rain.", "endIndex": 5}, "groundingChunkIndices": [0, 1, 9]}],
}


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
        b'{"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": "many"}}',
    ],
    ids=range(11),
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


# Streams

STREAM = [
    body({"text": "I ", "thought": True}, finish=None, usage={"promptTokenCount": 10}),
    body({"text": "think", "thought": True}, finish=None),
    body({"text": "Hel"}, finish=None, groundingMetadata={}),
    body({"text": "lo"}, {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": SIGNATURE}, finish=None),
    body({"text": "Rain."}, finish=None, usage={"trafficType": "ON_DEMAND"}),
    body({"text": "", "thoughtSignature": SIGNATURE}, groundingMetadata=GROUNDED, newField=1),
]
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
    assert len(reply.wire["parts"]) == 5, "Gemini wants its signatures back where they stood"


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
    assert reply.wire["parts"][0] == {"functionCall": {"name": "add", "args": args}, "thoughtSignature": SIGNATURE}
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


# Errors


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, e.BadRequestError),
        (401, e.AuthenticationError),
        (402, e.BadRequestError),
        (403, e.PermissionDeniedError),
        (404, e.NotFoundError),
        (408, e.TimedOutError),
        (413, e.BadRequestError),
        (429, e.RateLimitError),
        (500, e.ServerError),
        (503, e.OverloadedError),
        (504, e.TimedOutError),
        (529, e.OverloadedError),
    ],
)
def test_a_status_becomes_our_error(status: int, kind: type[e.ProviderError]) -> None:
    failure = {"error": {"code": status, "message": "Google's words", "status": "WORD"}}
    headers = {"retry-after": "7", "x-request-id": "req-1"}
    with Loopback([Canned(failure, status=status, headers=headers)]) as server:
        ours = adapter(server)
        for attempt in (
            lambda: ours.call(request()),
            lambda: run(ours.call_async(request())),
            lambda: ours.stream(request()),
            lambda: run(ours.stream_async(request())),
        ):
            with pytest.raises(e.ProviderError) as caught:
                attempt()
            error = caught.value
            assert type(error) is kind
            assert str(error).startswith("Google's words")
            assert (error.status_code, error.code, error.request_id, error.retry_after) == (
                status,
                "WORD",
                "req-1",
                7.0,
            )
            assert error.body == failure
            assert error.__cause__ is not None
        assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ({"error": {"code": 400, "message": "API key not valid. Please pass one."}}, e.AuthenticationError),
        ({"error": {"code": 400, "message": "?", "details": [{"reason": "API_KEY_INVALID"}]}}, e.AuthenticationError),
        ({"error": {"status": "RESOURCE_EXHAUSTED"}}, e.RateLimitError),
        ({"code": 404, "message": "m", "status": "NOT_FOUND"}, e.NotFoundError),
        ([{"error": {"code": 503}}], e.OverloadedError),
        ({"error": "text"}, e.ServerError),
        ("nonsense", e.ServerError),
    ],
)
def test_error_bodies_of_every_shape_are_read(found: Any, kind: type[e.ProviderError]) -> None:
    assert type(error_of(found)) is kind


@pytest.mark.parametrize(
    ("headers", "details", "seconds"),
    [
        ({"Retry-After": "2.5"}, [{"retryDelay": "9s"}], 2.5),
        ({}, [{"@type": "x"}, {"retryDelay": "17.25s"}], 17.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, [], 0.0),
        ({"retry-after": "soon"}, [], None),
        ({}, [{"retryDelay": "soon"}], None),
    ],
)
def test_the_time_to_wait_is_in_seconds(headers: dict[str, str], details: list[Any], seconds: float | None) -> None:
    assert error_of({"error": {"code": 429, "details": details}}, 429, headers).retry_after == seconds


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ConnectError("refused"), e.ConnectionFailedError),
        (httpx2.RemoteProtocolError("cut"), e.ConnectionFailedError),
        (httpx2.ReadTimeout("slow"), e.TimedOutError),
        (httpx2.ConnectTimeout(""), e.TimedOutError),
        (TimeoutError(), e.TimedOutError),
        (ConnectionResetError("gone"), e.ConnectionFailedError),
        (ValueError("Base URL must be set."), e.ConfigurationError),
        (e.ToolError("ours"), e.ToolError),
    ],
)
def test_exceptions_of_the_transport_become_our_errors(error: Exception, kind: type[e.CapablyError]) -> None:
    assert type(translate(error)) is kind


# The real client


def test_a_stream_outlives_the_adapter_that_opened_it() -> None:
    with Loopback([Canned([sse(event).encode() for event in STREAM])]) as server:
        events = iter(adapter(server).stream(request()))
        assert next(events) == STREAM[0]
        gc.collect()
        assert list(events) == STREAM[1:]


def test_a_call_goes_out_over_the_real_client_and_comes_back() -> None:
    with Loopback([Canned(body({"text": "Hi"}), headers={"x-request-id": "q"})]) as server:
        google = adapter(server)
        for reply in (google.call(request(temperature=1)), run(google.call_async(request(temperature=1)))):
            assert reply.content == (p.Text("Hi"),)
            assert reply.request_id == "q"
            assert json.loads(reply.body) == body({"text": "Hi"})
            assert reply.sent == server.requests[-1].body
    for received in server.requests:
        assert received.path == f"/v1/models/{MODEL}:generateContent"
        assert received.headers["x-goog-api-key"] == "secret"
        assert received.headers["content-type"] == "application/json"
        assert "google-genai-sdk" in received.headers["user-agent"]


@pytest.mark.parametrize(
    ("made", "path"),
    [
        (request(of=info(api_version="v1beta")), f"/v1beta/models/{MODEL}:generateContent"),
        (request(of=info()), f"/v1/models/{MODEL}:generateContent"),
        (request(model="google/gemini-x"), "/v1/models/gemini-x:generateContent"),
        (request(model="tunedModels/a"), "/v1/tunedModels/a:generateContent"),
    ],
)
def test_the_model_decides_on_the_path(made: Request, path: str) -> None:
    with Loopback([Canned(body({"text": "Hi"}))]) as server:
        adapter(server).call(made)
    assert server.requests[0].path == path


def test_a_model_id_cannot_break_out_of_the_path() -> None:
    with Loopback([Canned(b"")]) as server, pytest.raises(e.UnknownModelError):
        adapter(server).call(request(model="../x"))
    assert server.requests == []


async def _collect(google: GoogleAdapter, made: Request) -> tuple[list[Any], Any]:
    events = await google.stream_async(made)
    return [event async for event in events], events


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_stream_comes_through_the_real_client_in_any_chunking(size: int) -> None:
    raw = sse(*STREAM).encode()
    chunks = [raw[at : at + size] for at in range(0, len(raw), size)]
    with Loopback([Canned(chunks, headers={"x-request-id": "q"})]) as server:
        google = adapter(server)
        events = google.stream(request())
        assert list(events) == STREAM
        received, opened = run(_collect(google, request()))
        assert received == STREAM
        assert (events.request_id, opened.request_id) == ("q", "q")
        assert events.sent == opened.sent == server.requests[0].body
    assert server.requests[0].path == f"/v1/models/{MODEL}:streamGenerateContent?alt=sse"


def test_a_stream_that_breaks_raises_and_leaves_what_came() -> None:
    with Loopback([Canned([sse(STREAM[0]).encode()], cut=True)]) as server:
        google = adapter(server)
        events = iter(google.stream(request()))
        assert next(events) == STREAM[0]
        with pytest.raises(e.ConnectionFailedError):
            next(events)
        with pytest.raises(e.ConnectionFailedError):
            run(_collect(google, request()))


def test_a_stream_can_be_closed_early() -> None:
    with Loopback([Canned(sse(*STREAM))]) as server:
        google = adapter(server)
        events = google.stream(request())
        assert next(iter(events)) == STREAM[0]
        events.close()
        events.close()

        async def close() -> None:
            await (await google.stream_async(request())).close()

        run(close())


@pytest.mark.parametrize(
    "bare", ['{\n "error": {\n  "code": 503,\n  "message": "busy"\n }\n}', '[{"error":\r\n{"code": 503}}]']
)
def test_an_error_as_bare_json_in_a_stream_is_not_overlooked(bare: str) -> None:
    with Loopback([Canned([sse(STREAM[0]).encode(), bare.encode()])]) as server:
        google = adapter(server)
        for events in (list(google.stream(request())), run(_collect(google, request()))[0]):
            assert events[0] == STREAM[0]
            with pytest.raises(e.OverloadedError):
                GoogleAccumulator(request()).feed(events[1])


def test_an_event_that_is_no_json_is_a_server_error() -> None:
    with Loopback([Canned("data: {oops\n\n")]) as server, pytest.raises(e.ServerError):
        list(adapter(server).stream(request()))


def test_a_server_that_is_not_there_is_a_failed_connection() -> None:
    with Loopback([]) as server:
        google = adapter(server)
    for attempt in (lambda: google.call(request()), lambda: run(google.call_async(request()))):
        with pytest.raises(e.ConnectionFailedError):
            attempt()


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait a second and more; the wait is the SDK's and not what is tested."""

    async def sleep(_: float) -> None:
        return None

    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    monkeypatch.setattr("asyncio.sleep", sleep)


@pytest.mark.parametrize(
    ("settings", "fields", "attempts"),
    [
        ({"max_retries": None}, {}, 3),
        ({"max_retries": 1}, {}, 2),
        ({"max_retries": 1}, {"max_retries": 4}, 5),
        ({"max_retries": None}, {"max_retries": 0}, 1),
    ],
)
@pytest.mark.usefixtures("no_waiting")
def test_max_retries_n_means_n_plus_1_attempts(settings: Any, fields: Any, attempts: int) -> None:
    with Loopback([Canned({"error": {"code": 503}}, status=503)]) as server:
        google = adapter(server, **settings)
        for attempt in (
            lambda: google.call(request(**fields)),
            lambda: run(google.call_async(request(**fields))),
            lambda: google.stream(request(**fields)),
            lambda: run(google.stream_async(request(**fields))),
        ):
            before = len(server.requests)
            with pytest.raises(e.OverloadedError):
                attempt()
            assert len(server.requests) - before == attempts


@pytest.mark.usefixtures("no_waiting")
def test_a_second_attempt_may_succeed_and_a_wrong_request_gets_none() -> None:
    replies = [Canned({"error": {"code": 429}}, status=429), Canned(body({"text": "Hi"})), Canned({}, status=400)]
    with Loopback(replies) as server:
        google = adapter(server, max_retries=None)
        assert google.call(request()).content == (p.Text("Hi"),)
        with pytest.raises(e.BadRequestError):
            google.call(request())
    assert len(server.requests) == 3
    with Loopback(replies) as server:
        google = adapter(server, max_retries=None)
        assert run(google.call_async(request(max_retries=1))).content == (p.Text("Hi"),)
        with pytest.raises(e.BadRequestError):
            run(google.call_async(request()))
    assert len(server.requests) == 3


def test_waits_before_further_attempts_are_the_sdks(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    monkeypatch.setattr("asyncio.sleep", sleep)
    with Loopback([Canned({"error": {"code": 503}}, status=503)]) as server:
        google = adapter(server, max_retries=3)
        for attempt in (lambda: google.call(request()), lambda: run(google.call_async(request()))):
            with pytest.raises(e.OverloadedError):
                attempt()
    assert [int(seconds) for seconds in waited] == [1, 2, 4] * 2, "doubled, with up to a second more"


def test_a_callers_client_that_sends_in_its_own_way_is_let_do_so() -> None:
    from google import genai
    from google.genai._api_client import BaseApiClient, HttpResponse

    client = genai.Client(api_key="k")
    inner: Any = client._api_client

    class Recorded(BaseApiClient):
        def _request(self, http_request: Any, http_options: Any = None, stream: bool = False) -> Any:
            return HttpResponse({}, [json.dumps(body({"text": http_request.url.rpartition("/")[2]}))])

        async def _async_request(self, *given: Any, **named: Any) -> Any:
            return self._request(*given, **named)

    inner.__class__ = Recorded
    google = GoogleAdapter(Settings("google", client=client))
    for reply in (google.call(request()), run(google.call_async(request()))):
        assert reply.content == (p.Text(f"{MODEL}:generateContent"),)


@pytest.mark.parametrize(
    ("settings", "fields", "told"),
    [
        ({}, {}, "600"),
        ({"timeout": 30}, {}, "30"),
        ({"timeout": 30}, {"timeout": 44.2}, "45"),
        ({}, {"timeout": 2}, "10"),
    ],
)
def test_timeouts_are_seconds_and_google_is_told_no_less_than_it_takes(settings: Any, fields: Any, told: str) -> None:
    with Loopback([Canned(body({"text": "Hi"}))]) as server:
        adapter(server, **settings).call(request(**fields))
    assert server.requests[0].headers["x-server-timeout"] == told


def test_a_slow_answer_times_out() -> None:
    def hang(made: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout(f"after {made.extensions['timeout']['read']}", request=made)

    client = httpx2.Client(transport=httpx2.MockTransport(hang))
    google = GoogleAdapter(Settings("google", api_key="k", http_client=client, max_retries=0))
    with pytest.raises(e.TimedOutError, match=r"after 0\.5"):
        google.call(request(timeout=0.5))


def test_headers_of_a_request_are_sent_along_with_the_sdks() -> None:
    with Loopback([Canned(body({"text": "Hi"}))]) as server:
        adapter(server).call(request(headers={"X-Team": "a"}, timeout=3))
    headers = server.requests[0].headers
    assert (headers["x-team"], headers["x-goog-api-key"], headers["x-server-timeout"]) == ("a", "secret", "10")


def test_a_client_of_the_callers_is_used_as_it_is() -> None:
    from google import genai

    with Loopback([Canned(body({"text": "Hi"}))]) as server:
        options: Any = {"base_url": server.url, "api_version": "v9", "headers": {"x-mine": "1"}}
        client = genai.Client(api_key="theirs", http_options=options)
        google = GoogleAdapter(Settings("google", client=client, async_client=client.aio, timeout=20))
        google.call(request())
        run(google.call_async(request()))
    for received in server.requests:
        assert received.path.startswith("/v9/")
        assert (received.headers["x-goog-api-key"], received.headers["x-mine"]) == ("theirs", "1")
        assert received.headers["x-server-timeout"] == "20"


def test_at_google_cloud_the_model_stands_under_its_publisher() -> None:
    from google import genai

    with Loopback([Canned(body({"text": "Hi"}))]) as server:
        options: Any = {"base_url": server.url}
        client = genai.Client(vertexai=True, api_key="express", http_options=options)
        GoogleAdapter(Settings("google", client=client)).call(request(of=info(api_version="v1beta")))
    assert server.requests[0].path == f"/v1beta1/publishers/google/models/{MODEL}:generateContent"


def test_with_credentials_of_google_cloud_the_body_is_the_same() -> None:
    from google import genai
    from google.oauth2.credentials import Credentials

    def answer(made: httpx2.Request) -> httpx2.Response:
        assert made.headers["authorization"] == "Bearer token"
        assert json.loads(made.content) == encode()
        assert made.url.path == f"/v1beta1/projects/p/locations/l/publishers/google/models/{MODEL}:generateContent"
        return httpx2.Response(200, json=body({"text": "Hi"}))

    options: Any = {"httpx_client": httpx2.Client(transport=httpx2.MockTransport(answer))}
    credentials: Any = Credentials(token="token")  # pyright: ignore[reportUnknownVariableType]
    client = genai.Client(vertexai=True, project="p", location="l", credentials=credentials, http_options=options)
    assert GoogleAdapter(Settings("google", client=client)).call(request()).content == (p.Text("Hi"),)


def test_keys_come_from_the_settings_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    with Loopback([Canned(body({"text": "Hi"}))]) as server:
        missing = adapter(server, api_key=None, key_names=names)
        with pytest.raises(e.ConfigurationError, match=r'GEMINI_API_KEY or GOOGLE_API_KEY.*provider\("google"'):
            missing.call(request())
        monkeypatch.setenv("GOOGLE_API_KEY", "from-env")
        missing.call(request())
    assert server.requests[0].headers["x-goog-api-key"] == "from-env"


def test_of_two_keys_in_the_environment_the_one_counts_that_the_sdk_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    from google import genai

    names = settings_of("google").key_names
    for name in names:
        monkeypatch.setenv(name, f"value of {name}")
    with Loopback([Canned(body({"text": "Hi"}))]) as server:
        adapter(server, api_key=None, key_names=names).call(request())
    with Loopback([Canned(body({"text": "Hi"}))]) as same:
        client = genai.Client(http_options={"base_url": same.url})
        client.models.generate_content(model="gemini-3.5-flash", contents="Hi")
    assert server.requests[0].headers["x-goog-api-key"] == same.requests[0].headers["x-goog-api-key"]


def test_settings_that_the_sdk_refuses_are_a_configuration_error() -> None:
    with pytest.raises(e.ConfigurationError, match="could not set up"):
        GoogleAdapter(Settings("google", api_key="k", http_client=5)).call(request())


def test_a_missing_sdk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.genai", None)
    monkeypatch.delattr("google.genai")
    with pytest.raises(e.ConfigurationError, match=r"capably\[google\]"):
        GoogleAdapter(Settings("google", api_key="k"))


def test_importing_the_adapter_imports_no_sdk() -> None:
    code = (
        "import sys, capably.providers.google, capably.providers.google.encode, capably.providers.google.errors;"
        "assert not {'google.genai', 'pydantic', 'httpx2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


@pytest.mark.parametrize("name", transport.NEEDED)
def test_a_private_name_that_is_gone_is_named_with_the_version_of_the_sdk(name: str) -> None:
    class Api:
        pass

    class Client:
        _api_client = Api()

    for other in transport.NEEDED:
        if other != name:
            setattr(Client._api_client, other, None)
    with pytest.raises(
        e.ConfigurationError, match=rf"google-genai \d+\.\d+\.\d+ no longer has BaseApiClient\.{name}\b"
    ):
        transport.check_client(Client())


@pytest.mark.parametrize("name", ["HttpRequest.data", "HttpResponse.response_stream"])
def test_a_private_field_that_is_gone_is_named_too(name: str) -> None:
    class Made:
        data = b""

    class Api:
        vertexai, api_key = False, "k"

        def _build_request(self, *_: Any) -> Any:
            return object() if name == "HttpRequest.data" else Made()

        def _request(self, *_: Any, stream: bool) -> Any:
            return object()

        _async_request = _request_once = _async_request_once = _request

    class Client:
        _api_client = Api()

    with pytest.raises(e.ConfigurationError, match=f"no longer has {name}"):
        GoogleAdapter(Settings("google", client=Client())).call(request())


def test_responses_of_requests_and_aiohttp_are_read_by_their_own_names() -> None:
    class Requests:
        def iter_content(self, chunk_size: int | None) -> Iterator[bytes]:
            return iter([b"a"])

    class Content:
        async def iter_any(self) -> Any:
            yield b"b"

    class Aiohttp:
        content, closed = Content(), False

        def close(self) -> None:
            self.closed = True

    async def read(response: Aiohttp) -> list[bytes]:
        chunks = [chunk async for chunk in transport.bytes_of_async(response)]
        await transport.close_async(response)
        return chunks

    response = Aiohttp()
    assert list(transport.bytes_of(Requests())) == [b"a"]
    assert run(read(response)) == [b"b"]
    assert response.closed


def test_a_client_that_is_none_of_google_genais_is_refused() -> None:
    with pytest.raises(e.ConfigurationError, match="_api_client"):
        GoogleAdapter(Settings("google", client=object())).call(request())


def test_the_sdks_own_object_is_made_on_demand() -> None:
    found = GoogleAdapter(Settings("google")).to_sdk(json.dumps({**body({"text": "Hi"}), "brandNew": 1}).encode(), None)
    assert type(found).__module__ == "google.genai.types"
    assert (found.text, found.usage_metadata.total_token_count) == ("Hi", 15)


def test_the_sdks_own_object_is_built_where_enums_came_as_numbers() -> None:
    came = body({"text": "Hi"})
    came["candidates"][0] |= {"finishReason": 1, "safetyRatings": [{"category": 7, "probability": 1}], "index": 0}
    found = GoogleAdapter(Settings("google")).to_sdk(json.dumps(came).encode(), None)
    first = found.candidates[0]
    assert (first.finish_reason, first.safety_ratings[0].category, first.index) == ("1", "7", 0)
    assert found.text == "Hi"


def test_a_reply_that_the_sdk_cannot_read_is_said_so() -> None:
    came = body({"text": "Hi"})
    came["candidates"][0]["avgLogprobs"] = "none"
    with pytest.raises(e.CapablyError, match="google-genai cannot build its object") as raised:
        GoogleAdapter(Settings("google")).to_sdk(json.dumps(came).encode(), None)
    assert raised.value.__cause__ is not None
