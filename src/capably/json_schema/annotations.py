"""What `Annotated` adds to a type: descriptions, limits and validators, of msgspec, pydantic and annotated_types."""

from __future__ import annotations

import math
import operator
import re
import typing
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from capably.json_schema.shape import MisfitError

if TYPE_CHECKING:
    from capably.json_schema.shape import Shape


def flat_metadata(metadata: Iterable[object]) -> list[object]:
    """Return the metadata of an Annotated as a flat list; a pydantic `Field` nests its constraints one level deeper."""
    flat: list[object] = []
    for note in metadata:
        flat.append(note)
        flat.extend(getattr(note, "metadata", None) or ())
    return flat


def notes_of(note: object) -> dict[str, object]:
    """Return the schema keywords of one metadata item: plain text, `msgspec.Meta`, pydantic's `Field` or
    `typing.Doc`."""
    if isinstance(note, str):
        return {"description": note}
    notes: dict[str, object] = {}
    for keyword in ("title", "description", "examples"):
        value = getattr(note, keyword, None)
        if value is not None and not callable(value):
            notes[keyword] = value
    if isinstance(documentation := getattr(note, "documentation", None), str):
        notes["description"] = documentation
    extra = getattr(note, "extra_json_schema", None) or getattr(note, "json_schema_extra", None)
    return notes | extra if isinstance(extra, dict) else notes


def json_kind(shape: Shape) -> str:
    """Return which of the keywords for a limit a type has: those of "array", "object" or "string", or those of numbers."""
    accepts = shape.accepts or frozenset()
    if accepts & {list, dict}:
        return "array" if list in accepts else "object"
    is_text = str in accepts and (shape.schema.get("type") == "string" or not accepts & {int, float})
    return "string" if is_text else ""


def json_bound(bound: object, kind: str) -> object:
    """Return a limit as JSON: a date or a Decimal as text where values are text, a pattern as its text."""
    if isinstance(bound, re.Pattern):
        return typing.cast("re.Pattern[str]", bound).pattern
    if isinstance(bound, (int, float, str)) and kind != "string":
        return bound
    return str(msgspec.to_builtins(bound)) if kind == "string" else float(typing.cast("Decimal", bound))


def uses_pydantic(note: object) -> bool:
    """Return whether only pydantic can follow a metadata item: a validator, or a constraint that changes the text."""
    changes = ("strip_whitespace", "to_upper", "to_lower")
    return hasattr(note, "__get_pydantic_core_schema__") or any(getattr(note, name, None) is True for name in changes)


def predicate_of(note: object) -> Callable[[object], object] | None:
    """Return the function of a `Predicate` of annotated_types; `None` for any other metadata item."""
    return getattr(note, "func", None) if type(note).__module__ == "annotated_types" else None


def _is_multiple(value: float, bound: float) -> bool:
    """Return whether a number is a multiple as it is written: 0.3 is one of 0.1."""
    return math.isfinite(value) and _exact(value) % _exact(bound) == 0


def _exact(value: float | Decimal) -> Fraction:
    return Fraction(str(value) if isinstance(value, float) else value)


_MIN_LENGTH = {"": "minLength", "array": "minItems", "object": "minProperties"}
_MAX_LENGTH = {"": "maxLength", "array": "maxItems", "object": "maxProperties"}


Holds: TypeAlias = Callable[[Any, Any], bool]
"""A relation between a value and a bound of its own kind."""

CONSTRAINTS: dict[str, tuple[dict[str, str], str, Holds]] = {
    "gt": ({"": "exclusiveMinimum", "string": "formatExclusiveMinimum"}, "more than {}", operator.gt),
    "ge": ({"": "minimum", "string": "formatMinimum"}, "at least {}", operator.ge),
    "lt": ({"": "exclusiveMaximum", "string": "formatExclusiveMaximum"}, "less than {}", operator.lt),
    "le": ({"": "maximum", "string": "formatMaximum"}, "at most {}", operator.le),
    "multiple_of": ({"": "multipleOf", "string": "formatMultipleOf"}, "a multiple of {}", _is_multiple),
    "min_length": (_MIN_LENGTH, "a length of at least {}", lambda value, bound: len(value) >= bound),
    "max_length": (_MAX_LENGTH, "a length of at most {}", lambda value, bound: len(value) <= bound),
    "pattern": ({"": "pattern"}, "text that matches {}", lambda value, bound: re.search(bound, value) is not None),
    "tz": ({}, "a time zone (tz={})", lambda value, bound: (value.tzinfo is not None) is bool(bound)),
}
"""Attribute of a metadata item -> keyword by `json_kind`, words for an error, and whether a value is within the limit.

The keywords of text in a format (dates, decimal numbers) are those of ajv-formats; providers that lack them get words.
"""


class Limits(NamedTuple):
    """The limits in the metadata of an Annotated: as keywords, as checks of a loaded value, and whether msgspec knows them all."""

    keywords: dict[str, object]
    checks: list[Callable[[object], None]]
    plain: bool


def limits_of(metadata: Iterable[object], shape: Shape) -> Limits:
    """Return the limits of the values of a type. Those that have no keyword are checks only."""
    limits, plain, kind = dict[str, object](), True, json_kind(shape)
    checks: list[Callable[[object], None]] = []
    for note in metadata:
        for name, (keywords, words, holds) in CONSTRAINTS.items():
            bound = getattr(note, name, None)
            if bound is None or callable(bound):
                continue
            if keyword := keywords.get(kind, keywords.get("")):
                limits[keyword] = json_bound(bound, kind if "string" in keywords else "")
            checks.append(_check(words.format(json_bound(bound, "string")), holds, bound))
            plain &= isinstance(note, msgspec.Meta)
        if (accepts := predicate_of(note)) is not None:
            words = f"what {getattr(accepts, '__name__', 'the predicate')} accepts"
            checks.append(_check(words, lambda value, test: bool(test(value)), accepts))
            plain = False
    return Limits(limits, checks, plain)


def _check(words: str, holds: Holds, bound: object) -> Callable[[object], None]:
    def check(value: object) -> None:
        try:
            fits = holds(value, bound)
        except (TypeError, AttributeError):  # as in JSON Schema, a limit is for values of its own kind
            return
        if not fits:
            raise MisfitError(f"expected {words}, got {value!r}")

    return check
