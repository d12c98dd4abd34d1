"""JSON Schema in the dialect of OpenAI's strict mode, and the wire forms of tools and formats made from it.

Strict mode guarantees that an answer fits, for a part of JSON Schema: every object is closed, every property is
required, and only some keywords are accepted. Nothing else is sent under `strict: true`. An optional property may be null
instead, a limit that has no keyword becomes words in the description, and a schema whose shape cannot be expressed is
sent without the guarantee.

Source: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas; openai 3.54.0, lib/_pydantic.py
(read 2026-11-22)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from capably.providers.json import dump_text
from capably.providers.openai.schema_size import excess_in
from capably.types.format import Format
from capably.types.request import Request
from capably.types.tools import Tool

if TYPE_CHECKING:
    from capably.json_schema import Schema
    from capably.providers.spellings import Body
    from capably.types.json_types import JsonObject
    from capably.types.tools import AnyTool, BuiltinTool

# fmt: off
SUPPORTED = frozenset({
    "$defs", "$ref", "additionalProperties", "anyOf", "const", "description", "enum", "exclusiveMaximum",
    "exclusiveMinimum", "format", "items", "maxItems", "maximum", "minItems", "minimum", "multipleOf", "pattern",
    "properties", "required", "title", "type",
})
"""Keywords that strict mode accepts."""

RESPELLED = frozenset({"allOf", "definitions", "nullable", "oneOf"})
"""Keywords with an equivalent among those."""

DROPPED = frozenset({
    "$anchor", "$comment", "$id", "$schema", "deprecated", "discriminator", "examples", "readOnly", "writeOnly",
})
"""Keywords that limit nothing and that the model need not read."""

SHAPING = frozenset({
    "contains", "dependencies", "dependentRequired", "dependentSchemas", "else", "if", "not", "patternProperties",
    "prefixItems", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
})
"""Keywords that shape the value, so that words cannot replace them."""
# fmt: on

IN_WORDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minProperties": "at least {} entries",
    "maxProperties": "at most {} entries",
    "uniqueItems": "no duplicates",
}
"""Limits without a keyword -> words for the description. Any other keyword is written there as it is."""

FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
"""Formats of strings that strict mode accepts; others become words."""

NOT_STRICT = "openai.not_strict"
"""The key under which a format stores why it is not strict."""

_KINDS: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


class NotStrictError(ValueError):
    """The schema has something that strict mode cannot express; the message names it and its place."""

    def __init__(self, why: str, path: str, verb: str = "know") -> None:
        super().__init__(f"strict mode does not {verb} {why}{f' (at `{path}`)' if path else ''}")


def strict_schema(schema: Schema | bool, path: str = "") -> Schema:
    """Return the schema in strict form: every property is required, and one that was optional may be `null`.

    {"type": "object", "properties": {"x": {"type": "string", "minLength": 1}}} ->
    {"type": "object", "properties": {"x": {"type": ["string", "null"], "description": "at least 1 characters"}},
    "required": ["x"], "additionalProperties": False}

    `path` is the place of the schema, for the message. Raises `NotStrictError` where strict mode cannot express it.
    Recursive schemas stay as they are: `$ref` is accepted.
    """
    schema = _expressible(schema, path)
    strict = cast("Schema", {key: value for key, value in schema.items() if key in SUPPORTED})
    notes = _notes(schema, strict)
    if notes:
        strict["description"] = ". ".join(filter(None, (strict.get("description"), "; ".join(notes))))
    defs = {name: strict_schema(inner, name) for key in _DEFS for name, inner in schema.get(key, {}).items()}
    if defs:
        strict["$defs"] = defs
    if "$ref" in strict:
        strict["$ref"] = strict["$ref"].replace("#/definitions/", "#/$defs/")
    if "items" in strict:
        strict["items"] = strict_schema(strict["items"], f"{path}[]")
    for key in _UNIONS:
        variants = schema.get(key)
        if variants is not None:
            strict["anyOf"] = [strict_schema(variant, path) for variant in variants]
    if "type" not in strict and (
        constants := [*strict.get("enum", ()), *([strict["const"]] if "const" in strict else ())]
    ):
        kinds = list(dict.fromkeys(_KINDS.get(type(constant), "object") for constant in constants))
        strict["type"] = kinds[0] if len(kinds) == 1 else kinds
    if _may_be_object(schema):
        _close(strict, schema, path)
    return or_null(_lone_ref(strict)) if schema.get("nullable") is True else _lone_ref(strict)


_DEFS: Final = ("$defs", "definitions")
_UNIONS: Final = ("anyOf", "oneOf", "allOf")


def _notes(schema: Schema, strict: Schema) -> list[str]:
    """Return in words what strict mode does not accept, and remove it from `strict`."""
    notes: list[str] = []
    if not _is_plain(strict.get("pattern", "")):
        del strict["pattern"]
    if strict.get("format", "date") not in FORMATS:
        del strict["format"]
    for key, value in schema.items():
        if key in strict or key in DROPPED or key in RESPELLED or (key == "default" and value is None):
            continue
        if key not in IN_WORDS:
            notes.append(f"{key}: {value if isinstance(value, str) else dump_text(value, 'a schema')}")
        elif value:
            notes.append(IN_WORDS[key].format(value))
    return notes


def _is_plain(pattern: str) -> bool:
    """Return whether a pattern needs no more than a grammar: no lookaround, no backreference, no word boundary."""
    return not any(token[:2] == "(?" or token[1] in "123456789bBkAZzG" for token in _TOKENS.findall(pattern))


_TOKENS = re.compile(r"\\.|\(\?[^:]", re.DOTALL)
"""An escape, or a group that does more than group."""


def _expressible(schema: Schema | bool, path: str) -> Schema:
    """Return the schema. Raise `NotStrictError` where strict mode cannot express its shape."""
    if not isinstance(schema, Mapping) or not schema.keys() - DROPPED - {"default", "description", "title"}:
        raise NotStrictError("values of any type (a schema without `type`)", path)
    for key in schema:
        if key in SHAPING:
            raise NotStrictError(f"`{key}`", path)
    unions = [key for key in _UNIONS if key in schema]
    if len(schema.get("allOf", ())) > 1 or len(unions) > 1:
        raise NotStrictError(f"`{unions[-1]}`", path)
    if schema.get("additionalProperties") not in (None, False):
        raise NotStrictError("objects with free keys (`additionalProperties`)", path)
    if schema.get("type") == "array" and "items" not in schema:
        raise NotStrictError("arrays without `items`", path)
    return schema


def _may_be_object(schema: Schema) -> bool:
    kinds = schema.get("type")
    return "properties" in schema or kinds == "object" or (isinstance(kinds, list) and "object" in kinds)


def _close(strict: Schema, schema: Schema, path: str) -> None:
    properties = schema.get("properties")
    if properties is None and schema.get("additionalProperties") is not False:
        raise NotStrictError("objects with free keys", path)
    required = schema.get("required", ())
    closed = {name: strict_schema(inner, f"{path}.{name}".lstrip(".")) for name, inner in (properties or {}).items()}
    strict["properties"] = {name: inner if name in required else or_null(inner) for name, inner in closed.items()}
    strict["required"] = list(closed)
    strict["additionalProperties"] = False


def _lone_ref(schema: Schema) -> Schema:
    """Return the schema with its `$ref` alone, as strict mode demands; its siblings move outside."""
    if "$ref" not in schema or len(schema) == 1:
        return schema
    beside = schema.copy()
    del beside["$ref"]
    return {"anyOf": [{"$ref": schema["$ref"]}], **beside}


def or_null(schema: Schema) -> Schema:
    """Return the schema with `null` allowed too."""
    if accepts_null(schema):
        return schema
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    kind = schema.get("type")
    if isinstance(kind, str) and "const" not in schema:
        widened: Schema = {**schema, "type": [kind, "null"]}
        return {**widened, "enum": [*schema["enum"], None]} if "enum" in schema else widened
    if "description" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    inside = schema.copy()
    del inside["description"]
    return {"anyOf": [inside, {"type": "null"}], "description": schema["description"]}


def accepts_null(schema: Schema) -> bool:
    """Return whether the schema plainly allows `null` (a `$ref` is not followed)."""
    kinds = schema.get("type")
    variants = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return kinds == "null" or (isinstance(kinds, list) and "null" in kinds) or any(map(accepts_null, variants))


def _strict_object(schema: Mapping[str, object]) -> Schema:
    if schema.get("type") != "object":
        raise NotStrictError("a root that is no object", "")
    strict = strict_schema(cast("Schema", schema))
    excess = excess_in(strict)
    if excess is not None:
        raise NotStrictError(str(excess), excess.path, "take")
    return strict


def tool_schema(tool: AnyTool) -> Body:
    """Return `parameters` and `strict` of a tool. Without `strict=True` the schema goes out as it is, so that optional
    arguments stay optional; OpenAI makes it strict by default, so `strict` is sent as false."""
    if tool.strict is not True:
        return {"parameters": dict(tool.parameters), "strict": False}
    return {"parameters": _strict_object(tool.parameters), "strict": True}


def strict_tools(request: Request) -> dict[str, AnyTool]:
    """Return the strict tools by name."""
    tools: Sequence[AnyTool | BuiltinTool] = request.params.get("tools") or ()
    return {tool.name: tool for tool in tools if isinstance(tool, Tool) and tool.strict}


_MAY_HOLD_NULLS = frozenset({type(None), dict, list})


def without_nulls(args: JsonObject, tool: AnyTool) -> JsonObject:
    """Return a strict tool's arguments without the nulls that strict mode put in place of optional ones."""
    if frozenset(map(type, args.values())).isdisjoint(_MAY_HOLD_NULLS):
        return args
    from capably import json_schema

    return json_schema.without_nulls(args, tool.parameters)


def format_schema(format: Format) -> Body:
    """Return `name`, `schema` and `strict` of a format: strict if its schema can be."""
    name = re.sub(r"[^a-zA-Z0-9_-]+", "_", format.name).strip("_")[:64] or "answer"
    try:
        return {"name": name, "schema": _strict_object(format.schema), "strict": True}
    except NotStrictError as error:
        format.wire[NOT_STRICT] = {"why": str(error)}
        return {"name": name, "schema": dict(format.schema), "strict": False}


def format_note(format: Format) -> str | None:
    """Return the warning for a format that was encoded without the guarantee; `None` for any other."""
    refused = format.wire.get(NOT_STRICT)
    if refused is None:
        return None
    why = refused["why"]
    return f"format={format.name}: the answer is not guaranteed to fit, since {why}. It is checked when it is read."


def format_in_words(format: Format) -> str:
    """Return an instruction for models that promise only JSON. The API demands the word JSON in it."""
    schema = dump_text(format.schema, f"the schema of {format.name}")
    return f"Answer with one JSON object that fits this JSON Schema, and nothing else:\n{schema}"
