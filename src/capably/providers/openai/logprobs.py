"""The log probabilities of OpenAI's two formats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from capably.providers.json import as_object, list_in, objects_of, text_in

if TYPE_CHECKING:
    from capably.types.candidate import TokenLogprob
    from capably.types.json_types import Json, JsonObject


def decode_logprobs(entries: Json) -> Sequence[TokenLogprob]:
    """Return the tokens of a list of them; none for anything else, such as the older form with a list per field."""
    if not entries or not isinstance(entries, list):
        return ()
    from capably.types.candidate import TokenLogprob

    def token(entry: JsonObject) -> TokenLogprob:
        raw = None if entry.get("bytes") is None else list_in(entry, "bytes")
        return TokenLogprob(
            text_in(entry, "token"),
            _number(entry["logprob"]),
            bytes=None if raw is None else bytes(cast("list[int]", raw)),  # Which raises for what is no byte.
            alternatives=[token(other) for other in objects_of(entry, "top_logprobs")],
        )

    return [token(as_object(entry, "logprobs")) for entry in entries]


def _number(logprob: Json) -> float:
    """Return the logarithm of a probability. That of 0 is no number, and writers of JSON put null in its place."""
    if logprob is None:
        return -math.inf
    if type(logprob) is not float and type(logprob) is not int:
        raise TypeError(f"'logprob' is a {type(logprob).__name__}, not a number")
    return logprob
