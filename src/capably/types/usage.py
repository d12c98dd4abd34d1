"""The tokens of a call, with the same meaning for every provider."""

from __future__ import annotations

from typing import ClassVar


class Usage:
    """Tokens of one call. Every provider counts differently; here the numbers always nest the same way.

    - `input_tokens`: the complete prompt, cached parts included.
    - `output_tokens`: the complete answer, reasoning included.
    - `reasoning_tokens`: part of the output.
    - `cache_read_tokens`, `cache_write_tokens`: parts of the input; `cache_write_1h_tokens` is part of the writes.
    """

    __slots__ = (
        "cache_read_tokens",
        "cache_write_1h_tokens",
        "cache_write_tokens",
        "input_tokens",
        "output_tokens",
        "reasoning_tokens",
    )

    def __init__(
        self,
        input_tokens: int = 0,
        output_tokens: int = 0,
        reasoning_tokens: int = 0,
        cache_read_tokens: int = 0,
        cache_write_tokens: int = 0,
        cache_write_1h_tokens: int = 0,
    ) -> None:
        self.input_tokens: int = input_tokens
        self.output_tokens: int = output_tokens
        self.reasoning_tokens: int = reasoning_tokens
        self.cache_read_tokens: int = cache_read_tokens
        self.cache_write_tokens: int = cache_write_tokens
        self.cache_write_1h_tokens: int = cache_write_1h_tokens

    @property
    def total_tokens(self) -> int:
        """Return input and output tokens together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, name) + getattr(other, name) for name in _ORDER))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Usage) and all(getattr(self, n) == getattr(other, n) for n in _ORDER)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Usage({', '.join(f'{n}={getattr(self, n)}' for n in _ORDER if getattr(self, n))})"


_ORDER = (
    "input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
)
