"""A loopback server that answers each question in the way that the question names, however wrong that is.

    with HostileServer() as server:
        ask(f"{server.url}/v1/responses", prompt_of("103-first", "q0123456789ab"))

The prompt says what happens (`FAULTS` of `hostile_answers.py`) and who asks, so that no order of connections, retries
or threads changes it. Bytes for an idle connection leave when the client calls `send_late()`: then no question is on
its way, and what comes back to the next one is the client's own doing.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
from typing import NamedTuple, Self

from .hostile_answers import FAULTS, End, Fault, Late, Question

TOKEN = re.compile(r"[qx][0-9a-f]{12}\b")
_PROMPT = re.compile(rb"fault=([a-z0-9.-]+) token=(q[0-9a-f]{12})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_STREAMED = re.compile(rb'"stream": ?true')
_LINGER_OFF = struct.pack("ii", 1, 0)


def prompt_of(fault: str, token: str) -> str:
    """Return the text of a question that is answered in this way, as long as that takes."""
    return f"fault={fault} token={token} " + "a" * FAULTS[fault].padding


class _Read(NamedTuple):
    """What was read. `missing`: how many bytes of the question are on their way yet; `rest`: what came behind it."""

    fault: Fault
    question: Question
    missing: int
    rest: bytes


def _read_question(data: bytes) -> _Read | None:
    """Return the first question in these bytes; None if too little of it is there for its answer."""
    head, blank, body = data.partition(b"\r\n\r\n")
    if not blank:
        return None
    length = int(sent[1]) if (sent := _LENGTH.search(head)) else 0
    missing, rest = max(0, length - len(body)), body[length:]
    prompt = _PROMPT.search(body[:length])
    fault = FAULTS[prompt[1].decode()] if prompt else FAULTS["json-empty"]
    if missing and not fault.early:
        return None
    streamed = _STREAMED.search(body[:length]) is not None
    token = prompt[2].decode() if prompt else "x" * 13
    return _Read(fault, Question(token, head.split(b" ", 2)[1].decode(), streamed), missing, rest)


def _end(peer: socket.socket, end: End) -> None:
    """Say what closing this connection sends: FIN, or RST at once."""
    if end is End.RESET:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)


class HostileServer:
    """The server, listening on 127.0.0.1 while the `with` block runs. `connections` has the questions of each."""

    def __init__(self) -> None:
        self.connections: list[list[tuple[Fault, str]]] = []
        self._late: list[tuple[socket.socket, bytes | End]] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def send_late(self) -> int:
        """Do what waits for connections to be idle, and return how much that was."""
        with self._lock:
            late, self._late = self._late, []
        for place, (peer, what) in enumerate(late):
            if place and late[place - 1][0] is peer:
                time.sleep(0.001)
            with contextlib.suppress(OSError):
                if isinstance(what, bytes):
                    peer.sendall(what)
                else:
                    _end(peer, what)
                    peer.shutdown(socket.SHUT_RD)  # Wakes the thread that waits for a question, and it closes.
        return len(late)

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with self._lock:
            self._open.add(peer)
            self.connections.append(questions := [])
        data = b""
        with contextlib.suppress(OSError):
            while read := self._read(peer, data):
                questions.append((read.fault, read.question.token))
                if not self._play(peer, read):
                    break
                data = read.rest
        with self._lock:
            self._open.discard(peer)
            self._late = [entry for entry in self._late if entry[0] is not peer]
        peer.close()

    def _read(self, peer: socket.socket, data: bytes) -> _Read | None:
        """Read the next question, of which `data` is there; None if the client left."""
        while not (read := _read_question(data)):
            piece = peer.recv(65536)
            if not piece:
                return None
            data += piece
        return read

    def _play(self, peer: socket.socket, read: _Read) -> bool:
        """Answer; return whether the connection waits for another question."""
        for step in read.fault.steps(read.question):
            match step:
                case bytes():
                    peer.sendall(step)
                case float() | int():
                    time.sleep(step)
                case Late():
                    with self._lock:
                        self._late.append((peer, step.what))
                case End.HOLD:
                    while peer.recv(65536):
                        pass
                    return False
                case End():
                    _end(peer, step)
                    return False
        missing = read.missing
        while missing and (piece := peer.recv(min(missing, 65536))):
            missing -= len(piece)
        return not missing

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # So that no thread waits on under a number that another socket may get.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for peer in self._open:
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_RDWR)
