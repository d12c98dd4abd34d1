"""What OpenAI documents of the size of a strict schema.

Source: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas (read 2026-11-29). Hosts of its
formats get the same schemas, as with its keywords.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from capably.json_schema import Schema

LIMITS: Mapping[str, int] = {
    "properties": 5_000,
    "levels of objects": 10,
    "characters in names and constants": 120_000,
    "values of enums": 1_000,
    "characters in a large enum": 15_000,
}
"""What is counted -> the most of it in one schema."""

LARGE_ENUM = 250
"""An enum of more values is large."""


class Excess(NamedTuple):
    """More than a schema may have of something: how many, and the place of the first one too many."""

    what: str
    number: int
    path: str

    def __str__(self) -> str:
        return f"a schema with {self.number:,} {self.what} (the most is {LIMITS[self.what]:,})"


def excess_in(schema: Schema) -> Excess | None:
    """Return what a strict schema has too much of; `None` if it has the size that OpenAI takes."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for what, number, path in _counts(schema, "", 1):
        most = what in _MAXIMA
        counts[what] = max(counts[what], number) if most else counts[what] + number
        if counts[what] > LIMITS[what]:
            first.setdefault(what, path)
    return next((Excess(what, counts[what], path) for what, path in first.items()), None)


_MAXIMA = ("levels of objects", "characters in a large enum")
"""What is no sum: the greatest counts."""


def _counts(schema: Schema, path: str, level: int) -> Iterator[tuple[str, int, str]]:
    """Yield what each part of a schema adds, with its place. A reference adds nothing."""
    constants = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    characters = sum([len(value) for value in constants if isinstance(value, str)])
    yield "values of enums", len(schema.get("enum", ())), path
    yield "characters in names and constants", characters, path
    if len(constants) > LARGE_ENUM:
        yield "characters in a large enum", characters, path
    properties = schema.get("properties", {})
    inner = level + 1 if "properties" in schema else level
    if "properties" in schema:
        yield "levels of objects", level, path
    for name, value in properties.items():
        place = f"{path}.{name}".lstrip(".")
        yield "properties", 1, place
        yield "characters in names and constants", len(name), place
        yield from _counts(value, place, inner)
    for name, value in schema.get("$defs", {}).items():
        yield "characters in names and constants", len(name), name
        yield from _counts(value, name, 1)
    items = schema.get("items")
    if items is not None and not isinstance(items, bool):
        yield from _counts(items, f"{path}[]", inner)
    for variant in schema.get("anyOf", ()):
        yield from _counts(variant, path, inner)
