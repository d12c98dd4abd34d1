"""Recorded requests of Anthropic Messages, in our words."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.cases import Exchange

from capably import llm
from capably.types import parts as p
from capably.types.messages import AssistantMessage, SystemMessage, UserMessage
from support.request_readers import common as c
from support.request_readers.common import Ask, Inexpressible, Json

TOOLS = {
    "bash": llm.Bash,
    "browser_toolset": llm.BrowserUse,
    "code_execution": llm.CodeExecution,
    "computer": llm.ComputerUse,
    "memory": llm.Memory,
    "text_editor": llm.TextEditor,
    "tool_search": llm.ToolSearch,
    "web_fetch": llm.WebFetch,
    "web_search": llm.WebSearch,
}
FIELDS = (
    "temperature",
    "top_p",
    "top_k",
    "metadata",
    "service_tier",
    "container",
    "context_management",
    "output_format",
)
"""Fields that go into `extra`."""


def read(sent: Json, exchange: Exchange) -> Ask:
    params: Json = {}
    sent.pop("model", None)
    servers = {server["name"]: server for server in sent.pop("mcp_servers", [])}
    tools = sent.pop("tools", None) or []
    if servers and not any(tool.get("type") == "mcp_toolset" for tool in tools):
        raise Inexpressible("MCP servers as they were before toolsets")
    messages = [message for turn in sent.pop("messages") for message in _turn(turn, exchange)]
    system, mark = _system(sent.pop("system", None), tools)
    if mark:
        first = messages[0]
        if not isinstance(first, UserMessage):
            raise Inexpressible("a cache point before an answer")
        messages[0] = UserMessage([mark, *first.content])
    if tools:
        params["tools"] = [_tool(tool, servers) for tool in tools]
    if "tool_choice" in sent:
        choice = sent.pop("tool_choice")
        words = {"auto": "auto", "any": "required", "none": "none"}
        params["tool_choice"] = c.choice(choice["type"], words, choice.get("name"))
        if "disable_parallel_tool_use" in choice:
            params["parallel_tools"] = not choice["disable_parallel_tool_use"]
    for theirs, ours in (("max_tokens", "max_tokens"), ("stop_sequences", "stop")):
        if theirs in sent:
            params[ours] = sent.pop(theirs)
    if "cache_control" in sent:
        params["cache"] = sent.pop("cache_control").get("ttl", "5m")
    _output(sent, params)
    c.only(sent, "a request", *FIELDS, "output_config")
    return Ask([*system, *messages], params, sent)


def _output(sent: Json, params: Json) -> None:
    config = sent.get("output_config") or {}
    form = config.pop("format", None)
    if form:
        c.only(form, "a format", "type", "schema", "name")
        params["format"] = c.format("answer", form["schema"])
    effort, thinking = config.pop("effort", None), sent.pop("thinking", None) or {}
    if not config:
        sent.pop("output_config", None)
    c.only(thinking, "thinking", "type", "budget_tokens", "display")
    seen = {"summarized": True, "omitted": False, None: None}[thinking.get("display")]
    if thinking.get("type") == "disabled":
        params["reasoning"] = "off"
    elif thinking:
        params["reasoning"] = c.thinking(effort=effort, budget_tokens=thinking.get("budget_tokens"), visible=seen)
    elif effort:
        params["reasoning"] = effort


def _system(system: Any, tools: list[Json]) -> tuple[list[Any], p.CachePoint | None]:
    """Return the instructions with their cache points. A point of the tools stands before them, or before the
    conversation."""
    blocks: list[Json] = [{"text": system}] if isinstance(system, str) else system or []
    last = _mark(tools[-1].pop("cache_control", None)) if tools else None
    if any(tool.get("cache_control") for tool in tools):
        raise Inexpressible("a cache point between tools")
    marks = [_mark(block.pop("cache_control", None)) for block in blocks]
    for block in blocks:
        c.only(block, "instructions", "type", "text")
    parts = [[block["text"], *([mark] if mark else [])] for block, mark in zip(blocks, marks, strict=True)]
    if parts and last:
        parts[0].insert(0, last)
    return [SystemMessage(content) for content in parts], None if parts else last


def _mark(mark: Json | None) -> p.CachePoint | None:
    return p.CachePoint(mark.get("ttl")) if mark else None


def _tool(tool: Json, servers: Mapping[str, Json]) -> Any:
    kind = tool.get("type", "custom")
    if kind == "custom":
        extra = c.rest(tool, "name", "description", "input_schema", "strict")
        return c.tool(tool["name"], tool.get("description"), tool["input_schema"], tool.get("strict"), extra)
    if kind == "mcp_toolset":
        server = servers[tool["mcp_server_name"]]
        rest = {key: value for key, value in tool.items() if key not in ("type", "mcp_server_name")}
        return llm.MCPServer(**{key: value for key, value in server.items() if key != "type"}, **rest)
    made = TOOLS.get(re.sub(r"_tool_.*|_\d+$", "", kind))
    if made is None:
        raise Inexpressible(f"the built-in tool {kind}")
    return made(**tool)


def _turn(turn: Json, exchange: Exchange) -> Iterator[Any]:
    c.only(turn, "a message", "role", "content")
    content = turn["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if turn["role"] == "system":
        if any(block["type"] != "text" for block in blocks):
            raise Inexpressible("tools added by a system message")
        yield SystemMessage("".join(block["text"] for block in blocks))
    elif turn["role"] == "user":
        yield UserMessage([part for block in blocks for part in _parts(block)])
    elif all(_is_plain(block) for block in blocks):
        yield AssistantMessage([_assistant_part(block) for block in blocks])
    elif any("cache_control" in block for block in blocks):
        raise Inexpressible("a cache point inside an answer")
    else:
        yield c.theirs(exchange, {"content": content if isinstance(content, list) else blocks})


def _is_plain(block: Json) -> bool:
    plain_keys = {"text": {"type", "text"}, "tool_use": {"type", "id", "name", "input"}}
    return block.keys() == plain_keys.get(block["type"]) and block.get("text") != ""


def _assistant_part(block: Json) -> p.Part:
    if block["type"] == "text":
        return p.Text(block["text"])
    return p.ToolCall(block["id"], block["name"], block["input"])


def _parts(block: Json) -> Iterator[p.Part]:
    """Yield one block, and the cache point on it."""
    mark = _mark(block.pop("cache_control", None))
    yield _part(block)
    if mark:
        yield mark


def _part(block: Json) -> p.Part:
    kind = block["type"]
    if kind == "text" and block.keys() == {"type", "text"}:
        return p.Text(block["text"])
    if kind == "tool_result":
        c.only(block, "a tool result", "type", "tool_use_id", "content", "is_error")
        return p.ToolOutput(block["tool_use_id"], "", _result(block.get("content", "")), bool(block.get("is_error")))
    if kind in ("image", "document") and block.keys() <= {"type", "source", "title"}:
        source, name = block["source"], {"name": block["title"]} if block.get("title") else {}
        cls = p.Image if kind == "image" else p.Document
        if source["type"] == "base64":
            made = c.media(source["media_type"], source["data"])
            return cls(data=made.data, media_type=made.media_type, **name)
        if source["type"] == "text":
            return p.Document(data=source["data"].encode(), media_type="text/plain", **name)
        if source["type"] in ("url", "file"):
            return cls(url=source.get("url"), file_id=source.get("file_id"), **name)
    return p.Unknown(kind, block)


def _result(content: Any) -> Any:
    if isinstance(content, str):
        return content
    if any("cache_control" in block for block in content):
        raise Inexpressible("a cache point inside a tool result")
    return [_part(block) for block in content]
