"""Credentials as they are sent: in a form that HTTP carries, to the host that they are for, and never shown in an error."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Mapping

from capably.providers.settings import Settings
from capably.types.errors import ConfigurationError

NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A name of a header, as HTTP has it."""

FRAMING = frozenset({"content-length", "transfer-encoding"})
"""Headers that HTTP itself sets. A wrong one would make the rest of a body the next request."""


def no_key(settings: Settings) -> ConfigurationError:
    """Return the error for a provider whose key is nowhere."""
    provider = settings.provider
    entry = settings.entry
    names = " or ".join((*entry["api_key"], *entry["variables"].get("token", ())))
    return ConfigurationError(
        f'No API key for {provider}. Set {names}, or call llm.configure("{provider}", api_key=...).'
    )


def named_key(settings: Settings) -> str | None:
    """Return the key of the settings or of the environment, if it is not to be asked of a function."""
    if callable(settings.api_key):
        return None
    places = {"api_key=": settings.api_key, **{name: os.environ.get(name) for name in settings.entry["api_key"]}}
    return _first(places, settings.provider, "key")


def named_token(settings: Settings) -> str | None:
    """Return the bearer token of the settings or of the environment, if it is not to be asked of a function."""
    if callable(settings.token):
        return None
    names = settings.entry["variables"].get("token", ())
    return _first(
        {"token=": settings.token, **{name: os.environ.get(name) for name in names}}, settings.provider, "token"
    )


def _first(places: Mapping[str, str | None], provider: str, kind: str) -> str | None:
    for place, secret in places.items():
        clean = sendable(secret or "", f"The {kind} of {provider} in {place}")
        if clean:
            return clean
    return None


async def resolve_secret(secret: str | Callable[[], object], settings: Settings, word: str, *, sync: bool) -> str:
    """Return what a function of the caller's gives for `api_key=` or `token=`.

    Raises `ConfigurationError` where it gives no text, or where a synchronous call would have to await it.
    """
    place = f"{word}= of {settings.provider}"
    given = secret() if callable(secret) else secret
    if inspect.isawaitable(given):
        if sync:
            close = getattr(given, "close", None)
            if close:
                close()
            raise ConfigurationError(f"{place} is an async function, which a synchronous call cannot await")
        given = await given
    if not isinstance(given, str) or not given.strip():
        raise ConfigurationError(
            f"{place}: the function returned {type(given).__name__ if given else 'nothing'}, and no text"
        )
    return sendable(given, f"What the function in {place} returned")


def sendable(value: str, what: str) -> str:
    """Return the value of a header without surrounding white space.

    Raises `ConfigurationError`, without the value, where a character is left that no header can carry.
    """
    clean = value.strip()
    if clean.isascii() and clean.isprintable():
        return clean
    for position, letter in enumerate(clean, 1):
        if not " " <= letter <= "~" and letter != "\t":
            raise ConfigurationError(
                f"{what} cannot be sent: character {position} of {len(clean)} is a line end, a control character or no "
                "ASCII. Copy it anew from where it was issued."
            )
    return clean


def sendable_headers(headers: Mapping[str, str] | None, what: str = "headers") -> dict[str, str] | None:
    """Return the caller's headers by name in small letters, each value checked by `sendable`."""
    if headers is None:
        return None
    for name in headers:
        if not NAME.fullmatch(name) or name.lower() in FRAMING:
            why = "says where a request ends" if name.lower() in FRAMING else "is no name of a header"
            raise ConfigurationError(f"{what}: {name!r} {why}")
    return {name.lower(): sendable(value, f"{what}[{name!r}]") for name, value in headers.items()}
