"""Errors of every status, shape and media type, with the provider's words: the same for each wire format, way and library."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from support.loopback import Canned, Loopback
from support.questions import EACH, EACH_STREAM, LIBRARIES, MODELS, WAYS, answered, ask, model_at
from support.raw_http import Lines
from support.sample import pairwise

from capably import llm

STATUSES: dict[int, type[llm.ProviderError]] = {
    400: llm.BadRequestError,
    401: llm.AuthenticationError,
    402: llm.BadRequestError,
    403: llm.PermissionDeniedError,
    404: llm.NotFoundError,
    408: llm.TimedOutError,
    409: llm.BadRequestError,
    413: llm.BadRequestError,
    418: llm.BadRequestError,
    422: llm.BadRequestError,
    429: llm.RateLimitError,
    500: llm.ServerError,
    502: llm.ServerError,
    503: llm.OverloadedError,
    504: llm.TimedOutError,
    529: llm.OverloadedError,
}
ERRORS: dict[str, Any] = {
    "anthropic": {"type": "error", "error": {"type": "a_code", "message": "The provider's words."}},
    "openai": {"error": {"message": "The provider's words.", "type": "a_type", "code": "a_code", "param": None}},
    "google": {"error": {"code": 400, "message": "The provider's words.", "status": "a_code"}},
    "groq": {"error": {"message": "The provider's words.", "type": "a_type", "code": "a_code"}},
}
REQUEST_ID = {
    "anthropic": "request-id",
    "openai": "x-request-id",
    "google": "x-goog-request-id",
    "groq": "x-request-id",
}


def error_of(server: Any, provider: str, way: str, library: str) -> llm.ProviderError:
    with pytest.raises(llm.ProviderError) as raised:
        ask(model_at(provider, server.url, library), way)
    return raised.value


@EACH
def test_a_status_is_an_error_of_its_class(provider: str, way: str, library: str) -> None:
    headers = {REQUEST_ID[provider]: "req_9", "retry-after": "7"}
    with Loopback([Canned(ERRORS[provider], status=status, headers=headers) for status in STATUSES]) as server:
        for status, kind in STATUSES.items():
            error = error_of(server, provider, way, library)
            assert type(error) is kind
            assert str(error).startswith("The provider's words. ")
            assert (error.provider, error.status_code, error.code) == (provider, status, "a_code")
            assert (error.request_id, error.retry_after, error.body) == ("req_9", 7.0, ERRORS[provider])
            assert f"[{provider}, {status}, a_code, request req_9]" in str(error)


SHAPES: dict[str, tuple[Any, str]] = {
    "text": ({"error": "Words."}, "Words."),
    "flat": ({"message": "Words.", "code": "1500"}, "Words."),
    "details": ({"detail": [{"msg": "A"}, {"msg": "B"}]}, "A; B"),
    "a detail": ({"detail": "Words."}, "Words."),
    "a list": ([{"error": {"message": "Words."}}], "Words."),
    "upstream": (
        {"error": {"message": "Provider returned error", "metadata": {"raw": "it is down"}}},
        "Provider returned error: it is down",
    ),
    "JSON in JSON": ({"error": {"message": '{"error": {"message": "Words."}}'}}, "Words."),
    "plain text": ("Words.", "Words."),
    "a title": (
        "<html><head><title>\n 502 Bad&nbsp;Gateway </title></head><body>nginx</body></html>",
        "502 Bad Gateway",
    ),
    "a page": ("<!DOCTYPE html><p>no", "Bad Gateway"),
    "nothing": (b"", "Bad Gateway"),
    "no words": ({}, "Bad Gateway"),
    "null": (b"null", "Bad Gateway"),
    "a number": (b"5", "Bad Gateway"),
    "cut JSON": (b'{"error": {"mess', '{"error": {"mess'),
    "no UTF-8": (b"\xff\xfe Words.", " Words."),
}
MEDIA = ("application/json", "text/plain; charset=utf-8", "text/html", "text/event-stream", "nonsense")


@pytest.mark.parametrize(
    ("provider", "shape", "media", "way", "library"), pairwise(MODELS, SHAPES, MEDIA, WAYS, LIBRARIES)
)
def test_the_words_of_an_error_are_read_in_any_shape(
    provider: str, shape: str, media: str, way: str, library: str
) -> None:
    body, words = SHAPES[shape]
    with Loopback([Canned(body, status=502, headers={"content-type": media})]) as server:
        error = error_of(server, provider, way, library)
    assert type(error) is llm.ServerError
    assert words in str(error) and str(error).endswith(f"[{provider}, 502{f', {error.code}' if error.code else ''}]")
    assert "<" not in str(error)


@pytest.mark.parametrize(("provider", "way", "library"), pairwise(MODELS, WAYS, LIBRARIES))
def test_a_long_page_is_shortened_in_the_message_alone(provider: str, way: str, library: str) -> None:
    with Loopback([Canned("word " * 10_000, status=500)]) as server:
        error = error_of(server, provider, way, library)
    assert len(str(error)) < 700 and len(error.body) > 40_000


@EACH
def test_where_nothing_is_the_path_and_the_model_are_named(provider: str, way: str, library: str) -> None:
    with Loopback([Canned(b"Not Found", status=404)]) as server:
        with pytest.raises(llm.NotFoundError) as raised:
            ask(model_at(provider, f"{server.url}/wrong", library, query={"key": "secret"}), way)
        (sent,) = server.requests
    path = sent.path.partition("?")[0]
    assert path.startswith("/wrong/")
    assert f"asked {path} for the model {MODELS[provider].partition('/')[2]!r}" in str(raised.value)
    assert "secret" not in str(raised.value)


@EACH
def test_a_compressed_error_is_read(provider: str, way: str, library: str) -> None:
    body = gzip.compress(b'{"error": {"message": "Packed words."}}')
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    with Loopback([Canned(body, status=400, headers=headers)]) as server:
        assert "Packed words." in str(error_of(server, provider, way, library))


@EACH
def test_a_server_that_is_not_there_is_a_failed_connection(provider: str, way: str, library: str) -> None:
    with Loopback([]) as server:
        url = server.url
    with pytest.raises(llm.ConnectionFailedError, match=rf"(?i)connect.*\[{provider}\]") as raised:
        ask(model_at(provider, url, library), way)
    assert raised.value.__cause__ is not None


NO_REPLIES = {"HTML": b"<html>", "cut JSON": b'{"id": "x"', "an empty object": b"{}", "nothing": b"", "text": b"hello"}


@pytest.mark.parametrize(
    ("provider", "name", "way", "library"), pairwise(MODELS, NO_REPLIES, ("call", "call_async"), LIBRARIES)
)
def test_an_answer_that_makes_no_sense_keeps_its_request_id(provider: str, name: str, way: str, library: str) -> None:
    with Loopback([Canned(NO_REPLIES[name], headers={REQUEST_ID[provider]: "req_3"})]) as server:
        error = error_of(server, provider, way, library)
    assert type(error) is llm.ServerError
    assert error.request_id == "req_3"


@EACH_STREAM
def test_a_stream_that_is_no_stream_is_a_server_error(provider: str, way: str, library: str) -> None:
    for body in (b"<html>no</html>", b"data: {oops\n\n", b"", b"hello"):
        with Loopback([Canned(body, headers={"content-type": "text/event-stream"})]) as server:
            assert type(error_of(server, provider, way, library)) is llm.ServerError


@EACH_STREAM
def test_a_stream_that_ends_early_is_an_error(provider: str, way: str, library: str) -> None:
    def half(request: bytes) -> list[bytes]:
        head, _, body = answered(provider, request).partition(b"\r\n\r\n")
        status = head.partition(b"\r\n")[0]
        return [status + b"\r\nconnection: close\r\n\r\n" + body[: len(body) // 3]]

    with Lines(half, close=True) as server, pytest.raises(llm.ServerError):
        ask(model_at(provider, server.url, library), way, "question-1")


PACKED = gzip.compress(b"x" * 3_000_000)


@pytest.mark.parametrize(("provider", "way", "library"), pairwise(MODELS, WAYS, LIBRARIES))
def test_what_is_unpacked_has_a_limit(provider: str, way: str, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capably.http.MAX_BODY", 1_000_000)
    monkeypatch.setattr("capably.providers.sse.MAX_EVENT", 1_000_000)
    with Loopback([Canned(PACKED, headers={"content-encoding": "gzip"})]) as server:
        error = error_of(server, provider, way, library)
    assert type(error) is llm.ServerError and "1,000,000 bytes" in str(error)


CUT = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n"
UNREADABLE = b"HTTP/1.1 400 Bad Request\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nWhat"


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize(
    ("way", "library"),
    [("call", "httpx2"), ("call_async", "httpx2"), *pairwise(("stream", "stream_async"), LIBRARIES)],
)
def test_a_failure_whose_body_breaks_off_has_its_status_and_is_not_sent_again(
    provider: str, way: str, library: str
) -> None:
    body = b'{"error": {"message": "Not so."}}'
    for answer, words in ((CUT + body, "Not so."), (CUT, "Bad Request"), (UNREADABLE, "Bad Request")):
        with Lines(answer, close=True) as server:
            with pytest.raises(llm.BadRequestError, match=words) as raised:
                ask(model_at(provider, server.url, library, max_retries=2), way)
            assert raised.value.status_code == 400
            assert len(server.requests) == 1
