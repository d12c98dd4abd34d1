# ruff: noqa: B018
"""The forty kinds of the study in which shapes of types were compared, in today's models, and their valid neighbours.

`# error`: a type checker rejects the statement. `# run time`: no type can, so it is refused before anything is sent.
Every other statement is fine.
"""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from capably import llm


@dataclass
class Book:
    title: str
    year: int


@llm.tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


class NeedsToolsAndFormat(llm.HasTools, llm.HasFormat, Protocol):
    pass


def describe(model: llm.Model[llm.Image]) -> str:
    model.call(["What is this?", photo])
    model.call(["What is said?", speech])  # error
    model.call("Hi", temperature=0.2)  # error
    return model.call(photo, max_tokens=100).text()


def listen(model: llm.Model[llm.Image | llm.Audio]) -> None: ...


def agent(model: llm.Model[llm.Text, llm.HasTools]) -> None:
    model.call("Hi", tools=[add])
    model.call("Hi", format=Book)  # error


def extract(model: llm.Model[llm.Image, NeedsToolsAndFormat]) -> Book:
    model.call("Hi", tools=[add], format=Book, seed=7)  # error
    return model.call(["Which book?", photo], tools=[add], format=Book).parse()


def think(model: llm.Model[llm.Text, llm.HasReasoning[Literal["high"]]]) -> None:
    model.call("Hi", reasoning="high")
    model.call("Hi", reasoning="max")  # error


def any_model(model: llm.Model) -> str:
    model.call("Hi", tools=[add])  # error
    model.call(photo)  # error
    return model.call("Hi", max_tokens=10).text()


@llm.prompt
def picture(question: str) -> list[str | llm.Image]:
    return [question, photo]


@llm.prompt(tools=[add], format=Book)
def both() -> str:
    return "Which book?"


photo = llm.Image.from_url("https://example.com/cat.png")
speech = llm.Audio.from_url("https://example.com/hello.mp3")
clip = llm.Video.from_url("https://example.com/cat.mp4")
sonnet = llm.Model("anthropic/claude-sonnet-5-5")
haiku = llm.anthropic.claude_haiku_4_5
opus46 = llm.anthropic.claude_opus_4_6
sol = llm.openai.gpt_6_1_sol
luna = llm.Model("openai/gpt-5.6-luna")
gpt41 = llm.openai.gpt_4_1
flash = llm.google.gemini_3_8_flash
gemma = llm.google.gemma_3_27b_it

# 1 to 8: parameters that a model does not take, in every form of call.
sonnet.call("Hi", temperature=0.2)  # error
sonnet.stream("Hi", top_p=0.5)  # error
sol.call("Hi", top_k=5)  # error
flash.call("Hi", verbosity="low")  # error
sonnet.call("Hi", seed=7)  # error
sonnet.call("Hi", logprobs=3)  # error
sonnet.call("Hi", prefill="The")  # error
sol.call("Hi", stop="END")  # error


async def in_a_coroutine() -> None:
    # 9, 10: the asynchronous forms.
    await sonnet.call_async("Hi", temperature=0.2)  # error
    await sol.stream_async("Hi", stop="END")  # error
    await sonnet.call_async("Hi", reasoning="xhigh")
    stream = await sol.stream_async("Hi", reasoning="low")
    async for piece in stream.text_stream():
        print(piece.upper())


# 11 to 16: values that a model does not take.
sonnet.call("Hi", reasoning="minimal")  # error
sol.call("Hi", reasoning="off")  # error
gpt41.call("Hi", reasoning="low")  # error
sonnet.call("Hi", reasoning="hgih")  # error
sonnet.call("Hi", reasoning=llm.Reasoning(budget_tokens=2048))  # error
sonnet.call("Hi", cache="24h")  # error

# 17 to 22: content.
sonnet.call(["What is said?", speech])  # error
sol.call(clip)  # error
gemma.call([llm.user(["What is said?", speech])])  # error
sonnet.call("Hi").resume(speech)  # error
gpt41.call(["Hi", llm.CachePoint()])  # error
sonnet.call(3)  # error

# 23 to 26: tools.
gemma.call("Hi", tools=[add])  # error
sol.call("Hi", tools=[llm.GoogleMaps()])  # error
llm.anthropic.claude_fable_5_2.call("Hi", tools=[add], tool_choice="always")  # error
flash.call("Hi", tools=[add], parallel_tools=False)  # error

# 27, 28: structured output.
gemma.call("Hi", format=Book)  # error
sonnet.call("Hi", format=Book).parse().author  # error

# 29, 30: what a response has.
gpt41.call("Hi").thoughts  # error
sonnet.call("Hi").images  # error

# 31 to 35: requirements.
describe(gemma.with_(reasoning="off"))  # error
listen(sonnet)  # error
agent(gemma)  # error
extract(gemma)  # error
think(gpt41)  # error

# 36, 37: prompts.
picture(llm.openai.gpt_4_1.call, "What is this?")  # error
both(gemma)  # error


# 38: the decorator.
@llm.call("anthropic/claude-sonnet-5-5", temperature=0.2)  # error
def warm() -> str:
    return "Hi"


@llm.call("anthropic/claude-sonnet-5-5")  # error
def heard() -> list[str | llm.Audio]:
    return ["What is said?", speech]


# 39, 40: models that do not exist.
llm.Model("anthropic/claude-sonet-5-5")  # error
llm.openai.gpt_61_sol.call("Hi")  # error


# Valid neighbours.
@llm.call("openai/gpt-5.6-luna", temperature=0.2, reasoning="off", format=Book)
def book(topic: str) -> str:
    return f"A book about {topic}"


def valid(name: str, one: llm.ModelId) -> None:
    # The provider's own JSON, where we have no class for it.
    sol.call(["Hi", llm.Unknown("computer_call_output", {"type": "computer_call_output", "call_id": "call_1"})])
    sonnet.call("Hi", reasoning="xhigh", max_tokens=2000, stop=["END"], cache="5m")
    sonnet.call("Hi", extra={"temperature": 0.2}, on_unsupported="warn")
    luna.call("Hi", temperature=0.2, reasoning="off")
    flash.call(["What is said?", speech, clip], seed=7)
    haiku.call("Hi", reasoning=llm.Reasoning(budget_tokens=4000, visible=True), max_tokens=8000)
    haiku.call("Hi", tools=[add], tool_choice=add, prefill="The")
    opus46.call("Hi", reasoning=llm.Reasoning(effort="max", visible=True))
    sonnet.call([llm.system("Be brief."), llm.user(["What is this?", photo]), llm.assistant("A cat."), "Sure?"])
    sonnet.call("Hi", tools=[add, llm.WebSearch()]).thoughts
    year: int = sonnet.call("Hi", format=Book).parse().year
    years: list[int] = sonnet.call("Hi", format=list[int]).parse()
    again = sonnet.call("Hi", format=Book).resume(["And this?", photo]).parse().title.upper()
    book("frogs").parse().title.upper()
    picture(sonnet, "What is this?").text().upper()
    both(flash).parse().title.upper()
    describe(sonnet)
    listen(flash)
    agent(sol)
    extract(luna)
    think(sonnet)
    models: list[llm.Model] = [sonnet, sol, flash, gemma]
    for model in models:
        any_model(model)
        model.call("Hi", max_tokens=10)
    (sonnet if year else sol).call("Hi", reasoning="high", tools=[add])
    llm.Model.of(name).call(["Hi", speech], temperature=0.2, tools=[add], format=Book).thoughts
    llm.Model(one).call("Hi")
    extract(llm.Model.of(name))
    llm.Model.custom("openai/ft:gpt-4.1:acme", like="openai/gpt-4.1").call("Hi", temperature=0.2)
    with llm.override(llm.scripted("Hello!"), max_tokens=10):
        sonnet.with_(reasoning="low").call("Hi")
    print(years, again)


def unions(first: bool, name: str, wide: Any) -> None:
    # A union takes what all of its members take.
    (sonnet if first else sol).call("Hi", stop="END")  # error
    (sonnet if first else gemma).call("Hi", tools=[add])  # error
    # A string is no listed id; `Model.of` is for those.
    llm.Model(name)  # error
    llm.Model.custom("openai/ft:gpt-4.1:acme", like="openai/gpt-4.1").call("Hi", reasoning="low")  # error
    llm.Model("anthropic/claude-sonnet-5-5", temperature=0.2)  # error in pyright
    sonnet.with_(temperature=0.2)  # error
    sonnet.call("Hi", temprature=0.2)  # error
    sonnet.call(wide)


def selections() -> None:
    # What is selected by a demanded model is of its type; without one it is what the registry knows.
    for model in llm.models(llm.Model[llm.Image, NeedsToolsAndFormat], max_input_price=1.0):
        extract(model)
        think(model)  # error
    for info in llm.models(tools=True, reasoning="high"):
        print(info.limits["context"])
        describe(info)  # error
    llm.models(toolz=True)  # error
    llm.models(reasoning="hihg")  # error


# Numbers, and what belongs together inside a value, are beyond types.
sonnet.call("Hi", max_tokens=10_000_000)  # run time
gpt41.call("Hi", temperature=7.0)  # run time
gpt41.call("Hi", top_p=1.5)  # run time
haiku.call("Hi", reasoning=llm.Reasoning(budget_tokens=1))  # run time
llm.Model.of("anthropic/claude-sonnet-5-5").call("Hi", temperature=0.2)  # run time
llm.Model.of("openai/gpt-6.1-sol").call(["What is said?", speech])  # run time
sonnet.call([])  # run time
