"""Answers that no provider sends: a fixed sample of `scripts/wire_fuzz.py`, and one example of each kind that it met."""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
from typing import Any

import pytest
from support.in_process import Answer, InProcess
from support.wire_seeds import SEEDS, Seed, as_bytes, copy_of
from wire_fuzz import Fuzz, read
from wire_mutations import mutation, stream_of

from capably import llm

SAMPLE = 80
"""Mutations of each wire format; `just fuzz` reads 12,000."""


@pytest.mark.parametrize("wire", SEEDS)
def test_a_sample_of_mutations_keeps_every_promise(wire: str) -> None:
    fuzz = Fuzz(wire, seed=5)

    async def problems() -> list[tuple[int, str]]:
        return [(number, problem) for number in range(SAMPLE) if (problem := (await fuzz.problem(number))[1])]

    assert asyncio.run(problems()) == []
    assert fuzz.outcomes["answer"] > SAMPLE / 5
    assert fuzz.outcomes.total() - fuzz.outcomes["answer"] > SAMPLE / 5


def test_the_same_seed_gives_the_same_mutations() -> None:
    assert mutation("chat", 1, 7) == mutation("chat", 1, 7) != mutation("chat", 2, 7)


def seed(wire: str, name: str) -> Seed:
    return next(one for one in SEEDS[wire]() if one.name == name)


def asked(wire: str, body: Any, *, streamed: bool = False) -> Any:
    """Read a body, or the events of a stream; return what comes of it."""
    host = InProcess(wire)
    data = stream_of(body, wire) if streamed else json.dumps(body).encode()
    host.answer = Answer([data], streamed=streamed)
    return read(host.model, streamed=streamed)


CALLS: dict[str, list[tuple[str | int, ...]]] = {
    "anthropic": [("content", 3, "id"), ("content", 3, "name")],
    "responses": [
        *(("output", place, "call_id") for place in (2, 4, 5)),
        ("output", 2, "name"),
        ("output", 4, "name"),
    ],
    "chat": [
        ("choices", 0, "message", "tool_calls", 0, "id"),
        ("choices", 0, "message", "tool_calls", 0, "function", "name"),
    ],
    "google": [("candidates", 0, "content", "parts", 2, "functionCall", "id")],
}


@pytest.mark.parametrize(("wire", "place"), [(wire, place) for wire, places in CALLS.items() for place in places])
def test_a_call_whose_id_or_name_is_no_text_is_a_malformed_reply(wire: str, place: tuple[Any, ...]) -> None:
    body = copy_of(seed(wire, "thoughts and calls").body)
    owner = body
    for step in place[:-1]:
        owner = owner[step]
    owner[place[-1]] = ["call_1"]
    assert asked(wire, body)["error"] == "ServerError"


PLACES: dict[str, list[str]] = {
    "anthropic": ["content"],
    "responses": ["output", "output.0.content"],
    "chat": ["choices", "choices.0.message", "choices.0.message.content", "choices.0.message.tool_calls"],
    "google": ["candidates", "candidates.0.content", "candidates.0.content.parts"],
}


@pytest.mark.parametrize("empty", [0, False, 0.0], ids=repr)
@pytest.mark.parametrize(("wire", "place"), [(wire, place) for wire, places in PLACES.items() for place in places])
def test_what_is_empty_and_of_the_wrong_type_is_no_empty_answer(wire: str, place: str, empty: Any) -> None:
    body = copy_of(seed(wire, "words").body)
    owner: Any = body
    *steps, last = place.split(".")
    for step in steps:
        owner = owner[int(step) if step.isdigit() else step]
    owner[last] = empty
    assert asked(wire, body)["error"] == "ServerError"


@pytest.mark.parametrize("wire", SEEDS)
def test_an_id_and_a_model_that_are_no_texts_lose_nobody_the_answer(wire: str) -> None:
    one = seed(wire, "words")
    names = {"google": ("responseId", "modelVersion")}.get(wire, ("id", "model"))
    outcome = asked(wire, {**one.body, names[0]: 17, names[1]: ["m"]})
    assert (outcome["reply"]["id"], outcome["reply"]["model"]) == (None, None)
    assert outcome["text"] == asked(wire, one.body)["text"]


def test_the_type_of_an_event_may_be_anything() -> None:
    events = [*seed("responses", "words").events]
    events.insert(3, {"type": ["response.completed"]})
    assert "error" not in asked("responses", events, streamed=True)


def claude(*deltas: Any) -> list[Any]:
    """A stream of Claude whose first block is a thought, with these deltas after the first of it."""
    events = copy_of(list(seed("anthropic", "thoughts and calls").events))
    return [
        *events[:4],
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        *events[4:],
    ]


def test_words_for_another_block_than_the_one_that_began_are_no_part_of_it_and_are_not_lost() -> None:
    outcome = asked("anthropic", claude({"type": "text_delta", "text": "Ur."}), streamed=True)
    assert outcome["text"] == "Ur.Ich sehe nach."
    assert outcome["deltas"] == "Ur.Ich sehe nach."


def test_arguments_for_a_thought_are_a_malformed_reply() -> None:
    outcome = asked("anthropic", claude({"type": "input_json_delta", "partial_json": "{}"}), streamed=True)
    assert outcome["error"] == "ServerError"


def test_a_delta_of_an_unknown_kind_changes_no_text() -> None:
    strange = {"type": "brand_new_delta", "thinking": "Nein", "text": "Nein", "score": 1}
    assert asked("anthropic", claude(strange), streamed=True) == asked("anthropic", claude(), streamed=True) | {
        "reply": asked("anthropic", claude(strange), streamed=True)["reply"]
    }


def test_a_block_of_an_unknown_kind_may_have_deltas_of_text() -> None:
    events = copy_of(list(seed("anthropic", "words").events))
    events[2]["content_block"]["type"] = "brand_new"
    outcome = asked("anthropic", events, streamed=True)
    assert [part["__kind__"] for part in outcome["reply"]["content"]] == ["Unknown"]
    assert outcome["reply"]["content"][0]["raw"]["text"].startswith("Über Ur")
    host = InProcess("anthropic")
    host.answer = Answer([b"".join(map(as_bytes, events[:-3]))], streamed=True)
    with pytest.raises(llm.ServerError) as raised:
        host.model.stream("Ur?").text()
    assert raised.value.partial == ()


DEEP = 600 if sys.version_info < (3, 12) else 1500
"""Levels that JSON is read and written with, and no function of Python's: from Python 3.12 on, its limit is not that of C."""


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("wire", SEEDS)
def test_what_is_nested_deep_is_an_error_of_ours_wherever_it_is_met(wire: str) -> None:
    names = {"google": "brandNew"}.get(wire, "brand_new")
    body = {**copy_of(seed(wire, "words").body), names: nested(DEEP)}
    outcome = asked(wire, body)
    assert outcome.get("error", "CapablyError") == "CapablyError"


def test_an_answer_that_is_nested_too_deep_for_json_is_named() -> None:
    body = copy_of(seed("anthropic", "words").body)
    body["content"].append({"type": "brand_new", "inside": nested(DEEP)})
    host = InProcess("anthropic")
    host.answer = Answer([json.dumps(body).encode()], streamed=False)
    response = host.model.call("Ur?")
    assert response.text().startswith("Über Ur")
    with pytest.raises(llm.CapablyError, match="response cannot be written as JSON: a value in it is nested too deep"):
        response.to_json()
    with pytest.raises(llm.CapablyError, match="conversation cannot be written as JSON"):
        llm.dump_messages(response.messages)
    with pytest.raises(llm.CapablyError, match="nested too deep"):
        pickle.dumps(response)


def test_arguments_that_are_nested_too_deep_to_be_sent_are_refused() -> None:
    host = InProcess("chat")
    with pytest.raises(llm.ConversationError, match="nested too deep") as raised:
        host.model.call("Hi", extra={"metadata": {"city": nested(500_000)}})
    assert raised.value.rule == "nested_too_deep"
    assert host.sent == b""


@pytest.mark.parametrize("depth", [1, 300, 900])
def test_halves_of_an_emoji_are_mended_at_any_depth(depth: int) -> None:
    body = json.dumps(seed("responses", "words").body)
    deep = '{"brand_new": ' + "[" * depth + '"\\ud83d"' + "]" * depth + ", " + body[1:]
    host = InProcess("responses")
    host.answer = Answer([deep.encode()], streamed=False)
    assert host.model.call("Ur?").text().startswith("Über Ur")


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\n", ""], ids=repr)
@pytest.mark.parametrize("before", ["data:", "data: ", "event: x\ndata: "], ids=repr)
def test_an_event_that_is_no_json_is_reported_with_the_same_place_however_it_ends(before: str, end: str) -> None:
    host = InProcess("google")
    host.answer = Answer([f'{before}{{"a" 1}}{end}'.encode()], streamed=True)
    assert "(byte 5)" in read(host.model, streamed=True)["words"]
