"""A deprecated model is struck through where it is named, with its end and its successor, and rejected nowhere."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from capably_codegen.load import load_registry
from capably_codegen.registry.names import constant_name, model_class
from capably_codegen.registry.source import Source
from capably_codegen.stubs.model_doc import end_of_life
from support.checkers import find_checker

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def source(registry_file: Path) -> Source:
    return load_registry(registry_file)


def doors(source: Source, id: str) -> tuple[str, ...]:
    """Return every way to name a model."""
    constant = f"llm.{id.partition('/')[0]}.{constant_name(id, source.registry.models[id])}"
    return f'llm.Model("{id}")', constant, f'llm.call("{id}")', f'llm.Model.custom("{id}-ours", like="{id}")'


def write_doors(source: Source, ids: Mapping[str, int], folder: Path) -> list[tuple[str, str]]:
    """Write every model through its first doors, so many; return what stands on each line below the import."""
    lines = [(line, id) for id, count in ids.items() for line in doors(source, id)[:count]]
    text = "\n".join(["from capably import llm", *(line for line, _ in lines)]) + "\n"
    (folder / "named.py").write_text(text, encoding="utf-8")
    return lines


def deprecations(folder: Path, python: str) -> dict[int, str]:
    """Return what pyright says in full, the number of a line -> all of it. In standard mode an editor shows it as a hint."""
    (folder / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict"}), encoding="utf-8")
    command = [find_checker("pyright") or "pyright", "--outputjson", "--pythonpath", python]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    messages: dict[int, str] = {}
    for item in json.loads(done.stdout)["generalDiagnostics"]:
        line = item["range"]["start"]["line"] + 1
        # Rules of the strict mode only: in standard mode nothing is rejected.
        assert item["rule"] in ("reportDeprecated", "reportUnusedExpression"), item
        messages[line] = f"{messages.get(line, '')}{item['message']}\n"
    return messages


def test_a_deprecated_model_is_marked_through_every_door_and_no_other_is(
    source: Source, wheel_python: str, tmp_path: Path
) -> None:
    models = source.registry.models
    # `@llm.call` is slow to check: of the others, one in eight.
    counts = {
        id: 4 if end_of_life(model) or number % 8 == 0 else 2 for number, (id, model) in enumerate(models.items())
    }
    lines = write_doors(source, counts, tmp_path)
    messages = deprecations(tmp_path, wheel_python)
    wrong: list[str] = []
    for number, (line, id) in enumerate(lines, start=2):
        said, end = messages.get(number, ""), end_of_life(models[id])
        if (f"deprecated: {end}." not in said) if end else ("deprecated" in said):
            wrong.append(f"{line}: {said}")
        # Pyright would say of `__new__` that the constructor of `Model` is deprecated.
        if end and line.startswith("llm.Model("):
            named = f'The method "Model" in class "{model_class(id, models[id])}" is deprecated'
            wrong += [] if named in said and "constructor" not in said else [f"{line}: {said}"]
    assert wrong == []
    assert sum(1 for model in models.values() if end_of_life(model)) > 20


@pytest.mark.parametrize("checker", ["ty", "pyrefly"])
def test_the_fast_checkers_mark_it_too(source: Source, wheel_python: str, tmp_path: Path, checker: str) -> None:
    """mypy does with `enable_error_code = ["deprecated"]`."""
    command = find_checker(checker)
    if command is None:
        pytest.skip(f"{checker} is not installed (uv sync --group checkers)")
    write_doors(source, {"openai/gpt-4.1": 4, "openai/gpt-6.1-sol": 4}, tmp_path)
    (tmp_path / "pyrefly.toml").write_text(f"python-interpreter-path = {json.dumps(wheel_python)}\n", encoding="utf-8")
    venv = str(Path(wheel_python).parent.parent)
    arguments = {
        "ty": ["check", "--output-format", "concise", "--python", venv],
        "pyrefly": ["check", "--output-format", "min-text", "--min-severity", "warn"],
    }[checker]
    done = subprocess.run([command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    marked = {int(line.split(":")[1]) for line in done.stdout.splitlines() if "deprecated" in line}
    assert marked == {2, 3, 4, 5}, done.stdout
