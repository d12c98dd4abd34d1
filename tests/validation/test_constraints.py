"""The check as a lookup: it says what the registry's own words say, and its short ways say what a closer look would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from capably_codegen.load import load_registry
from support.expected_types import BUILTINS, cases_of

from capably import llm
from capably.calls.call import prepare
from capably.registry.identify import find_model
from capably.registry.lookup import listed_models
from capably.types.facts import ModelInfo
from capably.validation.check import check_call
from capably.validation.violations import PendingCall


@llm.tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


class Tuned(llm.Tool[Any]):
    """A tool of a class that the check does not know."""

    __slots__ = ()


def asked(content: Any, **params: Any) -> tuple[Any, dict[str, Any]]:
    return content, params


def verified() -> Iterator[tuple[ModelInfo, str]]:
    """One model of each profile, at each of its endpoints."""
    one_of_each = {info.profile: info for info in listed_models() if info.verified}
    return ((info, endpoint) for info in one_of_each.values() for endpoint in info.endpoints)


def said(info: ModelInfo, endpoint: str, content: Any = "Hi", **params: Any) -> tuple[str, str] | None:
    """What is refused first, and why."""
    messages: list[Any] = [llm.user(content)]
    try:
        check_call(PendingCall(info.id, info, endpoint, params, messages, "raise"))
    except llm.UnsupportedFeatureError as error:
        return error.feature, error.reason
    return None


def test_every_profile_takes_of_every_feature_what_the_registry_says(registry_file: Path) -> None:
    """The oracle reads the registry's own words, and none of the rules that the check is compiled from."""
    registry = load_registry(registry_file).registry
    one_of_each = {model.profile: id for id, model in registry.models.items() if model.profile != "unverified"}
    wrong: list[str] = []
    for profile, id in one_of_each.items():
        for case in cases_of(registry.profiles[profile]):
            if case.after or case.feature == "misspelt":
                continue  # of responses; and of no model
            content, params = eval(f"asked({case.arguments})", {"asked": asked, "llm": llm, "add": add})
            try:
                prepare(id, find_model(id), content, params)
            except llm.UnsupportedFeatureError as error:
                if case.allowed and "this API cannot say it" not in str(error):  # A document by its URL, say.
                    wrong.append(f"{id}: {case.arguments}: {error}")
            except llm.ConversationError as error:
                # An output without its call passed the check, which is what is asked here.
                assert error.rule == "unasked_output"
            else:
                if not case.allowed:
                    wrong.append(f"{id} takes {case.arguments}")
    assert wrong == []


PARTS: list[Any] = [
    llm.Text("?"),
    llm.Image.from_url("https://example.com/cat.png"),
    llm.Document.from_url("https://example.com/paper.pdf"),
    llm.Audio.from_bytes(b"RIFF", media_type="audio/wav"),
    llm.Video.from_url("https://example.com/cat.mp4"),
    llm.ToolOutput("1", "add", 3),
]


def test_parts_that_are_told_by_their_classes_are_told_alike_one_by_one() -> None:
    """`llm.Unknown` is of no class that is told at once, so that every part beside it is looked at."""
    beside = llm.Unknown("x", {"type": "x"})
    for info, endpoint in verified():
        for part in PARTS:
            assert said(info, endpoint, [part]) == said(info, endpoint, [part, beside]), (info, endpoint, part)


def test_tools_that_are_told_by_their_classes_are_told_alike_one_by_one() -> None:
    tuned = Tuned(add.function, name="tuned")
    builtins: list[Any] = [getattr(llm, name)() for name in BUILTINS.values()]
    for info, endpoint in verified():
        for others in ([], *([tool] for tool in builtins)):
            for params in ({}, {"format": int}, {"reasoning": "off"}):
                at_once = said(info, endpoint, tools=[add, *others], **params)
                assert at_once == said(info, endpoint, tools=[tuned, *others], **params), (info, endpoint, others)


ODD: dict[str, Any] = {
    "a list": ["low"],
    "a mapping": {"low": 1},
    "a set": {"low"},
    "an object": object(),
    "a list in Reasoning": cast("Any", llm.Reasoning)(effort=["low"]),
}


@pytest.mark.parametrize("name", ["reasoning", "verbosity", "cache", "tool_choice"])
@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_a_value_of_any_kind_is_refused_in_words(name: str, value: Any) -> None:
    for info, endpoint in verified():
        violations = said(info, endpoint, **{name: value})
        assert violations is not None, (info, endpoint)
        assert violations[0] == name
