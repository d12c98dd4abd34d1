"""What is read from streams of Chat Completions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from support.untyped import untyped
from support.vendors.chat import CALL_A, CALL_B, A, B, completion, decoded, request

from capably.providers.openai.chat.decode import decode_reply
from capably.providers.openai.chat.stream import ChatAccumulator
from capably.responses.chunk_splitter import Splitter
from capably.types import errors as e, parts as p
from capably.types.response_data import ResponseData
from capably.types.stream import Chunk
from capably.types.usage import Usage


def delta(finish: str | None = None, usage: Any = None, **fields: Any) -> dict[str, Any]:
    choices = [{"index": 0, "delta": fields, "finish_reason": finish}]
    return {
        "id": "cmpl_1",
        "object": "chat.completion.chunk",
        "model": "gpt-test-1",
        "choices": choices,
        "usage": usage,
    }


def call_delta(
    index: int | None, arguments: str = "", id: str | None = None, name: str | None = None
) -> dict[str, Any]:
    function = {"arguments": arguments, **({"name": name} if name else {})}
    fields = {"function": function, **({"id": id, "type": "function"} if id is not None else {})}
    return delta(tool_calls=[fields if index is None else {"index": index, **fields}])


def run(*events: Any, **fields: Any) -> tuple[list[Chunk], ResponseData]:
    accumulator = ChatAccumulator(request(**fields))
    chunks = [chunk for event in events for chunk in accumulator.feed(event)]
    return chunks, accumulator.reply()


def check_chunks(chunks: list[Chunk], reply: ResponseData) -> None:
    """Chunks and reply tell the same story, under the same indices."""
    sums: dict[int, Any] = {}
    for chunk in chunks:
        kind, text, id, name, part = sums.get(chunk.index, (chunk.kind, "", None, None, None))
        assert part is None, "something follows on a whole part"
        assert kind == chunk.kind or (kind, chunk.kind) == ("tool_call", "part")
        sums[chunk.index] = (
            kind,
            text + chunk.delta,
            chunk.id if id is None else id,
            name or chunk.name,
            part or chunk.part,
        )
    for index, part in enumerate(reply.content):
        if isinstance(part, p.ToolCall):
            assert sums.pop(index) == ("tool_call", part.raw_args, part.id, part.name, part)
        elif isinstance(part, (p.Text, p.Thought)):
            kind = "text" if isinstance(part, p.Text) else "thought"
            assert sums.pop(index) == (kind, part.text, None, None, None)
        else:
            assert sums.pop(index) == ("part", "", None, None, part)
    assert not sums


STORY = [
    delta(role="assistant", content="", refusal=None),
    delta(reasoning_content="h"),
    delta(reasoning_content="m"),
    delta(content="Hel"),
    delta(content="lo"),
    call_delta(0, "", "a", "weather"),
    call_delta(0, '{"city":'),
    call_delta(1, "", "b", "clock"),
    call_delta(0, '"Rome"}'),
    call_delta(1, "{}"),
    delta("tool_calls"),
    {"id": "cmpl_1", "choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}},
]
WHOLE = completion(
    "tool_calls",
    {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    content="Hello",
    reasoning_content="hm",
    tool_calls=[A, B],
)


def test_a_stream_ends_in_the_reply_of_the_call() -> None:
    chunks, reply = run(*STORY)
    called = decoded(WHOLE)
    assert (reply.content, reply.wire, reply.usage) == (called.content, called.wire, called.usage)
    assert (reply.finish_reason, reply.id, reply.model) == (called.finish_reason, called.id, called.model)
    assert decode_reply(reply.body, request()).content == called.content
    check_chunks(chunks, reply)
    assert [(c.kind, c.index, c.delta) for c in chunks[:4]] == [
        ("thought", 0, "h"),
        ("thought", 0, "m"),
        ("text", 1, "Hel"),
        ("text", 1, "lo"),
    ]


def test_steps_are_given_out_as_they_come() -> None:
    accumulator = ChatAccumulator(request())
    assert [[(c.kind, c.index, c.delta) for c in accumulator.feed(untyped(event))] for event in STORY[4:8]] == [
        [("text", 0, "lo")],
        [("tool_call", 1, "")],
        [("tool_call", 1, '{"city":')],
        [("tool_call", 2, "")],
    ]


def _interleaved() -> list[list[dict[str, Any]]]:
    """The deltas of two calls in every order; those of one call stay in order."""
    first = [call_delta(0, "", "a", "weather"), call_delta(0, '{"city":'), call_delta(0, '"Rome"}')]
    second = [call_delta(1, "", "b", "clock"), call_delta(1, "{"), call_delta(1, "}")]
    orders: list[list[dict[str, Any]]] = []
    for places in itertools.combinations(range(6), 3):
        one, two = iter(first), iter(second)
        orders.append([next(one) if place in places else next(two) for place in range(6)])
    return orders


@pytest.mark.parametrize("events", _interleaved())
def test_no_order_of_deltas_mixes_up_two_calls(events: list[dict[str, Any]]) -> None:
    chunks, reply = run(*events, delta("tool_calls"))
    assert reply.content == (CALL_A, CALL_B)
    check_chunks(chunks, reply)


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(
            [call_delta(None, '{"city":"Rome"}', "a", "weather"), call_delta(None, "{}", "b", "clock")], id="no index"
        ),
        pytest.param(
            [
                call_delta(None, "", "a", "weather"),
                call_delta(None, '{"city":"Rome"}'),
                call_delta(None, "{}", "b", "clock"),
            ],
            id="no index, in pieces",
        ),
        pytest.param(
            [call_delta(0, '{"city":"Rome"}', "a", "weather"), call_delta(0, "{}", "b", "clock")], id="same index"
        ),
        pytest.param(
            [call_delta(1, '{"city":"Rome"}', "a", "weather"), call_delta(2, "{}", "b", "clock")], id="from one"
        ),
        pytest.param([delta(tool_calls=[{"index": 0, **A}, {"index": 1, **B}])], id="whole"),
        pytest.param(
            [
                call_delta(0, '{"city":', "a", "weather"),
                call_delta(0, '"Rome"}', "a", "weather"),
                call_delta(1, "{}", "b", "clock"),
            ],
            id="id and name repeated",
        ),
    ],
)
def test_calls_are_told_apart_however_a_host_numbers_them(events: list[dict[str, Any]]) -> None:
    chunks, reply = run(*events, delta("tool_calls"))
    assert reply.content == (CALL_A, CALL_B)
    check_chunks(chunks, reply)


def test_a_call_is_over_when_the_next_one_begins() -> None:
    accumulator = ChatAccumulator(request())
    for event in (call_delta(0, '{"city":', "a", "weather"), call_delta(0, '"Rome"}')):
        assert [chunk.kind for chunk in accumulator.feed(event)] != ["part"]
    closed, begun = accumulator.feed(call_delta(1, "", "b", "clock"))
    assert (closed.index, closed.part) == (0, p.ToolCall("a", "weather", {"city": "Rome"}, '{"city":"Rome"}'))
    assert (begun.index, begun.kind, begun.name) == (1, "tool_call", "clock")
    (last,) = accumulator.feed(delta("tool_calls"))
    assert (last.index, last.part) == (1, p.ToolCall("b", "clock", {}, ""))
    assert accumulator.reply().content == (closed.part, last.part)


def test_a_call_of_which_more_may_come_stays_open() -> None:
    accumulator = ChatAccumulator(request())
    for event in (call_delta(0, '{"city":', "a", "weather"), call_delta(1, "{}", "b", "clock")):
        assert all(chunk.part is None for chunk in accumulator.feed(event))
    assert [chunk.delta for chunk in accumulator.feed(call_delta(0, '"Rome"}'))] == ['"Rome"}']
    assert [chunk.part for chunk in accumulator.feed(delta("tool_calls"))] == list(accumulator.reply().content)


def test_a_call_is_read_without_waiting_for_the_rest_of_the_reply() -> None:
    def until_the_second() -> Iterator[Chunk]:
        accumulator = ChatAccumulator(request())
        for event in (call_delta(0, '{"city":"Rome"}', "a", "weather"), call_delta(1, "", "b", "clock")):
            yield from accumulator.feed(event)
        raise AssertionError("more was read than the first call")

    first = next(Splitter(tuple, until_the_second()).streams())
    assert first.collect() == p.ToolCall("a", "weather", {"city": "Rome"}, '{"city":"Rome"}')


def test_calls_without_ids_are_told_apart_by_their_names() -> None:
    events = [call_delta(None, '{"city":"Rome"}', "", "weather"), call_delta(None, "{}", "", "clock")]
    chunks, reply = run(*events, delta("stop"))
    assert [(part.id, part.name) for part in untyped(reply.content)] == [("call_1", "weather"), ("call_2", "clock")]
    check_chunks(chunks, reply)


def test_words_after_a_tool_call_stay_where_they_were_given_out() -> None:
    chunks, reply = run(call_delta(0, "{}", "b", "clock"), delta(content="So."), delta("tool_calls"))
    assert reply.content == (CALL_B, p.Text("So."))
    check_chunks(chunks, reply)


def test_thoughts_after_words_stay_where_they_were_given_out() -> None:
    chunks, reply = run(delta(content="x"), delta(reasoning="hm"), delta("stop"))
    assert reply.content == (p.Text("x"), p.Thought("hm"))
    check_chunks(chunks, reply)


def test_thinking_in_content_lists_is_joined() -> None:
    def thinking(text: str) -> dict[str, Any]:
        return delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": text}]}])

    chunks, reply = run(thinking("h"), thinking("m"), delta(content="Hel"), delta(content="lo"), delta("stop"))
    assert reply.content == (p.Thought("hm"), p.Text("Hello"))
    assert untyped(reply.wire)["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "Hello"},
    ]
    check_chunks(chunks, reply)


def test_reasoning_details_are_joined_to_what_must_be_replayed() -> None:
    def detail(**fields: Any) -> dict[str, Any]:
        return delta(reasoning_details=[{"type": "reasoning.text", "index": 0, **fields}])

    encrypted = {"type": "reasoning.encrypted", "index": 1, "data": "gAAA="}
    chunks, reply = run(
        detail(text="h"),
        detail(text="m"),
        detail(signature="sig="),
        delta(reasoning_details=[encrypted]),
        delta("stop"),
    )
    assert untyped(reply.wire)["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "text": "hm", "signature": "sig="},
        encrypted,
    ]
    assert reply.content == (p.Thought("hm"),)
    check_chunks(chunks, reply)


def test_parts_that_come_whole_are_given_out_at_the_end() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}}
    chunks, reply = run(
        delta(content="x"), delta(images=[image]), delta(refusal="I "), delta(refusal="cannot."), delta("stop")
    )
    assert reply.content == (p.Text("x"), p.Image.from_bytes(b"png", media_type="image/png"), p.Refusal("I cannot."))
    check_chunks(chunks, reply)


def test_sound_is_put_together() -> None:
    events = [
        delta(audio={"id": "a", "transcript": "Hi "}),
        delta(audio={"data": "d2F2"}),
        delta(audio={"transcript": "you"}),
    ]
    chunks, reply = run(*events, delta("stop"), extra={"audio": {"format": "pcm16"}})
    assert reply.content == (p.Audio(data=b"wav", media_type="audio/pcm", transcript="Hi you"),)
    check_chunks(chunks, reply)


def test_the_legacy_function_call_is_streamed() -> None:
    events = [delta(function_call={"name": "clock", "arguments": "{"}), delta(function_call={"arguments": "}"})]
    chunks, reply = run(*events, delta("function_call"))
    assert reply.content == (p.ToolCall("", "clock", {}, "{}"),)
    check_chunks(chunks, reply)


def test_a_signature_beside_a_call_survives_the_stream() -> None:
    extra = {"google": {"thought_signature": "sig="}}
    _, reply = run(delta(tool_calls=[{**A, "extra_content": extra}]), delta("stop"))
    assert untyped(reply.wire)["tool_calls"] == [{**A, "extra_content": extra}]


@pytest.mark.parametrize("usage", [STORY[-1], delta(role="assistant", content="", usage=STORY[-1]["usage"])])
def test_a_host_that_forgets_the_finish_reason_ends_with_its_usage(usage: Any) -> None:
    chunks, reply = run(call_delta(0, "{}", "b", "clock"), usage)
    assert (reply.content, reply.finish_reason) == ((CALL_B,), "tool_use")
    check_chunks(chunks, reply)


@pytest.mark.parametrize("length", [0, 1, 5, 9])
def test_a_stream_that_was_cut_is_no_reply(length: int) -> None:
    with pytest.raises(e.ServerError, match="cut"):
        run(*STORY[:length])


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"error": {"message": "Oops", "code": 429}}, e.RateLimitError),
        ({"error": {"message": "Oops", "type": "server_error"}}, e.ServerError),
        ({"choices": [{"error": {"message": "Oops", "code": 503}, "finish_reason": "error"}]}, e.OverloadedError),
    ],
)
def test_a_failure_in_mid_stream_is_raised(event: Any, kind: type[e.ProviderError]) -> None:
    accumulator = ChatAccumulator(request())
    accumulator.feed(delta(content="Hel"))
    with pytest.raises(kind, match="Oops"):
        accumulator.feed(event)


@pytest.mark.parametrize("event", [1, {"choices": 1}, {"choices": [{"delta": 1}]}, delta(tool_calls=[1])])
def test_an_event_that_makes_no_sense_is_a_server_error(event: Any) -> None:
    with pytest.raises(e.ServerError):
        ChatAccumulator(request()).feed(event)


def test_a_whole_completion_in_place_of_a_stream_is_taken() -> None:
    chunks, reply = run(WHOLE)
    assert reply.content == decoded(WHOLE).content
    check_chunks(chunks, reply)


def choice(index: int, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"id": "cmpl_1", "choices": [{"index": index, "delta": fields, "finish_reason": finish}]}


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([call_delta(0, '{"a":1}', None, "f"), call_delta(0, '{"a":2}', None, "g")], id="other names"),
        pytest.param([call_delta(0, '{"a":1}', None, "f"), call_delta(0, '{"a":2}', None, "f")], id="one name"),
        pytest.param(
            [
                delta(
                    tool_calls=[{"index": 0, "function": {"name": "f", "arguments": a}} for a in ('{"a":1}', '{"a":2}')]
                )
            ],
            id="one delta",
        ),
        pytest.param(
            [
                call_delta(0, "", "", "f"),
                call_delta(0, '{"a"', "", "f"),
                call_delta(0, ":1}", "", "f"),
                call_delta(0, "", "", "f"),
                call_delta(0, '{"a":2', "", "f"),
                call_delta(0, "}", "", ""),
            ],
            id="in pieces, with empty ids and the name again",
        ),
    ],
)
def test_calls_without_ids_and_with_one_index_are_told_apart(events: list[dict[str, Any]]) -> None:
    chunks, reply = run(*events, delta("tool_calls"))
    calls = [part for part in reply.content if isinstance(part, p.ToolCall)]
    assert [call.args for call in calls] == [{"a": 1}, {"a": 2}]
    assert len({call.id for call in calls}) == 2
    check_chunks(chunks, reply)


def test_a_name_in_each_delta_makes_no_second_call() -> None:
    pieces = ["", '{"city":', '"Rome"', "}", ""]
    chunks, reply = run(*(call_delta(0, piece, None, "weather") for piece in pieces), delta("tool_calls"))
    assert [part.args for part in reply.content if isinstance(part, p.ToolCall)] == [{"city": "Rome"}]
    check_chunks(chunks, reply)


def test_what_is_empty_replaces_nothing() -> None:
    detail = {"type": "reasoning.text", "index": 0}
    events = [
        delta(reasoning_details=[{**detail, "text": "Hm", "signature": "sig"}]),
        delta(reasoning_details=[{**detail, "text": "", "signature": "", "format": ""}]),
        delta(audio={"id": "a_1", "transcript": "x"}),
        delta(audio={"id": "", "transcript": ""}),
        delta("stop", content="a", service_tier="x"),
        {"id": "", "model": "", "choices": [{"index": 0, "delta": {}, "finish_reason": ""}], "service_tier": None},
    ]
    _, reply = run(*events)
    assert untyped(reply.wire)["reasoning_details"] == [{**detail, "text": "Hm", "signature": "sig", "format": ""}]
    assert untyped(reply.wire)["audio"]["id"] == "a_1"
    assert (reply.id, reply.model, reply.finish_reason) == ("cmpl_1", "gpt-test-1", "stop")


def test_a_tool_that_the_host_executed_is_one_however_often_it_comes() -> None:
    def tool(index: int, **fields: Any) -> dict[str, Any]:
        return delta(executed_tools=[{"index": index, "type": "search", **fields}])

    events = [tool(0, arguments="{}"), tool(0, output="Rain."), tool(1, output=""), tool(1, output="Sun.")]
    _, reply = run(*events, delta("stop", content="a"))
    assert untyped(reply.wire)["executed_tools"] == [
        {"index": 0, "type": "search", "arguments": "{}", "output": "Rain."},
        {"index": 1, "type": "search", "output": "Sun."},
    ]


COUNTED = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(
            [delta(role="assistant", content="", usage=COUNTED), delta(content="Do not ")], id="with the role"
        ),
        pytest.param([delta(content="Do not ", usage=COUNTED)], id="with each delta"),
        pytest.param([{"choices": [], "usage": COUNTED}, delta(content="Do not ")], id="before all"),
        pytest.param(
            [delta(content="Do "), {"choices": [], "usage": COUNTED}, delta(content="not ")], id="between two deltas"
        ),
        pytest.param([delta(usage=COUNTED)], id="with nothing"),
    ],
)
def test_a_usage_that_comes_early_is_no_end(events: list[dict[str, Any]]) -> None:
    with pytest.raises(e.ServerError, match="cut"):
        run(*events)
    _, reply = run(*events, delta("stop", content="so."))
    assert (reply.finish_reason, reply.usage) == ("stop", Usage(10, 5))


@pytest.mark.parametrize("finish", [None, "stop", "tool_calls"])
def test_an_answer_in_place_of_a_stream_needs_a_message(finish: str | None) -> None:
    body = {"object": "chat.completion", "choices": [{"index": 0, "message": None, "finish_reason": finish}]}
    with pytest.raises(e.ServerError, match="no message"):
        run(body)


def test_a_filtered_choice_needs_no_message() -> None:
    body: Any = {
        "id": "c",
        "choices": [{"index": 0, "finish_reason": "content_filter", "content_filter_results": {"a": 1}}],
    }
    for reply in (run(body)[1], decoded(body), decoded({**body, "choices": [{**body["choices"][0], "message": None}]})):
        assert (reply.finish_reason, reply.content) == ("content_filter", ())


@pytest.mark.parametrize("first", [[], [choice(0, role="assistant", content="")], [choice(0)]])
def test_a_host_that_answers_at_another_index_is_heard(first: list[Any]) -> None:
    chunks, reply = run(*first, choice(1, content="Hel"), choice(1, content="lo"), choice(1, "stop"))
    assert (reply.content, reply.finish_reason, reply.others) == ((p.Text("Hello"),), "stop", ())
    check_chunks(chunks, reply)


def test_further_choices_are_candidates() -> None:
    events = [
        choice(1, content="B1"),
        choice(0, content="A1"),
        choice(1, content="B2"),
        choice(0, "stop", content="A2"),
        choice(1, "length"),
        choice(2, "tool_calls", tool_calls=[{"index": 0, **A}]),
    ]
    chunks, reply = run(*events, extra={"n": 3})
    assert [chunk.delta for chunk in chunks] == ["A1", "A2"]
    assert reply.content == (p.Text("A1A2"),)
    b, c = reply.others
    assert (b.text(), b.finish_reason, c.content, c.finish_reason) == ("B1B2", "length", (CALL_A,), "tool_use")
    again = decode_reply(reply.body, request())
    assert (again.content, again.others) == (reply.content, reply.others)


def test_one_choice_that_was_cut_makes_the_stream_cut() -> None:
    with pytest.raises(e.ServerError, match="cut"):
        run(choice(0, "stop", content="A"), choice(1, content="B"), extra={"n": 2})


def test_log_probabilities_are_complete() -> None:
    def entry(token: str, **fields: Any) -> dict[str, Any]:
        return {"token": token, "logprob": -0.5, "bytes": list(token.encode()), "top_logprobs": [], **fields}

    def piece(token: str) -> dict[str, Any]:
        event = delta(content=token)
        event["choices"][0]["logprobs"] = {"content": [entry(token, top_logprobs=[entry("x")])], "refusal": None}
        return event

    _, reply = run(piece("One"), piece(" two"), delta("stop"))
    assert [(t.token, t.logprob, t.bytes) for t in reply.logprobs] == [("One", -0.5, b"One"), (" two", -0.5, b" two")]
    assert [t.token for t in reply.logprobs[0].alternatives] == ["x"]


def test_why_groq_stopped_a_stream_early_is_its_error() -> None:
    stream = ChatAccumulator(request())
    stream.feed({"choices": [{"index": 0, "delta": {"content": "Par"}}]})
    with pytest.raises(e.ServerError, match="over capacity"):
        stream.feed({"choices": [], "x_groq": {"id": "r", "error": "over capacity"}})
