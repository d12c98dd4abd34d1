"""Reads received JSON."""

from __future__ import annotations

from typing import Any, TypeGuard

import msgspec

_decode = msgspec.json.Decoder().decode


def load_json(data: bytes | bytearray | str) -> Any:
    """Return `data` parsed. Raise `msgspec.DecodeError` for wrong syntax, encoding or depth."""
    try:
        return _decode(data)
    except RecursionError as error:
        raise msgspec.DecodeError("JSON is nested too deep") from error
    except UnicodeError as error:
        raise msgspec.DecodeError(f"JSON is no UTF-8: {error}") from error


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Return whether parsed JSON is an object."""
    return isinstance(value, dict)
