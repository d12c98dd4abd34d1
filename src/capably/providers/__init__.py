"""One folder per vendor wire format: `encode` (ours to wire), `decode` (wire to ours), `errors` (a table), I/O in `__init__`.

An adapter imports its SDK when it is built, which happens at the first call. Adapters are independent of each other.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.stream import StreamAccumulator

if TYPE_CHECKING:
    from capably_models import _facts


class Settings:
    """How to reach a provider. `None` leaves it to the vendor SDK (its environment variables, its defaults).

    `timeout` is in seconds. `client` is a client object of the vendor's SDK that the caller built; `async_client` its
    asynchronous twin. `http_client` is an `httpx2.Client` put under the SDK's client. `key_names` are the environment
    variables of the key; none = it needs none. `dialect` holds a host's own spellings, as the registry has them;
    `cloud` is `azure`, `bedrock` or `vertex` where the SDK has a client class of its own for that.
    """

    __slots__ = (
        "api_key",
        "async_client",
        "base_url",
        "client",
        "cloud",
        "dialect",
        "http_client",
        "key_names",
        "max_retries",
        "provider",
        "timeout",
    )

    def __init__(
        self,
        provider: str,
        *,
        key_names: tuple[str, ...] = (),
        dialect: _facts.Dialect | None = None,
        cloud: str | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        client: Any = None,
        async_client: Any = None,
        http_client: Any = None,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> None:
        self.provider: str = provider
        self.key_names: tuple[str, ...] = key_names
        self.dialect: _facts.Dialect | None = dialect
        self.cloud: str | None = cloud
        self.api_key: str | None = api_key
        self.base_url: str | None = base_url
        self.client: Any = client
        self.async_client: Any = async_client
        self.http_client: Any = http_client
        self.timeout: float | None = timeout
        self.max_retries: int | None = max_retries

    def fit_for(self, sdk: str) -> Settings:
        """Return these settings without client objects of other SDKs, for a provider with more than one SDK."""
        fit = copy.copy(self)
        for name in ("client", "async_client"):
            given = getattr(self, name)
            if given is not None and not f"{type(given).__module__}.".startswith(f"{sdk}."):
                setattr(fit, name, None)
        return fit


class ClientPerLoop:
    """One client per event loop, since connections end with the loop that opened them."""

    def __init__(self) -> None:
        self._clients: dict[Any, Any] = {}

    def get(self, build: Callable[[], Any]) -> Any:
        """Return the client of the running loop, and build it if there is none. Clients of closed loops are dropped."""
        import asyncio

        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            self._clients = {known: client for known, client in self._clients.items() if not known.is_closed()}
            client = self._clients[loop] = build()
        return client


class EventStream(Protocol):
    """An open stream: its events as parsed JSON, one at a time, and the body that was `sent`. Closing it early closes the
    connection."""

    request_id: str | None
    sent: bytes

    def __iter__(self) -> Iterator[Any]: ...
    def close(self) -> None: ...


class AsyncEventStream(Protocol):
    """The asynchronous twin of `EventStream`."""

    request_id: str | None
    sent: bytes

    def __aiter__(self) -> AsyncIterator[Any]: ...
    async def close(self) -> None: ...


class Adapter(Protocol):
    """One vendor's wire format over the vendor's own SDK client."""

    def __init__(self, settings: Settings) -> None: ...

    def encode(self, request: Request) -> dict[str, Any]:
        """Return the JSON body of the request, `extra` merged in.

        Raises `NoSpellingError` for a value that the wire format cannot express.
        """
        ...

    def call(self, request: Request, body: dict[str, Any]) -> ResponseData: ...
    async def call_async(self, request: Request, body: dict[str, Any]) -> ResponseData: ...
    def stream(self, request: Request, body: dict[str, Any]) -> EventStream: ...
    async def stream_async(self, request: Request, body: dict[str, Any]) -> AsyncEventStream: ...

    def accumulator(self, request: Request) -> StreamAccumulator:
        """Return a new accumulator for the events of one streamed reply."""
        ...

    def to_sdk(self, body: bytes, endpoint: str | None) -> Any:
        """Return the SDK's own object for a body that was received."""
        ...
