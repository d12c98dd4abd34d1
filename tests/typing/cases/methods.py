# ruff: noqa: B018
"""Functions that became objects (`@llm.call`, `@llm.prompt`, `@llm.tool`): their parameters, alone and as methods.

`# error`: a type checker rejects the statement. Every other statement is fine.
"""

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from capably import llm

T = TypeVar("T")


@dataclass
class Book:
    title: str


@dataclass
class Librarian:
    genre: str

    @llm.call("openai/gpt-4.1", temperature=0.2)
    def recommend(self, count: int) -> str:
        return f"{count} {self.genre} books"

    @llm.call("openai/gpt-4.1", format=Book)
    async def pick(self, hint: str = "") -> str:
        return f"{hint} {self.genre}"

    @llm.prompt
    def ask(self, count: int) -> str:
        return f"{count} {self.genre} books"

    @llm.prompt(format=Book)
    async def ask_later(self, count: int) -> str:
        return f"{count} {self.genre} books"

    @llm.prompt
    def look(self, image: llm.Image) -> list[str | llm.Image]:
        return ["Which genre?", image]

    @llm.call("openai/gpt-4.1")
    @classmethod
    def about(cls, count: int) -> str:
        return cls.__name__ * count

    @llm.prompt
    @classmethod
    def ask_about(cls, count: int) -> str:
        return cls.__name__ * count

    @llm.call("openai/gpt-4.1")
    @staticmethod
    def plain(count: int) -> str:
        return "x" * count

    @llm.call("openai/gpt-4.1")
    def anything(self, count: int) -> Any:
        return [self.genre, count]

    @llm.tool
    def stock(self, title: str) -> int:
        return len(title)

    @llm.tool
    async def order(self, title: str) -> int:
        return len(title)

    @llm.tool
    @classmethod
    def find(cls, title: str) -> int:
        return len(title)

    @llm.tool
    @staticmethod
    def tax(price: float) -> float:
        return price

    def tools(self) -> list[llm.Tool[Any]]:
        return [self.stock, self.order, self.find, self.tax]

    def both(self) -> str:
        return self.recommend(3).text() + self.ask(model, 3).text()


class Base(Generic[T]):
    @llm.call("openai/gpt-4.1")
    def say(self, value: T) -> str:
        return str(value)


class Child(Base[int]):
    def both(self) -> str:
        return self.say(3).text() + super().say(3).text()


class Tone(Enum):
    DRY = "dry"

    @llm.prompt
    def ask(self) -> str:
        return self.value


@llm.call("openai/gpt-4.1", format=Book)
def greet(name: str) -> str:
    return f"Greet {name}."


@llm.tool
def add(a: int, b: int = 1) -> int:
    return a + b


@llm.tool(name="fetch_page", strict=True)
async def fetch(url: str) -> bytes:
    return url.encode()


@llm.tool
def raw(value: int) -> Any:
    return value


@llm.tool
def orders(context: llm.Context[dict[str, int]], customer: str) -> int:
    return context.deps[customer]


model = llm.openai.gpt_4_1
librarian = Librarian("fantasy")
photo = llm.Image.from_url("https://example.com/a.png")

print(librarian.recommend(3).text())
print(librarian.recommend.stream(count=3).text())
print(Librarian.recommend(librarian, 3).text())
print(Librarian.about(3).text() + librarian.about(3).text())
print(Librarian.plain.stream(3).text() + librarian.plain(3).text())
print(librarian.ask(model, 3).text() + Librarian.ask(model, librarian, 3).text())
print(librarian.ask.stream(model, 3).text() + Librarian.ask_about(model, 3).text())
print(librarian.look(model, photo).text())
print(librarian.anything(3).text())
print(Tone.DRY.ask(model).text())
Child().say(3)

librarian.recommend("x")  # error
librarian.recommend(3, 4)  # error
librarian.recommend()  # error
librarian.recommend.stream("x")  # error
Librarian.about("x")  # error
librarian.plain("x")  # error
librarian.ask(model, "x")  # error
librarian.ask(3)  # error
librarian.ask.stream(model)  # error
librarian.look(llm.cerebras.gpt_oss_120b, photo)  # error
Librarian.ask_about(model, "x")  # error
Child().say("x")  # error

count: int = add(1) + add(1, b=2)
count = librarian.stock("x") + Librarian.stock(librarian, title="x") + Librarian.find("x") + librarian.find("x")
price: float = librarian.tax(1.0) + Librarian.tax(1.0)
count = orders(llm.Context({"a": 1}), "a")
raw(3)
number: llm.Tool[int] = add
later: llm.AsyncTool[bytes] = fetch
any_of_them: list[llm.Tool | llm.BuiltinTool] = [add, fetch, llm.WebSearch()]
model.call("Hi", tools=[add, raw, *librarian.tools()], tool_choice=add)

add("x", c=3)  # error
add()  # error
text: str = add(1)  # error
librarian.stock(1)  # error
librarian.stock()  # error
Librarian.find(3)  # error
librarian.tax("x")  # error
orders("a")  # error
texts: llm.Tool[str] = add  # error


async def run() -> None:
    book: Book = (await librarian.pick("x")).parse()
    book = (await librarian.ask_later(model, 3)).parse()
    book = (await librarian.ask_later.stream(model, 3)).parse()
    book = (await greet.call_async("Ada")).parse()
    text: str = (await librarian.ask.call_async(model, 3)).text()
    async for piece in (await librarian.recommend.stream_async(3)).text_stream():
        text += piece
    count: int = await librarian.order("x")
    await asyncio.gather(*(librarian.pick(str(number)) for number in range(3)))
    print(book, text, count, await fetch("x"))

    await librarian.recommend(3)  # error
    await librarian.pick(3)  # error
    await librarian.ask.call_async(model, "x")  # error
    await greet.call_async(3)  # error
    (await librarian.pick("x")).parse().author  # error
    await librarian.order(3)  # error
    await fetch(3)  # error


class NeedsToolsAndFormat(llm.HasTools, llm.HasFormat, Protocol):
    pass


sonnet = llm.anthropic.claude_sonnet_5_5


@llm.call(sonnet, format=Book, tools=[add])
def from_model() -> str:
    return "Hi"


@llm.call(sonnet.with_(reasoning="high", cache="5m"), system="Be brief.")
def from_copy() -> list[str | llm.Image]:
    return ["Hi", photo]


@llm.call(llm.Model("openai/gpt-4.1"), temperature=0.2, format=list[Book])
async def from_string() -> str:
    return "Hi"


@llm.call(llm.scripted('{"title": "x"}'), format=Book, tools=[add])
def from_script() -> str:
    return "Hi"


print(from_model().parse().title + from_copy().text() + from_script().parse().title)
from_model().parse().author  # error


def demanding(model: llm.Model[llm.Image, NeedsToolsAndFormat], other: llm.Model[llm.Text, llm.HasTools]) -> str:
    @llm.call(model, tools=[add], format=Book)
    def inside() -> list[str | llm.Image]:
        return ["Hi", photo]

    @llm.call(other, tools=[add], format=Book)  # error
    def lacking() -> str:
        return "Hi"

    return inside().parse().title + str(lacking)


@llm.call(sonnet, temperature=0.2)  # error
def no_temperature() -> str:
    return "Hi"


@llm.call(llm.openai.gpt_audio, format=Book)  # error
def no_format() -> str:
    return "Hi"


@llm.call(sonnet, tools=[llm.GoogleMaps()])  # error
def no_maps() -> str:
    return "Hi"


@llm.call(llm.cerebras.gpt_oss_120b)  # error
def no_images() -> list[str | llm.Image]:
    return ["Hi", photo]
