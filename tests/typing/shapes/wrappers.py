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

# %% a protocol of one's own with a call
from typing import Protocol

from capably import llm


class Callable_(Protocol):
    def call(self, content: str, /) -> llm.Response[None]: ...


def ask(model: Callable_) -> str:
    return model.call("Hi").text()


print(ask(llm.openai.gpt_4_1), ask(llm.anthropic.claude_sonnet_5_5), ask(llm.scripted("x")))

# %% a protocol of one's own with a keyword that all models take
from typing import Protocol

from capably import llm


class ChatModel(Protocol):
    id: str

    def call(self, content: str, *, max_tokens: int | None = None) -> llm.Response[None]: ...


def ask(model: ChatModel) -> str:
    return f"{model.id}: {model.call('Hi', max_tokens=10).text()}"


print(ask(llm.openai.gpt_4_1), ask(llm.google.gemini_3_8_flash))

# %% a function that returns the very model that it was given
from typing import TypeVar

from capably import llm

ModelT = TypeVar("ModelT", bound=llm.Model)


def checked(model: ModelT) -> ModelT:
    print(model.call("ping", max_tokens=5).text())
    return model


print(checked(llm.openai.gpt_4_1).call("Hi", temperature=0.2).text())

# %% a generic class over a pydantic model
from typing import Generic, TypeVar

from pydantic import BaseModel

from capably import llm

T = TypeVar("T", bound=BaseModel)


class Extractor(Generic[T]):
    def __init__(self, model: llm.Model[llm.Text, llm.HasFormat], kind: type[T]) -> None:
        self.model, self.kind = model, kind

    def __call__(self, text: str) -> T:
        return self.model.call(text, format=self.kind).parse()

    def many(self, texts: list[str]) -> list[T]:
        return [self(text) for text in texts]


class Person(BaseModel):
    name: str


people = Extractor(llm.openai.gpt_6_luna, Person).many(["Ada", "Bob"])
print(people[0].name.upper())

# %% a function that tries a call again
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from capably import llm

P = ParamSpec("P")
R = TypeVar("R")


def with_retry(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return function(*args, **kwargs)
    except llm.RateLimitError:
        return function(*args, **kwargs)


print(with_retry(llm.openai.gpt_4_1.call, "Hi").text())
print(with_retry(llm.openai.gpt_4_1.call, "Hi", temperature=0.2).text())
print(with_retry(llm.anthropic.claude_sonnet_5_5.call, "Hi", reasoning="high").text())

# %% a decorator that keeps the type of a decorated call
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from capably import llm

P = ParamSpec("P")
R = TypeVar("R")


def logged(function: Callable[P, R]) -> Callable[P, R]:
    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        print("calling")
        return function(*args, **kwargs)

    return inside


@logged
@llm.call("openai/gpt-6-luna", format=int)
def count(text: str) -> str:
    return f"How many words? {text}"


print(count("a b").parse() + 1)

# %% partial calls
from functools import partial

from capably import llm

ask = partial(llm.openai.gpt_4_1.call, temperature=0.0)
print(ask("Hi").text())


def answer(model: llm.Model, question: str, max_tokens: int) -> str:
    return model.call(question, max_tokens=max_tokens).text()


quick = partial(answer, llm.openai.gpt_6_luna, max_tokens=10)
print(quick("Hi"))

# %% a cached factory of a model
from functools import cache, lru_cache

from capably import llm


@cache
def get_model() -> llm.Model[llm.Image, llm.HasTools]:
    return llm.anthropic.claude_sonnet_5_5


@lru_cache(maxsize=100)
def answer(question: str) -> str:
    return get_model().call(question, tools=[]).text()


print(answer("Hi"), answer("Hi"), answer.cache_info().hits)

# %% parameters in a TypedDict of one's own
from typing import TypedDict

from capably import llm


class Params(TypedDict, total=False):
    temperature: float
    max_tokens: int


def load() -> Params:
    return {"temperature": 0.1}


print(llm.openai.gpt_4_1.call("Hi", **load()).text())

# %% hooks that see every response
from collections.abc import Callable
from typing import Any

from capably import llm

Hook = Callable[[llm.Response[Any]], None]
hooks: list[Hook] = []


def on(hook: Hook) -> Hook:
    hooks.append(hook)
    return hook


@on
def show(response: llm.Response[Any]) -> None:
    print(response.text(), response.usage)


def ask(text: str) -> str:
    response = llm.openai.gpt_6_1_sol.call(text)
    for hook in hooks:
        hook(response)
    return response.text()


ask("Hi")

# %% a table of calls
from collections.abc import Callable

from capably import llm

CALLERS: dict[str, Callable[[str], llm.Response[None]]] = {
    "gpt": llm.openai.gpt_6_1_sol.call,
    "claude": llm.anthropic.claude_sonnet_5_5.call,
    "cold": lambda text: llm.openai.gpt_4_1.call(text, temperature=0.0),
}
for name, caller in CALLERS.items():
    print(name, caller("Hi").text())

# %% a typed fallback over models that answer in a format
from collections.abc import Sequence
from typing import TypeVar

from capably import llm

T = TypeVar("T")


def first(models: Sequence[llm.Model[llm.Text, llm.HasFormat]], text: str, kind: type[T]) -> T:
    errors: list[Exception] = []
    for model in models:
        try:
            return model.call(text, format=kind).parse()
        except (llm.ProviderError, llm.ParseError) as error:
            errors.append(error)
    raise ExceptionGroup("all failed", errors)


print(first([llm.openai.gpt_6_luna, llm.anthropic.claude_haiku_5_5], "5", int) + 1)

# %% consumers of responses as classes
from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from capably import llm

F = TypeVar("F")


class Consumer(ABC, Generic[F]):
    @abstractmethod
    def consume(self, response: llm.Response[F]) -> None: ...


class Printer(Consumer[Any]):
    def consume(self, response: llm.Response[Any]) -> None:
        print(response.text(), response.model.id, response.finish_reason)


class Adder(Consumer[int]):
    total = 0

    def consume(self, response: llm.Response[int]) -> None:
        self.total += response.parse()


adder = Adder()
adder.consume(llm.openai.gpt_4_1.call("1", format=int))
Printer().consume(llm.openai.gpt_4_1.call("1", format=int))
Printer().consume(llm.anthropic.claude_sonnet_5_5.call("1"))
print(adder.total)

# %% prompts in a table of variants
from dataclasses import dataclass
from collections.abc import Callable

from capably import llm


@llm.prompt
def brief(text: str) -> str:
    return f"Brief: {text}"


@llm.prompt
def long(text: str) -> str:
    return f"Long: {text}"


@dataclass
class Variant:
    name: str
    run: Callable[[llm.Model, str], llm.Response[None]]


for variant in (Variant("brief", brief), Variant("long", long)):
    print(variant.name, variant.run(llm.openai.gpt_4_1, "Hi").text())

# %% misuse: a function that tries again hands on what the model lacks
# except pyrefly: it takes any argument where an overloaded call solves a ParamSpec
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from capably import llm

P = ParamSpec("P")
R = TypeVar("R")


def retry(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return function(*args, **kwargs)


retry(llm.openai.gpt_6_1_sol.call, "Hi", temperature=0.2)  # error

# %% misuse: a function that tries again hands a picture to a model without eyes
# except pyrefly: it takes any argument where an overloaded call solves a ParamSpec
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from capably import llm

P = ParamSpec("P")
R = TypeVar("R")


def retry(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return function(*args, **kwargs)


retry(llm.cerebras.gpt_oss_120b.call, ["a", llm.Image.from_url("https://example.com/a.png")])  # error

# %% misuse: the parameters of another model are handed on
from typing import Unpack

from capably import llm


def ask(text: str, **params: Unpack[llm.openai.Gpt41Params]) -> str:
    return llm.anthropic.claude_sonnet_5_5.call(text, **params).text()  # error


ask("Hi", temperature=0.2)  # refused here

# %% misuse: a TypedDict of one's own with what the model lacks
from typing import TypedDict

from capably import llm


class Params(TypedDict):
    temperature: float


params: Params = {"temperature": 0.2}
llm.anthropic.claude_sonnet_5_5.call("Hi", **params)  # error

# %% misuse: any effort for a model of three
from capably import llm


def ask(effort: llm.Effort) -> str:
    return llm.openai.o3.call("Hi", reasoning=effort).text()  # error


ask("max")

# %% misuse: a fallback over a model without formats
from collections.abc import Sequence

from capably import llm


def first(models: Sequence[llm.Model[llm.Text, llm.HasFormat]]) -> int:
    return models[0].call("5", format=int).parse()


first([llm.openai.gpt_audio_1_5])  # error

# %% misuse: a parameter of one of two models
import sys

from capably import llm

model = llm.openai.gpt_4_1 if len(sys.argv) > 100 else llm.anthropic.claude_sonnet_5_5
model.call("Hi", temperature=0.2)  # error

# %% misuse: a response of another format
# types only: Python adds what it can
from capably import llm


def add(response: llm.Response[int]) -> int:
    return response.parse() + 1


add(llm.openai.gpt_4_1.call("Hi", format=str))  # error

# %% misuse: a stream for a function of responses
# types only: both have a text
from typing import Any

from capably import llm


def show(response: llm.Response[Any]) -> None:
    print(response.text())


show(llm.openai.gpt_4_1.stream("Hi"))  # error

# %% handles and blocks on a stack
import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager

from capably import llm


@asynccontextmanager
async def tenant(key: str) -> AsyncIterator[llm.Provider]:
    async with llm.provider("openai", api_key=key) as handle:
        yield handle


async def main() -> str:
    async with tenant("sk") as handle, AsyncExitStack() as stack:
        other = await stack.enter_async_context(llm.provider("anthropic", api_key="k"))
        return handle.name + other.name


print(asyncio.run(main()))
with ExitStack() as stack:
    stack.enter_context(llm.override(llm.scripted("Yes")))
    print(llm.openai.gpt_6_1_sol.call("Hi").text())

# %% misuse: a partial call with what the model lacks
# except mypy, pyrefly: they take any keyword beside an overloaded call
from functools import partial

from capably import llm

ask = partial(llm.openai.gpt_6_1_sol.call, temperature=0.2)  # error
ask("Hi")  # refused here
