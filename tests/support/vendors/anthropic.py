"""Requests and answers of Anthropic's Messages, for the tests of its adapter."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from capably import llm
from capably.providers.anthropic.decode import decode_reply
from capably.providers.anthropic.encode import encode_request
from capably.providers.anthropic.stream import MessageAccumulator
from capably.providers.credentials import sendable_headers
from capably.types.facts import ModelInfo
from capably.types.messages import AssistantMessage, Source, user
from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.timeout import as_timeout
from support.adapters import AnthropicAdapter
from support.loopback import Canned, Loopback
from support.request_types import described

MODEL = "claude-test-1"
USAGE = {"input_tokens": 10, "output_tokens": 5}


def request(*messages: Any, model: ModelInfo | None = None, **fields: Any) -> Request:
    routing = {name: fields.pop(name) for name in ("extra", "headers", "timeout", "max_retries") if name in fields}
    routing["timeout"] = as_timeout(routing.get("timeout"))
    routing["headers"] = sendable_headers(routing.get("headers"))
    lead = fields.pop("system", None)
    return Request(
        info=model,
        model_id=MODEL,
        endpoint="messages",
        messages=messages or (user("Hi"),),
        system=lead,
        params=fields,
        **routing,
    )


def encoded(*messages: Any, undescribed: str = "", **fields: Any) -> dict[str, Any]:
    return described("messages", encode_request(request(*messages, **fields)), undescribed)


def contents(*messages: Any, **fields: Any) -> list[Any]:
    return [message["content"] for message in encoded(*messages, **fields)["messages"]]


def message(*content: Any, **fields: Any) -> dict[str, Any]:
    whole = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-test-1-20260101",
        "content": list(content),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": USAGE,
    }
    return whole | fields


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def decoded(*content: Any, **fields: Any) -> ResponseData:
    return decode_reply(json.dumps(message(*content, **fields)).encode(), request())


def said(reply: ResponseData, model: str = MODEL, provider: str = "anthropic") -> AssistantMessage:
    return AssistantMessage(reply.content, Source(provider, "messages", model, reply.wire))


THINKING = {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"}
REDACTED = {"type": "redacted_thinking", "data": "b3BhcXVl"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Ulm"}, "caller": {"type": "direct"}}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}}


def accumulator(*events: Any) -> tuple[MessageAccumulator, list[Any]]:
    folding = MessageAccumulator(request())
    return folding, [chunk for event in events for chunk in folding.feed(event)]


def start(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def opening(**fields: Any) -> dict[str, Any]:
    usage = {"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 3}
    return {"type": "message_start", "message": message(stop_reason=None, usage=usage, **fields)}


def closing(reason: str = "end_turn", output: int = 5, **fields: Any) -> list[dict[str, Any]]:
    final = {"input_tokens": None, "output_tokens": output}
    change = {"stop_reason": reason, "stop_sequence": None, **fields}
    return [{"type": "message_delta", "delta": change, "usage": final}, {"type": "message_stop"}]


CITATION = {"type": "web_search_result_location", "url": "https://x.test", "title": "X", "cited_text": "c"}
STREAMED = [
    opening(),
    {"type": "ping"},
    start(0, type="thinking", thinking="", signature=""),
    delta(0, "thinking_delta", thinking="Let me "),
    delta(0, "thinking_delta", thinking="see."),
    delta(0, "signature_delta", signature="c2ln"),
    stop(0),
    start(1, **REDACTED),
    stop(1),
    start(2, type="text", text="", citations=[]),
    delta(2, "text_delta", text="So "),
    delta(2, "citations_delta", citation=CITATION),
    delta(2, "text_delta", text="it is"),
    stop(2),
    {"type": "invented_event", "x": 1},
    start(3, type="server_tool_use", id="srvtoolu_1", name="web_search", input={}),
    start(4, type="tool_use", id="toolu_1", name="weather", input={}, caller={"type": "direct"}),
    start(5, type="tool_use", id="toolu_2", name="weather", input={}),
    delta(4, "input_json_delta", partial_json=""),
    delta(5, "input_json_delta", partial_json='{"city": '),
    delta(4, "input_json_delta", partial_json='{"city": "Ulm"}'),
    delta(3, "input_json_delta", partial_json='{"query": "q"}'),
    delta(5, "input_json_delta", partial_json='"Bonn"}'),
    stop(5),
    stop(4),
    stop(3),
    start(6, type="tool_use", id="toolu_3", name="now", input={}),
    stop(6),
    start(7, type="compaction", content=None),
    delta(7, "compaction_delta", content="summary", encrypted_content="e"),
    stop(7),
    *closing("tool_use"),
]
WHOLE = message(
    THINKING,
    REDACTED,
    {"type": "text", "text": "So it is", "citations": [CITATION]},
    SEARCH,
    CALL,
    {"type": "tool_use", "id": "toolu_2", "name": "weather", "input": {"city": "Bonn"}},
    {"type": "tool_use", "id": "toolu_3", "name": "now", "input": {}},
    {"type": "compaction", "content": "summary", "encrypted_content": "e"},
    stop_reason="tool_use",
    usage={"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 3},
)


def same(a: ResponseData, b: ResponseData) -> bool:
    fields = ("content", "finish_reason", "stop_detail", "usage", "wire", "id", "model")
    return [getattr(a, name) for name in fields] == [getattr(b, name) for name in fields]


OK = Canned(message(text("Hello")), headers={"request-id": "req_7"})


def sse(*events: Any) -> list[bytes]:
    whole = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()
    return [whole[at : at + 50] for at in range(0, len(whole), 50)]


NOWHERE = "http://127.0.0.1:9"


def adapter(server: Loopback | None = None, **fields: Any) -> AnthropicAdapter:
    given: Any = {"api_key": "test-key", "base_url": server.url if server else NOWHERE, "max_retries": 0, **fields}
    handle: Any = llm.provider("anthropic", **given)
    return AnthropicAdapter(handle)


def run(one: AnthropicAdapter, work: Callable[[], Awaitable[Any]]) -> Any:
    """Return what `work` returns in a loop of its own, in which connections are let go."""

    async def whole() -> Any:
        try:
            return await work()
        finally:
            await one.handle.aclose()

    return asyncio.run(whole())


def called(one: AnthropicAdapter, what: Request, way: str) -> ResponseData:
    """Return the complete reply to a request that is sent in one of four ways."""
    folding = one.accumulator(what)

    async def streamed() -> ResponseData:
        async for event in await one.stream_async(what):
            folding.feed(event)
        return folding.reply()

    if way == "call":
        return one.call(what)
    if way == "call_async":
        return run(one, lambda: one.call_async(what))
    if way == "stream_async":
        return run(one, streamed)
    for event in one.stream(what):
        folding.feed(event)
    return folding.reply()


WAYS = ("call", "call_async", "stream", "stream_async")
