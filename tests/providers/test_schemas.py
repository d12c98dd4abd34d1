"""Types as schemas of formats and tools on every wire format, and the answers that fit them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, TypedDict

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


class Cat(pydantic.BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(pydantic.BaseModel):
    kind: Literal["dog"] = "dog"


class Zoo(pydantic.BaseModel):
    animal: Cat | Dog = pydantic.Field(discriminator="kind")


@pytest.mark.parametrize("id", FORMATS)
@pytest.mark.parametrize("format", [Person, Order, Invoice])
def test_an_optional_field_of_a_format_may_be_left_out_or_null(id: str, format: Any) -> None:
    schema = FORMATS[id](body_of(id, format=format))["schema"]
    name, optional = list(schema["properties"].items())[1]
    assert name not in schema["required"] or "null" in json.dumps(optional)


@pytest.mark.parametrize("id", FORMATS)
def test_a_tag_with_a_default_is_always_in_the_answer_so_that_a_discriminated_union_can_be_read(id: str) -> None:
    schema = FORMATS[id](body_of(id, format=Zoo))["schema"]
    for name, kind in (("Cat", "cat"), ("Dog", "dog")):
        member = schema["$defs"][name]
        tag = member["properties"]["kind"]
        assert "kind" in member["required"]
        assert "null" not in json.dumps(tag)
        assert kind in (tag.get("const"), *tag.get("enum", ()))


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


# Sizes


def with_fields(count: int, kind: Any = int, default: Any = ...) -> Any:
    fields: dict[str, Any] = {f"f{i}": (kind, default) for i in range(count)}
    return pydantic.create_model("Wide", **fields)


def nested(levels: int) -> Any:
    """Return a dictionary schema of objects, one inside another."""
    inner: Any = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
    for _ in range(levels - 1):
        inner = {"type": "object", "properties": {"o": inner}, "required": ["o"]}
    return inner


def strict_tool(schema: Any, name: str = "f") -> Any:
    return llm.Tool(lambda **_: "", name=name, parameters=schema, strict=True)


def choice_of(*words: str) -> Any:
    return {"type": "object", "properties": {"w": {"type": "string", "enum": list(words)}}, "required": ["w"]}


@pytest.mark.parametrize("id", [RESPONSES, CHAT])
@pytest.mark.parametrize(
    ("fits", "exceeds", "what"),
    [
        pytest.param(nested(10), nested(11), r"11 levels of objects \(the most is 10\) \(at `o\.o\..*`\)", id="levels"),
        pytest.param(
            choice_of(*(f"{i:03}" for i in range(1000))),
            choice_of(*(f"{i:04}" for i in range(1001))),
            r"1,001 values of enums \(the most is 1,000\) \(at `w`\)",
            id="enums",
        ),
        pytest.param(
            choice_of(*(f"{i:050}" for i in range(300))),
            choice_of(*(f"{i:051}" for i in range(300))),
            r"15,300 characters in a large enum \(the most is 15,000\) \(at `w`\)",
            id="a large enum",
        ),
        pytest.param(
            choice_of("x" * 119_999),
            choice_of("x" * 120_000),
            r"120,001 characters in names and constants \(the most is 120,000\) \(at `w`\)",
            id="characters",
        ),
    ],
)
def test_openais_limits_of_a_strict_schema_are_kept(id: str, fits: Any, exceeds: Any, what: str) -> None:
    assert '"strict":true' in json.dumps(body_of(id, tools=[strict_tool(fits)]), separators=(",", ":"))
    with pytest.raises(llm.UnsupportedFeatureError, match=f"strict mode does not take a schema with {what}"):
        body_of(id, tools=[strict_tool(exceeds)])


def test_a_format_beyond_openais_limits_goes_without_the_guarantee_and_says_so() -> None:
    assert FORMATS[RESPONSES](body_of(RESPONSES, format=with_fields(5000)))["strict"] is True
    ready = prepare(RESPONSES, find_model(RESPONSES), "Hi", {"format": with_fields(5001)})
    assert FORMATS[RESPONSES](ready.body)["strict"] is False
    (warning,) = ready.warnings
    assert "a schema with 5,001 properties (the most is 5,000) (at `f5000`)" in warning


def test_a_list_is_no_level_and_a_definition_begins_anew() -> None:
    inner = nested(10)
    schema = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"$ref": "#/$defs/inner"}}, "b": {"$ref": "#/$defs/inner"}},
        "required": ["a", "b"],
        "$defs": {"inner": inner},
    }
    assert TOOLS[RESPONSES](body_of(RESPONSES, tools=[strict_tool(schema)]))["$defs"]


@pytest.mark.parametrize(
    ("fits", "exceeds", "what"),
    [
        pytest.param(with_fields(24, int, 0), with_fields(25, int, 0), "24 optional parameters", id="optional"),
        pytest.param(
            with_fields(16, int | str), with_fields(17, int | str), "16 parameters of several types", id="union"
        ),
    ],
)
def test_anthropics_limits_hold_for_formats(fits: Any, exceeds: Any, what: str) -> None:
    assert FORMATS[ANTHROPIC](body_of(ANTHROPIC, format=fits))
    with pytest.raises(
        llm.UnsupportedFeatureError, match=f"at most {what} .* the first too many is `f(24|16)` of Wide"
    ):
        body_of(ANTHROPIC, format=exceeds)


def test_anthropics_limits_hold_for_all_strict_schemas_of_a_call_together() -> None:
    optional = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(13)}}
    first, second = strict_tool(optional, "first"), strict_tool(optional, "second")
    assert len(body_of(ANTHROPIC, tools=[first])["tools"]) == 1
    with pytest.raises(llm.UnsupportedFeatureError, match=r"these are 26, and the first too many is `p11` of second"):
        body_of(ANTHROPIC, tools=[first, second])
    wide = with_fields(12, int, 0)
    for params in ({"tools": [first], "format": wide}, {"format": wide, "tools": [first]}):
        with pytest.raises(llm.UnsupportedFeatureError, match="these are 25, and the first too many is `f11` of Wide"):
            body_of(ANTHROPIC, **params)
    loose = llm.Tool(lambda **_: "", name="second", parameters=optional)
    assert len(body_of(ANTHROPIC, tools=[first, loose])["tools"]) == 2


def test_anthropic_takes_twenty_strict_tools() -> None:
    tools = [strict_tool(nested(1), f"f{i}") for i in range(21)]
    assert len(body_of(ANTHROPIC, tools=tools[:20])["tools"]) == 20
    with pytest.raises(llm.UnsupportedFeatureError, match="at most 20 strict tools in one call; these are 21"):
        body_of(ANTHROPIC, tools=tools)


@dataclass
class Tree:
    name: str
    children: list[Tree]


@dataclass
class Twice:
    left: Order
    right: Order


def test_anthropics_strict_tools_know_no_recursion() -> None:
    @llm.tool(strict=True)
    def plant(tree: Tree) -> str:
        """Plant."""
        return tree.name

    @llm.tool(strict=True)
    def order(twice: Twice) -> str:
        """Order."""
        return str(twice)

    with pytest.raises(llm.UnsupportedFeatureError, match="Tree of the schema refers to itself"):
        body_of(ANTHROPIC, tools=[plant])
    assert body_of(ANTHROPIC, tools=[order])["tools"][0]["strict"] is True
    for id in (RESPONSES, GOOGLE):
        assert TOOLS[id](body_of(id, tools=[plant]))
    for id, get in FORMATS.items():
        assert get(body_of(id, format=Tree))["schema"]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "object", "properties": ["a"]}, "`properties` at the root is a list"),
        ({"type": "object", "$defs": None}, "`\\$defs` at the root is a NoneType"),
        ({"type": "object", "properties": {"a": {"anyOf": {"type": "string"}}}}, "`anyOf` at /a lists no schemas"),
        ({"type": "object", "properties": {"a": {"oneOf": []}}}, "`oneOf` at /a lists no schemas"),
    ],
)
def test_a_strict_schema_that_is_none_is_refused_for_anthropic(schema: Any, words: str) -> None:
    with pytest.raises(llm.UnsupportedFeatureError, match=words):
        body_of(ANTHROPIC, tools=[strict_tool(schema)])


def test_a_keyword_of_a_wrong_type_stands_in_the_description_for_anthropic() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "format": ["date"]}}, "required": 5}
    (tool,) = body_of(ANTHROPIC, tools=[strict_tool(schema)])["tools"]
    assert tool["input_schema"]["properties"]["a"] == {"type": "string", "description": '{format: ["date"]}'}
