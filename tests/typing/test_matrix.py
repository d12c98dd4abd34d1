"""The types that ship, held against the registry: every profile, every feature, every form, in the built wheel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from capably_codegen.load import load_registry
from capably_codegen.registry.source import Source
from matrix import FORMS, TURNS, Everything, Sample, Verdict, one_per_profile, run_matrix, write_program
from support.checkers import CHECKERS, find_checker
from support.expected_types import bodies, cases_of, defaults_of, requirements_of
from support.sample import EVERYTHING

pytestmark = pytest.mark.wheel

WRONG = ("call", "stream_async", "with_", "Model", "defaults", "decorator")

FEW = (
    "anthropic/claude-sonnet-4-5",
    "anthropic/claude-sonnet-5-5",
    "google/gemini-2.5-flash-image",
    "google/gemini-3.8-flash",
    "google/gemma-3-27b-it",
    "openai/chat-latest",
    "openai/gpt-4.1",
    "openai/gpt-5.6-luna",
)
"""Models of very different profiles, one of which is unverified."""


@pytest.fixture(scope="module")
def source(registry_file: Path) -> Source:
    return load_registry(registry_file)


def told(verdicts: Sequence[Verdict]) -> list[str]:
    return [str(verdict) for verdict in verdicts]


def test_one_model_of_every_profile_takes_exactly_what_the_registry_says(source: Source, wheel_python: str) -> None:
    counts, verdicts = run_matrix(source, one_per_profile(source), wheel_python, sample=not EVERYTHING)
    assert told(verdicts) == []
    assert counts["cells"] > (100_000 if EVERYTHING else 20_000)
    assert min(counts["allowed"], counts["forbidden"]) > (30_000 if EVERYTHING else 8_000)
    assert min(counts[form] for form in FORMS) > (2_500 if EVERYTHING else 400)


def test_a_sample_has_every_case_of_every_model_and_every_kind_of_cell(source: Source) -> None:
    def kinds(cells: Everything) -> tuple[set[tuple[str, str]], set[tuple[str, str, bool]]]:
        of_models: set[tuple[str, str]] = set()
        of_cells: set[tuple[str, str, bool]] = set()
        for id in one_per_profile(source):
            for line in write_program(source, id, FORMS, "constant", cells).where.values():
                of_models.add((id, line.case.feature if line.form in TURNS else line.form))
                of_cells.add((line.form, line.case.feature, line.case.allowed))
        return of_models, of_cells

    assert kinds(Sample()) == kinds(Everything())
    assert set(TURNS) <= set(FORMS)


@pytest.mark.parametrize("door", ["string", "custom"])
def test_every_door_says_the_same_as_the_constants(source: Source, wheel_python: str, door: str) -> None:
    every = 1 if EVERYTHING else 12
    ids = one_per_profile(source)[::every] if door == "string" else FEW
    _, verdicts = run_matrix(source, ids, wheel_python, forms=("call",), door=door)
    assert told(verdicts) == []


@pytest.mark.parametrize("checker", [name for name in CHECKERS if name != "pyright"])
def test_the_other_type_checkers_say_the_same(source: Source, wheel_python: str, checker: str) -> None:
    if find_checker(checker) is None:
        pytest.skip(f"{checker} is not installed (uv sync --group checkers)")
    # ty is fast: `just matrix --profiles --checker mypy` does what the others leave out here.
    ids = one_per_profile(source) if checker == "ty" else FEW
    counts, verdicts = run_matrix(source, ids, wheel_python, checker=checker, sample=not EVERYTHING)
    assert told(verdicts) == []
    assert counts["cells"] > (10_000 if EVERYTHING else 3_000)


def test_every_feature_is_allowed_for_some_profile_and_forbidden_for_another(source: Source) -> None:
    profiles = source.registry.profiles.values()
    verdicts = {(case.feature, case.allowed) for profile in profiles for case in cases_of(profile)}
    verdicts |= {
        (requirement.feature, requirement.allowed) for profile in profiles for requirement in requirements_of(profile)
    }
    verdicts |= {(case.feature, case.allowed) for profile in profiles for case in defaults_of(profile)}
    features = {feature for feature, _ in verdicts}
    never_differ = {"plain", "max_tokens", "routing", "misspelt", "tool_choice misspelt"}
    never_differ |= {"response", "response misspelt", "any model", "prompt of text"}
    one_sided = {f for f in features if not {(f, True), (f, False)} <= verdicts}
    # No model has cache points of 24 hours. A forced tool together with a budget is nowhere allowed: the models that take both take either.
    assert one_sided - never_differ <= {"tool_choice forced with a budget", "HasCache 24h"}


def test_every_capability_that_can_be_demanded_is_in_the_matrix() -> None:
    import capably.llm

    public = {name for name in dir(capably.llm) if name.startswith("Has")}
    assert public - {requirement.type.partition("[")[0] for requirement in requirements_of(None)} == set()
    assert (
        public
        - {
            word
            for type, _ in bodies()
            for word in type.replace("llm.", "").replace("]", "[").split("[")[1].split(", ")
        }
        == set()
    )


def test_every_parameter_and_every_built_in_tool_is_in_the_matrix(source: Source) -> None:
    from typing import get_args

    from capably_codegen.registry.schema import BuiltinTool
    from support.expected_types import BUILTINS

    from capably.parameters import PARAMETERS

    asked = {word.partition("=")[0].strip() for case in cases_of(None) for word in case.params.split(", ")}
    assert set(PARAMETERS) - asked == {"provider"}, "a handle has no literal: tests/typing/shapes has it"
    assert set(get_args(BuiltinTool)) == set(BUILTINS)


def test_a_wrong_expectation_is_noticed(source: Source, wheel_python: str) -> None:
    """The matrix itself can fail: an oracle that reads another profile disagrees with pyright, in every form."""
    registry = source.registry
    wrong = registry.models["openai/gpt-6.1-terra"].model_copy(
        update={"profile": registry.models["openai/gpt-4.1"].profile}
    )
    lying = Source(source.path, registry.model_copy(update={"models": {"openai/gpt-6.1-terra": wrong}}), source.lines)
    _, verdicts = run_matrix(lying, ["openai/gpt-6.1-terra"], wheel_python, forms=WRONG, jobs=1)
    kinds = {(verdict.line.form, verdict.kind) for verdict in verdicts}
    assert kinds == {(form, kind) for form in WRONG for kind in ("false accept", "false reject")}
