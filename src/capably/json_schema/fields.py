"""The fields of every kind of class."""

from __future__ import annotations

import dataclasses
import math
import operator
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypeAlias

import msgspec

from capably.json_schema.shape import is_named

if TYPE_CHECKING:

    class _AttrsField(Protocol):
        """What is read of an `attrs.Attribute`."""

        alias: str
        name: str
        init: bool
        default: object
        metadata: Mapping[str, str]


Hints: TypeAlias = Mapping[str, object]
"""The annotations of a class, with strings resolved."""

NOTHING: object = object()


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One field of an object type: `name` in Python, `key` in JSON."""

    name: str
    key: str
    type: object
    required: bool
    default: object = NOTHING
    description: str | None = None


def dataclass_fields(cls: type, hints: Hints) -> list[Field]:
    fields: list[Field] = []
    declared: Mapping[str, dataclasses.Field[object]] = getattr(cls, "__dataclass_fields__", {})
    for field in declared.values():
        if is_class_variable(field) or not field.init:
            continue
        default = _default(field.default, field.default_factory, dataclasses.MISSING)
        required = field.default is field.default_factory is dataclasses.MISSING
        about = field.metadata.get("description") or getattr(field, "doc", None)
        hint = getattr(hints[field.name], "type", hints[field.name]) if is_init_only(field) else hints[field.name]
        fields.append(Field(field.name, field.name, hint, required, default, about))
    return fields


_kind_of = operator.attrgetter("_field_type.name")


def is_init_only(field: dataclasses.Field[object]) -> bool:
    """Return whether a field is an `InitVar`, whose annotation holds the type of the argument."""
    return _kind_of(field) == "_FIELD_INITVAR"


def is_class_variable(field: dataclasses.Field[object]) -> bool:
    """Return whether `dataclasses` lists a field that no argument of `__init__` sets. An `InitVar` is an argument."""
    return _kind_of(field) == "_FIELD_CLASSVAR"


def is_typed_dict(cls: type) -> bool:
    """Return whether a class is a `TypedDict`, of typing or of typing_extensions, which differ before Python 3.13."""
    return typing.is_typeddict(cls) or is_named(type(cls), "_TypedDictMeta")


def typed_dict_fields(cls: type, hints: Hints) -> list[Field]:
    always: frozenset[str] = getattr(cls, "__required_keys__", frozenset())

    # Under `from __future__ import annotations` Python misses NotRequired in `__required_keys__`, so the hint decides.
    def required(name: str, hint: object) -> bool:
        while (origin := typing.get_origin(hint)) is not None:
            if origin is typing.Required:
                return True
            if origin is typing.NotRequired:
                return False
            if origin is not typing.Annotated and not is_named(origin, "ReadOnly"):
                break
            hint = typing.get_args(hint)[0]
        return name in always

    return [Field(name, name, hint, required(name, hint)) for name, hint in hints.items()]


def named_tuple_fields(cls: type, hints: Hints) -> list[Field]:
    names: tuple[str, ...] = getattr(cls, "_fields", ())
    defaults: Mapping[str, object] = getattr(cls, "_field_defaults", {})
    return [
        Field(name, name, hints.get(name, object), name not in defaults, defaults.get(name, NOTHING)) for name in names
    ]


def attrs_fields(cls: type, hints: Hints) -> list[Field]:
    nothing = sys.modules["attr"].NOTHING
    fields: list[Field] = []
    declared: Iterable[_AttrsField] = getattr(cls, "__attrs_attrs__", ())
    for field in declared:
        if not field.init:
            continue
        factory = None if getattr(field.default, "takes_self", True) else getattr(field.default, "factory", None)
        constant = nothing if hasattr(field.default, "takes_self") else field.default
        default = _default(constant, factory, nothing)
        about = field.metadata.get("description")
        hint = hints.get(field.name, object)
        fields.append(Field(field.alias, field.alias, hint, field.default is nothing, default, about))
    return fields


def struct_fields(cls: type, hints: Hints) -> list[Field]:
    fields: list[Field] = []
    for field in msgspec.structs.fields(cls) if issubclass(cls, msgspec.Struct) else ():
        default = _default(field.default, field.default_factory, msgspec.NODEFAULT)
        fields.append(Field(field.name, field.encode_name, hints[field.name], field.required, default))
    return fields


def _default(constant: object, factory: object, nothing: object) -> object:
    if constant is not nothing:
        return constant
    if factory is list:
        return list[object]()
    return dict[str, object]() if factory is dict else NOTHING


def tag_of(cls: type) -> tuple[str, str | int] | None:
    config = getattr(cls, "__struct_config__", None)
    return (config.tag_field, config.tag) if config is not None and config.tag is not None else None


def forbids_unknown(cls: type) -> bool:
    config = getattr(cls, "__struct_config__", None)
    return bool(getattr(cls, "__closed__", False) if config is None else config.forbid_unknown_fields)


def is_attrs_class(cls: type) -> bool:
    return hasattr(cls, "__attrs_attrs__")


def is_named_tuple(cls: type) -> bool:
    return hasattr(cls, "_fields") and issubclass(cls, tuple)


OBJECTS: tuple[tuple[Callable[[type], bool], Callable[[type, Hints], list[Field]]], ...] = (
    (is_typed_dict, typed_dict_fields),
    (dataclasses.is_dataclass, dataclass_fields),
    (lambda cls: issubclass(cls, msgspec.Struct), struct_fields),
    (is_attrs_class, attrs_fields),
    (is_named_tuple, named_tuple_fields),
)
"""The kinds of class that are objects in JSON, and what reads the fields of each, in order."""


def json_default(value: object) -> object:
    """Return `value` if it is plain JSON, the value of an Enum member, otherwise NOTHING."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
        return value
    if type(value) is list:
        items = [json_default(item) for item in typing.cast("list[object]", value)]
        return NOTHING if NOTHING in items else items
    if type(value) is dict:
        pairs = {key: json_default(item) for key, item in typing.cast("dict[object, object]", value).items()}
        fit = all(type(key) is str for key in pairs) and NOTHING not in pairs.values()
        return pairs if fit else NOTHING
    return NOTHING
