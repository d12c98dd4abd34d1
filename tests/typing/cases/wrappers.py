"""Functions of one's own that hand on the parameters of a call: `**params: Unpack[llm.openai.Gpt41Params]`."""

from dataclasses import dataclass
from typing import Unpack, assert_type

from capably import llm


@dataclass
class Book:
    title: str


@llm.tool
def stock(title: str) -> int:
    "How many copies."
    return len(title)


def ask(question: str, **params: Unpack[llm.mistral.MistralLargeLatestParams]) -> str:
    return llm.mistral.mistral_large_latest.call(question, **params).text()


def conditional(question: str, **params: Unpack[llm.openai.Gpt56SolParams]) -> str:
    return llm.openai.gpt_5_6_sol.call(question, **params).text()


def silent(question: str, **params: Unpack[llm.openai.Gpt51Params]) -> str:
    return llm.openai.gpt_5_1.call(question, **params).text()


def budgeted(question: str, **params: Unpack[llm.anthropic.ClaudeSonnet46Params]) -> str:
    return llm.anthropic.claude_sonnet_4_6.call(question, **params).text()


def structured(question: str, **params: Unpack[llm.anthropic.ClaudeSonnet55Params]) -> Book:
    return llm.anthropic.claude_sonnet_5_5.call(question, format=Book, **params).parse()


def apart(question: str, **params: Unpack[llm.google.Gemini25FlashParams]) -> str:
    return llm.google.gemini_2_5_flash.call(question, **params).text()


async def later(question: str, **params: Unpack[llm.anthropic.ClaudeSonnet55Params]) -> str:
    params.setdefault("max_tokens", 100)
    return (await llm.anthropic.claude_sonnet_5_5.call_async(question, **params)).text()


class Bot:
    def __init__(self, **params: Unpack[llm.openai.Gpt41Params]) -> None:
        self.params = params

    def ask(self, question: str) -> llm.Response[None]:
        return llm.openai.gpt_4_1.call(question, **self.params)


def another(question: str, **params: Unpack[llm.openai.Gpt56SolParams]) -> str:
    return llm.openai.gpt_4_1.call(question, **params).text()  # error


assert_type(ask("hi", temperature=0.2, stop=["END"], tools=[stock]), str)
ask("hi", temperature=None)
ask("hi", temprature=0.2)  # error
conditional("hi", reasoning="low", tools=[stock])
conditional("hi", reasoning="extreme")  # error
conditional("hi", temperature=0.2)  # error
silent("hi", reasoning="low")
budgeted("hi", reasoning="off", max_tokens=100)
structured("hi", reasoning="low", tools=[stock])
structured("hi", temperature=0.2)  # error
apart("hi", tools=[stock])
Bot(temperature=0.2).ask("hi")
Bot(top_k=5)  # error
