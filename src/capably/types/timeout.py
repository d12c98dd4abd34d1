"""`llm.Timeout`: how long a request may take."""

from __future__ import annotations

import math

from capably.types.values import Value, read_only, set_field

CONNECT, SILENCE = 10.0, 600.0
"""Seconds, where the caller sets none. A model that reasons can be silent for minutes before its answer begins."""

MOST = 7 * 24 * 3600.0
"""Seconds. A longer time is as good as this, which every clock of the libraries can count."""


@read_only
class Timeout(Value):
    """How long to wait, in seconds. It cannot be changed. A part that is left out has its default.

    Args:
        connect: Until a connection stands: 10 seconds, or `silence` where that is less.
        silence: Until the next byte arrives, from the moment that the request is sent to the end of the answer: 600 seconds.
        total: For all of the request: connecting, each attempt, the pauses between them, and the reading of the answer. No
            limit by default.

    Raises:
        ValueError: A part is not a positive, finite number.
    """

    __slots__ = ("connect", "silence", "total")

    connect: float
    silence: float
    total: float | None

    def __init__(
        self, *, connect: float | None = None, silence: float | None = None, total: float | None = None
    ) -> None:
        for name, seconds in (("connect", connect), ("silence", silence), ("total", total)):
            if seconds is not None:
                check_seconds(seconds, name)
        longest = min(SILENCE if silence is None else float(silence), MOST)
        set_field(self, "silence", longest)
        set_field(
            self, "connect", min(CONNECT if connect is None else float(connect), longest if connect is None else MOST)
        )
        set_field(self, "total", None if total is None else min(float(total), MOST))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timeout) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __repr__(self) -> str:
        total = "" if self.total is None else f", total={self.total:g}"
        return f"llm.Timeout(connect={self.connect:g}, silence={self.silence:g}{total})"

    def _parts(self) -> tuple[float | None, ...]:
        return (self.connect, self.silence, self.total)

    def within(self, seconds: float) -> Timeout:
        """Return the same with this many seconds left for all of it."""
        return Timeout(connect=self.connect, silence=self.silence, total=max(seconds, 0.001))


DEFAULT = Timeout()


def as_timeout(value: Timeout | float | None) -> Timeout | None:
    """Return what the caller gave as a `Timeout`: a number is the longest silence."""
    return Timeout(silence=value) if isinstance(value, (int, float)) else value


def check_seconds(seconds: object, name: str) -> None:
    """Raise `ValueError` unless the value is a positive, finite number of seconds."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{name}= is a number of seconds, not {seconds!r}")
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(
            f"{name}={seconds!r} is no time to wait: give a positive number of seconds, or leave it out for the default"
        )
