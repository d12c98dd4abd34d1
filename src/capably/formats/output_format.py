"""Structured answers: what `format=` means for a type, and how the text of an answer is read as a value of it."""

from __future__ import annotations

import json
import re
import types
import typing
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from capably import json_schema as schema
from capably.types.errors import ParseError
from capably.types.format import Format
from capably.types.json import load_strict

if TYPE_CHECKING:
    from capably.types.json_types import Json


class ValueFormat(Format):
    """A format that is no object (an `int`, a list, a union), and so stands under the key `value`."""

    __slots__ = ()


def format_of(source: object) -> Format:
    """Return the format for a `source`: a class or an annotation. The last 512 sources are cached.

    Raises `TypeError` for what is no type, or has no JSON form.
    """
    if isinstance(source, Format):
        return source
    try:
        return _cached_format(source)
    except TypeError:
        if _hashable(source):
            raise
        return _make_format(source)


def _hashable(source: object) -> bool:
    try:
        hash(source)
    except TypeError:
        return False
    return True


def _make_format(source: object) -> Format:
    if not _is_annotation(source):
        source_name = source.__name__ if callable(source) and hasattr(source, "__name__") else repr(source)
        raise TypeError(
            f"format={source_name} is not a type. Use {schema.ALLOWED}; the class itself, not an object of it."
        )
    shape = schema.shape_of(source, where="format")
    if shape.schema.get("type") == "object":
        return Format(name=_format_name(source), schema=shape.schema, load=shape.load, source=source)
    inside = shape.schema.copy()
    defs = inside.pop("$defs", {})
    wrapped = schema.with_defs({"type": "object", "properties": {"value": inside}, "required": ["value"]}, defs)
    return ValueFormat(name=_format_name(source), schema=wrapped, load=_load_wrapped(shape.load), source=source)


_cached_format = lru_cache(maxsize=512)(_make_format)


def _is_annotation(source: object) -> bool:
    return source is Any or isinstance(source, type) or _is_special(source)


def _is_special(source: object) -> bool:
    kinds = (types.GenericAlias, types.UnionType, typing.NewType, typing.TypeVar)
    return (
        isinstance(source, kinds)
        or typing.get_origin(source) is not None
        or type(source).__name__ == "TypeAliasType"
        or type(source).__module__ == "typing"
    )


def _load_wrapped(load: schema.Loader) -> schema.Loader:
    def load_value(data: Json) -> object:
        if type(data) is not dict or "value" not in data:
            raise schema.MisfitError("required but missing", ".value")
        try:
            return load(data["value"])
        except schema.MisfitError as misfit:
            misfit.path = f".value{misfit.path}"
            raise

    return load_value


def _format_name(source: object) -> str:
    """Return a name that every provider accepts: `list[Book]` gives `list_Book`."""
    name = re.sub(r"[^a-zA-Z0-9_-]+", "_", _title(source)).strip("_")
    return name[:64] or "answer"


def _title(source: object) -> str:
    origin = typing.get_origin(source)
    if origin in (typing.Union, types.UnionType):
        return "_or_".join(_title(arg) for arg in typing.get_args(source))
    if origin is typing.Annotated:
        return _title(typing.get_args(source)[0])
    if origin is not None:
        return "_".join(_title(part) for part in (origin, *typing.get_args(source)))
    if isinstance(source, Enum):
        return str(source.value)
    return "None" if source is type(None) else str(getattr(source, "__name__", source))


# Answers

_FENCED = re.compile(r"```(?:json)?(.*)```", re.DOTALL | re.IGNORECASE)


def parse_text(format: Format, text: str) -> object:
    """Parse the answer `text` as a value of the format: exactly one JSON value, with or without a ```json fence.

    Raise `ParseError`, with the text and the place of the error.
    """
    body = text.strip()
    fenced = _FENCED.fullmatch(body)
    if fenced:
        body = fenced[1]
    try:
        data = load_strict(body)
    except (msgspec.DecodeError, ValueError) as error:
        raise ParseError(f"the answer is no JSON for {format.name}: {_json_fault(body, error)}", text=text) from error
    try:
        return format.load(data)
    except ValueError as error:
        raise ParseError(f"the answer does not fit {format.name}: {error}", text=text) from error


def _json_fault(text: str, error: Exception) -> str:
    """Describe where JSON is invalid, by line and column, with the text around it."""
    if not text.strip():
        return "it is empty"
    try:
        json.loads(text)
    except json.JSONDecodeError as fault:
        near = text[max(0, fault.pos - 20) : fault.pos + 20]
        return f"{fault.msg} at line {fault.lineno}, column {fault.colno}, near {near!r}"
    except RecursionError:
        return "it is nested too deep"
    except ValueError:  # of sys.get_int_max_str_digits()
        return "it holds a number of too many digits"
    return str(error)
