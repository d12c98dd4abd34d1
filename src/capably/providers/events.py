"""An open stream: the bytes of an answer as parsed events, and failures as our errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from capably.http import Reply, run
from capably.http.errors import translated
from capably.providers.errors import failure
from capably.providers.sse import decode_sse, decode_sse_async
from capably.types.errors import CapablyError, ConnectionFailedError, ServerError, TimedOutError
from capably.types.timeout import Timeout


class Origin(NamedTuple):
    """Where a stream comes from. `is_last` tells the event after which nothing follows; `None` is one after which something may."""

    provider: str
    request_id: str | None
    sent: bytes
    timeout: Timeout
    is_last: Callable[[Any], bool | None]
    done: Any


class Events:
    """The events of an open stream. Closing it early closes the connection."""

    def __init__(self, reply: Reply, origin: Origin) -> None:
        self._reply = reply
        self._open = True
        self._origin = origin
        self.request_id: str | None = origin.request_id
        self.sent: bytes = origin.sent

    def __iter__(self) -> Iterator[Any]:
        is_last, complete = self._origin.is_last, False
        try:
            for event in decode_sse(self._pieces(), self._origin.done):
                yield event
                last = is_last(event)
                if last:
                    break
                complete = complete or last is None
            run(self._reply.finish())
            self._open = False
        except CapablyError:
            raise
        except Exception as error:
            failed = _failed(error, self._origin)
            if not (complete and isinstance(failed, (ConnectionFailedError, TimedOutError))):
                raise failed from error
        finally:
            self.close()

    def _pieces(self) -> Iterator[bytes]:
        while piece := run(self._reply.piece()):
            yield piece

    def close(self) -> None:
        if self._open:
            self._open = False
            run(self._reply.close())


class AsyncEvents:
    """The asynchronous twin of `Events`."""

    def __init__(self, reply: Reply, origin: Origin) -> None:
        self._reply = reply
        self._open = True
        self._origin = origin
        self.request_id: str | None = origin.request_id
        self.sent: bytes = origin.sent

    async def __aiter__(self) -> AsyncIterator[Any]:
        is_last, complete = self._origin.is_last, False
        try:
            async for event in decode_sse_async(self._pieces(), self._origin.done):
                yield event
                last = is_last(event)
                if last:
                    break
                complete = complete or last is None
            await self._reply.finish()
            self._open = False
        except CapablyError:
            raise
        except Exception as error:
            failed = _failed(error, self._origin)
            if not (complete and isinstance(failed, (ConnectionFailedError, TimedOutError))):
                raise failed from error
        finally:
            await self.close()

    async def _pieces(self) -> AsyncIterator[bytes]:
        while piece := await self._reply.piece():
            yield piece

    async def close(self) -> None:
        if self._open:
            self._open = False
            await self._reply.close()


def _failed(error: Exception, origin: Origin) -> Exception:
    """Return our error for a stream that broke."""
    if isinstance(error, msgspec.DecodeError):
        words = f"a stream event is no JSON ({error})"
        return failure(ServerError, words, origin.provider, request_id=origin.request_id)
    return translated(error, origin.provider, origin.timeout)
