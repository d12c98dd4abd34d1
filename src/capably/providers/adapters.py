"""The adapter of each handle. Adapters are built at the first call and belong to their handle."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from capably.providers.handles import Handle
from capably.providers.wires import WIRES, table_of
from capably.registry.lookup import own_host, provider_entry, providers
from capably.types.errors import ConfigurationError
from capably.types.facts import ENDPOINTS_BY_ADAPTER, ModelInfo

if TYPE_CHECKING:
    from capably.providers import Adapter
    from capably.providers.spellings import Spellings

ADAPTERS: Mapping[str, tuple[str, str]] = {
    "anthropic": ("capably.providers.anthropic", "AnthropicAdapter"),
    "openai": ("capably.providers.openai", "OpenAIAdapter"),
    "google": ("capably.providers.google", "GoogleAdapter"),
    "scripted": ("capably.providers.scripted", "ScriptedAdapter"),
}
"""The registry's word for an adapter -> its module and its class."""


def adapter_of(handle: Handle, wire_id: str = "") -> Adapter:
    """Return the adapter of a handle for a model id. It is built when first needed."""
    kind = adapter_kind(handle.name, wire_id)
    adapter = handle.adapters.get(kind)
    if adapter is None:
        module, class_name = ADAPTERS[kind]
        adapter = handle.adapters.setdefault(kind, getattr(import_module(module), class_name)(handle))
    return adapter


def spellings_at(name: str, endpoint: str) -> Spellings | None:
    """Return how a provider says each feature at an endpoint; `None` where there is no wire. Imports no SDK."""
    entry = providers().get(name)
    return table_of(endpoint, name, entry["dialect"] if entry else None) if endpoint in WIRES else None


def default_endpoint(name: str, wire_id: str = "") -> str:
    """Return the endpoint for a model without one. Hosts compatible with OpenAI get Chat Completions."""
    kind = adapter_kind(name, wire_id)
    entry = providers().get(name)
    named = entry["endpoint"] if entry and kind == entry["adapter"] else None
    if named or kind == "scripted":
        return named or kind
    return "chat_completions" if kind == "openai" != name else ENDPOINTS_BY_ADAPTER[kind][0]


def check_alike(id: str, info: ModelInfo) -> None:
    """Raise `ConfigurationError` if the provider of `id` has none of the endpoints of `info`'s model."""
    name, _, wire_id = id.partition("/")
    if name not in providers() or info.facts is None:
        return  # A server that `configure()` may still name; or nothing is known that could be wrong.
    supported = ENDPOINTS_BY_ADAPTER[adapter_kind(name, wire_id)]
    endpoints = tuple(info.endpoints)
    if set(endpoints).isdisjoint(supported):
        if own_host(name) is not None:
            advice = (
                f'if the server speaks it, name it anew: llm.configure("...", base_url=..., wire="{endpoints[0]}").'
            )
        else:
            advice = f"describe this one in a file of your own: a profile that `extends: {info.profile}` with "
            advice += f"`endpoints: {{{supported[-1]}: {{}}}}`."
        raise ConfigurationError(
            f'"{id}" cannot be like {info.id}: that one is asked at {" and ".join(endpoints)}, and {name!r} speaks '
            f"{' and '.join(supported)}. Take a model that is asked there, or {advice}"
        )


def adapter_kind(name: str, wire_id: str = "") -> str:
    """Return the registry's word for the adapter of a provider's model."""
    if name == "scripted":
        return name
    entry = provider_entry(name)
    for begin, kind in entry["also"].items():
        if wire_id.startswith(begin):
            return kind
    return entry["adapter"]
