"""What `format=` takes, and the type that `parse()` then returns. `assert_type` is an error where they differ."""

# ruff: noqa: UP007, UP045 (older spellings are cases too)

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NewType, Optional, TypeAlias, TypedDict, TypeVar, Union, assert_type

from capably import llm

T = TypeVar("T")


@dataclass
class Rose:
    petals: int


@dataclass
class Tulip:
    height: float


class Bed(TypedDict):
    roses: list[Rose]


class Season(enum.Enum):
    SPRING = "spring"


PlantId = NewType("PlantId", int)
Flowers: TypeAlias = list[Rose | Tulip]


@llm.tool
def water(litres: int) -> str:
    "Waters the bed."
    return str(litres)


plain = llm.openai.gpt_4_1
conditional = llm.openai.gpt_5_6_sol
apart = llm.google.gemini_2_5_flash

assert_type(plain.call("hi").parse(), None)
assert_type(plain.call("hi", format=None).parse(), None)
assert_type(plain.call("hi", format=Rose).parse(), Rose)
assert_type(plain.call("hi", format=Bed).parse(), Bed)
assert_type(plain.call("hi", format=Season).parse(), Season)
assert_type(plain.call("hi", format=dict[str, int]).parse(), dict[str, int])
assert_type(plain.call("hi", format=Sequence[int]).parse(), Sequence[int])
assert_type(plain.call("hi", format=Mapping[str, int]).parse(), Mapping[str, int])
assert_type(plain.call("hi", format=Literal["red", "white"]).parse(), Literal["red", "white"])
assert_type(plain.call("hi", format=list[Literal["red", "white"]]).parse(), list[Literal["red", "white"]])
assert_type(plain.call("hi", format=Rose | Tulip).parse(), Rose | Tulip)
assert_type(plain.call("hi", format=Rose | None).parse(), Rose | None)
assert_type(plain.call("hi", format=Union[int, str]).parse(), int | str)
assert_type(plain.call("hi", format=Optional[Rose]).parse(), Rose | None)
assert_type(plain.call("hi", format=Annotated[int, "petals"]).parse(), int)
assert_type(plain.call("hi", format=PlantId).parse(), PlantId)
assert_type(plain.call("hi", format=Flowers).parse(), list[Rose | Tulip])
assert_type(plain.stream("hi", format=Rose | Tulip).parse(), Rose | Tulip)
assert_type(plain.call("hi").resume("more", format=Rose | Tulip).parse(), Rose | Tulip)
assert_type(plain.call("hi", format=Rose | Tulip).resume("more").parse(), Rose | Tulip)
assert_type(plain.call("hi", format=Rose | Tulip).validate().parse(), Rose | Tulip)
assert_type(conditional.call("hi", reasoning="low", format=Rose | Tulip).parse(), Rose | Tulip)
assert_type(conditional.call("hi", reasoning="off", temperature=1, format=Literal[1, 2]).parse(), Literal[1, 2])
assert_type(apart.call("hi", format=Rose | Tulip).parse(), Rose | Tulip)
assert_type(apart.call("hi", format=Optional[Rose]).parse(), Rose | None)
assert_type(apart.call("hi", tools=[water]).parse(), None)
assert_type(apart.call("hi", tools=[water], format=None).parse(), None)
assert_type(llm.scripted("3").call("hi", format=int | None).parse(), int | None)
assert_type(llm.Response.from_json("{}", format=Rose | Tulip).parse(), Rose | Tulip)


async def asynchronous() -> None:
    assert_type((await plain.call_async("hi", format=Rose | Tulip)).parse(), Rose | Tulip)
    streamed = await plain.stream_async("hi", format=Annotated[Rose, "one"])
    assert_type(streamed.parse(), Rose)


@llm.call("openai/gpt-4.1", format=Rose | Tulip)
def decorated() -> str:
    return "hi"


@llm.prompt(format=Rose | Tulip)
def prompted() -> str:
    return "hi"


assert_type(decorated().parse(), Rose | Tulip)
assert_type(prompted(plain).parse(), Rose | Tulip)


def demanded(model: llm.Model[llm.Text, llm.HasFormat]) -> Rose | Tulip:
    return model.call("hi", format=Rose | Tulip).parse()


def generic(kind: type[T]) -> T:
    return plain.call("hi", format=kind).parse()


def generic_demand(kind: type[T], model: llm.Model[llm.Text, llm.HasFormat]) -> T:
    return model.call("hi", format=kind).parse()


assert_type(generic(Rose), Rose)
assert_type(generic_demand(Rose, plain), Rose)


def maybe(kind: type[Rose] | None, value: Any) -> None:
    plain.call("hi", format=kind)  # error except in pyrefly
    if kind is not None:
        assert_type(plain.call("hi", format=kind).parse(), Rose)
    plain.call("hi", format=3)  # error
    plain.call("hi", format=Rose(1))  # error
    plain.call("hi", format={"type": "object"})  # error
    assert_type(plain.call("hi", format=value).parse(), Any)
    assert_type(conditional.call("hi", format=value).parse(), Any)
    apart.call("hi", tools=[water], format=Rose | Tulip)  # error


def wrong(rose: Rose) -> Tulip:
    return plain.call("hi", format=Rose | Tulip).parse()  # error
