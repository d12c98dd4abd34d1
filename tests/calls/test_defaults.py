"""What a default changes, at run time: the same rules wherever it was said, over defaults and call together.

The types' side of this is `tests/typing/cases/defaults.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from capably import llm

GPT = "openai/gpt-5.6"  # sampling only while it does not reason
SILENT = "openai/gpt-5.1"  # the same, and it does not reason by default
HAIKU = "anthropic/claude-haiku-4-5"  # a forced tool, or a thinking budget
FLASH = "google/gemini-2.5-flash"  # tools, or a format
SEEK = "deepseek/deepseek-v4-pro"  # a forced tool only while it does not reason

Given = dict[str, Any]


@llm.tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


OFF: Given = {"reasoning": "off"}
BUDGET: Given = {"reasoning": llm.Reasoning(budget_tokens=4000)}
FORCED: Given = {"tools": [add], "tool_choice": "required"}


def model_like(id: str, **defaults: Any) -> Any:
    """A model with the facts of `id` that answers without a network."""
    of: Any = llm.Model
    return llm.Model.custom("scripted/echo", like=of(id, **defaults))


def in_the_call(id: str, given: Given, said: Given) -> Any:
    return model_like(id).call("Hi", **{**given, **said})


def of_the_model(id: str, given: Given, said: Given) -> Any:
    return model_like(id, **given).call("Hi", **said)


def by_with(id: str, given: Given, said: Given) -> Any:
    return model_like(id).with_(**given).call("Hi", **said)


def by_one_with_after_the_other(id: str, given: Given, said: Given) -> Any:
    model = model_like(id)
    for name, value in given.items():
        model = model.with_(**{name: value})
    return model.call("Hi", **said)


def by_a_with_over_another(id: str, given: Given, said: Given) -> Any:
    return model_like(id, **given).with_(**said).call("Hi")


def of_a_block(id: str, given: Given, said: Given) -> Any:
    with llm.override(**given):
        return model_like(id).call("Hi", **said)


def of_the_model_of_a_block(id: str, given: Given, said: Given) -> Any:
    with llm.override(model_like(id, **given)):
        return model_like("openai/gpt-4.1").call("Hi", **said)


def of_a_block_over_the_model(id: str, given: Given, said: Given) -> Any:
    with llm.override(**said):
        return model_like(id, **given).call("Hi")


def in_a_fixed_call(id: str, given: Given, said: Given) -> Any:
    return llm.call(model_like(id, **given), **said)(lambda: "Hi")()


def in_a_prompt(id: str, given: Given, said: Given) -> Any:
    make: Any = llm.prompt
    return make(**said)(lambda: "Hi")(model_like(id, **given))


def streamed(id: str, given: Given, said: Given) -> Any:
    return model_like(id, **given).stream("Hi", **said)


PLACES = (
    in_the_call,
    of_the_model,
    by_with,
    by_one_with_after_the_other,
    by_a_with_over_another,
    of_a_block,
    of_the_model_of_a_block,
    of_a_block_over_the_model,
    in_a_fixed_call,
    streamed,
)
ALLOWED = {
    "temperature after off": (GPT, OFF, {"temperature": 0.2}),
    "temperature after no word about reasoning": (SILENT, {"max_tokens": 100}, {"temperature": 0.2}),
    "temperature after off, which goes without saying": (SILENT, OFF, {"temperature": 0.2}),
    "off after a temperature": (SILENT, {"temperature": 0.2}, OFF),
    "off after a level, of a silent model": (SILENT, {"reasoning": "high"}, {**OFF, "temperature": 0.2}),
    "a level after off": (GPT, OFF, {"reasoning": "high"}),
    "off after a level": (GPT, {"reasoning": "high"}, {**OFF, "temperature": 0.2}),
    "a forced tool after off": (SEEK, OFF, FORCED),
    "a level after a tool that is forced no more": (
        SEEK,
        {**OFF, **FORCED},
        {"reasoning": "high", "tool_choice": "auto"},
    ),
    "a forced tool and off after a budget": (HAIKU, BUDGET, {**OFF, **FORCED}),
    "a budget after a tool that is forced no more": (HAIKU, FORCED, {**BUDGET, "tool_choice": "auto"}),
    "other tools after tools": (FLASH, {"tools": [add]}, {"tools": [llm.WebSearch()]}),
}
REFUSED = {
    "temperature after a level": (GPT, {"reasoning": "high"}, {"temperature": 0.2}, "temperature"),
    "temperature and a level after off": (GPT, OFF, {"reasoning": "high", "temperature": 0.2}, "temperature"),
    "a level after a temperature": (GPT, {**OFF, "temperature": 0.2}, {"reasoning": "high"}, "temperature"),
    "temperature after a level, of a silent model": (
        SILENT,
        {"reasoning": "high"},
        {"temperature": 0.2},
        "temperature",
    ),
    "a level after a temperature, of a silent model": (
        SILENT,
        {"temperature": 0.2},
        {"reasoning": "high"},
        "temperature",
    ),
    "a level after a forced tool": (SEEK, {**OFF, **FORCED}, {"reasoning": "high"}, "tool_choice"),
    "a forced tool after a budget": (HAIKU, BUDGET, FORCED, "tool_choice"),
    "a budget after a forced tool": (HAIKU, FORCED, BUDGET, "tool_choice"),
}


@pytest.mark.parametrize("say", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("name", ALLOWED)
def test_what_a_default_allows_is_sent_wherever_the_default_stands(name: str, say: Callable[..., Any]) -> None:
    id, given, said = ALLOWED[name]
    sent: Mapping[str, Any] = say(id, given, said).request
    assert sent == in_the_call(id, given, said).request
    assert {**given, **said}.keys() <= sent.keys()


@pytest.mark.parametrize("say", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("name", REFUSED)
def test_what_contradicts_a_default_is_refused_wherever_the_default_stands(name: str, say: Callable[..., Any]) -> None:
    id, given, said, feature = REFUSED[name]
    with pytest.raises(llm.UnsupportedFeatureError) as caught:
        say(id, given, said)
    assert caught.value.feature.partition(".")[0] == feature


@pytest.mark.parametrize("say", [in_the_call, of_the_model, by_with, of_a_block, in_a_prompt, streamed])
def test_a_format_contradicts_tools_wherever_those_stand(say: Callable[..., Any]) -> None:
    # `format` belongs to one call, so it is never a default.
    with pytest.raises(llm.UnsupportedFeatureError, match="`format` together with `tools`"):
        say(FLASH, {"tools": [add]}, {"format": int})
    assert "format" in say(FLASH, {"tools": [llm.WebSearch()]}, {"format": int}).request


def test_a_response_goes_on_with_what_its_defaults_allowed() -> None:
    first = model_like(GPT, reasoning="off").call("Hi", temperature=0.2)
    assert first.resume("And?").request["temperature"] == "0.2"
