"""Work counted, rather than timed: the same number on every machine."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls_made(work: Callable[[], object]) -> int:
    """Return how many functions, of Python and of C, `work` calls in this thread."""
    return calls_by_name(work).total()


def fewest_calls(work: Callable[[], object], times: int = 5) -> int:
    """Return the fewest functions that `work` calls in any of `times` runs.

    A reply that a busy machine delivers in two pieces takes a read more; one that arrives in one piece is what counts.
    """
    return min(calls_made(work) for _ in range(times))


def calls_by_name(work: Callable[[], object]) -> Counter[str]:
    """Return how often `work` calls each function, by name."""
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            calls[frame.f_code.co_name] += 1
        elif event == "c_call":
            calls[argument.__name__] += 1

    collects = gc.isenabled()
    gc.disable()  # What others left behind is not this work's.
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
        if collects:
            gc.enable()
    return calls
