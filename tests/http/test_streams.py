"""Open streams: each piece as it arrives, the end by the last event, and closing at any time, from any thread."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from support.loopback import Canned, Loopback
from support.patience import PATIENCE, SUBPROCESS_PATIENCE, at_some_pace, wait_until
from support.questions import (
    EACH_STREAM,
    EVENTS,
    LIBRARIES,
    MODELS,
    WAYS,
    answered,
    ask,
    ask_in_loop,
    body_of,
    model_at,
)
from support.raw_http import FOREVER, Lines
from support.sample import pairwise

from capably import llm

ROOT = Path(__file__).resolve().parents[2]
CHUNKED = EVENTS + b"transfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def stays_open(provider: str) -> Any:
    """Return what sends all events of a stream and does not end it."""

    def answer(request: bytes) -> Iterable[bytes | float]:
        yield CHUNKED + chunk(body_of(provider, "answer-1", stream=True))
        yield FOREVER

    return answer


@EACH_STREAM
def test_a_stream_ends_with_its_last_event_though_the_connection_stays_open(
    provider: str, way: str, library: str
) -> None:
    """Google's streams have no last event: there a finish reason makes the silence that follows the end, and no error."""

    def story(pace: float) -> None:
        with Lines(stays_open(provider)) as server:
            timeout = 0.2 * pace if provider == "google" else 600
            assert ask(model_at(provider, server.url, library, timeout=timeout), way) == "answer-1"
            assert not server.lost_patience

    at_some_pace(story)


@EACH_STREAM
def test_each_piece_is_there_as_it_arrives(provider: str, way: str, library: str) -> None:
    read = threading.Event()

    def waits(request: bytes) -> Iterable[bytes]:
        events = body_of(provider, "answer-1", stream=True).split(b"\n\n")[:-1]
        first = body_of(provider, "first ", stream=True).split(b"\n\n")[:-1]
        begin = 2 if provider == "anthropic" else 1 if provider == "openai" else 0
        yield CHUNKED + b"".join(chunk(event + b"\n\n") for event in first[: begin + 1])
        if read.wait(PATIENCE):
            yield b"".join(chunk(event + b"\n\n") for event in events[begin:]) + b"0\r\n\r\n"

    texts: list[str] = []

    def note(text: str) -> None:
        texts.append(text)
        read.set()

    async def read_async(model: Any) -> None:
        stream = await model.stream_async("Hi")
        async for text in stream.text_stream():
            note(text)
        await model.defaults["provider"].aclose()

    with Lines(waits) as server:
        model = model_at(provider, server.url, library)
        if way == "stream_async":
            asyncio.run(read_async(model))
        else:
            for text in model.stream("Hi").text_stream():
                note(text)
    assert texts == ["first ", "answer-1"]


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(("provider", "way", "library"), pairwise(MODELS, ("stream", "stream_async"), LIBRARIES))
def test_pieces_of_any_size_are_the_same_stream(provider: str, way: str, library: str, size: int) -> None:
    data = body_of(provider, "Grüße, 世界", stream=True)
    pieces = [data[place : place + size] for place in range(0, len(data), size)]
    with Loopback([Canned(pieces)]) as server:
        assert ask(model_at(provider, server.url, library), way) == "Grüße, 世界"


WAITS = 0.02
"""Seconds in which a reader that has the first piece begins to wait for the next one, as a rule."""


def hangs(provider: str) -> Any:
    """Return what sends all but the last event of a stream, and does not end it."""

    def answer(request: bytes) -> Iterable[bytes | float]:
        events = body_of(provider, "answer-1", stream=True).split(b"\n\n")[:-1]
        if provider == "google":
            events = [b'data: {"candidates": [{"content": {"parts": [{"text": "answer-1"}]}}]}', b""]
        last = {"groq": -2}.get(provider, -1)
        yield CHUNKED + chunk(b"\n\n".join(events[:last]) + b"\n\n")
        yield FOREVER

    return answer


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("provider", MODELS)
def test_another_thread_can_close_a_stream_that_waits(provider: str, library: str) -> None:
    with Lines(hangs(provider)) as server:
        stream = model_at(provider, server.url, library, timeout=600).stream("Hi")
        begun = threading.Event()
        ended: list[BaseException | None] = []

        def read() -> None:
            try:
                for _ in stream.text_stream():
                    begun.set()
                ended.append(None)
            except BaseException as error:
                ended.append(error)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        assert begun.wait(PATIENCE)
        time.sleep(WAITS)
        stream.close()
        reader.join(PATIENCE)
        assert not reader.is_alive() and not server.lost_patience
        (error,) = ended
        assert error is None or isinstance(error, llm.CapablyError)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("provider", MODELS)
def test_another_task_can_close_a_stream_that_waits(provider: str, library: str) -> None:
    async def closed_while_read(model: Any) -> BaseException | None:
        stream = await model.stream_async("Hi")
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in stream.text_stream():
                begun.set()

        reader = asyncio.create_task(read())
        await asyncio.wait_for(begun.wait(), PATIENCE)
        await asyncio.sleep(WAITS)
        await asyncio.wait_for(stream.close(), PATIENCE)
        await asyncio.wait([reader], timeout=PATIENCE)
        await model.defaults["provider"].aclose()
        return reader.exception()

    with Lines(hangs(provider)) as server:
        error = asyncio.run(closed_while_read(model_at(provider, server.url, library, timeout=600)))
        assert error is None or isinstance(error, llm.CapablyError)
        assert not server.lost_patience


@pytest.mark.parametrize(("way", "library"), pairwise(WAYS[2:], LIBRARIES))
def test_a_stream_that_nobody_reads_closes_its_connection(way: str, library: str) -> None:
    def many(request: bytes) -> Iterable[bytes | float]:
        yield CHUNKED
        while True:
            yield chunk(b": still here\n\n")
            yield 0.01

    async def leave(model: Any) -> bool:
        await model.stream_async("Hi")
        gc.collect()
        return await asyncio.to_thread(server.ended.wait, PATIENCE)

    with Lines(many) as server:
        model = model_at("openai", server.url, library)
        if way == "stream":
            model.stream("Hi")
            gc.collect()
            assert server.ended.wait(PATIENCE)
        else:
            assert asyncio.run(leave(model))


@EACH_STREAM
def test_a_stream_that_is_left_closes_its_connection(provider: str, way: str, library: str) -> None:
    def many(request: bytes) -> Iterable[bytes | float]:
        begun = body_of(provider, "answer-1", stream=True).rpartition(b"data: {")[0] or b": comment\n\n"
        yield CHUNKED + chunk(begun)
        while True:
            yield chunk(b": still here\n\n")
            yield 0.01

    async def leave(model: Any) -> None:
        await (await model.stream_async("Hi")).close()

    with Lines(many) as server:
        model = model_at(provider, server.url, library)
        if way == "stream":
            model.stream("Hi").close()
        else:
            asyncio.run(leave(model))
        assert server.ended.wait(PATIENCE)


@EACH_STREAM
def test_a_stream_may_be_closed_twice_and_after_its_end(provider: str, way: str, library: str) -> None:
    async def read(model: Any) -> None:
        stream = await model.stream_async("question-1")
        assert "".join([piece async for piece in stream.text_stream()]) == "answer-1"
        await stream.close()
        await stream.close()
        await model.defaults["provider"].aclose()

    with Lines(lambda request: [answered(provider, request)]) as server:
        model = model_at(provider, server.url, library)
        if way == "stream":
            stream = model.stream("question-1")
            assert "".join(stream.text_stream()) == "answer-1"
            stream.close()
            stream.close()
        else:
            asyncio.run(read(model))


def late(provider: str) -> Any:
    """Return what sends all events of a stream, and the end of its body in a later packet."""

    def answer(request: bytes) -> Iterable[bytes | float]:
        yield CHUNKED + chunk(body_of(provider, "answer-1", stream=True))
        yield 0.005
        yield b"0\r\n\r\n"

    return answer


@EACH_STREAM
def test_a_stream_whose_body_ends_after_its_last_event_gives_its_connection_to_the_next(
    provider: str, way: str, library: str
) -> None:
    async def read(model: Any, pace: float) -> None:
        for _ in range(3):
            assert await ask_in_loop(model, way) == "answer-1"
            await asyncio.sleep(0.02 * pace)
        await model.defaults["provider"].aclose()

    def story(pace: float) -> None:
        with Lines(late(provider)) as server:
            asyncio.run(read(model_at(provider, server.url, library), pace))
            assert server.connections == 1

    at_some_pace(story)


@pytest.mark.parametrize("pieces", [1, 40])
@pytest.mark.parametrize(("way", "library"), list(itertools.product(WAYS[2:], LIBRARIES)))
def test_streams_whose_bodies_never_end_hold_few_connections(way: str, library: str, pieces: int) -> None:
    def endless(request: bytes) -> Iterable[bytes | float]:
        yield CHUNKED + chunk(b": a comment\n\n") * pieces + chunk(body_of("openai", "answer-1", stream=True))
        yield FOREVER

    async def read(model: Any) -> None:
        for _ in range(30):
            assert await ask_in_loop(model, way) == "answer-1"
        await asyncio.to_thread(wait_until, lambda: server.open <= 10)
        await model.defaults["provider"].aclose()

    with Lines(endless) as server:
        asyncio.run(read(model_at("openai", server.url, library, timeout=600)))


@pytest.mark.parametrize("place", ["head", "body"])
@pytest.mark.parametrize(("way", "library"), list(itertools.product(("call_async", "stream_async"), LIBRARIES)))
def test_a_task_that_is_cancelled_while_its_answer_arrives_is_cancelled(way: str, library: str, place: str) -> None:
    """An event loop that is busy finds both at once, the answer and the cancellation."""
    go_on, arrived = threading.Event(), threading.Event()

    def waits(request: bytes) -> Iterable[bytes]:
        head, blank, body = answered("anthropic", request).partition(b"\r\n\r\n")
        if place == "body":
            yield head + blank + body[:20]
        assert go_on.wait(PATIENCE)
        yield body[20:] if place == "body" else head + blank + body
        arrived.set()

    async def cancelled(model: Any) -> bool:
        task = asyncio.create_task(ask_in_loop(model, way, "question-1"))
        await asyncio.to_thread(wait_until, lambda: server.requests)
        await asyncio.sleep(WAITS)
        go_on.set()
        arrived.wait(PATIENCE)
        time.sleep(WAITS)  # noqa: ASYNC251 (the loop is busy)
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE)
        await model.defaults["provider"].aclose()
        return task.cancelled()

    with Lines(waits) as server:
        assert asyncio.run(cancelled(model_at("anthropic", server.url, library)))


INTERRUPTED = """
import asyncio, signal, sys
from capably import llm
from support.questions import ask_in_loop, model_at

signal.signal(signal.SIGINT, signal.default_int_handler)  # A process in the background ignores it, and so does its child.

async def ask(model, way, content, timeout=600):
    try:
        return await ask_in_loop(model, way, content, timeout=timeout)
    finally:
        await model.defaults["provider"].aclose()

def text_of(model, way, content, **params):
    if way.endswith("_async"):
        return asyncio.run(ask(model, way, content, **params))
    return "".join(model.stream(content, **params).text_stream()) if way == "stream" else model.call(content, **params).text()

for line in sys.stdin:
    provider, way, library, url = line.split()
    model = model_at(provider, url, library, max_retries=1)
    print("begins", flush=True)
    try:
        text_of(model, way, "question-1", timeout=llm.Timeout(silence=600))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    print(text_of(model, way, "question-2"), flush=True)
    model.defaults["provider"].close()
"""


def silent(request: bytes) -> Iterable[bytes | float]:
    yield FOREVER


def busy(request: bytes) -> Iterable[bytes | float]:
    yield b"HTTP/1.1 503 Busy\r\nretry-after: 50\r\ncontent-length: 0\r\n\r\n"


def half_an_error(request: bytes) -> Iterable[bytes | float]:
    yield b"HTTP/1.1 500 Broken\r\ncontent-length: 50\r\n\r\nabc"
    yield FOREVER


def silent_after_a_burst(request: bytes) -> Iterable[bytes | float]:
    yield CHUNKED + chunk(b": a comment\n\n") * 200
    yield FOREVER


def in_a_burst(request: bytes) -> Iterable[bytes | float]:
    yield CHUNKED
    while True:
        yield chunk(b": a comment\n\n") * 20
        yield 0.0005


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_ctrl_c_ends_whatever_waits_and_the_next_call_is_answered() -> None:
    asked = [
        *pairwise((silent, busy, half_an_error), WAYS, LIBRARIES),
        *itertools.product((silent_after_a_burst, in_a_burst), WAYS[2:], LIBRARIES),
    ]
    paths = os.pathsep.join([str(ROOT / "tests"), *filter(None, sys.path)])
    program = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", INTERRUPTED], text=True, env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with program, contextlib.ExitStack() as stack:
        stack.callback(program.kill)
        assert program.stdin and program.stdout and program.stderr
        patience = threading.Timer(SUBPROCESS_PATIENCE, program.kill)
        patience.start()
        stack.callback(patience.cancel)
        for (first, way, library), provider in zip(asked, itertools.cycle(MODELS)):
            then = lambda request, provider=provider: [answered(provider, request)]  # noqa: E731
            server = stack.enter_context(Lines(first, then))
            program.stdin.write(f"{provider} {way} {library} {server.url}\n")
            program.stdin.flush()
            assert program.stdout.readline() == "begins\n"
            wait_until(lambda server=server: server.requests)
            time.sleep(WAITS)
            program.send_signal(signal.SIGINT)
            assert program.stdout.readline() == "interrupted\n", (first, provider, way, library)
            assert program.stdout.readline() == "answer-2\n", (first, provider, way, library)
            assert not server.lost_patience, (first, provider, way, library)
            if library == "httpx2":
                assert server.ended.wait(PATIENCE), (first, provider, way)
        program.stdin.close()
        assert program.wait(PATIENCE) == 0
        assert program.stderr.read() == ""
