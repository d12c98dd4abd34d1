"""What a docstring says of a parameter: the general paragraph, then the values that the models of a profile take."""

from __future__ import annotations

from typing import Any

import pytest
from capably_codegen.registry.facts import profile_facts
from capably_codegen.registry.schema import Model, Profile
from capably_codegen.stubs.parameter_docs import paragraph, value_docs_of
from capably_codegen.stubs.signatures import Parameter

from capably.parameters import PARAMETERS
from capably.registry.rules import rules_of


def value_docs(models: dict[str, int | None] | None = None, **facts: Any) -> dict[str, str]:
    profile = Profile.model_validate(
        {
            "verified": "2026-11-22",
            "sources": ["https://acme.example"],
            "endpoints": {"messages": {}},
            "input": ["text"],
            "output": ["text"],
            **facts,
        }
    )
    table: Any = profile_facts(profile)
    entries = {
        f"acme/{id}": Model.model_validate({"profile": "acme/one", "limits": {"output": limit}})
        for id, limit in (models or {}).items()
    }
    return value_docs_of(rules_of(table), table, entries)


@pytest.mark.parametrize(
    ("name", "type", "added"),
    [
        ("reasoning", 'Literal["off", "low", "high"] | Reasoning[Literal["max"], int]', "`off`, `low` or `high`"),
        ("tool_choice", 'Literal["auto", "none"] | AnyTool', "`auto`, `none` or a tool"),
        ("output", 'Sequence[Literal["text", "image"]]', "`text` or `image`"),
        ("cache", 'Literal["5m"]', "`5m`"),
    ],
)
def test_the_words_are_those_of_the_type(name: str, type: str, added: str) -> None:
    assert paragraph(Parameter(name, type), {}) == f"{PARAMETERS[name].doc} This model takes {added}."


def test_a_parameter_without_words_has_its_general_paragraph() -> None:
    assert paragraph(Parameter("seed", "int"), {}) == PARAMETERS["seed"].doc


def test_a_refused_parameter_says_when_it_is_taken() -> None:
    assert paragraph(Parameter("top_p", "OnlyWithReasoningOff"), {}) == 'Only in a call with `reasoning="off"`.'


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        ({"one": 4096, "two": 4096}, "At most 4,096."),
        ({"one": 8192, "two": 4096, "three": 4096}, "At most 4,096 (`two` and `three`) or 8,192 (`one`)."),
        ({"one": 4096, "two": None}, "At most 4,096 (`one`)."),
        ({"one": None}, ""),
    ],
)
def test_limits_name_the_models_that_have_them(models: dict[str, int | None], expected: str) -> None:
    assert value_docs(models)["max_tokens"] == expected


def test_reasoning_says_what_happens_without_it_and_which_budgets_there_are() -> None:
    reasoning = {"style": "budget", "efforts": ["low"], "off": "budget_zero", "on_by_default": False}
    assert value_docs(reasoning={**reasoning, "visible": "never"})["reasoning"] == (
        "Without it the model does not reason. It takes no budget. It shows no thoughts."
    )
    budget = {"min": 128, "max": 32_768}
    text = value_docs(reasoning={**reasoning, "default": "low", "budget": budget})["reasoning"]
    assert text == "Without it the level is `low`. A budget has 128 to 32,768 tokens."
    text = value_docs(reasoning={**reasoning, "budget": {"min": 1024}})["reasoning"]
    assert text == "Without it the model does not reason. A budget has at least 1,024 tokens."


def test_ranges_kinds_and_tools_are_those_of_the_profile() -> None:
    texts = value_docs(
        input=["text", "image", "audio"],
        sampling={"temperature": "always", "top_p": "always", "temperature_max": 1.5, "exclusive": True},
        tools={"with_builtin": False},
        builtin_tools=["web_search"],
        structured_output="json_object",
    )
    assert texts["content"] == "This model reads text, images and audio."
    assert texts["temperature"] == "This model takes 0 to 1.5. Not together with `top_p`."
    assert texts["tools"] == "At the provider this model has `llm.WebSearch`. They are of one kind in a call."
    assert texts["format"] == "The API guarantees JSON, and not that it fits."
