# Programs in the shapes that people write; `tests/typing/test_shapes.py` says how they are read.

# %% a function over any model that reads pictures
from capably import llm


def describe(model: llm.Model[llm.Image], picture: llm.Image, max_tokens: int = 500) -> str:
    return model.call(["What is this?", picture], max_tokens=max_tokens).text()


picture = llm.Image.from_url("https://example.com/cat.png")
print(describe(llm.anthropic.claude_sonnet_5_5, picture), describe(llm.google.gemini_3_8_flash, picture))

# %% a generic function over the format
from dataclasses import dataclass
from typing import TypeVar

from capably import llm

T = TypeVar("T")


@dataclass
class Book:
    title: str


def extract(model: llm.Model[llm.Text, llm.HasFormat], text: str, kind: type[T]) -> T:
    return model.call(["Extract.", text], format=kind).parse()


print(extract(llm.openai.gpt_6_1_sol, "Tigana", Book).title, extract(llm.anthropic.claude_sonnet_5_5, "1", int) + 1)

# %% a demand of several capabilities
from typing import Literal, Protocol

from capably import llm


class Needs(llm.HasTools, llm.HasFormat, llm.HasReasoning[Literal["low"]], Protocol):
    pass


@llm.tool
def count(text: str) -> int:
    """Count the words."""
    return len(text.split())


def words(model: llm.Model[llm.Text, Needs], text: str) -> str:
    response = model.call(f"How many? {text}", tools=[count], reasoning="low")
    while response.tool_calls:
        response = response.resume(response.execute_tools())
    return response.text()


print(words(llm.openai.gpt_6_1_sol, "one two"), words(llm.anthropic.claude_sonnet_5_5, "one"))

# %% a wrapper that logs and keeps the type of the answer
from capably import llm

log: list[tuple[str, float | None]] = []


def logged(response: llm.Response[str]) -> str:
    log.append((response.model.id, response.cost))
    return response.parse()


print(logged(llm.openai.gpt_4_1.call("A word.", format=str)), log)

# %% a decorator of one's own around a call
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from capably import llm

P = ParamSpec("P")


def timed(function: Callable[P, llm.Response[None]]) -> Callable[P, str]:
    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> str:
        return function(*args, **kwargs).text()

    return inside


def ask(question: str, *, max_tokens: int = 100) -> llm.Response[None]:
    return llm.openai.gpt_4_1.call(question, max_tokens=max_tokens)


answer: Any = timed(ask)("Hi", max_tokens=10)
print(answer)

# %% a client class that hides the model
from capably import llm


class Client:
    def __init__(self, model: llm.Model, *, max_tokens: int | None = None) -> None:
        self._model = model if max_tokens is None else model.with_(max_tokens=max_tokens)

    def ask(self, question: str) -> str:
        return self._model.call(question).text()

    async def ask_async(self, question: str) -> str:
        return (await self._model.call_async(question)).text()


print(Client(llm.openai.gpt_4_1, max_tokens=100).ask("Hi"))

# %% a fallback from one model to another
from collections.abc import Sequence

from capably import llm


def first_of(models: Sequence[llm.Model], question: str) -> str:
    for model in models:
        try:
            return model.call(question).text()
        except llm.ProviderError:
            continue
    raise RuntimeError("no model answered")


print(first_of([llm.anthropic.claude_sonnet_5_5, llm.openai.gpt_6_1_sol], "Hi"))

# %% a prompt library
from dataclasses import dataclass

from capably import llm


@dataclass
class Review:
    stars: int


@llm.prompt(format=Review, max_tokens=1000)
def review(text: str) -> str:
    return f"Review: {text}"


@llm.prompt
def translate(text: str, *, into: str = "French") -> list[str | llm.Image]:
    return [f"Translate into {into}:", text]


print(review(llm.openai.gpt_6_1_sol, "Good.").parse().stars, translate(llm.anthropic.claude_sonnet_5_5, "Hi").text())

# %% a prompt that is asynchronous because it reads something
import asyncio

from capably import llm


@llm.prompt
async def about(name: str) -> str:
    await asyncio.sleep(0)
    return f"Who is {name}?"


async def main() -> str:
    stream = await about.stream(llm.google.gemini_3_8_flash, "Ada")
    return (await about(llm.openai.gpt_6_1_sol, "Ada")).text() + (await stream.finish()).text()


print(asyncio.run(main()))

# %% a decorated function inside a function that gets the model
from capably import llm


def bind(model: llm.Model[llm.Text, llm.HasFormat], text: str) -> int:
    @llm.call(model, format=int)
    def count(suffix: str) -> str:
        return f"How many words? {text} {suffix}"

    return count("!").parse()


print(bind(llm.openai.gpt_6_1_sol, "one two"))

# %% a response of any kind
from typing import Any

from capably import llm


def show(response: llm.Response[Any]) -> str:
    return f"{response.model.id}: {response.text()} ({response.finish_reason})"


print(show(llm.anthropic.claude_sonnet_5_5.call("Hi")), show(llm.openai.gpt_4_1.call("1", format=int)))

# %% a fine-tune with the types of its base
from capably import llm

tuned = llm.Model.custom("openai/ft:gpt-4.1:acme", like="openai/gpt-4.1")
print(tuned.call("Hi", temperature=0.2, top_p=0.9).text())

# %% the SDK's own object
from capably import llm
from capably.raw.anthropic import to_message

response = llm.anthropic.claude_sonnet_5_5.call("Hi")
print(to_message(response).stop_reason)

# %% the parameters are handed on with what is not given
from capably import llm


def ask(question: str, temperature: float | None = None, top_p: float | None = None) -> str:
    return llm.openai.gpt_4_1.call(question, temperature=temperature, top_p=top_p).text()


print(ask("Hi"), ask("Hi", temperature=0.2))

# %% a class with a model and a history
from dataclasses import dataclass, field

from capably import llm


@dataclass
class Chat:
    model: llm.Model
    history: list[llm.Message] = field(default_factory=list[llm.Message])

    def say(self, text: str) -> str:
        response = self.model.call([*self.history, llm.user(text)])
        self.history = response.messages
        return response.text()


chat = Chat(llm.anthropic.claude_sonnet_5_5)
print(chat.say("Hi"), chat.say("And you?"))

# %% a format that is a union
from dataclasses import dataclass

from capably import llm


@dataclass
class Book:
    title: str


@dataclass
class Film:
    name: str


answer = llm.openai.gpt_6_1_sol.call("A book or a film.", format=Book | Film).parse()
print(answer.title if isinstance(answer, Book) else answer.name)

# %% a call as a value in a thread
import asyncio

from capably import llm


async def main() -> str:
    response = await asyncio.to_thread(llm.openai.gpt_4_1.call, "Hi")
    return response.text()


print(asyncio.run(main()))

# %% misuse: a demand that the model does not meet
from capably import llm


def describe(model: llm.Model[llm.Image], picture: llm.Image) -> str:
    return model.call(["What is this?", picture]).text()


describe(llm.cerebras.gpt_oss_120b, llm.Image.from_url("https://example.com/cat.png"))  # error

# %% misuse: a level that the demand does not name
from typing import Literal

from capably import llm


def think(model: llm.Model[llm.Text, llm.HasReasoning[Literal["high"]]], question: str) -> str:
    return model.call(question, reasoning="minimal").text()  # error


think(llm.openai.o3, "Why?")

# %% misuse: a level that the model does not have
from typing import Literal

from capably import llm


def think(model: llm.Model[llm.Text, llm.HasReasoning[Literal["max"]]], question: str) -> str:
    return model.call(question, reasoning="max").text()


think(llm.openai.o3, "Why?")  # error

# %% misuse: a picture in a function that demands text
from capably import llm


def ask(model: llm.Model[llm.Text], picture: llm.Image) -> str:
    return model.call(["What is this?", picture]).text()  # error


ask(llm.cerebras.gpt_oss_120b, llm.Image.from_url("https://example.com/cat.png"))

# %% misuse: a format in a function that demands tools
from capably import llm


def count(model: llm.Model[llm.Text, llm.HasTools], text: str) -> int:
    return model.call(text, format=int).parse()  # error


count(llm.openai.gpt_audio, "one")

# %% misuse: a demand of two capabilities, of which the model has one
from typing import Protocol

from capably import llm


class Needs(llm.HasTools, llm.HasTemperature, Protocol):
    pass


def ask(model: llm.Model[llm.Text, Needs]) -> str:
    return model.call("Hi", temperature=0.2).text()


ask(llm.anthropic.claude_sonnet_5_5)  # error

# %% misuse: a wrapper hands on what the model lacks
from capably import llm


def ask(question: str, temperature: float = 0.2) -> str:
    return llm.anthropic.claude_sonnet_5_5.call(question, temperature=temperature).text()  # error


ask("Hi")

# %% misuse: a wrapper hands on any text as a level
from capably import llm


def ask(question: str, effort: str = "minimal") -> str:
    return llm.anthropic.claude_sonnet_5_5.call(question, reasoning=effort).text()  # error


ask("Hi")

# %% misuse: a custom model like one that does not exist
from capably import llm

llm.Model.custom("openai/ft:gpt-4.1:acme", like="openai/gpt-41")  # error

# %% misuse: a fine-tune with what its base lacks
from capably import llm

tuned = llm.Model.custom("openai/ft:o3:acme", like="openai/o3")
tuned.call("Hi", temperature=0.2)  # error

# %% misuse: a function that counts on a response and gets a coroutine
# types only: Python has the coroutine and no response
from capably import llm


def show(response: llm.Response[None]) -> str:
    return str(response)


coroutine = llm.openai.gpt_4_1.call_async("Hi")
show(coroutine)  # error
coroutine.close()

# %% misuse: the SDK's object of another API
# types only: a response of any model is taken, and run time looks at it
from capably import llm
from capably.raw.openai import to_response

print(to_response(llm.openai.gpt_6_1_sol.call("Hi")).choices)  # error

# %% misuse: a custom model of a provider with another wire format
from capably import llm

llm.Model.custom("anthropic/ours", like="openai/gpt-4.1")  # run time

# %% misuse: no content at all
from capably import llm

llm.openai.gpt_4_1.call()  # error

# %% misuse: a second positional argument
from capably import llm

llm.openai.gpt_4_1.call("Hi", "Be brief.")  # error

# %% a tenant with a key of its own
from capably import llm

acme = llm.provider("openai", api_key="test", timeout=llm.Timeout(silence=30))


def ask(question: str, provider: llm.Provider) -> str:
    return llm.openai.gpt_6_1_sol.call(question, provider=provider, timeout=5.0).text()


with acme, llm.override(provider=acme):
    print(acme.name)
