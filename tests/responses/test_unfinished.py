"""Answers that are not the model's last word: `parse` names why, and `validate` does not ask for the same again."""

from __future__ import annotations

from typing import Any

import pytest
from support.loopback import Loopback
from support.vendor_replies import vendor_reply
from support.wire_answers import CUT, FORMATS, WAYS, answer_to, ask

from capably import llm


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", FORMATS)
def test_a_cut_answer_is_named_as_cut_with_its_limit(wire: str, way: str) -> None:
    answers = [answer_to(way, wire, ['{"value": ', "[1, 2"], finish=CUT[wire])]
    response, _ = ask(way, FORMATS[wire][0], answers, format=list[int], max_tokens=20)
    match = r'cut at its limit of 20 tokens \(max_tokens=20\) \(finish_reason "length"\); ask with a higher max_tokens'
    with pytest.raises(llm.ParseError, match=match) as caught:
        response.parse()
    assert caught.value.text == '{"value": [1, 2'


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", FORMATS)
def test_validate_does_not_ask_again_under_the_same_limit(wire: str, way: str) -> None:
    answers = [answer_to(way, wire, ['{"value": [1, 2'], finish=CUT[wire])] * 3
    responses: list[Any] = []

    def use(response: Any) -> Any:
        responses.append(response)
        return response.validate()

    with pytest.raises(llm.ParseError, match="cut at the limit of the model's output"):
        ask(way, FORMATS[wire][0], answers, use, format=list[int])


def test_an_answer_that_thoughts_took_all_of_says_so() -> None:
    answer = answer_to("call", "chat", [""], finish="length")
    answer["choices"][0]["message"]["reasoning_content"] = "Hm."
    response, _ = ask("call", FORMATS["chat"][0], [answer], format=list[int])
    with pytest.raises(llm.ParseError, match=r"and thoughts took all of it.*or with less reasoning"):
        response.parse()


def test_a_complete_value_before_the_limit_is_parsed() -> None:
    answers = [answer_to("call", "chat", ['{"value": [1]}      \n\n'], finish="length")]
    response, _ = ask("call", FORMATS["chat"][0], answers, format=list[int])
    assert response.parse() == [1]


@pytest.mark.parametrize(
    ("wire", "finish", "match"),
    [
        ("anthropic", "pause_turn", r"not complete yet.*continue_\(\)"),
        ("anthropic", "model_context_window_exceeded", "fill the context"),
        ("google", "CONTINUATION", r"not complete yet.*continue_\(\)"),
        ("google", "MALFORMED_FUNCTION_CALL", r"ended with error \(MALFORMED_FUNCTION_CALL\)"),
        ("chat", "weird", r"ended with other \(weird\)"),
    ],
)
def test_any_other_end_is_named(wire: str, finish: str, match: str) -> None:
    answers = [answer_to("call", wire, ['{"value"'], finish=finish)]
    response, _ = ask("call", FORMATS[wire][0], answers, format=list[int])
    with pytest.raises(llm.ParseError, match=match):
        response.parse()


@llm.tool
def add(a: int = 0) -> int:
    """Add."""
    return a


@pytest.mark.parametrize("name", ["anthropic", "openai", "google"])
@pytest.mark.parametrize("way", ["call", "stream"])
def test_a_pending_call_is_named_and_its_answer_is_not_asked_for(name: str, way: str) -> None:
    id = {
        "anthropic": "anthropic/claude-sonnet-4-6",
        "openai": "openai/gpt-5.6-luna",
        "google": "google/gemini-3.8-flash",
    }
    turns = [[("add", {"a": 1})], ['{"value": [1]}']]
    with Loopback([lambda request, turn=turn: vendor_reply(name, request, turn) for turn in turns]) as server:
        llm.configure(name, api_key="k", base_url=server.url, max_retries=0)
        response: Any = getattr(llm.Model.of(id[name]), way)("Hi", format=list[int], tools=[add])
        for use in (response.parse, response.validate):
            with pytest.raises(
                llm.ParseError, match=r"asks for a tool \(add\).*response.resume\(response.execute_tools"
            ):
                use()
        assert len(server.requests) == 1
        assert response.resume(response.execute_tools()).parse() == [1]
