"""The HTTP clients under the SDKs: what an SDK reads and sends over them is what it does over the stock ones."""

from __future__ import annotations

import asyncio
import copy
import gzip
import inspect
import pickle
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from capably.providers.aio import LeanAsyncTransport
from capably.providers.http import LeanTransport
from capably.providers.lean import MOST_KEPT, Answer, LeanAsyncClient, LeanClient
from google.genai._api_client import HttpResponse
from support.raw_http import ANSWERS, CHUNKED, FAILURES, Lines

JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8\r\n"
EMPTY = JSON + b"content-length: 2\r\n\r\n{}"
PACKED = gzip.compress('{"said": "Zoë"}'.encode())
SAID: dict[str, list[bytes]] = {
    **{name: [answer] for name, answer in ANSWERS.items() if name != "latin-1 header"},
    **{f"failure: {name}": [answer] for name, (answer, _) in FAILURES.items()},
    "json": [JSON + b"vary: a\r\nVary: b\r\nRequest-Id: 1\r\nx-request-id: 2\r\ncontent-length: 2\r\n\r\n{}"],
    "json of old": [EMPTY.replace(b"HTTP/1.1 200 OK", b"HTTP/1.0 200 Fine")],
    "json in chunks": [JSON + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"],
    "no utf-8": [JSON + b"content-length: 3\r\n\r\n{\xff}"],
    "empty json": [JSON + b"content-length: 0\r\n\r\n"],
    "packed json": [JSON + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n%b" % (len(PACKED), PACKED)],
    "packed wrongly": [JSON + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}"],
    "packed otherwise": [JSON + b"content-encoding: deflate\r\ncontent-length: 2\r\n\r\n{}"],
    "another charset": [JSON.replace(b"UTF-8", b"latin-1") + b"content-length: 3\r\n\r\n{\xff}"],
    "a cookie": [JSON + b"set-cookie: a=1\r\ncontent-length: 2\r\n\r\n{}"],
    "a redirect": [b"HTTP/1.1 307 Go\r\nlocation: /there\r\ncontent-length: 0\r\n\r\n", EMPTY],
    "busy at first": [b"HTTP/1.1 503 Wait\r\nretry-after-ms: 1\r\ncontent-length: 0\r\n\r\n", EMPTY],
    "cut json": [JSON + b"content-length: 9\r\n\r\n{}"],
}

GIVEN: Any = {"headers": {"Content-Type": "application/json", "x-goog-api-key": "k"}, "timeout": 5.0}
CLIENTS = {"anthropic": anthropic.Anthropic, "openai": openai.OpenAI}
ASYNC_CLIENTS = {"anthropic": anthropic.AsyncAnthropic, "openai": openai.AsyncOpenAI}


def posted(sdk: str, http_client: Any, url: str, body: bytes, retries: int) -> Any:
    """The response to a call of the SDK over an HTTP client, or what to await for it."""
    if sdk == "google" and isinstance(http_client, httpx2.AsyncClient):
        return http_client.request("post", url, content=body, **GIVEN)
    if sdk == "google":
        return http_client.send(http_client.build_request(method="post", url=url, content=body, **GIVEN))
    classes: Any = ASYNC_CLIENTS if isinstance(http_client, httpx2.AsyncClient) else CLIENTS
    client = classes[sdk](api_key="k", base_url=url, http_client=http_client, max_retries=retries)
    options = {"headers": {"content-type": "application/json", "X-Own": "1"}}
    return client.post("/calls", cast_to=httpx2.Response, content=body, options=options)


def read(response: httpx2.Response) -> list[Any]:
    """What SDKs and adapters read of a response, and what else it tells."""
    names = ("Request-Id", "request-id", "X-Request-ID", "x-request-id", "Content-Type", "retry-after", "vary", "none")
    headers = response.headers
    return [
        (response.status_code, response.is_success, response.reason_phrase, response.http_version),
        (response.content, response.read(), list(response.iter_bytes()), response.text, response.encoding),
        [(headers.get(name), name in headers) for name in names],
        HttpResponse(headers).headers,
        (response.is_closed, response.is_stream_consumed, response.has_redirect_location, len(response.history)),
        (response.raise_for_status() is response, response.num_bytes_downloaded, dict(response.cookies)),
        (response.elapsed.total_seconds() > 0, response.links, response.next_request, repr(response)),
        (response.request.method, response.request.url.path, response.url.path, response.request.read()),
    ]


async def awaited(work: Any) -> Any:
    return await work if inspect.isawaitable(work) else work


def done(sdk: str, http_client: Any, name: str) -> list[Any]:
    """What an SDK reads of two answers, errors by their kind, and what it sent."""
    found: list[Any] = []
    with Lines(*SAID[name], close="failure" in name or "cut" in name) as server, asyncio.Runner() as runner:
        host = server.url[7:-1].encode()
        for body in (b"one", b"and two"):
            try:
                response = runner.run(awaited(posted(sdk, http_client, server.url, body, int("busy" in name))))
                found.append(read(response))
            except (httpx2.HTTPError, anthropic.APIError, openai.APIError) as error:
                assert str(error.request.url).startswith(server.url)
                found.append(type(error))
        runner.run(
            awaited(http_client.aclose() if isinstance(http_client, httpx2.AsyncClient) else http_client.close())
        )
    return [found, [sorted(request.replace(host, b"").lower().splitlines()) for request in server.requests]]


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("sdk", ["anthropic", "openai", "google"])
def test_an_sdk_reads_and_sends_what_it_does_over_a_stock_client(sdk: str, name: str) -> None:
    stock = httpx2.Client(follow_redirects=True, timeout=600)
    assert done(sdk, LeanClient(LeanTransport()), name) == done(sdk, stock, name)


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("sdk", ["anthropic", "openai", "google"])
def test_an_sdk_reads_and_sends_the_same_asynchronously(sdk: str, name: str) -> None:
    if sdk == "google" and ("failure" in name or "cut" in name):
        pytest.skip("aiohttp's errors are of the same kinds, not of the same classes")
    stock = httpx2.AsyncClient(follow_redirects=True, timeout=600)
    assert done(sdk, LeanAsyncClient(LeanAsyncTransport()), name) == done(sdk, stock, name)


@pytest.mark.parametrize("sdk", ["anthropic", "openai", "google"])
def test_httpx2_has_no_part_in_a_plain_answer(sdk: str) -> None:
    async def both() -> list[Any]:
        ours = LeanClient(LeanTransport()), LeanAsyncClient(LeanAsyncTransport())
        found = [await awaited(posted(sdk, http_client, server.url, b"one", 0)) for http_client in ours]
        await ours[1].aclose()
        return found

    with Lines(*SAID["json"]) as server:
        assert [type(response) for response in asyncio.run(both())] == [Answer, Answer]


@pytest.mark.parametrize("classes", [CLIENTS, ASYNC_CLIENTS])
@pytest.mark.parametrize("sdk", CLIENTS)
def test_an_sdk_keeps_its_own_timeouts(sdk: str, classes: Any) -> None:
    http_client = LeanClient(LeanTransport()) if classes is CLIENTS else LeanAsyncClient(LeanAsyncTransport())
    client = classes[sdk](api_key="k", http_client=http_client)
    assert client.timeout == classes[sdk](api_key="k").timeout == anthropic.DEFAULT_TIMEOUT


URL = "http://127.0.0.1:1/a?b=c"
ASKED: dict[str, dict[str, Any]] = {
    "bytes": {"content": b"one", "headers": {"X-One": "1"}, "timeout": 5.0},
    "other bytes": {"content": b"and two", "headers": {"X-One": "1"}, "timeout": None},
    "a name in other letters": {"content": b"one", "headers": {"x-one": "1"}, "timeout": (1.0, 2.0)},
    "no bytes": {"content": b"", "headers": [("X-One", "1")], "timeout": httpx2.Timeout(5.0, connect=1.0)},
    "a list of headers": {"content": b"one", "headers": [("X-One", "1"), ("x-one", "2")], "timeout": 5.0},
    "headers of httpx2": {"content": b"one", "headers": httpx2.Headers({"accept": "no", "X-One": "1"}), "timeout": 5.0},
    "headers in utf-8": {"content": b"one", "headers": httpx2.Headers({"x-one": "\u20ac"}, "utf-8"), "timeout": 5.0},
    "headers of another kind": {"content": b"one", "headers": MappingProxyType({"X-One": "1"}), "timeout": 5.0},
    "others of that kind": {"content": b"one", "headers": MappingProxyType({"X-One": "2"}), "timeout": 5.0},
    "an empty list": {"content": b"one", "headers": [], "timeout": 5.0, "params": None, "files": None},
    "a length of its own": {"content": b"one", "headers": {"content-length": "3"}, "timeout": 5.0},
    "chunks": {"content": b"one", "headers": {"transfer-encoding": "chunked"}, "timeout": 5.0},
    "a cookie of its own": {"content": b"one", "headers": {"Cookie": "h=i"}, "timeout": 5.0},
    "text": {"content": "one", "headers": {"X-One": "1"}, "timeout": 5.0},
    "json": {"json": {"one": 1}, "headers": {"X-One": "1"}, "timeout": 5.0},
    "nothing": {},
    "the client's timeout": {"content": b"one", "headers": {"X-One": "1"}},
    "parameters": {"content": b"one", "headers": {"X-One": "1"}, "timeout": 5.0, "params": {"d": "e"}},
    "extensions": {"content": b"one", "headers": {}, "timeout": 5.0, "extensions": {"sni_hostname": "a"}},
    "a cookie": {"content": b"one", "headers": {}, "timeout": 5.0, "cookies": {"f": "g"}},
}


def built(client: httpx2.Client | httpx2.AsyncClient, name: str) -> list[Any]:
    request = client.build_request("post", URL, **ASKED[name])
    return [request.method, str(request.url), sorted(request.headers.raw), request.extensions, request.read()]


@pytest.mark.parametrize("make", [lambda: LeanClient(LeanTransport()), lambda: LeanAsyncClient(LeanAsyncTransport())])
def test_a_request_built_from_the_one_before_is_the_one_that_httpx2_builds(make: Callable[[], Any]) -> None:
    stock, ours = httpx2.Client(), make()
    for cookies in ({}, {}, {"a": "1"}, {"a": "2", "b": "3"}, {}):
        stock.cookies = ours.cookies = cookies
        assert [built(ours, name) for name in ASKED] == [built(stock, name) for name in ASKED]


def test_what_is_done_to_a_request_is_not_done_to_the_next() -> None:
    with LeanClient(LeanTransport()) as client:
        first = client.build_request("POST", URL, content=b"x", **GIVEN)
        before = [sorted(first.headers.raw), copy.deepcopy(first.extensions)]
        first.headers["x-goog-api-key"] = "another"
        first.extensions["timeout"]["read"] = 1.0
        first.url = httpx2.URL("http://elsewhere/")
        second = client.build_request("POST", URL, content=b"x", **GIVEN)
    assert [sorted(second.headers.raw), second.extensions] == before and str(second.url) == URL


def test_few_requests_are_kept() -> None:
    with LeanClient(LeanTransport()) as client:
        for number in range(2 * MOST_KEPT):
            client.build_request("POST", URL, content=b"x", headers={"x-call": str(number)}, timeout=5.0)
        assert 0 < len(client._requests._kept) <= MOST_KEPT


@pytest.mark.parametrize("given", [{}, {"auth": ("me", "secret")}])
@pytest.mark.parametrize("place", ["http://", "http://you:secret@"])
def test_credentials_are_sent_as_by_a_stock_client(place: str, given: dict[str, Any]) -> None:
    sent: list[list[bytes]] = []
    for client in (LeanClient(LeanTransport()), httpx2.Client()):
        with Lines(EMPTY) as server, client:
            url = server.url.replace("http://", place)
            client.send(client.build_request("post", url, content=b"x", **GIVEN), **given)
            sent.append([line for line in server.requests[0].lower().splitlines() if line.startswith(b"authoriz")])
    assert sent[0] == sent[1] and len(sent[0]) == (bool(given) or "@" in place)


def test_a_cookie_that_was_set_is_sent() -> None:
    with Lines(*SAID["a cookie"] * 2, EMPTY) as server, LeanClient(LeanTransport()) as client:
        kinds = [type(client.send(client.build_request("post", server.url, content=b"x", **GIVEN))) for _ in range(3)]
        assert [b"\r\ncookie: a=1" in request.lower() for request in server.requests] == [False, True, True]
    assert kinds == [httpx2.Response, httpx2.Response, Answer]


def test_an_answer_can_be_kept() -> None:
    with Lines(*SAID["json"]) as server, LeanClient(LeanTransport()) as client:
        answer = client.send(client.build_request("post", server.url, content=b"x", **GIVEN))
    kept = pickle.loads(pickle.dumps(answer))
    assert (kept.content, kept.headers["Vary"], kept.headers.get_list("vary")) == (b"{}", "a, b", ["a, b"])
    with pytest.raises(KeyError):
        kept.headers["X-9"]


@pytest.mark.parametrize("follow", [True, False])
def test_a_redirect_is_followed_only_where_it_shall_be(follow: bool) -> None:
    with Lines(*SAID["a redirect"]) as server, LeanClient(LeanTransport()) as client:
        request = client.build_request("post", server.url, content=b"x", **GIVEN)
        assert client.send(request, follow_redirects=follow).status_code == (200 if follow else 307)


def test_a_stream_comes_piece_by_piece() -> None:
    with Lines(CHUNKED + b"3\r\none\r\n") as server, LeanClient(LeanTransport()) as client:
        response = client.send(client.build_request("post", server.url, content=b"x", **GIVEN), stream=True)
        assert next(response.iter_bytes()) == b"one"
        response.close()


def test_requests_are_logged_for_those_who_ask(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "httpx2")
    with Lines(EMPTY) as server, LeanClient(LeanTransport()) as client:
        client.send(client.build_request("post", server.url, content=b"x", **GIVEN))
    assert any("HTTP Request: POST" in record.getMessage() for record in caplog.records)


def test_a_client_that_was_closed_sends_nothing() -> None:
    with Lines(EMPTY) as server:
        client = LeanClient(LeanTransport())
        client.close()
        with pytest.raises(RuntimeError, match="closed"):
            client.send(client.build_request("post", server.url, content=b"x", **GIVEN))
        assert server.requests == []
