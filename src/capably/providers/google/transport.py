"""Every private name of google-genai that we use, and nothing else of it.

google-genai has no public door for raw bytes: `should_return_http_response` still builds and walks the whole request
with pydantic, and raises for streams. The names below keep the SDK's authentication, retries, timeouts and errors, and
skip its models. `check_client` tells, before anything is sent, when an SDK version no longer has one of them. Each of
these accesses goes when googleapis/python-genai offers raw bodies in public.
"""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import msgspec

from capably.providers.credentials import guard_redirects
from capably.types.errors import CapablyError, ConfigurationError

NEEDED = (
    *("_build_request", "_request", "_request_once", "_async_request", "_async_request_once"),
    *("vertexai", "api_key"),
)
"""Attributes of `BaseApiClient` that are used here."""

VERSIONS = "google-genai>=3.4,<4"


def check_client(client: Any) -> Any:
    """The SDK's inner HTTP client of a `genai.Client` (or of its `.aio`).

    Private because: it holds the only methods that take a ready body. Raises `ConfigurationError`, naming the SDK
    version, when one of them is gone.
    """
    api = getattr(client, "_api_client", None)
    if api is None:
        raise _gone("Client._api_client")
    for name in NEEDED:
        if not hasattr(api, name):
            raise _gone(f"BaseApiClient.{name}")
    return api


def guard(api: Any, *, keyless: bool, http_client: Any) -> None:
    """Keeps credentials from hosts that they are not for: redirects to other origins, and a host that needs no key.

    `http_client` is the caller's own, whose redirects are the caller's. Private because: the SDK has no public door to
    its HTTP clients and headers. Where aiohttp sends, no redirect is followed, for it can be told no more.
    """
    if keyless:
        api._http_options.headers.pop("x-goog-api-key", None)
    for name in ("_httpx_client", "_async_httpx_client"):
        used = getattr(api, name, None)
        if used is not None and used is not http_client:
            guard_redirects(used)
    if hasattr(api, "_async_client_session_request_args"):
        api._async_client_session_request_args["allow_redirects"] = False


def send(api: Any, path: str, body: bytes, options: Any) -> tuple[bytes, dict[str, str]]:
    """The body and headers of an answer, fetched with the SDK's retries. Raises the SDK's own errors.

    Private because: the public `generate_content` builds pydantic models of the request and of the answer.
    """
    request = _request(api, path, body, options)
    kind = cast("Any", type(api))
    if kind.__name__ != "BaseApiClient":  # One of the caller's, which may send in its own way.
        response = api._request(request, options, stream=False)
    else:
        try:
            response = api._request_once(request, False)
        except Exception as error:
            response = kind._request(_Tried(api, error), request, options, stream=False)
    return _body_of(response), _headers_of(response)


async def send_async(api: Any, path: str, body: bytes, options: Any) -> tuple[bytes, dict[str, str]]:
    """The asynchronous twin of `send`."""
    request = _request(api, path, body, options)
    kind = cast("Any", type(api))
    if kind.__name__ != "BaseApiClient":
        response = await api._async_request(request, options, stream=False)
    else:
        own = {"implicit_retry": False} if options is not None and options.retry_options else {}
        try:
            response = await api._async_request_once(request, False, **own)
        except Exception as error:
            response = await kind._async_request(_Tried(api, error), request, options, stream=False)
    return _body_of(response), _headers_of(response)


class _Tried:
    """The SDK's inner client as its retries shall see it after a first attempt that failed: which counts as the first.

    Private because: its retries are one step with the sending, and cost more than all else that it does for a call.
    """

    def __init__(self, api: Any, error: Exception) -> None:
        self._api = api
        self._error: Exception | None = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def _request_once(self, *given: Any, **named: Any) -> Any:
        self._fail_first()
        return self._api._request_once(*given, **named)

    async def _async_request_once(self, *given: Any, **named: Any) -> Any:
        self._fail_first()
        return await self._api._async_request_once(*given, **named)

    def _fail_first(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error


def open_stream(api: Any, path: str, body: bytes, options: Any) -> tuple[Any, dict[str, str]]:
    """An open response of the HTTP client under the SDK, and its headers. Retries cover the opening.

    Private because: the public stream builds a pydantic model of each event, which costs 240 us instead of 5.
    """
    response = api._request(_request(api, path, body, options), options, stream=True)
    return _attribute(response, "response_stream"), _headers_of(response)


async def open_stream_async(api: Any, path: str, body: bytes, options: Any) -> tuple[Any, dict[str, str]]:
    """The asynchronous twin of `open_stream`."""
    response = await api._async_request(_request(api, path, body, options), options, stream=True)
    return _attribute(response, "response_stream"), _headers_of(response)


def bytes_of(response: Any) -> Iterator[bytes]:
    """Bytes of an open response as they come; of httpx2 or httpx, or of requests (Google's own credentials)."""
    return response.iter_bytes() if hasattr(response, "iter_bytes") else response.iter_content(chunk_size=None)


def bytes_of_async(response: Any) -> AsyncIterator[bytes]:
    """The asynchronous twin of `bytes_of`; of httpx2, httpx, or aiohttp, which the SDK prefers where it is there."""
    return response.aiter_bytes() if hasattr(response, "aiter_bytes") else response.content.iter_any()


async def close_async(response: Any) -> None:
    """Closes an open response; aiohttp closes without waiting."""
    if hasattr(response, "aclose"):
        await response.aclose()
    else:
        response.close()


def sdk_reply(body: bytes) -> Any:
    """A `types.GenerateContentResponse` for a body. Raises `CapablyError` where the SDK cannot read it.

    Private because: the public `model_validate` forbids every field that this SDK version does not know.
    """
    from google.genai import models, types

    convert: Any = getattr(models, "_GenerateContentResponse_from_mldev", None)
    build: Any = getattr(types.GenerateContentResponse, "_from_response", None)
    if convert is None or build is None:
        raise _gone("GenerateContentResponse._from_response")
    reply: Any = msgspec.json.decode(body)
    try:
        return build(response=convert(reply), kwargs={})
    except Exception as error:
        from capably.providers.google.raw import with_enums_in_words

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # The SDK warns of each word that it does not know.
                return build(response=convert(with_enums_in_words(reply)), kwargs={})
        except Exception:
            kind = type(error).__name__
            raise CapablyError(
                f"google-genai cannot build its object for this reply ({kind}: {error}). Its JSON is in `body`."
            ) from error


def _request(api: Any, path: str, body: bytes, options: Any) -> Any:
    """The SDK's request, with our bytes in it.

    Private because: only `_build_request` knows address, key, project and headers. It takes a dict, and the step after
    it takes bytes as they are, except with Google Cloud credentials, where a dict is needed once more.
    """
    request = api._build_request("post", path, {}, options)
    if not hasattr(request, "data"):
        raise _gone("HttpRequest.data")
    request.data = msgspec.json.decode(body) if api.vertexai and not api.api_key else body
    return request


def _body_of(response: Any) -> bytes:
    chunks: Any = _attribute(response, "response_stream")
    return (chunks[0] or "").encode() if chunks else b""


def _headers_of(response: Any) -> dict[str, str]:
    headers: Any = _attribute(response, "headers")
    return {name.lower(): value for name, value in headers.items()}


def _attribute(response: Any, name: str) -> Any:
    if not hasattr(response, name):
        raise _gone(f"HttpResponse.{name}")
    return getattr(response, name)


def _gone(name: str) -> ConfigurationError:
    from google.genai import version

    return ConfigurationError(
        f"google-genai {version.__version__} no longer has {name}, which capably needs. "
        f'Install a version that was tested: pip install "{VERSIONS}"'
    )
