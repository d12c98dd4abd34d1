"""Streams that keep nothing of what was said still give every text, and tell how they ended: recorded and hostile ones."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conformance import cases
from conformance.bench import Bench, ask

from capably.types import stream
from capably.types.errors import CapablyError

KEPT = (10**9, 0, 10, 100)
"""Everything, and then next to nothing (bytes)."""


def outcome(response: Any) -> tuple[list[str], Any]:
    """The deltas of a stream, and how it ended, or the error that it raised."""
    deltas: list[str] = []
    try:
        for delta in response.text_stream():
            deltas.append(delta)
        reply = response._reply
        ended = [reply.finish_reason, reply.stop_detail, reply.usage, reply.id, reply.model, reply.request_id]
    except CapablyError as error:
        ended = [type(error), str(error)]
    return deltas, ended


def test_recorded_streams_are_read_in_the_same_way(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forgot = 0
    with Bench() as bench:
        for exchange in cases.exchanges():
            if not isinstance(exchange, cases.Exchange) or not exchange.streamed or exchange.status != 200:
                continue
            outcomes: list[Any] = []
            for kept in KEPT:
                monkeypatch.setattr(stream, "MAX_BUFFERED_BYTES", kept)
                bench.serve(exchange.body, headers=exchange.headers, events=True)
                response = ask(bench, exchange)
                outcomes.append(outcome(response))
                forgot += response._buffer.begin > 0
            assert all(found == outcomes[0] for found in outcomes), exchange.name
    assert forgot > 1000
