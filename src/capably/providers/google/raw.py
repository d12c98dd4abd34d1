"""Replies that google-genai cannot read as they are: its enums are words, and some callers ask Google for numbers."""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, get_args

if TYPE_CHECKING:
    from pydantic import BaseModel

    from capably.types.json_types import Json


def with_enums_in_words(reply: Json) -> Json:
    """Return the JSON of a reply with enum numbers as words, as the SDK keeps them: `{"finishReason": 1}` -> `"1"`."""
    from google.genai.types import GenerateContentResponse

    return _worded(reply, _enum_fields(GenerateContentResponse))


def _worded(value: Json, words: frozenset[str], *, is_enum: bool = False) -> Json:
    if isinstance(value, dict):
        return {key: _worded(inner, words, is_enum=key in words) for key, inner in value.items()}
    if isinstance(value, list):
        return [_worded(item, words, is_enum=is_enum) for item in value]
    return str(value) if is_enum and type(value) is int else value


@cache
def _enum_fields(model: type[BaseModel]) -> frozenset[str]:
    """Return the wire names of all fields below an SDK model that hold an enum."""
    from pydantic import BaseModel

    names: set[str] = set()
    seen: set[type[BaseModel]] = set()
    models = [model]
    while models:
        for name, field in models.pop().model_fields.items():
            kinds: list[object] = [field.annotation]
            while kinds:
                kind = kinds.pop()
                kinds += get_args(kind)
                if not isinstance(kind, type):
                    continue
                if issubclass(kind, Enum):
                    names.add(field.alias or name)
                elif issubclass(kind, BaseModel) and kind not in seen:
                    seen.add(kind)
                    models.append(kind)
    return frozenset(names)
