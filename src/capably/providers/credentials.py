"""Credentials as they are sent: in a form that HTTP carries, to the host that they are for, and never shown in an error."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from capably.providers import Settings
from capably.types.errors import ConfigurationError

NO_KEY = "no-key"
"""Stands for the key of a host that needs none, because the SDKs insist on one. It is not sent; compare with `is`."""

OPEN_HEADERS = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-length", "content-type", "host", "transfer-encoding"),
        "user-agent",
    }
)
"""Headers that a redirect to another origin takes along. All others may hold a credential."""

_ORIGIN = "capably_origin"
"""Extension of a request, which its redirects share: the origin that was meant."""


def key_of(settings: Settings) -> Any:
    """Return the key to send: the one that was set, else that of the first variable; `None` if there is none.

    Raises `ConfigurationError`, without the key, for one that no header can carry.
    """
    if callable(settings.api_key):
        return settings.api_key
    places = {"api_key=": settings.api_key, **{name: os.environ.get(name) for name in settings.key_names}}
    for place, key in places.items():
        clean = sendable(key or "", f"The key of {settings.provider} in {place}")
        if clean:
            return clean
    return None


def sendable(value: str, what: str) -> str:
    """Return the value of a header without surrounding white space.

    Raises `ConfigurationError`, without the value, where a character is left that no header can carry.
    """
    clean = value.strip()
    for position, letter in enumerate(clean, 1):
        if not " " <= letter <= "~" and letter != "\t":
            raise ConfigurationError(
                f"{what} cannot be sent: character {position} of {len(clean)} is a line end, a control character or no "
                "ASCII. Copy it anew from where it was issued."
            )
    return clean


def sendable_headers(headers: Mapping[str, str] | None) -> dict[str, str] | None:
    """Return the caller's headers, each value checked by `sendable`."""
    if headers is None:
        return None
    return {name: sendable(value, f"headers[{name!r}]") for name, value in headers.items()}


def without_key(headers: dict[str, Any], omit: Any) -> dict[str, Any]:
    """Return the headers for a host that needs no key: `omit` is the SDK's value for a header that is not sent."""
    named = any(name.lower() == "authorization" for name in headers)
    return headers if named else {**headers, "Authorization": omit}


def forget_vendor(client: Any, *attributes: str) -> None:
    """Remove what an SDK's client read from its vendor's environment, for a host of somebody else."""
    client._custom_headers = {}
    for name in attributes:
        setattr(client, name, None)


def guard_redirects(http_client: Any) -> None:
    """Make an HTTP client of httpx2 send credentials to the origin of the first request only."""
    hook = _strip_abroad_async if hasattr(http_client, "aclose") else _strip_abroad
    http_client.event_hooks["request"].append(hook)


def _strip_abroad(request: Any) -> None:
    url = request.url
    origin = (url.scheme, url.host, url.port)
    if request.extensions.setdefault(_ORIGIN, origin) != origin:
        for name in [name for name in request.headers if name.lower() not in OPEN_HEADERS]:
            del request.headers[name]


async def _strip_abroad_async(request: Any) -> None:
    _strip_abroad(request)
