"""Time in tests, on a machine that may stop anywhere for seconds.

What comes for certain is waited for with `PATIENCE`, which nobody waits unless something is wrong. What must be over before
something else happens is a story at a pace (`at_some_pace`). No test compares a clock with a number.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

ResultT = TypeVar("ResultT")

PATIENCE = 60.0
"""Seconds to wait for what comes for certain."""

SUBPROCESS_PATIENCE = 240.0
"""The same for a process, which must start first."""

PACES = (1, 5, 25)


def at_some_pace(story: Callable[[float], ResultT]) -> ResultT:
    """Return what a story returns that holds at one of the `PACES`, by which it multiplies its times.

    A busy machine may turn short times around, and longer ones less. What is wrong is wrong at every pace.
    """
    for pace in PACES[:-1]:
        try:
            return story(pace)
        except (Exception, pytest.fail.Exception):
            continue
    return story(PACES[-1])


def wait_until(condition: Callable[[], object]) -> None:
    """Return as soon as the condition holds. Fails if it does not within `PATIENCE`."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.002)
