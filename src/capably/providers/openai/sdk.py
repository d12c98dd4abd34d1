"""Clients of the `openai` SDK that the caller built. They know their key and address, and retry."""

from __future__ import annotations

from collections.abc import Awaitable
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, cast

from capably.http import Answer, Reply
from capably.http.over_httpx2 import Httpx2Reply
from capably.http.over_httpx2_async import AsyncHttpx2Reply
from capably.providers.http_adapter import HttpAdapter, Post
from capably.providers.openai.errors import translate
from capably.providers.sdk import sdk_options
from capably.types.errors import ConfigurationError
from capably.types.timeout import DEFAULT

if TYPE_CHECKING:
    import httpx2


class SdkClient(Protocol):
    """What is used of `OpenAI`, `AsyncOpenAI` and their subclasses."""

    def post(self, path: str, **options: object) -> httpx2.Response | Awaitable[httpx2.Response]: ...


def import_sdk(provider: str) -> ModuleType:
    """Return `openai`. Raise `ConfigurationError` if it is not installed."""
    try:
        import openai
    except ModuleNotFoundError as error:
        if error.name != "openai":
            raise
        message = f'The openai SDK, which {provider} needs here, is not installed: pip install "capably[openai]"'
        raise ConfigurationError(message) from error
    return openai


async def fetch(client: object, post: Post, adapter: HttpAdapter) -> Answer:
    """Send a request and return the answer."""
    response = await _sent(client, post, adapter)
    return Answer(response.status_code, response.headers, response.content)


async def open_stream(client: object, post: Post, adapter: HttpAdapter) -> Reply:
    """Send a request for a stream and return the open answer."""
    response = await _sent(client, post, adapter)
    return (Httpx2Reply if post.sync else AsyncHttpx2Reply)(response, post.request.timeout or DEFAULT)


async def _sent(client: object, post: Post, adapter: HttpAdapter) -> httpx2.Response:
    """Return the raw response of the SDK's client. OpenAI's own takes bytes; that of Azure reads the model from the fields."""
    import httpx2

    sdk = import_sdk(adapter.provider)
    content = {"content": post.body} if type(client) in (sdk.OpenAI, sdk.AsyncOpenAI) else {"body": post.fields}
    options = {"headers": dict(post.request.headers or {}), **sdk_options(post.request, adapter.settings)}
    stream = {"stream": True} if post.stream else {}
    try:
        send = cast("SdkClient", client).post
        response = send(adapter.path(post), **content, cast_to=httpx2.Response, options=options, **stream)
        return await response if isinstance(response, Awaitable) else response
    except Exception as error:
        raise translate(error, adapter.provider) from error
