"""`live_probes.yaml`, beside the registry: what somebody sent to a live API, and what came back.

Facts of one day, each with who saw it. They outrank documentation; what the vendor's page said later outranks them.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from capably_codegen.registry.problems import RegistryError
from capably_codegen.registry.schema import Entry, Text
from capably_codegen.registry.yaml_lines import read_yaml
from pydantic import TypeAdapter, ValidationError

from registry_sync.claims import PROBED, Claims, Source, SourceError

FILE = "live_probes.yaml"


class Probe(Entry):
    """One fact that was measured."""

    value: Any
    """What the API answered, in the registry's words."""
    on: datetime.date
    """The day on which it was sent."""
    by: Text
    """Who sent it."""


_PROBES = TypeAdapter(dict[str, dict[str, Probe]])


def read_probes(file: Path) -> list[Source]:
    """Read the probes in the file as one source; none without the file. Raise `SourceError` if an entry is
    malformed."""
    if not file.exists():
        return []
    try:
        data, _ = read_yaml(file.read_text(encoding="utf-8"), file.name, needs="models with their fields")
        probes = _PROBES.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise SourceError(f"{file.name}: {' > '.join(map(str, first['loc']))}: {first['msg'].lower()}") from None
    except RegistryError as error:
        raise SourceError(str(error)) from None
    answers: Claims = {id: {field: probe.value for field, probe in fields.items()} for id, fields in probes.items()}
    days = {(id, field): probe.on for id, fields in probes.items() for field, probe in fields.items()}
    newest = max(days.values(), default=datetime.date.min).isoformat()
    return [Source("live probes", newest, PROBED, answers, frozenset(), days)]
