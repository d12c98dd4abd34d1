"""Which adapter serves a provider, with which settings. Adapters are built at the first call and kept."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from capably.llm._registry import forget_on_change, providers
from capably.providers import Adapter, Settings
from capably.types.errors import ConfigurationError

_settings: dict[str, Settings] = {}
_adapters: dict[str, Adapter] = {}
forget_on_change(_adapters.clear)

ADAPTERS: Mapping[str, tuple[str, str, str]] = {
    "anthropic": ("capably.providers.anthropic", "AnthropicAdapter", "messages"),
    "openai": ("capably.providers.openai", "OpenAIAdapter", "responses"),
    "google": ("capably.providers.google", "GoogleAdapter", "generate_content"),
    "scripted": ("capably.providers.scripted", "ScriptedAdapter", "scripted"),
}
"""The registry's word for an adapter -> its module, its class, and its endpoint for models of which none is known."""

SDKS: Mapping[str, str] = {"anthropic": "anthropic", "openai": "openai", "google": "google.genai"}
"""The registry's word for an adapter -> the module of its SDK; the extra has the same name as the adapter."""


def provider(
    name: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    client: Any = None,
    async_client: Any = None,
    http_client: Any = None,
    timeout: float | None = None,
    max_retries: int | None = None,
) -> None:
    """Sets how a provider is reached, from now on. What is left out stays with the vendor SDK and its variables.

    - `name`: `"anthropic"`, `"openai"`, `"google"`, or another provider of the registry.
    - `client`, `async_client`: a client of the vendor's SDK that you built, for example `anthropic.AnthropicBedrock()`.
    - `http_client`: an `httpx2.Client` that the SDK should use.
    - `timeout` in seconds, `max_retries` as a number of further tries.
    """
    if name not in providers():
        raise ConfigurationError(f"there is no provider {name!r}; there are {', '.join(providers())}")
    known = providers()[name]
    _settings[name] = Settings(
        name,
        key_names=tuple(known["api_key"]),
        dialect=known.get("dialect"),
        api_key=api_key,
        base_url=base_url or known["base_url"],
        client=client,
        async_client=async_client,
        http_client=http_client,
        timeout=timeout,
        max_retries=max_retries,
    )
    _adapters.pop(name, None)


def adapter_of(name: str) -> Adapter:
    """The adapter of a provider, built with its settings when it is first needed."""
    adapter = _adapters.get(name)
    if adapter is None:
        module, class_name, _ = ADAPTERS[_adapter_kind(name)]
        adapter = _adapters[name] = getattr(import_module(module), class_name)(settings_of(name))
    return adapter


def settings_of(name: str) -> Settings:
    """The settings of a provider: what `provider()` was told, or what the registry says."""
    known = providers().get(name)
    if name in _settings or known is None:
        return _settings.get(name) or Settings(name)
    return Settings(name, key_names=tuple(known["api_key"]), dialect=known.get("dialect"), base_url=known["base_url"])


def preload(name: str) -> None:
    """Imports the SDK behind a provider now, so that the first call need not. Clients are still built at that call."""
    adapter_of(name)
    kind = _adapter_kind(name)
    if kind in SDKS:
        try:
            import_module(SDKS[kind])
        except ImportError as error:
            raise ConfigurationError(f'the SDK of {name!r} is not installed: pip install "capably[{kind}]"') from error


def default_endpoint(name: str) -> str:
    """The endpoint of a provider for a model of which none is known. Hosts compatible with OpenAI speak Chat Completions."""
    kind = _adapter_kind(name)
    return "chat_completions" if kind == "openai" != name else ADAPTERS[kind][2]


def _adapter_kind(name: str) -> str:
    known = providers()
    if name != "scripted" and name not in known:
        raise ConfigurationError(f"there is no provider {name!r}; there are {', '.join(known)}")
    return "scripted" if name == "scripted" else known[name]["adapter"]
