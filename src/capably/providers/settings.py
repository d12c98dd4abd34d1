"""How a provider is reached: what the caller set, what the registry knows, and what the environment says."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, cast
from urllib.parse import urlsplit

from capably.http.libraries import Library
from capably.registry.lookup import provider_entry
from capably.types.errors import ConfigurationError
from capably.types.timeout import Timeout

if TYPE_CHECKING:
    import httpx2
    from capably_models import _facts

Secret: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""A key, or a function that is asked for it before each request."""

OWN_WORDS: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("token",),
    "azure": ("endpoint", "api_version", "token"),
    "bedrock": ("region", "profile"),
    "google": ("api_version",),
    "vertex": ("project", "location", "token"),
}
"""Cloud, or else adapter -> the settings that not every provider has."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Settings:
    """The settings of one handle. `None` leaves a setting to the environment, the registry, or the default.

    `headers` and `query` go with every request. `client` and `async_client` are clients of the vendor's SDK, `http_client` and
    `async_http_client` of httpx2, that the caller built.
    """

    provider: str
    api_key: Secret | None = None
    token: Secret | None = None
    base_url: str | None = None
    headers: Mapping[str, str] | None = None
    query: Mapping[str, str] | None = None
    timeout: Timeout | None = None
    max_retries: int | None = None
    http: Library = "auto"
    http_client: httpx2.Client | None = None
    async_http_client: httpx2.AsyncClient | None = None
    client: object = None
    async_client: object = None
    endpoint: str | None = None
    api_version: str | None = None
    project: str | None = None
    location: str | None = None
    region: str | None = None
    profile: str | None = None

    @property
    def entry(self) -> _facts.Provider:
        """Return the registry's entry of the provider. Raises `ConfigurationError` if there is none."""
        return provider_entry(self.provider)

    def variable(self, setting: str) -> str | None:
        """Return what the environment says of a setting, of the variables that the registry names for this provider."""
        names = self.entry["variables"].get(setting, ())
        value = next(filter(None, map(os.environ.get, names)), None)
        if value is not None:
            check_word(setting.rpartition(".")[2], value, " or ".join(names))
        return value

    def value(self, setting: str) -> str | None:
        """Return a setting: the caller's, else the environment's."""
        return getattr(self, setting) or self.variable(setting)

    def address(self) -> str:
        """Return the root of the API. Raises `ConfigurationError` if nobody says where it is."""
        address = self.base_url or self.variable("base_url") or self.entry["base_url"]
        if address and address != self.base_url:
            address = address.strip()
            check_address(address, " or ".join(self.entry["variables"].get("base_url", ("base_url",))))
        if not address:
            names = " or ".join(self.entry["variables"].get("base_url", ()))
            place = f"Set {names}, or call" if names else "Call"
            raise ConfigurationError(
                f'No address for {self.provider}. {place} llm.configure("{self.provider}", base_url="https://...").'
            )
        return address

    def shown(self) -> str:
        """Return the settings for a repr: what is set, and of secrets and objects only that they are."""
        words = [f"{self.provider!r}"]
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name == "provider" or value is None or (one.name == "http" and value == "auto"):
                continue
            plain = one.name not in HIDDEN and isinstance(value, (str, int, float, Timeout))
            shown = without_credentials(value) if isinstance(value, str) else value
            words.append(f"{one.name}={shown!r}" if plain else f"{one.name}=...")
        return ", ".join(words)


HIDDEN = frozenset(
    {"api_key", "token", "headers", "query", "http_client", "async_http_client", "client", "async_client"}
)
"""Settings that may hold a secret."""


TEXTS = frozenset({"base_url", "endpoint", "api_version", "project", "location", "region", "profile"})
"""Settings that are texts."""


def without_credentials(value: str) -> str:
    """Return an address without what may be secret in it: the user, and the query. Any other text stays as it is."""
    if "://" not in value:
        return value
    scheme, _, rest = value.partition("?")[0].partition("#")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


WORDS: Mapping[str, re.Pattern[str]] = {
    "api_version": re.compile(r"[A-Za-z0-9._-]+"),
    "location": re.compile(r"[A-Za-z0-9-]+"),
    "project": re.compile(r"[A-Za-z0-9.:_-]+"),
    "region": re.compile(r"[A-Za-z0-9-]+"),
}
"""Settings that become a part of the address, and what they may be made of: any other sign would change it."""


def check_word(setting: str, value: str, place: str) -> None:
    """Raise `ConfigurationError` for a part of the address that would change the rest of it."""
    pattern = WORDS.get(setting)
    if pattern is not None and (not pattern.fullmatch(value) or ".." in value):
        raise ConfigurationError(
            f"{place}={value!r} cannot stand in an address; {setting} is made of {pattern.pattern.strip('[]+')}"
        )


@lru_cache(maxsize=256)
def check_address(address: str, place: str) -> None:
    """Raise `ConfigurationError` for an address that is no URL of HTTP, or that holds a user or a part after `#`."""
    try:
        parts = urlsplit(address)
        plain = address.isprintable() and not any(map(str.isspace, parts.netloc))
        if not plain or parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError(address)
    except ValueError:
        shown = without_credentials(address)
        raise ConfigurationError(f"{place}={shown!r} is no URL; it begins with https:// or http://") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(f"{place} holds a user or a password; give them as headers= or api_key=")
    if "#" in address:
        raise ConfigurationError(f"{place} holds a #, and what follows one is never sent")


def check_types(given: Mapping[str, object]) -> None:
    """Raise `TypeError` for a setting that is no text, or for headers or a query that are no texts by name. Shows no value."""
    for name, value in given.items():
        if value is None:
            continue
        if name in TEXTS:
            if not isinstance(value, str):
                raise TypeError(f"{name}= is of type {type(value).__name__}; it must be a str")
            check_word(name, value, f"{name}")
        if name in ("api_key", "token") and not (isinstance(value, str) or callable(value)):
            raise TypeError(
                f"{name}= is of type {type(value).__name__}; it must be a str, or a function that returns one"
            )
        if name in ("headers", "query"):
            items = cast("Mapping[object, object]", value).items() if isinstance(value, Mapping) else ((None, None),)
            if not all(isinstance(text, str) for item in items for text in item):
                raise TypeError(f"{name}= must be a dict of str and str")
