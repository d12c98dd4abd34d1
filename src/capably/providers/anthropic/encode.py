"""A request, ours to Anthropic's wire: `POST /v1/messages`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from capably.providers.anthropic.content import cache_control, container_of, encode_messages
from capably.providers.anthropic.schema import adapt_schema
from capably.providers.json import is_object
from capably.types.errors import UnsupportedFeatureError
from capably.types.facts import UNVERIFIED, ModelInfo
from capably.types.format import Format
from capably.types.reasoning import Reasoning
from capably.types.request import Request
from capably.types.tools import BuiltinTool, Tool

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

OFF = {"disabled": "disabled", "between_tools": "between_tools"}
"""The registry's word for how reasoning is turned off -> `thinking.type`; any other word is sent as `disabled`."""

DISPLAY = {True: "summarized", False: "omitted"}

_NO_SAMPLING = (
    "Anthropic's API version 2026-10-21 rejects it for every model. Drop the argument, or, for models before "
    'Claude Opus 4.7, send it anyway with extra={"%s": ...} and headers={"anthropic-version": "2023-06-01"}.'
)
REFUSED = {
    "temperature": _NO_SAMPLING % "temperature",
    "top_p": _NO_SAMPLING % "top_p",
    "top_k": _NO_SAMPLING % "top_k",
    "seed": "Anthropic has no seed. Drop the argument.",
    "logprobs": "Anthropic returns no log probabilities. Drop the argument.",
    "verbosity": "Anthropic has no verbosity switch. Drop the argument and ask for brevity in `system`.",
}


class Target(NamedTuple):
    """The model that is called: its name as users write it, and what the registry knows of it."""

    name: str
    info: ModelInfo | None


def encode_request(request: Request, *, provider: str = "anthropic") -> dict[str, Any]:
    """The JSON body of `request`, without `stream`; `extra` is merged in last.

    Raises `UnsupportedFeatureError` for every parameter and part that has no spelling here.
    """
    model = request.info.id if request.info else f"{provider}/{request.model_id}"
    target = Target(model, request.info)
    params = {name: value for name, value in request.params.items() if value is not None}
    for name, value in params.items():
        if name not in _PARAMS:
            raise _refusal(model, name, value, REFUSED.get(name, "Anthropic's adapter does not know it. Drop it."))
    body: dict[str, Any] = {"model": request.model_id, "max_tokens": _max_tokens(request, params)}
    if request.system and not request.system.isspace():
        body["system"] = request.system
    for name, encode in _PARAMS.items():
        if name in params and encode is not None:
            encode(body, params[name], target)
    _check_thinking(body, model)
    encode_messages(body, request, provider=provider, model=model)
    if "prefill" in params:
        body["messages"].append({"role": "assistant", "content": [{"type": "text", "text": params["prefill"]}]})
    if any(isinstance(tool, BuiltinTool) for tool in params.get("tools", ())):
        container = container_of(request, provider=provider)
        if container is not None:
            body["container"] = container
    return merge(body, request.extra) if request.extra else body


def merge(base: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `extra` written over it, objects inside objects too. Neither is changed."""
    merged = dict(base)
    for key, value in extra.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if is_object(old) and is_object(value) else value
    return merged


def _max_tokens(request: Request, params: Mapping[str, Any]) -> int:
    if "max_tokens" in params:
        return params["max_tokens"]
    limit = request.info.limits["output"] if request.info else None
    if limit:
        return limit
    return DEFAULT_MAX_TOKENS + (_wanted(params.get("reasoning")).budget_tokens or 0)


def _tools(body: dict[str, Any], tools: Sequence[Any], target: Target) -> None:
    encoded: list[dict[str, Any]] = []
    for tool in tools:
        if isinstance(tool, Tool):
            encoded.append(_tool(tool, target))  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(tool, BuiltinTool) and tool.kind == "mcp":
            server = {key: value for key, value in tool.options.items() if key not in MCP_TOOLSET}
            toolset = {key: value for key, value in tool.options.items() if key in MCP_TOOLSET}
            body.setdefault("mcp_servers", []).append({"type": "url", **server})
            encoded.append({"type": "mcp_toolset", "mcp_server_name": server.get("name"), **toolset})
        elif isinstance(tool, BuiltinTool) and tool.kind in BUILTIN_TOOLS:
            encoded.append({**BUILTIN_TOOLS[tool.kind], **tool.options})
        else:
            kind = tool.kind if isinstance(tool, BuiltinTool) else type(tool).__name__
            known = (*BUILTIN_TOOLS, "mcp")
            raise _refusal(
                target.name, "tools", tool, f"Anthropic has no tool {kind!r}; it has {', '.join(known)}.", known
            )
    if encoded:
        body["tools"] = encoded


def _tool(tool: Tool[Any], target: Target) -> dict[str, Any]:
    """The tool's entry in `tools`, made once. Only `strict` tools are held to the dialect."""
    wire: dict[str, Any] | None = tool.wire.get("anthropic")
    if wire is None:
        wire = {"name": tool.name}
        if tool.description:
            wire["description"] = tool.description
        if tool.strict is True:
            wire["input_schema"] = adapt_schema({"type": "object", **tool.parameters}, model=target.name)
            wire["strict"] = True
        else:
            wire["input_schema"] = {"type": "object", **tool.parameters}
        tool.wire["anthropic"] = wire = {**wire, **tool.extra}
    return wire


def _tool_choice(body: dict[str, Any], choice: Any, target: Target) -> None:
    name = choice.name if isinstance(choice, Tool) else choice
    if not isinstance(name, str):
        raise _refusal(
            target.name,
            "tool_choice",
            choice,
            'Pass "auto", "none", "required", a tool, or the name of one.',
            tuple(CHOICES),
        )
    body["tool_choice"] = {"type": CHOICES[name]} if name in CHOICES else {"type": "tool", "name": name}


def _parallel_tools(body: dict[str, Any], parallel: bool, _: Target) -> None:
    choice = body.setdefault("tool_choice", {"type": "auto"})
    if choice["type"] != "none":
        choice["disable_parallel_tool_use"] = not parallel


def _format(body: dict[str, Any], format: Format, target: Target) -> None:
    wire = format.wire.get("anthropic")
    if wire is None:
        wire = {"type": "json_schema", "schema": adapt_schema(format.schema, model=target.name)}
        format.wire["anthropic"] = wire
    body.setdefault("output_config", {})["format"] = wire


def _reasoning(body: dict[str, Any], asked: Any, target: Target) -> None:
    """`thinking` and `output_config.effort`. Where the registry knows nothing: the newest spelling."""
    facts = target.info.facts["reasoning"] if target.info and target.info.facts else None
    style, off = (facts["style"], facts["off"]) if facts and facts != UNVERIFIED else ("adaptive", "disabled")
    if asked == "off":
        if off == "never":
            raise _refusal(target.name, "reasoning", "off", "It always reasons. Ask for a low effort instead.")
        body["thinking"] = {"type": OFF.get(off, "disabled")}
        return
    wanted = _wanted(asked)
    if wanted.effort is not None:
        body.setdefault("output_config", {})["effort"] = wanted.effort
    if wanted.budget_tokens is not None:
        body["thinking"] = {"type": "enabled", "budget_tokens": wanted.budget_tokens}
    elif style == "adaptive":
        body["thinking"] = {"type": "adaptive"}
    if "thinking" not in body and (wanted.visible is not None or wanted.effort is None):
        why = "It reasons only with a budget. Add budget_tokens=... to Reasoning."
        raise _refusal(target.name, "reasoning", asked, why)
    if wanted.visible is not None:
        body["thinking"]["display"] = DISPLAY[wanted.visible]


def _wanted(asked: Any) -> Reasoning[Any, Any]:
    return asked if isinstance(asked, Reasoning) else Reasoning(effort=asked)  # pyright: ignore[reportUnknownVariableType]


def _check_thinking(body: Mapping[str, Any], model: str) -> None:
    """A budget must leave room for the answer, and excludes forced tools."""
    thinking: Mapping[str, Any] = body.get("thinking", {})
    if thinking.get("type") != "enabled":
        return
    budget = thinking["budget_tokens"]
    if budget >= body["max_tokens"]:
        why = f"It must stay below max_tokens ({body['max_tokens']}), which covers it and the answer. Raise max_tokens."
        raise _refusal(model, "reasoning.budget_tokens", budget, why, reason="range")
    if body.get("tool_choice", {}).get("type") in ("any", "tool"):
        why = 'A forced tool and a reasoning budget exclude each other. Use tool_choice="auto", or drop the budget.'
        raise _refusal(model, "tool_choice", body["tool_choice"], why, reason="reasoning_off")


def _stop(body: dict[str, Any], stop: str | Sequence[str], _: Target) -> None:
    body["stop_sequences"] = [stop] if isinstance(stop, str) else list(stop)


def _cache(body: dict[str, Any], ttl: str, _: Target) -> None:
    body["cache_control"] = cache_control(ttl)


def _output(_: dict[str, Any], modalities: Sequence[str], target: Target) -> None:
    if list(modalities) != ["text"]:
        raise _refusal(target.name, "output", modalities, "Anthropic's models write text only.", ("text",))


_PARAMS: dict[str, Callable[[dict[str, Any], Any, Target], None] | None] = {
    "max_tokens": None,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "parallel_tools": _parallel_tools,
    "format": _format,
    "reasoning": _reasoning,
    "stop": _stop,
    "cache": _cache,
    "output": _output,
    "prefill": None,
}
"""Parameter -> what writes it, in this order; `None` where `encode_request` does it itself."""


def _refusal(
    model: str,
    feature: str,
    value: Any,
    why: str,
    allowed: Sequence[str] = (),
    *,
    reason: str = "never",
) -> UnsupportedFeatureError:
    message = f"{model!r} does not accept `{feature}` = {value!r}. {why}"
    return UnsupportedFeatureError(message, model=model, feature=feature, value=value, allowed=allowed, reason=reason)
