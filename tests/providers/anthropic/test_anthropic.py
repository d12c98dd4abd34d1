"""The Anthropic adapter: what goes on the wire, what comes off it, and the real SDK client against a loopback."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, get_args, get_type_hints

import httpx2
import pytest
from support.adapters import AnthropicAdapter
from support.loopback import Canned, Loopback
from support.request_types import described

from capably.providers import Settings
from capably.providers.anthropic import API_VERSION
from capably.providers.anthropic.content import container_of
from capably.providers.anthropic.decode import decode_reply
from capably.providers.anthropic.encode import BUILTIN_TOOLS, DEFAULT_MAX_TOKENS, encode_request
from capably.providers.anthropic.errors import translate
from capably.providers.anthropic.schema import LooseSchemaError, adapt_schema
from capably.providers.anthropic.stream import MessageAccumulator
from capably.providers.spellings import NoSpellingError, feature_of
from capably.types import errors as e, parts as p, tools as t
from capably.types.facts import ModelInfo
from capably.types.format import Format
from capably.types.messages import AssistantMessage, Source, SystemMessage, assistant, system, user
from capably.types.reasoning import Reasoning
from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.usage import Usage

MODEL = "claude-test-1"
USAGE = {"input_tokens": 10, "output_tokens": 5}
WEATHER_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "default": 1, "minimum": 1}},
    "required": ["city"],
}


FOUND = {"type": "search_result", "source": "u", "title": "t", "content": [{"type": "text", "text": "Rain."}]}


def weather(**fields: Any) -> t.Tool[str]:
    return t.Tool(lambda city: city, name="weather", description="Tells it.", parameters=WEATHER_SCHEMA, **fields)


def info(*, output: int | None = None, **reasoning: Any) -> ModelInfo:
    entry: Any = {"limits": {"context": None, "input": None, "output": output, "cache_min": None}, "name": None}
    facts: Any = {"reasoning": {"style": "adaptive", "off": "disabled", **reasoning}, "endpoints": {"messages": {}}}
    return ModelInfo(f"anthropic/{MODEL}", "anthropic/test", facts, entry, 1)


def request(*messages: Any, model: ModelInfo | None = None, **fields: Any) -> Request:
    routing = {name: fields.pop(name) for name in ("extra", "headers", "timeout", "max_retries") if name in fields}
    lead = fields.pop("system", None)
    return Request(
        info=model,
        model_id=MODEL,
        endpoint="messages",
        messages=messages or (user("Hi"),),
        system=lead,
        params=fields,
        **routing,
    )


def encoded(*messages: Any, undescribed: str = "", **fields: Any) -> dict[str, Any]:
    return described("messages", encode_request(request(*messages, **fields)), undescribed)


def contents(*messages: Any, **fields: Any) -> list[Any]:
    return [message["content"] for message in encoded(*messages, **fields)["messages"]]


def message(*content: Any, **fields: Any) -> dict[str, Any]:
    whole = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-test-1-20260101",
        "content": list(content),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": USAGE,
    }
    return whole | fields


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def decoded(*content: Any, **fields: Any) -> ResponseData:
    return decode_reply(json.dumps(message(*content, **fields)).encode(), request())


def said(reply: ResponseData, model: str = MODEL, provider: str = "anthropic") -> AssistantMessage:
    return AssistantMessage(reply.content, Source(provider, "messages", model, reply.wire))


# Encoding ---------------------------------------------------------------------------------------------------------


def test_the_smallest_request_holds_model_messages_and_max_tokens() -> None:
    assert encoded() == {
        "model": MODEL,
        "max_tokens": DEFAULT_MAX_TOKENS,
        "messages": [{"role": "user", "content": [text("Hi")]}],
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, DEFAULT_MAX_TOKENS),
        ({"max_tokens": 7}, 7),
        ({"model": info(output=64_000)}, 64_000),
        ({"model": info()}, DEFAULT_MAX_TOKENS),
        ({"model": info(output=64_000), "max_tokens": 0}, 0),
        ({"reasoning": Reasoning(budget_tokens=20_000)}, DEFAULT_MAX_TOKENS + 20_000),
    ],
)
def test_max_tokens_is_always_sent(fields: dict[str, Any], expected: int) -> None:
    assert encoded(**fields)["max_tokens"] == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"system": "Be brief."}, {"system": "Be brief."}),
        ({"stop": "END"}, {"stop_sequences": ["END"]}),
        ({"stop": ["A", "B"]}, {"stop_sequences": ["A", "B"]}),
        ({"cache": "1h"}, {"cache_control": {"type": "ephemeral", "ttl": "1h"}}),
        ({"output": ["text"]}, {}),
        ({"tool_choice": "auto"}, {"tool_choice": {"type": "auto"}}),
        ({"tool_choice": "none"}, {"tool_choice": {"type": "none"}}),
        ({"tool_choice": "required"}, {"tool_choice": {"type": "any"}}),
        ({"tool_choice": "weather"}, {"tool_choice": {"type": "tool", "name": "weather"}}),
        ({"tool_choice": weather()}, {"tool_choice": {"type": "tool", "name": "weather"}}),
        ({"parallel_tools": False}, {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}),
        (
            {"tool_choice": "required", "parallel_tools": False},
            {"tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
        ),
        ({"tool_choice": "none", "parallel_tools": False}, {"tool_choice": {"type": "none"}}),
        ({"tools": []}, {}),
        ({"temperature": None}, {}),
    ],
)
def test_parameters_are_spelt_as_anthropic_does(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    plain = encoded()
    assert encoded(**fields) == plain | expected


@pytest.mark.parametrize(
    ("facts", "asked", "expected"),
    [
        (None, "high", {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}),
        (None, "off", {"thinking": {"type": "disabled"}}),
        ({"off": "between_tools"}, "off", {"thinking": {"type": "between_tools"}}),
        ({"off": "disabled"}, "off", {"thinking": {"type": "disabled"}}),
        ({"off": "unverified"}, "off", {"thinking": {"type": "disabled"}}),
        ({"style": "budget"}, "low", {"output_config": {"effort": "low"}}),
        ({}, Reasoning(), {"thinking": {"type": "adaptive"}}),
        ({}, Reasoning(visible=True), {"thinking": {"type": "adaptive", "display": "summarized"}}),
        ({}, Reasoning(visible=False), {"thinking": {"type": "adaptive", "display": "omitted"}}),
        (
            {"style": "budget"},
            Reasoning(budget_tokens=2048, visible=True),
            {"thinking": {"type": "enabled", "budget_tokens": 2048, "display": "summarized"}},
        ),
        (
            {"style": "budget"},
            Reasoning(effort="medium", budget_tokens=2048),
            {"thinking": {"type": "enabled", "budget_tokens": 2048}, "output_config": {"effort": "medium"}},
        ),
    ],
)
def test_reasoning_is_spelt_as_the_registry_says(facts: Any, asked: Any, expected: dict[str, Any]) -> None:
    model = None if facts is None else info(**facts)
    assert encoded(model=model, reasoning=asked, max_tokens=8192) == encoded(max_tokens=8192) | expected


def test_reasoning_facts_that_nobody_verified_mean_the_newest_spelling() -> None:
    entry: Any = {"limits": {"output": None}, "name": None}
    facts: Any = {"reasoning": "unverified"}
    unverified = ModelInfo("anthropic/x", "unverified", facts, entry, 1)
    assert encoded(model=unverified, reasoning="max")["thinking"] == {"type": "adaptive"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"seed": 1}, "seed"),
        ({"logprobs": 2}, "log probabilities"),
        ({"verbosity": "low"}, "verbosity"),
        ({"output": ["image"]}, "output.image"),
        ({"misspelt": 1}, "misspelt"),
        ({"tools": [t.GoogleMaps()]}, "google_maps"),
        ({"tool_choice": t.WebSearch()}, "tools of your own"),
    ],
)
def test_what_has_no_spelling_is_refused_with_a_reason(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(NoSpellingError, match=words):
        encoded(**fields)


def test_a_tool_is_sent_with_its_schema_as_it_is_and_encoded_once() -> None:
    tool = weather()
    first = encoded(tools=[tool])["tools"]
    assert first == [{"name": "weather", "description": "Tells it.", "input_schema": WEATHER_SCHEMA}]
    assert encoded(tools=[tool])["tools"][0] is first[0]


def test_a_strict_tool_keeps_its_optional_arguments_optional() -> None:
    (tool,) = encoded(tools=[weather(strict=True)])["tools"]
    assert tool["strict"] is True
    assert tool["input_schema"]["required"] == ["city"]
    assert tool["input_schema"]["additionalProperties"] is False
    assert tool["input_schema"]["properties"]["days"] == {
        "type": "integer",
        "description": "{default: 1, minimum: 1}",
    }


def test_a_format_is_sent_as_a_json_schema_beside_the_effort() -> None:
    shape = Format(name="City", schema=WEATHER_SCHEMA, load=dict, source=dict)
    config = encoded(format=shape, reasoning="low")["output_config"]
    assert config["effort"] == "low"
    assert config["format"]["type"] == "json_schema"
    assert config["format"]["schema"]["additionalProperties"] is False
    assert encoded(format=shape)["output_config"]["format"] is config["format"]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "format": "uuid"}, {"type": "string", "format": "uuid"}),
        ({"type": "string", "format": "color"}, {"type": "string", "description": '{format: "color"}'}),
        (
            {"type": "string", "description": "A name.", "pattern": "^a"},
            {"type": "string", "description": 'A name.\n\n{pattern: "^a"}'},
        ),
        (
            {"type": "array", "items": {"type": "integer"}, "minItems": 1},
            {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        ),
        (
            {"type": "array", "items": {"type": "integer"}, "minItems": 3},
            {"type": "array", "items": {"type": "integer"}, "description": "{minItems: 3}"},
        ),
        (
            {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/A"}], "discriminator": {"propertyName": "kind"}},
            {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/A"}]},
        ),
        ({"type": "string", "enum": ["a", "b"]}, {"enum": ["a", "b"]}),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
            {
                "type": "array",
                "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
                "description": '{prefixItems: [{"type":"integer"},{"type":"string"}]}',
            },
        ),
        (
            {"type": "array", "prefixItems": [{"enum": [1]}, {"enum": [1]}]},
            {
                "type": "array",
                "items": {"enum": [1]},
                "description": '{prefixItems: [{"enum":[1]},{"enum":[1]}]}',
            },
        ),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"$ref": "#/$defs/A", "description": "dropped"}, {"$ref": "#/$defs/A"}),
        (
            {"type": "object", "$defs": {"A": {"type": "object", "properties": {}}}},
            {
                "type": "object",
                "properties": {},
                "additionalProperties": False,
                "$defs": {"A": {"type": "object", "properties": {}, "additionalProperties": False}},
            },
        ),
    ],
)
def test_schemas_are_put_into_anthropics_dialect(schema: Any, expected: Any) -> None:
    before = json.dumps(schema)
    assert adapt_schema(schema) == expected
    assert json.dumps(schema) == before


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "additionalProperties": True},
        {"type": "object", "properties": {"a": True}},
        {"type": "object", "properties": {"a": {"description": "Anything."}}},
    ],
)
def test_schemas_that_would_be_narrowed_without_a_word_are_refused(schema: Any) -> None:
    with pytest.raises(LooseSchemaError):
        adapt_schema(schema)


def test_every_builtin_tool_type_is_one_that_the_installed_sdk_knows() -> None:
    from anthropic.types.tool_union_param import ToolUnionParam

    known = " ".join(str(get_type_hints(tool)["type"]) for tool in get_args(ToolUnionParam))
    for kind, wire in BUILTIN_TOOLS.items():
        assert f"'{wire['type']}'" in known, kind


def test_builtin_tools_take_options_and_mcp_servers_have_two_places() -> None:
    search = t.WebSearch(max_uses=2)
    server = t.MCPServer(name="wiki", url="https://mcp.test", authorization_token="x", default_config={"enabled": True})
    body = encoded(tools=[search, server])
    assert body["tools"] == [
        {"type": "web_search_20260318", "name": "web_search", "max_uses": 2},
        {"type": "mcp_toolset", "mcp_server_name": "wiki", "default_config": {"enabled": True}},
    ]
    assert body["mcp_servers"] == [
        {"type": "url", "name": "wiki", "url": "https://mcp.test", "authorization_token": "x"},
    ]


def test_extra_is_merged_in_last_and_into_inner_objects() -> None:
    extra = {"output_config": {"task_budget": 5}, "max_tokens": 3, "metadata": {"user_id": "u"}}
    body = encoded(reasoning="low", extra=extra, undescribed="extra may hold anything")
    assert body["output_config"] == {"effort": "low", "task_budget": 5}
    assert (body["max_tokens"], body["metadata"]) == (3, {"user_id": "u"})
    assert extra["output_config"] == {"task_budget": 5}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (p.Text("a"), text("a")),
        (
            p.Image.from_bytes(b"\x01", media_type="image/png"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AQ=="}},
        ),
        (
            p.Image.from_url("https://x.test/a.png"),
            {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}},
        ),
        (p.Image.from_file_id("file_1"), {"type": "image", "source": {"type": "file", "file_id": "file_1"}}),
        (
            p.Document.from_bytes(b"%PDF", media_type="application/pdf", name="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
                "title": "a.pdf",
            },
        ),
        (
            p.Document.from_bytes("é".encode(), media_type="text/markdown"),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "é"}},
        ),
        (
            p.Document.from_url("https://x.test/a.pdf"),
            {"type": "document", "source": {"type": "url", "url": "https://x.test/a.pdf"}},
        ),
        (p.Document.from_file_id("file_2"), {"type": "document", "source": {"type": "file", "file_id": "file_2"}}),
        (
            p.ToolOutput("toolu_1", "weather", "warm"),
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "warm"},
        ),
        (
            p.ToolOutput("toolu_1", "weather", "no such city", is_error=True),
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "no such city", "is_error": True},
        ),
        (
            p.ToolOutput("toolu_1", "weather", ["see", "  ", p.Image.from_file_id("f")]),
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "content": [text("see"), {"type": "image", "source": {"type": "file", "file_id": "f"}}],
            },
        ),
        (
            p.ToolOutput("toolu_1", "weather", {"degrees": 20}),
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": '{"degrees":20}'},
        ),
        (p.Unknown("search_result", FOUND), FOUND),
    ],
)
def test_user_parts_are_encoded(part: p.Part, expected: dict[str, Any]) -> None:
    assert contents(user([part])) == [[expected]]


@pytest.mark.parametrize(
    ("sender", "part"),
    [
        (user, p.Audio.from_bytes(b"1", media_type="audio/wav")),
        (user, p.Video.from_url("https://x.test/a.mp4")),
        (user, p.Thought("hm")),
        (user, p.ToolCall("1", "weather", {})),
        (user, p.Image.from_bytes(b"1", media_type="image/heic")),
        (user, p.Document.from_bytes(b"1", media_type="application/zip")),
        (user, p.Document.from_bytes(b"\xff", media_type="text/plain")),
        (user, p.Document.from_url("https://x.test/a.txt")),
        (user, p.Unknown("x", "no block")),
        (user, p.CachePoint()),
        (assistant, p.Image.from_file_id("f")),
        (assistant, p.ToolOutput("1", "weather", "x")),
    ],
)
def test_parts_without_a_place_are_refused(sender: Any, part: p.Part) -> None:
    with pytest.raises(NoSpellingError, match=feature_of(part)):
        encoded(sender([part]))


def test_tool_results_lead_their_turn() -> None:
    (blocks,) = contents(user(["so?", p.ToolOutput("1", "a", "x"), p.ToolOutput("2", "a", "y")]))
    assert [block["type"] for block in blocks] == ["tool_result", "tool_result", "text"]
    assert [block.get("tool_use_id") for block in blocks] == ["1", "2", None]


def test_system_messages_keep_their_place_in_the_conversation() -> None:
    body = encoded(user("Hi"), SystemMessage("Now in French."), system="Be brief.")
    assert body["system"] == "Be brief."
    assert body["messages"][1] == {"role": "system", "content": [text("Now in French.")]}
    assert system("x") == SystemMessage("x")


def test_prefill_is_a_trailing_assistant_message() -> None:
    assert encoded(prefill="{")["messages"][-1] == {"role": "assistant", "content": [text("{")]}


FIVE = {"type": "ephemeral", "ttl": "5m"}


def test_a_cache_point_marks_the_block_before_it() -> None:
    (blocks,) = contents(user(["long", p.CachePoint("1h"), "short"]))
    assert blocks == [text("long") | {"cache_control": {"type": "ephemeral", "ttl": "1h"}}, text("short")]


def test_a_leading_cache_point_marks_what_stands_before_its_message() -> None:
    point = user([p.CachePoint("5m"), "x"])
    assert encoded(point, system="S")["system"] == [text("S") | {"cache_control": FIVE}]
    unsaid = user([p.CachePoint(), "x"])
    assert encoded(unsaid, system="S")["system"] == [text("S") | {"cache_control": {"type": "ephemeral"}}]
    tool = weather()
    assert encoded(point, tools=[tool])["tools"][0]["cache_control"] == FIVE
    assert "cache_control" not in tool.wire["anthropic"]
    reply = decoded(text("a"), {"type": "thinking", "thinking": "", "signature": "s"})
    _, replayed, _ = contents(user("Hi"), said(reply), point)
    assert replayed[0]["cache_control"] == FIVE
    assert "cache_control" not in reply.wire["content"][0]


# Round trips ------------------------------------------------------------------------------------------------------

THINKING = {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"}
REDACTED = {"type": "redacted_thinking", "data": "b3BhcXVl"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Ulm"}, "caller": {"type": "direct"}}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}}


def test_a_reply_is_replayed_exactly_as_it_came() -> None:
    reply = decoded(THINKING, REDACTED, SEARCH, text("So"), CALL, stop_reason="tool_use")
    _, replayed, _ = contents(user("Hi"), said(reply), user([p.ToolOutput("toolu_1", "weather", "warm")]))
    assert json.dumps(replayed) == json.dumps([THINKING, REDACTED, SEARCH, text("So"), CALL])


def test_thinking_is_left_out_for_another_model() -> None:
    asked = request()
    asked.model_id = "claude-other"
    reply = decode_reply(json.dumps(message(THINKING, REDACTED, SEARCH, text("So"))).encode(), asked)
    _, replayed = contents(user("Hi"), said(reply, model="claude-other"))
    assert replayed == [SEARCH, text("So")]


def test_an_alias_that_is_asked_again_gets_its_thinking_back() -> None:
    reply = decoded(THINKING, text("So"))
    assert reply.model != MODEL
    for by_core in (reply.model, MODEL):
        for endpoint in ("messages", ""):
            source = Source("anthropic", endpoint, str(by_core), reply.wire)
            _, replayed = contents(user("Hi"), AssistantMessage(reply.content, source))
            assert replayed == [THINKING, text("So")]


def test_a_reply_without_content_is_not_replayed() -> None:
    refusal = decoded(stop_reason="refusal")
    assert len(encoded(user("Hi"), said(refusal), user("Why?"))["messages"]) == 2


def test_words_of_another_provider_are_encoded_anew_without_thoughts() -> None:
    foreign = AssistantMessage(
        [p.Thought("hm"), p.Text(""), p.Text("So"), p.ToolCall("call_1", "weather", {"city": "Ulm"})],
        Source("openai", "responses", "gpt-x", []),
    )
    _, blocks = contents(user("Hi"), foreign)
    assert blocks == [text("So"), {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Ulm"}}]


def test_unknown_parts_of_another_provider_are_refused() -> None:
    foreign = AssistantMessage(
        [p.Unknown("web_search_call", {"type": "x"})], Source("openai", "responses", "gpt-x", [])
    )
    with pytest.raises(NoSpellingError, match="another provider"):
        encoded(user("Hi"), foreign)


def test_results_of_a_toolset_name_their_toolset() -> None:
    click = {"type": "tool_use", "id": "toolu_9", "name": "left_click", "input": {}, "toolset_name": "computer"}
    messages = (user("Hi"), said(decoded(click)), user([p.ToolOutput("toolu_9", "left_click", "ok")]))
    assert contents(*messages)[-1][0]["toolset_name"] == "computer"


def test_the_sandbox_is_carried_on_until_it_expires() -> None:
    alive = {"id": "container_1", "expires_at": "2999-01-01T00:00:00.5Z"}
    messages = (user("Hi"), said(decoded(text("a"), container=alive)), user("Go on"))
    assert encoded(*messages, tools=[t.CodeExecution()])["container"] == "container_1"
    assert "container" not in encoded(*messages)
    dead = {"id": "container_1", "expires_at": "2020-01-01T00:00:00Z"}
    assert container_of(request(user("Hi"), said(decoded(container=dead))), provider="anthropic") is None
    forever = request(user("Hi"), said(decoded(container={"id": "container_2"})))
    assert container_of(forever, provider="anthropic") == "container_2"
    assert container_of(request(), provider="anthropic") is None


# Decoding ---------------------------------------------------------------------------------------------------------


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
                    {"type": "compaction", "input_tokens": 5000, "output_tokens": 125},
                    {"type": "message", "input_tokens": 220, "output_tokens": 8},
                ],
            },
            Usage(5220, 133),
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
        json.dumps(message(usage=None)).encode(),
        json.dumps(message(usage={"input_tokens": "many"})).encode(),
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


# Streams ----------------------------------------------------------------------------------------------------------


def accumulator(*events: Any) -> tuple[MessageAccumulator, list[Any]]:
    folding = MessageAccumulator(request())
    return folding, [chunk for event in events for chunk in folding.feed(event)]


def start(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def opening(**fields: Any) -> dict[str, Any]:
    usage = {"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 3}
    return {"type": "message_start", "message": message(stop_reason=None, usage=usage, **fields)}


def closing(reason: str = "end_turn", output: int = 5, **fields: Any) -> list[dict[str, Any]]:
    final = {"input_tokens": None, "output_tokens": output}
    change = {"stop_reason": reason, "stop_sequence": None, **fields}
    return [{"type": "message_delta", "delta": change, "usage": final}, {"type": "message_stop"}]


CITATION = {"type": "web_search_result_location", "url": "https://x.test", "title": "X", "cited_text": "c"}
STREAMED = [
    opening(),
    {"type": "ping"},
    start(0, type="thinking", thinking="", signature=""),
    delta(0, "thinking_delta", thinking="Let me "),
    delta(0, "thinking_delta", thinking="see."),
    delta(0, "signature_delta", signature="c2ln"),
    stop(0),
    start(1, **REDACTED),
    stop(1),
    start(2, type="text", text="", citations=[]),
    delta(2, "text_delta", text="So "),
    delta(2, "citations_delta", citation=CITATION),
    delta(2, "text_delta", text="it is"),
    stop(2),
    {"type": "invented_event", "x": 1},
    start(3, type="server_tool_use", id="srvtoolu_1", name="web_search", input={}),
    start(4, type="tool_use", id="toolu_1", name="weather", input={}, caller={"type": "direct"}),
    start(5, type="tool_use", id="toolu_2", name="weather", input={}),
    delta(4, "input_json_delta", partial_json=""),
    delta(5, "input_json_delta", partial_json='{"city": '),
    delta(4, "input_json_delta", partial_json='{"city": "Ulm"}'),
    delta(3, "input_json_delta", partial_json='{"query": "q"}'),
    delta(5, "input_json_delta", partial_json='"Bonn"}'),
    stop(5),
    stop(4),
    stop(3),
    start(6, type="tool_use", id="toolu_3", name="now", input={}),
    stop(6),
    start(7, type="compaction", content=None),
    delta(7, "compaction_delta", content="summary", encrypted_content="e"),
    stop(7),
    *closing("tool_use"),
]
WHOLE = message(
    THINKING,
    REDACTED,
    {"type": "text", "text": "So it is", "citations": [CITATION]},
    SEARCH,
    CALL,
    {"type": "tool_use", "id": "toolu_2", "name": "weather", "input": {"city": "Bonn"}},
    {"type": "tool_use", "id": "toolu_3", "name": "now", "input": {}},
    {"type": "compaction", "content": "summary", "encrypted_content": "e"},
    stop_reason="tool_use",
    usage={"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 3},
)


def same(a: ResponseData, b: ResponseData) -> bool:
    fields = ("content", "finish_reason", "stop_detail", "usage", "wire", "id", "model")
    return [getattr(a, name) for name in fields] == [getattr(b, name) for name in fields]


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
    ["text", None, delta(9, "text_delta", text="a"), {"type": "content_block_start"}, delta(0, "text_delta"), stop(4)],
)
def test_events_that_make_no_sense_raise_server_error(event: Any) -> None:
    with pytest.raises(e.ServerError, match="makes no sense") as raised:
        accumulator(opening(), start(0, type="text", text=""), event)
    assert raised.value.body == event


def test_an_error_without_a_type_is_an_error() -> None:
    with pytest.raises(e.ServerError, match="Broken"):
        accumulator({"error": {"message": "Broken"}})


# The real SDK client ----------------------------------------------------------------------------------------------

OK = Canned(message(text("Hello")), headers={"request-id": "req_7"})


def sse(*events: Any) -> list[bytes]:
    whole = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()
    return [whole[at : at + 50] for at in range(0, len(whole), 50)]


NOWHERE = "http://127.0.0.1:9"
_built: list[AnthropicAdapter] = []


@pytest.fixture(autouse=True)
def _clients_are_closed() -> Iterator[None]:
    yield
    while _built:
        client = _built.pop()._client
        if client is not None:
            client.close()


def adapter(server: Loopback | None = None, **fields: Any) -> AnthropicAdapter:
    fields = {"api_key": "test-key", "max_retries": 0, "key_names": ("ANTHROPIC_API_KEY",), **fields}
    _built.append(AnthropicAdapter(Settings("anthropic", base_url=server.url if server else NOWHERE, **fields)))
    return _built[-1]


def run(one: AnthropicAdapter, work: Callable[[], Awaitable[Any]]) -> Any:
    """`work` in a loop of its own, which closes the client that was built in it."""

    async def whole() -> Any:
        try:
            return await work()
        finally:
            await one._async_client().close()

    return asyncio.run(whole())


def called(one: AnthropicAdapter, what: Request, way: str) -> ResponseData:
    """One call, one of four ways, to the whole reply."""
    folding = one.accumulator(what)

    async def streamed() -> ResponseData:
        async for event in await one.stream_async(what):
            folding.feed(event)
        return folding.reply()

    if way == "call":
        return one.call(what)
    if way == "call_async":
        return run(one, lambda: one.call_async(what))
    if way == "stream_async":
        return run(one, streamed)
    for event in one.stream(what):
        folding.feed(event)
    return folding.reply()


WAYS = ("call", "call_async", "stream", "stream_async")


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_calling_sends_and_reads_the_same(way: str) -> None:
    streams = way.startswith("stream")
    canned = Canned(sse(*STREAMED)) if streams else Canned(WHOLE, headers={"request-id": "req_7"})
    with Loopback([canned]) as server:
        reply = called(adapter(server), request(max_tokens=9, headers={"X-Mine": "1"}), way)
    assert same(reply, decode_reply(json.dumps(WHOLE).encode(), request()))
    (received,) = server.requests
    assert received.path == "/v1/messages"
    assert received.json() == encoded(max_tokens=9) | ({"stream": True} if streams else {})
    assert received.headers["anthropic-version"] == API_VERSION == "2026-10-21"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["authorization"] == "Bearer test-key"
    assert received.headers["x-mine"] == "1"
    assert "anthropic-beta" not in received.headers
    if not streams:
        assert (reply.request_id, reply.sent) == ("req_7", received.body)


def test_betas_of_ours_and_the_callers_are_joined_and_the_callers_version_wins() -> None:
    mine = {"Anthropic-Beta": "mine-1, mcp-client-2026-09-15", "Anthropic-Version": "2023-06-01"}
    with Loopback([OK]) as server:
        one = adapter(server)
        one.call(request(tools=[t.MCPServer(name="a", url="https://x.test")]))
        one.call(request(tools=[t.MCPServer(name="a", url="https://x.test")], headers=mine))
    first, second = server.requests
    assert first.headers["anthropic-beta"] == "mcp-client-2026-09-15"
    assert second.headers["anthropic-beta"] == "mcp-client-2026-09-15,mine-1"
    assert second.headers["anthropic-version"] == "2023-06-01"


STATUSES = [
    (400, "invalid_request_error", e.BadRequestError),
    (401, "authentication_error", e.AuthenticationError),
    (402, "billing_error", e.BadRequestError),
    (403, "permission_error", e.PermissionDeniedError),
    (404, "not_found_error", e.NotFoundError),
    (408, "timeout_error", e.TimedOutError),
    (413, "request_too_large", e.BadRequestError),
    (418, "teapot_error", e.BadRequestError),
    (429, "rate_limit_error", e.RateLimitError),
    (500, "api_error", e.ServerError),
    (503, "overloaded_error", e.OverloadedError),
    (504, "timeout_error", e.TimedOutError),
    (529, "overloaded_error", e.OverloadedError),
]


@pytest.mark.parametrize("way", WAYS)
def test_every_status_becomes_one_error_of_ours(way: str) -> None:
    replies = [
        Canned(
            {"type": "error", "error": {"type": kind, "message": "The provider's words."}},
            status=status,
            headers={"request-id": "req_9", "retry-after": "7"},
        )
        for status, kind, _ in STATUSES
    ]
    with Loopback(replies) as server:
        one = adapter(server)
        for status, kind, ours in STATUSES:
            with pytest.raises(e.ProviderError, match=r"^The provider's words\. ") as raised:
                called(one, request(), way)
            error = raised.value
            assert type(error) is ours
            assert (error.status_code, error.code, error.request_id) == (status, kind, "req_9")
            assert (error.retry_after, error.body["error"]["type"], error.provider) == (7.0, kind, "anthropic")
            assert error.__cause__ is not None


def test_retry_after_may_be_milliseconds_or_a_date() -> None:
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 60))
    headers = [{"retry-after-ms": "1500"}, {"retry-after": date}, {}, {"retry-after": "soon"}]
    with Loopback([Canned({"error": {}}, status=429, headers=each) for each in headers]) as server:
        one = adapter(server)
        waits = []
        for _ in headers:
            with pytest.raises(e.RateLimitError) as raised:
                one.call(request())
            waits.append(raised.value.retry_after)
    assert waits[0] == 1.5
    assert 50 < waits[1] <= 60
    assert waits[2:] == [None, None]


def test_error_bodies_that_are_no_json_are_told_by_their_status() -> None:
    page = Canned("<html>no</html>", status=502)
    with Loopback([page]) as server, pytest.raises(e.ServerError, match="Bad Gateway") as raised:
        adapter(server).call(request())
    assert raised.value.status_code == 502


def test_the_sdk_retries_as_often_as_it_is_told_and_nobody_else_does() -> None:
    busy = Canned(
        {"error": {"type": "overloaded_error", "message": "Busy"}}, status=529, headers={"retry-after-ms": "1"}
    )
    with Loopback([busy]) as server:
        with pytest.raises(e.OverloadedError):
            adapter(server, max_retries=2).call(request())
        assert len(server.requests) == 3
        with pytest.raises(e.OverloadedError):
            adapter(server, max_retries=2).call(request(max_retries=0))
        assert len(server.requests) == 4


@pytest.mark.parametrize("way", ["call", "call_async"])
def test_a_reply_that_makes_no_sense_keeps_its_request_id(way: str) -> None:
    half = Canned(b'{"type": "mess', headers={"request-id": "req_3"})
    with Loopback([half]) as server, pytest.raises(e.ServerError, match="no JSON") as raised:
        called(adapter(server), request(), way)
    assert raised.value.request_id == "req_3"


@pytest.mark.parametrize("way", ["stream", "stream_async"])
@pytest.mark.parametrize(
    ("canned", "ours", "words"),
    [
        (Canned(sse(*STREAMED[:12])), e.ServerError, "cut"),
        (Canned(sse(*STREAMED[:12]), cut=True), e.ConnectionFailedError, "bytes"),
        (Canned([b"data: {oops\n\n"]), e.ServerError, "no JSON"),
        (Canned(sse(*STREAMED[:12], {"type": "error", "error": {"type": "overloaded_error", "message": "Full"}})),
         e.OverloadedError, "^Full"),
        (Canned({"type": "error", "error": {"type": "api_error", "message": "Sorry"}}), e.ServerError, "^Sorry"),
        (Canned(message(text("whole"))), e.ServerError, "no event stream"),
    ],
)  # fmt: skip
def test_broken_streams_raise_our_errors(way: str, canned: Canned, ours: type[Exception], words: str) -> None:
    with Loopback([canned]) as server, pytest.raises(ours, match=words) as raised:
        called(adapter(server), request(), way)
    assert type(raised.value) is ours


def test_a_stream_can_be_closed_early_and_knows_its_request() -> None:
    with Loopback([Canned(sse(*STREAMED), headers={"request-id": "req_5"})]) as server:
        one = adapter(server)
        events = one.stream(request())
        assert (events.request_id, json.loads(events.sent)["stream"]) == ("req_5", True)
        assert next(iter(events))["type"] == "message_start"
        events.close()

        async def early() -> str | None:
            opened = await one.stream_async(request())
            await opened.close()
            return opened.request_id

        assert run(one, early) == "req_5"


@pytest.mark.parametrize("way", WAYS)
def test_no_connection_and_no_answer_in_time_are_told_apart(way: str) -> None:
    with pytest.raises(e.ConnectionFailedError):
        called(adapter(), request(), way)

    def slow(_: Any) -> Canned:
        time.sleep(0.5)
        return OK

    with Loopback([slow]) as server, pytest.raises(e.TimedOutError):
        called(adapter(server), request(timeout=0.1), way)


def test_async_clients_survive_the_end_of_their_event_loop() -> None:
    with Loopback([OK]) as server:
        one = adapter(server)
        for _ in range(3):
            assert run(one, lambda: one.call_async(request())).finish_reason == "stop"


def test_a_client_of_the_callers_is_used() -> None:
    import anthropic

    with Loopback([OK]) as server:
        own = anthropic.Anthropic(api_key="own", base_url=server.url)
        twin = anthropic.AsyncAnthropic(api_key="twin", base_url=server.url)
        one = adapter(client=own, async_client=twin)
        one.call(request())
        run(one, lambda: one.call_async(request()))
    assert [received.headers["authorization"] for received in server.requests] == ["Bearer own", "Bearer twin"]


def test_an_http_client_of_the_callers_is_put_under_the_sdk() -> None:
    seen: list[httpx2.Request] = []

    def answer(sent: httpx2.Request) -> httpx2.Response:
        seen.append(sent)
        return httpx2.Response(200, json=message(text("a")))

    own = httpx2.Client(transport=httpx2.MockTransport(answer))
    one = adapter(http_client=own)
    assert one.call(request()).content == (p.Text("a"),)
    assert len(seen) == 1
    with pytest.raises(e.ConfigurationError, match="async_client"):
        asyncio.run(one.call_async(request()))


def test_clients_for_cloud_hosts_get_a_body_that_they_can_rewrite() -> None:
    import anthropic

    seen: list[httpx2.Request] = []

    def answer(sent: httpx2.Request) -> httpx2.Response:
        seen.append(sent)
        return httpx2.Response(200, json=message(text("a")))

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    vertex = getattr(anthropic, "AnthropicVertex")(region="global", project_id="p", access_token="t", http_client=http)
    assert adapter(client=vertex).call(request()).content == (p.Text("a"),)
    assert f"/models/{MODEL}:rawPredict" in str(seen[0].url)


@pytest.mark.parametrize("names", [("ANTHROPIC_API_KEY",), ("HOST_KEY", "HOST_TOKEN")])
def test_a_missing_key_is_told_with_its_names(names: tuple[str, ...], monkeypatch: Any, tmp_path: Any) -> None:
    for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    one = AnthropicAdapter(Settings("somewhere", key_names=names))
    with pytest.raises(e.ConfigurationError, match=names[0]) as raised:
        one.call(request())
    assert 'llm.provider("somewhere", api_key=' in str(raised.value)


def test_a_key_for_anthropic_is_never_sent_to_another_host(monkeypatch: Any) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    with Loopback([OK]) as server:
        one = AnthropicAdapter(Settings("host", key_names=("HOST_KEY",), base_url=server.url))
        _built.append(one)
        with pytest.raises(e.ConfigurationError, match="HOST_KEY"):
            one.call(request())
        monkeypatch.setenv("HOST_KEY", "theirs")
        one.call(request())
    assert [received.headers["authorization"] for received in server.requests] == ["Bearer theirs"]


def test_a_missing_sdk_is_told_with_the_command_that_installs_it(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "anthropic", None)
    with pytest.raises(e.ConfigurationError, match=r'pip install "capably\[anthropic\]"'):
        adapter().call(request())


def test_importing_and_encoding_need_no_sdk() -> None:
    code = (
        "import sys\n"
        "from capably.providers import Settings\n"
        "from capably.providers.anthropic import AnthropicAdapter\n"
        "from capably.types.messages import user\n"
        "from capably.types.request import Request\n"
        "r = Request(info=None, model_id='m', endpoint=None, messages=[user('x')], system=None, params={})\n"
        "AnthropicAdapter(Settings('anthropic')).encode(r)\n"
        "assert not {'anthropic', 'pydantic', 'httpx2'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(filter(None, sys.path))})


def test_errors_of_ours_pass_and_unknown_ones_are_wrapped() -> None:
    own = e.ConfigurationError("x")
    assert translate(own) is own
    assert type(translate(RuntimeError("odd"))) is e.ProviderError
    assert isinstance(translate(TypeError("Could not resolve authentication method")), e.ConfigurationError)


def test_the_sdks_own_object_is_built_on_demand() -> None:
    sdk = adapter().to_sdk(json.dumps(message(text("Hello"))).encode(), "messages")
    assert (type(sdk).__name__, sdk.content[0].text, sdk.usage.input_tokens) == ("Message", "Hello", 10)
