"""Compile the provenance of facts for `capably show`: the lock of the last sync, and the verdicts."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from capably_codegen.registry.flat_fields import fields_of
from capably_codegen.registry.schema import Registry
from capably_codegen.registry.verdicts import Verdict, load_verdicts

FILE = "_provenance.json"
LOCK = "registry.lock.json"
VERDICTS = "verdicts.yaml"


def provenance(registry_file: Path, registry: Registry) -> dict[str, str]:
    """Return the compiled file by its name; nothing for a registry without a lock beside it.

    Raises `RegistryError` if a verdict is contradicted.
    """
    lock_file, verdicts_file = registry_file.with_name(LOCK), registry_file.with_name(VERDICTS)
    if not lock_file.exists():
        return {}
    lock = json.loads(lock_file.read_text(encoding="utf-8"))
    verdicts = load_verdicts(verdicts_file, registry) if verdicts_file.exists() else []
    record = {
        "sources": lock["sources"],
        "verdicts": [_plain(verdict, registry) for verdict in verdicts],
        "models": {id: dict(_evidence(lock, id, registry)) for id in sorted(registry.models)},
    }
    return {FILE: "\n".join(_lines(record)) + "\n"}


def _plain(verdict: Verdict, registry: Registry) -> dict[str, object]:
    plain = verdict.model_dump(mode="json")
    ids = (*registry.models, *registry.retired)
    return {**plain, "models": sorted(id for id in ids if verdict.speaks_of(id))}


def _evidence(lock: Mapping[str, Any], id: str, registry: Registry) -> Iterator[tuple[str, object]]:
    """Yield the evidence of the lock for a model, without that for values corrected since."""
    ours = fields_of(registry, id, datetime.date.min)
    for field, evidence in lock["models"].get(id, {}).items():
        if field.startswith("prices") or ours.get(field) == evidence[0]:
            yield field, evidence


def _lines(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line per source, verdict and model, so that diffs are small."""
    yield "{"
    yield f'"sources": {json.dumps(record["sources"])},'
    yield '"verdicts": ['
    yield ",\n".join(json.dumps(verdict) for verdict in record["verdicts"])
    yield "],"
    yield '"models": {'
    yield ",\n".join(f"{json.dumps(id)}: {json.dumps(fields)}" for id, fields in record["models"].items())
    yield "}"
    yield "}"
