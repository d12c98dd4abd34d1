"""Handles: settings of their own for each tenant, shown without secrets, closed by whoever made them."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import pickle
import re
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.loopback import Canned, Loopback, Received
from support.patience import PATIENCE, wait_until
from support.questions import (
    EACH,
    EVENTS,
    JSON,
    LIBRARIES,
    MODELS,
    REPLIES,
    WAYS,
    answered,
    ask,
    ask_in_loop,
    body_of,
    model_at,
    ok,
    wants_stream,
)
from support.raw_http import Lines
from support.sample import pairwise

from capably import llm

SECRET = "sk-private-0123456789"
PAIRS = pytest.mark.parametrize(("provider", "way", "library"), pairwise(MODELS, WAYS, LIBRARIES))


def key_of(request: Received) -> str:
    """Return the key that a request carries."""
    return request.headers.get("x-goog-api-key") or request.headers["authorization"].removeprefix("Bearer ")


def keyed(request: Received) -> Canned:
    """Return an answer whose text is the key of its request."""
    stream = wants_stream(request.path.encode() + request.body)
    provider = next(name for name, part in PATHS.items() if part in request.path)
    kind = "text/event-stream" if stream else "application/json"
    return Canned(body_of(provider, key_of(request), stream=stream), headers={"content-type": kind})


PATHS = {"anthropic": "/messages", "openai": "/responses", "google": "enerateContent", "groq": "/completions"}


@PAIRS
def test_forty_threads_of_two_tenants_send_their_own_keys(provider: str, way: str, library: str) -> None:
    def with_key(request: bytes) -> list[bytes]:
        tenant = re.search(rb"tenant-\d", request.partition(b"\r\n\r\n")[0])
        assert tenant
        body = body_of(provider, tenant[0].decode(), stream=wants_stream(request))
        return [(EVENTS if wants_stream(request) else JSON) + b"content-length: %d\r\n\r\n" % len(body) + body]

    with Lines(with_key) as server:
        models = [model_at(provider, server.url, library, api_key=f"tenant-{number}") for number in range(2)]

        def calls(thread: int) -> list[str]:
            return [asyncio.run(ask_in_loop(models[(thread + call) % 2], way)) for call in range(4)]

        with ThreadPoolExecutor(40) as pool:
            keys = list(pool.map(calls, range(40)))
    assert keys == [[f"tenant-{(thread + call) % 2}" for call in range(4)] for thread in range(40)]


@PAIRS
def test_a_handle_may_be_a_default_a_parameter_or_an_override(provider: str, way: str, library: Any) -> None:
    with Loopback([keyed]) as server:
        given: Any = {"base_url": server.url, "http": library, "max_retries": 0}
        llm.configure(provider, api_key="of the process", **given)
        acme, other = (llm.provider(provider, api_key=name, **given) for name in ("acme", "other"))
        model: Any = llm.Model.of(MODELS[provider])
        assert ask(model, way) == "of the process"
        assert ask(model, way, provider=acme) == "acme"
        assert ask(model.with_(provider=acme), way) == "acme"
        assert ask(model.with_(provider=acme), way, provider=other) == "other"
        with llm.override(provider=other):
            assert ask(model, way) == "other"
        assert ask(model, way) == "of the process"


def test_a_handle_of_another_provider_is_refused() -> None:
    handle = llm.provider("groq", api_key="k")
    with pytest.raises(llm.ConfigurationError, match=r"groq.*openai"):
        llm.Model.of(MODELS["openai"]).call("Hi", provider=handle)
    wrong: Any = "groq"
    with pytest.raises(TypeError, match="provider="):
        llm.Model.of(MODELS["groq"]).call("Hi", provider=wrong)


@pytest.mark.parametrize("provider", MODELS)
def test_no_secret_is_shown_copied_or_pickled(provider: str) -> None:
    handle: Any = llm.provider(
        provider,
        api_key=SECRET,
        base_url=f"https://gateway.test/v1?token={SECRET}",
        headers={"x-corp": SECRET},
        query={"q": SECRET},
        timeout=30,
    )
    assert "gateway.test/v1" in repr(handle) and "silence=30" in repr(handle)
    model: Any = llm.Model.of(MODELS[provider], provider=handle)
    for value in (handle, model):
        assert SECRET not in repr(value) + str(value)
        assert SECRET.encode() not in pickle.dumps(value)
    assert copy.copy(handle) is copy.deepcopy(handle) is handle
    assert pickle.loads(pickle.dumps(handle)).name == provider


def test_a_pickled_handle_is_that_of_the_process_that_reads_it() -> None:
    with Loopback([keyed]) as server:
        model: Any = pickle.loads(pickle.dumps(model_at("groq", "http://127.0.0.1:9", api_key=SECRET)))
        llm.configure("groq", api_key="of the process", base_url=server.url)
        again: Any = pickle.loads(pickle.dumps(model))
        assert ask(again, "call") == "of the process"


# --- keys ---------------------------------------------------------------------------------------------------------


@EACH
def test_a_function_is_asked_for_the_key_before_each_request(provider: str, way: str, library: str) -> None:
    keys = iter(["one", "two", "three"])
    busy = Canned(b"", status=503, headers={"retry-after-ms": "1"})
    with Loopback([keyed, busy, keyed]) as server:
        model = model_at(provider, server.url, library, api_key=lambda: next(keys), max_retries=1)
        assert [ask(model, way), ask(model, way)] == ["one", "three"]
        assert [key_of(request) for request in server.requests] == ["one", "two", "three"]


@EACH
def test_a_function_for_the_key_may_be_asynchronous(provider: str, way: str, library: str) -> None:
    async def key() -> str:
        await asyncio.sleep(0)
        return "later\n"

    with Loopback([keyed]) as server:
        model = model_at(provider, server.url, library, api_key=key)
        if way.endswith("_async"):
            assert ask(model, way) == "later"
        else:
            with pytest.raises(llm.ConfigurationError, match="async function"):
                ask(model, way)
            assert server.requests == []


@pytest.mark.parametrize("way", WAYS)
def test_a_function_that_fails_or_gives_no_key_is_an_error_without_a_request(way: str) -> None:
    def fails() -> str:
        raise LookupError("no vault")

    given: tuple[tuple[Callable[[], Any], type[Exception], str], ...] = (
        (fails, LookupError, "no vault"),
        (lambda: "", llm.ConfigurationError, "returned nothing"),
        (lambda: 5, llm.ConfigurationError, "returned int"),
        (lambda: f"{SECRET}\x00", llm.ConfigurationError, "cannot be sent"),
    )
    with Loopback([ok]) as server:
        for key, kind, words in given:
            with pytest.raises(kind, match=words) as raised:
                ask(model_at("openai", server.url, api_key=key), way)
            assert SECRET not in str(raised.value)
        assert server.requests == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("error", [TimeoutError("vault"), ConnectionResetError("vault")])
def test_what_a_function_for_the_key_raises_is_not_the_providers(way: str, error: Exception) -> None:
    asked: list[int] = []

    def key() -> str:
        asked.append(1)
        raise error

    model = model_at("groq", "http://127.0.0.1:9", api_key=key, max_retries=2)
    with pytest.raises(type(error)) as raised:
        ask(model, way)
    assert raised.value is error
    assert len(asked) == 1


def test_the_key_of_a_variable_is_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback([keyed]) as server:
        model = model_at("groq", server.url, api_key=None)
        monkeypatch.delenv("GROQ_API_KEY", raising=False)
        with pytest.raises(llm.ConfigurationError, match=r'GROQ_API_KEY.*llm\.configure\("groq", api_key='):
            ask(model, "call")
        for key in ("first", "second"):
            monkeypatch.setenv("GROQ_API_KEY", key)
            assert ask(model, "call") == key


# --- headers, query, address --------------------------------------------------------------------------------------


@EACH
def test_headers_and_query_of_a_handle_go_with_every_request(provider: str, way: str, library: str) -> None:
    with Loopback([ok]) as server:
        model = model_at(
            provider,
            f"{server.url}/v1/?of=address",
            library,
            headers={"X-Corp": "1", "X-Both": "handle"},
            query={"a b": "ü&"},
        )
        ask(model, way, headers={"x-both": "call"})
        (sent,) = server.requests
    assert (sent.headers["x-corp"], sent.headers["x-both"]) == ("1", "call")
    path, _, query = sent.path.partition("?")
    assert path.startswith("/v1/") and "//" not in path
    assert {"of=address", "a+b=%C3%BC%26"} <= set(query.split("&"))
    assert ("alt=sse" in query) is (provider == "google" and way.startswith("stream"))


@EACH
def test_a_credential_of_the_callers_takes_the_place_of_the_key(
    provider: str, way: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Loopback([ok]) as server:
        model = model_at(provider, server.url, library, api_key=SECRET, headers={"Authorization": "Basic mine"})
        ask(model, way)
        (sent,) = server.requests
    assert sent.headers["authorization"] == "Basic mine"
    assert SECRET not in str(sent.headers)


@pytest.mark.parametrize(
    "address",
    ["localhost:8000", "ftp://x.test", "http://", "", "//x.test", "https://me:pw@x.test", "http://x.test:99999"],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    for make in (llm.configure, llm.provider):
        with pytest.raises(llm.ConfigurationError, match="base_url"):
            make("openai", base_url=address)


WIRES = {"messages": "anthropic", "responses": "openai", "generate_content": "google", "chat_completions": "groq"}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.filterwarnings("ignore::capably.types.errors.UnverifiedModelWarning")
def test_a_server_of_ones_own_speaks_any_format(wire: Any, way: str, library: Any) -> None:
    with Loopback([ok]) as server:
        name = f"mine_{wire}"
        handle = llm.provider(name, base_url=server.url, wire=wire, http=library)
        assert ask(llm.Model.of(f"{name}/a-model", provider=handle), way, max_tokens=9) == "ok"
        (sent,) = server.requests
    assert PATHS[WIRES[wire]] in sent.path
    assert not {"authorization", "x-api-key", "x-goog-api-key"} & sent.headers.keys()


@pytest.mark.filterwarnings("ignore::capably.types.errors.UnverifiedModelWarning")
def test_a_server_of_ones_own_speaks_chat_completions_unless_it_says_otherwise() -> None:
    with Loopback([ok]) as server:
        llm.configure("mine_too", base_url=server.url, api_key="k")
        assert ask(llm.Model.of("mine_too/a-model"), "call") == "ok"
        assert server.requests[0].path == "/chat/completions"
        assert server.requests[0].headers["authorization"] == "Bearer k"


# --- closing and changing -----------------------------------------------------------------------------------------


@EACH
def test_a_handle_that_was_closed_opens_new_connections(provider: str, way: str, library: str) -> None:
    with Lines(lambda request: [answered(provider, request)]) as server:
        model = model_at(provider, server.url, library)
        handle: Any = model.defaults["provider"]

        async def close_by_async_with() -> None:
            async with handle:
                pass

        for number in range(3):
            assert ask(model, way, f"question-{number}") == f"answer-{number}"
            with handle:
                pass
            asyncio.run(close_by_async_with())
        assert server.connections == 3


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_process_may_be_configured_anew_while_calls_run(library: Any) -> None:
    wrong: list[str] = []
    done = threading.Event()

    def calls(way: str) -> None:
        model = llm.Model.of(MODELS["groq"])
        while not done.is_set():
            try:
                key = ask(model, way)
            except Exception as error:
                wrong.append(repr(error))
            else:
                if not key.startswith("key-"):
                    wrong.append(key)

    with Loopback([keyed]) as server:
        llm.configure("groq", api_key="key-0", base_url=server.url, max_retries=0, http=library)
        threads = [threading.Thread(target=calls, args=(way,)) for way in ("call", "stream", "call", "stream")]
        for thread in threads:
            thread.start()
        for number in range(50):
            llm.configure("groq", api_key=f"key-{number}", base_url=server.url, max_retries=0, http=library)
        done.set()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("base_url", 5), ("endpoint", 5), ("api_version", 5), ("api_key", SECRET.encode()), ("token", 5)),
        *(("headers", {"x": 5}), ("headers", {5: "x"}), ("headers", [("x", SECRET)]), ("headers", SECRET)),
        *(("query", {"key": None}), ("query", SECRET), ("query", {"key": [SECRET]})),
    ],
)
def test_a_setting_of_another_type_is_refused_and_not_shown(name: str, value: Any) -> None:
    given: dict[str, Any] = {name: value}
    with pytest.raises(TypeError, match=f"{name}= ") as raised:
        llm.provider("azure", **given)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("header", ["", "a b", "a\r\nb", "\xe9", "Content-Length", "transfer-encoding"])
def test_a_header_that_cannot_be_sent_or_cuts_the_request_is_refused(header: str) -> None:
    with pytest.raises(llm.ConfigurationError, match="headers"):
        llm.provider("groq", headers={header: "3"})
    with pytest.raises(llm.ConfigurationError, match="headers"):
        model_at("groq", "http://127.0.0.1:9").call("Hi", headers={header: "3"})


@pytest.mark.parametrize("address", ["localhost:80", f"https://u:{SECRET}@host", f"ftp://{SECRET}@host", "http://h/#x"])
@pytest.mark.parametrize("provider", ["anthropic", "openai", "google", "azure"])
def test_an_address_of_the_environment_is_checked_and_shows_no_secret(
    provider: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"google": "GOOGLE_GEMINI_BASE_URL", "azure": "AZURE_OPENAI_ENDPOINT"}
    name = names.get(provider, f"{provider.upper()}_BASE_URL")
    monkeypatch.setenv(name, address)
    handle = llm.provider(provider, api_key="k")
    like: Any = MODELS.get(provider, MODELS["openai"])
    model = llm.Model.custom(f"{provider}/deployment", like=like).with_(provider=handle, max_tokens=9)
    with pytest.raises(llm.ConfigurationError, match=name) as raised:
        model.call("Hi")
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore::capably.types.errors.UnverifiedModelWarning")
def test_a_token_is_what_gemini_at_google_cloud_gets(way: str) -> None:
    with Loopback([ok]) as server:
        handle = llm.provider("vertex", project="p", location="l", token=SECRET, base_url=server.url, max_retries=0)
        model = llm.Model.of("vertex/gemini-3.8-flash", provider=handle)
        assert ask(model, way) == "ok"
        assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("vertex/gemini-3.8-flash", {"token": lambda: SECRET, "project": "p", "location": "l"}),
        ("vertex/claude-sonnet-5-5", {"token": lambda: SECRET, "project": "p", "location": "l"}),
        ("bedrock/anthropic.claude-sonnet-5-5", {"api_key": lambda: SECRET, "region": "us-east-1"}),
    ],
)
@pytest.mark.filterwarnings("ignore::capably.types.errors.UnverifiedModelWarning")
def test_a_function_that_no_client_of_a_cloud_would_ask_is_refused(model: Any, settings: dict[str, Any]) -> None:
    handle = llm.provider(model.partition("/")[0], **settings)
    with pytest.raises(llm.ConfigurationError, match="cannot be a function"):
        llm.Model.of(model, provider=handle, max_tokens=9).call("Hi")


@pytest.mark.parametrize("wire", ["foo", "", 5])
def test_a_format_that_nobody_has_is_refused(wire: Any) -> None:
    with pytest.raises(llm.ConfigurationError, match="chat_completions"):
        llm.provider("some-server", base_url="http://127.0.0.1:9", wire=wire)


@pytest.mark.parametrize(("way", "library"), pairwise(("call", "stream"), LIBRARIES))
def test_calls_that_run_go_on_when_their_handle_is_closed(way: str, library: Any) -> None:
    """Plain httpx2 leaves a thread that waits on a closed connection waiting, and pyreqwest fails its calls."""
    closed = threading.Event()

    def waits(request: bytes) -> list[bytes]:
        closed.wait(PATIENCE)
        return [answered("openai", request)]

    with Lines(waits) as server, ThreadPoolExecutor(4) as pool:
        model = model_at("openai", server.url, library, timeout=600)

        def all_wait() -> bool:
            model.defaults["provider"].close()
            return len(server.requests) == 4

        answers = [pool.submit(ask, model, way, f"question-{number}") for number in range(4)]
        wait_until(all_wait)
        model.defaults["provider"].close()
        closed.set()
        assert [answer.result() for answer in answers] == [f"answer-{number}" for number in range(4)]
        assert server.ended.wait(PATIENCE)


@pytest.mark.parametrize(("way", "library"), pairwise(("call_async", "stream_async"), LIBRARIES))
def test_asynchronous_calls_that_run_go_on_when_their_handle_is_closed(way: str, library: Any) -> None:
    arrived = threading.Semaphore(0)
    closed = threading.Event()

    def waiting(request: bytes) -> list[bytes | float]:
        arrived.release()
        assert closed.wait(60)
        return [answered("openai", request)]

    async def main(model: Any) -> list[str]:
        questions = [asyncio.create_task(ask_in_loop(model, way, f"question-{number}")) for number in range(4)]
        for _ in range(4):
            assert await asyncio.to_thread(arrived.acquire, timeout=60)
        await model.defaults["provider"].aclose()
        later = asyncio.create_task(ask_in_loop(model, way, "question-9"))
        closed.set()
        answers = [await question for question in (*questions, later)]
        await model.defaults["provider"].aclose()
        return answers

    with Lines(waiting) as server:
        model = model_at("openai", server.url, library, timeout=60)
        assert asyncio.run(main(model)) == [f"answer-{number}" for number in (0, 1, 2, 3, 9)]
        assert server.ended.wait(60)


@pytest.mark.parametrize("way", WAYS)
def test_a_call_that_fails_before_its_connection_is_no_call_that_runs(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was counted all the same would keep every later connection open after `close()`."""

    async def story(model: Any) -> None:
        for _ in range(2):
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
            with pytest.raises(llm.ConfigurationError, match="SSL_CERT_FILE"):
                await ask_in_loop(model, way)
            monkeypatch.delenv("SSL_CERT_FILE")
            assert await ask_in_loop(model, way, "question-1") == "answer-1"
            await model.defaults["provider"].aclose()
        assert await asyncio.to_thread(server.ended.wait, PATIENCE)

    with Lines(lambda request: [answered("openai", request)]) as server:
        asyncio.run(story(model_at("openai", server.url, "httpx2")))


@pytest.mark.parametrize("way", WAYS)
def test_a_proxy_that_cannot_be_used_is_an_error_of_ours_without_its_password(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "gopher://user:secret@127.0.0.1:9")
    with pytest.raises(llm.ConfigurationError, match="HTTP_PROXY") as caught:
        ask(model_at("openai", "http://127.0.0.1:9", "httpx2"), way)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("library", LIBRARIES)
def test_timeouts_that_differ_at_each_call_leave_few_connections(library: Any) -> None:
    with Lines(lambda request: [answered("groq", request)]) as server:
        model = model_at("groq", server.url, library)
        before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else pytest.skip("no /proc")
        for number in range(60):
            model.call("question-1", timeout=60 + number / 100)
        wait_until(lambda: len(os.listdir("/proc/self/fd")) - before < 60)


# --- HTTP clients of the caller's -----------------------------------------------------------------------------------


def mock(seen: list[httpx2.Request]) -> httpx2.MockTransport:
    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json=REPLIES["openai"]("mocked"))

    return httpx2.MockTransport(answer)


def test_an_http_client_sends_its_own_kind_of_call_and_is_never_passed_over() -> None:
    seen: list[httpx2.Request] = []
    with httpx2.Client(transport=mock(seen), headers={"x-through": "mine"}, params={"p": "1"}) as client:
        model = model_at("openai", "http://127.0.0.1:9", http_client=client)
        assert ask(model, "call") == "mocked"
        with pytest.raises(llm.ConfigurationError, match="async_http_client"):
            ask(model, "call_async")
        assert ask(model, "call") == "mocked", "the caller closes it, not a handle"
        model.defaults["provider"].close()
        assert ask(model, "call") == "mocked"
    assert seen[0].headers["x-through"] == "mine" and seen[0].url.params["p"] == "1"
    assert json.loads(seen[0].content)["model"]


def test_an_asynchronous_http_client_sends_asynchronous_calls_alone() -> None:
    seen: list[httpx2.Request] = []
    for word in ("async_http_client", "http_client"):
        client = httpx2.AsyncClient(transport=mock(seen))
        model = model_at("openai", "http://127.0.0.1:9", **{word: client})
        assert ask(model, "call_async") == "mocked"
        with pytest.raises(llm.ConfigurationError, match="http_client"):
            ask(model, "call")
    assert len(seen) == 2


@pytest.mark.parametrize("word", ["http_client", "async_http_client"])
def test_another_kind_of_client_is_refused(word: str) -> None:
    wrong: Any = {word: 5}
    with pytest.raises(llm.ConfigurationError, match=rf"{word}= is a builtins.int; it takes an httpx2"):
        llm.configure("openai", **wrong)


@pytest.mark.parametrize(
    ("provider", "client", "words"),
    [
        ("anthropic", 5, r"builtins\.int; it takes a client of the vendor's SDK, such as anthropic\.Anthropic\(\)"),
        ("openai", "https://x.test", r"builtins\.str; .* such as openai\.OpenAI\(\)"),
        ("google", httpx2.Client(), r"httpx2\.Client; .* such as genai\.Client\(\)"),
        ("own-server", 5, r"builtins\.int; .* such as openai\.OpenAI\(\)"),
    ],
)
def test_a_client_of_no_sdk_is_refused_where_it_is_set(provider: str, client: Any, words: str) -> None:
    with pytest.raises(llm.ConfigurationError, match=f"{provider}: client= is a {words}"):
        llm.provider(provider, client=client)


def test_a_client_of_an_sdk_for_the_other_kind_of_calls_is_refused_where_it_is_set() -> None:
    import anthropic
    import openai

    with pytest.raises(llm.ConfigurationError, match=r"AsyncAnthropic, .*; give it as async_client="):
        llm.provider("anthropic", client=anthropic.AsyncAnthropic(api_key="k"))
    with pytest.raises(llm.ConfigurationError, match=r"OpenAI, .*; give it as client="):
        llm.provider("openai", async_client=openai.OpenAI(api_key="k"))


@pytest.mark.parametrize("value", ["v1/../v9", "v1?x=1", "a b", "v1#", "v1%2f", "..", "", "v1\n", "\u0661"])
@pytest.mark.parametrize(
    ("provider", "word"),
    [("google", "api_version"), ("azure", "api_version"), *(("vertex", word) for word in ("project", "location"))],
)
def test_a_part_of_the_address_changes_no_other(provider: str, word: str, value: str) -> None:
    settings: dict[str, Any] = {word: value}
    with pytest.raises(llm.ConfigurationError, match=f"{word}=.* cannot stand in an address"):
        llm.provider(provider, **settings)


def test_a_part_of_the_address_in_a_variable_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_VERSION", "2025-04-01-preview/../x")
    handle = llm.provider("azure", api_key="k", endpoint="https://x.test")
    with pytest.raises(llm.ConfigurationError, match=r"OPENAI_API_VERSION=.* cannot stand in an address"):
        llm.Model.custom("azure/deployment", like="openai/gpt-4.1").with_(provider=handle).call("Hi")


@pytest.mark.parametrize("deployment", ["a/../b", "a?b", "a#b", "a b", ".."])
def test_the_name_of_a_deployment_changes_no_other_part_of_the_address(deployment: str) -> None:
    settings: dict[str, Any] = {"endpoint": "https://x.test", "api_version": "2025-04-01-preview"}
    handle = llm.provider("azure", api_key="k", **settings)
    model = llm.Model.custom(f"azure/{deployment}", like="openai/gpt-audio-1.5").with_(provider=handle)
    with pytest.raises(llm.UnknownModelError, match="cannot be the name of a deployment"):
        model.call("Hi")


@pytest.mark.filterwarnings("ignore::capably.types.errors.UnverifiedModelWarning")
def test_a_query_that_the_client_of_google_cloud_cannot_send_is_refused() -> None:
    handle = llm.provider("vertex", token="t", project="p", location="l", query={"a": "b"})
    with pytest.raises(llm.ConfigurationError, match="query= of vertex cannot be sent"):
        llm.Model.of("vertex/gemini-3.8-flash", provider=handle).call("Hi")


@pytest.mark.parametrize(("provider", "way", "library"), pairwise(MODELS, WAYS, LIBRARIES))
def test_no_key_stands_in_the_address_which_libraries_log(provider: str, way: str, library: str) -> None:
    with Loopback([ok]) as server:
        assert ask(model_at(provider, server.url, library, api_key=SECRET), way) == "ok"
    assert SECRET not in server.requests[0].path


@pytest.mark.parametrize("provider", MODELS)
def test_streams_go_over_a_client_of_the_callers_too(provider: str) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=body_of(provider, "mocked", stream=True))

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        model = model_at(
            provider,
            "http://127.0.0.1:9",
            http_client=client,
            async_http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(answer)),
        )
        assert [ask(model, way) for way in ("stream", "stream_async")] == ["mocked"] * 2


def test_the_library_that_sends_is_a_setting_and_is_shown() -> None:
    shown = {http: repr(llm.provider("openai", http=http)) for http in ("auto", *LIBRARIES)}
    assert shown["auto"].endswith("over pyreqwest>") and shown["pyreqwest"].endswith("over pyreqwest>")
    assert shown["httpx2"].endswith("over httpx2>")
    wrong: Any = "aiohttp"
    with pytest.raises((llm.ConfigurationError, ValueError), match="http"):
        llm.configure("openai", http=wrong)
