"""`verdicts.yaml`: each contested fact is decided, and the registry says what was decided."""

from __future__ import annotations

from pathlib import Path

import pytest
from capably_codegen.registry import UNVERIFIED, RegistryError, load_registry
from capably_codegen.verdicts import dated_fields, decided, load_verdicts

ROOT = Path(__file__).parents[2]
REGISTRY = load_registry(ROOT / "model_registry.yaml").registry
BIG_THREE = ("anthropic", "google", "openai")
NEEDED = (
    *("input.image", "input.document", "input.audio", "input.video", "output.image", "output.audio"),
    *("tools", "structured_output", "reasoning", "sampling.temperature", "sampling.top_p"),
    *("limits.input", "limits.output", "prices.input", "prices.output"),
)
"""What each chat model of the big three must have, unless a verdict says that nobody knows."""

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


def test_two_verdicts_on_one_fact_are_one_too_many(tmp_path: Path) -> None:
    twice = told(tmp_path, ("openai/gpt-4.1", "tools", "true"), ('"openai/gpt-4.1*"', "tools", "true"))
    assert "openai/gpt-4.1 tools has a verdict already, number 1 of the file; keep one" in twice


def test_a_verdict_needs_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "verdicts.yaml"
    file.write_text(ONE.format(models="a/b", fields="tools", value="true").replace("because", "why"), encoding="utf-8")
    with pytest.raises(RegistryError, match=r"verdicts\.yaml:1: 0 > because: field required"):
        load_verdicts(file, REGISTRY)
