"""Which errors failures of Anthropic's Messages become."""

from __future__ import annotations

import time
from typing import Any

import pytest
from support.loopback import Canned, Loopback
from support.vendors.anthropic import OK, STREAMED, WAYS, adapter, called, message, request, sse, text

from capably.providers.anthropic.errors import translate
from capably.types import errors as e

STATUSES = [
    (400, "invalid_request_error", e.BadRequestError),
    (401, "authentication_error", e.AuthenticationError),
    (402, "billing_error", e.BadRequestError),
    (403, "permission_error", e.PermissionDeniedError),
    (404, "not_found_error", e.NotFoundError),
    (408, "timeout_error", e.TimedOutError),
    (413, "request_too_large", e.BadRequestError),
    (418, "teapot_error", e.BadRequestError),
    (429, "rate_limit_error", e.RateLimitError),
    (500, "api_error", e.ServerError),
    (503, "overloaded_error", e.OverloadedError),
    (504, "timeout_error", e.TimedOutError),
    (529, "overloaded_error", e.OverloadedError),
]


@pytest.mark.parametrize("way", WAYS)
def test_every_status_becomes_one_error_of_ours(way: str) -> None:
    replies = [
        Canned(
            {"type": "error", "error": {"type": kind, "message": "The provider's words."}},
            status=status,
            headers={"request-id": "req_9", "retry-after": "7"},
        )
        for status, kind, _ in STATUSES
    ]
    with Loopback(replies) as server:
        one = adapter(server)
        for status, kind, ours in STATUSES:
            with pytest.raises(e.ProviderError, match=r"^The provider's words\. ") as raised:
                called(one, request(), way)
            error = raised.value
            assert type(error) is ours
            assert (error.status_code, error.code, error.request_id) == (status, kind, "req_9")
            assert (error.retry_after, error.body["error"]["type"], error.provider) == (7.0, kind, "anthropic")
            assert error.__cause__ is not None


def test_retry_after_may_be_milliseconds_or_a_date() -> None:
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 60))
    headers = [{"retry-after-ms": "1500"}, {"retry-after": date}, {}, {"retry-after": "soon"}]
    with Loopback([Canned({"error": {}}, status=429, headers=each) for each in headers]) as server:
        one = adapter(server)
        waits = []
        for _ in headers:
            with pytest.raises(e.RateLimitError) as raised:
                one.call(request())
            waits.append(raised.value.retry_after)
    assert waits[0] == 1.5
    assert 50 < waits[1] <= 60
    assert waits[2:] == [None, None]


def test_error_bodies_that_are_no_json_are_told_by_their_status() -> None:
    page = Canned("<html>no</html>", status=502)
    with Loopback([page]) as server, pytest.raises(e.ServerError, match="Bad Gateway") as raised:
        adapter(server).call(request())
    assert raised.value.status_code == 502


def test_the_sdk_retries_as_often_as_it_is_told_and_nobody_else_does() -> None:
    busy = Canned(
        {"error": {"type": "overloaded_error", "message": "Busy"}}, status=529, headers={"retry-after-ms": "1"}
    )
    with Loopback([busy]) as server:
        with pytest.raises(e.OverloadedError):
            adapter(server, max_retries=2).call(request())
        assert len(server.requests) == 3
        with pytest.raises(e.OverloadedError):
            adapter(server, max_retries=2).call(request(max_retries=0))
        assert len(server.requests) == 4


@pytest.mark.parametrize("way", ["call", "call_async"])
def test_a_reply_that_makes_no_sense_keeps_its_request_id(way: str) -> None:
    half = Canned(b'{"type": "mess', headers={"request-id": "req_3"})
    with Loopback([half]) as server, pytest.raises(e.ServerError, match="no JSON") as raised:
        called(adapter(server), request(), way)
    assert raised.value.request_id == "req_3"


@pytest.mark.parametrize("way", ["stream", "stream_async"])
@pytest.mark.parametrize(
    ("canned", "ours", "words"),
    [
        (Canned(sse(*STREAMED[:12])), e.ServerError, "cut"),
        (Canned(sse(*STREAMED[:12]), cut=True), e.ConnectionFailedError, "bytes"),
        (Canned([b"data: {oops\n\n"]), e.ServerError, "no JSON"),
        (Canned(sse(*STREAMED[:12], {"type": "error", "error": {"type": "overloaded_error", "message": "Full"}})),
         e.OverloadedError, "^Full"),
        (Canned({"type": "error", "error": {"type": "api_error", "message": "Sorry"}}), e.ServerError, "^Sorry"),
        (Canned(message(text("whole"))), e.ServerError, "no event stream"),
    ],
)  # fmt: skip
def test_broken_streams_raise_our_errors(way: str, canned: Canned, ours: type[Exception], words: str) -> None:
    with Loopback([canned]) as server, pytest.raises(ours, match=words) as raised:
        called(adapter(server), request(), way)
    assert type(raised.value) is ours


@pytest.mark.parametrize("way", WAYS)
def test_no_connection_and_no_answer_in_time_are_told_apart(way: str) -> None:
    with pytest.raises(e.ConnectionFailedError):
        called(adapter(), request(), way)

    def slow(_: Any) -> Canned:
        time.sleep(0.5)
        return OK

    with Loopback([slow]) as server, pytest.raises(e.TimedOutError):
        called(adapter(server), request(timeout=0.1), way)


def test_errors_of_ours_pass_and_unknown_ones_are_wrapped() -> None:
    own = e.ConfigurationError("x")
    assert translate(own) is own
    assert type(translate(RuntimeError("odd"))) is e.ProviderError
    assert isinstance(translate(TypeError("Could not resolve authentication method")), e.ConfigurationError)
