"""Functions that became calls or prompts: as methods of every kind, awaited, copied and pickled."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import pickle
import subprocess
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from typing import Any

import cloudpickle  # pyright: ignore[reportMissingTypeStubs]
import pydantic
import pytest

from capably import llm
from capably.types.functions import is_async


@llm.call("openai/gpt-4.1")
def greet(name: str) -> str:
    """Greets."""
    return f"Greet {name}."


@llm.prompt(max_tokens=50)
def recommend(genre: str) -> str:
    return f"Recommend a {genre} book."


class Librarian(pydantic.BaseModel):
    genre: str

    @llm.call("openai/gpt-4.1")
    def call(self, query: str) -> str:
        return f"{self.genre}: {query}"

    @llm.call("openai/gpt-4.1")
    async def call_later(self, query: str) -> str:
        return f"{self.genre}: {query}"

    @llm.prompt
    def ask(self, query: str) -> str:
        return f"{self.genre}: {query}"

    @llm.prompt
    async def ask_later(self, query: str) -> str:
        return f"{self.genre}: {query}"

    @llm.call("openai/gpt-4.1")
    @classmethod
    def of_class(cls, query: str) -> str:
        return f"{cls.__name__}: {query}"

    @llm.prompt
    @staticmethod
    def of_nobody(query: str) -> str:
        return f"Nobody: {query}"

    @llm.call("openai/gpt-4.1")
    @classmethod
    async def of_class_later(cls, query: str) -> str:
        return f"{cls.__name__}: {query}"

    @llm.tool
    def stock(self, title: str) -> str:
        """How many copies."""
        return f"{title} in {self.genre}"


librarian = Librarian(genre="fantasy")


def sent(response: Any) -> str:
    """Return the text of the user's message, as it was sent."""
    message: Any = response.messages[0]
    return message.content[0].text


def test_methods_of_every_kind_get_their_instance_or_class() -> None:
    model = llm.scripted(*["Yes."] * 4)
    with llm.override(llm.scripted(*["Yes."] * 5)):
        assert sent(librarian.call("Hi")) == "fantasy: Hi"
        assert sent(Librarian.call(librarian, query="Hi")) == "fantasy: Hi"
        assert sent(librarian.call.stream("Hi")) == "fantasy: Hi"
        assert sent(Librarian.of_class("Hi")) == sent(librarian.of_class("Hi")) == "Librarian: Hi"
    assert sent(librarian.ask(model, "Hi")) == "fantasy: Hi"
    assert sent(Librarian.ask(model, librarian, "Hi")) == "fantasy: Hi"
    assert sent(librarian.of_nobody(model, "Hi")) == sent(Librarian.of_nobody(model, "Hi")) == "Nobody: Hi"
    assert librarian.ask.content("Hi") == "fantasy: Hi"


def test_async_methods_are_awaited() -> None:
    async def run() -> list[str]:
        model = llm.scripted("Yes.", "Yes.")
        stream = await librarian.ask_later.stream(model, "Hi")
        responses = [
            await librarian.call_later("Hi"),
            await librarian.of_class_later("Hi"),
            await librarian.ask_later(model, "Hi"),
            await stream.finish(),
        ]
        return [sent(response) for response in responses]

    with llm.override(llm.scripted("Yes.", "Yes.")):
        assert asyncio.run(run()) == ["fantasy: Hi", "Librarian: Hi", "fantasy: Hi", "fantasy: Hi"]


def test_a_function_without_async_can_be_awaited_all_the_same() -> None:
    async def run() -> list[str]:
        model = llm.scripted("Yes.", "Yes.", "Yes.")
        streams = [await greet.stream_async("Ada"), await recommend.stream_async(model, "fantasy")]
        responses = [
            *[await stream.finish() for stream in streams],
            await greet.call_async("Ada"),
            await recommend.call_async(model, genre="fantasy"),
            await librarian.ask.call_async(model, "Hi"),
        ]
        return [sent(response) for response in responses]

    with llm.override(llm.scripted("Yes.", "Yes.")):
        texts = asyncio.run(run())
    assert texts == ["Greet Ada.", "Recommend a fantasy book."] * 2 + ["fantasy: Hi"]


def test_a_subclass_and_super_bind_to_the_instance() -> None:
    class Child(Librarian):
        def both(self) -> list[str]:
            return [sent(self.call("Hi")), sent(super().call("Hi"))]

    with llm.override(llm.scripted("Yes.", "Yes.", "Yes.")):
        assert Child(genre="crime").both() == ["crime: Hi", "crime: Hi"]
        assert sent(Child.of_class("Hi")) == "Child: Hi"


def test_an_abstract_method_stays_abstract_and_an_enum_sees_no_member() -> None:
    class Base(ABC):
        @llm.call("openai/gpt-4.1")
        @abstractmethod
        def ask(self) -> str: ...

    class Tone(Enum):
        DRY = "dry"

        @llm.prompt
        def ask(self) -> str:
            return f"Be {self.value}."

    make: Any = Base
    with pytest.raises(TypeError, match="abstract"):
        make()
    assert list(Tone) == [Tone.DRY]
    assert Tone.DRY.ask.content() == "Be dry."


def test_an_instance_can_replace_its_method() -> None:
    @dataclass
    class Desk:
        genre: str

        @llm.prompt
        def ask(self) -> str:
            return self.genre

    desk = Desk("fantasy")
    anything: Any = desk
    anything.ask = "replaced"
    assert (anything.ask, Desk("crime").ask.content()) == ("replaced", "crime")


@pytest.mark.parametrize("function", [greet, recommend, Librarian.call, Librarian.stock], ids=repr)
def test_a_function_is_copied_and_pickled_as_itself(function: Any) -> None:
    assert copy.copy(function) is copy.deepcopy(function) is pickle.loads(pickle.dumps(function)) is function


def test_a_method_is_pickled_with_its_instance() -> None:
    loaded: Any = pickle.loads(pickle.dumps(librarian.ask))
    assert loaded.content("Hi") == "fantasy: Hi"
    assert pickle.loads(pickle.dumps(librarian.stock))("Piranesi") == "Piranesi in fantasy"


def test_a_function_of_a_script_is_loaded_by_a_worker_that_never_saw_it() -> None:
    script = """
import cloudpickle
from capably import llm

@llm.tool
def stock(title: str) -> str:
    "Copies in stock."
    return f"{title}: 3"

@llm.prompt
def recommend(genre: str) -> str:
    return f"A {genre} book?"

@llm.call("openai/gpt-4.1", tools=[stock])
def ask(title: str) -> str:
    return f"Is {title} in stock?"

print(cloudpickle.dumps([stock, recommend, ask]).hex())
"""
    worker = """
import pickle, sys

stock, recommend, ask = pickle.loads(bytes.fromhex(sys.stdin.read()))
print(stock("Emma"), stock.parameters["required"], recommend.content("crime"), ask.function("Emma"), ask.params["tools"] == [stock])
"""
    sent = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    seen = subprocess.run([sys.executable, "-c", worker], input=sent.stdout, capture_output=True, text=True, check=True)
    assert seen.stdout == "Emma: 3 ['title'] A crime book? Is Emma in stock? True\n"


def test_a_function_without_a_place_is_pickled_with_what_it_is_made_of() -> None:
    def stock(title: str) -> str:
        return f"{title}: 3"

    local, plain = llm.tool(stock), llm.Tool(lambda **args: args, name="any", description="Any.", parameters={"a": {}})
    for function in (local, llm.prompt(stock), llm.prompt(lambda: "Hi"), plain):
        loaded: Any = cloudpickle.loads(cloudpickle.dumps(function))
        assert loaded is not function and type(loaded) is type(function) and repr(loaded) == repr(function)
        assert copy.copy(function) is copy.deepcopy(function) is function
    loaded = cloudpickle.loads(cloudpickle.dumps(plain))
    assert (loaded.description, loaded.parameters, loaded(a=1)) == ("Any.", {"a": {}}, {"a": 1})
    partial = llm.tool(name="stock")(functools.partial(stock_of, "Emma"))
    assert cloudpickle.loads(cloudpickle.dumps(partial))(copies=2) == "Emma: 2"


def stock_of(title: str, copies: int) -> str:
    return f"{title}: {copies}"


def test_name_docstring_and_signature_are_those_of_the_function() -> None:
    assert (greet.__name__, greet.__doc__, repr(greet)) == ("greet", "Greets.", "<Call greet>")  # pyright: ignore[reportAttributeAccessIssue]
    assert str(inspect.signature(greet)) == "(name: 'str') -> 'str'"
    assert str(inspect.signature(librarian.ask)) == "(query: 'str') -> 'str'"


def test_async_functions_are_seen_in_every_form() -> None:
    later: Any = Librarian.__dict__["of_class_later"].function
    assert is_async(later) and is_async(librarian.call_later) and not is_async(greet)


def test_a_model_object_is_called_with_the_parameters_of_the_decorator() -> None:
    @llm.call(llm.scripted('{"value": 3}'), format=int, max_tokens=9)
    def count() -> str:
        return "How many?"

    assert count().parse() + 1 == 4


@pytest.mark.parametrize("decorator", [llm.call("openai/gpt-4.1"), llm.prompt])
def test_a_decorator_refuses_what_is_no_function(decorator: Any) -> None:
    with pytest.raises(TypeError, match="the decorator is for a function, and not for 'Hi'"):
        decorator("Hi")
