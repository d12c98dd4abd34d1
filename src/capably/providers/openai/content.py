"""What both endpoints write and read alike: media as URLs, tool outputs, tool arguments, `extra`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from capably.providers.openai.errors import unsupported
from capably.providers.openai.schema import without_nulls
from capably.types import parts as p
from capably.types.arguments import read_arguments
from capably.types.request import Request
from capably.types.tools import Tool

CACHE_TTLS = ("30m", "12h")
FILE_NAMES = {
    "application/pdf": "document.pdf",
    "text/plain": "document.txt",
    "text/markdown": "document.md",
    "text/html": "document.html",
    "text/csv": "document.csv",
    "application/json": "document.json",
}


def data_url(media: p.Media) -> str:
    """`data:image/png;base64,...` for the bytes of a part."""
    return f"data:{media.media_type or 'application/octet-stream'};base64,{media.base64()}"


def file_name(document: p.Media) -> str:
    """A name for a file; OpenAI tells the kind of a file from the ending of its name."""
    return document.name or FILE_NAMES.get(document.media_type or "", "document")


def cache_breakpoint(point: p.CachePoint, request: Request) -> dict[str, Any]:
    """The mark on the last content part before a cache point."""
    ttl = point.ttl or CACHE_TTLS[0]
    if ttl not in CACHE_TTLS:
        why = "OpenAI keeps prompts for 30m or 12h; write llm.CachePoint('30m')"
        raise unsupported(request, "CachePoint", point.ttl, why, allowed=CACHE_TTLS)
    return {"mode": "explicit", "ttl": ttl}


def cache_options(ttl: str, request: Request) -> dict[str, Any]:
    """Body fields that keep the whole prompt for `ttl`."""
    if ttl in CACHE_TTLS:
        return {"prompt_cache_options": {"mode": "implicit", "ttl": ttl}}
    if ttl == "24h":
        return {"prompt_cache_retention": "24h"}
    raise unsupported(request, "cache", ttl, "OpenAI keeps prompts for 30m, 12h or 24h", allowed=(*CACHE_TTLS, "24h"))


def output_parts(output: p.ToolOutput) -> list[p.Part]:
    """The result of a tool as parts. Values that are neither text nor parts become JSON text; errors say so."""
    value: Any = output.value
    parts: list[p.Part]
    if isinstance(value, p.Part):
        parts = [value]
    elif isinstance(value, (list, tuple)) and value and all(isinstance(item, (p.Part, str)) for item in value):  # pyright: ignore[reportUnknownVariableType]
        parts = [p.Text(item) if isinstance(item, str) else item for item in value]  # pyright: ignore[reportUnknownVariableType]
    else:
        parts = [p.Text(value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode())]
    if not output.is_error:
        return parts
    if parts and isinstance(parts[0], p.Text):
        return [p.Text(f"Error: {parts[0].text}"), *parts[1:]]
    return [p.Text("Error:"), *parts]


def own_json(part: p.Unknown, request: Request) -> dict[str, Any]:
    """What the caller wrote in OpenAI's own JSON: a part, or an item of the conversation."""
    raw: Any = part.raw
    if not isinstance(raw, Mapping) or not isinstance(raw.get("type"), str):  # pyright: ignore[reportUnknownMemberType]
        why = 'an Unknown part must hold OpenAI\'s own JSON: {"type": ..., ...}'
        raise unsupported(request, "Unknown", part, why)
    return dict(raw)  # pyright: ignore[reportUnknownArgumentType]


def decode_arguments(text: Any) -> tuple[dict[str, Any], str]:
    """Arguments as they came: parsed, and as text, which is empty where none came. What cannot be read parses as `{}`."""
    args, raw_args, _ = read_arguments(text)
    if raw_args is None:
        raw_args = "" if text is None else msgspec.json.encode(args).decode()
    return args, raw_args


def decode_call_of(source: tuple[str, str, Any, Mapping[str, Tool[Any]]]) -> p.ToolCall:
    """The call of a tool, from its id, its name, its arguments as they came, and the tools that are strict."""
    id, name, arguments, tools = source
    args, raw = decode_arguments(arguments)
    tool = tools.get(name)
    return p.ToolCall(id, name, without_nulls(args, tool) if tool else args, raw)


def merge_extra(body: dict[str, Any], extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """`body` with `extra` laid over it: objects merge, everything else is replaced. Neither is changed."""
    if not extra:
        return body
    merged = dict(body)
    for key, value in extra.items():
        below = merged.get(key)
        merged[key] = merge_extra(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value  # pyright: ignore[reportUnknownArgumentType]
    return merged
