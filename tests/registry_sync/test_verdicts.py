"""`verdicts.yaml`: each contested fact is decided, and the registry says what was decided."""

from __future__ import annotations

from pathlib import Path

import pytest
from capably_codegen.load import load_registry
from capably_codegen.registry.problems import RegistryError
from capably_codegen.registry.verdicts import dated_fields, decided, load_verdicts

from capably.types.facts import UNVERIFIED

ROOT = Path(__file__).parents[2]
REGISTRY = load_registry(ROOT / "model_registry.yaml").registry
BIG_THREE = ("anthropic", "google", "openai")
NEEDED = (
    *("input.image", "input.document", "input.audio", "input.video", "output.image", "output.audio"),
    *("tools", "structured_output", "reasoning", "sampling.temperature", "sampling.top_p"),
    *("limits.input", "limits.output", "prices.input", "prices.output"),
)
"""What each chat model of the big three must have, unless a verdict says that nobody knows."""

CONTESTED: dict[str, tuple[str, ...]] = {
    "limits.input": (
        *("openai/gpt-5.4", "openai/gpt-5.4-2026-03-05", "openai/gpt-5.4-pro", "openai/gpt-5.4-pro-2026-03-05"),
        *("openai/gpt-5.5", "openai/gpt-5.5-2026-04-23", "openai/gpt-5.5-pro", "openai/gpt-5.5-pro-2026-04-23"),
        *("openai/gpt-5-pro", "openai/gpt-5.1-codex", "openai/gpt-5.1-codex-max", "openai/gpt-5.1-codex-mini"),
    ),
    "limits.context": ("openai/gpt-5-pro",),
    "limits.output": ("anthropic/claude-sonnet-4-6", "google/gemini-4-argon"),
    "sampling.temperature": (
        *("openai/gpt-5.1", "openai/gpt-5.2", "openai/gpt-5.3-codex", "openai/gpt-5.4", "openai/gpt-5.5"),
        *("openai/gpt-5.6", "openai/gpt-6-sol", "openai/gpt-6-luna", "openai/gpt-6.1-terra"),
        *("openai/gpt-5", "openai/o1", "openai/o3", "openai/o3-mini", "openai/o3-pro", "openai/o4-mini"),
        *("openai/gpt-5-pro", "openai/gpt-5.2-pro", "openai/gpt-5.4-pro", "openai/gpt-5.5-pro", "openai/gpt-5-codex"),
        *("openai/gpt-5.1-codex", "openai/chat-latest", "openai/gpt-5.1-chat-latest", "openai/gpt-5.3-chat-latest"),
        *("openai/gpt-6-astra", "openai/gpt-6.1-sol"),
        *(
            "google/gemini-3.5-flash-lite",
            "google/gemini-3.6-flash",
            "google/gemini-3.7-flash",
            "google/gemini-3.8-flash",
        ),
    ),
    "sampling.top_p": ("openai/gpt-5.6", "openai/gpt-5", "openai/gpt-5.1-codex", "google/gemini-3.8-flash"),
    "sampling.top_k": ("google/gemini-3.8-flash", "google/gemini-4-argon"),
    "endpoints.chat_completions.tools": (
        *("openai/gpt-5.6", "openai/gpt-5.6-luna", "openai/gpt-6-sol", "openai/gpt-6-luna"),
        *("openai/gpt-6-astra", "openai/gpt-6.1-sol", "openai/gpt-6.1-terra"),
    ),
    "endpoints.chat_completions.efforts": ("openai/gpt-5.6", "openai/gpt-6-sol", "openai/gpt-6.1-sol"),
    "reasoning.efforts": (
        *("openai/gpt-5-pro", "openai/gpt-5.2-pro", "openai/gpt-5.4-pro", "openai/gpt-5.5-pro"),
        "anthropic/claude-mythos-preview",
    ),
    "reasoning.always_on": ("anthropic/claude-sonnet-5-5",),
    "reasoning.budget": (
        *("anthropic/claude-opus-4-7", "anthropic/claude-opus-4-8", "anthropic/claude-opus-5"),
        "anthropic/claude-sonnet-5",
    ),
    "reasoning": ("openai/gpt-5-chat-latest", "google/gemini-2.5-flash-image"),
    "structured_output": (
        *("openai/gpt-4o-2024-05-13", "openai/gpt-5.2-pro", "openai/gpt-5.4-pro", "openai/gpt-5.5-pro"),
    ),
    "tools": (
        *("openai/gpt-5-chat-latest", "openai/gpt-3.5-turbo", "openai/o3-deep-research"),
        *("openai/o4-mini-deep-research", "google/gemini-3.1-flash-lite-image", "google/gemini-omni-flash-preview"),
        *("google/gemini-omni-1.1-flash", "google/gemini-omni-1.2-flash", "google/deep-research-preview-04-2026"),
        *("google/deep-research-max-preview-04-2026", "google/deep-research-pro-preview-12-2025"),
    ),
    "tools.forced": ("anthropic/claude-fable-5-2", "anthropic/claude-mythos-5-2"),
    "tools.with_structured_output": ("google/gemini-2.0-flash",),
    "input.document": ("openai/gpt-4.1", "openai/gpt-5.6", "google/gemma-4-31b-it", "google/gemini-omni-1.2-flash"),
    "input.audio": ("google/gemma-4-31b-it", "google/deep-research-preview-04-2026"),
    "input.video": ("google/gemma-4-31b-it", "google/gemini-omni-1.2-flash"),
    "dates.retires": ("openai/gpt-4o", "openai/gpt-4.1", "openai/gpt-4o-mini", "openai/gpt-4.1-mini"),
    "retired.on": (
        *("openai/gpt-4o-audio-preview", "openai/gpt-4o-mini-audio-preview", "anthropic/claude-mythos-preview"),
    ),
    "prices.input": ("google/gemini-3.6-flash",),
    "prices.output": ("google/gemini-3.6-flash",),
    "prices.cache_read": ("anthropic/claude-sonnet-5-5",),
    "prices@2026-12-01.input": ("google/gemini-4-argon",),
}
"""Every conflict between sources that the study of 2026-11-22 found to matter: field -> models."""

ONE = """\
- models: [{models}]
  fields: [{fields}]
  value: {value}
  because: It is a test.
  on: 2026-11-22
  sources: [somebody]
"""


def told(folder: Path, *entries: tuple[str, str, str]) -> str:
    """What is wrong with a file of verdicts: models, fields and value of each."""
    file = folder / "verdicts.yaml"
    file.write_text("".join(ONE.format(models=m, fields=f, value=v) for m, f, v in entries), encoding="utf-8")
    with pytest.raises(RegistryError) as caught:
        load_verdicts(file, REGISTRY)
    return str(caught.value)


def test_the_registry_says_what_was_decided() -> None:
    verdicts = load_verdicts(ROOT / "verdicts.yaml", REGISTRY)
    assert len(verdicts) > 30
    for verdict in verdicts:
        assert verdict.because.rstrip().endswith(".")


@pytest.mark.parametrize("field", CONTESTED)
def test_every_conflict_that_matters_is_decided(field: str) -> None:
    verdicts = load_verdicts(ROOT / "verdicts.yaml", REGISTRY)
    assert [id for id in CONTESTED[field] if field not in decided(verdicts, id)] == []


def test_no_chat_model_of_the_big_three_lacks_a_basic_fact_that_somebody_knows() -> None:
    verdicts = load_verdicts(ROOT / "verdicts.yaml", REGISTRY)
    missing: list[str] = []
    for id in REGISTRY.models:
        if id.partition("/")[0] not in BIG_THREE:
            continue
        fields, settled = dated_fields(REGISTRY, id), decided(verdicts, id)
        for field in NEEDED:
            known = fields.get(field, fields.get("limits.context") if field == "limits.input" else UNVERIFIED)
            verdict = settled.get(field)
            if known in (None, UNVERIFIED) and (verdict is None or verdict.value != UNVERIFIED):
                missing.append(f"{id} {field}")
    assert missing == [], "find out, or write into verdicts.yaml why nobody knows"


def test_a_verdict_that_the_registry_contradicts_is_told_with_both_values(tmp_path: Path) -> None:
    assert told(tmp_path, ("openai/gpt-4.1", "sampling.temperature", "never")) == (
        "verdicts.yaml:1: 0 > models: openai/gpt-4.1 sampling.temperature: the verdict is 'never' and the registry says 'always'"
    )


def test_a_verdict_on_no_model_is_told(tmp_path: Path) -> None:
    assert "openai/gpt-4.1x is no model of the registry" in told(tmp_path, ("openai/gpt-4.1x", "tools", "true"))


def test_a_verdict_on_an_unknown_field_is_told(tmp_path: Path) -> None:
    assert "the registry says 'unverified'" in told(tmp_path, ("openai/gpt-4.1", "tool", "true"))


def test_a_model_that_answers_is_not_retired(tmp_path: Path) -> None:
    assert "openai/gpt-4.1 is not in `retired`" in told(tmp_path, ("openai/gpt-4.1", "tools", "retired"))


def test_a_chat_model_is_no_other_kind_of_model(tmp_path: Path) -> None:
    assert "openai/gpt-4.1 is not in `not_chat`" in told(tmp_path, ("openai/gpt-4.1", "tools", "not_chat"))
    assert "google/gone: no such model is not in `not_chat`" in told(tmp_path, ("google/gone", "tools", "not_chat"))


def test_two_verdicts_on_one_fact_are_one_too_many(tmp_path: Path) -> None:
    twice = told(tmp_path, ("openai/gpt-4.1", "tools", "true"), ('"openai/gpt-4.1*"', "tools", "true"))
    assert "openai/gpt-4.1 tools has a verdict already, number 1 of the file; keep one" in twice


def test_a_verdict_needs_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "verdicts.yaml"
    file.write_text(ONE.format(models="a/b", fields="tools", value="true").replace("because", "why"), encoding="utf-8")
    with pytest.raises(RegistryError, match=r"verdicts\.yaml:1: 0 > because: field required"):
        load_verdicts(file, REGISTRY)
