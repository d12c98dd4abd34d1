"""What a stream takes while it is read: the room of its text, and none for its events; and of a text that no model could
write, nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

import httpx2
import pytest
from support.loopback import Canned, Loopback

from capably import llm
from capably.types import stream as types_stream

EVENTS = 10_000
WORD = "word "

ITEM = {"type": "message", "id": "msg_1", "role": "assistant"}


def anthropic(delta: str) -> tuple[list[Any], Any, list[Any]]:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None}
    opening = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    return (
        [{"type": "message_start", "message": {**message, "usage": {"input_tokens": 1, "output_tokens": 1}}}, opening],
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": delta}},
        [
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
            {"type": "message_stop"},
        ],
    )


def responses(delta: str) -> tuple[list[Any], Any, list[Any]]:
    item = {**ITEM, "content": [{"type": "output_text", "text": delta * EVENTS, "annotations": []}]}
    usage = {"input_tokens": 1, "output_tokens": 2}
    return (
        [{"type": "response.output_item.added", "output_index": 0, "item": {**ITEM, "content": []}}],
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": delta},
        [
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": {"status": "completed", "output": [], "usage": usage}},
        ],
    )


def chat(delta: str) -> tuple[list[Any], Any, list[Any]]:
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}}
    return [], {"choices": [{"index": 0, "delta": {"content": delta}}]}, [end]


def google(delta: str) -> tuple[list[Any], Any, list[Any]]:
    end = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 1}}
    return [], {"candidates": [{"content": {"role": "model", "parts": [{"text": delta}]}}]}, [end]


WIRES: dict[str, tuple[str, Callable[[str], tuple[list[Any], Any, list[Any]]]]] = {
    "anthropic": ("anthropic/claude-sonnet-5-5", anthropic),
    "responses": ("openai/gpt-6.1-sol", responses),
    "chat": ("mistral/mistral-medium-2604", chat),
    "google": ("google/gemini-3.8-flash", google),
}


def sse(event: Any) -> bytes:
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def model_of(wire: str, delta: str, kind: Any = httpx2.Client) -> Any:
    """A model that answers with `EVENTS` events of the same delta each. They are ready bytes, and count for nothing."""
    id, events = WIRES[wire]
    opening, middle, ending = events(delta)

    first, step, last = b"".join(map(sse, opening)), sse(middle) * 100, b"".join(map(sse, ending))

    def body() -> Iterator[bytes]:
        yield first
        for _ in range(EVENTS // 100):
            yield step
        yield last

    async def body_async() -> AsyncIterator[bytes]:
        for piece in body():
            yield piece

    def answer(request: httpx2.Request) -> httpx2.Response:
        content = body() if kind is httpx2.Client else body_async()
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=content)

    client = kind(transport=httpx2.MockTransport(answer))
    llm.configure(id.partition("/")[0], api_key="test", base_url="http://127.0.0.1:1", http_client=client)
    return llm.Model.of(id)


def streamed(wire: str, delta: str) -> Any:
    return model_of(wire, delta).stream("Hi")


READERS: dict[str, Callable[[Any], int]] = {
    "text_stream": lambda stream: sum(len(delta) for delta in stream.text_stream()),
    "streams": lambda stream: sum(len(delta) for part in stream.streams() for delta in part),
    "text": lambda stream: len(stream.text()),
}


def peak_of(read: Callable[[Any], int], stream: Any) -> tuple[int, int]:
    """What `read` gave, and the most bytes that were held while it did."""
    tracemalloc.start()
    try:
        return read(stream), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(autouse=True)
def unset() -> Iterator[None]:
    yield
    for id, _ in WIRES.values():
        llm.configure(id.partition("/")[0])


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("wire", WIRES)
def test_a_stream_takes_the_room_of_its_text(wire: str, reader: str) -> None:
    READERS[reader](streamed(wire, ""))  # What is imported and made once.
    length, peak = peak_of(READERS[reader], streamed(wire, WORD))
    assert length == EVENTS * len(WORD)
    assert peak < 10 * length, "one object for each event alone would be 16 times the text"


@pytest.mark.parametrize("wire", WIRES)
def test_in_mid_stream_its_text_is_held_twice(wire: str) -> None:
    list(streamed(wire, "").text_stream())
    tracemalloc.start()
    try:
        pieces = streamed(wire, WORD).text_stream()
        length = sum(len(next(pieces)) for _ in range(EVENTS - 100))
        assert tracemalloc.get_traced_memory()[0] < 3 * length + 100_000, "the second is what any call takes"
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("wire", WIRES)
def test_events_that_say_nothing_take_no_room(wire: str) -> None:
    list(streamed(wire, "").text_stream())
    length, peak = peak_of(READERS["text_stream"], streamed(wire, ""))
    assert (length, peak < 100_000) == (0, True)


@pytest.mark.parametrize("wire", WIRES)
def test_an_asynchronous_stream_takes_as_little(wire: str) -> None:
    async def read(model: Any) -> int:
        stream = await model.stream_async("Hi")
        return sum([len(delta) async for delta in stream.text_stream() if delta == WORD])

    async def story() -> None:
        await read(model_of(wire, "", httpx2.AsyncClient))
        model = model_of(wire, WORD, httpx2.AsyncClient)
        tracemalloc.start()
        try:
            length, peak = await read(model), tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert length == EVENTS * len(WORD)
        assert peak < 10 * length

    asyncio.run(story())


# --- longer than what any model writes ----------------------------------------------------------------------------

MIB = 2**20
PIECES = [f"é{letter}" * (64 * 1024 // 3) for letter in "abcdefg"]
"""Deltas of 64 kB. Seven of them in turn, so that one that is lost, or comes twice, shows."""


@contextlib.contextmanager
def serving(wire: str, size: int) -> Generator[tuple[Any, int]]:
    """A model that streams so many bytes of text over a loopback server, and in how many deltas."""
    id, events = WIRES[wire]
    opening, _, ending = events("")
    steps = [sse(events(piece)[1]) for piece in PIECES]
    count = size // len(PIECES[0].encode()) + 1
    body = [*map(sse, opening), *(steps[place % len(steps)] for place in range(count)), *map(sse, ending)]
    with Loopback([Canned(body)]) as server:
        url = server.url + ("/v1" if wire in ("responses", "chat") else "")
        llm.configure(id.partition("/")[0], api_key="test", base_url=url)
        yield llm.Model.of(id), count


class Expected:
    """Holds deltas against what the server sends, and keeps none of them."""

    def __init__(self) -> None:
        self.count = 0

    def check(self, delta: str) -> None:
        assert delta == PIECES[self.count % len(PIECES)]
        self.count += 1


@pytest.mark.parametrize("wire", WIRES)
def test_a_stream_of_100_mb_is_read_in_constant_memory(wire: str) -> None:
    with serving(wire, 100 * MIB) as (model, count):
        assert len(next(model.stream("Hi").text_stream())) == len(PIECES[0])  # What is imported and made once.
        seen = Expected()
        tracemalloc.start()
        try:
            with model.stream("Hi") as stream:
                for delta in stream.text_stream():
                    seen.check(delta)
            usage = stream.usage
            held, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert seen.count == count
    assert (usage.input_tokens, stream.finish_reason) == (1, "stop")
    assert peak < 32 * MIB
    assert held < 2 * types_stream.MAX_BUFFERED_BYTES
    with pytest.raises(llm.CapablyError, match="longer than 8 MiB and only text_stream"):
        stream.text()


@pytest.mark.parametrize("wire", WIRES)
def test_an_asynchronous_one_takes_as_little(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(types_stream, "MAX_BUFFERED_BYTES", MIB // 2)

    async def story(model: Any, count: int) -> None:
        await anext((await model.stream_async("Hi")).text_stream())
        seen = Expected()
        tracemalloc.start()
        try:
            async with await model.stream_async("Hi") as stream:
                async for delta in stream.text_stream():
                    seen.check(delta)
            usage = (await stream.finish()).usage
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert (seen.count, usage.input_tokens) == (count, 1)
        assert peak < 4 * MIB
        with pytest.raises(llm.CapablyError, match="not buffered"):
            _ = stream.content

    with serving(wire, 16 * MIB) as (model, count):
        asyncio.run(story(model, count))


@pytest.mark.parametrize("wire", WIRES)
def test_so_it_is_with_deltas_of_the_usual_size(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    list(streamed(wire, "").text_stream())
    monkeypatch.setattr(types_stream, "MAX_BUFFERED_BYTES", 2000)
    tracemalloc.start()
    try:
        pieces = streamed(wire, WORD).text_stream()
        assert all(next(pieces) == WORD for _ in range(1000))
        before = tracemalloc.get_traced_memory()[0]
        assert all(next(pieces) == WORD for _ in range(EVENTS - 1100))
        assert tracemalloc.get_traced_memory()[0] - before < 4 * types_stream.MAX_BUFFERED_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("wire", WIRES)
def test_one_that_is_read_by_chunks_is_kept_whole(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(types_stream, "MAX_BUFFERED_BYTES", 2000)
    stream = streamed(wire, WORD)
    behind = stream.chunks()
    assert "".join(stream.text_stream()) == stream.text() == WORD * EVENTS
    assert "".join(chunk.delta for chunk in behind if chunk.kind == "text") == WORD * EVENTS


@pytest.mark.parametrize("cut", [0, 1, 40_000])
def test_what_is_repeated_at_the_end_comes_once_and_what_is_new_is_not_lost(
    cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Responses repeats the text in its last events, which may say more than the deltas did."""
    monkeypatch.setattr(types_stream, "MAX_BUFFERED_BYTES", 2000)
    sent = WORD * EVENTS
    opening, delta, ending = responses("")
    item = {**ITEM, "content": [{"type": "output_text", "text": sent, "annotations": []}]}
    ending[0]["item"], ending[1]["response"]["output"] = item, [item]
    pieces = [sent[place : place + 100] for place in range(0, len(sent) - cut, 100)]
    steps = [*opening, *({**delta, "delta": piece} for piece in pieces), *ending]
    with Loopback([Canned([sse(step) for step in steps])]) as server:
        llm.configure("openai", api_key="test", base_url=server.url + "/v1")
        stream = llm.Model.of("openai/gpt-6.1-sol").stream("Hi")
        assert "".join(stream.text_stream()) == sent
    assert (stream.finish_reason, stream.usage.output_tokens) == ("stop", 2)
    with pytest.raises(llm.CapablyError, match="not buffered"):
        stream.text()
