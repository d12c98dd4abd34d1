# ruff: noqa: B018
"""What a default of a model changes: the calls that it allows, and those that contradict it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from capably import llm


@dataclass
class Book:
    title: str


@llm.tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


def vary(model: llm.Model[llm.Text, llm.HasTemperature]) -> str:
    return model.call("Hi", temperature=0.9).text()


def think(model: llm.Model[llm.Text, llm.HasReasoning[Literal["high"]]]) -> str:
    return model.call("Hi", reasoning="high").text()


def look(model: llm.Model[llm.Image, llm.HasTools]) -> str:
    return model.call("Hi", tools=[add]).text()


def force(model: llm.Model[llm.Text, llm.HasForcedTools]) -> str:
    return model.call("Hi", tools=[add], tool_choice="required").text()


@llm.prompt
def greeting(name: str) -> str:
    return f"Hi {name}"


@llm.prompt(format=Book)
def book() -> str:
    return "Which book?"


gpt = llm.openai.gpt_5_6_luna
quiet = gpt.with_(reasoning="off")
fixed = gpt.with_(reasoning="off", temperature=0.2)
silent = llm.openai.gpt_5_1
awake = silent.with_(reasoning="high")
warm = silent.with_(temperature=0.2)
haiku = llm.anthropic.claude_haiku_4_5
budgeted = haiku.with_(reasoning=llm.Reasoning(budget_tokens=4000))
forcing = haiku.with_(tools=[add], tool_choice="required")
flash = llm.google.gemini_2_5_flash
armed = flash.with_(tools=[add])
seek = llm.deepseek.deepseek_v4_pro
seek_off = seek.with_(reasoning="off")
seek_forcing = seek.with_(reasoning="off", tools=[add], tool_choice="required")


def reasoning_is_off_by_default() -> None:
    quiet.call("Hi", temperature=0.2, top_p=0.5, logprobs=3)
    quiet.call("Hi", reasoning="off", temperature=0.2)
    quiet.call("Hi", reasoning="high")
    quiet.call("Hi", format=Book, temperature=0.2).parse().title.upper()
    quiet.call("Hi", temperature=0.2).resume("And?").text().upper()
    quiet.stream("Hi", temperature=0.2).text().upper()
    quiet.with_(timeout=3.0).call("Hi", temperature=0.2)
    quiet.with_(reasoning="off", max_tokens=10).call("Hi", temperature=0.2)
    quiet.with_(reasoning="high").call("Hi", reasoning="off", temperature=0.2)
    quiet.with_(reasoning="high").with_(reasoning="off").call("Hi", temperature=0.2)
    llm.Model("openai/gpt-5.6-luna").with_(reasoning="off").call("Hi", temperature=0.2)
    llm.Model.custom("openai/ft:gpt-5.6-luna:acme", like=quiet).call("Hi", temperature=0.2)
    llm.Model.custom("openai/ft:gpt-5.6-luna:acme", like=gpt).with_(reasoning="off").call("Hi", temperature=0.2)
    quiet.call("Hi", reasoning="high", temperature=0.2)  # error
    quiet.call("Hi", temprature=0.2)  # error
    quiet.call("Hi", top_k=5)  # error
    quiet.call("Hi", reasoning="minimal")  # error
    quiet.call("Hi", stop="END")  # error
    quiet.call(llm.Audio.from_url("https://x.y/z"), temperature=0.2)  # error
    quiet.with_(reasoning="high").call("Hi", temperature=0.2)  # error
    quiet.with_(reasoning="high", temperature=0.2)  # error
    quiet.with_(top_k=5)  # error
    gpt.with_(reasoning="high").call("Hi", temperature=0.2)  # error
    gpt.with_(temperature=0.2)  # error
    gpt.with_(timeout=3.0).call("Hi", temperature=0.2)  # error
    quiet.call("Hi").thougths  # error


async def and_without_waiting() -> None:
    await quiet.call_async("Hi", temperature=0.2)
    (await quiet.stream_async("Hi", temperature=0.2)).text().upper()
    await quiet.call_async("Hi", reasoning="low", temperature=0.2)  # error
    await quiet.stream_async("Hi", reasoning="low", top_p=0.2)  # error
    await fixed.call_async("Hi", reasoning="low")  # error


def reasoning_stays_off() -> None:
    fixed.call("Hi")
    fixed.call("Hi", reasoning="off", top_p=0.5, temperature=0.9)
    fixed.with_(top_p=0.5).with_(reasoning="off").call("Hi", temperature=0.9, max_tokens=10)
    quiet.with_(temperature=0.2).call("Hi", temperature=0.9)
    fixed.call("Hi", reasoning="high")  # error
    fixed.with_(reasoning="high")  # error
    quiet.with_(temperature=0.2).call("Hi", reasoning="high")  # error
    fixed.with_(timeout=3.0).call("Hi", reasoning="high")  # error
    fixed.call("Hi", temprature=0.2)  # error


def a_model_that_does_not_reason_by_default() -> None:
    silent.call("Hi", temperature=0.2, top_p=0.5, logprobs=3)
    silent.call("Hi", reasoning="off", temperature=0.2)
    silent.call("Hi", reasoning="high")
    silent.call("Hi", reasoning=llm.Reasoning(visible=True))
    silent.call("Hi", format=Book, temperature=0.2).parse().title.upper()
    silent.stream("Hi", temperature=0.2).text().upper()
    silent.with_(timeout=3.0).call("Hi", temperature=0.2)
    silent.with_(reasoning="off").call("Hi", temperature=0.2)
    silent.with_(reasoning="off").call("Hi", reasoning="high")
    llm.Model("openai/gpt-5.1", temperature=0.2).call("Hi", temperature=0.9)
    llm.Model.custom("openai/ft:gpt-5.1:acme", like=silent).call("Hi", temperature=0.2)
    awake.call("Hi", reasoning="low")
    awake.call("Hi", reasoning="off", temperature=0.2)
    awake.with_(reasoning="off").call("Hi", temperature=0.2)
    awake.with_(reasoning="off", temperature=0.2).call("Hi", top_p=0.5)
    warm.call("Hi", temperature=0.9)
    warm.call("Hi", reasoning="off")
    warm.with_(top_p=0.5).call("Hi")
    silent.call("Hi", reasoning="high", temperature=0.2)  # error
    silent.call("Hi", logprobs=3, reasoning=llm.Reasoning(effort="low"))  # error
    silent.call("Hi", temperature=0.2, reasoning=llm.Reasoning(visible=True))  # error
    silent.call("Hi", temprature=0.2)  # error
    silent.call("Hi", top_k=5)  # error
    silent.with_(reasoning="high", temperature=0.2)  # error
    silent.with_(temprature=0.2)  # error
    awake.call("Hi", temperature=0.2)  # error
    awake.with_(temperature=0.2)  # error
    awake.with_(timeout=3.0).call("Hi", top_p=0.2)  # error
    warm.call("Hi", reasoning="high")  # error
    warm.with_(reasoning="high")  # error
    llm.Model("openai/gpt-5.1", reasoning="high", temperature=0.2)  # error in pyright


async def nor_without_waiting() -> None:
    await silent.call_async("Hi", temperature=0.2)
    (await silent.stream_async("Hi", temperature=0.2)).text().upper()
    await silent.call_async("Hi", reasoning="low", temperature=0.2)  # error
    await awake.stream_async("Hi", top_p=0.2)  # error
    await warm.call_async("Hi", reasoning="low")  # error


def it_varies_while_no_level_is_set(level: Literal["off", "high"]) -> None:
    vary(silent)
    vary(warm)
    vary(awake.with_(reasoning="off"))
    think(silent)
    think(awake)
    silent.call("Hi", reasoning=level)
    silent.with_(reasoning=level).call("Hi")
    (silent if level == "off" else awake).call("Hi", reasoning="off", temperature=0.2)
    vary(awake)  # error
    think(warm)  # error
    silent.call("Hi", reasoning=level, temperature=0.2)  # error
    silent.with_(reasoning=level).call("Hi", temperature=0.2)  # error


@llm.call("openai/gpt-5.1", temperature=0.2)
def cool(name: str) -> str:
    return f"Hi {name}"


@llm.call("openai/gpt-5.1", temperature=0.2, reasoning="high")  # error
def hot(name: str) -> str:
    return f"Hi {name}"


def a_forced_tool_without_reasoning() -> None:
    seek_off.call("Hi", tools=[add], tool_choice="required")
    seek_off.call("Hi", tools=[add], reasoning="high")
    seek_forcing.call("Hi")
    seek_forcing.call("Hi", reasoning="high", tool_choice="auto")
    seek_forcing.with_(tool_choice="auto").call("Hi", reasoning="high")
    seek_forcing.with_(tool_choice="auto", reasoning="high").call("Hi")
    force(seek_off)
    force(seek_forcing)
    seek_off.call("Hi", tools=[add], tool_choice="required", reasoning="high")  # error
    seek_forcing.call("Hi", reasoning="high")  # error
    seek_forcing.with_(reasoning="high")  # error
    seek.call("Hi", tools=[add], tool_choice="required")  # error
    force(seek)  # error
    think(seek_forcing)  # error


def a_budget_or_a_forced_tool() -> None:
    budgeted.call("Hi", tools=[add], tool_choice="auto")
    budgeted.call("Hi", tools=[add], tool_choice="required", reasoning="off")
    budgeted.call("Hi", reasoning=llm.Reasoning(budget_tokens=2000))
    budgeted.with_(reasoning="off").call("Hi", tools=[add], tool_choice="required")
    budgeted.with_(tools=[add]).call("Hi", tool_choice="none")
    forcing.call("Hi")
    forcing.call("Hi", reasoning="off", tool_choice=add)
    forcing.call("Hi", tool_choice="auto", reasoning=llm.Reasoning(budget_tokens=2000))
    forcing.with_(tool_choice="auto").call("Hi", reasoning=llm.Reasoning(budget_tokens=2000))
    forcing.with_(tool_choice="auto", reasoning=llm.Reasoning(budget_tokens=2000)).call("Hi")
    force(haiku)
    force(forcing)
    look(budgeted)
    budgeted.call("Hi", tools=[add], tool_choice="required")  # error
    budgeted.call("Hi", tools=[add], tool_choice=add)  # error
    budgeted.with_(tools=[add], tool_choice="required")  # error
    budgeted.with_(timeout=3.0).call("Hi", tools=[add], tool_choice="required")  # error
    forcing.call("Hi", reasoning=llm.Reasoning(budget_tokens=2000))  # error
    forcing.with_(reasoning=llm.Reasoning(budget_tokens=2000))  # error
    forcing.with_(system="Be brief.").call("Hi", reasoning=llm.Reasoning(budget_tokens=2000))  # error
    force(budgeted)  # error
    budgeted.call("Hi", temprature=0.2)  # error


def tools_or_a_format() -> None:
    armed.call("Hi", tool_choice="auto")
    armed.call("Hi", format=None)
    armed.call("Hi", tools=[], format=Book).parse().title.upper()
    armed.call("Hi", tools=[llm.WebSearch()], format=Book).parse().title.upper()
    armed.with_(tools=[]).call("Hi", tools=[add])
    armed.with_(tools=[llm.WebSearch()]).call("Hi", format=Book)
    flash.with_(tools=[llm.WebSearch()]).call("Hi", format=Book)
    flash.with_(system="Be brief.").call("Hi", format=Book)
    book(flash)
    look(armed)
    armed.call("Hi", format=Book)  # error
    armed.with_(timeout=3.0).call("Hi", format=Book)  # error
    book(armed)  # error
    armed.call("Hi", temprature=0.2)  # error
    armed.with_(temprature=0.2)  # error


def it_is_a_model_like_any_other(first: bool) -> None:
    look(quiet)
    look(fixed)
    think(quiet)
    vary(quiet)
    vary(fixed)
    vary(gpt)  # error
    think(fixed)  # error
    models: list[llm.Model] = [gpt, quiet, fixed, budgeted, armed, seek_off]
    some: Sequence[llm.Model[llm.Text, llm.HasTemperature]] = [quiet, fixed, flash]
    for model in models:
        model.call("Hi", max_tokens=10)
    for model in some:
        vary(model)
    (quiet if first else gpt).call("Hi", reasoning="high")
    (quiet if first else gpt).call("Hi", reasoning="off", temperature=0.2)
    (quiet if first else gpt).call("Hi", temperature=0.2)  # error
    greeting(quiet, "you").text().upper()
    book(fixed).parse().title.upper()
    with llm.override(quiet, temperature=0.2):
        gpt.call("Hi")
    with llm.override(fixed):
        quiet.call("Hi", temperature=0.2)


@llm.call(quiet, max_tokens=10)
def said(name: str) -> str:
    return f"Hi {name}"


def vary_and_think(
    model: llm.Model[llm.Text, llm.HasTemperature], thinker: llm.Model[llm.Text, llm.HasReasoning[Literal["high"]]]
) -> None:
    model.call("Hi", reasoning="high")  # error
    thinker.call("Hi", temperature=0.2)  # error


class VariesAndThinks(llm.HasTemperature, llm.HasReasoning[Literal["high"]], Protocol): ...


def both(model: llm.Model[llm.Text, VariesAndThinks]) -> None:
    model.call("Hi", temperature=0.2, reasoning="high")


# What is beyond types: the defaults that `llm.Model(id, ...)` is given,
# and two capabilities in one call.
llm.Model("openai/gpt-5.6-luna", reasoning="off", temperature=0.2).call("Hi", reasoning="high")  # run time
llm.Model("google/gemini-2.5-flash", tools=[add]).call("Hi", format=Book)  # run time
llm.Model("openai/gpt-5.1", temperature=0.2).call("Hi", reasoning="high")  # run time
both(llm.openai.gpt_5_1)  # run time
said("you").text().upper()
