"""What Anthropic, OpenAI (Responses) and Google send for a turn of a model, whole or as a stream of events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from .loopback import Canned, Received

Turn = Sequence[Any]
"""What a model says in one turn: texts, and calls as (name, arguments)."""


def vendor_reply(provider: str, request: Received, turn: Turn, key: int = 0) -> Canned:
    """Return the reply of a provider to a request, streamed if the request wants it. `key` makes its ids unique."""
    body = _BODIES[provider](turn, key)
    streamed = "stream" in request.path or bool(request.json().get("stream"))
    return Canned("".join(_EVENTS[provider](body))) if streamed else Canned(body)


def _claude(turn: Turn, key: int) -> dict[str, Any]:
    content: list[Any] = [
        {"type": "text", "text": piece}
        if isinstance(piece, str)
        else {"type": "tool_use", "id": f"toolu_{key}_{place}", "name": piece[0], "input": piece[1]}
        for place, piece in enumerate(turn)
    ]
    reason = "end_turn" if isinstance(turn[-1], str) else "tool_use"
    usage = {"input_tokens": 3, "output_tokens": 2}
    return {"type": "message", "id": "msg_1", "model": "m", "content": content, "stop_reason": reason, "usage": usage}


def _claude_events(body: dict[str, Any]) -> Iterator[str]:
    yield _event({"type": "message_start", "message": {**body, "content": [], "stop_reason": None}})
    for index, block in enumerate(body["content"]):
        empty = {"text": ""} if block["type"] == "text" else {"input": {}}
        yield _event({"type": "content_block_start", "index": index, "content_block": {**block, **empty}})
        for piece in _pieces(block["text"] if block["type"] == "text" else json.dumps(block["input"])):
            text = {"type": "text_delta", "text": piece}
            delta = text if block["type"] == "text" else {"type": "input_json_delta", "partial_json": piece}
            yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})
    yield _event({"type": "message_delta", "delta": {"stop_reason": body["stop_reason"]}, "usage": body["usage"]})
    yield _event({"type": "message_stop"})


def _gpt(turn: Turn, key: int) -> dict[str, Any]:
    output: list[Any] = [
        {
            "type": "message",
            "id": f"msg_{place}",
            "content": [{"type": "output_text", "text": piece, "annotations": []}],
        }
        if isinstance(piece, str)
        else {
            "type": "function_call",
            "call_id": f"call_{key}_{place}",
            "name": piece[0],
            "arguments": json.dumps(piece[1]),
        }
        for place, piece in enumerate(turn)
    ]
    return {"id": "resp_1", "status": "completed", "output": output, "usage": {"input_tokens": 3, "output_tokens": 2}}


def _gpt_events(body: dict[str, Any]) -> Iterator[str]:
    for index, item in enumerate(body["output"]):
        text = item["arguments"] if "arguments" in item else item["content"][0]["text"]
        kind = "function_call_arguments" if "arguments" in item else "output_text"
        empty = {"arguments": ""} if "arguments" in item else {"content": []}
        yield _event({"type": "response.output_item.added", "output_index": index, "item": {**item, **empty}})
        for piece in _pieces(text):
            place = {"output_index": index, "content_index": 0}
            yield _event({"type": f"response.{kind}.delta", **place, "delta": piece})
        yield _event({"type": "response.output_item.done", "output_index": index, "item": item})
    yield _event({"type": "response.completed", "response": body})


def _gemini(turn: Turn, _: int) -> dict[str, Any]:
    parts: list[Any] = [
        {"text": piece} if isinstance(piece, str) else {"functionCall": {"name": piece[0], "args": piece[1]}}
        for piece in turn
    ]
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
    return {"candidates": [candidate], "usageMetadata": usage}


def _gemini_events(body: dict[str, Any]) -> Iterator[str]:
    candidate = body["candidates"][0]
    for part in candidate["content"]["parts"]:
        for piece in [{"text": text} for text in _pieces(part["text"])] if "text" in part else [part]:
            yield _event({"candidates": [{"content": {"role": "model", "parts": [piece]}}]})
    yield _event({**body, "candidates": [{"finishReason": candidate["finishReason"]}]})


def _pieces(text: str) -> list[str]:
    return [text[start : start + 5] for start in range(0, len(text), 5)]


def _event(data: Any) -> str:
    return f"data: {json.dumps(data)}\n\n"


_BODIES = {"anthropic": _claude, "openai": _gpt, "google": _gemini}
_EVENTS = {"anthropic": _claude_events, "openai": _gpt_events, "google": _gemini_events}
