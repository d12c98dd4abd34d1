"""A server that misbehaves in every way of `support.hostile_answers`: no answer reaches another question, all errors are ours.

`scripts/http_fuzz.py` asks thousands of questions in the same way; plain httpx2 and plain pyreqwest are the baseline.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import Any, cast

import http_fuzz
import pytest
import ways_to_ask
from http_fuzz import Question, Result, Run, rounds_of, run
from support.hostile_answers import FAULTS, Fault
from support.hostile_server import HostileServer, prompt_of
from support.patience import PATIENCE, SUBPROCESS_PATIENCE, at_some_pace
from ways_to_ask import WAYS, Way

FAST = [fault for fault in FAULTS.values() if not fault.slow]
ALONE = [fault for fault in FAST if not fault.second]
SECOND = [fault for fault in FAST if fault.second]
SLOW = [fault for fault in FAULTS.values() if fault.slow]


def usable(way: Way) -> Way:
    """Return a way whose library is there; skip otherwise."""
    pytest.importorskip(way.backend)
    if way.ours and importlib.util.find_spec("capably.http") is None:
        pytest.skip("capably sends over the SDKs")
    return way


@pytest.fixture(autouse=True)
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no busy machine be taken for a silent server."""
    monkeypatch.setattr(ways_to_ask, "SILENCE", PATIENCE)


EACH_WAY = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
OURS = pytest.mark.parametrize("way", [way for way in WAYS if way.ours], ids=lambda way: way.name)
LIBRARIES = pytest.mark.parametrize("way", [way for way in WAYS if not way.ours], ids=lambda way: way.name)


def one_by_one(faults: Sequence[Fault], *, after: int) -> list[list[Question]]:
    """Return a round for each misbehaviour, and for so many plain questions after it."""
    names = [name for fault in faults for name in (fault.name, *["plain"] * after)]
    return [[Question(name, f"q{place:012x}")] for place, name in enumerate(names)]


def outcomes(results: Sequence[Result]) -> dict[str, str]:
    """Return what came of each misbehaviour's own question."""
    return {result.question.fault: f"{result.outcome} {result.words}".strip() for result in results}


def wrong(outcome: Run) -> list[Result]:
    return [result for result in outcome.results if result.outcome == "wrong"]


@EACH_WAY
def test_a_correct_answer_is_read_and_no_answer_reaches_the_next_question(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    usable(way)

    def story(pace: float) -> None:
        monkeypatch.setattr(http_fuzz, "SETTLE", 0.01 * pace)
        outcome = run(way, one_by_one(ALONE, after=1))
        assert wrong(outcome) == []
        assert outcome.broken(way) == []
        found, correct = outcomes(outcome.results), [fault.name for fault in ALONE if fault.right]
        assert {name: found[name] for name in correct} == dict.fromkeys(correct, "right")

    at_some_pace(story)


@EACH_WAY
def test_a_second_reply_in_the_same_packet_reaches_a_later_question_over_httpx2_only(way: Way) -> None:
    outcome = run(usable(way), one_by_one(SECOND, after=2))
    assert bool(wrong(outcome)) == (way.backend == "httpx2")
    assert outcome.broken(way) == []


@OURS
def test_silence_is_an_error_unless_the_stream_is_complete(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    usable(way)

    def story(pace: float) -> None:
        monkeypatch.setattr(ways_to_ask, "SILENCE", 0.2 * pace)
        outcome = run(way, [[Question(fault.name, f"q{place:012x}") for place, fault in enumerate(SLOW)]])
        assert {name: words.split()[0] for name, words in outcomes(outcome.results).items()} == {
            fault.name: "right" if way.streamed and fault.complete else "error" for fault in SLOW
        }

    at_some_pace(story)


@pytest.mark.parametrize("way", [way for way in WAYS if way.streamed and way.sync], ids=lambda way: way.name)
def test_a_stream_gives_what_is_there_while_the_server_is_silent(way: Way) -> None:
    prompt = prompt_of("cut-silence", "q0123456789ab")
    with HostileServer() as server, ExitStack() as stack:
        ask = cast(Any, usable(way).sync)(server.url, stack)
        pieces = stack.enter_context(closing(ask(prompt)))
        assert "q0123456789ab".startswith(next(pieces))


@OURS
def test_questions_in_random_order_some_at_once_and_some_left_early(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    usable(way)

    def story(pace: float) -> None:
        monkeypatch.setattr(http_fuzz, "SETTLE", 0.01 * pace)
        outcome = run(way, list(rounds_of(100, 11, [fault.name for fault in FAST])))
        assert outcome.broken(way) == []

    at_some_pace(story)


FIRST_IN_A_THREAD = """
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from support.hostile_server import HostileServer, prompt_of
import ways_to_ask
from ways_to_ask import WAYS

ways_to_ask.SILENCE = 60
way = next(way for way in WAYS if way.name == sys.argv[1])

def ask_one(number):
    token = f"q{number:012x}"
    assert "".join(ask(prompt_of("plain", token))) == token

for _ in range(3):
    with HostileServer() as server, ExitStack() as stack:
        ask = way.sync(server.url, stack)
        for threads in (1, 8, 8):
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(ask_one, range(8 * threads)))
"""


@pytest.mark.parametrize("way", [way for way in WAYS if way.ours and way.sync], ids=lambda way: way.name)
def test_a_process_whose_first_call_was_in_a_thread_that_ended_goes_on(way: Way) -> None:
    """The memory allocator in pyreqwest 0.15 belongs to the thread that imports it first, and dies after it."""
    program = [sys.executable, "-c", FIRST_IN_A_THREAD, usable(way).name]
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=SUBPROCESS_PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")


@LIBRARIES
def test_a_wrong_answer_shows_with_its_cause(way: Way) -> None:
    outcome = run(usable(way), one_by_one([FAULTS["second-reply-stranger"]], after=1))
    if way.backend == "httpx2":
        assert [(result.question.fault, result.words) for result in wrong(outcome)] == [("plain", "x000000000000")]
        assert outcome.causes == {"second-reply-stranger": 1}
        assert outcome.broken(way) == []
        assert outcome.broken(way._replace(backend="pyreqwest")) == [
            "second-reply-stranger: 1 answers belong to another question"
        ]
    else:
        assert outcomes(outcome.results) == {"second-reply-stranger": "right", "plain": "right"}


def test_the_same_seed_asks_the_same_questions() -> None:
    first, again, other = (list(rounds_of(60, seed, list(FAULTS))) for seed in (5, 5, 6))
    assert first == again != other
    assert sum(map(len, first)) == 60
