"""Failures of google-genai, of the HTTP client under it, and those inside a reply -> our errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from capably.http import Answer
from capably.http.errors import class_of_exception, transport_error
from capably.providers.errors import Code, class_of_status, failure, seconds_to_wait, status_error
from capably.types.errors import AuthenticationError, CapablyError, ConfigurationError, ProviderError, ServerError

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

    def read(error: Mapping[str, Any]) -> Code:
        details = _details(error)
        word = error.get("status")
        return Code(
            word if isinstance(word, str) else None,
            _class_of(answer.status, details, error.get("message")),
            _delay(details),
            _first(details, "requestId"),
        )

    return status_error(answer, url, provider, model, read, request_id)


def translate(error: Exception, provider: str = "google") -> CapablyError:
    """Return our error for an exception of the SDK or its transport. Raise it `from error`."""
    if isinstance(error, CapablyError):
        return error
    found: Any = error
    if hasattr(error, "details") and isinstance(getattr(error, "code", None), int):
        return error_of(found.details, found.code, _headers_of(found), provider)
    if kind := class_of_exception(error):
        return transport_error(kind, error, provider)
    return ConfigurationError(f"google-genai refused the call: {str(error) or type(error).__name__}")


def error_of(
    body: Any, status: int | None = None, headers: Mapping[str, str] | None = None, provider: str = "google"
) -> ProviderError:
    """Return our error for an error body: `{"error": {...}}`, its inside, or a list that holds one of them."""
    inside = _inside(body)
    details = _details(inside)
    word = inside.get("status")
    code = word if isinstance(word, str) else None
    status = status or _number(inside.get("code")) or BY_WORD.get(code or "", 500)
    words = inside.get("message")
    headers = {name.lower(): value for name, value in headers.items()} if headers else {}
    return failure(
        _class_of(status, details, words),
        words or "no message",
        provider,
        status=status,
        code=code,
        request_id=request_id_of(headers) or _first(details, "requestId"),
        retry_after=_retry_after(headers, details),
        body=body,
    )


def malformed(why: str, body: Any, provider: str = "google") -> ProviderError:
    """Return the error for a reply that cannot be read."""
    return failure(ServerError, f"The reply makes no sense: {why}", provider, body=body)


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the request id from headers with lower-case names; Google's own hosts send none."""
    return headers.get("x-goog-request-id") or headers.get("x-request-id")


def _class_of(status: int, details: Sequence[Mapping[str, Any]], words: object) -> type[ProviderError]:
    if status == 400 and (
        any(detail.get("reason") in KEY_REASONS for detail in details)
        or (isinstance(words, str) and words.startswith("API key not valid"))
    ):
        return AuthenticationError
    return class_of_status(status)


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
    wait = seconds_to_wait(headers)
    return _delay(details) if wait is None else wait


def _delay(details: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the seconds of `google.rpc.RetryInfo` (`"17.5s"`)."""
    delay = _first(details, "retryDelay")
    return seconds_to_wait({"retry-after": delay.removesuffix("s")}) if isinstance(delay, str) else None


def _details(error: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [cast("Mapping[str, Any]", one) for one in _sequence(error.get("details")) if isinstance(one, Mapping)]
