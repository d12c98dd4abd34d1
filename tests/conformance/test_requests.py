"""What we send, held against the vendors' own words: the parameter types of their SDKs, and published schemas.

`tests/support/request_grid.py` makes the requests; the recorded traffic adds its own (the column `valid` of `just conformance`).
"""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest
from support import request_grid as grid, request_types as types

ENDPOINTS = ("messages", "responses", "chat_completions", "generate_content")


@functools.cache
def made() -> list[grid.Made]:
    return list(grid.requests())


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_request_is_one_that_the_sdk_describes(endpoint: str) -> None:
    requests = [request for request in made() if request.endpoint == endpoint]
    assert len({request.body for request in requests}) > 100
    wrong = {problem: request for request in requests for problem in types.problems(endpoint, request.body)}
    assert not wrong, wrong


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_request_is_one_that_the_published_schema_describes(endpoint: str) -> None:
    skip_without_schemas()
    bodies = {request.body for request in made() if request.endpoint == endpoint}
    wrong = {problem: body for body in bodies for problem in types.spec_problems(endpoint, body)}
    assert not wrong, wrong


def test_no_feature_of_the_grid_is_refused_by_every_model() -> None:
    taken = {feature for request in made() for feature in request.features.split(" + ")}
    known = {*grid.FEATURES, *(name for features in grid.BY_PROVIDER.values() for name in features)}
    assert taken == known


def test_every_exception_is_still_one() -> None:
    skip_without_schemas()
    for exemption in types.EXCEPTIONS:
        bodies = {request.body for request in made() if request.endpoint == exemption.endpoint}
        found = (problem for body in bodies for problem in types.spec_problems(exemption.endpoint, body, ()))
        assert any(types.exempt(exemption.endpoint, problem, [exemption]) for problem in found), exemption


def skip_without_schemas() -> None:
    if not types.SPECS.is_dir():
        pytest.skip(f"no published schemas at {types.SPECS} (set CAPABLY_SPECS)")


# --- the validators themselves ------------------------------------------------------------------------------------

GOOD: dict[str, dict[str, Any]] = {
    "messages": {
        "model": "m",
        "max_tokens": 1,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    },
    "responses": {"model": "m", "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]},
    "chat_completions": {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
    "generate_content": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
}
WHERE = {"messages": "messages", "responses": "input", "chat_completions": "messages", "generate_content": "contents"}


def problems(endpoint: str, body: Any) -> list[str]:
    return types.problems(endpoint, json.dumps(body).encode())


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_good_request_passes(endpoint: str, stream: bool) -> None:
    streamed = {"stream": True} if stream and endpoint != "generate_content" else {}
    assert problems(endpoint, {**GOOD[endpoint], **streamed}) == []


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_unknown_key_is_found_wherever_it_is(endpoint: str) -> None:
    key = WHERE[endpoint]
    (turn,) = GOOD[endpoint][key]
    parts = "parts" if endpoint == "generate_content" else "content"
    (part,) = turn[parts]
    at = f"{key}.0.{parts}.0.oops: Extra inputs are not permitted"
    assert problems(endpoint, {**GOOD[endpoint], "oops": 1}) == ["oops: Extra inputs are not permitted"]
    assert at in problems(endpoint, {**GOOD[endpoint], key: [{**turn, parts: [{**part, "oops": 1}]}]})


@pytest.mark.parametrize(
    ("endpoint", "wrong"),
    [
        ("messages", {"max_tokens": "1"}),
        ("messages", {"max_tokens": 1.5}),
        ("messages", {"thinking": {"type": "always"}}),
        ("messages", {"tools": [{"name": "f"}]}),
        ("responses", {"temperature": "0"}),
        ("responses", {"reasoning": {"effort": "extreme"}}),
        ("responses", {"tools": [{"type": "function", "name": "f", "parameters": {}}]}),
        ("chat_completions", {"stop": 3}),
        ("chat_completions", {"messages": [{"role": "tool", "content": "x"}]}),
        ("generate_content", {"generationConfig": {"max_output_tokens": 3}}),
        ("generate_content", {"generationConfig": {"thinkingConfig": {"thinkingLevel": "EXTREME"}}}),
        ("generate_content", {"tools": [{"functionDeclarations": [{"name": "f", "oops": 1}]}]}),
    ],
)
def test_a_wrong_value_is_found(endpoint: str, wrong: dict[str, Any]) -> None:
    assert problems(endpoint, {**GOOD[endpoint], **wrong})


def test_what_the_sdk_reads_of_an_answer_is_no_parameter() -> None:
    """Anthropic's parameters also take the objects that answers are read into, and those take any key."""
    block = {"type": "text", "text": "Hi", "citations": None, "oops": 1}
    assert problems("messages", {**GOOD["messages"], "messages": [{"role": "assistant", "content": [block]}]})
