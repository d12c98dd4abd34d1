"""Failures of google-genai, of the HTTP client under it, and those inside a reply -> our errors. One table for each.

Classes are found by package and name, so that nothing is imported to recognise them: google-genai runs over httpx2,
httpx, aiohttp or requests, whichever is there.
"""

from __future__ import annotations

import datetime
import email.utils
from collections.abc import Mapping, Sequence
from typing import Any, cast

from capably.types.errors import (
    AuthenticationError,
    BadRequestError,
    CapablyError,
    ConfigurationError,
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

BY_WORD: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""Google's status words -> HTTP status, for errors that come without a number. Source: google.rpc.Code."""

BY_EXCEPTION: Mapping[tuple[str, str], type[ProviderError]] = {
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
"""Package and class name -> class. The first that matches in the exception's own order of bases."""

KEY_REASONS = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED"})
"""A wrong key is a 400 at Google; these reasons in its details tell it from a wrong request."""


def translate(error: Exception, provider: str = "google") -> CapablyError:
    """Our error for an exception of the SDK or its transport. Raise it `from error`."""
    if isinstance(error, CapablyError):
        return error
    found: Any = error
    if hasattr(error, "details") and isinstance(getattr(error, "code", None), int):
        return error_of(found.details, found.code, _headers_of(found), provider)
    kinds = ((cls.__module__.partition(".")[0], cls.__name__) for cls in type(error).__mro__)
    kind = next(filter(None, map(BY_EXCEPTION.get, kinds)), None)
    words = str(error) or type(error).__name__
    if kind is None:
        return ConfigurationError(f"google-genai refused the call: {words}")
    return kind(f"{words} [{provider}, {type(error).__name__}]", provider=provider)


def error_of(
    body: Any, status: int | None = None, headers: Mapping[str, str] | None = None, provider: str = "google"
) -> ProviderError:
    """Our error for an error body: `{"error": {...}}`, its inside, or a list that holds one of them."""
    inside = _inside(body)
    details = [cast("Mapping[str, Any]", d) for d in _sequence(inside.get("details")) if isinstance(d, Mapping)]
    word = inside.get("status")
    code = word if isinstance(word, str) else None
    status = status or _number(inside.get("code")) or BY_WORD.get(code or "", 500)
    words = inside.get("message")
    headers = {name.lower(): value for name, value in headers.items()} if headers else {}
    return _class_of(status, details, words)(
        f"{words or 'no message'} [{provider}, {' '.join(filter(None, (str(status), code)))}]",
        provider=provider,
        status_code=status,
        code=code,
        request_id=request_id_of(headers) or _first(details, "requestId"),
        retry_after=_retry_after(headers, details),
        body=body,
    )


def malformed(why: str, body: Any, provider: str = "google") -> ServerError:
    """The error for a reply that makes no sense."""
    return ServerError(f"The reply makes no sense: {why} [{provider}]", provider=provider, body=body)


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """The request id of a response, from headers with lower-case names; Google's own hosts send none."""
    return headers.get("x-goog-request-id") or headers.get("x-request-id")


def _class_of(status: int, details: Sequence[Mapping[str, Any]], words: object) -> type[ProviderError]:
    if status == 400 and (
        any(detail.get("reason") in KEY_REASONS for detail in details)
        or (isinstance(words, str) and words.startswith("API key not valid"))
    ):
        return AuthenticationError
    return BY_STATUS.get(status) or (BadRequestError if 400 <= status < 500 else ServerError)


def _inside(body: Any) -> Mapping[str, Any]:
    if isinstance(body, list) and body:
        body = cast("list[Any]", body)[0]
    if not isinstance(body, Mapping):
        return {}
    found = cast("Mapping[str, Any]", body)
    error = found.get("error")
    if isinstance(error, str):
        return {"message": error}
    return cast("Mapping[str, Any]", error) if isinstance(error, Mapping) else found


def _sequence(value: object) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _first(details: Sequence[Mapping[str, Any]], key: str) -> Any:
    return next((detail[key] for detail in details if key in detail), None)


def _headers_of(error: Any) -> Mapping[str, str]:
    headers: Any = getattr(error.response, "headers", None)
    return dict(headers.items()) if headers else {}


def _retry_after(headers: Mapping[str, str], details: Sequence[Mapping[str, Any]]) -> float | None:
    """Seconds to wait: the header (a number or a date), else `google.rpc.RetryInfo` (`"17.5s"`)."""
    header = headers.get("retry-after")
    if header:
        return _seconds(header) if _seconds(header) is not None else _seconds_until(header)
    delay = _first(details, "retryDelay")
    return _seconds(delay.removesuffix("s")) if isinstance(delay, str) else None


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _seconds_until(date: str) -> float | None:
    try:
        then = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    now = datetime.datetime.now(datetime.UTC)
    return max(0.0, (then if then.tzinfo else then.replace(tzinfo=datetime.UTC)).timestamp() - now.timestamp())
