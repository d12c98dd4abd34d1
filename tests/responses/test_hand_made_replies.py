"""Replies as some hosts send them, by hand: places that are missing or large, null everywhere, pieces without an end."""

from __future__ import annotations

from typing import Any

import pytest
from support.wire_answers import FORMATS, USAGES, anthropic, ask, chat, google, responses

from capably import llm

ANTHROPIC, RESPONSES, CHAT, GOOGLE = (FORMATS[wire][0] for wire in ("anthropic", "responses", "chat", "google"))


def read(model: str, answer: Any, **params: Any) -> Any:
    """Return the response to a body, or to a list of events, whose chunks tell what it tells."""

    def use(response: Any) -> Any:
        if isinstance(answer, list):
            texts = "".join(chunk.delta for chunk in response.chunks() if chunk.kind == "text")
            assert texts == "".join(part.text for part in response.content if isinstance(part, llm.Text))
            parts = [chunk.part for chunk in response.chunks() if isinstance(chunk.part, llm.ToolCall)]
            assert parts == list(response.tool_calls)
        return response

    return ask("stream" if isinstance(answer, list) else "call", model, [answer], use, **params)[0]


# Anthropic


def message_events(*events: Any, content: Any = (), usage: Any = ...) -> list[Any]:
    start = {**anthropic("", {"input_tokens": 10, "output_tokens": 1}), "content": [*content], "stop_reason": None}
    end: dict[str, Any] = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    return [
        {"type": "message_start", "message": start},
        *events,
        end if usage is ... else {**end, "usage": usage},
        {"type": "message_stop"},
    ]


def text_block(index: Any, text: str = "Hi") -> list[Any]:
    return [
        {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": index},
    ]


def test_what_a_message_begins_with_is_part_of_it() -> None:
    call = {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}
    events = message_events(*text_block(2, " you"), content=[{"type": "text", "text": "Hi"}, call])
    assert read(ANTHROPIC, events).content == (llm.Text("Hi"), llm.ToolCall("t1", "f", {"a": 1}), llm.Text(" you"))


@pytest.mark.parametrize("index", [None, 1, 10**9])
def test_a_block_is_found_whatever_its_index(index: Any) -> None:
    assert read(ANTHROPIC, message_events(*text_block(index))).content == (llm.Text("Hi"),)


@pytest.mark.parametrize("usage", [..., None, {}, {"output_tokens": None}])
def test_the_count_at_the_beginning_is_not_that_of_the_answer(usage: Any) -> None:
    response = read(ANTHROPIC, message_events(*text_block(0), usage=usage))
    assert (response.usage.reported, response.cost, response.usage.input_tokens) == (False, None, 10)
    response = read(ANTHROPIC, message_events(*text_block(0), usage={"output_tokens": 5}))
    assert (response.usage, response.cost is None) == (llm.Usage(10, 5), False)


# Chat Completions


def deltas(*pieces: Any, finish: str = "stop") -> list[Any]:
    return [
        *({"id": "c", "choices": [{"index": 0, "delta": piece}]} for piece in pieces),
        {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]},
    ]


def with_content(content: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "message": {"content": content}, "finish_reason": "stop"}]}


@pytest.mark.parametrize("item", [{"type": "text", "text": None}, {"type": "refusal", "refusal": 5}, None, "Hi"])
def test_content_of_a_wrong_type_is_a_malformed_reply(item: Any) -> None:
    for answer in (with_content([item]), deltas({"content": [item]})):
        with pytest.raises(llm.ServerError, match=r"not shaped like|cannot be read"):
            read(CHAT, answer)


def test_a_refusal_among_the_content_is_a_refusal() -> None:
    pieces = [{"content": [{"type": "refusal", "refusal": text}]} for text in ("No", ".")]
    for answer in (with_content([{"type": "refusal", "refusal": "No."}]), deltas(*pieces)):
        response = read(CHAT, answer)
        assert (response.finish_reason, response.content) == ("refusal", (llm.Refusal("No."),))


@pytest.mark.parametrize("names", [["get_", "weather"], ["get_weather", "get_weather"], ["get_", "get_weather"]])
def test_the_name_of_a_call_comes_in_pieces_or_again(names: list[str]) -> None:
    calls: list[dict[str, Any]] = [{"index": 0, "function": {"name": name, "arguments": ""}} for name in names]
    calls[0] |= {"id": "a", "type": "function"}
    calls.append({"index": 0, "function": {"arguments": "{}"}})
    answer = deltas(*({"tool_calls": [call]} for call in calls), finish="tool_calls")
    assert read(CHAT, answer).tool_calls == (llm.ToolCall("a", "get_weather", {}, "{}"),)

    def use(response: Any) -> Any:
        return [(stream.collect(), stream.tool_name) for stream in response.streams()]

    ((call, name),), _ = ask("stream", CHAT, [answer], use)
    assert call.name == name == "get_weather"


def test_a_name_without_an_end_is_no_work_without_an_end() -> None:
    call = {"index": 0, "id": "a", "function": {"name": "x" * 100, "arguments": ""}}
    pieces = [{"tool_calls": [{**call, "function": {"name": "y" * 100}}]} for _ in range(1000)]
    (call,) = read(CHAT, deltas({"tool_calls": [call]}, *pieces)).tool_calls
    assert call.name == "x" * 100 + "y" * 200


# Responses


def response_events(*events: Any, output: Any = ()) -> list[Any]:
    whole = {**responses("", USAGES["responses"]), "output": list(output)}
    return [
        {"type": "response.created", "response": {"id": "r"}},
        *events,
        {"type": "response.completed", "response": whole},
    ]


def added(item: Any) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": 0, "item": item}


def growing(kind: str, *pieces: str) -> list[Any]:
    where = {"type": f"response.{kind}.delta", "output_index": 0, "content_index": 0, "item_id": "i"}
    return [{**where, "delta": piece} for piece in pieces]


MESSAGE = {"type": "message", "id": "i", "role": "assistant", "content": []}


def test_an_item_that_is_never_said_to_be_done_is_not_lost() -> None:
    call = {"type": "custom_tool_call", "id": "i", "call_id": "c", "name": "sql", "input": ""}
    response = read(RESPONSES, response_events(added(call), *growing("custom_tool_call_input", "select ", "1")))
    assert (response.finish_reason, response.tool_calls) == (
        "tool_use",
        (llm.CustomToolCall("c", "sql", {"input": "select 1"}),),
    )
    shell = {"type": "shell_call", "id": "i", "call_id": "c", "action": {"commands": ["ls"]}}
    assert read(RESPONSES, response_events(added(shell))).tool_calls == (
        llm.ShellCall("c", "shell", {"commands": ["ls"]}),
    )
    response = read(RESPONSES, response_events(added(MESSAGE), *growing("refusal", "No", ".")))
    assert (response.finish_reason, response.content) == ("refusal", (llm.Refusal("No."),))


def test_null_in_place_of_an_item_or_a_citation_is_nothing() -> None:
    part = {"type": "output_text", "text": "Hi", "annotations": [None]}
    item = {**MESSAGE, "content": [part]}
    for answer in ({**responses(""), "output": [item]}, response_events(added(None), output=[item])):
        assert read(RESPONSES, answer).content == (llm.Text("Hi"),)


# Google


@pytest.mark.parametrize("index", [1, 10**9])
def test_the_only_candidate_is_the_answer_whatever_its_index(index: int) -> None:
    whole = google("Hi", USAGES["google"])
    (candidate,) = whole["candidates"]
    first = {"candidates": [{"index": index, "content": {"role": "model", "parts": [{"text": "H"}]}}]}
    last = {"candidates": [{"index": index, "content": {"parts": [{"text": "i"}]}, "finishReason": "STOP"}]}
    for answer in ({**whole, "candidates": [{**candidate, "index": index}]}, [first, last]):
        response = read(GOOGLE, answer)
        assert (response.text(), response.finish_reason) == ("Hi", "stop")


def test_of_several_candidates_the_first_is_the_answer_though_another_speaks_first() -> None:
    def event(index: int, text: str) -> dict[str, Any]:
        content = {"role": "model", "parts": [{"text": text}]}
        return {"candidates": [{"index": index, "content": content, "finishReason": "STOP"}]}

    wanted = {"generationConfig": {"candidateCount": 2}}
    response = read(GOOGLE, [event(1, "B"), event(0, "A")], extra=wanted)
    assert (response.text(), [other.text() for other in response.candidates]) == ("A", ["A", "B"])


@pytest.mark.parametrize(
    "empty", [{"functionCall": None}, {"inlineData": None}, {"text": None}, {"fileData": None}, {}]
)
def test_a_part_that_is_null_is_none(empty: Any) -> None:
    content = {"role": "model", "parts": [empty, {"text": "Hi"}]}
    body = {"candidates": [{"content": content, "finishReason": "STOP"}]}
    for answer in (body, [body]):
        assert read(GOOGLE, answer).content == (llm.Text("Hi"),)


# Calls that the limit cut


@llm.tool
def f(a: str = "default") -> str:
    """Run."""
    return a


def partial(piece: Any, finish: str | None = None) -> dict[str, Any]:
    end = {"finishReason": finish} if finish else {}
    return {"candidates": [{"content": {"role": "model", "parts": [{"functionCall": piece}]}, **end}]}


CUT: dict[str, tuple[str, Any]] = {
    "google, in pieces": (
        GOOGLE,
        [
            partial({"name": "f", "willContinue": True}),
            partial(
                {"partialArgs": [{"jsonPath": "$.a", "stringValue": "x", "willContinue": True}], "willContinue": True},
                "MAX_TOKENS",
            ),
        ],
    ),
    "google": (GOOGLE, partial({"name": "f", "args": {"a": "x"}}, "MAX_TOKENS")),
    "anthropic": (
        ANTHROPIC,
        {
            **anthropic("", finish="max_tokens"),
            "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": "x"}}],
        },
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_an_object_of_arguments_that_the_limit_may_have_cut_is_not_run(name: str) -> None:
    model, answer = CUT[name]
    (output,) = read(model, answer, tools=[f]).execute_tools()
    assert output.is_error
    assert "was cut off at the limit" in output.value


def test_arguments_whose_text_is_complete_are_run_at_the_limit_too() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"a": "x"}'}}
    body = chat("", finish="length")
    body["choices"][0]["message"] = {"role": "assistant", "content": None, "tool_calls": [call]}
    (output,) = read(CHAT, body, tools=[f]).execute_tools()
    assert (output.is_error, output.value) == (False, "x")
