# ruff: noqa: B018
"""What people get wrong with the SDKs that capably replaces: one model's habits tried on another, and lost types."""

from dataclasses import dataclass

from capably import llm


@dataclass
class Book:
    title: str


@llm.tool
def look_up(title: str) -> str:
    """Looks up."""
    return title


def plain(title: str) -> str:
    return title


photo = llm.Image.from_url("https://example.com/cat.png")
speech = llm.Audio.from_url("https://example.com/hello.mp3")
sonnet = llm.Model("anthropic/claude-sonnet-5-5")
sol = llm.Model("openai/gpt-6.1-sol")
flash = llm.Model("google/gemini-3.8-flash")


# 1 to 5: the decorator with another model's parameters.
@llm.call("openai/gpt-6.1-sol", temperature=0.7)  # error
def a() -> str:
    return "Hi"


@llm.call("anthropic/claude-sonnet-5-5", seed=7)  # error
def b() -> str:
    return "Hi"


@llm.call("google/gemini-3.8-flash", verbosity="high")  # error
def c() -> str:
    return "Hi"


@llm.call("openai/gpt-6.1-sol", tools=[llm.WebFetch()])  # error
def d() -> str:
    return "Hi"


@llm.call("openai/gpt-6-sool")  # error
def e() -> str:
    return "Hi"


@llm.call("anthropic/claude-sonnet-5-5", format=Book)
def f(topic: str) -> str:
    return topic


@llm.prompt
def listening() -> list[str | llm.Audio]:
    return ["What is said?", speech]


@llm.prompt(format=Book)
def reading() -> str:
    return "Which book?"


# 6 to 10: what comes back.
f("frogs").parse().tittle  # error
f(3)  # error
f("frogs").parse() + 1  # error
sonnet.call("Hi").parse().title  # error
sonnet.call("Hi").txt()  # error

# 11 to 15: prompts and tools.
listening(sonnet)  # error
reading(llm.google.gemma_3_27b_it)  # error
reading("anthropic/claude-sonnet-5-5")  # error
sonnet.call("Hi", tools=[plain])  # error
sonnet.call("Hi", tools=look_up)  # error

# 16 to 20: wire formats and settings of other libraries.
sonnet.call([{"role": "user", "content": "Hi"}])  # error
sonnet.call("Hi", tool_choice={"type": "auto"})  # error
sonnet.call("Hi", reasoning={"effort": "low"})  # error
sonnet.call("Hi", thinking={"type": "enabled", "budget_tokens": 1024})  # error
sonnet.call("Hi", max_tokens="100")  # error
sonnet.call("Hi", on_unsupported="ignore")  # error
sonnet.with_(reasoning="minimal")  # error
sonnet.temperature = 0.2  # error


def valid() -> None:
    f("frogs").parse().title.upper()
    f.stream("frogs").text_stream()
    listening(flash).text()
    reading(sol).parse().title.upper()
    sonnet.call("Hi", tools=[look_up]).resume(llm.ToolOutput("1", "look_up", "Dune")).text()
    response = sonnet.call("Hi", tools=[look_up])
    while response.tool_calls:
        response = response.resume(response.execute_tools())
    sol.call(response.messages, reasoning="low")
    sonnet.call(["What is this?", photo]).resume([photo, "And this?"])
    look_up("Dune").upper()
