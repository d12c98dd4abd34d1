"""Requests and answers of Chat Completions, for the tests of its adapter."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from capably.providers.openai.chat.decode import decode_reply
from capably.providers.openai.chat.encode import encode_request
from capably.providers.openai.hosts import Host, host_of
from capably.registry.lookup import providers
from capably.types import parts as p
from capably.types.facts import ModelInfo
from capably.types.messages import user
from capably.types.request import Request
from capably.types.response_data import ResponseData
from support.request_types import described


def host(provider: str) -> Host:
    return host_of(provider, providers()[provider]["dialect"] if provider in providers() else None)


def request(*messages: Any, model: ModelInfo | None = None, **fields: Any) -> Request:
    routing = {name: fields.pop(name) for name in ("extra",) if name in fields}
    lead = fields.pop("system", None)
    return Request(
        info=model,
        model_id="gpt-test",
        endpoint="chat_completions",
        messages=messages or (user("Hi"),),
        system=lead,
        params=fields,
        **routing,
    )


def encoded(*messages: Any, provider: str = "openai", undescribed: str = "", **fields: Any) -> dict[str, Any]:
    body = encode_request(request(*messages, **fields), host(provider))
    if provider != "openai":  # Other hosts have words of their own, which no SDK describes.
        json.dumps(body)
        return body
    return described("chat_completions", body, undescribed)


def wires(*messages: Any, **fields: Any) -> list[Any]:
    return encoded(*messages, **fields)["messages"]


def call(id: str = "c1", name: str = "weather", arguments: Any = '{"city":"Rome"}') -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def completion(finish: str | None = "stop", usage: Any = None, **message: Any) -> dict[str, Any]:
    whole = {"role": "assistant", "content": None, **message}
    choices = [{"index": 0, "finish_reason": finish, "message": whole}]
    return {"id": "cmpl_1", "object": "chat.completion", "model": "gpt-test-1", "choices": choices, "usage": usage}


def decoded(body: Any, **fields: Any) -> ResponseData:
    return decode_reply(msgspec.json.encode(body), request(**fields))


A, B = call("a"), call("b", "clock", "{}")
CALL_A, CALL_B = p.ToolCall("a", "weather", {"city": "Rome"}, '{"city":"Rome"}'), p.ToolCall("b", "clock", {}, "{}")
