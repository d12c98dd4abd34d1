"""Wire parts of an answer -> neutral parts, one at a time. Used for bodies and for streams."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, cast

from capably.providers.call_ids import unused_ids
from capably.providers.json import text_of
from capably.types import parts as p
from capably.types.arguments import read_arguments, wire_object
from capably.types.request import Request
from capably.types.response_data import LazyPart
from capably.types.tools import MCPServer, Tool

Object: TypeAlias = Mapping[str, Any]

ABOUT_PART = frozenset(
    {"thought", "thoughtSignature", "partMetadata", "mediaResolution", "videoMetadata", "mediaProcessing"}
)
"""Keys that qualify a part and are not a kind of part."""

MEDIA: Mapping[str, type[p.Media]] = {"image": p.Image, "audio": p.Audio, "video": p.Video}
"""First half of a media type -> class; anything else is a `Document`."""


class PartReader:
    """Reads the parts of one answer, in order: calls that come without an id get one, distinct in the conversation."""

    __slots__ = ("_functions", "_ids", "_request", "_serves")

    def __init__(self, request: Request) -> None:
        tools: Sequence[Any] = request.params.get("tools") or ()
        self._request = request
        self._serves = any(isinstance(tool, MCPServer) for tool in tools)
        self._functions = {tool.name for tool in tools if isinstance(tool, Tool)} if self._serves else frozenset[str]()
        self._ids: Any = None

    def read(self, part: Object) -> LazyPart | None:
        """Return the neutral part; `None` for a part without content. A signature stays in the wire form."""
        text = part.get("text")
        if text is not None:
            return read_text(part, text)
        if part.get("functionCall") is not None:
            return self._read_call(part)
        if part.get("thought") is not True:
            for key, build in _MEDIA_PARTS.items():
                if key in part and part[key] is not None:
                    data = read_object(part[key], key)
                    return _media_class(str(data.get("mimeType") or "")), build, data
        kind = next((key for key in part if key not in ABOUT_PART and part[key] is not None), None)
        return None if kind is None else (p.Unknown, partial(p.Unknown, kind), part)

    def _read_call(self, part: Object) -> LazyPart:
        """Decode a call of the caller's function. Google itself answers calls of an MCP server's functions."""
        call = read_object(part["functionCall"], "functionCall")
        name = call.get("name")
        if not isinstance(name, str) or (self._serves and name not in self._functions):
            return p.Unknown, partial(p.Unknown, "functionCall"), part
        return p.ToolCall, _call, (call.get("id") or self._next_id(), name, call.get("args"))

    def _next_id(self) -> str:
        if self._ids is None:
            self._ids = unused_ids(self._request.messages)
        return next(self._ids)


def read_text(part: Object, text: Any) -> LazyPart | None:
    """Build a text or a thought; `None` if it is empty."""
    if not isinstance(text, str):
        raise ValueError(f"a text is {text!r}")
    if not text:
        return None
    kind = p.Thought if part.get("thought") is True else p.Text
    return kind, kind, text


def _call(source: tuple[str, str, Any]) -> p.Part:
    id, name, args = source
    if type(id) is not str:  # pyright: ignore[reportUnnecessaryComparison]
        raise TypeError(f"the id of a call is {_named(id)}")
    args, raw_args, _ = read_arguments(args)
    return p.ToolCall(id, name, dict(args), raw_args)


def sendable(content: Object) -> Object:
    """Return the content as Google takes it back: arguments that are no object are put into one."""
    parts = objects_of(content, "parts")
    if all(map(_is_sendable, parts)):
        return content
    return {**content, "parts": [part if _is_sendable(part) else _with_object(part) for part in parts]}


def _is_sendable(part: Object) -> bool:
    call = part.get("functionCall")
    return not isinstance(call, dict) or isinstance(cast("Object", call).get("args", {}), dict)


def _with_object(part: Object) -> Object:
    call: Object = part["functionCall"]
    return {**part, "functionCall": {**call, "args": wire_object(call["args"])}}


def _read_inline(data: Object) -> p.Part:
    """Build a media part from base64, in either alphabet."""
    encoded, media_type = data.get("data", ""), data.get("mimeType", "")
    if not isinstance(encoded, str) or not isinstance(media_type, str):
        raise ValueError("inlineData holds no texts")
    try:
        content = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise ValueError(f"inlineData is no base64 ({error})") from error
    return _media_class(media_type).from_bytes(content, media_type=media_type, name=text_of(data, "displayName"))


def _read_file(data: Object) -> p.Part:
    media_type = text_of(data, "mimeType")
    return _media_class(media_type or "")(url=text_of(data, "fileUri"), media_type=media_type)


_MEDIA_PARTS: Mapping[str, Callable[[Object], p.Part]] = {"inlineData": _read_inline, "fileData": _read_file}


def _media_class(media_type: str) -> type[p.Media]:
    return MEDIA.get(media_type.partition("/")[0], p.Document)


def read_object(value: Any, what: str) -> Object:
    """Return a JSON object. Raise `ValueError`, naming the value, for anything else."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is {_named(value)}, no object")
    return cast("Object", value)


def objects_of(owner: Object, key: str) -> Sequence[Object]:
    """Return the list of objects under `key`, which may be absent. Raise `ValueError` for anything else."""
    value = owner.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ValueError(f"{key} is {_named(value)}, no list")
    items = cast("list[Any]", value)
    for item in items:
        if not isinstance(item, dict):
            raise ValueError(f"{key} holds {_named(item)}, no object")
    return items


def _named(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"a {type(value).__name__}"
