"""JSON Schema as Gemini reads it: `parametersJsonSchema` of tools and `responseJsonSchema` of formats.

Gemini ignores unsupported keywords, so a constraint would vanish silently. Those are moved into the description
instead. Nothing here makes an optional property required. Google documents no numbers for the size of a schema, only that large
and deep ones may be refused.

Source: google-genai 3.4.0 `types.GenerateContentConfig.response_json_schema` (read 2026-11-22).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

# fmt: off
SUPPORTED = frozenset({
    "$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems",
    "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties",
    "required", "propertyOrdering", "default",
})
# fmt: on
"""Keywords that Gemini knows. `default` is not in its list, and recorded calls with it were answered with 200."""

DROPPED = frozenset({"$schema", "$comment", "discriminator", "examples", "deprecated", "readOnly", "writeOnly"})
"""Keywords that constrain nothing."""

RENAMED = {"definitions": "$defs"}
"""Keywords of older drafts -> their present names."""

BESIDE_REF = frozenset({"$ref", "$id", "$defs", "$anchor", "description", "default"})
"""What may stand beside `$ref`; anything else there is a 400."""

_OF_SCHEMAS = frozenset({"$defs", "properties"})
_LISTS_OF_SCHEMAS = frozenset({"anyOf", "oneOf", "prefixItems"})
_SCHEMAS = frozenset({"items", "additionalProperties"})


def encode_schema(schema: Mapping[str, object]) -> dict[str, object]:
    """Return a JSON Schema in Gemini's dialect; keywords that it lacks move to the description.

    {"type": "string", "pattern": "^a"} -> {"type": "string", "description": "pattern: \\"^a\\""}
    """
    schema = _flattened(schema)
    encoded: dict[str, object] = {}
    described: list[str] = []
    for written, value in schema.items():
        keyword = RENAMED.get(written, written)
        if keyword in DROPPED:
            continue
        if keyword == "const" and isinstance(value, (str, int, float)) and not isinstance(value, bool):
            encoded["enum"] = [value]
        elif keyword not in SUPPORTED or ("$ref" in schema and keyword not in BESIDE_REF):
            described.append(f"{keyword}: {json.dumps(value, ensure_ascii=False)}")
        else:
            encoded[keyword] = _encode_keyword(keyword, value)
    if described:
        own = encoded.get("description")
        encoded["description"] = "; ".join([own, *described] if isinstance(own, str) and own else described)
    return encoded


def _encode_keyword(keyword: str, value: object) -> object:
    if keyword == "$ref" and isinstance(value, str):
        return value.replace("#/definitions/", "#/$defs/")
    if keyword in _OF_SCHEMAS and isinstance(value, Mapping):
        return {name: _encode_any(inner) for name, inner in cast("Mapping[str, object]", value).items()}
    if keyword in _LISTS_OF_SCHEMAS and isinstance(value, list | tuple):
        return [_encode_any(inner) for inner in cast("Sequence[object]", value)]
    return _encode_any(value) if keyword in _SCHEMAS else value


def _encode_any(schema: object) -> object:
    """Return the encoded schema; `true` and `false` are schemas too, and stay."""
    return encode_schema(cast("Mapping[str, object]", schema)) if isinstance(schema, Mapping) else schema


def _flattened(schema: Mapping[str, object]) -> Mapping[str, object]:
    """Return the schema with an `allOf` of one schema (Pydantic 1's described reference) taken apart."""
    parts = schema.get("allOf")
    if not isinstance(parts, list) or len(cast("list[object]", parts)) != 1:
        return schema
    inner = cast("list[object]", parts)[0]
    if not isinstance(inner, Mapping):
        return schema
    return {**cast("Mapping[str, object]", inner), **{key: value for key, value in schema.items() if key != "allOf"}}
