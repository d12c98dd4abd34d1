"""Misuse that people really write, and valid uses beside it: pyright rejects the one and nothing of the other."""

from __future__ import annotations

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from support.checkers import CHECKERS, READS_INIT, Errors, find_checker, run_checker

from capably import llm

CASES = Path(__file__).parent / "cases"
FILES = sorted(path.name for path in CASES.glob("*.py"))
_MARK = re.compile(r"# (error(?: in| except in)?[a-z, ]*|run time)$")
"""`error in pyright` stands on the defaults of `llm.Model(id, ...)`, which only pyright and basedpyright hold; `error except in` names
the checkers that cannot see a misuse, `error in ty` one that rejects what is right."""

DEPENDENT = ("google.gemini_2_5_flash", "anthropic.claude_sonnet_4_5", "openai.gpt_5_6_sol", "openai.gpt_5_1")
"""Tools or `format`; no forced tool with a budget; `temperature` with reasoning off only, and not with a level."""
SETTLED = (
    "google.gemini_2_5_flash.with_(tools=[])",
    "anthropic.claude_sonnet_4_5.with_(reasoning=llm.Reasoning(budget_tokens=2000))",
    'anthropic.claude_sonnet_4_5.with_(tool_choice="required")',
    'openai.gpt_5_6_sol.with_(reasoning="off")',
    'openai.gpt_5_6_sol.with_(reasoning="off", temperature=0.2)',
    'openai.gpt_5_1.with_(reasoning="high")',
    "openai.gpt_5_1.with_(temperature=0.2)",
    'dashscope.qwen3_7_max.with_(reasoning="off", tools=[])',
)
"""The same where a default has settled one side."""


class Statement(NamedTuple):
    """A statement of a file of cases: the lines it stands on, its text, and its mark."""

    lines: range
    text: str
    mark: str


def statements(name: str) -> Iterator[Statement]:
    """Every marked line, with the statement that it belongs to (of a function, its decorators only)."""
    source = (CASES / name).read_text(encoding="utf-8")
    lines = source.splitlines()
    for number, line in enumerate(lines, start=1):
        found = _MARK.search(line)
        if found:
            end = number + 1 if line.startswith("@") else number
            yield Statement(range(number, end + 1), line, found[1])


@pytest.fixture(scope="module")
def said() -> dict[str, Errors]:
    """What each checker said of all files, once it was asked."""
    return {}


def _checked(checker: str, python: str, folder: Path) -> Errors:
    for name in FILES:
        shutil.copy(CASES / name, folder / name)
    return run_checker(checker, folder, python)


@pytest.mark.wheel
@pytest.mark.parametrize("checker", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in CHECKERS])
@pytest.mark.parametrize("name", FILES)
def test_what_is_marked_is_rejected_and_nothing_else(
    said: dict[str, Errors], wheel_python: str, tmp_path: Path, name: str, checker: str
) -> None:
    if find_checker(checker) is None:
        pytest.skip(f"{checker} is not installed (uv sync --group checkers)")
    if checker not in said:
        said[checker] = _checked(checker, wheel_python, tmp_path)
    rejected = said[checker].get(name, {})
    marked = [case for case in statements(name) if _is_error(case.mark, checker)]
    accepted = [case.text for case in marked if not rejected.keys() & set(case.lines)]
    elsewhere = {line for case in marked for line in case.lines}
    refused = {f"{name}:{line}": message for line, message in rejected.items() if line not in elsewhere}
    assert (accepted, refused) == ([], {})


def _is_error(mark: str, checker: str) -> bool:
    """Return whether this checker rejects a statement with this mark."""
    start, named = mark.partition(" in ")[::2]
    if start == "error" and named:
        return checker in (READS_INIT if named == "pyright" else named.split(", "))
    return start.startswith("error") and checker not in named.split(", ")


def test_there_are_as_many_misuses_as_were_promised() -> None:
    marks = [case.mark for name in FILES for case in statements(name)]
    assert marks.count("error") >= 40 + 25 + 20
    assert marks.count("run time") >= 13


@pytest.mark.parametrize("name", FILES)
def test_what_no_type_can_reject_is_refused_at_run_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    scope = _definitions(name, monkeypatch)
    accepted: list[str] = []
    for case in statements(name):
        if case.mark == "run time":
            try:
                exec(case.text, scope)
            except (llm.UnsupportedFeatureError, ValueError, TypeError):
                continue
            except llm.CapablyError as error:
                accepted.append(f"{case.text} -> {error}")
            else:
                accepted.append(case.text)
    assert accepted == []


def _definitions(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the file defines, without the calls that it makes."""
    module = ast.parse((CASES / name).read_text(encoding="utf-8"))
    wrong = {line for case in statements(name) if case.mark.startswith("error") for line in case.lines}
    module.body = [
        node
        for node in module.body
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign))
        and not wrong & {node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))}
    ]
    made = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, made)  # dataclasses look their module up
    exec(compile(module, name, "exec"), made.__dict__)
    return made.__dict__


@pytest.mark.wheel
def test_a_misspelt_parameter_is_named_where_parameters_depend_on_each_other(wheel_python: str, tmp_path: Path) -> None:
    lines = [
        *(f'llm.{model}.call("Hi", {given}temprature=0.2)' for model in DEPENDENT for given in ("", "format=Book, ")),
        *(f"llm.{model}.with_(temprature=0.2)" for model in (*DEPENDENT, *SETTLED)),
        *(f'llm.{model}.call("Hi", temprature=0.2)' for model in SETTLED),
        *(f'llm.{model}.call("Hi").resume("And?", temprature=0.2)' for model in (*DEPENDENT, *SETTLED)),
        'llm.Model("google/gemini-2.5-flash", temprature=0.2)',
        'llm.call("openai/gpt-5.6-sol", temprature=0.2)',
    ]
    text = "\n".join(["from capably import llm", "class Book: ...", *lines])
    (tmp_path / "misspelt.py").write_text(text, encoding="utf-8")
    said = run_checker("pyright", tmp_path, wheel_python)["misspelt.py"]
    assert [line for number, line in enumerate(lines, start=3) if '"temprature"' not in said.get(number, "")] == []


@pytest.mark.wheel
def test_what_goes_only_without_reasoning_is_named_beside_a_level(wheel_python: str, tmp_path: Path) -> None:
    arguments = 'reasoning="high", temperature=0.2'
    models = ("openai.gpt_5_6_sol", "openai.gpt_5_1")
    lines = [
        *(f'llm.{model}.call("Hi", {arguments})' for model in models),
        *(f"llm.{model}.with_({arguments})" for model in models),
        *(f'llm.{model}.with_(reasoning="high").call("Hi", temperature=0.2)' for model in models),
    ]
    (tmp_path / "levels.py").write_text("\n".join(["from capably import llm", *lines]), encoding="utf-8")
    said = run_checker("pyright", tmp_path, wheel_python)["levels.py"]
    named = '"temperature" of type "OnlyWithReasoningOff"'
    assert [line for number, line in enumerate(lines, start=2) if named not in said.get(number, "")] == []


@pytest.mark.wheel
def test_a_misspelt_id_is_named_through_every_door(wheel_python: str, tmp_path: Path) -> None:
    wrong = '"anthropic/claude-sonet-5-5"'
    params = ("", "temperature=0.2", "format=int", "max_tokens=9, temperature=0.2", "temprature=0.2")
    lines = [*(f"llm.call({wrong}, {given})" for given in params), f'llm.Model.custom("openai/x", like={wrong})']
    (tmp_path / "ids.py").write_text("\n".join(["from capably import llm", *lines]), encoding="utf-8")
    said = run_checker("pyright", tmp_path, wheel_python)["ids.py"]
    named = re.compile(r'"(model|like)" of type "ModelId"')
    assert [line for number, line in enumerate(lines, start=2) if not named.search(said.get(number, ""))] == []
