"""Tools: a function described for a model, and the calls that a model makes run."""

from __future__ import annotations

import asyncio
import copy
import fractions
import functools
import pickle
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, assert_type, cast

import pydantic
import pytest
from support.patience import PATIENCE

from capably.tools.context import Context
from capably.tools.decorator import tool
from capably.tools.interface import tool_from_callable
from capably.tools.run import run_tool_calls, run_tool_calls_async
from capably.types.errors import ToolError
from capably.types.parts import Audio, Image, Text, ToolCall, ToolOutput
from capably.types.tools import AsyncTool, Bash, Tool, WebSearch

if TYPE_CHECKING:
    from fractions import Fraction


PICTURE = Image(file_id="1")


class Rank(int):
    """A number of a class of one's own."""


class Unit(Enum):
    CELSIUS = "c"
    KELVIN = "k"


@dataclass
class Place:
    city: str
    country: str = "FR"


class Person(pydantic.BaseModel):
    name: str


@tool
def get_weather(
    place: Place, day: date | None = None, unit: Annotated[Unit, "Of the temperature."] = Unit.CELSIUS
) -> str:
    """The weather at a place.

    Args:
        place: Where.
        day: Today, unless given.
        unit: Never shown, as the annotation says it.
    """
    return f"{type(place).__name__} {place.city} {place.country} {day!r} {unit.name}"


@tool
def give_up() -> str:
    raise ToolError("There is no such city.")


@tool
def add(a: int, b: int = 1) -> int:
    """The sum."""
    return a + b


@tool(name="slow_add", strict=True)
async def add_slowly(a: int, b: int = 1) -> int:
    await asyncio.sleep(0.01)
    return a + b


@tool
def fail(message: str) -> str:
    raise ValueError(message)


@tool
def greet(context: Context[Person], greeting: str) -> str:
    """Greet the user."""
    return f"{greeting} {context.deps.name}"


def _run(tools: list[Any], name: str, args: dict[str, Any] | None = None, **kwargs: Any) -> ToolOutput:
    [output] = run_tool_calls([ToolCall("id", name, args or {})], tools, **kwargs)
    return output


# What a model is told


def test_a_tool_is_described_by_signature_and_docstring() -> None:
    assert get_weather.name == "get_weather"
    assert get_weather.description == "The weather at a place."
    assert get_weather.parameters == {
        "type": "object",
        "properties": {
            "place": {"$ref": "#/$defs/Place", "description": "Where."},
            "day": {
                "anyOf": [{"type": "string", "format": "date"}, {"type": "null"}],
                "description": "Today, unless given.",
                "default": None,
            },
            "unit": {"type": "string", "enum": ["c", "k"], "description": "Of the temperature.", "default": "c"},
        },
        "required": ["place"],
        "$defs": {
            "Place": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "country": {"type": "string", "default": "FR"}},
                "required": ["city"],
            }
        },
    }


def test_the_schema_is_made_once() -> None:
    assert get_weather.parameters is get_weather.parameters


def test_a_tool_is_still_a_function() -> None:
    assert add(1, b=2) == 3
    assert asyncio.run(add_slowly(1)) == 2


def test_name_and_strictness_can_be_chosen() -> None:
    assert (add_slowly.name, add_slowly.strict) == ("slow_add", True)
    plus = tool(name="plus", description="Adds.")(add.function)
    assert (plus.name, plus.description) == ("plus", "Adds.")


def test_the_context_is_no_argument_of_the_model() -> None:
    assert list(greet.parameters["properties"]) == ["greeting"]


def test_annotations_may_name_local_classes() -> None:
    @dataclass
    class Local:
        x: int

    @tool
    def take(local: Local) -> int:
        return local.x

    assert _run([take], "take", {"local": {"x": 5}}).value == "5"


LATER = """
from dataclasses import dataclass
from typing import TYPE_CHECKING
from capably.tools.decorator import tool

if TYPE_CHECKING:
    from fractions import Fraction

@tool
def lend(books: list[Book] | None = None) -> Fraction:
    return sum(book.copies for book in books)

@tool
def halve(x: Fraction) -> int: ...

@tool
def halves(xs: list[Fraction] | None) -> int: ...

def local(named):
    @dataclass
    class Name:
        first: str

    class Desk:
        @tool
        @classmethod
        def take(cls, card: Card) -> Fraction:
            return card.number

    @tool
    def take(card: Card, name: "Name | None" = None) -> Fraction:
        return card.number

    @tool
    def never(pen: Pen) -> int: ...

    @dataclass
    class Card:
        number: int
        next: Card | None = None

    if named:
        class Pen: ...
    return take, Desk.take, never

@dataclass
class Book:
    copies: int
    next: Book | None = None
"""


@pytest.mark.skipif(sys.version_info < (3, 14), reason="an annotation that is no string needs its name at once")
def test_annotations_may_name_what_is_defined_later() -> None:
    names: dict[str, Any] = {"__name__": "later"}
    exec(compile(LATER, "later", "exec", dont_inherit=True), names)
    take, take_at_desk, never = names["local"](named=False)

    book, card = {"copies": 2, "next": {"copies": 3}}, {"number": 7, "next": {"number": 8}}
    assert _run([names["lend"]], "lend", {"books": [book, book]}).value == "4"
    assert _run([take], "take", {"card": card}).value == "7"
    assert _run([take_at_desk], "take", {"card": card}).value == "7"
    for unreadable, where in (
        (names["halve"], "x: name 'Fraction'"),
        (names["halves"], "xs: name 'Fraction'"),
        (never, "pen: name 'Pen'"),
    ):
        with pytest.raises(
            TypeError, match=f"tool {unreadable.name}, parameter {where} is not defined. Import it at run"
        ):
            _ = unreadable.parameters


def test_a_tool_made_by_hand_takes_arguments_as_they_come() -> None:
    def names(**args: int) -> list[str]:
        return sorted(args)

    made = Tool(names, name="any", description="Anything.", parameters={"type": "object"})

    assert made.description == "Anything."
    assert made.parameters == {"type": "object"}
    assert _run([made], "any", {"b": 1, "a": 2}).value == '["a","b"]'


def _no_annotation(a):  # type: ignore[no-untyped-def]  # pyright: ignore
    pass


def _star_args(*args: int) -> None:
    pass


def _no_json(lock: threading.Event) -> None:
    pass


def _not_at_run_time(x: Fraction) -> None:
    pass


def _context_last(x: int, context: Context[int]) -> None:
    pass


@pytest.mark.parametrize(
    ("function", "message"),
    [
        pytest.param(
            cast("Any", _no_annotation), "tool _no_annotation, parameter a: it has no annotation", id="no annotation"
        ),
        pytest.param(_star_args, "parameter args: a model passes arguments by name", id="*args"),
        pytest.param(
            _no_json, "tool _no_json, parameter lock: Event has no JSON form. Use str", id="a class of no JSON"
        ),
        pytest.param(_not_at_run_time, "parameter x: name 'Fraction' is not defined. Import it", id="an unknown name"),
        pytest.param(_context_last, "parameter context: a Context must be the first", id="a context that is not first"),
    ],
)
def test_a_function_that_cannot_be_described_is_refused_at_first_use(
    function: Callable[..., Any], message: str
) -> None:
    made = tool(function)

    with pytest.raises(TypeError, match=message.replace("*", r"\*")):
        _ = made.parameters


def test_a_function_without_a_name_needs_one() -> None:
    with pytest.raises(TypeError, match="'<lambda>' is no name for a tool: pass name="):
        tool(lambda: 1)


# What can be a tool


class Counter:
    """Counts."""

    def __init__(self, start: int) -> None:
        self.start = start

    @tool
    def count(self, step: int) -> int:
        """Count on."""
        return self.start + step

    @tool
    async def count_slowly(self, step: int) -> int:
        return self.start + step

    @staticmethod
    @tool
    def twice(x: int) -> int:
        return 2 * x

    def __call__(self, step: int) -> int:
        """Count on, called."""
        return self.start + step


def test_a_method_is_a_tool_of_its_object_and_all_share_one_schema() -> None:
    one, ten = Counter(1).count, Counter(10).count

    assert (one(1), _run([ten], "count", {"step": 1}).value) == (2, "11")
    assert list(one.parameters["properties"]) == ["step"]
    assert one.parameters is ten.parameters
    assert one.wire is ten.wire


def test_an_async_method_and_a_static_one_are_tools() -> None:
    calls = [ToolCall("1", "count_slowly", {"step": 1}), ToolCall("2", "twice", {"x": 4})]

    outputs = asyncio.run(run_tool_calls_async(calls, [Counter(1).count_slowly, Counter.twice]))

    assert [output.value for output in outputs] == ["2", "8"]


@pytest.mark.parametrize(
    ("function", "description"),
    [
        pytest.param(Counter(1), "Count on, called.", id="an object with __call__"),
        pytest.param(Counter(1).__call__, "Count on, called.", id="a bound method"),
        pytest.param(functools.partial(add.function, 1), "The sum.", id="a partial"),
    ],
)
def test_whatever_can_be_called_can_be_a_tool(function: Callable[..., Any], description: str) -> None:
    made = tool_from_callable(function, name="made")

    assert made.description == description
    args = dict.fromkeys(made.parameters["properties"], 4)
    assert _run([made], "made", args).value == "5"


def test_a_partial_without_a_name_of_its_own_is_named_like_its_function() -> None:
    made = tool(functools.partial(add.function, 1))

    assert (made.name, _run([made], "add", {"b": 2}).value) == ("add", "3")


class Trip:
    """A trip to a place."""

    def __init__(self, place: Place, begins: date | None = None) -> None:
        """Plan it.

        Args:
            place: Where to.
        """
        self.place = place


@dataclass
class Stay:
    """A stay.

    Attributes:
        place: Where.
    """

    place: Place
    nights: int = 1


def test_a_class_is_a_tool_that_makes_an_object() -> None:
    made = tool(Stay)

    assert made.description == "A stay."
    assert made.parameters["properties"]["place"]["description"] == "Where."
    assert (
        _run([made], "Stay", {"place": {"city": "Bern"}}).value == '{"place":{"city":"Bern","country":"FR"},"nights":1}'
    )
    assert tool(Trip).description == "A trip to a place."
    assert list(tool(Trip).parameters["properties"]) == ["place", "begins"]


def test_a_partial_of_a_nested_function_may_name_local_classes() -> None:
    @dataclass
    class Spot:
        x: int

    def mark(spot: Spot, again: bool) -> str:
        return f"{spot.x} {again}"

    made = tool(functools.partial(mark, again=True))

    assert _run([made], "mark", {"spot": {"x": 1}}).value == "1 True"


def test_a_generator_is_read_to_its_end() -> None:
    def pages(count: int) -> Iterator[str | Image]:
        for number in range(count):
            yield f"page {number}"
            yield PICTURE

    assert _run([tool(pages)], "pages", {"count": 2}).value == [Text("page 0"), PICTURE, Text("page 1"), PICTURE]


def test_a_generator_that_fails_tells_the_model_the_class_only() -> None:
    def pages() -> Iterator[str]:
        yield "one"
        raise ValueError("the key is 123")

    assert _run([tool(pages)], "pages", {}).value == "pages failed with ValueError."


def test_an_async_generator_is_refused_where_it_becomes_a_tool() -> None:
    async def pages() -> AsyncIterator[str]:
        yield "one"

    with pytest.raises(TypeError, match="tool pages is an async generator"):
        tool(pages)


def test_an_async_function_behind_a_decorator_is_awaited() -> None:
    async def double(x: int) -> int:
        await asyncio.sleep(0)
        return 2 * x

    @functools.wraps(double)
    def logged(*args: Any, **kwargs: Any) -> Any:
        return double(*args, **kwargs)

    async def fail() -> int:
        raise ToolError("no.")

    calls = [ToolCall("1", "double", {"x": 2}), ToolCall("2", "fail", {})]
    tools = [tool(logged), tool(name="fail")(lambda: fail())]
    outputs = asyncio.run(run_tool_calls_async(calls, tools))

    assert [(output.value, output.is_error) for output in outputs] == [("4", False), ("no.", True)]
    assert (
        _run(tools, "double", {"x": 2}).value == "tool double gave a coroutine: run it with the async form of the call."
    )


def test_a_partial_of_an_object_with_an_async_call_is_async() -> None:
    class Doubler:
        async def __call__(self, x: int) -> int:
            return 2 * x

    made = tool(functools.partial(Doubler()))

    [output] = asyncio.run(run_tool_calls_async([ToolCall("1", "Doubler", {"x": 2})], [made]))
    assert (isinstance(made, AsyncTool), output.value) == (True, "4")


def test_a_decorated_function_is_read_through_its_decorator() -> None:
    @functools.wraps(add.function)
    def wrapped(*args: Any, **kwargs: Any) -> int:
        return add.function(*args, **kwargs)

    assert tool(wrapped).parameters == add.parameters


def test_positional_only_parameters_are_passed_by_position() -> None:
    def power(base: int, exponent: int = 2, /, *, negative: bool = False) -> int:
        return -(base**exponent) if negative else base**exponent

    assert _run([tool(power)], "power", {"base": 3, "negative": True}).value == "-9"


def plus(a: int, b: int = 1) -> int:
    """The sum."""
    return a + b


class Adder:
    def __call__(self, a: int) -> int:
        return a + 1

    def plus(self, a: int) -> int:
        return a + 1


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(tool(plus), id="beside its function"),
        pytest.param(tool(name="sum")(plus), id="of another name"),
        pytest.param(tool(functools.partial(plus, b=1)), id="of a partial"),
        pytest.param(tool(Adder()), id="of an object with __call__"),
        pytest.param(tool(Adder().plus), id="of a method that is no tool"),
        pytest.param(Tool(plus, name="sum", parameters=add.parameters), id="with a schema of one's own"),
    ],
)
def test_a_tool_pickles_wherever_it_was_made(made: Tool[int]) -> None:
    loaded = pickle.loads(pickle.dumps(made))

    assert isinstance(loaded, Tool)
    assert (loaded.name, loaded.parameters, loaded(4)) == (made.name, made.parameters, 5)


@pytest.mark.parametrize("given", [3, "add"])
def test_what_cannot_be_called_is_no_tool(given: Any) -> None:
    with pytest.raises(TypeError, match=f"llm.tool is given {given!r}, which cannot be called"):
        tool(given)


# Running


def test_data_without_a_context_around_it_is_refused() -> None:
    with pytest.raises(TypeError, match=r"context= is a dict: pass llm.Context\(...\) around it"):
        run_tool_calls([ToolCall("1", "greet", {"greeting": "Hi"})], [greet], cast("Any", {"name": "Ada"}))


def test_arguments_are_loaded_into_their_types_and_defaults_apply() -> None:
    assert _run([get_weather], "get_weather", {"place": {"city": "Lyon"}}) == ToolOutput(
        "id", "get_weather", "Place Lyon FR None CELSIUS"
    )
    args = {"place": {"city": "Bern", "country": "CH"}, "day": "2026-01-31", "unit": "k"}
    assert _run([get_weather], "get_weather", args).value == "Place Bern CH datetime.date(2026, 1, 31) KELVIN"


def test_a_pydantic_model_may_be_argument_and_result() -> None:
    @tool
    def rename(person: Person, name: str) -> Person:
        return person.model_copy(update={"name": name})

    assert _run([rename], "rename", {"person": {"name": "Ada"}, "name": "Eve"}).value == '{"name":"Eve"}'


@pytest.mark.parametrize(
    ("result", "value"),
    [
        pytest.param("text", "text", id="text"),
        pytest.param(None, "null", id="None"),
        pytest.param([1, {"a": Unit.KELVIN}], '[1,{"a":"k"}]', id="JSON"),
        pytest.param(Place("Lyon"), '{"city":"Lyon","country":"FR"}', id="a dataclass"),
        pytest.param([Person(name="Ada")], '[{"name":"Ada"}]', id="pydantic models"),
        pytest.param(
            {"at": date(2026, 1, 31), "path": Path("a/b")}, '{"at":"2026-01-31","path":"a/b"}', id="dates, paths"
        ),
        pytest.param(MappingProxyType({"a": {1}}), '{"a":[1]}', id="mappings, sets"),
        pytest.param(
            {"a": range(2), "b": {1: 2}.values(), "c": deque("x")}, '{"a":[0,1],"b":[2],"c":["x"]}', id="views"
        ),
        pytest.param({1: 2}.keys(), "[1]", id="the keys of a dict"),
        pytest.param([Rank(3), fractions.Fraction(1, 4)], "[3,0.25]", id="numbers of other classes"),
        pytest.param(Text("a"), [Text("a")], id="a part"),
        pytest.param(["a", Image(file_id="1")], [Text("a"), Image(file_id="1")], id="text and a part"),
        pytest.param(
            {"page": 1, "image": PICTURE}, [Text('{"page":1,"image":"[image 1]"}'), PICTURE], id="a part inside JSON"
        ),
        pytest.param(
            [PICTURE, {"next": [PICTURE, Audio(file_id="2")], "caption": Text("dawn")}, [PICTURE]],
            [
                PICTURE,
                Text('{"next":["[image 2]","[audio 1]"],"caption":"dawn"}'),
                PICTURE,
                Audio(file_id="2"),
                Text('["[image 3]"]'),
                PICTURE,
            ],
            id="parts beside and inside JSON",
        ),
    ],
)
def test_a_result_is_sent_as_text_or_parts(result: Any, value: Any) -> None:
    made = Tool(lambda: result, name="made")

    assert _run([made], "made") == ToolOutput("id", "made", value)


class Socket:
    def __repr__(self) -> str:
        return "<Socket to db:secret@host>"


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        pytest.param(Socket(), "Socket has no JSON form", id="an object"),
        pytest.param({"db": [Socket()]}, "Socket has no JSON form", id="an object inside JSON"),
        pytest.param(["text", PICTURE, Socket()], "Socket has no JSON form", id="an object beside parts"),
        pytest.param(ToolCall("1", "f", {}), "ToolCall is no result of a tool", id="a call"),
        pytest.param(["a", ToolOutput("1", "f", "b")], "ToolOutput is no result of a tool", id="an output"),
        pytest.param({"call": ToolCall("1", "f", {})}, "ToolCall cannot stand inside JSON", id="a call inside JSON"),
        pytest.param({(1, 2): 3}, "tuple has no JSON form", id="keys that are no text"),
        pytest.param(LOOP, "list contains itself", id="a list in itself"),
    ],
)
def test_a_result_without_json_form_is_an_error_that_names_the_type(result: Any, words: str) -> None:
    output = _run([Tool(lambda: result, name="made")], "made")

    assert output.is_error
    assert output.value.startswith(f"made ran, but its result cannot be sent: {words}")
    assert "secret" not in output.value
    assert isinstance(output.exception, TypeError)


def test_an_exception_is_for_the_developer_and_its_text_for_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    output = _run([fail], "fail", {"message": "db:secret@host"})

    assert "secret" not in str(output)
    assert str(output.exception) == "db:secret@host"
    assert "db:secret@host" in caplog.text
    assert pickle.loads(pickle.dumps(output)) == copy.deepcopy(output) == output
    assert copy.deepcopy(output).exception is None


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        pytest.param("fail", {"message": "secret"}, "fail failed with ValueError.", id="the tool raises"),
        pytest.param("give_up", {}, "There is no such city.", id="the tool raises what the model shall read"),
        pytest.param(
            "add",
            {"a": "one", "b": 2.5},
            "Wrong arguments for add: a: expected int, got str; b: expected int, got float. "
            'They were {"a": "one", "b": 2.5}.',
            id="wrong types, all at once",
        ),
        pytest.param("add", {}, "Wrong arguments for add: a: required but missing. They were {}.", id="one is missing"),
        pytest.param(
            "add",
            {"a": 1, "c": 2},
            'Wrong arguments for add: c: no such argument. They were {"a": 1, "c": 2}.',
            id="unknown",
        ),
        pytest.param(
            "get_weather",
            {"place": {"city": 1}},
            'Wrong arguments for get_weather: place.city: expected str, got int. They were {"place": {"city": 1}}.',
            id="wrong inside",
        ),
        pytest.param(
            "get_weather",
            {"place": {"city": "Bern", "zip": 1}},
            "Wrong arguments for get_weather: place: unknown keys zip. "
            'They were {"place": {"city": "Bern", "zip": 1}}.',
            id="unknown inside",
        ),
        pytest.param(
            "sum", {}, "There is no tool sum. The tools are: add, fail, get_weather, give_up.", id="unknown tool"
        ),
    ],
)
def test_what_goes_wrong_is_told_to_the_model(name: str, args: dict[str, Any], message: str) -> None:
    assert _run([add, fail, get_weather, give_up, WebSearch()], name, args) == ToolOutput(
        "id", name, message, is_error=True
    )


def test_arguments_that_are_no_json_are_told_to_the_model() -> None:
    [output] = run_tool_calls([ToolCall("1", "add", {}, raw_args='{"a": 1')], [add])

    assert output.is_error
    assert output.value.startswith("The arguments of add cannot be read, so it was not run: they are not valid JSON (")
    assert output.value.endswith(' They were {"a": 1.')


def test_the_context_is_passed_to_tools_that_want_it() -> None:
    assert _run([greet], "greet", {"greeting": "Hello"}, context=Context(Person(name="Ada"))).value == "Hello Ada"


def test_a_context_may_be_keyword_only() -> None:
    @tool
    def greet(name: str, *, times: int = 1, ctx: Context[str]) -> str:
        """Greet."""
        return f"{ctx.deps} {name}" * times

    assert list(greet.parameters["properties"]) == ["name", "times"]
    (output,) = run_tool_calls([ToolCall("1", "greet", {"name": "Ada"})], [greet], Context("Hi"))
    assert output.value == "Hi Ada"


def test_null_for_an_argument_that_may_be_left_out_means_left_out() -> None:
    @tool
    def move(x: int, y: int = 2, /, z: int = 3, place: Place | None = None) -> str:
        """Move."""
        return f"{x} {y} {z} {place and place.country}"

    args = {"x": 1.0, "y": None, "z": None, "place": {"city": "Paris", "country": None}}
    (output,) = run_tool_calls([ToolCall("1", "move", args)], [move])
    assert output.value == "1 2 3 FR"


def test_a_missing_context_is_the_callers_mistake() -> None:
    with pytest.raises(ToolError, match="tool greet wants a context: pass context="):
        _run([greet], "greet", {"greeting": "Hello"})


def test_an_object_with_an_async_call_runs_what_the_provider_defines() -> None:
    class Terminal:
        async def __call__(self, call: ToolCall) -> str:
            return f"ran {call.args['command']}"

    run = run_tool_calls_async([ToolCall("1", "bash", {"command": "ls"})], [Bash(run=Terminal())])
    assert [output.value for output in asyncio.run(run)] == ["ran ls"]


def test_an_async_tool_in_a_sync_run_is_refused_before_any_tool_runs() -> None:
    ran: list[int] = []
    made = Tool(lambda: ran.append(1), name="made")

    with pytest.raises(ToolError, match="tool slow_add is async: run it with the async form"):
        run_tool_calls([ToolCall("1", "made", {}), ToolCall("2", "slow_add", {"a": 1})], [made, add_slowly])
    assert ran == []


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ToolError, match="two tools are named add"):
        _run([add, tool(name="add")(fail.function)], "add")


def test_a_function_that_gives_a_coroutine_is_told_as_an_error() -> None:
    made = Tool(lambda: add_slowly(1), name="made")

    assert "run it with the async form" in _run([made], "made").value


def test_outputs_come_in_the_order_of_the_calls() -> None:
    calls = [ToolCall("1", "slow_add", {"a": 1}), ToolCall("2", "add", {"a": 2}), ToolCall("3", "none", {})]

    outputs = asyncio.run(run_tool_calls_async(calls, [add, add_slowly]))

    assert [(output.id, output.value) for output in outputs[:2]] == [("1", "2"), ("2", "3")]
    assert outputs[2].is_error


def test_async_tools_run_at_once_and_errors_stay_apart() -> None:
    reached = 0

    async def meet(others: int) -> str:
        nonlocal reached
        reached += 1
        while reached < others:
            await asyncio.sleep(0)
        raise LookupError("met")

    calls = [ToolCall(str(number), "meet", {"others": 3}) for number in range(3)]

    outputs = asyncio.run(asyncio.wait_for(run_tool_calls_async(calls, [tool(meet)]), PATIENCE))

    assert [output.value for output in outputs] == ["meet failed with LookupError."] * 3
    assert [str(output.exception) for output in outputs] == ["met"] * 3


def test_sync_tools_run_in_order_beside_the_async_ones() -> None:
    seen: list[int] = []

    def note(number: int) -> None:
        time.sleep(0.01 if number == 0 else 0)
        seen.append(number)

    asyncio.run(run_tool_calls_async([ToolCall("", "note", {"number": n}) for n in range(3)], [tool(note)]))

    assert seen == [0, 1, 2]


def test_cancelling_a_run_cancels_its_tools() -> None:
    cancelled: list[bool] = []
    begun = asyncio.Event()

    async def wait() -> None:
        begun.set()
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def story() -> None:
        run = asyncio.ensure_future(run_tool_calls_async([ToolCall("1", "wait", {})], [tool(wait)]))
        await asyncio.wait_for(begun.wait(), PATIENCE)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(story())
    assert cancelled == [True]


# What a type checker is told


def test_a_tool_is_typed_by_its_result() -> None:
    plain: Tool[int] = add
    later: AsyncTool[int] = add_slowly
    assert_type(add(1), int)
    coroutine = assert_type(add_slowly(1), Coroutine[Any, Any, int])
    coroutine.close()
    of_method: Tool[int] = Counter(1).count
    assert_type(of_method(step=2), int)
    both: list[Tool[Any]] = [plain, later]
    awaited: Tool[Awaitable[object]] = add_slowly

    assert awaited in both


def test_a_tool_has_the_parameters_and_the_result_of_its_function() -> None:
    @tool
    def anything(a: int) -> Any:
        return a

    async def later(a: int) -> Any:
        return a

    assert isinstance(tool(later), AsyncTool) and not isinstance(anything, AsyncTool)
    assert (anything(3), add(1, b=2)) == (3, 3)


def test_a_tool_of_a_class_method_runs_from_the_class_as_well() -> None:
    class Shop(pydantic.BaseModel):
        name: str

        @tool
        @classmethod
        def kind(cls, title: str) -> str:
            """Its kind."""
            return f"{cls.__name__} {title}"

    assert Shop.kind("a") == Shop(name="x").kind("a") == "Shop a"
    assert run_tool_calls([ToolCall("1", "kind", {"title": "a"})], [Shop.kind])[0].value == "Shop a"
