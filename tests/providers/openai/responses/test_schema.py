"""JSON Schemas in the strict dialect of OpenAI's Responses."""

from __future__ import annotations

from typing import Any

import pytest

from capably.providers.openai.schema import NotStrictError, strict_schema


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        pytest.param({"type": "string", "default": "x", "$comment": "c"}, {"type": "string"}, id="dropped"),
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
                "properties": {"next": {"$ref": "#/$defs/Node"}},
                "required": ["next"],
                "additionalProperties": False,
                "$defs": {
                    "Node": {
                        "type": "object",
                        "properties": {"next": {"$ref": "#/$defs/Node"}},
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
        ({"const": 1, "description": "d"}, {"anyOf": [{"const": 1}, {"type": "null"}], "description": "d"}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
    ],
)
def test_an_optional_argument_of_a_strict_tool_may_be_null(schema: Any, nullable: Any) -> None:
    whole = strict_schema({"type": "object", "properties": {"x": schema}}, nullable=True)
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
    ],
)
def test_what_strict_mode_cannot_say_is_not_called_strict(schema: Any) -> None:
    with pytest.raises(NotStrictError):
        strict_schema(schema)
