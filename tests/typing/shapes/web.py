# Programs in the shapes that people write; `tests/typing/test_shapes.py` says how they are read.

# %% a handler that returns JSON
import json

from capably import llm

model = llm.Model("openai/gpt-6.1-sol")


def handler(event: dict[str, str]) -> dict[str, object]:
    response = model.call(event["question"], max_tokens=1000, timeout=20)
    return {"statusCode": 200, "body": json.dumps({"answer": response.text(), "cost": response.cost})}


print(handler({"question": "Why?"}))

# %% an asynchronous handler that streams server-sent events
import asyncio
from collections.abc import AsyncIterator

from capably import llm


async def events(question: str) -> AsyncIterator[str]:
    async with await llm.anthropic.claude_sonnet_5_5.stream_async(question) as stream:
        async for piece in stream.text_stream():
            yield f"data: {piece}\n\n"
        yield f"event: end\ndata: {stream.finish_reason}\n\n"


async def main() -> None:
    print([event async for event in events("Hi")])


asyncio.run(main())

# %% errors become status codes
from capably import llm


def status(error: llm.CapablyError) -> int:
    match error:
        case llm.RateLimitError():
            return 429 if error.retry_after is None else 503
        case llm.AuthenticationError() | llm.PermissionDeniedError():
            return 401
        case llm.UnsupportedFeatureError():
            return 400
        case _:
            return 500


def ask(question: str) -> tuple[int, str]:
    try:
        return 200, llm.google.gemini_3_8_flash.call(question).text()
    except llm.CapablyError as error:
        return status(error), str(error)


print(ask("Hi"))

# %% a validated answer from a pydantic model
from pydantic import BaseModel

from capably import llm


class Address(BaseModel):
    street: str
    city: str


class Person(BaseModel):
    name: str
    address: Address


def extract(text: str) -> Person:
    return llm.openai.gpt_6_1_sol.call(["Who is it?", text], format=Person).validate(retries=1).parse()


print(extract("Ada lives in Rome.").address.city)

# %% a model that a user chooses by name
import os

from capably import llm

model = llm.Model.of(os.environ.get("MODEL", "anthropic/claude-sonnet-5-5"))
print(model.call("Hi", max_tokens=100).text(), model.id, model.provider)

# %% an allow list of models by name
from capably import llm

MODELS: dict[str, llm.Model] = {
    "fast": llm.openai.gpt_6_luna,
    "good": llm.anthropic.claude_sonnet_5_5,
    "cheap": llm.google.gemini_3_8_flash,
}


def ask(name: str, question: str) -> str:
    return MODELS[name].call(question, max_tokens=200).text()


print([ask(name, "Hi") for name in MODELS])

# %% a picture that a user sends
from capably import llm


def describe(data: bytes, media_type: str) -> str:
    picture = llm.Image.from_bytes(data, media_type=media_type)
    return llm.anthropic.claude_sonnet_5_5.call(["What is in this picture?", picture]).text()


print(describe(b"\x89PNG\r\n\x1a\n", "image/png"))

# %% headers and fields of a gateway
from capably import llm

response = llm.openai.gpt_6_1_sol.call(
    "Hi", headers={"x-request-id": "1"}, extra={"service_tier": "flex"}, max_retries=0
)
print(response.request_id, response.request["service_tier"])

# %% a chat in a session, stored as JSON
from capably import llm

sessions: dict[str, str] = {}


def chat(session: str, text: str) -> str:
    messages = llm.load_messages(sessions[session]) if session in sessions else []
    response = llm.anthropic.claude_haiku_5_5.call([*messages, llm.user(text)], system="Be brief.")
    sessions[session] = llm.dump_messages(response.messages)
    return response.text()


print(chat("a", "Hi"), chat("a", "And you?"))

# %% a response that a worker loads again
from dataclasses import dataclass

from capably import llm


@dataclass
class Book:
    title: str


saved = llm.openai.gpt_6_1_sol.call("A book.", format=Book).to_json()
loaded = llm.Response.from_json(saved, format=Book)
print(loaded.parse().title, loaded.usage.input_tokens)

# %% a model with defaults
from capably import llm

print(llm.Model("openai/gpt-5.6-luna", reasoning="low").call("Hi").text())

# %% misuse: a misspelt id
from capably import llm

model = llm.Model("anthropic/claude-sonet-5-5")  # error

# %% misuse: an id from a variable of any text
import os

from capably import llm

name = os.environ.get("MODEL", "anthropic/claude-sonet-5-5")
llm.Model(name)  # error

# %% misuse: a misspelt parameter
from capably import llm


def handler(question: str) -> str:
    return llm.openai.gpt_6_1_sol.call(question, max_token=100).text()  # error


handler("Hi")

# %% misuse: the parameters of another SDK
from capably import llm


def handler(question: str) -> str:
    return llm.openai.gpt_4_1.call(question, max_completion_tokens=100).text()  # error


handler("Hi")

# %% misuse: a number as text, from a query string
from capably import llm

query = {"max": "100"}
llm.openai.gpt_4_1.call("Hi", max_tokens=query["max"])  # error

# %% misuse: a picture for a model that reads none
from capably import llm

picture = llm.Image.from_url("https://example.com/cat.png")
llm.cerebras.gpt_oss_120b.call(["What is this?", picture])  # error

# %% misuse: sound inside a message
from capably import llm

speech = llm.Audio.from_url("https://example.com/hello.mp3")
llm.anthropic.claude_sonnet_5_5.call([llm.user(["What is said?", speech])])  # error

# %% misuse: bytes in place of a part
from capably import llm

llm.anthropic.claude_sonnet_5_5.call(["What is this?", b"\x89PNG"])  # error

# %% misuse: a dict in place of a message
from capably import llm

llm.openai.gpt_6_1_sol.call([{"role": "user", "content": "Hi"}])  # error

# %% misuse: an instance as a format
from dataclasses import dataclass

from capably import llm


@dataclass
class Book:
    title: str


llm.openai.gpt_6_1_sol.call("A book.", format=Book("Tigana"))  # error

# %% misuse: a stop sequence where the API has none
from capably import llm

llm.openai.gpt_6_1_sol.call("Count.", stop=["5"])  # error

# %% misuse: a lifetime of a cache that does not exist
from capably import llm

llm.anthropic.claude_sonnet_5_5.call("Hi", cache="2h")  # error

# %% misuse: a policy that does not exist
from capably import llm

llm.openai.gpt_6_1_sol.call("Hi", on_unsupported="ignore")  # error

# %% misuse: more tokens than the model writes
from capably import llm

llm.openai.gpt_6_1_sol.call("Hi", max_tokens=10_000_000)  # run time

# %% misuse: a parameter that a model by name lacks
from capably import llm

llm.Model.of("anthropic/claude-sonnet-5-5").call("Hi", temperature=0.2)  # run time

# %% handlers with dependencies
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

from capably import llm

P = ParamSpec("P")
R = TypeVar("R")


class Task(Generic[P, R]):
    def __init__(self, function: Callable[P, R]) -> None:
        self.function = function

    def delay(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)


def task(function: Callable[P, R]) -> Task[P, R]:
    return Task(function)


@task
def summarize(text: str, *, model: str = "openai/gpt-4.1") -> dict[str, Any]:
    response = llm.Model.of(model).call(text, temperature=0.0)
    return {"text": response.text(), "tokens": response.usage.output_tokens, "json": response.to_json()}


@task
@llm.call("openai/gpt-6-luna")
def greet(name: str) -> str:
    return f"Greet {name}."


print(summarize.delay("Hi")["text"], greet.delay("Ada").text())
print(llm.Response.from_json(summarize.delay("x", model="openai/gpt-4.1")["json"]).text())

# %% a store of conversations behind a protocol
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from capably import llm


class Store(Protocol):
    def load(self, key: str) -> Sequence[llm.Message]: ...
    def save(self, key: str, messages: Sequence[llm.Message]) -> None: ...


class Memory:
    def __init__(self) -> None:
        self.data: defaultdict[str, list[llm.Message]] = defaultdict(list)

    def load(self, key: str) -> Sequence[llm.Message]:
        return self.data[key]

    def save(self, key: str, messages: Sequence[llm.Message]) -> None:
        self.data[key] = list(messages)


def chat(store: Store, key: str, text: str, model: llm.Model = llm.openai.gpt_6_luna) -> str:
    response = model.call([*store.load(key), llm.user(text)])
    store.save(key, response.messages)
    return response.text()


memory = Memory()
print(chat(memory, "a", "Hi"), chat(memory, "a", "And?"), len(memory.load("a")))

# %% messages out of JSON
from collections.abc import Callable

from capably import llm

MAKERS: dict[str, Callable[[str], llm.Message]] = {"user": llm.user, "assistant": llm.assistant, "system": llm.system}
raw = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
messages = [MAKERS[item["role"]](item["content"]) for item in raw]
print(llm.anthropic.claude_sonnet_5_5.call(messages).text())

# %% errors are matched
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, TypeVar
import asyncio

from pydantic import BaseModel

from capably import llm

F = TypeVar("F", bound=Callable[..., Any])


class App:
    def __init__(self) -> None:
        self.routes: dict[str, Callable[..., Any]] = {}

    def post(self, path: str) -> Callable[[F], F]:
        def register(function: F) -> F:
            self.routes[path] = function
            return function

        return register


app = App()


class Question(BaseModel):
    text: str
    max_tokens: int | None = None


class Answer(BaseModel):
    text: str
    cost: float | None


def get_model() -> llm.Model[llm.Text, llm.HasSystem]:
    return llm.anthropic.claude_haiku_5_5


Dep = Annotated[llm.Model[llm.Text, llm.HasSystem], get_model]


@app.post("/ask")
async def ask(question: Question, model: Dep) -> Answer:
    response = await model.call_async(question.text, system="Be brief.", max_tokens=question.max_tokens)
    return Answer(text=response.text(), cost=response.cost)


@app.post("/stream")
async def stream(question: Question, model: Dep) -> AsyncIterator[bytes]:
    reply = await model.stream_async(question.text)
    return (f"data: {piece}\n\n".encode() async for piece in reply.text_stream())


print(asyncio.run(ask(Question(text="Hi"), get_model())))

# %% settings that may be unset
from dataclasses import dataclass

from capably import llm


@dataclass
class Config:
    temperature: float | None = None
    max_tokens: int | None = None
    stop: list[str] | None = None
    system: str | None = None


def run(config: Config) -> str:
    return llm.openai.gpt_4_1.call(
        "Hi", temperature=config.temperature, max_tokens=config.max_tokens, system=config.system
    ).text()


print(run(Config()), run(Config(temperature=0.1)))

# %% misuse: a stream by a keyword
from capably import llm

llm.openai.gpt_4_1.call("Hi", stream=True)  # error

# %% misuse: a picture in instructions
from capably import llm

llm.system(["a", llm.Image.from_url("https://example.com/a.png")])  # error
