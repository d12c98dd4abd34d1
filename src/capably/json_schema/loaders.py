"""Functions that load parsed JSON as a value of a type, and word what does not fit."""

from __future__ import annotations

import json
import re
import typing
from collections import abc
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from capably.json_schema.fields import Field
from capably.json_schema.shape import (
    DICT,
    LIST,
    STR,
    MisfitError,
    Shape,
    constants_of,
    got_words,
    mismatch,
    shown_class,
    shown_type,
)

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

    from capably.json_schema.shape import Loader, Schema
    from capably.types.json_types import Json


def scalar_loader(tp: type, accepts: frozenset[type]) -> Loader:
    words = shown_class(tp)

    def load_scalar(value: Json) -> object:
        if type(value) in accepts:
            return value
        raise mismatch(words, value)

    def load_int(value: Json) -> object:
        return load_scalar(as_int(value))

    def load_float(value: Json) -> object:
        if type(value) is not int:
            return load_scalar(value)
        try:
            return float(value)
        except OverflowError:
            raise MisfitError("expected float, got an int that is too large for one") from None

    return load_float if tp is float else load_int if tp is int else load_scalar


def as_int(value: Json) -> Json:
    """Return `3.0` as `3`, and any other value unchanged: in JSON Schema both are the same integer."""
    return int(value) if type(value) is float and value.is_integer() else value


def text_loader(tp: type[object], example: str) -> Loader:
    def load_text(value: Json) -> object:
        try:
            return msgspec.convert(value, tp)
        except msgspec.ValidationError:
            received = json.dumps(value) if isinstance(value, str) else got_words(value)
            raise MisfitError(f"expected {tp.__name__} such as {json.dumps(example)}, got {received}") from None

    return load_text


def path_shape(tp: type[PurePath]) -> Shape:
    def load_path(value: Json) -> object:
        if type(value) is not str:
            raise mismatch(f"a path as str ({tp.__name__})", value)
        return tp(value)

    return Shape({"type": "string", "format": "path"}, load_path, tp.__name__, STR, plain=False)


def choice_shape(pairs: Iterable[tuple[Json, object]], tp: object, plain: bool = True, where: str = "") -> Shape:
    """Return the shape of one of several constants, each paired with its Python value."""
    choices: dict[tuple[type, Json], object] = {(type(constant), constant): meant for constant, meant in pairs}
    if not choices or not all(kind in _CONSTANTS for kind, _ in choices):
        place = f"{where}, {shown_type(tp)}".removeprefix(", ")
        raise TypeError(f"{place}: its values must be str, int, float, bool or None, to be sent as JSON")
    constants = [constant for _, constant in choices]
    kinds = list(dict.fromkeys(_CONSTANTS[kind] for kind, _ in choices))
    accepts = frozenset(kind for kind, _ in choices)
    words = ", ".join(json.dumps(constant) for constant in constants)
    plain = plain and not any(isinstance(arg, Enum) for arg in typing.get_args(tp))

    def load_choice(value: Json) -> object:
        kind = type(value)
        for constant in (value, as_int(value)):
            if type(constant) in accepts and (type(constant), constant) in choices:
                return choices[type(constant), constant]
        raise MisfitError(
            f"expected one of {words}, got {json.dumps(value) if kind in _CONSTANTS else got_words(value)}"
        )

    schema: Schema = {"type": kinds[0] if len(kinds) == 1 else kinds, "enum": constants}
    return Shape(schema, load_choice, shown_type(tp), accepts, plain=plain)


def load_one_of(members: list[Shape], words: str) -> Loader:
    """Return a loader of a union. It tries the members that fit by JSON class, and of objects the one with the nearest
    keys first.

    Text and float take nearly anything of their kind, so they are tried last.
    """
    ordered = sorted(members, key=lambda m: m.words in ("str", "float", "anything"))

    def load_union(value: Json) -> object:
        fitting = [m for m in ordered if m.accepts is None or type(value) in m.accepts]
        if not fitting:
            value = as_int(value)
            fitting = [m for m in ordered if m.accepts is not None and type(value) in m.accepts]
        if not fitting:
            raise mismatch(words, value)
        if type(value) is dict and len(fitting) > 1:
            fitting = _nearest(fitting, value)
        if len(fitting) == 1:
            return fitting[0].load(value)
        first: MisfitError | None = None
        for member in fitting:
            try:
                return member.load(value)
            except MisfitError as misfit:
                first = first or misfit
        assert first is not None
        raise MisfitError(f"fits none of {', '.join(m.words for m in fitting)}; as {fitting[0].words}: {first}")

    return load_union


def _nearest(members: list[Shape], value: dict[str, Json]) -> list[Shape]:
    """Order the object types: those that leave the fewest keys of `value` unread first, then those that match most of
    their own.

    A type with a Literal or Enum field, where `value` has another constant, stands back: that is how tags work. A dict
    takes any keys, so it comes last.
    """

    def distance(member: Shape) -> tuple[bool, int]:
        tags = ((value[key], constants_of(inside)) for key, inside in member.keys.items() if key in value)
        matches = all(constants is None or constant in constants for constant, constants in tags)
        return not matches, len(value.keys() - member.keys.keys())

    objects = [member for member in members if member.keys]
    best = min(map(distance, objects), default=None)
    nearest = [member for member in objects if distance(member) == best]
    nearest.sort(key=lambda member: len(member.keys.keys() - value.keys()))
    return nearest + [member for member in members if not member.keys]


def array_shape(build: type, item: Shape) -> Shape:
    def load_array(value: Json) -> object:
        if type(value) is not list:
            raise mismatch("list", value)
        loaded = list(_items(value, item.load))
        try:
            return loaded if build is list else build(loaded)
        except TypeError as error:  # an unhashable item of a set
            raise MisfitError(str(error)) from error

    schema: Schema = {"type": "array"}
    if item.schema:
        schema["items"] = item.schema
    if build in (set, frozenset):
        schema["uniqueItems"] = True
    return Shape(schema, load_array, f"{build.__name__}[{item.words}]", LIST, plain=item.plain)


def _items(values: Iterable[Json], load: Loader) -> Iterator[object]:
    for index, value in enumerate(values):
        try:
            yield load(value)
        except MisfitError as misfit:
            misfit.path = f"[{index}]{misfit.path}"
            raise


def tuple_shape(members: list[Shape]) -> Shape:
    length = len(members)

    def load_tuple(value: Json) -> object:
        if type(value) is not list:
            raise mismatch("list", value)
        if len(value) != length:
            raise MisfitError(f"expected {length} items, got {len(value)}")
        loads = iter(members)
        return tuple(_items(value, lambda item: next(loads).load(item)))

    schema: Schema = {"type": "array", "prefixItems": [member.schema for member in members], "items": False}
    schema |= {"minItems": length, "maxItems": length}
    words = f"tuple[{', '.join(member.words for member in members)}]"
    return Shape(schema, load_tuple, words, LIST, plain=all(member.plain for member in members))


def mapping_shape(key: Shape, item: Shape) -> Shape:
    def load_key(text: str) -> object:
        if key.accepts is None or str in key.accepts or not re.fullmatch(r"-?(0|[1-9]\d*)", text):
            return key.load(text)
        return key.load(int(text))

    def load_mapping(value: Json) -> object:
        if type(value) is not dict:
            raise mismatch("object", value)
        loaded: dict[object, object] = {}
        for text, inside in value.items():
            try:
                loaded[load_key(text)] = item.load(inside)
            except MisfitError as misfit:
                misfit.path = f"[{json.dumps(text)}]{misfit.path}"
                raise
        return loaded

    schema: Schema = {"type": "object", "additionalProperties": item.schema or True}
    if key.schema.get("type") == "string" and len(key.schema) > 1:
        schema["propertyNames"] = key.schema
    words = f"dict[{key.words}, {item.words}]"
    return Shape(schema, load_mapping, words, DICT, plain=key.plain and item.plain)


def struct_loader(
    build: Callable[..., object],
    slots: list[tuple[Field, Loader]],
    tag: tuple[str, str | int] | None,
    closed: bool,
    words: str,
) -> Loader:
    keys = {field.key for field, _ in slots}.union([tag[0]] if tag else [])

    def load_object(given: Json) -> object:
        if type(given) is not dict:
            raise mismatch(f"object ({words})", given)
        if tag and given.get(tag[0]) != tag[1]:
            raise MisfitError(f"expected {json.dumps(tag[1])}, got {json.dumps(given.get(tag[0]))}", f".{tag[0]}")
        if closed and not given.keys() <= keys:
            raise MisfitError(f"unknown keys {', '.join(sorted(given.keys() - keys))}")
        loaded: dict[str, object] = {}
        for field, load in slots:
            if field.key in given:
                try:
                    loaded[field.name] = load(given[field.key])
                except MisfitError as misfit:
                    misfit.path = f".{field.key}{misfit.path}"
                    raise
            elif field.required:
                raise MisfitError("required but missing", f".{field.key}")
        try:
            return build(**loaded)
        except (ValueError, TypeError) as error:  # the class's own checks: __post_init__, validators
            raise MisfitError(str(error)) from error

    return load_object


def pydantic_loader(adapter: TypeAdapter[object]) -> Loader:
    """Return a loader that uses the model's own validation in JSON mode, in which a strict model accepts text for a
    date."""

    def load_model(value: Json) -> object:
        try:
            return adapter.validate_json(json.dumps(value))
        except ValueError as error:
            first = typing.cast("ValidationError", error).errors()[0]
            steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"])
            raise MisfitError(first["msg"], "".join(steps)) from error

    return load_model


def checked_loader(load: Loader, checks: Sequence[Callable[[object], None]]) -> Loader:
    def load_checked(value: Json) -> object:
        loaded = load(value)
        for check in checks:
            check(loaded)
        return loaded

    return load_checked


_CONSTANTS: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


SCALARS: dict[type, tuple[str, frozenset[type]]] = {
    str: ("string", frozenset({str})),
    int: ("integer", frozenset({int})),
    float: ("number", frozenset({float, int})),
    bool: ("boolean", frozenset({bool})),
    type(None): ("null", frozenset({type(None)})),
}


TEXTS: dict[type, tuple[Schema, str, frozenset[type]]] = {
    datetime: ({"format": "date-time"}, "2026-01-31T12:30:00Z", STR),
    date: ({"format": "date"}, "2026-01-31", STR),
    time: ({"format": "time"}, "12:30:00", STR),
    timedelta: ({"format": "duration"}, "P1DT2H", STR),
    UUID: ({"format": "uuid"}, "12345678-1234-5678-1234-567812345678", STR),
    Decimal: ({"format": "decimal"}, "12.50", frozenset({str, int, float})),
    bytes: ({"contentEncoding": "base64"}, "aGVsbG8=", STR),
}


ARRAYS: dict[object, type] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Iterable: list,
    abc.Set: set,
    abc.MutableSet: set,
}


MAPPINGS: tuple[object, ...] = (dict, abc.Mapping, abc.MutableMapping)


JSON_CLASSES: dict[str, frozenset[type]] = {
    "object": DICT,
    "array": LIST,
    "string": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "boolean": frozenset({bool}),
}
