"""How long a call waits: the same for each wire format, each way of a call and each library."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import httpx2
import pytest
from support.loopback import Canned, Loopback
from support.patience import PATIENCE, at_some_pace
from support.questions import (
    EACH,
    EACH_STREAM,
    END_OF_STREAM,
    EVENTS,
    JSON,
    LIBRARIES,
    MODELS,
    WAYS,
    answered,
    ask,
    ask_in_loop,
    model_at,
    wants_stream,
)
from support.raw_http import FOREVER, Lines
from support.sample import pairwise

from capably import llm

NO_TIMES = (0, -1, 0.0, -0.5, math.nan, math.inf, -math.inf)
NO_NUMBERS: tuple[Any, ...] = ("5", True, [1])


@pytest.fixture
def silent() -> Iterator[Lines]:
    """A server that reads requests and does not answer."""
    with Lines(lambda _: [FOREVER]) as server:
        yield server
        assert not server.lost_patience


def seconds_until(kind: type[Exception], model: Any, way: str, content: str = "Hi", **params: Any) -> float:
    """Return how long a call takes that raises an error. It may take longer at any time, and never less."""
    began = time.monotonic()
    with pytest.raises(kind):
        ask(model, way, content, **params)
    return time.monotonic() - began


SILENCES: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"timeout": 0.1}, {}),
    ({"timeout": 600}, {"timeout": 0.1}),
    ({"timeout": llm.Timeout(silence=0.1)}, {}),
    ({}, {"timeout": llm.Timeout(total=0.1)}),
)


@pytest.mark.parametrize(("provider", "way", "library", "row"), pairwise(MODELS, WAYS, LIBRARIES, SILENCES))
def test_the_longest_silence_before_an_answer(provider: str, way: str, library: str, row: Any, silent: Lines) -> None:
    setting, params = row
    model = model_at(provider, silent.url, library, **setting)
    assert seconds_until(llm.TimedOutError, model, way, **params) > 0.08


@EACH_STREAM
def test_silence_inside_a_stream(provider: str, way: str, library: str) -> None:
    def stalls(request: bytes) -> Iterable[bytes | float]:
        head, _, body = answered(provider, request).partition(b"\r\n\r\n")
        yield from (head + b"\r\n\r\n" + body[:-20], FOREVER)

    with Lines(stalls) as server:
        model = model_at(provider, server.url, library)
        assert seconds_until(llm.TimedOutError, model, way, "question-1", timeout=0.1) > 0.08
        assert not server.lost_patience


PAIRS = pytest.mark.parametrize(("provider", "way", "library"), pairwise(MODELS, WAYS, LIBRARIES))


@PAIRS
def test_an_answer_that_drips_is_no_silence_and_ends_with_the_total_time(provider: str, way: str, library: str) -> None:
    def story(pace: float) -> None:
        def drips(request: bytes) -> Iterable[bytes | float]:
            head, _, body = answered(provider, request).partition(b"\r\n\r\n")
            yield head + b"\r\n\r\n"
            for place in range(8):
                yield body[place * len(body) // 8 : (place + 1) * len(body) // 8]
                yield 0.04 * pace

        with Lines(drips) as server:
            model = model_at(provider, server.url, library)
            assert ask(model, way, "question-1", timeout=0.2 * pace) == "answer-1"
            total = llm.Timeout(silence=60, total=0.12 * pace)
            assert 0.1 * pace < seconds_until(llm.TimedOutError, model, way, "question-1", timeout=total) < 0.3 * pace

    at_some_pace(story)


@PAIRS
def test_the_total_time_covers_attempts_and_pauses(provider: str, way: str, library: str) -> None:
    def story(pace: float) -> None:
        busy = Canned(b"", status=503, headers={"retry-after-ms": str(100 * pace)})
        with Loopback([busy]) as server:
            model = model_at(provider, server.url, library, max_retries=50)
            taken = seconds_until(llm.ProviderError, model, way, timeout=llm.Timeout(total=0.25 * pace))
            assert 0.15 * pace < taken < 0.75 * pace
            assert 2 <= len(server.requests) <= 3

    at_some_pace(story)


@pytest.mark.parametrize(("way", "library"), pairwise(("call_async", "stream_async"), LIBRARIES))
def test_the_total_time_covers_a_function_that_is_awaited_for_the_key(way: str, library: str) -> None:
    async def never() -> str:
        await asyncio.sleep(600)
        return "k"

    with Loopback([Canned()]) as server:
        model = model_at("openai", server.url, library, api_key=never)
        with pytest.raises(llm.TimedOutError, match=r"0\.2"):
            ask(model, way, timeout=llm.Timeout(total=0.2))
    assert server.requests == []


@pytest.mark.parametrize(("way", "library"), pairwise(WAYS, LIBRARIES))
def test_nothing_is_sent_after_a_function_for_the_key_that_took_all_of_the_total_time(way: str, library: str) -> None:
    def slow() -> str:
        time.sleep(0.05)
        return "k"

    with Loopback([Canned()]) as server:
        model = model_at("openai", server.url, library, api_key=slow)
        with pytest.raises(llm.TimedOutError):
            ask(model, way, timeout=llm.Timeout(total=0.01))
    assert server.requests == []


@PAIRS
def test_the_error_names_the_time_and_the_provider(provider: str, way: str, library: str, silent: Lines) -> None:
    with pytest.raises(llm.TimedOutError, match=rf"silence=0\.1\b.*\[{provider}\]"):
        ask(model_at(provider, silent.url, library, timeout=0.1), way)


@pytest.mark.parametrize(("way", "library"), pairwise(WAYS, LIBRARIES))
def test_a_silent_server_is_not_one_that_cannot_be_reached(way: str, library: str, silent: Lines) -> None:
    timeout = llm.Timeout(connect=60, silence=0.1)
    with pytest.raises(llm.TimedOutError) as raised:
        ask(model_at("openai", silent.url, library, timeout=timeout), way)
    assert "no connection" not in str(raised.value)


@EACH
def test_a_time_that_is_none_is_refused_before_anything_is_sent(provider: str, way: str, library: str) -> None:
    with Loopback([]) as server:
        model = model_at(provider, server.url, library)
        for seconds in NO_TIMES:
            with pytest.raises(ValueError, match="timeout"):
                ask(model, way, timeout=seconds)
        for value in NO_NUMBERS:
            with pytest.raises(TypeError, match="timeout"):
                ask(model, way, timeout=value)
        assert server.requests == []


@pytest.mark.parametrize("name", ["connect", "silence", "total"])
def test_no_part_of_a_timeout_is_a_time_that_is_none(name: str) -> None:
    for seconds in NO_TIMES:
        with pytest.raises(ValueError, match=name):
            llm.Timeout(**{name: seconds})
    for value in NO_NUMBERS:
        with pytest.raises(TypeError, match=name):
            llm.Timeout(**{name: value})


@pytest.mark.parametrize("make", [llm.provider, llm.configure])
def test_no_setting_is_a_time_that_is_none(make: Any) -> None:
    for seconds in NO_TIMES:
        with pytest.raises(ValueError, match="timeout"):
            make("openai", timeout=seconds)
    for retries in (-1, math.nan):
        with pytest.raises((ValueError, TypeError), match="max_retries"):
            make("openai", max_retries=retries)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("way", WAYS)
def test_a_very_long_time_is_as_good_as_any(way: str, library: str) -> None:
    with Lines(lambda request: [answered("openai", request)]) as server:
        timeout = llm.Timeout(connect=1e12, silence=1e12, total=1e12)
        assert ask(model_at("openai", server.url, library, timeout=timeout), way, "question-3") == "answer-3"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_total_time_needs_no_connections_of_its_own(library: str) -> None:
    with Lines(lambda request: [answered("groq", request)]) as server:
        model = model_at("groq", server.url, library)
        for number in range(5):
            timeout = llm.Timeout(total=60 + number)
            assert ask(model, "call", f"question-{number}", timeout=timeout) == f"answer-{number}"
        assert server.connections == 1


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("way", ["call_async", "stream_async"])
def test_a_task_that_is_cancelled_ends_at_once_and_over_httpx2_its_connection_too(
    way: str, library: str, silent: Lines
) -> None:
    async def cancel() -> None:
        model = model_at("groq", silent.url, library)
        handle = model.defaults["provider"]
        ways = {"call_async": model.call_async, "stream_async": model.stream_async}
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ways[way]("Hi"), 0.1)
        assert not silent.lost_patience
        if library == "httpx2":  # A request that pyreqwest has sent cannot be taken back.
            assert await asyncio.to_thread(silent.ended.wait, PATIENCE)
        await handle.aclose()

    asyncio.run(cancel())


def drips_head(request: bytes, pace: float) -> Iterable[bytes | float]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(40):
        yield 0.05 * pace
        yield b"x-%d: 1\r\n" % number


def falls_silent(request: bytes, pace: float) -> Iterable[bytes | float]:
    yield (EVENTS if wants_stream(request) else JSON) + b"content-length: 1000\r\n\r\n"
    yield 0.15 * pace
    yield b": one\n\n"
    yield FOREVER


@pytest.mark.parametrize(
    ("answer", "provider", "way", "library"), pairwise((drips_head, falls_silent), MODELS, WAYS, LIBRARIES)
)
def test_the_total_time_ends_wherever_the_answer_is(answer: Any, provider: str, way: str, library: str) -> None:
    def story(pace: float) -> None:
        with Lines(lambda request: answer(request, pace)) as server:
            model = model_at(provider, server.url, library)
            taken = seconds_until(llm.TimedOutError, model, way, timeout=llm.Timeout(total=0.2 * pace))
        assert 0.18 * pace < taken < 0.34 * pace

    at_some_pace(story)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("way", WAYS)
def test_calls_with_a_total_time_use_one_connection(way: str, library: str) -> None:
    """And a context that a caller sets is there: another thread may do the waiting."""
    seen: list[str] = []
    name: ContextVar[str] = ContextVar("name")

    def hook(request: httpx2.Request) -> None:
        seen.append(name.get())

    with httpx2.Client(event_hooks={"request": [hook]}) as own:
        name.set("caller")
        given = {"http_client": own} if (way, library) == ("call", "httpx2") else {}

        async def three(url: str, pace: float) -> list[str]:
            model = model_at("openai", url, library, **given)
            texts: list[str] = []
            for _ in range(3):
                texts.append(await ask_in_loop(model, way, "question-1", timeout=llm.Timeout(total=60)))
                await asyncio.sleep(END_OF_STREAM * pace if way.startswith("stream") else 0)
            await model.defaults["provider"].aclose()
            return texts

        def story(pace: float) -> None:
            seen.clear()
            with Lines(lambda request: [answered("openai", request)]) as server:
                assert asyncio.run(three(server.url, pace)) == ["answer-1"] * 3
                assert server.connections == 1

        at_some_pace(story)
    assert seen == ["caller"] * (3 if given else 0)
