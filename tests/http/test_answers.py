"""No call returns what answers another one, whatever a server sends, and whatever was interrupted."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from certificate import write_certificate
from support.patience import PATIENCE, at_some_pace
from support.questions import (
    EACH,
    END_OF_STREAM,
    JSON,
    LIBRARIES,
    MODELS,
    WAYS,
    answered,
    ask,
    ask_in_loop,
    body_of,
    model_at,
    reply_to,
    wants_stream,
)
from support.raw_http import Answer, Lines
from support.sample import pairwise

from capably import llm

CALLS = ("call", "call_async")
EACH_CALL = pytest.mark.parametrize(("way", "library"), [(way, library) for way in CALLS for library in LIBRARIES])
RIGHT = ["answer-0", "answer-1", "answer-2"]


def evil(request: bytes) -> bytes:
    """Return an answer that nobody wants."""
    body = body_of("groq", "answer-666", stream=wants_stream(request))
    return JSON + b"content-length: %d\r\n\r\n" % len(body) + body


def answers_of(
    provider: str, server: Lines, way: str, library: str, calls: int = 3, first_timeout: float = 60, pause: float = 0
) -> list[str]:
    """Return what calls one after the other return, or the name of their error."""
    model = model_at(provider, server.url, library)

    async def all_of() -> list[str]:
        texts: list[str] = []
        for number in range(calls):
            try:
                timeout = 60 if number else first_timeout
                texts.append(await ask_in_loop(model, way, f"question-{number}", timeout=timeout))
            except llm.CapablyError as error:
                texts.append(type(error).__name__)
            await asyncio.sleep(pause)
        await model.defaults["provider"].aclose()
        return texts

    return asyncio.run(all_of())


def over_connections(
    count: int, provider: str, way: str, library: str, *answers: Answer, first_timeout: float = 0, close: bool = False
) -> list[str]:
    """Return what three calls return, which use so many connections: after a pause, in which the end of a stream is read while
    its caller goes on, or the end of a connection."""

    def story(pace: float) -> list[str]:
        with Lines(*answers, close=close) as server:
            pause = END_OF_STREAM * pace if way.startswith("stream") or close else 0
            texts = answers_of(provider, server, way, library, first_timeout=first_timeout * pace or 60, pause=pause)
            assert server.connections == count
            return texts

    return at_some_pace(story)


@EACH
def test_calls_one_after_the_other_use_one_connection(provider: str, way: str, library: str) -> None:
    assert over_connections(1, provider, way, library, lambda request: [answered(provider, request)]) == RIGHT


INTERIM: dict[str, list[bytes | float]] = {
    "100": [b"HTTP/1.1 100 Continue\r\n\r\n"],
    "102 with headers": [b"HTTP/1.1 102 Processing\r\nx-step: 1\r\n\r\n"],
    "several": [b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nlink: </b>\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n"]
    * 3,
    "103, later the rest": [b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", 0.05],
}


@pytest.mark.parametrize(("provider", "interim", "way", "library"), pairwise(MODELS, INTERIM, WAYS, LIBRARIES))
def test_interim_answers_are_read_past(provider: str, interim: str, way: str, library: str) -> None:
    def answer(request: bytes) -> Iterable[bytes | float]:
        yield from INTERIM[interim]
        yield answered(provider, request)

    assert over_connections(1, provider, way, library, answer) == RIGHT


HEADERS = {
    "90 headers": (b"".join(b"x-h%d: v\r\n" % number for number in range(90)), LIBRARIES),
    "300 headers": (b"".join(b"x-h%d: v\r\n" % number for number in range(300)), ("httpx2",)),
    "a long header": (b"x-long: " + b"y" * 40_000 + b"\r\n", LIBRARIES),
    "a header in latin-1": ("x-name: Zo\xeb\r\n".encode("latin-1"), LIBRARIES),
    "a header twice": (b"x-a: 1\r\nx-a: 2\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n", LIBRARIES),
}
"""Name -> lines of an answer's head, and the libraries that read it."""


@pytest.mark.parametrize(("provider", "name", "way", "library"), pairwise(MODELS, HEADERS, WAYS, LIBRARIES))
def test_many_and_long_headers_are_read(provider: str, name: str, way: str, library: str) -> None:
    lines, libraries = HEADERS[name]

    def answer(request: bytes) -> Iterable[bytes]:
        status, _, rest = answered(provider, request).partition(b"\r\n")
        yield status + b"\r\n" + lines + rest

    with Lines(answer) as server:
        answers = answers_of(provider, server, way, library, calls=2)
        assert answers == (RIGHT[:2] if library in libraries else ["ConnectionFailedError"] * 2)


@EACH_CALL
def test_no_cookie_goes_from_one_call_to_the_next(way: str, library: str) -> None:
    def answer(request: bytes) -> Iterable[bytes]:
        yield answered("groq", request).replace(b"\r\n", b"\r\nset-cookie: a=secret\r\n", 1)

    with Lines(answer) as server:
        assert answers_of("groq", server, way, library) == RIGHT
        assert not any(b"secret" in request for request in server.requests)


@EACH_CALL
def test_interim_answers_without_end_are_an_error(way: str, library: str) -> None:
    with Lines(b"HTTP/1.1 102 Processing\r\n\r\n" * 5000) as server:
        (answer,) = answers_of("groq", server, way, library, calls=1, first_timeout=0.2)
    assert answer in ("ConnectionFailedError", "TimedOutError")


def switching(request: bytes) -> Iterable[bytes]:
    yield b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n" + evil(request)


def short(request: bytes) -> Iterable[bytes]:
    body = reply_to("groq", request)
    yield JSON + b"content-length: %d\r\n\r\n" % (len(body) + len(evil(request))) + body


def two_lengths(request: bytes) -> Iterable[bytes]:
    body = reply_to("groq", request)
    longer = len(body) + len(evil(request))
    yield JSON + b"content-length: %d\r\ncontent-length: %d\r\n\r\n" % (len(body), longer) + body + evil(request)


def no_length(request: bytes) -> Iterable[bytes]:
    yield JSON + b"content-length: many\r\n\r\n" + reply_to("groq", request) + evil(request)


@pytest.mark.parametrize("first", [switching, short, two_lengths, no_length])
@EACH_CALL
def test_after_an_answer_whose_end_is_in_doubt_the_next_call_has_its_own(first: Answer, way: str, library: str) -> None:
    right: Answer = lambda request: [answered("groq", request)]  # noqa: E731
    answers = over_connections(2, "groq", way, library, first, right, first_timeout=0.3)
    assert answers[0] not in ("answer-666", "answer-1") and answers[1:] == RIGHT[1:]


def same_packet(request: bytes) -> Iterable[bytes | float]:
    yield answered("groq", request) + evil(request)


def with_the_last_chunk(request: bytes) -> Iterable[bytes | float]:
    body = reply_to("groq", request)
    yield JSON + b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) + evil(request)


def late(request: bytes) -> Iterable[bytes | float]:
    yield from (answered("groq", request), 0.01, evil(request))


OVER = [
    *((answer, "pyreqwest") for answer in (same_packet, with_the_last_chunk)),
    *((late, library) for library in LIBRARIES),
]
"""Answers with bytes after their end, over the libraries that do not take them for the next answer. httpx2 takes a second answer
that arrives in the same packet, as plain httpx2 does."""


@pytest.mark.parametrize("way", CALLS)
@pytest.mark.parametrize(("answer", "library"), OVER)
def test_bytes_after_an_answer_are_not_the_next_one(answer: Answer, library: str, way: str) -> None:
    def story(pace: float) -> None:
        with Lines(answer) as server:
            assert answers_of("groq", server, way, library, pause=0.04 * pace) == RIGHT
            assert server.connections == 3

    at_some_pace(story)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("cryptography")
    return write_certificate(tmp_path_factory.mktemp("tls") / "both.pem")


@pytest.fixture
def tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's side of TLS, whose certificate calls trust by the variable that names it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    yield context


@pytest.mark.parametrize("way", WAYS)
def test_a_certificate_that_a_variable_names_is_trusted(way: str, tls: ssl.SSLContext) -> None:
    with Lines(lambda request: [answered("groq", request)], context=tls) as server:
        assert answers_of("groq", server, way, "httpx2") == RIGHT


@EACH_CALL
def test_a_certificate_that_nobody_trusts_is_a_failed_connection(
    way: str, library: str, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with Lines(b"", context=tls) as server:
        with pytest.raises(llm.ConnectionFailedError, match=r"(?i)certificate"):
            ask(model_at("groq", server.url, library), way)
        assert server.requests == []


@EACH_CALL
def test_an_answer_after_its_call_gave_up_is_nobody_elses(way: str, library: str) -> None:
    """Whenever it arrives: while nobody asks, or with the next question on its way."""
    given_up = threading.Event()

    def slow(request: bytes) -> Iterable[bytes]:
        given_up.wait(PATIENCE)
        yield answered("groq", request)

    with Lines(slow) as server:
        model = model_at("groq", server.url, library)
        with pytest.raises(llm.TimedOutError):
            ask(model, way, "question-0", timeout=0.1)
        given_up.set()
        assert answers_of("groq", server, way, library) == RIGHT
        assert [ask(model, way, f"question-{number}") for number in range(3)] == RIGHT


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_answer_after_its_task_was_cancelled_is_nobody_elses(library: str) -> None:
    cancelled = threading.Event()

    def slow(request: bytes) -> Iterable[bytes]:
        cancelled.wait(PATIENCE)
        yield answered("groq", request)

    async def cancelled_then_right(model: llm.AnyModel) -> list[str]:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(model.call_async("question-0"), 0.05)
        cancelled.set()
        return [await ask_in_loop(model, "call_async", f"question-{number}") for number in range(3)]

    with Lines(slow) as server:
        assert asyncio.run(cancelled_then_right(model_at("groq", server.url, library))) == RIGHT


@EACH
def test_a_connection_that_the_server_closed_is_not_used_again(provider: str, way: str, library: str) -> None:
    answer: Answer = lambda request: [answered(provider, request)]  # noqa: E731
    assert over_connections(3, provider, way, library, answer, close=True) == RIGHT
