"""Replies that google-genai cannot read as they are: its enums are words, and some callers ask Google for numbers."""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import Any, cast, get_args


def with_enums_in_words(reply: Any) -> Any:
    """Return the JSON of a reply with enum numbers as words, as the SDK keeps them: `{"finishReason": 1}` -> `"1"`."""
    from google.genai.types import GenerateContentResponse

    return _worded(reply, _enum_fields(GenerateContentResponse))


def _worded(value: Any, words: frozenset[str], *, is_enum: bool = False) -> Any:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {key: _worded(inner, words, is_enum=key in words) for key, inner in fields.items()}
    if isinstance(value, list):
        return [_worded(item, words, is_enum=is_enum) for item in cast("list[Any]", value)]
    return str(value) if is_enum and type(value) is int else value


@cache
def _enum_fields(model: Any) -> frozenset[str]:
    """Return the wire names of all fields below an SDK model that hold an enum."""
    names: set[str] = set()
    seen: set[Any] = set()
    models: list[Any] = [model]
    while models:
        for name, field in models.pop().model_fields.items():
            kinds: list[Any] = [field.annotation]
            while kinds:
                kind: Any = kinds.pop()
                kinds += get_args(kind)
                if _is_enum(kind):
                    names.add(field.alias or name)
                elif hasattr(kind, "model_fields") and kind not in seen:
                    seen.add(kind)
                    models.append(kind)
    return frozenset(names)


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)
