"""`llm.provider(...)` and `llm.preload(...)`: connection settings of providers."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from capably.providers.adapters import SDKS, adapter_kind, adapter_of, keep_settings, settings_from_registry
from capably.registry.lookup import add_host, providers
from capably.types.errors import ConfigurationError
from capably.validation.arguments import check_parameters


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
    """Set how a provider is reached from now on. The vendor SDK and its variables decide what is left out.

    Args:
        name: A provider of the registry (`"anthropic"`, `"groq"`, `"azure"`), or a name of your own for any other server
            with OpenAI's Chat Completions: `llm.provider("vllm", base_url="http://localhost:8000/v1")`, then
            `llm.Model.of("vllm/llama-4")`.
        api_key: The key to send.
        base_url: The address of the API, with `https://` or `http://`.
        client, async_client: A client of the vendor's SDK that you built, for example `anthropic.AnthropicBedrock()`.
        http_client: An `httpx2.Client` for the SDK to use.
        timeout: Seconds until a request fails.
        max_retries: The number of further attempts.

    Raises:
        ConfigurationError: `base_url` is no URL, or `name` is not in the registry and has no `base_url` or client.
    """
    check_parameters({"timeout": timeout, "max_retries": max_retries})
    if base_url is not None and "://" not in base_url:
        raise ConfigurationError(f"base_url={base_url!r} is no URL; it begins with https:// or http://")
    if name not in providers():
        if base_url is None and client is None and async_client is None:
            known = ", ".join(providers())
            raise ConfigurationError(
                f"there is no provider {name!r} (there are {known}); for another server give base_url="
            )
        add_host(name)
    settings = settings_from_registry(
        name,
        base_url,
        api_key=api_key,
        client=client,
        async_client=async_client,
        http_client=http_client,
        timeout=timeout,
        max_retries=max_retries,
    )
    keep_settings(settings)


def preload(name: str) -> None:
    """Import the SDK of a provider now instead of at the first call. Clients are still built at that call."""
    adapter_of(name)
    kind = adapter_kind(name)
    if kind in SDKS:
        try:
            import_module(SDKS[kind])
        except ImportError as error:
            raise ConfigurationError(f'the SDK of {name!r} is not installed: pip install "capably[{kind}]"') from error
