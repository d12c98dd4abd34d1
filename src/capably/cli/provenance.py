"""Provenance for `capably show`: what the last sync and the verdicts have on each field of a model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from capably.cli.words import in_words
from capably.registry.lookup import overlay
from capably.types.facts import ModelInfo

if TYPE_CHECKING:
    from typing import NotRequired, TypedDict

    class Decision(TypedDict):
        """What was decided about a field, over the claims of its sources."""

        value: object
        claims: dict[str, object]
        because: str
        on: str
        sources: list[str]

    class Verdict(Decision):
        models: list[str]
        fields: list[str]

    class Provenance(TypedDict):
        """The value of a field, the day since which it stands, who agrees, who disagrees, and what was decided."""

        value: object
        since: str
        by: list[str]
        against: dict[str, object]
        verdict: NotRequired[Decision]

    class Compiled(TypedDict):
        """Per model and field: `[value, since, [lineages], {lineage: other value}]`, the last where there is one."""

        sources: dict[str, dict[str, str]]
        verdicts: list[Verdict]
        models: dict[str, dict[str, tuple[object, str, list[str]] | tuple[object, str, list[str], dict[str, object]]]]


@cache
def _compiled() -> Compiled:
    """Load the sources, the verdicts, and what each field of a model rests on."""
    file = files("capably_models") / "_provenance.json"
    return msgspec.json.decode(file.read_bytes()) if file.is_file() else {"sources": {}, "verdicts": [], "models": {}}


def provenance_of(info: ModelInfo) -> dict[str, Provenance]:
    """Map each field to what it rests on.

    Covers capably's own registry only; `corrected_by` returns a user's file that corrects the model.
    """
    fields: dict[str, Provenance] = {}
    for field, (value, since, by, *against) in _compiled()["models"].get(info.origin, {}).items():
        fields[field] = {"value": value, "since": since, "by": by, "against": against[0] if against else {}}
    for verdict in _compiled()["verdicts"]:
        if info.origin in verdict["models"]:
            for field in verdict["fields"]:
                entry = fields.setdefault(
                    field, {"value": verdict["value"], "since": verdict["on"], "by": [], "against": {}}
                )
                entry["verdict"] = {
                    "value": verdict["value"],
                    "claims": verdict["claims"],
                    "because": verdict["because"],
                    "on": verdict["on"],
                    "sources": verdict["sources"],
                }
    return dict(sorted(fields.items()))


def corrected_by(info: ModelInfo) -> str | None:
    """Return the user's own registry file if it corrects this model or its profile."""
    theirs = overlay()
    if theirs is None or not (info.id in theirs.section("models") or info.profile in theirs.section("profiles")):
        return None
    return str(theirs.data["source"])


def provenance_lines(info: ModelInfo) -> Iterator[str]:
    """Yield the provenance as text: one line per field, then who contradicts it and what was decided."""
    fields = provenance_of(info)
    if not fields:
        return
    yield ""
    yield "who says so (since when; sources that copy each other count once)"
    file = corrected_by(info)
    if file:
        yield f"  {file} corrects this model; what follows is about capably's own registry"
    width = max(map(len, fields))
    for field, entry in fields.items():
        by = ", ".join(entry["by"]) or ("decided by hand" if "verdict" in entry else "the profile's sources")
        yield f"  {field:<{width}}  {in_words(entry['value'])}  ({by}; {entry['since']})"
        verdict = entry.get("verdict")
        claims = {**(verdict["claims"] if verdict else {}), **entry["against"]}
        if entry["against"] or verdict:
            others = ", ".join(f"{who}: {in_words(what)}" for who, what in claims.items())
            why = verdict["because"].strip() if verdict else ""
            decided = f"decided {verdict['on']}: {why}" if verdict and why else "not decided"
            yield f"  {'':<{width}}    {others + '; ' if others else ''}{decided}"
    read = [f"{name} {source['version']}" for name, source in _compiled()["sources"].items()]
    yield f"  read: {', '.join(read)}"
