"""Types as JSON Schema, and parsed JSON as values of those types."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    TypedDict,
    TypeVar,
)
from uuid import UUID

import attrs
import jsonschema
import msgspec
import pydantic
import pytest
from hypothesis import given, strategies as st

from capably import json_schema as schema

T = TypeVar("T")
UserId = NewType("UserId", int)


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(Enum):
    TEXT = "a"
    NUMBER = 1


@dataclass
class Author:
    name: str
    born: date | None = None


@dataclass
class Book:
    """A printed book.

    Attributes:
        title: As on the cover.
    """

    title: str
    year: Annotated[int, "of the first edition"]
    author: Author | None = None
    tags: list[str] = field(default_factory=list[str])


@dataclass
class Node:
    value: int
    children: list["Node"] = field(default_factory=list["Node"])


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Point(NamedTuple):
    x: int
    y: int = 0


@attrs.define
class Account:
    _number: int
    owner: str = attrs.field(default="me", validator=attrs.validators.min_len(2))


class Event(msgspec.Struct, tag=True, rename="camel"):
    started_at: datetime


class Person(pydantic.BaseModel):
    """Somebody."""

    name: str = pydantic.Field(description="In full.")
    friends: list["Person"] = []


@dataclass
class Team:
    lead: Person
    places: list[Point]
    pet: "Cat | Dog"


@dataclass
class Cat:
    name: str
    lives: int = 9


@dataclass
class Dog:
    name: str
    tricks: list[str]


@dataclass
class Circle:
    kind: Literal["circle"]
    size: int


@dataclass
class Square:
    kind: Literal["square"]
    size: int
    color: Color = Color.RED


@dataclass
class Box(Generic[T]):
    content: T


@dataclass
class Price:
    net: float
    rate: InitVar[float]
    gross: float = field(init=False)
    currency: ClassVar[str] = "EUR"

    def __post_init__(self, rate: float) -> None:
        self.gross = self.net * (1 + rate)


@dataclass
class Positive:
    value: int

    def __post_init__(self) -> None:
        if self.value <= 0:
            raise ValueError("value must be positive")


def _object(required: Sequence[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


STRING = {"type": "string"}
INTEGER = {"type": "integer"}


@pytest.mark.parametrize(
    ("tp", "expected"),
    [
        pytest.param(str, STRING, id="str"),
        pytest.param(float, {"type": "number"}, id="float"),
        pytest.param(None, {"type": "null"}, id="None"),
        pytest.param(Any, {}, id="Any"),
        pytest.param(UserId, INTEGER, id="NewType"),
        pytest.param(datetime, {"type": "string", "format": "date-time"}, id="datetime"),
        pytest.param(UUID, {"type": "string", "format": "uuid"}, id="UUID"),
        pytest.param(list[int], {"type": "array", "items": INTEGER}, id="list"),
        pytest.param(Sequence[int], {"type": "array", "items": INTEGER}, id="Sequence"),
        pytest.param(set[str], {"type": "array", "items": STRING, "uniqueItems": True}, id="set"),
        pytest.param(tuple[int, ...], {"type": "array", "items": INTEGER}, id="tuple of any length"),
        pytest.param(
            tuple[int, str],
            {"type": "array", "prefixItems": [INTEGER, STRING], "items": False, "minItems": 2, "maxItems": 2},
            id="tuple of two",
        ),
        pytest.param(dict[str, int], {"type": "object", "additionalProperties": INTEGER}, id="dict"),
        pytest.param(Mapping[str, Any], {"type": "object", "additionalProperties": True}, id="Mapping"),
        pytest.param(Optional[int], {"anyOf": [INTEGER, {"type": "null"}]}, id="Optional"),  # noqa: UP045
        pytest.param(int | str, {"anyOf": [INTEGER, STRING]}, id="union of scalars"),
        pytest.param(Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}, id="Literal"),
        pytest.param(Literal["a", None], {"type": ["string", "null"], "enum": ["a", None]}, id="Literal with None"),
        pytest.param(Color, {"type": "string", "enum": ["red", "blue"]}, id="Enum"),
        pytest.param(Level, {"type": "integer", "enum": [1, 2]}, id="IntEnum"),
        pytest.param(Annotated[int, "how many"], {**INTEGER, "description": "how many"}, id="described by text"),
        pytest.param(
            Annotated[int, msgspec.Meta(ge=1, description="how many")],
            {**INTEGER, "minimum": 1, "description": "how many"},
            id="described by msgspec",
        ),
        pytest.param(
            Annotated[list[int], pydantic.Field(description="some", min_length=1)],
            {"type": "array", "items": INTEGER, "description": "some", "minItems": 1},
            id="described by pydantic",
        ),
        pytest.param(Movie, _object(["title"], title=STRING, year=INTEGER), id="TypedDict"),
        pytest.param(Point, _object(["x"], x=INTEGER, y={**INTEGER, "default": 0}), id="NamedTuple"),
        pytest.param(Account, _object(["number"], number=INTEGER, owner={**STRING, "default": "me"}), id="attrs"),
        pytest.param(
            Event,
            _object(
                ["type", "startedAt"],
                type={**STRING, "enum": ["Event"]},
                startedAt={"type": "string", "format": "date-time"},
            ),
            id="msgspec Struct",
        ),
        pytest.param(Box[int], _object(["content"], content=INTEGER), id="generic dataclass"),
        pytest.param(
            Price,
            _object(["net", "rate"], net={"type": "number"}, rate={"type": "number"}),
            id="InitVar, a field without init, ClassVar",
        ),
    ],
)
def test_a_type_has_this_json_schema(tp: Any, expected: dict[str, Any]) -> None:
    assert schema.json_schema(tp) == expected


def test_a_dataclass_is_described_by_its_own_docstring_and_annotations_and_nests_by_reference() -> None:
    found: Any = schema.json_schema(Book)

    assert found["description"] == "A printed book."
    assert found["properties"]["title"] == {"type": "string", "description": "As on the cover."}
    assert found["properties"]["year"] == {"type": "integer", "description": "of the first edition"}
    assert found["properties"]["author"] == {"anyOf": [{"$ref": "#/$defs/Author"}, {"type": "null"}], "default": None}
    assert found["required"] == ["title", "year"]
    assert "description" not in found["$defs"]["Author"], "Python's own `Author(name: ...)` is no description"


def test_a_recursive_type_is_an_object_at_the_top_that_refers_to_its_definition() -> None:
    found: Any = schema.json_schema(Node)

    assert found["type"] == "object"
    assert found["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}
    assert "Node" in found["$defs"]


def test_a_recursive_pydantic_model_is_an_object_at_the_top_too() -> None:
    found: Any = schema.json_schema(Person)

    assert found["type"] == "object"
    assert found["properties"]["name"]["description"] == "In full."


def test_two_classes_of_one_name_have_two_definitions() -> None:
    other = dataclasses.make_dataclass("Author", [("email", str)])
    both = dataclasses.make_dataclass("Both", [("one", Author), ("two", other)])

    found: Any = schema.json_schema(both)

    assert found["properties"] == {"one": {"$ref": "#/$defs/Author"}, "two": {"$ref": "#/$defs/Author_2"}}


def test_a_pydantic_model_named_like_another_class_keeps_its_own_definition() -> None:
    other = pydantic.create_model("Author", email=(str, ...))
    both = dataclasses.make_dataclass("Both", [("one", Author), ("two", other)])

    found: Any = schema.json_schema(both)

    assert schema.load(both, {"one": {"name": "x"}, "two": {"email": "y"}}).two.email == "y"
    assert len(found["$defs"]) == 2


NOTHING: dict[str, Any] = {}
TEAM: dict[str, Any] = {"lead": {"name": "Ada"}, "places": [{"x": 1}], "pet": {"name": "Rex", "tricks": ["sit"]}}


@pytest.mark.parametrize(
    ("tp", "data", "expected"),
    [
        pytest.param(float, 3, 3.0, id="an int for a float"),
        pytest.param(int, 3.0, 3, id="an int with a point"),
        pytest.param(list[int], [1.0, 2], [1, 2], id="ints with a point in a list"),
        pytest.param(int | str, 3.0, 3, id="an int with a point where text may come"),
        pytest.param(int | float, 3.0, 3.0, id="a float where an int may come"),
        pytest.param(Level, 2.0, Level.HIGH, id="an Enum's int with a point"),
        pytest.param(Price, {"net": 2, "rate": 0.5}, Price(2, 0.5), id="InitVar"),
        pytest.param(date, "2026-01-31", date(2026, 1, 31), id="date"),
        pytest.param(datetime, "2026-01-31T00:00:00Z", datetime(2026, 1, 31, tzinfo=UTC), id="datetime"),
        pytest.param(Decimal, "1.50", Decimal("1.50"), id="Decimal"),
        pytest.param(bytes, "aGk=", b"hi", id="bytes"),
        pytest.param(Color, "red", Color.RED, id="Enum"),
        pytest.param(Mixed, 1, Mixed.NUMBER, id="Enum of text and numbers"),
        pytest.param(Literal[Color.RED], "red", Color.RED, id="Literal of an Enum's member"),
        pytest.param(set[int], [1, 2], {1, 2}, id="set"),
        pytest.param(tuple[int, str], [1, "a"], (1, "a"), id="tuple"),
        pytest.param(dict[int, str], {"1": "a"}, {1: "a"}, id="dict with int keys"),
        pytest.param(dict[Color, int], {"red": 1}, {Color.RED: 1}, id="dict with Enum keys"),
        pytest.param(float | int, 1, 1, id="an int where int or float may come"),
        pytest.param(str | date, "2026-01-31", date(2026, 1, 31), id="a date where text may come"),
        pytest.param(Book, {"title": "T", "year": 1, "author": {"name": "A"}}, Book("T", 1, Author("A")), id="nested"),
        pytest.param(Node, {"value": 1, "children": [{"value": 2}]}, Node(1, [Node(2)]), id="recursive"),
        pytest.param(Movie, {"title": "T"}, {"title": "T"}, id="TypedDict"),
        pytest.param(Point, {"x": 1}, Point(1, 0), id="NamedTuple"),
        pytest.param(Account, {"number": 5}, Account(5), id="attrs"),
        pytest.param(Box[int], {"content": 1}, Box(1), id="generic"),
        pytest.param(Cat | Dog, {"name": "Tom", "lives": 3}, Cat("Tom", 3), id="the first of two dataclasses"),
        pytest.param(
            Cat | Dog, {"name": "Rex", "tricks": []}, Dog("Rex", []), id="the second, though the first fits too"
        ),
        pytest.param(
            Circle | Square,
            {"kind": "circle", "size": 1, "color": "red"},
            Circle("circle", 1),
            id="the one with this tag",
        ),
        pytest.param(Person, {"name": "Ada"}, Person(name="Ada"), id="pydantic"),
        pytest.param(list[Person | Movie], [{"title": "T"}], [{"title": "T"}], id="pydantic or TypedDict"),
        pytest.param(
            Team, TEAM, Team(Person(name="Ada"), [Point(1)], Dog("Rex", ["sit"])), id="pydantic in a dataclass"
        ),
    ],
)
def test_json_loads_as_a_value_of_the_type(tp: Any, data: Any, expected: Any) -> None:
    loaded = schema.load(tp, data)

    assert loaded == expected
    assert type(loaded) is type(expected)
    jsonschema.validate(data, schema.json_schema(tp))


@pytest.mark.parametrize(
    ("tp", "data", "message"),
    [
        pytest.param(int, "3", "expected int, got str", id="text for an int"),
        pytest.param(int, True, "expected int, got bool", id="a bool for an int"),
        pytest.param(int, 1.5, "expected int, got float", id="a float for an int"),
        pytest.param(str, None, "expected str, got null", id="null for text"),
        pytest.param(int | None, "x", "expected int | null, got str", id="text for an optional int"),
        pytest.param(list[Book], [{"title": "T", "year": "1"}], "[0].year: expected int, got str", id="inside a list"),
        pytest.param(
            Book, {"title": "T", "year": 1, "author": {}}, "author.name: required but missing", id="a field missing"
        ),
        pytest.param(dict[str, dict[str, int]], {"a": {"b": "c"}}, '["a"]["b"]: expected int, got str', id="in dicts"),
        pytest.param(Color, "green", 'expected one of "red", "blue", got "green"', id="no member of the Enum"),
        pytest.param(date, "Monday", 'expected date such as "2026-01-31", got "Monday"', id="no date"),
        pytest.param(tuple[int, int], [1], "expected 2 items, got 1", id="a tuple too short"),
        pytest.param(Annotated[int, msgspec.Meta(ge=1)], 0, "expected at least 1, got 0", id="msgspec constraint"),
        pytest.param(Annotated[int, pydantic.Field(le=1)], 2, "expected at most 1, got 2", id="pydantic constraint"),
        pytest.param(Box[Positive], {"content": {"value": 0}}, "content: value must be positive", id="__post_init__"),
        pytest.param(Team, {**TEAM, "places": [NOTHING]}, "places[0].x: required but missing", id="in a NamedTuple"),
        pytest.param(
            Team,
            {**TEAM, "pet": {"name": "Rex", "tricks": [1]}},
            "pet.tricks[0]: expected str, got int",
            id="the one dataclass of a union that has these keys",
        ),
        pytest.param(
            Circle | Square,
            {"kind": "square", "size": "big"},
            "size: expected int, got str",
            id="a tagged union, in the type that the tag names",
        ),
        pytest.param(
            Cat | Dog | int,
            {"name": 1},
            "fits none of Cat, Dog; as Cat: name: expected str, got int",
            id="no type of a union",
        ),
        pytest.param(
            Team,
            {**TEAM, "lead": {"name": "A", "friends": [{"name": 1}]}},
            "lead.friends[0].name: Input should be a valid string",
            id="pydantic's words, our path",
        ),
    ],
)
def test_json_that_does_not_fit_is_refused_with_its_path(tp: Any, data: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        schema.load(tp, data)

    assert str(caught.value) == message


class Profile(TypedDict):
    name: str
    nickname: NotRequired[str]
    age: NotRequired[int | None]


class Pet(pydantic.BaseModel):
    name: str
    sound: str = "meow"
    owner: str | None = "me"


@dataclass
class Household:
    people: list[Profile]
    pet: Pet | Square
    size: int = 2


@pytest.mark.parametrize(
    ("tp", "data", "expected"),
    [
        pytest.param(Profile, {"name": "Ada", "nickname": None}, {"name": "Ada"}, id="NotRequired"),
        pytest.param(Profile, {"name": "Ada", "age": None}, {"name": "Ada", "age": None}, id="NotRequired or null"),
        pytest.param(Cat, {"name": "Tom", "lives": None}, Cat("Tom"), id="a default"),
        pytest.param(Point, {"x": 1, "y": None}, Point(1), id="NamedTuple"),
        pytest.param(Account, {"number": 1, "owner": None}, Account(1), id="attrs"),
        pytest.param(Pet, {"name": "Tom", "sound": None, "owner": None}, Pet(name="Tom", owner=None), id="pydantic"),
        pytest.param(Circle | Square, {"kind": "square", "size": 1, "color": None}, Square("square", 1), id="a union"),
        pytest.param(
            Household,
            {"people": [{"name": "Ada", "nickname": None}], "pet": {"name": "Tom", "sound": None}, "size": None},
            Household([{"name": "Ada"}], Pet(name="Tom")),
            id="everywhere",
        ),
        pytest.param(
            Node, {"value": 1, "children": [{"value": 2, "children": None}]}, Node(1, [Node(2)]), id="recursive"
        ),
        pytest.param(dict[str, Cat], {"a": {"name": "Tom", "lives": None}}, {"a": Cat("Tom")}, id="in a dict"),
        pytest.param(tuple[int, Cat], [1, {"name": "Tom", "lives": None}], (1, Cat("Tom")), id="in a tuple"),
    ],
)
def test_null_for_an_optional_field_that_cannot_be_null_means_left_out(tp: Any, data: Any, expected: Any) -> None:
    assert schema.load(tp, data) == expected


def test_null_for_a_required_field_is_refused() -> None:
    with pytest.raises(ValueError, match="name: expected str, got null"):
        schema.load(Profile, {"name": None, "nickname": None})


def test_local_classes_may_name_each_other() -> None:
    @dataclass
    class Shelf:
        books: "list[Volume]"

    @dataclass
    class Volume:
        title: str
        shelf: "Shelf | None" = None

    assert schema.load(Shelf, {"books": [{"title": "A"}]}) == Shelf([Volume("A")])


def test_a_closed_type_refuses_keys_that_it_does_not_have() -> None:
    shapes, _ = schema.shapes_of({"team": list[Movie]}, where=str, closed=True)

    with pytest.raises(ValueError, match="unknown keys director"):
        shapes["team"].load([{"title": "T", "director": "D"}])


def test_a_tagged_struct_without_its_tag_is_refused() -> None:
    with pytest.raises(ValueError, match='type: expected "Event", got null'):
        schema.load(Event, {"startedAt": "2026-01-31T00:00:00Z"})


class Socket:
    pass


@dataclass
class Connection:
    socket: Socket


@pytest.mark.parametrize(
    ("tp", "message"),
    [
        pytest.param(Connection, r"^Connection.socket: Socket has no JSON form. Use str, int", id="a field's class"),
        pytest.param(complex, r"^complex has no JSON form", id="complex"),
        pytest.param(Callable[[], int], "has no JSON form", id="a function"),
        pytest.param(dict[tuple[int, int], str], "JSON keys are text", id="a dict with tuple keys"),
        pytest.param("Book", "has no JSON form", id="a name of a type"),
    ],
)
def test_a_type_without_json_form_is_refused_by_name(tp: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        schema.json_schema(tp)


def test_pydantic_is_not_imported_for_types_that_need_none() -> None:
    code = "import sys; from capably import json_schema as schema; schema.load(list[int], [1]); print('pydantic' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


GOOGLE = """Find books.

More of it.

Args:
    title: What it is called,
        or a part of that.
    year (int, optional): When.

Returns:
    Many.
"""
NUMPY = """Find books.

More of it.

Parameters
----------
title : str
    What it is called,
    or a part of that.
year : int, optional
    When.

Returns
-------
list
    Many.
"""
REST = """Find books.

More of it.

:param title: What it is called,
    or a part of that.
:param int year: When.
:returns: Many.
"""


@pytest.mark.parametrize(
    "text", [pytest.param(GOOGLE, id="Google"), pytest.param(NUMPY, id="NumPy"), pytest.param(REST, id="reST")]
)
def test_a_docstring_tells_of_the_whole_and_of_each_parameter(text: str) -> None:
    doc = schema.read_docstring(text)

    assert doc.description == "Find books.\n\nMore of it."
    assert doc.parameters == {"title": "What it is called, or a part of that.", "year": "When."}


def test_other_sections_of_a_docstring_stay_in_the_description() -> None:
    doc = schema.read_docstring("Find.\n\nExample:\n    find('x')\n\nArgs:\n    x: A letter.\n\nAnd so on.")

    assert doc.description == "Find.\n\nExample:\n    find('x')\n\nAnd so on."
    assert doc.parameters == {"x": "A letter."}


@pytest.mark.parametrize(
    ("text", "description"),
    [
        pytest.param("Find.\n\nArgs:\n    x: A.\n\nKeyword Args:\n    y: B.", "Find.", id="Google"),
        pytest.param(
            "Find.\n\nParameters\n----------\nx : int\n    A.\n\nOther Parameters\n----------------\ny : int\n    B.",
            "Find.",
            id="NumPy",
        ),
        pytest.param("Args:\n        x: A.\n        y: B.\n    ", None, id="nothing but parameters"),
    ],
)
def test_parameters_may_stand_under_several_headers_and_on_the_first_line(text: str, description: str | None) -> None:
    doc = schema.read_docstring(text)

    assert (doc.description, doc.parameters) == (description, {"x": "A.", "y": "B."})


# Properties

_SCALARS = st.sampled_from([int, float, str, bool, None, date, Color, Level, Literal["a", 1, None], UserId])
_OBJECTS = st.sampled_from([Book, Node, Movie, Point, Account, Cat, Dog, Positive])


def _bigger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        inner.map(lambda tp: list[tp]),
        inner.map(lambda tp: dict[str, tp]),
        inner.map(lambda tp: Optional[tp]),  # noqa: UP045
        inner.map(lambda tp: Box[tp]),
        st.tuples(inner, inner).map(lambda pair: tuple[pair]),
    )


TYPES = st.recursive(st.one_of(_SCALARS, _OBJECTS), _bigger, max_leaves=4)
JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-3, 3), st.floats(-3, 3), st.sampled_from(["a", "red", "2026-01-31"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["title", "year", "value", "content", "name", "tricks", "x"]), inner, max_size=4
        ),
    ),
    max_leaves=8,
)


@given(TYPES, JSON)
def test_what_loads_also_fits_the_json_schema(tp: Any, data: Any) -> None:
    try:
        schema.load(tp, data)
    except ValueError:
        return
    jsonschema.validate(data, schema.json_schema(tp))


@given(TYPES, JSON)
def test_msgspec_and_our_own_loader_agree(tp: Any, data: Any) -> None:
    own = schema.shapes_of({"tp": tp}, where=str, accelerate=False)[0]["tp"]
    try:
        expected = own.load(data)
    except ValueError:
        with pytest.raises(ValueError):
            schema.load(tp, data)
        return
    assert repr(schema.load(tp, data)) == repr(expected)


@given(TYPES)
def test_a_schema_is_json_and_a_valid_schema(tp: Any) -> None:
    found: Any = schema.json_schema(tp)

    jsonschema.Draft202012Validator.check_schema(found)
    assert json.loads(json.dumps(found)) == found
