"""What is read from streams of OpenAI's Responses."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from support.untyped import untyped
from support.vendors.responses import call_item, decoded, items, request, response, text_item, thought_item

from capably.providers.openai.responses.stream import ResponsesAccumulator
from capably.types import errors as e, parts as p
from capably.types.messages import AssistantMessage, Source, assistant, user
from capably.types.response_data import ResponseData
from capably.types.stream import Chunk


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
        accumulator.feed(untyped(event))
    assert [(c.kind, c.delta) for c in accumulator.feed(untyped(STORY[6]))] == [("text", "Hel")]


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
    assert items(user("a"), assistant("b"))[1] == {"type": "message", "role": "assistant", "content": "b"}


# Places: looked up by index and id, and never assumed


def _without(event: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in names}


def _named(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events that name their item by id, as OpenAI sends them."""
    ids = {0: "rs_1", 1: "msg_1", 2: "ws_1", 3: CALL_A["id"], 4: CALL_B["id"]}
    return [{**event, "item_id": ids[event["output_index"]]} if "delta" in event else event for event in events]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda event: _without(event, "output_index", "content_index"), id="items known by id only"),
        pytest.param(lambda event: {**event, "content_index": 1} if "content_index" in event else event, id="from 1"),
        pytest.param(
            lambda event: {**event, "content_index": 10**9} if "content_index" in event else event, id="large content"
        ),
        pytest.param(
            lambda event: {**event, "output_index": 0} if "output_index" in event else event, id="every item is 0"
        ),
        pytest.param(
            lambda event: {**event, "output_index": event["output_index"] + 1} if "output_index" in event else event,
            id="items from 1",
        ),
        pytest.param(
            lambda event: (
                {**event, "output_index": 10**9 * event["output_index"]} if "output_index" in event else event
            ),
            id="large items",
        ),
        pytest.param(
            lambda event: {**event, "item_id": f"{event.get('delta')}"} if "delta" in event else event,
            id="changing ids",
        ),
    ],
)
@pytest.mark.parametrize("output", ["complete", "empty"])
def test_places_are_found_however_a_host_counts(change: Any, output: str) -> None:
    story: list[Any] = STORY[1:-1]
    thought, text = {**THOUGHT, "id": "rs_1"}, {**TEXT, "id": "msg_1"}
    events = [
        {
            **event,
            "item": {**event["item"], "id": {0: "rs_1", 1: "msg_1"}.get(event["output_index"], event["item"]["id"])},
        }
        if "item" in event
        else event
        for event in story
    ]
    complete = response(thought, text, SEARCH, CALL_A, CALL_B)
    last = complete if output == "complete" else {**complete, "output": []}
    chunks, reply = run(*map(change, _named(events)), completed(last))
    assert reply.content == decoded(complete).content
    check_chunks(chunks, reply)
    assert "".join(chunk.delta for chunk in chunks if chunk.kind == "text") == "Hello"


def test_two_texts_of_one_message_are_told_apart_without_their_announcement() -> None:
    both = text_item("", content=[{"type": "output_text", "text": text, "annotations": []} for text in ("ab", "cd")])
    deltas = [text_delta(0, "a", 3), text_delta(0, "c", 7), text_delta(0, "b", 3), text_delta(0, "d", 7)]
    chunks, reply = run(*deltas, done(0, both), completed(response(both)))
    check_chunks(chunks, reply)


def test_a_refusal_before_a_text_has_its_place() -> None:
    content: list[Any] = [
        {"type": "refusal", "refusal": "no"},
        {"type": "output_text", "text": "but", "annotations": []},
    ]
    mixed = text_item("", content=content)
    announced = [
        {"type": "response.content_part.added", "output_index": 0, "content_index": place, "part": part}
        for place, part in enumerate(content)
    ]
    chunks, reply = run(*announced, text_delta(0, "but", 1), done(0, mixed), completed(response(mixed)))
    check_chunks(chunks, reply)


@pytest.mark.parametrize("output", [[], None])
def test_what_came_in_deltas_only_is_not_lost(output: Any) -> None:
    item = {"type": "message", "id": "m", "role": "assistant", "phase": "final_answer", "content": []}
    call = {**CALL_A, "arguments": ""}
    chunks, reply = run(
        added(0, item),
        text_delta(0, "Hel"),
        text_delta(0, "lo"),
        added(1, call),
        arguments_delta(1, CALL_A["arguments"]),
        completed({**response(), "output": output}),
    )
    assert reply.content == decoded(response(TEXT, CALL_A)).content
    assert untyped(reply.wire)[0]["phase"] == "final_answer"
    check_chunks(chunks, reply)


def test_a_response_that_is_still_in_progress_is_no_reply() -> None:
    with pytest.raises(e.ServerError, match="cut"):
        run(response(status="in_progress"))


def test_commentary_is_a_part_of_its_own() -> None:
    note = {**text_item("Let me look."), "id": "msg_0", "phase": "commentary"}
    answer = {**TEXT, "phase": "final_answer"}
    whole = response(note, answer)
    chunks, reply = run(
        added(0, {**note, "content": []}),
        text_delta(0, "Let me "),
        text_delta(0, "look."),
        done(0, note),
        added(1, {**answer, "content": []}),
        text_delta(1, "Hello"),
        done(1, answer),
        completed(whole),
    )
    assert reply.content == decoded(whole).content == (p.Commentary("Let me look."), p.Text("Hello"))
    assert [(c.kind, c.delta) for c in chunks] == [
        ("commentary", "Let me "),
        ("commentary", "look."),
        ("text", "Hello"),
    ]
    turn = AssistantMessage(reply.content, Source("openai", "responses", "gpt-test", reply.wire))
    assert items(user("a"), turn)[1:] == [note, answer]


def test_commentary_of_another_provider_is_sent_with_its_phase() -> None:
    turn = AssistantMessage((p.Commentary("Let me look."), p.Text("4.")))
    assert items(user("a"), turn)[1:] == [
        {"type": "message", "role": "assistant", "content": "Let me look.", "phase": "commentary"},
        {"type": "message", "role": "assistant", "content": "4."},
    ]


def test_a_number_that_is_no_json_is_null_in_the_body_and_stays_in_the_answer() -> None:
    accumulator = ResponsesAccumulator(request())
    accumulator.feed({"type": "response.completed", "response": response(text_item("Hi"), status=float("nan"))})
    reply = accumulator.reply()
    assert (reply.finish_reason, reply.stop_detail) == ("other", "nan")
    assert b'"status":null' in reply.body


CITED = {"type": "url_citation", "url": "https://x.test", "title": "X", "start_index": 0, "end_index": 5}


@pytest.mark.parametrize("deltas", [["Hel", "lo"], ["Hel"], []])
def test_a_host_that_completes_texts_and_no_items_loses_nothing(deltas: list[str]) -> None:
    """What the events say once in the end is read: words without deltas, sources, arguments, the text of a custom tool."""
    place = {"output_index": 0, "content_index": 0}
    call = {"output_index": 1, "item_id": "f"}
    custom = {"output_index": 2, "item_id": "g"}
    reply = ResponsesAccumulator(request())
    chunks = [
        chunk
        for event in (
            {"type": "response.output_item.added", "output_index": 0, "item": text_item("", content=[])},
            *({"type": "response.output_text.delta", **place, "delta": delta} for delta in deltas),
            {"type": "response.output_text.annotation.added", **place, "annotation_index": 0, "annotation": CITED},
            {"type": "response.output_text.done", **place, "text": "Hello"},
            {"type": "response.output_item.added", **call, "item": {**call_item(arguments=""), "id": "f"}},
            {"type": "response.function_call_arguments.done", **call, "arguments": '{"city":"Rome"}'},
            {
                "type": "response.output_item.added",
                **custom,
                "item": {"type": "custom_tool_call", "id": "g", "call_id": "c2", "name": "sql", "input": ""},
            },
            {"type": "response.custom_tool_call_input.done", **custom, "input": "select 1"},
            {"type": "response.completed", "response": response()},
        )
        for chunk in reply.feed(untyped(event))
    ]
    text, called, free = reply.reply().content
    assert text == p.Text("Hello", (p.Citation(url="https://x.test", title="X", cited_text="Hello", raw=CITED),))
    assert called == p.ToolCall("c1", "weather", {"city": "Rome"}, '{"city":"Rome"}')
    assert isinstance(free, p.ToolCall)
    assert (free.name, free.args) == ("sql", {"input": "select 1"})
    assert "".join(chunk.delta for chunk in chunks if chunk.kind == "text") == "Hello"
    assert "".join(chunk.delta for chunk in chunks if chunk.kind == "tool_call") == '{"city":"Rome"}'


def test_a_text_that_was_forgotten_is_not_given_out_again_when_it_is_complete() -> None:
    place = {"output_index": 0, "content_index": 0}
    reply = ResponsesAccumulator(request())
    reply.feed({"type": "response.output_item.added", "output_index": 0, "item": text_item("", content=[])})
    (chunk,) = reply.feed(untyped({"type": "response.output_text.delta", **place, "delta": "Hello"}))
    assert chunk.delta == "Hello"
    reply.forget()
    assert not reply.feed(untyped({"type": "response.output_text.done", **place, "text": "Hello"}))
