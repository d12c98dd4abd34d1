"""Anthropic's errors, as exceptions of its SDK or as JSON in a reply or stream, to ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from capably.http import Answer
from capably.http.errors import class_of_exception, transport_error
from capably.providers.errors import Code, class_of_status, failure, seconds_to_wait, status_error, words_of
from capably.providers.json import body_of, text_of
from capably.types.errors import (
    AuthenticationError,
    BadRequestError,
    CapablyError,
    ConfigurationError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    RateLimitError,
    ServerError,
    TimedOutError,
)

if TYPE_CHECKING:
    from anthropic import APIStatusError

    from capably.types.json_types import Json, JsonObject

BY_TYPE: Mapping[str, type[ProviderError]] = {
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
"""`error.type` -> class, where an error comes with status 200 (in a reply, or in mid-stream)."""


def error_from_body(body: JsonObject, *, provider: str) -> ProviderError:
    """Return the error that `{"type": "error", "error": {...}}` reports in a reply or a stream."""
    inside = body.get("error")
    error: Mapping[str, Json] = inside if isinstance(inside, dict) else {}
    return failure(
        BY_TYPE.get(text_of(error, "type") or "", ServerError),
        words_of(body) or body_of(body)[1].decode(),
        provider,
        code=_error_code(error),
        request_id=text_of(body, "request_id"),
        body=body,
    )


def failure_of(answer: Answer, url: str, provider: str, model: str, request_id: str | None) -> ProviderError:
    """Return the error of an answer whose status is not 2xx."""
    return status_error(answer, url, provider, model, _read_code, request_id)


def _read_code(error: Mapping[str, Json]) -> Code:
    return Code(_error_code(error))


def translate(error: Exception, provider: str = "anthropic") -> CapablyError:
    """Return our error for an exception of the SDK or its HTTP client."""
    import anthropic

    if isinstance(error, CapablyError):
        return error
    if isinstance(error, anthropic.APIStatusError):
        return _from_status(error, provider)
    if kind := class_of_exception(error):
        return transport_error(kind, error, provider)
    if isinstance(error, anthropic.CredentialsError) or "authentication method" in str(error):
        return ConfigurationError(f"{provider}: {error}")
    return transport_error(ProviderError, error, provider)


def _from_status(error: APIStatusError, provider: str) -> ProviderError:
    """Return our error for an answer of the SDK. In mid-stream its status is 200, so the body's type decides."""
    status = error.status_code if error.status_code >= 400 else None
    kind = error.type if isinstance(error.type, str) else ""
    return failure(
        class_of_status(status) if status else BY_TYPE.get(kind, ServerError),
        error.api_message or error.response.reason_phrase or error.message,
        provider,
        status=status,
        code=error.error_code or kind or None,
        request_id=error.request_id,
        retry_after=seconds_to_wait(error.response.headers),
        body=error.body,
    )


def _error_code(error: Mapping[str, Json]) -> str | None:
    """Return the code of an error, or else its type."""
    details = error.get("details")
    return (text_of(details, "error_code") if isinstance(details, dict) else None) or text_of(error, "type")
