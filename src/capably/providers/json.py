"""Reads received JSON: the reader of `types/json.py`, and what adapters ask of its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from capably.types.json import body_of, dump_json, dump_text, is_sendable, load_body, load_json, mend_json

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from capably.types.json_types import Json, JsonObject

__all__ = [
    "as_object",
    "body_of",
    "dump_json",
    "dump_text",
    "is_object",
    "is_sendable",
    "list_in",
    "list_of",
    "load_body",
    "load_json",
    "mend_json",
    "object_in",
    "object_of",
    "objects_among",
    "objects_of",
    "text_in",
    "text_of",
]


def text_in(fields: Mapping[str, Json], name: str) -> str:
    """Return a text. Raise `KeyError` if it is absent, and `TypeError`, which names it, for anything else."""
    value = fields[name]
    if type(value) is not str:  # JSON has no subclasses, and `isinstance` is a call.
        raise _wrong_type(name, value, str)
    return value


def list_in(fields: Mapping[str, Json], name: str) -> list[Json]:
    """Return a list. Raise `KeyError` if it is absent, and `TypeError`, which names it, for anything else."""
    value = fields[name]
    if type(value) is not list:
        raise _wrong_type(name, value, list)
    return value


def object_in(fields: Mapping[str, Json], name: str) -> JsonObject:
    """Return an object. Raise `KeyError` if it is absent, and `TypeError`, which names it, for anything else."""
    value = fields[name]
    if type(value) is not dict:
        raise _wrong_type(name, value, dict)
    return value


def list_of(fields: Mapping[str, Json], name: str) -> list[Json]:
    """Return a list; an empty one if it is absent or null. Raise `TypeError` for anything else: `0` is no empty answer."""
    value = fields.get(name)
    if type(value) is list:
        return value
    if value is not None:
        raise _wrong_type(name, value, list)
    return []


def object_of(fields: Mapping[str, Json], name: str) -> JsonObject:
    """Return an object; an empty one if it is absent or null. Raise `TypeError` for anything else."""
    value = fields.get(name)
    if type(value) is dict:
        return value
    if value is not None:
        raise _wrong_type(name, value, dict)
    return {}


def objects_of(fields: Mapping[str, Json], name: str) -> list[JsonObject]:
    """Return a list of objects; an empty one if it is absent or null. Raise `TypeError` for anything else."""
    value = fields.get(name)
    if value is None:
        return []
    if type(value) is not list:
        raise _wrong_type(name, value, list)
    objects: list[JsonObject] = []
    for item in value:
        if type(item) is not dict:
            raise _wrong_type(name, item, dict)
        objects.append(item)
    return objects


def objects_among(value: Json) -> list[JsonObject]:
    """Return the objects of a list that are not empty, and none for anything else. It is for what stands beside an answer, as its
    sources do: one of another shape loses nobody the answer, and stays in its body."""
    return [item for item in value if item and type(item) is dict] if type(value) is list else []


def as_object(value: Json, name: str) -> JsonObject:
    """Return a value that must be an object. Raise `TypeError`, which names where it stands, if it is none."""
    if type(value) is not dict:
        raise _wrong_type(name, value, dict)
    return value


def text_of(fields: Mapping[str, Json], name: str) -> str | None:
    """Return a field that is a text, and `None` for anything else. It is for what stands beside an answer, and is no part of it: an
    id of another type loses nobody the answer, and stays in its body."""
    value = fields.get(name)
    return value if type(value) is str else None


def is_object(value: Json) -> TypeIs[JsonObject]:
    """Return whether parsed JSON is an object."""
    return isinstance(value, dict)


def _wrong_type(name: str, value: Json, kind: type) -> TypeError:
    return TypeError(f"{name!r} is a {type(value).__name__}, not a {kind.__name__}")
