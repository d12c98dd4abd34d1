"""Values of facts as the command line prints them."""

from __future__ import annotations

from typing import cast


def in_words(value: object) -> str:
    """Return a value as text: `yes`, `1,000`, the words of a list, or `none` for an empty one."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return " ".join(map(in_words, cast("list[object]", value))) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
