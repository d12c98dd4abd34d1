"""Further turns of a conversation, and what a block sets: what `resume` and `llm.override` take."""

from dataclasses import dataclass
from typing import Protocol

from capably import llm


@dataclass
class Book:
    title: str


@llm.tool
def stock(title: str) -> int:
    """Counts copies."""
    return 3


class Needs(llm.HasTools, llm.HasFormat, Protocol): ...


picture = llm.Image.from_url("https://example.com/cat.png")
speech = llm.Audio.from_url("https://example.com/hello.mp3")
sonnet = llm.anthropic.claude_sonnet_5_5
sol = llm.openai.gpt_6_1_sol
luna = llm.openai.gpt_5_6_luna
gpt = llm.openai.gpt_4_1
flash = llm.google.gemini_3_8_flash


def known_models() -> None:
    said = sonnet.call("Hi")
    said.resume(
        "And?", max_tokens=10, reasoning="xhigh", tools=[stock, llm.WebSearch()], system="Be brief.", stop="a"
    ).text()
    said.resume(["What is this?", picture], timeout=20).resume("And?", on_unsupported="drop").text()
    said.resume("And?", reasoning="minimal")  # error
    said.resume("And?", temperature=0.2)  # error
    said.resume("And?", tool_choice="required")  # error
    said.resume("And?", tools=[llm.GoogleMaps()])  # error
    said.resume("And?", max_tokens="10")  # error
    said.resume("And?", max_token=10)  # error
    said.resume(["What is this?", speech], max_tokens=10)  # error
    sol.call("Hi").resume("And?", tools=[stock], tool_choice=stock).text()
    sol.call("Hi").resume("And?", tools=[stock], tool_choice="required").text()
    gpt.call("Hi").resume("And?", temperature=0.2, top_p=0.5).text()
    gpt.call("Hi").resume("And?", reasoning="low")  # error
    flash.call("Hi").resume("And?", temperature=1.0)  # error

    # What the defaults of the model say counts, what a call said does not: its response has the type of the model's.
    luna.with_(reasoning="off").call("Hi").resume("And?", temperature=0.2).text()
    luna.call("Hi").resume("And?", temperature=0.2)  # error

    # `format` gives `parse()` its type, and stays.
    said.resume("And?", format=Book).parse().title.upper()
    said.resume("And?", format=Book).resume("Why?").parse().title.upper()
    said.resume("And?", format=Book).resume("Why?", max_tokens=10).parse().title.upper()
    said.resume("And?", format=Book).resume("Why?", max_tokens=10).parse().isbn.upper()  # error
    said.resume("And?", format=Book).resume("Why?", format=int).parse().bit_length()
    said.resume("And?", format=Book).resume("Why?", format=int).parse().title.upper()  # error

    gpt.stream("Hi").resume("And?", temperature=0.2, format=Book).parse().title.upper()
    gpt.stream("Hi").resume("And?", reasoning="low")  # error


def a_model_that_is_known_at_run_time_only() -> None:
    llm.Model.of("openai/gpt-6-luna").call("Hi").resume(
        "And?", temperature=0.2, seed=3, format=Book
    ).parse().title.upper()
    scripted = llm.scripted("x").call("Hi", format=Book)
    scripted.resume(scripted.execute_tools(), tool_choice="auto").parse().title.upper()
    scripted.resume(scripted.execute_tools(), tool_choice="auto").parse().isbn.upper()  # error
    saved = llm.Response.from_json("{}", format=Book)
    saved.resume("And?", temperature=0.2).parse().title.upper()


def loop(model: llm.Model[llm.Image, Needs]) -> str:
    response = model.call("Hi", tools=[stock])
    while response.tool_calls:
        response = response.resume(response.execute_tools(), tool_choice="none", max_tokens=10)
    response.resume(picture, format=Book).parse().title.upper()
    response.resume("And?", temperature=0.2)  # error
    response.resume("And?", tool_choice="required")  # error
    return response.resume("And?").text()


def any_model(model: llm.Model) -> str:
    response = model.call("Hi")
    response.resume("And?", format=Book)  # error
    return response.resume("And?", max_tokens=3).text()


def one_of_two(first: bool) -> None:
    (sonnet if first else sol).call("Hi").resume("And?", reasoning="high").text()
    (sonnet if first else sol).call("Hi").resume("And?", tool_choice="required")  # error


async def asynchronous() -> None:
    response = await sonnet.call_async("Hi")
    (await response.resume("And?", format=Book, reasoning="max")).parse().title.upper()
    await response.resume("And?", temperature=0.2)  # error
    stream = await sonnet.stream_async("Hi")
    (await stream.resume("And?", format=Book, reasoning="max")).parse().title.upper()
    await stream.resume("And?", reasoning="minimal")  # error


def blocks() -> None:
    with llm.override(sol, max_tokens=3, temperature=0.2, tool_choice="required"):
        sonnet.call("Hi")
    with llm.override(format=Book):  # error
        sonnet.call("Hi")
    with llm.override(llm.scripted("Hello."), prefill="He"):  # error
        sonnet.call("Hi")
    with llm.override(max_tokens="3"):  # error
        sonnet.call("Hi")
    with llm.override(temprature=0.2):  # error
        sonnet.call("Hi")
