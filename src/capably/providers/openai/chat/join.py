"""Adding the deltas of a streamed message up to the fields of a whole one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

GROWS = ("text", "summary", "data")
"""Fields of a reasoning detail that come in pieces."""

GROWING_ITEMS = {"text": "text", "thinking": "thinking", "reasoning": "summary"}
"""Content items that come in pieces, and the field that grows (Mistral's thinking, Databricks' reasoning)."""


def join(whole: dict[str, Any], delta: Mapping[str, Any]) -> None:
    """Adds `delta` to `whole` in place: texts and lists grow, objects merge, anything else is replaced."""
    for key, value in delta.items():
        before = whole.get(key)
        if value is None:
            whole.setdefault(key, None)
        elif isinstance(value, str) and isinstance(before, str) and key not in ("id", "name", "type"):
            whole[key] = before + value
        elif isinstance(value, list) and isinstance(before, list):
            whole[key] = [*before, *value]  # pyright: ignore[reportUnknownVariableType]
        elif isinstance(value, dict) and isinstance(before, dict):
            join(before, value)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, dict):
            whole[key] = dict(value)  # pyright: ignore[reportUnknownArgumentType]
        else:
            whole[key] = value


def join_details(whole: Sequence[dict[str, Any]], deltas: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """`reasoning_details` of OpenRouter: pieces of the same index and type are one detail."""
    details = list(whole)
    for delta in deltas:
        same = (
            detail
            for detail in details
            if (detail.get("index"), detail.get("type")) == (delta.get("index"), delta.get("type"))
            and detail.get("id") in (None, delta.get("id"))
        )
        known = next(same, None)
        if known is None:
            details.append(dict(delta))
            continue
        for key, value in delta.items():
            if key in GROWS and value:
                known[key] = (known.get(key) or "") + value
            elif value is not None:
                known[key] = value
    return details


def join_content(message: dict[str, Any], item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Adds an item of a content list to the message: items of one kind in a row are one. Returns all items."""
    content: Any = message["content"]
    items: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    message["content"] = items
    grows = GROWING_ITEMS.get(item["type"])
    if grows and items and items[-1]["type"] == item["type"]:
        last = items[-1]
        last.update({key: value for key, value in item.items() if key != grows})
        last[grows] = _joined(last.get(grows), item.get(grows))
    else:
        items.append(dict(item))
    return items


def _joined(before: Any, after: Any) -> Any:
    """Two texts, or two lists of texts, as one; texts in a row are one."""
    if not before or not after:
        return before or after
    if isinstance(before, str):
        return before + after
    pieces: list[Any] = list(before)
    for piece in after:
        if pieces[-1].get("type") == piece.get("type") and isinstance(piece.get("text"), str):
            pieces[-1] = {**pieces[-1], "text": pieces[-1]["text"] + piece["text"]}
        else:
            pieces.append(piece)
    return pieces
