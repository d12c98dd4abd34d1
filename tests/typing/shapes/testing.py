# Programs in the shapes that people write; `tests/typing/test_shapes.py` says how they are read.

# %% a scripted model in a test
from capably import llm


def greet(model: llm.Model, name: str) -> str:
    return model.call(f"Greet {name}.").text()


def test_greet() -> None:
    assert greet(llm.scripted("Hello, Ada!"), "Ada") == "Hello, Ada!"


test_greet()

# %% a fixture that gives a model
import pytest

from capably import llm


@pytest.fixture
def model() -> llm.Model:
    return llm.scripted("Yes.")


def test_yes(model: llm.Model) -> None:
    assert model.call("Is it?").text() == "Yes."


test_yes(llm.scripted("Yes."))

# %% an override around code that names its model
import unittest

from capably import llm


@llm.call("openai/gpt-6.1-sol", format=int)
def count(text: str) -> str:
    return f"How many words? {text}"


class CountTest(unittest.TestCase):
    def test_count(self) -> None:
        with llm.override(llm.scripted('{"value": 2}')):
            self.assertEqual(count("one two").parse(), 2)


unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(CountTest))

# %% a test of a tool loop
from capably import llm


@llm.tool
def stock(title: str) -> int:
    """Copies on the shelf."""
    return 3


def test_loop() -> None:
    model = llm.scripted(llm.ToolCall("1", "stock", {"title": "Piranesi"}), "There are three.")
    response = model.call("How many?", tools=[stock])
    outputs = response.execute_tools()
    assert [output.value for output in outputs] == ["3"]
    assert response.resume(outputs).text() == "There are three."


test_loop()

# %% a test of a tool alone
from capably import llm


@llm.tool
def double(value: int) -> int:
    """Twice as much."""
    return value * 2


assert double(2) + double(value=3) == 10
assert double.parameters["required"] == ["value"]

# %% a script of errors
from capably import llm


def ask(model: llm.Model) -> str:
    try:
        return model.call("Hi").text()
    except llm.RateLimitError as error:
        return f"Wait {error.retry_after} s."


assert ask(llm.scripted(llm.RateLimitError("slow down", provider="scripted", retry_after=3))) == "Wait 3 s."

# %% a script that looks at the request
from typing import Any

from capably import llm


def answer(request: Any) -> str:
    return f"{len(request.messages)} {request.params.get('max_tokens')}"


assert llm.scripted(answer).call("Hi", max_tokens=10).text() == "1 10"

# %% a test of a prompt's content
from capably import llm


@llm.prompt
def recommend(genre: str, count: int = 1) -> list[str | llm.Image]:
    return [f"Recommend {count} {genre} books."]


assert recommend.content("fantasy", count=2) == ["Recommend 2 fantasy books."]
assert recommend(llm.scripted("Tigana."), "fantasy").text() == "Tigana."

# %% an asynchronous test of a stream
import asyncio

from capably import llm


async def read(model: llm.Model) -> str:
    stream = await model.stream_async("Hi")
    return "".join([piece async for piece in stream.text_stream()])


assert asyncio.run(read(llm.scripted("One two."))) == "One two."

# %% a double of a class with calls
from dataclasses import dataclass
from unittest import mock

from capably import llm


@dataclass
class Librarian:
    genre: str

    @llm.call("openai/gpt-4.1")
    def recommend(self, mood: str) -> str:
        return f"A {mood} {self.genre} book."


with mock.patch.object(Librarian, "recommend", return_value="Tigana."):
    assert Librarian("fantasy").recommend("sad") == "Tigana."

# %% misuse: a parameter of a demanded model that is not demanded
from capably import llm


def greet(model: llm.Model, name: str) -> str:
    return model.call(f"Greet {name}.", temperature=0.2).text()  # error


greet(llm.anthropic.claude_sonnet_5_5, "Ada")

# %% misuse: a fixture that is no model
from capably import llm


def greet(model: llm.Model, name: str) -> str:
    return model.call(f"Greet {name}.").text()


greet("openai/gpt-4.1", "Ada")  # error

# %% misuse: an override with what is no model
from capably import llm

with llm.override("openai/gpt-4.1"):  # error
    pass

# %% misuse: an override with a parameter that does not exist
from capably import llm

with llm.override(llm.scripted("Hi"), max_token=10):  # error
    pass

# %% misuse: a tool's result as another type
# types only: Python does not look at annotations
from capably import llm


@llm.tool
def double(value: int) -> int:
    """Twice as much."""
    return value * 2


text: str = double(2)  # error

# %% misuse: a parsed answer as another type
# types only: Python does not look at annotations
from capably import llm

number: str = llm.openai.gpt_4_1.call("A number.", format=int).parse()  # error

# %% misuse: thoughts of a model that shows none
# types only: at run time there are no thoughts
from capably import llm

print(llm.openai.gpt_4_1.call("Hi").thoughts)  # error

# %% misuse: pictures of a model that paints none
# types only: at run time there are no pictures
from capably import llm

print(llm.anthropic.claude_sonnet_5_5.call("Hi").images)  # error

# %% misuse: a finish reason that does not exist
# types only: at run time the comparison is false
from capably import llm


def ended(reason: llm.FinishReason) -> bool:
    return reason == "stop"


ended("end_turn")  # error

# %% misuse: a part of an answer is assumed to be text
# types only: a tool call has no text, and this answer is one
from capably import llm


@llm.tool
def stock(title: str) -> int:
    """Copies on the shelf."""
    return 3


for part in llm.anthropic.claude_sonnet_5_5.call("How many?", tools=[stock]).content:
    print(part.text)  # error

# %% misuse: a message is changed
# types only: Python refuses it as well, and nothing is sent
from capably import llm

message = llm.user("Hi")
message.content = ()  # error

# %% misuse: a part is changed
# types only: Python refuses it as well, and nothing is sent
from capably import llm

part = llm.Text("Hi")
part.text = "Ho"  # error

# %% misuse: a setting of a provider that does not exist
from capably import llm

llm.configure("openai", key="sk-...")  # error

# %% misuse: a script that no model would reply
from capably import llm

llm.scripted(llm.Document.from_bytes(b"%PDF", media_type="application/pdf")).call("Hi")  # run time

# %% a test with parameters that are models
from typing import Literal, Protocol

from capably import llm


class Needs(llm.HasTools, llm.HasFormat, llm.HasReasoning[Literal["low"]], Protocol): ...


def run(model: llm.Model[llm.Image | llm.Audio, Needs]) -> int:
    return model.call(["x"], format=int, reasoning="low").parse()


assert run(llm.scripted('{"value": 3}')) == 3

# %% a script for a function of many demands
from capably import llm


@llm.call("openai/gpt-6.1-sol", format=int)
def count(text: str) -> str:
    return text


with llm.override(llm.anthropic.claude_sonnet_5_5, max_tokens=100), llm.override(timeout=5):
    print(count("a").parse() + 1, llm.openai.gpt_4_1.call("Hi").text())

# %% misuse: an override with an id
from capably import llm

with llm.override("openai/gpt-4.1"):  # error
    pass
