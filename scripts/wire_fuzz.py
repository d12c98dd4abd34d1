"""Answers that no provider sends, made from good ones by chance: `just fuzz`.

Takes the answers of `tests/support/wire_seeds.py`, changes each in one to three of the ways below, and reads it with
`call` and `stream`, synchronously and not, over a provider inside this process. For every mutation holds:

- an exception is of our tree (`llm.CapablyError`), and comes within `PATIENCE` seconds;
- synchronous and asynchronous reading give the same, however the bytes are cut into pieces;
- the pieces of a stream are its text, and JSON and back gives the same answer;
- a stream gives what `call` gives for the body that it adds up to;
- an answer that was cut is an error, or complete all the same: what was cut off said nothing more.

Prints what broke, with the number of the mutation, and ends with 1 if anything did.

    just fuzz --count 12000 --seed 1
    just fuzz --wire google --only 4711      # this mutation alone, shown
"""

# JSON may have any shape:
# pyright: basic
from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from support.in_process import Answer, InProcess
from support.wire_seeds import SEEDS
from wire_mutations import Mutation, dumped, mutation, stream_of

from capably import llm

PATIENCE = 30
"""Seconds after which reading one answer counts as a hang."""

Json = Any

NO_JSON = re.compile(rb"\b(?:NaN|Infinity)\b")
"""Numbers that are no JSON, and that Python writes and reads all the same."""


# --- reading ------------------------------------------------------------------------------------------------------


class Broken(AssertionError):  # noqa: N818 (a promise is)
    """A promise that does not hold."""


@llm.tool
def weather(city: str, days: int = 1) -> str:
    """Tell the weather."""
    return f"dry in {city} for {days}"


def chunked(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


def outcome_of(response: Any) -> Json:
    """Return all that a caller may read of an answer, as JSON."""
    text = response.to_json()
    again = llm.Response.from_json(text)
    if again.to_json() != text:
        raise Broken("JSON and back gives another answer")
    check_types(response)
    plain = (response.text(), [(call.name, call.args, call.id) for call in response.tool_calls], response.finish_reason)
    rest = (response.usage, response.cost, response.citations, response.thoughts, response.images, response.messages)
    plain[0].encode()
    state = json.loads(text)["response"]
    return {"text": plain[0], "calls": repr(plain[1:]), "rest": len(rest), "reply": state["reply"]}


WORDS = (str, type(None))
FIELDS = {"text", "id", "name", "url", "title", "cited_text", "media_type", "transcript", "raw_args", "kind"}
"""Fields of parts and citations that are texts, or `None`."""


def check_types(response: Any) -> None:
    """Raise `Broken` for a value of another type than the one that is declared."""
    values = {name: getattr(response, name) for name in ("id", "finish_reason")}
    reply = response._reply
    values |= {name: getattr(reply, name) for name in ("model", "stop_detail", "stop_sequence", "request_id")}
    for part in (*response.content, *response.citations):
        values |= {f"{type(part).__name__}.{name}": getattr(part, name, None) for name in FIELDS}
        repr(part)
    for name, value in values.items():
        if not isinstance(value, WORDS):
            raise Broken(f"{name} is a {type(value).__name__}")
    for call in response.tool_calls:
        if not isinstance(call.args, dict):
            raise Broken(f"the arguments are a {type(call.args).__name__}")
    for name, value in vars(response.usage).items() if hasattr(response.usage, "__dict__") else ():
        if "tokens" in name and not isinstance(value, int):
            raise Broken(f"{name} is a {type(value).__name__}")


def failed(error: llm.CapablyError) -> Json:
    words = str(error)
    if not words:
        raise Broken(f"a {type(error).__name__} without words")
    return {"error": type(error).__name__, "words": words, "partial": repr(getattr(error, "partial", None))}


def read(model: Any, *, streamed: bool) -> Json:
    """Return what comes of a call or a stream: all of the answer, or the error."""
    try:
        if not streamed:
            return outcome_of(model.call("Ur?", tools=[weather]))
        response = model.stream("Ur?", tools=[weather])
        with response:
            chunks = list(response.chunks())
            return {**outcome_of(response), "deltas": deltas_in(chunks), "texts": texts_in(response, chunks)}
    except llm.CapablyError as error:
        return failed(error)


async def read_async(model: Any, *, streamed: bool) -> Json:
    """Return the same, read asynchronously, and the text by `text_stream`."""
    try:
        if not streamed:
            return outcome_of(await model.call_async("Ur?", tools=[weather]))
        response = await model.stream_async("Ur?", tools=[weather])
        async with response:
            deltas = "".join([piece async for piece in response.text_stream()])
            outcome = outcome_of(await response.finish())
            chunks = [chunk async for chunk in response.chunks()]
            return {**outcome, "deltas": deltas, "texts": texts_in(response, chunks)}
    except llm.CapablyError as error:
        return failed(error)


def deltas_in(chunks: Sequence[Any]) -> str:
    return "".join(chunk.delta for chunk in chunks if chunk.kind == "text")


def texts_in(response: Any, chunks: Sequence[Any]) -> list[tuple[str, str]]:
    """Return the text of each part that has one, as the answer has it and as its deltas add up to it."""
    deltas: dict[int, list[str]] = {}
    for chunk in chunks:
        if chunk.kind in ("text", "thought", "commentary"):
            deltas.setdefault(chunk.index, []).append(chunk.delta)
    return [
        (part.text, "".join(deltas.get(place, ())))
        for place, part in enumerate(response.content)
        if isinstance(part, (llm.Text, llm.Thought, llm.Commentary))
    ]


def content_of(outcome: Json) -> Json:
    """Return the parts, and how the answer ended. Hosts that let words follow on calls have another order in streams."""
    parts = sorted(json.dumps(part, sort_keys=True) for part in outcome["reply"]["content"])
    return parts, outcome["reply"]["finish_reason"]


class Fuzz:
    """Reads mutations of one wire format, and says what breaks."""

    def __init__(self, wire: str, seed: int) -> None:
        self.wire = wire
        self.seed = seed
        self.host = InProcess(wire)
        self.outcomes: Counter[str] = Counter()
        self._good: dict[tuple[str, bool], Json] = {}
        for one in SEEDS[wire]():
            for streamed in (False, True):
                body = stream_of(one.events, wire) if streamed else dumped(one.body)
                self._good[one.name, streamed] = self._read(body, 10**9, streamed=streamed)
                if "error" in self._good[one.name, streamed]:
                    raise Broken(f"{wire}: the seed {one.name!r} is no answer: {self._good[one.name, streamed]}")

    def _read(self, body: bytes, size: int, *, streamed: bool, broken: bool = False) -> Json:
        self.host.answer = Answer(chunked(body, size), streamed, broken)
        return read(self.host.model, streamed=streamed)

    async def problem(self, number: int) -> tuple[Mutation, str]:
        """Return a mutation, and what it breaks: nothing, as a rule."""
        one = mutation(self.wire, self.seed, number)
        try:
            self._check(one, await self._both(one, number))
        except Exception as error:
            return one, f"{type(error).__name__}: {str(error)[:600]}"
        return one, ""

    async def _both(self, one: Mutation, number: int) -> Json:
        dice = random.Random(number)
        size, other = (dice.choice((1, 3, 17, 200, 10**9)) for _ in range(2))
        outcome = self._read(one.body, size, streamed=one.streamed, broken=one.broken)
        self.host.answer = Answer(chunked(one.body, other), one.streamed, one.broken)
        twin = await read_async(self.host.model, streamed=one.streamed)
        if outcome != twin:
            raise Broken(f"in pieces of {size} and {other}: {differences(outcome, twin)}")
        return outcome

    def _check(self, one: Mutation, outcome: Json) -> None:
        self.outcomes[outcome.get("error", "answer")] += 1
        if "error" in outcome:
            return
        good = self._good[one.seed.name, one.streamed]
        if one.cut and content_of(outcome) != content_of(good):
            raise Broken(
                f"an answer that was cut is accepted: {outcome['text']!r}, {outcome['reply']['finish_reason']}"
            )
        if one.hollow and missing(good, outcome):
            raise Broken(f"an answer without a piece is accepted: {missing(good, outcome)}")
        if one.streamed:
            self._check_stream(one, outcome)
        self._answer_again(outcome)

    def _check_stream(self, one: Mutation, outcome: Json) -> None:
        """Hold the deltas of a stream against its answer, and its answer against that of `call`.

        OpenAI sends each text twice, in deltas and complete; some hosts send thoughts twice, as text and as details. Where
        the two differ, the complete one counts, and the text.

        A body that a stream adds up to is JSON that every reader takes, so it has `null` for `NaN` and infinity; the
        answer keeps such a number, as one of `call` does. So the two may differ.
        """
        twice = one.name not in ("stream: cut", "stream: other") and self.wire in ("responses", "chat")
        if not twice or (self.wire == "chat" and b"reasoning_content" not in one.body):
            for text, deltas in outcome["texts"]:
                if text != deltas:
                    raise Broken(f"the deltas of a text are {deltas!r}, the text is {text!r}")
        if NO_JSON.search(one.body):
            return
        called = self._read(outcome["reply"]["body"].encode(), 10**9, streamed=False)
        if "error" in called or content_of(called) != content_of(outcome):
            raise Broken(f"call gives another answer for the body of the stream: {differences(called, outcome)}")

    def _answer_again(self, outcome: Json) -> None:
        """Send the answer back, as the next request does."""
        self.host.answer = Answer([outcome["reply"]["body"].encode()], streamed=False)
        try:
            response = self.host.model.call("Ur?", tools=[weather])
            self.host.model.call([*response.messages, llm.user("And then?")])
        except llm.CapablyError as error:
            failed(error)


def missing(good: Json, outcome: Json) -> list[str]:
    """Return the parts of the good answer that have become shorter, unless another stands in their place that shows it."""
    parts, before = (
        [json.dumps({**part, "citations": None}, ensure_ascii=False) for part in one["reply"]["content"]]
        for one in (outcome, good)
    )
    strange = ("Unknown", "INVALID", "raw_args")
    if any(word in part for part in parts if part not in before for word in strange):
        return []
    return [part[:200] for part in before if part not in parts]


def differences(first: Json, second: Json) -> str:
    """Name the fields in which two outcomes differ, with their values."""
    for outcome in (first, second):
        outcome.update(outcome.pop("reply", {}))
    keys = sorted(key for key in {*first, *second} if first.get(key) != second.get(key))
    return "; ".join(f"{key}: {str(first.get(key))[:200]} / {str(second.get(key))[:200]}" for key in keys)


def hung(*_: object) -> None:
    raise Broken(f"more than {PATIENCE} s")


async def run(fuzz: Fuzz, numbers: Sequence[int], *, watch: bool) -> Iterator[tuple[int, Mutation, str]]:
    """Return what broke: the number of the mutation, itself, and why."""
    found: list[tuple[int, Mutation, str]] = []
    for number in numbers:
        if watch:
            signal.alarm(PATIENCE)
        one, problem = await fuzz.problem(number)
        if problem:
            found.append((number, one, problem))
    signal.alarm(0)
    return iter(found)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=12_000, help="mutations of each wire format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wire", choices=list(SEEDS), action="append", help="only these")
    parser.add_argument("--only", type=int, help="only the mutation with this number, shown")
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGALRM, hung)
    numbers = range(arguments.count) if arguments.only is None else [arguments.only]
    bad = 0
    for wire in arguments.wire or SEEDS:
        started = time.perf_counter()
        fuzz = Fuzz(wire, arguments.seed)
        found = list(asyncio.run(run(fuzz, numbers, watch=True)))
        bad += len(found)
        counts = ", ".join(f"{count} {name}" for name, count in fuzz.outcomes.most_common())
        print(
            f"{wire:<11} {len(numbers)} mutations: {counts}; {len(found)} broken; {time.perf_counter() - started:.0f} s"
        )
        kinds: Counter[str] = Counter()
        for number, one, problem in found:
            kind = f"{one.name}: {problem[:60]}"
            kinds[kind] += 1
            if kinds[kind] <= 3:
                print(f"  {number} [{one.seed.name}] {one.name}: {problem}")
        if arguments.only is not None:
            shown = mutation(wire, arguments.seed, arguments.only)
            print(shown.name, "broken" if shown.broken else "", shown.body.decode("utf-8", "replace"), sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
