"""The check before anything is sent: what each model takes, how a refusal is told, and what `on_unsupported` does."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import pytest

from capably import llm
from capably.calls.call import PreparedCall, prepare
from capably.parameters import PARAMETERS
from capably.registry.identify import find_model
from capably.registry.lookup import listed_models, rules_for
from capably.validation.check import check_call
from capably.validation.violations import PendingCall

PHOTO = llm.Image.from_bytes(b"\x89PNG", media_type="image/png")
SPEECH = llm.Audio.from_bytes(b"RIFF", media_type="audio/wav")
FILM = llm.Video.from_url("https://example.com/cat.mp4")
PAPER = llm.Document.from_url("https://example.com/paper.pdf")

SONNET = "anthropic/claude-sonnet-5-5"  # no sampling, levels, no budget, no forced tool
KIMI = "moonshot/kimi-k3"  # a forced tool, but none by its name
CODESTRAL = "mistral/codestral-latest"  # top_p from 0.01 on
HAIKU_4 = "anthropic/claude-haiku-4-5"  # a budget and no levels, forced tools without it, prefill
GPT_5_6 = "openai/gpt-5.6"  # sampling only while it does not reason
GPT_5_1 = "openai/gpt-5.1"  # the same, and it does not reason by default
GPT_4_1 = "openai/gpt-4.1"  # no reasoning, free sampling
O3 = "openai/o3"  # no parallel tools
DAYBREAK = "openai/daybreak-blue-latest"  # reasons, its levels are unknown
FLASH = "google/gemini-3.8-flash"  # ignores sampling
PRO_2_5 = "google/gemini-2.5-pro"  # a budget with both ends, tools and a format exclude each other
MUSE = "meta/muse-spark-1.3"  # never shows its thoughts
BANANA = "google/gemini-2.5-flash-image"  # writes pictures, has no tools, may read video
GEMMA_3 = "google/gemma-3-27b-it"  # no system, unknown tools
GEMMA_4 = "google/gemma-4-31b-it"  # nobody knows whether tools and a format go together
NEON = "google/gemini-4-neon"  # unknown built-in tools
SECRET = "google/gemini-exp-1114"  # unverified


@llm.tool
def lookup(word: str) -> str:
    """Looks a word up."""
    return word


def check(id: str, content: Any = "Hi", **params: Any) -> PreparedCall:
    return prepare(id, find_model(id), content, params)


def refusal(id: str, content: Any = "Hi", **params: Any) -> llm.UnsupportedFeatureError:
    with pytest.raises(llm.UnsupportedFeatureError) as caught:
        check(id, content, **params)
    return caught.value


def source(id: str) -> str:
    """Where the facts of a model stand, as messages cite it."""
    info = find_model(id)
    assert info.facts is not None
    return f"checked {info.facts['verified']}, model_registry.yaml:{info.line}"


# --- what is taken, and what is not -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "params"),
    [
        pytest.param(SONNET, {"reasoning": "xhigh"}, id="a level that the model has"),
        pytest.param(SONNET, {"reasoning": "off"}, id="off where it can be turned off"),
        pytest.param(SONNET, {"reasoning": llm.Reasoning(effort="low", visible=True)}, id="a level in Reasoning"),
        pytest.param(SONNET, {"reasoning": llm.Reasoning(visible=True)}, id="Reasoning without a level"),
        pytest.param(MUSE, {"reasoning": llm.Reasoning(effort="low", visible=False)}, id="thoughts nobody would see"),
        pytest.param(SONNET, {"stop": ["END", "STOP"], "max_tokens": 128_000}, id="stop, and the highest max_tokens"),
        pytest.param(SONNET, {"tools": [lookup, llm.WebSearch()]}, id="own and built-in tools"),
        pytest.param(SONNET, {"tools": [lookup], "tool_choice": "none"}, id="a free tool choice"),
        pytest.param(SONNET, {"cache": "1h"}, id="a lifetime of the cache"),
        pytest.param(HAIKU_4, {"reasoning": llm.Reasoning(budget_tokens=1024)}, id="the smallest budget"),
        pytest.param(HAIKU_4, {"tools": [lookup], "tool_choice": lookup}, id="a named tool without a budget"),
        pytest.param(KIMI, {"tools": [lookup], "tool_choice": "required"}, id="a tool that cannot be named is forced"),
        pytest.param(CODESTRAL, {"top_p": 0.01}, id="the smallest top_p"),
        pytest.param(HAIKU_4, {"tools": [lookup], "parallel_tools": False}, id="the parallel switch"),
        pytest.param(HAIKU_4, {"prefill": "The"}, id="prefill"),
        pytest.param(GPT_5_6, {"temperature": 0.2, "top_p": 0.9, "reasoning": "off"}, id="sampling, reasoning off"),
        pytest.param(GPT_5_1, {"temperature": 0.2, "logprobs": 3}, id="sampling, no word about reasoning"),
        pytest.param(GPT_5_1, {"temperature": 0.2, "reasoning": "off"}, id="sampling, off where it is off by default"),
        pytest.param(GPT_5_6, {"verbosity": "low"}, id="verbosity"),
        pytest.param(GPT_5_6, {"output": ["text"]}, id="the only output it has"),
        pytest.param(GPT_4_1, {"temperature": 2, "logprobs": 20}, id="the highest temperature and logprobs"),
        pytest.param(PRO_2_5, {"reasoning": llm.Reasoning(budget_tokens=32_768)}, id="the largest budget"),
        pytest.param(PRO_2_5, {"top_k": 1, "top_p": 0, "seed": 7}, id="top_k, top_p and seed"),
        pytest.param(BANANA, {"output": ["text", "image"]}, id="several outputs"),
        pytest.param(FLASH, {"tools": [lookup], "format": int}, id="tools together with a format"),
        pytest.param(SONNET, {"temperature": None, "format": None, "extra": None}, id="None says nothing"),
        pytest.param(SONNET, {"extra": {"temperature": 0.2}, "timeout": 3, "max_retries": 0}, id="routing"),
    ],
)
def test_what_a_model_takes_passes(id: str, params: dict[str, Any]) -> None:
    ready = check(id, **params)
    assert ready.warnings == []


@pytest.mark.parametrize(
    ("id", "params", "feature", "reason", "allowed"),
    [
        pytest.param(SONNET, {"temperature": 0.2}, "temperature", "never", (), id="never"),
        pytest.param(FLASH, {"temperature": 1.0}, "temperature", "ignored", (), id="ignored"),
        pytest.param(
            MUSE, {"reasoning": llm.Reasoning(visible=True)}, "reasoning.visible", "never", (), id="unseen thoughts"
        ),
        pytest.param(GPT_5_6, {"temperature": 0.2}, "temperature", "reasoning_off", (), id="only with reasoning off"),
        pytest.param(
            GPT_5_6, {"top_p": 0.2, "reasoning": "low"}, "top_p", "reasoning_off", (), id="not while it reasons"
        ),
        pytest.param(
            GPT_5_1, {"temperature": 0.2, "reasoning": "low"}, "temperature", "reasoning_off", (), id="with a level"
        ),
        pytest.param(
            GPT_5_1,
            {"top_p": 0.2, "reasoning": llm.Reasoning(visible=True)},
            "top_p",
            "reasoning_off",
            (),
            id="with thoughts of no level",
        ),
        pytest.param(BANANA, {"top_k": 3}, "top_k", "unverified", (), id="unverified"),
        pytest.param(
            GPT_5_6, {"temperature": 3, "reasoning": "off"}, "temperature", "range", ("0 to 2.0",), id="too hot"
        ),
        pytest.param(GPT_4_1, {"temperature": -1}, "temperature", "range", ("0 to 2.0",), id="too cold"),
        pytest.param(PRO_2_5, {"top_p": 1.5}, "top_p", "range", ("0 to 1",), id="top_p above 1"),
        pytest.param(CODESTRAL, {"top_p": 0}, "top_p", "range", ("0.01 to 1",), id="top_p of nothing"),
        pytest.param(PRO_2_5, {"top_k": 0}, "top_k", "range", ("at least 1",), id="top_k of nothing"),
        pytest.param(GPT_4_1, {"logprobs": 21}, "logprobs", "range", ("0 to 20",), id="too many logprobs"),
        pytest.param(SONNET, {"max_tokens": 128_001}, "max_tokens", "range", ("0 to 128,000",), id="too many tokens"),
        pytest.param(SONNET, {"max_tokens": -1}, "max_tokens", "range", ("0 to 128,000",), id="fewer than no tokens"),
        pytest.param(
            "openai/gpt-6.1-sol",
            {"reasoning": "off"},
            "reasoning",
            "value",
            ("low", "medium", "high", "xhigh", "max"),
            id="off where it always reasons",
        ),
        pytest.param(
            FLASH, {"reasoning": "xhigh"}, "reasoning", "value", ("low", "medium", "high"), id="no such level"
        ),
        pytest.param(
            FLASH,
            {"reasoning": llm.Reasoning(effort="max")},
            "reasoning",
            "no_field",
            ("low", "medium", "high"),
            id="no such level, in Reasoning",
        ),
        pytest.param(GPT_4_1, {"reasoning": "low"}, "reasoning", "never", (), id="a model that does not reason"),
        pytest.param(DAYBREAK, {"reasoning": "low"}, "reasoning", "unverified", (), id="unknown levels are not none"),
        pytest.param(
            SONNET,
            {"reasoning": llm.Reasoning(budget_tokens=2048)},
            "reasoning.budget_tokens",
            "never",
            (),
            id="a budget where it takes levels",
        ),
        pytest.param(
            PRO_2_5,
            {"reasoning": llm.Reasoning(budget_tokens=127)},
            "reasoning.budget_tokens",
            "range",
            ("128 to 32,768",),
            id="too small a budget",
        ),
        pytest.param(
            PRO_2_5,
            {"reasoning": llm.Reasoning(budget_tokens=32_769)},
            "reasoning.budget_tokens",
            "range",
            ("128 to 32,768",),
            id="too large a budget",
        ),
        pytest.param(
            HAIKU_4,
            {"reasoning": llm.Reasoning(budget_tokens=64_001)},
            "reasoning.budget_tokens",
            "range",
            ("1,024 to 64,000",),
            id="a budget above all the model can write",
        ),
        pytest.param(BANANA, {"tools": [lookup]}, "tools", "never", (), id="no tools"),
        pytest.param(GEMMA_3, {"tools": [lookup]}, "tools", "unverified", (), id="unknown tools"),
        pytest.param(
            SONNET,
            {"tools": [lookup], "tool_choice": "required"},
            "tool_choice",
            "never",
            ("auto", "none"),
            id="forced",
        ),
        pytest.param(
            SONNET, {"tools": [lookup], "tool_choice": lookup}, "tool_choice", "never", ("auto", "none"), id="named"
        ),
        pytest.param(
            HAIKU_4,
            {"tools": [lookup], "tool_choice": "required", "reasoning": llm.Reasoning(budget_tokens=2048)},
            "tool_choice",
            "without_budget",
            ("auto", "none"),
            id="forced with a budget",
        ),
        pytest.param(
            KIMI,
            {"tools": [lookup], "tool_choice": lookup},
            "tool_choice",
            "value",
            ("auto", "none", "required"),
            id="a name where none can be said",
        ),
        pytest.param(
            SONNET,
            {"tools": [lookup], "tool_choice": "any"},
            "tool_choice",
            "value",
            ("auto", "none", "required"),
            id="no such choice",
        ),
        pytest.param(O3, {"tools": [lookup], "parallel_tools": False}, "parallel_tools", "never", (), id="no switch"),
        pytest.param(
            PRO_2_5,
            {"tools": [llm.Shell()]},
            "builtin_tools.shell",
            "no_field",
            ("code_execution", "file_search", "google_maps", "web_fetch", "web_search"),
            id="a built-in tool of others",
        ),
        pytest.param(
            NEON, {"tools": [llm.WebSearch()]}, "builtin_tools.web_search", "unverified", (), id="an unknown built-in"
        ),
        pytest.param(PRO_2_5, {"tools": [lookup], "format": int}, "format", "together", (), id="tools x format"),
        pytest.param(
            PRO_2_5, {"tools": [lookup, llm.WebSearch()]}, "tools", "together", (), id="tools x built-in tools"
        ),
        pytest.param(
            GEMMA_4, {"tools": [lookup], "format": int}, "format", "unverified", (), id="tools x format, unknown"
        ),
        pytest.param(BANANA, {"format": int}, "format", "never", (), id="no format"),
        pytest.param(BANANA, {"output": ["audio"]}, "output", "value", ("text", "image"), id="no such output"),
        pytest.param(GPT_5_6, {"stop": "END"}, "stop", "no_field", (), id="no stop"),
        pytest.param(SONNET, {"seed": 7}, "seed", "no_field", (), id="no seed"),
        pytest.param(SONNET, {"verbosity": "low"}, "verbosity", "no_field", (), id="no verbosity"),
        pytest.param(SONNET, {"prefill": "The"}, "prefill", "never", (), id="no prefill"),
        pytest.param(SONNET, {"cache": "24h"}, "cache", "value", ("5m", "1h"), id="no such lifetime"),
        pytest.param(FLASH, {"cache": "1h"}, "cache", "no_field", (), id="no cache points"),
        pytest.param(GEMMA_3, {"system": "Be brief."}, "system", "never", (), id="no system"),
    ],
)
def test_what_a_model_does_not_take_is_refused(
    id: str, params: dict[str, Any], feature: str, reason: str, allowed: tuple[str, ...]
) -> None:
    error = refusal(id, **params)
    assert (error.model, error.feature, error.reason, error.allowed) == (id, feature, reason, allowed)


@pytest.mark.parametrize(
    ("id", "content", "feature", "reason"),
    [
        pytest.param(SONNET, SPEECH, "input.audio", "no_field", id="a part"),
        pytest.param(SONNET, ["What is said?", SPEECH], "input.audio", "no_field", id="a list of parts"),
        pytest.param(SONNET, [llm.user("Hi"), llm.user(["?", FILM])], "input.video", "no_field", id="messages"),
        pytest.param("openai/gpt-audio-1.5", PHOTO, "input.image", "never", id="an image"),
        pytest.param("openai/gpt-audio-1.5", PAPER, "input.document", "never", id="a document"),
        pytest.param(BANANA, FILM, "input.video", "unverified", id="nobody knows"),
        pytest.param(
            SONNET, ["x", llm.CachePoint("24h")], "cache.point", "value", id="a cache point that lives too long"
        ),
        pytest.param(FLASH, ["x", llm.CachePoint()], "cache.point", "no_field", id="a cache point"),
        pytest.param(BANANA, llm.ToolOutput("1", "lookup", "x"), "tools", "never", id="a tool's output, without tools"),
        pytest.param(
            FLASH,
            [llm.user("a"), llm.system("b"), llm.user("c")],
            "system_messages",
            "no_field",
            id="system in between",
        ),
        pytest.param(GEMMA_3, [llm.system("a"), llm.user("b")], "system", "never", id="a leading system message"),
    ],
)
def test_content_that_a_model_does_not_read_is_refused(id: str, content: Any, feature: str, reason: str) -> None:
    error = refusal(id, content)
    assert (error.feature, error.reason) == (feature, reason)


@pytest.mark.parametrize(
    ("id", "content"),
    [
        pytest.param(SONNET, ["What is it?", PHOTO, PAPER], id="image and document"),
        pytest.param(FLASH, [PHOTO, PAPER, SPEECH, FILM], id="everything"),
        pytest.param(SONNET, [llm.user([llm.Text("x"), llm.CachePoint("1h")])], id="a cache point"),
        pytest.param(SONNET, [llm.user("a"), llm.system("b"), llm.user("c")], id="system in mid-conversation"),
        pytest.param(FLASH, [llm.system("a"), llm.system("b"), llm.user("c")], id="two leading system messages"),
        pytest.param(
            SONNET,
            [llm.assistant(llm.ToolCall("1", "lookup", {})), llm.user(llm.ToolOutput("1", "lookup", "x"))],
            id="a tool's output",
        ),
    ],
)
def test_content_that_a_model_reads_passes(id: str, content: Any) -> None:
    assert check(id, content).warnings == []


def test_system_beside_a_leading_system_message_is_no_mid_conversation() -> None:
    ready = check(FLASH, [llm.system("Be kind."), llm.user("Hi")], system="Be brief.")
    assert ready.request.system == "Be brief.\n\nBe kind."
    assert ready.request.messages == [llm.user("Hi")]


# --- how it is told -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "params", "line"),
    [
        pytest.param(SONNET, {"temperature": 0.2}, "does not accept `temperature` (never; {source}).", id="never"),
        pytest.param(
            FLASH,
            {"top_p": 0.2},
            "does not accept `top_p` (accepted and ignored, so it would do nothing; {source}).",
            id="ignored",
        ),
        pytest.param(
            GPT_5_6,
            {"temperature": 0.2},
            'accepts `temperature` only together with reasoning="off" ({source}).',
            id="reasoning off",
        ),
        pytest.param(
            HAIKU_4,
            {"tools": [lookup], "tool_choice": "required", "reasoning": llm.Reasoning(budget_tokens=2048)},
            'does not accept `tool_choice="required"` together with a thinking budget ({source}).',
            id="without a budget",
        ),
        pytest.param(
            NEON,
            {"tools": [llm.WebSearch()]},
            "does not accept the built-in tool llm.WebSearch (unverified: nobody has seen it work; {source}).",
            id="unverified",
        ),
        pytest.param(FLASH, {"reasoning": "xhigh"}, 'does not accept `reasoning="xhigh"` ({source}).', id="a value"),
        pytest.param(SONNET, {"max_tokens": 200_000}, "does not accept `max_tokens=200000` ({source}).", id="a number"),
        pytest.param(
            PRO_2_5,
            {"tools": [lookup], "format": int},
            "does not accept `format` together with `tools` (never together; {source}).",
            id="together",
        ),
        pytest.param(
            SONNET,
            {"reasoning": llm.Reasoning(budget_tokens=2048)},
            "does not accept `Reasoning(budget_tokens=...)` (never; {source}).",
            id="a budget",
        ),
    ],
)
def test_the_first_line_says_what_and_why_and_where_that_stands(id: str, params: dict[str, Any], line: str) -> None:
    first = str(refusal(id, **params)).splitlines()[0]
    assert first == f'"{id}" ' + line.format(source=source(id))


def test_audio_input_is_told_with_what_is_read_instead() -> None:
    error = refusal(SONNET, SPEECH)
    first, why, takes = str(error).splitlines()[:3]
    assert (
        first == f'"{SONNET}" does not accept audio input (`llm.Audio`) (this API has no such field; {source(SONNET)}).'
    )
    assert (why, takes) == ("Anthropic's models do not hear audio.", 'It takes: "text", "image", "document".')
    assert error.value is SPEECH


def test_tools_of_an_endpoint_that_go_only_without_reasoning_need_no_word_where_the_model_is_silent() -> None:
    info, endpoint = find_model("openai/gpt-5.4"), "chat_completions"
    assert check_call(PendingCall(info.id, info, endpoint, {"tools": [lookup]}, [], "raise")) == []
    assert (
        check_call(PendingCall(info.id, info, "responses", {"tools": [lookup], "reasoning": "low"}, [], "raise")) == []
    )
    with pytest.raises(llm.UnsupportedFeatureError, match="accepts `tools` only without reasoning"):
        check_call(PendingCall(info.id, info, endpoint, {"tools": [lookup], "reasoning": "low"}, [], "raise"))
    info = find_model("openai/gpt-5.5")
    with pytest.raises(llm.UnsupportedFeatureError, match='accepts `tools` only together with reasoning="off"'):
        check_call(PendingCall(info.id, info, endpoint, {"tools": [lookup]}, [], "raise"))


def test_beside_a_level_only_models_are_named_that_take_both() -> None:
    error = refusal(GPT_5_1, temperature=0.2, reasoning="low")
    first, models, advice = str(error).splitlines()
    why = 'only without reasoning, or together with reasoning="off"'
    assert first == f'"{GPT_5_1}" accepts `temperature` {why} ({source(GPT_5_1)}).'
    assert models == f"Models that do: {', '.join(error.alternatives)}, ... (llm.models(temperature=True))."
    assert {rules_for(find_model(id), None)["temperature"].when for id in error.alternatives} == {"always"}
    assert advice.startswith(
        'Leave out reasoning or turn it "off", or drop the argument, or send it anyway with extra='
    )


def test_a_model_that_does_not_reason_by_default_is_named_with_its_condition() -> None:
    id, condition = refusal(GPT_5_6, temperature=0.2).alternatives[0].split(" ", 1)
    assert condition == "(without reasoning)"
    assert id in [info.id for info in llm.models(temperature=True)]
    assert check(id, temperature=0.2).request.params == {"temperature": 0.2}


def test_a_refusal_names_values_models_and_the_way_around() -> None:
    error = refusal(FLASH, reasoning="xhigh")
    _, takes, models, advice = str(error).splitlines()
    assert takes == 'It takes: "low", "medium", "high".'
    assert models == f'Models that do: {", ".join(error.alternatives)}, ... (llm.models(reasoning="xhigh")).'
    assert advice == 'Choose one of them, or send it anyway with on_unsupported="warn".'


def test_a_level_of_a_model_that_thinks_by_a_budget_is_answered_with_the_budget() -> None:
    for id in (HAIKU_4, PRO_2_5):
        advice = str(refusal(id, reasoning="high")).splitlines()[-1]
        assert advice.startswith("Choose one of them, or a budget: reasoning=llm.Reasoning(budget_tokens=...), or "), id
        assert check(id, reasoning=llm.Reasoning(budget_tokens=2048), max_tokens=4096)


@pytest.mark.parametrize(
    ("id", "advice"),
    [
        pytest.param(SONNET, 'extra={"temperature": 0.2}', id="Anthropic"),
        pytest.param(FLASH, 'extra={"generationConfig": {"temperature": 0.2}}', id="Google"),
        pytest.param("openai/gpt-6.1-sol", 'extra={"temperature": 0.2}', id="OpenAI"),
    ],
)
def test_the_way_around_is_spelt_in_the_providers_own_words(id: str, advice: str) -> None:
    assert str(refusal(id, temperature=0.2)).splitlines()[-1] == f"Drop the argument, or send it anyway with {advice}."


def test_a_budget_is_translated_into_the_words_that_the_model_takes() -> None:
    last = str(refusal(FLASH, reasoning=llm.Reasoning(budget_tokens=100))).splitlines()[-1]
    assert last == 'Say it in words (reasoning="low", "medium", "high"), or send it anyway with on_unsupported="warn".'


@pytest.mark.parametrize(
    ("id", "content", "params"),
    [
        pytest.param(SONNET, "Hi", {"temperature": 0.2}, id="a parameter"),
        pytest.param(SONNET, "Hi", {"reasoning": "minimal"}, id="a level"),
        pytest.param(SONNET, "Hi", {"tools": [lookup], "tool_choice": "required"}, id="a forced tool"),
        pytest.param(SONNET, "Hi", {"reasoning": llm.Reasoning(budget_tokens=2048)}, id="a budget"),
        pytest.param(SONNET, SPEECH, {}, id="a modality"),
        pytest.param(GEMMA_3, "Hi", {"tools": [llm.WebSearch()]}, id="a built-in tool"),
        pytest.param(GPT_5_6, "Hi", {"stop": "END"}, id="stop"),
    ],
)
def test_the_models_that_are_named_instead_do_take_it(id: str, content: Any, params: dict[str, Any]) -> None:
    error = refusal(id, content, **params)
    assert 0 < len(error.alternatives) <= 3
    for alternative in error.alternatives:
        name, _, condition = alternative.partition(" (with ")
        assert find_model(name).status == "active"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check(name, content, **params, **({"reasoning": "off"} if condition else {}))


def test_models_of_the_same_provider_are_named_first() -> None:
    error = refusal("openai/gpt-6.1-sol", reasoning="off")
    assert {name.partition("/")[0] for name in error.alternatives} == {"openai"}


@pytest.mark.parametrize(
    ("id", "params"),
    [
        pytest.param(PRO_2_5, {"tools": [lookup], "format": int}, id="together"),
        pytest.param(GEMMA_4, {"tools": [lookup], "format": int}, id="unknown together"),
        pytest.param(SONNET, {"max_tokens": 10**9}, id="a range"),
        pytest.param(SONNET, {"tools": [lookup], "tool_choice": "any"}, id="a word that no model knows"),
    ],
)
def test_where_another_model_is_no_better_none_is_named(id: str, params: dict[str, Any]) -> None:
    error = refusal(id, **params)
    assert error.alternatives == ()
    assert "Models that do" not in str(error)


def test_an_unknown_parameter_is_a_type_error_with_the_nearest_one() -> None:
    with pytest.raises(TypeError) as caught:
        check(SONNET, temprature=0.2)
    assert str(caught.value) == (
        "there is no parameter 'temprature'. Did you mean 'temperature'? A provider's own fields go into extra={...}."
    )


@pytest.mark.parametrize(
    ("word", "here"),
    [
        ("stream", "a method: model.stream(...)"),
        ("prompt", "the first argument, content"),
        ("response_format", "format=, a type"),
        ("max_completion_tokens", "max_tokens="),
        ("thinking", "reasoning="),
        ("system_instruction", "system="),
        ("stop_sequences", "stop="),
        (
            "api_key",
            "a setting of the provider: llm.configure(name, api_key=...), or provider=llm.provider(name, api_key=...)",
        ),
    ],
)
def test_a_word_of_an_sdk_leads_to_the_word_here(word: str, here: str) -> None:
    with pytest.raises(TypeError) as caught:
        check(SONNET, **{word: "x"})
    assert str(caught.value) == f"there is no parameter {word!r}. Here it is {here}."


LISTED_WORDS = {"tool_choice", "format", "reasoning", "verbosity", "cache", "on_unsupported"}
"""Parameters that are held against words or types of their own."""
WRONG: dict[str, Any] = {
    "system": 5,
    "tools": lookup,
    "parallel_tools": "yes",
    "temperature": "hot",
    "top_p": "0.5",
    "top_k": 0.5,
    "max_tokens": "12",
    "stop": [1],
    "presence_penalty": "much",
    "frequency_penalty": "much",
    "seed": 1.5,
    "logprobs": "5",
    "prefill": ["{"],
    "output": "text",
    "extra": [1],
    "provider": "acme",
    "timeout": "ten",
    "max_retries": 1.5,
    "headers": {"x-one": 1},
}


def test_every_parameter_is_held_against_something() -> None:
    assert {*WRONG, *LISTED_WORDS} == set(PARAMETERS)


@pytest.mark.parametrize("name", WRONG)
def test_a_value_of_a_wrong_kind_is_a_type_error_wherever_it_is_given(name: str) -> None:
    wrong: dict[str, Any] = {name: WRONG[name]}
    scripted: Any = llm.scripted("never said")
    for given in (
        lambda: scripted.call("Hi", **wrong),
        lambda: llm.Model.of(SONNET).call("Hi", **wrong),
        lambda: llm.override(**wrong).__enter__(),
        lambda: llm.call(scripted, **wrong),
    ):
        with pytest.raises(TypeError, match=rf"^{name}(=| holds ).* of type .*; it must be "):
            given()


def test_a_number_that_makes_no_sense_anywhere_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="max_retries=-1 makes no sense; it must be at least 0"):
        check(SONNET, max_retries=-1)


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="tools holds two tools named 'lookup'; a model calls them by name"):
        check(SONNET, tools=[lookup, lookup])


def test_a_function_that_is_no_tool_is_a_type_error() -> None:
    def plain() -> None: ...

    with pytest.raises(TypeError, match=r"tools holds plain, which is no tool; put @llm.tool above the function"):
        check(SONNET, tools=[plain])


# --- raise, warn, drop --------------------------------------------------------------------------------------------


def test_warn_tells_every_finding_and_sends_it_all() -> None:
    with pytest.warns(llm.UnsupportedFeatureWarning) as caught:
        ready = check(SONNET, temperature=0.2, top_k=7, on_unsupported="warn")
    said = [str(warning.message) for warning in caught]
    assert said == [
        f'"{SONNET}" does not accept `temperature` (never; {source(SONNET)}).',
        f'"{SONNET}" does not accept `top_k` (never; {source(SONNET)}).',
    ]
    assert ready.warnings == said
    assert (ready.body["temperature"], ready.body["top_k"]) == (0.2, 7)


@pytest.mark.parametrize(("content", "params"), [("Hi", {"seed": 7}), (["?", SPEECH], {})])
def test_warn_refuses_what_the_api_has_no_field_for(content: Any, params: dict[str, Any]) -> None:
    with pytest.raises(llm.UnsupportedFeatureError, match="this API has no such field") as caught:
        check(SONNET, content, on_unsupported="warn", **params)
    assert caught.value.spelled is None


def test_drop_tells_every_finding_and_takes_it_out() -> None:
    with pytest.warns(llm.UnsupportedFeatureWarning) as caught:
        ready = check(
            SONNET,
            ["?", SPEECH],
            temperature=0.2,
            reasoning="minimal",
            stop="END",
            tools=[lookup, llm.Shell()],
            on_unsupported="drop",
        )
    assert len(caught) == 4
    assert all(str(warning.message).endswith(" It was dropped.") for warning in caught)
    assert ready.request.params == {"stop": "END", "tools": [lookup]}
    assert ready.request.messages == [llm.user("?")]


def test_drop_finds_each_message_when_others_went_before_it() -> None:
    conversation = [
        llm.system("Be brief."),
        llm.user("a"),
        llm.system("Be brief."),
        llm.user(["b", llm.CachePoint(), llm.CachePoint("1h")]),
        llm.system("Be long."),
        llm.user(["c", llm.CachePoint()]),
    ]
    with pytest.warns(llm.UnsupportedFeatureWarning):
        ready = check(FLASH, conversation, on_unsupported="drop")
    assert ready.request.system == "Be brief."
    assert ready.request.messages == [llm.user("a"), llm.user("b"), llm.user("c")]


def test_drop_leaves_the_callers_own_objects_alone() -> None:
    conversation = [llm.user(["?", SPEECH])]
    tools = [lookup, llm.Shell()]
    with pytest.warns(llm.UnsupportedFeatureWarning):
        check(SONNET, conversation, tools=tools, on_unsupported="drop")
    assert conversation == [llm.user(["?", SPEECH])]
    assert len(tools) == 2


def test_drop_of_two_that_exclude_each_other_takes_one() -> None:
    with pytest.warns(llm.UnsupportedFeatureWarning):
        ready = check(PRO_2_5, tools=[lookup], format=int, on_unsupported="drop")
    assert ready.request.params == {"tools": [lookup]}


def test_drop_of_thoughts_that_are_never_shown_keeps_the_level() -> None:
    with pytest.warns(llm.UnsupportedFeatureWarning, match="visible=True"):
        ready = check(MUSE, reasoning=llm.Reasoning(effort="low", visible=True), on_unsupported="drop")
    assert ready.request.params == {"reasoning": llm.Reasoning(effort="low")}
    assert ready.adapter.encode(ready.request)["reasoning"] == {"effort": "low"}


def test_drop_of_a_budget_takes_the_wish_for_thoughts_along() -> None:
    with pytest.warns(llm.UnsupportedFeatureWarning, match="budget_tokens"):
        ready = check(MUSE, reasoning=llm.Reasoning(budget_tokens=2000, visible=True), on_unsupported="drop")
    assert ready.request.params == {}


def test_what_was_dropped_never_reaches_the_provider() -> None:
    with pytest.warns(llm.UnsupportedFeatureWarning):
        ready = check(SONNET, temperature=0.2, max_tokens=10, on_unsupported="drop")
    body = ready.adapter.encode(ready.request)
    assert "temperature" not in body
    assert body["max_tokens"] == 10


def test_raise_is_the_default_and_tells_the_first_finding() -> None:
    assert refusal(SONNET, seed=7, temperature=0.2).feature == "seed"
    assert refusal(SONNET, seed=7, on_unsupported="raise").feature == "seed"


def test_any_other_word_for_on_unsupported_is_refused() -> None:
    with pytest.raises(ValueError, match=r"on_unsupported='ignore' is none of: 'raise', 'warn', 'drop'"):
        check(SONNET, on_unsupported="ignore")


def test_on_unsupported_may_stand_on_the_model() -> None:
    model = llm.Model.of(SONNET, on_unsupported="drop", temperature=0.2)
    with pytest.warns(llm.UnsupportedFeatureWarning, match="It was dropped"):
        ready = prepare(model.id, model.info, "Hi", model.defaults)
    assert ready.request.params == {}


def test_an_unverified_model_warns_once_per_call_and_sends_everything() -> None:
    with pytest.warns(llm.UnverifiedModelWarning) as caught:
        ready = check(SECRET, ["?", FILM], temperature=9, reasoning="high", tools=[lookup])
    assert [str(warning.message) for warning in caught] == [
        f'"{SECRET}" is unverified: its id is known and its capabilities are not, so nothing was checked.'
    ]
    assert ready.request.params == {"temperature": 9, "reasoning": "high", "tools": [lookup]}
    assert ready.request.messages == [llm.user(["?", FILM])]


def test_an_unlisted_model_is_not_checked() -> None:
    ready = prepare("openai/gpt-99", None, "Hi", {"temperature": 9})
    assert (ready.request.model_id, ready.request.params, ready.warnings) == ("gpt-99", {"temperature": 9}, [])


def test_a_warning_points_at_the_line_of_the_call() -> None:
    model = llm.Model.of(SONNET, on_unsupported="warn")
    llm.configure("anthropic", api_key="none", base_url="http://127.0.0.1:9", max_retries=0, timeout=1)
    try:
        with pytest.warns(llm.UnsupportedFeatureWarning) as caught, pytest.raises(llm.CapablyError):
            model.call("Hi", temperature=0.2)
    finally:
        llm.configure("anthropic")
    assert caught[0].filename == __file__


# --- every model --------------------------------------------------------------------------------------------------


def test_every_model_answers_every_parameter_alone() -> None:
    """Each either passes or is refused in our words; nothing crashes."""
    calls: list[dict[str, Any]] = [
        {"temperature": 0.5},
        {"top_p": 0.5},
        {"top_k": 5},
        {"stop": "END"},
        {"seed": 7},
        {"logprobs": 3},
        {"verbosity": "low"},
        {"prefill": "The"},
        {"cache": "5m"},
        {"system": "Be brief."},
        {"format": int},
        {"tools": [lookup]},
        {"tools": [llm.WebSearch()]},
        {"tools": [lookup], "tool_choice": "required"},
        {"tools": [lookup], "parallel_tools": True},
        {"output": ["image"]},
        {"max_tokens": 10**9},
        {"reasoning": llm.Reasoning(budget_tokens=2048)},
        *({"reasoning": word} for word in ("off", "minimal", "low", "medium", "high", "xhigh", "max")),
    ]

    for info in listed_models():
        for call in calls:
            params = dict(call)
            system = params.pop("system", None)
            messages: Any = [*([llm.system(system)] if system else []), llm.user("Hi")]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    check_call(PendingCall(info.id, info, str(info.endpoint), params, messages, "raise"))
                except llm.UnsupportedFeatureError as error:
                    assert str(error).startswith(f'"{info.id}" '), (info.id, call)
                    assert info.id not in error.alternatives, (info.id, call)


def test_checking_imports_no_sdk_and_nothing_heavy() -> None:
    program = f"""
import sys
from capably import llm
for arguments in ({{"temperature": 0.2}}, {{"reasoning": "minimal"}}, {{"tools": [llm.Shell()]}}):
    try:
        llm.Model({SONNET!r}).call("Hi", **arguments)
    except llm.UnsupportedFeatureError:
        pass
heavy = ("anthropic", "openai", "google.genai", "httpx2", "pydantic", "yaml", "jinja2", "libcst", "capably_codegen")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_built_in_tools_belong_to_the_endpoint_that_has_them() -> None:
    info = find_model(GPT_5_6)
    tools: dict[str, Any] = {"tools": [llm.WebSearch()]}
    check_call(PendingCall(info.id, info, "responses", dict(tools), [], "raise"))
    with pytest.raises(llm.UnsupportedFeatureError, match="WebSearch"):
        check_call(PendingCall(info.id, info, "chat_completions", dict(tools), [], "raise"))
