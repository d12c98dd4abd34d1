"""What the HTTP libraries raise, as our errors. By name, so that no library is imported to recognise its exceptions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from capably.types.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    ProviderError,
    ServerError,
    TimedOutError,
)
from capably.types.timeout import Timeout

BY_EXCEPTION: Mapping[tuple[str, str], type[ProviderError]] = {
    ("capably", "BodyTooLargeError"): ServerError,
    ("capably", "TotalTimeoutError"): TimedOutError,
    ("httpx2", "TimeoutException"): TimedOutError,
    ("httpx2", "TransportError"): ConnectionFailedError,
    ("httpx2", "StreamError"): ConnectionFailedError,
    ("httpx2", "DecodingError"): ConnectionFailedError,
    ("httpx2", "HTTPError"): ServerError,
    ("pyreqwest", "RequestTimeoutError"): TimedOutError,
    ("pyreqwest", "PyreqwestError"): ConnectionFailedError,
    ("httpx", "TimeoutException"): TimedOutError,
    ("httpx", "TransportError"): ConnectionFailedError,
    ("httpx", "StreamError"): ConnectionFailedError,
    ("httpx", "HTTPError"): ServerError,
    ("aiohttp", "ServerTimeoutError"): TimedOutError,
    ("aiohttp", "ClientError"): ConnectionFailedError,
    ("requests", "Timeout"): TimedOutError,
    ("requests", "ConnectionError"): ConnectionFailedError,
    ("requests", "ChunkedEncodingError"): ConnectionFailedError,
    ("anthropic", "APITimeoutError"): TimedOutError,
    ("anthropic", "APIConnectionError"): ConnectionFailedError,
    ("openai", "APITimeoutError"): TimedOutError,
    ("openai", "APIConnectionError"): ConnectionFailedError,
    ("google", "TransportError"): ConnectionFailedError,
    ("google", "GoogleAuthError"): AuthenticationError,
    ("google", "UnknownApiResponseError"): ServerError,
    ("msgspec", "DecodeError"): ServerError,
    ("builtins", "TimeoutError"): TimedOutError,
    ("builtins", "ConnectionError"): ConnectionFailedError,
}
"""Package and class -> class, of what is raised where no status tells: by our two libraries, and by those under clients of the
vendors' SDKs. The first that matches in the exception's own order of bases."""


def class_of_exception(error: Exception) -> type[ProviderError] | None:
    """Return our error class for an exception of an HTTP library or an SDK; `None` for any other exception."""
    names = ((cls.__module__.partition(".")[0], cls.__name__) for cls in type(error).__mro__)
    return next(filter(None, map(BY_EXCEPTION.get, names)), None)


def transport_error(
    kind: type[ProviderError], error: Exception, provider: str, timeout: Timeout | None = None
) -> ProviderError:
    """Return the error of an exchange that failed. Its message includes what the library knows of the cause."""
    if kind is TimedOutError and timeout is not None:
        message = f"no answer in time: {timeout!r}"
    else:
        message = "; ".join(dict.fromkeys(filter(None, _words(error)))) or type(error).__name__
        if type(error).__module__.startswith("msgspec"):
            message = f"what arrived is no JSON: {message}"
    return kind(f"{message} [{provider}]", provider=provider)


def translated(error: Exception, provider: str, timeout: Timeout | None = None) -> Exception:
    """Return our error for an exception of an HTTP library; one that is not of the exchange comes back as it is."""
    kind = class_of_exception(error)
    _hide_queries(error)
    if kind is not None:
        return transport_error(kind, error, provider, timeout)
    if type(error).__name__ == "InvalidURL":
        return ConfigurationError(f"the address of {provider} cannot be used: {error}")
    return error


def _hide_queries(error: Exception) -> None:
    """Take the queries of addresses out of what pyreqwest says of an error, and so out of its traceback: one may hold a key."""
    details: object = getattr(error, "details", None)
    if isinstance(details, dict):
        for cause in cast("Mapping[str, Sequence[dict[str, object]]]", details).get("causes") or ():
            cause["message"] = re.sub(r"(https?://[^\s?]*)\?[^\s)]*", r"\1?...", str(cause["message"]))


def _words(error: BaseException) -> list[str]:
    """Return what an exception says, and those below it: SDKs leave out the cause, pyreqwest keeps it in `details`."""
    words: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(words) < 8:
        own = str(getattr(seen, "message", "")) or str(seen)
        words.append(own if own and own not in " ".join(words) else "")
        details: object = getattr(seen, "details", None)
        if isinstance(details, Mapping):
            causes = cast("Mapping[str, Sequence[Mapping[str, object]]]", details).get("causes")
            words += [str(cause["message"]) for cause in causes or ()]
        seen = seen.__cause__
    return words
