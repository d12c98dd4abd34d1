"""HTTP over pyreqwest, Rust's reqwest for Python (`capably[fast]`): several times cheaper than httpx2.

Its connections belong to no event loop and to no thread, but its runtime does not survive a fork (`capably.http.libraries`).
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Generic, TypeVar

from pyreqwest.bytes import Bytes
from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.http import HeaderMap
from pyreqwest.request import RequestBuilder, SyncRequestBuilder, SyncStreamRequest
from pyreqwest.response import SyncResponse

from capably.http import Answer, HttpRequest, checked_size
from capably.http.threads import Waiter, idle_waiter, interruptible
from capably.types.timeout import Timeout

BuilderT = TypeVar("BuilderT", ClientBuilder, SyncClientBuilder)
ClientT = TypeVar("ClientT", Client, SyncClient)
ValueT = TypeVar("ValueT")
MessageT = TypeVar("MessageT", RequestBuilder, SyncRequestBuilder)
StreamT = TypeVar("StreamT")

import_module(
    "pyreqwest.exceptions"
)  # The library would import it at the first error, where an interrupt ends the process.

IDLE = timedelta(seconds=30)
"""How long a connection without a call stays open."""

MOST_CLIENTS = 16
"""Pairs of timeouts whose connections stay open."""


class PyreqwestClient:
    """Connections of `SyncClient`s: one for each pair of timeouts, which the library has for a client only.

    A body is buffered by the library, except that of a stream, whose pieces are there as soon as they arrive.
    """

    def __init__(self) -> None:
        self._clients: dict[tuple[float, float], SyncClient] = {}
        self._ends: Ends[SyncStreamRequest] = Ends()

    async def fetch(self, request: HttpRequest, timeout: Timeout) -> Answer:
        return interruptible(_fetch, self._message(request, timeout).build_streamed())

    async def open(self, request: HttpRequest, timeout: Timeout) -> PyreqwestReply:
        message = self._message(request, timeout).streamed_read_buffer_limit(0).build_streamed()
        return PyreqwestReply(message, interruptible(message.__enter__, last=partial(leave, message)), self._ends)

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def in_time(self, steps: Awaitable[ValueT], deadline: float) -> ValueT:
        return await steps

    async def close(self) -> None:
        self._clients.clear()  # Those of calls that run end with the last of them.
        for request in self._ends.late(0):
            leave(request)

    def _message(self, request: HttpRequest, timeout: Timeout) -> SyncRequestBuilder:
        client = self._clients.get((timeout.connect, timeout.silence)) or self._opened(timeout)
        return request_of(client.post(request.url), request, timeout)

    def _opened(self, timeout: Timeout) -> SyncClient:
        return keep(self._clients, timeout, set_up(SyncClientBuilder(), timeout).build())


QUICK, MANY, AHEAD = 0.002, 8, 128
"""Seconds of a read whose bytes were there already, how many of them in a row make a burst, and how many pieces of a burst are
read ahead.

No thread of the caller's waits in the library, where Ctrl+C would not reach it: another one reads. To hand over each piece costs
more than all else, so in a burst that thread reads on meanwhile.
"""


class PyreqwestReply:
    """An answer over pyreqwest."""

    _reading_by: Waiter | None = None

    def __init__(self, request: SyncStreamRequest, response: SyncResponse, ends: Ends[SyncStreamRequest]) -> None:
        self._request = request
        self._leave = partial(leave, request)
        self._reader = response.body_reader
        self._ends = ends
        self._closed = self._reading = False
        self._quick = 0
        self.status: int = response.status
        self.headers: Mapping[str, str] = Headers(response.headers)

    async def piece(self) -> bytes:
        return self.read()

    def read(self) -> bytes:
        start = time.monotonic()
        self._reading = True
        waiter = self._reading_by or self._begun()
        try:
            piece: Bytes | None = waiter.result(last=self._leave)
        finally:
            self._reading = False
            self._closed = self._closed or waiter.abandoned
            if waiter.abandoned or not waiter.busy:
                self._reading_by = None
        self._quick = self._quick + 1 if time.monotonic() - start < QUICK else 0
        return bytes(piece or b"")

    def _begun(self) -> Waiter:
        ahead = self._quick >= MANY and len(_reading_on) < MOST_DRAINING
        self._reading_by = waiter = idle_waiter()
        waiter.begin(self._reader.read_chunk, times=AHEAD if ahead else 1)
        return waiter

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        waiter, self._reading_by = self._reading_by, None
        if waiter is None:
            leave(self._request)
        elif self._reading:  # In another thread.
            error = ConnectionAbortedError("the stream was closed while it was read")
            waiter.abandon(error, self._leave)
        else:
            _leave_when_read(waiter, self._request)

    def __del__(self) -> None:
        if self._reading_by is not None:
            _leave_when_read(self._reading_by, self._request)

    async def finish(self) -> None:
        if self._closed or self._reading_by is not None:
            await self.close()  # The thread that reads on waits for the end.
            return
        self._closed = True
        for request in self._ends.late(MOST_DRAINING - 1 - len(_reading_on)):
            leave(request)
        self._ends.add(self._request)


DRAIN, MOST_DRAINING = 1.0, 8
"""Seconds until the end of an answer whose last event is there, and the number of answers that are awaited at once."""


class Ends(Generic[StreamT]):
    """Requests whose answers may not have ended yet, though all that matters of them was read.

    The library reads on as long as a request is not left, and has its connection for another one then.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, StreamT]] = deque()

    def add(self, request: StreamT) -> None:
        self._waiting.append((time.monotonic() + DRAIN, request))

    def late(self, most: int = MOST_DRAINING - 1) -> list[StreamT]:
        """Return the requests whose ends are awaited no longer: at most so many others are."""
        late: list[StreamT] = []
        now = time.monotonic()
        with contextlib.suppress(IndexError):  # None is left, or another thread was quicker.
            while len(self._waiting) > most or self._waiting[0][0] < now:
                late.append(self._waiting.popleft()[1])
        return late


_reading_on: set[Waiter] = set()
"""Threads that read ahead in answers that nobody reads any more. Each ends with the next piece."""


def leave(request: SyncStreamRequest) -> None:
    request.__exit__(None, None, None)


def _leave_when_read(waiter: Waiter, request: SyncStreamRequest) -> None:
    """Leave a request when the thread that reads in it has its piece. The library would wait for that."""

    def end() -> None:
        _reading_on.discard(waiter)
        leave(request)

    _reading_on.add(waiter)
    waiter.leave(end)


def request_of(message: MessageT, request: HttpRequest, timeout: Timeout) -> MessageT:
    """Return a request as the library builds it. It says itself which compressions it reads."""
    headers = {name: value for name, value in request.headers.items() if name != "accept-encoding"}
    message = message.headers(headers).body_bytes(request.body)
    return message if timeout.total is None else message.timeout(timedelta(seconds=timeout.total))


class Headers(Mapping[str, str]):
    """Headers by name in small letters, each read when it is asked for. Those that are no ASCII, which the library cannot read,
    are left out."""

    def __init__(self, headers: HeaderMap) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        try:
            values = self._headers.getall(name)
        except ValueError:
            values = []
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __iter__(self) -> Iterator[str]:
        return (name for name in dict.fromkeys(self._headers.keys()) if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def set_up(builder: BuilderT, timeout: Timeout) -> BuilderT:
    return (
        builder.follow_redirects(False)
        .referer(False)
        .connect_timeout(timedelta(seconds=timeout.connect))
        .read_timeout(timedelta(seconds=timeout.silence))
        .pool_idle_timeout(IDLE)
    )


def keep(clients: dict[tuple[float, float], ClientT], timeout: Timeout, client: ClientT) -> ClientT:
    """Return the client for these timeouts, and let go of the oldest where there are many: timeouts may differ at each call."""
    one = clients.setdefault((timeout.connect, timeout.silence), client)
    for oldest in list(clients)[:-MOST_CLIENTS]:
        clients.pop(oldest, None)
    return one


def _fetch(message: SyncStreamRequest) -> Answer:
    pieces: list[bytes] = []
    size = 0
    with message as response:
        reader = response.body_reader
        while piece := reader.read_chunk():
            size = checked_size(size + len(piece))
            pieces.append(bytes(piece))
        return Answer(response.status, Headers(response.headers), b"".join(pieces))
