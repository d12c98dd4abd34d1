"""The road of every wire format with a key or a bearer token: encode, send over HTTP, decode.

An adapter says what is its vendor's own: address, path, headers, credential, errors, the last event of a stream. A client of the
vendor's SDK that the caller gives, or that a cloud needs, takes the place of HTTP, and nothing else changes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast
from urllib.parse import urlencode

from capably import __version__
from capably.http import Answer, Client, HttpRequest, Reply, SyncReply, run
from capably.http.exchange import RETRIES, Policy, exchange
from capably.providers.credentials import named_key, no_key, resolve_secret, sendable
from capably.providers.events import AsyncEvents, Events, Origin
from capably.providers.handles import Handle
from capably.providers.json import dump_json
from capably.providers.settings import Settings
from capably.types.errors import ProviderError
from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.stream import StreamAccumulator
from capably.types.timeout import DEFAULT

if TYPE_CHECKING:
    from capably.types.json_types import Json

USER_AGENT = f"capably/{__version__}"

STANDARD: Mapping[str, str] = {
    "accept": "application/json",
    "content-type": "application/json",
    "user-agent": USER_AGENT,
}
"""Headers of every request."""

CREDENTIALS = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key"})
"""Headers that hold a credential. Where the caller sends one of them, no other is sent."""


class Post(NamedTuple):
    """A request to send: the neutral one, its body as JSON and as bytes, and whether the answer is a stream."""

    request: Request
    fields: Mapping[str, object]
    body: bytes
    stream: bool
    sync: bool


class HttpAdapter(ABC):
    """One wire format over HTTP. A subclass says what is its vendor's own."""

    sdk: ClassVar[str]
    """The package of the vendor's SDK."""
    done: ClassVar[Json] = None
    """The event that stands for `[DONE]`, where the end of a stream says something."""

    joined: ClassVar[tuple[str, ...]] = ()
    """Headers in which `headers` puts the caller's value as well."""

    def __init__(self, handle: Handle) -> None:
        self.handle: Handle = handle
        self.settings: Settings = handle.settings
        self.provider: str = handle.name

    # What a vendor has of its own

    @abstractmethod
    def encode(self, request: Request) -> dict[str, object]:
        """Return the JSON body of the request, `extra` merged in."""

    @abstractmethod
    def path(self, post: Post) -> str:
        """Return the path below the address, with what the vendor puts into the query."""

    def credential(self, key: str) -> tuple[str, str]:
        """Return the header that carries a key: its name in small letters, and its value."""
        return "authorization", f"Bearer {key}"

    @abstractmethod
    def failure(self, answer: Answer, url: str, request: Request) -> ProviderError:
        """Return the error of an answer whose status is not 2xx."""

    @abstractmethod
    def decode(self, body: bytes, request: Request) -> ResponseData:
        """Return the decoded body of an answer."""

    @abstractmethod
    def accumulator(self, request: Request) -> StreamAccumulator:
        """Return a new accumulator for the events of one streamed reply."""

    @abstractmethod
    def to_sdk(self, body: bytes, endpoint: str | None) -> object:
        """Return the SDK's own object for a body that was received."""

    def headers(self, post: Post) -> Mapping[str, str]:
        """Return the headers that the vendor needs besides the standard ones and the credential."""
        return {}

    def headers_with(self, post: Post, given: Mapping[str, str]) -> dict[str, str]:
        """Return the vendor's headers, and over them the caller's; a header that is `joined` holds both."""
        own = self.headers(post)
        return {**own, **given, **{name: own[name] for name in self.joined if name in own}}

    def request_id(self, headers: Mapping[str, str]) -> str | None:
        """Return the id by which the provider's support finds the request."""
        return headers.get("x-request-id")

    def streamed(self, request: Request, body: dict[str, object]) -> dict[str, object]:
        """Return the body that asks for a stream."""
        return {**body, "stream": True}

    def is_last(self, event: Json) -> bool | None:
        """Return whether nothing follows this event of a stream; `None` if the answer is complete and more may follow."""
        return False

    def sdk_client(self, *, sync: bool) -> object:
        """Return the client of the vendor's SDK that sends in place of HTTP; `None` where HTTP does."""
        settings = self.settings
        client = settings.client if sync else settings.async_client
        if (
            client is not None
            and settings.entry["also"]
            and not f"{type(client).__module__}.".startswith(f"{self.sdk}.")
        ):
            return None  # Of another SDK of this provider.
        return client

    async def fetch_by_sdk(self, client: object, post: Post) -> Answer:
        """Send a request by a client of the SDK. Raises our errors."""
        raise NotImplementedError

    async def open_by_sdk(self, client: object, post: Post) -> Reply:
        """Send a request for a stream by a client of the SDK. Raises our errors."""
        raise NotImplementedError

    # What all share

    def call(self, request: Request, body: dict[str, object]) -> ResponseData:
        return run(self._call(request, body, sync=True))

    async def call_async(self, request: Request, body: dict[str, object]) -> ResponseData:
        return await self._call(request, body, sync=False)

    def stream(self, request: Request, body: dict[str, object]) -> Events:
        reply, origin = run(self._stream(request, body, sync=True))
        return Events(cast("SyncReply", reply), origin)

    async def stream_async(self, request: Request, body: dict[str, object]) -> AsyncEvents:
        return AsyncEvents(*await self._stream(request, body, sync=False))

    async def _call(self, request: Request, body: dict[str, object], *, sync: bool) -> ResponseData:
        sent = dump_json(body)
        post = Post(request, body, sent, stream=False, sync=sync)
        sdk = self.sdk_client(sync=sync)
        if sdk is None:
            client = self._client(sync=sync)
            answer = await exchange(client, client.fetch, self._message(post), self._policy(request))
        else:
            answer = await self.fetch_by_sdk(sdk, post)
        request_id = self.request_id(answer.headers)
        try:
            data = self.decode(answer.body, request)
        except ProviderError as error:
            error.request_id = error.request_id or request_id
            raise
        data.request_id = request_id
        data.sent = sent
        return data

    async def _stream(self, request: Request, body: dict[str, object], *, sync: bool) -> tuple[Reply, Origin]:
        body = self.streamed(request, body)
        sent = dump_json(body)
        post = Post(request, body, sent, stream=True, sync=sync)
        policy = self._policy(request)
        sdk = self.sdk_client(sync=sync)
        if sdk is None:
            client = self._client(sync=sync)
            reply = await exchange(client, client.open, self._message(post), policy)
        else:
            reply = await self.open_by_sdk(sdk, post)
        request_id = self.request_id(reply.headers)
        return reply, Origin(self.provider, request_id, sent, policy.timeout, self.is_last, self.done)

    def _client(self, *, sync: bool) -> Client:
        clients = self.handle.clients
        return clients.sync() if sync else clients.for_loop()

    def _policy(self, request: Request) -> Policy:
        settings = self.settings
        retries = settings.max_retries if request.max_retries is None else request.max_retries
        timeout = request.timeout or settings.timeout or DEFAULT
        failure = partial(self.failure, request=request)
        return Policy(self.provider, timeout, RETRIES if retries is None else retries, failure)

    def _message(self, post: Post) -> Callable[[], Awaitable[HttpRequest]]:
        async def build() -> HttpRequest:
            given = {**self._environment_headers(), **(self.settings.headers or {}), **(post.request.headers or {})}
            headers = {**STANDARD, **self.headers_with(post, given)}
            url = self.url(post)
            if CREDENTIALS.isdisjoint(given):
                credential = await self.authorization(post)
                if credential is not None:
                    headers[credential[0]] = credential[1]
            return HttpRequest(url, headers, post.body)

        return build

    def url(self, post: Post) -> str:
        """Return the address of a request. A query in `base_url`, and that of the settings, go with it."""
        return join_url(self.settings.address(), self.path(post), self.settings.query)

    async def authorization(self, post: Post) -> tuple[str, str] | None:
        """Return the header with the credential; `None` for a host that needs none. Functions are asked for it anew."""
        settings = self.settings
        if callable(settings.api_key):
            return self.credential(await resolve_secret(settings.api_key, settings, "api_key", sync=post.sync))
        key = named_key(settings)
        if key is not None:
            return self.credential(key)
        if settings.entry["api_key"]:
            raise no_key(settings)
        return None

    def _environment_headers(self) -> dict[str, str]:
        """Return the headers that the environment has for this provider: single ones, and lines of `name: value`."""
        found: dict[str, str] = {}
        for setting in self.settings.entry["variables"]:
            value = self.settings.variable(setting) if setting.startswith("header") else None
            if value and setting == "headers":
                pairs = (line.partition(":") for line in value.splitlines() if ":" in line)
                found |= {
                    name.strip().lower(): sendable(text, f"{name.strip()} in the environment")
                    for name, _, text in pairs
                }
            elif value:
                found[setting.removeprefix("header.")] = sendable(value, f"{setting} in the environment")
        return found


def join_url(address: str, path: str, query: Mapping[str, str] | None) -> str:
    """Return an address with a path below it. The queries of both, and `query`, are joined."""
    root, _, given = address.partition("?")
    place, _, own = path.partition("?")
    joined = "&".join(filter(None, (given, own, urlencode(query) if query else "")))
    return f"{root.rstrip('/')}{place}{'?' if joined else ''}{joined}"
