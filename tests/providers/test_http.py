"""The transport under the SDKs' synchronous clients: like the stock one in everything that a caller can see."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from capably.providers.aio import LeanAsyncTransport
from capably.providers.http import LeanTransport
from capably.providers.lean import LeanAsyncClient, LeanClient, lean_client
from certificate import write_certificate
from support.loopback import Canned, Loopback
from support.raw_http import ANSWERS, CHUNKED, FAILURES, OK, Lines

from capably import llm
from capably.providers import ClientPerLoop, http


@contextmanager
def client(**options: Any) -> Generator[httpx2.Client]:
    with httpx2.Client(transport=LeanTransport(options.pop("verify", True)), **options) as made:
        yield made


BOTH = [
    pytest.param(lambda: LeanTransport(), id="ours"),
    pytest.param(lambda: httpx2.HTTPTransport(), id="stock"),
]


def test_calls_one_after_the_other_use_one_connection() -> None:
    with Lines(OK) as server, client() as c:
        assert [c.post(server.url, content=b"x").text for _ in range(3)] == ["hi", "hi", "hi"]
        assert server.connections == 1


def test_head_and_body_leave_in_one_piece() -> None:
    with Lines(OK) as server, client() as c:
        c.post(server.url, content=b"the body", headers={"x-one": "1"})
        (request,) = server.requests
        assert request.startswith(b"POST / HTTP/1.1\r\n") and request.endswith(b"\r\n\r\nthe body")
        assert request.lower().count(b"\r\nhost: ") == request.lower().count(b"\r\naccept-encoding: ") == 1


def test_a_body_in_pieces_is_sent_in_chunks() -> None:
    with Lines(OK) as server, client() as c:
        assert c.post(server.url, content=iter([b"one", b"two"])).text == "hi"
        assert server.requests[0].endswith(b"\r\n\r\n6\r\nonetwo\r\n0\r\n\r\n")


def test_calls_at_the_same_time_use_connections_of_their_own() -> None:
    with Lines(OK) as server, client() as c, c.stream("GET", server.url) as first:
        assert c.get(server.url).text == "hi"
        assert first.read() == b"hi"
        assert server.connections == 2


def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    with Lines(OK, close=True) as server, client() as c:
        assert c.get(server.url).text == "hi"
        assert server.ended.wait(5)
        assert c.get(server.url).text == "hi"
        assert server.connections == 2


def test_a_connection_is_not_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "EXPIRY", 0.0)
    with Lines(OK) as server, client() as c:
        c.get(server.url)
        c.get(server.url)
        assert server.connections == 2


def test_connection_close_is_obeyed() -> None:
    with Lines(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi") as server, client() as c:
        assert [c.get(server.url).text for _ in range(2)] == ["hi", "hi"]
        assert server.connections == 2


def test_a_stream_that_is_left_early_closes_its_connection() -> None:
    with Lines(CHUNKED + b"3\r\none\r\n", OK) as server, client() as c:
        with c.stream("GET", server.url) as response:
            assert next(response.iter_bytes()) == b"one"
        assert c.get(server.url).text == "hi"
        assert server.connections == 2


def test_a_chunk_is_given_out_before_the_next_one_comes() -> None:
    with Lines(CHUNKED + b"3\r\none\r\n") as server, client(timeout=5) as c, c.stream("GET", server.url) as response:
        assert next(response.iter_bytes()) == b"one"


@pytest.mark.parametrize("name", ANSWERS)
def test_it_reads_what_the_stock_transport_reads(name: str) -> None:
    with Lines(ANSWERS[name]) as server:
        found: list[Any] = []
        for make in (LeanTransport, httpx2.HTTPTransport):
            with httpx2.Client(transport=make()) as c:
                r = c.get(server.url)
                found.append((r.status_code, r.reason_phrase, r.http_version, r.headers.multi_items(), r.content))
        assert found[0] == found[1]


def test_a_body_until_the_end_of_the_connection_is_read_whole() -> None:
    with Lines(b"HTTP/1.1 200 OK\r\n\r\nall of it", close=True) as server, client() as c:
        assert c.get(server.url).text == "all of it"


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("name", FAILURES)
def test_a_broken_answer_is_the_same_error_as_before(name: str, make: Any) -> None:
    answer, error = FAILURES[name]
    with Lines(answer, close=True) as server, httpx2.Client(transport=make()) as c, pytest.raises(error):
        c.get(server.url)


@pytest.mark.parametrize("make", BOTH)
def test_no_server_is_a_connect_error(make: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with httpx2.Client(transport=make()) as c, pytest.raises(httpx2.ConnectError):
        c.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("make", BOTH)
def test_a_server_that_says_nothing_is_a_read_timeout(make: Any) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        httpx2.Client(transport=make(), timeout=httpx2.Timeout(5, read=0.05)) as c,
        pytest.raises(httpx2.ReadTimeout),
    ):
        c.get(f"http://127.0.0.1:{silent.getsockname()[1]}/")


@pytest.mark.parametrize("make", BOTH)
def test_a_stream_that_stops_is_a_read_timeout(make: Any) -> None:
    with (
        Lines(CHUNKED + b"2\r\nhi\r\n") as server,
        httpx2.Client(transport=make(), timeout=httpx2.Timeout(5, read=0.5)) as c,
        c.stream("GET", server.url) as response,
    ):
        pieces = response.iter_bytes()
        assert next(pieces) == b"hi"
        with pytest.raises(httpx2.ReadTimeout):
            next(pieces)


@pytest.mark.parametrize("make", BOTH)
def test_a_server_that_takes_nothing_is_a_write_timeout(make: Any) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as full,
        httpx2.Client(transport=make(), timeout=httpx2.Timeout(5, write=0.05)) as c,
        pytest.raises(httpx2.WriteTimeout),
    ):
        c.post(f"http://127.0.0.1:{full.getsockname()[1]}/", content=b"x" * 50_000_000)


@pytest.mark.parametrize("make", BOTH)
def test_a_header_that_cannot_be_sent_is_a_protocol_error(make: Any) -> None:
    with Lines(OK) as server, httpx2.Client(transport=make()) as c, pytest.raises(httpx2.LocalProtocolError):
        c.get(server.url, headers={"x-name": "two\r\nlines"})


# --- asynchronous -------------------------------------------------------------------------------------------------

BOTH_ASYNC = [
    pytest.param(lambda: LeanAsyncTransport(), id="ours"),
    pytest.param(lambda: httpx2.AsyncHTTPTransport(), id="stock"),
]


async def fetched(url: str, transport: Any, **options: Any) -> list[Any]:
    """What an asynchronous client reads, twice over."""
    found: list[Any] = []
    async with httpx2.AsyncClient(transport=transport, **options) as c:
        for _ in range(2):
            r = await c.post(url, content=b"x", headers={"x-one": "1"})
            found.append((r.status_code, r.reason_phrase, r.http_version, r.headers.multi_items(), r.content))
    return found


@pytest.mark.parametrize("name", [name for name in ANSWERS if name != "latin-1 header"])
def test_aiohttp_reads_and_sends_what_the_stock_transport_does(name: str) -> None:
    found: list[Any] = []
    for make in (LeanAsyncTransport, httpx2.AsyncHTTPTransport):
        with Lines(ANSWERS[name]) as server:
            read = asyncio.run(fetched(server.url, make()))
            head = server.requests[0].partition(b"\r\n\r\n")[0]
            lines = {line.lower() for line in head.splitlines() if not line.lower().startswith(b"host:")}
            found.append((read, server.connections, lines))
    assert found[0] == found[1]


@pytest.mark.parametrize("make", BOTH_ASYNC)
@pytest.mark.parametrize("name", FAILURES)
def test_a_broken_answer_is_an_error_of_the_same_kind_in_aiohttp(name: str, make: Any) -> None:
    with Lines(FAILURES[name][0], close=True) as server, pytest.raises((httpx2.NetworkError, httpx2.ProtocolError)):
        asyncio.run(fetched(server.url, make()))


@pytest.mark.parametrize("make", BOTH_ASYNC)
def test_no_server_and_silent_servers_are_told_apart_in_aiohttp(make: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(httpx2.ReadTimeout):
            asyncio.run(fetched(url, make(), timeout=httpx2.Timeout(5, read=0.05)))
    with pytest.raises(httpx2.ConnectError):
        asyncio.run(fetched(url, make()))


def test_one_transport_serves_loop_after_loop_and_leaves_nothing_open(
    caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    transport = LeanAsyncTransport()

    async def ask() -> str:
        return (await httpx2.AsyncClient(transport=transport).get(server.url)).text

    with Lines(OK) as server:
        assert [asyncio.run(ask()) for _ in range(3)] == ["hi", "hi", "hi"]
        assert len(transport._sessions) == 1, "only that of the last loop is left"
    transport.__del__()
    gc.collect()
    assert not caplog.records, "aiohttp tells of sessions that nobody closed"
    assert not [w for w in recwarn if "session" in str(w.message).lower() or "connector" in str(w.message).lower()]


def test_a_program_that_never_closes_its_loop_ends_without_a_word() -> None:
    code = """
import asyncio, httpx2
from capably.providers.aio import LeanAsyncTransport
client = httpx2.AsyncClient(transport=LeanAsyncTransport())
loop = asyncio.new_event_loop()
assert loop.run_until_complete(client.get({url!r})).text == "hi"
"""
    with Lines(OK) as server:
        done = subprocess.run(
            [sys.executable, "-c", code.format(url=server.url)], check=True, capture_output=True, text=True
        )
    assert done.stdout + done.stderr == ""


def test_an_asynchronous_stream_that_is_left_early_closes_its_connection() -> None:
    async def leave() -> list[str]:
        async with httpx2.AsyncClient(transport=LeanAsyncTransport()) as c:
            async with c.stream("GET", server.url) as response:
                first = await anext(response.aiter_bytes())
            return [first.decode(), (await c.get(server.url)).text]

    with Lines(CHUNKED + b"3\r\none\r\n", OK) as server:
        assert asyncio.run(leave()) == ["one", "hi"]
        assert server.connections == 2


def test_clients_of_closed_loops_are_let_go() -> None:
    clients = ClientPerLoop()

    async def get() -> object:
        return clients.get(object)

    assert asyncio.run(get()) is not asyncio.run(get())
    assert len(clients._clients) == 1


# --- TLS ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key, in one file."""
    pytest.importorskip("cryptography")
    return write_certificate(tmp_path_factory.mktemp("tls") / "both.pem")


@pytest.fixture
def secure(certificate: Path) -> Iterator[Lines]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Lines(OK, context=context) as server:
        yield server


def test_tls_with_a_certificate_that_is_trusted(secure: Lines, certificate: Path) -> None:
    with client(verify=ssl.create_default_context(cafile=certificate)) as c:
        assert [c.get(secure.url).text for _ in range(2)] == ["hi", "hi"]
        assert secure.connections == 1


def test_the_variable_for_certificates_counts(
    secure: Lines, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with client() as c:
        assert c.get(secure.url).text == "hi"


@pytest.mark.parametrize("make", BOTH)
def test_a_certificate_that_nobody_trusts_is_a_connect_error(secure: Lines, make: Any) -> None:
    with httpx2.Client(transport=make()) as c, pytest.raises(httpx2.ConnectError, match="certificate verify failed"):
        c.get(secure.url)


# --- when it is used ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"])
def test_it_stands_aside_where_there_is_a_proxy(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    assert lean_client("Client") is lean_client("AsyncClient") is None


def test_one_variable_brings_the_stock_transport_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(lean_client("Client"), LeanClient)
    assert isinstance(lean_client("AsyncClient"), LeanAsyncClient)
    monkeypatch.setenv("CAPABLY_TRANSPORT", "sdk")
    assert lean_client("Client") is lean_client("AsyncClient") is None


def test_without_aiohttp_asynchronous_calls_go_over_the_stock_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "capably.providers.aio", None)
    assert lean_client("AsyncClient") is None


REPLIES: dict[str, tuple[str, Any]] = {
    "anthropic": (
        "anthropic/claude-sonnet-5-5",
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-5-5",
            "content": [{"type": "text", "text": "Hello"}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 1, "output_tokens": 1},
        },
    ),
    "openai": (
        "openai/gpt-6.1-sol",
        {
            "id": "resp_1",
            "status": "completed",
            "model": "gpt-6.1-sol",
            "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}],
        },
    ),
    "google": (
        "google/gemini-3.8-flash",
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP"}]},
    ),
}


@pytest.mark.parametrize("switch", ["", "sdk"])
@pytest.mark.parametrize("provider", REPLIES)
def test_every_sdk_goes_by_it_unless_it_is_switched_off(
    provider: str, switch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPABLY_TRANSPORT", switch)
    used: list[httpx2.Request] = []
    exchange = LeanTransport.exchange
    monkeypatch.setattr(
        LeanTransport, "exchange", lambda self, request: (used.append(request), exchange(self, request))[1]
    )
    id, reply = REPLIES[provider]
    with Loopback([Canned(reply)]) as server:
        llm.configure(provider, api_key="test", base_url=server.url)
        assert llm.Model.of(id).call("Hi").text() == "Hello"
    assert bool(used) is (not switch)
