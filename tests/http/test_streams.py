"""Open streams: each piece as it arrives, the end by the last event, and closing at any time, from any thread."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from support.loopback import Canned, Loopback
from support.questions import (
    EACH_STREAM,
    EVENTS,
    LIBRARIES,
    MODELS,
    WAYS,
    answered,
    ask,
    body_of,
    model_at,
)
from support.raw_http import Lines
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
        yield 30.0

    return answer


@EACH_STREAM
def test_a_stream_ends_with_its_last_event_though_the_connection_stays_open(
    provider: str, way: str, library: str
) -> None:
    """Google's streams have no last event: there a finish reason makes the silence that follows the end, and no error."""
    with Lines(stays_open(provider)) as server:
        began = time.monotonic()
        timeout = 0.4 if provider == "google" else 20
        assert ask(model_at(provider, server.url, library, timeout=timeout), way) == "answer-1"
        assert time.monotonic() - began < 5


@EACH_STREAM
def test_each_piece_is_there_as_it_arrives(provider: str, way: str, library: str) -> None:
    def slow(request: bytes) -> Iterable[bytes | float]:
        events = body_of(provider, "answer-1", stream=True).split(b"\n\n")[:-1]
        first = body_of(provider, "first ", stream=True).split(b"\n\n")[:-1]
        begin = 2 if provider == "anthropic" else 1 if provider == "openai" else 0
        yield CHUNKED + b"".join(chunk(event + b"\n\n") for event in first[: begin + 1])
        yield 0.4
        yield b"".join(chunk(event + b"\n\n") for event in events[begin:]) + b"0\r\n\r\n"

    with Lines(slow) as server:
        model = model_at(provider, server.url, library)

        async def read() -> tuple[float, list[str]]:
            stream = await model.stream_async("Hi")
            times, texts = [], []
            async for text in stream.text_stream():
                times.append(time.monotonic())
                texts.append(text)
            await model.defaults["provider"].aclose()
            return times[-1] - times[0], texts

        if way == "stream_async":
            between, texts = asyncio.run(read())
        else:
            times, texts = [], []
            for text in model.stream("Hi").text_stream():
                times.append(time.monotonic())
                texts.append(text)
            between = times[-1] - times[0]
    assert texts == ["first ", "answer-1"] and between > 0.25


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(("provider", "way", "library"), pairwise(MODELS, ("stream", "stream_async"), LIBRARIES))
def test_pieces_of_any_size_are_the_same_stream(provider: str, way: str, library: str, size: int) -> None:
    data = body_of(provider, "Grüße, 世界", stream=True)
    pieces = [data[place : place + size] for place in range(0, len(data), size)]
    with Loopback([Canned(pieces)]) as server:
        assert ask(model_at(provider, server.url, library), way) == "Grüße, 世界"


def hangs(provider: str) -> Any:
    """Return what sends all but the last event of a stream, and does not end it."""

    def answer(request: bytes) -> Iterable[bytes | float]:
        events = body_of(provider, "answer-1", stream=True).split(b"\n\n")[:-1]
        if provider == "google":
            events = [b'data: {"candidates": [{"content": {"parts": [{"text": "answer-1"}]}}]}', b""]
        last = {"groq": -2}.get(provider, -1)
        yield CHUNKED + chunk(b"\n\n".join(events[:last]) + b"\n\n")
        yield 30.0

    return answer


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("provider", MODELS)
def test_another_thread_can_close_a_stream_that_waits(provider: str, library: str) -> None:
    with Lines(hangs(provider)) as server:
        stream = model_at(provider, server.url, library, timeout=20).stream("Hi")
        ended: list[BaseException | None] = []

        def read() -> None:
            try:
                for _ in stream.text_stream():
                    pass
                ended.append(None)
            except BaseException as error:
                ended.append(error)

        reader = threading.Thread(target=read)
        reader.start()
        time.sleep(0.3)
        began = time.monotonic()
        stream.close()
        assert time.monotonic() - began < 2
        reader.join(5)
        assert not reader.is_alive()
        (error,) = ended
        assert error is None or isinstance(error, llm.CapablyError)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("provider", MODELS)
def test_another_task_can_close_a_stream_that_waits(provider: str, library: str) -> None:
    async def closed_while_read(model: Any) -> tuple[float, BaseException | None]:
        stream = await model.stream_async("Hi")

        async def read() -> None:
            async for _ in stream.text_stream():
                pass

        reader = asyncio.create_task(read())
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await asyncio.wait_for(stream.close(), 5)
        await asyncio.wait([reader], timeout=5)
        taken = time.monotonic() - began
        await model.defaults["provider"].aclose()
        return taken, reader.exception()

    with Lines(hangs(provider)) as server:
        taken, error = asyncio.run(closed_while_read(model_at(provider, server.url, library, timeout=20)))
        assert taken < 2 and (error is None or isinstance(error, llm.CapablyError))


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
        return await asyncio.to_thread(server.ended.wait, 5)

    with Lines(many) as server:
        model = model_at("openai", server.url, library)
        if way == "stream":
            model.stream("Hi")
            gc.collect()
            assert server.ended.wait(5)
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
        assert server.ended.wait(5)


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


INTERRUPTED = """
import os, signal, sys, threading, time
from capably import llm
from support.questions import model_at
provider, way, library, url = sys.argv[1:]
model = model_at(provider, url, library, timeout=60)
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
began = time.monotonic()
try:
    if way == "call":
        model.call("Hi")
    else:
        for _ in model.stream("Hi").text_stream():
            pass
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - began < 5)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("provider", "way", "library"),
    [
        ("anthropic", "call", "httpx2"),
        ("openai", "call", "pyreqwest"),
        ("google", "stream", "httpx2"),
        ("groq", "stream", "pyreqwest"),
    ],
)
def test_ctrl_c_ends_a_call_that_waits(provider: str, way: str, library: str) -> None:
    with Lines((lambda _: [30.0]) if way == "call" else hangs(provider)) as server:
        paths = os.pathsep.join([str(ROOT / "tests"), *filter(None, sys.path)])
        ran = subprocess.run(
            [sys.executable, "-c", INTERRUPTED, provider, way, library, server.url],
            capture_output=True, text=True, timeout=20, check=False, env={**os.environ, "PYTHONPATH": paths},
        )  # fmt: skip
    assert (ran.stdout.strip(), ran.returncode) == ("interrupted True", 0), ran.stderr
