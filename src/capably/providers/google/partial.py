"""A function call that arrives in pieces, put together again.

Vertex AI sends pieces when `toolConfig.functionCallingConfig.streamFunctionCallArguments` is set (by `extra`): the
name, then values with the JSON path they belong to, then an empty `functionCall`. The Gemini API sends complete calls.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from capably.providers.json import as_object, object_in, objects_of
from capably.types.stream import TextBuffer

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject

_STEP = re.compile(r"""\.([^.\[\]]+)|\[(\d+)\]|\[['"]([^'"]*)['"]\]""")
DEEPEST = 200
"""How many steps a path may have. JSON that is nested deeper than about a thousand cannot be written or read."""
_VALUES = ("stringValue", "numberValue", "boolValue")


def is_partial(call: JsonObject) -> bool:
    """Return whether more of this call will follow, or whether this ends a call."""
    return bool(call.get("willContinue")) or "partialArgs" in call or not call


class PartialCall:
    """One call while it arrives. `part` is the wire part as in the body of a reply without streaming."""

    __slots__ = ("_args", "_part", "_texts")

    def __init__(self, part: JsonObject) -> None:
        self._part = part
        call = object_in(part, "functionCall")
        self._args = dict(as_object(call.get("args") or {}, "args"))
        self._texts: dict[tuple[int, str | int], tuple[Json, TextBuffer]] = {}
        """Texts that grow, by the identity of their owner and their place in it."""
        self.add(call)

    def add(self, call: JsonObject) -> None:
        """Add the values of one piece. Pieces of the same text are appended."""
        for piece in objects_of(call, "partialArgs"):
            self._put(steps_of(str(piece.get("jsonPath", "$"))), piece)

    def _put(self, steps: list[str | int], piece: JsonObject) -> None:
        if not steps:
            return
        if len(steps) > DEEPEST:
            raise ValueError(f"a piece of a function call is nested {len(steps)} deep")
        owner: Json = self._args
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
            _set(owner, last, value)

    @property
    def part(self) -> JsonObject:
        for (_, place), (owner, text) in self._texts.items():
            _set(owner, place, str(text))
        call = object_in(self._part, "functionCall")
        complete = {key: value for key, value in call.items() if key not in ("partialArgs", "willContinue")}
        return {**self._part, "functionCall": {**complete, "args": self._args}}


def steps_of(path: str) -> list[str | int]:
    """Split a JSON path into steps: `$.items[0].name` -> `["items", 0, "name"]`."""
    matches = _STEP.finditer(path.removeprefix("$"))
    return [int(step[2]) if step[2] is not None else step[1] if step[1] is not None else step[3] for step in matches]


def _child(owner: Json, step: str | int, default: Json) -> Json:
    """Return the value at `step`, creating it if it is absent."""
    if isinstance(owner, dict) and isinstance(step, str):
        return owner.setdefault(step, default)
    if isinstance(owner, list) and isinstance(step, int) and step <= len(owner):
        if step == len(owner):
            owner.append(default)
        return owner[step]
    raise ValueError(f"a piece of a function call has the path step {step!r}, which does not fit those before it")


def _set(owner: Json, step: str | int, value: Json) -> None:
    """Set the value at `step`, where `_child` has one."""
    if isinstance(owner, dict):
        owner[str(step)] = value
    elif isinstance(owner, list):
        owner[int(step)] = value
