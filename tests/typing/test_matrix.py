"""The types that ship, held against the registry: every profile, every feature, every form, in the built wheel."""

from __future__ import annotations

from pathlib import Path

import pytest
from capably_codegen.registry import Source, load_registry
from matrix import cases_of, one_per_profile, run_matrix

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def source(registry_file: Path) -> Source:
    return load_registry(registry_file)


def test_one_model_of_every_profile_takes_exactly_what_the_registry_says(source: Source, wheel_python: str) -> None:
    counts, verdicts = run_matrix(source, one_per_profile(source), wheel_python)
    assert [(v.kind, v.line.model, v.line.form, v.line.case.arguments, v.said) for v in verdicts] == []
    assert counts["cells"] > 15_000
    assert min(counts["allowed"], counts["forbidden"]) > 6_000


def test_the_string_door_says_the_same_as_the_constants(source: Source, wheel_python: str) -> None:
    ids = one_per_profile(source)
    _, verdicts = run_matrix(source, ids, wheel_python, forms=("call",), door="string")
    assert [(v.kind, v.line.model, v.line.case.arguments, v.said) for v in verdicts] == []


def test_every_feature_is_allowed_for_some_profile_and_forbidden_for_another(source: Source) -> None:
    profiles = source.registry.profiles.values()
    verdicts = {(case.feature, case.allowed) for profile in profiles for case in cases_of(profile)}
    features = {feature for feature, _ in verdicts}
    never_differ = {"plain", "max_tokens", "routing", "misspelt", "tool_choice misspelt"}
    one_sided = {f for f in features if not {(f, True), (f, False)} <= verdicts}
    # A forced tool together with a budget is nowhere allowed: the models that take both take either.
    assert one_sided - never_differ <= {"tool_choice forced with a budget"}


def test_a_wrong_expectation_is_noticed(source: Source, wheel_python: str) -> None:
    """The matrix itself can fail: an oracle that reads another profile disagrees with pyright."""
    registry = source.registry
    wrong = registry.models["openai/gpt-6.1-sol"].model_copy(
        update={"profile": registry.models["openai/gpt-4.1"].profile}
    )
    lying = Source(source.path, registry.model_copy(update={"models": {"openai/gpt-6.1-sol": wrong}}), source.lines)
    counts, _ = run_matrix(lying, ["openai/gpt-6.1-sol"], wheel_python, forms=("call",), jobs=1)
    assert counts["false accept"] > 0
    assert counts["false reject"] > 0
