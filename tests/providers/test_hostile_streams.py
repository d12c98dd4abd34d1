"""Streams whose numbers, or whose order, would make a reader do more than what arrived is worth.

Each case runs with limits of CPU time and memory, some of them in one process. It takes a second where the work is in proportion to what
arrived, and hours or terabytes where it is not.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from capably.formats.partial_json import PartialParser
from capably.providers.anthropic.stream import MessageAccumulator
from capably.providers.google.stream import GoogleAccumulator
from capably.providers.json import load_json
from capably.providers.openai.chat.stream import ChatAccumulator
from capably.providers.openai.responses.stream import ResponsesAccumulator
from capably.providers.sse import SSEDecoder
from capably.types import parts as p
from capably.types.errors import ServerError
from capably.types.request import Request
from capably.types.stream import Chunk

CPU_SECONDS, MEMORY = 20, 4 * 2**30
PROCESSES = 4
N = 100_000


def decode_sse(chunks: Iterable[bytes]) -> list[Any]:
    """The events of a stream in these pieces."""
    decoder = SSEDecoder()
    return [load_json(data) for chunk in (*chunks, b"") if not decoder.done for data in decoder.feed(chunk)]


def request() -> Request:
    return Request(info=None, model_id="m", endpoint=None, messages=(), system=None, params={})


def accumulator(made: Any, events: Iterable[Any]) -> tuple[list[Chunk], Any]:
    """All steps, and the reply."""
    chunks = [chunk for event in events for chunk in made.feed(event)]
    return chunks, made.reply()


def response(*events: Any) -> list[Any]:
    ended = {"type": "response.completed", "response": {"id": "r", "status": "completed", "output": []}}
    return [{"type": "response.created", "response": {"id": "r"}}, *events, ended]


def text_at(index: Any, content_index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_text.delta", "output_index": index, "content_index": content_index, "delta": "x"}


def message_at(index: int) -> dict[str, Any]:
    item = {"type": "message", "content": [{"type": "output_text", "text": "x"}]}
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def message(*blocks: Any) -> list[Any]:
    begun = {
        "type": "message",
        "id": "m",
        "model": "m",
        "content": [],
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}}
    return [{"type": "message_start", "message": begun}, *blocks, end, {"type": "message_stop"}]


def begin(index: Any, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def choices(*deltas: Any) -> list[Any]:
    last = {"index": 0, "delta": {"content": "."}, "finish_reason": "stop"}
    return [*({"choices": [{"index": 0, "delta": delta}]} for delta in deltas), {"choices": [last]}]


def candidates(*given: Any) -> list[Any]:
    return [*({"candidates": [candidate]} for candidate in given), {"candidates": [{"finishReason": "STOP"}]}]


def candidate_with(*parts: Any, **fields: Any) -> dict[str, Any]:
    return {"content": {"parts": list(parts)}, **fields}


def partial_call(*pieces: Any) -> list[Any]:
    begun = candidate_with({"functionCall": {"name": "f", "willContinue": True}})
    more = (candidate_with({"functionCall": {"partialArgs": [piece], "willContinue": True}}) for piece in pieces)
    return candidates(begun, *more, candidate_with({"functionCall": {}}))


# Each case with what shows that it was read right


def responses_with_a_huge_index() -> None:
    chunks, _ = accumulator(ResponsesAccumulator(request()), response(text_at(10**9), text_at(10**30, 10**9)))
    assert [(chunk.kind, chunk.delta) for chunk in chunks] == [("text", "x")] * 2


def responses_with_gaps() -> None:
    chunks, reply = accumulator(
        ResponsesAccumulator(request()), response(*(message_at(7**20 + 3 * i) for i in range(3000)))
    )
    assert [chunk.index for chunk in chunks] == list(range(3000))
    assert reply.content == (p.Text("x"),) * 3000


def items_known_by_id_only() -> None:
    n = N // 4
    events: list[Any] = []
    for id in map(str, range(n)):
        item = {"type": "message", "id": id, "content": [{"type": "output_text", "text": "x"}]}
        events += [{"type": "response.output_item.added", "item": {"type": "message", "id": id}}]
        events += [{"type": "response.output_item.done", "item": item}]
    chunks, reply = accumulator(ResponsesAccumulator(request()), response(*events))
    assert len(chunks) == len(reply.content) == n


def blocks_that_all_have_one_index() -> None:
    n = N // 4
    block = [begin(0, type="text", text="a"), {"type": "content_block_stop", "index": 0}]
    _, reply = accumulator(MessageAccumulator(request()), message(*block * n))
    assert len(reply.content) == n


def names_that_come_with_each_delta() -> None:
    begun = {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": '{"a":"'}}]}
    more = {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "}" * 40}}]}
    _, reply = accumulator(ChatAccumulator(request()), choices(begun, *[more] * N))
    assert sum(isinstance(part, p.ToolCall) for part in reply.content) == 1


def calls_in_reversed_order() -> None:
    calls = [{"index": N - i, "id": f"c{i}", "function": {"name": "f", "arguments": "{}"}} for i in range(N // 4)]
    _, reply = accumulator(ChatAccumulator(request()), choices(*({"tool_calls": [call]} for call in calls)))
    assert len(reply.of(p.ToolCall)) == N // 4


def a_call_with_a_huge_index() -> None:
    call = {"index": 10**30, "id": "c", "function": {"name": "f", "arguments": "{}"}}
    _, reply = accumulator(ChatAccumulator(request()), choices({"tool_calls": [call]}))
    assert reply.of(p.ToolCall) == (p.ToolCall("c", "f", {}, "{}"),)


def long_arguments_and_a_call_without_a_name() -> None:
    long = '{"a":[' + "1," * 500_000
    first = {"index": 0, "id": "a", "function": {"name": "f", "arguments": long}}
    more = [{"index": 1, "id": "b", "function": {"arguments": " "}}] * 20_000
    _, reply = accumulator(
        ChatAccumulator(request()), choices({"tool_calls": [first]}, *({"tool_calls": [call]} for call in more))
    )
    assert [call.raw_args for call in reply.of(p.ToolCall)] == [long, " " * 20_000]


def many_reasoning_details() -> None:
    details = ({"type": "reasoning.text", "text": "a", "index": i} for i in range(N))
    _, reply = accumulator(
        ChatAccumulator(request()), choices(*({"reasoning_details": [detail]} for detail in details))
    )
    assert reply.of(p.Thought) == (p.Thought("a" * N),)


def one_reasoning_detail_in_pieces() -> None:
    piece = {"type": "reasoning.text", "text": "abcdefgh" * 8, "index": 0}
    _, reply = accumulator(ChatAccumulator(request()), choices(*[{"reasoning_details": [piece]}] * N))
    assert len(reply.of(p.Thought)[0].text) == 64 * N


def texts_in_content_lists() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "abcdefgh" * 8}]}
    _, reply = accumulator(ChatAccumulator(request()), choices(*[{"content": [thinking]}] * N))
    assert len(reply.of(p.Thought)[0].text) == 64 * N


def a_refusal_in_pieces() -> None:
    _, reply = accumulator(ChatAccumulator(request()), choices(*[{"refusal": "abcdefgh" * 8}] * N))
    assert len(reply.of(p.Refusal)[0].text) == 64 * N


def sound_in_pieces() -> None:
    _, reply = accumulator(
        ChatAccumulator(request()), choices(*[{"audio": {"data": "AAAA" * 16, "transcript": "x"}}] * N)
    )
    assert (len(reply.of(p.Audio)[0].data or b""), reply.of(p.Audio)[0].transcript) == (48 * N, "x" * N)


def many_pictures() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
    _, reply = accumulator(ChatAccumulator(request()), choices(*[{"images": [image]}] * (N // 4)))
    assert len(reply.of(p.Image)) == N // 4


def many_annotations() -> None:
    annotation = {"type": "url_citation", "url_citation": {"url": "u"}}
    _, reply = accumulator(ChatAccumulator(request()), choices({"content": "x"}, *[{"annotations": [annotation]}] * N))
    assert len(reply.of(p.Text)[0].citations) == N


def many_citations() -> None:
    delta = {"type": "citations_delta", "citation": {"type": "char_location", "cited_text": "x"}}
    step = {"type": "content_block_delta", "index": 10**30, "delta": delta}
    end = {"type": "content_block_stop", "index": 10**30}
    events = message(begin(10**30, type="text", text="x", citations=[]), *[step] * N, end)
    _, reply = accumulator(MessageAccumulator(request()), events)
    assert len(reply.of(p.Text)[0].citations) == N


def many_quotations() -> None:
    quoted = candidate_with({"text": "x"}, citationMetadata={"citations": [{"uri": "u"}]})
    _, reply = accumulator(GoogleAccumulator(request()), candidates(*[quoted] * N))
    assert len(reply.of(p.Text)[0].citations) == N


def a_second_candidate() -> None:
    second = {**candidate_with({"text": "x"}), "index": 10**30}
    _, reply = accumulator(GoogleAccumulator(request()), candidates(candidate_with({"text": "x"}), *[second] * N))
    assert reply.of(p.Text) == (p.Text("x"),)


def a_finish_reason_in_every_event() -> None:
    chunks, reply = accumulator(
        GoogleAccumulator(request()), candidates(*[candidate_with({"text": "abcdefgh" * 8}, finishReason="STOP")] * N)
    )
    assert len(reply.of(p.Text)[0].text) == 64 * N
    assert sum(len(chunk.part.text) for chunk in chunks if isinstance(chunk.part, p.Text)) < 40 * 64 * N


def signed_texts() -> None:
    signed = candidate_with({"text": "abcdefgh" * 8, "thoughtSignature": "AAAA"})
    _, reply = accumulator(GoogleAccumulator(request()), candidates(*[signed] * N))
    assert len(reply.of(p.Text)[0].text) == 64 * N


def arguments_in_pieces() -> None:
    piece = {"jsonPath": "$.a", "stringValue": "abcdefgh" * 8, "willContinue": True}
    _, reply = accumulator(GoogleAccumulator(request()), partial_call(*[piece] * N))
    assert reply.of(p.ToolCall)[0].args == {"a": "abcdefgh" * 8 * N}


def newlines_that_keep_a_connection_alive() -> None:
    assert decode_sse([b"\n" * 1000] * 5000) == []
    assert decode_sse([b"\n" * 5_000_000]) == []
    assert decode_sse([b"data: {}\n" + b" \n" * 2_000_000 + b'  {"a": 1}']) == [{}, {"a": 1}]


def a_number_without_an_end() -> None:
    parser = PartialParser()
    assert parser.feed('{"a": "x", "b": ') == {"a": "x"}
    for _ in range(1_000_000):
        parser.feed("9")
    assert parser.value == {"a": "x"}


def lines_without_an_end() -> None:
    lines = b": ping\n" * 2_000_000
    chunks = [lines[at : at + 1400] for at in range(0, len(lines), 1400)]
    assert decode_sse([*chunks, b"data: [1]\n\n", *chunks]) == [[1]]


def lines_without_an_end_that_end_in_a_return() -> None:
    lines = b": ping\r\n" * 2_000_000
    chunks = [lines[at : at + 1400] for at in range(0, len(lines), 1400)]
    assert decode_sse([*chunks, b"data: [1]\r\n", b"\r\n", *chunks]) == [[1]]


CASES: list[Callable[[], None]] = [
    responses_with_a_huge_index,
    responses_with_gaps,
    items_known_by_id_only,
    blocks_that_all_have_one_index,
    names_that_come_with_each_delta,
    calls_in_reversed_order,
    a_call_with_a_huge_index,
    long_arguments_and_a_call_without_a_name,
    many_reasoning_details,
    one_reasoning_detail_in_pieces,
    texts_in_content_lists,
    a_refusal_in_pieces,
    sound_in_pieces,
    many_pictures,
    many_annotations,
    many_citations,
    many_quotations,
    a_second_candidate,
    a_finish_reason_in_every_event,
    signed_texts,
    arguments_in_pieces,
    newlines_that_keep_a_connection_alive,
    a_number_without_an_end,
    lines_without_an_end,
    lines_without_an_end_that_end_in_a_return,
]


@pytest.mark.parametrize("place", range(PROCESSES))
def test_work_and_memory_are_in_proportion_to_what_arrived(place: int) -> None:
    cases = [case.__name__ for case in CASES[place::PROCESSES]]
    wrong: dict[str, str] = {}
    while cases:
        ran = subprocess.run([sys.executable, __file__, *cases], check=False, capture_output=True, text=True)
        cases = cases[len(ran.stdout.split()) :]
        if cases:  # The process ended in the first of them.
            wrong[cases.pop(0)] = f"{ran.returncode}: {ran.stderr[-2000:]}"
    assert wrong == {}


@pytest.mark.parametrize("index", [-1, 0.5, "0", True, [0]], ids=repr)
def test_an_index_that_is_no_place_is_a_malformed_reply(index: Any) -> None:
    with pytest.raises(ServerError, match="cannot be read"):
        accumulator(ResponsesAccumulator(request()), response(text_at(index)))


def test_blocks_with_indexes_of_several_kinds_are_a_malformed_reply() -> None:
    with pytest.raises(ServerError, match="makes no sense"):
        accumulator(
            MessageAccumulator(request()), message(begin(0, type="text", text="a"), begin("1", type="text", text="b"))
        )


def test_arguments_whose_path_is_deeper_than_json_are_a_malformed_reply() -> None:
    with pytest.raises(ServerError, match="nested 5000 deep"):
        accumulator(GoogleAccumulator(request()), partial_call({"jsonPath": "$" + ".a" * 5000, "numberValue": 1}))


def test_deltas_that_are_nested_deep_are_a_malformed_reply() -> None:
    nested: dict[str, Any] = {}
    for _ in range(5000):
        nested = {"a": nested}
    with pytest.raises(ServerError, match="cannot be read"):
        accumulator(ChatAccumulator(request()), choices({"custom": nested}, {"custom": nested}))


def test_an_id_with_thousands_of_digits_is_an_id() -> None:
    call = candidate_with({"functionCall": {"id": "call_" + "9" * 5000, "name": "f", "args": {}}})
    reply = accumulator(GoogleAccumulator(request()), candidates(call))[1]
    assert reply.of(p.ToolCall)[0].id == "call_" + "9" * 5000


@pytest.mark.parametrize("size", range(1, 12))
def test_events_are_told_apart_in_any_chunking(size: int) -> None:
    stream = b': hi\r\n\r\ndata: {"a":\ndata: 1}\n\nevent: x\rdata: [2]\r\rdata: 3\r\n\r\n\n\n\ndata: 4'
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert decode_sse(chunks) == [{"a": 1}, [2], 3, 4]


PLAIN = b'event: a\ndata: {"a": 1}\n\ndata:{"b": 2}\n\n'
UNUSUAL = {
    "a byte order mark by itself": ([b"\xef\xbb\xbf", PLAIN], [{"a": 1}, {"b": 2}]),
    "a byte order mark": ([b"\xef\xbb\xbfdata: {}\n\n", PLAIN], [{}, {"a": 1}, {"b": 2}]),
    "a last event": ([PLAIN + b"data: [DONE]\n\n" + PLAIN], [{"a": 1}, {"b": 2}]),
    "a last event with spaces": ([PLAIN + b"data:  [DONE] \n\n", PLAIN], [{"a": 1}, {"b": 2}]),
    "an error instead of an event": ([PLAIN + b'{"error": {\n\n}}\n\n'], [{"a": 1}, {"b": 2}, {"error": {}}]),
    "an error before an event": ([b'{"error": 1}\n\n'], [{"error": 1}]),
    "comments": ([b": ping\n\n" + PLAIN + b":\n\n", PLAIN], [{"a": 1}, {"b": 2}] * 2),
    "two lines of data": ([b'data: {"a":\ndata: 1}\n\n' + PLAIN], [{"a": 1}, {"a": 1}, {"b": 2}]),
    "a name that looks like data": ([b'event: data: {"x"}\ndata: {"a": 1}\n\n'], [{"a": 1}]),
    "fields after the data": ([b'data: {"a": 1}\nid: 7\n\n' + PLAIN], [{"a": 1}, {"a": 1}, {"b": 2}]),
    "returns": ([PLAIN.replace(b"\n", b"\r\n"), PLAIN], [{"a": 1}, {"b": 2}] * 2),
    "numbers and texts": ([b'data: 1\n\ndata: "}"\n\ndata: null\n\n'], [1, "}", None]),
    "no empty line at the end": ([PLAIN + b'data: {"c": 3}'], [{"a": 1}, {"b": 2}, {"c": 3}]),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_events_are_read_as_the_standard_has_them(name: str) -> None:
    chunks, events = UNUSUAL[name]
    assert decode_sse(chunks) == events
    assert decode_sse([bytes([byte]) for byte in b"".join(chunks).removeprefix(b"\xef\xbb\xbf")]) == events


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for name in sys.argv[1:]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
        globals()[name]()
        print(name, flush=True)
