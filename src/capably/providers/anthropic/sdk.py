"""Clients of the `anthropic` SDK: the caller's own, those of the clouds, and those with Anthropic's other credentials.

They sign requests, know where to send them, and retry; at Bedrock they decode its event streams.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, cast

import msgspec

from capably.http import Answer, Reply
from capably.http.over_httpx2 import Httpx2Reply
from capably.http.over_httpx2_async import AsyncHttpx2Reply
from capably.providers.anthropic.errors import translate
from capably.providers.credentials import named_key, named_token
from capably.providers.handles import Handle
from capably.providers.http_adapter import HttpAdapter, Post
from capably.providers.json import as_object, load_body
from capably.providers.sdk import refuse_functions, sdk_options
from capably.providers.settings import Settings
from capably.types.errors import ConfigurationError
from capably.types.timeout import DEFAULT

if TYPE_CHECKING:
    import anthropic
    import httpx2

    class SdkClient(Protocol):
        """What is used of each of the SDK's clients."""

        def post(self, path: str, **options: object) -> httpx2.Response | Awaitable[httpx2.Response]: ...


AWS_EVENTS = "application/vnd.amazon.eventstream"

NEEDS: Mapping[str, tuple[str, ...]] = {"bedrock": ("boto3", "botocore"), "vertex": ("google.auth",)}
"""The cloud, which is also the extra to install -> the modules that its client imports."""


def check_sdk() -> None:
    """Raise `ConfigurationError` if `anthropic` is not installed."""
    try:
        import anthropic as anthropic
    except ImportError as error:
        raise ConfigurationError('The anthropic SDK is not installed: pip install "capably[anthropic]"') from error


def sdk_reply(body: bytes) -> object:
    """Return the body as `anthropic.types.Message`, built without validation like the SDK's own."""
    check_sdk()
    from anthropic.types import Message

    return cast("Callable[..., object]", Message.construct)(**as_object(load_body(body), "body"))


def client_of(handle: Handle, *, sync: bool) -> object:
    """Return the SDK's client for a handle, made once, or once for each event loop."""
    name, build = ("anthropic", _build) if sync else ("async anthropic", _build_async)
    return handle.sdk_clients.get(name, lambda: build(handle.settings), per_loop=not sync)


def has_other_credentials() -> bool:
    """Return whether the SDK finds a credential besides a key or a token: a profile, or a workload identity."""
    if find_spec("anthropic") is None:
        return False
    try:
        import anthropic

        return anthropic.Anthropic().credentials is not None
    except Exception as error:
        raise ConfigurationError(f"anthropic: {error}") from error


def _build(settings: Settings) -> object:
    return _built(settings, "", settings.http_client)


def _build_async(settings: Settings) -> object:
    return _built(settings, "Async", settings.async_http_client)


def _built(settings: Settings, kind: str, http_client: object) -> object:
    refuse_functions(settings)
    chosen: dict[str, object] = {
        "base_url": settings.base_url or settings.variable("base_url"),
        "http_client": http_client,
        "default_headers": settings.headers,
        "default_query": settings.query,
    }
    cloud = settings.entry["cloud"] or ""
    if cloud == "bedrock":
        chosen |= {"api_key": named_key(settings), "aws_region": settings.region, "aws_profile": settings.profile}
        if chosen["api_key"] is None:
            check_installed(cloud)
    elif cloud == "vertex":
        check_installed(cloud)
        token = named_key(settings) or named_token(settings)
        chosen |= {
            "access_token": token,
            "region": settings.location or settings.variable("claude.location"),
            "project_id": settings.project or settings.variable("claude.project"),
        }
    check_sdk()
    import anthropic

    try:
        build: Callable[..., object] = getattr(anthropic, f"{kind}Anthropic{cloud.capitalize()}")
        return build(**{name: value for name, value in chosen.items() if value is not None})
    except Exception as error:
        raise ConfigurationError(f"{settings.provider}: {error}") from error


def check_installed(cloud: str) -> None:
    """Raise `ConfigurationError`, naming the extra, if a module that the cloud's client imports is not installed."""
    for module in NEEDS[cloud]:
        if not _is_there(module):
            raise ConfigurationError(f'{cloud} needs {module}, which is not installed: pip install "capably[{cloud}]"')


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that holds it
        return False


async def fetch(client: object, post: Post, adapter: HttpAdapter) -> Answer:
    """Send a request and return the answer."""
    response = await _sent(client, post, adapter)
    return Answer(response.status_code, response.headers, response.content)


async def open_stream(client: object, post: Post, adapter: HttpAdapter) -> Reply:
    """Send a request for a stream and return the open answer."""
    response = await _sent(client, post, adapter)
    if AWS_EVENTS in response.headers.get("content-type", ""):
        check_installed("bedrock")
        if post.sync:
            return AwsReply(response, cast("anthropic.Anthropic", client), adapter.provider)
        return AsyncAwsReply(response, cast("anthropic.AsyncAnthropic", client), adapter.provider)
    return (Httpx2Reply if post.sync else AsyncHttpx2Reply)(response, post.request.timeout or DEFAULT)


async def _sent(client: object, post: Post, adapter: HttpAdapter) -> httpx2.Response:
    """Return the raw response of the SDK's client. Anthropic's own takes bytes; those of clouds rewrite the fields."""
    check_sdk()
    import anthropic
    import httpx2

    plain = isinstance(client, (anthropic.Anthropic, anthropic.AsyncAnthropic))
    content: dict[str, object] = {"content": post.body} if plain else {"body": post.fields}
    if post.stream:
        events = anthropic.Stream[object] if post.sync else anthropic.AsyncStream[object]
        content |= {"stream": True, "stream_cls": events}
    headers = adapter.headers_with(post, post.request.headers or {})
    options = {
        "headers": {"content-type": "application/json", **headers},
        **sdk_options(post.request, adapter.settings),
    }
    try:
        send = cast("SdkClient", client).post
        response = send(adapter.path(post), **content, cast_to=httpx2.Response, options=options)
        return await response if isinstance(response, Awaitable) else response
    except Exception as error:
        raise translate(error, adapter.provider) from error


class AwsReply:
    """An event stream of Bedrock, decoded by the SDK's own client, as server-sent events."""

    def __init__(self, response: httpx2.Response, client: anthropic.Anthropic, provider: str) -> None:
        from anthropic import Stream

        self._response = response
        self._events: Iterator[object] = iter(Stream(cast_to=object, response=response, client=client))
        self._provider = provider
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def piece(self) -> bytes:
        return self.read()

    def read(self) -> bytes:
        try:
            return _as_sse(next(self._events, None))
        except Exception as error:
            raise translate(error, self._provider) from error

    async def finish(self) -> None:
        await self.close()

    async def close(self) -> None:
        self._response.close()


class AsyncAwsReply:
    """The asynchronous twin of `AwsReply`."""

    def __init__(self, response: httpx2.Response, client: anthropic.AsyncAnthropic, provider: str) -> None:
        from anthropic import AsyncStream

        self._response = response
        self._events: AsyncIterator[object] = aiter(AsyncStream(cast_to=object, response=response, client=client))
        self._provider = provider
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def piece(self) -> bytes:
        try:
            return _as_sse(await anext(self._events, None))
        except Exception as error:
            raise translate(error, self._provider) from error

    async def finish(self) -> None:
        await self.close()

    async def close(self) -> None:
        await self._response.aclose()


def _as_sse(event: object) -> bytes:
    return b"" if event is None else b"data: " + msgspec.json.encode(event) + b"\n\n"
