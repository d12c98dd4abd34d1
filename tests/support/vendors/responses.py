"""Requests and answers of OpenAI's Responses, for the tests of its adapter."""

from __future__ import annotations

from typing import Any

import msgspec

from capably.providers.openai.responses.decode import decode_reply
from capably.providers.openai.responses.encode import encode_request
from capably.types import tools as t
from capably.types.facts import ModelInfo
from capably.types.messages import user
from capably.types.request import Request
from capably.types.response_data import ResponseData
from support.request_types import described

WEATHER_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "default": 1}},
    "required": ["city"],
}


def weather(**fields: Any) -> t.Tool[str]:
    return t.Tool(lambda city: city, name="weather", description="Tells it.", parameters=WEATHER_SCHEMA, **fields)


def request(*messages: Any, model: ModelInfo | None = None, **fields: Any) -> Request:
    routing = {name: fields.pop(name) for name in ("extra",) if name in fields}
    lead = fields.pop("system", None)
    return Request(
        info=model,
        model_id="gpt-test",
        endpoint="responses",
        messages=messages or (user("Hi"),),
        system=lead,
        params=fields,
        **routing,
    )


def encoded(*messages: Any, undescribed: str = "", **fields: Any) -> dict[str, Any]:
    return described("responses", encode_request(request(*messages, **fields)), undescribed)


def items(*messages: Any, **fields: Any) -> list[Any]:
    return encoded(*messages, **fields)["input"]


USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30},
    "output_tokens": 50,
    "output_tokens_details": {"reasoning_tokens": 40},
    "total_tokens": 150,
}


def text_item(text: str, **fields: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content, **fields}


def call_item(id: str = "c1", name: str = "weather", arguments: str = '{"city":"Rome"}') -> dict[str, Any]:
    item = {"type": "function_call", "id": f"fc_{id}", "call_id": id, "name": name, "arguments": arguments}
    return {**item, "status": "completed"}


def thought_item(*summaries: str) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": text} for text in summaries]
    return {"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": "gAAA="}


def response(*output: Any, **fields: Any) -> dict[str, Any]:
    whole = {"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-test-2026-01-01", "error": None}
    return {**whole, "incomplete_details": None, "output": list(output), "usage": USAGE, **fields}


def decoded(body: Any, **fields: Any) -> ResponseData:
    return decode_reply(msgspec.json.encode(body), request(**fields))
