"""The log probabilities of OpenAI's two formats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from capably.types.candidate import TokenLogprob


def decode_logprobs(entries: Any) -> Sequence[TokenLogprob]:
    """Return the tokens of a list of them; none for anything else, such as the older form with a list per field."""
    if not entries or not isinstance(entries, list):
        return ()
    from capably.types.candidate import TokenLogprob

    def token(entry: Any) -> TokenLogprob:
        raw = entry.get("bytes")
        return TokenLogprob(
            entry["token"],
            entry["logprob"],
            bytes=None if raw is None else bytes(raw),
            alternatives=[token(other) for other in entry.get("top_logprobs") or ()],
        )

    return [token(entry) for entry in entries]  # pyright: ignore[reportUnknownVariableType]
