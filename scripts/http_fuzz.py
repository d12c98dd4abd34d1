"""HTTP at its worst: questions to a server that misbehaves, over connections that stay open: `just http-fuzz`.

Asks `--count` questions in a seeded random order, one or several at once, each answered in one of the ways of
`tests/support/hostile_answers.py`, over each way to ask: plain httpx2 and plain pyreqwest, and capably over both,
synchronous and not, called and streamed. Some questions are left before their answer. Prints for each way how many
got the right answer, an error of its own tree (`llm.CapablyError`; a plain library's own), another exception, an
answer that says something else, or the answer to another question, and the misbehaviour that such an answer is from. Ends
with 1 where capably broke a promise: over pyreqwest no answer belongs to another question, over httpx2 none but behind
a second complete reply in the same packet, and whatever fails is in its tree.

    just http-fuzz --count 500 --seed 7 --way "capably, pyreqwest"
    just http-fuzz --by-fault --faults second-reply,204-body,plain
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, aclosing, closing
from typing import Literal, NamedTuple, TypeAlias

from support.hostile_answers import FAULTS, Fault
from support.hostile_server import TOKEN, HostileServer, prompt_of
from ways_to_ask import WAYS, Way

SLOW_SHARE = 0.05
"""How often a misbehaviour that ends by the client's timeout is chosen, to one of another."""

LEFT_SHARE, PATIENCE = 0.05, 0.003
"""The share of questions that are left early, and the most seconds until then where a task is cancelled."""

SETTLE = 0.02
"""Seconds for a client to see what arrived on its idle connections. Bytes that arrive after a question left, or so shortly
before that the client has not looked, are its answer for every client of HTTP/1.1: nothing in them says whose they are."""

ROUNDS = (1, 1, 2, 8)
"""How many questions are asked at once: chosen anew for each round."""

Outcome: TypeAlias = Literal["right", "error", "left", "other", "garbled", "wrong"]
OUTCOMES: Mapping[Outcome, str] = {
    "right": "right answer",
    "error": "error in its tree",
    "left": "left early",
    "other": "other exception",
    "garbled": "other text",
    "wrong": "WRONG ANSWER",
}


PIECE = re.compile("[qx][0-9a-f]{2,11}")
"""The beginning of a token, which is what the first piece of a stream holds."""


class Question(NamedTuple):
    """A question: how it is answered, the token of its answer, and after how many seconds it is left (0: never)."""

    fault: str
    token: str
    patience: float = 0.0


class Result(NamedTuple):
    """What came of a question. `words` is the error, or the tokens that the answer held."""

    question: Question
    outcome: Outcome
    words: str


# --- questions and what came of them ------------------------------------------------------------------------------


def rounds_of(count: int, seed: int, faults: Sequence[str]) -> Iterator[list[Question]]:
    """Yield the questions that are asked at once, round by round: the same ones for the same seed."""
    dice = random.Random(seed)
    weights = [SLOW_SHARE if FAULTS[fault].slow else 1.0 for fault in faults]
    while count > 0:
        size = min(dice.choice(ROUNDS), count)
        count -= size
        yield [
            Question(fault, f"q{dice.getrandbits(48):012x}", dice.random() < LEFT_SHARE and dice.random() * PATIENCE)
            for fault in dice.choices(faults, weights=weights, k=size)
        ]


def worded(error: BaseException) -> str:
    """Return the class and the words of an exception, those of pyreqwest's causes with them."""
    causes: Sequence[Mapping[str, str]] = getattr(error, "details", {}).get("causes") or ()
    words = [str(error.args[0]) if error.args else "", *(cause["message"] for cause in causes[:3])]
    return f"{type(error).__name__}: {' < '.join(words)}"


def judged(
    question: Question, seen: Sequence[str], error: BaseException | None, tree: tuple[type[BaseException], ...]
) -> Result:
    """Say what came of a question, of which this was seen and that was raised."""
    text = "".join(seen)
    if strangers := set(TOKEN.findall(text)) - {question.token}:
        return Result(question, "wrong", " ".join(sorted(strangers)))
    if not question.token.startswith(text):
        return Result(question, "wrong" if PIECE.fullmatch(text) else "garbled", text[:60])
    if error is not None and isinstance(error, tree):
        return Result(question, "error", worded(error))
    if error is not None and not (question.patience and type(error) is TimeoutError):
        return Result(question, "other", worded(error))
    if text == question.token:
        return Result(question, "right", "")
    return Result(question, "left" if question.patience else "garbled", text)


def ask_all(way: Way, server: HostileServer, rounds: Sequence[Sequence[Question]]) -> list[Result]:
    """Ask every question synchronously, those of a round in threads of their own."""
    results: list[Result] = []
    tree = way.tree()
    with ExitStack() as stack, ThreadPoolExecutor(max(ROUNDS)) as pool:
        assert way.sync
        ask = way.sync(server.url, stack)

        def one(question: Question) -> Result:
            seen: list[str] = []
            try:
                with closing(ask(prompt_of(question.fault, question.token))) as pieces:
                    for piece in pieces:
                        seen.append(piece)
                        if question.patience:
                            break
            except Exception as error:
                return judged(question, seen, error, tree)
            return judged(question, seen, None, tree)

        for questions in rounds:
            results += pool.map(one, questions) if len(questions) > 1 else map(one, questions)
            if server.send_late():
                time.sleep(SETTLE)
    return results


async def ask_all_async(way: Way, server: HostileServer, rounds: Sequence[Sequence[Question]]) -> list[Result]:
    """Ask every question asynchronously, those of a round at once."""
    results: list[Result] = []
    tree = way.tree()
    async with AsyncExitStack() as stack:
        assert way.async_
        ask = way.async_(server.url, stack)

        async def one(question: Question) -> Result:
            seen: list[str] = []
            try:
                async with (
                    asyncio.timeout(question.patience or None),
                    aclosing(ask(prompt_of(question.fault, question.token))) as pieces,
                ):
                    async for piece in pieces:
                        seen.append(piece)
                        if question.patience:
                            break
            except Exception as error:
                return judged(question, seen, error, tree)
            return judged(question, seen, None, tree)

        for questions in rounds:
            results += await asyncio.gather(*map(one, questions))
            if server.send_late():
                await asyncio.sleep(SETTLE)
    return results


class Run(NamedTuple):
    """What came of all questions, and from which misbehaviours the wrong answers are."""

    results: list[Result]
    causes: Counter[str]

    def broken(self, way: Way) -> list[str]:
        """Return the promises of capably that this run breaks in this way."""
        other = [
            f"{result.question.fault}: {result.words} is {'not in its tree' if result.outcome == 'other' else 'an answer'}"
            for result in self.results
            if result.outcome in ("other", "garbled")
        ]
        wrong = [
            f"{fault}: {count} answers belong to another question"
            for fault, count in self.causes.items()
            if way.backend != "httpx2" or fault not in FAULTS or not FAULTS[fault].second
        ]
        return other + wrong


def run(way: Way, rounds: Sequence[Sequence[Question]]) -> Run:
    """Ask these questions in this way, against a server of its own."""
    with HostileServer() as server:
        results = ask_all(way, server, rounds) if way.sync else asyncio.run(ask_all_async(way, server, rounds))
        return Run(results, causes(results, server.connections))


def causes(results: Sequence[Result], connections: Sequence[Sequence[tuple[Fault, str]]]) -> Counter[str]:
    """Count wrong answers by the misbehaviour that they are from.

    After a second reply, each later question of that connection gets the answer to the one before. So the cause is the
    last second reply on the connection, or without any the misbehaviour of the question that the answer belongs to. A
    stream that was left early shows a piece of its token only: it belongs to a question on the same connection.
    """
    found: dict[str, str] = {}
    neighbours: dict[str, list[str]] = {}
    for questions in connections:
        second = ""
        digits = [token[1:] for _, token in questions]
        for fault, token in questions:
            second = fault.name if fault.second else second
            found[token[1:]] = second or fault.name
            neighbours[token] = digits
    counts: Counter[str] = Counter()
    for result in results:
        if result.outcome == "wrong":
            piece = result.words.split()[0][1:]
            nearby = neighbours.get(result.question.token, [])
            counts[next((found[token] for token in [*nearby, *found] if token.startswith(piece)), "?")] += 1
    return counts


# --- the report ---------------------------------------------------------------------------------------------------


def print_by_fault(results: Sequence[Result]) -> None:
    """Print a line for each misbehaviour: what came of its questions, and the commonest words of each outcome."""
    rows: dict[str, dict[Outcome, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for result in results:
        rows[result.question.fault][result.outcome][result.words] += 1
    for fault, outcomes in sorted(rows.items()):
        cells = (
            f"{outcome} {words.total()} {words.most_common(1)[0][0][:110]}"
            for outcome, words in sorted(outcomes.items())
        )
        print(f"  {fault:<24}{'; '.join(cells)}")


def print_row(name: str, results: Sequence[Result], seconds: float) -> None:
    counts = Counter(result.outcome for result in results)
    cells = "".join(f"{counts[outcome]:>18}" for outcome in OUTCOMES)
    print(f"{name:<34}{cells}{seconds:>9.1f} s", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=5000, help="questions for each way")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--way", action="append", help="only ways whose name begins so")
    parser.add_argument("--faults", help="only these, by comma")
    parser.add_argument("--by-fault", action="store_true", help="print what came of each misbehaviour")
    arguments = parser.parse_args(argv)
    faults = arguments.faults.split(",") if arguments.faults else list(FAULTS)
    rounds = list(rounds_of(arguments.count, arguments.seed, faults))
    broken: list[str] = []
    print(f"{len(faults)} ways to misbehave, {arguments.count} questions, seed {arguments.seed}")
    print(f"{'':<34}" + "".join(f"{title:>18}" for title in OUTCOMES.values()))
    for way in WAYS:
        if arguments.way and not way.name.startswith(tuple(arguments.way)):
            continue
        started = time.perf_counter()
        outcome = run(way, rounds)
        print_row(way.name, outcome.results, time.perf_counter() - started)
        if outcome.causes:
            print("  from: " + ", ".join(f"{fault} {count}" for fault, count in outcome.causes.most_common()))
        if arguments.by_fault:
            print_by_fault(outcome.results)
        if way.ours:
            broken += [f"{way.name}: {words}" for words in outcome.broken(way)]
    for words, count in Counter(broken).most_common(40):
        print(f"broken: {words} ({count})")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
