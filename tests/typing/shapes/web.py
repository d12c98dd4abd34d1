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
