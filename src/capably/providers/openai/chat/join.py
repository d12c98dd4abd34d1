"""Join the deltas of a streamed message into the fields of a complete one.

The cost of a delta depends on its own size only: texts grow in buffers, lists in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from capably.providers.json import as_object, text_in
from capably.types.stream import TextBuffer

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject

GROWS = ("text", "summary", "data")
"""Fields of a reasoning detail that come in pieces."""

GROWING_ITEMS = {"text": "text", "thinking": "thinking", "reasoning": "summary", "refusal": "refusal"}
"""Content items that come in pieces, and the field that grows (Mistral's thinking, Databricks' reasoning)."""


BY_INDEX = ("executed_tools",)
"""Lists whose items come more than once, each time with more fields: Groq's executed tools."""


class Joiner:
    """Adds deltas to objects in place. A text that grows is in its object once `settle` was called.

    It owns the objects that it adds to, and the lists in them: what it takes over from a delta is copied.
    """

    __slots__ = ("_details", "_indexed", "_texts")

    def __init__(self) -> None:
        self._texts: dict[tuple[int, str], tuple[JsonObject, TextBuffer]] = {}
        """Texts that grow, by the identity of their object and their field in it."""
        self._indexed: dict[tuple[int, object], JsonObject] = {}
        """Items of lists that go by index, by the identity of their list."""
        self._details: dict[tuple[object, object, object], tuple[int, JsonObject]] = {}
        """Reasoning details with their places, by index, type and id."""

    def settle(self) -> None:
        """Put the texts that grew into their objects."""
        for (_, field), (owner, text) in self._texts.items():
            owner[field] = str(text)
        self._texts.clear()

    def forget(self) -> None:
        """Drop what has grown."""
        self._texts.clear()
        self._details.clear()
        self._indexed.clear()

    def grow(self, owner: JsonObject, field: str, more: Json) -> None:
        """Add to a text. Raise `TypeError` where something else is added, or grows."""
        place = id(owner), field
        if place not in self._texts:
            text = TextBuffer()
            if owner.get(field):
                text.add(text_in(owner, field))
            self._texts[place] = owner, text
        if type(more) is not str:
            raise TypeError(f"{field!r} grows by a {type(more).__name__}, not a str")
        self._texts[place][1].add(more)

    def join(self, owner: JsonObject, delta: Mapping[str, Json]) -> None:
        """Add `delta` to `owner`: texts and lists grow, objects merge, anything else is replaced."""
        for key, value in delta.items():
            before = owner.get(key)
            if value is None or (value == "" and before is not None):
                owner.setdefault(key, None)
            elif isinstance(value, str) and isinstance(before, str) and key not in ("id", "name", "type"):
                self.grow(owner, key, value)
            elif key in BY_INDEX and isinstance(value, list):
                self._join_by_index(owner, key, value)
            elif isinstance(value, list) and isinstance(before, list):
                before.extend(value)
            elif isinstance(value, dict) and isinstance(before, dict):
                self.join(before, value)
            else:
                self._texts.pop((id(owner), key), None)
                owner[key] = self._copied(value)

    def _join_by_index(self, owner: JsonObject, key: str, items: list[Json]) -> None:
        """Add items to a list: those of one index are one, whose later fields stand."""
        owned = _list_in(owner, key)
        for given in items:
            item = as_object(given, key)
            index = item.get("index")
            known = self._indexed.get((id(owned), index)) if index is not None else None
            if known is None:
                self._indexed[id(owned), index] = copy = self._copy_of(item)
                owned.append(copy)
            else:
                known.update({name: value for name, value in item.items() if value not in (None, "")})

    def join_details(self, owner: JsonObject, deltas: Json) -> None:
        """Add to the `reasoning_details` of OpenRouter: pieces of the same index and type are one detail."""
        details = _list_in(owner, "reasoning_details")
        if not deltas:
            return
        if type(deltas) is not list:
            raise TypeError(f"'reasoning_details' is a {type(deltas).__name__}, not a list")
        for given in deltas:
            delta = as_object(given, "reasoning_details")
            index, kind, id = delta.get("index"), delta.get("type"), delta.get("id")
            same = [self._details[key] for key in ((index, kind, None), (index, kind, id)) if key in self._details]
            if not same:
                self._details[index, kind, id] = len(details), (detail := dict(delta))
                details.append(detail)
                continue
            place, detail = min(same, key=lambda candidate: candidate[0])
            if detail.get("id") != id:  # It had none until now.
                self._details.pop((index, kind, None))
                self._details[index, kind, id] = place, detail
            for key, value in delta.items():
                if key in GROWS and value:
                    self.grow(detail, key, value)
                elif value is not None and (value != "" or key not in detail):
                    detail[key] = value

    def join_content(self, message: JsonObject, item: JsonObject) -> int:
        """Add an item of a content list to the message: items of one kind in a row are one. Return its place."""
        before, kind = message["content"], text_in(item, "type")
        if not isinstance(before, list) and before:
            message["content"] = [{"type": "text", "text": before}]
        items = _list_in(message, "content")
        grows, last = GROWING_ITEMS.get(kind), items[-1] if items else None
        if grows and isinstance(last, dict) and last["type"] == kind:
            last.update({key: value for key, value in item.items() if key != grows})
            self._grow_item(last, grows, item.get(grows))
        else:
            items.append(self._copy_of(item))
        return len(items) - 1

    def _grow_item(self, item: JsonObject, field: str, more: Json) -> None:
        """Add a text to a text, or a list of texts to a list; texts in a row are one."""
        before = item.get(field)
        if not more:
            return
        if not before:
            item[field] = self._copied(more)
        elif not isinstance(before, list) or not isinstance(more, list):
            self.grow(item, field, more)
        else:
            for given in more:
                piece, last = as_object(given, field), as_object(before[-1], field)
                if last.get("type") == piece.get("type") and isinstance(piece.get("text"), str):
                    self.grow(last, "text", piece["text"])
                else:
                    before.append(dict(piece))

    def _copied(self, value: Json) -> Json:
        """Return the value as one that may grow."""
        if isinstance(value, list):
            return [self._copied(item) for item in value]
        return self._copy_of(value) if isinstance(value, dict) else value

    def _copy_of(self, value: JsonObject) -> JsonObject:
        copy: JsonObject = {}
        self.join(copy, value)
        return copy


def _list_in(owner: JsonObject, key: str) -> list[Json]:
    """Return the list under a key. It is made where there is none."""
    items = owner.get(key)
    if not isinstance(items, list):
        owner[key] = items = []
    return items
