"""Recorded requests of Google generateContent, in our words."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from conformance.cases import Exchange

from capably import llm
from capably.types import parts as p, tools as t
from capably.types.messages import AssistantMessage, SystemMessage, UserMessage
from support.request_readers import common as c
from support.request_readers.common import Ask, Inexpressible, Json

TOOLS = {
    "googleSearch": llm.WebSearch,
    "urlContext": llm.WebFetch,
    "codeExecution": llm.CodeExecution,
    "fileSearch": llm.FileSearch,
    "googleMaps": llm.GoogleMaps,
    "computerUse": llm.ComputerUse,
}
PARAMS = {
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "maxOutputTokens": "max_tokens",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "seed": "seed",
    "stopSequences": "stop",
}
FREE = ("args", "response", "parametersJsonSchema", "responseJsonSchema", "parameters", "responseSchema", "labels")
"""Fields whose inside is the caller's own."""


def camel(value: Any) -> Any:
    """Convert names to camel case, because Google reads `inline_data` as `inlineData`."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub(r"_(\w)", lambda m: m[1].upper(), key): inner for key, inner in value.items()}
    return {key: inner if key in FREE else camel(inner) for key, inner in named.items()}


def read(sent: Json, exchange: Exchange) -> Ask:
    sent = camel(sent)
    sent.pop("model", None)
    params: Json = {}
    system = sent.pop("systemInstruction", None)
    parts = [{"text": system}] if isinstance(system, str) else (system or {}).get("parts") or []
    parts = [parts] if isinstance(parts, dict) else parts
    for part in parts:
        c.only(part, "instructions", "text", *(() if part.get("thought") else ("thought",)))
    messages: list[Any] = [SystemMessage(part["text"]) for part in parts if part["text"]]
    contents = sent.pop("contents")
    turns = [contents] if isinstance(contents, dict) else contents
    messages += [_turn(content, exchange) for content in turns]
    tools = sent.pop("tools", None) or []
    made = [made for tool in ([tools] if isinstance(tools, dict) else tools) for made in _tools(tool)]
    params |= {"tools": made} if made else {}
    _choice(sent, params)
    _config(sent, params)
    if "cachedContent" in sent:
        params["cache"] = sent.pop("cachedContent")
    return Ask(messages, params, sent)


def _choice(sent: Json, params: Json) -> None:
    config = sent.get("toolConfig") or {}
    choice = config.pop("functionCallingConfig", None) or {}
    names = choice.get("allowedFunctionNames") or []
    mode = choice.get("mode")
    if mode == "ANY" and len(names) == 1:
        params["tool_choice"] = names[0]
    elif names or mode == "VALIDATED":
        raise Inexpressible("tool_choice among several tools")
    elif mode:
        params["tool_choice"] = {"AUTO": "auto", "ANY": "required", "NONE": "none"}[mode]
    other = c.rest(choice, "allowedFunctionNames", "mode")
    if other:
        config["functionCallingConfig"] = other
    if not config:
        sent.pop("toolConfig", None)


def _config(sent: Json, params: Json) -> None:
    config = sent.get("generationConfig") or {}
    if config.get("responseSchema") is not None:
        raise Inexpressible("a format in OpenAPI's dialect")
    if config.get("responseJsonSchema") is not None and config.pop("responseMimeType", None) == "application/json":
        params["format"] = c.format("answer", _schema(config.pop("responseJsonSchema")))
    for theirs, ours in PARAMS.items():
        if theirs in config:
            params[ours] = config.pop(theirs)
    if "responseModalities" in config:
        params["output"] = [word.lower() for word in config.pop("responseModalities")]
    if config.pop("responseLogprobs", False):
        params["logprobs"] = config.pop("logprobs", True)
    thinking = config.pop("thinkingConfig", None) or {}
    if thinking.get("thinkingBudget") == 0 and len(thinking) == 1:
        params["reasoning"] = "off"
    elif thinking:
        level = thinking.get("thinkingLevel")
        params["reasoning"] = c.thinking(
            effort=level.lower() if level else None,
            budget_tokens=thinking.get("thinkingBudget"),
            visible=thinking.get("includeThoughts"),
        )
    if not config:
        sent.pop("generationConfig", None)


def _tools(tool: Json) -> Iterator[Any]:
    for key, value in tool.items():
        if value is None:
            continue
        if key == "functionDeclarations":
            yield from map(_function, value)
        elif key == "mcpServers":
            yield from (llm.MCPServer(**server) for server in value)
        elif key in TOOLS:
            yield TOOLS[key](**value)
        else:
            raise Inexpressible(f"the built-in tool {key}")


def _function(function: Json) -> t.Tool[Any]:
    extra = c.rest(function, "name", "description", "parameters", "parametersJsonSchema")
    schema = _schema(function.get("parametersJsonSchema") or openapi(function.get("parameters")))
    return c.tool(function["name"], function.get("description"), schema, None, extra)


def _schema(schema: Any) -> Any:
    if any(f'"{word}":' in json.dumps(schema) for word in ("pattern", "minLength", "maxLength")):
        raise Inexpressible("limits in a schema that Gemini ignores, and ours says in words")
    return schema


def openapi(schema: Any) -> Any:
    """Convert a schema in OpenAPI's dialect, with types in capitals, to JSON Schema."""
    if isinstance(schema, list):
        return [openapi(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    lower = {
        key: value.lower() if key == "type" and isinstance(value, str) else openapi(value)
        for key, value in schema.items()
    }
    nullable = lower.pop("nullable", False) is True and isinstance(lower.get("type"), str)
    return {**lower, "type": [lower["type"], "null"]} if nullable else lower


def _turn(content: Json, exchange: Exchange) -> Any:
    parts = content.get("parts") or []
    parts = [parts] if isinstance(parts, dict) else parts
    if content.get("role") == "model":
        if all(part.keys() <= {"text"} or part.keys() <= {"functionCall"} for part in parts):
            return AssistantMessage([_assistant_part(part) for part in parts])
        return c.theirs(exchange, content)
    return UserMessage([_part(part) for part in parts])


def _assistant_part(part: Json) -> p.Part:
    if "text" in part:
        return p.Text(part["text"])
    c.only(part["functionCall"], "a call", "id", "name", "args")
    return p.ToolCall(
        part["functionCall"].get("id") or "", part["functionCall"]["name"], part["functionCall"].get("args") or {}
    )


def _part(part: Json) -> p.Part:
    part = {key: value for key, value in part.items() if not (key == "thought" and not value)}
    kind, *more = part
    value = part[kind]
    if more:
        return p.Unknown(kind, part)
    if kind == "text":
        return p.Text(value)
    if kind == "functionResponse":
        c.only(value, "a tool result", "id", "name", "response")
        response = value["response"]
        error = response.keys() == {"error"}
        inner = response["error"] if error else response.get("output") if response.keys() == {"output"} else response
        return p.ToolOutput(value.get("id") or "", value["name"], inner, error)
    if kind == "inlineData" and value.keys() == {"mimeType", "data"}:
        return c.media(value["mimeType"], value["data"])
    if kind == "fileData" and value.keys() <= {"mimeType", "fileUri"}:
        return p.Document(url=value["fileUri"], media_type=value.get("mimeType"))
    return p.Unknown(kind, part)
