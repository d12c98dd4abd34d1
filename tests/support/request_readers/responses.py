"""Recorded requests of OpenAI Responses, in our words."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from conformance.cases import Exchange

from capably import llm
from capably.types import parts as p
from capably.types.messages import SystemMessage, UserMessage
from support.request_readers import common as c
from support.request_readers.common import Ask, Inexpressible, Json

TOOLS = {
    "apply_patch": llm.ApplyPatch,
    "code_interpreter": llm.CodeExecution,
    "computer": llm.ComputerUse,
    "computer_use_preview": llm.ComputerUse,
    "file_search": llm.FileSearch,
    "image_generation": llm.ImageGeneration,
    "mcp": llm.MCPServer,
    "shell": llm.Shell,
    "tool_search": llm.ToolSearch,
    "web_search": llm.WebSearch,
    "web_search_preview": llm.WebSearch,
}
PARAMS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_output_tokens": "max_tokens",
    "parallel_tool_calls": "parallel_tools",
}
OF_THE_CALLER = ("computer_call_output", "apply_patch_call_output", "mcp_approval_response", "custom_tool_call_output")
"""Items that answer a call of the model's."""


def read(sent: Json, exchange: Exchange) -> Ask:
    sent.pop("model", None)
    params: Json = {}
    given = sent.pop("input", None)
    if given is None:
        raise Inexpressible("a prompt that is stored at OpenAI")
    sent.setdefault("store", True)
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    system = sent.pop("instructions", None)
    messages = [SystemMessage(system)] if system else []
    messages += _turns(items, exchange)
    tools = sent.pop("tools", None)
    if tools:
        params["tools"] = [_tool(tool) for tool in tools]
    choice = sent.pop("tool_choice", None)
    if isinstance(choice, dict) and choice.get("type") in TOOLS:
        params["tool_choice"] = TOOLS[choice["type"]](**choice)
    elif choice is not None:
        params["tool_choice"] = c.choice(choice, c.WORDS, choice.get("name") if isinstance(choice, dict) else None)
    text = sent.get("text") or {}
    if (text.get("format") or {}).get("type") == "json_schema":
        form = text.pop("format")
        c.only(form, "a format", "type", "name", "schema", "strict")
        c.check_strict(form)
        params["format"] = c.format(form["name"], form["schema"])
    if "verbosity" in text:
        params["verbosity"] = text.pop("verbosity")
    if not text:
        sent.pop("text", None)
    _reasoning(sent, params)
    for theirs, ours in PARAMS.items():
        if sent.get(theirs) is not None:
            params[ours] = sent.pop(theirs)
    return Ask(messages, params, sent)


def _reasoning(sent: Json, params: Json) -> None:
    reasoning = sent.get("reasoning") or {}
    effort = reasoning.pop("effort", None)
    if reasoning.get("summary") == "auto":
        reasoning.pop("summary")
        params["reasoning"] = c.thinking(effort=effort, visible=True)
    elif effort:
        params["reasoning"] = "off" if effort == "none" else effort
    if not reasoning:
        sent.pop("reasoning", None)


def _tool(tool: Json) -> Any:
    kind = tool["type"]
    if kind == "function":
        extra = c.rest(tool, "type", "name", "description", "parameters", "strict")
        return c.tool(tool["name"], tool.get("description"), tool.get("parameters"), tool.get("strict"), extra)
    if kind not in TOOLS:
        raise Inexpressible(f"the built-in tool {kind}")
    return TOOLS[kind](**tool)


def _turns(items: Sequence[Json], exchange: Exchange) -> Iterator[Any]:
    """Yield turns; a run of items that the model wrote is one turn."""
    theirs: list[Json] = []
    for item in items:
        ours = _item(item)
        if ours is None:
            theirs.append(item)
            continue
        if theirs:
            yield c.theirs(exchange, theirs)
            theirs = []
        yield ours
    if theirs:
        yield c.theirs(exchange, theirs)


def _item(item: Json) -> Any:
    """Read a message of the caller, or `None` for an item that the model wrote."""
    kind, role = item.get("type", "message"), item.get("role")
    if kind == "item_reference":
        raise Inexpressible("a reference to a stored item")
    if kind == "function_call_output":
        c.only(item, "a tool result", "type", "call_id", "output", "id", "status")
        value = item["output"]
        value = value if isinstance(value, str) else [_part(part) for part in value]
        return UserMessage([p.ToolOutput(item["call_id"], "", value)])
    if kind in OF_THE_CALLER or (kind != "message" and role in ("developer", "system", "user")):
        return UserMessage([p.Unknown(kind, item)])
    if kind == "message" and role in ("developer", "system", "user"):
        content = item["content"]
        c.only(item, "a message", "type", "role", "content")
        parts = [p.Text(content)] if isinstance(content, str) else [_part(part) for part in content]
        if role == "user":
            return UserMessage(parts)
        return SystemMessage("".join(part.text if isinstance(part, p.Text) else "" for part in parts))
    return None


def _part(part: Json) -> p.Part:
    kind = part["type"]
    if kind == "input_text" and part.keys() == {"type", "text"}:
        return p.Text(part["text"])
    if kind == "input_image":
        if part.get("file_id"):
            return p.Image(file_id=part["file_id"], detail=part.get("detail"))
        return c.data_url(part["image_url"], p.Image, detail=part.get("detail"))
    if kind == "input_file" and part.keys() <= {"type", "file_id", "file_url", "file_data", "filename"}:
        if part.get("file_data"):
            return c.data_url(part["file_data"], p.Document, name=part.get("filename"))
        if "filename" not in part:
            return p.Document(file_id=part.get("file_id"), url=part.get("file_url"))
    return p.Unknown(kind, part)
