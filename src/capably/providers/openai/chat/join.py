"""Join the deltas of a streamed message into the fields of a complete one.

The cost of a delta depends on its own size only: texts grow in buffers, lists in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from capably.types.stream import TextBuffer

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
        self._texts: dict[tuple[int, str], tuple[dict[str, Any], TextBuffer]] = {}
        """Texts that grow, by the identity of their object and their field in it."""
        self._indexed: dict[tuple[int, Any], dict[str, Any]] = {}
        """Items of lists that go by index, by the identity of their list."""
        self._details: dict[tuple[Any, Any, Any], tuple[int, dict[str, Any]]] = {}
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

    def grow(self, owner: dict[str, Any], field: str, more: str) -> None:
        """Add to a text."""
        place = id(owner), field
        if place not in self._texts:
            text = TextBuffer()
            text.add(owner.get(field) or "")
            self._texts[place] = owner, text
        self._texts[place][1].add(more)

    def join(self, owner: dict[str, Any], delta: Mapping[str, Any]) -> None:
        """Add `delta` to `owner`: texts and lists grow, objects merge, anything else is replaced."""
        for key, value in delta.items():
            before = owner.get(key)
            if value is None or (value == "" and before is not None):
                owner.setdefault(key, None)
            elif isinstance(value, str) and isinstance(before, str) and key not in ("id", "name", "type"):
                self.grow(owner, key, value)
            elif key in BY_INDEX and isinstance(value, list):
                self._join_by_index(owner, key, cast("list[Any]", value))
            elif isinstance(value, list) and isinstance(before, list):
                cast("list[Any]", before).extend(cast("list[Any]", value))
            elif isinstance(value, dict) and isinstance(before, dict):
                self.join(cast("dict[str, Any]", before), cast("dict[str, Any]", value))
            else:
                self._texts.pop((id(owner), key), None)
                owner[key] = self._copied(value)

    def _join_by_index(self, owner: dict[str, Any], key: str, items: Sequence[Any]) -> None:
        """Add items to a list: those of one index are one, whose later fields stand."""
        owned: list[Any] = owner.setdefault(key, [])
        for item in items:
            index = item.get("index")
            known = self._indexed.get((id(owned), index)) if index is not None else None
            if known is None:
                owned.append(self._copied(item))
                self._indexed[id(owned), index] = owned[-1]
            else:
                known.update((name, value) for name, value in item.items() if value not in (None, ""))

    def join_details(self, owner: dict[str, Any], deltas: Sequence[Mapping[str, Any]]) -> None:
        """Add to the `reasoning_details` of OpenRouter: pieces of the same index and type are one detail."""
        details: list[dict[str, Any]] = owner.setdefault("reasoning_details", [])
        for delta in deltas:
            index, kind, id = delta.get("index"), delta.get("type"), delta.get("id")
            same = [self._details[key] for key in {(index, kind, None), (index, kind, id)} if key in self._details]
            if not same:
                self._details[index, kind, id] = len(details), dict(delta)
                details.append(self._details[index, kind, id][1])
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

    def join_content(self, message: dict[str, Any], item: Mapping[str, Any]) -> int:
        """Add an item of a content list to the message: items of one kind in a row are one. Return its place."""
        content: Any = message["content"]
        if not isinstance(content, list):
            message["content"] = [{"type": "text", "text": content}] if content else []
        items: list[dict[str, Any]] = message["content"]
        grows = GROWING_ITEMS.get(item["type"])
        if grows and items and items[-1]["type"] == item["type"]:
            last = items[-1]
            last.update({key: value for key, value in item.items() if key != grows})
            self._grow_item(last, grows, item.get(grows))
        else:
            items.append(self._copied(item))
        return len(items) - 1

    def _grow_item(self, item: dict[str, Any], field: str, more: Any) -> None:
        """Add a text to a text, or a list of texts to a list; texts in a row are one."""
        before = item.get(field)
        if not more:
            return
        if not before:
            item[field] = self._copied(more)
        elif isinstance(before, str):
            self.grow(item, field, more)
        else:
            for piece in more:
                last = before[-1]
                if last.get("type") == piece.get("type") and isinstance(piece.get("text"), str):
                    self.grow(last, "text", piece["text"])
                else:
                    before.append(dict(piece))

    def _copied(self, value: Any) -> Any:
        """Return the value as one that may grow."""
        if isinstance(value, list):
            return [self._copied(item) for item in cast("list[Any]", value)]
        if not isinstance(value, dict):
            return value
        copy: dict[str, Any] = {}
        self.join(copy, cast("dict[str, Any]", value))
        return copy
