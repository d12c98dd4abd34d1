"""What the next request holds of an answer: its own JSON at its provider, and what other formats have for it."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from support import request_types

from capably import llm
from capably.providers.spellings import NoSpellingError
from capably.types import parts as p
from capably.types.messages import UserMessage
from conformance import readings
from conformance.bench import ADAPTER_OF, Bench, request_of
from conformance.cases import Exchange
from conformance.compare import compare


def replay(bench: Bench, exchange: Exchange, reading: readings.Reading, response: Any) -> str:
    """Send the answer back with a new message, and compare what the server received with what it had sent."""
    outputs = outputs_for(response)
    extra = {"store": True} if exchange.endpoint == "responses" and _needs_store(reading.turn) else {}
    request = request_of(exchange, [*response.messages, UserMessage(outputs or [p.Text("Go on.")])], **extra)
    adapter = bench.adapter(exchange.provider, exchange.endpoint)
    bench.serve(GOOD[exchange.endpoint])
    adapter.call(request, adapter.encode(request))
    sent = bench.server.requests[-1].json()
    return compare(_turn(exchange, reading.turn), _turn(exchange, TURN[exchange.endpoint](sent)))


def outputs_for(response: Any) -> list[p.ToolOutput]:
    """Return an output for each call: a screenshot for a computer, a word for any other."""
    screen = p.Image.from_url("https://example.com/done.png")
    return [
        p.ToolOutput(call.id, call.name, screen if isinstance(call, llm.ComputerCall) else "done")
        for call in response.tool_calls
    ]


def elsewhere(bench: Bench, exchange: Exchange, response: Any) -> str:
    """Return what the SDKs reject in the conversation as it would be sent to models of other vendors."""
    outputs = outputs_for(response)
    request = request_of(exchange, [*response.messages, UserMessage(outputs or [p.Text("Go on.")])])
    for endpoint, kind in ADAPTER_OF.items():
        if endpoint == exchange.endpoint:
            continue
        request.endpoint, request.params = endpoint, {}
        try:
            body = bench.adapter(kind, endpoint).encode(request)
        except NoSpellingError:
            continue
        problems = request_types.problems(endpoint, json.dumps(body).encode())
        if problems:
            return f"{endpoint}: {'; '.join(problems)}"
    return ""


def _needs_store(items: list[Any]) -> bool:
    """Return whether only an id is left of some reasoning, so that it can go back only to where it was stored."""
    return any(i["type"] == "reasoning" and not (i.get("encrypted_content") or i.get("content")) for i in items)


TURN: Mapping[str, Any] = {
    "messages": lambda body: body["messages"][1]["content"] if body["messages"][1]["role"] == "assistant" else [],
    "responses": lambda body: body["input"][1:-1] if "role" in body["input"][-1] else _items_before(body["input"]),
    "chat_completions": lambda body: body["messages"][1],
    "generate_content": lambda body: body["contents"][1],
}
"""Where in a request the answer stands: after the first question, before what was said last."""

GOOD: Mapping[str, bytes] = {
    "messages": b'{"type":"message","id":"m","model":"m","content":[],"stop_reason":"end_turn","usage":{}}',
    "responses": b'{"output":[],"status":"completed"}',
    "chat_completions": b'{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}]}',
    "generate_content": b'{"candidates":[{"finishReason":"STOP","content":{"parts":[{"text":"ok"}]}}]}',
}


def _items_before(items: list[Any]) -> list[Any]:
    """Return the items of the answer that precede outputs of its calls."""
    last = len(items)
    while items[last - 1]["type"].endswith(("_output", "_response")) and "done" in json.dumps(items[last - 1]):
        last -= 1
    return items[1:last]


STREAM_FIELDS = ("channel", "index", "token_id", "reasoning_encrypted")
"""Fields of some hosts' deltas that number or name the pieces; a whole message has none of them."""


def _turn(exchange: Exchange, turn: Any) -> Any:
    """An answer's JSON without what must differ: sound goes back as its id, calls without an id are given one, and
    Anthropic takes no text without a letter back.

    Of a stream, Chat Completions gives no message: absent fields count as empty ones, and `STREAM_FIELDS` as none.
    """
    if exchange.endpoint == "generate_content":
        return {"role": "model", **turn}
    if exchange.endpoint == "messages":
        return [block for block in turn if block.get("type") != "text" or block["text"].strip()]
    if exchange.endpoint != "chat_completions":
        return turn
    fields = {key: value for key, value in turn.items() if key not in STREAM_FIELDS}
    if (fields.get("audio") or {}).get("id"):
        fields["audio"] = {"id": fields["audio"]["id"]}
    fields["tool_calls"] = [_call(call) for call in fields.get("tool_calls") or []]
    return {key: value for key, value in fields.items() if value not in (None, "", [], "assistant")}


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    made_up = not call.get("id") or re.fullmatch(r"call_\d{1,2}", call["id"])
    fields = {key: value for key, value in call.items() if not (key == "id" and made_up)}
    if fields.get("function"):
        fields["function"] = {**fields["function"], "arguments": fields["function"].get("arguments") or ""}
    return fields
