"""The steps of a streamed reply, and what an adapter's fold must do with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from capably.types.parts import Part
    from capably.types.request import Reply


class Chunk:
    """One step of a stream, for the part at `index` of the finished reply.

    - `text` and `thought`: `delta` is more of its text.
    - `tool_call`: `id` and `name` are set on the first step; `delta` is more of its arguments as JSON text.
    - `part`: the part is complete and stands in `part`: the last step of a tool call, and the only one of kinds without
      deltas (images, built-in tools, ...).
    """

    __slots__ = ("delta", "id", "index", "kind", "name", "part")

    def __init__(
        self,
        kind: Literal["text", "thought", "tool_call", "part"],
        index: int,
        delta: str = "",
        *,
        id: str | None = None,
        name: str | None = None,
        part: Part | None = None,
    ) -> None:
        self.kind = kind
        self.index: int = index
        self.delta: str = delta
        self.id: str | None = id
        self.name: str | None = name
        self.part: Part | None = part

    def __repr__(self) -> str:
        shown = (("delta", self.delta), ("id", self.id), ("name", self.name), ("part", self.part))
        inside = "".join(f", {name}={value!r}" for name, value in shown if value)
        return f"Chunk({self.kind!r}, {self.index}{inside})"


class Fold(Protocol):
    """Turns a provider's events into chunks, and in the end into the reply that `call` would have given.

    A fold is pure: it does no I/O, so sync and async streams share it. It rebuilds the body of the non-streamed reply
    from the events, and `reply` decodes that body with the same decoder that `call` uses.
    """

    def feed(self, event: Any) -> Sequence[Chunk]:
        """The steps that one event stands for. An event that reports a failure raises our error."""
        ...

    def reply(self) -> Reply:
        """The whole reply. Raises `ServerError` when the events stopped before the provider said that it was done."""
        ...
