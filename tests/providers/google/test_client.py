"""Calls of Google's generateContent: over our own HTTP, and over clients of google-genai."""

from __future__ import annotations

import gc
import json
from typing import Any

import httpx2
import pytest
from support.loopback import Canned, Loopback
from support.vendors.google import MODEL, STREAM, adapter, body, by_client, collect, encode, info, request, run, sse

from capably.types import errors as e, parts as p
from capably.types.request import Request


def test_a_stream_outlives_the_adapter_that_opened_it() -> None:
    with Loopback([Canned([sse(event).encode() for event in STREAM])]) as server:
        events = iter(adapter(server).stream(request()))
        assert next(events) == STREAM[0]
        gc.collect()
        assert list(events) == STREAM[1:]


def test_a_call_goes_out_over_the_real_client_and_comes_back() -> None:
    with Loopback([Canned(body({"text": "Hi"}), headers={"x-request-id": "q"})]) as server:
        google = adapter(server)
        for reply in (google.call(request(temperature=1)), run(google.call_async(request(temperature=1)))):
            assert reply.content == (p.Text("Hi"),)
            assert reply.request_id == "q"
            assert json.loads(reply.body) == body({"text": "Hi"})
            assert reply.sent == server.requests[-1].body
    for received in server.requests:
        assert received.path == f"/v1/models/{MODEL}:generateContent"
        assert received.headers["x-goog-api-key"] == "secret"
        assert received.headers["content-type"] == "application/json"
        assert received.headers["user-agent"].startswith("capably/")


@pytest.mark.parametrize(
    ("made", "path"),
    [
        (request(of=info(api_version="v1beta")), f"/v1beta/models/{MODEL}:generateContent"),
        (request(of=info()), f"/v1/models/{MODEL}:generateContent"),
        (request(model="google/gemini-x"), "/v1/models/gemini-x:generateContent"),
        (request(model="tunedModels/a"), "/v1/tunedModels/a:generateContent"),
    ],
)
def test_the_model_decides_on_the_path(made: Request, path: str) -> None:
    with Loopback([Canned(body({"text": "Hi"}))]) as server:
        adapter(server).call(made)
    assert server.requests[0].path == path


def test_a_model_id_cannot_break_out_of_the_path() -> None:
    with Loopback([Canned(b"")]) as server, pytest.raises(e.UnknownModelError):
        adapter(server).call(request(model="../x"))
    assert server.requests == []


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_stream_comes_through_the_real_client_in_any_chunking(size: int) -> None:
    raw = sse(*STREAM).encode()
    chunks = [raw[at : at + size] for at in range(0, len(raw), size)]
    with Loopback([Canned(chunks, headers={"x-request-id": "q"})]) as server:
        google = adapter(server)
        events = google.stream(request())
        assert list(events) == STREAM
        received, opened = run(collect(google, request()))
        assert received == STREAM
        assert (events.request_id, opened.request_id) == ("q", "q")
        assert events.sent == opened.sent == server.requests[0].body
    assert server.requests[0].path == f"/v1/models/{MODEL}:streamGenerateContent?alt=sse"


def test_a_stream_can_be_closed_early() -> None:
    with Loopback([Canned(sse(*STREAM))]) as server:
        google = adapter(server)
        events = google.stream(request())
        assert next(iter(events)) == STREAM[0]
        events.close()
        events.close()

        async def close() -> None:
            await (await google.stream_async(request())).close()

        run(close())


def test_a_callers_client_that_sends_in_its_own_way_is_let_do_so() -> None:
    from google import genai
    from google.genai._api_client import BaseApiClient, HttpResponse

    client = genai.Client(api_key="k")
    inner: Any = client._api_client

    class Recorded(BaseApiClient):
        def _request(self, http_request: Any, http_options: Any = None, stream: bool = False) -> Any:
            return HttpResponse({}, [json.dumps(body({"text": http_request.url.rpartition("/")[2]}))])

        async def _async_request(self, *given: Any, **named: Any) -> Any:
            return self._request(*given, **named)

    inner.__class__ = Recorded
    google = by_client(client=client)
    for reply in (google.call(request()), run(google.call_async(request()))):
        assert reply.content == (p.Text(f"{MODEL}:generateContent"),)


def test_a_client_of_the_callers_is_used_as_it_is() -> None:
    from google import genai

    with Loopback([Canned(body({"text": "Hi"}))]) as server:
        options: Any = {"base_url": server.url, "api_version": "v9", "headers": {"x-mine": "1"}}
        client = genai.Client(api_key="theirs", http_options=options)
        google = by_client(client=client, async_client=client.aio, timeout=20)
        google.call(request())
        run(google.call_async(request()))
    for received in server.requests:
        assert received.path.startswith("/v9/")
        assert (received.headers["x-goog-api-key"], received.headers["x-mine"]) == ("theirs", "1")
        assert received.headers["x-server-timeout"] == "20"


def test_at_google_cloud_the_model_stands_under_its_publisher() -> None:
    from google import genai

    with Loopback([Canned(body({"text": "Hi"}))]) as server:
        options: Any = {"base_url": server.url}
        client = genai.Client(vertexai=True, api_key="express", http_options=options)
        by_client(client=client).call(request(of=info(api_version="v1beta")))
    assert server.requests[0].path == f"/v1beta1/publishers/google/models/{MODEL}:generateContent"


def test_with_credentials_of_google_cloud_the_body_is_the_same() -> None:
    from google import genai
    from google.oauth2.credentials import Credentials

    def answer(made: httpx2.Request) -> httpx2.Response:
        assert made.headers["authorization"] == "Bearer token"
        assert json.loads(made.content) == encode()
        assert made.url.path == f"/v1beta1/projects/p/locations/l/publishers/google/models/{MODEL}:generateContent"
        return httpx2.Response(200, json=body({"text": "Hi"}))

    options: Any = {"httpx_client": httpx2.Client(transport=httpx2.MockTransport(answer))}
    credentials: Any = Credentials(token="token")  # pyright: ignore[reportUnknownVariableType]
    client = genai.Client(vertexai=True, project="p", location="l", credentials=credentials, http_options=options)
    assert by_client(client=client).call(request()).content == (p.Text("Hi"),)
