"""The neutral form of `format=`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

FormatLoader: TypeAlias = Callable[[Any], object]
"""A function of parsed JSON. A type checker knows what it returns by the type of `format=`."""


class Format:
    """A structured answer: its JSON Schema, and how to read the answer back.

    `schema` always describes an object; a format that is none (an `int`, a list, a union) stands under the key `value`.
    `load` turns the parsed JSON of an answer into the value the caller asked for, and raises `ValueError` where it does not fit.
    """

    __slots__ = ("load", "name", "schema", "source", "wire")

    def __init__(self, *, name: str, schema: Mapping[str, object], load: FormatLoader, source: object) -> None:
        self.name: str = name
        self.schema: Mapping[str, object] = schema
        self.load: FormatLoader = load
        self.source: object = source
        self.wire: dict[str, Mapping[str, object]] = {}
        """Its encoded form per adapter, so that it is encoded once."""
