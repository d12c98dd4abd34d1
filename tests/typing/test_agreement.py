"""Code without type errors runs: random calls, held against pyright and against the run-time check and the encoder."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from capably_codegen.load import load_registry
from capably_codegen.registry.schema import Profile, Registry, Tools
from hypothesis import HealthCheck, given, settings, strategies as st
from matrix import HEAD
from support.checkers import run_checker
from support.expected_types import cases_of
from support.sample import EVERYTHING

from capably import llm
from capably.calls.call import prepare
from capably.registry.lookup import listed_model

pytestmark = pytest.mark.wheel

CALLS = 900 if EVERYTHING else 450
KNOTS = {"reasoning", "temperature", "top_p", "tools", "tool_choice", "format"}
"""Parameters that depend on each other somewhere."""
BEYOND_TYPES = ("range", "system_messages")
"""Reasons of a refusal, or features, that no type can express: numbers and places."""


class Written(NamedTuple):
    """A call of a model, as Python; before it, the arguments of each `with_`."""

    id: str
    arguments: str
    defaults: tuple[str, ...]

    def __str__(self) -> str:
        """What follows the model: `.with_(reasoning="off").call("hi")`."""
        return "".join(f".with_({given})" for given in self.defaults) + f".call({self.arguments})"


def written_calls(registry: Registry) -> list[Written]:
    """Random calls: a model, up to two `with_`, a content, and up to three features whose parameters differ.

    Half of them are to models whose defaults change what a call may pass, and use what those take in some call.
    """
    ids, tied = sorted(registry.models), tied_models(registry)
    cases = [case for case in cases_of(None) if not case.after and case.feature != "routing"]
    params = sorted({case.params for case in cases if case.params})
    contents = sorted({case.content for case in cases})
    taken: dict[str, list[str]] = {}
    for id in tied:
        own = [case.params for case in cases_of(registry.profiles[registry.models[id].profile]) if case.allowed]
        taken[id] = [p for p in params if _names(p) & KNOTS and any(p in case for case in own)]
    calls: list[Written] = []

    @settings(
        max_examples=CALLS, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(st.data(), st.booleans(), st.sampled_from([*contents, *['"hi"'] * 20]))
    def write(data: st.DataObject, of_tied: bool, content: str) -> None:
        id = data.draw(st.sampled_from(tied if of_tied else ids))
        some = st.sampled_from(taken[id] if of_tied else params)
        chosen = _together(data.draw(st.lists(some, max_size=3)))
        given = data.draw(st.lists(st.lists(some, min_size=1, max_size=2), max_size=2))
        steps = [", ".join(p for p in _together(step) if _may_be_default(p)) for step in given]
        calls.append(Written(id, _with_bytes(", ".join([content, *chosen])), tuple(filter(None, steps))))

    write()
    return calls


def _may_be_default(param: str) -> bool:
    """Whether it can be set on the model. A tool that is chosen by value may be missing among those of a later call."""
    return not _names(param) & {"format", "prefill"} and "tool_choice=add" not in param


def _together(params: list[str]) -> list[str]:
    """Those that one call can pass: a parameter once."""
    taken: dict[str, set[str]] = {}
    for param in params:
        names = _names(param)
        if not any(names & others for others in taken.values()):
            taken[param] = names
    return list(taken)


def tied_models(registry: Registry) -> list[str]:
    """Those of which some default changes what a call may pass."""
    tied = {name for name, profile in registry.profiles.items() if _ties(profile)}
    return sorted(id for id, model in registry.models.items() if model.profile in tied)


def _ties(profile: Profile) -> bool:
    tools = profile.tools if isinstance(profile.tools, Tools) else None
    conditions = {profile.sampling.temperature, profile.sampling.top_p, tools.forced if tools else ""}
    return bool(conditions & {"reasoning_off", "without_budget"}) or (
        tools is not None and tools.with_structured_output is not True
    )


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


class Asked:
    """A model that is asked and not called. What `with_` gives it holds of every call, so also of a plain one."""

    def __init__(self, id: str, defaults: dict[str, Any]) -> None:
        self.id = id
        self.defaults = defaults

    def with_(self, **defaults: Any) -> Asked:
        made = Asked(self.id, {**self.defaults, **defaults})
        made.call("hi")
        return made

    def call(self, content: Any, **params: Any) -> None:
        ready = prepare(self.id, listed_model(self.id), content, {**self.defaults, **params})
        ready.adapter.encode(ready.request)


def refused(call: Written) -> Exception | None:
    """What the run-time check or the encoder says against it; nothing is sent."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            eval(f"model{call}", {"model": Asked(call.id, {}), "llm": llm, "add": add})
        except (llm.UnsupportedFeatureError, TypeError, ValueError) as error:
            return error
    return None


def test_what_pyright_accepts_is_encoded_and_what_it_rejects_is_refused(
    registry_file: Path, wheel_python: str, tmp_path: Path
) -> None:
    registry = load_registry(registry_file).registry
    calls = written_calls(registry)
    lines = [*HEAD.splitlines(), *(f'llm.Model.custom("{c.id}", like="{c.id}"){c}' for c in calls)]
    (tmp_path / "calls.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = run_checker("pyright", tmp_path, wheel_python).get("calls.py", {})
    first = len(HEAD.splitlines()) + 1
    wrong: list[str] = []
    accepted = copied = 0
    for line, call in enumerate(calls, start=first):
        error = refused(call)
        accepted += line not in said
        copied += line not in said and bool(call.defaults)
        # Of an unverified model, types and check admit everything; what the wire cannot say, only the encoder knows.
        known = registry.models[call.id].profile != "unverified"
        # Nor does a type know which calls stand in a conversation.
        beyond = isinstance(error, llm.ConversationError) or {
            getattr(error, "reason", ""),
            getattr(error, "feature", ""),
        } & set(BEYOND_TYPES)
        if line not in said and error is not None and known and not beyond:
            wrong.append(f"{call.id}: model{call} has no type error, and: {error}")
        if line in said and error is None and known:
            wrong.append(f"{call.id}: model{call} runs, and pyright says: {said[line]}")
    assert wrong == []
    assert min(accepted, len(calls) - accepted) > len(calls) / 5
    assert copied > len(calls) / 10
