"""Read and write JSON of the wire. All text that is received goes through this module, and all that is sent should.

msgspec is fast and strict. What it refuses is read again with Python's own reader, which the vendors' SDKs use: `NaN`,
numbers beyond a float, a byte order mark, UTF-16, and one half of a surrogate pair (an emoji that was cut in two).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from capably.types.errors import ConversationError

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject

_decode = msgspec.json.Decoder().decode
_BYTE_ORDER_MARK = "\ufeff"


def load_json(data: bytes | bytearray | str) -> Json:
    """Return `data` parsed. Halves of surrogate pairs stay as they are, since the next event may hold the other half.

    Raise `msgspec.DecodeError` for wrong syntax, encoding or depth.
    """
    try:
        return _decode(data)
    except RecursionError as error:
        raise msgspec.DecodeError("JSON is nested too deep") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        return _read_again(data, error)


def load_body(data: bytes | bytearray | str) -> Json:
    """Return a complete body parsed. Nothing follows on it, so a half of a surrogate pair becomes U+FFFD.

    Raise `msgspec.DecodeError` for wrong syntax, encoding or depth.
    """
    try:
        return _decode(data)
    except RecursionError as error:
        raise msgspec.DecodeError("JSON is nested too deep") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        return mend_json(_read_again(data, error))


def load_strict(text: str) -> Json:
    """Return the JSON that a model wrote, parsed. As `load_body`, but `NaN` and infinity are no JSON, since no schema has
    them."""
    try:
        return _decode(text)
    except RecursionError as error:
        raise msgspec.DecodeError("JSON is nested too deep") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        return mend_json(_read_again(text, error, parse_constant=_refuse))


def _refuse(word: str) -> object:
    raise ValueError(f"{word} is no JSON")


def _read_again(
    data: bytes | bytearray | str, strict: Exception, parse_constant: Callable[[str], object] | None = None
) -> Json:
    try:
        text = data.removeprefix(_BYTE_ORDER_MARK) if isinstance(data, str) else data
        return json.loads(text, parse_constant=parse_constant)
    except RecursionError as error:
        raise msgspec.DecodeError("JSON is nested too deep") from error
    except ValueError:
        if isinstance(strict, UnicodeError):
            raise msgspec.DecodeError(f"JSON is no UTF-8: {strict}") from strict
        raise strict from None


def mend(text: str) -> str:
    """Return a text in which two halves of a surrogate pair are one character, and a single half is U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def mend_json(value: Json) -> Json:
    """Return parsed JSON with every text mended, however deep it is."""
    top = [value]
    copies: list[list[Json] | JsonObject] = [top]
    while copies:
        copy = copies.pop()
        if isinstance(copy, dict):
            copy.update({key: _mended(item) for key, item in copy.items()})
            inside = list(copy.values())
        else:
            copy[:] = inside = [_mended(item) for item in copy]
        copies += [item for item in inside if isinstance(item, (dict, list))]
    return top[0]


def _mended(value: Json) -> Json:
    """Return a text mended, and of an object or a list a copy whose keys are."""
    if isinstance(value, str):
        return value if is_sendable(value) else mend(value)
    if isinstance(value, dict):
        return {mend(key): item for key, item in value.items()}
    return value.copy() if isinstance(value, list) else value


def body_of(value: JsonObject) -> tuple[JsonObject, bytes]:
    """Return a body that was put together from events, mended, and its bytes.

    In the bytes `NaN` and infinity are `null`: they are no JSON, and every reader takes `null`. The values stay as they are.
    """
    try:
        return value, msgspec.json.encode(value)
    except UnicodeEncodeError:
        mended = cast("JsonObject", mend_json(value))
        return mended, msgspec.json.encode(mended)


def dump_json(value: object) -> bytes:
    """Return the bytes of a body to send. Raise `ConversationError`, with the place, for a text that UTF-8 cannot hold, and for
    values nested deeper than anything can write."""
    try:
        return msgspec.json.encode(value)
    except RecursionError as error:
        raise ConversationError(
            "the conversation holds a value that is nested too deep to be sent: the arguments of a call, the result of a "
            "tool, or `extra`. Nothing was sent.",
            rule="nested_too_deep",
        ) from error
    except UnicodeEncodeError as error:
        raise unsendable(value, "the request") from error


def dump_text(value: object, within: str) -> str:
    """Return a value as JSON text. Raise `ConversationError`, with the place, for a text that UTF-8 cannot hold; `within` names
    what the value is."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError as error:
        raise unsendable(value, within) from error


def unsendable(value: object, within: str) -> ConversationError:
    """Return the error for a value that holds a text that UTF-8 cannot."""
    place, text = _unsendable(value, "") or ("", "")
    at = next((i for i, character in enumerate(text) if not is_sendable(character)), 0)
    return ConversationError(
        f"the text at {f'{place} of {within}' if place else f'the top of {within}'} cannot be sent: its character {at}, near "
        f"{text[max(0, at - 20) : at + 20]!r}, is one half of a surrogate pair, which UTF-8 has no form for. It often "
        'comes from reading a file with errors="surrogateescape". Nothing was sent. To send it with a replacement '
        'character: text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").',
        rule="unsendable_text",
    )


def is_sendable(text: str) -> bool:
    """Return whether UTF-8 can hold a text."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unsendable(value: object, place: str) -> tuple[str, str] | None:
    """Return the place and the text of the first text that cannot be sent."""
    if isinstance(value, str):
        return None if is_sendable(value) else (place, value)
    inside: list[tuple[str, object]] = []
    if isinstance(value, Mapping):
        fields = cast("Mapping[object, object]", value)
        inside += [(place, key) for key in fields]
        inside += [(f"{place}.{key}" if place else str(key), item) for key, item in fields.items()]
    elif isinstance(value, (list, tuple)):
        inside = [(f"{place}[{i}]", item) for i, item in enumerate(cast("Sequence[object]", value))]
    return next((fault for name, item in inside if (fault := _unsendable(item, name))), None)
