"""The context that tools receive besides the model's arguments."""

from __future__ import annotations

from typing import Generic, TypeVar

DepsT = TypeVar("DepsT")


class Context(Generic[DepsT]):
    """Data that your tools need and the model must not see: a database, the current user.

    A tool whose first or keyword-only parameter is annotated `llm.Context[...]` is handed the context of the call that runs it.
    """

    __slots__ = ("deps",)

    def __init__(self, deps: DepsT) -> None:
        self.deps: DepsT = deps
