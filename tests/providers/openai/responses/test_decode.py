"""What is read from answers of OpenAI's Responses."""

from __future__ import annotations

from typing import Any

import pytest
from support.vendors.responses import call_item, decoded, request, response, text_item, thought_item, weather

from capably.providers.openai.responses.decode import decode_reply
from capably.types import errors as e, parts as p
from capably.types.usage import Usage


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
    (part,) = decoded(response(item)).of(p.Text)
    assert part.citations == (p.Citation(url="https://x.test", title="X", cited_text="Hello", raw=raw),)


@pytest.mark.parametrize("annotations", [1, "text", {"url": "u"}, ["text", None, 1, {}]])
def test_citations_of_another_shape_lose_nobody_the_text(annotations: Any) -> None:
    item = text_item("Hello", content=[{"type": "output_text", "text": "Hello", "annotations": annotations}])
    assert decoded(response(item)).content == (p.Text("Hello"),)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({"type": "shell_call", "call_id": "c", "action": "ls"}, id="shell"),
        pytest.param({"type": "local_shell_call", "call_id": "c", "action": {"command": "ls"}}, id="local shell"),
        pytest.param({"type": "computer_call", "call_id": "c", "actions": [1]}, id="computer"),
        pytest.param({"type": "apply_patch_call", "call_id": "c", "operation": [1]}, id="patch"),
        pytest.param({"type": "custom_tool_call", "call_id": "c", "name": 1}, id="custom"),
        pytest.param({"type": "image_generation_call", "result": 1}, id="image"),
    ],
)
def test_a_call_or_picture_of_another_shape_is_a_server_error(item: Any) -> None:
    reply = decoded(response(item, text_item("Hi")))
    assert reply.of(p.Text) == (p.Text("Hi"),)
    with pytest.raises(e.ServerError, match="not shaped like a response"):
        _ = reply.content


def test_a_painted_picture_is_an_image() -> None:
    item = {"type": "image_generation_call", "id": "ig", "result": "cG5n", "output_format": "webp"}
    assert decoded(response(item)).content == (p.Image.from_bytes(b"png", media_type="image/webp"),)


@pytest.mark.parametrize("kind", ["web_search_call", "mcp_call", "compaction", "a_future_item"])
def test_an_item_without_a_class_is_kept_as_it_is(kind: str) -> None:
    item = {"type": kind, "id": "x", "action": {"query": "q"}}
    assert decoded(response(item)).content == (p.Unknown(kind, item),)


@pytest.mark.parametrize("arguments", ['{"city": "Ro', "[1]", ""])
def test_arguments_that_are_no_object_are_kept_as_text(arguments: str) -> None:
    (call,) = decoded(response(call_item(arguments=arguments))).of(p.ToolCall)
    assert (call.args, call.raw_args) == ({}, arguments)


def test_nulls_that_only_strict_mode_wrote_are_taken_out_so_that_defaults_apply() -> None:
    raw = '{"city":null,"days":null}'
    (call,) = decoded(response(call_item(arguments=raw)), tools=[weather(strict=True)]).of(p.ToolCall)
    assert (call.args, call.raw_args) == ({"city": None}, raw)
    (call,) = decoded(response(call_item(arguments=raw)), tools=[weather()]).of(p.ToolCall)
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


def test_an_error_of_another_shape_is_told_in_its_own_words() -> None:
    with pytest.raises(e.NotFoundError, match="no such model"):
        decoded({"object": "error", "message": "no such model", "code": 404})


@pytest.mark.parametrize(
    ("execution", "answered", "finish"),
    [("client", False, "tool_use"), ("client", True, "stop"), ("server", False, "stop")],
)
def test_a_search_for_tools_that_the_caller_runs_waits_for_it(execution: str, answered: bool, finish: str) -> None:
    search = {"type": "tool_search_call", "call_id": "c", "execution": execution, "arguments": {}}
    output = [{"type": "tool_search_output", "call_id": "c", "tools": []}] if answered else []
    assert decoded(response(search, *output)).finish_reason == finish
