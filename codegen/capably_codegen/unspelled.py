"""Facts that no spelling can carry: what a profile says that its provider's wire format has no field for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import cast

from capably.parameters import PARAMETERS
from capably.providers.spellings import Spellings, unspelled
from capably.providers.wires import WIRES, table_of
from capably.registry.rules import Rule, rules_of
from capably.types.facts import Facts
from capably_codegen.registry.facts import profile_facts
from capably_codegen.registry.schema import Profile, Registry

WITH_VALUES = ("input", "output", "builtin_tools")
"""Rules whose values are features of their own."""


def unspelled_facts(registry: Registry, name: str, fields: Collection[str] | None = None) -> Iterator[tuple[str, str]]:
    """Yield the field and the words for each fact of a profile that cannot be said at one of its endpoints.

    With `fields`, only of those; a profile that starts from another may well take over what its host lacks.
    """
    profile, provider = registry.profiles[name], name.partition("/")[0]
    dialect = registry.providers[provider].dialect.model_dump()
    for endpoint in profile.endpoints:
        if endpoint not in WIRES:
            continue
        spellings = table_of(endpoint, provider, dialect)
        for field, feature, missing in _missing(profile, endpoint, spellings):
            if fields is None or field in fields:
                yield field, f"{feature} has no spelling at {endpoint} of {provider}. {missing}".strip()


def _missing(profile: Profile, endpoint: str, spellings: Spellings) -> Iterator[tuple[str, str, str]]:
    rules = rules_of(cast("Facts", profile_facts(profile)), endpoint)
    for name, rule in rules.items():
        if rule.refused:
            continue
        field = _field(name)
        for feature, value in _uses(name, rule):
            missing = unspelled(spellings, feature, value)
            if missing:
                yield (
                    field,
                    feature if name in WITH_VALUES or not rule.values else f"{name}: {value}",
                    missing.why or "Leave it out",
                )


def _uses(name: str, rule: Rule) -> Iterator[tuple[str, object]]:
    """The features that a rule admits, each with a value that it admits."""
    if name in WITH_VALUES:
        yield from ((f"{name}.{value}", value) for value in rule.values)
    elif name in PARAMETERS or name == "reasoning.budget_tokens":
        yield from ((name, value) for value in rule.values or (_SAMPLES.get(name, 1),))


_SAMPLES = {"parallel_tools": True, "tools": (), "tool_choice": "auto", "format": dict, "reasoning": "low", "stop": "x"}
"""A value of parameters for which 1 is none."""


def _field(name: str) -> str:
    fact = PARAMETERS[name].fact if name in PARAMETERS else name
    return fact.partition(".")[0]
