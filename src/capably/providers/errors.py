"""The errors of all providers in one form: class, message, seconds to wait."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

import msgspec

from capably.http import Answer
from capably.providers.json import load_json
from capably.providers.settings import without_credentials
from capably.types.errors import (
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    RateLimitError,
    ServerError,
    TimedOutError,
)

if TYPE_CHECKING:
    from capably.types.json_types import Json

MAX_TEXT = 100_000
"""Bytes of an error's body that are read where it is no JSON."""

MAX_WORDS = 500
"""Characters of such a body that stand in the message; all that was read is in `error.body`."""

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


def class_of_status(status: int) -> type[ProviderError]:
    """Return our error class for an HTTP status."""
    return BY_STATUS.get(status) or (BadRequestError if 400 <= status < 500 else ServerError)


def failure(
    kind: type[ProviderError],
    message: str,
    provider: str,
    *,
    status: int | None = None,
    code: str | None = None,
    request_id: str | None = None,
    retry_after: float | None = None,
    body: object = None,
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


class Code(NamedTuple):
    """What a vendor's error bodies say besides their words: the code, and the class where it is not that of the status."""

    code: str | None = None
    kind: type[ProviderError] | None = None
    retry_after: float | None = None
    request_id: str | None = None


def status_error(
    answer: Answer,
    url: str,
    provider: str,
    model: str,
    read: Callable[[Mapping[str, Json]], Code],
    request_id: str | None,
) -> ProviderError:
    """Return the error of an answer whose status is not 2xx: the provider's words, of a body of any shape.

    `read` reads what is the vendor's own in the part of the body that describes the error.
    """
    body = read_error_body(answer.body)
    code = read(error_part(body))
    kind = code.kind or class_of_status(answer.status)
    words = words_of(body) or _title(answer.body) or _phrase(answer.status)
    if 300 <= answer.status < 400:
        place = _place(url, answer.headers.get("location"))
        words = f"{words}: a redirect to {place}, which is not followed. Set base_url to it"
    elif answer.status == 404:
        words = f"{words} (asked {urlsplit(url).path} for the model {model!r})"
    wait = seconds_to_wait(answer.headers)
    return failure(
        kind,
        words,
        provider,
        status=answer.status,
        code=code.code,
        request_id=request_id or code.request_id,
        retry_after=code.retry_after if wait is None else wait,
        body=body,
    )


def _place(url: str, location: str | None) -> str:
    """Return where a redirect leads, without what may be secret in it."""
    try:
        return without_credentials(urljoin(url, location)) if location else "nowhere"
    except ValueError:
        return "what is no URL"


def read_error_body(body: bytes) -> Json:
    """Return the body of an error: its JSON if it is JSON, whatever its media type says, else its text; `None` if empty."""
    if not body.strip():
        return None
    try:
        return load_json(body)
    except msgspec.DecodeError:
        return body[:MAX_TEXT].decode("utf-8", "replace")


def error_part(body: Json) -> Mapping[str, Json]:
    """Return the object in an error body that describes the error: `{"error": {...}}`, its inside, or the first of a list."""
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return {}
    inside = body.get("error")
    return inside if isinstance(inside, dict) else body


def words_of(body: Json) -> str:
    """Return the provider's message in an error body of any shape; empty if there is none, or if it is a page of HTML."""
    if isinstance(body, str):
        text = body.strip()
        if text.startswith("{"):
            inner = read_error_body(text.encode("utf-8", "replace"))
            return words_of(inner) if isinstance(inner, dict) and words_of(inner) else text
        return "" if text[:1] == "<" else text[:MAX_WORDS]
    if isinstance(body, list):
        return "; ".join(filter(None, map(words_of, body)))
    if not isinstance(body, dict):
        return ""
    words = next(filter(None, (words_of(body.get(key)) for key in ("message", "msg", "detail", "error"))), "")
    upstream = body.get("metadata")
    raw = words_of(upstream.get("raw")) if isinstance(upstream, dict) else ""
    return f"{words}: {raw}" if words and raw and raw != words else words or raw


def _title(body: bytes) -> str:
    match = re.search(rb"<title[^>]*>([^<]{1,300})", body[:MAX_TEXT], re.IGNORECASE)
    import html

    return " ".join(html.unescape(match[1].decode("utf-8", "replace")).split()) if match else ""


def _phrase(status: int) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no message"


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of `retry-after-ms`, or of `retry-after` in seconds or as a date."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) / scale
        except (KeyError, ValueError):
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    date = headers.get("retry-after")
    if not date:
        return None
    from email.utils import parsedate_to_datetime  # Loading it takes as long as a call.

    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=datetime.UTC)
    return max(0.0, (then - datetime.datetime.now(datetime.UTC)).total_seconds())
