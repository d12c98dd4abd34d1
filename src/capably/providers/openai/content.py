"""Content that both endpoints share: media as URLs, tool outputs, tool arguments, `extra`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from capably.providers.openai.schema import without_nulls
from capably.providers.spellings import Body, NoSpellingError, Spelling, damaged, feature_of, field, lack
from capably.types import parts as p
from capably.types.arguments import read_arguments
from capably.types.calls import CustomToolCall
from capably.types.messages import Source, SystemMessage
from capably.types.request import Request
from capably.types.tool_results import result_parts

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject
    from capably.types.tools import AnyTool

CACHE_TTLS = ("30m", "12h")
RETENTION = "24h"
"""The lifetime that a field of its own says."""
FILE_NAMES = {
    "application/pdf": "document.pdf",
    "text/plain": "document.txt",
    "text/markdown": "document.md",
    "text/html": "document.html",
    "text/csv": "document.csv",
    "application/json": "document.json",
}


def data_url(media: p.Media) -> str:
    """Return the bytes of a part as `data:image/png;base64,...`."""
    return f"data:{media.media_type or 'application/octet-stream'};base64,{media.base64()}"


def file_name(document: p.Media) -> str:
    """Return a name for a file. OpenAI reads the kind of a file from the ending of its name."""
    return document.name or FILE_NAMES.get(document.media_type or "", "document")


def set_cache_point(content: Sequence[Body], point: p.CachePoint, spelling: Spelling) -> None:
    """Mark the last content part before a cache point, in the spelling of the host."""
    if not content:
        raise unplaced(point)
    if not spelling.can_express(point.ttl):
        raise lack({"cache.point": spelling}, "cache.point", point)
    mark = _cache_control(point.ttl) if spelling is CONTROL_POINT else _cache_breakpoint(point.ttl)
    if content[-1].get(spelling.path, mark) != mark:
        why = "There is nothing between it and the cache point before it, which has another lifetime."
        raise NoSpellingError("cache.point", point, why, "Leave one of them out")
    content[-1][spelling.path] = mark


def _cache_breakpoint(ttl: str | None) -> Body:
    return {"mode": "explicit", "ttl": ttl or CACHE_TTLS[0]}


def _cache_control(ttl: str | None) -> Body:
    return {"type": "ephemeral"} if ttl is None else {"type": "ephemeral", "ttl": ttl}


def instructions_of(messages: Sequence[SystemMessage], kind: str, spelling: Spelling) -> str | list[Body] | None:
    """Return instructions as one text, or as content parts of this type where they have cache points."""
    parts = [part for message in messages for part in message.content]
    if not any(isinstance(part, p.CachePoint) for part in parts):
        return "\n\n".join(message.text for message in messages) or None
    content: list[Body] = []
    for part in parts:
        if isinstance(part, p.CachePoint):
            set_cache_point(content, part, spelling)
        else:
            content.append({"type": kind, "text": part.text})
    return content


def encode_cache(body: Body, ttl: str, _: Request) -> None:
    """Write the body fields that cache the prompt for `ttl`."""
    if ttl == RETENTION:
        body["prompt_cache_retention"] = ttl
    else:
        body["prompt_cache_options"] = {"mode": "implicit", "ttl": ttl}


CACHE = Spelling("prompt_cache_options", encode_cache, words=(*CACHE_TTLS, RETENTION), plain=True)
CACHE_POINT = Spelling("prompt_cache_breakpoint", words=(*CACHE_TTLS, None))
CONTROL = field("cache_control", _cache_control, words=("5m", "1h"))
CONTROL_POINT = Spelling("cache_control", words=("5m", "1h", None))
"""Anthropic's spelling, at hosts that take it for all models.

Source: https://openrouter.ai/docs/client-sdks/typescript/models/anthropiccachecontroldirective (read 2026-11-29)."""


def unplaced(point: p.CachePoint) -> NoSpellingError:
    """Return the error for a cache point with nothing before it."""
    why = "It must follow the content that is to be cached in the same message."
    return NoSpellingError("cache.point", point, why, "Put it after a part")


def foreign(part: p.Part, source: Source | None, *, own: bool) -> NoSpellingError:
    """Return the error for a part of an answer that has no spelling here: it is of another provider, or (`own`) its JSON is damaged."""
    if own and source is not None:
        return damaged(part, source)
    named = f'part "{part.kind}"' if isinstance(part, p.Unknown) else type(part).__name__
    why = f"An answer of another model or endpoint can be sent on as text and tool calls only; this is a {named}."
    return NoSpellingError(feature_of(part), part, why, "Leave it out")


def output_parts(output: p.ToolOutput) -> list[p.Part]:
    """Return the result of a tool as parts. Other values become JSON text; errors are labelled."""
    result = result_parts(output.value)
    parts: list[p.Part] = [p.Text(result)] if isinstance(result, str) else result
    if not output.is_error:
        return parts
    if parts and isinstance(parts[0], p.Text):
        return [p.Text(f"Error: {parts[0].text}"), *parts[1:]]
    return [p.Text("Error:"), *parts]


def own_json(part: p.Unknown) -> Body:
    """Return what the caller wrote in OpenAI's own JSON: a part, or an item of the conversation."""
    given: object = part.raw
    raw = cast("Mapping[str, object]", given) if isinstance(given, Mapping) else None
    if raw is None or not isinstance(raw.get("type"), str):
        why, instead = "It holds no part in OpenAI's own JSON.", 'Give it one, {"type": ..., ...}'
        raise NoSpellingError("input.unknown", part, why, instead)
    return dict(raw)


def decode_arguments(text: Json) -> tuple[JsonObject, str]:
    """Return the arguments parsed, and their text, which is empty if there is none. Unreadable text parses as `{}`."""
    args, raw_args, _ = read_arguments(text)
    if raw_args is None:
        raw_args = "" if text is None else msgspec.json.encode(args).decode()
    return args, raw_args


def decode_call_of(id: Json, name: Json, arguments: Json, tools: Mapping[str, AnyTool]) -> p.ToolCall:
    """Return the call of a tool. `tools` has the strict tools by name."""
    if type(id) is not str or type(name) is not str:
        raise _unnamed(id, name)
    args, raw = decode_arguments(arguments)
    tool = tools.get(name)
    return p.ToolCall(id, name, without_nulls(args, tool) if tool else args, raw)


def decode_custom_call(id: Json, name: Json, text: Json) -> p.Part:
    """Return the call of a tool that takes free text."""
    if type(id) is not str or type(name) is not str:
        raise _unnamed(id, name)
    if text is not None and not isinstance(text, str):
        raise TypeError(f"the input of a custom tool is a {type(text).__name__}, not a str")
    return CustomToolCall(id, name, {"input": text or ""})


def _unnamed(id: Json, name: Json) -> TypeError:
    return TypeError(f"a call has the id {id!r} and the name {name!r}, not two texts")
