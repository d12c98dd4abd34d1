"""Structured answers: the format of a type, the value of an answer, and partial values while it streams."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Annotated, Any, Literal, NamedTuple, TypedDict, cast

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given, strategies as st
from support.call_cost import calls_made
from support.untyped import untyped

from capably.formats.output_format import format_of, parse_text
from capably.formats.partial_json import PartialParser
from capably.types.errors import ParseError


@dataclass
class Book:
    title: str
    year: int


class Movie(TypedDict):
    title: str


class Point(NamedTuple):
    x: int


@attrs.define
class Account:
    number: int


class Person(pydantic.BaseModel):
    name: str


class Color(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("source", "name", "text", "value"),
    [
        pytest.param(Book, "Book", '{"title": "T", "year": 1}', Book("T", 1), id="dataclass"),
        pytest.param(Movie, "Movie", '{"title": "T"}', {"title": "T"}, id="TypedDict"),
        pytest.param(Point, "Point", '{"x": 1}', Point(1), id="NamedTuple"),
        pytest.param(Account, "Account", '{"number": 1}', Account(1), id="attrs"),
        pytest.param(Person, "Person", '{"name": "Ada"}', Person(name="Ada"), id="pydantic"),
        pytest.param(int, "int", '{"value": 1}', 1, id="primitive"),
        pytest.param(list[Book], "list_Book", '{"value": [{"title": "T", "year": 1}]}', [Book("T", 1)], id="list"),
        pytest.param(Book | Movie, "Book_or_Movie", '{"value": {"title": "T"}}', {"title": "T"}, id="union"),
        pytest.param(Book | None, "Book_or_None", '{"value": null}', None, id="optional"),
        pytest.param(Literal["a", "b"], "Literal_a_b", '{"value": "b"}', "b", id="Literal"),
        pytest.param(Color, "Color", '{"value": "red"}', Color.RED, id="Enum"),
        pytest.param(dict[str, int], "dict_str_int", '{"a": 1}', {"a": 1}, id="dict"),
        pytest.param(Annotated[int, msgspec.Meta(ge=0)], "int", '{"value": 1}', 1, id="Annotated"),
    ],
)
def test_a_type_is_a_format_whose_schema_is_an_object(source: Any, name: str, text: str, value: Any) -> None:
    format = format_of(source)

    assert format.name == name
    assert format.schema["type"] == "object"
    assert parse_text(format, text) == value


def test_the_format_of_a_type_is_made_once() -> None:
    assert format_of(Book) is format_of(Book)
    assert format_of(list[Book]) is format_of(list[Book])


def test_a_type_with_unhashable_notes_is_a_format_too() -> None:
    assert format_of(Annotated[int, {"some": "note"}]).name == "int"


def test_definitions_of_a_wrapped_format_stand_at_the_top() -> None:
    format = format_of(list[Book])

    assert untyped(format.schema)["properties"]["value"]["items"] == {"$ref": "#/$defs/Book"}
    assert "Book" in untyped(format.schema)["$defs"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(Book("T", 1), "is not a type. Use str, int", id="an object of a class"),
        pytest.param({"type": "object"}, "is not a type", id="a schema"),
        pytest.param(len, "format=len is not a type", id="a function"),
        pytest.param("Book", "is not a type", id="a name"),
        pytest.param(None, "is not a type", id="None"),
        pytest.param(object.__class__, "format: type has no JSON form", id="a metaclass"),
        pytest.param(list[Iterator[int]], "has no JSON form", id="an unknown type inside"),
    ],
)
def test_what_is_no_type_is_refused_with_what_is_allowed(source: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message.replace("(", r"\(")):
        format_of(source)


ANSWER = '{"title": "T", "year": 1}'


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ANSWER, id="plain"),
        pytest.param(f"\n  {ANSWER} \n", id="in space"),
        pytest.param(f"```json\n{ANSWER}\n```", id="in a json fence"),
        pytest.param(f"\n```\n{ANSWER}```\n", id="in a bare fence"),
        pytest.param(f"```json {ANSWER} ```", id="in a fence on one line"),
        pytest.param(f"```{ANSWER}```", id="in a bare fence without spaces"),
    ],
)
def test_an_answer_is_read_in_a_fence_or_not(text: str) -> None:
    assert parse_text(format_of(Book), text) == Book("T", 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "the answer is no JSON for Book: it is empty", id="empty"),
        pytest.param('{"title": "T",\n "year": }', "at line 2, column 10, near", id="malformed"),
        pytest.param('{"title": "T"', "at line 1, column 14", id="cut off"),
        pytest.param(f"Here it is: {ANSWER}", "at line 1, column 1, near 'Here it is: ", id="talk before it"),
        pytest.param(f"{ANSWER} Enjoy!", "Extra data at line 1, column 27", id="talk after it"),
        pytest.param('{"title": "T", "year": NaN}', "no JSON", id="not a number"),
        pytest.param(
            '{"title": "T", "year": "1"}', "the answer does not fit Book: year: expected int, got str", id="misfit"
        ),
        pytest.param("[" * 100_000, "no JSON", id="nested too deep"),
        pytest.param(f'{{"title": "T", "year": 1{"0" * 5000}}}', "a number of too many digits", id="too many digits"),
    ],
)
def test_an_answer_that_does_not_fit_says_where_and_keeps_its_text(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_text(format_of(Book), text)

    assert message in str(caught.value)
    assert caught.value.text == text


def test_a_wrapped_answer_without_its_wrapping_is_refused() -> None:
    with pytest.raises(ParseError, match="value: required but missing"):
        parse_text(format_of(list[int]), "[1]")


EMPTY: list[Any] = []
NESTED: dict[str, Any] = {"a": [1, {"b": EMPTY}]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("", None, id="nothing yet"),
        pytest.param("{", {}, id="an object opened"),
        pytest.param('{"ti', {}, id="half a key"),
        pytest.param('{"title"', {}, id="a key without its value"),
        pytest.param('{"title": "Hel', {"title": "Hel"}, id="half a text"),
        pytest.param('{"title": "a\\', {"title": "a"}, id="half an escape"),
        pytest.param('{"title": "a\\u00', {"title": "a"}, id="half a code"),
        pytest.param('{"title": "a\\ud83d\\ude', {"title": "a"}, id="half a pair of codes"),
        pytest.param('{"year": 19', {}, id="half a number"),
        pytest.param('{"year": 19,', {"year": 19}, id="a number and what follows"),
        pytest.param('{"ok": tru', {}, id="half a word"),
        pytest.param('{"ok": true', {"ok": True}, id="a word"),
        pytest.param('{"a": [1, {"b": [', NESTED, id="nested"),
        pytest.param("``", None, id="half a fence"),
        pytest.param('```json\n{"a": "b', {"a": "b"}, id="in a fence"),
        pytest.param('```json {"a": "b', {"a": "b"}, id="in a fence on one line"),
        pytest.param("```JSON", None, id="a fence with nothing in it yet"),
        pytest.param('\ufeff{"a": "b', {"a": "b"}, id="after a byte order mark"),
        pytest.param('{"a": "b"}\n```', {"a": "b"}, id="over"),
        pytest.param('{"a": "b", oops', {"a": "b"}, id="malformed"),
        pytest.param("Sure! {", None, id="no JSON"),
    ],
)
def test_what_has_come_of_an_answer_has_this_partial_value(text: str, value: Any) -> None:
    assert PartialParser().feed(text) == value
    byte_by_byte = PartialParser()
    for character in text:
        byte_by_byte.feed(character)
    assert byte_by_byte.value == value


def test_a_partial_of_a_wrapped_format_is_the_value_itself() -> None:
    parser = PartialParser(format_of(list[str]))

    assert [copy.copy(parser.feed(delta)) for delta in ("{", '"value": [', '"a', 'b"]}')] == [None, [], ["a"], ["ab"]]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=12,
).map(lambda value: value if isinstance(value, dict | list) else [value])


def _chunks(text: str, cuts: list[int]) -> list[str]:
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return [text[start:end] for start, end in pairwise(places)]


@given(JSON, st.lists(st.integers(0, 10_000), max_size=12), st.booleans(), st.sampled_from([None, 1]))
def test_any_chunking_ends_in_the_value_that_json_has(
    value: Any, cuts: list[int], ascii: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii, indent=indent)
    parser = PartialParser()

    for delta in _chunks(text, cuts):
        parser.feed(delta)

    assert parser.value == json.loads(text)


@given(JSON, st.lists(st.integers(0, 10_000), max_size=12))
def test_each_partial_value_is_a_beginning_of_the_next(value: Any, cuts: list[int]) -> None:
    parser = PartialParser()
    partials = [copy.deepcopy(parser.feed(delta)) for delta in _chunks(json.dumps(value), cuts)]

    assert all(_begins(before, after) for before, after in pairwise(partials))


def _begins(before: Any, after: Any) -> bool:
    match before:
        case None:
            return True
        case str():
            return isinstance(after, str) and after.startswith(before)
        case list():
            items = cast("list[Any]", before)
            return len(items) <= len(after) and all(map(_begins, items, after))
        case dict():
            pairs = cast("dict[str, Any]", before)
            return list(pairs) == list(after)[: len(pairs)] and all(_begins(pairs[key], after[key]) for key in pairs)
        case _:
            return before == after


@given(st.text(alphabet='{}[]",:\\u0123ab \n`trunefals-.'), st.lists(st.integers(0, 100), max_size=5))
def test_text_that_is_no_json_raises_nothing(text: str, cuts: list[int]) -> None:
    parser = PartialParser()

    for delta in _chunks(text, cuts):
        parser.feed(delta)


def _effort(text: str, chunks: int) -> int:
    size = len(text) // chunks + 1
    parser = PartialParser()
    return calls_made(lambda: [parser.feed(text[at : at + size]) for at in range(0, len(text), size)])


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([{"title": f"T{number}", "year": number} for number in range(1_200)], id="many values"),
        pytest.param("lorem ipsum " * 3_500, id="one text"),
    ],
)
def test_work_grows_with_the_length_of_a_stream_and_not_with_its_square(value: Any) -> None:
    half = json.dumps([value])
    whole = json.dumps([value] * 4)

    assert _effort(whole, 800) < 4.5 * _effort(half, 200)
