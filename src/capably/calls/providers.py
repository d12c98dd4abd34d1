"""`llm.configure(...)`, `llm.provider(...)` and what lets connections go: how providers are reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, TypeAlias, get_args

from capably.http.libraries import Library, choose
from capably.providers.adapters import adapter_of
from capably.providers.credentials import sendable_headers
from capably.providers.handles import Handle, default_handle, default_handles, set_default
from capably.providers.settings import OWN_WORDS, Settings, check_address, check_types
from capably.registry.lookup import add_host, own_host, providers
from capably.types.errors import ConfigurationError, did_you_mean
from capably.types.facts import Endpoint
from capably.types.provider import Provider
from capably.types.timeout import as_timeout
from capably.validation.arguments import check_parameters

Wire: TypeAlias = Endpoint
"""What a server of one's own can speak."""

SDK_WIRES: Mapping[str, str] = {
    "anthropic": "messages",
    "openai": "chat_completions",
    "google": "generate_content",
}
"""Package of a client of an SDK -> the wire format of a server of one's own that it reaches."""


def configure(name: str, **settings: object) -> None:
    """Set how the process reaches a provider from now on, where a call names no handle. What is left out has its default again.

    Args:
        name: A provider of the registry (`"anthropic"`, `"groq"`, `"azure"`), or a name of your own for another server:
            `llm.configure("vllm", base_url="http://localhost:8000/v1")`, then `llm.Model.of("vllm/llama-4")`.
        api_key: The key to send, or a function that is asked for it before each request, sync or async. Left out, it is read at
            each call from the variables that the registry names for the provider.
        base_url: The address of the API, with `https://` or `http://`. A query in it goes with every request.
        headers: HTTP headers of every request, over those of the same name.
        query: Fields of the URL of every request.
        timeout: Seconds of the longest silence, or an `llm.Timeout`.
        max_retries: How often a request that failed for a passing reason is sent again; 2 by default.
        http: The library that sends: `"httpx2"`, `"pyreqwest"`, or `"auto"`: pyreqwest if it is installed, else httpx2.
        http_client: An `httpx2.Client` that sends synchronous calls, with its proxies, certificates and hooks.
        async_http_client: An `httpx2.AsyncClient` that sends asynchronous calls.
        client: A client of the vendor's SDK that you built and that sends synchronous calls, such as `anthropic.Anthropic()`.
        async_client: Its asynchronous twin.
        wire: Of a server of your own: the format that it speaks, `"chat_completions"` by default.
        **settings: Besides these, Azure's `endpoint`, `api_version` and `token`; Vertex AI's `project`, `location` and `token`; Bedrock's `region`
            and `profile`; Google's `api_version`; Anthropic's `token`.

    Raises:
        ConfigurationError: An address is no URL, a key or header cannot be sent, the name is not in the registry and has no
            address or client, or a setting is not one of this provider's.
        ValueError: A number is out of its range.
    """
    set_default(_handle(name, settings))


def provider(name: str, **settings: object) -> Provider:
    """Return a handle with settings of its own, for some calls: `llm.Model(id, provider=acme)`, `model.call(..., provider=acme)`.

    It takes what `llm.configure` takes, changes nothing else, and never changes. What is left out is read at each call from the
    environment, as the process's own settings are. `with` and `close()` let its connections go.
    """
    return _handle(name, settings)


def close() -> None:
    """Let go of the connections of synchronous calls that name no handle. A later call opens new ones."""
    for handle in default_handles():
        handle.close()


async def aclose() -> None:
    """Let go of all connections of calls that name no handle: of synchronous ones, and of those in the running event loop."""
    for handle in default_handles():
        await handle.aclose()


def preload(name: str) -> None:
    """Import now what the first call to a provider needs: its wire format, and the HTTP library."""
    handle = default_handle(name)
    adapter_of(handle)
    import_module(f"capably.http.over_{handle.clients.backend}")


def _handle(name: object, settings: Mapping[str, object]) -> Handle:
    if not isinstance(name, str):
        raise TypeError(f"the name of a provider is a str, not {name!r}")
    given: dict[str, Any] = {"http": "auto", **settings}
    wire = given.pop("wire", None)
    check_parameters({word: given.get(word) for word in ("timeout", "max_retries")})
    check_types(given)
    entry = providers().get(name)
    words = OWN_WORDS.get(entry["cloud"] or entry["adapter"], ()) if entry else ()
    for word in given.keys() - NAMED:
        if word not in words:
            raise _unknown_setting(name, word, words)
    for place in ("base_url", "endpoint"):
        if given.get(place) is not None:
            check_address(given[place], place)
    _check_secrets(name, given)
    _check_sdk_clients(name, given)
    _check_clients(name, given)
    if given["http"] not in get_args(Library):
        raise ConfigurationError(
            f"http={given['http']!r} is no library that sends; there are {', '.join(get_args(Library))}"
        )
    choose(given["http"])
    given |= {"headers": sendable_headers(given.get("headers")), "timeout": as_timeout(given.get("timeout"))}
    _name(name, wire, given)
    return Handle(Settings(provider=name, **given))


def _unknown_setting(name: str, word: str, own_words: Sequence[str]) -> ConfigurationError:
    if hint := did_you_mean(word, [*NAMED, *own_words]):
        return ConfigurationError(f"{word}= is no setting of {name}.{hint}")
    own = f"it has {', '.join(own_words)}" if own_words else "it has none of its own"
    return ConfigurationError(f"{word}= is no setting of {name}; besides those of every provider {own}")


def _check_secrets(name: str, given: Mapping[str, object]) -> None:
    """Raise for an empty key or token in whose place the environment's would be sent: a tenant's call must not use it."""
    entry = providers().get(name)
    variables = {"api_key": entry["api_key"], "token": entry["variables"].get("token", ())} if entry else {}
    for word, names in variables.items():
        secret = given.get(word)
        if isinstance(secret, str) and not secret.strip() and names:
            raise ConfigurationError(
                f"{word}= of {name} is empty. Leave it out to use the environment's ({' or '.join(names)})"
            )


NAMED = frozenset(Settings.__annotations__) - {word for words in OWN_WORDS.values() for word in words}
"""Settings of every provider."""


def _name(name: str, wire: str | None, given: Mapping[str, object]) -> None:
    """Add a server of the caller's own to the providers, if it is none of them."""
    if wire is not None and wire not in get_args(Wire):
        raise ConfigurationError(f"wire={wire!r} is no format; there are {', '.join(get_args(Wire))}")
    client = given.get("client") or given.get("async_client")
    own = name not in providers() or own_host(name) is not None
    if not own:
        if wire is not None:
            raise ConfigurationError(f"wire= is for servers of your own; what {name!r} speaks stands in the registry")
        return
    if given.get("base_url") is None and client is None and name not in providers():
        known = ", ".join(providers())
        raise ConfigurationError(
            f"there is no provider {name!r} (there are {known}); for another server give base_url="
        )
    package = type(client).__module__.partition(".")[0]
    known = own_host(name)
    add_host(name, wire or (known["endpoint"] if known else None) or SDK_WIRES.get(package, "chat_completions"))


def _check_sdk_clients(name: str, given: Mapping[str, object]) -> None:
    """Raise `ConfigurationError` for a client of no SDK, and for one that sends calls of the other kind."""
    for word, other in (("client", "async_client"), ("async_client", "client")):
        client = given.get(word)
        if client is None:
            continue
        kinds = [kind for kind in client.__class__.__mro__ if kind.__module__.partition(".")[0] in SDK_WIRES]
        named = f"{name}: {word}= is a {type(client).__module__}.{type(client).__name__}"
        if not kinds:
            entry = providers().get(name)
            examples = EXAMPLES.get(entry["adapter"] if entry else "openai", EXAMPLES["openai"])
            raise ConfigurationError(f"{named}; it takes a client of the vendor's SDK, such as {examples[word]}")
        if OF_CALLS[other] in [kind.__name__ for kind in kinds]:
            raise ConfigurationError(f"{named}, which sends the other kind of calls; give it as {other}=")


EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "anthropic": {"client": "anthropic.Anthropic()", "async_client": "anthropic.AsyncAnthropic()"},
    "openai": {"client": "openai.OpenAI()", "async_client": "openai.AsyncOpenAI()"},
    "google": {"client": "genai.Client()", "async_client": "genai.Client()"},
}

OF_CALLS = {"client": "SyncAPIClient", "async_client": "AsyncAPIClient"}
"""The base of the clients that anthropic and openai have for a kind of calls. Google's serve both."""


def _check_clients(name: str, given: dict[str, object]) -> None:
    """Raise `ConfigurationError` for an HTTP client of another library. One for asynchronous calls may stand in `http_client`."""
    if given.get("http_client") is None and given.get("async_http_client") is None:
        return
    import httpx2

    if isinstance(given.get("http_client"), httpx2.AsyncClient) and given.get("async_http_client") is None:
        given["async_http_client"] = given.pop("http_client")
    for word, kind in (("http_client", httpx2.Client), ("async_http_client", httpx2.AsyncClient)):
        client = given.get(word)
        if client is not None and not isinstance(client, kind):
            raise ConfigurationError(
                f"{name}: {word}= is a {type(client).__module__}.{type(client).__name__}; it takes an httpx2.{kind.__name__}"
            )
