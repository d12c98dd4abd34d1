"""Recorded requests, said in our own words: messages, parts and parameters that should encode to the same JSON.

    ask = read(exchange)   # Ask([user("Hi")], {"max_tokens": 10}, {"metadata": {...}})
    read(other)            # raises `Inexpressible`, with the reason

Written from the vendors' descriptions of their wire formats, and from nothing of our encoders.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from conformance.cases import Exchange

from support.request_readers import anthropic, chat, google, responses
from support.request_readers.common import Ask, Inexpressible, Json

__all__ = ["Ask", "Inexpressible", "read"]

READERS: dict[str, Callable[[Json, Exchange], Ask]] = {
    "messages": anthropic.read,
    "responses": responses.read,
    "chat_completions": chat.read,
    "generate_content": google.read,
}


def read(exchange: Exchange) -> Ask:
    """Read the recorded request as messages and parameters of our API."""
    if not exchange.sent:
        raise Inexpressible("the recording has no request")
    sent: Json = json.loads(json.dumps(exchange.sent))
    for name in ("stream", "stream_options", "anthropic_version"):
        sent.pop(name, None)
    return READERS[exchange.endpoint](sent, exchange)
