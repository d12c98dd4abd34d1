"""Which errors failures of Google's generateContent become."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from support.loopback import Canned, Loopback
from support.vendors.google import STREAM, adapter, collect, request, run, sse

from capably.providers.google.errors import error_of, translate
from capably.providers.google.stream import GoogleAccumulator
from capably.types import errors as e


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ({"error": {"code": 400, "message": "API key not valid. Please pass one."}}, e.AuthenticationError),
        ({"error": {"code": 400, "message": "?", "details": [{"reason": "API_KEY_INVALID"}]}}, e.AuthenticationError),
        ({"error": {"status": "RESOURCE_EXHAUSTED"}}, e.RateLimitError),
        ({"code": 404, "message": "m", "status": "NOT_FOUND"}, e.NotFoundError),
        ([{"error": {"code": 503}}], e.OverloadedError),
        ({"error": "text"}, e.ServerError),
        ("nonsense", e.ServerError),
        (
            {"error": {"code": 400, "details": [1, {"reason": {}}, {"requestId": 5, "retryDelay": []}]}},
            e.BadRequestError,
        ),
    ],
)
def test_error_bodies_of_every_shape_are_read(found: Any, kind: type[e.ProviderError]) -> None:
    failed = error_of(found)
    assert (type(failed), failed.request_id, failed.body) == (kind, None, found)


def test_an_error_body_that_is_a_text_is_its_message() -> None:
    assert str(error_of("nonsense")).startswith("nonsense [google")


@pytest.mark.parametrize(
    ("headers", "details", "seconds"),
    [
        ({"Retry-After": "2.5"}, [{"retryDelay": "9s"}], 2.5),
        ({}, [{"@type": "x"}, {"retryDelay": "17.25s"}], 17.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, [], 0.0),
        ({"retry-after": "soon"}, [], None),
        ({}, [{"retryDelay": "soon"}], None),
    ],
)
def test_the_time_to_wait_is_in_seconds(headers: dict[str, str], details: list[Any], seconds: float | None) -> None:
    assert error_of({"error": {"code": 429, "details": details}}, 429, headers).retry_after == seconds


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ConnectError("refused"), e.ConnectionFailedError),
        (httpx2.RemoteProtocolError("cut"), e.ConnectionFailedError),
        (httpx2.ReadTimeout("slow"), e.TimedOutError),
        (httpx2.ConnectTimeout(""), e.TimedOutError),
        (TimeoutError(), e.TimedOutError),
        (ConnectionResetError("gone"), e.ConnectionFailedError),
        (ValueError("Base URL must be set."), e.ConfigurationError),
        (e.ToolError("ours"), e.ToolError),
    ],
)
def test_exceptions_of_the_transport_become_our_errors(error: Exception, kind: type[e.CapablyError]) -> None:
    assert type(translate(error)) is kind


def test_a_stream_that_breaks_raises_and_leaves_what_came() -> None:
    with Loopback([Canned([sse(STREAM[0]).encode()], cut=True)]) as server:
        google = adapter(server)
        events = iter(google.stream(request()))
        assert next(events) == STREAM[0]
        with pytest.raises(e.ConnectionFailedError):
            next(events)
        with pytest.raises(e.ConnectionFailedError):
            run(collect(google, request()))


@pytest.mark.parametrize(
    "bare", ['{\n "error": {\n  "code": 503,\n  "message": "busy"\n }\n}', '[{"error":\r\n{"code": 503}}]']
)
def test_an_error_as_bare_json_in_a_stream_is_not_overlooked(bare: str) -> None:
    with Loopback([Canned([sse(STREAM[0]).encode(), bare.encode()])]) as server:
        google = adapter(server)
        for events in (list(google.stream(request())), run(collect(google, request()))[0]):
            assert events[0] == STREAM[0]
            with pytest.raises(e.OverloadedError):
                GoogleAccumulator(request()).feed(events[1])
