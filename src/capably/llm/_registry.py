"""Finds models in the generated tables, one provider at a time, when they are first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from capably.types.errors import ConfigurationError, UnknownModelError
from capably.types.facts import UNVERIFIED, ModelInfo
from capably.types.rules import Rule, rules_of

_models: dict[str, dict[str, ModelInfo]] = {}
_rules: dict[tuple[str, str | None], dict[str, Rule]] = {}


def providers() -> Mapping[str, Mapping[str, Any]]:
    """How to reach each provider: its name, adapter, key variables and base URL."""
    return import_module("capably_models._providers").PROVIDERS


def find_model(id: str) -> ModelInfo:
    """The listed model with this id. Raises `UnknownModelError`, which says what else the id could be."""
    info = listed_model(id)
    if info is None:
        raise _unknown(id)
    return info


def listed_model(id: str) -> ModelInfo | None:
    """The listed model with this id, if there is one."""
    return _models_of(id.partition("/")[0]).get(id)


def listed_models() -> Iterator[ModelInfo]:
    """Every listed model, in the order of ids."""
    for provider in providers():
        yield from _models_of(provider).values()


def listed_ids() -> Iterator[str]:
    """Every listed id."""
    return (info.id for info in listed_models())


def rules_for(info: ModelInfo, endpoint: str | None) -> Mapping[str, Rule]:
    """What this model says to each parameter, worked out once per profile. Only for a verified model."""
    key = (info.profile, endpoint)
    rules = _rules.get(key)
    if rules is None:
        if info.facts is None:
            raise ConfigurationError(f"{info.id} is {UNVERIFIED}: there are no rules for it")
        rules = _rules[key] = rules_of(info.facts, endpoint)
    return rules


def _models_of(provider: str) -> dict[str, ModelInfo]:
    found = _models.get(provider)
    if found is None:
        found = _models[provider] = _load(provider) if provider in providers() else {}
    return found


def _load(provider: str) -> dict[str, ModelInfo]:
    tables = import_module(f"capably_models._{provider}")
    models: dict[str, ModelInfo] = {}
    for wire_id, entry in tables.MODELS.items():
        facts = None if entry["profile"] == UNVERIFIED else tables.PROFILES[entry["profile"]]
        id = f"{provider}/{wire_id}"
        models[id] = ModelInfo(id, entry["profile"], facts, entry, facts["line"] if facts else 0)
    return models


def _unknown(id: str) -> UnknownModelError:
    tables = import_module("capably_models._providers")
    if id in tables.RETIRED:
        gone = tables.RETIRED[id]
        on = f" on {gone['on']}" if gone["on"] else ""
        use = f" Its successor is {gone['replacement']}." if gone["replacement"] else ""
        nearest = [gone["replacement"]] if gone["replacement"] else []
        return UnknownModelError(f'"{id}" was retired{on} and no longer answers.{use}', model=id, nearest=nearest)
    if id in tables.NOT_CHAT:
        kind = tables.NOT_CHAT[id]
        return UnknownModelError(f'"{id}" exists, but it is a model for {kind}, which capably does not call.', model=id)
    nearest = nearest_ids(id)
    provider = id.partition("/")[0]
    what = f'"{id}" is not in the registry.'
    if "/" not in id:
        what = f'"{id}" names no provider; ids read provider/model.'
    elif provider not in tables.PROVIDERS:
        what = f'"{id}": there is no provider "{provider}" (there are {", ".join(tables.PROVIDERS)}).'
    hint = f" Nearest: {', '.join(nearest)}." if nearest else ""
    escape = (
        f' An id that the registry does not know can be used, unchecked, with llm.Model.of("{id}").'
        if "/" in id and provider in tables.PROVIDERS
        else ""
    )
    return UnknownModelError(f"{what}{hint}{escape}", model=id, nearest=nearest)


def nearest_ids(id: str, count: int = 3) -> list[str]:
    """The listed ids that look most like `id`."""
    import difflib

    ids = list(listed_ids())
    whole = difflib.get_close_matches(id, ids, n=count, cutoff=0.6)
    if "/" in id or whole:
        return whole
    by_name = {known.partition("/")[2]: known for known in ids}
    return [by_name[name] for name in difflib.get_close_matches(id, by_name, n=count, cutoff=0.6)]
