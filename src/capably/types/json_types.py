"""The types of parsed JSON, apart from what reads and writes it: every module may name them."""

from __future__ import annotations

from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
"""Parsed JSON, for code that looks at its kind before it reads it."""

JsonObject: TypeAlias = "dict[str, Json]"
"""An object of parsed JSON."""
