"""A neutral request -> the JSON body of `POST models/{model}:generateContent`. Pure: no SDK, no I/O.

Source: google-genai 3.4.0 `models._GenerateContentConfig_to_mldev` (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from capably.providers.google.content import CONTENT, CONTINUATION, SYSTEM_MESSAGES, encode_contents
from capably.providers.google.schema import encode_schema
from capably.providers.spellings import (
    Body,
    NoSpellingError,
    Spelling,
    Spellings,
    each_of,
    field,
    inner_body,
    merge_extra,
    no_field,
    nothing,
    write_feature,
)
from capably.types.format import Format
from capably.types.request import Request
from capably.types.tools import BuiltinTool, Tool

if TYPE_CHECKING:
    from capably.types.tools import AnyTool

WIRE = "google"
"""The key under which tools and formats keep their encoded form."""

BUILTIN_TOOLS: Mapping[str, str] = {
    "web_search": "googleSearch",
    "web_fetch": "urlContext",
    "code_execution": "codeExecution",
    "file_search": "fileSearch",
    "google_maps": "googleMaps",
    "computer_use": "computerUse",
}
"""The registry's word -> the field of `tools[]` that turns it on."""

CHOICES: Mapping[str, str] = {"auto": "AUTO", "none": "NONE", "required": "ANY"}

LEVELS = ("minimal", "low", "medium", "high", "xhigh")
"""Efforts that `thinkingLevel` has a word for."""


def encode_request(request: Request) -> Body:
    """Return the body, `request.extra` merged in last. Raises `NoSpellingError` for what the format cannot carry."""
    contents, token = encode_contents(request)
    body: Body = {"contents": contents}
    if request.system:
        body["systemInstruction"] = {"parts": [{"text": request.system}]}
    for name, value in request.params.items():
        if value is not None:
            feature = "cache.named" if name == "cache" and "cachedContents/" in str(value) else name
            write_feature(SPELLINGS, feature, value, body, request)
    if token is not None:
        body[CONTINUATION] = token
    return merge_extra(body, request.extra)


def _config(body: Body) -> Body:
    return inner_body(body, "generationConfig")


def _append(body: Body, key: str, item: object) -> None:
    """Append an item to a list of the body. It is made where it is missing."""
    cast("list[object]", body.setdefault(key, [])).append(item)


def _texts(stop: str | Sequence[str]) -> list[str]:
    return [stop] if isinstance(stop, str) else list(stop)


def _encode_logprobs(body: Body, logprobs: int | bool, _request: Request) -> None:
    if logprobs is False:
        return
    config = _config(body)
    config["responseLogprobs"] = True
    if logprobs is not True and logprobs > 0:
        config["logprobs"] = logprobs


def _encode_kind(body: Body, kind: str, _request: Request) -> None:
    _append(_config(body), "responseModalities", kind.upper())


def _encode_prefill(body: Body, prefill: str, _request: Request) -> None:
    _append(body, "contents", {"role": "model", "parts": [{"text": prefill}]})


def _encode_format(body: Body, format: Format, request: Request) -> None:
    config = _config(body)
    config["responseMimeType"] = "application/json"
    facts = request.info.facts if request.info else None
    if facts is None or facts["structured_output"] != "json_object":
        if WIRE not in format.wire:
            format.wire[WIRE] = encode_schema(format.schema)
        config["responseJsonSchema"] = format.wire[WIRE]


def _encode_tools(body: Body, tools: Sequence[AnyTool | BuiltinTool], request: Request) -> None:
    functions = [_encode_tool(tool) for tool in tools if isinstance(tool, Tool)]
    builtin = [tool for tool in tools if isinstance(tool, BuiltinTool)]
    if functions:
        body["tools"] = [{"functionDeclarations": functions}]
    for tool in builtin:
        write_feature(SPELLINGS, f"builtin_tools.{tool.kind}", tool, body, request)
    if functions and builtin:
        # Else 400: "Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function
        # calling."
        inner_body(body, "toolConfig")["includeServerSideToolInvocations"] = True
    if "tool_choice" not in request.params and any(isinstance(tool, Tool) and tool.strict for tool in tools):
        _encode_tool_choice(body, "auto", request)


def _encode_tool(tool: AnyTool) -> Mapping[str, object]:
    """Return a function declaration, made once per tool. A function without parameters is declared without a schema."""
    encoded = tool.wire.get(WIRE)
    if encoded is None:
        declared: Body = {"name": tool.name}
        if tool.description:
            declared["description"] = tool.description
        if tool.parameters.get("properties"):
            declared["parametersJsonSchema"] = encode_schema(tool.parameters)
        tool.wire[WIRE] = encoded = {**declared, **tool.extra}
    return encoded


def _builtin(kind: str) -> Spelling:
    def encode(body: Body, tool: BuiltinTool, _: Request) -> None:
        _append(body, "tools", {BUILTIN_TOOLS[kind]: tool.options})

    return Spelling(f"tools.{BUILTIN_TOOLS[kind]}", encode)


def _encode_mcp(body: Body, tool: BuiltinTool, _: Request) -> None:
    """Add a server to the one entry that has all of them."""
    entries = cast("Sequence[Body]", body.get("tools", ()))
    entry = next((entry for entry in entries if "mcpServers" in entry), None)
    if entry is None:
        _append(body, "tools", entry := {})
    _append(entry, "mcpServers", tool.options)


def _encode_tool_choice(body: Body, choice: str | AnyTool, request: Request) -> None:
    """Write `functionCallingConfig`. Only the modes `ANY` and `VALIDATED` guarantee that arguments fit."""
    tools: Sequence[AnyTool | BuiltinTool] = request.params.get("tools") or ()
    functions = [tool for tool in tools if isinstance(tool, Tool)]
    name = choice.name if isinstance(choice, Tool) else choice
    if isinstance(choice, str) and choice in CHOICES:
        mixed = 0 < len(functions) < len(tools)
        guarded = choice == "auto" and (mixed or any(tool.strict for tool in functions))
        config: Body = {"mode": "VALIDATED" if guarded else CHOICES[choice]}
    elif any(tool.name == name for tool in functions):
        config = {"mode": "ANY", "allowedFunctionNames": [name]}
    else:
        why, instead = "No function of that name is among the tools of this call.", "Pass it in tools="
        raise NoSpellingError("tool_choice", choice, why, instead, (*CHOICES, *(tool.name for tool in functions)))
    inner_body(body, "toolConfig")["functionCallingConfig"] = config


_THINKING = "generationConfig.thinkingConfig"

SPELLINGS: Spellings = {
    "system": Spelling("systemInstruction"),
    "system_messages": SYSTEM_MESSAGES,
    "temperature": field("generationConfig.temperature"),
    "top_p": field("generationConfig.topP"),
    "top_k": field("generationConfig.topK"),
    "presence_penalty": field("generationConfig.presencePenalty"),
    "frequency_penalty": field("generationConfig.frequencyPenalty"),
    "max_tokens": field("generationConfig.maxOutputTokens"),
    "seed": field("generationConfig.seed"),
    "stop": field("generationConfig.stopSequences", _texts),
    "logprobs": Spelling("generationConfig.responseLogprobs", _encode_logprobs, plain=True),
    "verbosity": no_field(instead="Ask for brevity in words"),
    "prefill": Spelling("contents", _encode_prefill),
    "format": Spelling("generationConfig.responseJsonSchema", _encode_format),
    "reasoning": Spelling(_THINKING, each_of("reasoning", lambda: SPELLINGS)),
    "reasoning.effort": field(f"{_THINKING}.thinkingLevel", str.upper, words=LEVELS),
    "reasoning.off": field(f"{_THINKING}.thinkingBudget", lambda _: 0),
    "reasoning.budget_tokens": field(f"{_THINKING}.thinkingBudget"),
    "reasoning.visible": field(f"{_THINKING}.includeThoughts"),
    "tools": Spelling("tools", _encode_tools),
    "tools.strict": Spelling("toolConfig"),
    "tool_choice": Spelling("toolConfig.functionCallingConfig", _encode_tool_choice),
    "tool_choice.forced": Spelling("toolConfig.functionCallingConfig"),
    "tool_choice.builtin": no_field("Only tools of your own can be forced."),
    "parallel_tools": Spelling("tools", nothing, (True,), why="Gemini has no switch for it."),
    "cache": no_field(
        "Gemini caches repeated beginnings by itself; lifetimes belong to caches that you make beforehand.",
        'Name such a cache (cache="cachedContents/...")',
    ),
    "cache.named": field("cachedContent"),
    "output": Spelling("generationConfig.responseModalities", each_of("output", lambda: SPELLINGS)),
    **{
        f"output.{kind}": Spelling("generationConfig.responseModalities", _encode_kind)
        for kind in ("text", "image", "audio", "video")
    },
    "builtin_tools.mcp": Spelling("tools.mcpServers", _encode_mcp),
    **{f"builtin_tools.{kind}": _builtin(kind) for kind in BUILTIN_TOOLS},
    **CONTENT,
}
"""generateContent: feature -> its spelling."""
