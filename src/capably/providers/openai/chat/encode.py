"""A request as the body of `POST /chat/completions`, for OpenAI and for hosts that speak its format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from capably.providers.openai import content as c
from capably.providers.openai.chat.messages import encode_messages
from capably.providers.openai.errors import unsupported
from capably.providers.openai.hosts import SWITCHES, Host, host_of, put
from capably.providers.openai.params import (
    Body,
    Encoder,
    effort_of,
    facts_of,
    function_fields,
    off_spelling,
    only_json_object,
    reasons,
    refused,
    sent_as,
    shows_no_thoughts,
)
from capably.providers.openai.schema import format_in_words, format_schema
from capably.types.reasoning import Reasoning
from capably.types.request import Request
from capably.types.tools import BuiltinTool

STREAMED_AUDIO = "pcm16"
"""The only audio format that can be streamed."""


def encode_request(request: Request, provider: str = "openai") -> Body:
    """The JSON body, `extra` merged in."""
    host = host_of(provider)
    role = host.system_role if reasons(request) else "system"
    body: Body = {"model": request.model_id, "messages": []}
    if request.system:
        body["messages"].append({"role": role, "content": request.system})
    for messages in encode_messages(request, provider, role):
        body["messages"] += messages
    if "last_answer" in host.refuses and host.prefix and "prefill" not in request.params:
        _mark_prefill(body["messages"], host.prefix)
    for name, value in request.params.items():
        if value is not None:
            _encoder(name, host)(body, value, request)
    facts = facts_of(request)
    if host.show_thoughts and facts and facts["reasoning"]:
        body |= host.show_thoughts
    return c.merge_extra(body, request.extra)


def _mark_prefill(messages: list[Body], mark: str) -> None:
    """Mark an assistant message at the end as the beginning of the answer, where a host takes it as nothing else."""
    last: Body = messages[-1] if messages else {}
    if last.get("role") == "assistant" and not last.get("tool_calls"):
        messages[-1] = {**last, mark: True}


def ask_for_stream(body: Body, provider: str) -> Body:
    """The body, asking for a stream: with usage at its end and without padding, where the host has such switches."""
    host = host_of(provider)
    options: Body = {"include_usage": True} if host.usage_in_stream else {}
    if host.obfuscates:
        options["include_obfuscation"] = False
    options |= body.get("stream_options") or {}
    body = {**body, "stream": True, **({"stream_options": options} if options else {})}
    if "audio" in body:
        body["audio"] = {**body["audio"], "format": STREAMED_AUDIO}
    return body


def _tools(host: Host) -> Encoder:
    def encode(body: Body, tools: Any, request: Request) -> None:
        listed: list[Body] = []
        for tool in tools:
            if not isinstance(tool, BuiltinTool):
                listed.append(_function(tool, request))
            elif tool.kind in host.builtin_tools:
                listed.append({"type": host.builtin_tools[tool.kind], **tool.options})
            elif tool.kind == "web_search":
                body["web_search_options"] = tool.options
            else:
                allowed = ("web_search", *host.builtin_tools)
                why = f"the chat_completions endpoint has {', '.join(dict.fromkeys(allowed))} only"
                raise unsupported(request, type(tool).__name__, tool, why, allowed=allowed)
        if listed:
            body["tools"] = listed

    return encode


def _function(tool: Any, request: Request) -> Body:
    cached = tool.wire.get("openai.chat")
    if cached is None:
        function = function_fields(tool, request)
        if not function["strict"]:
            del function["strict"]  # Unsaid means no here, and not every host knows the word.
        cached = tool.wire["openai.chat"] = {"type": "function", "function": function, **tool.extra}
    return cached


def _tool_choice(host: Host) -> Encoder:
    def encode(body: Body, choice: Any, request: Request) -> None:
        if choice in ("auto", "none"):
            body["tool_choice"] = choice
        elif choice == "required":
            body["tool_choice"] = host.required
        elif isinstance(choice, BuiltinTool):
            why = "the chat_completions endpoint can force function tools only"
            raise unsupported(request, "tool_choice", choice, why)
        else:
            name = choice if isinstance(choice, str) else choice.name
            body["tool_choice"] = {"type": "function", "function": {"name": name}}

    return encode


def _format(host: Host) -> Encoder:
    def encode(body: Body, format: Any, request: Request) -> None:
        if only_json_object(request):
            body["response_format"] = {"type": "json_object"}
            body["messages"].insert(1 if request.system else 0, {"role": "system", "content": format_in_words(format)})
            return
        cached = format.wire.get("openai.chat")
        if cached is None:
            cached = format.wire["openai.chat"] = {"type": "json_schema", "json_schema": format_schema(format)}
        body["response_format"] = cached if host.format == "json_schema" else _schema_beside(cached)

    return encode


def _schema_beside(format: Any) -> Body:
    """The schema of a `json_schema` as some hosts want it: beside the type `json_object`."""
    return {"type": "json_object", "schema": format["json_schema"]["schema"]}


def _reasoning(host: Host) -> Encoder:
    off, on = SWITCHES[host.off]

    def encode(body: Body, value: Any, request: Request) -> None:
        if value == "off" and off_spelling(request) == "disabled":
            body |= off
            return
        if isinstance(value, Reasoning):
            if value.visible and host.thoughts == "never" and not shows_no_thoughts(request):
                why = "the chat_completions endpoint shows no thoughts; a responses endpoint, where there is one, shows summaries"
                raise unsupported(request, "reasoning.visible", True, why)
            settings = cast("Reasoning[Any, Any]", value)
            if settings.budget_tokens is not None and host.budget:
                body |= on
                put(body, host.budget, settings.budget_tokens)
                value = settings.effort
        effort = effort_of(value, request)
        if effort:
            put(body, host.effort, effort)

    return encode


def _stop(body: Body, stop: str | Sequence[str], _: Request) -> None:
    body["stop"] = stop if isinstance(stop, str) else list(stop)


def _top_k(body: Body, value: int, request: Request) -> None:
    facts = facts_of(request)
    if facts is None or facts["sampling"]["top_k"] in ("never", "unverified"):
        why = "OpenAI has no such parameter; use top_p, or extra={'top_k': ...} for a host that has it"
        raise unsupported(request, "top_k", value, why)
    body["top_k"] = value


def _logprobs(body: Body, value: int | bool, _: Request) -> None:
    body["logprobs"] = value is not False
    if not isinstance(value, bool):
        body["top_logprobs"] = value


def _cache(body: Body, ttl: str, request: Request) -> None:
    body.update(c.cache_options(ttl, request))


def _output(body: Body, kinds: Sequence[str], request: Request) -> None:
    for kind in kinds:
        if kind not in ("text", "audio", "image"):
            raise unsupported(
                request, "output", kind, "it writes text, sound or pictures", allowed=("text", "audio", "image")
            )
    if set(kinds) != {"text"}:
        body["modalities"] = list(kinds)
    if "audio" in kinds:
        body["audio"] = {"voice": "alloy", "format": "wav"}


def _prefill(host: Host) -> Encoder:
    def encode(body: Body, text: str, request: Request) -> None:
        facts = facts_of(request)
        if not host.prefix and (facts is None or facts["prefill"] is not True):
            raise unsupported(
                request, "prefill", text, "it cannot continue an answer; say in the prompt how it shall begin"
            )
        body["messages"].append({"role": "assistant", "content": text, **({host.prefix: True} if host.prefix else {})})

    return encode


def _encoder(name: str, host: Host) -> Encoder:
    """How a parameter is written for a host."""
    if name in _PARAMS:
        return _PARAMS[name]
    made = _BY_HOST.get(name)
    return made(host) if made else refused(name, "there is no such parameter")


_BY_HOST: dict[str, Callable[[Host], Encoder]] = {
    "max_tokens": lambda host: sent_as(host.max_tokens),
    "seed": lambda host: sent_as(host.seed),
    "format": _format,
    "prefill": _prefill,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "reasoning": _reasoning,
}
"""Parameters that hosts spell in their own ways."""

_PARAMS: dict[str, Encoder] = {
    "parallel_tools": sent_as("parallel_tool_calls"),
    "temperature": sent_as("temperature"),
    "top_p": sent_as("top_p"),
    "top_k": _top_k,
    "stop": _stop,
    "logprobs": _logprobs,
    "verbosity": sent_as("verbosity"),
    "cache": _cache,
    "output": _output,
}
