"""Wire parts of an answer -> neutral parts, one at a time. Used for bodies and for streams."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from capably.providers.call_ids import unused_ids
from capably.providers.json import is_object, object_in, text_in, text_of
from capably.types import parts as p
from capably.types.arguments import read_arguments, wire_object
from capably.types.media_types import agreed_type
from capably.types.request import Request
from capably.types.response_data import LazyPart
from capably.types.tools import MCPServer, Tool

if TYPE_CHECKING:
    from capably.types.json_types import JsonObject
    from capably.types.tools import AnyTool, BuiltinTool

ABOUT_PART = frozenset(
    {
        *("thought", "thoughtSignature", "partMetadata", "mediaResolution", "videoMetadata", "mediaProcessing"),
        *("audioMetadata", "documentMetadata", "speechMetadata", "spreadsheetMetadata"),
    }
)
"""Keys that qualify a part and are not a kind of part."""

MEDIA: Mapping[str, type[p.Media]] = {"image": p.Image, "audio": p.Audio, "video": p.Video}
"""First half of a media type -> class; anything else is a `Document`."""


class PartReader:
    """Reads the parts of one answer, in order: calls that come without an id get one, distinct in the conversation."""

    __slots__ = ("_functions", "_ids", "_request", "_serves")

    def __init__(self, request: Request) -> None:
        tools: Sequence[AnyTool | BuiltinTool] = request.params.get("tools") or ()
        self._request = request
        self._serves = any(isinstance(tool, MCPServer) for tool in tools)
        self._functions = {tool.name for tool in tools if isinstance(tool, Tool)} if self._serves else frozenset[str]()
        self._ids: Iterator[str] | None = None

    def read(self, part: JsonObject) -> LazyPart | None:
        """Return the neutral part; `None` for a part without content. A signature stays in the wire form."""
        if part.get("text") is not None:
            if not text_in(part, "text"):
                return None
            return (p.Thought, _thought, part) if part.get("thought") is True else (p.Text, _text, part)
        if part.get("functionCall") is not None:
            return self._read_call(part)
        if part.get("thought") is not True:
            for key, build in _MEDIA_PARTS.items():
                if part.get(key) is not None:
                    data = object_in(part, key)
                    return _media_class(text_of(data, "mimeType") or ""), build, data
        kind = next((key for key in part if key not in ABOUT_PART and part[key] is not None), None)
        return None if kind is None else (p.Unknown, partial(p.Unknown, kind), part)

    def _read_call(self, part: JsonObject) -> LazyPart:
        """Decode a call of the caller's function. Google itself answers calls of an MCP server's functions."""
        call = object_in(part, "functionCall")
        name = call.get("name")
        if not isinstance(name, str) or (self._serves and name not in self._functions):
            return p.Unknown, partial(p.Unknown, "functionCall"), part
        return p.ToolCall, _call, call if call.get("id") else {**call, "id": self._next_id()}

    def _next_id(self) -> str:
        if self._ids is None:
            self._ids = unused_ids(self._request.messages)
        return next(self._ids)


def _text(part: JsonObject) -> p.Part:
    return p.Text(text_in(part, "text"))


def _thought(part: JsonObject) -> p.Part:
    return p.Thought(text_in(part, "text"))


def _call(call: JsonObject) -> p.Part:
    args, raw_args, _ = read_arguments(call.get("args"))
    return p.ToolCall(text_in(call, "id"), text_in(call, "name"), dict(args), raw_args)


def sendable(content: JsonObject, parts: Sequence[JsonObject]) -> JsonObject:
    """Return the content with these parts as Google takes it back: arguments that are no object are put into one."""
    if all(map(_is_sendable, parts)):
        return content
    return {**content, "parts": [part if _is_sendable(part) else _with_object(part) for part in parts]}


def _is_sendable(part: JsonObject) -> bool:
    call = part.get("functionCall")
    return not is_object(call) or isinstance(call.get("args", {}), dict)


def _with_object(part: JsonObject) -> JsonObject:
    call = object_in(part, "functionCall")
    return {**part, "functionCall": {**call, "args": wire_object(call["args"])}}


def _read_inline(data: JsonObject) -> p.Part:
    """Build a media part from base64, in either alphabet."""
    encoded, media_type = data.get("data", ""), data.get("mimeType", "")
    if not isinstance(encoded, str) or not isinstance(media_type, str):
        raise ValueError("inlineData holds no texts")
    try:
        content = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise ValueError(f"inlineData is no base64 ({error})") from error
    kind = agreed_type(content, media_type or None) or media_type
    return _media_class(media_type).from_bytes(content, media_type=kind, name=text_of(data, "displayName"))


def _read_file(data: JsonObject) -> p.Part:
    media_type = text_of(data, "mimeType")
    return _media_class(media_type or "")(url=text_of(data, "fileUri"), media_type=media_type)


_MEDIA_PARTS: Mapping[str, Callable[[JsonObject], p.Part]] = {"inlineData": _read_inline, "fileData": _read_file}


def _media_class(media_type: str) -> type[p.Media]:
    return MEDIA.get(media_type.partition("/")[0], p.Document)
