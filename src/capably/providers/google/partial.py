"""A function call that arrives in pieces, put together again.

Vertex AI sends pieces when `toolConfig.functionCallingConfig.streamFunctionCallArguments` is set (by `extra`): the
name, then values with the JSON path they belong to, then an empty `functionCall`. The Gemini API sends complete calls.
"""

from __future__ import annotations

import itertools
import re
from typing import Any, cast

from capably.providers.google.parts import Object, objects_of, read_object
from capably.types.stream import TextBuffer

_STEP = re.compile(r"""\.([^.\[\]]+)|\[(\d+)\]|\[['"]([^'"]*)['"]\]""")
DEEPEST = 200
"""How many steps a path may have. JSON that is nested deeper than about a thousand cannot be written or read."""
_VALUES = ("stringValue", "numberValue", "boolValue")


def is_partial(call: Object) -> bool:
    """Return whether more of this call will follow, or whether this ends a call."""
    return bool(call.get("willContinue")) or "partialArgs" in call or not call


class PartialCall:
    """One call while it arrives. `part` is the wire part as in the body of a reply without streaming."""

    __slots__ = ("_args", "_part", "_texts")

    def __init__(self, part: Object) -> None:
        self._part = part
        call = read_object(part["functionCall"], "functionCall")
        self._args: dict[str, Any] = dict(read_object(call.get("args") or {}, "args"))
        self._texts: dict[tuple[int, str | int], tuple[Any, TextBuffer]] = {}
        """Texts that grow, by the identity of their owner and their place in it."""
        self.add(call)

    def add(self, call: Object) -> None:
        """Add the values of one piece. Pieces of the same text are appended."""
        for piece in objects_of(call, "partialArgs"):
            self._put(steps_of(str(piece.get("jsonPath", "$"))), piece)

    def _put(self, steps: list[str | int], piece: Object) -> None:
        if not steps:
            return
        if len(steps) > DEEPEST:
            raise ValueError(f"a piece of a function call is nested {len(steps)} deep")
        owner: Any = self._args
        for step, following in itertools.pairwise(steps):
            owner = _child(owner, step, [] if isinstance(following, int) else {})
        last = steps[-1]
        value = next((piece[key] for key in _VALUES if key in piece), None)
        before = _child(owner, last, "" if isinstance(value, str) else value)
        if isinstance(before, str) and isinstance(value, str):
            if (id(owner), last) not in self._texts:
                self._texts[id(owner), last] = owner, TextBuffer(before.encode("utf-8", "surrogatepass"))
            self._texts[id(owner), last][1].add(value)
        else:
            self._texts.pop((id(owner), last), None)
            owner[last] = value

    @property
    def part(self) -> Object:
        for (_, place), (owner, text) in self._texts.items():
            owner[place] = str(text)
        call = read_object(self._part["functionCall"], "functionCall")
        complete = {key: value for key, value in call.items() if key not in ("partialArgs", "willContinue")}
        return {**self._part, "functionCall": {**complete, "args": self._args}}


def steps_of(path: str) -> list[str | int]:
    """Split a JSON path into steps: `$.items[0].name` -> `["items", 0, "name"]`."""
    matches = _STEP.finditer(path.removeprefix("$"))
    return [int(step[2]) if step[2] is not None else step[1] if step[1] is not None else step[3] for step in matches]


def _child(owner: Any, step: str | int, default: Any) -> Any:
    """Return the value at `step`, creating it if it is absent."""
    if isinstance(owner, dict) and isinstance(step, str):
        return cast("dict[str, Any]", owner).setdefault(step, default)
    if isinstance(owner, list) and isinstance(step, int) and step <= len(cast("list[Any]", owner)):
        items = cast("list[Any]", owner)
        if step == len(items):
            items.append(default)
        return items[step]
    raise ValueError(f"a piece of a function call has the path step {step!r}, which does not fit those before it")
