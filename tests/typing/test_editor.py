"""What an editor shows: completion, hover, signature help and definitions, asked of pyright's language server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.langserver import Server

from capably.registry.lookup import listed_ids, listed_models

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("editor")]

HEAD = """from capably import llm
sonnet = llm.Model("anthropic/claude-sonnet-5-5")
luna = llm.openai.gpt_5_6_luna
"""


@pytest.fixture(scope="module")
def server(wheel_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("editor").resolve(), wheel_python) as running:
        yield running


def offered(server: Server, text: str) -> list[str]:
    """The labels that are offered at `|`."""
    answer = server.at("completion", HEAD + text)
    return [item["label"] for item in answer["items"]]


def quoted(labels: list[str]) -> set[str]:
    return {label.strip("\"'") for label in labels if label[0] in "\"'"}


def shown(server: Server, text: str) -> str:
    return server.at("hover", HEAD + text)["contents"]["value"]


@pytest.mark.parametrize("text", ['llm.Model("|")', 'llm.call("|")', 'llm.Model.custom("x/y", like="|")'])
def test_ids_complete_inside_the_quotes(server: Server, text: str) -> None:
    assert quoted(offered(server, text)) == set(listed_ids())


def test_constants_complete_after_the_dot(server: Server) -> None:
    names = [label for label in offered(server, "llm.anthropic.|") if label.startswith("claude_")]
    assert len(names) == len([info for info in listed_models() if info.provider == "anthropic"])


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ('sonnet.call("Hi", reasoning="|")', {"off", "low", "medium", "high", "xhigh", "max"}),
        ('luna.stream("Hi", reasoning="|")', {"off", "low", "medium", "high", "xhigh", "max"}),
        ('llm.openai.o3.call("Hi", reasoning="|")', {"low", "medium", "high"}),
        ('llm.call("openai/o3", reasoning="|")', {"low", "medium", "high"}),
    ],
)
def test_effort_levels_complete_inside_the_quotes(server: Server, text: str, levels: set[str]) -> None:
    assert quoted(offered(server, text)) >= levels
    if "llm.call" not in text:
        assert quoted(offered(server, text)) == levels


@pytest.mark.parametrize(
    "model", ["sonnet", 'llm.Model("anthropic/claude-sonnet-5-5")', "llm.anthropic.claude_sonnet_5_5"]
)
def test_only_the_parameters_that_the_model_takes_are_offered(server: Server, model: str) -> None:
    names = {label[:-1] for label in offered(server, f'{model}.call("Hi", |)') if label.endswith("=")}
    assert {"reasoning", "tools", "format", "max_tokens", "cache", "extra"} <= names
    assert not {"temperature", "top_p", "top_k", "seed", "prefill", "verbosity", "logprobs"} & names


def test_a_model_with_defaults_is_offered_no_keyword_that_is_none(server: Server) -> None:
    """The overloads of `llm.Model` take any keyword, whose types are those of the model's own `__init__`."""
    assert not [label for label in offered(server, 'llm.Model("openai/gpt-4.1", |)') if label.endswith("=")]


def test_a_hover_over_a_copy_names_its_model(server: Server) -> None:
    assert "Gpt56Luna" in shown(server, "cop|y = luna.with_(max_tokens=10)")
    assert "ClaudeSonnet55\n" in shown(server, 'mod|el = llm.Model("anthropic/claude-sonnet-5-5")') + "\n"


def test_a_hover_says_of_a_refused_parameter_when_it_is_taken(server: Server) -> None:
    assert 'temperature: Only in a call with `reasoning="off"`.' in shown(server, 'luna.ca|ll("Hi")')
    assert "This model takes 0 to 2." in shown(server, 'luna.ca|ll("Hi", reasoning="off")')


def test_a_model_whose_default_settles_something_shows_it(server: Server) -> None:
    quiet, fixed = 'luna.with_(reasoning="off")', 'luna.with_(reasoning="off", temperature=0.2)'
    assert "ReasoningOff[Gpt56Luna]" in shown(server, f"qui|et = {quiet}")
    assert quoted(offered(server, f'{quiet}.call("Hi", reasoning="|")')) == {
        "off",
        "low",
        "medium",
        "high",
        "xhigh",
        "max",
    }
    assert quoted(offered(server, f'{fixed}.call("Hi", reasoning="|")')) == {"off"}
    names = {label[:-1] for label in offered(server, f'{quiet}.call("Hi", |)') if label.endswith("=")}
    assert {"temperature", "top_p", "logprobs", "reasoning", "tools"} <= names
    assert not {"top_k", "seed", "prefill", "others"} & names


def test_a_hover_tells_name_limits_prices_and_the_day_of_the_facts(server: Server) -> None:
    text = shown(server, "llm.anthropic.claude_sonnet_5|_5")
    assert "Claude Sonnet 5.5" in text
    assert re.search(r"context .*1,000,000|1,000,000 .*context", text, re.IGNORECASE)
    assert "$" in text
    assert re.search(r"20\d\d-\d\d-\d\d", text)


def test_signature_help_lists_what_the_model_takes(server: Server) -> None:
    answer = server.at("signatureHelp", HEAD + "sonnet.call(|)")
    without_format, with_format = answer["signatures"]
    for signature in (without_format, with_format):
        assert "reasoning:" in signature["label"]
        assert "temperature" not in signature["label"]
    assert "format:" in with_format["label"]
    assert "format:" not in without_format["label"]


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("sonnet.ca|ll", "_profiles.pyi"),
        ("llm.anthropic.claude_sonnet_5|_5", "_constants.pyi"),
        ("llm.to|ol", "decorator.py"),
    ],
)
def test_a_definition_leads_to_the_stub_or_the_code(server: Server, text: str, file: str) -> None:
    found: list[Any] = server.at("definition", HEAD + text)
    assert found
    assert file in Path(found[0]["uri"]).name
