"""How two readings of an answer differ, in words; empty where they are the same."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

from typing import Any


def compare(expected: Any, actual: Any) -> str:
    return "" if expected == actual else f"expected {short(expected)}, found {short(actual)}"


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 300 else f"{text[:200]} ... {text[-60:]}"


def same(one: Any, other: Any) -> str:
    for name in ("content", "finish_reason", "usage", "id"):
        if getattr(one, name) != getattr(other, name):
            return f"{name}: {compare(getattr(one, name), getattr(other, name))}"
    return ""
