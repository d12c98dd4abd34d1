"""From the registry to the run-time tables: plain data, every default spelt out, that the library reads as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from capably.types.facts import Facts
from capably_codegen.registry.schema import Model, Profile
from capably_codegen.registry.source import Source

NOT_OF_PROFILES = frozenset({"notes"})
NOT_OF_PROVIDERS = frozenset({"sources", "notes"})
"""Fields for readers of the registry only."""


def profile_tables(source: Source, provider: str) -> dict[str, Facts]:
    """Return profiles of one provider by name, each with its line in the registry."""
    return {
        name: cast("Facts", {**profile_facts(profile), "line": source.lines["profiles", name]})
        for name, profile in sorted(source.registry.profiles.items())
        if name.partition("/")[0] == provider
    }


def profile_facts(profile: Profile) -> dict[str, object]:
    """Return the facts of a profile that run time needs."""
    return profile.model_dump(mode="json", exclude=set(NOT_OF_PROFILES))


def model_tables(source: Source, provider: str) -> dict[str, dict[str, object]]:
    """Return models of one provider by their id without the provider."""
    return {id.partition("/")[2]: entry.model_dump(mode="json") for id, entry in models_of(source, provider).items()}


def models_of(source: Source, provider: str) -> dict[str, Model]:
    """Return models of one provider by full id, sorted."""
    return {id: model for id, model in sorted(source.registry.models.items()) if id.partition("/")[0] == provider}


def provider_tables(source: Source) -> dict[str, dict[str, object]]:
    """Return how to reach each provider."""
    return {
        name: provider.model_dump(mode="json", exclude=set(NOT_OF_PROVIDERS))
        for name, provider in sorted(source.registry.providers.items())
    }


def retired_tables(source: Source) -> tuple[Mapping[str, object], Mapping[str, str]]:
    """Return retired ids with date and replacement, and ids of other kinds of models with their kind."""
    registry = source.registry
    retired = {id: entry.model_dump(mode="json") for id, entry in sorted(registry.retired.items())}
    return retired, dict(sorted(registry.not_chat.items()))
