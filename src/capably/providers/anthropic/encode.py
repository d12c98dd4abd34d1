"""A request, ours to Anthropic's wire: `POST /v1/messages`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from capably.providers.anthropic.content import CONTENT, cache_control, container_of, encode_conversation, entries_of
from capably.providers.anthropic.schema import LooseSchemaError, adapt_schema, check_ends
from capably.providers.anthropic.schema_size import check_sizes
from capably.providers.spellings import (
    Body,
    NoSpellingError,
    Spelling,
    Spellings,
    each_of,
    field,
    lack,
    merge_extra,
    no_field,
    nothing,
    put,
    write_feature,
)
from capably.types.format import Format
from capably.types.reasoning import Reasoning
from capably.types.request import Request
from capably.types.tools import BuiltinTool, Tool

if TYPE_CHECKING:
    from typing import Literal

    from capably.types.reasoning import Effort
    from capably.types.tools import AnyTool

    Level: TypeAlias = Literal["off"] | Effort | Reasoning[object, int]

DEFAULT_MAX_TOKENS = 8192
"""`max_tokens` is required on the wire; this is sent where the model's own limit is unknown."""

BUILTIN_TOOLS: dict[str, dict[str, str]] = {
    "bash": {"type": "bash_20250124", "name": "bash"},
    "browser_use": {"type": "browser_toolset_20260801"},
    "code_execution": {"type": "code_execution_20260521", "name": "code_execution"},
    "computer_use": {"type": "computer_toolset_20260801"},
    "memory": {"type": "memory_20250818", "name": "memory"},
    "text_editor": {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
    "tool_search": {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"},
    "web_fetch": {"type": "web_fetch_20260318", "name": "web_fetch"},
    "web_search": {"type": "web_search_20260318", "name": "web_search"},
}
"""Our word -> the newest generally available version. Source: anthropic 2.12.0, types/tool_union_param.py."""

MCP_TOOLSET = ("cache_control", "configs", "default_config", "tools")
"""Options of `MCPServer` that belong to its entry in `tools`; the others describe the server."""

CHOICES = {"auto": "auto", "none": "none", "required": "any"}

OFF = ("disabled", "between_tools")
"""Words of `thinking.type` that turn reasoning off; a model of which the registry knows none gets the first."""

DISPLAY = {True: "summarized", False: "omitted"}


def encode_request(request: Request, *, provider: str = "anthropic") -> Body:
    """Return the JSON body of `request`, without `stream`; `extra` is merged in last.

    Raises `NoSpellingError` for what has no spelling here.
    """
    body: Body = {"model": request.model_id, "max_tokens": _most(request)}
    if request.system and not request.system.isspace():
        body["system"] = []  # Its place in the body: it is written with the messages, whose cache points may mark it.
    for name, value in request.params.items():
        if value is not None and name != "prefill":
            write_feature(SPELLINGS, name, value, body, request)
    encode_conversation(body, request, provider=provider)
    prefill = request.params.get("prefill")
    if prefill is not None:
        write_feature(SPELLINGS, "prefill", prefill, body, request)
    if any(isinstance(tool, BuiltinTool) for tool in request.params.get("tools") or ()):
        container = container_of(request, provider=provider)
        if container is not None:
            body["container"] = container
    return merge_extra(body, request.extra)


def _most(request: Request) -> int:
    """Return the limit to send if the call sets none."""
    limit = request.info.limits.get("output") if request.info else None
    reasoning: Level | None = request.params.get("reasoning")
    budget = reasoning.budget_tokens if isinstance(reasoning, Reasoning) else None
    return limit or DEFAULT_MAX_TOKENS + (budget or 0)


def _tools(body: Body, tools: Sequence[AnyTool | BuiltinTool], request: Request) -> None:
    entries, strict = entries_of(body, "tools") if tools else [], False
    for tool in tools:
        if isinstance(tool, BuiltinTool):
            write_feature(SPELLINGS, f"builtin_tools.{tool.kind}", tool, body, request)
        else:
            strict = strict or tool.strict is True
            entries.append(_tool(tool))
    if strict:
        check_sizes(request.params)


def _tool(tool: AnyTool) -> Mapping[str, object]:
    """Return the tool's entry in `tools`, made once. Only `strict` tools are converted to the dialect."""
    wire = tool.wire.get("anthropic")
    if wire is None:
        schema: Mapping[str, object] = {"type": "object", **tool.parameters}
        described = {"description": tool.description} if tool.description else {}
        strict = tool.strict is True
        schema = _adapted(schema, "tools.strict", tool) if strict else schema
        own = {"name": tool.name, **described, "input_schema": schema, **({"strict": True} if strict else {})}
        tool.wire["anthropic"] = wire = {**own, **tool.extra}
    return wire


def _builtin(kind: str) -> Spelling:
    def encode(body: Body, tool: BuiltinTool, _: Request) -> None:
        entries_of(body, "tools").append({**BUILTIN_TOOLS[kind], **tool.options})

    return Spelling("tools", encode)


def _mcp(body: Body, tool: BuiltinTool, _: Request) -> None:
    server = {key: value for key, value in tool.options.items() if key not in MCP_TOOLSET}
    toolset = {key: value for key, value in tool.options.items() if key in MCP_TOOLSET}
    entries_of(body, "mcp_servers").append({"type": "url", **server})
    entry = {"type": "mcp_toolset", "mcp_server_name": server.get("name"), **toolset}
    entries_of(body, "tools").append(entry)


def _tool_choice(body: Body, _: object, request: Request) -> None:
    """Write `tool_choice`, which also holds the switch for parallel calls."""
    choice: str | AnyTool | BuiltinTool = request.params.get("tool_choice") or "auto"
    parallel = request.params.get("parallel_tools")
    if isinstance(choice, BuiltinTool):
        raise lack(SPELLINGS, "tool_choice.builtin", choice)
    name = choice.name if isinstance(choice, Tool) else choice
    wire: Body = {"type": CHOICES[name]} if name in CHOICES else {"type": "tool", "name": name}
    if parallel is not None and name != "none":
        wire["disable_parallel_tool_use"] = not parallel
    body["tool_choice"] = wire


def _format(body: Body, format: Format, request: Request) -> None:
    wire = format.wire.get("anthropic")
    if wire is None:
        wire = {"type": "json_schema", "schema": _adapted(format.schema, "format", format)}
        format.wire["anthropic"] = wire
    check_sizes(request.params)
    put(body, "output_config.format", wire)


def _adapted(schema: Mapping[str, object], feature: str, value: object) -> Body:
    try:
        if feature == "tools.strict":
            check_ends(schema)
        return adapt_schema(schema)
    except LooseSchemaError as error:
        raise NoSpellingError(feature, value, error.why, error.instead) from None


def _reasoning(body: Body, value: Level, request: Request) -> None:
    """Write `thinking` and `output_config.effort`. Models without facts get the newest spelling."""
    facts = request.info.facts["reasoning"] if request.info and request.info.facts else None
    style, off = ("adaptive", OFF[0]) if facts is None or facts == "unverified" else (facts["style"], facts["off"])
    if value == "off":
        body["thinking"] = {"type": off if off in OFF else OFF[0]}
        return
    settings: Reasoning[object, int] = value if isinstance(value, Reasoning) else Reasoning(effort=value)
    if settings.effort is not None:
        put(body, "output_config.effort", settings.effort)
    thinking: Body = {}
    if settings.budget_tokens is not None:
        thinking = {"type": "enabled", "budget_tokens": settings.budget_tokens}
    elif style == "adaptive" or settings.effort is None or settings.visible is not None:
        thinking = {"type": "adaptive"}
    if settings.visible is not None:
        thinking["display"] = DISPLAY[settings.visible]
    if thinking:
        body["thinking"] = thinking


def _prefill(body: Body, text: str, _: Request) -> None:
    entries_of(body, "messages").append({"role": "assistant", "content": [{"type": "text", "text": text}]})


def _texts(stop: str | Sequence[str]) -> list[str]:
    return [stop] if isinstance(stop, str) else list(stop)


_OLD_VERSION = (
    "Anthropic's API version 2026-10-21 rejects it for every model; those before Claude Opus 4.7 take it with "
    'headers={"anthropic-version": "2023-06-01"}.'
)

SPELLINGS: Spellings = {
    "system": Spelling("system"),
    "system_messages": Spelling("messages"),
    "max_tokens": field("max_tokens"),
    "temperature": field("temperature", why=_OLD_VERSION),
    "top_p": field("top_p", why=_OLD_VERSION),
    "top_k": field("top_k", why=_OLD_VERSION),
    "stop": field("stop_sequences", _texts),
    "seed": no_field(),
    "logprobs": no_field("Anthropic returns no log probabilities."),
    "verbosity": no_field(instead="Ask for brevity in words"),
    "prefill": Spelling("messages", _prefill),
    "format": Spelling("output_config.format", _format),
    "reasoning": Spelling("thinking", _reasoning),
    "reasoning.effort": Spelling("output_config.effort"),
    "reasoning.off": Spelling("thinking.type"),
    "reasoning.budget_tokens": Spelling("thinking.budget_tokens", below="max_tokens"),
    "reasoning.visible": Spelling("thinking.display"),
    "tools": Spelling("tools", _tools),
    "tools.strict": Spelling("tools"),
    "tool_choice": Spelling("tool_choice", _tool_choice),
    "tool_choice.forced": Spelling("tool_choice"),
    "tool_choice.builtin": no_field(
        "Only tools of your own can be forced.", 'Pass "auto", "none", "required" or such a tool'
    ),
    "parallel_tools": Spelling("tool_choice.disable_parallel_tool_use", _tool_choice),
    "cache": field("cache_control", cache_control),
    "output": Spelling("messages", each_of("output", lambda: SPELLINGS)),
    "output.text": Spelling("messages", nothing),
    "builtin_tools.mcp": Spelling("mcp_servers", _mcp),
    **{f"builtin_tools.{kind}": _builtin(kind) for kind in BUILTIN_TOOLS},
    **CONTENT,
}
"""The Messages API: feature -> its spelling. Source: anthropic 2.12.0, types/message_create_params.py."""
