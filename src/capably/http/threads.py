"""Threads that wait in place of others, which can then be interrupted or go on."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, TypeVarTuple

from capably.http import TotalTimeoutError

ValueT = TypeVar("ValueT")
ArgsT = TypeVarTuple("ArgsT")


GATHER = 0.0005
"""Seconds in which results that are made ahead gather, where none is there. To hand over each by itself costs more than to make it."""


class Waiter:
    """A thread that calls a function which blocks, while another one waits for the result or goes on."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[..., object], tuple[object, ...], int] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Any, BaseException | None, bool]] = SimpleQueue()
        self._left = self._ahead = False
        self.abandoned: bool = False
        self.busy: bool = False
        """Whether `result` returns another result of what began."""
        if sys.is_finalizing():  # Python before 3.12 would wait for ever for a thread that begins then.
            raise RuntimeError("no thread can begin when the process ends")
        threading.Thread(target=self._work, name="capably-waiter", daemon=True).start()

    def run(
        self,
        function: Callable[[*ArgsT], ValueT],
        *args: *ArgsT,
        last: Callable[[], object] | None = None,
        seconds: float | None = None,
    ) -> ValueT:
        """Return the function's result, as `result` does."""
        self.begin(function, *args)
        return self.result(last=last, seconds=seconds)

    def begin(self, function: Callable[[*ArgsT], object], *args: *ArgsT, times: int = 1) -> None:
        """Call the function so many times, one after the other, or until it returns nothing. `result` returns what it returns."""
        self.busy = True
        self._ahead = times > 1
        self._jobs.put((function, args, times))

    def result(self, *, last: Callable[[], object] | None = None, seconds: float | None = None) -> Any:
        """Return the next result. An interrupt ends the waiting at once, and so does the end of the seconds, with `Empty`;
        the function ends when it can, and then `last` runs."""
        try:
            if self._ahead and self._results.empty():
                time.sleep(GATHER)
            value, error, self.busy = self._results.get(timeout=seconds)
        except BaseException:
            self._abandon(last)
            raise
        if not (self.busy or self.abandoned):
            _idle.append(self)
        if error is not None:
            raise error
        return value

    def go(self, function: Callable[[*ArgsT], object], *args: *ArgsT) -> None:
        """Call the function and do not wait for it. What it raises is lost."""
        self._jobs.put((function, args, 0))

    def leave(self, last: Callable[[], object]) -> None:
        """Wait for no more results of what began. It ends when it can, and then `last` runs."""
        self._left = True
        self.go(self._forget, last)

    def abandon(self, error: BaseException, last: Callable[[], object]) -> None:
        """Raise an error in the thread that waits for a result. What runs for it ends when it can, and then `last` runs."""
        self._abandon(last)
        self._results.put((None, error, False))

    def _abandon(self, last: Callable[[], object] | None) -> None:
        """End the thread after what it does, and after `last`. Nobody uses it again."""
        self.abandoned = True
        if last is not None:
            self._jobs.put((last, (), 0))
        self._jobs.put(None)

    def _forget(self, last: Callable[[], object]) -> None:
        while not self._results.empty():
            self._results.get()
        self._left = False
        last()

    def _work(self) -> None:
        while job := self._jobs.get():
            function, args, times = job
            while self._call(function, args, times):
                times -= 1
            del function, args, job

    def _call(self, function: Callable[..., object], args: tuple[object, ...], times: int) -> bool:
        """Call the function for `result`, or for nobody if no times are left. Return whether to call it again."""
        value, error = None, None
        try:
            value = function(*args)
        except BaseException as raised:
            error = raised
        if not times:
            if not self.abandoned:
                _idle.append(self)
            return False
        more = times > 1 and bool(value) and not (self._left or self.abandoned)
        self._results.put((value, error, more))
        return more


_idle: list[Waiter] = []

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # A child has none of its parent's threads.


def idle_waiter() -> Waiter:
    """Return a waiter without a job."""
    try:
        return _idle.pop()
    except IndexError:
        return Waiter()


def interruptible(
    function: Callable[[*ArgsT], ValueT], *args: *ArgsT, last: Callable[[], object] | None = None
) -> ValueT:
    """Return `function(*args)`, which blocks without looking at signals. In the main thread, to which Python delivers them,
    another thread waits for it, so that Ctrl+C works meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        return function(*args)
    return idle_waiter().run(function, *args, last=last)


def in_time(
    waiter: Waiter,
    deadline: float,
    last: Callable[[], object],
    function: Callable[[*ArgsT], ValueT],
    *args: *ArgsT,
) -> ValueT:
    """Return the function's result. Raises `TotalTimeoutError` when it is not there by then; `last` runs when it is."""
    context = copy_context()

    def call() -> ValueT:
        return context.run(function, *args)

    try:
        return waiter.run(call, last=last, seconds=max(deadline - time.monotonic(), 0.001))
    except Empty:
        raise TotalTimeoutError from None
