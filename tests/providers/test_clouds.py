"""Azure, Bedrock and Vertex over a loopback server, through the SDKs' own client classes for them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.loopback import Canned, Loopback

from capably import llm

VARIABLES = (
    *("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"),
    *("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
    *("AWS_REGION", "AWS_DEFAULT_REGION", "ANTHROPIC_BEDROCK_BASE_URL", "ANTHROPIC_VERTEX_BASE_URL"),
    *("CLOUD_ML_REGION", "ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_PROJECT"),
    *("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS"),
)
COMPLETION = {
    "id": "c1",
    "model": "gpt",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello."}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
}
RESPONSE = {
    "id": "r1",
    "object": "response",
    "status": "completed",
    "model": "gpt",
    "output": [
        {"type": "message", "id": "m", "role": "assistant", "content": [{"type": "output_text", "text": "Hello."}]}
    ],
    "usage": {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8},
}
MESSAGE = {
    "id": "m1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [{"type": "text", "text": "Hello."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 5},
}
GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello."}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 5, "totalTokenCount": 8},
}


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No credentials but those of the test, and the clouds with their default settings."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for cloud in ("azure", "bedrock", "vertex"):
        llm.configure(cloud)


@pytest.fixture
def serve() -> Iterator[Callable[..., Loopback]]:
    """Starts a server with these replies."""
    started: list[Loopback] = []

    def start(*replies: Any) -> Loopback:
        server = Loopback([reply if isinstance(reply, Canned) else Canned(reply) for reply in replies])
        server.__enter__()
        started.append(server)
        return server

    yield start
    for server in started:
        server.__exit__(None, None, None)


# Azure


def test_azure_with_a_version_is_the_sdks_azure_client(
    serve: Callable[..., Loopback], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(RESPONSE, COMPLETION)
    monkeypatch.setenv("OPENAI_API_VERSION", "2026-03-01-preview")
    llm.configure("azure", api_key="k", base_url=server.url, max_retries=0)
    assert llm.Model.custom("azure/my-deployment", like="openai/gpt-4.1").call("Hi").text() == "Hello."
    with pytest.warns(llm.UnverifiedModelWarning):
        unlisted = llm.Model.of("azure/my-grok")
    assert unlisted.call("Hi", max_tokens=9).text() == "Hello."
    first, second = server.requests
    assert first.path == "/openai/responses?api-version=2026-03-01-preview"
    assert first.json()["model"] == "my-deployment"
    assert second.path == "/openai/deployments/my-grok/chat/completions?api-version=2026-03-01-preview"
    assert second.json()["max_completion_tokens"] == 9
    for sent in server.requests:
        assert sent.headers["api-key"] == "k"
        assert "authorization" not in sent.headers


def test_azure_without_a_version_is_asked_at_its_v1_address(
    serve: Callable[..., Loopback], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(RESPONSE)
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", f"{server.url}/")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "k")
    model = llm.Model.custom("azure/my-deployment", like="openai/gpt-5.6-sol")
    assert model.call("Hi", reasoning="low").text() == "Hello."
    assert asyncio.run(model.call_async("Hi")).text() == "Hello."
    assert {sent.path for sent in server.requests} == {"/openai/v1/responses"}
    assert {sent.headers["authorization"] for sent in server.requests} == {"Bearer k"}


def test_azure_takes_a_token_of_entra(serve: Callable[..., Loopback], monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(RESPONSE)
    monkeypatch.setenv("OPENAI_API_VERSION", "v")
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "token")
    llm.configure("azure", base_url=server.url)
    llm.Model.custom("azure/d", like="openai/gpt-4.1").call("Hi")
    assert server.requests[0].headers["authorization"] == "Bearer token"


def test_what_azure_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    model = llm.Model.custom("azure/d", like="openai/gpt-4.1")
    with pytest.raises(llm.ConfigurationError, match="AZURE_OPENAI_ENDPOINT"):
        model.call("Hi")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(llm.ConfigurationError, match="AZURE_OPENAI_API_KEY or AZURE_OPENAI_AD_TOKEN"):
        model.call("Hi")


def test_azures_errors_are_ours(serve: Callable[..., Loopback]) -> None:
    body = {"error": {"code": "DeploymentNotFound", "message": "No such deployment.", "type": "invalid_request_error"}}
    server = serve(Canned(body, status=404))
    llm.configure("azure", api_key="k", base_url=server.url)
    with pytest.raises(llm.NotFoundError, match="No such deployment") as caught:
        llm.Model.custom("azure/d", like="openai/gpt-4.1").call("Hi")
    assert (caught.value.provider, caught.value.code) == ("azure", "DeploymentNotFound")


# Bedrock

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def claude() -> Any:
    return llm.Model.custom(f"bedrock/{CLAUDE}", like="anthropic/claude-sonnet-4-5")


def signed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


def test_a_bedrock_request_is_signed_and_names_its_model_in_the_url(
    serve: Callable[..., Loopback], monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch)
    server = serve(MESSAGE)
    llm.configure("bedrock", base_url=server.url)
    response = claude().call("Hi")
    (sent,) = server.requests
    assert sent.path == f"/model/{CLAUDE}/invoke"
    assert sent.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/bedrock/aws4_request" in sent.headers["authorization"]
    body = sent.json()
    assert "anthropic_version" in body
    assert not {"model", "stream"} & body.keys()
    assert body["messages"][0]["role"] == "user"
    assert (response.text(), response.usage.input_tokens) == ("Hello.", 3)


def test_a_bedrock_key_needs_no_signature(serve: Callable[..., Loopback], monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(MESSAGE)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-key")
    monkeypatch.setitem(sys.modules, "boto3", None)
    llm.configure("bedrock", base_url=server.url)
    assert asyncio.run(claude().call_async("Hi")).text() == "Hello."
    assert server.requests[0].headers["authorization"] == "Bearer bedrock-key"


def frame(event: dict[str, Any], kind: str = "event", name: str = "chunk") -> bytes:
    """A message of AWS's event streams: lengths, headers, payload, each part with its checksum."""
    payload = json.dumps({"bytes": base64.b64encode(json.dumps(event).encode()).decode()}).encode()
    if kind == "exception":
        payload = json.dumps(event).encode()
    fields = {f":{kind}-type": name, ":content-type": "application/json", ":message-type": kind}
    headers = b"".join(
        bytes([len(key)]) + key.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for key, value in fields.items()
    )
    start = struct.pack(">II", len(headers) + len(payload) + 16, len(headers))
    message = start + struct.pack(">I", binascii.crc32(start)) + headers + payload
    return message + struct.pack(">I", binascii.crc32(message))


EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo."}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]
AWS = {"content-type": "application/vnd.amazon.eventstream"}


def test_bedrocks_event_streams_are_read_like_anthropics(
    serve: Callable[..., Loopback], monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch)
    whole = b"".join(map(frame, EVENTS))
    server = serve(Canned([whole[:37], whole[37:400], whole[400:]], headers=AWS), Canned([whole], headers=AWS))
    llm.configure("bedrock", base_url=server.url)
    streamed = claude().stream("Hi")
    assert list(streamed.text_stream()) == ["Hel", "lo."]
    assert (streamed.text(), streamed.finish_reason, streamed.usage.output_tokens) == ("Hello.", "stop", 5)

    async def read() -> str:
        stream = await claude().stream_async("Hi")
        return "".join([piece async for piece in stream.text_stream()])

    assert asyncio.run(read()) == "Hello."
    assert {sent.path for sent in server.requests} == {f"/model/{CLAUDE}/invoke-with-response-stream"}


def test_an_error_inside_bedrocks_stream_is_raised_and_keeps_what_came(
    serve: Callable[..., Loopback], monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch)
    broken = [*map(frame, EVENTS[:3]), frame({"message": "Too many requests."}, "exception", "throttlingException")]
    server = serve(Canned([b"".join(broken)], headers=AWS))
    llm.configure("bedrock", base_url=server.url)
    stream = claude().stream("Hi")
    with pytest.raises(llm.ProviderError, match="Too many requests"):
        list(stream.text_stream())


def test_what_bedrock_lacks_is_told_with_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(llm.ConfigurationError, match=r'boto3.*pip install "capably\[bedrock\]"'):
        claude().call("Hi")


def test_a_missing_region_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    signed(monkeypatch)
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(llm.ConfigurationError, match="AWS_REGION"):
        claude().call("Hi")


# Vertex


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project at Google Cloud, with credentials that need no server to be refreshed."""
    import google.auth
    import google.auth.credentials

    class Credentials(google.auth.credentials.Credentials):
        def refresh(self, request: Any) -> None:
            self.token = "token"

    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "europe-west1")
    monkeypatch.setattr(google.auth, "default", lambda *_, **__: (Credentials(), "p"))


@pytest.mark.usefixtures("project")
def test_one_provider_serves_gemini_and_claude_each_through_its_own_sdk(serve: Callable[..., Loopback]) -> None:
    gemini = llm.Model.custom("vertex/gemini-3.8-flash", like="google/gemini-3.8-flash")
    claude = llm.Model.custom("vertex/claude-sonnet-4-5@20250929", like="anthropic/claude-sonnet-4-5")
    server = serve(GEMINI, MESSAGE)
    llm.configure("vertex", base_url=server.url)
    assert gemini.call("Hi").text() == "Hello."
    assert claude.call("Hi").text() == "Hello."
    first, second = server.requests
    place = "projects/p/locations/europe-west1/publishers"
    assert first.path == f"/v1beta1/{place}/google/models/gemini-3.8-flash:generateContent"
    assert second.path == f"/{place}/anthropic/models/claude-sonnet-4-5@20250929:rawPredict"
    assert {first.headers["authorization"], second.headers["authorization"]} == {"Bearer token"}
    assert "anthropic_version" in second.json()
    assert "model" not in second.json()


@pytest.mark.usefixtures("project")
def test_claude_streams_at_vertex(serve: Callable[..., Loopback]) -> None:
    text = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in EVENTS)
    server = serve(text)
    llm.configure("vertex", base_url=server.url)
    model = llm.Model.custom("vertex/claude-sonnet-4-5", like="anthropic/claude-sonnet-4-5")
    assert "".join(model.stream("Hi").text_stream()) == "Hello."
    assert server.requests[0].path.endswith("/anthropic/models/claude-sonnet-4-5:streamRawPredict")


def test_a_client_of_ones_own_is_used_by_the_sdk_that_it_belongs_to(serve: Callable[..., Loopback]) -> None:
    import anthropic

    server = serve(MESSAGE)
    made: Any = getattr(anthropic, "AnthropicVertex")
    client = made(region="global", project_id="mine", access_token="t", base_url=server.url)
    llm.configure("vertex", client=client)
    model = llm.Model.custom("vertex/claude-sonnet-4-5", like="anthropic/claude-sonnet-4-5")
    assert model.call("Hi").text() == "Hello."
    assert "/projects/mine/locations/global/" in server.requests[0].path


def test_what_vertex_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    model = llm.Model.custom("vertex/claude-sonnet-4-5", like="anthropic/claude-sonnet-4-5")
    with pytest.raises(llm.ConfigurationError, match="region"):
        model.call("Hi")
    monkeypatch.setitem(sys.modules, "google.auth", None)
    with pytest.raises(llm.ConfigurationError, match=r'google.auth.*pip install "capably\[vertex\]"'):
        model.call("Hi")
