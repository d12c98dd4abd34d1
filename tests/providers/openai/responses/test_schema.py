"""JSON Schemas in the strict dialect of OpenAI's Responses."""

from __future__ import annotations

from typing import Any

import pytest

from capably.providers.openai.schema import NotStrictError, strict_schema


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        pytest.param({"type": "string", "examples": ["x"], "$comment": "c"}, {"type": "string"}, id="dropped"),
        pytest.param(
            {"type": "string", "default": "x", "contentEncoding": "base64", "x-order": 1},
            {"type": "string", "description": "default: x; contentEncoding: base64; x-order: 1"},
            id="no keyword of strict mode",
        ),
        pytest.param({"type": "string", "description": ""}, {"type": "string", "description": ""}, id="no words"),
        pytest.param({"type": "string", "nullable": True}, {"type": ["string", "null"]}, id="OpenAPI's nullable"),
        pytest.param({"type": "string", "default": None}, {"type": "string"}, id="a default of null"),
        pytest.param(
            {"type": "string", "pattern": r"^\(?[a-z]+(?:\.[a-z]+)*$"},
            {"type": "string", "pattern": r"^\(?[a-z]+(?:\.[a-z]+)*$"},
            id="a plain pattern",
        ),
        pytest.param(
            {"type": "string", "pattern": "^(?!secret)"},
            {"type": "string", "description": "pattern: ^(?!secret)"},
            id="a pattern with lookahead",
        ),
        pytest.param(
            {"type": "string", "pattern": r"(a)\1"},
            {"type": "string", "description": r"pattern: (a)\1"},
            id="a pattern with a backreference",
        ),
        pytest.param({"enum": ["a", 1]}, {"type": ["string", "integer"], "enum": ["a", 1]}, id="an enum without type"),
        pytest.param(
            {"allOf": [{"$ref": "#/definitions/X"}], "definitions": {"X": {"type": "null"}}},
            {"anyOf": [{"$ref": "#/$defs/X"}], "$defs": {"X": {"type": "null"}}},
            id="older drafts",
        ),
        pytest.param(
            {"type": "string", "minLength": 2, "description": "A name"},
            {"type": "string", "description": "A name. at least 2 characters"},
            id="moved to the description",
        ),
        pytest.param(
            {"type": "string", "format": "uri"}, {"type": "string", "description": "format: uri"}, id="unknown format"
        ),
        pytest.param({"type": "string", "format": "date"}, {"type": "string", "format": "date"}, id="known format"),
        pytest.param(
            {"oneOf": [{"type": "string"}, {"type": "null"}]},
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            id="oneOf",
        ),
        pytest.param(
            {"$ref": "#/$defs/Node", "description": "d"},
            {"anyOf": [{"$ref": "#/$defs/Node"}], "description": "d"},
            id="$ref stands alone",
        ),
        pytest.param(
            {
                "type": "object",
                "properties": {"next": {"$ref": "#/$defs/Node"}},
                "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
            },
            {
                "type": "object",
                "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}},
                "required": ["next"],
                "additionalProperties": False,
                "$defs": {
                    "Node": {
                        "type": "object",
                        "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}},
                        "required": ["next"],
                        "additionalProperties": False,
                    }
                },
            },
            id="recursive",
        ),
    ],
)
def test_a_schema_is_put_into_the_strict_dialect(schema: Any, strict: Any) -> None:
    assert strict_schema(schema) == strict


@pytest.mark.parametrize(
    ("schema", "nullable"),
    [
        ({"type": "string"}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"anyOf": [{"type": "string"}]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"$ref": "#/$defs/X"}, {"anyOf": [{"$ref": "#/$defs/X"}, {"type": "null"}]}),
        (
            {"const": 1, "description": "d"},
            {"anyOf": [{"type": "integer", "const": 1}, {"type": "null"}], "description": "d"},
        ),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
    ],
)
def test_an_optional_property_may_be_null(schema: Any, nullable: Any) -> None:
    whole: Any = strict_schema({"type": "object", "properties": {"x": schema}})
    assert whole["properties"]["x"] == nullable


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "array"},
        {"allOf": [{"type": "string"}, {"minLength": 1}]},
        {"type": "array", "prefixItems": []},
        {"description": "anything"},
        {"type": "object", "properties": {"x": True}},
        {"type": ["object", "null"]},
        {"anyOf": [{"type": "string"}], "oneOf": [{"type": "string"}]},
    ],
)
def test_what_strict_mode_cannot_say_is_not_called_strict(schema: Any) -> None:
    with pytest.raises(NotStrictError):
        strict_schema(schema)


def test_the_place_of_what_strict_mode_cannot_say_is_named() -> None:
    place: Any = {"type": "array", "items": {"type": "array", "prefixItems": []}}
    with pytest.raises(NotStrictError, match=r"does not know `prefixItems` \(at `shop.places\[\]`\)"):
        strict_schema({"properties": {"shop": {"properties": {"places": place}}}})
