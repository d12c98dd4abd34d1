"""JSON Schema in the dialect of OpenAI's strict mode, and the wire forms of tools and formats made from it.

Strict mode guarantees that an answer fits, for a part of JSON Schema: every object is closed, every property is
required, and only some keywords are supported. A keyword with an equivalent is replaced. With any other, the schema is
sent without the guarantee.

Source: openai 3.54.0, lib/_pydantic.py (read 2026-11-22); https://platform.openai.com/docs/guides/structured-outputs
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from capably.types.format import Format
from capably.types.request import Request
from capably.types.tools import Tool

DROPPED = frozenset(
    {"$schema", "$id", "$comment", "default", "discriminator", "examples", "deprecated", "readOnly", "writeOnly"}
)
"""Keywords that strict mode refuses and that limit nothing."""

IN_WORDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minProperties": "at least {} entries",
    "maxProperties": "at most {} entries",
    "uniqueItems": "no duplicates",
}
"""Limits that strict mode refuses; they become words in the description."""

FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
"""Formats of strings that strict mode knows; others become words."""

NOT_STRICT = frozenset(
    {
        "contains",
        "dependencies",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "not",
        "patternProperties",
        "prefixItems",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
"""Keywords that shape the value and that strict mode cannot say at all."""


class NotStrictError(ValueError):
    """The schema has something that strict mode cannot express; the message names it."""


def strict_schema(schema: Mapping[str, Any], *, nullable: bool = False) -> dict[str, Any]:
    """Return the schema in strict form: every property is required; with `nullable` optional ones may be `null`.

    Raises `NotStrictError` where strict mode cannot express it. Recursive schemas stay as they are: `$ref` is known.
    """
    _refuse(schema)
    strict = {key: value for key, value in schema.items() if key not in DROPPED and key not in IN_WORDS}
    notes = [words.format(schema[key]) for key, words in IN_WORDS.items() if schema.get(key)]
    if strict.get("format", "date") not in FORMATS:
        notes.append(f"format: {strict.pop('format')}")
    if notes:
        strict["description"] = ". ".join(filter(None, (strict.get("description"), "; ".join(notes))))
    for key in ("$defs", "definitions"):
        if key in strict:
            strict[key] = {name: strict_schema(inner, nullable=nullable) for name, inner in strict[key].items()}
    if isinstance(strict.get("items"), Mapping):
        strict["items"] = strict_schema(strict["items"], nullable=nullable)
    variants = strict.pop("oneOf", None) or strict.pop("allOf", None)
    if variants:
        strict["anyOf"] = variants
    if "anyOf" in strict:
        strict["anyOf"] = [strict_schema(variant, nullable=nullable) for variant in strict["anyOf"]]
    if schema.get("type") == "object" or "properties" in schema:
        _close(strict, schema, nullable)
    return _lone_ref(strict)


def _refuse(schema: Mapping[str, Any]) -> None:
    for key in schema:
        if key in NOT_STRICT:
            raise NotStrictError(f"strict mode does not know `{key}`")
    if len(schema.get("allOf", ())) > 1:
        raise NotStrictError("strict mode does not know `allOf`")
    if schema.get("additionalProperties") not in (None, False):
        raise NotStrictError("strict mode does not know objects with free keys (`additionalProperties`)")
    if schema.get("type") == "array" and "items" not in schema:
        raise NotStrictError("strict mode does not know arrays without `items`")
    if not schema.keys() - DROPPED - {"description", "title"}:
        raise NotStrictError("strict mode does not know values of any type (a schema without `type`)")


def _close(strict: dict[str, Any], schema: Mapping[str, Any], nullable: bool) -> None:
    properties: Mapping[str, Any] | None = schema.get("properties")
    if properties is None and schema.get("additionalProperties") is not False:
        raise NotStrictError("strict mode does not know objects with free keys")
    required = schema.get("required", ())
    closed = {name: strict_schema(inner, nullable=nullable) for name, inner in (properties or {}).items()}
    if nullable:
        closed = {name: inner if name in required else or_null(inner) for name, inner in closed.items()}
    strict["properties"] = closed
    strict["required"] = list(closed)
    strict["additionalProperties"] = False


def _lone_ref(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with its `$ref` alone, as strict mode demands; its siblings move outside."""
    if "$ref" not in schema or len(schema) == 1:
        return schema
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {"anyOf": [{"$ref": schema["$ref"]}], **beside}


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with `null` allowed too."""
    if accepts_null(schema):
        return schema
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if isinstance(schema.get("type"), str) and "const" not in schema:
        widened = {**schema, "type": [schema["type"], "null"]}
        return {**widened, "enum": [*schema["enum"], None]} if "enum" in schema else widened
    outside = {key: schema[key] for key in ("description",) if key in schema}
    inside = {key: value for key, value in schema.items() if key not in outside}
    return {"anyOf": [inside, {"type": "null"}], **outside}


def accepts_null(schema: Mapping[str, Any]) -> bool:
    """Return whether the schema plainly allows `null` (a `$ref` is not followed)."""
    kinds = schema.get("type")
    variants = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return kinds == "null" or (isinstance(kinds, list) and "null" in kinds) or any(map(accepts_null, variants))


def tool_schema(tool: Tool[Any]) -> dict[str, Any]:
    """Return `parameters` and `strict` of a tool. Without `strict=True` the schema goes out as it is, so that optional
    arguments stay optional; OpenAI makes it strict by default, so `strict` is sent as false."""
    if tool.strict is not True:
        return {"parameters": dict(tool.parameters), "strict": False}
    return {"parameters": strict_schema(tool.parameters, nullable=True), "strict": True}


def strict_tools(request: Request) -> dict[str, Tool[Any]]:
    """Return the strict tools by name."""
    return {tool.name: tool for tool in request.params.get("tools") or () if isinstance(tool, Tool) and tool.strict}


def without_nulls(args: dict[str, Any], tool: Tool[Any]) -> dict[str, Any]:
    """Return a strict tool's arguments without the nulls that strict mode put in place of optional ones."""
    required, properties = tool.parameters.get("required", ()), tool.parameters.get("properties", {})
    written_in_vain = [
        name
        for name, value in args.items()
        if value is None and name not in required and not accepts_null(properties.get(name, {}))
    ]
    return {name: value for name, value in args.items() if name not in written_in_vain} if written_in_vain else args


def format_schema(format: Format) -> dict[str, Any]:
    """Return `name`, `schema` and `strict` of a format: strict if its schema can be."""
    name = re.sub(r"[^a-zA-Z0-9_-]+", "_", format.name).strip("_")[:64] or "answer"
    try:
        return {"name": name, "schema": strict_schema(format.schema), "strict": True}
    except NotStrictError:
        return {"name": name, "schema": dict(format.schema), "strict": False}


def format_in_words(format: Format) -> str:
    """Return an instruction for models that promise only JSON. The API demands the word JSON in it."""
    schema = msgspec.json.encode(format.schema).decode()
    return f"Answer with one JSON object that fits this JSON Schema, and nothing else:\n{schema}"
