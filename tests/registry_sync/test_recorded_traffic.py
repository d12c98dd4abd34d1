"""The registry against recorded traffic: what the real API took is not refused, what it refused is not allowed.

The recordings are counted in `observed_params.json`: endpoint/model -> parameter -> status -> how often. A parameter
counts as taken if any request with it was answered, and as refused if every one got a 400. Anthropic's recordings were
made under API version 2023-06-01 and capably pins 2026-10-21; `exceptions.yaml` says where that matters.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from capably_codegen.load import load_registry

from capably.registry.lookup import listed_model
from capably.registry.rules import Rule, rules_of

ROOT = Path(__file__).parents[2]
REGISTRY = load_registry(ROOT / "model_registry.yaml").registry
EXCEPTIONS: list[dict[str, str]] = yaml.safe_load((Path(__file__).parent / "exceptions.yaml").read_text("utf-8"))

ENDPOINTS = {
    "anthropic": ("anthropic", "messages"),
    "deepseek": ("deepseek", "chat_completions"),
    "google": ("google", "generate_content"),
    "groq": ("groq", "chat_completions"),
    "mistral": ("mistral", "chat_completions"),
    "openai-chat": ("openai", "chat_completions"),
    "openai-responses": ("openai", "responses"),
    "xai": ("xai", "responses"),
}
"""Recorded endpoint -> provider and endpoint of the registry."""

# Wire parameter (a pattern) -> the rule that speaks of it, and the word it must allow.
SAMPLING = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "stop_sequences": "stop"}
MEANINGS: dict[str, dict[str, str | tuple[str, str]]] = {
    "messages": {
        **SAMPLING,
        r"system": "system",
        r"tool:(.*,)?input_schema,name(,.*)?": "tools",
        r"tool_choice=(any|tool)": "tool_choice.forced",
        r"tool_choice=auto": "tool_choice",
        r"output_config\.effort=(\w+)": ("reasoning", r"\1"),
        r"thinking\.type=disabled": ("reasoning", "off"),
        r"thinking\.budget_tokens": "reasoning.budget_tokens",
        r"output_config\.format|output_format": "format",
        r"tool:(web_search|web_fetch|code_execution|memory)_\d+": ("builtin_tools", r"\1"),
        r"tool:computer_\d+": ("builtin_tools", "computer_use"),
        r"tool:tool_search_tool_\w+": ("builtin_tools", "tool_search"),
        r"tool:mcp_toolset|mcp_servers": ("builtin_tools", "mcp"),
    },
    "chat_completions": {
        "temperature": "temperature",
        "top_p": "top_p",
        "stop": "stop",
        "seed|random_seed": "seed",
        "logprobs|top_logprobs": "logprobs",
        r"tool:function": "tools",
        r"tool_choice=auto": "tool_choice",
        r"tool_choice=(any|required|function)": "tool_choice.forced",
        "parallel_tool_calls": "parallel_tools",
        r"thinking\.type=disabled": ("reasoning", "off"),
        r"reasoning_effort=none": ("reasoning", "off"),
        r"reasoning_effort=(\w+)": ("reasoning", r"\1"),
        "verbosity": "verbosity",
        "web_search_options": ("builtin_tools", "web_search"),
        "audio": ("output", "audio"),
    },
    "responses": {
        "temperature": "temperature",
        "top_p": "top_p",
        "top_logprobs": "logprobs",
        "instructions": "system",
        r"tool:function": "tools",
        r"tool_choice=auto": "tool_choice",
        r"tool_choice=(required|function)": "tool_choice.forced",
        "parallel_tool_calls": "parallel_tools",
        r"reasoning\.effort=none": ("reasoning", "off"),
        r"reasoning\.effort=(\w+)": ("reasoning", r"\1"),
        r"text\.verbosity(=\w+)?": "verbosity",
        r"tool:web_search(_preview)?": ("builtin_tools", "web_search"),
        r"tool:(file_search|image_generation|mcp|tool_search|shell|apply_patch)": ("builtin_tools", r"\1"),
        r"tool:code_interpreter": ("builtin_tools", "code_execution"),
        r"tool:computer(_use_preview)?": ("builtin_tools", "computer_use"),
    },
    "generate_content": {
        r"generationConfig\.temperature": "temperature",
        r"generationConfig\.topP": "top_p",
        r"generationConfig\.topK": "top_k",
        r"generationConfig\.stopSequences": "stop",
        r"generationConfig\.seed": "seed",
        r"generationConfig\.(responseLogprobs|logprobs)": "logprobs",
        r"generationConfig\.(responseSchema|responseJsonSchema|response_schema)": "format",
        r"systemInstruction": "system",
        r"tool:(.*,)?function_?[dD]eclarations(,.*)?": "tools",
        r"thinkingConfig\.thinking(?:L|_l)evel=(?i:(\w+))": ("reasoning", r"\1"),
        r"thinkingConfig\.thinking(B|_b)udget": "reasoning.budget_tokens",
        r"tool:google_?[sS]earch": ("builtin_tools", "web_search"),
        r"tool:url_?[cC]ontext": ("builtin_tools", "web_fetch"),
        r"tool:code_?[eE]xecution": ("builtin_tools", "code_execution"),
        r"tool:file_?[sS]earch": ("builtin_tools", "file_search"),
    },
}


class Recorded(NamedTuple):
    """One parameter of one model, as the recordings have it."""

    where: str
    id: str
    endpoint: str
    parameter: str
    taken: int
    refused: int

    @property
    def rule(self) -> tuple[Rule, str | None] | None:
        """What the registry says to it, and the word that must be allowed; `None` where no rule speaks of it."""
        info = listed_model(self.id)
        if info is None or info.facts is None or self.endpoint not in info.facts["endpoints"]:
            return None
        for pattern, meaning in MEANINGS[self.endpoint].items():
            match = re.fullmatch(pattern, self.parameter)
            if match:
                name, word = meaning if isinstance(meaning, tuple) else (meaning, None)
                return rules_of(info.facts, self.endpoint)[name], match.expand(word).lower() if word else None
        return None

    @property
    def allowed(self) -> bool:
        """Whether some call may use it; a condition counts as allowed."""
        assert self.rule is not None
        rule, word = self.rule
        return not rule.refused and (word is None or word in rule.values)

    def __str__(self) -> str:
        return f"{self.where} {self.parameter} (answered {self.taken}, refused {self.refused})"


@pytest.fixture(scope="module")
def recorded() -> list[Recorded]:
    file = Path(os.environ.get("CAPABLY_FACTS", ROOT.parent / "shared" / "facts")) / "observed_params.json"
    if not file.exists():
        pytest.skip(f"no counts of recorded traffic at {file} (set CAPABLY_FACTS)")
    return list(_read(json.loads(file.read_text(encoding="utf-8"))))


def _read(counts: dict[str, Any]) -> Iterator[Recorded]:
    for where, parameters in counts.items():
        host, _, model = where.partition("/")
        if host in ENDPOINTS:
            provider, endpoint = ENDPOINTS[host]
            for parameter, statuses in parameters.items():
                yield Recorded(
                    where,
                    f"{provider}/{model}",
                    endpoint,
                    parameter,
                    statuses.get("ok", 0),
                    statuses.get("400", 0),
                )


def excused(item: Recorded) -> bool:
    return any(
        re.fullmatch(entry["where"], item.where) and re.fullmatch(entry["parameter"], item.parameter)
        for entry in EXCEPTIONS
    )


def test_nothing_that_the_api_took_is_refused(recorded: list[Recorded]) -> None:
    judged = [item for item in recorded if item.taken and item.rule]
    assert len(judged) > 200
    assert [str(item) for item in judged if not item.allowed and not excused(item)] == []


def test_nothing_that_the_api_refused_is_allowed(recorded: list[Recorded]) -> None:
    judged = [item for item in recorded if item.refused and not item.taken and item.rule]
    assert judged
    assert [str(item) for item in judged if item.allowed and not excused(item)] == []


def test_every_exception_has_a_reason_and_still_excuses_something(recorded: list[Recorded]) -> None:
    for entry in EXCEPTIONS:
        assert entry.keys() == {"where", "parameter", "because"}
        assert any(
            re.fullmatch(entry["where"], item.where)
            and re.fullmatch(entry["parameter"], item.parameter)
            and item.rule
            and item.allowed is not bool(item.taken)
            for item in recorded
        ), f"nothing needs this exception any more: {entry}"
    assert len(EXCEPTIONS) < 20
