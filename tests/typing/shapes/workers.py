# Programs in the shapes that people write; `tests/typing/test_shapes.py` says how they are read.

# %% a batch in threads
from concurrent.futures import ThreadPoolExecutor

from capably import llm


def classify(text: str) -> bool:
    return llm.openai.gpt_6_luna.call(f"Is this spam? {text}", format=bool).parse()


with ThreadPoolExecutor(2) as pool:
    print(list(pool.map(classify, ["Buy!", "Hi"])))

# %% a batch of coroutines with a limit
import asyncio

from capably import llm


async def summarise(text: str, limit: asyncio.Semaphore) -> str:
    async with limit:
        return (await llm.anthropic.claude_haiku_5_5.call_async(text, max_tokens=200)).text()


async def main() -> list[str]:
    limit = asyncio.Semaphore(2)
    return await asyncio.gather(*(summarise(text, limit) for text in ("a", "b", "c")))


print(asyncio.run(main()))

# %% decorated functions in a task group
import asyncio

from capably import llm


@llm.call("openai/gpt-6-luna", max_tokens=500)
async def translate(text: str, language: str = "French") -> str:
    return f"Translate into {language}: {text}"


async def main() -> list[str]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(translate(text)) for text in ("one", "two")]
    return [task.result().text() for task in tasks]


print(asyncio.run(main()))

# %% a function without async is awaited
import asyncio

from capably import llm


@llm.prompt
def recommend(genre: str) -> str:
    return f"Recommend a {genre} book."


async def main() -> tuple[str, str]:
    whole = await recommend.call_async(llm.openai.gpt_6_1_sol, "fantasy")
    stream = await recommend.stream_async(llm.google.gemini_3_8_flash, genre="crime")
    return whole.text(), "".join([piece async for piece in stream.text_stream()])


print(asyncio.run(main()))

# %% a service with calls as methods
from dataclasses import dataclass

from capably import llm


@dataclass
class Book:
    title: str


@dataclass
class Librarian:
    genre: str

    @llm.call("anthropic/claude-sonnet-5-5", format=Book)
    def recommend(self, mood: str) -> str:
        return f"Recommend a {mood} {self.genre} book."

    @llm.call("openai/gpt-6.1-sol")
    @classmethod
    def introduce(cls, name: str) -> str:
        return f"Greet {name} as a {cls.__name__}."


print(Librarian("fantasy").recommend("sad").parse().title, Librarian.introduce("Ada").text())

# %% a pydantic model with a call as a method
from pydantic import BaseModel

from capably import llm


class Librarian(BaseModel):
    genre: str

    @llm.call("openai/gpt-4.1", temperature=0.7)
    def call(self, query: str) -> str:
        return f"You specialise in {self.genre}. {query}"


librarian = Librarian(genre="fantasy")
print(librarian.call("Recommend a book").text(), librarian.call.stream("Another").text(), librarian.model_dump())

# %% a queue that retries by itself
import time

from capably import llm


def work(text: str, tries: int = 3) -> str | None:
    for number in range(tries):
        try:
            return llm.openai.gpt_6_1_sol.call(text, max_retries=0).text()
        except (llm.RateLimitError, llm.OverloadedError) as error:
            time.sleep(error.retry_after or 0.01 * number)
        except llm.TimedOutError:
            continue
    return None


print(work("Hi"))

# %% an answer that broke off goes on
from capably import llm

response = llm.anthropic.claude_sonnet_5_5.call("Write a long story.", max_tokens=500)
for _ in range(3):
    if response.finish_reason not in ("length", "pause"):
        break
    response = response.continue_()
print(len(response.text()))

# %% records from documents
from dataclasses import dataclass, field
from enum import Enum

from capably import llm


class Kind(Enum):
    INVOICE = "invoice"
    LETTER = "letter"


@dataclass
class Line:
    text: str
    amount: float


@dataclass
class Record:
    kind: Kind
    lines: list[Line] = field(default_factory=list[Line])


document = llm.Document.from_bytes(b"%PDF-1.4", media_type="application/pdf")
records = llm.openai.gpt_6_1_sol.call(["Read it.", document], format=list[Record]).parse()
print(sum(line.amount for record in records for line in record.lines), [record.kind.value for record in records])

# %% the cheapest model that can do it
from capably import llm

found = llm.models(llm.Model[llm.Image, llm.HasFormat], provider="openai", max_input_price=5.0)
print(found[0].call("A number.", format=int).parse() + 1)

# %% tokens and cost of a run
from capably import llm

total, spent = 0, 0.0
for text in ("a", "b"):
    response = llm.google.gemini_3_8_flash.call(text, seed=7)
    total += response.usage.input_tokens + response.usage.output_tokens
    spent += response.cost or 0.0
print(total, f"{spent:.6f}")

# %% another model for a block
from capably import llm


@llm.call("openai/gpt-6.1-sol")
def greet(name: str) -> str:
    return f"Greet {name}."


with llm.override(llm.anthropic.claude_haiku_5_5, max_tokens=100):
    print(greet("Ada").model.id)

# %% misuse: a decorated function with a parameter that its model lacks
from capably import llm


@llm.call("anthropic/claude-sonnet-5-5", temperature=0.2)  # error
def greet(name: str) -> str:
    return f"Greet {name}."


greet("Ada")  # refused here

# %% misuse: a decorated function with an effort that its model lacks
from capably import llm


@llm.call("openai/o3", reasoning="minimal")  # error
def greet(name: str) -> str:
    return f"Greet {name}."


greet("Ada")  # refused here

# %% misuse: a decorated function of a misspelt model
from capably import llm


@llm.call("anthropic/claude-sonet-5-5", max_tokens=100)  # error
def greet(name: str) -> str:
    return f"Greet {name}."


# %% misuse: a decorated function with a model object and what it lacks
from capably import llm


@llm.call(llm.google.gemini_3_8_flash, temperature=0.2)  # error
def greet(name: str) -> str:
    return f"Greet {name}."


greet("Ada")  # refused here

# %% misuse: a decorated function that returns a picture to a model without eyes
from capably import llm


@llm.call("cerebras/gpt-oss-120b")  # error
def look(picture: llm.Image) -> list[str | llm.Image]:
    return ["What is this?", picture]


look(llm.Image.from_url("https://example.com/cat.png"))  # refused here

# %% misuse: a method that is a call gets a wrong argument name
from dataclasses import dataclass

from capably import llm


@dataclass
class Librarian:
    genre: str

    @llm.call("openai/gpt-4.1")
    def recommend(self, mood: str) -> str:
        return f"Recommend a {mood} {self.genre} book."


Librarian("fantasy").recommend(tone="sad")  # error

# %% misuse: a class method that is a call lacks its argument
from capably import llm


class Librarian:
    @llm.call("openai/gpt-4.1")
    @classmethod
    def introduce(cls, name: str) -> str:
        return f"Greet {name}."


Librarian.introduce()  # error

# %% misuse: a prompt is called without its model
from capably import llm


@llm.prompt
def recommend(genre: str) -> str:
    return f"Recommend a {genre} book."


recommend("fantasy")  # error

# %% misuse: a prompt with a format for a model without formats
from capably import llm


@llm.prompt(format=int)
def count(text: str) -> str:
    return f"How many words? {text}"


count(llm.openai.gpt_audio, "one two")  # error

# %% misuse: a prompt that shows a picture, to a model that reads none
from capably import llm


@llm.prompt
def look(picture: llm.Image) -> list[str | llm.Image]:
    return ["What is this?", picture]


look(llm.cerebras.gpt_oss_120b, llm.Image.from_url("https://example.com/cat.png"))  # error

# %% misuse: a parameter in a prompt that is no parameter of prompts
from capably import llm


@llm.prompt(tols=[])  # error
def recommend(genre: str) -> str:
    return f"Recommend a {genre} book."


# %% misuse: a result of a decorated function that does not exist
# types only: Python finds the missing attribute when the answer is there
from dataclasses import dataclass

from capably import llm


@dataclass
class Book:
    title: str


@llm.call("openai/gpt-6.1-sol", format=Book)
def pick(genre: str) -> str:
    return f"A {genre} book."


print(pick("fantasy").parse().author)  # error

# %% misuse: a coroutine that nobody awaits
# types only: Python has the coroutine and no response
import asyncio

from capably import llm


async def main() -> None:
    response = llm.openai.gpt_6_1_sol.call_async("Hi")
    print(response.text())  # error


asyncio.run(main())

# %% misuse: a filter that no model has
from capably import llm

llm.models(tool=True)  # error

# %% misuse: a provider that does not exist, in a filter
from capably import llm

llm.models(provider="openia")  # run time

# %% two models at once, one with a format
import asyncio

from capably import llm


async def main() -> int:
    number, text = await asyncio.gather(
        llm.openai.gpt_6_1_sol.call_async("1", format=int), llm.anthropic.claude_sonnet_5_5.call_async("Hi")
    )
    return number.parse() + len(text.text())


print(asyncio.run(main()))

# %% calls as tasks of a group
import asyncio

from capably import llm


async def main() -> list[str]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(llm.openai.gpt_4_1.call_async(t)) for t in ("a", "b")]
    return [task.result().text() for task in tasks]


print(asyncio.run(main()))

# %% a call with keywords in a thread
# except ty: it mixes the overloads of a call in a thread up
import asyncio

from capably import llm


async def main() -> float:
    response = await asyncio.to_thread(llm.openai.gpt_4_1.call, "Hi", temperature=0.1)
    parsed = await asyncio.to_thread(llm.openai.gpt_4_1.call, "Hi", format=float)
    return parsed.parse() + len(response.text())


print(asyncio.run(main()))

# %% a generic map with a limit over decorated and plain calls
import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from capably import llm

A = TypeVar("A")
B = TypeVar("B")


async def bounded(function: Callable[[A], Awaitable[B]], items: Iterable[A], limit: int = 2) -> list[B]:
    semaphore = asyncio.Semaphore(limit)

    async def one(item: A) -> B:
        async with semaphore:
            return await function(item)

    return await asyncio.gather(*map(one, items))


@llm.call("openai/gpt-6-luna", format=int)
async def rate(text: str) -> str:
    return f"Rate {text} from 1 to 5."


async def main() -> int:
    rated = await bounded(rate, ["a", "b"])
    raw = await bounded(llm.openai.gpt_4_1.call_async, ["a", "b"])
    return sum(r.parse() for r in rated) + len(raw[0].text())


print(asyncio.run(main()))

# %% a generator of pieces of text
import asyncio
from collections.abc import AsyncIterator

from capably import llm


async def tokens(question: str) -> AsyncIterator[str]:
    stream = await llm.anthropic.claude_sonnet_5_5.stream_async(question, reasoning="low")
    async for piece in stream.text_stream():
        yield piece
    yield f"[{stream.usage.output_tokens}]"


async def main() -> str:
    return "".join([piece async for piece in tokens("Hi")])


print(asyncio.run(main()))

# %% each kind of part of a stream is handled
from capably import llm


@llm.tool
def now() -> str:
    """The time."""
    return "12"


def show(stream: llm.StreamResponse[None]) -> None:
    for part in stream.streams():
        match part:
            case llm.TextStream():
                for delta in part:
                    print(delta, end="")
            case llm.ThoughtStream():
                print("".join(part))
            case llm.ToolCallStream():
                print(part.tool_name, part.collect().args)
            case _:
                pass


show(llm.anthropic.claude_sonnet_5_5.stream("Time?", tools=[now]))
show(llm.openai.gpt_4_1.stream("Time?"))

# %% a queue of responses
import asyncio

from capably import llm


async def worker(inbox: asyncio.Queue[str], outbox: asyncio.Queue[llm.AsyncResponse[None]]) -> None:
    while not inbox.empty():
        await outbox.put(await llm.openai.gpt_4_1.call_async(await inbox.get()))


async def main() -> list[str]:
    inbox: asyncio.Queue[str] = asyncio.Queue()
    outbox: asyncio.Queue[llm.AsyncResponse[None]] = asyncio.Queue()
    for text in ("a", "b"):
        inbox.put_nowait(text)
    await asyncio.gather(worker(inbox, outbox), worker(inbox, outbox))
    return [outbox.get_nowait().text() for _ in range(outbox.qsize())]


print(asyncio.run(main()))

# %% tasks with results as JSON
from collections.abc import Iterator

import pytest

from capably import llm


@pytest.fixture
def scripted() -> Iterator[llm.Model]:
    with llm.override(llm.scripted("Yes", "No")):
        yield llm.openai.gpt_6_luna


@pytest.mark.parametrize("model", [llm.openai.gpt_6_luna, llm.anthropic.claude_haiku_5_5])
@pytest.mark.parametrize(("text", "expected"), [("a", "Yes")])
def test_it(model: llm.Model, text: str, expected: str) -> None:
    with llm.override(llm.scripted(expected)):
        assert model.call(text).text() == expected


test_it(llm.openai.gpt_6_luna, "a", "Yes")

# %% misuse: a call in a thread with a level that the model lacks
# except pyrefly: it takes any argument where an overloaded call solves a ParamSpec
import asyncio

from capably import llm


async def main() -> None:
    await asyncio.to_thread(llm.openai.o3.call, "Hi", reasoning="minimal")  # error


asyncio.run(main())

# %% misuse: calls at once with a level that the model lacks
import asyncio

from capably import llm


async def main() -> None:
    await asyncio.gather(*(llm.openai.o3.call_async(t, reasoning="max") for t in ("a", "b")))  # error


asyncio.run(main())

# %% misuse: a task is no response
# types only: Python finds the missing attribute when the answer is there
import asyncio

from capably import llm


async def main() -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(llm.openai.o3.call_async("a"))
    print(task.text())  # error


asyncio.run(main())

# %% misuse: an asynchronous stream in a plain loop
# types only: Python finds that it is no iterator when the stream has begun
import asyncio

from capably import llm


async def main() -> None:
    stream = await llm.openai.o3.stream_async("a")
    for piece in stream.text_stream():  # error
        print(piece)


asyncio.run(main())

# %% misuse: a call in a pool with a parameter that the model lacks
# except pyrefly: it takes any argument where an overloaded call solves a ParamSpec
from concurrent.futures import ThreadPoolExecutor

from capably import llm

with ThreadPoolExecutor(1) as pool:
    pool.submit(llm.anthropic.claude_sonnet_5_5.call, "Hi", temperature=0.3).result()  # error

# %% misuse: instructions as a parameter of a prompt
from capably import llm


@llm.prompt(system="Be brief.")  # error
def ask(text: str) -> str:
    return text


# %% misuse: a decorator without its model
from capably import llm


@llm.call  # error
def ask(text: str) -> str:
    return text


# %% misuse: a parameter of the model where the function is called
from capably import llm


@llm.call("openai/gpt-4.1")
def ask(text: str) -> str:
    return text


ask("Hi", temperature=0.2)  # error

# %% a prompt with what every model takes
from capably import llm


@llm.prompt(
    format=int,
    max_tokens=500,
    extra={},
    on_unsupported="raise",
    provider=None,
    timeout=llm.Timeout(total=30),
    max_retries=1,
    headers={"x-team": "a"},
)
def count(text: str) -> list[llm.Message]:
    return [llm.system("Be brief."), llm.user(f"How many words? {text}")]


print(count(llm.openai.gpt_6_1_sol, "one two").parse() + 1)
print(count(llm.anthropic.claude_sonnet_5_5.with_(reasoning="low"), "one two").parse() + 1)
