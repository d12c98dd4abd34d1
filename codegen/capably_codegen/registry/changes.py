"""Write release notes of the changes between two registries."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import cast

from capably.types.facts import UNVERIFIED
from capably_codegen.registry.flat_fields import Fields, fields_of
from capably_codegen.registry.schema import Registry

_PRICES = {
    "input": "input",
    "output": "output",
    "cache_read": "cache reads",
    "cache_write": "cache writes",
    "cache_write_1h": "cache writes for an hour",
    "cache_read_audio": "cache reads of audio",
    "input_audio": "audio input",
    "output_audio": "audio output",
    "output_image": "image output",
    "batch": "batches",
    "batch_cache": "the cache in batches",
    "flex": "flex",
    "flex_cache": "the cache in flex",
    "priority": "priority",
    "priority_cache": "the cache in priority",
    "web_search": "a thousand web searches",
    "file_search": "a thousand file searches",
}
_SECTIONS = (
    "New models",
    "Now known",
    "Retired",
    "Removed",
    "Prices",
    "Limits",
    "Dates",
    "Capabilities",
    "Successors and states",
)


def release_notes(old: Registry, new: Registry, day: datetime.date) -> str:
    """Return release notes as Markdown, by kind of change; prices are those of `day`."""
    notes: dict[str, list[str]] = {section: [] for section in _SECTIONS}
    for section, line in (*_coming_and_going(old, new), *_changed(old, new, day)):
        notes[section].append(line)
    parts = [f"### {section}\n\n" + "\n".join(_merged(lines)) for section, lines in notes.items() if lines]
    return "\n\n".join(parts) + "\n" if parts else "Nothing changed.\n"


def _coming_and_going(old: Registry, new: Registry) -> Iterator[tuple[str, str]]:
    for id, model in sorted(new.models.items()):
        if id not in old.models:
            facts = "capabilities not known yet" if model.profile == UNVERIFIED else f"as {model.profile}"
            yield "New models", f"- `{id}` ({facts})"
    for id, entry in sorted(new.retired.items()):
        if id not in old.retired:
            on = f" on {entry.on}" if entry.on else ""
            yield (
                "Retired",
                f"- `{id}`{on}" + (f"; its successor is `{entry.replacement}`" if entry.replacement else ""),
            )
    for id in sorted(old.models):
        if id not in new.models and id not in new.retired:
            kind = new.not_chat.get(id)
            yield "Removed", f"- `{id}`" + (f" (it is a model for {kind})" if kind else "")


def _changed(old: Registry, new: Registry, day: datetime.date) -> Iterator[tuple[str, str]]:
    for id in sorted(old.models.keys() & new.models.keys()):
        before, after = old.models[id], new.models[id]
        if before.profile == UNVERIFIED and after.profile != UNVERIFIED:
            yield "Now known", f"- `{id}`: its capabilities are known ({after.profile})"
        for name in ("status", "replacement"):
            was, now = getattr(before, name), getattr(after, name)
            if was != now:
                yield "Successors and states", f"- `{id}`: {name} {_say(now)} (was {_say(was)})"
        yield from _fields(
            id, fields_of(old, id, day), fields_of(new, id, day), now_verified=before.profile == UNVERIFIED
        )


def _fields(id: str, before: Fields, after: Fields, *, now_verified: bool) -> Iterator[tuple[str, str]]:
    for field in dict.fromkeys((*before, *after)):
        was, now = before.get(field), after.get(field)
        section = _section(field)
        if was == now or (now_verified and section == "Capabilities"):
            continue
        yield section, f"- `{id}`: {_name(field)} {_move(was, now)}"


def _section(field: str) -> str:
    group = field.partition(".")[0].partition("@")[0]
    return {"prices": "Prices", "limits": "Limits", "dates": "Dates"}.get(group, "Capabilities")


def _name(field: str) -> str:
    """Name a price field: `prices@2026-12-01.above_272000.input` -> `input beyond 272,000 tokens, from 2026-12-01`."""
    group, _, rest = field.partition(".")
    kind, _, start = group.partition("@")
    if kind != "prices":
        return field
    tier, _, rate = rest.rpartition(".")
    beyond = f" beyond {int(tier.removeprefix('above_')):,} tokens" if tier else ""
    return f"{_PRICES[rate]}{beyond}" + (f", from {start}" if start else "")


def _move(was: object, now: object) -> str:
    if was is None:
        return f"{_say(now)} (was unknown)"
    if now is None:
        return f"unknown (was {_say(was)})"
    if {type(was), type(now)} != {list}:
        return f"{_say(was)} -> {_say(now)}"
    words, others = cast(list[str], now), cast(list[str], was)
    gained = [f"+{word}" for word in words if word not in others]
    lost = [f"-{word}" for word in others if word not in words]
    return f"{_say(words)} ({' '.join([*gained, *lost]) or 'in another order'})"


def _say(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, cast(list[object], value))) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _merged(lines: list[str]) -> list[str]:
    """Merge lines that differ only in their model into one line with all the models."""
    ids_by_line: dict[str, list[str]] = {}
    for line in lines:
        head, colon, rest = line.removeprefix("- ").partition(": ")
        ids_by_line.setdefault(rest if colon else line, []).append(head)
    return [f"- {', '.join(heads)}: {rest}" if rest != f"- {heads[0]}" else rest for rest, heads in ids_by_line.items()]
