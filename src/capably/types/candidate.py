"""Other answers to the same call, and the probabilities of an answer's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, TypeAlias

from capably.types.parts import Part, Text
from capably.types.values import Value, read_only, set_field

FinishReason: TypeAlias = Literal[
    "stop",
    "length",
    "tool_use",
    "refusal",
    "content_filter",
    "context_overflow",
    "pause",
    "continuation",
    "error",
    "other",
]
"""Why an answer ended. `other` is a provider's own word without a match here; `stop_detail` has it."""


@read_only
class Candidate(Value):
    """One of the answers to a call that wanted several: its parts, and why it ended."""

    __slots__ = ("content", "finish_reason", "stop_detail")
    content: tuple[Part, ...]
    finish_reason: FinishReason
    stop_detail: str | None

    def __init__(
        self, content: Sequence[Part], finish_reason: FinishReason = "stop", stop_detail: str | None = None
    ) -> None:
        set_field(self, "content", tuple(content))
        set_field(self, "finish_reason", finish_reason)
        set_field(self, "stop_detail", stop_detail)

    def text(self) -> str:
        """Return its text without thoughts; empty if there is none."""
        return "".join([part.text for part in self.content if isinstance(part, Text)])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Candidate) and all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Candidate({list(self.content)!r}, {self.finish_reason!r})"


@read_only
class TokenLogprob(Value):
    """One token of the answer with its logarithmic probability, and the most likely tokens at its place."""

    __slots__ = ("alternatives", "bytes", "logprob", "token")
    token: str
    logprob: float
    bytes: bytes | None
    alternatives: tuple[TokenLogprob, ...]

    def __init__(
        self,
        token: str,
        logprob: float,
        *,
        bytes: bytes | None = None,
        alternatives: Sequence[TokenLogprob] = (),
    ) -> None:
        set_field(self, "token", token)
        set_field(self, "logprob", logprob)
        set_field(self, "bytes", bytes)
        set_field(self, "alternatives", tuple(alternatives))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TokenLogprob) and all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TokenLogprob({self.token!r}, {self.logprob!r})"
