"""One fact changed in the registry, and the types and the run-time check change together. Nobody else holds facts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from capably_codegen.generate import generate

ROOT = Path(__file__).parents[2]
REGISTRY = (ROOT / "model_registry.yaml").read_text(encoding="utf-8")


class Case(NamedTuple):
    """A call, and the change of one fact of its model's profile that turns the answer to it around."""

    name: str
    profile: str
    old: str
    new: str
    model: str
    arguments: str
    accepted: bool
    """Whether the call is fine before the change."""


TOOL = "tools=[lookup]"
CASES = [
    Case(
        "temperature: never becomes always",
        "openai/gpt-5-pro",
        "system: anywhere",
        "system: anywhere\n    sampling: {temperature: always}",
        "openai/gpt-5-pro",
        '"Hi", temperature=0.2',
        accepted=False,
    ),
    Case(
        "temperature: reasoning_off becomes always",
        "openai/gpt-5.1",
        "temperature: reasoning_off",
        "temperature: always",
        "openai/gpt-5.1",
        '"Hi", temperature=0.2, reasoning="low"',
        accepted=False,
    ),
    Case(
        "it reasons by default, so that reasoning must be turned off",
        "openai/gpt-5.4-mini",
        "on_by_default: false",
        "on_by_default: true",
        "openai/gpt-5.4-mini",
        '"Hi", temperature=0.2',
        accepted=True,
    ),
    Case(
        "nobody knows whether it reasons by default, so that reasoning must be turned off",
        "openai/gpt-5.4-nano",
        "on_by_default: false, ",
        "",
        "openai/gpt-5.4-nano",
        '"Hi", temperature=0.2',
        accepted=True,
    ),
    Case(
        "temperature: always becomes ignored",
        "google/gemini-3.1-pro",
        "temperature: always",
        "temperature: ignored",
        "google/gemini-3.1-pro-preview",
        '"Hi", temperature=0.2',
        accepted=True,
    ),
    Case(
        "an effort goes",
        "openai/gpt-5.2",
        "efforts: [low, medium, high, xhigh]",
        "efforts: [low, medium, high]",
        "openai/gpt-5.2",
        '"Hi", reasoning="xhigh"',
        accepted=True,
    ),
    Case(
        "an effort comes",
        "google/gemini-3.8-flash",
        "efforts: [low, medium, high]",
        "efforts: [minimal, low, medium, high]",
        "google/gemini-3.8-flash",
        '"Hi", reasoning="minimal"',
        accepted=False,
    ),
    Case(
        "reasoning cannot be turned off any more",
        "anthropic/claude-opus-4.8",
        "off: disabled",
        "off: never",
        "anthropic/claude-opus-4-8",
        '"Hi", reasoning="off"',
        accepted=True,
    ),
    Case(
        "a thinking budget comes",
        "anthropic/claude-opus-5",
        "on_by_default: true",
        "on_by_default: true\n      budget: {min: 1024}",
        "anthropic/claude-opus-5",
        '"Hi", reasoning=llm.Reasoning(budget_tokens=2048)',
        accepted=False,
    ),
    Case(
        "reasoning can be turned off by a budget of nothing, beside levels",
        "google/gemini-3.5-flash-lite",
        "off: never",
        "off: budget_zero",
        "google/gemini-3.5-flash-lite",
        '"Hi", reasoning="off"',
        accepted=False,
    ),
    Case(
        "a level or a budget, where it was a level and a budget",
        "anthropic/claude-4.6",
        "style: adaptive",
        "style: level",
        "anthropic/claude-sonnet-4-6",
        '"Hi", reasoning=llm.Reasoning(effort="low", budget_tokens=2048)',
        accepted=True,
    ),
    Case(
        "image input goes",
        "openai/gpt-4o-4.1",
        "input: [text, image, document]",
        "input: [text, document]",
        "openai/gpt-4.1",
        '["What is it?", llm.Image.from_url("https://example.com/cat.png")]',
        accepted=True,
    ),
    Case(
        "document input: unverified becomes known",
        "google/gemini-robotics-er-2",
        "input: [text, image, audio, video]\n    unverified_input: [document]",
        "input: [text, image, audio, video, document]",
        "google/gemini-robotics-er-2-preview",
        '[llm.user(["What is it?", llm.Document.from_url("https://example.com/cat.pdf")])]',
        accepted=False,
    ),
    Case(
        "stop goes",
        "google/gemini-3.5-flash",
        "stop: always, ",
        "",
        "google/gemini-3.5-flash",
        '"Hi", stop="END"',
        accepted=True,
    ),
    Case(
        "seed: always becomes unverified",
        "google/gemini-2.5-flash-lite",
        "seed: always",
        "seed: unverified",
        "google/gemini-2.5-flash-lite",
        '"Hi", seed=7',
        accepted=True,
    ),
    Case(
        "a forced tool: never becomes always",
        "anthropic/claude-opus-5.5",
        "forced: never",
        "forced: always",
        "anthropic/claude-opus-5-5",
        f'"Hi", {TOOL}, tool_choice="required"',
        accepted=False,
    ),
    Case(
        "a forced tool: without_budget becomes never",
        "anthropic/claude-4.5",
        "forced: without_budget",
        "forced: never",
        "anthropic/claude-haiku-4-5",
        f'"Hi", {TOOL}, tool_choice="required"',
        accepted=True,
    ),
    Case(
        "a forced tool can be named no more",
        "xai/grok-4.3",
        "tools: {forced: always,",
        "tools: {forced: always, named: false,",
        "xai/grok-4.3",
        f'"Hi", {TOOL}, tool_choice=lookup',
        accepted=True,
    ),
    Case(
        "tools become unverified",
        "google/gemini-3.6-flash",
        "tools: {forced: always, parallel: always, strict: true, with_structured_output: true, with_builtin: true}",
        "tools: unverified",
        "google/gemini-3.6-flash",
        f'"Hi", {TOOL}',
        accepted=True,
    ),
    Case(
        "a built-in tool goes",
        "google/gemini-2.5-pro",
        "google_maps, ",
        "",
        "google/gemini-2.5-pro",
        '"Hi", tools=[llm.GoogleMaps()]',
        accepted=True,
    ),
    Case(
        "structured output goes",
        "google/gemini-3-flash",
        "structured_output: json_schema",
        "structured_output: never",
        "google/gemini-3-flash-preview",
        '"Hi", format=int',
        accepted=True,
    ),
    Case(
        "prefill goes",
        "anthropic/claude-opus-4.5",
        "prefill: true",
        "prefill: false",
        "anthropic/claude-opus-4-5",
        '"Hi", prefill="The"',
        accepted=True,
    ),
    Case(
        "a lifetime of the cache goes",
        "anthropic/claude-sonnet-5",
        "breakpoints: [5m, 1h]",
        "breakpoints: [5m]",
        "anthropic/claude-sonnet-5",
        '"Hi", cache="1h"',
        accepted=True,
    ),
    Case(
        "a verbosity goes",
        "openai/gpt-5-mini-nano",
        "verbosity: [low, medium, high]",
        "verbosity: [low, medium]",
        "openai/gpt-5-mini",
        '"Hi", verbosity="high"',
        accepted=True,
    ),
    Case(
        "system goes",
        "google/gemini-2.5-flash",
        "system: start",
        "system: never",
        "google/gemini-2.5-flash",
        '"Hi", system="Be brief."',
        accepted=True,
    ),
    Case(
        "an output comes",
        "google/gemini-4-argon",
        "output: [text]",
        "output: [text, image]",
        "google/gemini-4-argon",
        '"Hi", output=["image"]',
        accepted=False,
    ),
]

HEAD = '''\
from capably import llm


@llm.tool
def lookup(word: str) -> str:
    """Looks a word up."""
    return word


'''

RUN = """
import json, sys, warnings
from pathlib import Path
import capably_models
from capably import llm

assert Path(capably_models.__file__).is_relative_to(sys.argv[1]), capably_models.__file__
for name in ("anthropic", "openai", "google"):  # nobody listens there
    llm.configure(name, api_key="none", base_url="http://127.0.0.1:9", max_retries=0, timeout=1)
head, *calls = Path(sys.argv[2]).read_text().split("# call\\n")
exec(compile(head, "head", "exec"))
told = []
for call in calls:
    try:
        exec(call)
    except llm.UnsupportedFeatureError as error:
        told.append(False)
    except (llm.ConfigurationError, llm.ProviderError):
        told.append(True)
print(json.dumps(told))
"""


def change(text: str, case: Case) -> str:
    """The registry with the one fact of this case changed."""
    start = text.index(f"\n  {case.profile}:\n") + 1
    following = re.compile(r"^ {0,2}\S", re.MULTILINE).search(text, start + len(case.profile))
    assert following is not None
    block = text[start : following.start()]
    assert case.old in block, f"{case.name}: {case.profile} no longer says {case.old!r}"
    return text[:start] + block.replace(case.old, case.new, 1) + text[following.start() :]


class Project:
    """A folder with its own generated types, and one program that makes the call of every case."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.typings = folder / "types_of_ours"
        self.program = folder / "program.py"
        self.lines = {case.name: f'llm.Model("{case.model}").call({case.arguments})  # {case.name}' for case in CASES}
        self.program.write_text(HEAD + "".join(f"# call\n{line}\n" for line in self.lines.values()), encoding="utf-8")
        # A deprecated model is struck through in this mode, which says nothing of what it takes.
        mode = {"typeCheckingMode": "strict", "reportDeprecated": False}
        config = {"stubPath": self.typings.name, "include": [self.program.name], **mode}
        (folder / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")

    def generate(self, registry: str) -> None:
        file = self.folder / "model_registry.yaml"
        file.write_text(registry, encoding="utf-8")
        generate(file, self.typings / "capably_models")

    def generated(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.typings / "capably_models").glob("*.py*")}

    def accepted_by_types(self) -> dict[str, bool]:
        """What pyright says of each call."""
        done = subprocess.run(
            [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", "-p", str(self.folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        found = json.loads(done.stdout)["generalDiagnostics"]
        errors = {f["range"]["start"]["line"]: f["message"] for f in found if f["severity"] == "error"}
        place = {line: number for number, line in enumerate(self.program.read_text(encoding="utf-8").splitlines())}
        known = {place[line] for line in self.lines.values()}
        assert errors.keys() <= known, f"errors outside the calls: {errors}"
        return {name: place[line] not in errors for name, line in self.lines.items()}

    def accepted_at_run_time(self) -> dict[str, bool]:
        """What the check before sending says of each call."""
        kept = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "_BASE_URL"))}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", RUN, str(self.typings), str(self.program)],
            env={**kept, "PYTHONPATH": str(self.typings)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return dict(zip(self.lines, json.loads(done.stdout), strict=True))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_each_changed_fact_moves_the_types_and_the_run_time_check_together_and_back(project: Project) -> None:
    """Every case changes a profile of its own, so all of them are changed at once and each answers for itself."""
    assert len({case.profile for case in CASES}) == len(CASES)
    before = {case.name: case.accepted for case in CASES}
    after = {case.name: not case.accepted for case in CASES}
    changed = REGISTRY
    for case in CASES:
        changed = change(changed, case)

    project.generate(REGISTRY)
    generated = project.generated()
    assert project.accepted_by_types() == before
    assert project.accepted_at_run_time() == before

    project.generate(changed)
    assert project.accepted_by_types() == after
    assert project.accepted_at_run_time() == after

    project.generate(REGISTRY)
    assert project.generated() == generated


def test_a_changed_fact_of_one_profile_moves_no_other(project: Project) -> None:
    first = CASES[0]
    project.generate(change(REGISTRY, first))
    expected = {case.name: case.accepted is (case is not first) for case in CASES}
    assert project.accepted_by_types() == expected
    assert project.accepted_at_run_time() == expected
