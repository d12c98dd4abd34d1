"""What `Annotated`, type aliases and the classes of typing_extensions say of a type: the schema that is sent, and the values that load."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Required, TypeVar

import annotated_types
import jsonschema
import msgspec
import pydantic
import pytest
import typing_extensions
from typing_extensions import ReadOnly, TypeAliasType

from capably import json_schema as schema

T = TypeVar("T")

Pair = TypeAliasType("Pair", tuple[T, T], type_params=(T,))
Tree = TypeAliasType("Tree", "int | list[Tree | str]")  # pyright: ignore[reportInvalidTypeForm]
Doubled = Annotated[int, pydantic.AfterValidator(lambda number: number * 2)]
Upper = Annotated[str, pydantic.StringConstraints(strip_whitespace=True, to_upper=True, max_length=3)]


class Film(typing_extensions.TypedDict, total=False):
    title: Required[str]
    year: ReadOnly[int]


class Sealed(typing_extensions.TypedDict, closed=True):
    title: str


@dataclass
class Meeting:
    begins: Annotated[datetime, msgspec.Meta(tz=True)]
    rounds: Doubled = 1


INTEGER = {"type": "integer"}


@pytest.mark.parametrize(
    ("tp", "expected"),
    [
        pytest.param(
            Annotated[list[int] | None, pydantic.Field(max_length=2)],
            {"anyOf": [{"type": "array", "items": INTEGER}, {"type": "null"}], "maxItems": 2},
            id="the length of an optional list",
        ),
        pytest.param(
            Annotated[date, annotated_types.Gt(date(2026, 1, 31))],
            {"type": "string", "format": "date", "formatExclusiveMinimum": "2026-01-31"},
            id="a limit of dates",
        ),
        pytest.param(
            Annotated[Decimal, annotated_types.Ge(Decimal("0.10"))],
            {"type": "string", "format": "decimal", "formatMinimum": "0.10"},
            id="a limit of decimal numbers",
        ),
        pytest.param(
            Annotated[float, annotated_types.Le(Decimal("0.5"))],
            {"type": "number", "maximum": 0.5},
            id="a Decimal as the limit of a float",
        ),
        pytest.param(
            Annotated[str, pydantic.Field(pattern=re.compile("^a"))],
            {"type": "string", "pattern": "^a"},
            id="a compiled pattern",
        ),
        pytest.param(
            Annotated[int, pydantic.Field(json_schema_extra={"x-unit": "m"})],
            {"type": "integer", "x-unit": "m"},
            id="keywords of one's own",
        ),
        pytest.param(Path, {"type": "string", "format": "path"}, id="a path"),
    ],
)
def test_a_type_has_this_json_schema(tp: Any, expected: dict[str, Any]) -> None:
    assert schema.json_schema(tp) == expected
    jsonschema.Draft202012Validator.check_schema(expected)


@pytest.mark.parametrize(
    ("tp", "data", "expected"),
    [
        pytest.param(Annotated[int | None, annotated_types.Ge(1)], None, None, id="null beside a limit"),
        pytest.param(Annotated[int | str, annotated_types.Ge(1)], "a", "a", id="text beside a limit of numbers"),
        pytest.param(Annotated[float, annotated_types.MultipleOf(0.1)], 0.3, 0.3, id="a multiple as it is written"),
        pytest.param(Doubled, 2, 4, id="a validator"),
        pytest.param(list[Doubled], [1, 2], [2, 4], id="a validator in a list"),
        pytest.param(Annotated[int, pydantic.BeforeValidator(int)], "3", 3, id="a validator before"),
        pytest.param(Upper, " ab ", "AB", id="constraints that change the text"),
        pytest.param(Path, "a/b", Path("a/b"), id="a path"),
        pytest.param(dict[str, PurePosixPath], {"a": "b"}, {"a": PurePosixPath("b")}, id="paths"),
        pytest.param(Film, {"title": "Alien", "year": 1979}, {"title": "Alien", "year": 1979}, id="a TypedDict"),
        pytest.param(Film, {"title": "Alien", "year": None}, {"title": "Alien"}, id="null of an optional key"),
        pytest.param(Pair[int], [1, 2], (1, 2), id="a generic alias"),
        pytest.param(Tree, [1, ["a", [2]]], [1, ["a", [2]]], id="an alias that names itself in a union"),
    ],
)
def test_json_loads_as_a_value_of_the_type(tp: Any, data: Any, expected: Any) -> None:
    assert schema.load(tp, data) == expected


@pytest.mark.parametrize(
    ("tp", "data", "message"),
    [
        pytest.param(
            Annotated[str, annotated_types.Predicate(str.islower)],
            "A",
            "expected what islower accepts, got 'A'",
            id="a predicate",
        ),
        pytest.param(
            Meeting,
            {"begins": "2026-01-31T12:30:00"},
            "begins: expected a time zone (tz=True), got datetime.datetime(2026, 1, 31, 12, 30)",
            id="a time without its zone",
        ),
        pytest.param(
            Annotated[float, annotated_types.MultipleOf(0.1)],
            0.35,
            "expected a multiple of 0.1, got 0.35",
            id="no multiple",
        ),
        pytest.param(Sealed, {"title": "a", "year": 1}, "unknown keys year", id="a key too many of a closed TypedDict"),
        pytest.param(Path, 3, "expected a path as str (Path), got int", id="a number for a path"),
    ],
)
def test_json_that_does_not_fit_is_refused(tp: Any, data: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        schema.load(tp, data)

    assert str(caught.value) == message


def test_a_validator_of_pydantic_is_described_by_text_beside_it() -> None:
    assert schema.json_schema(Annotated[Doubled, "how many"]) == {"type": "integer", "description": "how many"}


def test_values_that_are_no_json_are_refused_with_their_place() -> None:
    with pytest.raises(TypeError, match=r"^format, Literal\[b'a'\]: its values must be str"):
        schema.shape_of(Literal[b"a"], where="format")


class Cat(pydantic.BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(pydantic.BaseModel):
    kind: Literal["dog"] = "dog"
    lives: int = 1


class Home(pydantic.BaseModel):
    pets: list[Annotated[Cat | Dog, pydantic.Field(discriminator="kind")]]


@pytest.mark.parametrize("tp", [Home, Annotated[Cat | Dog, pydantic.Discriminator("kind")]], ids=["a field", "itself"])
def test_the_tag_of_a_discriminated_union_is_required_though_it_has_a_default(tp: Any) -> None:
    found: Any = schema.json_schema(tp)
    defs = found["$defs"]

    assert (defs["Cat"]["required"], defs["Dog"]["required"]) == (["kind"], ["kind"])
