"""Anthropic's errors, as exceptions of its SDK or as JSON in a reply or stream, to ours. One table."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from typing import Any, TypeGuard

import msgspec

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

ERRORS: dict[int | str, type[ProviderError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: BadRequestError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: TimedOutError,
    409: BadRequestError,
    413: BadRequestError,
    422: BadRequestError,
    429: RateLimitError,
    503: OverloadedError,
    504: TimedOutError,
    529: OverloadedError,
    "invalid_request_error": BadRequestError,
    "authentication_error": AuthenticationError,
    "billing_error": BadRequestError,
    "permission_error": PermissionDeniedError,
    "not_found_error": NotFoundError,
    "request_too_large": BadRequestError,
    "rate_limit_error": RateLimitError,
    "timeout_error": TimedOutError,
    "api_error": ServerError,
    "overloaded_error": OverloadedError,
    "conflict_error": BadRequestError,
    "memory_precondition_failed_error": BadRequestError,
    "memory_path_conflict_error": BadRequestError,
}
"""HTTP status, or `error.type` where an error comes with status 200 (in mid-stream) -> our class."""


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether parsed JSON is an object."""
    return isinstance(value, dict)


def error_class(status: int | None, kind: str | None) -> type[ProviderError]:
    """Our class for a status and an `error.type`; the status decides where it says something."""
    if status is not None and status >= 400:
        return ERRORS.get(status) or (ServerError if status >= 500 else BadRequestError)
    return ERRORS.get(kind or "", ServerError)


def error_from_body(body: Any, *, provider: str, request_id: str | None = None) -> ProviderError:
    """The error that `{"type": "error", "error": {"type": ..., "message": ...}}` reports in a reply or a stream."""
    outer: dict[str, Any] = body if is_object(body) else {}
    error = outer.get("error")
    inner: dict[str, Any] = error if is_object(error) else {"message": error}
    kind = inner.get("type")
    message = inner.get("message") or msgspec.json.encode(body).decode()
    request_id = request_id or outer.get("request_id")
    code = _error_code(inner.get("details")) or kind
    return _build(error_class(None, kind), message, provider, code=code, request_id=request_id, body=body)


def translate(error: Exception, provider: str = "anthropic") -> CapablyError:
    """Our error for whatever the SDK, or the HTTP client under it, raised."""
    import anthropic
    import httpx2

    if isinstance(error, CapablyError):
        return error
    if isinstance(error, anthropic.APIStatusError):
        return _from_status(error, provider)
    for kind, ours, what in (
        (anthropic.APITimeoutError, TimedOutError, "no answer in time"),
        (httpx2.TimeoutException, TimedOutError, "no answer in time"),
        (TimeoutError, TimedOutError, "no answer in time"),
        (anthropic.APIConnectionError, ConnectionFailedError, "no connection, or it broke"),
        (httpx2.TransportError, ConnectionFailedError, "no connection, or it broke"),
        (httpx2.StreamError, ConnectionFailedError, "the stream broke"),
        (ConnectionError, ConnectionFailedError, "no connection, or it broke"),
        (httpx2.HTTPError, ServerError, "the reply makes no sense"),
        (msgspec.DecodeError, ServerError, "the stream holds an event that is no JSON"),
    ):
        if isinstance(error, kind):
            cause = error.__cause__ or error
            return ours(f"{str(cause) or type(cause).__name__} ({provider}: {what})", provider=provider)
    if isinstance(error, anthropic.CredentialsError) or "authentication method" in str(error):
        return ConfigurationError(f"{provider}: {error}")
    return ProviderError(f"{error or type(error).__name__} ({provider}: {type(error).__name__})", provider=provider)


def _from_status(error: Any, provider: str) -> ProviderError:
    """From `anthropic.APIStatusError`. In mid-stream its status is 200, so that the body's type decides."""
    return _build(
        error_class(error.status_code, error.type),
        error.api_message or error.response.reason_phrase or error.message,
        provider,
        status=error.status_code if error.status_code >= 400 else None,
        code=error.error_code or error.type,
        request_id=error.request_id,
        retry_after=_retry_after(error.response.headers),
        body=error.body,
    )


def _build(
    kind: type[ProviderError],
    message: str,
    provider: str,
    *,
    status: int | None = None,
    code: str | None,
    request_id: str | None,
    retry_after: float | None = None,
    body: Any,
) -> ProviderError:
    shown = " ".join(str(word) for word in (status, code) if word)
    where = f"{provider}: {shown}" if shown else provider
    where += f", request {request_id}" if request_id else ""
    return kind(
        f"{message} ({where})",
        provider=provider,
        status_code=status,
        code=code,
        request_id=request_id,
        retry_after=retry_after,
        body=body,
    )


def _error_code(details: Any) -> str | None:
    return details.get("error_code") if is_object(details) else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or from `retry-after`, which is a number of seconds or a date."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return float(headers[name]) / scale
        except (KeyError, ValueError):
            continue
    date = email.utils.parsedate_tz(headers.get("retry-after"))
    return max(0.0, email.utils.mktime_tz(date) - time.time()) if date else None
