"""Questions that are numbered, and the answers of providers to them: an answer to another question shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

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
MODELS = {
    "anthropic": "anthropic/claude-sonnet-5-5",
    "openai": "openai/gpt-6.1-sol",
    "google": "google/gemini-3.8-flash",
    "groq": "groq/openai/gpt-oss-120b",
}
JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


def reply_to(provider: str, request: bytes) -> bytes:
    """Return the body of the answer to a request, whose text names its question."""
    (number,) = re.findall(rb"question-(\d+)", request)
    return msgspec.json.encode(REPLIES[provider](f"answer-{number.decode()}"))


def answered(provider: str, request: bytes) -> bytes:
    """Return the answer to a request, head and body."""
    body = reply_to(provider, request)
    return JSON + b"content-length: %d\r\n\r\n" % len(body) + body
