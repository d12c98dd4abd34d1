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
    """The recorded request in our words."""
    if not exchange.asked:
        raise Inexpressible("the recording has no request")
    asked: Json = json.loads(json.dumps(exchange.asked))
    for name in ("stream", "stream_options", "anthropic_version"):
        asked.pop(name, None)
    return READERS[exchange.endpoint](asked, exchange)
