"""JSON that is read while it arrives: the value so far, in linear time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from capably.formats.output_format import ValueFormat

if TYPE_CHECKING:
    from capably.types.format import Format
    from capably.types.json_types import Json

_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_WORD = re.compile(r"[-+.0-9a-zA-Z]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_OPENING = re.compile(r'\ufeff?\s*(?:```(?:json)?\s*)?(?=[-\d"{\[tfn])', re.IGNORECASE)
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}

_Container: TypeAlias = "dict[str, Json] | list[Json]"


class PartialParser:
    """Reads JSON as it arrives. `feed` gives the value so far: text cut where it ends, numbers and words once complete.

    Each character is looked at once: the containers are the same objects from one `feed` to the next, and grow. Copy
    what you want to keep. Text that is not JSON ends the reading and raises nothing: the last value stands. Of a format
    that stands under the key `value`, `feed` gives what stands there.
    """

    __slots__ = ("_done", "_in_key", "_key", "_rest", "_stack", "_state", "_tail", "_wrapped", "value")

    def __init__(self, format: Format | None = None) -> None:
        self.value: Json = None
        """The complete value so far; None before its first character."""
        self._wrapped = isinstance(format, ValueFormat)
        self._stack: list[_Container] = []
        self._key = ""
        self._state: Callable[[str, int], int] = self._opening
        self._tail = ""
        """The text read so far of a string that is not over."""
        self._rest = ""
        """The end of the input, where it can not yet be understood: half an escape, half a number."""
        self._in_key = False
        self._done = False

    def feed(self, delta: str) -> Json:
        """Add `delta` to the input and return the value so far."""
        text = self._rest + delta
        self._rest = ""
        at = 0
        while at < len(text) and not self._done:
            at = self._state(text, at)
        if self._wrapped:
            return self.value.get("value") if type(self.value) is dict else None
        return self.value

    # Each state reads `text` from `at`, and returns where the next one goes on

    def _opening(self, text: str, at: int) -> int:
        match = _OPENING.match(text, at)
        if match:
            self._state = self._any_value
            return match.end()
        if text.removeprefix("\ufeff").lstrip()[:1] not in ("", "`") or len(text) > 4096:
            return self._stop(text)
        return self._wait(text, at)

    def _any_value(self, text: str, at: int) -> int:
        at = self._skip(text, at)
        if at == len(text):
            return at
        first = text[at]
        if first == '"':
            return self._begin_text(at + 1, in_key=False)
        if first in "{[":
            container: _Container = {} if first == "{" else []
            self._put(container)
            self._stack.append(container)
            self._state = self._first_key if first == "{" else self._first_item
            return at + 1
        return self._word(text, at)

    def _first_item(self, text: str, at: int) -> int:
        at = self._skip(text, at)
        if text[at : at + 1] == "]":
            return self._close(at + 1)
        self._state = self._any_value
        return at

    def _first_key(self, text: str, at: int) -> int:
        at = self._skip(text, at)
        if text[at : at + 1] == "}":
            return self._close(at + 1)
        self._state = self._next_key
        return at

    def _next_key(self, text: str, at: int) -> int:
        at = self._skip(text, at)
        if at == len(text):
            return at
        return self._begin_text(at + 1, in_key=True) if text[at] == '"' else self._stop(text)

    def _colon(self, text: str, at: int) -> int:
        at = self._skip(text, at)
        if at == len(text):
            return at
        self._state = self._any_value
        return at + 1 if text[at] == ":" else self._stop(text)

    def _after_value(self, text: str, at: int) -> int:
        at = self._skip(text, at)
        if at == len(text):
            return at
        in_object = isinstance(self._stack[-1], dict)
        if text[at] == ",":
            self._state = self._next_key if in_object else self._any_value
            return at + 1
        return self._close(at + 1) if text[at] == ("}" if in_object else "]") else self._stop(text)

    def _word(self, text: str, at: int) -> int:
        """Read a number, true, false or null. Only the next character shows that a number is complete."""
        match = _WORD.match(text, at)
        assert match is not None
        word = match[0]
        if word in _WORDS:
            value = _WORDS[word]
        elif match.end() == len(text) and 0 < len(word) <= 4096:
            self._state = self._any_value
            return self._wait(text, at)
        else:
            number = _NUMBER.fullmatch(word)
            if number is None or len(word) > 4096:
                return self._stop(text)
            value = float(word) if number[1] or number[2] else int(word)
        self._put(value)
        self._end_value()
        return match.end()

    def _begin_text(self, at: int, *, in_key: bool) -> int:
        self._in_key = in_key
        self._tail = ""
        if not in_key:
            self._put("")
        self._state = self._text
        return at

    def _text(self, text: str, at: int) -> int:
        # `tail += piece` grows in place only while this local is the one reference to it: hence the value is taken out
        # of its container meanwhile. A long string would otherwise be copied at every delta.
        tail = self._tail
        self._tail = ""
        if not self._in_key:
            self._replace(None)
        end = len(text)
        over = False
        while at < end and not over:
            match = _PLAIN.match(text, at)
            assert match is not None
            if match.end() > at:
                tail += match[0]
                at = match.end()
            if at == end:
                break
            if text[at] == '"':
                over = True
                at += 1
            elif text[at] == "\\":
                read, at = _escape(text, at)
                if not read:
                    at = self._wait(text, at) if read is None else self._stop(text)
                    break
                tail += read
            else:
                at = self._stop(text)
        if self._in_key:
            self._tail = tail
            if over:
                self._key = tail
                self._state = self._colon
            return at
        self._replace(tail)
        if over:
            self._end_value()
        else:
            self._tail = tail
        return at

    def _put(self, value: Json) -> None:
        """Set `value` at the position that is being read."""
        if not self._stack:
            self.value = value
        elif isinstance(container := self._stack[-1], dict):
            container[self._key] = value
        else:
            container.append(value)

    def _replace(self, value: Json) -> None:
        if self._stack and isinstance(container := self._stack[-1], list):
            container[-1] = value
        else:
            self._put(value)

    def _end_value(self) -> None:
        self._state = self._after_value
        self._done = not self._stack

    def _close(self, at: int) -> int:
        self._stack.pop()
        self._end_value()
        return at

    def _skip(self, text: str, at: int) -> int:
        match = _SPACE.match(text, at)
        assert match is not None
        return match.end()

    def _wait(self, text: str, at: int) -> int:
        self._rest = text[at:]
        return len(text)

    def _stop(self, text: str) -> int:
        self._done = True
        return len(text)


def _escape(text: str, at: int) -> tuple[str | None, int]:
    """Return the character of the escape at `at` and its end; `None` if it is incomplete, an empty string if it is
    invalid."""
    mark = text[at + 1 : at + 2]
    if mark != "u":
        return (_ESCAPES.get(mark, ""), at + 2) if mark else (None, at)
    high = _hex(text, at)
    if not high:
        return (None if high is None else ""), at
    if not 0xD800 <= ord(high) < 0xDC00:
        return high, at + 6
    following = text[at + 6 : at + 8]
    if not "\\u".startswith(following):
        return high, at + 6
    low = _hex(text, at + 6) if following == "\\u" else None
    if low is None:
        return None, at
    if low and 0xDC00 <= ord(low) < 0xE000:
        return chr(0x10000 + ((ord(high) - 0xD800) << 10) + ord(low) - 0xDC00), at + 12
    return high, at + 6


def _hex(text: str, at: int) -> str | None:
    digits = text[at + 2 : at + 6]
    if not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        return ""
    return chr(int(digits, 16)) if len(digits) == 4 else None
