"""The OpenAI adapter over the real SDK client, against a loopback server: requests, errors, streams, settings."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from support.adapters import OpenAIAdapter
from support.loopback import Canned, Loopback

from capably.providers import Settings
from capably.providers.errors import BY_STATUS, seconds_to_wait
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
        info=None, model_id="gpt-test", endpoint=endpoint, messages=[user("Hi")], system=None, params=fields, **routing
    )


def adapter(server: Loopback, provider: str = "openai", **settings: Any) -> OpenAIAdapter:
    chosen: dict[str, Any] = {"api_key": "sk-test", "base_url": f"{server.url}/v1", "max_retries": 0, **settings}
    return OpenAIAdapter(Settings(provider, **chosen))


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


def test_a_request_has_its_own_headers_timeout_and_retries() -> None:
    slow = Canned({"error": {"message": "busy"}}, status=503, headers={"retry-after-ms": "1"})
    with Loopback([slow, Canned(RESPONSE)]) as server:
        adapter(server).call(request(headers={"x-mine": "yes"}, timeout=7.0, max_retries=1))
    assert len(server.requests) == 2
    assert server.requests[0].headers["x-mine"] == "yes"
    assert server.requests[0].headers["x-stainless-read-timeout"] == "7.0"


def test_settings_reach_a_client_that_the_caller_built() -> None:
    import openai

    with Loopback([Canned({"error": {"message": "busy"}}, status=503)]) as server:
        client = openai.OpenAI(api_key="mine", base_url=f"{server.url}/v1")
        built = OpenAIAdapter(Settings("openai", client=client, max_retries=0))
        with pytest.raises(e.OverloadedError):
            built.call(request())
    assert [received.headers["authorization"] for received in server.requests] == ["Bearer mine"]


def test_an_azure_client_still_finds_the_deployment_in_the_body() -> None:
    import openai

    with Loopback([Canned(COMPLETION)]) as server:
        client = openai.AzureOpenAI(api_key="k", azure_endpoint=server.url, api_version="2026-01-01")
        OpenAIAdapter(Settings("openai", client=client)).call(request("chat_completions"))
    assert server.requests[0].path == "/openai/deployments/gpt-test/chat/completions?api-version=2026-01-01"


def test_an_adapter_outlives_an_event_loop() -> None:
    with Loopback([Canned(RESPONSE)]) as server:
        built = adapter(server)
        assert [call_async(built, request()).content for _ in range(2)] == [(p.Text("Hello"),)] * 2


def test_an_http_client_is_used_for_its_own_kind_of_call_and_never_passed_over() -> None:
    with Loopback([Canned(RESPONSE)]) as server, httpx2.Client(headers={"x-through": "mine"}) as client:
        built = adapter(server, http_client=client)
        built.call(request())
        with pytest.raises(e.ConfigurationError, match="AsyncClient"):
            call_async(built, request())
    assert server.requests[0].headers["x-through"] == "mine"


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


def test_a_missing_sdk_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(e.ConfigurationError, match=r'pip install "capably\[openai\]"'):
        OpenAIAdapter(Settings("groq"))


def test_a_missing_key_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    built = OpenAIAdapter(Settings("groq", key_names=("GROQ_API_KEY", "GROQ_KEY"), base_url="http://127.0.0.1:9"))
    with pytest.raises(e.ConfigurationError, match=r'GROQ_API_KEY or GROQ_KEY.*llm.provider\("groq", api_key='):
        built.call(request())


def test_the_key_comes_from_the_first_variable_that_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_KEY", "from-env")
    with Loopback([Canned(RESPONSE)]) as server:
        built = OpenAIAdapter(Settings("x", key_names=("NO_SUCH_KEY", "OTHER_KEY"), base_url=server.url))
        built.call(request())
    assert server.requests[0].headers["authorization"] == "Bearer from-env"


# Errors


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *BY_STATUS.items(),
        (400, e.BadRequestError),
        (402, e.BadRequestError),
        (409, e.BadRequestError),
        (413, e.BadRequestError),
        (422, e.BadRequestError),
        (500, e.ServerError),
        (502, e.ServerError),
    ],
)
def test_a_status_is_an_error_of_its_class(way: Way, status: int, kind: type[e.ProviderError]) -> None:
    error = {"message": "Oops, no.", "type": "some_type", "code": "some_code", "param": None}
    headers = {"x-request-id": "req_1", "retry-after": "3"}
    with Loopback([Canned({"error": error}, status=status, headers=headers)]) as server, pytest.raises(kind) as caught:
        way(adapter(server, "groq"), request())
    raised = caught.value
    assert type(raised) is kind
    assert str(raised).startswith("Oops, no. [groq, ")
    assert (raised.provider, raised.status_code, raised.code) == ("groq", status, "some_code")
    assert (raised.request_id, raised.retry_after, raised.body) == ("req_1", 3.0, error)
    assert raised.__cause__ is not None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param({"error": "Plain words"}, "Plain words", id="text"),
        pytest.param({"message": "Flat", "code": "1500"}, "Flat", id="flat"),
        pytest.param({"detail": [{"msg": "A"}, {"msg": "B"}]}, "A; B", id="details"),
        pytest.param(
            {"error": {"message": "Provider returned error", "metadata": {"raw": "upstream is down"}}},
            "Provider returned error: upstream is down",
            id="upstream",
        ),
        pytest.param("<html>Bad gateway</html>", "<html>Bad gateway</html>", id="no JSON"),
    ],
)
def test_the_words_of_the_provider_are_found_in_any_shape(body: Any, words: str) -> None:
    with Loopback([Canned(body, status=502)]) as server, pytest.raises(e.ServerError) as caught:
        adapter(server).call(request())
    assert str(caught.value).startswith(words)


def test_the_sdk_retries_and_we_do_not_multiply_that() -> None:
    with Loopback([Canned({"error": {"message": "x"}}, status=500, headers={"retry-after-ms": "1"})]) as server:
        with pytest.raises(e.ServerError):
            adapter(server, max_retries=2).call(request())
        assert len(server.requests) == 3


@pytest.mark.parametrize("way", WAYS)
def test_no_connection_is_told_with_its_cause(way: Way) -> None:
    with Loopback([]) as server:
        built = adapter(server)
    with pytest.raises(e.ConnectionFailedError, match="ConnectError"):
        way(built, request())


@pytest.mark.parametrize("way", WAYS)
def test_no_answer_in_time_is_a_timeout(way: Way) -> None:
    def slowly(_: Any) -> Canned:
        time.sleep(0.3)
        return Canned(RESPONSE)

    with Loopback([slowly]) as server, pytest.raises(e.TimedOutError):
        way(adapter(server), request(timeout=0.05))


@pytest.mark.parametrize("way", CALLS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("body", [b"<html>", b'{"id": "x"', b"{}"])
def test_an_answer_that_makes_no_sense_carries_its_request_id(way: Way, endpoint: str, body: bytes) -> None:
    with Loopback([Canned(body, headers={"x-request-id": "req_1"})]) as server, pytest.raises(e.ServerError) as caught:
        way(adapter(server), request(endpoint))
    assert (caught.value.request_id, caught.value.body) == ("req_1", body)


@pytest.mark.parametrize("way", CALLS)
def test_an_answer_that_breaks_off_is_a_connection_error(way: Way) -> None:
    with Loopback([Canned(RESPONSE, cut=True)]) as server, pytest.raises(e.ConnectionFailedError):
        way(adapter(server), request())


@pytest.mark.parametrize("way", STREAMS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_stream_whose_connection_breaks_is_a_connection_error(way: Way, endpoint: str) -> None:
    canned = Canned([sse(EVENTS[endpoint][:2], done=False)], cut=True)
    with Loopback([canned]) as server, pytest.raises(e.ConnectionFailedError):
        way(adapter(server), request(endpoint))


@pytest.mark.parametrize("way", STREAMS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_stream_that_ends_early_is_no_answer(way: Way, endpoint: str) -> None:
    with Loopback([Canned([sse(EVENTS[endpoint][:2])])]) as server, pytest.raises(e.ServerError, match="cut"):
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
