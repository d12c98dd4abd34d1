"""Which errors failures of Google's generateContent become."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from support.adapters import GoogleAdapter
from support.loopback import Canned, Loopback
from support.vendors.google import STREAM, adapter, body, collect, request, run, sse

from capably.providers import Settings
from capably.providers.google.errors import error_of, translate
from capably.providers.google.stream import GoogleAccumulator
from capably.types import errors as e, parts as p


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, e.BadRequestError),
        (401, e.AuthenticationError),
        (402, e.BadRequestError),
        (403, e.PermissionDeniedError),
        (404, e.NotFoundError),
        (408, e.TimedOutError),
        (413, e.BadRequestError),
        (429, e.RateLimitError),
        (500, e.ServerError),
        (503, e.OverloadedError),
        (504, e.TimedOutError),
        (529, e.OverloadedError),
    ],
)
def test_a_status_becomes_our_error(status: int, kind: type[e.ProviderError]) -> None:
    failure = {"error": {"code": status, "message": "Google's words", "status": "WORD"}}
    headers = {"retry-after": "7", "x-request-id": "req-1"}
    with Loopback([Canned(failure, status=status, headers=headers)]) as server:
        ours = adapter(server)
        for attempt in (
            lambda: ours.call(request()),
            lambda: run(ours.call_async(request())),
            lambda: ours.stream(request()),
            lambda: run(ours.stream_async(request())),
        ):
            with pytest.raises(e.ProviderError) as caught:
                attempt()
            error = caught.value
            assert type(error) is kind
            assert str(error).startswith("Google's words")
            assert (error.status_code, error.code, error.request_id, error.retry_after) == (
                status,
                "WORD",
                "req-1",
                7.0,
            )
            assert error.body == failure
            assert error.__cause__ is not None
        assert len(server.requests) == 4


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
    ],
)
def test_error_bodies_of_every_shape_are_read(found: Any, kind: type[e.ProviderError]) -> None:
    assert type(error_of(found)) is kind


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


def test_an_event_that_is_no_json_is_a_server_error() -> None:
    with Loopback([Canned("data: {oops\n\n")]) as server, pytest.raises(e.ServerError):
        list(adapter(server).stream(request()))


def test_a_server_that_is_not_there_is_a_failed_connection() -> None:
    with Loopback([]) as server:
        google = adapter(server)
    for attempt in (lambda: google.call(request()), lambda: run(google.call_async(request()))):
        with pytest.raises(e.ConnectionFailedError):
            attempt()


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait a second and more; the wait is the SDK's and not what is tested."""

    async def sleep(_: float) -> None:
        return None

    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    monkeypatch.setattr("asyncio.sleep", sleep)


@pytest.mark.parametrize(
    ("settings", "fields", "attempts"),
    [
        ({"max_retries": None}, {}, 3),
        ({"max_retries": 1}, {}, 2),
        ({"max_retries": 1}, {"max_retries": 4}, 5),
        ({"max_retries": None}, {"max_retries": 0}, 1),
    ],
)
@pytest.mark.usefixtures("no_waiting")
def test_max_retries_n_means_n_plus_1_attempts(settings: Any, fields: Any, attempts: int) -> None:
    with Loopback([Canned({"error": {"code": 503}}, status=503)]) as server:
        google = adapter(server, **settings)
        for attempt in (
            lambda: google.call(request(**fields)),
            lambda: run(google.call_async(request(**fields))),
            lambda: google.stream(request(**fields)),
            lambda: run(google.stream_async(request(**fields))),
        ):
            before = len(server.requests)
            with pytest.raises(e.OverloadedError):
                attempt()
            assert len(server.requests) - before == attempts


@pytest.mark.usefixtures("no_waiting")
def test_a_second_attempt_may_succeed_and_a_wrong_request_gets_none() -> None:
    replies = [Canned({"error": {"code": 429}}, status=429), Canned(body({"text": "Hi"})), Canned({}, status=400)]
    with Loopback(replies) as server:
        google = adapter(server, max_retries=None)
        assert google.call(request()).content == (p.Text("Hi"),)
        with pytest.raises(e.BadRequestError):
            google.call(request())
    assert len(server.requests) == 3
    with Loopback(replies) as server:
        google = adapter(server, max_retries=None)
        assert run(google.call_async(request(max_retries=1))).content == (p.Text("Hi"),)
        with pytest.raises(e.BadRequestError):
            run(google.call_async(request()))
    assert len(server.requests) == 3


def test_waits_before_further_attempts_are_the_sdks(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    monkeypatch.setattr("asyncio.sleep", sleep)
    with Loopback([Canned({"error": {"code": 503}}, status=503)]) as server:
        google = adapter(server, max_retries=3)
        for attempt in (lambda: google.call(request()), lambda: run(google.call_async(request()))):
            with pytest.raises(e.OverloadedError):
                attempt()
    assert [int(seconds) for seconds in waited] == [1, 2, 4] * 2, "doubled, with up to a second more"


def test_a_slow_answer_times_out() -> None:
    def hang(made: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout(f"after {made.extensions['timeout']['read']}", request=made)

    client = httpx2.Client(transport=httpx2.MockTransport(hang))
    google = GoogleAdapter(Settings("google", api_key="k", http_client=client, max_retries=0))
    with pytest.raises(e.TimedOutError, match=r"after 0\.5"):
        google.call(request(timeout=0.5))


def test_settings_that_the_sdk_refuses_are_a_configuration_error() -> None:
    with pytest.raises(e.ConfigurationError, match="could not set up"):
        GoogleAdapter(Settings("google", api_key="k", http_client=5)).call(request())
