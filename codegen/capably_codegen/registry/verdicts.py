"""Reads `verdicts.yaml`: where sources contradict each other, what was decided, why, and when.

A verdict that the registry contradicts is an error, as is one that covers no model or field.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from capably.types.facts import UNVERIFIED
from capably_codegen.registry.flat_fields import Fields, fields_of
from capably_codegen.registry.problems import Key, RegistryError, problem
from capably_codegen.registry.schema import Entry, Registry, Text
from capably_codegen.registry.yaml_lines import read_yaml

RETIRED = "retired"
NOT_CHAT = "not_chat"
MOOT = (RETIRED, NOT_CHAT)
"""Verdicts on models of which the registry has no capabilities: sections of it, in which they must stand."""


class Verdict(Entry):
    """One decision."""

    models: list[Text] = Field(min_length=1)
    """Ids it is about; `*` stands for any text, as in `openai/gpt-5.4-pro*`."""
    fields: list[Text] = Field(min_length=1)
    """Fields it is about, `limits.input` or `sampling.temperature`."""
    value: Any
    """The decided value, in the registry's words; `unverified` = no source settles it; moot are `retired` (they no longer answer) and `not_chat`."""
    claims: dict[Text, Any] = Field(default_factory=dict)
    """Source -> its value."""
    because: Text
    """Why."""
    on: datetime.date
    """The day of the decision."""
    sources: list[Text] = Field(min_length=1)
    """Where to read it."""

    def speaks_of(self, id: str) -> bool:
        """Return whether the verdict covers this model."""
        return any(fnmatchcase(id, pattern) for pattern in self.models)


def load_verdicts(path: Path, registry: Registry) -> list[Verdict]:
    """Load every verdict in the file. Raise `RegistryError` if one is malformed or the registry contradicts it."""
    data, lines = read_yaml(path.read_text(encoding="utf-8"), path.name, needs="a list of verdicts")
    try:
        verdicts = TypeAdapter(list[Verdict]).validate_python(data)
    except ValidationError as error:
        problems = [
            problem(tuple(detail["loc"]), detail["msg"].lower(), lines) for detail in error.errors(include_url=False)
        ]
        raise RegistryError(path.name, problems) from None
    wrong = [problem(key, what, lines) for key, what in _contradictions(verdicts, registry)]
    if wrong:
        raise RegistryError(path.name, wrong)
    return verdicts


def decided(verdicts: list[Verdict], id: str) -> dict[str, Verdict]:
    """Map each field of a model to its verdict."""
    return {field: verdict for verdict in verdicts if verdict.speaks_of(id) for field in verdict.fields}


def _contradictions(verdicts: list[Verdict], registry: Registry) -> Iterator[tuple[Key, str]]:
    fields_by_id = {id: dated_fields(registry, id) for id in (*registry.models, *registry.retired)}
    fields_by_id |= {id: {} for id in registry.not_chat}
    seen: dict[tuple[str, str], int] = {}
    for number, verdict in enumerate(verdicts):
        for pattern in verdict.models:
            for what in _unfit(pattern, verdict, fields_by_id, registry):
                yield (number, "models"), what
        for id in filter(verdict.speaks_of, fields_by_id):
            for field in verdict.fields:
                first = seen.setdefault((id, field), number)
                if first != number:
                    yield (number,), f"{id} {field} has a verdict already, number {first + 1} of the file; keep one"


def _unfit(pattern: str, verdict: Verdict, fields_by_id: Mapping[str, Fields], registry: Registry) -> Iterator[str]:
    if verdict.value in MOOT:
        sections = {
            name: [id for id in getattr(registry, name) if fnmatchcase(id, pattern)] for name in ("models", *MOOT)
        }
        there = sections.pop(verdict.value)
        elsewhere = [id for ids in sections.values() for id in ids]
        if elsewhere or not there:
            yield f"{pattern}: {', '.join(elsewhere) or 'no such model'} is not in `{verdict.value}`"
        return
    section = registry.retired if verdict.fields[0].startswith("retired.") else registry.models
    ids = [id for id in section if fnmatchcase(id, pattern)]
    if not ids:
        yield f"{pattern} is no model of the registry"
    for id in ids:
        for field in verdict.fields:
            ours = fields_by_id[id].get(field, UNVERIFIED)
            if ours != verdict.value:
                yield f"{id} {field}: the verdict is {verdict.value!r} and the registry says {ours!r}"


def dated_fields(registry: Registry, id: str) -> Fields:
    """Return every field of a model, or of a retired one: prices of the first entry, then those of later ones by
    day."""
    if id in registry.retired:
        entry = registry.retired[id].model_dump(mode="json", exclude_none=True)
        return {f"retired.{name}": value for name, value in entry.items()}
    first = next((p.until for p in registry.models[id].prices if p.until), None)
    return fields_of(registry, id, first or datetime.date(9999, 1, 1))
