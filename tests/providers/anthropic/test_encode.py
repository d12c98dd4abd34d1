"""What Anthropic's Messages is sent."""

from __future__ import annotations

import json
from typing import Any, get_args, get_type_hints

import pytest
from support.untyped import untyped
from support.vendors.anthropic import MODEL, contents, decoded, encoded, said, text

from capably.providers.anthropic.encode import BUILTIN_TOOLS, DEFAULT_MAX_TOKENS
from capably.providers.anthropic.schema import LooseSchemaError, adapt_schema
from capably.providers.spellings import NoSpellingError, feature_of
from capably.types import parts as p, tools as t
from capably.types.facts import ModelInfo
from capably.types.format import Format
from capably.types.messages import SystemMessage, assistant, system, user
from capably.types.reasoning import Reasoning

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
    assert "cache_control" not in untyped(reply.wire)["content"][0]
