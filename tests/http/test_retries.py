"""What is sent again, how often, and after which pause: the same for each wire format, each way of a call and each library."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable
from typing import Any

import pytest
from support.loopback import Canned, Loopback, nobody
from support.questions import EACH, EACH_STREAM, LIBRARIES, MODELS, WAYS, answered, ask, model_at, ok
from support.raw_http import CHUNKED, Lines
from support.sample import pairwise

from capably import llm
from capably.http import exchange, over_httpx2, over_httpx2_async, over_pyreqwest, over_pyreqwest_async

CLIENTS = (
    over_httpx2.Httpx2Client,
    over_httpx2_async.AsyncHttpx2Client,
    over_pyreqwest.PyreqwestClient,
    over_pyreqwest_async.AsyncPyreqwestClient,
)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, in seconds, which take no time here."""
    taken: list[float] = []

    async def sleep(_: Any, seconds: float) -> None:
        taken.append(seconds)

    for client in CLIENTS:
        monkeypatch.setattr(client, "sleep", sleep)
    return taken


def busy(status: int = 503, **headers: str) -> Canned:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Canned({"error": {"message": "busy", "type": "t"}}, status=status, headers=named)


SETTINGS: tuple[tuple[dict[str, Any], dict[str, Any], int], ...] = (
    ({"max_retries": None}, {}, 3),
    ({"max_retries": 1}, {}, 2),
    ({"max_retries": 0}, {}, 1),
    ({"max_retries": 1}, {"max_retries": 4}, 5),
    ({"max_retries": None}, {"max_retries": 0}, 1),
)
"""Settings of a handle, parameters of a call, and the attempts that they mean together."""


@EACH
def test_a_request_is_sent_max_retries_times_more(provider: str, way: str, library: str, pauses: list[float]) -> None:
    for setting, params, attempts in SETTINGS:
        with Loopback([busy()]) as server:
            with pytest.raises(llm.OverloadedError, match="busy"):
                ask(model_at(provider, server.url, library, **setting), way, **params)
            assert len(server.requests) == attempts
            assert len({request.body for request in server.requests}) == 1
    assert len(pauses) == 2 + 1 + 4


@EACH
def test_the_second_attempt_may_answer(provider: str, way: str, library: str, pauses: list[float]) -> None:
    with Loopback([busy(429), ok]) as server:
        assert ask(model_at(provider, server.url, library, max_retries=1), way) == "ok"
        assert len(server.requests) == 2


BREAKS = {
    "at once": b"",
    "inside the head": b"HTTP/1.1 200 OK\r\ncontent-le",
    "no HTTP": b"hello\r\n\r\n",
}


@pytest.mark.parametrize(("provider", "way", "library", "broken"), pairwise(MODELS, WAYS, LIBRARIES, BREAKS))
def test_a_connection_that_breaks_before_the_answer_is_retried(
    provider: str, way: str, library: str, broken: str, pauses: list[float]
) -> None:
    with Lines(BREAKS[broken], close=True) as server:
        with pytest.raises(llm.ConnectionFailedError):
            ask(model_at(provider, server.url, library, max_retries=2), way)
        assert len(server.requests) == 3

    with Lines(BREAKS[broken], lambda request: [answered(provider, request)], close=True) as server:
        assert ask(model_at(provider, server.url, library, max_retries=2), way, "question-1") == "answer-1"
        assert len(server.requests) == 2


CUTS = {"by its length": b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{", "in a chunk": CHUNKED + b"9\r\n{"}


@pytest.mark.parametrize(
    ("provider", "way", "library", "cut"), pairwise(MODELS, ("call", "call_async"), LIBRARIES, CUTS)
)
def test_an_answer_that_is_cut_is_retried(provider: str, way: str, library: str, cut: str, pauses: list[float]) -> None:
    with Lines(CUTS[cut], close=True) as server:
        with pytest.raises(llm.ConnectionFailedError):
            ask(model_at(provider, server.url, library, max_retries=2), way)
        assert len(server.requests) == 3


@EACH
def test_a_server_that_is_not_there_is_tried_again(provider: str, way: str, library: str, pauses: list[float]) -> None:
    with nobody() as nowhere:
        with pytest.raises(llm.ConnectionFailedError):
            ask(model_at(provider, nowhere, library, max_retries=2), way)
        assert len(pauses) == 2


@EACH_STREAM
def test_a_stream_that_has_begun_is_not_sent_again(provider: str, way: str, library: str, pauses: list[float]) -> None:
    def begun(request: bytes) -> list[bytes | float]:
        head, _, body = answered(provider, request).partition(b"\r\n\r\n")
        return [head + b"\r\n\r\n" + body[: len(body) // 2]]

    with Lines(begun, close=True) as server:
        with pytest.raises(llm.ConnectionFailedError):
            ask(model_at(provider, server.url, library, max_retries=2), way, "question-1")
        assert len(server.requests) == 1


STATUSES = {400: 1, 401: 1, 403: 1, 404: 1, 408: 2, 409: 2, 413: 1, 422: 1, 429: 2, 500: 2, 502: 2, 503: 2, 529: 2}


@pytest.mark.parametrize(("provider", "way", "library", "status"), pairwise(MODELS, WAYS, LIBRARIES, STATUSES))
def test_statuses_that_may_be_over_at_the_next_attempt_are_retried(
    provider: str, way: str, library: str, status: int, pauses: list[float]
) -> None:
    with Loopback([busy(status)]) as server:
        with pytest.raises(llm.ProviderError):
            ask(model_at(provider, server.url, library, max_retries=1), way)
        assert len(server.requests) == STATUSES[status]


@pytest.mark.parametrize(
    ("provider", "way", "library", "row"),
    pairwise(MODELS, WAYS, LIBRARIES, [(503, "false", 1), (400, "true", 2), (503, "maybe", 2), (404, "maybe", 1)]),
)
def test_the_server_may_decide(
    provider: str, way: str, library: str, row: tuple[int, str, int], pauses: list[float]
) -> None:
    status, word, attempts = row
    with Loopback([busy(status, x_should_retry=word)]) as server:
        with pytest.raises(llm.ProviderError):
            ask(model_at(provider, server.url, library, max_retries=1), way)
        assert len(server.requests) == attempts


def in_seconds(seconds: float) -> str:
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


WAITS: dict[str, tuple[Callable[[], dict[str, str]], float, float]] = {
    "seconds": (lambda: {"retry-after": "7"}, 7, 7),
    "parts of a second": (lambda: {"retry-after": "0.25"}, 0.25, 0.25),
    "at once": (lambda: {"retry-after": "0"}, 0, 0),
    "milliseconds": (lambda: {"retry-after-ms": "1500"}, 1.5, 1.5),
    "milliseconds first": (lambda: {"retry-after-ms": "20", "retry-after": "9"}, 0.02, 0.02),
    "a date": (lambda: {"retry-after": in_seconds(55)}, 15, 55),
    "a date in the past": (lambda: {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0, 0),
    "nothing": (dict, 0.375, 0.5),
    "no time": (lambda: {"retry-after": "soon"}, 0.375, 0.5),
    "no number": (lambda: {"retry-after": "nan"}, 0.375, 0.5),
    "infinite": (lambda: {"retry-after": "inf"}, 0.375, 0.5),
    "negative": (lambda: {"retry-after": "-5"}, 0.375, 0.5),
}


@pytest.mark.parametrize(("provider", "way", "library", "wait"), pairwise(MODELS, WAYS, LIBRARIES, WAITS))
def test_the_pause_is_what_the_server_wants(
    provider: str, way: str, library: str, wait: str, pauses: list[float]
) -> None:
    headers, least, most = WAITS[wait]
    with Loopback([Canned(b"", status=429, headers=headers()), ok]) as server:
        assert ask(model_at(provider, server.url, library, max_retries=1), way) == "ok"
    (pause,) = pauses
    assert least <= pause <= most


@pytest.mark.parametrize("seconds", [61, 86400, None])
def test_a_longer_pause_than_a_minute_is_an_error_that_names_it(seconds: int | None, pauses: list[float]) -> None:
    wait = in_seconds(300) if seconds is None else str(seconds)
    with Loopback([Canned(b"", status=429, headers={"retry-after": wait})]) as server:
        with pytest.raises(llm.RateLimitError) as raised:
            ask(model_at("openai", server.url, max_retries=5), "call")
        assert len(server.requests) == 1
    assert (raised.value.retry_after or 0) > exchange.LONGEST_WAIT
    assert pauses == []


@pytest.mark.parametrize(("way", "library"), pairwise(WAYS, LIBRARIES))
def test_google_names_its_pause_in_the_body(way: str, library: str, pauses: list[float]) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17.25s"}
    error = {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED", "details": [{"x": 1}, info]}}
    with Loopback([Canned(error, status=429), ok]) as server:
        assert ask(model_at("google", server.url, library, max_retries=1), way) == "ok"
    assert pauses == [17.25]


@pytest.mark.parametrize(("way", "library"), pairwise(WAYS, LIBRARIES))
def test_pauses_double_up_to_a_limit(way: str, library: str, pauses: list[float]) -> None:
    with Loopback([busy()]) as server, pytest.raises(llm.OverloadedError):
        ask(model_at("anthropic", server.url, library, max_retries=7), way)
    longest = [min(exchange.FIRST_PAUSE * 2**attempt, exchange.LONGEST_PAUSE) for attempt in range(7)]
    assert all(0.75 * most <= pause <= most for pause, most in zip(pauses, longest, strict=True))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_the_pause_is_made(way: str, library: str) -> None:
    with Loopback([busy(retry_after_ms="50"), ok]) as server:
        began = time.monotonic()
        assert ask(model_at("openai", server.url, library, max_retries=1), way) == "ok"
    assert time.monotonic() - began >= 0.05
