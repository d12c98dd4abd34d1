"""A request as the body of `POST /responses`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from capably.providers.message_cache import Form, encoded
from capably.providers.openai import content as c
from capably.providers.openai.errors import foreign, unsupported
from capably.providers.openai.hosts import host_of
from capably.providers.openai.params import (
    Body,
    Encoder,
    effort_of,
    function_fields,
    only_json_object,
    reasons,
    refused,
    sent_as,
)
from capably.providers.openai.schema import format_in_words, format_schema
from capably.types import parts as p
from capably.types.arguments import args_text
from capably.types.messages import AssistantMessage, Source, SystemMessage, UserMessage
from capably.types.reasoning import Reasoning
from capably.types.request import Request
from capably.types.tools import BuiltinTool

if TYPE_CHECKING:
    from capably.types.messages import Message

ENDPOINT = "responses"
"""The default one, so a source without an endpoint came from here too."""
ENCRYPTED = "reasoning.encrypted_content"
PAIRED = ("message", "function_call")
"""Items that the API takes without an id."""

BUILTIN_TOOLS: dict[str, dict[str, Any]] = {
    "apply_patch": {"type": "apply_patch"},
    "code_execution": {"type": "code_interpreter", "container": {"type": "auto"}},
    "computer_use": {"type": "computer"},
    "file_search": {"type": "file_search"},
    "image_generation": {"type": "image_generation"},
    "mcp": {"type": "mcp"},
    "shell": {"type": "shell"},
    "tool_search": {"type": "tool_search"},
    "web_search": {"type": "web_search"},
}

PART_OF_INPUT = "input_"
"""How the types of parts begin; other types are items that stand beside messages (outputs of built-in tools, say)."""

NAMED_CHOICES = (
    "apply_patch",
    "code_interpreter",
    "computer",
    "computer_use_preview",
    "file_search",
    "image_generation",
    "mcp",
    "shell",
    "web_search_preview",
)
"""Types of built-in tools that `tool_choice` can name. Source: openai 3.54.0, types/responses/tool_choice_*_param.py."""


def encode_request(request: Request, provider: str = "openai") -> dict[str, Any]:
    """The JSON body, `extra` merged in. Nothing is stored; reasoning comes back encrypted, to be replayed."""
    body: dict[str, Any] = {"model": request.model_id, "input": [], "store": False}
    if request.system:
        body["instructions"] = request.system
    if reasons(request):
        body["include"] = [ENCRYPTED]
    for items in _messages(request, provider):
        body["input"] += items
    for name, value in request.params.items():
        if value is not None:
            _PARAMS.get(name, refused(name, "there is no such parameter"))(body, value, request)
    return c.merge_extra(body, request.extra)


def ask_for_stream(body: Body, provider: str) -> Body:
    """The body, asking for a stream without padding."""
    body = {**body, "stream": True}
    if host_of(provider).obfuscates:
        body["stream_options"] = {"include_obfuscation": False, **(body.get("stream_options") or {})}
    return body


# Messages


def _messages(request: Request, provider: str) -> Iterator[Form]:
    def replay(_: AssistantMessage, source: Source) -> Form | None:
        ours = source.provider == provider and source.endpoint in (ENDPOINT, "") and isinstance(source.wire, list)
        return _replayed(source, request) if ours else None

    def encode(message: Message) -> Form:
        if isinstance(message, SystemMessage):
            return [{"role": "developer", "content": message.text}]
        if isinstance(message, UserMessage):
            return _user_items(message, request)
        return _assistant_items(message, request)

    return encoded(request.messages, ("responses", provider), replay=replay, say=_say, encode=encode)


def _say(role: str, text: str) -> Form:
    return [{"role": role, "content": [{"type": "input_text", "text": text}] if role == "user" else text}]


def _replayed(source: Source, request: Request) -> list[dict[str, Any]]:
    """The model's own items as they came (ids, `phase` and encrypted reasoning with them).

    Reasoning is left out where it can only fail: for a model that does not reason, and where nothing but the id of an
    item that was never stored is left of it. Its followers lose their ids, since the API looks for the pair by id.
    """
    items: Sequence[dict[str, Any]] = source.wire
    stored = bool((request.extra or {}).get("store") or (request.extra or {}).get("previous_response_id"))
    kept = [
        item for item in items if item.get("type") != "reasoning" or (reasons(request) and (stored or _readable(item)))
    ]
    if len(kept) == len(items):
        return list(items)
    return [_without_id(item) if item.get("type") in PAIRED else item for item in kept]


def _without_id(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "id"}


def _readable(reasoning: Mapping[str, Any]) -> bool:
    return bool(reasoning.get("encrypted_content") or reasoning.get("content"))


def _user_items(message: UserMessage[Any], request: Request) -> list[dict[str, Any]]:
    """One message, and the tool outputs (and items in OpenAI's own JSON) among its parts as items of their own, in order."""
    items: list[dict[str, Any]] = []
    content: list[dict[str, Any]] = []
    for part in message.content:
        if isinstance(part, p.ToolOutput):
            if content:
                items.append({"role": "user", "content": content})
                content = []
            items.append({"type": "function_call_output", "call_id": part.id, "output": _output(part, request)})
        elif isinstance(part, p.CachePoint):
            _mark(content, items, part, request)
        elif isinstance(part, p.Unknown) and not c.own_json(part, request)["type"].startswith(PART_OF_INPUT):
            if content:
                items.append({"role": "user", "content": content})
                content = []
            items.append(c.own_json(part, request))
        else:
            content.append(_input_part(part, request))
    return [*items, {"role": "user", "content": content}] if content else items


def _mark(content: list[dict[str, Any]], items: list[dict[str, Any]], point: p.CachePoint, request: Request) -> None:
    """Puts a cache breakpoint on the content part before it, which may be the last one of a tool output."""
    if not content and items and items[-1].get("type") == "function_call_output":
        output = items[-1]["output"]
        content = items[-1]["output"] = [{"type": "input_text", "text": output}] if isinstance(output, str) else output
    if not content:
        raise unsupported(
            request, "CachePoint", point.ttl, "it must follow the content that is to be cached in the same message"
        )
    content[-1]["prompt_cache_breakpoint"] = c.cache_breakpoint(point, request)


def _output(output: p.ToolOutput, request: Request) -> str | list[dict[str, Any]]:
    parts = c.output_parts(output)
    if len(parts) == 1 and isinstance(parts[0], p.Text):
        return parts[0].text
    return [_input_part(part, request) for part in parts]


def _input_part(part: Any, request: Request) -> dict[str, Any]:
    encoder = _INPUT_PARTS.get(type(part))
    if encoder is None:
        why = (
            "OpenAI's responses endpoint takes text, images and documents from the user; transcribe or convert it first"
        )
        raise unsupported(request, type(part).__name__, part, why)
    return encoder(part, request)


def _image(part: p.Image, _: Request) -> dict[str, Any]:
    if part.file_id:
        return {"type": "input_image", "file_id": part.file_id, "detail": "auto"}
    return {"type": "input_image", "image_url": part.url or c.data_url(part), "detail": "auto"}


def _document(part: p.Document, _: Request) -> dict[str, Any]:
    if part.file_id:
        return {"type": "input_file", "file_id": part.file_id}
    if part.url:
        return {"type": "input_file", "file_url": part.url}
    return {"type": "input_file", "filename": c.file_name(part), "file_data": c.data_url(part)}


_INPUT_PARTS: dict[Any, Callable[[Any, Request], dict[str, Any]]] = {
    p.Text: lambda part, _: {"type": "input_text", "text": part.text},
    p.Refusal: lambda part, _: {"type": "input_text", "text": part.text},
    p.Image: _image,
    p.Document: _document,
    p.Unknown: c.own_json,
}


def _assistant_items(message: AssistantMessage, request: Request) -> list[dict[str, Any]]:
    """An answer from elsewhere, from its parts: words and calls. Thoughts stay out: they are bound to their model."""
    items: list[dict[str, Any]] = []
    for part in message.content:
        if isinstance(part, (p.Text, p.Refusal)):
            if items and items[-1].get("role") == "assistant":
                items[-1]["content"] += part.text
            else:
                items.append({"role": "assistant", "content": part.text})
        elif isinstance(part, p.ToolCall):
            call = {"type": "function_call", "call_id": part.id, "name": part.name, "arguments": args_text(part)}
            items.append(call)
        elif not isinstance(part, p.Thought):
            raise foreign(request, part)
    return items


# Parameters


def encode_tool(tool: Any, request: Request) -> dict[str, Any]:
    """A tool as the endpoint takes it; a function's form is made once and kept in `tool.wire`."""
    if isinstance(tool, BuiltinTool):
        wire = BUILTIN_TOOLS.get(tool.kind)
        if wire is None:
            why = f"OpenAI's responses endpoint has no such tool; it has {', '.join(BUILTIN_TOOLS)}"
            raise unsupported(request, type(tool).__name__, tool, why, allowed=tuple(BUILTIN_TOOLS))
        return {**wire, **tool.options}
    cached = tool.wire.get("openai.responses")
    if cached is None:
        cached = tool.wire["openai.responses"] = {
            "type": "function",
            **function_fields(tool, request),
            **tool.extra,
        }
    return cached


def _tools(body: Body, tools: Any, request: Request) -> None:
    if tools:
        body["tools"] = [encode_tool(tool, request) for tool in tools]


def _tool_choice(body: Body, choice: Any, request: Request) -> None:
    if choice in ("auto", "none", "required"):
        body["tool_choice"] = choice
    elif isinstance(choice, BuiltinTool):
        body["tool_choice"] = _forced(encode_tool(choice, request))
    else:
        body["tool_choice"] = {"type": "function", "name": choice if isinstance(choice, str) else choice.name}


def _forced(tool: Mapping[str, Any]) -> dict[str, Any]:
    """The choice of a built-in tool. Some can be named; others can only be the one tool that is allowed."""
    named = {key: tool[key] for key in ("type", "server_label") if key in tool}
    if tool["type"] in NAMED_CHOICES:
        return named
    return {"type": "allowed_tools", "mode": "required", "tools": [named]}


def _format(body: Body, format: Any, request: Request) -> None:
    if only_json_object(request):
        body.setdefault("text", {})["format"] = {"type": "json_object"}
        body["input"].insert(0, {"role": "developer", "content": format_in_words(format)})
        return
    cached = format.wire.get("openai.responses")
    if cached is None:
        cached = format.wire["openai.responses"] = {"type": "json_schema", **format_schema(format)}
    body.setdefault("text", {})["format"] = cached


def _reasoning(body: Body, value: Any, request: Request) -> None:
    effort = effort_of(value, request)
    settings = {"effort": effort} if effort else {}
    if isinstance(value, Reasoning) and value.visible:
        settings["summary"] = "auto"
    if settings:
        body["reasoning"] = settings


def _logprobs(body: Body, value: int | bool, _: Request) -> None:
    if value is False:
        return
    body["include"] = [*body.get("include", ()), "message.output_text.logprobs"]
    if value is not True:
        body["top_logprobs"] = value


def _verbosity(body: Body, value: str, _: Request) -> None:
    body.setdefault("text", {})["verbosity"] = value


def _cache(body: Body, ttl: str, request: Request) -> None:
    body.update(c.cache_options(ttl, request))


def _output_kinds(_: Body, kinds: Sequence[str], request: Request) -> None:
    for kind in kinds:
        if kind != "text":
            why = "the responses endpoint writes text; for pictures pass tools=[llm.ImageGeneration()]"
            raise unsupported(request, "output", kind, why, allowed=("text",))


_PARAMS: dict[str, Encoder] = {
    "tools": _tools,
    "tool_choice": _tool_choice,
    "parallel_tools": sent_as("parallel_tool_calls"),
    "format": _format,
    "reasoning": _reasoning,
    "temperature": sent_as("temperature"),
    "top_p": sent_as("top_p"),
    "top_k": refused(
        "top_k", "OpenAI has no such parameter; use top_p, or extra={'top_k': ...} for a host that has it"
    ),
    "max_tokens": sent_as("max_output_tokens"),
    "stop": refused("stop", "the responses endpoint has no stop sequences; the chat_completions endpoint has"),
    "seed": refused("seed", "the responses endpoint has no seed; the chat_completions endpoint has"),
    "logprobs": _logprobs,
    "verbosity": _verbosity,
    "prefill": refused(
        "prefill", "the responses endpoint cannot continue an answer; say in the prompt how it shall begin"
    ),
    "cache": _cache,
    "output": _output_kinds,
}
