"""Requests and answers of Google's generateContent, for the tests of its adapter."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from capably import llm
from capably.providers.google.decode import decode_reply
from capably.providers.google.encode import encode_request
from capably.providers.google.stream import GoogleAccumulator
from capably.types import tools as t
from capably.types.facts import ModelInfo
from capably.types.messages import user
from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.timeout import as_timeout
from support.adapters import GoogleAdapter
from support.loopback import Loopback
from support.request_types import described

MODEL = "gemini-3.8-flash"
ROUTING = ("extra", "headers", "timeout", "max_retries", "endpoint")
PNG = b"\x89PNG"
SIGNATURE = "EtIBCs8B/+q7=="
COUNTS = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}


def weather(strict: bool | None = None) -> t.Tool[str]:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "default": 1}},
        "required": ["city"],
    }
    return t.Tool(lambda city: city, name="weather", description="Tells it.", parameters=schema, strict=strict)


def info(model: str = MODEL, api_version: str | None = None, **facts: Any) -> ModelInfo:
    profile: Any = {
        "structured_output": "json_schema",
        "reasoning": None,
        "endpoints": {"generate_content": {}},
        **facts,
    }
    entry: Any = {"name": None, "api_version": api_version}
    return ModelInfo(f"google/{model}", "google/test", profile, entry, 1)


def request(
    *messages: Any, model: str = MODEL, lead: str | None = None, of: ModelInfo | None = None, **params: Any
) -> Request:
    routing: dict[str, Any] = {"endpoint": "generate_content"}
    routing.update({name: params.pop(name) for name in ROUTING if name in params})
    parameters: Any = params
    routing["timeout"] = as_timeout(routing.get("timeout"))
    return Request(
        info=of,
        model_id=model,
        messages=messages or [user("Hello")],
        system=lead,
        params=parameters,
        **routing,
    )


def body(*parts: Any, finish: str | None = "STOP", usage: Any = COUNTS, **candidate: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0, **candidate}
    if finish is not None:
        found["finishReason"] = finish
    return {"candidates": [found], "usageMetadata": usage, "modelVersion": MODEL, "responseId": "r-1"}


def decode(found: Any, **params: Any) -> ResponseData:
    return decode_reply(json.dumps(found).encode(), request(**params))


def encode(*messages: Any, undescribed: str = "", **params: Any) -> dict[str, Any]:
    return described("generate_content", encode_request(request(*messages, **params)), undescribed)


def parts_of(*messages: Any, **params: Any) -> Any:
    return [content["parts"] for content in encode(*messages, **params)["contents"]]


def accumulator(events: list[Any], **params: Any) -> tuple[list[Any], ResponseData]:
    folding = GoogleAccumulator(request(**params))
    chunks = [chunk for event in events for chunk in folding.feed(event)]
    return chunks, folding.reply()


def adapter(server: Loopback, **settings: Any) -> GoogleAdapter:
    given: Any = {"api_key": "secret", "base_url": server.url, "max_retries": 0, **settings}
    handle: Any = llm.provider("google", **given)
    return GoogleAdapter(handle)


def by_client(**settings: Any) -> GoogleAdapter:
    """Return an adapter that sends over a client of google-genai."""
    handle: Any = llm.provider("google", **settings)
    return GoogleAdapter(handle)


def run(coroutine: Any) -> Any:
    """Return the result of a coroutine in a loop of its own."""
    return asyncio.run(coroutine)


def sse(*events: Any) -> str:
    return "".join(f"data: {json.dumps(event)}\r\n\r\n" for event in events)


GROUNDED = {
    "groundingChunks": [{"web": {"uri": "https://a.b", "title": "A"}}, {"retrievedContext": {"title": "file"}}],
    "groundingSupports": [{"segment": {"text": "Rain.", "endIndex": 5}, "groundingChunkIndices": [0, 1, 9]}],
}

STREAM = [
    body({"text": "I ", "thought": True}, finish=None, usage={"promptTokenCount": 10}),
    body({"text": "think", "thought": True}, finish=None),
    body({"text": "Hel"}, finish=None, groundingMetadata={}),
    body({"text": "lo"}, {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": SIGNATURE}, finish=None),
    body({"text": "Rain."}, finish=None, usage={"trafficType": "ON_DEMAND"}),
    body({"text": "", "thoughtSignature": SIGNATURE}, groundingMetadata=GROUNDED, newField=1),
]


async def collect(google: GoogleAdapter, made: Request) -> tuple[list[Any], Any]:
    events = await google.stream_async(made)
    return [event async for event in events], events
