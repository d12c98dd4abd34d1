"""One folder per vendor wire format: `encode` (ours to wire), `decode` (wire to ours), `errors` (a table), `sdk` (its clients).

An adapter says what is its vendor's own; `http_adapter` has what all share. Adapters are independent of each other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Protocol

from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.stream import StreamAccumulator

if TYPE_CHECKING:
    from capably.types.json_types import Json


class EventStream(Protocol):
    """An open stream: its events as parsed JSON, one at a time, and the body that was `sent`. Closing it early closes the
    connection."""

    request_id: str | None
    sent: bytes

    def __iter__(self) -> Iterator[Json]: ...
    def close(self) -> None: ...


class AsyncEventStream(Protocol):
    """The asynchronous twin of `EventStream`."""

    request_id: str | None
    sent: bytes

    def __aiter__(self) -> AsyncIterator[Json]: ...
    async def close(self) -> None: ...


class Adapter(Protocol):
    """One vendor's wire format, and the road to a provider that speaks it."""

    def encode(self, request: Request) -> dict[str, object]:
        """Return the JSON body of the request, `extra` merged in.

        Raises `NoSpellingError` for a value that the wire format cannot express.
        """
        ...

    def call(self, request: Request, body: dict[str, object]) -> ResponseData: ...
    async def call_async(self, request: Request, body: dict[str, object]) -> ResponseData: ...
    def stream(self, request: Request, body: dict[str, object]) -> EventStream: ...
    async def stream_async(self, request: Request, body: dict[str, object]) -> AsyncEventStream: ...

    def accumulator(self, request: Request) -> StreamAccumulator:
        """Return a new accumulator for the events of one streamed reply."""
        ...

    def to_sdk(self, body: bytes, endpoint: str | None) -> object:
        """Return the SDK's own object for a body that was received."""
        ...
