"""Threads that wait in place of others, which can then be interrupted or go on."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from capably.http import TotalTimeoutError

ValueT = TypeVar("ValueT")


class Waiter:
    """A thread that calls a function which blocks, while another one waits for the result or goes on."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[..., object], tuple[object, ...], bool] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self.abandoned: bool = False
        threading.Thread(target=self._work, name="capably-waiter", daemon=True).start()

    def run(
        self,
        function: Callable[..., ValueT],
        *args: object,
        last: Callable[[], object] | None = None,
        seconds: float | None = None,
    ) -> ValueT:
        """Return the function's result. An interrupt ends the waiting at once, and so does the end of the seconds, with `Empty`;
        the function ends when it can, and then `last` runs."""
        self._jobs.put((function, args, True))
        try:
            value, error = self._results.get(timeout=seconds)
        except BaseException:
            self.abandoned = True
            if last is not None:
                self._jobs.put((last, (), True))
            raise
        finally:
            if self.abandoned:
                self._jobs.put(None)  # Nobody uses this thread again.
            else:
                _idle.append(self)
        if error is not None:
            raise error
        return value

    def go(self, function: Callable[..., object], *args: object) -> None:
        """Call the function and do not wait for it. What it raises is lost."""
        self._jobs.put((function, args, False))

    def abandon(self, error: BaseException, last: Callable[..., object], *args: object) -> None:
        """Raise an error in the thread that waits for a result. What runs for it ends when it can, and then `last` runs."""
        self.abandoned = True
        self._jobs.put((last, args, True))
        self._results.put((None, error))

    def _work(self) -> None:
        while job := self._jobs.get():
            function, args, awaited = job
            value, error = None, None
            try:
                value = function(*args)
            except BaseException as raised:
                error = raised
            if awaited:
                self._results.put((value, error))
            else:
                _idle.append(self)
            del function, args, job, value, error


_idle: list[Waiter] = []

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # A child has none of its parent's threads.


def idle_waiter() -> Waiter:
    """Return a waiter without a job."""
    try:
        return _idle.pop()
    except IndexError:
        return Waiter()


def interruptible(function: Callable[..., ValueT], *args: object, last: Callable[[], object] | None = None) -> ValueT:
    """Return `function(*args)`, which blocks without looking at signals. In the main thread, to which Python delivers them,
    another thread waits for it, so that Ctrl+C works meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        return function(*args)
    return idle_waiter().run(function, *args, last=last)


def in_time(
    waiter: Waiter, deadline: float, last: Callable[[], object], function: Callable[..., ValueT], *args: object
) -> ValueT:
    """Return the function's result. Raises `TotalTimeoutError` when it is not there by then; `last` runs when it is."""
    context = copy_context()

    def call() -> ValueT:
        return context.run(function, *args)

    try:
        return waiter.run(call, last=last, seconds=max(deadline - time.monotonic(), 0.001))
    except Empty:
        raise TotalTimeoutError from None
