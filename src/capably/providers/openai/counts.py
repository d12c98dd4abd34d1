"""The parts of a prompt and of an answer that OpenAI's two formats count."""

from __future__ import annotations

from typing import TypedDict, cast

PROMPT_PARTS = (
    ("cached_tokens", "cache_read_tokens"),
    ("cache_write_tokens", "cache_write_tokens"),
    ("audio_tokens", "input_audio_tokens"),
    ("image_tokens", "input_image_tokens"),
)
ANSWER_PARTS = (
    ("reasoning_tokens", "reasoning_tokens"),
    ("audio_tokens", "output_audio_tokens"),
    ("image_tokens", "output_image_tokens"),
)
"""Wire name -> field of `Usage`."""


class Parts(TypedDict, total=False):
    """What is counted of a prompt and of an answer, as fields of `Usage`."""

    cache_read_tokens: int
    cache_write_tokens: int
    input_audio_tokens: int
    input_image_tokens: int
    reasoning_tokens: int
    output_audio_tokens: int
    output_image_tokens: int
    cache_read_audio_tokens: int
    cache_read_audio_reported: bool


def with_cached_audio(counts: dict[str, int]) -> Parts:
    """Return the parts with as much of the audio read from the cache as can be: OpenAI does not say how much it was."""
    parts = cast("Parts", counts)
    if "input_audio_tokens" in parts and "cache_read_tokens" in parts:
        parts["cache_read_audio_tokens"] = min(parts["input_audio_tokens"], parts["cache_read_tokens"])
        parts["cache_read_audio_reported"] = False
    return parts
