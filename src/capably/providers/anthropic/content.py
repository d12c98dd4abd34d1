"""Messages and their parts, ours to Anthropic's wire."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeAlias, cast

from capably.providers.json import is_object, text_of
from capably.providers.message_cache import encoded
from capably.providers.spellings import (
    Body,
    NoSpellingError,
    Spelling,
    Spellings,
    contents,
    damaged,
    feature_of,
    lack,
    no_field,
)
from capably.types import parts as p
from capably.types.arguments import args_object
from capably.types.messages import AssistantMessage, Source, SystemMessage
from capably.types.request import Request
from capably.types.tool_results import result_parts

if TYPE_CHECKING:
    from typing import TypedDict

    from capably.types.json_types import JsonObject
    from capably.types.messages import Message

    class Turn(TypedDict):
        """A message as it is sent."""

        role: str
        content: Sequence[Block]


ENDPOINT = "messages"

THINKING = ("thinking", "redacted_thinking")
"""Block types that only the model that wrote them may get back; they take no cache point either."""

_SNAPSHOT = re.compile(r"[-@](?:\d{8}|latest)(?:-v\d+(?::\d+)?)?$")
"""What the id of a snapshot has besides that of the model: a date (behind `@` at Vertex AI), the version at Bedrock."""

MAX_POINTS = 4
"""Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching (read 2026-11-29)."""

IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
TEXT_TYPES = ("application/json", "application/xml", "application/yaml")
"""Media types besides `text/*` that are sent as plain text."""

Block: TypeAlias = Mapping[str, object]
BlockEncoder: TypeAlias = "Callable[..., Block | None]"
"""Returns the block of a part; nothing for one that is not sent."""


class Written(NamedTuple):
    """What was encoded, in the order in which the model reads it. A cache point that leads a message marks what is before it."""

    tools: list[Block]
    system: list[Block]
    messages: list[Turn]


def entries_of(body: Body, name: str) -> list[Block]:
    """Return the list under a key of the body. It is made where it is missing."""
    return cast("list[Block]", body.setdefault(name, []))


def encode_conversation(body: Body, request: Request, *, provider: str) -> None:
    """Write `system` and `messages` into `body`, after `tools`. `system` is one text, or blocks where there are several or one
    is marked."""
    written = Written(entries_of(body, "tools") if "tools" in body else [], [], [])
    system, messages = written.system, written.messages
    instructions = request.instructions or ([SystemMessage(request.system)] if request.system else ())
    system += _encode_parts([part for message in instructions for part in message.content], _SYSTEM, written)
    toolsets: dict[str, str] = {}

    def replay(_: AssistantMessage, source: Source) -> list[Turn] | None:
        content = _replayed(source, request, provider, toolsets)
        if content is None:
            return None
        return [{"role": "assistant", "content": content}] if content else []

    def encode(message: Message) -> list[Turn]:
        return _encode_message(message, written, provider)

    target = ("anthropic", provider)
    for form in encoded(request.messages, target, replay=replay, encode_text=_encode_text, encode=encode):
        messages += [_with_toolsets(message, toolsets) for message in form] if toolsets else form
    _check_points(written, request)
    if len(system) == 1 and "cache_control" not in system[0]:
        body["system"] = system[0]["text"]
    elif system:
        body["system"] = system
    body["messages"] = messages


def _check_points(written: Written, request: Request) -> None:
    """Raise for more cache points than the API takes, naming the first one."""
    messages = [*request.instructions, *request.messages]
    points = [part for message in messages for part in message.content if type(part) is p.CachePoint]
    if len(points) <= MAX_POINTS:
        return
    blocks = [block for message in written.messages for block in message["content"]]
    count = sum("cache_control" in place for place in (*written.tools, *written.system, *blocks))
    if count > MAX_POINTS:
        why = f"Anthropic takes {MAX_POINTS} cache points in a request, and this one has {count}."
        _refuse(points[0], why, "Leave the first ones out: the later ones mark what is before them too")


def _encode_text(role: str, text: str) -> list[Turn]:
    return [] if text.isspace() else [{"role": role, "content": [{"type": "text", "text": text}]}]


def _encode_message(message: Message, written: Written, provider: str) -> list[Turn]:
    if isinstance(message, SystemMessage):
        role, content = "system", _encode_parts(message.content, _SYSTEM, written)
    elif isinstance(message, AssistantMessage):
        _check_unknown(message, provider)
        role, content = "assistant", _encode_parts(message.content, _ASSISTANT, written)
    else:
        role, content = "user", _results_first(_encode_parts(message.content, _USER, written))
    return [{"role": role, "content": content}] if content else []


def container_of(request: Request, *, provider: str, now: datetime.datetime | None = None) -> str | None:
    """Return the id of the latest reply's sandbox, so that its files stay available; `None` once it has expired."""
    for message in reversed(request.messages):
        source = message.source if isinstance(message, AssistantMessage) else None
        wire = _own_wire(source, provider) if source is not None else None
        container = wire.get("container") if wire is not None else None
        if is_object(container):
            return None if _is_over(text_of(container, "expires_at"), now) else text_of(container, "id")
    return None


def _is_over(expires: str | None, now: datetime.datetime | None) -> bool:
    """Return whether a time is past. One that cannot be read never is."""
    try:
        end = datetime.datetime.fromisoformat(expires) if expires else None
    except ValueError:
        return False
    if end is None:
        return False
    return end.replace(tzinfo=end.tzinfo or datetime.UTC) <= (now or datetime.datetime.now(datetime.UTC))


def cache_control(ttl: str | None) -> dict[str, str]:
    """Return the cache mark. Without a lifetime it gets the provider's shortest (five minutes)."""
    return {"type": "ephemeral"} if ttl is None else {"type": "ephemeral", "ttl": ttl}


def _replayed(source: Source, request: Request, provider: str, toolsets: dict[str, str]) -> Sequence[JsonObject] | None:
    """Return the original blocks if this endpoint wrote them; without thinking if another model did.

    Blank texts, which the API refuses, are left out. The names of toolsets go into `toolsets`, by the ids of their calls.
    """
    wire = _own_wire(source, provider)
    if wire is None:
        return None
    content = wire.get("content")
    if not isinstance(content, list):
        return None
    own = request.model_id == source.model or _is_by(source, wire, request.model_id)
    blocks: list[JsonObject] = []
    for block in content:
        if type(block) is not dict:
            return None
        kind = block.get("type")
        if kind == "text":
            text = block.get("text")
            if type(text) is not str:
                return None
            if not text.strip():
                continue
        elif kind in THINKING and not own:
            continue
        if "toolset_name" in block and (name := text_of(block, "toolset_name")) and (call := text_of(block, "id")):
            toolsets[call] = name
        is_cut = type(block.get("input")) is str  # Of a call that `max_tokens` cut, and the API refuses it.
        blocks.append({**block, "input": {}} if is_cut else block)
    return blocks


def _is_by(source: Source, wire: JsonObject, model_id: str) -> bool:
    """Return whether the model wrote it. A snapshot's dated id and its alias are one model."""
    return _undated(model_id) in map(_undated, (source.model, str(wire.get("model"))))


def _undated(model_id: str) -> str:
    return _SNAPSHOT.sub("", model_id)


def _own_wire(source: Source, provider: str) -> JsonObject | None:
    """Return the JSON of an answer that this endpoint of `provider` wrote. The endpoint is empty for models without facts."""
    wire = source.wire
    return wire if _is_own(source, provider) and is_object(wire) else None


def _is_own(source: Source, provider: str) -> bool:
    return source.provider == provider and source.endpoint in (ENDPOINT, "")


def _check_unknown(message: AssistantMessage, provider: str) -> None:
    """Raise for a part of a stored answer that cannot go back in the JSON that it came in."""
    source = message.source
    part = next((part for part in message.content if isinstance(part, p.Unknown)), None) if source else None
    if source is None or part is None:
        return
    if _is_own(source, provider):
        raise damaged(part, source)
    _refuse(part, "It was written by another provider.", "Leave it out of the history, or keep to that provider")


def _encode_parts(
    parts: Sequence[p.Part],
    table: Mapping[type, BlockEncoder],
    written: Written,
) -> list[Block]:
    blocks: list[Block] = []
    for part in parts:
        if isinstance(part, p.CachePoint):
            if not (_mark(blocks, part) or _mark_before(written, part)):
                _refuse(part, "There is nothing before it that could be cached.", "Put it after a part")
            continue
        encode = table.get(p.ToolCall if isinstance(part, p.ToolCall) else type(part))
        if encode is None:
            raise _no_place(part)
        block = encode(part)
        if block is not None:
            blocks.append(block)
    return blocks


def _mark(blocks: list[Block], point: p.CachePoint) -> bool:
    """Set a cache point on the last of `blocks` that may carry one. Blocks are copied: they may belong to a reply."""
    mark = cache_control(point.ttl)
    for at in range(len(blocks) - 1, -1, -1):
        if blocks[at].get("type") not in THINKING:
            if blocks[at].get("cache_control", mark) != mark:
                why = "There is nothing between it and the cache point before it, which has another lifetime."
                _refuse(point, why, "Leave one of them out")
            blocks[at] = {**blocks[at], "cache_control": mark}
            return True
    return False


def _mark_before(written: Written, point: p.CachePoint) -> bool:
    """Set a cache point on what was encoded last: a message, else the system text, else the last tool."""
    messages = written.messages
    for at in range(len(messages) - 1, -1, -1):
        content = list(messages[at]["content"])
        if _mark(content, point):
            messages[at] = {"role": messages[at]["role"], "content": content}
            return True
    return _mark(written.system, point) or _mark(written.tools, point)


def _results_first(blocks: list[Block]) -> list[Block]:
    """Return the blocks with tool results first, as the API requires."""
    return blocks if len(blocks) < 2 else sorted(blocks, key=lambda block: block["type"] != "tool_result")


def _with_toolsets(message: Turn, toolsets: dict[str, str]) -> Turn:
    """Return the message with the toolset's name on the results of its tools."""
    if message["role"] != "user":
        return message
    return {"role": "user", "content": [_with_toolset(block, toolsets) for block in message["content"]]}


def _with_toolset(block: Block, toolsets: dict[str, str]) -> Block:
    call = block.get("tool_use_id")
    return {**block, "toolset_name": toolsets[call]} if isinstance(call, str) and call in toolsets else block


def _text(part: p.Text | p.Refusal | p.Commentary) -> Block | None:
    """Return a text block; nothing for empty or blank text, which Anthropic rejects."""
    return None if _is_blank(part.text) else {"type": "text", "text": part.text}


def _is_blank(text: str) -> bool:
    return not text or text.isspace()


def _image(part: p.Image) -> Block:
    if part.detail not in (None, "auto"):
        why = "Anthropic's models see a picture at one resolution."
        raise NoSpellingError("input.image.detail", part, why, "Leave detail out, or scale the picture")
    if part.data is not None and part.media_type not in IMAGE_TYPES:
        _refuse(part, f"Images must be one of {', '.join(IMAGE_TYPES)}; this one is {part.media_type}.", "Convert it")
    return {"type": "image", "source": _media_source(part)}


def _document(part: p.Document) -> Block:
    is_text = (part.media_type or "").startswith("text/") or part.media_type in TEXT_TYPES
    if part.data is not None and part.media_type != "application/pdf" and not is_text:
        _refuse(part, f"Documents must be PDF or text; this one is {part.media_type}.", "Convert it")
    if part.url is not None and is_text:
        _refuse(part, "Documents by URL must be PDF.", "Fetch it and pass llm.Document.from_bytes(...)")
    source = _media_source(part)
    if part.data is not None and is_text:
        try:
            source = {"type": "text", "media_type": "text/plain", "data": part.data.decode("utf-8")}
        except UnicodeDecodeError:
            _refuse(part, "This text document is not UTF-8.", "Decode it and encode it anew")
    return {"type": "document", "source": source, **({"title": part.name} if part.name else {})}


def _media_source(part: p.Media) -> Block:
    if part.data is not None:
        return {"type": "base64", "media_type": part.media_type, "data": part.base64()}
    if part.file_id is not None:
        return {"type": "file", "file_id": part.file_id}
    return {"type": "url", "url": part.url}


def _tool_call(part: p.ToolCall) -> Block:
    return {"type": "tool_use", "id": part.id, "name": part.name, "input": args_object(part)}


def _tool_output(part: p.ToolOutput) -> Block:
    result = result_parts(part.value)
    content = result if isinstance(result, str) else _encode_parts(result, _OUTPUT, Written([], [], []))
    block: Block = {"type": "tool_result", "tool_use_id": part.id, "content": content}
    return {**block, "is_error": True} if part.is_error else block


def _raw(part: p.Unknown) -> Block:
    """Return a block that the caller wrote in Anthropic's own JSON."""
    if not is_object(part.raw) or "type" not in part.raw:
        _refuse(part, "It is no block in Anthropic's own JSON.", 'Give it one, {"type": ..., ...}')
    return part.raw


def _no_thought(_part: p.Thought) -> None:
    """Leave the thought out: thoughts are sent back only in the provider's own JSON."""


_OUTPUT: Mapping[type, BlockEncoder] = {
    p.Text: _text,
    p.Image: _image,
    p.Document: _document,
    p.Unknown: _raw,
}
_SYSTEM: Mapping[type, BlockEncoder] = {p.Text: _text}
_USER: Mapping[type, BlockEncoder] = {**_OUTPUT, p.ToolOutput: _tool_output}
_ASSISTANT: Mapping[type, BlockEncoder] = {
    p.Text: _text,
    p.Refusal: _text,
    p.Commentary: _text,
    p.ToolCall: _tool_call,
    p.Thought: _no_thought,
    p.Unknown: _raw,
}

CONTENT: Spellings = {
    **contents(text="text", image="image", document="document", tool_output="tool_result"),
    "input.audio": no_field("Anthropic's models do not hear audio.", "Transcribe it first"),
    "input.video": no_field("Anthropic's models do not watch video.", "Send frames as images"),
    "cache.point": Spelling("cache_control"),
}
"""Kinds of content -> the type of the block that says it."""


def _no_place(part: p.Part) -> NoSpellingError:
    """Return the error for a part that the API does not take in this message, or in any."""
    feature = feature_of(part)
    if feature in CONTENT and CONTENT[feature].path:
        return NoSpellingError(feature, part, "Anthropic takes it in user messages only.", "Move it to one")
    return lack(CONTENT, feature, part)


def _refuse(part: p.Part, why: str, instead: str) -> NoReturn:
    raise NoSpellingError(feature_of(part), part, why, instead)
