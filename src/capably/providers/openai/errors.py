"""Failures of OpenAI and compatible hosts -> our errors.

Failures come as exceptions of the SDK, as bare transport errors in the middle of a stream, and as JSON inside an answer
whose status says 200.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from capably.http import Answer
from capably.http.errors import class_of_exception, transport_error
from capably.providers.errors import Code, class_of_status, failure, seconds_to_wait, status_error, words_of
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
    import openai

    from capably.types.json_types import Json

BY_WORD: dict[str, type[ProviderError]] = {
    "api_error": ServerError,
    "authentication_error": AuthenticationError,
    "bio_policy": BadRequestError,
    "context_length_exceeded": BadRequestError,
    "data_residency_mismatch": BadRequestError,
    "empty_image_file": BadRequestError,
    "failed_to_download_image": BadRequestError,
    "image_content_policy_violation": BadRequestError,
    "image_file_not_found": BadRequestError,
    "image_file_too_large": BadRequestError,
    "image_parse_error": BadRequestError,
    "image_too_large": BadRequestError,
    "image_too_small": BadRequestError,
    "insufficient_quota": RateLimitError,
    "invalid_api_key": AuthenticationError,
    "invalid_base64_image": BadRequestError,
    "invalid_image": BadRequestError,
    "invalid_image_format": BadRequestError,
    "invalid_image_mode": BadRequestError,
    "invalid_image_url": BadRequestError,
    "invalid_prompt": BadRequestError,
    "invalid_request_error": BadRequestError,
    "misalignment_policy_violation": BadRequestError,
    "model_not_found": NotFoundError,
    "not_found_error": NotFoundError,
    "overloaded": OverloadedError,
    "overloaded_error": OverloadedError,
    "permission_error": PermissionDeniedError,
    "rate_limit_error": RateLimitError,
    "rate_limit_exceeded": RateLimitError,
    "requests": RateLimitError,
    "server_error": ServerError,
    "server_is_overloaded": OverloadedError,
    "service_unavailable": OverloadedError,
    "slow_down": OverloadedError,
    "timeout": TimedOutError,
    "tokens": RateLimitError,
    "tool_use_failed": BadRequestError,
    "unsupported_image_media_type": BadRequestError,
    "vector_store_timeout": TimedOutError,
}
"""Codes and types of errors that come inside an answer, where no status tells their class."""


def failure_of(answer: Answer, url: str, provider: str, model: str, request_id: str | None) -> ProviderError:
    """Return the error of an answer whose status is not 2xx."""
    return status_error(answer, url, provider, model, _read_code, request_id)


def _read_code(error: Mapping[str, Json]) -> Code:
    return Code(next(iter(_codes(error)), None))


def _codes(error: Json | Mapping[str, Json]) -> Sequence[str]:
    """Return the code and the type of an error, as far as it has them: the code first."""
    fields = error if isinstance(error, Mapping) else {}
    return [str(fields[key]) for key in ("code", "type") if fields.get(key) not in (None, "")]


def in_band(error: Json, provider: str, *, body: object = None, request_id: str | None = None) -> ProviderError:
    """Return our error for an error that a response or a stream contains as JSON."""
    words = _codes(error)
    status = int(words[0]) if words and words[0].isdigit() else None
    kind = class_of_status(status) if status else next((BY_WORD[w] for w in words if w in BY_WORD), ServerError)
    code = words[0] if words else None
    message = words_of(error) or "the provider reported an error and did not say which"
    reported = error if body is None else body
    return failure(kind, message, provider, status=status, code=code, request_id=request_id, body=reported)


def other_error(body: Mapping[str, Json], answer: str) -> Json:
    """Return a body that is an error though it has no `error`, as of vLLM and of gateways: it lacks the field of the `answer`, and
    has a message. `None` for any other."""
    return dict(body) if answer not in body and (body.get("object") == "error" or words_of(dict(body))) else None


def wrong_shape(what: str, provider: str, body: object, error: Exception) -> ProviderError:
    """Return the error for a reply of an unexpected shape; `error` was raised by reading it."""
    why = f"no {error} in it" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
    return malformed_reply(f"the answer is not shaped like a {what} ({why})", provider, body)


def malformed_reply(why: str, provider: str, body: object, request_id: str | None = None) -> ProviderError:
    """Return the error for a reply that cannot be read. It carries the body."""
    return failure(ServerError, why, provider, request_id=request_id, body=body)


def translate(error: Exception, provider: str = "openai") -> CapablyError:
    """Return our error for an exception of the SDK or its transport. Raise it `from error`."""
    import openai

    if isinstance(error, CapablyError):
        return error
    if isinstance(error, openai.APIStatusError):
        return _status_error(error, provider)
    if kind := class_of_exception(error):
        return transport_error(kind, error, provider)
    if isinstance(error, openai.APIError):
        reported = error.body or {"message": error.message, "code": error.code, "type": error.type}
        return in_band(cast("Json", reported), provider)
    if isinstance(error, openai.OpenAIError):
        return ConfigurationError(str(error))
    return transport_error(ProviderError, error, provider)


def _status_error(error: openai.APIStatusError, provider: str) -> ProviderError:
    body, status, headers = cast("Json", error.body), int(error.status_code), error.response.headers
    code = next(iter(_codes(body)), None)
    request_id = error.request_id or headers.get("x-request-id") or headers.get("apim-request-id")
    message = words_of(body) or str(error.message) or f"status {status}"
    kind, wait = class_of_status(status), seconds_to_wait(headers)
    return failure(
        kind, message, provider, status=status, code=code, request_id=request_id, retry_after=wait, body=body
    )
