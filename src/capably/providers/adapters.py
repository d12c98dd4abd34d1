"""The adapter and the settings of each provider. Adapters are built at the first call and cached."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from capably.providers import Adapter, Settings
from capably.registry.lookup import on_registry_change, providers
from capably.types.errors import ConfigurationError
from capably.types.facts import ENDPOINTS_BY_ADAPTER, ModelInfo

if TYPE_CHECKING:
    from capably.providers.spellings import Spellings
from capably.providers.wires import WIRES, table_of

_settings: dict[str, Settings] = {}
_adapters: dict[tuple[str, str], Adapter] = {}
on_registry_change(_adapters.clear)
_of_parent: list[Adapter] = []
"""In a forked child, the adapters of its parent. They are never used, nor let go, which could write to its connections."""

ADAPTERS: Mapping[str, tuple[str, str, str]] = {
    "anthropic": ("capably.providers.anthropic", "AnthropicAdapter", "messages"),
    "openai": ("capably.providers.openai", "OpenAIAdapter", "responses"),
    "google": ("capably.providers.google", "GoogleAdapter", "generate_content"),
    "scripted": ("capably.providers.scripted", "ScriptedAdapter", "scripted"),
}
"""The registry's word for an adapter -> its module, its class, and its endpoint for models of which none is known."""

SDKS: Mapping[str, str] = {"anthropic": "anthropic", "openai": "openai", "google": "google.genai"}
"""The registry's word for an adapter -> the module of its SDK; the extra has the same name as the adapter."""


def adapter_of(name: str, wire_id: str = "") -> Adapter:
    """Return the adapter of a provider for a model id. It is built with the provider's settings when first needed."""
    kind = adapter_kind(name, wire_id)
    adapter = _adapters.get((name, kind))
    if adapter is None:
        module, class_name, _ = ADAPTERS[kind]
        settings = settings_of(name)
        entry = providers().get(name)
        if entry and entry["also"]:
            settings = settings.fit_for(SDKS[kind])
        adapter = _adapters[name, kind] = getattr(import_module(module), class_name)(settings)
    return adapter


def spellings_at(name: str, endpoint: str) -> Spellings | None:
    """Return how a provider says each feature at an endpoint; `None` where there is no wire. Imports no SDK."""
    entry = providers().get(name)
    return table_of(endpoint, name, entry["dialect"] if entry else None) if endpoint in WIRES else None


def keep_settings(settings: Settings) -> None:
    """Use these settings for their provider from now on. Adapters with other settings are dropped."""
    _settings[settings.provider] = settings
    for place in [place for place in _adapters if place[0] == settings.provider]:
        del _adapters[place]


def _leave_to_parent() -> None:
    _of_parent.extend(_adapters.values())
    _adapters.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


def settings_of(name: str) -> Settings:
    """Return the settings of a provider: those of `provider()`, or those of the registry."""
    return _settings.get(name) or (settings_from_registry(name, None) if name in providers() else Settings(name))


def settings_from_registry(name: str, base_url: str | None, **given: Any) -> Settings:
    """Return the registry's settings of a provider, overridden by the given ones."""
    known = providers()[name]
    return Settings(
        name,
        key_names=tuple(known["api_key"]),
        dialect=known["dialect"],
        cloud=known["cloud"],
        base_url=base_url or known["base_url"],
        **given,
    )


def default_endpoint(name: str, wire_id: str = "") -> str:
    """Return the endpoint for a model without one. Hosts compatible with OpenAI get Chat Completions."""
    kind = adapter_kind(name, wire_id)
    return "chat_completions" if kind == "openai" != name else ADAPTERS[kind][2]


def check_alike(id: str, info: ModelInfo) -> None:
    """Raise `ConfigurationError` if the provider of `id` has none of the endpoints of `info`'s model."""
    name, _, wire_id = id.partition("/")
    if name not in providers() or info.facts is None:
        return  # A server that `provider()` may still name; or nothing is known that could be wrong.
    supported = ENDPOINTS_BY_ADAPTER[adapter_kind(name, wire_id)]
    endpoints = tuple(info.endpoints)
    if set(endpoints).isdisjoint(supported):
        raise ConfigurationError(
            f'"{id}" cannot be like {info.id}: that one is asked at {" and ".join(endpoints)}, and {name!r} speaks '
            f"{' and '.join(supported)}. Take a model that is asked there, or describe this one in a file of your own: a profile "
            f"that `extends: {info.profile}` with `endpoints: {{{supported[-1]}: {{}}}}`."
        )


def adapter_kind(name: str, wire_id: str = "") -> str:
    if name == "scripted":
        return name
    entry = providers().get(name)
    if entry is None:
        raise ConfigurationError(
            f"there is no provider {name!r} (there are {', '.join(providers())}); "
            f'another server is named by llm.provider("{name}", base_url=...)'
        )
    for begin, kind in entry["also"].items():
        if wire_id.startswith(begin):
            return kind
    return entry["adapter"]
