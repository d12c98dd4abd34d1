"""A request as the body of `POST /responses`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from capably.providers.message_cache import Form, encoded
from capably.providers.openai import content as c
from capably.providers.openai.hosts import Host
from capably.providers.openai.params import EFFORTS, function_fields, only_json_object, reasons
from capably.providers.openai.responses.calls import WAITING, call_id_of, output_item
from capably.providers.openai.schema import format_in_words, format_note, format_schema
from capably.providers.spellings import (
    Body,
    Spelling,
    Spellings,
    contents,
    each_of,
    feature_of,
    field,
    lack,
    merge_extra,
    no_field,
    nothing,
    put,
    write_feature,
)
from capably.types import parts as p
from capably.types.arguments import args_text
from capably.types.messages import AssistantMessage, Source, SystemMessage, UserMessage
from capably.types.request import Request
from capably.types.tools import BuiltinTool

if TYPE_CHECKING:
    from capably.types.format import Format
    from capably.types.json_types import Json, JsonObject
    from capably.types.messages import Message
    from capably.types.tools import AnyTool

ENDPOINT = "responses"
"""The default endpoint, so a source without an endpoint is from here too."""
ENCRYPTED = "reasoning.encrypted_content"
PAIRED = ("message", "function_call")
"""Items that the API takes without an id."""

BUILTIN_TOOLS: Mapping[str, Body] = {
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
    *("apply_patch", "code_interpreter", "computer", "computer_use_preview", "file_search", "image_generation"),
    *("mcp", "shell", "web_search_preview"),
)
"""Types of built-in tools that `tool_choice` can name. Source: openai 3.54.0, types/responses/tool_choice_*_param.py."""


def encode_request(request: Request, host: Host = Host()) -> Body:  # noqa: B008 (a value)
    """Return the JSON body, `extra` merged in. Nothing is stored; reasoning comes back encrypted, to be replayed.

    Turns that the server keeps (`conversation`, `previous_response_id`) are not sent again.
    """
    input: list[Mapping[str, object]] = []
    body: Body = {"model": request.model_id, "input": input, "store": False}
    format: Format | None = request.params.get("format")
    if format is not None and only_json_object(request):
        input.append({"role": "developer", "content": format_in_words(format)})
    instructions = c.instructions_of(request.instructions, "input_text", c.CACHE_POINT) or request.system
    if isinstance(instructions, str):
        body["instructions"] = instructions
    elif instructions:
        input.append({"role": "developer", "content": instructions})
    if reasons(request):
        body["include"] = [ENCRYPTED]
    calls: dict[str, JsonObject] = {}
    count, latest = _stored_turns(request, host.provider) if request.extra else (0, {})
    for index, items in enumerate(_messages(request, host.provider, calls)):
        if index >= count:
            input += [_as_output(item, calls, request) for item in items] if calls else items
    for name, value in request.params.items():
        if value is not None:
            write_feature(SPELLINGS, name, value, body, request)
    merged = merge_extra(body, request.extra)
    return {**merged, **latest} if latest else merged


def ask_for_stream(body: Body, host: Host) -> Body:
    """Return the body for a stream without padding."""
    body = {**body, "stream": True}
    if host.obfuscates:
        plain: Body = {"stream_options": {"include_obfuscation": False}}
        body |= merge_extra(plain, {"stream_options": body.get("stream_options") or {}})
    return body


# Messages


def _stored_turns(request: Request, provider: str) -> tuple[int, Body]:
    """Return how many messages the server has already, and the field that names the latest of its responses."""
    extra = request.extra or {}
    state = extra.get("conversation") or extra.get("previous_response_id")
    for index in range(len(request.messages) - 1, 0, -1) if state else ():
        message = request.messages[index - 1]
        source = message.source if isinstance(message, AssistantMessage) else None
        if source is not None and _own_items(source, provider) is not None and state in (source.state, source.id):
            follows = source.id and not extra.get("conversation")
            return index, {"previous_response_id": source.id} if follows else {}
    return 0, {}


def _is_own(source: Source | None, provider: str) -> bool:
    return source is not None and source.provider == provider and source.endpoint in (ENDPOINT, "")


def _own_items(source: Source, provider: str) -> list[JsonObject] | None:
    """Return the items of an answer; `None` if it is from another endpoint, or if its JSON holds something else."""
    wire = source.wire
    if not _is_own(source, provider) or not isinstance(wire, list):
        return None
    items = [item for item in wire if type(item) is dict]
    return items if len(items) == len(wire) else None


def _messages(request: Request, provider: str, calls: dict[str, JsonObject]) -> Iterator[Form]:
    """Yield the items of each message. Calls that the provider made of its own tools are added to `calls`, by id."""

    def replay(_: AssistantMessage, source: Source) -> Form | None:
        items = _own_items(source, provider)
        if items is None:
            return None
        replayed = _replayed(items, request)
        waiting = [item for item in replayed if type(kind := item.get("type")) is str and kind in WAITING]
        calls.update({id: item for item in waiting if (id := call_id_of(item)) is not None})
        return replayed

    def encode(message: Message) -> Form:
        if isinstance(message, SystemMessage):
            return [{"role": "developer", "content": c.instructions_of([message], "input_text", c.CACHE_POINT) or ""}]
        if isinstance(message, UserMessage):
            return _user_items(message)
        return _assistant_items(message, provider)

    return encoded(request.messages, ("responses", provider), replay=replay, encode_text=_encode_text, encode=encode)


def _encode_text(role: str, text: str) -> Form:
    if role == "user":
        return [{"role": role, "content": [{"type": "input_text", "text": text}]}]
    return [{**ANSWER, "content": text}]


ANSWER = {"type": "message", "role": "assistant"}
"""What an assistant's text begins with. OpenAI needs no type there; llama.cpp refuses the text without one."""


def _replayed(items: list[JsonObject], request: Request) -> list[JsonObject]:
    """Return the model's own items with their ids, `phase` and encrypted reasoning.

    Reasoning is left out where it can only fail: for a model that does not reason, and where nothing but the id of an
    item that was never stored is left of it. Its followers lose their ids, since the API looks for the pair by id.
    """
    extra = request.extra or {}
    stored = bool(extra.get("store") or extra.get("previous_response_id"))
    remaining = [
        item for item in items if item.get("type") != "reasoning" or (reasons(request) and (stored or _readable(item)))
    ]
    if len(remaining) == len(items):
        return items
    return [
        {key: value for key, value in item.items() if key != "id"} if item.get("type") in PAIRED else item
        for item in remaining
    ]


def _as_output(item: Mapping[str, object], calls: Mapping[str, JsonObject], request: Request) -> Mapping[str, object]:
    """Return the output of a function's call in the form that the call's own type demands."""
    id = item.get("call_id") if item.get("type") == "function_call_output" else None
    call = calls.get(id) if isinstance(id, str) else None
    parts = (part for message in request.messages for part in message.content) if call else ()
    outputs = [part for part in parts if isinstance(part, p.ToolOutput) and part.id == id]
    if call is None or not outputs:  # The caller may have written an output in OpenAI's own JSON.
        return item
    return output_item(call, outputs[-1], cast("str | list[Body]", item.get("output", "")))


def _readable(reasoning: JsonObject) -> bool:
    return bool(reasoning.get("encrypted_content") or reasoning.get("content"))


def _user_items(message: UserMessage[p.Part]) -> list[Body]:
    """Return one message, and its tool outputs and items in OpenAI's own JSON as separate items, in order."""
    items: list[Body] = []
    content: list[Body] = []
    for part in message.content:
        if isinstance(part, p.CachePoint):
            c.set_cache_point(content or _parts_of_output(items), part, c.CACHE_POINT)
            continue
        item = _item(part)
        if item is None:
            content.append(_input_part(part))
            continue
        if content:
            items.append({"role": "user", "content": content})
            content = []
        items.append(item)
    return [*items, {"role": "user", "content": content}] if content else items


def _item(part: p.Part) -> Body | None:
    """Return a part that is an item of its own; `None` for one that stands in a message."""
    if isinstance(part, p.ToolOutput):
        return {"type": "function_call_output", "call_id": part.id, "output": _output(part)}
    own = c.own_json(part) if isinstance(part, p.Unknown) else None
    return None if own is None or str(own["type"]).startswith(PART_OF_INPUT) else own


def _parts_of_output(items: Sequence[Body]) -> list[Body]:
    """Return the content parts of the last item, if it is the output of a function, to mark one of them."""
    last = items[-1] if items else {}
    output = last.get("output") if last.get("type") == "function_call_output" else None
    if isinstance(output, str):
        output = [{"type": "input_text", "text": output}]
    wire = cast("list[Json]", output) if isinstance(output, list) else []
    parts: list[Body] = [{**part} for part in wire if type(part) is dict]  # They may be the caller's.
    if len(parts) != len(wire):
        return []
    last["output"] = parts
    return parts


def _output(output: p.ToolOutput) -> str | list[Body]:
    parts = c.output_parts(output)
    if len(parts) == 1 and isinstance(parts[0], p.Text):
        return parts[0].text
    return [_input_part(part) for part in parts]


def _input_part(part: p.Part) -> Body:
    if isinstance(part, (p.Text, p.Refusal)):
        return {"type": "input_text", "text": part.text}
    if isinstance(part, p.Image):
        return _image(part)
    if isinstance(part, p.Document):
        return _document(part)
    if isinstance(part, p.Unknown):
        return c.own_json(part)
    raise lack(CONTENT, feature_of(part), part)


def _image(part: p.Image) -> Body:
    if part.file_id:
        return {"type": "input_image", "file_id": part.file_id, "detail": part.detail or "auto"}
    return {"type": "input_image", "image_url": part.url or c.data_url(part), "detail": part.detail or "auto"}


def _document(part: p.Document) -> Body:
    if part.file_id:
        return {"type": "input_file", "file_id": part.file_id}
    if part.url:
        return {"type": "input_file", "file_url": part.url}
    return {"type": "input_file", "filename": c.file_name(part), "file_data": c.data_url(part)}


CONTENT: Spellings = {
    **contents(text="input_text", image="input_image", document="input_file"),
    "input.audio": no_field("The Responses API takes text, images and documents.", "Transcribe it first"),
    "input.video": no_field("The Responses API takes text, images and documents."),
    "cache.point": c.CACHE_POINT,
}
"""Kinds of content -> the type of the part that says it."""


def _assistant_items(message: AssistantMessage, provider: str) -> list[Body]:
    """Return the texts and calls of an answer from another model. Thoughts are bound to their model."""
    items: list[Body] = []
    answer: Body | None = None
    for part in message.content:
        if isinstance(part, (p.Text, p.Refusal)):
            if answer is None:
                answer = {**ANSWER, "content": ""}
                items.append(answer)
            answer["content"] = f"{answer['content']}{part.text}"
        elif not isinstance(part, p.Thought):
            answer = None
            items.append(_other_item(part, message.source, provider))
    return items


def _other_item(part: p.Part, source: Source | None, provider: str) -> Body:
    if isinstance(part, p.Commentary):
        return {**ANSWER, "content": part.text, "phase": "commentary"}
    if isinstance(part, p.ToolCall):
        return {"type": "function_call", "call_id": part.id, "name": part.name, "arguments": args_text(part)}
    raise c.foreign(part, source, own=_is_own(source, provider))


# Parameters


def _tools(body: Body, tools: Sequence[AnyTool | BuiltinTool], _: Request) -> None:
    if tools:
        body["tools"] = [_builtin(tool) if isinstance(tool, BuiltinTool) else _function(tool) for tool in tools]


def _function(tool: AnyTool) -> Mapping[str, object]:
    """Return a function as the endpoint takes it. It is made once and cached in `tool.wire`."""
    cached = tool.wire.get("openai.responses")
    if cached is None:
        cached = tool.wire["openai.responses"] = {"type": "function", **function_fields(tool), **tool.extra}
    return cached


def _builtin_alone(body: Body, tool: BuiltinTool, request: Request) -> None:
    _tools(body, [tool], request)


def _builtin(tool: BuiltinTool) -> Body:
    if tool.kind not in BUILTIN_TOOLS:
        raise lack(SPELLINGS, f"builtin_tools.{tool.kind}", tool)
    return {**BUILTIN_TOOLS[tool.kind], **tool.options}


def _tool_choice(body: Body, choice: str | AnyTool | BuiltinTool, _: Request) -> None:
    if choice in ("auto", "none", "required"):
        body["tool_choice"] = choice
    elif isinstance(choice, BuiltinTool):
        body["tool_choice"] = _forced(_builtin(choice))
    else:
        body["tool_choice"] = {"type": "function", "name": choice if isinstance(choice, str) else choice.name}


def _forced(tool: Body) -> Body:
    """Return the choice of a built-in tool: by name, or as the only allowed tool."""
    named = {key: tool[key] for key in ("type", "server_label") if key in tool}
    if tool["type"] in NAMED_CHOICES:
        return named
    return {"type": "allowed_tools", "mode": "required", "tools": [named]}


def _format(body: Body, format: Format, request: Request) -> None:
    if only_json_object(request):  # `encode_request` says in words what the answer must fit.
        put(body, "text.format", {"type": "json_object"})
        return
    cached = format.wire.get("openai.responses")
    if cached is None:
        cached = format.wire["openai.responses"] = {"type": "json_schema", **format_schema(format)}
    put(body, "text.format", cached)


def _visible(body: Body, visible: bool, _: Request) -> None:
    if visible:
        put(body, "reasoning.summary", "auto")


def _logprobs(body: Body, value: int | bool, _: Request) -> None:
    if value is False:
        return
    body["include"] = [*cast("Sequence[str]", body.get("include", ())), "message.output_text.logprobs"]
    if value is not True:
        body["top_logprobs"] = value


SPELLINGS: Spellings = {
    "system": Spelling("instructions"),
    "system_messages": Spelling("input"),
    "tools": Spelling("tools", _tools),
    "tools.strict": Spelling("tools"),
    "tool_choice": Spelling("tool_choice", _tool_choice),
    "tool_choice.forced": Spelling("tool_choice"),
    "tool_choice.builtin": Spelling("tool_choice"),
    "parallel_tools": field("parallel_tool_calls"),
    "format": Spelling("text.format", _format, note=format_note),
    "reasoning": Spelling("reasoning", each_of("reasoning", lambda: SPELLINGS)),
    "reasoning.effort": field("reasoning.effort", words=EFFORTS),
    "reasoning.off": field("reasoning.effort", lambda _: "none"),
    "reasoning.budget_tokens": no_field("Reasoning has no token budget here.", "Bound the whole with max_tokens"),
    "reasoning.visible": Spelling("reasoning.summary", _visible),
    "temperature": field("temperature"),
    "top_p": field("top_p"),
    "top_k": no_field(),
    "max_tokens": field("max_output_tokens"),
    "stop": no_field(),
    "seed": no_field(),
    "logprobs": Spelling("top_logprobs", _logprobs),
    "verbosity": field("text.verbosity"),
    "prefill": no_field("The Responses API cannot continue an answer.", "Say in the prompt how it shall begin"),
    "cache": c.CACHE,
    "output": Spelling("input", each_of("output", lambda: SPELLINGS)),
    "output.text": Spelling("input", nothing),
    "output.image": no_field("Pictures come from a tool, llm.ImageGeneration(), where the model has it."),
    **{f"builtin_tools.{kind}": Spelling("tools", _builtin_alone) for kind in BUILTIN_TOOLS},
    **CONTENT,
}
"""The Responses API: feature -> its spelling. Source: openai 3.54.0, types/responses/response_create_params.py."""
