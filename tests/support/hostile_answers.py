"""What a hostile server does with a question, by name: `FAULTS`, each of them a list of steps on one connection.

An answer holds the token of its question (`q` and twelve digits). A reply that nobody waits for holds the token of the
question that it was sent after, or `x` and its digits, so that a reader of a wrong answer sees where it is from.
"""

from __future__ import annotations

import enum
import gzip
import zlib
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from .loopback import Canned, Received
from .vendor_replies import vendor_reply

PADDING = 600_000
"""Characters that make a question too long for one packet, so that an answer can be there before its end."""

BOMB = 32 * 1024 * 1024
"""Bytes that a few kilobytes of a reply unpack to."""

PAUSE = 0.003
"""Seconds between two packets that shall not become one."""


class End(enum.Enum):
    """How a server ends a connection."""

    CLOSE = "sends all, then FIN"
    RESET = "RST at once"
    HOLD = "says nothing more, and stays until the client leaves"


class Late(NamedTuple):
    """What happens to a connection that waits for its next question: bytes leave, or it ends."""

    what: bytes | End


Step: TypeAlias = bytes | float | End | Late
"""One packet, seconds to wait, an end, or bytes for later."""


class Question(NamedTuple):
    """What a client wants to know, as the server reads it."""

    token: str
    path: str
    streamed: bool

    def canned(self, text: str = "") -> Canned:
        """Return the provider's reply: JSON, or events where the question wants a stream."""
        body = b'{"stream": true}' if self.streamed else b"{}"
        return vendor_reply("openai", Received("POST", "", {}, body), [text or self.token])

    def content(self, text: str = "") -> bytes:
        return b"".join(self.canned(text).chunks)

    def head(self, *headers: str, status: str = "200 OK", version: str = "1.1", type: str = "") -> bytes:
        """Return a head without a length."""
        lines = [f"HTTP/{version} {status}", f"content-type: {type or self.canned().headers['content-type']}"]
        return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1")

    def reply(
        self, *headers: str, body: bytes | None = None, status: str = "200 OK", version: str = "1.1", type: str = ""
    ) -> bytes:
        """Return a complete, correct reply with its length."""
        content = self.content() if body is None else body
        length = f"content-length: {len(content)}"
        return self.head(*headers, length, status=status, version=version, type=type) + content

    def stranger(self) -> bytes:
        """Return a complete reply that belongs to no question."""
        return self.reply(body=self.content("x" + self.token[1:]))

    def lengths(self, *lengths: object) -> bytes:
        """Return a reply with these lengths in place of the right one."""
        return self.head(*(f"content-length: {length}" for length in lengths)) + self.content()

    def chunked(self, *headers: str, body: bytes | None = None, size: int = 40, end: bytes = b"0\r\n\r\n") -> bytes:
        """Return a reply in chunks of `size` bytes."""
        content = self.content() if body is None else body
        pieces = [content[place : place + size] for place in range(0, len(content), size)]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        return self.head("transfer-encoding: chunked", *headers) + chunks + end

    def chunk_sizes(self, *sizes: str) -> bytes:
        """Return a reply whose content is one chunk after each of these sizes."""
        chunks = b"".join(b"%b\r\n%b\r\n" % (size.encode(), self.content()) for size in sizes)
        return self.head("transfer-encoding: chunked") + chunks + b"0\r\n\r\n"


class Fault(NamedTuple):
    """One way to answer.

    `right`: a client should read the answer all the same. `slow`: it ends by the client's timeout; `complete`: but all of the
    content is there before. `second`: a complete second reply is in the same packet. `padding`: the question is longer by so
    many characters; `early`: and answered before its end.
    """

    name: str
    steps: Callable[[Question], Iterable[Step]]
    right: bool = False
    slow: bool = False
    complete: bool = False
    second: bool = False
    padding: int = 0
    early: bool = False


def _half(data: bytes) -> bytes:
    return data[: -len(data) // 3]


def _drip(data: bytes) -> list[Step]:
    """Cut into packets: the head byte by byte, the rest in pieces."""
    head, blank, rest = data.partition(b"\r\n\r\n")
    first = [bytes([byte]) for byte in head + blank]
    pieces = [rest[place : place + 16] for place in range(0, len(rest), 16)]
    return [step for piece in [*first, *pieces] for step in (piece, 0.0002)]


def _informs(*statuses: str) -> bytes:
    return b"".join(b"HTTP/1.1 %b\r\nlink: </a.css>; rel=preload\r\n\r\n" % status.encode() for status in statuses)


def _deflated(data: bytes, mode: int, *, window: int = -15) -> bytes:
    packer = zlib.compressobj(9, wbits=window)
    return packer.compress(data) + packer.flush(mode)


_BLANKS = b" " * BOMB
_BLANKS_DEFLATED, _BLANKS_CRC = _deflated(_BLANKS, zlib.Z_FULL_FLUSH), zlib.crc32(_BLANKS)
del _BLANKS


def _bomb(content: bytes) -> bytes:
    """Return `BOMB` blanks and the content, in gzip. The blanks are packed once for all questions."""
    sums = zlib.crc32(content, _BLANKS_CRC).to_bytes(4, "little") + (BOMB + len(content)).to_bytes(4, "little")
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + _BLANKS_DEFLATED + _deflated(content, zlib.Z_FINISH) + sums


def _gzipped(question: Question, packed: bytes, coding: str = "gzip") -> bytes:
    return question.reply(f"content-encoding: {coding}", body=packed)


CONTINUE, HINTS, PROCESSING = _informs("100 Continue"), _informs("103 Early Hints"), _informs("102 Processing")
TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
ENDLESS = b"x-more: " + b"y" * 60_000 + b"\r\n"

CORRECT = (
    Fault("plain", lambda q: [q.reply()], right=True),
    Fault("chunks", lambda q: [q.chunked()], right=True),
    Fault("chunk-extensions", lambda q: [q.chunked().replace(b"28\r\n", b'28;a="b"\r\n')], right=True),
    Fault("drip", lambda q: _drip(q.reply()), right=True),
    Fault("drip-chunks", lambda q: _drip(q.chunked()), right=True),
    Fault("head-then-body", lambda q: [q.reply()[: -len(q.content())], PAUSE, q.content()], right=True),
    Fault("trailers", lambda q: [q.chunked("trailer: x-sum", end=b"0\r\nx-sum: 1\r\nx-b: 2\r\n\r\n")], right=True),
    Fault("100-first", lambda q: [CONTINUE + q.reply()], right=True),
    Fault("102-first", lambda q: [PROCESSING + q.reply()], right=True),
    Fault("103-first", lambda q: [HINTS + q.reply()], right=True),
    Fault("103-alone", lambda q: [HINTS, PAUSE, HINTS, PAUSE, q.reply()], right=True),
    Fault("1xx-fifty", lambda q: [_informs("102 Processing", "103 Early Hints") * 25 + q.reply()], right=True),
    Fault("199-first", lambda q: [_informs("199 Made Up") + q.reply()], right=True),
    Fault("no-length", lambda q: [q.head() + q.content(), End.CLOSE], right=True),
    Fault("http-1.0", lambda q: [q.reply(version="1.0"), End.CLOSE], right=True),
    Fault("http-1.0-open", lambda q: [q.reply("connection: keep-alive", version="1.0")], right=True),
    Fault("http-1.0-stays", lambda q: [q.reply(version="1.0"), End.HOLD], right=True),
    Fault("close-true", lambda q: [q.reply("connection: close"), End.CLOSE], right=True),
    Fault("close-lie", lambda q: [q.reply("connection: close")], right=True),
    Fault("keep-alive-lie", lambda q: [q.reply("connection: keep-alive"), End.CLOSE], right=True),
    Fault("close-later", lambda q: [q.reply("connection: keep-alive"), Late(End.CLOSE)], right=True),
    Fault("reset-later", lambda q: [q.reply("connection: keep-alive"), Late(End.RESET)], right=True),
    Fault("long-header", lambda q: [q.reply("x-long: " + "a" * 20_000)], right=True),
    Fault("headers-90", lambda q: [q.reply(*(f"x-{n}: {n}" for n in range(90)))], right=True),
    Fault("headers-150", lambda q: [q.reply(*(f"x-{n}: {n}" for n in range(150)))]),
    Fault("no-reason", lambda q: [q.reply(status="200 ")], right=True),
    Fault("length-twice-alike", lambda q: [q.lengths(len(q.content()), len(q.content()))]),
    Fault("gzip", lambda q: [_gzipped(q, gzip.compress(q.content()))], right=True),
    Fault("gzip-chunks", lambda q: [q.chunked("content-encoding: gzip", body=gzip.compress(q.content()))], right=True),
    Fault("deflate", lambda q: [_gzipped(q, zlib.compress(q.content()), "deflate")], right=True),
    Fault("charset-wrong", lambda q: [q.reply(type="application/json; charset=utf-16")]),
    Fault("charset-unknown", lambda q: [q.reply(type="application/json; charset=klingon")]),
    Fault("type-html", lambda q: [q.reply(type="text/html")]),
    Fault("header-latin-1", lambda q: [q.reply("x-name: Zo\xeb \xff")], right=True),
)
"""Correct and unusual, or wrong in a way that leaves no doubt about the answer."""

UNASKED = (
    Fault("second-reply", lambda q: [q.reply() * 2], second=True),
    Fault("second-reply-stranger", lambda q: [q.reply() + q.stranger()], second=True),
    Fault("second-reply-chunks", lambda q: [q.chunked() + q.stranger()], second=True),
    Fault("second-reply-many", lambda q: [q.reply() + q.stranger() * 5], second=True),
    Fault("second-reply-100", lambda q: [q.reply() + CONTINUE + q.stranger()], second=True),
    Fault("second-reply-cut", lambda q: [q.reply() + _half(q.stranger())], second=True),
    Fault("204-body", lambda q: [q.head(status="204 No Content") + q.stranger()], second=True),
    Fault("204-length", lambda q: [q.reply(body=q.stranger(), status="204 No Content")], second=True),
    Fault("205-body", lambda q: [q.reply(body=q.reply(), status="205 Reset Content")]),
    Fault("304-body", lambda q: [q.reply(body=q.stranger(), status="304 Not Modified")], second=True),
    Fault("length-zero", lambda q: [q.head("content-length: 0") + q.stranger()], second=True),
    Fault("length-smuggle", lambda q: [q.head("content-length: 0", "transfer-encoding: chunked") + q.stranger()]),
    Fault("chunks-empty", lambda q: [q.chunked(body=b"") + q.stranger()], second=True),
    Fault("reply-later", lambda q: [q.reply(), Late(q.stranger())], right=True),
    Fault("reply-later-again", lambda q: [q.reply(), Late(q.reply())], right=True),
    Fault("reply-later-chunks", lambda q: [q.chunked(), Late(q.stranger())], right=True),
    Fault("reply-later-gzip", lambda q: [_gzipped(q, gzip.compress(q.content())), Late(q.stranger())], right=True),
    Fault("reply-later-drip", lambda q: [q.reply(), Late(b"H"), Late(q.stranger()[1:])], right=True),
    Fault("100-later", lambda q: [q.reply(), Late(CONTINUE)], right=True),
    Fault("408-later", lambda q: [q.reply(), Late(TIMEOUT)], right=True),
    Fault("junk-later", lambda q: [q.reply(), Late(b"\x00\xffjunk")], right=True),
    Fault("blank-later", lambda q: [q.reply(), Late(b"\r\n\r\n")], right=True),
    Fault("junk-after", lambda q: [q.reply() + b"junk junk\r\n\r\n"]),
    Fault("blank-after", lambda q: [q.reply() + b"\r\n"]),
    Fault("junk-before", lambda q: [b"junk\r\n" + q.reply()]),
    Fault("blank-before", lambda q: [b"\r\n\r\n" + q.reply()]),
    Fault("early", lambda q: [q.reply()], early=True, padding=PADDING),
    Fault("early-close", lambda q: [q.reply(), 0.02, End.CLOSE], early=True, padding=PADDING),
    Fault("early-413", lambda q: [q.reply(status="413 Too Large"), 0.02, End.CLOSE], early=True, padding=PADDING),
    Fault("early-reset", lambda q: [End.RESET], early=True, padding=PADDING),
)
"""Bytes that nobody waits for: replies, parts of them, junk; behind the answer, before the question's end, or later."""

BROKEN = (
    Fault("cut-close", lambda q: [_half(q.reply()), End.CLOSE]),
    Fault("cut-reset", lambda q: [_half(q.reply()), PAUSE, End.RESET]),
    Fault("cut-silence", lambda q: [_half(q.reply()), End.HOLD], slow=True),
    Fault("cut-chunk-close", lambda q: [_half(q.chunked()), End.CLOSE]),
    Fault("cut-chunk-silence", lambda q: [_half(q.chunked()), End.HOLD], slow=True),
    Fault("cut-last-chunk", lambda q: [q.chunked(end=b""), End.CLOSE]),
    Fault("cut-last-chunk-silence", lambda q: [q.chunked(end=b"0\r\n"), End.HOLD], slow=True, complete=True),
    Fault("cut-head-close", lambda q: [q.reply()[:30], End.CLOSE]),
    Fault("cut-head-reset", lambda q: [q.reply()[:30], PAUSE, End.RESET]),
    Fault("cut-head-silence", lambda q: [q.reply()[:30], End.HOLD], slow=True),
    Fault("close", lambda q: [End.CLOSE]),
    Fault("reset", lambda q: [End.RESET]),
    Fault("silence", lambda q: [End.HOLD], slow=True),
    Fault("too-late", lambda q: [8.0, q.reply()], slow=True),
    Fault("100-close", lambda q: [CONTINUE, PAUSE, End.CLOSE]),
    Fault("1xx-silence", lambda q: [HINTS, End.HOLD], slow=True),
    Fault("reset-after", lambda q: [q.reply(), End.RESET]),
    Fault("101-switch", lambda q: [_informs("101 Switching Protocols") + q.stranger()]),
    Fault("101-close", lambda q: [_informs("101 Switching Protocols"), End.CLOSE]),
    Fault("length-short", lambda q: [q.lengths(len(q.content()) - 9)]),
    Fault("length-long-close", lambda q: [q.lengths(len(q.content()) + 9), End.CLOSE]),
    Fault("length-long-silence", lambda q: [q.lengths(len(q.content()) + 9), End.HOLD], slow=True, complete=True),
    Fault("length-swallows", lambda q: [q.lengths(len(q.content()) + len(q.reply())) + q.reply()]),
    Fault("length-twice", lambda q: [q.lengths(len(q.content()), 5)]),
    Fault("length-list", lambda q: [q.lengths(f"{len(q.content())}, 5")]),
    Fault("length-negative", lambda q: [q.lengths(-1)]),
    Fault("length-words", lambda q: [q.lengths("many")]),
    Fault("length-huge", lambda q: [q.lengths("9" * 30), End.CLOSE]),
    Fault("length-and-chunks", lambda q: [q.chunked("content-length: 5")]),
    Fault("chunk-short", lambda q: [q.chunk_sizes(f"{len(q.content()) - 9:x}")]),
    Fault("chunk-long", lambda q: [q.chunk_sizes(f"{len(q.content()) + 9:x}"), End.CLOSE]),
    Fault(
        "chunk-long-silence",
        lambda q: [q.chunk_sizes(f"{len(q.content()) + 99:x}"), End.HOLD],
        slow=True,
        complete=True,
    ),
    Fault("chunk-words", lambda q: [q.chunk_sizes("zz")]),
    Fault("chunk-negative", lambda q: [q.chunk_sizes("-5")]),
    Fault("chunk-empty-size", lambda q: [q.chunk_sizes("")]),
    Fault("chunk-huge", lambda q: [q.chunk_sizes("f" * 30)]),
    Fault("coding-unknown", lambda q: [q.head("transfer-encoding: rot13") + q.content(), End.CLOSE]),
    Fault("gzip-cut", lambda q: [_gzipped(q, gzip.compress(q.content())[:-20])]),
    Fault("gzip-junk", lambda q: [_gzipped(q, b"\x1f\x8bnot packed at all")]),
    Fault("gzip-lie", lambda q: [_gzipped(q, q.content())]),
    Fault("gzip-tail", lambda q: [_gzipped(q, gzip.compress(q.content()) + q.reply())]),
    Fault("gzip-bomb", lambda q: [_gzipped(q, _bomb(q.content()))]),
    Fault("encoding-unknown", lambda q: [_gzipped(q, q.content(), "rot13")]),
    Fault("encoding-twenty", lambda q: [_gzipped(q, q.content(), ", ".join(["gzip"] * 20))]),
    Fault("header-no-colon", lambda q: [q.reply("no colon here")]),
    Fault("header-nul", lambda q: [q.reply("x-nul: a\0b")]),
    Fault("header-no-name", lambda q: [q.reply(": value")]),
    Fault("header-folded", lambda q: [q.reply("x-a: b\r\n  c")]),
    Fault("head-endless", lambda q: [q.head()[:-2], *[ENDLESS] * 40, End.CLOSE]),
    Fault("head-bare-newlines", lambda q: [q.reply().replace(b"\r\n", b"\n")]),
    Fault("banner", lambda q: [b"SSH-2.0-OpenSSH_9.6\r\n", End.CLOSE]),
    Fault("tls-alert", lambda q: [b"\x15\x03\x01\x00\x02\x02\x46", End.CLOSE]),
    Fault("http-2-goaway", lambda q: [b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01", End.CLOSE]),
    Fault("http-9.9", lambda q: [q.reply(version="9.9")]),
    Fault("http-0.9", lambda q: [q.content(), End.CLOSE]),
    Fault("status-words", lambda q: [q.reply(status="OK fine")]),
    Fault("status-999", lambda q: [q.reply(status="999 Odd")]),
    Fault("status-6", lambda q: [q.reply(status="6 Odd")]),
    Fault("500", lambda q: [q.reply(status="500 Oops")]),
    Fault("429-cut", lambda q: [_half(q.reply(status="429 Slow")), End.CLOSE]),
    Fault("307-loop", lambda q: [q.reply(f"location: {q.path}", status="307 Go")]),
    Fault("302-elsewhere", lambda q: [q.reply("location: /elsewhere", status="302 Go")]),
    Fault("302-nowhere", lambda q: [q.reply("location: ://\\", status="302 Go")]),
    Fault("json-cut", lambda q: [q.reply(body=_half(q.content()))]),
    Fault("json-empty", lambda q: [q.reply(body=b"{}")]),
    Fault("json-null", lambda q: [q.reply(body=b"null")]),
    Fault("nothing", lambda q: [q.reply(body=b"")]),
    Fault("nul-bytes", lambda q: [q.reply(body=bytes(200))]),
)
"""Answers that cannot be read, or should not be."""

FAULTS: dict[str, Fault] = {fault.name: fault for fault in (*CORRECT, *UNASKED, *BROKEN)}
