"""`live_probes.yaml`: what live APIs answered, and that the registry follows it or says why not."""

from __future__ import annotations

import datetime
from pathlib import Path

from capably_codegen.load import load_registry
from capably_codegen.registry.verdicts import load_verdicts
from registry_sync.claims import PROBED
from registry_sync.sources.probes import FILE, read_probes
from registry_sync.vote import count

ROOT = Path(__file__).parents[2]
REGISTRY = load_registry(ROOT / "model_registry.yaml").registry
[PROBES] = read_probes(ROOT / FILE)


def test_the_registry_says_what_a_live_api_answered_or_a_verdict_says_why_not() -> None:
    verdicts = load_verdicts(ROOT / "verdicts.yaml", REGISTRY)
    outcome = count(REGISTRY, verdicts, {PROBED: PROBES.claims}, datetime.date(2026, 11, 29), PROBES.days)
    assert [(change.id, change.field, change.new) for change in outcome.changes] == []
    assert [(c.id, c.field, c.ours, c.against) for c in outcome.conflicts if c.verdict is None] == []


def test_every_probed_model_and_field_is_one_of_the_registry() -> None:
    assert sorted(PROBES.claims.keys() - REGISTRY.models.keys()) == []
    verdicts = load_verdicts(ROOT / "verdicts.yaml", REGISTRY)
    outcome = count(REGISTRY, verdicts, {PROBED: PROBES.claims}, datetime.date(2026, 11, 29), PROBES.days)
    compared = {(id, field) for id, fields in outcome.evidence.items() for field in fields}
    assert sorted(PROBES.days.keys() - compared) == []
