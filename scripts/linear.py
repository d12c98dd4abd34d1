"""Time and memory against the size of what arrives, or is sent: `just linear`.

For each wire format and each shape (many small deltas, many calls, one huge text, ...) it reads, or sends, 1, 2, 4 and 8
times as much, over a provider inside this process, and prints the CPU time and the peak of memory at each size, and the
exponent of both: 1 is in proportion to the size, 2 its square. Ends with 1 if one is above `LIMIT` where the work is more
than noise. Times differ between machines and runs; the exponent should not.

    just linear                           # all
    just linear --wire google --shape deltas --times 16
"""

# JSON may have any shape:
# pyright: basic
from __future__ import annotations

import argparse
import json
import math
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypedDict

from support.in_process import Answer, InProcess
from support.wire_seeds import DONE, PIXEL, SEEDS, as_bytes

from capably import llm

LIMIT = 1.35
"""The exponent above which something counts as not linear: noise is within it, and a square far above."""

LEAST = 0.02
"""Seconds of CPU time at the largest size below which a time is noise."""

SIZES = (1, 2, 4, 8)
ROUNDS = 3
"""How often each size is read: the fastest counts."""

Json = Any


class Format(NamedTuple):
    """The events of one wire format: before the answer, a delta of text, a complete call, after the answer."""

    begin: Sequence[Json]
    text: Callable[[str], Json]
    call: Callable[[int, str], Iterable[Json]]
    end: Sequence[Json]


def _claude_call(index: int, arguments: str) -> Iterable[Json]:
    block = {"type": "tool_use", "id": f"toolu_{index}", "name": "look", "input": {}}
    yield {"type": "content_block_start", "index": index, "content_block": block}
    delta = {"type": "input_json_delta", "partial_json": arguments}
    yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _gpt_call(index: int, arguments: str) -> Iterable[Json]:
    item = {"type": "function_call", "id": f"fc_{index}", "call_id": f"call_{index}", "name": "look"}
    place = {"output_index": index, "item_id": item["id"]}
    yield {"type": "response.output_item.added", "output_index": index, "item": {**item, "arguments": ""}}
    yield {"type": "response.function_call_arguments.delta", **place, "delta": arguments}
    yield {"type": "response.output_item.done", "output_index": index, "item": {**item, "arguments": arguments}}


def _chat_call(index: int, arguments: str) -> Iterable[Json]:
    call = {"index": index, "id": f"call_{index}", "function": {"name": "look", "arguments": arguments}}
    yield {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}


def _gemini_call(index: int, arguments: str) -> Iterable[Json]:
    call = {"id": f"fc_{index}", "name": "look", "args": json.loads(arguments)}
    yield {"candidates": [{"content": {"parts": [{"functionCall": call}]}}]}


def _claude_delta(text: str) -> Json:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


_MESSAGE = {"type": "message", "id": "m", "model": "m", "content": [], "stop_reason": None}
_ITEM = {"type": "message", "id": "item_0", "role": "assistant", "content": []}
_ENDED = {"id": "r", "status": "completed", "output": [], "usage": {"input_tokens": 1, "output_tokens": 1}}
FORMATS: Mapping[str, Format] = {
    "anthropic": Format(
        [
            {"type": "message_start", "message": {**_MESSAGE, "usage": {"input_tokens": 1, "output_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        ],
        _claude_delta,
        _claude_call,
        [
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
            {"type": "message_stop"},
        ],
    ),
    "responses": Format(
        [
            {"type": "response.created", "response": {**_ENDED, "status": "in_progress"}},
            {"type": "response.output_item.added", "output_index": 0, "item": _ITEM},
        ],
        lambda text: {
            "type": "response.output_text.delta",
            "output_index": 0,
            "content_index": 0,
            "delta": text,
        },
        _gpt_call,
        [{"type": "response.completed", "response": _ENDED}],
    ),
    "chat": Format(
        [],
        lambda text: {"choices": [{"index": 0, "delta": {"content": text}}]},
        _chat_call,
        [{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}],
    ),
    "google": Format(
        [],
        lambda text: {"candidates": [{"content": {"parts": [{"text": text}]}}]},
        _gemini_call,
        [{"candidates": [{"finishReason": "STOP"}]}],
    ),
}


# --- shapes -------------------------------------------------------------------------------------------------------


def stream(wire: str, events: Iterable[Json], between: bytes = b"", piece: int = 16_384) -> Answer:
    """Return a stream: its beginning, these events with bytes between them, and its end."""
    form = FORMATS[wire]
    data = b"".join(as_bytes(event) + between for event in (*form.begin, *events, *form.end)) + DONE.get(wire, b"")
    return Answer([data[start : start + piece] for start in range(0, len(data), piece)], streamed=True)


def deltas(wire: str, n: int) -> Answer:
    return stream(wire, [FORMATS[wire].text("word ")] * (400 * n))


def json_deltas(wire: str, n: int) -> Answer:
    numbers = (FORMATS[wire].text("123, ") for _ in range(400 * n))
    return stream(wire, [FORMATS[wire].text('{"a": ['), *numbers, FORMATS[wire].text("1]}")])


def one_delta(wire: str, n: int) -> Answer:
    return stream(wire, [FORMATS[wire].text("word " * (100_000 * n))])


def small_pieces(wire: str, n: int) -> Answer:
    """Return one long line, in pieces of a packet."""
    return stream(wire, [FORMATS[wire].text("word " * (20_000 * n))], piece=700)


def calls(wire: str, n: int) -> Answer:
    return stream(wire, [event for i in range(1, 200 * n) for event in FORMATS[wire].call(i, '{"at": "it"}')])


def far_calls(wire: str, n: int) -> Answer:
    """Return calls whose indexes are large, and come in reversed order."""
    events = [event for i in range(200 * n) for event in FORMATS[wire].call(10**9 - 7 * i, '{"at": "it"}')]
    return stream(wire, events)


def long_arguments(wire: str, n: int) -> Answer:
    arguments = json.dumps({"rows": list(range(10_000 * n))})
    return stream(wire, FORMATS[wire].call(1, arguments))


def newlines(wire: str, n: int) -> Answer:
    return stream(wire, [FORMATS[wire].text("word ")] * 50, between=b"\n" * (2000 * n), piece=1400)


def comments(wire: str, n: int) -> Answer:
    return stream(wire, [FORMATS[wire].text("word ")] * 50, between=b": ping\n" * (400 * n) + b"\n", piece=1400)


def unknown_events(wire: str, n: int) -> Answer:
    return stream(wire, [{"type": "brand.new", "data": [1] * 20}] * (400 * n))


def reply(wire: str, change: Callable[[list[Any]], None]) -> Answer:
    """Return a body whose parts were changed."""
    body = json.loads(json.dumps(SEEDS[wire]()[0].body))
    if wire == "anthropic":
        change(body["content"])
    elif wire == "responses":
        change(body["output"])
    elif wire == "google":
        change(body["candidates"][0]["content"]["parts"])
    else:
        message = body["choices"][0]["message"]
        message["content"] = [{"type": "text", "text": message["content"]}]
        change(message["content"])
    return Answer([json.dumps(body).encode()], streamed=False)


def many_parts(wire: str, n: int) -> Answer:
    """Return parts of a kind that nobody knows, with a little inside."""
    return reply(wire, lambda parts: parts.extend([{"type": "brand_new", "inside": [1] * 10}] * (400 * n)))


def many_texts(wire: str, n: int) -> Answer:
    return reply(wire, lambda parts: parts.extend([parts[0]] * (400 * n)))


def images(wire: str, n: int) -> Answer:
    one = {
        "responses": {"type": "image_generation_call", "result": PIXEL, "output_format": "png"},
        "chat": {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
        "google": {"inlineData": {"mimeType": "image/png", "data": PIXEL}},
    }.get(wire, {"type": "brand_new", "data": PIXEL})
    return reply(wire, lambda parts: parts.extend([one] * (200 * n)))


def deep(wire: str, n: int) -> Answer:
    value: Any = 1
    for _ in range(30 * n):
        value = [value]
    return reply(wire, lambda parts: parts.extend([{"type": "brand_new", "inside": value}] * 20))


ANSWERS: Mapping[str, Callable[[str, int], Answer]] = {
    make.__name__: make
    for make in (
        *(
            deltas,
            json_deltas,
            one_delta,
            small_pieces,
            calls,
            far_calls,
            long_arguments,
            newlines,
            comments,
            unknown_events,
        ),
        *(many_parts, many_texts, images, deep),
    )
}
"""What arrives, by its name."""


def history(n: int) -> list[Any]:
    return [turn for i in range(100 * n) for turn in (llm.user(f"Question {i}?"), llm.assistant("Answer. " * 20))][:-1]


def calls_sent(n: int) -> list[Any]:
    """Return a conversation in which tools are called, one call after another."""
    messages: list[Any] = [llm.user("Hi")]
    for i in range(60 * n):
        call = llm.ToolCall(f"call_{i}", "look", {"at": "it"})
        messages += [llm.assistant(call), llm.user(llm.ToolOutput(call.id, "look", "It is there. " * 10))]
    return messages


def many_calls_sent(n: int) -> list[Any]:
    """Return a conversation with one turn of many calls."""
    made = [llm.ToolCall(f"call_{i}", "look", {"at": "it"}) for i in range(100 * n)]
    outputs = [llm.ToolOutput(call.id, "look", "There.") for call in made]
    return [llm.user("Hi"), llm.assistant(made), llm.user(outputs)]


def images_sent(n: int) -> list[Any]:
    picture = llm.Image.from_url(f"data:image/png;base64,{PIXEL}")
    return [llm.user(["What is it?", *[picture] * (60 * n)])]


def long_text_sent(n: int) -> list[Any]:
    return [llm.user("word " * (100_000 * n))]


REQUESTS: Mapping[str, Callable[[int], list[Any]]] = {
    make.__name__: make for make in (history, calls_sent, many_calls_sent, images_sent, long_text_sent)
}
"""What is sent, by its name."""


# --- measuring ----------------------------------------------------------------------------------------------------


def read(host: InProcess, answer: Answer) -> None:
    """Read an answer as a program does: the text while it arrives, then all parts."""
    host.answer = answer
    if answer.streamed:
        response = host.model.stream("Hi", on_unsupported="drop")
        for part in response.streams():
            for _ in part:
                pass
    else:
        response = host.model.call("Hi", on_unsupported="drop")
    _ = (response.content, response.text(), response.tool_calls, response.usage, response.messages)


class Numbers(TypedDict):
    a: list[int]


def structured(host: InProcess, answer: Answer) -> None:
    """Read an answer in a format, while it arrives."""
    host.answer = answer
    for _ in host.model.stream("Hi", format=Numbers).structured_stream():
        pass


def send(host: InProcess, body: Json, messages: Sequence[Any]) -> None:
    host.answer = Answer([json.dumps(body).encode()], streamed=False)
    host.model.call(messages)


class Measured(NamedTuple):
    seconds: float
    bytes: int


def measured(work: Callable[[], object]) -> Measured:
    """Return the least CPU time of several rounds, and the peak of the memory that one takes."""
    least = math.inf
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        least = min(least, time.process_time() - started)
    tracemalloc.start()
    try:
        work()
        return Measured(least, tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the slope of the values over the sizes, in logarithms, by least squares."""
    xs, ys = [math.log(size) for size in sizes], [math.log(max(value, 1e-9)) for value in values]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


def works(wire: str, shape: str, sizes: Sequence[int]) -> list[Callable[[], object]]:
    """Return what is measured at each size."""
    host = InProcess(wire)
    if shape in ANSWERS:
        look = structured if shape == "json_deltas" else read
        return [partial(look, host, ANSWERS[shape](wire, n)) for n in sizes]
    return [partial(send, host, SEEDS[wire]()[0].body, REQUESTS[shape](n)) for n in sizes]


def row(wire: str, shape: str, sizes: Sequence[int]) -> bool:
    """Print a row of the table. Return whether both are linear."""
    found = [measured(work) for work in works(wire, shape, sizes)]
    seconds, sizes_in_bytes = [one.seconds for one in found], [one.bytes for one in found]
    growth, room = exponent(sizes, seconds), exponent(sizes, sizes_in_bytes)
    linear = (growth <= LIMIT or seconds[-1] < LEAST) and room <= LIMIT
    times = "".join(f"{value * 1000:>9.1f}" for value in seconds)
    memory = "".join(f"{value / 2**20:>8.1f}" for value in sizes_in_bytes)
    print(
        f"{wire:<10} {shape:<16}{times}{growth:>7.2f} {memory}{room:>7.2f}  {'' if linear else 'NOT LINEAR'}",
        flush=True,
    )
    return linear


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--wire", choices=list(FORMATS), action="append", help="only these")
    parser.add_argument("--shape", choices=[*ANSWERS, *REQUESTS], action="append", help="only these")
    parser.add_argument("--times", type=int, default=1, help="so many times as large")
    arguments = parser.parse_args(argv)
    sizes = [size * arguments.times for size in SIZES]
    heads = "".join(f"{f'{size}x ms':>9}" for size in sizes), "".join(f"{f'{size}x MB':>8}" for size in sizes)
    print(f"{'format':<10} {'shape':<16}{heads[0]}{'exp':>7} {heads[1]}{'exp':>7}")
    good = [
        row(wire, shape, sizes)
        for shape in arguments.shape or (*ANSWERS, *REQUESTS)
        for wire in arguments.wire or FORMATS
    ]
    print(f"{good.count(True)} linear, {good.count(False)} not")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
