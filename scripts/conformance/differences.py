"""Where our requests are meant to differ from recorded ones, each with its reason.

A difference is given as the one form to which both spellings are brought (`form`); the checks use them in this order.
"""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from support.request_readers.google import camel, openapi

Json = dict[str, Any]


class Difference(NamedTuple):
    """A difference that is meant: of which wire format, why, and the one form that both spellings have."""

    endpoint: str
    reason: str
    form: Callable[[Json], Json]
    provider: str = ""


# --- the same in one form -----------------------------------------------------------------------------------------


def without(*names: str) -> Callable[[Json], Json]:
    """Return a change that removes these fields of the body."""
    return lambda body: {key: value for key, value in body.items() if key not in names}


def without_nulls(value: Any) -> Any:
    """Return a copy without fields that are `null`, at any depth."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def each(key: str, change: Callable[[Json], Any]) -> Callable[[Json], Json]:
    """Return a change of every object in the list `key`."""

    def form(body: Json) -> Json:
        items = body.get(key)
        if not isinstance(items, list):
            return body
        return {**body, key: [change(item) if isinstance(item, dict) else item for item in items]}

    return form


def unless(name: str, value: Any) -> Callable[[Json], Json]:
    """Return a change that removes a field with its default value."""
    return lambda body: {key: inner for key, inner in body.items() if not (key == name and inner == value)}


def text_parts(kind: str) -> Callable[[Json], Json]:
    """Return a message with its text as a list of one part."""

    def form(message: Json) -> Json:
        content = message.get("content")
        return {**message, "content": [{"type": kind, "text": content}]} if isinstance(content, str) else message

    return form


def inside(key: str, change: Callable[[Json], Json]) -> Callable[[Json], Json]:
    """Return a change of what is under `key`, an object or a list of objects."""

    def form(body: Json) -> Json:
        inner = body.get(key)
        if isinstance(inner, list):
            return each(key, change)(body)
        return {**body, key: change(inner)} if isinstance(inner, dict) else body

    return form


def _system_text(body: Json) -> Json:
    blocks = body.get("system")
    if isinstance(blocks, list) and len(blocks) == 1 and "cache_control" not in blocks[0]:
        return {**body, "system": blocks[0]["text"]}
    return body


def _results_text(block: Json) -> Json:
    content = block.get("content")
    if block.get("type") == "tool_result" and isinstance(content, str):
        return {**block, "content": [{"type": "text", "text": content}] if content else []}
    return block


def _types_of_enums(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_types_of_enums(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    has_values = "enum" in schema or "const" in schema
    return {key: _types_of_enums(value) for key, value in schema.items() if not (has_values and key == "type")}


def _google_lists(body: Json) -> Json:
    """Normalise one content, one part and bare text to a list of one."""
    contents = body.get("contents")
    body = {**body, "contents": contents if isinstance(contents, list) else [contents]}
    if isinstance(body.get("systemInstruction"), str):
        body["systemInstruction"] = {"parts": [{"text": body["systemInstruction"]}]}
    return inside("contents", _parts_listed)(inside("systemInstruction", _parts_listed)(body))


def _parts_listed(content: Json) -> Json:
    parts = content.get("parts")
    return {**content, "parts": [parts]} if isinstance(parts, dict) else content


def _google_system(body: Json) -> Json:
    system = body.pop("systemInstruction", None)
    text = "\n\n".join(part.get("text", "") for part in (system or {}).get("parts", ()))
    return {**body, "systemInstruction": {"parts": [{"text": text}]}} if text else body


def _google_tools(body: Json) -> Json:
    """Normalise tools: functions in one entry, then each built-in tool in its own."""
    tools = body.pop("tools", None) or []
    tools = [tools] if isinstance(tools, dict) else tools
    functions = [function for tool in tools for function in tool.get("functionDeclarations") or ()]
    others = [{key: value} for tool in tools for key, value in tool.items() if key != "functionDeclarations"]
    sorted_ones = [*([{"functionDeclarations": functions}] if functions else []), *others]
    return {**body, "tools": sorted_ones} if sorted_ones else body


def _json_schema(function: Json) -> Json:
    schema = function.get("parametersJsonSchema") or openapi(function.get("parameters")) or {}
    schema = {key: value for key, value in schema.items() if key != "$schema"}
    rest = {key: value for key, value in function.items() if key not in ("parameters", "parametersJsonSchema")}
    return {**rest, "parametersJsonSchema": schema} if schema.get("properties") else rest


def _output(result: Json) -> Json:
    response = result.get("response", {})
    has_outcome = response.keys() == {"output"} or response.keys() == {"error"}
    return result if has_outcome else {**result, "response": {"output": response}}


def _parts(change: Callable[[Json], Json]) -> Callable[[Json], Json]:
    return each("contents", inside("parts", change))


def _functions(change: Callable[[Json], Json]) -> Callable[[Json], Json]:
    return each("tools", inside("functionDeclarations", change))


def _level(thinking: Json) -> Json:
    level = thinking.get("thinkingLevel")
    return {**thinking, "thinkingLevel": level.upper()} if level else thinking


def _not_mixed(body: Json) -> Json:
    kinds = {key for tool in body.get("tools", ()) for key in tool}
    if "functionDeclarations" not in kinds or len(kinds) == 1:
        return body
    config = {
        key: value for key, value in body.get("toolConfig", {}).items() if key != "includeServerSideToolInvocations"
    }
    choice = config.get("functionCallingConfig", {})
    if choice.get("mode") == "VALIDATED":
        config["functionCallingConfig"] = {**choice, "mode": "AUTO"}
    rest = {key: value for key, value in body.items() if key != "toolConfig"}
    return {**rest, "toolConfig": config} if config else rest


def _chat_message(message: Json) -> Json:
    """Normalise a message: text as one string, no empty text, one role for instructions."""
    content: Any = message.get("content")
    texts = isinstance(content, list) and bool(content) and all(part.keys() == {"type", "text"} for part in content)
    if texts and (message["role"] != "user" or len(content) == 1):
        message = {**message, "content": "".join(part["text"] for part in content)}
    if message["role"] == "assistant" and message.get("content") in (None, "", []):
        message = {key: value for key, value in message.items() if key != "content"}
    return {**message, "role": "system"} if message["role"] == "developer" else message


def _one_system(body: Json) -> Json:
    turns = list(body["messages"])
    leading: list[Any] = []
    while turns and turns[0]["role"] == "system":
        leading.append(turns.pop(0)["content"])
    if any(isinstance(content, list) for content in leading):
        texts = [[{"type": "text", "text": part}] if isinstance(part, str) else part for part in leading]
        return {**body, "messages": [{"role": "system", "content": [part for text in texts for part in text]}, *turns]}
    text = "\n\n".join(filter(None, leading))
    return {**body, "messages": [*([{"role": "system", "content": text}] if text else []), *turns]}


def _image_url(part: Json) -> Json:
    url = part.get("image_url")
    image = {"url": url} if isinstance(url, str) else url
    return {**part, "image_url": unless("detail", "auto")(image)} if isinstance(image, dict) else part


def _nine_characters(body: Json) -> Json:
    """Normalise ids of tool calls, which Mistral limits to nine characters, by their order."""
    text = json.dumps(body["messages"])
    ids = dict.fromkeys(re.findall(r'"(?:tool_call_)?id": "([^"]+)"', text))
    for place, id in enumerate(ids):
        text = text.replace(json.dumps(id), f'"call {place}"')
    return {**body, "messages": json.loads(text)}


def renamed(old: str, new: str) -> Callable[[Json], Json]:
    return lambda body: {new if key == old else key: value for key, value in body.items()}


def _closed(schema: Any) -> Any:
    """Return a strict schema without what strictness implies (all required, objects closed) and without defaults."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    dropped = ("$schema", "default", "required", "additionalProperties", "nullable")
    if schema.get("nullable") is True and isinstance(schema.get("type"), str):
        schema = {**schema, "type": [schema["type"], "null"]}
    return {key: _closed(value) for key, value in schema.items() if key not in dropped}


def _strict_tool(function: Json) -> Json:
    return inside("parameters", _closed)(function) if function.get("strict") else function


def _named_file(part: Json) -> Json:
    return (
        {**part, "file": {"filename": "document.pdf", **part["file"]}} if "file_data" in part.get("file", ()) else part
    )


def _listed_input(body: Json) -> Json:
    given = body["input"]
    return {**body, "input": [{"role": "user", "content": given}] if isinstance(given, str) else given}


def _item(item: Json) -> Json:
    """Normalise messages of the caller: no type, text as a list of one part, one role for instructions."""
    role = item.get("role")
    if role not in ("user", "system", "developer") or "content" not in item:
        return item
    item = {**without("type")(item), "role": "user" if role == "user" else "developer"}
    return text_parts("input_text")(item)


def _instructions(body: Json) -> Json:
    items = list(body["input"])
    instructions = [body["instructions"]] if body.get("instructions") else []
    while items and items[0].get("role") == "developer" and "type" not in items[0]:
        instructions.append("".join(part["text"] for part in items.pop(0)["content"]))
    rest = {**without("instructions")(body), "input": items}
    return {**rest, "instructions": "\n\n".join(instructions)} if instructions else rest


def _include(body: Json) -> Json:
    return {**body, "include": sorted({*body.get("include", ()), "reasoning.encrypted_content"})}


def _result(item: Json) -> Json:
    return without("id", "status")(item) if item.get("type") == "function_call_output" else item


def _schema(key: str) -> Callable[[Json], Json]:
    return lambda tool: inside(key, _closed)(tool) if tool.get("strict") else tool


DIFFERENCES = (
    Difference("messages", "whether it is a stream is said by the method that is called", without("stream")),
    Difference("messages", "clouds name the version and the model elsewhere", without("anthropic_version", "model")),
    Difference("messages", "null says the same as nothing", without_nulls),
    Difference("messages", "a text is a list of one text block", each("messages", text_parts("text"))),
    Difference("messages", "one block of instructions is a text", _system_text),
    Difference(
        "messages", "a tool's text is a list of one text block", each("messages", inside("content", _results_text))
    ),
    Difference(
        "messages",
        "a tool result is no error unless it says so",
        each("messages", inside("content", unless("is_error", False))),
    ),
    Difference(
        "messages", "five minutes is the lifetime of a cache unless said", inside("cache_control", unless("ttl", "5m"))
    ),
    Difference("messages", "a tool is not strict unless said", each("tools", unless("strict", False))),
    Difference("messages", "an empty description is none", each("tools", unless("description", ""))),
    Difference("messages", "an empty list of tools is none", unless("tools", [])),
    Difference("messages", "who asks for an effort asks for thinking", unless("thinking", {"type": "adaptive"})),
    Difference(
        "messages",
        "the type of an enum is said by its values",
        inside("output_config", inside("format", inside("schema", _types_of_enums))),
    ),
    Difference("generate_content", "Google reads snake_case as camelCase", camel),
    Difference("generate_content", "null says the same as nothing", without_nulls),
    Difference("generate_content", "one of something is a list of one", _google_lists),
    Difference(
        "generate_content", "who says nothing is the user", each("contents", lambda turn: {"role": "user", **turn})
    ),
    Difference("generate_content", "instructions are one text, and of no role", _google_system),
    Difference("generate_content", "a part is no thought unless it says so", _parts(unless("thought", False))),
    Difference(
        "generate_content",
        "a result with neither `output` nor `error` is the output",
        _parts(inside("functionResponse", _output)),
    ),
    Difference("generate_content", "tools stand in no order of meaning", _google_tools),
    Difference("generate_content", "an empty description is none", _functions(unless("description", ""))),
    Difference(
        "generate_content",
        "schemas are JSON Schema, and need not say so; one without properties is none",
        _functions(_json_schema),
    ),
    Difference("generate_content", "an empty configuration is none", unless("generationConfig", {})),
    Difference(
        "generate_content", "levels are read in any case", inside("generationConfig", inside("thinkingConfig", _level))
    ),
    Difference(
        "generate_content",
        "Gemini 3 wants to be told when own and built-in tools come together, and guarantees arguments only as VALIDATED",
        _not_mixed,
    ),
    Difference(
        "chat_completions",
        "whether it is a stream is said by the method that is called",
        without("stream", "stream_options"),
    ),
    Difference("chat_completions", "null says the same as nothing", without_nulls),
    Difference(
        "chat_completions",
        "text is one string; instructions have one role, by model and host",
        each("messages", _chat_message),
    ),
    Difference("chat_completions", "instructions are one text", _one_system),
    Difference(
        "chat_completions",
        "an image's URL stands in an object; its detail is OpenAI's choice unless said",
        each("messages", inside("content", _image_url)),
    ),
    Difference("chat_completions", "Mistral takes ids of nine characters", _nine_characters, "mistral"),
    Difference("chat_completions", "the limit of tokens has two names", renamed("max_completion_tokens", "max_tokens")),
    Difference("chat_completions", "Mistral's seed has a name of its own", renamed("random_seed", "seed")),
    Difference(
        "chat_completions",
        "a tool is not strict unless said",
        each("tools", inside("function", unless("strict", False))),
    ),
    Difference(
        "chat_completions", "an empty description is none", each("tools", inside("function", unless("description", "")))
    ),
    Difference(
        "chat_completions",
        "the dialect of strict schemas",
        inside("response_format", inside("json_schema", inside("schema", _closed))),
    ),
    Difference(
        "chat_completions", "a tool is a function unless said", each("tools", lambda tool: {"type": "function", **tool})
    ),
    Difference("chat_completions", "the dialect of strict schemas", each("tools", inside("function", _strict_tool))),
    Difference("chat_completions", "an empty list of tools is none", unless("tools", [])),
    Difference("chat_completions", "a file has a name", each("messages", inside("content", _named_file))),
    Difference("chat_completions", "Azure's model stands in the URL", unless("model", ""), "azure-openai"),
    Difference(
        "chat_completions",
        "some hosts have two words for it",
        lambda body: {**body, "tool_choice": "required"} if body.get("tool_choice") == "any" else body,
    ),
    Difference(
        "responses", "whether it is a stream is said by the method that is called", without("stream", "stream_options")
    ),
    Difference("responses", "null says the same as nothing", without_nulls),
    Difference("responses", "a bare text is what the user says", _listed_input),
    Difference("responses", "messages are written in the easy form", each("input", _item)),
    Difference("responses", "instructions lead the conversation, as one text", _instructions),
    Difference("responses", "reasoning always comes back encrypted, so that it can be replayed", _include),
    Difference("responses", "whether it is stored is always said", lambda body: {"store": True, **body}),
    Difference("responses", "the result of a call has no id, and is complete", each("input", _result)),
    Difference(
        "responses",
        "a tool is not strict unless said, which the API must be told",
        each("tools", lambda tool: {"strict": False, **tool} if tool["type"] == "function" else tool),
    ),
    Difference("responses", "an empty description is none", each("tools", unless("description", ""))),
    Difference("responses", "an empty list of tools is none", unless("tools", [])),
    Difference("responses", "the dialect of strict schemas", each("tools", _schema("parameters"))),
    Difference("responses", "the dialect of strict schemas", inside("text", inside("format", _schema("schema")))),
    Difference(
        "responses",
        "an image's detail is OpenAI's choice unless said",
        each("input", inside("content", unless("detail", "auto"))),
    ),
    Difference(
        "responses",
        "an image's detail is OpenAI's choice unless said",
        each("input", inside("output", unless("detail", "auto"))),
    ),
)
