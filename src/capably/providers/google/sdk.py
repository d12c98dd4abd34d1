"""Clients of google-genai: the caller's own, and those for Google Cloud, which find its credentials.

google-genai has no public door for raw bytes: `should_return_http_response` still builds and walks the complete request with
pydantic, and raises for streams. So this module uses private names of it, and no other does. `check_client` tells, before
anything is sent, when an SDK version no longer has one of them.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypedDict, cast

import msgspec

from capably.http import Answer, Reply
from capably.providers.credentials import named_key, named_token
from capably.providers.google.content import model_of
from capably.providers.google.errors import translate
from capably.providers.google.raw import with_enums_in_words
from capably.providers.handles import Handle
from capably.providers.http_adapter import HttpAdapter, Post
from capably.providers.json import load_body
from capably.providers.sdk import refuse_functions
from capably.providers.settings import Settings
from capably.types.errors import CapablyError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Protocol

    from google.genai.types import GenerateContentResponse

    from capably.types.json_types import Json

    class HttpRequest(Protocol):
        """What is used of the SDK's class of this name."""

        data: object

    class HttpResponse(Protocol):
        """What is used of the SDK's class of this name. The stream is a list of texts where the answer was read."""

        headers: Mapping[str, str]
        response_stream: object

    class Send(Protocol):
        def __call__(self, request: HttpRequest, options: object, /, *, stream: bool) -> HttpResponse: ...

    class SendAsync(Protocol):
        async def __call__(self, request: HttpRequest, options: object, /, *, stream: bool) -> HttpResponse: ...

    class Stream(Protocol):
        """An open answer of the HTTP client under the SDK, which has one of the four ways to read it."""

        content: AiohttpContent

        def iter_bytes(self) -> Iterator[bytes]: ...
        def iter_content(self, chunk_size: None) -> Iterator[bytes]: ...
        def aiter_bytes(self) -> AsyncIterator[bytes]: ...
        def close(self) -> None: ...
        async def aclose(self) -> None: ...

    class AiohttpContent(Protocol):
        def iter_any(self) -> AsyncIterator[bytes]: ...


class Api(NamedTuple):
    """What is used of the SDK's `BaseApiClient`."""

    build_request: Callable[[str, str, Mapping[str, object], object], HttpRequest]
    request: Send
    async_request: SendAsync
    is_cloud: bool | None
    api_key: str | None


NEEDED = ("_build_request", "_request", "_async_request", "vertexai", "api_key")
"""The names of these attributes there."""


class HttpOptions(TypedDict, total=False):
    """What is set of the SDK's options of this name."""

    base_url: str
    api_version: str
    headers: dict[str, str]
    timeout: int
    retry_options: Mapping[str, int]
    httpx_client: object
    httpx_async_client: object


VERSIONS = "google-genai>=3.4,<4"

TIMEOUT = 600.0
"""Seconds; google-genai has none of its own."""

RETRIES = 2
"""google-genai retries nothing by default."""

SHORTEST_DEADLINE = 10
"""Seconds. The SDK tells Google our timeout, and Google answers 400 to less: "Manually set deadline 5s is too short.
Minimum allowed deadline is 10s." The client still gives up on time."""


def import_sdk() -> ModuleType:
    """Return `google.genai`. Raise `ConfigurationError` if it is not installed."""
    try:
        from google import genai
    except ImportError as error:
        raise ConfigurationError(
            f'google-genai could not be imported ({error}). Install it: pip install "capably[google]"'
        ) from error
    return genai


def check_client(client: object) -> Api:
    """Return what is used of the inner HTTP client of a `genai.Client` (or of its `.aio`).

    Private because: it holds the only methods that take a ready body. Raises `ConfigurationError`, naming the SDK
    version, when one of them is gone.
    """
    api: object = getattr(client, "_api_client", None)
    if api is None:
        raise _missing("Client._api_client")
    for name in NEEDED:
        if not hasattr(api, name):
            raise _missing(f"BaseApiClient.{name}")
    return Api(*[getattr(api, name) for name in NEEDED])


def client_of(handle: Handle) -> object:
    """Return the SDK's client for a handle, made once. It serves sync and async alike."""
    return handle.sdk_clients.get("google", lambda: _build(handle.settings), per_loop=False)


def _build(settings: Settings) -> object:
    refuse_functions(settings)
    if settings.query:
        raise ConfigurationError(
            f"query= of {settings.provider} cannot be sent: requests go by google-genai, whose client has no fields of the URL"
        )
    key = settings.api_key if isinstance(settings.api_key, str) else None
    options = _options(
        timeout=TIMEOUT if settings.timeout is None else settings.timeout.silence,
        max_retries=RETRIES if settings.max_retries is None else settings.max_retries,
    )
    address = settings.base_url or settings.variable("base_url")
    if address:
        options["base_url"] = address
    if settings.headers:
        options["headers"] = {**options.get("headers", {}), **settings.headers}
    if settings.http_client is not None:
        options["httpx_client"] = settings.http_client
    if settings.async_http_client is not None:
        options["httpx_async_client"] = settings.async_http_client
    try:
        place = _place_of(settings) if settings.entry["cloud"] == "vertex" else {}
        return import_sdk().Client(api_key=named_key(settings) if key else None, http_options=options, **place)
    except Exception as error:
        raise ConfigurationError(f'google-genai could not set up "{settings.provider}": {error}') from error


def _place_of(settings: Settings) -> dict[str, object]:
    """Return the arguments for Vertex AI: a key, else a project, which the client would ignore next to `base_url`."""
    if settings.api_key:
        return {"vertexai": True}
    named: dict[str, object] = {name: settings.value(name) for name in ("project", "location")}
    token = named_token(settings)
    if token is not None:
        from google.oauth2.credentials import Credentials

        named["credentials"] = Credentials(token)
    return {"vertexai": True, **{name: value for name, value in named.items() if value}}


async def fetch(api: object, post: Post, adapter: HttpAdapter) -> Answer:
    """Send a request with the SDK's retries and return the answer."""
    response = await _sent(cast("Api", api), post, adapter)
    pieces = cast("list[str | None]", response.response_stream)
    return Answer(200, _headers_of(response), (pieces[0] or "").encode() if pieces else b"")


async def open_stream(api: object, post: Post, adapter: HttpAdapter) -> Reply:
    """Send a request for a stream and return the open answer. Retries cover the opening."""
    response = await _sent(cast("Api", api), post, adapter)
    kind = SdkReply if post.sync else AsyncSdkReply
    return kind(cast("Stream", response.response_stream), _headers_of(response), adapter)


async def _sent(api: Api, post: Post, adapter: HttpAdapter) -> HttpResponse:
    """Return the SDK's response to a request of ours.

    Private because: the public methods build pydantic models of the request and of the answer. Only `_build_request` knows
    address, key, project and headers. It takes a dict, and the step after it takes bytes as they are, except with Google
    Cloud credentials, where a dict is needed once more.
    """
    options = _request_options(post, adapter.settings, api)
    chosen = import_sdk().types.HttpOptions(**options) if options else None
    try:
        request = api.build_request("post", _path(post, adapter, api), {}, chosen)
        if not hasattr(request, "data"):
            raise _missing("HttpRequest.data")
        request.data = msgspec.json.decode(post.body) if api.is_cloud and not api.api_key else post.body
        if post.sync:
            response = api.request(request, chosen, stream=post.stream)
        else:
            response = await api.async_request(request, chosen, stream=post.stream)
    except Exception as error:
        raise translate(error, adapter.provider) from error
    for name in ("response_stream", "headers"):
        if not hasattr(response, name):
            raise _missing(f"HttpResponse.{name}")
    return response


class SdkReply:
    """An open answer of the HTTP client under the SDK: of httpx2 or httpx, or of requests (Google's own credentials).

    It holds the adapter: google-genai closes all connections of a client that is garbage collected.
    """

    status = 200

    def __init__(self, response: Stream, headers: Mapping[str, str], adapter: HttpAdapter) -> None:
        self._response = response
        self._adapter = adapter
        self._pieces: Iterator[bytes] = (
            response.iter_bytes() if hasattr(response, "iter_bytes") else response.iter_content(chunk_size=None)
        )
        self.headers = headers

    async def piece(self) -> bytes:
        return self.read()

    def read(self) -> bytes:
        return next(self._pieces, b"")

    async def finish(self) -> None:
        await self.close()

    async def close(self) -> None:
        self._response.close()


class AsyncSdkReply:
    """The asynchronous twin of `SdkReply`; of httpx2, httpx, or aiohttp, which the SDK prefers where it is there."""

    status = 200

    def __init__(self, response: Stream, headers: Mapping[str, str], adapter: HttpAdapter) -> None:
        self._response = response
        self._adapter = adapter
        self._pieces: AsyncIterator[bytes] = (
            response.aiter_bytes() if hasattr(response, "aiter_bytes") else response.content.iter_any()
        )
        self.headers = headers

    async def piece(self) -> bytes:
        return await anext(self._pieces, b"")

    async def finish(self) -> None:
        await self.close()

    async def close(self) -> None:
        if hasattr(self._response, "aclose"):
            await self._response.aclose()
        else:
            self._response.close()


def sdk_reply(body: bytes) -> GenerateContentResponse:
    """Return a `types.GenerateContentResponse` for a body. Raises `CapablyError` where the SDK cannot read it.

    Private because: the public `model_validate` forbids every field that this SDK version does not know.
    """
    import_sdk()
    from google.genai import models, types

    convert: Callable[[Json], object] | None = getattr(models, "_GenerateContentResponse_from_mldev", None)
    build: Callable[..., GenerateContentResponse] | None = getattr(
        types.GenerateContentResponse, "_from_response", None
    )
    if convert is None or build is None:
        raise _missing("GenerateContentResponse._from_response")
    reply = load_body(body)
    try:
        return build(response=convert(reply), kwargs={})
    except Exception as error:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # The SDK warns of each word that it does not know.
                return build(response=convert(with_enums_in_words(reply)), kwargs={})
        except Exception:
            kind = type(error).__name__
            raise CapablyError(
                f"google-genai cannot build its object for this reply ({kind}: {error}). Its JSON is in `body`."
            ) from error


def _path(post: Post, adapter: HttpAdapter, api: Api) -> str:
    """Return the path as the SDK wants it: without the version, and at Google Cloud with the model's publisher."""
    path = adapter.path(post).split("/", 2)[2]
    own = not model_of(post.request).startswith(("models/", "tunedModels/", "projects/", "publishers/"))
    return f"publishers/google/{path}" if api.is_cloud and own else path


def _request_options(post: Post, settings: Settings, api: Api) -> HttpOptions:
    """Return the `HttpOptions` that differ from the client's own; empty if none do.

    `max_retries=N` means N + 1 attempts. A client that the caller built keeps its settings, unless ours say otherwise.
    """
    request = post.request
    given = settings.client is not None or settings.async_client is not None
    timeout = request.timeout or (settings.timeout if given else None)
    retries = settings.max_retries if request.max_retries is None and given else request.max_retries
    options = _options(timeout=timeout.silence if timeout else None, max_retries=retries)
    if request.info and request.info.api_version and not api.is_cloud:
        options["api_version"] = request.info.api_version
    if request.headers:
        options["headers"] = {**options.get("headers", {}), **request.headers}
    return options


def _options(*, timeout: float | None, max_retries: int | None) -> HttpOptions:
    options: HttpOptions = {}
    if timeout is not None:
        options["timeout"] = math.ceil(timeout * 1000)
        if timeout < SHORTEST_DEADLINE:
            options["headers"] = {"X-Server-Timeout": str(SHORTEST_DEADLINE)}
    if max_retries is not None:
        options["retry_options"] = {"attempts": max(0, max_retries) + 1}
    return options


def _headers_of(response: HttpResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _missing(name: str) -> ConfigurationError:
    from google.genai import version

    return ConfigurationError(
        f"google-genai {version.__version__} no longer has {name}, which capably needs. "
        f'Install a version that was tested: pip install "{VERSIONS}"'
    )
