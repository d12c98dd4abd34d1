"""A request as the body of `POST /chat/completions`, for OpenAI and for hosts that speak its format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, cast

from capably.providers.openai import content as c
from capably.providers.openai.chat.messages import CONTENT, cache_point_of, encode_messages, instructions_of
from capably.providers.openai.hosts import SWITCHES, Host, host_of
from capably.providers.openai.params import (
    EFFORTS,
    facts_of,
    function_fields,
    only_json_object,
    reasons,
    turned_off_by_switch,
)
from capably.providers.openai.schema import format_in_words, format_note, format_schema
from capably.providers.spellings import (
    Body,
    Encoder,
    Spelling,
    Spellings,
    contents,
    each_of,
    field,
    merge_extra,
    no_field,
    nothing,
    put,
    write_feature,
)
from capably.types.request import Request
from capably.types.tools import BuiltinTool

if TYPE_CHECKING:
    from capably.types.format import Format
    from capably.types.tools import AnyTool

STREAMED_AUDIO = "pcm16"
"""The only audio format that can be streamed."""


def encode_request(request: Request, host: Host) -> Body:
    """Return the JSON body, `extra` merged in."""
    role = host.system_role if reasons(request) else "system"
    messages: list[Mapping[str, object]] = []
    body: Body = {"model": request.model_id, "messages": messages}
    instructions = instructions_of(request.instructions, host) or request.system
    if instructions:
        messages.append({"role": role, "content": instructions})
    for form in encode_messages(request, host, role):
        messages += form
    table = spellings_of(host)
    if "last_answer" in host.refuses and host.prefix and "prefill" not in request.params:
        _mark_prefill(messages, host.prefix)
    for name, value in request.params.items():
        if value is not None:
            write_feature(table, name, value, body, request)
    facts = facts_of(request)
    if host.show_thoughts and facts and facts["reasoning"]:
        body |= host.show_thoughts
    return merge_extra(body, request.extra)


def _items(body: Body, key: str) -> list[Mapping[str, object]]:
    """Return the list under a key of the body. It is made where it is missing."""
    return cast("list[Mapping[str, object]]", body.setdefault(key, []))


def _mark_prefill(messages: list[Mapping[str, object]], mark: str) -> None:
    """Mark a last assistant message as a prefill, at hosts that need the mark."""
    if messages and messages[-1].get("role") == "assistant" and not messages[-1].get("tool_calls"):
        messages[-1] = {**messages[-1], mark: True}


def ask_for_stream(body: Body, host: Host) -> Body:
    """Return the body, asking for a stream: with usage at its end and without padding, where the host has such switches."""
    options: Body = {"include_usage": True} if host.usage_in_stream else {}
    if host.obfuscates:
        options["include_obfuscation"] = False
    given = {"stream_options": body["stream_options"]} if body.get("stream_options") else None
    body = {**body, "stream": True, **merge_extra({"stream_options": options} if options else {}, given)}
    if not isinstance(body.get("audio"), Mapping):
        return body
    return merge_extra(body, {"audio": {"format": STREAMED_AUDIO}})


def _tools(host: Host) -> Encoder:
    def encode(body: Body, tools: Sequence[AnyTool | BuiltinTool], request: Request) -> None:
        for tool in tools:
            if isinstance(tool, BuiltinTool):
                write_feature(spellings_of(host), f"builtin_tools.{tool.kind}", tool, body, request)
            else:
                _items(body, "tools").append(_function(tool))

    return encode


def _function(tool: AnyTool) -> Mapping[str, object]:
    cached = tool.wire.get("openai.chat")
    if cached is None:
        function = function_fields(tool)
        if not function["strict"]:
            del function["strict"]  # Unsaid means no here, and not every host knows the word.
        cached = tool.wire["openai.chat"] = {"type": "function", "function": function, **tool.extra}
    return cached


def _builtin(type: str) -> Spelling:
    def encode(body: Body, tool: BuiltinTool, _: Request) -> None:
        _items(body, "tools").append({"type": type, **tool.options})

    return Spelling("tools", encode)


def _web_search(body: Body, tool: BuiltinTool, _: Request) -> None:
    body["web_search_options"] = tool.options


def _tool_choice(host: Host) -> Encoder:
    def encode(body: Body, choice: str | AnyTool | BuiltinTool, request: Request) -> None:
        words = {"auto": "auto", "none": "none", "required": host.required}
        if isinstance(choice, BuiltinTool):
            write_feature(spellings_of(host), "tool_choice.builtin", choice, body, request)
        elif isinstance(choice, str) and choice in words:
            body["tool_choice"] = words[choice]
        else:
            name = choice if isinstance(choice, str) else choice.name
            body["tool_choice"] = {"type": "function", "function": {"name": name}}

    return encode


def _format(host: Host) -> Encoder:
    def encode(body: Body, format: Format, request: Request) -> None:
        if only_json_object(request):
            body["response_format"] = {"type": "json_object"}
            words = {"role": "system", "content": format_in_words(format)}
            _items(body, "messages").insert(1 if request.system else 0, words)
            return
        schema = format.wire.get("openai.chat")
        if schema is None:
            schema = format.wire["openai.chat"] = format_schema(format)
        if host.format == "json_schema":
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        else:  # Some hosts take the schema beside `json_object`.
            body["response_format"] = {"type": "json_object", "schema": schema["schema"]}

    return encode


def _off(host: Host) -> Encoder:
    def encode(body: Body, _: str, request: Request) -> None:
        if turned_off_by_switch(request):
            body |= SWITCHES[host.off][0]
        else:
            put(body, host.effort, "none")

    return encode


def _budget(host: Host, path: str) -> Spelling:
    def encode(body: Body, tokens: int, _: Request) -> None:
        body |= SWITCHES[host.off][1]
        put(body, path, tokens)

    return Spelling(path, encode)


def _stop(stop: str | Sequence[str]) -> str | list[str]:
    return stop if isinstance(stop, str) else list(stop)


def _logprobs(body: Body, value: int | bool, _: Request) -> None:
    body["logprobs"] = value is not False
    if not isinstance(value, bool):
        body["top_logprobs"] = value


def _output(body: Body, kinds: Sequence[str], request: Request) -> None:
    for kind in kinds:
        write_feature(_OUTPUT, f"output.{kind}", kind, body, request)
    if set(kinds) != {"text"}:
        body["modalities"] = list(kinds)


def _audio(body: Body, _: str, __: Request) -> None:
    body["audio"] = {"voice": "alloy", "format": "wav"}


_OUTPUT: Spellings = {
    "output.text": Spelling("modalities", nothing),
    "output.image": Spelling("modalities", nothing),
    "output.audio": Spelling("audio", _audio),
}


def _prefill(host: Host) -> Encoder:
    mark = {host.prefix: True} if host.prefix else {}

    def encode(body: Body, text: str, _: Request) -> None:
        _items(body, "messages").append({"role": "assistant", "content": text, **mark})

    return encode


_EVERYWHERE: Spellings = {
    "system": Spelling("messages"),
    "system_messages": Spelling("messages"),
    "tools.strict": Spelling("tools"),
    "tool_choice.forced": Spelling("tool_choice"),
    "tool_choice.builtin": no_field("Only tools of your own can be forced."),
    "parallel_tools": field("parallel_tool_calls"),
    "temperature": field("temperature"),
    "top_p": field("top_p"),
    "top_k": field("top_k"),
    "presence_penalty": field("presence_penalty"),
    "frequency_penalty": field("frequency_penalty"),
    "stop": field("stop", _stop),
    "logprobs": Spelling("logprobs", _logprobs, plain=True),
    "verbosity": field("verbosity"),
    "output": Spelling("modalities", _output),
    "builtin_tools.web_search": Spelling("web_search_options", _web_search),
    **_OUTPUT,
    **CONTENT,
}
"""What all hosts say alike."""

_DOCUMENTS: Mapping[str, str] = {"file_or_url": "file"}
"""Form of documents -> the type of their part, where that is another word."""

_WITHOUT: Spellings = {
    "top_k": no_field(),
    "prefill": no_field("It cannot continue an answer.", "Say in the prompt how it shall begin"),
    "input.video": no_field(),
}
"""What some hosts lack (`lacks` of the dialect), and what to do there."""


@cache
def spellings_of(host: Host) -> Spellings:
    """Return the table of one host: Chat Completions, feature -> its spelling."""
    return {
        **_EVERYWHERE,
        "cache": c.CACHE if host.cache == "prompt_cache_options" else c.CONTROL,
        "cache.point": cache_point_of(host),
        "max_tokens": field(host.max_tokens),
        "seed": field(host.seed),
        "format": Spelling("response_format", _format(host), note=format_note),
        "prefill": Spelling("messages", _prefill(host)),
        "tools": Spelling("tools", _tools(host)),
        "tool_choice": Spelling("tool_choice", _tool_choice(host)),
        "reasoning": Spelling(host.effort, each_of("reasoning", lambda: spellings_of(host))),
        "reasoning.effort": field(host.effort, words=EFFORTS),
        "reasoning.off": Spelling(host.effort, _off(host)),
        "reasoning.budget_tokens": _budget(host, host.budget)
        if host.budget
        else no_field("Reasoning has no token budget here.", "Bound the whole with max_tokens"),
        "reasoning.visible": Spelling(
            "messages", nothing, (False,), why="Chat Completions shows no thoughts at this host."
        )
        if host.thoughts == "never"
        else Spelling("messages", nothing),
        **contents(document=_DOCUMENTS.get(host.documents, host.documents)),
        **{f"builtin_tools.{kind}": _builtin(type) for kind, type in host.builtin_tools},
        **{feature: _WITHOUT.get(feature, no_field()) for feature in host.lacks},
    }


def spellings(provider: str, dialect: Mapping[str, object] | None) -> Spellings:
    """Return the table of a provider with this dialect."""
    return spellings_of(host_of(provider, dialect))
