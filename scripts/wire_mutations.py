"""Good answers changed by chance, one mutation for each number: what `scripts/wire_fuzz.py` reads."""

# JSON may have any shape:
# pyright: basic
from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from support.wire_seeds import DONE, SEEDS, Seed, as_bytes, copy_of

Json = Any


# --- ways to change JSON ------------------------------------------------------------------------------------------


def nested(depth: int) -> Json:
    value: Json = 1
    for _ in range(depth):
        value = [value]
    return value


WRONG: Sequence[Callable[[], Json]] = (
    *(lambda value=value: value for value in (None, 0, -1, 1.5, 10**9, 10**30, True, False, "", "x", "0", "\x00")),
    *(lambda kind=kind: kind() for kind in (dict, list)),
    lambda: [None],
    lambda: [[]],
    lambda: [{}],
    lambda: {"x": 1},
    lambda: {"type": "text"},
    lambda: "x" * 100_000,
    lambda: "\ud83d",
    lambda: "\udf3e\ud83c",
    lambda: float("nan"),
    lambda: float("-inf"),
    lambda: nested(50),
    lambda: nested(600),
)


def places_in(value: Json) -> list[tuple[Any, Any]]:
    """Return every place of a JSON value: its owner, and its key or index."""
    found: list[tuple[Any, Any]] = []
    rest = [value]
    while rest:
        owner = rest.pop()
        keys = list(owner) if isinstance(owner, dict) else range(len(owner)) if isinstance(owner, list) else ()
        for key in keys:
            found.append((owner, key))
            rest.append(owner[key])
    return found


def lists_in(value: Json) -> list[list[Any]]:
    inner = [owner[key] for owner, key in places_in(value)]
    return [item for item in [value, *inner] if isinstance(item, list) and item]


def set_wrong(value: Json, dice: random.Random) -> None:
    owner, key = dice.choice(places_in(value))
    owner[key] = dice.choice(WRONG)()


def delete(value: Json, dice: random.Random) -> None:
    owner, key = dice.choice(places_in(value))
    del owner[key]


def swap(value: Json, dice: random.Random) -> None:
    """Put a copy of one value of the answer into the place of another."""
    places = places_in(value)
    owner, key = dice.choice(places)
    other, name = dice.choice(places)
    owner[key] = copy_of(other[name])


def rename(value: Json, dice: random.Random) -> None:
    places = [place for place in places_in(value) if isinstance(place[0], dict)]
    if places:
        owner, key = dice.choice(places)
        owner[dice.choice(places)[1]] = owner.pop(key)


def change_list(value: Json, dice: random.Random) -> None:
    lists = lists_in(value)
    if lists:
        one = dice.choice(lists)
        place = dice.randrange(len(one))
        dice.choice(
            (
                lambda: one.insert(place, copy_of(dice.choice(one))),
                lambda: one.extend(copy_of(one)),
                one.reverse,
                lambda: one.append(dice.choice(WRONG)()),
                lambda: one.insert(0, {"type": "brand_new", "a": [1]}),
            )
        )()


def change_text(value: Json, dice: random.Random) -> None:
    """Put something strange into the middle of a text."""
    texts = [(owner, key) for owner, key in places_in(value) if isinstance(owner[key], str)]
    if texts:
        owner, key = dice.choice(texts)
        text, strange = (
            owner[key],
            dice.choice(("\ud83d", "\udf3e", "\x00", "\u2028", "\r", "\\", '"}]', "data: ", "🌾")),
        )
        place = dice.randint(0, len(text))
        owner[key] = text[:place] + strange + text[place:]


CHANGES: Sequence[Callable[[Json, random.Random], None]] = (
    set_wrong,
    set_wrong,
    set_wrong,
    delete,
    delete,
    swap,
    rename,
    change_list,
    change_text,
)


def changed(value: Json, dice: random.Random) -> Json:
    """Return a copy of a JSON value that is changed in one to three ways."""
    holder = [copy_of(value)]
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        if isinstance(holder[0], (dict, list)) and holder[0]:
            dice.choice(CHANGES)(holder[0], dice)
    return holder[0]


HOLDERS = frozenset(
    [
        "candidates",
        "choices",
        "content",
        "content_block",
        "delta",
        "function",
        "functionCall",
        "input",
        "inlineData",
        "item",
        "message",
        "output",
        "parts",
        "partial_json",
        "refusal",
        "summary",
        "text",
        "thinking",
        "tool_calls",
        "arguments",
        "args",
    ]
)
"""Fields that hold the answer, or a piece of it, in one wire format or another."""

HOLLOW: Sequence[Callable[[], Json]] = (int, bool, float, str, dict, list, lambda: "x", lambda: [1], lambda: {"x": 1})


def hollow(value: Json, dice: random.Random) -> bool:
    """Put a value of another type into the place of a piece of the answer. Return whether there is one."""
    places = [
        (owner, key) for owner, key in places_in(value) if key in HOLDERS and owner[key] not in (None, "", [], {})
    ]
    if not places:
        return False
    owner, key = dice.choice(places)
    fits = (type(owner[key]), *((str, list) if key in ("content", "thinking") else ()))
    others = [make for make in HOLLOW if type(make()) not in fits]
    owner[key] = dice.choice(others)()
    return True


def dumped(value: Json) -> bytes:
    """Return JSON as bytes; half surrogates are escaped, as a provider may send them."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()
    except RecursionError:
        return b'{"a":' * 3000


# --- ways to change bytes -----------------------------------------------------------------------------------------

JUNK: Sequence[bytes] = (
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\n\n",
    b"\r",
    b'"',
    b"}",
    b"{}",
    b"data: {}\n\n",
    b"data: null\n\n",
    b"data:\n\n",
    b": ping\n\n",
    b"event: error\n",
    b"data: [DONE]\n\n",
    b"<html>502</html>",
    b"NaN",
    b"\\ud83d",
    b"[" * 3000,
)


def change_bytes(body: bytes, dice: random.Random) -> bytes:
    """Flip, insert, remove or repeat bytes somewhere."""
    place, size = dice.randint(0, len(body)), dice.choice((1, 1, 2, 9, 80))
    kind = dice.randrange(4)
    if kind == 0 and body:
        place = dice.randrange(len(body))
        return body[:place] + bytes([body[place] ^ 1 << dice.randrange(8)]) + body[place + 1 :]
    if kind == 1:
        return body[:place] + dice.choice(JUNK) + body[place:]
    if kind == 2:
        return body[:place] + body[place + size :]
    return body[:place] + body[max(0, place - size) :]


# --- mutations ----------------------------------------------------------------------------------------------------


class Mutation(NamedTuple):
    """An answer to read: its bytes, whether it is a stream, whether it breaks off, and whether it was only cut, or emptied in
    one place."""

    name: str
    seed: Seed
    body: bytes
    streamed: bool
    broken: bool = False
    cut: bool = False
    hollow: bool = False


def stream_of(events: Sequence[Json], wire: str) -> bytes:
    return b"".join(map(event_bytes, events)) + DONE.get(wire, b"")


def event_bytes(event: Json) -> bytes:
    try:
        return as_bytes(event)
    except (UnicodeEncodeError, RecursionError):
        return b"data: " + dumped(event) + b"\n\n"


def mutated_reply(seed: Seed, seeds: Sequence[Seed], wire: str, dice: random.Random) -> Mutation:
    kind = dice.choice(("json", "json", "json", "json", "hollow", "bytes", "cut", "other"))
    complete = dumped(seed.body)
    if kind == "hollow":
        body = copy_of(seed.body)
        hollow(body, dice)
        return Mutation("reply: hollow", seed, dumped(body), streamed=False, hollow=True)
    if kind == "json":
        return Mutation("reply: JSON", seed, dumped(changed(seed.body, dice)), streamed=False)
    if kind == "bytes":
        return Mutation("reply: bytes", seed, change_bytes(complete, dice), streamed=False)
    if kind == "cut":
        return Mutation(
            "reply: cut", seed, complete[: dice.randrange(len(complete))], False, dice.random() < 0.5, cut=True
        )
    other = dice.choice(seeds)
    bodies = (
        stream_of(seed.events, wire),
        complete + dumped(other.body),
        b"\xef\xbb\xbf" + complete,
        b" \n" + complete,
    )
    return Mutation("reply: other", seed, dice.choice(bodies), streamed=False)


def drop_one(events: list[Json], _: Sequence[Seed], dice: random.Random) -> None:
    events.pop(dice.randrange(len(events)))


def repeat_some(events: list[Json], _: Sequence[Seed], dice: random.Random) -> None:
    place = dice.randrange(len(events))
    events[place:place] = copy_of(events[place : place + dice.choice((1, 1, 3))])


def move_one(events: list[Json], _: Sequence[Seed], dice: random.Random) -> None:
    events.insert(dice.randrange(len(events)), events.pop(dice.randrange(len(events))))


def add_foreign(events: list[Json], seeds: Sequence[Seed], dice: random.Random) -> None:
    events.insert(dice.randrange(len(events) + 1), copy_of(dice.choice(dice.choice(seeds).events)))


def add_strange(events: list[Json], _: Sequence[Seed], dice: random.Random) -> None:
    events.insert(dice.randrange(len(events) + 1), dice.choice(WRONG)())


def change_one(events: list[Json], _: Sequence[Seed], dice: random.Random) -> None:
    place = dice.randrange(len(events))
    events[place] = changed(events[place], dice)


def second_stream(events: list[Json], seeds: Sequence[Seed], dice: random.Random) -> None:
    events += copy_of(dice.choice(seeds).events)


ORDERS: Sequence[Callable[[list[Json], Sequence[Seed], random.Random], None]] = (
    change_one,
    change_one,
    change_one,
    change_one,
    drop_one,
    repeat_some,
    move_one,
    add_foreign,
    add_strange,
    second_stream,
)


def mutated_stream(seed: Seed, seeds: Sequence[Seed], wire: str, dice: random.Random) -> Mutation:
    kind = dice.choice(("events", "events", "events", "events", "hollow", "bytes", "cut", "cut", "lines", "other"))
    complete = stream_of(seed.events, wire)
    if kind == "cut":
        if dice.random() < 0.3:
            events = seed.events[: dice.randrange(len(seed.events))]
            return Mutation(
                "stream: cut", seed, b"".join(map(event_bytes, events)), True, dice.random() < 0.5, cut=True
            )
        cut = complete[: dice.randrange(len(complete))]
        return Mutation("stream: cut", seed, cut, True, dice.random() < 0.5, cut=True)
    if kind == "bytes":
        return Mutation("stream: bytes", seed, change_bytes(complete, dice), streamed=True)
    if kind == "lines":
        end = dice.choice((b"\r\n", b"\r", b"\n"))
        body = complete.replace(b"\n\n", dice.choice((b"\n\n\n", b"\n\n: ping\n\n", b"\n\n"))).replace(b"\n", end)
        return Mutation("stream: lines", seed, change_bytes(body, dice), streamed=True)
    if kind == "other":
        bodies = (
            dumped(changed(seed.body, dice)),
            dumped(seed.body),
            dumped(seed.body) + complete,
            complete + complete,
        )
        return Mutation("stream: other", seed, dice.choice(bodies), streamed=True)
    events = copy_of(list(seed.events))
    if kind == "hollow":
        emptied = any(hollow(event, dice) for event in dice.sample(events, len(events)))
        return Mutation("stream: hollow", seed, stream_of(events, wire), streamed=True, hollow=emptied)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        if events:
            dice.choice(ORDERS)(events, seeds, dice)
    return Mutation("stream: events", seed, stream_of(events, wire), streamed=True, broken=dice.random() < 0.1)


def mutation(wire: str, seed: int, number: int) -> Mutation:
    """Return a mutation by its number: the same one for the same seed."""
    dice = random.Random(f"{wire} {seed} {number}")
    seeds = SEEDS[wire]()
    make = mutated_stream if dice.random() < 0.6 else mutated_reply
    return make(dice.choice(seeds), seeds, wire, dice)
