"""Find models in the generated tables and in the user's own file. Each provider is loaded on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from os import PathLike, fspath
from typing import TYPE_CHECKING, Literal, cast, overload

from capably.registry import user_registry
from capably.registry.overlay import Overlay
from capably.registry.rules import Rule, rules_of
from capably.types.errors import ConfigurationError
from capably.types.facts import ENDPOINTS_BY_ADAPTER, UNVERIFIED, Facts, ModelInfo

if TYPE_CHECKING:
    from capably_models import _facts

_providers: dict[str, _facts.Provider] = {}
_models: dict[str, dict[str, ModelInfo]] = {}
_rules: dict[tuple[str, str | None], tuple[Facts, dict[str, Rule]]] = {}
_own_hosts: dict[str, _facts.Provider] = {}
_made_from_them: list[Callable[[], None]] = [_providers.clear, _models.clear, _rules.clear]

# The user's own file, once it was looked for.
_overlay_in_force: Overlay | None = None
_overlay_loaded = False


def use_registry(path: str | PathLike[str] | None) -> None:
    """Use a registry file of your own on top of capably's, from now on; `None` removes it again.

    The file adds models, corrects facts and removes ids; `capably generate --registry FILE` gives them types. Without
    this call it is the file that `CAPABLY_REGISTRY` names, or `[tool.capably] registry` in the nearest `pyproject.toml`.
    Existing `Model` objects do not change.

    Args:
        path: The YAML file, or the JSON file compiled from it.

    Raises:
        ConfigurationError: The file does not exist or is invalid.
    """
    global _overlay_in_force, _overlay_loaded  # noqa: PLW0603
    _overlay_in_force = None if path is None else user_registry.load(fspath(path), "llm.use_registry")
    _overlay_loaded = True
    for forget in _made_from_them:
        forget()


def on_registry_change(forget: Callable[[], None]) -> None:
    """Call `forget` whenever `use_registry` changes the facts, so that values computed from them can be dropped."""
    _made_from_them.append(forget)


def overlay() -> Overlay | None:
    """Return the user's own file, loaded when the registry is first used; `None` if none is configured."""
    global _overlay_in_force, _overlay_loaded  # noqa: PLW0603
    if not _overlay_loaded:
        named = user_registry.configured()
        _overlay_in_force = None if named is None else user_registry.load(*named)
        _overlay_loaded = True
    return _overlay_in_force


def providers() -> Mapping[str, _facts.Provider]:
    """Return how to reach each provider: its name, adapter, key variables and base URL."""
    if not _providers:
        _providers.update(_section("providers"))
        _providers.update({name: entry for name, entry in _own_hosts.items() if name not in _providers})
    return _providers


def provider_entry(name: str) -> _facts.Provider:
    """Return how to reach a provider. Raises `ConfigurationError` if there is none of that name."""
    entry = providers().get(name)
    if entry is None:
        raise ConfigurationError(
            f"there is no provider {name!r} (there are {', '.join(providers())}); "
            f'another server is named by llm.configure("{name}", base_url=...)'
        )
    return entry


def own_host(name: str) -> _facts.Provider | None:
    """Return the entry of a host that no file describes."""
    return _own_hosts.get(name)


def add_host(name: str, endpoint: str) -> None:
    """Add a host that no file describes, and the endpoint that it speaks. Its name must not be a provider's.

    Raises `ConfigurationError` if it is no name, or if the host has another endpoint already.
    """
    if not name or "/" in name or any(map(str.isspace, name)):
        raise ConfigurationError(f"{name!r} cannot be the name of a provider; ids read provider/model")
    known = _own_hosts.get(name)
    if known is not None:
        if known["endpoint"] != endpoint:
            raise ConfigurationError(f'{name!r} has wire="{known["endpoint"]}" already; give "{endpoint}" another name')
        return
    adapter = next(adapter for adapter, endpoints in ENDPOINTS_BY_ADAPTER.items() if endpoint in endpoints)
    _own_hosts[name] = cast("_facts.Provider", {**OWN_HOST, "name": name, "adapter": adapter, "endpoint": endpoint})
    _providers.clear()
    _models.pop(name, None)


OWN_HOST: _facts.Provider = {
    "name": "",
    "adapter": "openai",
    "api_key": (),
    "base_url": None,
    "docs": None,
    "dialect": None,
    "cloud": None,
    "also": {},
    "any_model": None,
    "endpoint": None,
    "variables": {},
}
"""The registry entry of a host that `llm.configure("vllm", base_url=...)` adds."""


def added_constant(provider: str, name: str) -> str | None:
    """Return the id behind a constant of the user's own file, `llm.openai.my_model`."""
    theirs = overlay()
    return theirs.section("constants").get(provider, {}).get(name) if theirs else None


def added_constants(provider: str) -> list[str]:
    """Return the names of the constants that the user's own file adds to a provider."""
    theirs = overlay()
    return list(theirs.section("constants").get(provider, ())) if theirs else []


def listed_model(id: str) -> ModelInfo | None:
    """Return the listed model with this id, if there is one."""
    return _models_of(id.partition("/")[0]).get(id)


def resolve_model(id: str) -> ModelInfo | None:
    """Return the model with this id: the listed one, or the facts that its host declares for any id."""
    provider = id.partition("/")[0]
    entry = providers().get(provider)
    info = listed_model(id)
    profile = entry["any_model"] if entry else None
    if info is not None or not profile:
        return info
    theirs = overlay() or Overlay({}, user_registry.our_entry)
    facts: Facts = theirs.entry("profiles", profile)
    return ModelInfo(id, profile, facts, UNLISTED, facts["line"])


UNLISTED: _facts.Model = {
    "profile": UNVERIFIED,
    "name": None,
    "constant": None,
    "snapshot_of": None,
    "status": "active",
    "replacement": None,
    "api_version": None,
    "limits": {"context": None, "input": None, "output": None, "cache_min": None},
    "prices": (),
    "dates": {"released": None, "deprecated": None, "retires": None, "knowledge": None},
}
"""An entry of `models` in which everything is unknown."""


def listed_models() -> Iterator[ModelInfo]:
    """Yield every listed model, in the order of ids."""
    for provider in providers():
        yield from _models_of(provider).values()


def listed_ids() -> Iterator[str]:
    """Yield every listed id."""
    return (info.id for info in listed_models())


def retired_models() -> tuple[Mapping[str, _facts.Retired], Mapping[str, str]]:
    """Return retired ids with their date and successor, and ids of other kinds of models with their kind."""
    return _section("retired"), _section("not_chat")


def rules_for(info: ModelInfo, endpoint: str | None) -> Mapping[str, Rule]:
    """Return the rules of this verified model, computed once per profile.

    A model keeps the facts it was made with, also when `use_registry` has changed those of its profile since.
    """
    key, facts = (info.profile, endpoint), info.facts
    if facts is None:
        raise ConfigurationError(f"{info.id} is {UNVERIFIED}: there are no rules for it")
    cached = _rules.get(key)
    if cached is None or cached[0] is not facts:
        cached = _rules[key] = (facts, rules_of(facts, endpoint))
    return cached[1]


def _models_of(provider: str) -> dict[str, ModelInfo]:
    models = _models.get(provider)
    if models is None:
        models = _models[provider] = _load(provider) if provider in providers() else {}
    return models


def _load(provider: str) -> dict[str, ModelInfo]:
    listed = user_registry.our_entry("providers", provider) is not None
    ours: Mapping[str, _facts.Model] = import_module(f"capably_models._{provider}").MODELS if listed else {}
    theirs = overlay() or Overlay({}, user_registry.our_entry)
    ids = {f"{provider}/{wire_id}" for wire_id in ours if theirs.stands("models", f"{provider}/{wire_id}")}
    ids.update(id for id in theirs.section("models") if id.partition("/")[0] == provider)
    profiles: dict[str, Facts | None] = {UNVERIFIED: None}
    models: dict[str, ModelInfo] = {}
    for id in sorted(ids):
        entry: _facts.Model = theirs.entry("models", id)
        profile = entry["profile"]
        if profile not in profiles:
            profiles[profile] = theirs.entry("profiles", profile)
        facts = profiles[profile]
        models[id] = ModelInfo(id, profile, facts, entry, facts["line"] if facts else 0)
    return models


@overload
def _section(name: Literal["providers"]) -> Mapping[str, _facts.Provider]: ...
@overload
def _section(name: Literal["retired"]) -> Mapping[str, _facts.Retired]: ...
@overload
def _section(name: Literal["not_chat"]) -> Mapping[str, str]: ...
def _section(name: str) -> Mapping[str, object]:
    """Return a section (providers, retired ids, ids of other kinds) with the user's file applied."""
    ours = getattr(import_module(user_registry.PROVIDERS_MODULE), name.upper())
    theirs = overlay()
    return ours if theirs is None else dict(sorted(theirs.entries(name, ours).items()))


def nearest_ids(id: str, count: int = 3) -> list[str]:
    """Return the listed ids most similar to `id`."""
    import difflib

    ids = list(listed_ids())
    close = difflib.get_close_matches(id, ids, n=count, cutoff=0.6)
    if "/" in id or close:
        return close
    by_name = {listed.partition("/")[2]: listed for listed in ids}
    return [by_name[name] for name in difflib.get_close_matches(id, by_name, n=count, cutoff=0.6)]
