"""Arguments of a tool call that cannot be read, in every wire format: nothing runs, the model is told, the text is kept."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from support.loopback import Canned, Loopback

from capably import llm
from capably.tools.run import run_tool_calls, run_tool_calls_async
from capably.types.arguments import INVALID

ran: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    ran.clear()


@llm.tool
def wipe(path: str = "/") -> str:
    """Delete a folder."""
    ran.append(path)
    return f"deleted {path}"


@llm.tool(name="wipe")
async def wipe_async(path: str = "/") -> str:
    """Delete a folder."""
    ran.append(path)
    return f"deleted {path}"


def sse(events: list[Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


# One call of `wipe` per wire format, with arguments as the JSON of the format holds them; `...` leaves them out


def with_arguments(entry: dict[str, Any], key: str, arguments: Any) -> dict[str, Any]:
    return entry if arguments is ... else {**entry, key: arguments}


def anthropic(arguments: Any) -> Any:
    block = with_arguments({"type": "tool_use", "id": "t1", "name": "wipe"}, "input", arguments)
    counts = {"input_tokens": 1, "output_tokens": 1}
    message = {"type": "message", "id": "m", "model": "m", "role": "assistant", "usage": counts}
    return {**message, "content": [block], "stop_reason": "tool_use"}


def anthropic_stream(arguments: Any) -> list[Any]:
    begun = {"type": "tool_use", "id": "t1", "name": "wipe", "input": {}}
    pieces = [] if arguments is ... else [arguments[:3], arguments[3:]]
    return [
        {"type": "message_start", "message": {**anthropic({}), "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": begun},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": piece}}
            for piece in pieces
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ]


def responses(arguments: Any) -> Any:
    item = {"type": "function_call", "id": "fc", "call_id": "c1", "name": "wipe"}
    return {"id": "r", "status": "completed", "output": [with_arguments(item, "arguments", arguments)]}


def responses_stream(arguments: Any) -> list[Any]:
    whole = responses(arguments)
    (item,) = whole["output"]
    pieces = [] if arguments is ... else [arguments[:3], arguments[3:]]
    return [
        {"type": "response.created", "response": {"id": "r"}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "arguments": ""}},
        *({"type": "response.function_call_arguments.delta", "output_index": 0, "delta": piece} for piece in pieces),
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {**whole, "output": []}},
    ]


def chat(arguments: Any) -> Any:
    call = {"id": "c1", "type": "function", "function": with_arguments({"name": "wipe"}, "arguments", arguments)}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}


def chat_stream(arguments: Any) -> list[Any]:
    pieces = [arguments[:3], arguments[3:]] if isinstance(arguments, str) else [arguments]
    calls = [{"index": 0, "id": "c1", "function": with_arguments({"name": "wipe"}, "arguments", pieces[0])}]
    calls += [{"index": 0, "function": {"arguments": piece}} for piece in pieces[1:]]
    deltas = [{"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]} for call in calls]
    return [*deltas, {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}]


def google(arguments: Any) -> Any:
    part = {"functionCall": with_arguments({"id": "g1", "name": "wipe"}, "args", arguments)}
    return {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}]}


def google_stream(arguments: Any) -> list[Any]:
    return [google(arguments)]


FORMATS: dict[str, tuple[str, Callable[[Any], Any], Callable[[Any], list[Any]]]] = {
    "anthropic": ("anthropic/claude-sonnet-5-5", anthropic, anthropic_stream),
    "responses": ("openai/gpt-6.1-sol", responses, responses_stream),
    "chat": ("mistral/mistral-medium-2604", chat, chat_stream),
    "google": ("google/gemini-3.8-flash", google, google_stream),
}

TEXTS = [
    '["/x"]',
    '"/x"',
    '"{\\"path\\": \\"/x\\"}"',
    "5",
    "true",
    '{"path": "/x',
    '{"path": NaN}',
    '{"path": -Infinity}',
    '{"path": "\\ud83d"}',
    '{"path": "/x", "path": "/y"}',
    '{"path": "/x"} </tool_call>',
    '{"path": ' + "[" * 200_000 + "]" * 200_000 + "}",
    "{",
]
VALUES: list[Any] = [["/x"], [], 5, 0, False, True]


def ask(where: str, reply: Any, *, stream: bool = False, tool: Any = wipe) -> tuple[Any, Any]:
    """The response to one call, and the request that goes on from it with the outputs of its tools."""
    name = FORMATS[where][0]
    with Loopback([Canned([sse(reply)]) if stream else Canned(reply)]) as server:
        llm.configure(name.partition("/")[0], api_key="k", base_url=server.url, max_retries=0)
        model: Any = llm.Model.of(name)
        response = model.stream("Hi", tools=[tool]) if stream else model.call("Hi", tools=[tool])
        outputs = response.execute_tools()
        following = response.resume(outputs)
        _ = following.content
        return response, (outputs, server.requests[-1].json())


async def ask_async(where: str, reply: Any, *, stream: bool = False) -> tuple[Any, list[Any]]:
    name = FORMATS[where][0]
    with Loopback([Canned([sse(reply)]) if stream else Canned(reply)]) as server:
        llm.configure(name.partition("/")[0], api_key="k", base_url=server.url, max_retries=0)
        model: Any = llm.Model.of(name)
        made = model.stream_async("Hi", tools=[wipe_async]) if stream else model.call_async("Hi", tools=[wipe_async])
        response = await made
        return response, await response.execute_tools()


def replayed(where: str, body: Mapping[str, Any]) -> Any:
    """The arguments of the call in a request."""
    if where == "anthropic":
        return next(m for m in body["messages"] if m["role"] == "assistant")["content"][0]["input"]
    if where == "responses":
        return next(item for item in body["input"] if item.get("type") == "function_call")["arguments"]
    if where == "chat":
        return next(m for m in body["messages"] if m.get("tool_calls"))["tool_calls"][0]["function"]["arguments"]
    return next(c for c in body["contents"] if c["role"] == "model")["parts"][0]["functionCall"]["args"]


def assert_refused(response: Any, outputs: Any, text: str) -> None:
    (call,), (output,) = response.tool_calls, outputs
    assert ran == []
    assert (call.args, call.raw_args) == ({}, text)
    assert call.args_error
    assert output.is_error
    assert f"The arguments of wipe cannot be read, so it was not run: {call.args_error}." in output.value
    assert "Call it again with its arguments as one JSON object." in output.value


@pytest.mark.parametrize("stream", [False, True], ids=["call", "stream"])
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("where", FORMATS)
def test_unreadable_text_runs_nothing_and_is_replayed(where: str, text: str, stream: bool) -> None:
    _, make, make_stream = FORMATS[where]
    response, (outputs, body) = ask(where, make_stream(text) if stream else make(text), stream=stream)
    assert_refused(response, outputs, text)
    assert replayed(where, body) == (text if where in ("responses", "chat") else {INVALID: text})


@pytest.mark.parametrize("stream", [False, True], ids=["call", "stream"])
@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
@pytest.mark.parametrize("where", FORMATS)
def test_values_that_are_no_object_run_nothing_and_are_replayed(where: str, value: Any, stream: bool) -> None:
    if stream and where in ("anthropic", "responses"):
        pytest.skip("arguments are streamed as text")
    _, make, make_stream = FORMATS[where]
    response, (outputs, body) = ask(where, make_stream(value) if stream else make(value), stream=stream)
    text = json.dumps(value)
    assert_refused(response, outputs, text)
    own = {"responses": value, "chat": text if stream else value}
    assert replayed(where, body) == own.get(where, {INVALID: text})


@pytest.mark.parametrize("stream", [False, True], ids=["call", "stream"])
@pytest.mark.parametrize("where", FORMATS)
def test_unreadable_text_runs_nothing_when_awaited(where: str, stream: bool) -> None:
    _, make, make_stream = FORMATS[where]
    text = '["/x"]'
    response, outputs = asyncio.run(ask_async(where, make_stream(text) if stream else make(text), stream=stream))
    assert_refused(response, outputs, text)


@pytest.mark.parametrize("stream", [False, True], ids=["call", "stream"])
@pytest.mark.parametrize(
    "arguments", ["", "  ", "null", "{}", None, ...], ids=["empty", "blank", "null", "{}", "None", "absent"]
)
@pytest.mark.parametrize("where", FORMATS)
def test_no_arguments_run_the_function_with_its_defaults(where: str, arguments: Any, stream: bool) -> None:
    if stream and arguments is None and where in ("anthropic", "responses"):
        pytest.skip("arguments are streamed as text")
    _, make, make_stream = FORMATS[where]
    response, (outputs, body) = ask(where, make_stream(arguments) if stream else make(arguments), stream=stream)
    assert ([output.value for output in outputs], ran) == (["deleted /"], ["/"])
    assert (response.tool_calls[0].args, response.tool_calls[0].args_error) == ({}, None)
    if where == "anthropic":
        assert replayed(where, body) == {}


@pytest.mark.parametrize("where", ["anthropic", "google"])
def test_text_that_is_an_object_is_read_where_the_format_has_objects(where: str) -> None:
    response, (_, body) = ask(where, FORMATS[where][1]('{"path": "/x"}'))
    assert (ran, response.tool_calls[0].args) == (["/x"], {"path": "/x"})
    assert replayed(where, body) == {"path": "/x"}


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_another_provider_is_sent_the_unreadable_text(source: str, target: str) -> None:
    text = '{"path": "/x'
    response, _ = ask(source, FORMATS[source][1](text))
    call = llm.ToolCall("c1", "wipe", {}, response.tool_calls[0].raw_args)
    name, make, _ = FORMATS[target]
    with Loopback([Canned(make({}))]) as server:
        llm.configure(name.partition("/")[0], api_key="k", base_url=server.url, max_retries=0)
        model: Any = llm.Model.of(name)
        model.call([llm.user("Hi"), llm.assistant([call]), llm.user([*run_tool_calls([call], [wipe])])], tools=[wipe])
        sent = replayed(target, server.requests[-1].json())
    assert sent == (text if target in ("responses", "chat") else {INVALID: text})


@pytest.mark.parametrize("where", FORMATS)
def test_saved_and_copied_responses_keep_the_unreadable_text(where: str) -> None:
    text = '{"path": "/x'
    response, _ = ask(where, FORMATS[where][1](text))
    again: list[Any] = [
        llm.Response.from_json(response.to_json(), tools=[wipe]),
        pickle.loads(pickle.dumps(response)),
        copy.deepcopy(response),
    ]
    for other in again:
        assert other.tool_calls == response.tool_calls
        assert other.tool_calls[0].args_error == response.tool_calls[0].args_error
        assert other.messages[-1].source.wire == response.messages[-1].source.wire
    assert again[0].execute_tools()[0].is_error
    assert ran == []


@pytest.mark.parametrize("where", FORMATS)
def test_a_part_of_a_stream_has_the_unreadable_text(where: str) -> None:
    text = '["/x"]'
    name, _, make_stream = FORMATS[where]
    with Loopback([Canned([sse(make_stream(text))])]) as server:
        llm.configure(name.partition("/")[0], api_key="k", base_url=server.url, max_retries=0)
        (part,) = llm.Model.of(name).stream("Hi", tools=[wipe]).streams()
        assert isinstance(part, llm.ToolCallStream)
        assert "".join(part) == text
        assert part.collect().raw_args == text
        assert part.collect().args_error == "they are an array, not a JSON object"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[1]", "they are an array, not a JSON object"),
        ('"x"', "they are a string, not a JSON object"),
        ("1.5", "they are a number, not a JSON object"),
        ("false", "they are a boolean, not a JSON object"),
        ('{"a": {"b": 1, "b": 2}}', 'the key "b" stands in one object twice'),
        ('{"a": 1} {', "they are not valid JSON ("),
        ("[" * 200_000, "they are nested too deep"),
        ('{"a": ' + "9" * 10_000 + "}", "they are not valid JSON ("),
        ("\ud83d", "they are not valid JSON ("),
    ],
    ids=range(9),
)
def test_the_error_names_what_is_wrong(text: str, error: str) -> None:
    call = llm.ToolCall("1", "wipe", {}, text)
    assert (call.args_error or "").startswith(error)
    outputs = [*run_tool_calls([call], [wipe]), *asyncio.run(run_tool_calls_async([call], [wipe_async]))]
    assert [output.is_error for output in outputs] == [True, True]
    assert all(len(output.value.encode()) < 600 for output in outputs)
    assert ran == []


@pytest.mark.parametrize("args", [["/x"], [], "/x", None, 5], ids=repr)
def test_args_that_are_no_mapping_run_nothing(args: Any) -> None:
    call = llm.ToolCall("1", "wipe", args)
    assert call.args_error
    assert run_tool_calls([call], [wipe])[0].is_error
    assert ran == []


def test_a_tool_with_a_schema_of_its_own_is_not_run_either() -> None:
    tool = llm.Tool(lambda **given: ran.append(str(given)), name="wipe")
    assert run_tool_calls([llm.ToolCall("1", "wipe", {}, "[1]")], [tool])[0].is_error
    assert ran == []


def test_the_other_calls_of_a_turn_run() -> None:
    calls = [llm.ToolCall("1", "wipe", {}, '{"path'), llm.ToolCall("2", "wipe", {"path": "/x"})]
    assert [output.is_error for output in run_tool_calls(calls, [wipe])] == [True, False]
    assert [output.is_error for output in asyncio.run(run_tool_calls_async(calls, [wipe_async]))] == [True, False]
    assert ran == ["/x", "/x"]


def test_a_call_is_mended_with_arguments_of_ones_own() -> None:
    broken = llm.ToolCall("1", "wipe", {}, "[1]")
    mended = llm.ToolCall(broken.id, broken.name, {"path": "/x"})
    assert (mended.args_error, run_tool_calls([mended], [wipe])[0].value) == (None, "deleted /x")
