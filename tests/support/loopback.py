"""A loopback server that answers with canned replies and keeps what it was sent. For tests, the demo and benchmarks.

    with Loopback([Canned({"id": "msg_1", ...})]) as server:
        llm.configure("anthropic", api_key="test", base_url=server.url)

Replies are handed out in order; the last one is repeated. A reply may be a function of the request.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, TypeAlias, cast


class Received:
    """A request as it arrived: path with query, headers (lower-case names), body bytes."""

    def __init__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)


class Canned:
    """A reply: JSON (a dict or list), text, bytes, or a list of byte chunks that are sent one by one.

    `cut=True` closes the connection in the middle: less is sent than the headers promised.
    """

    def __init__(
        self,
        body: Any = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        cut: bool = False,
    ) -> None:
        self.status = status
        self.headers = dict(headers or {})
        self.cut = cut
        chunks: Iterable[bytes]
        if isinstance(body, list) and all(isinstance(chunk, bytes) for chunk in cast(list[Any], body)):
            chunks, kind = cast(list[bytes], body), "text/event-stream"
        elif isinstance(body, bytes):
            chunks, kind = [body], "application/json"
        elif isinstance(body, str):
            chunks, kind = (
                [body.encode()],
                "text/event-stream" if body.startswith(("data:", "event:")) else "text/plain",
            )
        else:
            chunks, kind = [json.dumps(body).encode()], "application/json"
        self.chunks = list(chunks)
        if not any(name.lower() == "content-type" for name in self.headers):
            self.headers["content-type"] = kind


Reply: TypeAlias = Canned | Callable[[Received], Canned]


class Loopback:
    """The server, listening on 127.0.0.1 while the `with` block runs. `requests` holds what was received."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        self.requests: list[Received] = []
        self._replies = list(replies)
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._over = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        socket.create_connection(("127.0.0.1", self._server.server_port)).close()  # What `_accept` waits for.
        self._thread.join()
        self._server.server_close()
        # A later server may get the same port: no client may still reach this one over a connection that it keeps.
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        """Hand each connection to a thread. `serve_forever` would look only now and then whether it is over."""
        while True:
            connection, address = self._server.get_request()
            if self._over:
                self._server.shutdown_request(connection)
                return
            self._server.process_request(connection, address)

    def serve(self, connection: socket.socket) -> None:
        """Remember a connection, to be closed with the server."""
        self._connections.append(connection)

    def answer(self, request: Received) -> Canned:
        with self._lock:
            self.requests.append(request)
            reply = self._replies[min(len(self.requests), len(self._replies)) - 1]
        return reply if isinstance(reply, Canned) else reply(request)


@contextlib.contextmanager
def nobody() -> Generator[str]:
    """Yield a URL at which nobody listens, and no other process will while the block runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def _handler(owner: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            owner.serve(self.request)
            super().setup()

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            canned = owner.answer(Received(self.command, self.path, headers, self.rfile.read(length)))
            size = sum(map(len, canned.chunks))
            self.send_response(canned.status)
            for name, value in canned.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(size + 100 if canned.cut else size))
            # A client may leave early; that is its right, and part of what is tested.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.end_headers()
                for chunk in canned.chunks:
                    self.wfile.write(chunk)
                    self.wfile.flush()
            if canned.cut:
                self.close_connection = True

        do_GET = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
