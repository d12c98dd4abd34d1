"""Reads received JSON: the reader of `types/json.py`, and what adapters ask of its values."""

from __future__ import annotations

from typing import Any, TypeGuard

from capably.types.json import body_of, dump_json, dump_text, is_sendable, load_body, load_json, mend_json

__all__ = ["body_of", "dump_json", "dump_text", "is_object", "is_sendable", "load_body", "load_json", "mend_json"]


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Return whether parsed JSON is an object."""
    return isinstance(value, dict)
