"""Messages and their parts, ours to Anthropic's wire."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from capably.providers.json import is_object
from capably.providers.message_cache import Form, encoded
from capably.providers.spellings import NoSpellingError, Spelling, Spellings, contents, feature_of, lack, no_field
from capably.types import parts as p
from capably.types.arguments import args_object
from capably.types.messages import AssistantMessage, Source, SystemMessage
from capably.types.request import Request
from capably.types.tool_results import result_parts

if TYPE_CHECKING:
    from capably.types.messages import Message

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

Block = dict[str, Any]


def encode_messages(body: dict[str, Any], request: Request, *, provider: str) -> None:
    """Write `messages` into `body`, after `tools` and `system`: a leading cache point marks those."""
    messages: list[Block] = []
    body["messages"] = messages
    toolsets: dict[str, str] = {}

    def replay(_: AssistantMessage, source: Source) -> Form | None:
        content = _replayed(source, request, provider)
        if content is None:
            return None
        for block in content:
            if block.get("toolset_name"):
                toolsets[block["id"]] = block["toolset_name"]
        return [{"role": "assistant", "content": content}] if content else []

    def encode(message: Message) -> Form:
        return _encode_message(message, body)

    for form in encoded(
        request.messages, ("anthropic", provider), replay=replay, encode_text=_encode_text, encode=encode
    ):
        messages += [_with_toolsets(message, toolsets) for message in form] if toolsets else form
    _check_points(body, request)


def _check_points(body: dict[str, Any], request: Request) -> None:
    """Raise for more cache points than the API takes, naming the first one."""
    messages = [*request.instructions, *request.messages]
    points = [part for message in messages for part in message.content if type(part) is p.CachePoint]
    if len(points) <= MAX_POINTS:
        return
    system: str | list[Block] = body.get("system", [])
    places = [*body.get("tools", ()), *([] if isinstance(system, str) else system)]
    places += [block for message in body["messages"] for block in message["content"]]
    count = sum("cache_control" in place for place in places)
    if count > MAX_POINTS:
        why = f"Anthropic takes {MAX_POINTS} cache points in a request, and this one has {count}."
        _refuse(points[0], why, "Leave the first ones out: the later ones mark what is before them too")


def encode_system(body: dict[str, Any], request: Request) -> None:
    """Write `system` into `body`, after `tools`: one text, or blocks where there are several or one is marked."""
    instructions = request.instructions or ([SystemMessage(request.system)] if request.system else ())
    blocks = _encode_parts([part for message in instructions for part in message.content], _SYSTEM, body)
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        body["system"] = blocks[0]["text"]
    elif blocks:
        body["system"] = blocks


def _encode_text(role: str, text: str) -> Form:
    return [] if text.isspace() else [{"role": role, "content": [{"type": "text", "text": text}]}]


def _encode_message(message: Message, body: dict[str, Any]) -> Form:
    if isinstance(message, SystemMessage):
        content = _encode_parts(message.content, _SYSTEM, body)
        return [{"role": "system", "content": content}] if content else []
    if isinstance(message, AssistantMessage):
        content = _encode_parts(message.content, _ASSISTANT, body, foreign=message.source is not None)
        return [{"role": "assistant", "content": content}] if content else []
    content = _encode_parts(message.content, _USER, body)
    return [{"role": "user", "content": _results_first(content)}] if content else []


def container_of(request: Request, *, provider: str, now: datetime.datetime | None = None) -> str | None:
    """Return the id of the latest reply's sandbox, so that its files stay available; `None` once it has expired."""
    now = now or datetime.datetime.now(datetime.UTC)
    for message in reversed(request.messages):
        source = message.source if isinstance(message, AssistantMessage) else None
        if source is not None and _is_ours(source, provider) and source.wire.get("container"):
            container = source.wire["container"]
            expires = container.get("expires_at")
            alive = expires is None or datetime.datetime.fromisoformat(expires) > now
            return container["id"] if alive else None
    return None


def cache_control(ttl: str | None) -> dict[str, str]:
    """Return the cache mark. Without a lifetime it gets the provider's shortest (five minutes)."""
    return {"type": "ephemeral"} if ttl is None else {"type": "ephemeral", "ttl": ttl}


def _replayed(source: Source, request: Request, provider: str) -> list[Block] | None:
    """Return the original blocks if this endpoint wrote them; without thinking if another model did."""
    if not _is_ours(source, provider):
        return None
    content: list[Block] = source.wire["content"]
    own = request.model_id == source.model or _is_by(source, request.model_id)
    for block in content:
        kind = block.get("type")
        if (
            isinstance(block.get("input"), str)
            or (kind in THINKING and not own)
            or (kind == "text" and not block["text"].strip())
        ):
            return [_with_input(block) for block in content if not _is_left_out(block, own)]
    return content


def _is_by(source: Source, model_id: str) -> bool:
    """Return whether the model wrote it. A snapshot's dated id and its alias are one model."""
    writers = (source.model, str(source.wire.get("model")))
    return model_id in writers or _undated(model_id) in map(_undated, writers)


def _undated(model_id: str) -> str:
    return _SNAPSHOT.sub("", model_id)


def _is_left_out(block: Block, own: bool) -> bool:
    """Return whether the API does not take a block back: thinking of another model, and blank texts."""
    kind = block.get("type")
    return _is_blank(block["text"]) if kind == "text" else kind in THINKING and not own


def _with_input(block: Block) -> Block:
    """Return the block with an object as `input`. A call that `max_tokens` cut has text there, which is refused."""
    return {**block, "input": {}} if isinstance(block.get("input"), str) else block


def _is_ours(source: Source, provider: str) -> bool:
    """Return whether this endpoint of `provider` wrote it. The endpoint is empty for models without facts."""
    return source.provider == provider and source.endpoint in (ENDPOINT, "") and is_object(source.wire)


def _encode_parts(
    parts: Sequence[p.Part],
    table: dict[type, Callable[..., Block | None]],
    body: dict[str, Any],
    *,
    foreign: bool = False,
) -> list[Block]:
    blocks: list[Block] = []
    for part in parts:
        if isinstance(part, p.CachePoint):
            if not (_mark(blocks, part) or _mark_before(body, part)):
                _refuse(part, "There is nothing before it that could be cached.", "Put it after a part")
            continue
        encode = table.get(p.ToolCall if isinstance(part, p.ToolCall) else type(part))
        if encode is None:
            raise _no_place(part)
        if foreign and isinstance(part, p.Unknown):
            _refuse(
                part, "It was written by another provider.", "Leave it out of the history, or keep to that provider"
            )
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


def _mark_before(body: dict[str, Any], point: p.CachePoint) -> bool:
    """Set a cache point on what was encoded last: a message, else the system text, else the last tool."""
    messages: list[Block] = body.get("messages", [])
    for at in range(len(messages) - 1, -1, -1):
        content = list(messages[at]["content"])
        if _mark(content, point):
            messages[at] = {**messages[at], "content": content}
            return True
    system: str | list[Block] = body.get("system", [])
    blocks = [{"type": "text", "text": system}] if isinstance(system, str) else system
    if blocks and _mark(blocks, point):
        body["system"] = blocks
        return True
    return _mark(body.get("tools", []), point)


def _results_first(blocks: list[Block]) -> list[Block]:
    """Return the blocks with tool results first, as the API requires."""
    return blocks if len(blocks) < 2 else sorted(blocks, key=lambda block: block["type"] != "tool_result")


def _with_toolsets(message: Block, toolsets: dict[str, str]) -> Block:
    """Return the message with the toolset's name on the results of its tools."""
    if message["role"] != "user":
        return message
    return {**message, "content": [_with_toolset(block, toolsets) for block in message["content"]]}


def _with_toolset(block: Block, toolsets: dict[str, str]) -> Block:
    name = toolsets.get(block.get("tool_use_id", ""))
    return {**block, "toolset_name": name} if name else block


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
    block: Block = {
        "type": "tool_result",
        "tool_use_id": part.id,
        "content": _output_value(part.value),
    }
    if part.is_error:
        block["is_error"] = True
    return block


def _output_value(value: Any) -> str | list[Block]:
    result = result_parts(value)
    return result if isinstance(result, str) else _encode_parts(result, _OUTPUT, {"messages": []})


def _raw(part: p.Unknown) -> Block:
    """Return a block that the caller wrote in Anthropic's own JSON."""
    if not is_object(part.raw) or "type" not in part.raw:
        _refuse(part, "It is no block in Anthropic's own JSON.", 'Give it one, {"type": ..., ...}')
    return part.raw


def _no_thought(_part: p.Thought) -> None:
    """Leave the thought out: thoughts are sent back only in the provider's own JSON."""


_OUTPUT: dict[type, Callable[..., Block | None]] = {
    p.Text: _text,
    p.Image: _image,
    p.Document: _document,
    p.Unknown: _raw,
}
_SYSTEM: dict[type, Callable[..., Block | None]] = {p.Text: _text}
_USER = {**_OUTPUT, p.ToolOutput: _tool_output}
_ASSISTANT: dict[type, Callable[..., Block | None]] = {
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
