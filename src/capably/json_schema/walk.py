"""Python types as JSON Schema (draft 2020-12), and parsed JSON as values of those types. Pure.

A type is walked once, into a `Shape`: its schema, and a function that loads a value. If msgspec can load the complete
type, it does, in C. Functions made here load the rest (unions of several object types, NamedTuples as objects, attrs,
pydantic inside anything). They also build every error message, so that all messages have one form.
"""

from __future__ import annotations

import copy
import re
import sys
import types
import typing
from collections import abc
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from capably.json_schema.annotations import flat_metadata, limits_of, notes_of, uses_pydantic
from capably.json_schema.docstrings import own_docstring, read_docstring
from capably.json_schema.fields import (
    NOTHING,
    OBJECTS,
    Field,
    forbids_unknown,
    is_attrs_class,
    is_named_tuple,
    is_typed_dict,
    json_default,
    tag_of,
)
from capably.json_schema.loaders import (
    ARRAYS,
    JSON_CLASSES,
    MAPPINGS,
    SCALARS,
    TEXTS,
    array_shape,
    checked_loader,
    choice_shape,
    load_one_of,
    mapping_shape,
    path_shape,
    pydantic_loader,
    scalar_loader,
    struct_loader,
    text_loader,
    tuple_shape,
)
from capably.json_schema.nulls import again_without_nulls
from capably.json_schema.pydantic_models import pydantic_schema
from capably.json_schema.shape import (
    DICT,
    LIST,
    Shape,
    alias_value,
    is_named,
    is_type_alias,
    local_names,
    shown_class,
    shown_type,
    substitute,
    type_arguments,
    type_name,
    with_defs,
)

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from capably.json_schema.shape import Loader, Schema
    from capably.types.json_types import Json

ALLOWED = (
    "str, int, float, bool, None, Any, list, dict, tuple, set, Literal, Enum, Optional and Union, datetime, date, "
    "time, timedelta, Decimal, UUID, bytes, Path, or a dataclass, TypedDict, NamedTuple, attrs class, msgspec Struct or "
    "pydantic model made of these"
)


def json_schema(tp: object) -> Schema:
    """Return the JSON Schema of `tp`; nested classes are under `$defs`. Raise `TypeError` if a type has no JSON
    form."""
    return shape_of(tp).schema


def load(tp: object, value: Json) -> Any:
    """Load the parsed JSON `value` as a `tp`. Raise `ValueError`: `books[2].year: expected int, got str`.

    An int is taken for a float, `3.0` for an int, and null for an optional field that is left out; nothing else is
    converted. To load often, keep `shape_of(tp).load`.
    """
    return shape_of(tp).load(value)


def shape_of(tp: object, *, where: str = "") -> Shape:
    """Return the schema of `tp`, with its `$defs`, and its loader. `where` begins the message of a `TypeError`."""
    shapes, defs = shapes_of({"": tp}, where=lambda _: where)
    shape = shapes[""]
    shape.schema = with_defs(shape.schema, defs)
    return shape


def shapes_of(
    annotations: Mapping[str, object],
    *,
    where: Callable[[str], str],
    names: Mapping[str, object] | None = None,
    closed: bool = False,
    accelerate: bool = True,
) -> tuple[dict[str, Shape], dict[str, Schema]]:
    """Return the shape of each annotation, and the `$defs` that their schemas share.

    `where(name)` opens the message of a `TypeError`. `names` are local names that string annotations may use.
    `closed` refuses keys that an object type does not have; else they are ignored. `accelerate=False` leaves msgspec out, for a test that it makes no difference but of speed.
    """
    walk = _Walk(names or {}, closed=closed)
    shapes: dict[str, Shape] = {}
    for name, tp in annotations.items():
        walk.foreign = False
        shape = shapes[name] = copy.copy(walk.shape(tp, where(name)))
        if shape.accepts is None or shape.accepts & {dict, list}:
            shape.load = again_without_nulls(shape.load, shape.schema, walk.defs)
        if accelerate and shape.accepts in (DICT, LIST) and not walk.foreign and _msgspec_takes(tp):
            shape.load = _msgspec_first(tp, shape.load)
    return shapes, walk.defs


def _msgspec_takes(tp: object) -> bool:
    try:
        msgspec.json.Decoder(tp)
    except (TypeError, NameError):  # a type it refuses, or a local name: the walk's own loader serves
        return False
    return True


def _msgspec_first(tp: object, slow: Loader) -> Loader:
    def load(value: Json) -> object:
        try:
            return msgspec.convert(value, tp, str_keys=True)
        except msgspec.ValidationError:
            return slow(value)

    return load


class _Walk:
    """One walk over a type. It gathers the definitions of the named types on its way."""

    def __init__(self, names: Mapping[str, object], *, closed: bool) -> None:
        self.names = names
        self.closed = closed
        self.local: dict[str, object] = {}
        """The classes on the way that functions define, by name: no module holds them."""
        self.defs: dict[str, Schema] = {}
        self.named: dict[object, Shape] = {}
        self.foreign = False
        """Whether some type on the way, perhaps inside a recursive one, is not for msgspec."""

    def shape(self, tp: object, where: str) -> Shape:
        """Return the shape of any type; `where` names the annotation in error messages."""
        shape = (
            self._simple(tp, where) or self._special(tp, where) or self._container(tp, where) or self._object(tp, where)
        )
        if shape is None:
            raise TypeError(f"{where}: {shown_type(tp)} has no JSON form. Use {ALLOWED}.".removeprefix(": "))
        self.foreign |= not shape.plain
        return shape

    def _simple(self, tp: object, where: str) -> Shape | None:
        if tp is Any or tp is object:
            return Shape({}, lambda value: value, "anything", None)
        if tp is None:
            tp = type(None)
        if not isinstance(tp, type):
            return None
        if scalar := SCALARS.get(tp):
            kind, accepts = scalar
            return Shape({"type": kind}, scalar_loader(tp, accepts), shown_class(tp), accepts)
        if text := TEXTS.get(tp):
            keywords, example, accepts = text
            return Shape({"type": "string", **keywords}, text_loader(tp, example), tp.__name__, accepts)
        if issubclass(tp, Enum):
            members = {member.value: member for member in tp}.items()
            shape = choice_shape(members, tp, plain="_missing_" not in vars(tp), where=where)
            return _described(shape, own_docstring(tp))
        if issubclass(tp, PurePath):
            return path_shape(tp)
        return None

    def _special(self, tp: object, where: str) -> Shape | None:
        origin = typing.get_origin(tp)
        args = typing.get_args(tp)
        if origin is typing.Annotated:
            return self._annotated(tp, args[0], flat_metadata(args[1:]), where)
        if origin is typing.Literal:
            pairs = [(arg.value if isinstance(arg, Enum) else arg, arg) for arg in args]
            return choice_shape(pairs, tp, where=where)
        if origin in (typing.Union, types.UnionType):
            return self._union(args, where)
        if origin in (typing.Required, typing.NotRequired, typing.Final, typing.ClassVar) or is_named(
            origin, "ReadOnly"
        ):
            return self.shape(args[0], where)
        if isinstance(tp, typing.NewType):
            return self.shape(tp.__supertype__, where)
        if isinstance(tp, typing.TypeVar):
            return self.shape(object if tp.__bound__ is None else tp.__bound__, where)
        alias = tp if origin is None else origin
        if is_type_alias(alias):
            return self._define(
                tp, type_name(tp), lambda: self.shape(alias_value(alias, args, self.names), where), None
            )
        return None

    def _annotated(self, annotated: object, tp: object, metadata: list[object], where: str) -> Shape:
        by_pydantic = any(map(uses_pydantic, metadata))
        shape = self._pydantic(annotated) if by_pydantic else self.shape(tp, where)
        limits = limits_of(() if by_pydantic else metadata, shape)
        extra = limits.keywords
        for note in metadata:
            extra |= notes_of(note)
        load = checked_loader(shape.load, limits.checks) if limits.checks else shape.load
        plain = shape.plain and limits.plain
        schema = typing.cast("Schema", {**shape.schema, **extra})
        noted = Shape(schema, load, shape.words, shape.accepts, plain=plain, keys=shape.keys)
        noted.noted = shape.noted or "description" in extra
        return noted

    def _union(self, args: Iterable[object], where: str) -> Shape:
        members = [self.shape(arg, where) for arg in args]
        accepted = [member.accepts for member in members if member.accepts is not None]
        accepts = frozenset[type]().union(*accepted) if len(accepted) == len(members) else None
        words = " | ".join(member.words for member in members)
        plain = all(member.plain for member in members)
        return Shape(
            {"anyOf": [member.schema for member in members]}, load_one_of(members, words), words, accepts, plain=plain
        )

    def _container(self, tp: object, where: str) -> Shape | None:
        origin: object = typing.get_origin(tp) or tp
        args = typing.get_args(tp)
        build = ARRAYS.get(origin) if isinstance(origin, abc.Hashable) else None
        if build is tuple and args and args[-1] is not Ellipsis:
            return tuple_shape([self.shape(arg, where) for arg in args])
        if build is not None:
            return array_shape(build, self.shape(args[0] if args else object, where))
        if origin in MAPPINGS:
            key, value = args or (str, object)
            return mapping_shape(self._key(key, where), self.shape(value, where))
        return None

    def _key(self, tp: object, where: str) -> Shape:
        shape = self.shape(tp, where)
        if shape.accepts is None or shape.accepts & {str, int}:
            return shape
        raise TypeError(f"{where}: JSON keys are text, so a dict's cannot be {shown_type(tp)}. Use dict[str, ...].")

    def _object(self, tp: object, where: str) -> Shape | None:
        cls: object = typing.get_origin(tp) or tp
        if not isinstance(cls, type):
            return None
        if "pydantic" in sys.modules and any(hasattr(cls, mark) for mark in _PYDANTIC_MARKS):
            return self._pydantic(tp)
        fields = self._fields(tp, cls, where)
        if fields is None:
            return None
        return self._define(tp, type_name(tp), lambda: self._struct(cls, fields, where))

    def _define(
        self, tp: object, name: str, make: Callable[[], Shape], accepts: frozenset[type] | None = DICT
    ) -> Shape:
        """Return a reference to `tp`, defining it on first use, so that a type may contain itself: `accepts` until then."""
        if tp in self.named:
            return self.named[tp]
        name = self._free(name)
        self.defs[name] = {}
        shape = Shape(_reference(name), lambda value: made.load(value), name, accepts)  # noqa: PLW0108 (`made` comes later)
        self.named[tp] = shape
        made = make()
        self.defs[name] = made.schema
        shape.words, shape.accepts, shape.plain, shape.keys = made.words, made.accepts, made.plain, made.keys
        return shape

    def _free(self, name: str) -> str:
        free = name = re.sub(r"[^a-zA-Z0-9_.-]+", "_", name).strip("_")
        number = 2
        while free in self.defs:
            free, number = f"{name}_{number}", number + 1
        return free

    def _struct(self, cls: type, fields: list[Field], where: str) -> Shape:
        doc = read_docstring(own_docstring(cls))
        slots: list[tuple[Field, Loader]] = []
        properties: dict[str, Schema] = {}
        closed = self.closed or forbids_unknown(cls)
        plain = not (self.closed or is_named_tuple(cls) or is_attrs_class(cls))
        plain &= not closed or issubclass(cls, msgspec.Struct)
        for field in fields:
            inside = self.shape(field.type, f"{where}, {cls.__name__}.{field.name}".removeprefix(", "))
            plain &= inside.plain
            slots.append((field, inside.load))
            about = field.description or doc.parameters.get(field.name)
            properties[field.key] = property_schema(inside, about, field.default)
        schema: Schema = {"type": "object"}
        if doc.description:
            schema["description"] = doc.description
        schema["properties"] = properties
        tag = tag_of(cls)
        if tag:
            properties = schema["properties"] = {tag[0]: choice_shape([(tag[1], tag[1])], cls).schema, **properties}
        schema["required"] = [*([tag[0]] if tag else []), *(field.key for field in fields if field.required)]
        build: Callable[..., object] = dict if is_typed_dict(cls) else cls
        params = getattr(cls, "__dataclass_params__", None)
        plain &= tag is None and (params is None or bool(params.init))  # msgspec lets a tag be missing
        load = struct_loader(build, slots, tag, closed, cls.__name__)
        return Shape(schema, load, cls.__name__, DICT, plain=plain, keys=properties)

    def _fields(self, tp: object, cls: type, where: str) -> list[Field] | None:
        """Return the fields of an object type in order; `None` for any other class."""
        read = next((read for is_kind, read in OBJECTS if is_kind(cls)), None)
        return None if read is None else read(cls, self._hints(tp, cls, where))

    def _hints(self, tp: object, cls: type, where: str) -> dict[str, object]:
        """Return the annotations of `cls` with strings resolved and type variables filled in."""
        if "<locals>" in cls.__qualname__:
            self.local |= {**local_names(cls), cls.__name__: cls}
        names = {**self.names, **self.local, cls.__name__: cls}
        try:
            hints = typing.get_type_hints(cls, localns=names, include_extras=True)
        except NameError as error:
            place = f"{where}, {cls.__name__}".removeprefix(", ")
            instead = "Import it at run time, not under TYPE_CHECKING, and define it outside of functions."
            raise TypeError(f"{place}: {error}. {instead}") from error
        filled = type_arguments(tp)
        return {name: substitute(hint, filled) for name, hint in hints.items()}

    def _pydantic(self, tp: object) -> Shape:
        from pydantic import TypeAdapter  # the user's own type, so it is loaded already

        by_itself = typing.get_origin(tp) is not typing.Annotated  # whose metadata may have no hash
        if by_itself and tp in self.named:
            return self.named[tp]
        adapter: TypeAdapter[object] = TypeAdapter(typing.cast("type[object]", tp))
        name = re.sub(r"[^a-zA-Z0-9_.-]+", "_", type_name(tp))
        schema, defs = pydantic_schema(adapter, "")
        if any(self.defs.get(key, body) != body for key, body in defs.items()):
            schema, defs = pydantic_schema(adapter, f"{self._free(name)}.")
        self.defs |= defs
        body = self.defs[schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema
        if body is schema and body.get("type") == "object":
            name = self._free(name)
            self.defs[name] = body
            schema = _reference(name)
        accepts = JSON_CLASSES.get(str(body.get("type")))
        keys = body.get("properties", {})
        shape = Shape(schema, pydantic_loader(adapter), type_name(tp), accepts, plain=False, keys=keys)
        if by_itself:
            self.named[tp] = shape
        return shape


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def property_schema(shape: Shape, description: str | None, default: object) -> Schema:
    """Return the schema of one property. `description` comes from Annotated first; a default is included only if it
    is JSON."""
    schema = shape.schema.copy()
    if description and not shape.noted:
        schema["description"] = description
    value = json_default(default)
    if value is not NOTHING:
        schema["default"] = value
    return schema


def _described(shape: Shape, description: str | None) -> Shape:
    if description:
        shape.schema["description"] = description
    return shape


_PYDANTIC_MARKS = ("__pydantic_validator__", "__get_pydantic_core_schema__")
