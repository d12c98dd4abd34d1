"""HTTP at its worst: questions to a server that misbehaves, over connections that stay open: `just http-fuzz`.

Asks `--count` questions in a seeded random order, one or several at once, each answered in one of the ways of
`tests/support/hostile_answers.py`, over each way that there is: plain httpx2 and plain pyreqwest, and capably over both,
synchronous, asynchronous, and as streams. Prints for each way how many got the right answer, an error of its own
tree (`llm.CapablyError`; the library's own for a plain one), another exception, or the answer to another question,
with the misbehaviour that such an answer is from. Ends with 1 where capably broke a promise.

    just http-fuzz --count 500 --seed 7 --way "capably pyreqwest"
    just http-fuzz --by-fault --faults second-reply,204-body,plain
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from datetime import timedelta
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from support.hostile_answers import FAULTS, Fault
from support.hostile_server import TOKEN, HostileServer, prompt_of

MODEL = "gpt-5.6-sol"
SILENCE = 0.4
"""Seconds without a byte after which a question is given up."""

SLOW_SHARE = 0.1
"""How often a misbehaviour that ends by this silence is chosen, to one of another."""

SETTLE = 0.005
"""Seconds for a client to see what arrived on its idle connections."""

ROUNDS = (1, 1, 2, 8)
"""How many questions are asked at once: chosen anew for each round."""

Outcome: TypeAlias = Literal["right", "error", "other", "wrong"]
OUTCOMES: dict[Outcome, str] = {
    "right": "right answer",
    "error": "error in its tree",
    "other": "other exception",
    "wrong": "WRONG ANSWER",
}


class Asked(NamedTuple):
    """A question: in what way it is answered, and the token of its answer."""

    fault: str
    token: str


class Result(NamedTuple):
    """What came of a question. `words` is the error, or the tokens that the answer held."""

    asked: Asked
    outcome: Outcome
    words: str


class Unreadable(Exception):  # noqa: N818 (named for what the answer is)
    """A plain client's answer is not the JSON or the events of a reply."""


# --- the ways to ask ----------------------------------------------------------------------------------------------

Ask: TypeAlias = Callable[[str], str]
AskAsync: TypeAlias = Callable[[str], Awaitable[str]]


class Way(NamedTuple):
    """A client. `open` and `open_async` give, for a server's URL, the function that asks it and returns the text."""

    name: str
    errors: Callable[[], tuple[type[BaseException], ...]]
    open: Callable[[str, ExitStack], Ask] | None = None
    open_async: Callable[[str, AsyncExitStack], AskAsync] | None = None


def plain_body(prompt: str) -> bytes:
    return json.dumps({"model": MODEL, "input": prompt}).encode()


def plain_text(status: int, content: bytes) -> str:
    """Return the text of a reply as a careful user of a plain client reads it."""
    if status != 200:
        raise Unreadable(f"status {status}")
    try:
        parts = json.loads(content)["output"][0]["content"]
        return "".join(part["text"] for part in parts)
    except (ValueError, LookupError, TypeError) as error:
        raise Unreadable(f"{type(error).__name__}: {content[:60]!r}") from error


def httpx2_errors() -> tuple[type[BaseException], ...]:
    import httpx2

    return (Unreadable, httpx2.HTTPError)


def httpx2_sync(url: str, stack: ExitStack) -> Ask:
    import httpx2

    client = stack.enter_context(httpx2.Client(timeout=SILENCE))

    def ask(prompt: str) -> str:
        response = client.post(f"{url}/v1/responses", content=plain_body(prompt))
        return plain_text(response.status_code, response.content)

    return ask


def httpx2_async(url: str, stack: AsyncExitStack) -> AskAsync:
    import httpx2

    client = httpx2.AsyncClient(timeout=SILENCE)
    stack.push_async_callback(client.aclose)

    async def ask(prompt: str) -> str:
        response = await client.post(f"{url}/v1/responses", content=plain_body(prompt))
        return plain_text(response.status_code, response.content)

    return ask


def pyreqwest_errors() -> tuple[type[BaseException], ...]:
    from pyreqwest.exceptions import PyreqwestError

    return (Unreadable, PyreqwestError)


def pyreqwest_sync(url: str, stack: ExitStack) -> Ask:
    from pyreqwest.client import SyncClientBuilder

    builder = SyncClientBuilder().read_timeout(timedelta(seconds=SILENCE)).follow_redirects(False).no_proxy()
    client = stack.enter_context(builder.build())

    def ask(prompt: str) -> str:
        response = client.post(f"{url}/v1/responses").body_bytes(plain_body(prompt)).build().send()
        return plain_text(response.status, bytes(response.bytes()))

    return ask


def pyreqwest_async(url: str, stack: AsyncExitStack) -> AskAsync:
    from pyreqwest.client import ClientBuilder

    builder = ClientBuilder().read_timeout(timedelta(seconds=SILENCE)).follow_redirects(False).no_proxy()
    client = builder.build()
    stack.push_async_callback(client.close)

    async def ask(prompt: str) -> str:
        response = await client.post(f"{url}/v1/responses").body_bytes(plain_body(prompt)).build().send()
        return plain_text(response.status, bytes(await response.bytes()))

    return ask


WAYS = [
    Way("plain httpx2", httpx2_errors, open=httpx2_sync),
    Way("plain httpx2, async", httpx2_errors, open_async=httpx2_async),
    Way("plain pyreqwest", pyreqwest_errors, open=pyreqwest_sync),
    Way("plain pyreqwest, async", pyreqwest_errors, open_async=pyreqwest_async),
]


# --- questions and what came of them ------------------------------------------------------------------------------


def rounds_of(count: int, seed: int, faults: Sequence[str]) -> Iterator[list[Asked]]:
    """Yield the questions that are asked at once, round by round: the same ones for the same seed."""
    dice = random.Random(seed)
    weights = [SLOW_SHARE if FAULTS[fault].slow else 1.0 for fault in faults]
    while count > 0:
        size = min(dice.choice(ROUNDS), count)
        count -= size
        yield [
            Asked(fault, f"q{dice.getrandbits(48):012x}") for fault in dice.choices(faults, weights=weights, k=size)
        ]


def worded(error: BaseException) -> str:
    """Return the words of an exception, those of pyreqwest's causes with them."""
    causes = getattr(error, "details", {}).get("causes") or []
    return " < ".join([str(error.args[0]) if error.args else "", *(cause["message"] for cause in causes[:3])])


def judged(asked: Asked, answer: str | BaseException, errors: tuple[type[BaseException], ...]) -> Result:
    """Say what an answer, or an exception, is worth."""
    if isinstance(answer, BaseException):
        words = f"{type(answer).__name__}: {worded(answer)}"
        return Result(asked, "error" if isinstance(answer, errors) else "other", words)
    tokens = set(TOKEN.findall(answer))
    if tokens == {asked.token}:
        return Result(asked, "right", "")
    return Result(asked, "wrong" if tokens else "other", " ".join(sorted(tokens)) or f"no token in {answer[:60]!r}")


def ask_all(way: Way, server: HostileServer, rounds: Sequence[Sequence[Asked]]) -> list[Result]:
    """Ask every question synchronously, those of a round in threads of their own."""
    results: list[Result] = []
    errors = way.errors()
    with ExitStack() as stack, ThreadPoolExecutor(max(ROUNDS)) as pool:
        ask = cast(Any, way.open)(server.url, stack)

        def one(asked: Asked) -> Result:
            try:
                answer = ask(prompt_of(*asked))
            except BaseException as error:
                answer = error
            return judged(asked, answer, errors)

        for questions in rounds:
            results += pool.map(one, questions) if len(questions) > 1 else map(one, questions)
            if server.send_late():
                time.sleep(SETTLE)
    return results


async def ask_all_async(way: Way, server: HostileServer, rounds: Sequence[Sequence[Asked]]) -> list[Result]:
    """Ask every question asynchronously, those of a round at once."""
    results: list[Result] = []
    errors = way.errors()
    async with AsyncExitStack() as stack:
        ask = cast(Any, way.open_async)(server.url, stack)

        async def one(asked: Asked) -> Result:
            try:
                answer = await ask(prompt_of(*asked))
            except BaseException as error:
                answer = error
            return judged(asked, answer, errors)

        for questions in rounds:
            results += await asyncio.gather(*map(one, questions))
            if server.send_late():
                await asyncio.sleep(SETTLE)
    return results


def run(way: Way, rounds: Sequence[Sequence[Asked]]) -> tuple[list[Result], Counter[str]]:
    """Ask these questions in this way, against a server of its own; return also the causes of wrong answers."""
    with HostileServer() as server:
        results = ask_all(way, server, rounds) if way.open else asyncio.run(ask_all_async(way, server, rounds))
        return results, causes(results, server.connections)


# --- the report ---------------------------------------------------------------------------------------------------


def causes(results: Sequence[Result], connections: Sequence[Sequence[tuple[Fault, str]]]) -> Counter[str]:
    """Count wrong answers by the misbehaviour that they are from.

    After a second reply, each later question of that connection gets the answer to the one before. So the cause is the
    last second reply on the connection, or without any the misbehaviour of the question that the answer belongs to.
    """
    found: dict[str, str] = {}
    for questions in connections:
        second = ""
        for fault, token in questions:
            second = fault.name if fault.second else second
            found[token[1:]] = second or fault.name
    wrong = [result for result in results if result.outcome == "wrong"]
    return Counter(found.get(result.words.replace(result.asked.token, "").split()[0][1:], "?") for result in wrong)


def print_by_fault(results: Sequence[Result]) -> None:
    """Print a line for each misbehaviour: what came of its questions, and an error of each outcome."""
    rows: dict[str, dict[Outcome, list[str]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        rows[result.asked.fault][result.outcome].append(result.words)
    for fault, outcomes in sorted(rows.items()):
        print(f"  {fault:<24}", end="")
        for outcome, words in sorted(outcomes.items()):
            print(f"  {outcome} {len(words)}" + (f" ({Counter(words).most_common(1)[0][0][:90]})" if words[0] else ""), end="")
        print()


def print_row(name: str, results: Sequence[Result], seconds: float) -> None:
    counts = Counter(result.outcome for result in results)
    cells = "".join(f"{counts[outcome]:>18}" for outcome in OUTCOMES)
    print(f"{name:<30}{cells}{seconds:>9.1f} s", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=5000, help="questions for each way")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--way", action="append", help="only ways whose name begins so")
    parser.add_argument("--faults", help="only these, by comma")
    parser.add_argument("--by-fault", action="store_true", help="print what came of each misbehaviour")
    arguments = parser.parse_args(argv)
    faults = arguments.faults.split(",") if arguments.faults else list(FAULTS)
    print(f"{len(faults)} ways to misbehave, {arguments.count} questions, seed {arguments.seed}")
    print(f"{'':<30}" + "".join(f"{title:>18}" for title in OUTCOMES.values()))
    for way in WAYS:
        if arguments.way and not way.name.startswith(tuple(arguments.way)):
            continue
        started = time.perf_counter()
        results, wrong = run(way, list(rounds_of(arguments.count, arguments.seed, faults)))
        print_row(way.name, results, time.perf_counter() - started)
        if wrong:
            print("  from: " + ", ".join(f"{fault} {count}" for fault, count in wrong.most_common()))
        if others := Counter(f"{r.asked.fault}: {r.words[:110]}" for r in results if r.outcome == "other"):
            print("".join(f"  other: {count} {words}\n" for words, count in others.most_common(12)), end="")
        if arguments.by_fault:
            print_by_fault(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
