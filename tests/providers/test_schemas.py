"""Types as schemas of formats and tools on every wire format, and the answers that fit them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict

import pydantic
import pytest

from capably import llm
from capably.calls.call import prepare
from capably.registry.identify import find_model

RESPONSES, CHAT = "openai/gpt-6.1-sol", "groq/openai/gpt-oss-120b"
ANTHROPIC, GOOGLE = "anthropic/claude-sonnet-5-5", "google/gemini-3.8-flash"
FORMATS: dict[str, Any] = {
    RESPONSES: lambda body: body["text"]["format"],
    CHAT: lambda body: body["response_format"]["json_schema"],
    ANTHROPIC: lambda body: body["output_config"]["format"],
    GOOGLE: lambda body: {"schema": body["generationConfig"]["responseJsonSchema"]},
}
TOOLS: dict[str, Any] = {
    RESPONSES: lambda body: body["tools"][0]["parameters"],
    CHAT: lambda body: body["tools"][0]["function"]["parameters"],
    ANTHROPIC: lambda body: body["tools"][0]["input_schema"],
    GOOGLE: lambda body: body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"],
}


def body_of(id: str, **params: Any) -> Any:
    ready = prepare(id, find_model(id), "Hi", params)
    return ready.body


class Person(TypedDict):
    name: str
    nickname: NotRequired[str]


@dataclass
class Order:
    price: Decimal
    amount: int = 1


Public = Annotated[str, pydantic.Field(pattern="^(?!secret)")]


@dataclass
class File:
    name: Public


class Invoice(pydantic.BaseModel):
    total: Decimal
    name: str = "x"


@pytest.mark.parametrize("id", FORMATS)
@pytest.mark.parametrize("format", [Person, Order, Invoice])
def test_an_optional_field_of_a_format_may_be_left_out_or_null(id: str, format: Any) -> None:
    schema = FORMATS[id](body_of(id, format=format))["schema"]
    name, optional = list(schema["properties"].items())[1]
    assert name not in schema["required"] or "null" in json.dumps(optional)


@pytest.mark.parametrize("id", FORMATS)
def test_no_format_or_strict_tool_has_a_pattern_with_lookaround(id: str) -> None:
    @llm.tool(strict=True)
    def read(name: Public) -> str:
        """Read a file."""
        return name

    schemas = FORMATS[id](body_of(id, format=File))["schema"], TOOLS[id](body_of(id, tools=[read]))
    for schema in schemas:
        assert '"pattern":' not in json.dumps(schema)
        assert "(?!" in json.dumps(schema), "the pattern is not lost: the model reads it in the description"


@pytest.mark.parametrize(
    ("format", "text", "value"),
    [
        (Person, '{"name": "Ada", "nickname": null}', {"name": "Ada"}),
        (Order, '{"price": "1.50", "amount": null}', Order(Decimal("1.50"))),
        (Order, '{"price": "1.50", "amount": 2.0}', Order(Decimal("1.50"), 2)),
        (Invoice, '{"total": "1.50", "name": null}', Invoice(total=Decimal("1.50"))),
        (list[Person], '{"value": [{"name": "Ada", "nickname": null}]}', [{"name": "Ada"}]),
    ],
)
def test_null_in_an_answer_reads_as_left_out(format: Any, text: str, value: Any) -> None:
    assert llm.scripted(text).call("Hi", format=format).parse() == value


@pytest.mark.parametrize("id", [RESPONSES, CHAT])
def test_a_format_without_the_guarantee_is_named_in_the_warnings(id: str) -> None:
    for _ in range(2):
        ready = prepare(id, find_model(id), "Hi", {"format": dict[str, int]})
        assert FORMATS[id](ready.body)["strict"] is False
        (warning,) = ready.warnings
        assert warning.startswith(
            "format=dict_str_int: the answer is not guaranteed to fit, since strict mode does not"
        )
    assert prepare(id, find_model(id), "Hi", {"format": Order}).warnings == []
