"""A stream whose bytes arrive in any pieces gives the same."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from capably.providers.events import Events, Origin
from capably.responses.stream_response import StreamResponse
from capably.types.timeout import DEFAULT
from conformance.bench import Bench, request_of, rest
from conformance.cases import Exchange
from conformance.compare import same

CUTTINGS = 3


class Cut:
    """An open answer whose bytes arrive in these pieces."""

    status = 200
    headers: Mapping[str, str] = {"content-type": "text/event-stream"}

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter([piece for piece in pieces if piece])

    async def piece(self) -> bytes:
        return self.read()

    def read(self) -> bytes:
        return next(self._pieces, b"")

    async def close(self) -> None:
        pass

    async def finish(self) -> None:
        pass


def cut(body: bytes, dice: random.Random) -> list[bytes]:
    """Split `body` into pieces: a few long ones, or many of a few bytes each."""
    count = dice.choice((1, 5, max(1, min(len(body) // 3, 2000))))
    places = sorted(dice.randrange(len(body) + 1) for _ in range(count))
    return [body[start:end] for start, end in zip([0, *places], [*places, len(body)], strict=True)]


def same_in_any_chunking(bench: Bench, exchange: Exchange, response: Any) -> str:
    dice = random.Random(exchange.name)
    steps = [(c.kind, c.index, c.delta, c.id, c.name) for c in reopened(bench, exchange, [exchange.body]).chunks()]
    for _ in range(CUTTINGS):
        again = reopened(bench, exchange, cut(exchange.body, dice))
        if [(c.kind, c.index, c.delta, c.id, c.name) for c in again.chunks()] != steps:
            return "the steps differ"
        problem = same(response, again)
        if problem:
            return problem
    return ""


def reopened(bench: Bench, exchange: Exchange, pieces: list[bytes]) -> Any:
    """Replay the stream in these pieces, without the network."""
    adapter, request = bench.adapter(exchange.provider, exchange.endpoint), request_of(exchange)
    return StreamResponse(opened(adapter, pieces), adapter.accumulator(request), *rest(exchange, request))


def opened(adapter: Any, pieces: list[bytes]) -> Events:
    """Open an adapter's reader over an answer that arrives in these pieces."""
    return Events(Cut(pieces), Origin(adapter.provider, None, b"", DEFAULT, adapter.is_last, adapter.done))
