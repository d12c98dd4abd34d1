"""The tokens of a call, with the same meaning for every provider."""

from __future__ import annotations

from typing import ClassVar

COUNTS = (
    "input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "input_audio_tokens",
    "input_image_tokens",
    "cache_read_audio_tokens",
    "output_audio_tokens",
    "output_image_tokens",
    "searches",
    "file_searches",
)
"""What is counted."""


class Usage:
    """Tokens of one call. Every provider counts differently; here the numbers always nest the same way.

    - `input_tokens`: the complete prompt, cached parts included.
    - `output_tokens`: the complete answer, reasoning included.
    - `reasoning_tokens`: part of the output.
    - `cache_read_tokens`, `cache_write_tokens`: parts of the input; `cache_write_1h_tokens` is part of the writes.
    - `input_audio_tokens`, `input_image_tokens`: parts of the input; `cache_read_audio_tokens` is the part of the audio that was
      read from the cache (where `cache_read_audio_reported` is false, at most so much).
    - `output_audio_tokens`, `output_image_tokens`: parts of the output.
    - `searches`: how often the provider searched the web or files; `file_searches` is the part in files. No tokens, and paid by
      themselves.

    `reported` is false if the provider did not say how many tokens it took. The numbers are 0 then, and mean nothing.
    """

    __slots__ = (*COUNTS, "cache_read_audio_reported", "calls", "model", "reported", "reported_cost", "service_tier")

    def __init__(
        self,
        input_tokens: int = 0,
        output_tokens: int = 0,
        reasoning_tokens: int = 0,
        cache_read_tokens: int = 0,
        cache_write_tokens: int = 0,
        cache_write_1h_tokens: int = 0,
        *,
        input_audio_tokens: int = 0,
        input_image_tokens: int = 0,
        cache_read_audio_tokens: int = 0,
        output_audio_tokens: int = 0,
        output_image_tokens: int = 0,
        searches: int = 0,
        file_searches: int = 0,
        cache_read_audio_reported: bool = True,
        reported: bool = True,
        reported_cost: float | None = None,
        service_tier: str | None = None,
        model: str | None = None,
        calls: tuple[Usage, ...] = (),
    ) -> None:
        self.input_tokens: int = input_tokens
        self.output_tokens: int = output_tokens
        self.reasoning_tokens: int = reasoning_tokens
        self.cache_read_tokens: int = cache_read_tokens
        self.cache_write_tokens: int = cache_write_tokens
        self.cache_write_1h_tokens: int = cache_write_1h_tokens
        self.input_audio_tokens: int = input_audio_tokens
        self.input_image_tokens: int = input_image_tokens
        self.cache_read_audio_tokens: int = cache_read_audio_tokens
        self.output_audio_tokens: int = output_audio_tokens
        self.output_image_tokens: int = output_image_tokens
        self.searches: int = searches
        self.file_searches: int = file_searches
        self.cache_read_audio_reported: bool = cache_read_audio_reported
        """False where the provider does not say how much of the cached prompt was sound."""
        self.reported: bool = reported
        self.reported_cost: float | None = reported_cost
        """US dollars, as the provider says; `None` where it does not."""
        self.service_tier: str | None = service_tier
        """The tier that served the call, in the provider's word: `"default"`, `"flex"`, `"batch"`, ..."""
        self.model: str | None = model
        """The id of the model that took the tokens, where it is another than the one that was called (an advisor)."""
        self.calls: tuple[Usage, ...] = calls
        """Of a sum, what it consists of: each is priced by itself."""

    @property
    def total_tokens(self) -> int:
        """Return input and output tokens together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        calls = (*self._summands(), *other._summands())
        costs = [call.reported_cost for call in calls]
        total = sum(cost for cost in costs if cost is not None) if calls and None not in costs else None
        tiers = {call.service_tier for call in calls}
        return Usage(
            **{name: getattr(self, name) + getattr(other, name) for name in COUNTS},
            cache_read_audio_reported=self.cache_read_audio_reported and other.cache_read_audio_reported,
            reported=self.reported and other.reported,
            reported_cost=total,
            service_tier=tiers.pop() if len(tiers) == 1 else None,
            calls=calls,
        )

    def _summands(self) -> tuple[Usage, ...]:
        """Return the calls of this usage; none for the zero that a sum begins with."""
        return self.calls or (() if self == _ZERO else (self,))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Usage) and all(getattr(self, n) == getattr(other, n) for n in _COMPARED)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown: dict[str, object] = {name: getattr(self, name) for name in _COMPARED[1:]}
        inside = ", ".join(f"{name}={value!r}" for name, value in shown.items() if value)
        return f"Usage({inside})" if self.reported else f"Usage(reported=False{', ' if inside else ''}{inside})"


_COMPARED = ("reported", *COUNTS, "reported_cost", "service_tier")
_ZERO = Usage()
