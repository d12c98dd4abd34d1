"""All recorded traffic, through a loopback server and the vendors' SDKs into our `Response`, against a second reading.

The whole corpus is checked here, nothing is sampled but the asynchronous form (every seventh exchange); it takes half a
minute on one core. `scripts/conformance` has the checks, and prints them as a table.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from conformance import cases, checks, differences, encode, readings, run
from conformance.bench import Bench
from support.request_readers import Inexpressible

from capably.providers.openai.chat import encode as chat_encode
from capably.types.request import Request

FOLDERS = sorted(path.name for path in cases.CORPUS.glob("*/")) or ["no corpus"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_recorded_exchange_is_read_and_replayed_as_it_was(corpus: Path, folder: str) -> None:
    found = run.run(f"{folder}/")
    if not found.results:
        pytest.skip("; ".join(sorted({skipped.reason for skipped in found.skipped})))
    failed = [result for result in found.results if result.problem]
    assert not failed, run.report(found)


def test_next_to_nothing_is_left_out(corpus: Path) -> None:
    found = list(cases.exchanges())
    checked = [exchange for exchange in found if isinstance(exchange, cases.Exchange)]
    assert len(checked) > 2400
    damaged = [s for s in found if isinstance(s, cases.Skipped) and "recording" in s.reason]
    assert len(damaged) < 20


def test_the_public_methods_are_asked_in_every_format(corpus: Path) -> None:
    asked = {
        (exchange.endpoint, exchange.streamed, exchange.status == 200)
        for place, exchange in enumerate(cases.exchanges())
        if isinstance(exchange, cases.Exchange) and checks.opens_the_door(exchange, place)
    }
    good = {(endpoint, streamed) for endpoint, streamed, answered in asked if answered}
    assert len(good) == 8
    assert {endpoint for endpoint, _, answered in asked if not answered} == {endpoint for endpoint, _ in good}


def test_the_four_wire_formats_are_streamed_and_not(corpus: Path) -> None:
    exchanges = [e for e in cases.exchanges() if isinstance(e, cases.Exchange) and e.status == 200]
    assert len({(e.endpoint, e.streamed) for e in exchanges}) == 8


# --- the checks themselves ----------------------------------------------------------------------------------------

MESSAGE = (
    b'{"type":"message","id":"msg_1","model":"m","stop_reason":"tool_use","content":['
    b'{"type":"thinking","thinking":"Hm.","signature":"abc"},{"type":"text","text":"Let me see."},'
    b'{"type":"tool_use","id":"toolu_1","name":"look","input":{"at":"it"}}],'
    b'"usage":{"input_tokens":3,"cache_read_input_tokens":2,"output_tokens":5}}'
)
ASKED = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Look!"}], "stop_sequences": ["END"]}
EXCHANGE = cases.Exchange("anthropic/made-up#0", "anthropic", "messages", ASKED, 200, {}, MESSAGE, False)


def problems(exchange: cases.Exchange) -> dict[str, str]:
    with Bench() as bench:
        return {result.feature: result.problem for result in checks.check(bench, exchange)}


def test_a_good_answer_passes_every_check() -> None:
    found = problems(EXCHANGE)
    assert not any(found.values()), found
    assert {
        "text",
        "thoughts",
        "tool calls",
        "usage",
        "finish",
        "whole",
        "raw",
        "replay",
        "async",
        "elsewhere",
        "valid",
        "encode",
    } <= found.keys()


@pytest.mark.parametrize(
    ("field", "wrong", "feature"),
    [
        ("text", "Let me.", "text"),
        ("thoughts", "", "thoughts"),
        ("calls", [("look", {})], "tool calls"),
        ("citations", 1, "citations"),
        ("tokens", (3, 5, 0, 2, 0), "usage"),
        ("finish", "stop", "finish"),
        ("parts", 4, "whole"),
        ("turn", [], "replay"),
    ],
)
def test_a_difference_from_the_second_reading_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, field: str, wrong: Any, feature: str
) -> None:
    read = readings.read
    monkeypatch.setattr(readings, "read", lambda *given: read(*given)._replace(**{field: wrong}))
    assert [name for name, problem in problems(EXCHANGE).items() if problem] == [feature]


@pytest.mark.parametrize(
    "change",
    [
        {"max_tokens": 10},
        {"stop_sequences": ["END", "STOP"]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Look"}]}]},
        {"temperature": 1},
        {"tools": [{"name": "look", "input_schema": {"type": "object"}}]},
        {"max_tokens": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_request_that_differs_from_ours_is_a_failure(monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]) -> None:
    ours = {**ASKED, **change}
    monkeypatch.setattr(encode, "encode", lambda *_: {key: value for key, value in ours.items() if value is not None})
    found = problems(EXCHANGE)
    assert [name for name, problem in found.items() if problem] == ["encode"]
    assert next(iter(change)) in found["encode"]


def test_a_request_that_our_api_has_no_words_for_is_counted() -> None:
    advisor = {"type": "advisor_20260301", "name": "advisor"}
    with Bench() as bench:
        assert "encode" not in {
            r.feature for r in checks.check(bench, EXCHANGE._replace(sent={**ASKED, "tools": [advisor]}))
        }
        assert [left.reason for left in bench.unsaid] == ["the built-in tool advisor_20260301"]


def test_every_difference_that_is_allowed_is_there(corpus: Path) -> None:
    used: dict[str, set[str]] = {}
    with Bench() as bench:
        for exchange in cases.exchanges():
            if isinstance(exchange, cases.Exchange) and exchange.status == 200:
                with contextlib.suppress(Inexpressible):
                    ours = encode.encode(exchange, bench.adapter(exchange.provider, exchange.endpoint))
                    used.setdefault(exchange.endpoint, set()).update(encode.in_one_form(exchange, ours)[2])
    assert {(rule.endpoint, rule.reason) for rule in differences.DIFFERENCES} == {
        (endpoint, reason) for endpoint, reasons in used.items() for reason in reasons
    }


def test_a_conversation_that_others_would_not_take_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request: Request, provider: str = "openai") -> dict[str, Any]:
        return {"model": "m", "messages": [{"role": "assistant", "content": 5}]}

    monkeypatch.setattr(chat_encode, "encode_request", broken)
    assert [name for name, problem in problems(EXCHANGE).items() if problem] == ["elsewhere"]


def test_an_error_that_looks_like_success_is_a_failure() -> None:
    refused = EXCHANGE._replace(status=429)
    assert problems(refused)["error"] == ""
    assert "no error" in _expecting(EXCHANGE, "ServerError")


def _expecting(exchange: cases.Exchange, name: str) -> str:
    with Bench() as bench, pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "_expected_failure", lambda _: name)
        return next(found.problem for found in checks.check(bench, exchange) if found.feature == "error")


def test_without_a_corpus_it_says_so_and_passes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "CORPUS", tmp_path / "absent")
    monkeypatch.setattr("sys.argv", ["conformance.py"])
    assert run.main() == 0
    assert "skipped: there are no recorded conversations" in capsys.readouterr().out
