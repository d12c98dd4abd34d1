"""Reads received JSON: the reader of `types/json.py`, and what adapters ask of its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from capably.types.json import body_of, dump_json, dump_text, is_sendable, load_body, load_json, mend_json

__all__ = [
    "body_of",
    "dump_json",
    "dump_text",
    "is_object",
    "is_sendable",
    "list_of",
    "load_body",
    "load_json",
    "mend_json",
    "object_of",
    "text_of",
    "typed",
]


def typed(fields: Mapping[str, Any], name: str, kind: type) -> Any:
    """Return a field. Raise `KeyError` if it is absent, and `TypeError`, which names it, if it is of another type."""
    value = fields[name]
    if type(value) is not kind:  # JSON has no subclasses, and `isinstance` is a call.
        raise TypeError(f"{name!r} is a {type(value).__name__}, not a {kind.__name__}")
    return value


def list_of(fields: Mapping[str, Any], name: str) -> Sequence[Any]:
    """Return a list; an empty one if it is absent or null. Raise `TypeError` for anything else: `0` is no empty answer."""
    if name not in fields or fields[name] is None:
        return ()
    return fields[name] if type(fields[name]) is list else typed(fields, name, list)


def object_of(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object; an empty one if it is absent or null. Raise `TypeError` for anything else."""
    if name not in fields or fields[name] is None:
        return {}
    return fields[name] if type(fields[name]) is dict else typed(fields, name, dict)


def text_of(fields: Mapping[str, Any], name: str) -> str | None:
    """Return a field that is a text, and `None` for anything else. It is for what stands beside an answer, and is no part of it: an
    id of another type loses nobody the answer, and stays in its body."""
    return fields[name] if name in fields and type(fields[name]) is str else None


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Return whether parsed JSON is an object."""
    return isinstance(value, dict)
