"""`None` stands for a parameter that is not given, wherever a model takes the parameter under some condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, assert_type

from capably import llm


@dataclass
class Rose:
    petals: int


@llm.tool
def water(litres: int) -> str:
    "Waters the bed."
    return str(litres)


class Needs(llm.HasTools, llm.HasTemperature, llm.HasReasoning[Literal["low"]], Protocol): ...


def plain(
    question: str,
    system: str | None = None,
    tools: Sequence[llm.Tool[Any]] | None = None,
    tool_choice: Literal["auto", "none", "required"] | None = None,
    parallel_tools: bool | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    max_tokens: int | None = None,
    stop: str | list[str] | None = None,
    seed: int | None = None,
    logprobs: int | None = None,
    extra: Mapping[str, Any] | None = None,
    on_unsupported: Literal["raise", "warn", "drop"] | None = None,
    timeout: float | None = None,
    max_retries: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> llm.Response[None]:
    return llm.mistral.mistral_large_latest.call(
        question,
        system=system,
        tools=tools,
        tool_choice=tool_choice,
        parallel_tools=parallel_tools,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
        stop=stop,
        seed=seed,
        extra=extra,
        on_unsupported=on_unsupported,
        timeout=timeout,
        max_retries=max_retries,
        headers=headers,
    )


def levels(effort: Literal["low", "high"] | None, verbosity: Literal["low", "high"] | None, short: str | None) -> None:
    llm.openai.gpt_6_1_sol.call("hi", reasoning=effort, verbosity=verbosity)
    llm.openai.gpt_6_1_sol.call("hi", reasoning=effort or "low")
    llm.openai.gpt_6_1_sol.call("hi", reasoning=short)  # error
    llm.openai.gpt_6_1_sol.with_(reasoning=effort).call("hi").resume("more", reasoning=effort)


def lacking(temperature: float | None, effort: Literal["low"] | None) -> None:
    llm.openai.gpt_6_1_sol.call("hi", temperature=None)  # error
    llm.openai.gpt_6_1_sol.call("hi", temperature=temperature)  # error
    llm.openai.gpt_4_1.call("hi", reasoning=effort)  # error
    llm.openai.gpt_4_1.call("hi", top_k=None)  # error
    llm.openai.gpt_4_1.with_(top_k=None)  # error
    llm.openai.gpt_4_1.call("hi", temprature=None)  # error
    llm.openai.gpt_4_1.call("hi").resume("more", top_k=None)  # error
    llm.Model("openai/gpt-4.1", top_k=None)  # error in pyright


def conditional(temperature: float | None, off: Literal["off"] | None, level: Literal["low"] | None) -> None:
    sol = llm.openai.gpt_5_6_sol
    sol.call("hi", temperature=None)
    sol.call("hi", temperature=None, reasoning="high")
    sol.call("hi", temperature=None, reasoning=None)
    sol.call("hi", temperature=0.2, reasoning="off")
    sol.call("hi", temperature=temperature, reasoning="off")
    sol.call("hi", temperature=temperature)  # error
    sol.call("hi", temperature=temperature, reasoning=None)  # error
    sol.call("hi", temperature=temperature, reasoning=level)  # error
    sol.call("hi", temperature=0.2, reasoning=off)  # error
    sol.with_(temperature=None).call("hi", reasoning="high")
    quiet = sol.with_(reasoning="off")
    quiet.call("hi", temperature=temperature)
    quiet.with_(reasoning=None).call("hi", temperature=temperature)
    quiet.with_(temperature=None).call("hi", reasoning="high")
    quiet.with_(temperature=None).call("hi", temperature=temperature)
    silent = llm.openai.gpt_5_1
    silent.call("hi", temperature=temperature)
    silent.call("hi", temperature=temperature, reasoning=None)
    silent.call("hi", temperature=temperature, reasoning="low")  # error
    silent.call("hi", temperature=temperature, reasoning=level)  # error
    silent.call("hi", temperature=None, reasoning=level)
    silent.with_(temperature=None).call("hi", reasoning="low")
    silent.with_(reasoning=None).call("hi", temperature=0.2)


def apart(tools: Sequence[llm.Tool[Any]] | None) -> None:
    flash = llm.google.gemini_2_5_flash
    assert_type(flash.call("hi", tools=None, format=Rose).parse(), Rose)
    assert_type(flash.call("hi", tools=None, format=None).parse(), None)
    assert_type(flash.call("hi", tools=tools).parse(), None)
    assert_type(flash.call("hi", tools=tools, format=None).parse(), None)
    flash.call("hi", tools=tools, format=Rose)  # error
    flash.with_(tools=None).call("hi", format=Rose)
    flash.with_(tools=[water]).call("hi", format=None)
    flash.with_(tools=[water]).with_(tools=None).call("hi", format=Rose)  # error


def budgets(choice: Literal["required"] | None) -> None:
    sonnet = llm.anthropic.claude_sonnet_4_5
    sonnet.call("hi", tools=[water], tool_choice=choice)
    sonnet.call("hi", tools=[water], tool_choice=None, reasoning=llm.Reasoning(budget_tokens=1024))
    sonnet.call("hi", tools=[water], tool_choice=choice, reasoning=llm.Reasoning(budget_tokens=1024))  # error
    sonnet.with_(tool_choice=None).call("hi", reasoning=llm.Reasoning(budget_tokens=1024))


def demanded(
    model: llm.Model[llm.Text, Needs], temperature: float | None, effort: Literal["low"] | None, limit: int | None
) -> None:
    response = model.call("hi", temperature=temperature, reasoning=effort, tools=None, max_tokens=limit)
    response.resume("more", temperature=temperature, reasoning=effort, max_tokens=limit)
    model.call("hi", system=None)  # error
    model.call("hi", top_p=None)  # error
    model.with_(max_tokens=limit)


def others(temperature: float | None, tools: Sequence[llm.Tool[Any]] | None) -> None:
    llm.Model("openai/gpt-4.1", temperature=temperature, tools=tools).call("hi")
    llm.Model.of("openai/gpt-4.1", temperature=temperature).call("hi", tools=tools, reasoning=None)
    with llm.override(None, temperature=temperature):
        llm.openai.gpt_4_1.call("hi")


@llm.call("openai/gpt-4.1", temperature=None, format=None)
def given_none() -> str:
    return "hi"


@llm.call("openai/gpt-5.6-sol", temperature=None)
def conditional_none() -> str:
    return "hi"


@llm.call("google/gemini-2.5-flash", tools=None, format=Rose)
def apart_none() -> str:
    return "hi"


@llm.call("openai/gpt-4.1", top_k=None)  # error
def lacking_none() -> str:
    return "hi"


@llm.prompt(tools=None, format=Rose, max_tokens=None)
def prompted() -> str:
    return "hi"


assert_type(given_none().parse(), None)
assert_type(apart_none().parse(), Rose)
assert_type(prompted(llm.openai.gpt_4_1).parse(), Rose)
demanded(llm.openai.gpt_5_1, 0.2, None, None)
demanded(llm.openai.gpt_4_1, 0.2, None, None)  # error
plain("hi", temperature=0.2)
