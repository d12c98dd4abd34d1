"""Failures of google-genai, of the HTTP client under it, and those inside a reply -> our errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from capably.http import Answer
from capably.http.errors import class_of_exception, transport_error
from capably.providers.errors import (
    Code,
    class_of_status,
    error_part,
    failure,
    seconds_to_wait,
    status_error,
    words_of,
)
from capably.providers.json import is_object, text_of
from capably.types.errors import AuthenticationError, CapablyError, ConfigurationError, ProviderError, ServerError

if TYPE_CHECKING:
    from typing import Protocol

    from capably.types.json_types import Json, JsonObject

    class APIError(Protocol):
        """What is read of the SDK's exception of this name."""

        details: Json
        response: object


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

KEY_REASONS = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED"})
"""A wrong key is a 400 at Google; these reasons in its details tell it from a wrong request."""


def failure_of(answer: Answer, url: str, provider: str, model: str, request_id: str | None) -> ProviderError:
    """Return the error of an answer whose status is not 2xx."""

    def read(error: Mapping[str, Json]) -> Code:
        details = _details(error)
        kind = _class_of(answer.status, details, error.get("message"))
        return Code(text_of(error, "status"), kind, _delay(details), _first(details, "requestId"))

    return status_error(answer, url, provider, model, read, request_id)


def translate(error: Exception, provider: str = "google") -> CapablyError:
    """Return our error for an exception of the SDK or its transport. Raise it `from error`."""
    if isinstance(error, CapablyError):
        return error
    code: object = getattr(error, "code", None)
    if isinstance(code, int) and hasattr(error, "details"):
        failed = cast("APIError", error)
        return error_of(failed.details, code, _headers_of(failed.response), provider)
    if kind := class_of_exception(error):
        return transport_error(kind, error, provider)
    return ConfigurationError(f"google-genai refused the call: {str(error) or type(error).__name__}")


def error_of(
    body: Json, status: int | None = None, headers: Mapping[str, str] | None = None, provider: str = "google"
) -> ProviderError:
    """Return our error for an error body: `{"error": {...}}`, its inside, or a list that holds one of them."""
    inside = error_part(body)
    details = _details(inside)
    number, code = inside.get("code"), text_of(inside, "status")
    status = status or (number if isinstance(number, int) else 0) or BY_WORD.get(code or "", 500)
    headers = {name.lower(): value for name, value in headers.items()} if headers else {}
    return failure(
        _class_of(status, details, inside.get("message")),
        words_of(body) or "no message",
        provider,
        status=status,
        code=code,
        request_id=request_id_of(headers) or _first(details, "requestId"),
        retry_after=_retry_after(headers, details),
        body=body,
    )


def malformed(why: str, body: object, provider: str = "google") -> ProviderError:
    """Return the error for a reply that cannot be read."""
    return failure(ServerError, f"The reply makes no sense: {why}", provider, body=body)


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the request id from headers with lower-case names; Google's own hosts send none."""
    return headers.get("x-goog-request-id") or headers.get("x-request-id")


def _class_of(status: int, details: Sequence[JsonObject], words: Json) -> type[ProviderError]:
    if status == 400 and (
        any(text_of(detail, "reason") in KEY_REASONS for detail in details)
        or (isinstance(words, str) and words.startswith("API key not valid"))
    ):
        return AuthenticationError
    return class_of_status(status)


def _details(error: Mapping[str, Json]) -> Sequence[JsonObject]:
    details = error.get("details")
    return list(filter(is_object, details)) if isinstance(details, list) else ()


def _first(details: Sequence[JsonObject], key: str) -> str | None:
    return next(filter(None, (text_of(detail, key) for detail in details)), None)


def _headers_of(response: object) -> Mapping[str, str]:
    headers: Mapping[str, str] | None = getattr(response, "headers", None)
    return dict(headers.items()) if headers else {}


def _retry_after(headers: Mapping[str, str], details: Sequence[JsonObject]) -> float | None:
    wait = seconds_to_wait(headers)
    return _delay(details) if wait is None else wait


def _delay(details: Sequence[JsonObject]) -> float | None:
    """Return the seconds of `google.rpc.RetryInfo` (`"17.5s"`)."""
    delay = _first(details, "retryDelay")
    return seconds_to_wait({"retry-after": delay.removesuffix("s")}) if delay else None
