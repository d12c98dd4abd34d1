"""Questions that are numbered, and the answers of one provider of each wire format to them: an answer to another question shows."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from capably import llm
from support.loopback import Canned, Received

REPLIES: dict[str, Callable[[str], Any]] = {
    "anthropic": lambda text: {
        "type": "message",
        "id": "msg_1",
        "model": "claude",
        "role": "assistant",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
    "openai": lambda text: {
        "id": "resp_1",
        "status": "completed",
        "output": [{"type": "message", "content": [{"type": "output_text", "text": text}]}],
    },
    "google": lambda text: {
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}]
    },
    "groq": lambda text: {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]},
}
STREAMS: dict[str, Callable[[str], list[Any]]] = {
    "anthropic": lambda text: [
        {"type": "message_start", "message": {**REPLIES["anthropic"](""), "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ],
    "openai": lambda text: [
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "content": []}},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": text},
        {"type": "response.output_item.done", "output_index": 0, "item": REPLIES["openai"](text)["output"][0]},
        {"type": "response.completed", "response": REPLIES["openai"](text)},
    ],
    "google": lambda text: [REPLIES["google"](text)],
    "groq": lambda text: [
        {"choices": [{"index": 0, "delta": {"role": "assistant", "content": text}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    ],
}
MODELS = {
    "anthropic": "anthropic/claude-sonnet-5-5",
    "openai": "openai/gpt-6.1-sol",
    "google": "google/gemini-3.8-flash",
    "groq": "groq/openai/gpt-oss-120b",
}
WAYS = ("call", "call_async", "stream", "stream_async")
LIBRARIES = ("httpx2", "pyreqwest")
EACH = pytest.mark.parametrize(("provider", "way", "library"), list(itertools.product(MODELS, WAYS, LIBRARIES)))
"""One provider of each wire format, asked in each way, over each HTTP library."""

EACH_STREAM = pytest.mark.parametrize(
    ("provider", "way", "library"), list(itertools.product(MODELS, WAYS[2:], LIBRARIES))
)

JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"


def wants_stream(request: bytes) -> bool:
    """Return whether a request asks for a stream."""
    return b":streamGenerateContent" in request or b'"stream":true' in request


def body_of(provider: str, text: str, *, stream: bool = False) -> bytes:
    """Return the body of a provider's answer."""
    if not stream:
        return msgspec.json.encode(REPLIES[provider](text))
    events = [b"data: " + msgspec.json.encode(event) + b"\n\n" for event in STREAMS[provider](text)]
    return b"".join([*events, b"data: [DONE]\n\n"] if provider == "groq" else events)


def reply_to(provider: str, request: bytes) -> bytes:
    """Return the body of the answer to a request, whose text names its question."""
    (number,) = re.findall(rb"question-(\d+)", request)
    return body_of(provider, f"answer-{number.decode()}", stream=wants_stream(request))


def answered(provider: str, request: bytes) -> bytes:
    """Return the answer to a request, head and body."""
    body = reply_to(provider, request)
    return (EVENTS if wants_stream(request) else JSON) + b"content-length: %d\r\n\r\n" % len(body) + body


def format_of(path: str) -> str:
    """Return which of the providers here speaks the format that is asked for at a path."""
    kinds = {"/messages": "anthropic", "/responses": "openai", "enerateContent": "google", "/completions": "groq"}
    return next(name for part, name in kinds.items() if part in path)


def ok(request: Received) -> Canned:
    """Return the answer `ok`, in the format and the way of the request."""
    stream = wants_stream(request.path.encode() + request.body)
    kind = "text/event-stream" if stream else "application/json"
    return Canned(body_of(format_of(request.path), "ok", stream=stream), headers={"content-type": kind})


END_OF_STREAM = 0.03
"""Seconds after a stream in which its end is read as a rule, while its reader goes on; then its connection can take the next
request."""


def model_at(provider: str, url: str, library: Any = "auto", **settings: Any) -> Any:
    """Return a model of a provider with a handle that reaches it at a server."""
    given: dict[str, Any] = {"api_key": "k", "max_retries": 0, "base_url": url, "http": library, **settings}
    return llm.Model.of(MODELS[provider], provider=llm.provider(provider, **given), max_tokens=100)


def ask(model: Any, way: str, content: str = "Hi", **params: Any) -> str:
    """Return the text that a model answers, asked in one of the `WAYS`. Asynchronous ones run in a loop of their own."""
    if way == "call":
        return model.call(content, **params).text()
    if way == "stream":
        with model.stream(content, **params) as stream:
            return "".join(stream.text_stream())
    return asyncio.run(_ask_async(model, way, content, params))


async def _ask_async(model: Any, way: str, content: str, params: dict[str, Any]) -> str:
    try:
        return await ask_in_loop(model, way, content, **params)
    finally:
        handle = params.get("provider") or model.defaults.get("provider")
        await (handle.aclose() if handle else llm.aclose())


async def ask_in_loop(model: Any, way: str, content: str = "Hi", **params: Any) -> str:
    """Return the text that a model answers, in the running loop, whose connections stay."""
    if not way.endswith("_async"):
        return ask(model, way, content, **params)
    if way == "call_async":
        return (await model.call_async(content, **params)).text()
    async with await model.stream_async(content, **params) as stream:
        return "".join([piece async for piece in stream.text_stream()])
