"""What Google's generateContent is sent."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from support.vendors.google import PNG, encode, info, parts_of, weather

from capably.providers.google.encode import BUILTIN_TOOLS
from capably.providers.google.schema import encode_schema
from capably.providers.spellings import NoSpellingError, feature_of, merge_extra
from capably.types import parts as p, tools as t
from capably.types.format import Format
from capably.types.messages import system, user
from capably.types.reasoning import Reasoning
from capably.types.request import CallParams


def config_of(**params: Any) -> Any:
    return encode(**params).get("generationConfig")


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
    base: dict[str, object] = {"a": {"b": 1}}
    extra = {"a": {"c": 2}}
    assert merge_extra(base, extra) == {"a": {"b": 1, "c": 2}}
    assert (base, extra) == ({"a": {"b": 1}}, {"a": {"c": 2}})


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


@pytest.mark.parametrize(
    "kind",
    [
        tool
        for tool in (*t.BuiltinTool.__subclasses__(), *t.CallerTool.__subclasses__())
        if tool not in (t.CallerTool, t.MCPServer)
    ],
)
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
    assert encode_schema({"$ref": "#/$defs/Node", "$defs": {"Node": node}})["$defs"] == {"Node": node}


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
