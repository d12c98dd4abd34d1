"""Recorded requests, said in our own words: messages, parts and parameters that should encode to the same JSON.

    ask = read(exchange)   # Ask([user("Hi")], {"max_tokens": 10}, {"metadata": {...}})
    read(other)            # raises `Inexpressible`, with the reason

Written from the vendors' descriptions of their wire formats, and from nothing of our encoders.
"""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from conformance_cases import Exchange

from capably import llm
from capably.types import parts as p
from capably.types import tools as t
from capably.types.format import Format
from capably.types.messages import AssistantMessage, Source, SystemMessage, UserMessage

Json = dict[str, Any]


class Inexpressible(Exception):  # noqa: N818 (it is no error)
    """Our API has no words for something in this request."""


class Ask(NamedTuple):
    """A request in our words; `extra` are fields of the body that are the provider's own."""

    messages: list[Any]
    params: dict[str, Any]
    extra: dict[str, Any]


def read(exchange: Exchange) -> Ask:
    """The recorded request in our words."""
    if not exchange.asked:
        raise Inexpressible("the recording has no request")
    asked: Json = json.loads(json.dumps(exchange.asked))
    for name in ("stream", "stream_options", "anthropic_version"):
        asked.pop(name, None)
    return READERS[exchange.endpoint](asked, exchange)


# --- what the formats have in common ------------------------------------------------------------------------------


def _only(found: Mapping[str, Any], what: str, *known: str) -> None:
    """Raises for a field that has a value and no place in our API."""
    for name, value in found.items():
        if name not in known and value is not None:
            raise Inexpressible(f"{what} with {name}")


def _tool(name: str, description: str | None, schema: Any, strict: bool | None) -> t.Tool[Any]:
    return t.Tool(lambda: None, name=name, description=description or None, parameters=schema, strict=strict)


def _format(name: str, schema: Json) -> Format:
    return Format(name=name, schema=schema, load=lambda value: value, source=None)


def _check_strict(form: Json) -> None:
    if form.get("strict") is not True:
        raise Inexpressible("a format without a guarantee, for which ours always asks")


def _media(kind: str, data: str, **fields: Any) -> p.Media:
    """Bytes of this media type, as the part that they are."""
    heads = {"image": p.Image, "audio": p.Audio, "video": p.Video}
    cls = heads.get(kind.partition("/")[0], p.Document)
    try:
        return cls(data=base64.b64decode(data, validate=True), media_type=kind, **fields)
    except ValueError as error:
        raise Inexpressible("bytes that are no base64") from error


def _data_url(url: str, cls: type[p.Media], **fields: Any) -> p.Media:
    if not url.startswith("data:"):
        return cls(url=url, **fields)
    head, _, data = url[5:].partition(",")
    if not head.endswith(";base64"):
        raise Inexpressible("a data: URL without base64")
    made = _media(head.removesuffix(";base64"), data, **fields)
    return cls(data=made.data, media_type=made.media_type, name=made.name)


def _thinking(**said: Any) -> Any:
    """`Reasoning`, whose constructor is typed for words that are known."""
    made: Any = llm.Reasoning
    return made(**said)


def _choice(choice: Any, words: Mapping[str, str], name: str | None) -> Any:
    """`tool_choice`: one of the words, or the name of a function."""
    if name is not None:
        return name
    if not isinstance(choice, str) or choice not in words:
        raise Inexpressible("tool_choice among several tools")
    return words[choice]


def _theirs(exchange: Exchange, wire: Any) -> AssistantMessage:
    """A turn that goes back as its own JSON."""
    model = str(exchange.asked.get("model") or "some-model").replace(":", "-")
    return AssistantMessage([], Source(exchange.provider, exchange.endpoint, model, wire))


# --- Anthropic Messages -------------------------------------------------------------------------------------------

ANTHROPIC_TOOLS = {
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
ANTHROPIC_FIELDS = (
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


def _read_messages(asked: Json, exchange: Exchange) -> Ask:
    params: Json = {}
    asked.pop("model", None)
    servers = {server["name"]: server for server in asked.pop("mcp_servers", [])}
    tools = asked.pop("tools", None) or []
    if servers and not any(tool.get("type") == "mcp_toolset" for tool in tools):
        raise Inexpressible("MCP servers as they were before toolsets")
    messages = [message for turn in asked.pop("messages") for message in _anthropic_turn(turn, exchange)]
    system, mark = _anthropic_system(asked.pop("system", None), tools)
    if mark:
        first = messages[0]
        if not isinstance(first, UserMessage):
            raise Inexpressible("a cache point before an answer")
        messages[0] = UserMessage([mark, *first.content])
    if tools:
        params["tools"] = [_anthropic_tool(tool, servers) for tool in tools]
    if "tool_choice" in asked:
        choice = asked.pop("tool_choice")
        words = {"auto": "auto", "any": "required", "none": "none"}
        params["tool_choice"] = _choice(choice["type"], words, choice.get("name"))
        if "disable_parallel_tool_use" in choice:
            params["parallel_tools"] = not choice["disable_parallel_tool_use"]
    for theirs, ours in (("max_tokens", "max_tokens"), ("stop_sequences", "stop")):
        if theirs in asked:
            params[ours] = asked.pop(theirs)
    if "cache_control" in asked:
        params["cache"] = asked.pop("cache_control").get("ttl", "5m")
    _anthropic_output(asked, params)
    _only(asked, "a request", *ANTHROPIC_FIELDS, "output_config")
    return Ask([*system, *messages], params, asked)


def _anthropic_output(asked: Json, params: Json) -> None:
    config = asked.get("output_config") or {}
    form = config.pop("format", None)
    if form:
        _only(form, "a format", "type", "schema", "name")
        params["format"] = _format("answer", form["schema"])
    effort, thinking = config.pop("effort", None), asked.pop("thinking", None) or {}
    if not config:
        asked.pop("output_config", None)
    _only(thinking, "thinking", "type", "budget_tokens", "display")
    seen = {"summarized": True, "omitted": False, None: None}[thinking.get("display")]
    if thinking.get("type") == "disabled":
        params["reasoning"] = "off"
    elif thinking:
        params["reasoning"] = _thinking(effort=effort, budget_tokens=thinking.get("budget_tokens"), visible=seen)
    elif effort:
        params["reasoning"] = effort


def _anthropic_system(system: Any, tools: list[Json]) -> tuple[list[Any], p.CachePoint | None]:
    """The instructions, and the cache point that leads the conversation where it marks them or the tools."""
    blocks: list[Json] = [{"text": system}] if isinstance(system, str) else system or []
    marks = [block.pop("cache_control", None) for block in blocks]
    if any(marks[:-1]):
        raise Inexpressible("several cache points in the instructions")
    last = tools[-1].pop("cache_control", None) if tools and not blocks else None
    if any(tool.get("cache_control") for tool in tools):
        raise Inexpressible("a cache point on a tool, beside instructions")
    for block in blocks:
        _only(block, "instructions", "type", "text")
    mark = (marks[-1] if marks else None) or last
    return [SystemMessage(block["text"]) for block in blocks], _anthropic_mark(mark)


def _anthropic_mark(mark: Json | None) -> p.CachePoint | None:
    return p.CachePoint(mark.get("ttl")) if mark else None


def _anthropic_tool(tool: Json, servers: Mapping[str, Json]) -> Any:
    kind = tool.get("type", "custom")
    if kind == "custom":
        _only(tool, "a tool", "type", "name", "description", "input_schema", "strict")
        return _tool(tool["name"], tool.get("description"), tool["input_schema"], tool.get("strict"))
    if kind == "mcp_toolset":
        server = servers[tool["mcp_server_name"]]
        rest = {key: value for key, value in tool.items() if key not in ("type", "mcp_server_name")}
        return llm.MCPServer(**{key: value for key, value in server.items() if key != "type"}, **rest)
    made = ANTHROPIC_TOOLS.get(re.sub(r"_tool_.*|_\d+$", "", kind))
    if made is None:
        raise Inexpressible(f"the built-in tool {kind}")
    return made(**tool)


def _anthropic_turn(turn: Json, exchange: Exchange) -> Iterator[Any]:
    _only(turn, "a message", "role", "content")
    content = turn["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if turn["role"] == "system":
        if any(block["type"] != "text" for block in blocks):
            raise Inexpressible("tools added by a system message")
        yield SystemMessage("".join(block["text"] for block in blocks))
    elif turn["role"] == "user":
        yield UserMessage([part for block in blocks for part in _anthropic_parts(block)])
    elif all(_is_plain(block) for block in blocks):
        yield AssistantMessage([_anthropic_said(block) for block in blocks])
    elif any("cache_control" in block for block in blocks):
        raise Inexpressible("a cache point inside an answer")
    else:
        yield _theirs(exchange, {"content": content if isinstance(content, list) else blocks})


def _is_plain(block: Json) -> bool:
    known = {"text": {"type", "text"}, "tool_use": {"type", "id", "name", "input"}}
    return block.keys() == known.get(block["type"]) and block.get("text") != ""


def _anthropic_said(block: Json) -> p.Part:
    if block["type"] == "text":
        return p.Text(block["text"])
    return p.ToolCall(block["id"], block["name"], block["input"])


def _anthropic_parts(block: Json) -> Iterator[p.Part]:
    """One block, and the cache point on it."""
    mark = _anthropic_mark(block.pop("cache_control", None))
    yield _anthropic_part(block)
    if mark:
        yield mark


def _anthropic_part(block: Json) -> p.Part:
    kind = block["type"]
    if kind == "text" and block.keys() == {"type", "text"}:
        return p.Text(block["text"])
    if kind == "tool_result":
        _only(block, "a tool result", "type", "tool_use_id", "content", "is_error")
        return p.ToolOutput(
            block["tool_use_id"], "", _anthropic_result(block.get("content", "")), bool(block.get("is_error"))
        )
    if kind in ("image", "document") and block.keys() <= {"type", "source", "title"}:
        source, name = block["source"], {"name": block["title"]} if block.get("title") else {}
        cls = p.Image if kind == "image" else p.Document
        if source["type"] == "base64":
            made = _media(source["media_type"], source["data"])
            return cls(data=made.data, media_type=made.media_type, **name)
        if source["type"] == "text":
            return p.Document(data=source["data"].encode(), media_type="text/plain", **name)
        if source["type"] in ("url", "file"):
            return cls(url=source.get("url"), file_id=source.get("file_id"), **name)
    return p.Unknown(kind, block)


def _anthropic_result(content: Any) -> Any:
    if isinstance(content, str):
        return content
    if any("cache_control" in block for block in content):
        raise Inexpressible("a cache point inside a tool result")
    return [_anthropic_part(block) for block in content]


# --- OpenAI Chat Completions --------------------------------------------------------------------------------------

CHAT_PARAMS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "stop": "stop",
    "seed": "seed",
    "random_seed": "seed",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "parallel_tool_calls": "parallel_tools",
    "reasoning_effort": "reasoning",
    "verbosity": "verbosity",
}
WORDS = {"auto": "auto", "none": "none", "required": "required", "any": "required"}


def _read_chat(asked: Json, exchange: Exchange) -> Ask:
    asked.pop("model", None)
    if exchange.provider == "mistral" and "call_REDACTED" in json.dumps(asked):
        raise Inexpressible("ids that the recording hides, where Mistral's are of nine characters")
    if "functions" in asked or "function_call" in asked:
        raise Inexpressible("functions as they were before tools")
    params: Json = {}
    names: dict[str, str] = {}
    turns = asked.pop("messages")
    if turns and turns[-1].get("prefix") is True and turns[-1].keys() == {"role", "content", "prefix"}:
        params["prefill"] = turns.pop()["content"]
    messages = [_chat_turn(turn, exchange, names) for turn in turns]
    tools = asked.pop("tools", None)
    if tools:
        params["tools"] = [_chat_tool(tool) for tool in tools]
    choice = asked.pop("tool_choice", None)
    if choice is not None:
        name = (choice.get("function") or {}).get("name") if isinstance(choice, dict) else None
        params["tool_choice"] = _choice(choice, WORDS, name)
    form = asked.get("response_format") or {}
    if form.get("type") == "json_schema":
        _only(form["json_schema"], "a format", "name", "schema", "strict")
        _check_strict(form["json_schema"])
        params["format"] = _format(asked.pop("response_format")["json_schema"]["name"], form["json_schema"]["schema"])
    for theirs, ours in CHAT_PARAMS.items():
        if asked.get(theirs) is not None:
            params[ours] = asked.pop(theirs)
    if params.get("reasoning") == "none":
        params["reasoning"] = "off"
    logprobs = asked.pop("logprobs", None)
    if logprobs is not None:
        params["logprobs"] = asked.pop("top_logprobs", True) if logprobs else False
    return Ask(messages, params, asked)


def _chat_tool(tool: Json) -> Any:
    if tool.get("type", "function") != "function":
        raise Inexpressible(f"the built-in tool {tool['type']}")
    _only(tool, "a tool", "type", "function")
    _only(tool["function"], "a tool", "name", "description", "parameters", "strict")
    function = tool["function"]
    return _tool(function["name"], function.get("description"), function.get("parameters"), function.get("strict"))


def _chat_turn(turn: Json, exchange: Exchange, names: dict[str, str]) -> Any:
    role: str = turn["role"]
    content: Any = turn.get("content")
    if role in ("system", "developer"):
        _only(turn, "instructions", "role", "content")
        return SystemMessage(content if isinstance(content, str) else "".join(map(_chat_text, content)))
    if role == "user":
        _only(turn, "a message", "role", "content")
        return UserMessage([p.Text(content)] if isinstance(content, str) else [_chat_part(part) for part in content])
    if role == "assistant":
        calls = turn.get("tool_calls") or []
        names |= {call["id"]: call["function"]["name"] for call in calls if "function" in call and call.get("id")}
        plain = all(call.keys() == {"id", "type", "function"} and call["type"] == "function" for call in calls)
        if not plain or turn.keys() - {"role", "content", "tool_calls"} or not isinstance(content, str | None):
            return _theirs(exchange, turn)
        said = [p.Text(content)] if content else []
        return AssistantMessage([*said, *map(_chat_call, calls)])
    _only(turn, "a tool result", "role", "content", "tool_call_id", "name")
    value = content if isinstance(content, str) else "".join(map(_chat_text, content or []))
    id = turn.get("tool_call_id", "")
    return UserMessage([p.ToolOutput(id, turn.get("name") or names.get(id, ""), value)])


def _chat_call(call: Json) -> p.ToolCall:
    return p.ToolCall(call["id"], call["function"]["name"], {}, call["function"]["arguments"])


def _chat_text(part: Json) -> str:
    _only(part, "a text", "type", "text")
    if part["type"] != "text":
        raise Inexpressible(f"{part['type']} where a text belongs")
    return part["text"]


def _chat_part(part: Json) -> p.Part:
    kind = part["type"]
    if kind == "text" and part.keys() == {"type", "text"}:
        return p.Text(part["text"])
    if kind == "image_url" and part.keys() == {"type", "image_url"}:
        image = {"url": part["image_url"]} if isinstance(part["image_url"], str) else part["image_url"]
        if image.get("detail", "auto") == "auto":
            return _data_url(image["url"], p.Image)
    if kind == "input_audio" and isinstance(part[kind], dict):
        return _media("audio/" + part[kind]["format"].replace("mp3", "mpeg"), part[kind]["data"])
    if kind == "file":
        file = part["file"]
        if "file_id" in file:
            return p.Document(file_id=file["file_id"])
        return _data_url(file["file_data"], p.Document, name=file.get("filename"))
    return p.Unknown(kind, part)


# --- OpenAI Responses ---------------------------------------------------------------------------------------------

RESPONSES_TOOLS = {
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
RESPONSES_PARAMS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_output_tokens": "max_tokens",
    "parallel_tool_calls": "parallel_tools",
}
OF_THE_CALLER = ("computer_call_output", "apply_patch_call_output", "mcp_approval_response", "custom_tool_call_output")
"""Items that answer a call of the model's."""


def _read_responses(asked: Json, exchange: Exchange) -> Ask:
    asked.pop("model", None)
    params: Json = {}
    given = asked.pop("input", None)
    if given is None:
        raise Inexpressible("a prompt that is stored at OpenAI")
    asked.setdefault("store", True)
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    system = asked.pop("instructions", None)
    messages = [SystemMessage(system)] if system else []
    messages += _responses_turns(items, exchange)
    tools = asked.pop("tools", None)
    if tools:
        params["tools"] = [_responses_tool(tool) for tool in tools]
    choice = asked.pop("tool_choice", None)
    if isinstance(choice, dict) and choice.get("type") in RESPONSES_TOOLS:
        params["tool_choice"] = RESPONSES_TOOLS[choice["type"]](**choice)
    elif choice is not None:
        params["tool_choice"] = _choice(choice, WORDS, choice.get("name") if isinstance(choice, dict) else None)
    text = asked.get("text") or {}
    if (text.get("format") or {}).get("type") == "json_schema":
        form = text.pop("format")
        _only(form, "a format", "type", "name", "schema", "strict")
        _check_strict(form)
        params["format"] = _format(form["name"], form["schema"])
    if "verbosity" in text:
        params["verbosity"] = text.pop("verbosity")
    if not text:
        asked.pop("text", None)
    _responses_reasoning(asked, params)
    for theirs, ours in RESPONSES_PARAMS.items():
        if asked.get(theirs) is not None:
            params[ours] = asked.pop(theirs)
    return Ask(messages, params, asked)


def _responses_reasoning(asked: Json, params: Json) -> None:
    reasoning = asked.get("reasoning") or {}
    effort = reasoning.pop("effort", None)
    if reasoning.get("summary") == "auto":
        reasoning.pop("summary")
        params["reasoning"] = _thinking(effort=effort, visible=True)
    elif effort:
        params["reasoning"] = "off" if effort == "none" else effort
    if not reasoning:
        asked.pop("reasoning", None)


def _responses_tool(tool: Json) -> Any:
    kind = tool["type"]
    if kind == "function":
        _only(tool, "a tool", "type", "name", "description", "parameters", "strict")
        return _tool(tool["name"], tool.get("description"), tool.get("parameters"), tool.get("strict"))
    if kind not in RESPONSES_TOOLS:
        raise Inexpressible(f"the built-in tool {kind}")
    return RESPONSES_TOOLS[kind](**tool)


def _responses_turns(items: Sequence[Json], exchange: Exchange) -> Iterator[Any]:
    """Runs of items that the model wrote are one turn of its."""
    theirs: list[Json] = []
    for item in items:
        ours = _responses_item(item)
        if ours is None:
            theirs.append(item)
            continue
        if theirs:
            yield _theirs(exchange, theirs)
            theirs = []
        yield ours
    if theirs:
        yield _theirs(exchange, theirs)


def _responses_item(item: Json) -> Any:
    """A message of ours, or `None` for what the model wrote."""
    kind, role = item.get("type", "message"), item.get("role")
    if kind == "item_reference":
        raise Inexpressible("a reference to a stored item")
    if kind == "function_call_output":
        _only(item, "a tool result", "type", "call_id", "output", "id", "status")
        value = item["output"]
        value = value if isinstance(value, str) else [_responses_part(part) for part in value]
        return UserMessage([p.ToolOutput(item["call_id"], "", value)])
    if kind in OF_THE_CALLER or (kind != "message" and role in ("developer", "system", "user")):
        return UserMessage([p.Unknown(kind, item)])
    if kind == "message" and role in ("developer", "system", "user"):
        content = item["content"]
        _only(item, "a message", "type", "role", "content")
        parts = [p.Text(content)] if isinstance(content, str) else [_responses_part(part) for part in content]
        if role == "user":
            return UserMessage(parts)
        return SystemMessage("".join(part.text if isinstance(part, p.Text) else "" for part in parts))
    return None


def _responses_part(part: Json) -> p.Part:
    kind = part["type"]
    if kind == "input_text" and part.keys() == {"type", "text"}:
        return p.Text(part["text"])
    if kind == "input_image" and part.get("detail", "auto") == "auto":
        if part.get("file_id"):
            return p.Image(file_id=part["file_id"])
        return _data_url(part["image_url"], p.Image)
    if kind == "input_file" and part.keys() <= {"type", "file_id", "file_url", "file_data", "filename"}:
        if part.get("file_data"):
            return _data_url(part["file_data"], p.Document, name=part.get("filename"))
        if "filename" not in part:
            return p.Document(file_id=part.get("file_id"), url=part.get("file_url"))
    return p.Unknown(kind, part)


# --- Google generateContent ---------------------------------------------------------------------------------------

GOOGLE_TOOLS = {
    "googleSearch": llm.WebSearch,
    "urlContext": llm.WebFetch,
    "codeExecution": llm.CodeExecution,
    "fileSearch": llm.FileSearch,
    "googleMaps": llm.GoogleMaps,
    "computerUse": llm.ComputerUse,
}
GOOGLE_PARAMS = {
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "maxOutputTokens": "max_tokens",
    "seed": "seed",
    "stopSequences": "stop",
}
FREE = ("args", "response", "parametersJsonSchema", "responseJsonSchema", "parameters", "responseSchema", "labels")
"""Fields whose inside is the caller's own."""


def camel(value: Any) -> Any:
    """Google reads `inline_data` as it reads `inlineData`."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub(r"_(\w)", lambda m: m[1].upper(), key): inner for key, inner in value.items()}
    return {key: inner if key in FREE else camel(inner) for key, inner in named.items()}


def _read_google(asked: Json, exchange: Exchange) -> Ask:
    asked = camel(asked)
    asked.pop("model", None)
    params: Json = {}
    system = asked.pop("systemInstruction", None)
    parts = [{"text": system}] if isinstance(system, str) else (system or {}).get("parts") or []
    parts = [parts] if isinstance(parts, dict) else parts
    for part in parts:
        _only(part, "instructions", "text", *(() if part.get("thought") else ("thought",)))
    messages: list[Any] = [SystemMessage(part["text"]) for part in parts if part["text"]]
    contents = asked.pop("contents")
    turns = [contents] if isinstance(contents, dict) else contents
    messages += [_google_turn(content, exchange) for content in turns]
    tools = asked.pop("tools", None) or []
    made = [made for tool in ([tools] if isinstance(tools, dict) else tools) for made in _google_tools(tool)]
    params |= {"tools": made} if made else {}
    _google_choice(asked, params)
    _google_config(asked, params)
    if "cachedContent" in asked:
        params["cache"] = asked.pop("cachedContent")
    return Ask(messages, params, asked)


def _google_choice(asked: Json, params: Json) -> None:
    config = asked.get("toolConfig") or {}
    choice = config.pop("functionCallingConfig", None) or {}
    names = choice.get("allowedFunctionNames") or []
    mode = choice.get("mode")
    if mode == "ANY" and len(names) == 1:
        params["tool_choice"] = names[0]
    elif names or mode == "VALIDATED":
        raise Inexpressible("tool_choice among several tools")
    elif mode:
        params["tool_choice"] = {"AUTO": "auto", "ANY": "required", "NONE": "none"}[mode]
    if not config:
        asked.pop("toolConfig", None)


def _google_config(asked: Json, params: Json) -> None:
    config = asked.get("generationConfig") or {}
    if config.get("responseSchema") is not None:
        raise Inexpressible("a format in OpenAPI's dialect")
    if config.get("responseJsonSchema") is not None and config.pop("responseMimeType", None) == "application/json":
        params["format"] = _format("answer", _google_schema(config.pop("responseJsonSchema")))
    for theirs, ours in GOOGLE_PARAMS.items():
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
        params["reasoning"] = _thinking(
            effort=level.lower() if level else None,
            budget_tokens=thinking.get("thinkingBudget"),
            visible=thinking.get("includeThoughts"),
        )
    if not config:
        asked.pop("generationConfig", None)


def _google_tools(tool: Json) -> Iterator[Any]:
    for key, value in tool.items():
        if value is None:
            continue
        if key == "functionDeclarations":
            yield from map(_google_function, value)
        elif key == "mcpServers":
            yield from (llm.MCPServer(**server) for server in value)
        elif key in GOOGLE_TOOLS:
            yield GOOGLE_TOOLS[key](**value)
        else:
            raise Inexpressible(f"the built-in tool {key}")


def _google_function(function: Json) -> t.Tool[Any]:
    _only(function, "a tool", "name", "description", "parameters", "parametersJsonSchema")
    schema = _google_schema(function.get("parametersJsonSchema") or openapi(function.get("parameters")))
    return _tool(function["name"], function.get("description"), schema, None)


def _google_schema(schema: Any) -> Any:
    if any(f'"{word}":' in json.dumps(schema) for word in ("pattern", "minLength", "maxLength")):
        raise Inexpressible("limits in a schema that Gemini ignores, and ours says in words")
    return schema


def openapi(schema: Any) -> Any:
    """A schema in OpenAPI's dialect as JSON Schema: types are written in capitals there."""
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


def _google_turn(content: Json, exchange: Exchange) -> Any:
    parts = content.get("parts") or []
    parts = [parts] if isinstance(parts, dict) else parts
    if content.get("role") == "model":
        if all(part.keys() <= {"text"} or part.keys() <= {"functionCall"} for part in parts):
            return AssistantMessage([_google_said(part) for part in parts])
        return _theirs(exchange, content)
    return UserMessage([_google_part(part) for part in parts])


def _google_said(part: Json) -> p.Part:
    if "text" in part:
        return p.Text(part["text"])
    _only(part["functionCall"], "a call", "id", "name", "args")
    return p.ToolCall(
        part["functionCall"].get("id") or "", part["functionCall"]["name"], part["functionCall"].get("args") or {}
    )


def _google_part(part: Json) -> p.Part:
    part = {key: value for key, value in part.items() if not (key == "thought" and not value)}
    kind, *more = part
    value = part[kind]
    if more:
        return p.Unknown(kind, part)
    if kind == "text":
        return p.Text(value)
    if kind == "functionResponse":
        _only(value, "a tool result", "id", "name", "response")
        response = value["response"]
        error = response.keys() == {"error"}
        inner = response["error"] if error else response.get("output") if response.keys() == {"output"} else response
        return p.ToolOutput(value.get("id") or "", value["name"], inner, error)
    if kind == "inlineData" and value.keys() == {"mimeType", "data"}:
        return _media(value["mimeType"], value["data"])
    if kind == "fileData" and value.keys() <= {"mimeType", "fileUri"}:
        return p.Document(url=value["fileUri"], media_type=value.get("mimeType"))
    return p.Unknown(kind, part)


READERS: dict[str, Callable[[Json, Exchange], Ask]] = {
    "messages": _read_messages,
    "responses": _read_responses,
    "chat_completions": _read_chat,
    "generate_content": _read_google,
}
