"""The type of a model is named after that model, and after no other with the same capabilities."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from capably_codegen.load import load_registry
from capably_codegen.registry.names import constant_name, model_class
from support.checkers import run_checker

pytestmark = pytest.mark.wheel


def test_a_model_has_its_own_name_by_its_id_and_as_a_constant(
    registry_file: Path, wheel_python: str, tmp_path: Path
) -> None:
    """A checker names the type of a value in the error of an assignment, which every line here has."""
    models = load_registry(registry_file).registry.models
    programs = {
        "strings.py": [f'_: None = llm.Model("{id}")' for id in models],
        "constants.py": [f"_: None = llm.{id.partition('/')[0]}.{constant_name(id, m)}" for id, m in models.items()],
        "copies.py": [f'_: None = llm.Model("{id}").with_(max_tokens=10)' for id in models],
    }
    for name, lines in programs.items():
        (tmp_path / name).write_text("\n".join(["from capably import llm", *lines]) + "\n", encoding="utf-8")
    errors = run_checker("pyright", tmp_path, wheel_python)
    expected = {id: model_class(id, model) for id, model in models.items()}
    assert re.fullmatch(r"Gemini_?38_?Flash", expected["google/gemini-3.8-flash"])
    for name in programs:
        texts = (errors[name].get(line, "") for line in range(2, len(models) + 2))
        types = {id: text.split('"')[1] if '"' in text else text for id, text in zip(models, texts, strict=True)}
        assert types == expected, name


def test_an_error_names_the_model_that_does_not_fit(wheel_python: str, tmp_path: Path) -> None:
    (tmp_path / "demand.py").write_text(
        "from capably import llm\n"
        "def listen(model: llm.Model[llm.Audio]) -> None: ...\n"
        'listen(llm.Model("openai/gpt-5.6-luna"))\n',
        encoding="utf-8",
    )
    assert '"Gpt56Luna"' in run_checker("pyright", tmp_path, wheel_python)["demand.py"][3]
