"""Misuses, one in a line. `misuses.txt` has what pyright says of each: the line that names what is wrong."""

import os
from dataclasses import dataclass
from typing import Literal, Protocol

from capably import llm


@dataclass
class Book:
    title: str


@llm.tool
def stock(title: str) -> int:
    "How many copies."
    return len(title)


class Needs(llm.HasTools, llm.HasSystem, Protocol): ...


def agent(model: llm.Model[llm.Text, Needs]) -> None: ...
def sees(model: llm.Model[llm.Image]) -> None: ...
def thinks(model: llm.Model[llm.Text, llm.HasReasoning[Literal["max"]]]) -> None: ...


@llm.prompt(tools=[stock], format=Book)
def recommend() -> str:
    return "A book."


id, image = os.environ["MODEL"], llm.Image.from_url("https://example.com/cat.png")
temperature = 0.2 if id else None
plain, gpt_6_1, sol, silent = llm.openai.gpt_4_1, llm.openai.gpt_6_1_sol, llm.openai.gpt_5_6_sol, llm.openai.gpt_5_1
sonnet, opus, flash = llm.anthropic.claude_sonnet_4_5, llm.anthropic.claude_opus_4_5, llm.google.gemini_2_5_flash
deepseek, budgeted = llm.deepseek.deepseek_v4_pro, llm.Reasoning(budget_tokens=2000)

# --- parameters
gpt_6_1.call("Hi", temperature=0.2)
gpt_6_1.call("Hi", temperature=None)
gpt_6_1.call("Hi", temprature=0.2)
plain.call("Hi", top_k=5)
plain.call("Hi", reasoning="high")
plain.call("Hi", max_token=5)
plain.call("Hi", temperature="hot")
plain.call("Hi", max_tokens=0.5)
plain.call("Hi", on_unsupported="ignore")
plain.call("Hi", headers={"a": 1})
plain.stream("Hi", top_k=5)
plain.with_(top_k=5)
plain.with_(format=Book)
plain.with_(temperature="hot")
llm.Model("openai/gpt-4.1", top_k=5)
llm.Model("openai/gpt-6.1-sol", temperature=0.2)

# --- reasoning and what depends on it
gpt_6_1.call("Hi", reasoning="minimal")
sol.call("Hi", reasoning="extreme")
silent.call("Hi", reasoning="max")
deepseek.call("Hi", reasoning="medium")
opus.call("Hi", reasoning="xhigh")
flash.call("Hi", reasoning="high")
sol.with_(reasoning="extreme")
silent.with_(reasoning="max")
sol.with_(reasoning="off").call("Hi", reasoning="extreme")
llm.Model("openai/gpt-5.6-sol", reasoning="extreme")
sol.call("Hi", temperature=0.2)
sol.call("Hi", temperature=temperature)
sol.call("Hi", reasoning="high", temperature=0.2)
silent.call("Hi", reasoning="high", temperature=0.2)
sol.with_(temperature=0.2)
gpt_6_1.call("Hi", reasoning=llm.Reasoning(effort="minimal"))
gpt_6_1.call("Hi", reasoning=llm.Reasoning(budget_tokens=1024))
sonnet.call("Hi", tools=[stock], tool_choice="required", reasoning=budgeted)
sonnet.with_(reasoning=budgeted).call("Hi", tools=[stock], tool_choice="required")

# --- tools and format
plain.call("Hi", tools=stock)
plain.call("Hi", tools=[len])
plain.call("Hi", tools=[stock], tool_choice="always")
plain.call("Hi", tools=[llm.Bash()])
plain.call("Hi", format=3)
plain.call("Hi", format={"type": "object"})
plain.call("Hi", format=Book("a"))
flash.call("Hi", tools=[stock], format=Book)
flash.with_(tools=[stock]).call("Hi", format=Book)
recommend(flash)

# --- content
plain.call(3)
plain.call({"role": "user", "content": "Hi"})
plain.call([{"role": "user", "content": "Hi"}])
deepseek.call(image)
deepseek.call([llm.user(["What is this?", image])])
deepseek.call("Hi").resume(image)
plain.call("Hi").resume("And?", top_k=5)

# --- responses
plain.call("Hi").thoughts
plain.call("Hi").images
plain.call("Hi").txt()
plain.call("Hi", format=Book).parse().author

# --- ids
llm.Model("gpt-6.1-sol")
llm.Model("openai/gpt-6.1-soll")
llm.Model(id)
llm.Model.custom("openai/ft:ours", like="openai/gpt-6.1-soll")
llm.call("openai/gpt-6.1-soll")
llm.call("openai/gpt-6.1-soll", temperature=0.2)
llm.call("openai/gpt-6.1-sol", temperature=0.2)
llm.call("openai/gpt-6.1-sol", reasoning="minimal")
llm.call("openai/gpt-5.6-sol", temperature=0.2)
llm.call("openai/gpt-5.6-sol", reasoning="extreme")
llm.call("google/gemini-2.5-flash", tools=[stock], format=Book)
llm.call("google/gemini-2.5-flash", temprature=0.2)
llm.openai.gpt_6_1_soll

# --- demands
agent(llm.perplexity.sonar)
demanded: llm.Model[llm.HasTools]
named: llm.Model[str]
sees(deepseek)
thinks(plain)


def bold(model: llm.Model[llm.Text, llm.HasTools]) -> None:
    model.call("Hi", temperature=0.2)


def forced(model: llm.Model[llm.Text, llm.HasTools]) -> None:
    model.call("Hi", tools=[stock], tool_choice="required")


def blind(model: llm.Model[llm.Text, llm.HasTools]) -> None:
    model.call([image])


def careless(model: llm.Model) -> None:
    model.call("Hi", temprature=0.2)


def deep(model: llm.Model[llm.Text, llm.HasReasoning[Literal["low", "high"]]]) -> None:
    model.call("Hi", reasoning="max")


# --- one of each provider
llm.anthropic.claude_sonnet_5_5.call("Hi", prefill="{")
llm.anthropic.claude_sonnet_5_5.call("Hi", cache="2h")
llm.google.gemini_3_8_flash.call("Hi", temperature=1.0)
llm.google.gemini_2_5_pro.call("Hi", reasoning="off")
llm.google.gemini_2_5_flash_image.call("Hi", tools=[stock])
llm.xai.grok_4_3.call("Hi", reasoning="extreme")
llm.xai.grok_4_3.call("Hi", stop="x")
llm.mistral.mistral_small_2603.call("Hi", reasoning="minimal")
llm.deepseek.deepseek_v4_pro.call("Hi", tools=[stock], tool_choice="required")
llm.groq.openai_gpt_oss_120b.call("Hi", reasoning="off")
llm.cerebras.gpt_oss_120b.call("Hi", reasoning="max")
llm.cohere.command_a_03_2025.call("Hi", reasoning="high")
llm.dashscope.qwen3_7_max.call("Hi", reasoning="high")
llm.moonshot.kimi_k2_6.call("Hi", temperature=0.3)
llm.perplexity.sonar.call("Hi", tools=[stock])
llm.zai.glm_5_2.call("Hi", reasoning="extreme")
llm.minimax.minimax_m3.call("Hi", reasoning="high")
llm.meta.muse_spark_1_1.call("Hi", reasoning="off")
llm.openai.gpt_audio.call("Hi", output=("text", "image"))
llm.openai.gpt_5_1.with_(reasoning="high").call("Hi", logprobs=2)

# --- a model that decorates, and prompts
llm.call(plain, top_k=5)
llm.call(plain, temprature=0.2)
llm.call(plain, temperature="hot")
llm.call(plain, max_tokens=0.5)
llm.call(plain, tools=[llm.Bash()])
llm.call(plain, format=3)
llm.call(plain, format=Book, top_k=5)
llm.call(plain, format=Book, temprature=0.2)
llm.call(gpt_6_1, temperature=0.2)
llm.call(sol, temperature=0.2)
llm.call(sol, reasoning="high")
llm.call(sol, verbosity="low")
llm.call(plain, tools=[stock], tool_choice="required")
llm.call(sol.with_(reasoning="off"), top_k=5)
llm.prompt(format=3)
llm.prompt(tools=stock)
llm.prompt(tools=[stock], format=3)
llm.prompt(temperature=0.2)
llm.prompt(tools=[stock], temprature=0.2)
llm.prompt(tools=[stock], format=Book, temperature=0.2)
llm.prompt(system="Be brief.")
llm.prompt(format=Book, temperature=0.2, max_tokens=5)
llm.prompt(format=Book, timeout="soon")

# --- going on
sol.call("Hi").resume("And?", reasoning="extreme")
plain.call("Hi").resume("And?", temperature="hot")
plain.call("Hi").resume("And?", temprature=0.2)
plain.call("Hi").resume("And?", format=3)
plain.call("Hi").resume("And?", format=Book, top_k=5)
plain.call("Hi").resume("And?", format=Book, temprature=0.2)
llm.Model.custom("openai/ft:ours", like="openai/gpt-6.1-sol", temperature=0.2)
llm.Model.custom("openai/ft:ours", like=plain, temperature=0.2)
llm.Model.custom("openai/ft:ours", like="openai/gpt-6.1-sol", max_tokens=10)
llm.override(temprature=0.2)
llm.Model.of("openai/gpt-6.1-sol", temprature=0.2)
llm.override(reasoning="extreme")
llm.Model.of("openai/gpt-6.1-sol", reasoning="extreme")

# --- without a name
plain.call("Hi", 0.2)
plain.call("Hi", Book)
plain.call("Hi", image)
sol.stream("Hi", 0.2, reasoning="off")
silent.call_async("Hi", "high")
deepseek.stream("Hi", "Be brief.")
sol.with_(0.2)
sol.with_(reasoning="off").call("Hi", 0.2)
plain.call("Hi").resume("And?", 0.2)
llm.Model("openai/gpt-4.1", 0.2)
llm.Model.of("openai/gpt-4.1").call("Hi", 0.2)
llm.call("openai/gpt-4.1", 0.2)
llm.call("openai/gpt-5.6-sol", Book)
llm.call(plain, 0.2)
