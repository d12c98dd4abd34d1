"""The server that all systems talk to: HTTP/1.1 on loopback, in a process of its own, with replies made beforehand.

    python server.py both.pem       # prints its addresses, without TLS and with this certificate, and serves until its
                                    # standard input ends; without a certificate, no TLS

A stream goes out as the providers send it (chunked, one frame for each event), all frames in one piece, so that the
work measured is that of reading and not that of waiting.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import sys
from functools import cache

from replies import events, reply

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"transfer-encoding: *chunked", re.IGNORECASE)
_MARK = re.compile(rb"\[case ([a-z-]+)\]")
_STREAMS = re.compile(rb'"stream": ?true')
_PATHS = {b"/messages": "anthropic", b"/responses": "responses", b"/chat/completions": "chat", b":": "google"}


@cache
def answer(wire: str, case: str, streams: bool) -> bytes:
    """Return the complete HTTP response."""
    if not streams:
        body = reply(wire, case)
        return _head(b"application/json", b"content-length: %d" % len(body)) + body
    frames = b"".join(b"%x\r\n%b\r\n" % (len(event), event) for event in events(wire, case))
    return _head(b"text/event-stream; charset=utf-8", b"transfer-encoding: chunked") + frames + b"0\r\n\r\n"


def _head(kind: bytes, size: bytes) -> bytes:
    lines = (
        b"HTTP/1.1 200 OK",
        b"date: Sun, 22 Nov 2026 08:00:00 GMT",
        b"content-type: " + kind,
        b"server: cloudflare",
        b"cache-control: no-cache",
        b"x-request-id: req_011CQd",
        b"request-id: req_011CQd",
        b"strict-transport-security: max-age=31536000; includeSubDomains; preload",
        b"x-content-type-options: nosniff",
        b"openai-processing-ms: 412",
        b"ratelimit-limit-requests: 4000",
        b"ratelimit-remaining-requests: 3999",
        size,
    )
    return b"\r\n".join(lines) + b"\r\n\r\n"


class Connection(asyncio.Protocol):
    """One client. Requests come one after the other."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._end()) is not None:
            request, self._received = self._received[:end], self._received[end:]
            self._transport.write(_answer_to(request))

    def _end(self) -> int | None:
        """Return where the first request ends, once it is complete."""
        head = self._received.find(b"\r\n\r\n") + 4
        if head < 4:
            return None
        if _CHUNKED.search(self._received, 0, head):
            last = self._received.find(b"0\r\n\r\n", head)
            return None if last < 0 else last + 5
        length = _LENGTH.search(self._received, 0, head)
        end = head + (int(length[1]) if length else 0)
        return end if len(self._received) >= end else None


def _answer_to(request: bytes) -> bytes:
    path = request[: request.find(b"\r\n")].split(b" ")[1].partition(b"?")[0]
    wire = next(wire for mark, wire in _PATHS.items() if path.endswith(mark) or (mark == b":" and mark in path))
    case = _MARK.findall(request)[-1].decode()
    streams = b":streamGenerateContent" in path if wire == "google" else bool(_STREAMS.search(request))
    return answer(wire, case, streams)


async def serve(*certificates: str) -> None:
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(Connection, "127.0.0.1", 0, backlog=512)
    addresses = [f"http://127.0.0.1:{plain.sockets[0].getsockname()[1]}"]
    for certificate in certificates:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        secure = await loop.create_server(Connection, "127.0.0.1", 0, backlog=512, ssl=context)
        addresses.append(f"https://127.0.0.1:{secure.sockets[0].getsockname()[1]}")
    print(*addresses, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
