"""Recorded requests of OpenAI Chat Completions, in our words."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from conformance.cases import Exchange

from capably.types import parts as p
from capably.types.messages import AssistantMessage, SystemMessage, UserMessage
from support.request_readers import common as c
from support.request_readers.common import Ask, Inexpressible, Json

PARAMS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "stop": "stop",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "seed": "seed",
    "random_seed": "seed",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "parallel_tool_calls": "parallel_tools",
    "reasoning_effort": "reasoning",
    "verbosity": "verbosity",
}


def read(sent: Json, exchange: Exchange) -> Ask:
    sent.pop("model", None)
    if exchange.provider == "mistral" and "call_REDACTED" in json.dumps(sent):
        raise Inexpressible("ids that the recording hides, where Mistral's are of nine characters")
    if "functions" in sent or "function_call" in sent:
        raise Inexpressible("functions as they were before tools")
    params: Json = {}
    names: dict[str, str] = {}
    turns = sent.pop("messages")
    if turns and turns[-1].get("prefix") is True and turns[-1].keys() == {"role", "content", "prefix"}:
        params["prefill"] = turns.pop()["content"]
    messages = [_turn(turn, exchange, names) for turn in turns]
    tools = sent.pop("tools", None)
    if tools:
        params["tools"] = [_tool(tool) for tool in tools]
    choice = sent.pop("tool_choice", None)
    if choice is not None:
        name = (choice.get("function") or {}).get("name") if isinstance(choice, dict) else None
        params["tool_choice"] = c.choice(choice, c.WORDS, name)
    form = sent.get("response_format") or {}
    if form.get("type") == "json_schema":
        c.only(form["json_schema"], "a format", "name", "schema", "strict")
        c.check_strict(form["json_schema"])
        params["format"] = c.format(sent.pop("response_format")["json_schema"]["name"], form["json_schema"]["schema"])
    for theirs, ours in PARAMS.items():
        if sent.get(theirs) is not None:
            params[ours] = sent.pop(theirs)
    if params.get("reasoning") == "none":
        params["reasoning"] = "off"
    logprobs = sent.pop("logprobs", None)
    if logprobs is not None:
        params["logprobs"] = sent.pop("top_logprobs", True) if logprobs else False
    return Ask(messages, params, sent)


def _tool(tool: Json) -> Any:
    if tool.get("type", "function") != "function":
        raise Inexpressible(f"the built-in tool {tool['type']}")
    extra = c.rest(tool, "type", "function")
    c.only(tool["function"], "a tool", "name", "description", "parameters", "strict")
    function = tool["function"]
    schema, strict = function.get("parameters"), function.get("strict")
    return c.tool(function["name"], function.get("description"), schema, strict, extra)


def _turn(turn: Json, exchange: Exchange, names: dict[str, str]) -> Any:
    role: str = turn["role"]
    content: Any = turn.get("content")
    if role in ("system", "developer"):
        c.only(turn, "instructions", "role", "content")
        if isinstance(content, str) or not any("cache_control" in part for part in content):
            return SystemMessage(content if isinstance(content, str) else "".join(map(_text, content)))
        return SystemMessage([item for part in content for item in _with_point(part)])
    if role == "user":
        c.only(turn, "a message", "role", "content")
        return UserMessage(
            [p.Text(content)] if isinstance(content, str) else [item for part in content for item in _with_point(part)]
        )
    if role == "assistant":
        calls = turn.get("tool_calls") or []
        names |= {call["id"]: call["function"]["name"] for call in calls if "function" in call and call.get("id")}
        plain = all(call.keys() == {"id", "type", "function"} and call["type"] == "function" for call in calls)
        if not plain or turn.keys() - {"role", "content", "tool_calls"} or not isinstance(content, str | None):
            return c.theirs(exchange, turn)
        parts = [p.Text(content)] if content else []
        return AssistantMessage([*parts, *map(_call, calls)])
    c.only(turn, "a tool result", "role", "content", "tool_call_id", "name")
    value = content if isinstance(content, str) else "".join(map(_text, content or []))
    id = turn.get("tool_call_id", "")
    return UserMessage([p.ToolOutput(id, turn.get("name") or names.get(id, ""), value)])


def _call(call: Json) -> p.ToolCall:
    return p.ToolCall(call["id"], call["function"]["name"], {}, call["function"]["arguments"])


def _text(part: Json) -> str:
    c.only(part, "a text", "type", "text")
    if part["type"] != "text":
        raise Inexpressible(f"{part['type']} where a text belongs")
    return part["text"]


def _with_point(part: Json) -> Iterator[Any]:
    """Yield one part, and the cache point on it."""
    mark = part.get("cache_control")
    yield _part({key: value for key, value in part.items() if key != "cache_control"})
    if mark:
        yield p.CachePoint(mark.get("ttl"))


def _part(part: Json) -> p.Part:
    kind = part["type"]
    if kind == "text" and part.keys() == {"type", "text"}:
        return p.Text(part["text"])
    if kind == "image_url" and part.keys() == {"type", "image_url"}:
        image = {"url": part["image_url"]} if isinstance(part["image_url"], str) else part["image_url"]
        return c.data_url(image["url"], p.Image, detail=image.get("detail"))
    if kind == "input_audio" and isinstance(part[kind], dict):
        return c.media("audio/" + part[kind]["format"].replace("mp3", "mpeg"), part[kind]["data"])
    if kind == "file":
        file = part["file"]
        if "file_id" in file:
            return p.Document(file_id=file["file_id"])
        return c.data_url(file["file_data"], p.Document, name=file.get("filename"))
    return p.Unknown(kind, part)
