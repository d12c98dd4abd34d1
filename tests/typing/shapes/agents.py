# Programs in the shapes that people write; `tests/typing/test_shapes.py` says how they are read.

# %% a loop over tools, written by hand
from capably import llm


@llm.tool
def stock(title: str) -> int:
    """How many copies of a book are on the shelf."""
    return len(title)


response = llm.anthropic.claude_sonnet_5_5.call("How many copies of Piranesi?", tools=[stock])
while response.tool_calls:
    response = response.resume(response.execute_tools())
print(response.text(), response.usage.output_tokens)

# %% an agent as a class with a model, tools and a number of steps
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from capably import llm


@llm.tool
def search(query: str) -> str:
    """Search the catalogue."""
    return f"Nothing about {query}."


@dataclass
class Agent:
    model: llm.Model[llm.Text, llm.HasTools]
    tools: Sequence[llm.Tool[Any]]
    steps: int = 5
    log: list[str] = field(default_factory=list[str])

    def run(self, task: str) -> str:
        response = self.model.call(task, tools=self.tools)
        for _ in range(self.steps):
            if not response.tool_calls:
                break
            self.log += [call.name for call in response.tool_calls]
            response = response.resume(response.execute_tools())
        return response.text()


agent = Agent(llm.openai.gpt_6_1_sol, [search])
print(agent.run("Find a book."), agent.log)

# %% an asynchronous agent with asynchronous tools
import asyncio

from capably import llm


@llm.tool
async def fetch(url: str) -> str:
    """Read a page."""
    await asyncio.sleep(0)
    return f"The page at {url}."


@llm.tool
def now() -> str:
    """The time."""
    return "12:00"


async def run(task: str) -> str:
    response = await llm.google.gemini_3_8_flash.call_async(task, tools=[fetch, now])
    while response.tool_calls:
        response = await response.resume(await response.execute_tools())
    return response.text()


print(asyncio.run(run("Read example.com.")))

# %% tools that are methods of the object that holds the state
from dataclasses import dataclass, field

from capably import llm


@dataclass
class Cart:
    items: list[str] = field(default_factory=list[str])

    @llm.tool
    def add(self, item: str) -> int:
        """Put an item into the cart."""
        self.items.append(item)
        return len(self.items)

    @llm.tool
    def clear(self) -> None:
        """Empty the cart."""
        self.items.clear()

    def chat(self, text: str) -> str:
        response = llm.openai.gpt_4_1.call(text, tools=[self.add, self.clear])
        while response.tool_calls:
            response = response.resume(response.execute_tools())
        return response.text()


cart = Cart()
print(cart.chat("Buy milk."), cart.items, cart.add("bread") + 1)

# %% tools with a typed context
from dataclasses import dataclass

from capably import llm


@dataclass
class Deps:
    user: str
    orders: dict[str, int]


@llm.tool
def orders(context: llm.Context[Deps]) -> int:
    """Count the orders of the user."""
    return context.deps.orders[context.deps.user]


deps = llm.Context(Deps("Ada", {"Ada": 7}))
response = llm.anthropic.claude_haiku_5_5.call("How many orders have I?", tools=[orders])
while response.tool_calls:
    response = response.resume(response.execute_tools(deps))
print(response.text(), orders(deps) + 1)

# %% a router that lets a small model choose the large one
from typing import Literal

from capably import llm


def route(question: str) -> str:
    kind = llm.openai.gpt_6_luna.call(f"Easy or hard? {question}", format=bool).parse()
    model = llm.anthropic.claude_opus_5_5 if kind else llm.anthropic.claude_haiku_5_5
    return model.call(question, max_tokens=500).text()


def think(model: llm.Model[llm.Text, llm.HasReasoning[Literal["high"]]], question: str) -> str:
    return model.call(question, reasoning="high").text()


print(route("Why is the sky blue?"), think(llm.openai.o3, "Why?"))

# %% an answer in a format after tools
from dataclasses import dataclass

from capably import llm


@dataclass
class Report:
    title: str
    pages: int


@llm.tool
def pages(title: str) -> int:
    """Count the pages of a book."""
    return len(title) * 100


response = llm.openai.gpt_6_1_sol.call("Report on Piranesi.", tools=[pages], format=Report)
while response.tool_calls:
    response = response.resume(response.execute_tools())
report = response.validate().parse()
print(report.title.upper(), report.pages + 1)

# %% a critic that goes on with the conversation of a writer
from capably import llm

draft = llm.anthropic.claude_sonnet_5_5.call("Write a haiku.", reasoning="low")
review = llm.openai.gpt_6_1_sol.call([*draft.messages, llm.user("Criticise it.")])
final = draft.resume(f"Do it again. {review.text()}", max_tokens=2000)
print(final.text(), final.cost, [message for message in final.messages])

# %% tool calls that are looked at before they run
from capably import llm


@llm.tool
def delete(path: str) -> str:
    """Delete a file."""
    return f"{path} is deleted."


response = llm.anthropic.claude_sonnet_5_5.call("Tidy up.", tools=[delete])
outputs: list[llm.ToolOutput] = []
for call in response.tool_calls:
    if call.args_error is not None or call.args.get("path") == "/":
        outputs.append(llm.ToolOutput(call.id, call.name, "Refused.", is_error=True))
    else:
        outputs.append(llm.ToolOutput(call.id, call.name, delete(**call.args)))
print(response.resume(outputs).text())

# %% a tool that a model is forced to call
from capably import llm


@llm.tool
def save(summary: str) -> str:
    """Save a summary."""
    return summary


response = llm.openai.gpt_6_1_sol.call("Summarise.", tools=[save], tool_choice=save, parallel_tools=False)
print(response.execute_tools()[0].value)

# %% tools that are made in a loop, and tools with names of their own
from collections.abc import Callable
from typing import Any

from capably import llm


def double(value: int) -> int:
    return value * 2


def half(value: int) -> float:
    return value / 2


functions: dict[str, Callable[[int], float]] = {"double": double, "half": half}
tools: list[llm.Tool[Any]] = [llm.tool(name=f"do_{name}")(function) for name, function in functions.items()]
print(llm.openai.gpt_4_1.call("Twice 4?", tools=tools).tool_calls)

# %% a part of each kind of an answer is handled
from typing import assert_never

from capably import llm

response = llm.anthropic.claude_sonnet_5_5.call("Think.", reasoning=llm.Reasoning(effort="low", visible=True))
for part in response.content:
    match part:
        case llm.Text() | llm.Thought() | llm.Commentary() | llm.Refusal():
            print(part.text)
        case llm.ToolCall():
            print(part.name, part.args)
        case llm.Image() | llm.Audio():
            print(part.media_type)
        case llm.Unknown():
            print(part.kind)
        case _:
            assert_never(part)

# %% misuse: a temperature for a model that takes none, inside an agent
from dataclasses import dataclass

from capably import llm


@llm.tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@dataclass
class Agent:
    task: str

    def run(self) -> str:
        response = llm.anthropic.claude_sonnet_5_5.call(self.task, tools=[add], temperature=0.0)  # error
        return response.text()


print(Agent("Add 1 and 2.").run())

# %% misuse: a forced tool for a model that cannot be forced
from capably import llm


@llm.tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


llm.anthropic.claude_sonnet_5_5.call("1 + 2?", tools=[add], tool_choice="required")  # error

# %% misuse: tools and a format for a model that takes one of them
from dataclasses import dataclass

from capably import llm


@dataclass
class Sum:
    value: int


@llm.tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


llm.google.gemini_2_5_flash.call("1 + 2?", tools=[add], format=Sum)  # error

# %% misuse: a tool of another provider
from capably import llm

llm.anthropic.claude_sonnet_5_5.call("Where?", tools=[llm.GoogleMaps()])  # error

# %% misuse: a function without the decorator as a tool
from capably import llm


def add(a: int, b: int) -> int:
    return a + b


llm.openai.gpt_4_1.call("1 + 2?", tools=[add])  # error

# %% misuse: one tool in place of a list
from capably import llm


@llm.tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


llm.openai.gpt_4_1.call("1 + 2?", tools=add)  # error

# %% misuse: a tool is called with arguments that it does not have
from capably import llm


@llm.tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


add(1, c=2)  # error

# %% misuse: a tool of an object is called without its argument
from capably import llm


class Shop:
    @llm.tool
    def price(self, title: str) -> float:
        """Look a price up."""
        return float(len(title))


Shop().price()  # error

# %% misuse: a model without tools for an agent that needs them
from capably import llm


def agent(model: llm.Model[llm.Text, llm.HasTools]) -> str:
    return model.call("Hi", tools=[llm.tool(print_it)]).text()


def print_it(text: str) -> str:
    """Print."""
    return text


agent(llm.perplexity.sonar)  # error

# %% misuse: an effort that this model does not have, behind a condition
import sys

from capably import llm

hard = len(sys.argv) < 100
if hard:
    llm.google.gemini_3_8_flash.call("Prove it.", reasoning="xhigh")  # error

# %% misuse: a turn goes on with a parameter that the model lacks
# after 1 request
from capably import llm

response = llm.openai.gpt_6_1_sol.call("Hi")
response.resume("And now?", temperature=0.2)  # error

# %% misuse: an asynchronous tool in a synchronous loop
# after 1 request
from capably import llm


@llm.tool
async def fetch(url: str) -> str:
    """Read a page."""
    return url


response = llm.openai.gpt_4_1.call("Read it.", tools=[fetch])
response.execute_tools()  # run time

# %% misuse: a context that is not given
# after 1 request
from capably import llm


@llm.tool
def orders(context: llm.Context[int]) -> int:
    """Count."""
    return context.deps


response = llm.openai.gpt_4_1.call("How many?", tools=[orders])
response.execute_tools()  # run time

# %% misuse: two tools of one name
# except mypy: it wants a type for a lambda that is passed to a generic function
from capably import llm


@llm.tool
def add(a: int) -> int:
    """Add."""
    return a


llm.openai.gpt_4_1.call("1 + 2?", tools=[add, llm.tool(name="add")(lambda: 3)])  # run time

# %% an agent whose state has a phase and a history
from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from capably import llm


class AgentNeeds(llm.HasTools, llm.HasSystem, Protocol): ...


class Phase(Enum):
    PLANNING = auto()
    ACTING = auto()
    DONE = auto()


@dataclass
class State:
    messages: list[llm.Message] = field(default_factory=list[llm.Message])
    phase: Phase = Phase.PLANNING
    usage: llm.Usage = field(default_factory=llm.Usage)


@llm.tool
def lookup(word: str) -> str:
    """Look a word up."""
    return word


class Agent:
    system = "You are a planner."

    def __init__(self, model: llm.Model[llm.Text, AgentNeeds]) -> None:
        self.model = model
        self.state = State()

    def step(self, text: str) -> State:
        match self.state.phase:
            case Phase.PLANNING:
                response = self.model.call([*self.state.messages, llm.user(text)], system=self.system)
                self.state.messages = response.messages
                self.state.phase = Phase.ACTING
            case Phase.ACTING:
                acting = self.model.call(self.state.messages + [llm.user("Act")], tools=[lookup])
                while acting.tool_calls:
                    acting = acting.resume(acting.execute_tools())
                self.state.messages = acting.messages
                self.state.phase = Phase.DONE
            case Phase.DONE:
                pass
        return self.state


agent = Agent(llm.anthropic.claude_sonnet_5_5)
while agent.step("Find a book").phase is not Phase.DONE:
    print(agent.state.phase)

# %% settings that hold models of two demands
from dataclasses import dataclass, replace

from capably import llm
from capably.llm import Model


@dataclass(frozen=True)
class Settings:
    fast: Model
    strong: Model[llm.Image]
    max_tokens: int = 1000


settings = Settings(fast=llm.openai.gpt_6_luna, strong=llm.google.gemini_3_8_flash)
other = replace(settings, max_tokens=10)
print(other.fast.call("Hi", max_tokens=other.max_tokens).text())
print(other.strong.call(["Hi", llm.Image.from_url("https://example.com/a.png")]).text())

# %% a table of models by role
from capably import llm

MODELS: dict[str, llm.Model] = {
    "fast": llm.openai.gpt_6_luna,
    "strong": llm.anthropic.claude_opus_5_5,
    "vision": llm.google.gemini_3_8_flash,
}


def ask(role: str, text: str) -> str:
    return MODELS[role].call(text, max_tokens=200).text()


print({role: ask(role, "Hi") for role in MODELS})

# %% an enumeration of models
from enum import Enum

from capably import llm


class Tier(Enum):
    FAST = llm.openai.gpt_6_luna
    STRONG = llm.anthropic.claude_opus_5_5


def ask(tier: Tier) -> str:
    return tier.value.call("Hi", max_tokens=20).text()


print(ask(Tier.FAST), Tier.STRONG.value.id)

# %% a class replaces the model of its base
from capably import llm


class Base:
    model: llm.Model = llm.openai.gpt_6_luna

    def ask(self, text: str) -> str:
        return self.model.call(text).text()


class Strong(Base):
    model = llm.anthropic.claude_opus_5_5


print(Base().ask("Hi"), Strong().ask("Hi"))

# %% an abstract task with a model as a property
from abc import ABC, abstractmethod

from capably import llm


class Task(ABC):
    @property
    @abstractmethod
    def model(self) -> llm.Model[llm.Text, llm.HasTools]: ...

    def run(self) -> str:
        return self.model.call("Hi", tools=[]).text()


class Cheap(Task):
    @property
    def model(self) -> llm.Model[llm.Text, llm.HasTools]:
        return llm.openai.gpt_6_luna


print(Cheap().run())

# %% a router that answers with a word of a Literal
from typing import Literal

from capably import llm

Kind = Literal["billing", "tech"]
handlers: dict[Kind, llm.Model] = {"billing": llm.openai.gpt_6_luna, "tech": llm.anthropic.claude_sonnet_5_5}


def answer(text: str) -> str:
    kind = llm.openai.gpt_6_luna.call(text, format=Kind).parse()
    return handlers[kind].call(text).text()


print(answer("Hi"))

# %% misuse: a history of dicts
from dataclasses import dataclass, field

from capably import llm


@dataclass
class Chat:
    history: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def say(self, text: str) -> str:
        self.history.append({"role": "user", "content": text})
        return llm.openai.gpt_4_1.call(self.history).text()  # error


Chat().say("Hi")

# %% misuse: a model without eyes in settings that demand them
# types only: what a field holds is looked at when it is called
from dataclasses import dataclass

from capably import llm


@dataclass
class Settings:
    vision: llm.Model[llm.Image]


Settings(vision=llm.cerebras.gpt_oss_120b)  # error

# %% misuse: a model without tools in a table that demands them
# types only: what a table holds is looked at when it is called
from capably import llm

MODELS: dict[str, llm.Model[llm.Text, llm.HasTools]] = {
    "fast": llm.openai.gpt_6_luna,
    "search": llm.perplexity.sonar,  # error
}

# %% misuse: a class replaces a model by one that can do less
# types only: the model is looked at when it is called
from capably import llm


class Base:
    model: llm.Model[llm.Image] = llm.google.gemini_3_8_flash


class Other(Base):
    model = llm.cerebras.gpt_oss_120b  # error


# %% misuse: a member of an enumeration lacks the parameter
from enum import Enum

from capably import llm


class Tier(Enum):
    FAST = llm.openai.gpt_4_1
    STRONG = llm.anthropic.claude_sonnet_5_5


Tier.STRONG.value.call("Hi", temperature=0.2)  # error

# %% misuse: functions of a registry of one's own as tools
from collections.abc import Callable
from typing import Any

from capably import llm

REGISTRY: list[Callable[..., Any]] = []


def register(function: Callable[..., Any]) -> Callable[..., Any]:
    REGISTRY.append(function)
    return function


@register
def add(a: int) -> int:
    """Add."""
    return a


llm.openai.gpt_4_1.call("Hi", tools=REGISTRY)  # error

# %% misuse: an asynchronous tool is called and not awaited
# types only: Python has the coroutine and no number
from capably import llm


@llm.tool
async def add(a: int) -> int:
    """Add."""
    return a


print(add(1) + 1)  # error

# %% misuse: a capability in the place of content
# types only: an annotation is not looked at
from capably import llm


def agent(model: llm.Model[llm.HasTools]) -> str:  # error
    return model.call("Hi", tools=[]).text()
