"""`llm.models(...)`: the models that can, cheapest first; what nobody knows counts neither as yes nor as no."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any, Literal, Protocol

import pytest
from capably_codegen.load import load_registry
from support.expected_types import requirements_of

from capably import llm
from capably.calls.select_models import price
from capably.registry.lookup import listed_models, rules_for

ROOT = Path(__file__).resolve().parents[2]
ALL = list(listed_models())
BOOLEANS = {
    "tools": "tools",
    "forced_tools": "tool_choice.forced",
    "format": "format",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop": "stop",
    "seed": "seed",
    "prefill": "prefill",
}
MODALITIES = ["image_input", "document_input", "audio_input", "video_input", "image_output", "audio_output"]


def ids(**wanted: Any) -> set[str]:
    every: dict[str, Any] = {"deprecated": True}
    return {info.id for info in llm.models(**{**every, **wanted})}


def paid(info: llm.ModelInfo, rate: Literal["input", "output"]) -> float:
    """The price, where an unknown one is higher than any."""
    known = price(info, rate)
    return float("inf") if known is None else known


@pytest.mark.parametrize("name", ["image_input", "tools", "deprecated"])
def test_a_feature_that_is_no_bool_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name}='yes' is of type str; it must be a bool"):
        llm.models(**{name: "yes"})  # pyright: ignore[reportArgumentType]


def test_without_a_wish_every_model_comes_that_is_not_deprecated() -> None:
    assert {info.id for info in llm.models()} == {info.id for info in ALL if info.status != "deprecated"}
    assert ids() == {info.id for info in ALL}


def test_cheap_models_come_first_and_unknown_prices_last() -> None:
    found = llm.models(deprecated=True)
    prices = [(price(info, "input"), price(info, "output")) for info in found]
    known = [pair for pair in prices if pair[0] is not None]
    assert known == sorted(known)  # pyright: ignore[reportArgumentType]
    assert all(pair[0] is None for pair in prices[len(known) :])
    assert 0 < len(known) < len(prices)


def test_equal_prices_are_in_order_of_ids() -> None:
    twins = [info.id for info in llm.models(provider="anthropic", max_input_price=2) if price(info, "input") == 2]
    assert twins == sorted(twins)
    assert len(twins) > 1


@pytest.mark.parametrize("name", [*BOOLEANS, *MODALITIES, "reasoning"])
def test_yes_and_no_share_no_model_and_leave_out_what_nobody_knows(name: str) -> None:
    yes, no = ids(**{name: True}), ids(**{name: False})
    assert yes
    assert no
    assert not yes & no
    unverified = {info.id for info in ALL if info.facts is None}
    assert not (yes | no) & unverified


@pytest.mark.parametrize(("name", "rule"), BOOLEANS.items(), ids=BOOLEANS)
def test_a_feature_is_what_the_check_says_it_is(name: str, rule: str) -> None:
    """A condition counts as having it, `ignored` as not having it, `unverified` as neither."""
    words: dict[str, set[str]] = {}
    for info in ALL:
        if info.facts is not None:
            words.setdefault(rules_for(info, info.endpoint)[rule].when, set()).add(info.id)
    has = set().union(
        *(words.get(word, set()) for word in ("always", "reasoning_off", "without_reasoning", "without_budget"))
    )
    lacks = words.get("never", set()) | words.get("ignored", set())
    assert (ids(**{name: True}), ids(**{name: False})) == (has, lacks)


def test_an_input_that_nobody_has_tried_is_neither_read_nor_unread() -> None:
    gemma = "google/gemma-4-31b-it"
    assert gemma in ids(image_input=True)
    assert gemma not in ids(audio_input=True) | ids(audio_input=False)


def test_a_model_that_always_reasons_reasons_though_nothing_can_be_set() -> None:
    fixed = "openai/daybreak-blue-latest"
    assert fixed in ids(reasoning=True)
    assert fixed not in ids(reasoning=False) | ids(reasoning="off") | ids(reasoning="low")


@pytest.mark.parametrize("level", ["off", "minimal", "low", "medium", "high", "xhigh", "max"])
def test_a_level_of_reasoning_is_one_that_the_call_accepts(level: Any) -> None:
    found = ids(reasoning=level)
    expected = {
        info.id
        for info in ALL
        if info.facts is not None and level in rules_for(info, info.endpoint)["reasoning"].values
    }
    assert found == expected
    assert found


@pytest.mark.parametrize(
    ("wish", "within"),
    [
        pytest.param({"min_context": 1_000_000}, lambda i: (i.limits["context"] or 0) >= 1_000_000, id="context"),
        pytest.param({"min_output": 100_000}, lambda i: (i.limits["output"] or 0) >= 100_000, id="output"),
        pytest.param({"max_input_price": 1}, lambda i: paid(i, "input") <= 1, id="input price"),
        pytest.param(
            {"max_output_price": 0},
            lambda i: paid(i, "output") <= 0,
            id="an output that costs nothing",
        ),
        pytest.param({"provider": "google"}, lambda i: i.provider == "google", id="provider"),
    ],
)
def test_numbers_and_the_provider_narrow_it_down_and_unknown_is_not_enough(wish: dict[str, Any], within: Any) -> None:
    assert ids(**wish) == {info.id for info in ALL if within(info)}


def test_wishes_add_up() -> None:
    both = ids(audio_input=True, format=True, reasoning="high", provider="google", max_input_price=1)
    assert both == ids(audio_input=True) & ids(format=True) & ids(reasoning="high") & ids(provider="google") & ids(
        max_input_price=1
    )
    assert both


def test_the_price_is_that_of_today() -> None:
    argon = next(info for info in ALL if info.id == "google/gemini-4-argon")
    today = datetime.date.today().isoformat()
    assert price(argon, "input") == (2 if today <= "2026-11-30" else 4)


def test_an_entry_tells_what_the_registry_knows() -> None:
    [info] = [info for info in ALL if info.id == "openai/gpt-4.1"]
    assert (info.provider, info.wire_id, info.name, info.status) == ("openai", "gpt-4.1", "GPT-4.1", "deprecated")
    assert (info.verified, info.endpoint, list(info.endpoints)) == (
        True,
        "responses",
        ["responses", "chat_completions"],
    )
    assert info.dates["retires"] == "2027-01-14"
    assert info.replacement == "openai/gpt-6-luna"
    assert repr(info) == "<ModelInfo openai/gpt-4.1>"
    assert {info: 1}[info] == 1


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"provider": "openia"}, "provider='openia' selects nothing. Did you mean 'openai'?"),
        ({"reasoning": "hgih"}, "reasoning='hgih' selects nothing. Did you mean 'high'?"),
        ({"reasoning": "?"}, "There are 'off', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'."),
    ],
)
def test_a_word_that_nobody_has_is_an_error_and_no_empty_answer(wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        llm.models(**wanted)


def test_a_price_in_words_is_an_error() -> None:
    cheap: Any = "cheap"
    with pytest.raises(TypeError, match="max_input_price='cheap' is of type str; it must be a number"):
        llm.models(max_input_price=cheap)


# --- by type ------------------------------------------------------------------------------------------------------


def demanded(type: str) -> Any:
    """`Image, HasTools` as `llm.Model[llm.Image, llm.HasTools]`."""
    words = re.sub(r"(?<!\.)\b(Has\w+|Image|Document|Audio|Video|Text)\b", r"llm.\1", type)
    both = words if words.startswith("llm.") and "Has" not in words.split(",")[0] else f"llm.Text, {words}"
    return eval(f"llm.Model[{both}]", {"llm": llm, "Literal": Literal}) if type else llm.Model


def test_by_type_it_selects_the_models_that_type_checkers_let_through() -> None:
    profiles = load_registry(ROOT / "model_registry.yaml").registry.profiles
    admitted: dict[str, set[str]] = {}
    for info in ALL:
        if info.facts is not None:
            for requirement in requirements_of(profiles[info.profile]):
                if not requirement.type.startswith("prompt"):
                    admitted.setdefault(requirement.type, set()).update([info.id] * requirement.allowed)
    for type, wanted in admitted.items():
        found: list[Any] = llm.models(demanded(type), deprecated=True)
        assert {model.id for model in found} == wanted, type
    assert len(admitted) > 40


class Needs(llm.HasTools, llm.HasReasoning[Literal["high"]], Protocol): ...


def look(model: llm.Model[llm.Image, Needs]) -> str:
    return model.id


def test_what_is_selected_by_type_is_models_in_the_same_order() -> None:
    found = llm.models(llm.Model[llm.Image, Needs], provider="anthropic", max_input_price=5)
    infos = llm.models(image_input=True, tools=True, reasoning="high", provider="anthropic", max_input_price=5)
    assert [look(model) for model in found] == [info.id for info in infos]
    assert found


def test_several_parts_levels_and_tools_are_asked_for_as_a_union() -> None:
    both = llm.models(llm.Model[llm.Audio | llm.Video, llm.HasBuiltinTools[llm.WebSearch | llm.CodeExecution]])
    assert both
    for model in both:
        info = model.info
        assert info
        assert info.facts
        assert {"audio", "video"} <= set(info.facts["input"])
        assert {"web_search", "code_execution"} <= set(info.facts["builtin_tools"])
    budget = llm.models(llm.Model[llm.Text, llm.HasReasoning[llm.Reasoning[Literal["low"], int]]])
    assert {model.id for model in budget} == {
        info.id
        for info in llm.models(reasoning="low")
        if rules_for(info, None)["reasoning.budget_tokens"].when == "always"
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (llm.Model[int], "int.* is no part that a model can be asked to read"),  # pyright: ignore[reportInvalidTypeArguments]
        (llm.Model[llm.Text, int], "int.* is no capability; llm.HasTools is"),
        (llm.Model[llm.Text, llm.HasReasoning[int]], "int.* cannot be looked for"),
    ],
)
def test_a_type_that_demands_something_else_is_refused(wrong: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        llm.models(wrong)
