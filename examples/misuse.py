"""Every marked line is rejected by pyright, before anything runs. `just demo` prints each with the reason.

The marker names what must be wrong with its line; `scripts/demo.py` checks that pyright says so.
"""

from capably import llm

sonnet = llm.Model("anthropic/claude-sonnet-5-5")
sol = llm.Model("openai/gpt-6.1-sol")
luna = llm.Model("openai/gpt-5.6-luna")
flash = llm.google.gemini_3_8_flash
photo = llm.Image.from_url("https://example.com/cat.png")
speech = llm.Audio.from_url("https://example.com/hello.mp3")

# Parameters that this model does not take.
sonnet.call("Name a fantasy book.", temperature=0.2)  # error: claude-sonnet-5-5 takes no temperature
sol.call("Name a fantasy book.", top_p=0.9)  # error: gpt-6.1-sol takes no top_p
sol.call("Name a fantasy book.", stop="END")  # error: OpenAI's Responses API has no stop sequences
flash.call("Name a fantasy book.", temperature=1.0)  # error: gemini-3.8-flash takes it and ignores it
flash.call("Name a fantasy book.", verbosity="low")  # error: Gemini has no verbosity
sonnet.call("Name a fantasy book.", seed=7)  # error: Anthropic has no seed
sonnet.call("Name a fantasy book.", prefill="The")  # error: claude-sonnet-5-5 does not continue a begun answer

# Values that this model does not take.
sonnet.call("Name a fantasy book.", reasoning="minimal")  # error: its levels are low to max
sol.call("Name a fantasy book.", reasoning="off")  # error: gpt-6.1-sol always reasons
flash.call("Name a fantasy book.", reasoning="xhigh")  # error: its levels are low, medium and high
sonnet.call("Hi", reasoning=llm.Reasoning(budget_tokens=2048))  # error: it takes levels, no token budget
luna.call("Name a fantasy book.", temperature=0.2)  # error: gpt-5.6-luna takes temperature only with reasoning="off"

# Content that this model cannot read.
sonnet.call(["What is said here?", speech])  # error: claude-sonnet-5-5 does not hear
sol.call([llm.user(["What is said here?", speech])])  # error: nor does gpt-6.1-sol, in messages either

# Models that do not exist.
llm.Model("anthropic/claude-sonet-5-5")  # error: a misspelt id
llm.openai.gpt_61_sol.call("Hi")  # error: a misspelt constant
llm.Model("anthropic/claude-sonnet-5-5", temperature=0.2)  # error: defaults are checked too

# And these are fine.
sonnet.call("Name a fantasy book.", reasoning="xhigh", max_tokens=2000, stop=["END"])
luna.call("Name a fantasy book.", temperature=0.2, reasoning="off")
flash.call(["What is said here?", speech], seed=7)
sol.call([llm.user(["What is this?", photo])], verbosity="low")
