"""What the sources say against the registry: who agrees with each field, what may be changed, what is contested.

Lineages vote, not sources. A number changes when nobody who speaks of it holds ours any more and either the vendor
(its endpoint, its SDK) or two lineages that agree say another; an unknown one is filled from what all who speak of it
say. What a type depends on is never changed, and a field with a verdict is left alone.

What a live API answered counts as the vendor's word, after its endpoint and its SDK, until somebody has read a page of
the vendor that is newer: then it is one lineage among others.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from capably_codegen.registry.flat_fields import Fields, as_yes_or_no, fields_of
from capably_codegen.registry.schema import Registry
from capably_codegen.registry.verdicts import Verdict, decided

from capably.types.facts import UNVERIFIED
from registry_sync.claims import PROBED, PROVIDERS, Claims, Source, Value

OFFICIAL = ("api", "sdk")
"""Lineages of the vendor's own word, the strongest first."""
GROUPS = ("prices", "limits", "dates")
"""What may be applied."""
_PRICE_JUMP = 10
"""A price that moves by more than this factor is told and not applied: more likely a slip of units."""


class Evidence(NamedTuple):
    """One field of one model: our value, who says the same, who says what else."""

    value: Value
    by: list[str]
    against: dict[str, Value]


class Change(NamedTuple):
    """A number that the sources say is another."""

    id: str
    field: str
    old: Value | None
    new: Value
    by: list[str]

    @property
    def group(self) -> str:
        return group_of(self.field)


class Conflict(NamedTuple):
    """A field on which somebody contradicts the registry, or the sources each other."""

    id: str
    field: str
    ours: Value | None
    against: dict[str, Value]
    verdict: Verdict | None
    ranked: tuple[str, ...] = OFFICIAL
    """Lineages of which one is enough."""

    @property
    def serious(self) -> bool:
        """Return whether it is undecided and contradicted by the vendor, by its live API or by two lineages."""
        return self.verdict is None and (len(self.against) > 1 or any(name in self.against for name in self.ranked))


class Outcome(NamedTuple):
    """The whole count."""

    evidence: dict[str, dict[str, Evidence]]
    changes: list[Change]
    conflicts: list[Conflict]


def group_of(field: str) -> str:
    """Return the group of a field: `prices@2026-12-01.input` -> `prices`."""
    return field.partition(".")[0].partition("@")[0]


def count(
    registry: Registry,
    verdicts: list[Verdict],
    claims: Mapping[str, Claims],
    day: datetime.date,
    probed: Mapping[tuple[str, str], datetime.date] = {},
) -> Outcome:
    """Compare every model of the registry with what the lineages say of it. `probed`: the day of each probe."""
    outcome = Outcome({}, [], [])
    for id in sorted(registry.models):
        ours, settled = fields_of(registry, id, day), decided(verdicts, id)
        votes = _votes(id, claims)
        for field in sorted(votes):
            seen = probed.get((id, field))
            ranked = OFFICIAL if seen is None or overtaken(registry, id, seen) else (*OFFICIAL, PROBED)
            _judge(outcome, id, field, ours, votes[field], settled.get(field), ranked)
    return outcome


def overtaken(registry: Registry, id: str, seen: datetime.date) -> bool:
    """Return whether a page of the vendor was read after the day of the live probe."""
    profile = registry.profiles.get(registry.models[id].profile)
    home = _domain(registry.providers[id.partition("/")[0]].docs)
    return profile is not None and seen < profile.verified and any(_domain(page) == home for page in profile.sources)


def _domain(page: str) -> str:
    """Return the domain of a page: `https://docs.x.ai/docs/models` -> `x.ai`; empty without an address."""
    return ".".join((urlsplit(page).hostname or "").split(".")[-2:])


def _votes(id: str, claims: Mapping[str, Claims]) -> dict[str, dict[str, Value]]:
    """Map field and lineage to value, for one model."""
    votes: dict[str, dict[str, Value]] = {}
    for lineage, models in sorted(claims.items()):
        fields = models.get(id, {})
        for field, value in fields.items():
            if not _flat_tier(field, value, fields):
                votes.setdefault(field, {})[lineage] = value
    return votes


def _flat_tier(field: str, value: Value, fields: Mapping[str, Value]) -> bool:
    """Return whether a rate beyond a threshold equals the rate below it, so that there is no threshold."""
    group, _, rest = field.partition(".")
    return group.startswith("prices") and "." in rest and fields.get(f"{group}.{rest.rpartition('.')[2]}") == value


def _judge(
    outcome: Outcome,
    id: str,
    field: str,
    fields: Fields,
    votes: dict[str, Value],
    verdict: Verdict | None,
    ranked: tuple[str, ...],
) -> None:
    ours = fields.get(field)
    by = [name for name, value in votes.items() if _same(ours, value)]
    against = {name: value for name, value in votes.items() if name not in by and _comparable(ours, value)}
    if ours is not None:
        outcome.evidence.setdefault(id, {})[field] = Evidence(ours, by, against)
    if group_of(field) in GROUPS:
        new = None if verdict else _changed(id, field, ours, by, votes, fields, ranked)
        if new is not None:
            outcome.changes.append(Change(id, field, ours, new, [n for n, v in votes.items() if v == new]))
            return
    if against:
        outcome.conflicts.append(Conflict(id, field, ours, against, verdict, ranked))


def _same(ours: Value | None, claim: Value) -> bool:
    if isinstance(claim, bool):
        return as_yes_or_no(ours) is claim
    if isinstance(claim, list) and isinstance(ours, list):
        return _words(ours) == _words(claim)
    return ours == claim


def _words(words: Any) -> list[str]:
    return sorted(words)


def _comparable(ours: Value | None, claim: Value) -> bool:
    """Return whether the two can contradict each other; an unverified fact contradicts nothing."""
    return ours != UNVERIFIED and (not isinstance(claim, bool) or as_yes_or_no(ours) is not None)


def _changed(
    id: str,
    field: str,
    ours: Value | None,
    by: list[str],
    votes: Mapping[str, Value],
    fields: Fields,
    ranked: tuple[str, ...],
) -> Value | None:
    """Return the value to apply, if it differs from ours and enough sources agree."""
    first = next((votes[name] for name in ranked if name in votes), None)
    if first is not None:
        return first if first != ours else None
    distinct = list(dict.fromkeys(votes.values()))
    if by or len(distinct) != 1:
        return None
    new = distinct[0]
    if ours is None:
        return new if _fills(id, field, votes, fields) else None
    return new if len(votes) > 1 and not _jumps(field, ours, new) else None


def _fills(id: str, field: str, votes: Mapping[str, Value], fields: Fields) -> bool:
    """Return whether an unknown number may be filled in from the sources that have it."""
    if field == "limits.output" and fields.get("limits.context") in votes.values():
        return False  # An answer as long as the context is the context, copied.
    if field == "dates.retires" or id.partition("/")[0] not in PROVIDERS:
        return len(votes) > 1  # One table's end of life is no announcement, and of hosts tables often copy the context.
    start = field.partition(".")[0]
    if start.startswith("prices@"):
        return True
    # A rate beyond a threshold belongs to a price that we have.
    return field.count(".") < 2 or f"{start}.input" in fields


def _jumps(field: str, old: Value, new: Value) -> bool:
    return group_of(field) == "prices" and bool(old) and not 1 / _PRICE_JUMP <= new / old <= _PRICE_JUMP


def new_ids(registry: Registry, sources: list[Source]) -> dict[str, list[Source]]:
    """Return chat models that are not in the registry, with the sources that list them.

    models.dev alone does not count, it has ids that no API serves; and the ids of genai-prices are rules that match old
    spellings too.
    """
    listed_here = {*registry.models, *registry.retired, *registry.not_chat}
    listed: dict[str, list[Source]] = {}
    for source in sources:
        if source.lineage != "genai-prices":
            for id in source.ids - listed_here:
                listed.setdefault(id, []).append(source)
    return {id: by for id, by in sorted(listed.items()) if any(source.lineage != "models.dev" for source in by)}


def nearest_profile(registry: Registry, id: str, claims: Mapping[str, Claims]) -> tuple[str, int, int] | None:
    """Return the profile of the same vendor that contradicts the claims about a new id the least: `(name, agree,
    votes)`.

    It is a hint for whoever reads the vendor's page, and no fact: a model of the same family is no source.
    """
    votes = {field: values for field, values in _votes(id, claims).items() if group_of(field) not in GROUPS}
    ranked: list[tuple[int, int, str]] = []
    for other, model in registry.models.items():
        if other.partition("/")[0] == id.partition("/")[0] and model.profile != UNVERIFIED:
            fields = fields_of(registry, other, datetime.date.max)
            agree = sum(_same(fields.get(field), value) for field, values in votes.items() for value in values.values())
            ranked.append((agree, _common(id, other), model.profile))
    if not ranked or not votes:
        return None
    agree, _, profile = max(ranked)
    return profile, agree, sum(len(values) for values in votes.values())


def _common(one: str, other: str) -> int:
    """Return the length of the common prefix of two ids."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def ended(registry: Registry, day: datetime.date, within: datetime.timedelta) -> Iterator[tuple[str, datetime.date]]:
    """Yield models that have ended or will soon, with the day."""
    for id, model in sorted(registry.models.items()):
        end = model.dates.retires
        if end and end <= day + within:
            yield id, end
