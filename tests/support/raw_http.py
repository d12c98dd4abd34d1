"""A server that says what it is told, byte by byte, and what servers say."""

from __future__ import annotations

import contextlib
import gzip
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Self, TypeAlias

import httpx2

from support.patience import PATIENCE

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"

ANSWERS = {
    "length": OK,
    "chunked": CHUNKED + b"3\r\none\r\n3;ext=1\r\ntwo\r\n0\r\ntrailer: x\r\n\r\n",
    "empty": b"HTTP/1.1 204 No Content\r\n\r\n",
    "continue first": b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    "gzip": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%b"
    % (len(gzip.compress(b"packed")), gzip.compress(b"packed")),
    "repeated header": b"HTTP/1.1 200 Fine\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 0\r\n\r\n",
    "latin-1 header": "HTTP/1.1 200 OK\r\nx-name: Zo\xeb\r\ncontent-length: 0\r\n\r\n".encode("latin-1"),
    "error status": b"HTTP/1.1 429 Too Many\r\nretry-after: 2\r\ncontent-length: 4\r\n\r\nwait",
}

FAILURES = {
    "cut body": (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi", httpx2.RemoteProtocolError),
    "cut chunk": (CHUNKED + b"9\r\nhi", httpx2.RemoteProtocolError),
    "cut between chunks": (CHUNKED + b"2\r\nhi\r\n", httpx2.RemoteProtocolError),
    "no answer": (b"", httpx2.RemoteProtocolError),
    "no HTTP": (b"hello\r\n\r\n", httpx2.RemoteProtocolError),
}


Answer: TypeAlias = bytes | Callable[[bytes], Iterable[bytes | float]]
"""What is sent in answer to a request, or what makes it of the request: bytes, and seconds to wait between them."""

FOREVER = math.inf
"""Stands for silence until the client leaves or the server ends. `Lines.lost_patience` says that a client did not leave."""


def read_request(sock: socket.socket) -> bytes:
    """Read the next request's head and body, which may arrive in several pieces; empty if the connection ended."""
    data = b""
    while not is_complete(data):
        piece = sock.recv(65536)
        if not piece:
            return b""
        data += piece
    return data


def is_complete(data: bytes) -> bool:
    head, blank, body = data.lower().partition(b"\r\n\r\n")
    if b"\r\ntransfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    length = head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
    return bool(blank) and len(body) >= int(length or 0)


class Lines:
    """A server that sends the given answers, one to each request and the last one again, connection by connection."""

    def __init__(self, *answers: Answer, close: bool = False, context: ssl.SSLContext | None = None) -> None:
        self.connections = self.open = 0
        self.ended = threading.Event()
        self.lost_patience = False
        self.requests: list[bytes] = []
        self._lock = threading.Lock()
        self._answers, self._close, self._context = list(answers), close, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/"

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with self._lock:
            self.open += 1
        try:
            with self._context.wrap_socket(peer, server_side=True) if self._context else peer as sock:
                while request := read_request(sock):
                    self.requests.append(request)
                    answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                    for piece in [answer] if isinstance(answer, bytes) else answer(request):
                        self._send(sock, piece)
                    if self._close:
                        return
        except OSError:
            return
        finally:
            with self._lock:
                self.open -= 1
            self.ended.set()

    def _send(self, sock: socket.socket, piece: bytes | float) -> None:
        if isinstance(piece, bytes):
            sock.sendall(piece)
        elif piece < FOREVER:
            time.sleep(piece)
        else:
            sock.settimeout(PATIENCE)
            try:
                while sock.recv(65536):
                    pass
            except TimeoutError:
                self.lost_patience = True
                raise
            raise ConnectionError("the client left")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # So that no thread waits on under a number that another socket may get.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
