"""No call ever returns what answers another one, whatever a server sends, and whatever was interrupted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from certificate import write_certificate
from support.questions import JSON, MODELS, answered, reply_to
from support.raw_http import Answer, Lines
from support.sample import pairwise

from capably import llm


def evil(provider: str) -> bytes:
    """An answer that nobody asked for."""
    return answered(provider, b"question-666")


def answers_of(provider: str, server: Lines, way: str, calls: int = 3, **params: Any) -> list[str]:
    """What calls one after the other return, or the name of their error."""
    llm.configure(provider, api_key="k", base_url=server.url, max_retries=0)
    model = llm.Model.of(MODELS[provider])

    async def ask() -> list[str]:
        found: list[str] = []
        for number in range(calls):
            try:
                if way == "call":
                    response = model.call(f"question-{number}", **params)
                else:
                    response = await model.call_async(f"question-{number}", **params)
                found.append(response.text())
            except llm.CapablyError as error:
                found.append(type(error).__name__)
            await asyncio.sleep(0.1)
        return found

    return asyncio.run(ask())


RIGHT = ["answer-0", "answer-1", "answer-2"]
WAYS = ("call", "call_async")
BOTH = pytest.mark.parametrize("way", WAYS)

INTERIM = {
    "100": [b"HTTP/1.1 100 Continue\r\n\r\n"],
    "102 with headers": [b"HTTP/1.1 102 Processing\r\nx-step: 1\r\n\r\n"],
    "several": [b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nlink: </b>\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n"]
    * 3,
    "103, later the rest": [b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", 0.05],
}


@pytest.mark.parametrize(("provider", "interim", "way"), pairwise(MODELS, INTERIM, WAYS))
def test_interim_answers_are_read_past(provider: str, interim: str, way: str) -> None:
    def answer(request: bytes) -> Iterable[bytes | float]:
        yield from INTERIM[interim]
        yield answered(provider, request)

    with Lines(answer) as server:
        assert answers_of(provider, server, way) == RIGHT
        assert server.connections == 1


@BOTH
def test_interim_answers_without_end_are_an_error(way: str) -> None:
    with Lines(b"HTTP/1.1 102 Processing\r\n\r\n" * 5000) as server:
        found = answers_of("groq", server, way, calls=1, timeout=2)
    assert found[0] in ("ConnectionFailedError", "TimedOutError")


def switching(request: bytes) -> Iterable[bytes]:
    yield b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n" + evil("groq")


def short(request: bytes) -> Iterable[bytes]:
    body = reply_to("groq", request)
    yield JSON + b"content-length: %d\r\n\r\n" % (len(body) + len(evil("groq"))) + body


def two_lengths(request: bytes) -> Iterable[bytes]:
    body = reply_to("groq", request)
    longer = len(body) + len(evil("groq"))
    yield JSON + b"content-length: %d\r\ncontent-length: %d\r\n\r\n" % (len(body), longer) + body + evil("groq")


def no_length(request: bytes) -> Iterable[bytes]:
    yield JSON + b"content-length: many\r\n\r\n" + reply_to("groq", request) + evil("groq")


@BOTH
@pytest.mark.parametrize("first", [switching, short, two_lengths, no_length])
def test_after_an_answer_whose_end_is_in_doubt_the_next_call_has_its_own(first: Answer, way: str) -> None:
    with Lines(first, lambda request: [answered("groq", request)]) as server:
        found = answers_of("groq", server, way, timeout=2)
        assert found[0] not in ("answer-666", "answer-1") and found[1:] == RIGHT[1:]
        assert server.connections == 2


def same_packet(request: bytes) -> Iterable[bytes | float]:
    yield answered("groq", request) + evil("groq")


def late(request: bytes) -> Iterable[bytes | float]:
    yield from (answered("groq", request), 0.03, evil("groq"))


def with_the_last_chunk(request: bytes) -> Iterable[bytes | float]:
    body = reply_to("groq", request)
    yield JSON + b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) + evil("groq")


def past_a_buffer(request: bytes) -> Iterable[bytes | float]:
    """What is over begins where 8 KiB, the size that readers take at once, end."""
    body = reply_to("groq", request)
    tail = b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    head = JSON + b"x-pad: "
    yield head + b"p" * (8192 - len(head) - len(tail)) + tail + evil("groq")


OVER = [same_packet, late, with_the_last_chunk, past_a_buffer]


@BOTH
@pytest.mark.parametrize("answer", OVER)
def test_bytes_over_an_answer_are_not_the_next_one(answer: Answer, way: str) -> None:
    with Lines(answer) as server:
        assert answers_of("groq", server, way) == RIGHT
        assert server.connections == 3


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("cryptography")
    return write_certificate(tmp_path_factory.mktemp("tls") / "both.pem")


@pytest.fixture
def tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's side of TLS, whose certificate calls trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    yield context


@BOTH
@pytest.mark.parametrize("answer", OVER)
def test_bytes_over_an_answer_are_not_the_next_one_over_tls(answer: Answer, way: str, tls: ssl.SSLContext) -> None:
    with Lines(answer, context=tls) as server:
        assert answers_of("groq", server, way) == RIGHT


@BOTH
def test_an_answer_that_comes_after_its_call_gave_up_is_nobody_elses(way: str) -> None:
    def slow(request: bytes) -> Iterable[bytes | float]:
        yield from (0.3, answered("groq", request))

    with Lines(slow, lambda request: [answered("groq", request)]) as server:
        assert answers_of("groq", server, way, timeout=0.1) == ["TimedOutError", *RIGHT[1:]]


def test_an_answer_that_comes_after_its_task_was_cancelled_is_nobody_elses() -> None:
    def slow(request: bytes) -> Iterable[bytes | float]:
        yield from (0.2, answered("groq", request))

    async def ask() -> str:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(model.call_async("question-0"), 0.05)
        await asyncio.sleep(0.3)
        return (await model.call_async("question-1")).text()

    with Lines(slow) as server:
        llm.configure("groq", api_key="k", base_url=server.url, max_retries=0)
        model = llm.Model.of(MODELS["groq"])
        assert asyncio.run(ask()) == "answer-1"
