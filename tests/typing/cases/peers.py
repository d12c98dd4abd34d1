# ruff: noqa: B018
"""The misuses and the valid uses with which peers were measured (the kinds A to O of real refusals), in today's models."""

from dataclasses import dataclass

from capably import llm


@dataclass
class Book:
    title: str


@llm.tool
def look_up(title: str) -> str:
    """Looks up."""
    return title


photo = llm.Image.from_url("https://example.com/cat.png")
clip = llm.Video.from_url("https://example.com/cat.mp4")
budget = llm.Reasoning(budget_tokens=4000)
sonnet = llm.anthropic.claude_sonnet_5_5
fable = llm.anthropic.claude_fable_5_2
haiku = llm.anthropic.claude_haiku_4_5
opus45 = llm.anthropic.claude_opus_4_5
opus46 = llm.anthropic.claude_opus_4_6
gpt4o = llm.openai.gpt_4o
gpt5 = llm.openai.gpt_5
gpt5pro = llm.openai.gpt_5_pro
gpt51 = llm.openai.gpt_5_1
luna = llm.openai.gpt_5_6_luna
lite = llm.google.gemini_2_5_flash_lite
pro25 = llm.google.gemini_2_5_pro
flash3 = llm.google.gemini_3_flash_preview
gemma = llm.google.gemma_3_27b_it
muse = llm.meta.muse_spark_1_3

# A to C: sampling, and names of limits.
gpt5.call("Hi", temperature=0.0)  # error
sonnet.call("Hi", temperature=1.0)  # error
gpt51.call("Hi", temperature=0.2, reasoning="low")  # error
luna.call("Hi", temperature=0.2, reasoning="low")  # error
sonnet.call("Hi", temperature=0.2, top_p=0.5)  # error
gpt4o.call("Hi", top_k=40)  # error
gpt4o.call("Hi", max_completion_tokens=100)  # error

# E and F: how much it may think, and how that is said.
gpt51.call("Hi", reasoning="minimal")  # error
gpt5pro.call("Hi", reasoning="off")  # error
gpt5pro.call("Hi", reasoning="low")  # error
gpt4o.call("Hi", reasoning="low")  # error
opus45.call("Hi", reasoning="xhigh")  # error
sonnet.call("Hi", reasoning=llm.Reasoning(budget_tokens=4000))  # error
fable.call("Hi", reasoning="off")  # error
pro25.call("Hi", reasoning="off")  # error
haiku.call("Hi", reasoning=llm.Reasoning(visible=True))  # error
muse.call("Hi", reasoning=llm.Reasoning(visible=True))  # error
muse.call("Hi", reasoning=llm.Reasoning(effort="low", visible=True))  # error
flash3.call("Hi", reasoning=llm.Reasoning(budget_tokens=4000, effort="low"))  # error

# G to J: tools.
opus45.call("Hi", tools=[look_up], tool_choice="required", reasoning=llm.Reasoning(budget_tokens=4000))  # error
flash3.call("Hi", tools=[look_up], parallel_tools=False)  # error
gemma.call("Hi", tools=[look_up])  # error
gpt4o.call("Hi", tools=[llm.Bash()])  # error
pro25.call("Hi", tools=[look_up], format=Book)  # error
pro25.call("Hi", tools=[look_up, llm.WebSearch()])  # error

# K to O: structure, prefill, system, modality, stop.
gemma.call("Hi", format=Book)  # error
opus46.call("Hi", prefill="The")  # error
gemma.call("Hi", system="Be brief.")  # error
sonnet.call(["What is this?", clip])  # error
gpt5.call("Hi", stop="END")  # error
sonnet.call("Hi", temprature=0.2)  # error

# D, and what else is a number or depends on the place: refused before anything is sent.
opus45.call("Hi", max_tokens=128_001)  # run time
gpt4o.call("Hi", max_tokens=999_999)  # run time
gpt4o.call("Hi", temperature=2.5)  # run time
lite.call("Hi", reasoning=llm.Reasoning(budget_tokens=100))  # run time
haiku.call([llm.user("Hi"), llm.system("Be brief."), llm.user("And?")])  # run time

# What contradicts a default.
luna.with_(reasoning="off", temperature=0.2).call("Hi", reasoning="high")  # error
opus45.with_(tools=[look_up], tool_choice="required").call("Hi", reasoning=budget)  # error


# The thirteen valid uses that the best peer rejects, and neighbours of each misuse above.
def valid() -> None:
    gpt4o.call("Hi", temperature=0.2, top_p=0.5)
    gpt51.call("Hi", temperature=0.2)
    gpt51.call("Hi", temperature=0.2, reasoning="off")
    luna.call("Hi", top_p=0.5, reasoning="off")
    gpt5.call("Hi", reasoning="minimal")
    gpt5pro.call("Hi", reasoning="high")
    opus45.call("Hi", reasoning="high")
    opus45.call("Hi", reasoning=llm.Reasoning(effort="low", budget_tokens=4000, visible=True), max_tokens=8000)
    opus45.call("Hi", tools=[look_up], tool_choice="required")
    opus45.call("Hi", tools=[look_up], reasoning=llm.Reasoning(budget_tokens=4000))
    sonnet.call("Hi", reasoning="off")
    sonnet.call("Hi", reasoning=llm.Reasoning(visible=True)).thoughts
    muse.call("Hi", reasoning=llm.Reasoning(effort="low", visible=False))
    fable.call("Hi", reasoning="max")
    pro25.call("Hi", reasoning=llm.Reasoning(budget_tokens=4000, visible=True))
    pro25.call("Hi", tools=[look_up])
    pro25.call("Hi", tools=[llm.WebSearch()], format=Book).parse().title
    lite.call("Hi", reasoning="off", temperature=0.2)
    flash3.call("Hi", tools=[look_up], format=Book)
    gpt4o.call("Hi", tools=[look_up, llm.WebSearch()], parallel_tools=False)
    sonnet.call([llm.user([photo, "What is this?"])], stop=["END"])
    flash3.call(["What is this?", clip], stop="END", seed=7)
    haiku.call("Hi", prefill="The")
    gpt5.call([llm.user("Hi"), llm.system("Be brief."), llm.user("And?")])
