"""Calls of tools that a provider defines and the caller runs, in every API and all four ways to ask."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from support.wire_answers import FORMATS, WAYS, ask

from capably import llm

PNG = llm.Image.from_bytes(b"\x89PNG\r\n\x1a\n", media_type="image/png")

# Answers


def chat(way: str, *calls: dict[str, Any], finish: str = "tool_calls") -> Any:
    if way.startswith("call"):
        message = {"role": "assistant", "content": None, "tool_calls": list(calls)}
        return {"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": finish}]}
    deltas: list[Any] = [{"role": "assistant", "content": None}]
    for index, call in enumerate(calls):
        kind = call["type"]
        field = "input" if kind == "custom" else "arguments"
        text = call[kind][field]
        deltas.append({"tool_calls": [{**call, "index": index, kind: {**call[kind], field: ""}}]})
        deltas += [{"tool_calls": [{"index": index, kind: {field: letter}}]} for letter in text]
    return [
        *({"id": "c", "choices": [{"index": 0, "delta": delta}]} for delta in deltas),
        {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]},
    ]


def anthropic(way: str, name: str, args: Any) -> Any:
    block = {"type": "tool_use", "id": "toolu_1", "name": name, "input": args}
    message = {"type": "message", "id": "m", "model": "m", "role": "assistant", "stop_reason": "tool_use"}
    if way.startswith("call"):
        return {**message, "content": [block], "usage": {"input_tokens": 1, "output_tokens": 1}}
    return [
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {**block, "input": {}}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": letter}}
            for letter in json.dumps(args)
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_stop"},
    ]


def google(way: str, name: str, args: Any) -> Any:
    content = {"role": "model", "parts": [{"functionCall": {"id": "g1", "name": name, "args": args}}]}
    body = {"candidates": [{"content": content, "finishReason": "STOP"}]}
    return body if way.startswith("call") else [body]


def custom(name: str = "sql", text: str = "select 1", id: str = "call_1") -> dict[str, Any]:
    return {"id": id, "type": "custom", "custom": {"name": name, "input": text}}


def with_outputs(response: Any) -> Any:
    """Run the documented loop to its end, and return the first response and the outputs of its tools."""
    if inspect.iscoroutinefunction(response.execute_tools):
        return _with_outputs_async(response)
    outputs = response.execute_tools()
    _ = response.resume(outputs).finish_reason
    return response, outputs


async def _with_outputs_async(response: Any) -> Any:
    outputs = await response.execute_tools()
    following = await response.resume(outputs)
    if hasattr(following, "finish"):
        await following.finish()
    return response, outputs


@llm.tool
def sql(input: str) -> str:
    """Query."""
    return input.upper()


# Chat Completions

CHAT = FORMATS["chat"][0]


@pytest.mark.parametrize("way", WAYS)
def test_a_custom_tool_of_chat_completions_is_a_call_with_free_text(way: str) -> None:
    text = '{"not": JSON\n'
    function = {"name": "sql", "arguments": '{"input": "x"}'}
    calls = [custom(text=text), {"id": "call_2", "type": "function", "function": function}]
    answers = [chat(way, *calls), chat(way, custom(), finish="stop")]

    (response, outputs), sent = ask(way, CHAT, answers, with_outputs, tools=[sql])
    assert response.finish_reason == "tool_use"
    assert response.tool_calls == (
        llm.CustomToolCall("call_1", "sql", {"input": text}),
        llm.ToolCall("call_2", "sql", {"input": "x"}, '{"input": "x"}'),
    )
    assert [output.value for output in outputs] == [text.upper(), "X"]
    _, replayed, first, second = sent[1]["messages"]
    assert replayed["tool_calls"] == calls
    assert first == {"role": "tool", "tool_call_id": "call_1", "content": text.upper()}
    assert second["tool_call_id"] == "call_2"


@pytest.mark.parametrize("finish", ["tool_calls", "stop"])
@pytest.mark.parametrize("way", ["call", "stream"])
def test_a_custom_call_makes_the_end_a_tool_use(finish: str, way: str) -> None:
    response, _ = ask(way, CHAT, [chat(way, custom(), finish=finish)])
    assert response.finish_reason == "tool_use"
    assert llm.Response.from_json(response.to_json()).tool_calls == response.tool_calls


@pytest.mark.parametrize("way", ["call", "stream"])
def test_a_custom_call_that_was_cut_is_not_run(way: str) -> None:
    ran: list[str] = []

    @llm.tool(name="sql")
    def note(input: str) -> str:
        """Query."""
        ran.append(input)
        return input

    (_, outputs), _ = ask(way, CHAT, [chat(way, custom(), finish="length")] * 2, with_outputs, tools=[note])
    assert not ran
    assert outputs[0].is_error
    assert "was cut off" in outputs[0].value


@pytest.mark.parametrize("way", ["call", "stream"])
def test_a_custom_call_that_nobody_runs_says_what_to_do(way: str) -> None:
    response, _ = ask(way, CHAT, [chat(way, custom())])
    with pytest.raises(llm.ToolError, match="calls sql, which you run: pass a function of this name"):
        response.execute_tools()


def test_a_custom_call_has_a_stream_of_its_own() -> None:
    def use(response: Any) -> Any:
        return [(stream.content_type, stream.tool_name, stream.collect()) for stream in response.streams()]

    streams, _ = ask("stream", CHAT, [chat("stream", custom(), custom(id="call_2"))], use)
    calls = [llm.CustomToolCall(id, "sql", {"input": "select 1"}) for id in ("call_1", "call_2")]
    assert streams == [("tool_call", "sql", call) for call in calls]


@pytest.mark.parametrize(
    "call",
    [
        pytest.param({"custom": {"name": "sql", "input": None}}, id="null"),
        pytest.param({"custom": {"name": "sql"}, "function": None}, id="no input"),
    ],
)
def test_a_custom_call_without_input_has_an_empty_one(call: Any) -> None:
    response, _ = ask("call", CHAT, [chat("call", {"id": "call_1", "type": "custom", **call})])
    assert response.tool_calls == (llm.CustomToolCall("call_1", "sql", {"input": ""}),)


# Anthropic and Google


def screen(call: llm.ToolCall) -> Any:
    return [f"{call.name}: {sorted(call.args)}", PNG]


def note(call: llm.ToolCall) -> str:
    return f"{call.name}: {sorted(call.args)}"


ANTHROPIC_CALLS: list[tuple[Callable[..., Any], Callable[..., Any], str, Any]] = [
    (llm.Bash, note, "bash", {"command": "ls"}),
    (llm.TextEditor, note, "str_replace_based_edit_tool", {"command": "view", "path": "a"}),
    (llm.Memory, note, "memory", {"command": "view", "path": "/memories"}),
    (llm.ComputerUse, screen, "left_click", {"coordinate": [1, 2]}),
]
GOOGLE_CALLS: list[tuple[Callable[..., Any], Callable[..., Any], str, Any]] = [
    (llm.ComputerUse, screen, "click_at", {"x": 1, "y": 2}),
    (llm.ComputerUse, screen, "long_press_at", {"x": 1, "y": 2}),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("tool", "run", "name", "args"), ANTHROPIC_CALLS)
def test_the_callers_function_answers_anthropics_tool(way: str, tool: Any, run: Any, name: str, args: Any) -> None:
    answers: Sequence[Any] = [anthropic(way, name, args)] * 2
    (response, outputs), sent = ask(way, "anthropic/claude-opus-5", answers, with_outputs, tools=[tool(run=run)])
    assert (response.finish_reason, [(call.name, call.args) for call in response.tool_calls]) == (
        "tool_use",
        [(name, args)],
    )
    assert not outputs[0].is_error
    _, replayed, answer = sent[1]["messages"]
    assert replayed["content"] == [{"type": "tool_use", "id": "toolu_1", "name": name, "input": args}]
    (result,) = answer["content"]
    assert (result["type"], result["tool_use_id"]) == ("tool_result", "toolu_1")
    assert f"{name}: {sorted(args)}" in json.dumps(result["content"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("tool", "run", "name", "args"), GOOGLE_CALLS)
def test_the_callers_function_answers_googles_tool(way: str, tool: Any, run: Any, name: str, args: Any) -> None:
    answers: Sequence[Any] = [google(way, name, args)] * 2
    (response, outputs), sent = ask(way, "google/gemini-3.8-flash", answers, with_outputs, tools=[tool(run=run)])
    assert (response.finish_reason, outputs[0].is_error) == ("tool_use", False)
    _, replayed, answer = sent[1]["contents"]
    assert replayed["parts"] == [{"functionCall": {"id": "g1", "name": name, "args": args}}]
    (result,) = answer["parts"]
    result = result["functionResponse"]
    assert (result["id"], result["name"], result["response"]["output"]) == ("g1", name, f"{name}: {sorted(args)}")
    assert result["parts"][0]["inlineData"]["mimeType"] == "image/png"


def test_an_action_of_google_that_nobody_runs_says_what_to_do() -> None:
    response, _ = ask("call", "google/gemini-3.8-flash", [google("call", "click_at", {})], tools=[llm.ComputerUse()])
    with pytest.raises(llm.ToolError, match=r"calls click_at, which you run: pass llm.ComputerUse\(run=...\)"):
        response.execute_tools()


def test_a_function_that_google_made_up_is_an_error_for_the_model() -> None:
    response, _ = ask("call", "google/gemini-3.8-flash", [google("call", "click_at", {})], tools=[sql])
    (output,) = response.execute_tools()
    assert (output.is_error, output.value) == (True, "There is no tool click_at. The tools are: sql.")
