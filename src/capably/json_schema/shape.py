"""A type after the walk: its schema, how to load a value of it, and its name in messages."""

from __future__ import annotations

import json
import sys
import typing
from collections.abc import Callable, Mapping
from typing import Any


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
        schema: dict[str, Any],
        load: Callable[[Any], Any],
        words: str,
        accepts: frozenset[type] | None,
        *,
        plain: bool = True,
        keys: Mapping[str, Any] = {},
    ) -> None:
        self.schema: dict[str, Any] = schema
        self.load: Callable[[Any], Any] = load
        self.words: str = words
        self.accepts: frozenset[type] | None = accepts
        self.plain: bool = plain
        self.keys: Mapping[str, Any] = keys
        self.noted: bool = False


def with_defs(schema: dict[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    """Return `schema` with the definitions it needs. A schema that is only a reference is replaced by its target."""
    defs = dict(defs)
    ref = schema.get("$ref")
    if ref is not None:
        name = ref.removeprefix("#/$defs/")
        schema = {**defs[name], **{key: value for key, value in schema.items() if key != "$ref"}}
        if f'"{ref}"' not in json.dumps([schema, [body for key, body in defs.items() if key != name]]):
            del defs[name]
    return {**schema, "$defs": defs} if defs else schema


def got_words(value: object) -> str:
    return shown_class(type(value))


def shown_class(cls: type) -> str:
    return _SHOWN.get(cls, cls.__name__)


def shown_type(tp: Any) -> str:
    return tp.__name__ if isinstance(tp, type) and not typing.get_args(tp) else str(tp).replace("typing.", "")


def type_name(tp: Any) -> str:
    origin = typing.get_origin(tp)
    if origin is None:
        return getattr(tp, "__name__", str(tp))
    return "_".join([type_name(origin), *map(type_name, typing.get_args(tp))])


def is_named(cls: Any, name: str) -> bool:
    """Return whether `tp` is the typing construct of this name, from typing or typing_extensions."""
    return getattr(cls, "__name__", getattr(cls, "_name", None)) == name and "typing" in getattr(cls, "__module__", "")


def local_names(cls: type) -> dict[str, Any]:
    """Return the names in the functions that define a local class, as far as they still run."""
    scopes: dict[str, dict[str, Any]] = {}
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        if frame.f_globals.get("__name__") == cls.__module__:
            scopes.setdefault(frame.f_code.co_qualname, frame.f_locals)
        frame = frame.f_back
    names: dict[str, Any] = {}
    scope = ""
    for part in cls.__qualname__.split(".<locals>.")[:-1]:
        scope = f"{scope}.<locals>.{part}".removeprefix(".<locals>.")
        names |= scopes.get(scope, {})
    return names


def type_arguments(tp: Any) -> dict[Any, Any]:
    """Map the type variables of a class to their arguments, those of its bases included: `Box[int]` gives `{T:
    int}`."""
    cls = typing.get_origin(tp) or tp
    filled: dict[Any, Any] = {}
    for base in getattr(cls, "__orig_bases__", ()):
        if typing.get_origin(base) not in (None, typing.Generic):
            filled |= type_arguments(base)
    own = dict(zip(getattr(cls, "__parameters__", ()), typing.get_args(tp), strict=False))
    return {name: substitute(arg, own) for name, arg in filled.items()} | own


def substitute(hint: Any, filled: Mapping[Any, Any]) -> Any:
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
