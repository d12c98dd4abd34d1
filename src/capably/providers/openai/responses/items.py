"""One output item of a streamed response, in the making."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from capably.providers.counts import details_of
from capably.providers.json import objects_of
from capably.types import parts as p
from capably.types.stream import ChunkBuffer, TextBuffer

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject

GrowingKind: TypeAlias = Literal["text", "thought", "commentary", "tool_call"]


class ItemState:
    """One output item in the making: how much of each of its parts was given out."""

    __slots__ = ("announced", "cited", "done", "paragraph", "parts", "places", "sent", "unseen", "waiting", "words")

    def __init__(self) -> None:
        self.announced: Mapping[str, Json] = {}
        """The item as its first event has it; empty before that, or where there is none."""
        self.words: GrowingKind = "text"
        """The kind of chunk for its text."""
        self.done: bool = False
        self.places: dict[object, int] = {}
        """`content_index` of an event -> the place in the item. They begin at 1, or elsewhere, at some hosts."""
        self.parts: int | None = None
        """How many parts it has; for a message, known when it is done."""
        self.sent: defaultdict[int, TextBuffer] = defaultdict(TextBuffer)
        """What was given out of each part."""
        self.unseen: TextBuffer = TextBuffer()
        """What no chunk shows as it grows: a refusal, or the free text of a call."""
        self.cited: defaultdict[int, list[Json]] = defaultdict(list)
        """The sources of each text."""
        self.waiting: ChunkBuffer = ChunkBuffer()
        """Steps by place in the item, whose index is not known yet, because an item before this one is still growing."""
        self.paragraph: tuple[str, Json] | None = None
        """The list and the index of the paragraph of a thought that was given out last."""

    def place(self, content_index: object) -> int:
        """Return the place of a content part: the next one for a new index, the last one for none."""
        if content_index is None:
            return max(len(self.places) - 1, 0)
        return self.places.setdefault(content_index, len(self.places))

    def gathered(self) -> JsonObject:
        """Return the item as its events add up to it, for hosts that never send it complete."""
        item: JsonObject = {"type": "message", "role": "assistant", **self.announced}
        unseen = str(self.unseen)
        if item["type"] == "message":
            parts: list[Json] = [
                {"type": "output_text", "text": str(text), "annotations": self.cited.get(place, [])}
                for place, text in sorted(self.sent.items())
            ]
            item["content"] = [*parts, {"type": "refusal", "refusal": unseen}] if unseen else parts
        elif item["type"] == "reasoning":
            item["content"] = [{"type": "reasoning_text", "text": str(text)} for text in self.sent.values()]
        elif item["type"] == "function_call":
            item["arguments"] = str(self.sent[0])
        elif item["type"] == "custom_tool_call" and unseen:
            item["input"] = unseen
        return item


_OUTLINED = ("type", "call_id", "name", "phase", "environment", "execution")
"""Fields of an item that say how the response ended."""


def outline(item: Mapping[str, Json]) -> JsonObject:
    """Return an item without its text: its kind, the call that it makes or answers and where that runs, and a refusal."""
    parts = objects_of(item, "content") if item["type"] == "message" else ()
    outline: JsonObject = {key: item[key] for key in _OUTLINED if key in item}
    if item["type"] == "web_search_call":  # Whether it searched, which is paid, or opened a page.
        outline["action"] = {key: value for key, value in details_of(item, "action").items() if key == "type"}
    return {**outline, "content": [part for part in parts if part["type"] == "refusal"]}


def growing(part: p.Part) -> tuple[GrowingKind | None, str]:
    """Return the kind of chunk by which a part grows, and all of its text; no kind for parts that are not streamed."""
    if isinstance(part, p.Text):
        return "text", part.text
    if isinstance(part, p.Commentary):
        return "commentary", part.text
    if isinstance(part, p.Thought):
        return "thought", part.text
    if isinstance(part, p.ToolCall):
        return "tool_call", part.raw_args or ""
    return None, ""
