"""Every exception that an SDK, or the transport under it, knows becomes one of ours, and the same one with each provider."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from google.genai import errors as google_errors

from capably.providers.anthropic.errors import translate as of_anthropic
from capably.providers.google.errors import translate as of_google
from capably.providers.openai.errors import translate as of_openai
from capably.types import errors as e

TRANSLATE: dict[str, Callable[[Exception, str], Exception]] = {
    "anthropic": of_anthropic,
    "openai": of_openai,
    "google": of_google,
}
REQUEST = httpx2.Request("POST", "https://x.test")

BY_STATUS: dict[int, type[e.CapablyError]] = {
    400: e.BadRequestError,
    401: e.AuthenticationError,
    403: e.PermissionDeniedError,
    404: e.NotFoundError,
    408: e.TimedOutError,
    429: e.RateLimitError,
    500: e.ServerError,
    503: e.OverloadedError,
    504: e.TimedOutError,
}

TRANSPORT: list[tuple[type[Exception], type[e.CapablyError]]] = [
    (httpx2.ConnectTimeout, e.TimedOutError),
    (httpx2.ReadTimeout, e.TimedOutError),
    (httpx2.WriteTimeout, e.TimedOutError),
    (httpx2.PoolTimeout, e.TimedOutError),
    (httpx2.ConnectError, e.ConnectionFailedError),
    (httpx2.ReadError, e.ConnectionFailedError),
    (httpx2.WriteError, e.ConnectionFailedError),
    (httpx2.CloseError, e.ConnectionFailedError),
    (httpx2.ProxyError, e.ConnectionFailedError),
    (httpx2.UnsupportedProtocol, e.ConnectionFailedError),
    (httpx2.LocalProtocolError, e.ConnectionFailedError),
    (httpx2.RemoteProtocolError, e.ConnectionFailedError),
    (httpx2.DecodingError, e.ConnectionFailedError),
    (httpx2.TooManyRedirects, e.ServerError),
    (TimeoutError, e.TimedOutError),
    (ConnectionResetError, e.ConnectionFailedError),
    (BrokenPipeError, e.ConnectionFailedError),
]


def below(kind: type[Any]) -> Iterator[type[Any]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from below(inner)


def raised(kind: type[Any]) -> Exception | None:
    """An exception of this class, however it wants to be made."""
    code = getattr(kind, "status_code", None)
    response = httpx2.Response(code if isinstance(code, int) else 400, request=REQUEST)
    ways: tuple[Callable[[], Exception], ...] = (
        lambda: kind("m", response=response, body=None),
        lambda: kind(request=REQUEST),
        lambda: kind("m", request=REQUEST, body=None),
        lambda: kind(response=response, body=None),
        lambda: kind(400, {"error": {"message": "m"}}),
        lambda: kind("m"),
        lambda: kind(),
    )
    for make in ways:
        with contextlib.suppress(Exception):
            return make()
    return None


@pytest.mark.parametrize(
    ("provider", "root", "least"),
    [
        ("anthropic", anthropic.AnthropicError, 20),
        ("openai", openai.OpenAIError, 15),
        ("google", google_errors.APIError, 3),
        *((provider, httpx2.HTTPError, 15) for provider in TRANSLATE),
    ],
)
def test_every_exception_of_an_sdk_becomes_one_of_ours(provider: str, root: type[Any], least: int) -> None:
    made = [error for kind in {*below(root)} if (error := raised(kind)) is not None]
    assert len(made) >= least
    foreign = [error for error in made if not isinstance(TRANSLATE[provider](error, provider), e.CapablyError)]
    assert not foreign


@pytest.mark.parametrize("provider", TRANSLATE)
@pytest.mark.parametrize(("theirs", "ours"), TRANSPORT, ids=lambda kind: kind.__name__)
def test_the_transport_fails_alike_under_every_sdk(
    provider: str, theirs: type[Exception], ours: type[e.CapablyError]
) -> None:
    assert type(TRANSLATE[provider](theirs("m"), provider)) is ours


@pytest.mark.parametrize("provider", TRANSLATE)
@pytest.mark.parametrize(("status", "ours"), BY_STATUS.items())
def test_a_status_means_the_same_at_every_provider(provider: str, status: int, ours: type[e.CapablyError]) -> None:
    response = httpx2.Response(status, request=REQUEST, json={})
    theirs: dict[str, Callable[[], Exception]] = {
        "anthropic": lambda: anthropic.Anthropic(api_key="k")._make_status_error("m", body={}, response=response),
        "openai": lambda: openai.OpenAI(api_key="k")._make_status_error("m", body={}, response=response),
        "google": lambda: google_errors.APIError(status, {}),
    }
    assert type(TRANSLATE[provider](theirs[provider](), provider)) is ours


@pytest.mark.parametrize("provider", TRANSLATE)
def test_an_error_of_ours_stays_what_it_is(provider: str) -> None:
    ours = e.ServerError("m", provider=provider)
    assert TRANSLATE[provider](ours, provider) is ours
