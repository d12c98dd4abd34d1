"""The Responses endpoint: what goes on the wire, what comes off it, whole and streamed."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from support.request_types import described

from capably.providers.openai.hosts import host_of
from capably.providers.openai.responses.decode import decode_reply
from capably.providers.openai.responses.encode import ask_for_stream, encode_request
from capably.providers.openai.responses.stream import ResponsesAccumulator
from capably.providers.openai.schema import NotStrictError, strict_schema
from capably.providers.spellings import NoSpellingError, feature_of
from capably.registry.lookup import providers
from capably.types import errors as e, parts as p, tools as t
from capably.types.facts import ModelInfo
from capably.types.format import Format
from capably.types.messages import AssistantMessage, Source, UserMessage, assistant, system, user
from capably.types.reasoning import Reasoning
from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.stream import Chunk
from capably.types.usage import Usage

WEATHER_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "default": 1}},
    "required": ["city"],
}


def weather(**fields: Any) -> t.Tool[str]:
    return t.Tool(lambda city: city, name="weather", description="Tells it.", parameters=WEATHER_SCHEMA, **fields)


def book() -> Format:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    return Format(name="Book", schema=schema, load=dict, source=dict)


def info(**facts: Any) -> ModelInfo:
    entry: Any = {"name": None}
    known: Any = {
        "structured_output": "json_schema",
        "reasoning": {"style": "effort", "off": "effort_none"},
        "sampling": {"top_k": "never"},
        "endpoints": {"responses": {}},
        **facts,
    }
    return ModelInfo("openai/gpt-test", "openai/test", known, entry, 1)


def request(*messages: Any, model: ModelInfo | None = None, **fields: Any) -> Request:
    routing = {name: fields.pop(name) for name in ("extra",) if name in fields}
    lead = fields.pop("system", None)
    return Request(
        info=model,
        model_id="gpt-test",
        endpoint="responses",
        messages=messages or (user("Hi"),),
        system=lead,
        params=fields,
        **routing,
    )


def encoded(*messages: Any, undescribed: str = "", **fields: Any) -> dict[str, Any]:
    return described("responses", encode_request(request(*messages, **fields)), undescribed)


WITHOUT_ID = "the SDK wants an id, which the API does without"
"""Recorded requests that hold messages of the model without their ids were answered with 200."""


def items(*messages: Any, **fields: Any) -> list[Any]:
    return encoded(*messages, **fields)["input"]


# Encoding


def test_a_plain_call_is_stateless_and_asks_for_encrypted_reasoning() -> None:
    assert encoded(system="Be brief.") == {
        "model": "gpt-test",
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}],
        "instructions": "Be brief.",
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }


SCREEN = {
    "type": "computer_call_output",
    "call_id": "c",
    "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,AA=="},
}


def test_what_the_caller_writes_in_openais_own_json_goes_out_as_it_is() -> None:
    detailed = {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "high"}
    sent = items(user(["See:", p.Unknown("computer_call_output", SCREEN), p.Unknown("input_image", detailed)]))
    see = {"role": "user", "content": [{"type": "input_text", "text": "See:"}]}
    assert sent == [see, SCREEN, {"role": "user", "content": [detailed]}]
    with pytest.raises(NoSpellingError, match=r"cache.point"):
        encoded(user([p.Unknown("computer_call_output", SCREEN), p.CachePoint()]))


def test_a_model_that_does_not_reason_is_not_asked_for_reasoning() -> None:
    assert "include" not in encoded(model=info(reasoning=None))


def test_system_messages_in_mid_conversation_are_developer_messages() -> None:
    assert items(user("a"), system("now in French"), user("b"))[1] == {"role": "developer", "content": "now in French"}


@pytest.mark.parametrize(
    ("part", "wire"),
    [
        pytest.param(
            p.Image.from_url("https://x.test/a.png"),
            {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "auto"},
            id="image by URL",
        ),
        pytest.param(
            p.Image.from_bytes(b"png", media_type="image/png"),
            {"type": "input_image", "image_url": "data:image/png;base64,cG5n", "detail": "auto"},
            id="image as bytes",
        ),
        pytest.param(
            p.Image.from_file_id("file-1"),
            {"type": "input_image", "file_id": "file-1", "detail": "auto"},
            id="image file",
        ),
        pytest.param(
            p.Document.from_url("https://x.test/a.pdf"),
            {"type": "input_file", "file_url": "https://x.test/a.pdf"},
            id="document by URL",
        ),
        pytest.param(
            p.Document.from_bytes(b"pdf", media_type="application/pdf"),
            {"type": "input_file", "filename": "document.pdf", "file_data": "data:application/pdf;base64,cGRm"},
            id="document as bytes",
        ),
        pytest.param(p.Document.from_file_id("f"), {"type": "input_file", "file_id": "f"}, id="document file"),
    ],
)
def test_a_part_of_the_user_is_encoded(part: Any, wire: Any) -> None:
    assert items(user(["look", part]))[0]["content"][1] == wire


@pytest.mark.parametrize(
    "part",
    [p.Audio.from_bytes(b"x", media_type="audio/wav"), p.Video.from_url("https://x.test/a.mp4"), p.Unknown("x", {})],
)
def test_a_part_that_the_endpoint_does_not_take_is_refused_by_name(part: Any) -> None:
    with pytest.raises(NoSpellingError, match=feature_of(part)):
        encoded(user([part]))


def test_a_cache_point_marks_the_content_before_it() -> None:
    content = items(user(["long", p.CachePoint("12h"), "short"]))[0]["content"]
    assert content[0]["prompt_cache_breakpoint"] == {"mode": "explicit", "ttl": "12h"}
    assert "prompt_cache_breakpoint" not in content[1]


@pytest.mark.parametrize("content", [[p.CachePoint("30m"), "a"], ["a", p.CachePoint("5m")]])
def test_a_cache_point_without_place_or_of_unknown_lifetime_is_refused(content: Any) -> None:
    with pytest.raises(NoSpellingError, match=r"cache.point"):
        encoded(user(content))


@pytest.mark.parametrize(
    ("output", "wire"),
    [
        pytest.param(p.ToolOutput("c", "f", "sunny"), "sunny", id="text"),
        pytest.param(p.ToolOutput("c", "f", {"t": 1}), '{"t":1}', id="JSON"),
        pytest.param(p.ToolOutput("c", "f", "boom", is_error=True), "Error: boom", id="error"),
        pytest.param(
            p.ToolOutput("c", "f", [p.Text("see"), p.Image.from_url("https://x.test/a.png")]),
            [
                {"type": "input_text", "text": "see"},
                {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "auto"},
            ],
            id="media",
        ),
    ],
)
def test_a_tool_output_is_an_item_of_its_own(output: p.ToolOutput, wire: Any) -> None:
    result, rest = items(UserMessage([output, p.Text("go on")]))
    assert result == {"type": "function_call_output", "call_id": "c", "output": wire}
    assert rest["role"] == "user"


def test_an_answer_from_elsewhere_is_rebuilt_without_its_thoughts() -> None:
    parts = [p.Thought("hm"), p.Text("Let me "), p.Text("see."), p.ToolCall("c1", "weather", {"city": "Rome"})]
    assert items(user("a"), AssistantMessage(parts, Source("anthropic", "messages", "claude", [])), user("b"))[1:3] == [
        {"role": "assistant", "content": "Let me see."},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city":"Rome"}'},
    ]


def test_a_part_from_elsewhere_that_cannot_be_sent_on_is_refused() -> None:
    with pytest.raises(NoSpellingError, match="server_tool_use"):
        encoded(user("a"), AssistantMessage([p.Unknown("server_tool_use", {})]), user("b"))


WIRE = [
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA="},
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "phase": "commentary",
        "content": [],
    },
    {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}", "status": "completed"},
]


@pytest.mark.parametrize("endpoint", ["responses", ""])
def test_an_answer_of_this_endpoint_is_replayed_byte_for_byte(endpoint: str) -> None:
    own = AssistantMessage([p.Text("x")], Source("openai", endpoint, "gpt-test-2026", WIRE))
    replayed = items(user("a"), own, user("b"))[1:4]
    assert msgspec.json.encode(replayed) == msgspec.json.encode(WIRE)


def test_reasoning_that_was_never_stored_is_left_out_with_the_ids_that_point_to_it() -> None:
    bare = [{"type": "reasoning", "id": "rs_1", "summary": []}, *WIRE[1:]]
    own = AssistantMessage([], Source("openai", "responses", "gpt-test", bare))
    sent = items(user("a"), own, undescribed=WITHOUT_ID)
    assert [item.get("id") for item in sent[1:]] == [None, None]
    assert items(user("a"), own, extra={"store": True})[1:] == bare


def test_a_model_that_does_not_reason_is_not_sent_reasoning() -> None:
    own = AssistantMessage([], Source("openai", "responses", "gpt-test", WIRE))
    sent = items(own, model=info(reasoning=None), undescribed=WITHOUT_ID)
    assert [item["type"] for item in sent] == ["message", "function_call"]


def test_optional_arguments_stay_optional_unless_strictness_was_asked_for() -> None:
    (lax,) = encoded(tools=[weather()])["tools"]
    assert lax == {
        "type": "function",
        "name": "weather",
        "description": "Tells it.",
        "parameters": WEATHER_SCHEMA,
        "strict": False,
    }
    (strict,) = encoded(tools=[weather(strict=True)])["tools"]
    assert strict["strict"] is True
    assert strict["parameters"] == {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": ["integer", "null"]}},
        "required": ["city", "days"],
        "additionalProperties": False,
    }


def test_a_tool_is_encoded_once() -> None:
    tool = weather()
    assert encoded(tools=[tool])["tools"][0] is encoded(tools=[tool])["tools"][0]


def test_a_strict_tool_that_cannot_be_strict_is_refused() -> None:
    free = t.Tool(lambda: 0, name="f", description=None, parameters={"type": "object"}, strict=True)
    with pytest.raises(NoSpellingError, match="free keys"):
        encoded(tools=[free])


def test_builtin_tools_carry_their_options() -> None:
    tools = [t.WebSearch(search_context_size="low"), t.CodeExecution(), t.MCPServer(server_label="x")]
    assert encoded(tools=tools)["tools"] == [
        {"type": "web_search", "search_context_size": "low"},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "mcp", "server_label": "x"},
    ]
    with pytest.raises(NoSpellingError, match=r"builtin_tools.google_maps"):
        encoded(tools=[t.GoogleMaps()])


@pytest.mark.parametrize(
    ("params", "wire"),
    [
        pytest.param({"tool_choice": "required"}, {"tool_choice": "required"}, id="any tool"),
        pytest.param(
            {"tool_choice": "weather"}, {"tool_choice": {"type": "function", "name": "weather"}}, id="by name"
        ),
        pytest.param({"tool_choice": weather()}, {"tool_choice": {"type": "function", "name": "weather"}}, id="a tool"),
        pytest.param({"tool_choice": t.FileSearch()}, {"tool_choice": {"type": "file_search"}}, id="built-in"),
        pytest.param(
            {"tool_choice": t.WebSearch(search_context_size="low")},
            {"tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [{"type": "web_search"}]}},
            id="built-in that cannot be named",
        ),
        pytest.param(
            {"tool_choice": t.MCPServer(server_label="a", server_url="https://x.test")},
            {"tool_choice": {"type": "mcp", "server_label": "a"}},
            id="server",
        ),
        pytest.param({"parallel_tools": False}, {"parallel_tool_calls": False}, id="one at a time"),
        pytest.param({"reasoning": "off"}, {"reasoning": {"effort": "none"}}, id="reasoning off"),
        pytest.param({"reasoning": "xhigh"}, {"reasoning": {"effort": "xhigh"}}, id="effort"),
        pytest.param({"reasoning": Reasoning(visible=True)}, {"reasoning": {"summary": "auto"}}, id="visible"),
        pytest.param(
            {"reasoning": Reasoning(effort="low", visible=False)}, {"reasoning": {"effort": "low"}}, id="not visible"
        ),
        pytest.param({"temperature": 0.2, "top_p": 0.9}, {"temperature": 0.2, "top_p": 0.9}, id="sampling"),
        pytest.param({"max_tokens": 9}, {"max_output_tokens": 9}, id="max_tokens"),
        pytest.param({"verbosity": "low"}, {"text": {"verbosity": "low"}}, id="verbosity"),
        pytest.param({"cache": "12h"}, {"prompt_cache_options": {"mode": "implicit", "ttl": "12h"}}, id="cache"),
        pytest.param({"cache": "24h"}, {"prompt_cache_retention": "24h"}, id="older cache"),
        pytest.param({"output": ["text"]}, {}, id="output"),
        pytest.param({"logprobs": False}, {}, id="no logprobs"),
        pytest.param(
            {"logprobs": 3},
            {"include": ["reasoning.encrypted_content", "message.output_text.logprobs"], "top_logprobs": 3},
            id="logprobs",
        ),
    ],
)
def test_a_parameter_is_encoded(params: dict[str, Any], wire: dict[str, Any]) -> None:
    assert encoded(**params) == {**encoded(), **wire}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"stop": "END"}, "stop"),
        ({"seed": 1}, "seed"),
        ({"top_k": 4}, "top_k"),
        ({"prefill": "{"}, "cannot continue"),
        ({"reasoning": Reasoning(budget_tokens=1024)}, "budget"),
        ({"cache": "5m"}, "30m"),
        ({"output": ["text", "image"]}, "ImageGeneration"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_parameter_without_a_place_is_refused_with_advice(params: dict[str, Any], words: str) -> None:
    with pytest.raises(NoSpellingError, match=words):
        encoded(**params)


def test_off_is_spelt_also_for_a_model_that_always_reasons() -> None:
    assert encoded(model=info(reasoning={"off": "never"}), reasoning="off")["reasoning"] == {"effort": "none"}


def test_a_format_is_a_strict_json_schema() -> None:
    assert encoded(format=book())["text"]["format"] == {
        "type": "json_schema",
        "name": "Book",
        "schema": {
            "type": "object",
            "properties": {"title": {"type": "string"}},
            "required": ["title"],
            "additionalProperties": False,
        },
        "strict": True,
    }


def test_a_format_that_cannot_be_strict_is_sent_without_the_guarantee() -> None:
    scores = Format(
        name="Scores[int]",
        schema={"type": "object", "additionalProperties": {"type": "integer"}},
        load=dict,
        source=dict,
    )
    wire = encoded(format=scores)["text"]["format"]
    assert (wire["name"], wire["strict"], wire["schema"]) == ("Scores_int", False, scores.schema)


def test_a_model_that_only_writes_json_is_told_the_schema_in_words() -> None:
    body = encoded(format=book(), model=info(structured_output="json_object"))
    assert body["text"]["format"] == {"type": "json_object"}
    assert body["input"][0]["role"] == "developer"
    assert '"title"' in body["input"][0]["content"]


def test_extra_is_laid_over_the_body_and_changes_no_cached_part() -> None:
    tool, format = weather(), book()
    extra = {"store": True, "text": {"format": {"name": "Other"}, "verbosity": "low"}, "user": "u"}
    body = encoded(tools=[tool], format=format, extra=extra)
    assert (body["store"], body["user"], body["text"]["verbosity"]) == (True, "u", "low")
    assert body["text"]["format"]["name"] == "Other"
    assert encoded(format=format)["text"]["format"]["name"] == "Book"


def test_streams_of_openai_are_asked_to_go_without_padding() -> None:
    openai, xai = (host_of(name, providers()[name]["dialect"]) for name in ("openai", "xai"))
    body = encoded()
    assert ask_for_stream(body, openai) == {**body, "stream": True, "stream_options": {"include_obfuscation": False}}
    assert ask_for_stream(body, xai) == {**body, "stream": True}


# The strict dialect


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        pytest.param({"type": "string", "default": "x", "$comment": "c"}, {"type": "string"}, id="dropped"),
        pytest.param(
            {"type": "string", "minLength": 2, "description": "A name"},
            {"type": "string", "description": "A name. at least 2 characters"},
            id="moved to the description",
        ),
        pytest.param(
            {"type": "string", "format": "uri"}, {"type": "string", "description": "format: uri"}, id="unknown format"
        ),
        pytest.param({"type": "string", "format": "date"}, {"type": "string", "format": "date"}, id="known format"),
        pytest.param(
            {"oneOf": [{"type": "string"}, {"type": "null"}]},
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            id="oneOf",
        ),
        pytest.param(
            {"$ref": "#/$defs/Node", "description": "d"},
            {"anyOf": [{"$ref": "#/$defs/Node"}], "description": "d"},
            id="$ref stands alone",
        ),
        pytest.param(
            {
                "type": "object",
                "properties": {"next": {"$ref": "#/$defs/Node"}},
                "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
            },
            {
                "type": "object",
                "properties": {"next": {"$ref": "#/$defs/Node"}},
                "required": ["next"],
                "additionalProperties": False,
                "$defs": {
                    "Node": {
                        "type": "object",
                        "properties": {"next": {"$ref": "#/$defs/Node"}},
                        "required": ["next"],
                        "additionalProperties": False,
                    }
                },
            },
            id="recursive",
        ),
    ],
)
def test_a_schema_is_put_into_the_strict_dialect(schema: Any, strict: Any) -> None:
    assert strict_schema(schema) == strict


@pytest.mark.parametrize(
    ("schema", "nullable"),
    [
        ({"type": "string"}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"anyOf": [{"type": "string"}]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"$ref": "#/$defs/X"}, {"anyOf": [{"$ref": "#/$defs/X"}, {"type": "null"}]}),
        ({"const": 1, "description": "d"}, {"anyOf": [{"const": 1}, {"type": "null"}], "description": "d"}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
    ],
)
def test_an_optional_argument_of_a_strict_tool_may_be_null(schema: Any, nullable: Any) -> None:
    whole = strict_schema({"type": "object", "properties": {"x": schema}}, nullable=True)
    assert whole["properties"]["x"] == nullable


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "array"},
        {"allOf": [{"type": "string"}, {"minLength": 1}]},
        {"type": "array", "prefixItems": []},
        {"description": "anything"},
    ],
)
def test_what_strict_mode_cannot_say_is_not_called_strict(schema: Any) -> None:
    with pytest.raises(NotStrictError):
        strict_schema(schema)


# Decoding

USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30},
    "output_tokens": 50,
    "output_tokens_details": {"reasoning_tokens": 40},
    "total_tokens": 150,
}


def text_item(text: str, **fields: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content, **fields}


def call_item(id: str = "c1", name: str = "weather", arguments: str = '{"city":"Rome"}') -> dict[str, Any]:
    item = {"type": "function_call", "id": f"fc_{id}", "call_id": id, "name": name, "arguments": arguments}
    return {**item, "status": "completed"}


def thought_item(*summaries: str) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": text} for text in summaries]
    return {"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": "gAAA="}


def response(*output: Any, **fields: Any) -> dict[str, Any]:
    whole = {"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-test-2026-01-01", "error": None}
    return {**whole, "incomplete_details": None, "output": list(output), "usage": USAGE, **fields}


def decoded(body: Any, **fields: Any) -> ResponseData:
    return decode_reply(msgspec.json.encode(body), request(**fields))


def test_a_reply_has_its_parts_in_order_and_its_items_to_replay() -> None:
    output = [thought_item("One", "Two"), text_item("Hello", phase="final_answer"), call_item()]
    reply = decoded(response(*output))
    assert reply.content == (
        p.Thought("One\n\nTwo"),
        p.Text("Hello"),
        p.ToolCall("c1", "weather", {"city": "Rome"}, '{"city":"Rome"}'),
    )
    assert reply.wire == output
    assert (reply.id, reply.model, reply.finish_reason) == ("resp_1", "gpt-test-2026-01-01", "tool_use")
    assert reply.usage == Usage(100, 50, reasoning_tokens=40, cache_read_tokens=60, cache_write_tokens=30)


def test_a_hidden_thought_is_an_empty_thought() -> None:
    assert decoded(response(thought_item(), text_item("x"))).content == (p.Thought(""), p.Text("x"))


def test_a_thought_in_full_text_is_read() -> None:
    item = {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]}
    assert decoded(response(item)).content == (p.Thought("hm"),)


def test_citations_say_which_words_they_stand_for() -> None:
    raw = {"type": "url_citation", "url": "https://x.test", "title": "X", "start_index": 0, "end_index": 5}
    item = text_item("Hello", content=[{"type": "output_text", "text": "Hello", "annotations": [raw]}])
    (part,) = decoded(response(item)).content
    assert part.citations == (p.Citation(url="https://x.test", title="X", cited_text="Hello", raw=raw),)


def test_a_painted_picture_is_an_image() -> None:
    item = {"type": "image_generation_call", "id": "ig", "result": "cG5n", "output_format": "webp"}
    assert decoded(response(item)).content == (p.Image.from_bytes(b"png", media_type="image/webp"),)


@pytest.mark.parametrize("kind", ["web_search_call", "mcp_call", "compaction", "a_future_item"])
def test_an_item_without_a_class_is_kept_as_it_is(kind: str) -> None:
    item = {"type": kind, "id": "x", "action": {"query": "q"}}
    assert decoded(response(item)).content == (p.Unknown(kind, item),)


@pytest.mark.parametrize("arguments", ['{"city": "Ro', "[1]", ""])
def test_arguments_that_are_no_object_are_kept_as_text(arguments: str) -> None:
    (call,) = decoded(response(call_item(arguments=arguments))).content
    assert (call.args, call.raw_args) == ({}, arguments)


def test_nulls_that_only_strict_mode_wrote_are_taken_out_so_that_defaults_apply() -> None:
    raw = '{"city":null,"days":null}'
    (call,) = decoded(response(call_item(arguments=raw)), tools=[weather(strict=True)]).content
    assert (call.args, call.raw_args) == ({"city": None}, raw)
    (call,) = decoded(response(call_item(arguments=raw)), tools=[weather()]).content
    assert call.args == {"city": None, "days": None}


REFUSED = text_item("", content=[{"type": "refusal", "refusal": "I cannot."}])


@pytest.mark.parametrize(
    ("body", "reason", "detail"),
    [
        pytest.param(response(text_item("x")), "stop", None, id="stop"),
        pytest.param(response(call_item()), "tool_use", None, id="tool_use"),
        pytest.param(response({"type": "computer_call", "call_id": "c"}), "tool_use", None, id="a call for the caller"),
        pytest.param(
            response({"type": "shell_call", "call_id": "c"}, {"type": "shell_call_output", "call_id": "c"}),
            "stop",
            None,
            id="a call that was answered",
        ),
        pytest.param(response(REFUSED), "refusal", "I cannot.", id="refusal"),
        *(
            pytest.param(
                response(text_item("x"), status="incomplete", incomplete_details={"reason": wire}),
                reason,
                wire,
                id=wire,
            )
            for wire, reason in (
                ("max_output_tokens", "length"),
                ("content_filter", "content_filter"),
                ("max_messages", "length"),
                ("steered", "continuation"),
                ("some_future_reason", "other"),
            )
        ),
        pytest.param(response(status="queued"), "other", "queued", id="not begun"),
        pytest.param(response(status="cancelled"), "other", "cancelled", id="cancelled"),
    ],
)
def test_the_end_is_told_in_neutral_words(body: Any, reason: str, detail: str | None) -> None:
    reply = decoded(body)
    assert (reply.finish_reason, reply.stop_detail) == (reason, detail)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "server_error", "message": "Oops"}, e.ServerError),
        ({"code": "rate_limit_exceeded", "message": "Oops"}, e.RateLimitError),
        ({"code": "invalid_prompt", "message": "Oops"}, e.BadRequestError),
        ({"code": "image_too_large", "message": "Oops"}, e.BadRequestError),
        ({"code": "something_new", "message": "Oops"}, e.ServerError),
    ],
)
def test_a_failed_response_raises_its_error(error: Any, kind: type[e.ProviderError]) -> None:
    with pytest.raises(kind, match="Oops") as caught:
        decoded(response(status="failed", error=error))
    assert (type(caught.value), caught.value.code) == (kind, error["code"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"id": "resp_1", "outp',
        b"[]",
        b'"text"',
        b"{}",
        b'{"output": 1}',
        b'{"output": [1]}',
        b'{"output": [{"type": "message", "content": [{"type": "output_text"}]}]}',
        b'{"output": [{"type": "function_call", "arguments": "{}"}]}',
        b'{"output": [], "usage": [1]}',
    ],
)
def test_a_body_that_makes_no_sense_is_a_server_error_that_carries_it(body: bytes) -> None:
    with pytest.raises(e.ServerError, match="answer") as caught:
        decode_reply(body, request())
    assert caught.value.body == body


@pytest.mark.parametrize(
    "item", [b'{"type": "reasoning", "summary": [1]}', b'{"type": "image_generation_call", "result": "A"}']
)
def test_a_part_that_makes_no_sense_is_a_server_error_each_time_it_is_read(item: bytes) -> None:
    body = b'{"output": [%b, {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]}' % item
    reply = decode_reply(body, request())
    assert reply.of(p.Text) == (p.Text("Hi"),)
    reply.request_id = "req_1"
    for _ in range(2):
        with pytest.raises(e.ServerError, match="not shaped like a response") as caught:
            _ = reply.content
        assert caught.value.request_id == "req_1"
        assert caught.value.body == body


# Streams


def added(index: int, item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(index: int, item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def text_delta(index: int, delta: str, content: int = 0) -> dict[str, Any]:
    return {"type": "response.output_text.delta", "output_index": index, "content_index": content, "delta": delta}


def arguments_delta(index: int, delta: str) -> dict[str, Any]:
    return {"type": "response.function_call_arguments.delta", "output_index": index, "delta": delta}


def summary_delta(index: int, delta: str, summary: int = 0) -> dict[str, Any]:
    kind = "response.reasoning_summary_text.delta"
    return {"type": kind, "output_index": index, "summary_index": summary, "delta": delta}


def completed(body: dict[str, Any]) -> dict[str, Any]:
    return {"type": f"response.{body['status']}", "response": body}


def run(*events: Any, **fields: Any) -> tuple[list[Chunk], ResponseData]:
    accumulator = ResponsesAccumulator(request(**fields))
    chunks = [chunk for event in events for chunk in accumulator.feed(event)]
    return chunks, accumulator.reply()


def told(chunks: list[Chunk]) -> dict[int, tuple[str, str, str | None, str | None, Any]]:
    """What the chunks of each index add up to."""
    sums: dict[int, Any] = {}
    for chunk in chunks:
        kind, text, id, name, part = sums.get(chunk.index, (chunk.kind, "", None, None, None))
        assert part is None, "something follows on a whole part"
        assert kind == chunk.kind or (kind, chunk.kind) == ("tool_call", "part")
        sums[chunk.index] = (kind, text + chunk.delta, id or chunk.id, name or chunk.name, part or chunk.part)
    return sums


def check_chunks(chunks: list[Chunk], reply: ResponseData) -> None:
    """Chunks and reply tell the same story, under the same indices."""
    sums = told(chunks)
    for index, part in enumerate(reply.content):
        if isinstance(part, p.ToolCall):
            assert sums.pop(index) == ("tool_call", part.raw_args, part.id, part.name, part)
        elif isinstance(part, (p.Text, p.Thought)):
            kind = "text" if isinstance(part, p.Text) else "thought"
            assert sums.pop(index, (kind, "", None, None, None)) == (kind, part.text, None, None, None)
        else:
            assert sums.pop(index) == ("part", "", None, None, part)
    assert not sums


THOUGHT, TEXT, CALL_A, CALL_B = thought_item("One", "Two"), text_item("Hello"), call_item("a"), call_item("b")
SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}}
WHOLE = response(THOUGHT, TEXT, SEARCH, CALL_A, CALL_B)

STORY = [
    {"type": "response.created", "response": response(status="in_progress")},
    added(0, {**THOUGHT, "summary": []}),
    summary_delta(0, "One"),
    summary_delta(0, "Two", 1),
    done(0, THOUGHT),
    added(1, {**TEXT, "content": []}),
    text_delta(1, "Hel"),
    text_delta(1, "lo"),
    done(1, TEXT),
    added(2, SEARCH),
    {"type": "response.web_search_call.completed", "output_index": 2},
    done(2, SEARCH),
    added(3, {**CALL_A, "arguments": ""}),
    arguments_delta(3, '{"city":'),
    arguments_delta(3, '"Rome"}'),
    done(3, CALL_A),
    added(4, {**CALL_B, "arguments": ""}),
    done(4, CALL_B),
    {"type": "response.some_future_event", "output_index": 4},
    completed(WHOLE),
]


def test_a_call_is_over_when_its_item_is() -> None:
    accumulator = ResponsesAccumulator(request())
    accumulator.feed(added(0, {**CALL_A, "arguments": ""}))
    *_, closed = accumulator.feed({"type": "response.output_item.done", "output_index": 0, "item": CALL_A})
    accumulator.feed(added(1, {**CALL_B, "arguments": ""}))
    assert (closed.kind, closed.index) == ("part", 0)
    accumulator.feed(completed(response(CALL_A, CALL_B)))
    assert closed.part == accumulator.reply().content[0]


def test_a_stream_ends_in_the_reply_of_the_call() -> None:
    chunks, reply = run(*STORY)
    called = decoded(WHOLE)
    assert (reply.content, reply.wire, reply.usage) == (called.content, called.wire, called.usage)
    assert (reply.finish_reason, reply.id, reply.model) == (called.finish_reason, called.id, called.model)
    assert msgspec.json.decode(reply.body) == WHOLE
    check_chunks(chunks, reply)
    assert [(c.kind, c.index, c.delta) for c in chunks[:4]] == [
        ("thought", 0, "One"),
        ("thought", 0, "\n\nTwo"),
        ("text", 1, "Hel"),
        ("text", 1, "lo"),
    ]


def test_steps_are_given_out_as_they_come() -> None:
    accumulator = ResponsesAccumulator(request())
    for event in STORY[:6]:
        accumulator.feed(event)
    assert [(c.kind, c.delta) for c in accumulator.feed(STORY[6])] == [("text", "Hel")]


def _interleaved() -> list[list[dict[str, Any]]]:
    """The events of the story in many orders; those of one item stay in order."""
    tracks = [[event for event in STORY[1:-1] if event.get("output_index") == index] for index in range(5)]
    orders: list[list[dict[str, Any]]] = []
    for order in itertools.islice(itertools.permutations(range(5)), 0, None, 7):
        rounds = itertools.zip_longest(*(tracks[index] for index in order))
        orders.append([event for events in rounds for event in events if event])
    return orders


@pytest.mark.parametrize("events", _interleaved())
def test_no_order_of_events_mixes_up_the_parts(events: list[dict[str, Any]]) -> None:
    chunks, reply = run(*events, completed(WHOLE))
    assert reply.content == decoded(WHOLE).content
    check_chunks(chunks, reply)


def test_a_message_of_several_parts_moves_the_index_of_what_follows() -> None:
    both = [{"type": "output_text", "text": "a", "annotations": []}, {"type": "refusal", "refusal": "no"}]
    mixed = text_item("", content=both)
    whole = response(mixed, CALL_A)
    chunks, reply = run(
        added(0, {**mixed, "content": []}),
        added(1, CALL_A),
        text_delta(0, "a"),
        done(1, CALL_A),
        done(0, mixed),
        completed(whole),
    )
    assert reply.content == decoded(whole).content
    check_chunks(chunks, reply)


def test_a_host_that_sends_whole_items_only_still_gives_steps() -> None:
    chunks, reply = run(done(0, THOUGHT), done(1, TEXT), done(2, CALL_A), completed(response(THOUGHT, TEXT, CALL_A)))
    check_chunks(chunks, reply)


@pytest.mark.parametrize("output", [[], [TEXT, CALL_A]])
def test_the_end_and_the_items_before_it_complete_each_other(output: list[Any]) -> None:
    chunks, reply = run(*([] if output else [done(0, TEXT), done(1, CALL_A)]), completed(response(*output)))
    assert reply.content == decoded(response(TEXT, CALL_A)).content
    check_chunks(chunks, reply)


def test_a_stream_that_stopped_early_says_why() -> None:
    short = response(TEXT, status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    assert run(done(0, TEXT), completed(short))[1].finish_reason == "length"


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        pytest.param(
            {"type": "error", "code": "server_error", "message": "Oops", "param": None}, e.ServerError, id="flat"
        ),
        pytest.param(
            {"type": "error", "error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "Oops"}},
            e.RateLimitError,
            id="nested",
        ),
        pytest.param({"error": {"message": "Oops", "code": 503}}, e.OverloadedError, id="untyped"),
        pytest.param(
            completed(response(status="failed", error={"code": "rate_limit_exceeded", "message": "Oops"})),
            e.RateLimitError,
            id="failed",
        ),
    ],
)
def test_a_failure_in_mid_stream_is_raised(event: Any, kind: type[e.ProviderError]) -> None:
    accumulator = ResponsesAccumulator(request())
    accumulator.feed(text_delta(0, "Hel"))
    with pytest.raises(kind, match="Oops") as caught:
        accumulator.feed(event)
    assert type(caught.value) is kind


@pytest.mark.parametrize("length", [0, 1, 7, 13, len(STORY) - 1])
def test_a_stream_that_was_cut_is_no_reply(length: int) -> None:
    with pytest.raises(e.ServerError, match="cut"):
        run(*STORY[:length])


@pytest.mark.parametrize(
    "event",
    [
        1,
        {"type": "response.output_text.delta"},
        {"type": "response.completed", "response": {"output": 1}},
        added(0, {}),
    ],
)
def test_an_event_that_makes_no_sense_is_a_server_error(event: Any) -> None:
    with pytest.raises(e.ServerError):
        ResponsesAccumulator(request()).feed(event)


def test_a_whole_response_in_place_of_a_stream_is_taken() -> None:
    chunks, reply = run(WHOLE)
    assert reply.content == decoded(WHOLE).content
    check_chunks(chunks, reply)


def test_a_streamed_turn_can_be_resumed_like_a_called_one() -> None:
    _, reply = run(*STORY)
    turn = AssistantMessage(reply.content, Source("openai", "responses", "gpt-test", reply.wire))
    assert items(user("a"), turn)[1:] == WHOLE["output"]


def test_the_words_of_the_caller_are_sent_as_an_assistant() -> None:
    assert items(user("a"), assistant("b"))[1] == {"role": "assistant", "content": "b"}
