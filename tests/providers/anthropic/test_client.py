"""Calls of Anthropic's Messages: over our own HTTP, and over clients of its SDK."""

from __future__ import annotations

import json
import subprocess
import sys

import httpx2
import pytest
from support.loopback import Canned, Loopback
from support.untyped import untyped
from support.vendors.anthropic import (
    MODEL,
    OK,
    STREAMED,
    WAYS,
    WHOLE,
    adapter,
    called,
    encoded,
    message,
    request,
    run,
    same,
    sse,
    text,
)

from capably.providers.anthropic import API_VERSION
from capably.providers.anthropic.decode import decode_reply
from capably.types import parts as p, tools as t


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_calling_sends_and_reads_the_same(way: str) -> None:
    streams = way.startswith("stream")
    canned = Canned(sse(*STREAMED)) if streams else Canned(WHOLE, headers={"request-id": "req_7"})
    with Loopback([canned]) as server:
        reply = called(adapter(server), request(max_tokens=9, headers={"X-Mine": "1"}), way)
    assert same(reply, decode_reply(json.dumps(WHOLE).encode(), request()))
    (received,) = server.requests
    assert received.path == "/v1/messages"
    assert received.json() == encoded(max_tokens=9) | ({"stream": True} if streams else {})
    assert received.headers["anthropic-version"] == API_VERSION == "2026-10-21"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["authorization"] == "Bearer test-key"
    assert received.headers["x-mine"] == "1"
    assert "anthropic-beta" not in received.headers
    if not streams:
        assert (reply.request_id, reply.sent) == ("req_7", received.body)


def test_betas_of_ours_and_the_callers_are_joined_and_the_callers_version_wins() -> None:
    mine = {"Anthropic-Beta": "mine-1, mcp-client-2026-09-15", "Anthropic-Version": "2023-06-01"}
    with Loopback([OK]) as server:
        one = adapter(server)
        one.call(request(tools=[t.MCPServer(name="a", url="https://x.test")]))
        one.call(request(tools=[t.MCPServer(name="a", url="https://x.test")], headers=mine))
    first, second = server.requests
    assert first.headers["anthropic-beta"] == "mcp-client-2026-09-15"
    assert second.headers["anthropic-beta"] == "mcp-client-2026-09-15,mine-1"
    assert second.headers["anthropic-version"] == "2023-06-01"


def test_a_stream_can_be_closed_early_and_knows_its_request() -> None:
    with Loopback([Canned(sse(*STREAMED), headers={"request-id": "req_5"})]) as server:
        one = adapter(server)
        events = one.stream(request())
        assert (events.request_id, json.loads(events.sent)["stream"]) == ("req_5", True)
        assert next(iter(events))["type"] == "message_start"
        events.close()

        async def early() -> str | None:
            opened = await one.stream_async(request())
            await opened.close()
            return opened.request_id

        assert run(one, early) == "req_5"


def test_a_client_of_the_callers_is_used() -> None:
    import anthropic

    with Loopback([OK]) as server:
        own = anthropic.Anthropic(api_key="own", base_url=server.url)
        twin = anthropic.AsyncAnthropic(api_key="twin", base_url=server.url)
        one = adapter(client=own, async_client=twin)
        one.call(request())
        run(one, lambda: one.call_async(request()))
    assert [received.headers["authorization"] for received in server.requests] == ["Bearer own", "Bearer twin"]


def test_clients_for_cloud_hosts_get_a_body_that_they_can_rewrite() -> None:
    import anthropic

    seen: list[httpx2.Request] = []

    def answer(sent: httpx2.Request) -> httpx2.Response:
        seen.append(sent)
        return httpx2.Response(200, json=message(text("a")))

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    vertex = getattr(anthropic, "AnthropicVertex")(region="global", project_id="p", access_token="t", http_client=http)
    assert adapter(client=vertex).call(request()).content == (p.Text("a"),)
    assert f"/models/{MODEL}:rawPredict" in str(seen[0].url)


def test_importing_and_encoding_need_no_sdk() -> None:
    code = (
        "import sys\n"
        "from capably import llm\n"
        "from capably.providers.anthropic import AnthropicAdapter\n"
        "from capably.types.messages import user\n"
        "from capably.types.request import Request\n"
        "r = Request(info=None, model_id='m', endpoint=None, messages=[user('x')], system=None, params={})\n"
        "AnthropicAdapter(llm.provider('anthropic')).encode(r)\n"
        "assert not {'anthropic', 'pydantic', 'httpx2'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(filter(None, sys.path))})


def test_the_sdks_own_object_is_built_on_demand() -> None:
    sdk = untyped(adapter().to_sdk(json.dumps(message(text("Hello"))).encode(), "messages"))
    assert (type(sdk).__name__, sdk.content[0].text, sdk.usage.input_tokens) == ("Message", "Hello", 10)


def test_the_sdks_own_object_is_built_of_every_body_that_is_read() -> None:
    body = json.dumps(message(text("a"), score=float("nan"))).encode()
    assert decode_reply(body, request()).content == (p.Text("a"),)
    assert getattr(adapter().to_sdk(body, "messages"), "id") == "msg_1"
