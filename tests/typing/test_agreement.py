"""Code without type errors runs: random calls, held against pyright and against the run-time check and the encoder."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from capably_codegen.registry import load_registry
from checkers import run_checker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matrix import HEAD
from oracle import cases_of

from capably import llm
from capably.llm._calls import prepare
from capably.llm._registry import listed_model

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("wheel")]

CALLS = 600
BEYOND_TYPES = ("range", "system_messages")
"""Reasons of a refusal that no type can express: numbers, and places."""


class Written(NamedTuple):
    """A call of a model, as Python."""

    id: str
    arguments: str


def written_calls(ids: list[str]) -> list[Written]:
    """Random calls: a model, a content, and up to three features whose parameters differ."""
    cases = [case for case in cases_of(None) if not case.after and case.feature != "routing"]
    params = sorted({case.params for case in cases if case.params})
    contents = sorted({case.content for case in cases})
    calls: list[Written] = []

    @settings(
        max_examples=CALLS, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(
        st.sampled_from(ids),
        st.sampled_from([*contents, *['"hi"'] * 20]),
        st.lists(st.sampled_from(params), max_size=3),
    )
    def write(id: str, content: str, chosen: list[str]) -> None:
        taken: dict[str, str] = {}
        for param in chosen:
            names = _names(param)
            if not names & {name for other in taken.values() for name in _names(other)}:
                taken[param] = param
        calls.append(Written(id, ", ".join([content, *taken])))

    write()
    return [Written(call.id, _with_bytes(call.arguments)) for call in calls]


def _with_bytes(arguments: str) -> str:
    """Media as bytes: which endpoint takes a URL of which kind is the wire's business, and no feature of a model."""
    for name, kind in (("Audio", "audio/wav"), ("Document", "application/pdf")):
        url = f'llm.{name}.from_url("https://x.y/z")'
        arguments = arguments.replace(url, f'llm.{name}.from_bytes(b"abc", media_type="{kind}")')
    return arguments


def _names(params: str) -> set[str]:
    """The parameters that a case passes."""
    return set(eval(f"dict({params})", {"llm": llm, "add": add}))


@llm.tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


def refused(call: Written) -> Exception | None:
    """What the run-time check or the encoder says against it; nothing is sent."""

    def ask(content: Any, **params: Any) -> None:
        ready = prepare(call.id, listed_model(call.id), content, params)
        ready.adapter.encode(ready.request)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            eval(f"ask({call.arguments})", {"ask": ask, "llm": llm, "add": add})
        except (llm.UnsupportedFeatureError, TypeError, ValueError) as error:
            return error
    return None


def test_what_pyright_accepts_is_encoded_and_what_it_rejects_is_refused(
    registry_file: Path, wheel_python: str, tmp_path: Path
) -> None:
    registry = load_registry(registry_file).registry
    calls = written_calls(sorted(registry.models))
    lines = [*HEAD.splitlines(), *(f'llm.Model.custom("{c.id}", like="{c.id}").call({c.arguments})' for c in calls)]
    (tmp_path / "calls.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = run_checker("pyright", tmp_path, wheel_python).get("calls.py", {})
    first = len(HEAD.splitlines()) + 1
    wrong: list[str] = []
    accepted = 0
    for line, call in enumerate(calls, start=first):
        error = refused(call)
        accepted += line not in said
        # Of an unverified model, types and check admit everything; what the wire cannot say, only the encoder knows.
        reach = getattr(error, "reason", "") not in BEYOND_TYPES and registry.models[call.id].profile != "unverified"
        if line not in said and error is not None and reach:
            wrong.append(f"{call.id}: call({call.arguments}) has no type error, and: {error}")
        if line in said and error is None:
            wrong.append(f"{call.id}: call({call.arguments}) runs, and pyright says: {said[line]}")
    assert wrong == []
    assert min(accepted, len(calls) - accepted) > len(calls) / 5
