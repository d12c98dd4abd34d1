"""The errors of all providers in one form: class, message, seconds to wait."""

from __future__ import annotations

import datetime
import email.utils
from collections.abc import Mapping
from typing import Any

import msgspec

from capably.types.errors import (
    AuthenticationError,
    BadRequestError,
    ConnectionFailedError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    RateLimitError,
    ServerError,
    TimedOutError,
)

BY_STATUS: Mapping[int, type[ProviderError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: TimedOutError,
    429: RateLimitError,
    503: OverloadedError,
    504: TimedOutError,
    529: OverloadedError,
}
"""HTTP status -> class; any other 4xx is a `BadRequestError`, anything else a `ServerError`."""

BY_EXCEPTION: Mapping[tuple[str, str], type[ProviderError]] = {
    ("anthropic", "APITimeoutError"): TimedOutError,
    ("anthropic", "APIConnectionError"): ConnectionFailedError,
    ("openai", "APITimeoutError"): TimedOutError,
    ("openai", "APIConnectionError"): ConnectionFailedError,
    ("httpx2", "TimeoutException"): TimedOutError,
    ("httpx2", "TransportError"): ConnectionFailedError,
    ("httpx2", "StreamError"): ConnectionFailedError,
    ("httpx2", "HTTPError"): ServerError,
    ("httpx", "TimeoutException"): TimedOutError,
    ("httpx", "TransportError"): ConnectionFailedError,
    ("httpx", "StreamError"): ConnectionFailedError,
    ("httpx", "HTTPError"): ServerError,
    ("aiohttp", "ServerTimeoutError"): TimedOutError,
    ("aiohttp", "ClientError"): ConnectionFailedError,
    ("requests", "Timeout"): TimedOutError,
    ("requests", "ConnectionError"): ConnectionFailedError,
    ("requests", "ChunkedEncodingError"): ConnectionFailedError,
    ("google", "TransportError"): ConnectionFailedError,
    ("google", "GoogleAuthError"): AuthenticationError,
    ("google", "UnknownApiResponseError"): ServerError,
    ("msgspec", "DecodeError"): ServerError,
    ("builtins", "TimeoutError"): TimedOutError,
    ("builtins", "ConnectionError"): ConnectionFailedError,
}
"""Package and class -> class, of what the SDKs and the HTTP clients under them raise where no status tells. The first that
matches in the exception's own order of bases. By name, so that nothing is imported to recognise them."""


def class_of_status(status: int) -> type[ProviderError]:
    """Return our error class for an HTTP status."""
    return BY_STATUS.get(status) or (BadRequestError if 400 <= status < 500 else ServerError)


def class_of_exception(error: Exception) -> type[ProviderError] | None:
    """Return our error class for an exception of an SDK or an HTTP client; `None` for any other exception."""
    names = ((cls.__module__.partition(".")[0], cls.__name__) for cls in type(error).__mro__)
    return next(filter(None, map(BY_EXCEPTION.get, names)), None)


def failure(
    kind: type[ProviderError],
    message: str,
    provider: str,
    *,
    status: int | None = None,
    code: str | None = None,
    request_id: str | None = None,
    retry_after: float | None = None,
    body: Any = None,
) -> ProviderError:
    """Return the error. Its message is the provider's words and their origin:
    `Rate limit reached [openai, 429, requests, request req_1]`."""
    origin = [provider]
    if status:
        origin.append(f"{status}")
    if code and f"{code}" not in origin:
        origin.append(f"{code}")
    if request_id:
        origin.append(f"request {request_id}")
    return kind(
        f"{message} [{', '.join(origin)}]",
        provider=provider,
        status_code=status,
        code=code,
        request_id=request_id,
        retry_after=retry_after,
        body=body,
    )


def transport_error(kind: type[ProviderError], error: Exception, provider: str) -> ProviderError:
    """Return the error of a connection that failed. The message includes the cause, which SDKs leave out."""
    below = error.__cause__
    message = str(error) or type(error).__name__
    if isinstance(error, msgspec.DecodeError):
        message = f"what came is no JSON: {message}"
    elif below is not None and (not str(below) or str(below) not in message):
        message = f"{message} ({f'{type(below).__name__}: {below}'.rstrip(': ')})"
    return failure(kind, message, provider)


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of `retry-after-ms`, or of `retry-after` in seconds or as a date."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return float(headers[name]) / scale
        except (KeyError, ValueError):
            continue
    try:
        then = email.utils.parsedate_to_datetime(headers.get("retry-after") or "")
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=datetime.UTC)
    return max(0.0, (then - datetime.datetime.now(datetime.UTC)).total_seconds())
