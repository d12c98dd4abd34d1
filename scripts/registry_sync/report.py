"""The outcome of a sync as Markdown: what changed reads as release notes, what needs a decision as a list of tasks."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from capably_codegen.registry.changes import release_notes
from capably_codegen.registry.schema import Registry

from registry_sync.claims import PROBED, Claims, Source, lineages
from registry_sync.vote import Conflict, Outcome, ended, nearest_profile, new_ids

_SOON = datetime.timedelta(days=60)


class Report(NamedTuple):
    """The text, and whether something in it waits for a person."""

    text: str
    open: bool


def report(
    old: Registry, new: Registry, applied: bool, sources: list[Source], outcome: Outcome, day: datetime.date
) -> Report:
    """Write the report. `new` is the registry with the changes; `applied` = they were written."""
    fresh = list(_new_ids(old, sources, day))
    serious = [_contested(conflict) for conflict in outcome.conflicts if conflict.serious]
    single = [_contested(c) for c in outcome.conflicts if not c.serious and c.verdict is None]
    over = list(_ended(new, day))
    unlisted = list(_unlisted(old, sources))
    settled = sum(conflict.verdict is not None for conflict in outcome.conflicts)
    sections = [
        ("Changes" if applied else "Changes that `--apply` would write", [release_notes(old, new, day).rstrip()]),
        ("New ids", fresh),
        ("Contested by the vendor or by two lineages, undecided", serious),
        ("Ended, or ending within 60 days", over),
        ("Contradicted by one lineage, left as it is", single),
        ("Listed by no source any more", unlisted),
    ]
    body = "\n\n".join(f"## {title}\n\n" + "\n".join(lines) for title, lines in sections if lines)
    versions = ", ".join(f"{source.name} {source.version}" for source in sources)
    counts = f"{len(outcome.changes)} changes, {len(outcome.conflicts)} contested fields ({settled} with a verdict)"
    return Report(f"# Registry sync of {day}\n\n{counts}.\n\n{body}\n\nRead: {versions}.\n", bool(fresh or serious))


def _new_ids(registry: Registry, sources: list[Source], day: datetime.date) -> Iterator[str]:
    claims = lineages(sources)
    for id, by in new_ids(registry, sources).items():
        names = [f"{source.name} {source.version}" for source in by]
        end = _first_claim(id, "dates.retires", claims)
        if end and end < day.isoformat():
            yield f"- `{id}` ended on {end} before we knew it ({', '.join(names)}): add it to `retired`"
            continue
        yield f"- `{id}`, listed by {', '.join(names)}. {_hint(registry, id, claims)}"
        yield f"  Until somebody has read the vendor's page: `{id}: {{profile: unverified}}`, or `not_chat`."


def _first_claim(id: str, field: str, claims: Mapping[str, Claims]) -> Any:
    return next((models[id][field] for models in claims.values() if field in models.get(id, {})), None)


def _hint(registry: Registry, id: str, claims: Mapping[str, Claims]) -> str:
    near = nearest_profile(registry, id, claims)
    if near is None:
        return "Nobody says what it takes."
    profile, agree, votes = near
    return f"Nearest profile, as a hint and no fact: {profile} (agrees with {agree} of {votes} statements)."


def _contested(conflict: Conflict) -> str:
    others = ", ".join(f"{name} {_say(value)}" for name, value in conflict.against.items())
    return f"- `{conflict.id}` {conflict.field}: the registry {_say(conflict.ours)}, {others}"


def _ended(registry: Registry, day: datetime.date) -> Iterator[str]:
    for id, end in ended(registry, day, _SOON):
        left = (end - day).days
        use = registry.models[id].replacement
        what = f"ends on {end}, in {left} days" if left >= 0 else f"ended on {end}: move it to `retired`"
        yield f"- `{id}` {what}" + (f"; its successor is `{use}`" if use else "")


def _unlisted(registry: Registry, sources: list[Source]) -> Iterator[str]:
    listed = {
        id
        for source in sources
        for id in (*source.ids, *source.claims)
        if source.lineage not in ("pydantic-ai", PROBED)
    }
    read = {id.partition("/")[0] for id in listed}
    for id in sorted(registry.models):
        if id.partition("/")[0] in read and id not in listed:
            yield f"- `{id}`: newer than the sources, or has it ended?"


def _say(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, cast(list[Any], value))) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
