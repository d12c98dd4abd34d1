"""A deprecated model is struck through where it is named, and rejected nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from capably_codegen.model_doc import end_of_life
from capably_codegen.registry import load_registry
from support.checkers import run_checker

pytestmark = pytest.mark.wheel


def test_the_id_of_a_deprecated_model_is_marked_and_no_other(
    registry_file: Path, wheel_python: str, tmp_path: Path
) -> None:
    models = load_registry(registry_file).registry.models
    lines = [f'llm.Model("{id}")' for id in models]
    (tmp_path / "named.py").write_text("from capably import llm\n" + "\n".join(lines) + "\n", encoding="utf-8")
    said = run_checker("pyright:strict", tmp_path, wheel_python)["named.py"]
    marked = [id for line, id in enumerate(models, start=2) if "deprecated" in said.get(line, "")]
    assert marked == [id for id, model in models.items() if end_of_life(model)]
    assert marked
    assert run_checker("pyright", tmp_path, wheel_python) == {}
