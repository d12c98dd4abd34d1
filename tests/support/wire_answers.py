"""Answers of text in every wire format, as a body and as events, and the four ways to ask for one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from capably import llm

from .loopback import Canned, Loopback

WAYS = ("call", "call_async", "stream", "stream_async")

Body = Callable[..., dict[str, Any]]
Events = Callable[..., list[Any]]


def anthropic(text: str, usage: Any = ..., finish: str = "end_turn") -> dict[str, Any]:
    message = {"type": "message", "id": "m", "model": "m", "role": "assistant", "stop_reason": finish}
    return {**message, "content": [{"type": "text", "text": text}], **_given("usage", usage)}


def anthropic_events(pieces: Sequence[str], usage: Any = ..., finish: str = "end_turn") -> list[Any]:
    start = {**anthropic("", usage), "content": [], "stop_reason": None}
    return [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            for piece in pieces
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": finish}, **_given("usage", usage)},
        {"type": "message_stop"},
    ]


def responses(text: str, usage: Any = ..., finish: str = "completed") -> dict[str, Any]:
    item = {"type": "message", "id": "i", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
    how = {"incomplete_details": {"reason": finish}} if finish != "completed" else {}
    status = "incomplete" if how else "completed"
    return {"id": "r", "object": "response", "model": "m", "status": status, "output": [item], **how} | _given(
        "usage", usage
    )


def responses_events(pieces: Sequence[str], usage: Any = ..., finish: str = "completed") -> list[Any]:
    whole = responses("".join(pieces), usage, finish)
    (item,) = whole["output"]
    place = {"output_index": 0, "content_index": 0, "item_id": "i"}
    return [
        {"type": "response.created", "response": {"id": "r"}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
        *({"type": "response.output_text.delta", **place, "delta": piece} for piece in pieces),
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": f"response.{whole['status']}", "response": whole},
    ]


def chat(text: str, usage: Any = ..., finish: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"id": "c", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": finish}]} | _given(
        "usage", usage
    )


def chat_events(pieces: Sequence[str], usage: Any = ..., finish: str = "stop") -> list[Any]:
    deltas: list[Any] = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in pieces)]
    return [
        *({"id": "c", "choices": [{"index": 0, "delta": delta}]} for delta in deltas),
        {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]},
        *([] if usage is ... else [{"id": "c", "choices": [], "usage": usage}]),
    ]


def google(text: str, usage: Any = ..., finish: str = "STOP") -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish}
    return {"candidates": [candidate], **_given("usageMetadata", usage)}


def google_events(pieces: Sequence[str], usage: Any = ..., finish: str = "STOP") -> list[Any]:
    contents = [{"role": "model", "parts": [{"text": piece}]} for piece in pieces]
    return [
        *({"candidates": [{"content": content}]} for content in contents),
        {"candidates": [{"finishReason": finish}], **_given("usageMetadata", usage)},
    ]


def _given(key: str, value: Any) -> dict[str, Any]:
    return {} if value is ... else {key: value}


FORMATS: dict[str, tuple[str, Body, Events]] = {
    "anthropic": ("anthropic/claude-sonnet-5-5", anthropic, anthropic_events),
    "responses": ("openai/gpt-6.1-sol", responses, responses_events),
    "chat": ("mistral/mistral-medium-2604", chat, chat_events),
    "google": ("google/gemini-3.8-flash", google, google_events),
}
"""Wire format -> a model that speaks it, the body of an answer, and its events."""

USAGES: dict[str, dict[str, Any]] = {
    "anthropic": {"input_tokens": 10, "output_tokens": 5},
    "responses": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15},
    "chat": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    "google": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
}
"""Ten tokens in and five out, in the words of each format."""

CUT = {"anthropic": "max_tokens", "responses": "max_output_tokens", "chat": "length", "google": "MAX_TOKENS"}
"""What each format calls an answer that was cut at the limit."""


def sse(events: Sequence[Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def ask(
    way: str, model: str, answers: Sequence[Any], use: Callable[[Any], Any] = lambda response: response, **params: Any
) -> Any:
    """Ask in one of the `WAYS`, read the response to its end, and return `use(response)` and what was sent.

    An answer is a body or a list of events. What `use` returns is awaited if it can be.
    """
    provider = model.partition("/")[0]
    canned = [Canned([sse(answer)]) if isinstance(answer, list) else Canned(answer) for answer in answers]
    with Loopback(canned) as server:
        llm.configure(provider, api_key="k", base_url=server.url, max_retries=0)
        used = (
            asyncio.run(_ask_async(way, model, use, params)) if way.endswith("async") else _ask(way, model, use, params)
        )
        return used, [request.json() for request in server.requests]


def _ask(way: str, model: str, use: Callable[[Any], Any], params: Any) -> Any:
    response: Any = getattr(llm.Model.of(model), way)("Hi", **params)
    _ = response.finish_reason
    return use(response)


async def _ask_async(way: str, model: str, use: Callable[[Any], Any], params: Any) -> Any:
    response: Any = await getattr(llm.Model.of(model), way)("Hi", **params)
    if way == "stream_async":
        await response.finish()
    used = use(response)
    return await used if asyncio.iscoroutine(used) else used


def answer_to(way: str, wire: str, pieces: Sequence[str], **fields: Any) -> Any:
    """Return a text as the answer to one of the `WAYS`."""
    _, body, events = FORMATS[wire]
    return events(pieces, **fields) if way.startswith("stream") else body("".join(pieces), **fields)
