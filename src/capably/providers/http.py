"""HTTP/1.1 under the SDKs' synchronous clients, by Python's own `http.client`.

An SDK's client is an `httpx2.Client`, and an `httpx2.Client` takes a transport. The stock one costs more CPU than the rest
of a call, and more than reading the events of a stream. This one leaves HTTP to the standard library and adds what that
does not have: connections that are kept, and httpx2's own errors, timeouts and TLS settings.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import socket
import time
import weakref
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, TypeAlias

import httpx2

EXPIRY = 5.0
"""Seconds that a connection is kept without being used, as with httpx2."""

MOST_KEPT = 100
"""Connections that are kept for one host while nobody uses them, as with the SDKs."""

READY = "capably_response"
"""Extension of a request that was sent already: its `httpx2.Response`."""

PIECE = 65536
"""Bytes that are read at once, at most."""

MOST_INTERIM = 100
"""Interim answers (status 100 to 199) that are read past before one answer, at most."""

Origin: TypeAlias = tuple[str, str, int | None]
"""Scheme, host and port."""

_transports: weakref.WeakSet[LeanTransport] = weakref.WeakSet()


class LeanTransport(httpx2.BaseTransport):
    """Sends requests of an `httpx2.Client` over `http.client`, on connections that are kept. Safe between threads."""

    def __init__(self, verify: Any = True) -> None:
        self._verify = verify
        self._context: Any = None
        self._kept: dict[Origin, list[tuple[float, _Connection]]] = defaultdict(list)
        _transports.add(self)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return request.extensions.pop(READY, None) or self.response(*self.exchange(request))

    def exchange(self, request: httpx2.Request) -> tuple[_Response, Body]:
        """Sends the request; what came back: its head is read, its body waits."""
        url, waits = request.url, request.extensions.get("timeout", {})
        origin = (url.scheme, url.host, url.port)
        connection = self._kept_one(origin) or self._connected(origin, waits.get("connect"))
        try:
            response = _exchanged(connection, request, waits)
        except BaseException:
            connection.close()
            raise
        return response, Body(response, connection, self._kept[origin])

    def response(self, response: HTTPResponse, body: Body) -> httpx2.Response:
        """What came back, as httpx2 has it."""
        return httpx2.Response(
            response.status,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.getheaders()],
            stream=body,
            extensions=self.extensions(response),
        )

    def extensions(self, response: HTTPResponse) -> dict[str, Any]:
        """What else httpx2 keeps of it."""
        return {
            "http_version": b"HTTP/1.0" if response.version == 10 else b"HTTP/1.1",
            "reason_phrase": response.reason.encode("latin-1"),
        }

    def close(self) -> None:
        for connections in self._kept.values():
            while connections:
                connections.pop()[1].close()

    def __del__(self) -> None:
        self.close()

    def leave_to_parent(self) -> None:
        """Gives up the connections in a forked child: they are the parent's, and nothing may be written to them here."""
        for connections in self._kept.values():
            for _, connection in connections:
                with contextlib.suppress(OSError):
                    os.close(connection.sock.detach())
        self._kept = defaultdict(list)

    def _kept_one(self, origin: Origin) -> _Connection | None:
        """The connection to `origin` that was used last, unless the server has closed it or soon may."""
        kept = self._kept[origin]
        while kept:
            try:
                since, connection = kept.pop()
            except IndexError:  # Another thread took the last one.
                return None
            if time.monotonic() - since < EXPIRY and not is_readable(connection.sock):
                return connection
            connection.close()
        return None

    def _connected(self, origin: Origin, timeout: float | None) -> _Connection:
        scheme, host, port = origin
        if scheme == "https":
            connection = _SecureConnection(host, port, timeout=timeout, context=self._tls())
        else:
            connection = _Connection(host, port, timeout=timeout)
        try:
            with _told_as(httpx2.ConnectTimeout, httpx2.ConnectError):
                connection.connect()
        except BaseException:
            connection.close()
            raise
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
            if hasattr(socket, option):
                connection.sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), 60)
        return connection

    def _tls(self) -> Any:
        """httpx2's TLS settings, made at the first use: they take tens of milliseconds."""
        if self._context is None:
            context = httpx2.create_ssl_context(verify=self._verify)
            context.set_alpn_protocols(["http/1.1"])
            self._context = context
        return self._context


class Body(httpx2.SyncByteStream):
    """The body of a response, as it comes. Its connection is kept once all of it was read, and closed otherwise."""

    def __init__(self, response: _Response, connection: _Connection, kept: list[tuple[float, _Connection]]) -> None:
        self._response = response
        self._connection = connection
        self._kept = kept
        self._whole = False
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        response = self._response
        left = response.length
        with _told_as(httpx2.ReadTimeout, httpx2.ReadError):
            while left != 0:
                piece = response.read1(-1 if left is None else min(left, PIECE))
                if not piece:
                    break
                left = None if left is None else left - len(piece)
                yield piece
        if left:
            raise httpx2.RemoteProtocolError(f"peer closed connection, {left} bytes before the end of the message body")
        self._whole = True

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._response.close()
        if self._whole and self._response.is_clean() and len(self._kept) < MOST_KEPT:
            self._kept.append((time.monotonic(), self._connection))
        else:
            self._connection.close()


class _Reader(io.BufferedReader):
    """The bytes of a connection, up to the end of one answer. `over` tells whether more of them came than the answer has."""

    over = False

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        super().__init__(raw)
        self._sock = sock

    def close(self) -> None:
        if not self.closed:
            with contextlib.suppress(OSError, ValueError):
                self._sock.settimeout(0)
                self.over = bool(self.peek(1))
        super().close()


class _Response(HTTPResponse):
    """An answer: interim ones before it are read past, and one whose length is in doubt is an error."""

    fp: io.BufferedReader
    headers: Any
    msg: Any
    _begun = False

    def __init__(self, sock: socket.socket, *given: Any, **named: Any) -> None:
        super().__init__(sock, *given, **named)
        self._reader = self.fp = _Reader(self.fp.detach(), sock)

    def begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        for _ in range(MOST_INTERIM):
            super().begin()
            if self.status == HTTPStatus.SWITCHING_PROTOCOLS:
                raise HTTPException("the server switches to another protocol, which nobody wants")
            if self.status >= HTTPStatus.OK:
                break
            self.headers = self.msg = None  # pyright: ignore[reportAttributeAccessIssue] (so it is before the first)
        else:
            raise HTTPException(f"more than {MOST_INTERIM} interim answers")
        lengths = {length.strip() for length in self.headers.get_all("content-length", [])}
        if len(lengths) > 1 or not all(length.isascii() and length.isdigit() for length in lengths):
            raise HTTPException(f"the answer has no clear length: {', '.join(sorted(lengths))}")
        if self.chunked and lengths:
            self.will_close = True

    def is_clean(self) -> bool:
        """Whether the connection can take another request, once this answer was read and closed."""
        return not self.will_close and not self._reader.over


class _Connection(HTTPConnection):
    """A connection that sends head and body in one piece, which is one system call and one packet for a small body."""

    response_class: Any = _Response
    _unsent: list[Any]

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        self._unsent = []
        super().putrequest(*args, **kwargs)

    def send(self, data: Any) -> None:
        self._unsent.append(data)

    def flush(self) -> None:
        """Sends what was put."""
        self.sock.sendall(b"".join(self._unsent))
        self._unsent = []


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


def _exchanged(connection: _Connection, request: httpx2.Request, waits: dict[str, float | None]) -> _Response:
    """Sends the request, and reads the head of the response."""
    connection.sock.settimeout(waits.get("write"))
    body = request.read()
    try:
        with _told_as(httpx2.WriteTimeout, httpx2.WriteError):
            connection.putrequest(
                request.method, request.url.raw_path.decode("ascii"), skip_host=True, skip_accept_encoding=True
            )
            for name, value in request.headers.raw:
                connection.putheader(name, value)  # pyright: ignore[reportArgumentType] (bytes are taken too)
            connection.endheaders(body or None, encode_chunked="transfer-encoding" in request.headers)
            connection.flush()
    except ValueError as error:
        raise httpx2.LocalProtocolError(str(error)) from error
    except httpx2.WriteError:
        pass  # The server may have refused the request before all of it was sent: its answer says why.
    connection.sock.settimeout(waits.get("read"))
    with _told_as(httpx2.ReadTimeout, httpx2.ReadError):
        response = connection.getresponse()
        assert isinstance(response, _Response)
        return response


@contextmanager
def _told_as(timeout: type[Exception], broken: type[Exception]) -> Generator[None]:
    """Errors of sockets and of `http.client` as those of httpx2."""
    try:
        yield
    except HTTPException as error:  # First: a server that hangs up is an `OSError` as well.
        raise httpx2.RemoteProtocolError(str(error) or type(error).__name__) from error
    except TimeoutError as error:
        raise timeout(str(error)) from error
    except OSError as error:
        raise broken(str(error)) from error


def is_readable(sock: socket.socket) -> bool:
    """Whether there is something to read on a connection that waits for a request: its end, as a rule."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock], [], [], 0)[0])


def _leave_to_parent() -> None:
    for transport in list(_transports):
        transport.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
