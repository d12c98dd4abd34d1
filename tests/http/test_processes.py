"""Processes, threads and event loops: each has connections of its own, and no call gets what answers another one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from certificate import write_certificate
from support.patience import PATIENCE, SUBPROCESS_PATIENCE
from support.questions import LIBRARIES, MODELS, WAYS, answered, ask_in_loop, model_at
from support.raw_http import Lines
from support.sample import pairwise

from capably import llm
from capably.http import libraries

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.filterwarnings(
    "ignore:This process .* is multi-threaded:DeprecationWarning"
)  # what these are about

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
CHILDREN, CALLS = 10, 8
HTTP = ("auto", "httpx2")
"""Settings that work in a forked child: `auto` sends over pyreqwest, and over httpx2 in the child of a process that used it."""


def in_child(work: Callable[[], list[str]], start: tuple[int, int] | None = None) -> tuple[int, int]:
    """Fork, and let the child do the work. Return its process id, and from where its result can be read.

    `start` is a pipe whose end lets children begin. A fork beside a thread that is in the midst of TLS, as the server's are
    once a child asks, may copy a lock of OpenSSL that nobody in the child lets go.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader
    signal.alarm(120)  # A child that waits for ever ends, and its result is missing.
    try:
        if start is not None:
            os.close(start[1])
            os.read(start[0], 1)
        os.write(writer, json.dumps(work()).encode())
    except BaseException:
        os.write(writer, json.dumps([traceback.format_exc()]).encode())
    finally:
        os._exit(0)


def result_of(child: int, reader: int) -> list[str]:
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text) if text else [f"the child ended with {status}"]


def wrong(model: llm.AnyModel, way: str, first: int, calls: int = CALLS) -> list[str]:
    """Return the answers to calls one after the other that are not theirs."""

    async def ask() -> list[str]:
        others: list[str] = []
        for number in range(first, first + calls):
            content = f"question-{number}"
            text = await ask_in_loop(model, way, content)
            if text != f"answer-{number}":
                others.append(f"{content}: {text}")
        return others

    return asyncio.run(ask())


SCHEMES = ("http", "https")


@pytest.fixture
def context(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ssl.SSLContext | None]:
    """A server's side of TLS, whose certificate calls trust; `None` for none."""
    if request.param == "http":
        yield None
        return
    pytest.importorskip("cryptography")
    certificate = write_certificate(tmp_path / "both.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate)
    yield made


@FORKS
@pytest.mark.parametrize(
    ("provider", "way", "http", "context"),
    [row for row in pairwise(MODELS, WAYS, HTTP, SCHEMES) if row[2:] != ("auto", "https")],
    indirect=["context"],
)
def test_children_and_parent_get_their_own_answers(
    provider: str, way: str, http: str, context: ssl.SSLContext | None
) -> None:
    def answer(request: bytes) -> Iterable[bytes | float]:
        yield from (0.003, answered(provider, request))

    with Lines(answer, context=context) as server:
        model = model_at(provider, server.url, http, timeout=60)
        assert wrong(model, way, 0, 1) == []
        start = os.pipe()
        children = [in_child(lambda n=n: wrong(model, way, n * 100), start) for n in range(1, CHILDREN + 1)]
        os.close(start[1])
        own = wrong(model, way, 9000)
        os.close(start[0])
        assert [own, *(result_of(*child) for child in children)] == [[]] * (CHILDREN + 1)


@FORKS
@pytest.mark.parametrize("http", HTTP)
@pytest.mark.parametrize("provider", MODELS)
def test_a_child_that_ends_leaves_the_connection_of_its_parent_in_use(provider: str, http: str) -> None:
    with Lines(lambda request: [answered(provider, request)]) as server:
        model = model_at(provider, server.url, http, timeout=60)

        async def ask() -> list[str]:
            texts = [(await model.call_async("question-1")).text(), model.call("question-2").text()]
            connections = server.connections
            texts += result_of(*in_child(lambda: [model.call("question-3").text()]))
            texts += [(await model.call_async("question-4")).text(), model.call("question-5").text()]
            assert server.connections == connections + 1, "the child's own"
            await model.defaults["provider"].aclose()
            return texts

        assert asyncio.run(ask()) == [f"answer-{number}" for number in range(1, 6)]


@FORKS
def test_a_child_waits_for_no_thread_of_its_parent() -> None:
    """After a stream over httpx2 a thread of the parent is idle; over pyreqwest one waits in place of the main thread."""

    program = """
import os, sys
from support.questions import answered, ask, model_at
from support.raw_http import Lines

with Lines(lambda request: [answered("anthropic", request)]) as server:
    ask(model_at("anthropic", server.url, "httpx2"), "stream", "question-1")
    child = os.fork()
    if not child:
        print(ask(model_at("anthropic", server.url, "pyreqwest", timeout=60), "call", "question-2"), flush=True)
        os._exit(0)
    sys.exit(os.waitpid(child, 0)[1])
"""
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=SUBPROCESS_PATIENCE,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("answer-2\n", "", 0)


@FORKS
def test_a_child_says_over_which_library_it_sends_and_refuses_the_lost_one() -> None:
    with Lines(lambda request: [answered("groq", request)]) as server:
        automatic, fixed = (model_at("groq", server.url, http) for http in ("auto", "pyreqwest"))
        assert [model.call("question-1").text() for model in (automatic, fixed)] == ["answer-1"] * 2
        assert "over pyreqwest" in repr(automatic.defaults["provider"])

        def work() -> list[str]:
            try:
                refused = fixed.call("question-2").text()
            except llm.ConfigurationError as error:
                refused = str(error)
            return [repr(automatic.defaults["provider"]), refused, automatic.call("question-3").text()]

        shown, refused, text = result_of(*in_child(work))
    assert "over httpx2" in shown and "forked" in refused and text == "answer-3"


@FORKS
@pytest.mark.parametrize("http", HTTP)
def test_a_handle_may_be_closed_in_a_child_and_its_parent_goes_on(http: str) -> None:
    with Lines(lambda request: [answered("openai", request)]) as server:
        model = model_at("openai", server.url, http)
        assert model.call("question-1").text() == "answer-1"

        def work() -> list[str]:
            model.defaults["provider"].close()
            asyncio.run(model.defaults["provider"].aclose())
            return [model.call("question-2").text()]

        assert result_of(*in_child(work)) == ["answer-2"]
        assert model.call("question-3").text() == "answer-3"


@FORKS
def test_a_child_can_call_though_another_thread_was_opening_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread of the parent that builds a client at the fork holds a lock that nobody in the child would release."""
    building, forked = threading.Event(), threading.Event()
    build = libraries.Clients._opened

    def slow(clients: libraries.Clients) -> Any:
        building.set()
        forked.wait(PATIENCE)
        return build(clients)

    with Lines(lambda request: [answered("google", request)]) as server:
        model = model_at("google", server.url, "httpx2", timeout=60)
        monkeypatch.setattr(libraries.Clients, "_opened", slow)
        thread = threading.Thread(target=model.call, args=("question-1",))
        thread.start()
        assert building.wait(PATIENCE)

        def work() -> list[str]:
            forked.set()
            return [model.call("question-2").text()]

        child = in_child(work)
        forked.set()
        thread.join()
        assert result_of(*child) == ["answer-2"]


# --- threads and loops --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("provider", "way", "library"), pairwise(MODELS, WAYS, LIBRARIES))
def test_threads_with_loops_of_their_own_get_their_own_answers(provider: str, way: str, library: str) -> None:
    with Lines(lambda request: [0.001, answered(provider, request)]) as server:
        model = model_at(provider, server.url, library, timeout=60)
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda number: wrong(model, way, number * 100, 5), range(1, 17))) == [[]] * 16


@pytest.mark.parametrize(("provider", "way", "library"), pairwise(MODELS, WAYS[1::2], LIBRARIES))
def test_loop_after_loop_can_call(provider: str, way: str, library: str) -> None:
    with Lines(lambda request: [answered(provider, request)]) as server:
        model = model_at(provider, server.url, library, timeout=60)
        assert [wrong(model, way, number * 10, 2) for number in range(5)] == [[]] * 5


@pytest.mark.parametrize(("provider", "library"), pairwise(MODELS, LIBRARIES))
def test_many_calls_at_once_get_their_own_answers(provider: str, library: str) -> None:
    with Lines(lambda request: [0.01, answered(provider, request)]) as server:
        model = model_at(provider, server.url, library, timeout=60)

        async def ask() -> list[str]:
            texts = await asyncio.gather(
                *(ask_in_loop(model, WAYS[1 + number % 2 * 2], f"question-{number}") for number in range(60))
            )
            await model.defaults["provider"].aclose()
            return texts

        assert asyncio.run(ask()) == [f"answer-{number}" for number in range(60)]


PROGRAM = """
import asyncio, gc, sys
from support.questions import model_at
way, library, url, ending = sys.argv[1:]
model = model_at("groq", url, library)
handle = model.defaults["provider"]

async def ask():
    if way == "call_async":
        print((await model.call_async("question-1")).text())
    elif way == "stream_async":
        stream = await model.stream_async("question-1")
        print("".join([piece async for piece in stream.text_stream()]))
    if ending == "closed":
        await handle.aclose()
    if ending == "left":
        task = asyncio.ensure_future(model.call_async("question-2"))
        await asyncio.sleep(0)

if way == "call":
    print(model.call("question-1").text())
elif way == "stream":
    stream = model.stream("question-1")
    print("answer-1" if ending == "open" else "".join(stream.text_stream()))
asyncio.run(ask())
if ending == "closed":
    handle.close()
gc.collect()
"""


@pytest.mark.parametrize(
    ("way", "library", "ending"),
    [
        *pairwise(WAYS, LIBRARIES, ("closed",)),
        *pairwise(("call_async", "stream_async"), LIBRARIES, ("left", "open")),
        ("stream", "httpx2", "open"),
        ("stream", "pyreqwest", "open"),
    ],
)
def test_a_program_that_ends_prints_nothing(way: str, library: str, ending: str) -> None:
    warnings = ["-W", "error"] if ending == "closed" else []
    with Lines(lambda request: [answered("groq", request)]) as server:
        paths = os.pathsep.join([str(ROOT / "tests"), *filter(None, sys.path)])
        ran = subprocess.run(
            [sys.executable, *warnings, "-c", PROGRAM, way, library, server.url, ending],
            capture_output=True, text=True, timeout=SUBPROCESS_PATIENCE, check=False, env={**os.environ, "PYTHONPATH": paths},
        )  # fmt: skip
    assert (ran.stdout, ran.stderr, ran.returncode) == ("answer-1\n", "", 0)


def test_a_program_waits_at_its_end_for_threads_of_the_library_that_run_in_python() -> None:
    """One is in the midst of the event loop's `call_soon_threadsafe` when its result is there. Python before 3.13 ends with a
    fatal error if it ends meanwhile."""
    program = """
import _thread, asyncio, sys, time
from support.questions import ask, model_at

def work():
    time.sleep(0.1)
    print("done", flush=True)

ask(model_at("groq", sys.argv[1], "pyreqwest"), "call_async", "question-1")
_thread.start_new_thread(work, ())
"""
    paths = os.pathsep.join([str(ROOT / "tests"), *filter(None, sys.path)])
    with Lines(lambda request: [answered("groq", request)]) as server:
        ran = subprocess.run(
            [sys.executable, "-c", program, server.url],
            capture_output=True, text=True, timeout=SUBPROCESS_PATIENCE, check=False, env={**os.environ, "PYTHONPATH": paths},
        )  # fmt: skip
    assert (ran.stdout, ran.stderr, ran.returncode) == ("done\n", "", 0)


def test_the_closing_of_connections_lets_every_socket_go() -> None:
    async def ask(model: Any) -> None:
        for way in WAYS:
            assert await ask_in_loop(model, way, "question-1") == "answer-1"
        await model.defaults["provider"].aclose()

    for library in LIBRARIES:
        with Lines(lambda request: [answered("anthropic", request)]) as server:
            asyncio.run(ask(model_at("anthropic", server.url, library)))
            assert server.ended.wait(PATIENCE)
