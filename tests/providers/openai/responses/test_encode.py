"""What OpenAI's Responses is sent."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from support.vendors.responses import WEATHER_SCHEMA, encoded, items, request, weather

from capably.providers.openai.hosts import host_of
from capably.providers.openai.responses.encode import ask_for_stream, encode_request
from capably.providers.spellings import NoSpellingError, feature_of
from capably.registry.lookup import providers
from capably.types import parts as p, tools as t
from capably.types.facts import ModelInfo
from capably.types.format import Format
from capably.types.messages import AssistantMessage, Source, UserMessage, system, user
from capably.types.reasoning import Reasoning


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


WITHOUT_ID = "the SDK wants an id, which the API does without"
"""Recorded requests that hold messages of the model without their ids were answered with 200."""


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
        {"type": "message", "role": "assistant", "content": "Let me see."},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city":"Rome"}'},
    ]


def test_a_part_from_elsewhere_that_cannot_be_sent_on_is_refused() -> None:
    with pytest.raises(NoSpellingError, match="server_tool_use"):
        encoded(user("a"), AssistantMessage([p.Unknown("server_tool_use", {})]), user("b"))


WIRE: list[Any] = [
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


@pytest.mark.parametrize("wire", [["text"], [{"type": "message"}, None], {"output": []}, "text", 1])
def test_an_answer_whose_stored_json_holds_no_items_is_rebuilt_from_its_parts(wire: Any) -> None:
    own = AssistantMessage([p.Text("x")], Source("openai", "responses", "gpt-test", wire))
    assert items(user("a"), own, user("b"))[1] == {"type": "message", "role": "assistant", "content": "x"}


@pytest.mark.parametrize(
    "item", [{"type": "shell_call"}, {"type": "computer_call", "call_id": [1]}, {"type": ["x"]}, {}]
)
def test_a_stored_item_without_what_its_type_demands_is_replayed_as_it_is(item: Any) -> None:
    own = AssistantMessage([], Source("openai", "responses", "gpt-test", [item]))
    sent: Any = encode_request(request(user("a"), own, user([p.ToolOutput("c1", "f", "x")])))
    assert sent["input"][1:] == [item, {"type": "function_call_output", "call_id": "c1", "output": "x"}]


def test_an_output_in_openais_own_json_answers_a_call_of_openais_own_tools() -> None:
    call: Any = {
        "type": "shell_call",
        "id": "i1",
        "call_id": "c1",
        "status": "completed",
        "action": {"commands": ["ls"]},
    }
    own = AssistantMessage([], Source("openai", "responses", "gpt-test", [call]))
    output = {"type": "function_call_output", "call_id": "c1", "output": "a.txt"}
    assert items(user("a"), own, user([p.Unknown("function_call_output", output)]))[1:] == [call, output]


def test_a_cache_point_does_not_change_what_the_caller_wrote() -> None:
    output = {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "long"}]}
    before = copy.deepcopy(output)
    (sent,) = items(user([p.Unknown("function_call_output", output), p.CachePoint()]))
    assert sent["output"][0]["prompt_cache_breakpoint"]["mode"] == "explicit"
    assert output == before


@pytest.mark.parametrize("output", [{}, {"output": None}, {"output": []}, {"output": ["text"]}])
def test_a_cache_point_after_an_output_without_parts_is_refused(output: Any) -> None:
    written = {"type": "function_call_output", "call_id": "c1", **output}
    with pytest.raises(NoSpellingError, match=r"cache.point"):
        encoded(user([p.Unknown("function_call_output", written), p.CachePoint()]))


def test_reasoning_that_was_never_stored_is_left_out_with_the_ids_that_point_to_it() -> None:
    bare: list[Any] = [{"type": "reasoning", "id": "rs_1", "summary": []}, *WIRE[1:]]
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
        "properties": {"city": {"type": "string"}, "days": {"type": ["integer", "null"], "description": "default: 1"}},
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
    own = {"stream_options": {"include_obfuscation": True}}
    assert ask_for_stream({**body, **own}, openai) == {**body, "stream": True, **own}
    assert ask_for_stream({**body, "stream_options": 1}, openai)["stream_options"] == 1
