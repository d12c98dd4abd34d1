"""Tool results as models read them: text, or parts. All wire formats and the run of tools decide here.

Loaded when a tool runs or its output is sent, not with the parts: msgspec costs more than they do.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Mapping, Sequence, Set as AbstractSet, ValuesView
from numbers import Integral, Real
from typing import cast

import msgspec

from capably.types.json import unsendable
from capably.types.parts import Media, Part, Text


class NoJSONFormError(TypeError):
    """A tool's result holds an object that cannot be sent; the message names its type."""

    def __init__(self, value: object, why: str = "has no JSON form") -> None:
        super().__init__(
            f"{type(value).__name__} {why}. Return text, plain JSON, a dataclass, a pydantic model or parts "
            "(llm.Image and the like)"
        )


def result_parts(result: object) -> str | list[Part]:
    """Return a tool's result for the model: text and parts unchanged, anything else as JSON text. A generator is read to its end.

    Media inside JSON follow it as parts, and the JSON names them: `{"page": 1, "image": llm.Image(...)}` becomes
    `[llm.Text('{"page":1,"image":"[image 1]"}'), llm.Image(...)]`.

    Raises `NoJSONFormError` for an object that has no such form: its `repr` is never sent; `ConversationError` for a text in JSON
    that UTF-8 cannot hold.
    """
    if isinstance(result, str):
        return result
    if isinstance(result, Generator):
        result = list(cast("Generator[object]", result))
    if isinstance(result, Part):
        result = [result]
    items = cast("Sequence[object]", result) if isinstance(result, list | tuple) else ()
    if not any(isinstance(item, Part) for item in items):
        parts: list[Part] = []
        text = _json_text(cast("object", result), parts)
        return [Text(text), *parts] if parts else text
    parts = []
    for item in items:
        if isinstance(item, Part):
            parts.append(item)
            continue
        inside = list(parts)
        text = item if isinstance(item, str) else _json_text(item, inside)
        parts = [*parts, Text(text), *inside[len(parts) :]]
    return parts


def _json_text(value: object, parts: list[Part]) -> str:
    """Return a value as JSON text. Media in it are appended to `parts`."""

    def encode_other(inner: object) -> object:
        if isinstance(inner, Text):
            return inner.text
        if isinstance(inner, Media):
            parts.append(inner)
            number = sum(type(part) is type(inner) for part in parts)
            return f"[{type(inner).__name__.lower()} {number}]"
        if isinstance(inner, Part):
            raise NoJSONFormError(inner, "cannot stand inside JSON")
        return _plain(inner)

    try:
        return msgspec.json.encode(value, enc_hook=encode_other).decode()
    except NoJSONFormError:
        raise
    except RecursionError:
        raise NoJSONFormError(value, "contains itself, or is nested too deep") from None
    except UnicodeEncodeError as error:
        raise unsendable(msgspec.to_builtins(value, enc_hook=encode_other), "a tool's result") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise NoJSONFormError(value, f"cannot be written as JSON: {error}") from error


_OWN: tuple[type, ...] = (bool, tuple, list, set, frozenset)
"""Classes that msgspec writes itself, though not as the keys of an object."""


def _plain(value: object) -> object:
    """Return an object that msgspec does not know in a form that it does: a pydantic model as its own JSON, a path as
    text."""
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json")
    if isinstance(value, os.PathLike):
        return os.fspath(cast("os.PathLike[str]", value))
    if isinstance(value, Mapping):
        return dict(cast("Mapping[object, object]", value))
    if isinstance(value, _OWN):  # as a key
        raise NoJSONFormError(value)
    if isinstance(value, Sequence | AbstractSet | ValuesView):  # a range, a deque, the keys of a dict
        return list(cast("Iterable[object]", value))
    if isinstance(value, Integral | Real):  # of a class of one's own, or of numpy
        return int(value) if isinstance(value, Integral) else float(value)
    raise NoJSONFormError(value)
