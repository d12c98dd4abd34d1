"""A user's project with models of its own: typed like ours over a wheel and over an editable install, and run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support.checkers import run_checker

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).resolve().parent.parent.parent

YAML = """\
providers:
  vllm: {adapter: openai, api_key: [VLLM_API_KEY], base_url: "http://localhost:8000/v1"}
profiles:
  anthropic/claude-sonnet-5.5-between-tools: {input: [text]}
  groq/gpt-oss: {prefill: true}
  vllm/llama: {extends: openai/gpt-5.6-luna, endpoints: {chat_completions: {}}, sampling: {temperature: always, top_k: always}}
models:
  openai/ft:gpt-5.6-luna:acme: {like: openai/gpt-5.6-luna}
  vllm/llama-4: {profile: vllm/llama}
  vllm/sonnet: {profile: unverified}
remove: [google, openai/gpt-4o]
"""

PROGRAM = """\
from capably import llm

image = llm.Image.from_url("https://example.com/cat.png")

tuned = llm.Model("openai/ft:gpt-5.6-luna:acme")
tuned.call("Hi", temperature=0.2, reasoning="off")
tuned.call("Hi", temperature=0.2)  # error
llm.openai.ft_gpt_5_6_luna_acme.call("Hi", reasoning="high")
llm.openai.ft_gpt_5_6_luna_acme.call("Hi", reasoning="minimal")  # error

llm.Model("vllm/llama-4").call("Hi", temperature=0.2, top_k=3)
llm.Model("vllm/llama-4").call("Hi", seed=1)  # error
llm.vllm.llama_4.call("Hi", top_k=3)
llm.vllm.llama_4.call("Hi", seed=1)  # error
llm.vllm.sonnet.call("Hi", temperature=0.2, top_k=3, seed=1)
llm.Model.custom("vllm/other", like="vllm/llama-4").call("Hi", seed=1)  # error

llm.Model("anthropic/claude-opus-5").call(["Hi", image])
llm.Model("anthropic/claude-opus-5").call("Hi", temperature=0.2)  # error
llm.Model("anthropic/claude-sonnet-5-5").call("Hi")
llm.Model("anthropic/claude-sonnet-5-5").call(["Hi", image])  # error
llm.Model("groq/openai/gpt-oss-120b").call("Hi", prefill="So")
llm.Model("openai/gpt-5.6-luna").call("Hi", prefill="So")  # error

llm.Model("openai/gpt-4o")  # error
llm.google  # error
llm.Model("vllm/llama-5")  # error

llm.models()[0].limits["context"]
llm.models()[0].limits["contxt"]  # error
"""
"""Every line that is marked is rejected, and no other: their models by id and as constants, ours, what they corrected, and
what they removed."""

RUN = """
from typing import Any
from capably import llm
assert llm.openai.ft_gpt_5_6_luna_acme.id == "openai/ft:gpt-5.6-luna:acme"
model: Any = llm.vllm.llama_4
for refused, params in ((True, {"seed": 1}), (False, {"top_k": 3})):
    try:
        model.call("Hi", **params)
    except llm.UnsupportedFeatureError:
        assert refused
    except llm.ConfigurationError as error:
        assert not refused and "VLLM_API_KEY" in str(error), error
print([info.id for info in llm.models(provider="vllm")])
"""


def _project(folder: Path) -> Path:
    project = folder / "project"
    project.mkdir()
    (project / "my_models.yaml").write_text(YAML, encoding="utf-8")
    (project / "pyproject.toml").write_text('[tool.capably]\nregistry = "my_models.yaml"\n', encoding="utf-8")
    (project / "program.py").write_text(PROGRAM, encoding="utf-8")
    return project


def _run(python: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CAPABLY_", "PYTHONPATH"))}
    return subprocess.run([python, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def _generate(python: str, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _run(python, "-m", "capably.cli", "generate", *arguments, cwd=project)


def _marked(found: Mapping[str, Mapping[int, str]]) -> None:
    errors = found.get("program.py", {})
    marked = {line for line, text in enumerate(PROGRAM.splitlines(), 1) if text.endswith("# error")}
    assert set(errors) == marked, errors
    assert set(found) <= {"program.py"}, found


def test_users_models_are_typed_and_run_over_a_wheel(
    wheel: Path, wheel_python: str, new_environment: Callable[..., str], tmp_path: Path
) -> None:
    project = _project(tmp_path)
    generator = new_environment(f"{wheel}[codegen]")
    assert (_generate(generator, project, "--registry", "my_models.yaml")).returncode == 0
    assert _generate(generator, project, "--check").stdout == "everything is fresh\n"
    # What was generated counts where there is no generator: in the editor and in production.
    _marked(run_checker("pyright", project, wheel_python))
    done = _run(wheel_python, "-c", RUN, cwd=project)
    assert (done.stdout, done.stderr) == ("['vllm/llama-4', 'vllm/sonnet']\n", "")


def test_users_models_are_typed_over_an_editable_install(new_environment: Callable[..., str], tmp_path: Path) -> None:
    project = _project(tmp_path)
    python = new_environment("--editable", f"{ROOT}[codegen]")
    done = _generate(python, project)
    assert done.returncode == 0, done.stderr
    _marked(run_checker("pyright", project, python, "program.py"))


def test_without_the_generated_types_ours_are_untouched(wheel_python: str, tmp_path: Path) -> None:
    program = 'from capably import llm\nllm.Model("openai/gpt-4o")\nllm.google\nllm.Model("vllm/llama-4")\n'
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    assert set(run_checker("pyright", tmp_path, wheel_python)["program.py"]) == {4}


def test_the_wheel_holds_the_registry_and_both_json_schemas(wheel: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)], capture_output=True, text=True, check=True
    )
    for name in ("model_registry.yaml", "registry.schema.json", "overlay.schema.json"):
        assert f"capably_codegen/{name}" in done.stdout
