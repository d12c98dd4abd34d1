"""A type after the walk: its schema, how to load a value of it, and its name in messages."""

from __future__ import annotations

import json
import sys
import typing
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

if TYPE_CHECKING:
    from typing_extensions import TypeAliasType, TypeIs

    from capably.types.json_types import Json

    Schema = TypedDict(
        "Schema",
        {
            "$ref": str,
            "$defs": "dict[str, Schema]",
            "definitions": "dict[str, Schema]",
            "type": "str | list[str]",
            "description": str,
            "default": object,
            "enum": "list[Json]",
            "const": "Json",
            "nullable": bool,
            "pattern": str,
            "format": str,
            "contentEncoding": str,
            "properties": "dict[str, Schema]",
            "required": "list[str]",
            "additionalProperties": "Schema | bool",
            "propertyNames": "Schema",
            "items": "Schema | bool",
            "prefixItems": "list[Schema]",
            "uniqueItems": bool,
            "minItems": int,
            "maxItems": int,
            "anyOf": "list[Schema]",
            "oneOf": "list[Schema]",
            "allOf": "list[Schema]",
            "discriminator": "dict[str, str]",
        },
        total=False,
    )
    """A JSON Schema (draft 2020-12): the keywords that are written and read here. It may hold others."""

Loader: TypeAlias = "Callable[[Json], object]"
"""A function that loads parsed JSON as a value of one type, or raises `MisfitError`."""


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
    """The schema and loader of one type.

    - `accepts`: the classes of JSON values that may fit; `None` = any.
    - `keys`: an object's own keys with their schemas.
    - `plain`: msgspec loads this type exactly as this module does.
    - `noted`: an Annotated describes it.
    """

    __slots__ = ("accepts", "keys", "load", "noted", "plain", "schema", "words")

    def __init__(
        self,
        schema: Schema,
        load: Loader,
        words: str,
        accepts: frozenset[type] | None,
        *,
        plain: bool = True,
        keys: Mapping[str, Schema] = {},
    ) -> None:
        self.schema: Schema = schema
        self.load: Loader = load
        self.words: str = words
        self.accepts: frozenset[type] | None = accepts
        self.plain: bool = plain
        self.keys: Mapping[str, Schema] = keys
        self.noted: bool = False


def with_defs(schema: Schema, defs: Mapping[str, Schema]) -> Schema:
    """Return `schema` with the definitions it needs. A schema that is only a reference is replaced by its target."""
    defs = dict(defs)
    ref = schema.get("$ref")
    if ref is not None:
        name = ref.removeprefix("#/$defs/")
        beside = schema.copy()
        del beside["$ref"]
        schema = {**defs[name], **beside}
        if f'"{ref}"' not in json.dumps([schema, [body for key, body in defs.items() if key != name]]):
            del defs[name]
    return {**schema, "$defs": defs} if defs else schema


def constants_of(schema: Schema) -> list[Json] | None:
    """Return the values that a schema lists; `None` where it lists none, so that any may fit."""
    return schema.get("enum", [schema["const"]] if "const" in schema else None)


def mismatch(words: str, value: object) -> MisfitError:
    """Return the error of a value that is not what `words` describe."""
    return MisfitError(f"expected {words}, got {got_words(value)}")


def got_words(value: object) -> str:
    return shown_class(type(value))


def shown_class(cls: type) -> str:
    return _SHOWN.get(cls, cls.__name__)


def shown_type(tp: object) -> str:
    return tp.__name__ if isinstance(tp, type) and not typing.get_args(tp) else str(tp).replace("typing.", "")


def type_name(tp: object) -> str:
    origin = typing.get_origin(tp)
    if origin is None:
        return getattr(tp, "__name__", str(tp))
    if origin is typing.Annotated:
        return type_name(typing.get_args(tp)[0])
    return "_".join([type_name(origin), *map(type_name, typing.get_args(tp))])


def is_named(cls: object, name: str) -> bool:
    """Return whether `tp` is the typing construct of this name, from typing or typing_extensions."""
    return getattr(cls, "__name__", getattr(cls, "_name", None)) == name and "typing" in getattr(cls, "__module__", "")


def is_type_alias(tp: object) -> TypeIs[TypeAliasType]:
    """Return whether `tp` is a `type` statement, or a `TypeAliasType`."""
    return is_named(type(tp), "TypeAliasType")


def alias_value(alias: TypeAliasType, args: tuple[object, ...], names: Mapping[str, object]) -> object:
    """Return the type that an alias names: text is resolved in the module that defines it, and `args` are filled in."""
    space = vars(sys.modules[alias.__module__]) if alias.__module__ in sys.modules else {}
    holder = type("alias", (), {"__annotations__": {"value": alias.__value__}})
    value = typing.get_type_hints(holder, space, {**space, **names}, include_extras=True)["value"]
    return substitute(value, dict(zip(alias.__type_params__, args, strict=False)))


def local_names(cls: type) -> dict[str, object]:
    """Return the names in the functions that define a local class, as far as they still run."""
    scopes: dict[str, dict[str, object]] = {}
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        if frame.f_globals.get("__name__") == cls.__module__:
            scopes.setdefault(frame.f_code.co_qualname, frame.f_locals)
        frame = frame.f_back
    names: dict[str, object] = {}
    scope = ""
    for part in cls.__qualname__.split(".<locals>.")[:-1]:
        scope = f"{scope}.<locals>.{part}".removeprefix(".<locals>.")
        names |= scopes.get(scope, {})
    return names


def type_arguments(tp: object) -> dict[object, object]:
    """Map the type variables of a class to their arguments, those of its bases included: `Box[int]` gives `{T:
    int}`."""
    cls = typing.get_origin(tp) or tp
    filled: dict[object, object] = {}
    for base in getattr(cls, "__orig_bases__", ()):
        if typing.get_origin(base) not in (None, typing.Generic):
            filled |= type_arguments(base)
    own: dict[object, object] = dict(zip(getattr(cls, "__parameters__", ()), typing.get_args(tp), strict=False))
    return {name: substitute(arg, own) for name, arg in filled.items()} | own


def substitute(hint: Any, filled: Mapping[object, object]) -> object:
    if isinstance(hint, typing.TypeVar):
        return filled.get(hint, hint)
    parameters = getattr(hint, "__parameters__", ())
    if not filled or not parameters or isinstance(hint, type):
        return hint
    return hint[tuple(filled.get(parameter, parameter) for parameter in parameters)]


_SHOWN: dict[type, str] = {type(None): "null", dict: "object"}


STR = frozenset[type]({str})


DICT = frozenset[type]({dict})


LIST = frozenset[type]({list})
