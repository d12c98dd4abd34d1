"""The parts of a prompt and of an answer that OpenAI's two formats count."""

from __future__ import annotations

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


def with_cached_audio(parts: dict[str, int]) -> dict[str, int]:
    """Return the parts with as much of the audio read from the cache as can be: OpenAI does not say how much it was."""
    if "input_audio_tokens" in parts and "cache_read_tokens" in parts:
        parts["cache_read_audio_tokens"] = min(parts["input_audio_tokens"], parts["cache_read_tokens"])
        parts["cache_read_audio_reported"] = False
    return parts
