"""Anthropic's dialect of JSON Schema, for structured answers and strict tools.

Keywords that its grammar compiler lacks move into the description, so that the model may still follow them.

Source: anthropic 2.12.0, lib/_parse/_transform.py (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from capably.providers.json import dump_text
from capably.providers.spellings import Body

if TYPE_CHECKING:
    from typing_extensions import TypeIs

SUPPORTED = ("type", "enum", "const", "description", "title", "required")
"""Keywords that pass as they are."""

NESTED = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
"""Keywords that hold a list of schemas -> how Anthropic spells them."""

SHAPING = ("type", "enum", "const", "$ref", *NESTED)
"""Keywords of which a schema needs one."""

DEFINITIONS = ("$defs", "definitions")
NAMED = (*DEFINITIONS, "properties")
"""Keywords that hold schemas by name."""

DROPPED = ("additionalProperties", "discriminator", "$schema", "$id", "$comment")
"""Keywords without meaning for the model (`additionalProperties` is always `false`)."""

STRING_FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
"""Values of `format` that are enforced; others go to the description."""

MIN_ITEMS = (0, 1)
"""Values of `minItems` that are enforced; others go to the description."""


class LooseSchemaError(ValueError):
    """A schema that cannot be guaranteed: why, and what to write instead."""

    def __init__(self, why: str, instead: str) -> None:
        super().__init__(why)
        self.why = why
        self.instead = instead


def is_schema(value: object) -> TypeIs[Body]:
    """Return whether a value is an object of JSON: a schema, or schemas by name."""
    return isinstance(value, dict)


def items_of(value: object) -> Sequence[object]:
    """Return a list of JSON; nothing for anything else."""
    return cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else ()


def adapt_schema(schema: object, path: str = "") -> Body:
    """Return `schema` in Anthropic's dialect; optional properties stay optional.

    `{"type": "integer", "minimum": 1}` -> `{"type": "integer", "description": "{minimum: 1}"}`.
    Raises `LooseSchemaError` for mappings with free keys, which the compiler would turn into empty objects.
    """
    if not is_schema(schema) or not any(key in schema for key in SHAPING):
        why = f"Anthropic takes no schema that accepts anything ({schema!r} at {path or 'the root'})."
        raise LooseSchemaError(why, "Give it a type")
    if "$ref" in schema:
        return {"$ref": schema["$ref"], **_named(schema, DEFINITIONS, path)}
    adapted = {key: schema[key] for key in SUPPORTED if key in schema}
    if "enum" in adapted or "const" in adapted:
        adapted.pop("type", None)
    adapted |= _named(schema, NAMED, path)
    for key, spelling in NESTED.items():
        if key in schema:
            adapted[spelling] = [adapt_schema(inner, f"{path}/{key}") for inner in _variants(schema[key], key, path)]
    items = _items(schema)
    if items is not None:
        adapted["items"] = adapt_schema(items, f"{path}/items")
    if schema.get("format") in STRING_FORMATS:
        adapted["format"] = schema["format"]
    if schema.get("minItems") in MIN_ITEMS:
        adapted["minItems"] = schema["minItems"]
    if _is_object(schema):
        _check_closed(schema, path)
        adapted.setdefault("properties", {})
        adapted["additionalProperties"] = False
    return _describe_rest(schema, adapted)


def check_ends(schema: object) -> None:
    """Raise `LooseSchemaError` for a definition of a strict tool that refers to itself, also by way of others.

    Source: a 400 for a tool, "Circular reference detected in schema definitions: Node -> Node. Self-referencing or mutually-referencing
    definitions are not supported." (claude-sonnet-4-6, read 2026-11-29).
    """
    definitions: Body = {"": schema}
    for key in DEFINITIONS:
        definitions |= _by_name(schema, key, "") if is_schema(schema) else {}
    targets = {
        name: {ref.rpartition("/")[2].lstrip("#") for ref in _references(inner)} for name, inner in definitions.items()
    }
    for name in targets:
        reached, waiting = set[str](), [name]
        while waiting:
            following = targets.get(waiting.pop(), set()) - reached
            reached |= following
            waiting += following
        if name in reached:
            why = (
                f"{name or 'The root'} of the schema refers to itself, and Anthropic's strict tools know no recursion."
            )
            raise LooseSchemaError(why, "Write a type for each level, as deep as is needed")


def _references(schema: object) -> Iterator[str]:
    """Yield the references in a schema; those in its definitions are theirs."""
    for inner in items_of(schema):
        yield from _references(inner)
    if is_schema(schema):
        target = schema.get("$ref")
        if isinstance(target, str):
            yield target
        for key, inner in schema.items():
            if key not in DEFINITIONS:
                yield from _references(inner)


def _named(schema: Body, keys: tuple[str, ...], path: str) -> Body:
    return {
        key: {name: adapt_schema(inner, f"{path}/{name}") for name, inner in _by_name(schema, key, path).items()}
        for key in keys
        if key in schema
    }


def _by_name(schema: Body, key: str, path: str) -> Body:
    """Return the schemas under a keyword that holds them by name."""
    value = schema.get(key, {})
    if not is_schema(value):
        why = f"`{key}` at {path or 'the root'} is a {type(value).__name__}."
        raise LooseSchemaError(why, "Make it an object of schemas")
    return value


def _variants(value: object, key: str, path: str) -> Sequence[object]:
    """Return the schemas of a keyword that holds a list of them."""
    variants = items_of(value)
    if not variants:
        raise LooseSchemaError(f"`{key}` at {path or 'the root'} lists no schemas.", "Make it a list of schemas")
    return variants


def _items(schema: Body) -> object:
    """Return one schema for an array's items. The schemas of a tuple's places are merged."""
    if "prefixItems" not in schema:
        return schema.get("items")
    distinct: list[object] = []
    for item in items_of(schema["prefixItems"]):
        if item not in distinct:
            distinct.append(item)
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct} if distinct else None


def _is_object(schema: Body) -> bool:
    kind = schema.get("type")
    return kind == "object" or "object" in items_of(kind)


def _check_closed(schema: Body, path: str) -> None:
    """Raise for `dict[str, T]`: `additionalProperties: false` would leave only `{}` as an answer, without a word."""
    free = schema.get("additionalProperties")
    if is_schema(free) or (free is True and not schema.get("properties")):
        why = (
            f"{path or 'The root'} of the schema is a mapping with free keys, and Anthropic's structured outputs know "
            "fixed properties only."
        )
        raise LooseSchemaError(why, "Use a list of objects with a key and a value")


def _describe_rest(schema: Body, adapted: Body) -> Body:
    """Append the keywords that were left out to the description: `{minimum: 1, maximum: 10}`."""
    known = (*SUPPORTED, *NAMED, *NESTED, *DROPPED, "items")
    rest = {key: value for key, value in schema.items() if key not in known and adapted.get(key) != value}
    if rest:
        words = ", ".join(f"{key}: {dump_text(value, 'a schema')}" for key, value in rest.items())
        adapted["description"] = (
            f"{adapted['description']}\n\n{{{words}}}" if "description" in adapted else f"{{{words}}}"
        )
    return adapted
