"""An open stream: the bytes of an answer as parsed events, and failures as our errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from capably.http import Reply, SyncReply, run
from capably.http.errors import translated
from capably.providers.errors import failure
from capably.providers.json import load_json
from capably.providers.sse import DONE, SSEDecoder
from capably.types.errors import CapablyError, ConnectionFailedError, ServerError, TimedOutError
from capably.types.timeout import Timeout

if TYPE_CHECKING:
    from capably.types.json_types import Json


class Origin(NamedTuple):
    """Where a stream comes from. `is_last` tells the event after which nothing follows; `None` is one after which something may."""

    provider: str
    request_id: str | None
    sent: bytes
    timeout: Timeout
    is_last: Callable[[Json], bool | None]
    done: Json


class Events:
    """The events of an open stream. Closing it early closes the connection."""

    def __init__(self, reply: SyncReply, origin: Origin) -> None:
        self._reply = reply
        self._open = True
        self._origin = origin
        self.request_id: str | None = origin.request_id
        self.sent: bytes = origin.sent

    def __iter__(self) -> Iterator[Json]:
        origin, read, complete = self._origin, self._reply.read, False
        decoder, is_last = SSEDecoder(reports_done=origin.done is not None), origin.is_last
        try:
            while not decoder.done:
                for data in decoder.feed(read()):
                    event = load_json(data) if data is not DONE else origin.done
                    yield event
                    last = is_last(event)
                    if last:
                        decoder.done = True
                        break
                    if last is None:
                        complete = True
            run(self._reply.finish())
            self._open = False
        except CapablyError:
            raise
        except Exception as error:
            failed = _failed(error, origin)
            if not (complete and isinstance(failed, (ConnectionFailedError, TimedOutError))):
                raise failed from error
        finally:
            self.close()

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

    async def __aiter__(self) -> AsyncIterator[Json]:
        origin, read, complete = self._origin, self._reply.piece, False
        decoder, is_last = SSEDecoder(reports_done=origin.done is not None), origin.is_last
        try:
            while not decoder.done:
                for data in decoder.feed(await read()):
                    event = load_json(data) if data is not DONE else origin.done
                    yield event
                    last = is_last(event)
                    if last:
                        decoder.done = True
                        break
                    if last is None:
                        complete = True
            await self._reply.finish()
            self._open = False
        except CapablyError:
            raise
        except Exception as error:
            failed = _failed(error, origin)
            if not (complete and isinstance(failed, (ConnectionFailedError, TimedOutError))):
                raise failed from error
        finally:
            await self.close()

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
