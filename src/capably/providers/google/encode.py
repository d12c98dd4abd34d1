"""A neutral request -> the JSON body of `POST models/{model}:generateContent`. Pure: no SDK, no I/O.

Source: google-genai 3.4.0 `models._GenerateContentConfig_to_mldev` (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from capably.providers.google.content import CONTINUATION, Wire, encode_contents
from capably.providers.google.refuse import refusal_of
from capably.providers.google.schema import encode_schema
from capably.types.format import Format
from capably.types.reasoning import Reasoning
from capably.types.request import Request
from capably.types.tools import BuiltinTool, Tool

if TYPE_CHECKING:
    from capably_models import _facts

WIRE = "google"
"""The key under which tools and formats keep their encoded form."""

BUILTIN_TOOLS: Mapping[str, str] = {
    "web_search": "googleSearch",
    "web_fetch": "urlContext",
    "code_execution": "codeExecution",
    "file_search": "fileSearch",
    "google_maps": "googleMaps",
    "computer_use": "computerUse",
    "mcp": "mcpServers",
}
"""The registry's word -> the field of `tools[]` that turns it on."""

CHOICES: Mapping[str, str] = {"auto": "AUTO", "none": "NONE", "required": "ANY"}

LEVELS = ("minimal", "low", "medium", "high", "xhigh")
"""Efforts that `thinkingLevel` has a word for."""


def encode_request(request: Request) -> Wire:
    """The body, `request.extra` merged in last. Raises `UnsupportedFeatureError` for what the format cannot carry."""
    contents, token = encode_contents(request)
    body: Wire = {"contents": contents}
    if request.system:
        body["systemInstruction"] = {"parts": [{"text": request.system}]}
    for name, value in request.params.items():
        if value is None:
            continue
        encode = _PARAMS.get(name)
        if encode is None:
            raise refusal_of(request, name, "generateContent has no such parameter.", "Leave it out.", value=value)
        encode(body, value, request)
    if token is not None:
        body[CONTINUATION] = token
    return merged(body, request.extra) if request.extra else body


def merged(base: Mapping[str, Any], extra: Mapping[str, Any]) -> Wire:
    """`base` with `extra` laid over it: objects are merged key by key, anything else is replaced."""
    result = dict(base)
    for key, value in extra.items():
        under = result.get(key)
        result[key] = merged(cast("Any", under), value) if _both_objects(under, value) else value
    return result


def _both_objects(one: object, other: object) -> bool:
    return isinstance(one, Mapping) and isinstance(other, Mapping)


def _config(body: Wire) -> Wire:
    return body.setdefault("generationConfig", {})


Encoder: TypeAlias = Callable[[Wire, Any, Request], None]


def _plain(key: str) -> Encoder:
    def encode(body: Wire, value: Any, _request: Request) -> None:
        _config(body)[key] = value

    return encode


def _encode_stop(body: Wire, stop: str | Sequence[str], _request: Request) -> None:
    _config(body)["stopSequences"] = [stop] if isinstance(stop, str) else list(stop)


def _encode_logprobs(body: Wire, logprobs: int | bool, _request: Request) -> None:
    if logprobs is False:
        return
    config = _config(body)
    config["responseLogprobs"] = True
    if logprobs is not True and logprobs > 0:
        config["logprobs"] = logprobs


def _encode_output(body: Wire, output: Sequence[str], _request: Request) -> None:
    _config(body)["responseModalities"] = [kind.upper() for kind in output]


def _encode_prefill(body: Wire, prefill: str, _request: Request) -> None:
    body["contents"].append({"role": "model", "parts": [{"text": prefill}]})


def _encode_cache(body: Wire, cache: str, request: Request) -> None:
    if "cachedContents/" not in cache:
        raise refusal_of(
            request,
            "cache",
            "Gemini caches repeated beginnings by itself; lifetimes belong to caches that you make beforehand.",
            'Leave it out, or name one: cache="cachedContents/...".',
            value=cache,
        )
    body["cachedContent"] = cache


def _encode_parallel_tools(_body: Wire, parallel: bool, request: Request) -> None:
    if not parallel:
        raise refusal_of(
            request,
            "parallel_tools=False",
            "Gemini has no switch for it.",
            "Leave it out.",
            value=parallel,
            allowed=("True",),
        )


def _encode_format(body: Wire, format: Format, request: Request) -> None:
    config = _config(body)
    config["responseMimeType"] = "application/json"
    facts = request.info.facts if request.info else None
    if facts is None or facts["structured_output"] != "json_object":
        if WIRE not in format.wire:
            format.wire[WIRE] = encode_schema(format.schema)
        config["responseJsonSchema"] = format.wire[WIRE]


def _encode_tools(body: Wire, tools: Sequence[Tool[Any] | BuiltinTool], request: Request) -> None:
    functions = [_encode_tool(tool) for tool in tools if isinstance(tool, Tool)]
    builtin = [tool for tool in tools if isinstance(tool, BuiltinTool)]
    entries: list[Wire] = [{"functionDeclarations": functions}] if functions else []
    entries += [_encode_builtin(tool, request) for tool in builtin if tool.kind != "mcp"]
    servers = [tool.options for tool in builtin if tool.kind == "mcp"]
    if servers:
        entries.append({"mcpServers": servers})
    if entries:
        body["tools"] = entries
    if functions and builtin:
        # Else 400: "Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function
        # calling."
        body.setdefault("toolConfig", {})["includeServerSideToolInvocations"] = True
    if "tool_choice" not in request.params and any(isinstance(tool, Tool) and tool.strict for tool in tools):
        _encode_tool_choice(body, "auto", request)


def _encode_tool(tool: Tool[Any]) -> Wire:
    """A function declaration, made once per tool. A function without parameters is declared without a schema."""
    encoded: Wire | None = tool.wire.get(WIRE)
    if encoded is None:
        encoded = {"name": tool.name}
        if tool.description:
            encoded["description"] = tool.description
        if tool.parameters.get("properties"):
            encoded["parametersJsonSchema"] = encode_schema(tool.parameters)
        tool.wire[WIRE] = encoded = {**encoded, **tool.extra}
    return encoded


def _encode_builtin(tool: BuiltinTool, request: Request) -> Wire:
    key = BUILTIN_TOOLS.get(tool.kind)
    if key is None:
        raise refusal_of(
            request,
            f"the built-in tool {tool.kind}",
            "Google runs no such tool.",
            f"It has {', '.join(BUILTIN_TOOLS)}.",
            value=tool,
            allowed=tuple(BUILTIN_TOOLS),
        )
    return {key: tool.options}


def _encode_tool_choice(body: Wire, choice: Any, request: Request) -> None:
    """`functionCallingConfig`. Arguments are only guaranteed to fit in the modes `ANY` and `VALIDATED`."""
    tools: Sequence[Any] = request.params.get("tools") or ()
    functions: list[Tool[Any]] = [tool for tool in tools if isinstance(tool, Tool)]
    name = choice.name if isinstance(choice, Tool) else choice
    if isinstance(choice, str) and choice in CHOICES:
        mixed = 0 < len(functions) < len(tools)
        guarded = choice == "auto" and (mixed or any(tool.strict for tool in functions))
        config: Wire = {"mode": "VALIDATED" if guarded else CHOICES[choice]}
    elif any(tool.name == name for tool in functions):
        config = {"mode": "ANY", "allowedFunctionNames": [name]}
    else:
        raise refusal_of(
            request,
            f"tool_choice={choice!r}",
            "no function of that name is among the tools of this call.",
            'Pass it in tools=, or choose "auto", "none" or "required".',
            value=choice,
            allowed=(*CHOICES, *(tool.name for tool in functions)),
        )
    body.setdefault("toolConfig", {})["functionCallingConfig"] = config


def _encode_reasoning(body: Wire, reasoning: Any, request: Request) -> None:
    facts = request.info.facts["reasoning"] if request.info and request.info.facts else None
    known = None if isinstance(facts, str) else facts
    if reasoning == "off":
        thinking = _encode_off(known, request)
    else:
        asked = cast("Any", reasoning if isinstance(reasoning, Reasoning) else Reasoning(effort=reasoning))
        thinking = _encode_thinking(asked, known, request)
    if thinking:
        _config(body)["thinkingConfig"] = thinking


def _encode_off(known: _facts.Reasoning | None, request: Request) -> Wire:
    """A budget of 0 is the only way in which Gemini spells it."""
    if known and known["off"] == "never":
        raise refusal_of(
            request, 'reasoning="off"', "this model always thinks.", "Ask for its lowest effort.", value="off"
        )
    return {"thinkingBudget": 0}


def _encode_thinking(asked: Reasoning[Any, Any], known: _facts.Reasoning | None, request: Request) -> Wire:
    thinking: Wire = {}
    style = known["style"] if known else "level"
    if asked.effort is not None and asked.budget_tokens is not None:
        raise refusal_of(
            request, "effort together with budget_tokens", "Gemini takes one of them.", "Drop one.", value=asked
        )
    if asked.effort is not None:
        if style != "level" or asked.effort not in LEVELS:
            raise refusal_of(
                request,
                f"reasoning={asked.effort!r}",
                "it has no thinking level of that name." if style == "level" else "it has no thinking levels.",
                f"Use one of {', '.join(LEVELS)}." if style == "level" else "Use llm.Reasoning(budget_tokens=...).",
                value=asked.effort,
                allowed=LEVELS if style == "level" else (),
            )
        thinking["thinkingLevel"] = asked.effort.upper()
    if asked.budget_tokens is not None:
        if style != "budget" and known and not known["budget"]:
            raise refusal_of(
                request,
                "budget_tokens",
                "this model takes levels.",
                "Use an effort in words.",
                value=asked.budget_tokens,
            )
        thinking["thinkingBudget"] = asked.budget_tokens
    if asked.visible is not None:
        thinking["includeThoughts"] = asked.visible
    return thinking


_PARAMS: Mapping[str, Encoder] = {
    "temperature": _plain("temperature"),
    "top_p": _plain("topP"),
    "top_k": _plain("topK"),
    "max_tokens": _plain("maxOutputTokens"),
    "seed": _plain("seed"),
    "stop": _encode_stop,
    "logprobs": _encode_logprobs,
    "output": _encode_output,
    "format": _encode_format,
    "reasoning": _encode_reasoning,
    "tools": _encode_tools,
    "tool_choice": _encode_tool_choice,
    "parallel_tools": _encode_parallel_tools,
    "prefill": _encode_prefill,
    "cache": _encode_cache,
}
