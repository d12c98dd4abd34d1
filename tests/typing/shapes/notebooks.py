# Programs in the shapes that people write; `tests/typing/test_shapes.py` says how they are read.

# %% models side by side
# except mypy: it joins the classes of a list without an annotation to `object`; `models: list[llm.Model] = [...]`
from capably import llm

question = "Name a fantasy book."
models = [llm.anthropic.claude_sonnet_5_5, llm.openai.gpt_6_1_sol, llm.google.gemini_3_8_flash]
for model in models:
    print(model.id, model.call(question, max_tokens=100).text())

# %% one model after the other in one cell
from capably import llm

m1 = llm.Model("openai/gpt-5.6-luna")
quiet = m1.with_(reasoning="off")
print(quiet.call("Hi", temperature=0.2).text(), m1.call("Hi", reasoning="low").text())

# %% a sweep over temperatures
from capably import llm

answers = {t / 10: llm.openai.gpt_4_1.call("A number.", temperature=t / 10).text() for t in range(0, 11, 5)}
print(answers)

# %% a sweep over efforts, typed
from typing import Literal

from capably import llm

efforts: list[Literal["low", "medium", "high"]] = ["low", "medium", "high"]
for effort in efforts:
    print(effort, llm.openai.o3.call("Prove it.", reasoning=effort).usage.reasoning_tokens)

# %% the facts of a model
from capably import llm

info = llm.anthropic.claude_sonnet_5_5.info
print(info.limits if info else None, [other.id for other in llm.models(provider="google", tools=True)][:3])

# %% a stream that prints as it arrives
from capably import llm

with llm.anthropic.claude_sonnet_5_5.stream("Tell me a story.", reasoning="low") as stream:
    for piece in stream.text_stream():
        print(piece, end="")
print(stream.usage, stream.cost)

# %% parts of a stream
from capably import llm

stream = llm.google.gemini_3_8_flash.stream("Think.", reasoning="high")
for part in stream.streams():
    if part.content_type == "text":
        print("".join(part))
    elif part.content_type == "tool_call":
        print(part.tool_name, part.partial_args)
print(stream.finish_reason)

# %% a structured stream
from dataclasses import dataclass

from capably import llm


@dataclass
class Chapter:
    title: str
    scenes: list[str]


stream = llm.openai.gpt_6_1_sol.stream("A chapter.", format=Chapter)
for partial in stream.structured_stream():
    print(partial.get("title"), len(partial.get("scenes", [])))
print(stream.parse().scenes[0])

# %% a chat in one variable
from capably import llm

chat = llm.anthropic.claude_haiku_5_5.call("Hi", system="You are a pirate.")
for line in ("Where is the treasure?", "Thank you."):
    chat = chat.resume(line)
print(chat.text(), len(chat.messages))

# %% pictures and sound from files
# except mypy: it joins the classes of a list without an annotation to `object`; write the list in the call
import tempfile
from pathlib import Path

from capably import llm

folder = Path(tempfile.mkdtemp())
(folder / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n")
(folder / "hello.mp3").write_bytes(b"ID3")
content = ["What is here?", llm.Image.from_file(folder / "cat.png"), llm.Audio.from_file(folder / "hello.mp3")]
print(llm.google.gemini_3_8_flash.call(content).text())

# %% a thinking budget
from capably import llm

response = llm.anthropic.claude_sonnet_4_5.call("Think.", reasoning=llm.Reasoning(budget_tokens=2000), max_tokens=4000)
print(response.thoughts, response.text())

# %% a table of answers
from dataclasses import asdict, dataclass

from capably import llm


@dataclass
class Row:
    city: str
    people: int


rows = [llm.openai.gpt_4_1.call(f"About {city}.", format=Row).parse() for city in ("Rome", "Oslo")]
table = [asdict(row) for row in rows]
print(sum(row.people for row in rows), table)

# %% misuse: a temperature while the model reasons
from capably import llm

luna = llm.Model("openai/gpt-5.6-luna")
luna.call("Hi", temperature=0.2)  # error

# %% misuse: a temperature that does nothing
from capably import llm

llm.google.gemini_3_8_flash.call("Hi", temperature=1.0)  # error

# %% misuse: reasoning off for a model that always reasons
from capably import llm

llm.openai.gpt_6_1_sol.call("Hi", reasoning="off")  # error

# %% misuse: a level from a list of texts
# after 1 request
from capably import llm

for effort in ["low", "maximum"]:
    llm.openai.o3.call("Hi", reasoning=effort)  # error

# %% misuse: a budget for a model of levels
from capably import llm

llm.anthropic.claude_sonnet_5_5.call("Hi", reasoning=llm.Reasoning(budget_tokens=2048))  # error

# %% misuse: a verbosity that Gemini does not have
from capably import llm

llm.google.gemini_3_8_flash.call("Hi", verbosity="low")  # error

# %% misuse: a seed in a loop over models, of which one has none
from capably import llm

for model in (llm.openai.gpt_4_1, llm.anthropic.claude_sonnet_5_5):
    model.call("Hi", seed=7)  # error

# %% misuse: a beginning of the answer that the model does not continue
from capably import llm

llm.anthropic.claude_sonnet_5_5.call("List three.", prefill="1.")  # error

# %% misuse: a misspelt constant
from capably import llm

llm.openai.gpt_61_sol.call("Hi")  # error

# %% misuse: a default of the constructor that the model lacks
# except mypy, ty, pyrefly: they read only `__new__`, so the defaults of the constructor are left to run time
from capably import llm

model = llm.Model("anthropic/claude-sonnet-5-5", temperature=0.2)  # error
model.call("Hi")  # refused here

# %% misuse: a default of a copy that the model lacks
from capably import llm

model = llm.anthropic.claude_sonnet_5_5.with_(top_p=0.9)  # error
model.call("Hi")  # refused here

# %% misuse: a temperature of a copy that reasons again
from capably import llm

quiet = llm.openai.gpt_5_6_luna.with_(reasoning="off")
quiet.call("Hi", temperature=0.2, reasoning="high")  # error

# %% misuse: a structured stream of a call without a format
# types only: the stream has begun when its structure is read; an error says that there is no format
from capably import llm

for partial in llm.openai.gpt_6_1_sol.stream("Hi").structured_stream():  # error
    print(partial)

# %% misuse: an attribute of a partial answer
# types only: Python finds the missing attribute when the answer is there
from dataclasses import dataclass

from capably import llm


@dataclass
class Row:
    city: str


for partial in llm.openai.gpt_6_1_sol.stream("Hi", format=Row).structured_stream():
    print(partial.city)  # error

# %% misuse: a picture by its path
from capably import llm

llm.Image.from_file(3)  # error

# %% misuse: sound for a model that does not hear, in a list
from capably import llm

speech = llm.Audio.from_url("https://example.com/hello.mp3")
llm.openai.gpt_6_1_sol.call(["What is said?", speech])  # error

# %% misuse: a temperature beyond the range
from capably import llm

llm.openai.gpt_4_1.call("Hi", temperature=3.0)  # run time

# %% misuse: a URL that is none
from capably import llm

llm.Image.from_url("cat.png")  # run time

# %% a named tuple as the format
from typing import NamedTuple

from capably import llm


class Point(NamedTuple):
    x: int
    y: int


print(llm.openai.gpt_6_1_sol.call("x", format=Point).parse().x + 1)

# %% a generic pydantic model as the format
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from capably import llm

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int = Field(description="how many", ge=0)


class Book(BaseModel):
    title: str
    tags: list[str] = []


page = llm.anthropic.claude_sonnet_5_5.call("Books", format=Page[Book]).parse()
print(page.items[0].title, page.total + 1)

# %% a union as the format, matched to the end
from dataclasses import dataclass
from typing import assert_never

from capably import llm


@dataclass
class Refund:
    amount: float


@dataclass
class Escalate:
    reason: str


Decision = Refund | Escalate


def decide(text: str) -> str:
    decision = llm.anthropic.claude_sonnet_5_5.call(text, format=Decision).parse()
    match decision:
        case Refund(amount):
            return f"refund {amount}"
        case Escalate(reason=reason):
            return reason
        case _:
            assert_never(decision)


print(decide("Hi"))

# %% an evaluation of models with a judge
import csv
import io
import statistics
from collections import Counter
from dataclasses import dataclass

from capably import llm


@dataclass
class Verdict:
    score: int
    reason: str


@dataclass(frozen=True)
class Case:
    question: str
    expected: str


cases = [Case(**row) for row in csv.DictReader(io.StringIO("question,expected\na,b\nc,d\n"))]
models = {"luna": llm.openai.gpt_6_luna, "haiku": llm.anthropic.claude_haiku_5_5}
judge = llm.openai.gpt_6_1_sol
scores: dict[str, list[int]] = {name: [] for name in models}
reasons = Counter[str]()
for name, model in models.items():
    for case in cases:
        answer = model.call(case.question, max_tokens=200)
        verdict = judge.call(f"{case.expected} {answer.text()}", format=Verdict, reasoning="low").parse()
        scores[name].append(verdict.score)
        reasons[verdict.reason] += 1
print({name: statistics.mean(values) for name, values in scores.items()}, reasons.most_common(1))

# %% misuse: reasoning by a boolean
from capably import llm

llm.anthropic.claude_sonnet_5_5.call("Hi", reasoning=True)  # error

# %% misuse: reasoning by a dict
from capably import llm

llm.anthropic.claude_sonnet_5_5.call("Hi", reasoning={"effort": "high"})  # error

# %% misuse: the text of a response without a call
# types only: Python finds the missing attribute when the answer is there
from capably import llm

response = llm.openai.gpt_6_1_sol.call("Hi")
print(response.text.upper())  # error

# %% misuse: a cost that may be unknown is added
# types only: the cost is known here
from capably import llm

total = 0.0
total += llm.openai.gpt_6_1_sol.call("Hi").cost  # error

# %% misuse: a loop over a stream itself
# types only: Python finds that it is no iterator when the stream has begun
from capably import llm

with llm.openai.gpt_4_1.stream("Hi") as stream:
    for piece in stream:  # error
        print(piece)

# %% a format out of a table
# except ty: it solves no type out of a variable of several
from dataclasses import dataclass

from capably import llm


@dataclass
class Book:
    title: str


@dataclass
class Film:
    name: str


FORMATS: dict[str, type[Book] | type[Film]] = {"book": Book, "film": Film}


def pick(kind: str) -> Book | Film:
    return llm.openai.gpt_6_luna.call("x", format=FORMATS[kind]).parse()


print(pick("film"))
