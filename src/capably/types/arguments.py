"""Read the arguments of a tool call. All wire formats and the run of tools decide here what can be read.

Loaded when a call is decoded or checked, not with the parts: msgspec and json cost more than they do.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from capably.types.json_types import Json

    class Call(Protocol):
        """What is read of a `ToolCall`, whose module imports this one."""

        @property
        def args(self) -> dict[str, Json]: ...
        @property
        def raw_args(self) -> str | None: ...
        @property
        def args_error(self) -> str | None: ...


INVALID = "INVALID_JSON"
"""The key under which unreadable text is replayed where the wire format demands an object. Source: Anthropic's guide to
fine-grained tool streaming, "Handling invalid JSON in tool responses"."""

_JSON_KINDS: Mapping[type, str] = {
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


def read_arguments(wire: Json) -> tuple[dict[str, Json], str | None, str | None]:
    """Return the arguments, their JSON text, and why they cannot be read.

    An absent value, null, blank text and the text `null` are no arguments: servers of Chat Completions send each of them
    for a tool without parameters (Go writes an empty map as `null`), and none holds a value that a default would replace.
    An object has no text. Text is parsed once: a JSON string that holds JSON is unreadable.
    """
    if wire is None:
        return {}, None, None
    if isinstance(wire, dict):
        return wire, None, None
    if isinstance(wire, str):
        args, error = _parse(wire)
        return args, wire, error
    return {}, msgspec.json.encode(wire).decode(), _not_an_object(wire)


def wire_object(wire: Json) -> dict[str, Json]:
    """Return the arguments as an object, for formats that take nothing else: unreadable text goes under `INVALID_JSON`."""
    args, text, error = read_arguments(wire)
    return args if error is None else {INVALID: text}


def args_object(call: Call) -> dict[str, Json]:
    """Return the arguments of a call as an object to send. The model sees its own unreadable text under `INVALID_JSON`."""
    return call.args if call.args_error is None else wire_object(call.raw_args or call.args)


def args_text(call: Call) -> str:
    """Return the arguments of a call as text: as they arrived, readable or not, else as JSON. It may hold halves of surrogate
    pairs."""
    if call.raw_args:
        return call.raw_args
    try:
        return msgspec.json.encode(call.args).decode()
    except UnicodeEncodeError:
        return json.dumps(call.args, ensure_ascii=False, separators=(",", ":"))


def error_in(args: object, raw_args: str | None) -> str | None:
    """Return why the arguments of a call cannot be read, in words for the model; `None` if they can."""
    if not isinstance(args, dict):
        return _not_an_object(args)
    return None if raw_args is None else read_arguments(raw_args)[2]


def _parse(text: str) -> tuple[dict[str, Json], str | None]:
    if not text.strip():
        return {}, None
    try:
        parsed: Json = msgspec.json.decode(text)
        # msgspec takes the last of two equal keys. Numbers stay text here, since only keys are compared.
        json.loads(text, object_pairs_hook=_refuse_repeated_keys, parse_int=str, parse_float=str)
    except RecursionError:
        return {}, "they are nested too deep"
    except _RepeatedKeyError as error:
        return {}, str(error)
    except (msgspec.DecodeError, ValueError) as error:
        return {}, f"they are not valid JSON ({error})"
    if parsed is None:
        return {}, None
    return (parsed, None) if isinstance(parsed, dict) else ({}, _not_an_object(parsed))


def _not_an_object(value: object) -> str:
    kind = _JSON_KINDS.get(type(value), f"a {type(value).__name__}")
    return f"they are {kind}, not a JSON object"


class _RepeatedKeyError(Exception):
    """An object has the same key twice, so its value is ambiguous."""


def _refuse_repeated_keys(pairs: list[tuple[str, object]]) -> None:
    keys: set[str] = set()
    for key, _ in pairs:
        if key in keys:
            raise _RepeatedKeyError(f"the key {json.dumps(key)} stands in one object twice")
        keys.add(key)
