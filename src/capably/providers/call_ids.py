"""Ids of tool calls: new ones, and ones converted for a provider."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from capably.types import parts as p
from capably.types.messages import AssistantMessage

if TYPE_CHECKING:
    from capably.types.messages import Message

SHORT = 9
"""Characters of an id where a provider demands so few (Mistral)."""


def unused_ids(messages: Iterable[Message]) -> Iterator[str]:
    """Yield `call_1`, `call_2`, ...: ids for calls without one, distinct from every call of the conversation."""
    calls = (
        part.id
        for m in messages
        if isinstance(m, AssistantMessage)
        for part in m.content
        if isinstance(part, p.ToolCall)
    )
    numbers = (id.removeprefix("call_") for id in calls if id.startswith("call_"))
    # Ids are the provider's: one with more digits than we would ever give collides with none of ours.
    start = max((int(number) for number in numbers if number.isdecimal() and len(number) < 10), default=0)
    return (f"call_{number}" for number in itertools.count(start + 1))


def reissued(id: str, pattern: re.Pattern[str] | None) -> str:
    """Return the id in another form: the same one for the same id, in each turn and each process."""
    import hashlib  # It loads OpenSSL, and few conversations have an id to change.

    digest = hashlib.sha256(id.encode(errors="surrogatepass")).hexdigest()
    long = f"call_{digest[:24]}"
    return long if pattern is None or pattern.fullmatch(long) else digest[:SHORT]
