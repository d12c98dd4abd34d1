"""OpenAI's two endpoints against a loopback server: requests, errors, streams; over our own HTTP, and over clients of its SDK."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from support.adapters import OpenAIAdapter
from support.loopback import Canned, Loopback

from capably import llm
from capably.providers.errors import seconds_to_wait
from capably.providers.openai.errors import in_band, translate
from capably.types import errors as e, parts as p
from capably.types.messages import user
from capably.types.request import Request
from capably.types.response_data import ResponseData

MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
}
RESPONSE = {"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-test", "output": [MESSAGE]}
COMPLETION = {
    "id": "cmpl_1",
    "object": "chat.completion",
    "model": "gpt-test",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}],
}
BODIES = {"responses": RESPONSE, "chat_completions": COMPLETION}
PATHS = {"responses": "/v1/responses", "chat_completions": "/v1/chat/completions"}
EVENTS: dict[str, list[Any]] = {
    "responses": [
        {"type": "response.created", "response": {**RESPONSE, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**MESSAGE, "content": []}},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hel"},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "lo"},
        {"type": "response.output_item.done", "output_index": 0, "item": MESSAGE},
        {"type": "response.completed", "response": RESPONSE},
    ],
    "chat_completions": [
        {"id": "cmpl_1", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hel"}}]},
        {"id": "cmpl_1", "choices": [{"index": 0, "delta": {"content": "lo"}}]},
        {"id": "cmpl_1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"id": "cmpl_1", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
    ],
}
ENDPOINTS = tuple(PATHS)


def request(endpoint: str | None = None, **fields: Any) -> Request:
    routing = {name: fields.pop(name) for name in ("timeout", "max_retries", "headers") if name in fields}
    return Request(
        info=None,
        model_id="gpt-test",
        endpoint=endpoint,
        messages=[user("Hi")],
        system=None,
        params=fields,
        **routing,
    )


def adapter(server: Loopback, provider: str = "openai", **settings: Any) -> OpenAIAdapter:
    chosen: dict[str, Any] = {"api_key": "sk-test", "base_url": f"{server.url}/v1", "max_retries": 0, **settings}
    handle: Any = llm.provider(provider, **chosen)
    return OpenAIAdapter(handle)


def call(built: OpenAIAdapter, asked: Request) -> ResponseData:
    return built.call(asked)


def call_async(built: OpenAIAdapter, asked: Request) -> ResponseData:
    return asyncio.run(built.call_async(asked))


def stream(built: OpenAIAdapter, asked: Request) -> ResponseData:
    accumulator = built.accumulator(asked)
    for event in built.stream(asked):
        accumulator.feed(event)
    return accumulator.reply()


def stream_async(built: OpenAIAdapter, asked: Request) -> ResponseData:
    async def run() -> ResponseData:
        accumulator = built.accumulator(asked)
        async for event in await built.stream_async(asked):
            accumulator.feed(event)
        return accumulator.reply()

    return asyncio.run(run())


def sse(events: list[Any], *, done: bool = True) -> bytes:
    text = "".join(f"event: {event.get('type', 'message')}\ndata: {json.dumps(event)}\n\n" for event in events)
    return text.encode() + (b"data: [DONE]\n\n" if done else b"")


def pieces(data: bytes, size: int = 7) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


CALLS = [call, call_async]
STREAMS = [stream, stream_async]
WAYS = [*CALLS, *STREAMS]
Way = Callable[[OpenAIAdapter, Request], ResponseData]


def answer(way: Way, endpoint: str) -> Canned:
    return Canned(
        BODIES[endpoint] if way in CALLS else pieces(sse(EVENTS[endpoint])), headers={"x-request-id": "req_1"}
    )


# Sending


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_asking_gives_the_same_answer(way: Way, endpoint: str) -> None:
    with Loopback([answer(way, endpoint)]) as server:
        reply = way(adapter(server), request(endpoint))
    assert (reply.content, reply.finish_reason) == ((p.Text("Hello"),), "stop")
    received = server.requests[0]
    assert received.path == PATHS[endpoint]
    assert received.headers["authorization"] == "Bearer sk-test"
    assert received.headers["content-type"] == "application/json"
    assert received.json().get("stream", False) is (way in STREAMS)


def test_the_responses_endpoint_is_the_default() -> None:
    with Loopback([Canned(RESPONSE)]) as server:
        assert adapter(server).call(request()).content == (p.Text("Hello"),)
    assert server.requests[0].path == "/v1/responses"


def test_an_endpoint_that_does_not_exist_is_named() -> None:
    with Loopback([]) as server, pytest.raises(e.ConfigurationError, match="messages"):
        adapter(server).encode(request("messages"))


@pytest.mark.parametrize("way", CALLS)
def test_a_reply_knows_its_bytes_and_the_id_of_its_request(way: Way) -> None:
    with Loopback([Canned(RESPONSE, headers={"x-request-id": "req_1"})]) as server:
        reply = way(adapter(server), request())
    assert reply.request_id == "req_1"
    assert reply.sent == server.requests[0].body
    assert json.loads(reply.body) == RESPONSE


def test_an_open_stream_knows_the_id_of_its_request_and_its_bytes() -> None:
    with Loopback([answer(stream, "responses")]) as server:
        events: Any = adapter(server).stream(request())
        assert (events.request_id, events.sent) == ("req_1", server.requests[0].body)
        events.close()


def test_settings_reach_a_client_that_the_caller_built() -> None:
    import openai

    with Loopback([Canned({"error": {"message": "busy"}}, status=503)]) as server:
        client = openai.OpenAI(api_key="mine", base_url=f"{server.url}/v1")
        built = adapter(server, client=client)
        with pytest.raises(e.OverloadedError):
            built.call(request())
    assert [received.headers["authorization"] for received in server.requests] == ["Bearer mine"]


def test_an_azure_client_still_finds_the_deployment_in_the_body() -> None:
    import openai

    with Loopback([Canned(COMPLETION)]) as server:
        client = openai.AzureOpenAI(api_key="k", azure_endpoint=server.url, api_version="2026-01-01")
        adapter(server, client=client).call(request("chat_completions"))
    assert server.requests[0].path == "/openai/deployments/gpt-test/chat/completions?api-version=2026-01-01"


@pytest.mark.parametrize(
    ("endpoint", "kind"), [("responses", "Response"), ("chat_completions", "ChatCompletion"), (None, "Response")]
)
def test_the_object_of_the_sdk_is_built_on_demand(endpoint: str | None, kind: str) -> None:
    with Loopback([]) as server:
        built = adapter(server).to_sdk(json.dumps(BODIES[endpoint or "responses"]).encode(), endpoint)
    assert type(built).__name__ == kind


def test_importing_the_adapter_imports_no_sdk() -> None:
    code = "import sys, capably.providers.openai; sys.exit('openai' in sys.modules or 'httpx2' in sys.modules)"
    paths = os.pathsep.join(sys.path)
    assert (
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths}, check=False).returncode
        == 0
    )


# Errors


@pytest.mark.parametrize("way", CALLS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("body", [b"<html>", b'{"id": "x"', b"{}"])
def test_an_answer_that_makes_no_sense_carries_its_request_id(way: Way, endpoint: str, body: bytes) -> None:
    with Loopback([Canned(body, headers={"x-request-id": "req_1"})]) as server, pytest.raises(e.ServerError) as caught:
        way(adapter(server), request(endpoint))
    assert (caught.value.request_id, caught.value.body) == ("req_1", body)


@pytest.mark.parametrize("way", STREAMS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_stream_whose_connection_breaks_is_a_connection_error(way: Way, endpoint: str) -> None:
    canned = Canned([sse(EVENTS[endpoint][:2], done=False)], cut=True)
    with Loopback([canned]) as server, pytest.raises(e.ConnectionFailedError):
        way(adapter(server), request(endpoint))


@pytest.mark.parametrize("way", STREAMS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_stream_that_ends_early_is_no_answer(way: Way, endpoint: str) -> None:
    with (
        Loopback([Canned([sse(EVENTS[endpoint][:2], done=False)])]) as server,
        pytest.raises(e.ServerError, match="cut"),
    ):
        way(adapter(server), request(endpoint))


@pytest.mark.parametrize("way", STREAMS)
def test_an_event_that_is_no_json_is_a_server_error(way: Way) -> None:
    with Loopback([Canned([b"data: {oops\n\n"])]) as server, pytest.raises(e.ServerError, match="no JSON"):
        way(adapter(server), request())


@pytest.mark.parametrize("way", STREAMS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_error_in_place_of_a_stream_is_raised(way: Way, endpoint: str) -> None:
    body = {"error": {"message": "Oops", "code": "rate_limit_exceeded"}}
    with Loopback([Canned(body)]) as server, pytest.raises(e.RateLimitError, match="Oops"):
        way(adapter(server), request(endpoint))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
def test_the_time_to_wait_is_in_seconds(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_to_wait(headers) == seconds


def test_an_error_of_ours_and_one_of_nobody_are_translated() -> None:
    ours = e.ServerError("x", provider="openai")
    assert translate(ours) is ours
    assert type(translate(RuntimeError("strange"))) is e.ProviderError


def test_an_error_without_words_still_says_something() -> None:
    assert "did not say" in str(in_band(None, "openai"))
