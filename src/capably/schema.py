"""Python types as JSON Schema (draft 2020-12), and parsed JSON as values of those types. Pure.

A type is walked once, into a `Shape`: its schema, and a function that loads a value. Where msgspec can load the whole
type it does, in C; the functions made here load the rest (unions of several object types, NamedTuples as objects,
attrs, pydantic inside anything), and they alone word the errors, so that these read the same either way.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import operator
import re
import sys
import types
import typing
from collections import abc
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

ALLOWED = (
    "str, int, float, bool, None, Any, list, dict, tuple, set, Literal, Enum, Optional and Union, datetime, date, "
    "time, timedelta, Decimal, UUID, bytes, or a dataclass, TypedDict, NamedTuple, attrs class, msgspec Struct or "
    "pydantic model made of these"
)


def json_schema(tp: Any) -> dict[str, Any]:
    """The JSON Schema of `tp`; nested classes stand under `$defs`. Raises `TypeError` where a type has no JSON form."""
    return shape_of(tp).schema


def load(tp: Any, value: Any) -> Any:
    """The parsed JSON `value` as a `tp`. Raises `ValueError`: `books[2].year: expected int, got str`.

    An int is taken for a float, nothing else is bent. To load often, keep `shape_of(tp).load`.
    """
    return shape_of(tp).load(value)


class MisfitError(ValueError):
    """A value that does not fit its type: where it stands, and what was expected instead."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path

    def __str__(self) -> str:
        path = self.path.removeprefix(".")
        return f"{path}: {self.reason}" if path else self.reason


class Shape:
    """What is known of one type. `accepts` are the classes of JSON value that may fit (`None`: any), `keys` an object's
    own keys with their schemas, `plain` whether msgspec means the same by this type as we do, `noted` whether an
    Annotated describes it.
    """

    __slots__ = ("accepts", "keys", "load", "noted", "plain", "schema", "words")

    def __init__(
        self,
        schema: dict[str, Any],
        load: Callable[[Any], Any],
        words: str,
        accepts: frozenset[type] | None,
        *,
        plain: bool = True,
        keys: Mapping[str, Any] = {},
    ) -> None:
        self.schema = schema
        self.load = load
        self.words = words
        self.accepts = accepts
        self.plain = plain
        self.keys = keys
        self.noted = False


def shape_of(tp: Any, *, where: str = "") -> Shape:
    """The schema of `tp`, complete with its `$defs`, and its loader. `where` opens the message of a `TypeError`."""
    shapes, defs = shapes_of({"": tp}, where=lambda _: where)
    shape = shapes[""]
    shape.schema = with_defs(shape.schema, defs)
    return shape


def shapes_of(
    annotations: Mapping[str, Any],
    *,
    where: Callable[[str], str],
    names: Mapping[str, Any] | None = None,
    accelerate: bool = True,
) -> tuple[dict[str, Shape], dict[str, Any]]:
    """The shape of each annotation, and the `$defs` that their schemas share.

    `where(name)` opens the message of a `TypeError`. `names` are local names that string annotations may use.
    `accelerate=False` leaves msgspec out, for a test that it makes no difference but of speed.
    """
    walk = _Walk(names or {})
    shapes: dict[str, Shape] = {}
    for name, tp in annotations.items():
        walk.foreign = False
        shape = shapes[name] = copy.copy(walk.shape(tp, where(name)))
        if accelerate and shape.accepts in (_DICT, _LIST) and not walk.foreign and _msgspec_takes(tp):
            shape.load = _msgspec_first(tp, shape.load)
    return shapes, walk.defs


def with_defs(schema: dict[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    """`schema` with the definitions it needs; a schema that is a mere reference becomes what it refers to."""
    defs = dict(defs)
    ref = schema.get("$ref")
    if ref is not None:
        name = ref.removeprefix("#/$defs/")
        schema = {**defs[name], **{key: value for key, value in schema.items() if key != "$ref"}}
        if f'"{ref}"' not in json.dumps([schema, [body for key, body in defs.items() if key != name]]):
            del defs[name]
    return {**schema, "$defs": defs} if defs else schema


def _msgspec_takes(tp: Any) -> bool:
    try:
        msgspec.json.Decoder(tp)
    except (TypeError, NameError):  # a type it refuses, or a local name: the walk's own loader serves
        return False
    return True


def _msgspec_first(tp: Any, slow: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def load(value: Any) -> Any:
        try:
            return msgspec.convert(value, tp, str_keys=True)
        except msgspec.ValidationError:
            return slow(value)

    return load


_NOTHING: Any = object()
"""No default, or one that is not JSON."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Field:
    """One field of an object type: `name` in Python, `key` in JSON."""

    name: str
    key: str
    type: Any
    required: bool
    default: Any = _NOTHING
    description: str | None = None


class _Walk:
    """One walk over a type. It gathers the definitions of the named types on its way."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names
        self.defs: dict[str, Any] = {}
        self.named: dict[Any, Shape] = {}
        self.foreign = False
        """Whether some type on the way, perhaps inside a recursive one, is not for msgspec."""

    def shape(self, tp: Any, where: str) -> Shape:
        """The shape of any type; `where` tells a reader of an error which annotation it is."""
        shape = self._simple(tp) or self._special(tp, where) or self._container(tp, where) or self._object(tp, where)
        if shape is None:
            raise TypeError(f"{where}: {_shown(tp)} has no JSON form. Use {ALLOWED}.".removeprefix(": "))
        self.foreign |= not shape.plain
        return shape

    def _simple(self, tp: Any) -> Shape | None:
        if tp is Any or tp is object:
            return Shape({}, lambda value: value, "anything", None)
        if tp is None:
            tp = type(None)
        try:
            scalar = _SCALARS.get(tp)
            text = _TEXTS.get(tp)
        except TypeError:  # an Annotated with unhashable metadata
            return None
        if scalar:
            kind, accepts = scalar
            return Shape({"type": kind}, _scalar(tp, accepts), _shown_class(tp), accepts)
        if text:
            return Shape({"type": "string", **text[0]}, _text(tp, text[1]), tp.__name__, text[2])
        if isinstance(tp, type) and issubclass(tp, Enum):
            shape = _choice({member.value: member for member in tp}.items(), tp, plain="_missing_" not in vars(tp))
            return _described(shape, own_docstring(tp))
        return None

    def _special(self, tp: Any, where: str) -> Shape | None:
        origin = typing.get_origin(tp)
        args = typing.get_args(tp)
        if origin is typing.Annotated:
            return self._annotated(args[0], _flat(tp.__metadata__), where)
        if origin is typing.Literal:
            return _choice([(arg.value if isinstance(arg, Enum) else arg, arg) for arg in args], tp)
        if origin in (typing.Union, types.UnionType):
            return self._union(args, where)
        if origin in (typing.Required, typing.NotRequired, typing.Final, typing.ClassVar) or _named(origin, "ReadOnly"):
            return self.shape(args[0], where)
        if isinstance(tp, typing.NewType):
            return self.shape(tp.__supertype__, where)
        if isinstance(tp, typing.TypeVar):
            return self.shape(Any if tp.__bound__ is None else tp.__bound__, where)
        if _named(type(tp), "TypeAliasType"):
            return self._define(tp, tp.__name__, lambda: self.shape(tp.__value__, where))
        return None

    def _annotated(self, tp: Any, metadata: list[Any], where: str) -> Shape:
        shape = self.shape(tp, where)
        extra: dict[str, Any] = {}
        checks: list[Callable[[Any], None]] = []
        foreign = False
        for note in metadata:
            extra |= _notes(note)
            for name, (keywords, words, holds) in _CONSTRAINTS.items():
                bound = getattr(note, name, None)
                if bound is None or callable(bound):
                    continue
                kind = str(shape.schema.get("type", ""))
                extra[keywords.get(kind, keywords[""])] = bound
                checks.append(_check(words.format(bound), holds, bound))
                foreign |= not isinstance(note, msgspec.Meta)
        load = _checked(shape.load, checks) if checks else shape.load
        plain = shape.plain and not foreign
        noted = Shape({**shape.schema, **extra}, load, shape.words, shape.accepts, plain=plain, keys=shape.keys)
        noted.noted = shape.noted or "description" in extra
        return noted

    def _union(self, args: Iterable[Any], where: str) -> Shape:
        members = [self.shape(arg, where) for arg in args]
        known = [member.accepts for member in members if member.accepts is not None]
        accepts = frozenset[type]().union(*known) if len(known) == len(members) else None
        words = " | ".join(member.words for member in members)
        plain = all(member.plain for member in members)
        return Shape(
            {"anyOf": [member.schema for member in members]}, _one_of(members, words), words, accepts, plain=plain
        )

    def _container(self, tp: Any, where: str) -> Shape | None:
        origin = typing.get_origin(tp) or tp
        args = typing.get_args(tp)
        if origin is tuple and args and args[-1] is not Ellipsis:
            return _fixed_tuple([self.shape(arg, where) for arg in args])
        build = _ARRAYS.get(origin) if isinstance(origin, abc.Hashable) else None
        if build is not None:
            return _array(build, self.shape(args[0] if args else Any, where))
        if origin in (dict, abc.Mapping, abc.MutableMapping):
            key, value = args or (str, Any)
            return _mapping(self._key(key, where), self.shape(value, where))
        return None

    def _key(self, tp: Any, where: str) -> Shape:
        shape = self.shape(tp, where)
        if shape.accepts is None or shape.accepts & {str, int}:
            return shape
        raise TypeError(f"{where}: JSON keys are text, so a dict's cannot be {_shown(tp)}. Use dict[str, ...].")

    def _object(self, tp: Any, where: str) -> Shape | None:
        cls: Any = typing.get_origin(tp) or tp
        if not isinstance(cls, type):
            return None
        if "pydantic" in sys.modules and any(hasattr(cls, mark) for mark in _PYDANTIC_MARKS):
            return self._pydantic(tp)
        fields = self._fields(tp, cls, where)
        if fields is None:
            return None
        return self._define(tp, _type_name(tp), lambda: self._struct(cls, fields, where))

    def _define(self, tp: Any, name: str, make: Callable[[], Shape]) -> Shape:
        """A reference to `tp`, which is defined the first time it is met; so a type may contain itself."""
        if tp in self.named:
            return self.named[tp]
        name = self._free(name)
        self.defs[name] = None
        shape = Shape({"$ref": f"#/$defs/{name}"}, lambda value: made.load(value), name, _DICT)  # noqa: PLW0108 (`made` comes later)
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

    def _struct(self, cls: Any, fields: list[_Field], where: str) -> Shape:
        doc = read_docstring(own_docstring(cls))
        slots: list[tuple[_Field, Callable[[Any], Any]]] = []
        properties: dict[str, Any] = {}
        plain = not _is_named_tuple(cls) and not hasattr(cls, "__attrs_attrs__")
        for field in fields:
            inside = self.shape(field.type, f"{where}, {cls.__name__}.{field.name}".removeprefix(", "))
            plain &= inside.plain
            slots.append((field, inside.load))
            about = field.description or doc.parameters.get(field.name)
            properties[field.key] = property_schema(inside, about, field.default)
        schema: dict[str, Any] = {"type": "object"}
        if doc.description:
            schema["description"] = doc.description
        schema["properties"] = properties
        tag = _tag(cls)
        if tag:
            schema["properties"] = {tag[0]: {"enum": [tag[1]]}, **properties}
        schema["required"] = [*([tag[0]] if tag else []), *(field.key for field in fields if field.required)]
        build: Callable[..., Any] = dict if typing.is_typeddict(cls) else cls
        params = getattr(cls, "__dataclass_params__", None)
        plain &= tag is None and (params is None or bool(params.init))  # msgspec lets a tag be missing
        load = _struct_loader(build, slots, tag, _forbids_unknown(cls), cls.__name__)
        return Shape(schema, load, cls.__name__, _DICT, plain=plain, keys=schema["properties"])

    def _fields(self, tp: Any, cls: Any, where: str) -> list[_Field] | None:
        """The fields of an object type in order; `None` for a class of another kind."""
        of: Callable[[Any, dict[str, Any]], list[_Field]]
        if typing.is_typeddict(cls):
            of = _typed_dict_fields
        elif dataclasses.is_dataclass(cls):
            of = _dataclass_fields
        elif issubclass(cls, msgspec.Struct):
            of = _struct_fields
        elif hasattr(cls, "__attrs_attrs__"):
            of = _attrs_fields
        elif _is_named_tuple(cls):
            of = _named_tuple_fields
        else:
            return None
        return of(cls, self._hints(tp, cls, where))

    def _hints(self, tp: Any, cls: Any, where: str) -> dict[str, Any]:
        """The annotations of `cls`, strings resolved and type variables filled in."""
        names = {**self.names, cls.__name__: cls}
        try:
            hints = typing.get_type_hints(cls, localns=names, include_extras=True)
        except NameError as error:
            place = f"{where}, {cls.__name__}".removeprefix(", ")
            raise TypeError(f"{place}: {error}. Import it at run time, not under TYPE_CHECKING.") from error
        filled = _type_arguments(tp)
        return {name: _substitute(hint, filled) for name, hint in hints.items()}

    def _pydantic(self, tp: Any) -> Shape:
        from pydantic import TypeAdapter  # the user's own type, so it is loaded already

        if tp in self.named:
            return self.named[tp]
        adapter: Any = TypeAdapter(tp)
        name = re.sub(r"[^a-zA-Z0-9_.-]+", "_", _type_name(tp))
        schema, defs = _pydantic_schema(adapter, "")
        if any(self.defs.get(key, body) != body for key, body in defs.items()):
            schema, defs = _pydantic_schema(adapter, f"{self._free(name)}.")
        self.defs |= defs
        body = self.defs[schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema
        if body is schema and body.get("type") == "object":
            name = self._free(name)
            self.defs[name] = body
            schema = {"$ref": f"#/$defs/{name}"}
        accepts = _JSON_CLASSES.get(body.get("type", ""))
        keys = body.get("properties", {})
        shape = Shape(schema, _pydantic_loader(adapter), _type_name(tp), accepts, plain=False, keys=keys)
        self.named[tp] = shape
        return shape


# Fields of each kind of object type


def _dataclass_fields(cls: Any, hints: dict[str, Any]) -> list[_Field]:
    found: list[_Field] = []
    for field in dataclasses.fields(cls):
        if not field.init:
            continue
        default = _default(field.default, field.default_factory, dataclasses.MISSING)
        required = field.default is field.default_factory is dataclasses.MISSING
        about = field.metadata.get("description") or getattr(field, "doc", None)
        found.append(_Field(field.name, field.name, hints[field.name], required, default, about))
    return found


def _typed_dict_fields(cls: Any, hints: dict[str, Any]) -> list[_Field]:
    # Under `from __future__ import annotations` Python misses NotRequired in `__required_keys__`, so the hint decides.
    def required(name: str, hint: Any) -> bool:
        while (origin := typing.get_origin(hint)) is not None:
            if origin is typing.Required:
                return True
            if origin is typing.NotRequired:
                return False
            if origin is not typing.Annotated and not _named(origin, "ReadOnly"):
                break
            hint = typing.get_args(hint)[0]
        return name in cls.__required_keys__

    return [_Field(name, name, hint, required(name, hint)) for name, hint in hints.items()]


def _named_tuple_fields(cls: Any, hints: dict[str, Any]) -> list[_Field]:
    defaults = cls._field_defaults
    return [
        _Field(name, name, hints.get(name, Any), name not in defaults, defaults.get(name, _NOTHING))
        for name in cls._fields
    ]


def _attrs_fields(cls: Any, hints: dict[str, Any]) -> list[_Field]:
    nothing = sys.modules["attr"].NOTHING
    found: list[_Field] = []
    for field in cls.__attrs_attrs__:
        if not field.init:
            continue
        factory = None if getattr(field.default, "takes_self", True) else getattr(field.default, "factory", None)
        constant = nothing if hasattr(field.default, "takes_self") else field.default
        default = _default(constant, factory, nothing)
        about = field.metadata.get("description")
        hint = hints.get(field.name, Any)
        found.append(_Field(field.alias, field.alias, hint, field.default is nothing, default, about))
    return found


def _struct_fields(cls: Any, hints: dict[str, Any]) -> list[_Field]:
    found: list[_Field] = []
    for field in msgspec.structs.fields(cls):
        default = _default(field.default, field.default_factory, msgspec.NODEFAULT)
        found.append(_Field(field.name, field.encode_name, hints[field.name], field.required, default))
    return found


def _default(constant: Any, factory: Any, nothing: Any) -> Any:
    if constant is not nothing:
        return constant
    if factory is list:
        return list[Any]()
    return dict[str, Any]() if factory is dict else _NOTHING


def _tag(cls: type) -> tuple[str, Any] | None:
    config = getattr(cls, "__struct_config__", None)
    return (config.tag_field, config.tag) if config is not None and config.tag is not None else None


def _forbids_unknown(cls: type) -> bool:
    config = getattr(cls, "__struct_config__", None)
    return config is not None and config.forbid_unknown_fields


def _is_named_tuple(cls: Any) -> bool:
    return hasattr(cls, "_fields") and issubclass(cls, tuple)


# Schemas


def property_schema(shape: Shape, description: str | None, default: Any) -> dict[str, Any]:
    """One property's schema. What an Annotated says goes before `description`, and only a JSON default is told."""
    schema = dict(shape.schema)
    if description and not shape.noted:
        schema["description"] = description
    value = _json_default(default)
    if value is not _NOTHING:
        schema["default"] = value
    return schema


def _described(shape: Shape, description: str | None) -> Shape:
    if description:
        shape.schema["description"] = description
    return shape


def _json_default(value: Any) -> Any:
    """`value` where it is plain JSON, an Enum's value for a member, otherwise _NOTHING."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
        return value
    if type(value) is list:
        items = [_json_default(item) for item in typing.cast("list[Any]", value)]
        return _NOTHING if _NOTHING in items else items
    if type(value) is dict:
        pairs = {key: _json_default(item) for key, item in typing.cast("dict[Any, Any]", value).items()}
        fit = all(type(key) is str for key in pairs) and _NOTHING not in pairs.values()
        return pairs if fit else _NOTHING
    return _NOTHING


def _flat(metadata: Iterable[Any]) -> list[Any]:
    """The notes of an Annotated; a pydantic `Field` keeps its constraints one level down."""
    found: list[Any] = []
    for note in metadata:
        found.append(note)
        found.extend(getattr(note, "metadata", None) or ())
    return found


def _notes(note: Any) -> dict[str, Any]:
    """What a note of an Annotated says of itself: plain text, `msgspec.Meta`, pydantic's `Field`, `typing.Doc`."""
    if isinstance(note, str):
        return {"description": note}
    found: dict[str, Any] = {}
    for keyword in ("title", "description", "examples"):
        value = getattr(note, keyword, None)
        if value is not None and not callable(value):
            found[keyword] = value
    if isinstance(getattr(note, "documentation", None), str):
        found["description"] = note.documentation
    extra = getattr(note, "extra_json_schema", None)
    return found | extra if isinstance(extra, dict) else found


def _pydantic_schema(adapter: Any, prefix: str) -> tuple[dict[str, Any], dict[str, Any]]:
    schema = adapter.json_schema(ref_template=f"#/$defs/{prefix}{{model}}")
    defs = schema.pop("$defs", {})
    return schema, {f"{prefix}{name}": body for name, body in defs.items()}


# Loaders: each is a function of one JSON value that raises MisfitError


def _got(value: object) -> str:
    return _shown_class(type(value))


def _scalar(tp: type, accepts: frozenset[type]) -> Callable[[Any], Any]:
    words = _shown_class(tp)

    def load_scalar(value: Any) -> Any:
        if type(value) in accepts:
            return value
        raise MisfitError(f"expected {words}, got {_got(value)}")

    def load_float(value: Any) -> Any:
        try:
            return float(load_scalar(value))
        except OverflowError:
            raise MisfitError("expected float, got an int that is too large for one") from None

    return load_float if tp is float else load_scalar


def _text(tp: type, example: str) -> Callable[[Any], Any]:
    def load_text(value: Any) -> object:
        try:
            return typing.cast("object", msgspec.convert(value, tp))
        except msgspec.ValidationError:
            came = json.dumps(value) if isinstance(value, str) else _got(value)
            raise MisfitError(f"expected {tp.__name__} such as {json.dumps(example)}, got {came}") from None

    return load_text


def _choice(pairs: Iterable[tuple[Any, Any]], tp: Any, plain: bool = True) -> Shape:
    """One of several constants, each with the Python value that it stands for."""
    found: dict[tuple[type, Any], Any] = {(type(constant), constant): meant for constant, meant in pairs}
    if not found or not all(kind in _CONSTANTS for kind, _ in found):
        raise TypeError(f"{_shown(tp)}: its values must be str, int, float, bool or None, to be sent as JSON")
    constants = [constant for _, constant in found]
    kinds = list(dict.fromkeys(_CONSTANTS[kind] for kind, _ in found))
    accepts = frozenset(kind for kind, _ in found)
    words = ", ".join(json.dumps(constant) for constant in constants)
    plain = plain and not any(isinstance(arg, Enum) for arg in typing.get_args(tp))

    def load_choice(value: object) -> Any:
        kind = type(value)
        if kind in accepts and (kind, value) in found:
            return found[kind, value]
        raise MisfitError(f"expected one of {words}, got {json.dumps(value) if kind in _CONSTANTS else _got(value)}")

    schema = {"type": kinds[0] if len(kinds) == 1 else kinds, "enum": constants}
    return Shape(schema, load_choice, _shown(tp), accepts, plain=plain)


def _one_of(members: list[Shape], words: str) -> Callable[[Any], Any]:
    """A union: the members that may fit by their JSON class; of objects, the one whose keys are nearest comes first.

    Text and float take nearly anything of their kind, so they are tried last.
    """
    ordered = sorted(members, key=lambda m: m.words in ("str", "float", "anything"))

    def load_union(value: Any) -> Any:
        fitting = [m for m in ordered if m.accepts is None or type(value) in m.accepts]
        if not fitting:
            raise MisfitError(f"expected {words}, got {_got(value)}")
        if type(value) is dict and len(fitting) > 1:
            fitting = _nearest(fitting, typing.cast("dict[str, Any]", value))
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


def _nearest(members: list[Shape], value: dict[str, Any]) -> list[Shape]:
    """The object types that leave fewest keys of `value` unread, those that find most of their own first.

    A type with a Literal or Enum field, where `value` has another constant, stands back: that is how tags work. A dict
    takes any keys, so it comes last.
    """

    def distance(member: Shape) -> tuple[bool, int]:
        tags = [key for key, inside in member.keys.items() if key in value and _CONSTANT & inside.keys()]
        told = (value[key] in member.keys[key].get("enum", [member.keys[key].get("const")]) for key in tags)
        return not all(told), len(value.keys() - member.keys.keys())

    objects = [member for member in members if member.keys]
    best = min(map(distance, objects), default=None)
    nearest = [member for member in objects if distance(member) == best]
    nearest.sort(key=lambda member: len(member.keys.keys() - value.keys()))
    return nearest + [member for member in members if not member.keys]


def _array(build: type, item: Shape) -> Shape:
    def load_array(value: Any) -> Any:
        if type(value) is not list:
            raise MisfitError(f"expected list, got {_got(value)}")
        loaded = list(_items(typing.cast("list[Any]", value), item.load))
        try:
            return loaded if build is list else build(loaded)
        except TypeError as error:  # an unhashable item of a set
            raise MisfitError(str(error)) from error

    schema: dict[str, Any] = {"type": "array"}
    if item.schema:
        schema["items"] = item.schema
    if build in (set, frozenset):
        schema["uniqueItems"] = True
    return Shape(schema, load_array, f"{build.__name__}[{item.words}]", _LIST, plain=item.plain)


def _items(values: Iterable[Any], load: Callable[[Any], Any]) -> Iterator[Any]:
    for index, value in enumerate(values):
        try:
            yield load(value)
        except MisfitError as misfit:
            misfit.path = f"[{index}]{misfit.path}"
            raise


def _fixed_tuple(members: list[Shape]) -> Shape:
    length = len(members)

    def load_tuple(value: Any) -> Any:
        if type(value) is not list:
            raise MisfitError(f"expected list, got {_got(value)}")
        values = typing.cast("list[Any]", value)
        if len(values) != length:
            raise MisfitError(f"expected {length} items, got {len(values)}")
        loads = iter(members)
        return tuple(_items(values, lambda item: next(loads).load(item)))

    schema: dict[str, Any] = {"type": "array", "prefixItems": [member.schema for member in members], "items": False}
    schema |= {"minItems": length, "maxItems": length}
    words = f"tuple[{', '.join(member.words for member in members)}]"
    return Shape(schema, load_tuple, words, _LIST, plain=all(member.plain for member in members))


def _mapping(key: Shape, item: Shape) -> Shape:
    def load_key(text: Any) -> Any:
        if key.accepts is None or str in key.accepts or not re.fullmatch(r"-?(0|[1-9]\d*)", text):
            return key.load(text)
        return key.load(int(text))

    def load_mapping(value: Any) -> Any:
        if type(value) is not dict:
            raise MisfitError(f"expected object, got {_got(value)}")
        found: dict[Any, Any] = {}
        for text, inside in typing.cast("dict[str, Any]", value).items():
            try:
                found[load_key(text)] = item.load(inside)
            except MisfitError as misfit:
                misfit.path = f"[{json.dumps(text)}]{misfit.path}"
                raise
        return found

    schema: dict[str, Any] = {"type": "object", "additionalProperties": item.schema or True}
    if key.schema.get("type") == "string" and len(key.schema) > 1:
        schema["propertyNames"] = key.schema
    words = f"dict[{key.words}, {item.words}]"
    return Shape(schema, load_mapping, words, _DICT, plain=key.plain and item.plain)


def _struct_loader(
    build: Callable[..., Any],
    slots: list[tuple[_Field, Callable[[Any], Any]]],
    tag: tuple[str, Any] | None,
    closed: bool,
    words: str,
) -> Callable[[Any], Any]:
    keys = {field.key for field, _ in slots}.union([tag[0]] if tag else [])

    def load_object(value: Any) -> Any:
        if type(value) is not dict:
            raise MisfitError(f"expected object ({words}), got {_got(value)}")
        given = typing.cast("dict[str, Any]", value)
        if tag and given.get(tag[0]) != tag[1]:
            raise MisfitError(f"expected {json.dumps(tag[1])}, got {json.dumps(given.get(tag[0]))}", f".{tag[0]}")
        if closed and not given.keys() <= keys:
            raise MisfitError(f"unknown keys {', '.join(sorted(given.keys() - keys))}")
        found: dict[str, Any] = {}
        for field, load in slots:
            if field.key in given:
                try:
                    found[field.name] = load(given[field.key])
                except MisfitError as misfit:
                    misfit.path = f".{field.key}{misfit.path}"
                    raise
            elif field.required:
                raise MisfitError("required but missing", f".{field.key}")
        try:
            return build(**found)
        except (ValueError, TypeError) as error:  # the class's own checks: __post_init__, validators
            raise MisfitError(str(error)) from error

    return load_object


def _pydantic_loader(adapter: Any) -> Callable[[Any], Any]:
    """The model's own validation, in its JSON mode: there a strict model still takes text for a date."""

    def load_model(value: Any) -> Any:
        try:
            return adapter.validate_json(json.dumps(value))
        except ValueError as error:
            first = typing.cast("Any", error).errors()[0]
            steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"])
            raise MisfitError(first["msg"], "".join(steps)) from error

    return load_model


def _check(words: str, holds: Callable[[Any, Any], bool], bound: Any) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if not holds(value, bound):
            raise MisfitError(f"expected {words}, got {value!r}")

    return check


def _checked(load: Callable[[Any], Any], checks: list[Callable[[Any], None]]) -> Callable[[Any], Any]:
    def load_checked(value: Any) -> Any:
        loaded = load(value)
        for check in checks:
            check(loaded)
        return loaded

    return load_checked


# Types and their names


def _shown_class(cls: type) -> str:
    return _SHOWN.get(cls, cls.__name__)


def _shown(tp: Any) -> str:
    return tp.__name__ if isinstance(tp, type) and not typing.get_args(tp) else str(tp).replace("typing.", "")


def _type_name(tp: Any) -> str:
    origin = typing.get_origin(tp)
    if origin is None:
        return getattr(tp, "__name__", str(tp))
    return "_".join([_type_name(origin), *map(_type_name, typing.get_args(tp))])


def _named(cls: Any, name: str) -> bool:
    """Whether it is the typing construct of this name, which lives in typing or typing_extensions."""
    return getattr(cls, "__name__", getattr(cls, "_name", None)) == name and "typing" in getattr(cls, "__module__", "")


def _type_arguments(tp: Any) -> dict[Any, Any]:
    """The type variables of a class that are filled in, by itself or by its bases: `Box[int]` gives `{T: int}`."""
    cls = typing.get_origin(tp) or tp
    filled: dict[Any, Any] = {}
    for base in getattr(cls, "__orig_bases__", ()):
        if typing.get_origin(base) not in (None, typing.Generic):
            filled |= _type_arguments(base)
    own = dict(zip(getattr(cls, "__parameters__", ()), typing.get_args(tp), strict=False))
    return {name: _substitute(arg, own) for name, arg in filled.items()} | own


def _substitute(hint: Any, filled: Mapping[Any, Any]) -> Any:
    if isinstance(hint, typing.TypeVar):
        return filled.get(hint, hint)
    parameters = getattr(hint, "__parameters__", ())
    if not filled or not parameters or isinstance(hint, type):
        return hint
    return hint[tuple(filled.get(parameter, parameter) for parameter in parameters)]


# Docstrings


class Docstring:
    """What a docstring says: of the whole, and of each parameter or attribute."""

    __slots__ = ("description", "parameters")

    def __init__(self, description: str | None, parameters: dict[str, str]) -> None:
        self.description = description
        self.parameters = parameters


def own_docstring(cls: type) -> str | None:
    """The docstring that the author of a class wrote: not inherited, not the signature that Python fills in."""
    doc = cls.__dict__.get("__doc__")
    return doc if isinstance(doc, str) and not doc.startswith(f"{cls.__name__}(") else None


_SECTION = re.compile(r"(Args|Arguments|Params|Parameters|Attributes|Returns?|Raises|Yields?)\s*(:?)\s*")
_LISTS = ("Args", "Arguments", "Params", "Parameters", "Attributes")
_FIELD = re.compile(r":(?:(param|parameter|arg|argument|key|ivar|var)\s+(?:[^:]*\s)?\*{0,2}(\w+)|\w[^:]*):\s*(.*)")
_GOOGLE = re.compile(r"\*{0,2}(\w+)\s*(?:\(.*?\))?\s*:\s*(.*)")
_NUMPY = re.compile(r"\*{0,2}(\w+(?:\s*,\s*\w+)*)\s*(?::.*)?")


def read_docstring(text: str | None) -> Docstring:
    """The description and the parameters of a docstring in Google, NumPy or reST style.

    What it says of results and errors is left out: a model calls a function by its purpose and its parameters.
    """
    if not text:
        return Docstring(None, {})
    import inspect

    prose: list[str] = []
    entries: dict[str, list[str]] = {}
    section = ""
    style = entry_indent = None
    into: list[str] | None = prose
    lines = inspect.cleandoc(text).splitlines()
    for number, line in enumerate(lines):
        words = line.strip()
        indent = len(line) - len(line.lstrip())
        below = lines[number + 1].strip() if number + 1 < len(lines) else ""
        underlined = len(below) >= 3 and set(below) == {"-"} and indent == 0
        header = _SECTION.fullmatch(line)
        if underlined or (header and header[2] == ":"):
            section = header[1] if header else ""
            style = "numpy" if underlined else "google"
            entry_indent = None
            into = None if section else prose
            if not section:
                prose.append(line)
        elif style == "numpy" and section and words and set(words) == {"-"}:
            continue
        elif field := _FIELD.fullmatch(words) if indent == 0 else None:
            section, style = "rest", None
            into = entries.setdefault(field[2], [field[3]]) if field[2] else []
        elif section and style != "numpy" and words and indent == 0:
            section, into = "", prose
            prose.append(line)
        elif section in _LISTS and words and (entry_indent is None or indent <= entry_indent):
            entry_indent = indent
            entry = (_NUMPY if style == "numpy" else _GOOGLE).fullmatch(words)
            into = [] if entry is None else [entry[2] if style == "google" else ""]
            if entry:
                entries |= {name.strip(): into for name in entry[1].split(",")}
        elif into is not None:
            into.append(line if into is prose else words)
    description = re.sub(r"\n{3,}", "\n\n", "\n".join(prose)).strip()
    return Docstring(description or None, {name: " ".join(filter(None, said)) for name, said in entries.items()})


# Tables

_CONSTANT = {"enum", "const"}
_PYDANTIC_MARKS = ("__pydantic_validator__", "__get_pydantic_core_schema__")
"""Its models and dataclasses have the first, the types that it brings along (`EmailStr`, `HttpUrl`) the second."""
_CONSTANTS: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_SCALARS: dict[Any, tuple[str, frozenset[type]]] = {
    str: ("string", frozenset({str})),
    int: ("integer", frozenset({int})),
    float: ("number", frozenset({float, int})),
    bool: ("boolean", frozenset({bool})),
    type(None): ("null", frozenset({type(None)})),
}
_SHOWN: dict[type, str] = {type(None): "null", dict: "object"}
_STR = frozenset[type]({str})
_DICT = frozenset[type]({dict})
_LIST = frozenset[type]({list})
_TEXTS: dict[Any, tuple[dict[str, Any], str, frozenset[type]]] = {
    datetime: ({"format": "date-time"}, "2026-01-31T12:30:00Z", _STR),
    date: ({"format": "date"}, "2026-01-31", _STR),
    time: ({"format": "time"}, "12:30:00", _STR),
    timedelta: ({"format": "duration"}, "P1DT2H", _STR),
    UUID: ({"format": "uuid"}, "12345678-1234-5678-1234-567812345678", _STR),
    Decimal: ({"format": "decimal"}, "12.50", frozenset({str, int, float})),
    bytes: ({"contentEncoding": "base64"}, "aGVsbG8=", _STR),
}
_ARRAYS: dict[Any, type] = {
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
_JSON_CLASSES: dict[str, frozenset[type]] = {
    "object": _DICT,
    "array": _LIST,
    "string": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "boolean": frozenset({bool}),
}
_MIN_LENGTH = {"": "minLength", "array": "minItems", "object": "minProperties"}
_MAX_LENGTH = {"": "maxLength", "array": "maxItems", "object": "maxProperties"}
_CONSTRAINTS: dict[str, tuple[dict[str, str], str, Callable[[Any, Any], bool]]] = {
    "gt": ({"": "exclusiveMinimum"}, "more than {}", operator.gt),
    "ge": ({"": "minimum"}, "at least {}", operator.ge),
    "lt": ({"": "exclusiveMaximum"}, "less than {}", operator.lt),
    "le": ({"": "maximum"}, "at most {}", operator.le),
    "multiple_of": ({"": "multipleOf"}, "a multiple of {}", lambda value, bound: value % bound == 0),
    "min_length": (_MIN_LENGTH, "a length of at least {}", lambda value, bound: len(value) >= bound),
    "max_length": (_MAX_LENGTH, "a length of at most {}", lambda value, bound: len(value) <= bound),
    "pattern": ({"": "pattern"}, "text that matches {}", lambda value, bound: re.search(bound, value) is not None),
}
"""The constraints that `msgspec.Meta`, pydantic's `Field` and annotated_types name alike: JSON Schema keyword (by the
type it constrains), words of the error, and the check."""
