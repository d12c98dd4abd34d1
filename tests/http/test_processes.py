"""A process that is forked after calls were made has connections of its own, and leaves those of its parent alone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from certificate import write_certificate
from support.questions import MODELS, answered
from support.raw_http import Lines
from support.sample import pairwise

from capably import llm

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

CHILDREN, CALLS = 10, 8


def in_child(work: Callable[[], list[str]]) -> tuple[int, int]:
    """Forks; the child does the work. Returns its process id and where its result can be read."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader
    signal.alarm(60)  # A child that waits for ever ends, and its result is missing.
    try:
        os.write(writer, json.dumps(work()).encode())
    finally:
        os._exit(0)


def result_of(child: int, reader: int) -> list[str]:
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text)


def wrong(model: llm.AnyModel, way: str, first: int, calls: int = CALLS) -> list[str]:
    """The answers to calls one after the other that are not theirs."""

    async def ask() -> list[str]:
        found: list[str] = []
        for number in range(first, first + calls):
            content = f"question-{number}"
            response = model.call(content) if way == "call" else await model.call_async(content)
            if response.text() != f"answer-{number}":
                found.append(f"{content}: {response.text()}")
        return found

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


@pytest.mark.parametrize(
    ("provider", "way", "transport", "context"),
    pairwise(MODELS, ["call", "call_async"], ["", "sdk"], SCHEMES),
    indirect=["context"],
)
def test_children_and_parent_get_their_own_answers(
    provider: str, way: str, transport: str, context: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request: bytes) -> Iterable[bytes | float]:
        yield from (0.003, answered(provider, request))

    monkeypatch.setenv("CAPABLY_TRANSPORT", transport)
    with Lines(answer, context=context) as server:
        llm.configure(provider, api_key="k", base_url=server.url, max_retries=0, timeout=20)
        model = llm.Model.of(MODELS[provider])
        assert wrong(model, way, 0, 1) == []
        children = [in_child(lambda n=n: wrong(model, way, n * 100)) for n in range(1, CHILDREN + 1)]
        own = wrong(model, way, 9000)
        assert [own, *(result_of(*child) for child in children)] == [[]] * (CHILDREN + 1)


@pytest.mark.parametrize("context", SCHEMES, indirect=True)
@pytest.mark.parametrize("provider", MODELS)
def test_a_child_that_ends_leaves_the_connection_of_its_parent_in_use(
    provider: str, context: ssl.SSLContext | None
) -> None:
    with Lines(lambda request: [answered(provider, request)], context=context) as server:
        llm.configure(provider, api_key="k", base_url=server.url, max_retries=0, timeout=20)
        model = llm.Model.of(MODELS[provider])

        async def ask() -> list[str]:
            found = [(await model.call_async("question-1")).text(), model.call("question-2").text()]
            connections = server.connections
            found += result_of(*in_child(lambda: [model.call("question-3").text()]))
            found += [(await model.call_async("question-4")).text(), model.call("question-5").text()]
            assert server.connections == connections + 1, "the child's own"
            return found

        assert asyncio.run(ask()) == [f"answer-{number}" for number in range(1, 6)]


def test_a_child_can_call_though_another_thread_was_about_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread of the parent that builds a client at the fork holds a lock that nobody in the child would release."""
    import threading

    from google import genai

    building, forked = threading.Event(), threading.Event()
    made = genai.Client

    def slow(*given: object, **named: object) -> genai.Client:
        building.set()
        forked.wait(10)
        return made(*given, **named)  # pyright: ignore[reportArgumentType]

    with Lines(lambda request: [answered("google", request)]) as server:
        llm.configure("google", api_key="k", base_url=server.url, max_retries=0, timeout=5)
        model = llm.Model.of(MODELS["google"])
        monkeypatch.setattr(genai, "Client", slow)
        thread = threading.Thread(target=model.call, args=("question-1",))
        thread.start()
        assert building.wait(10)

        def ask() -> list[str]:
            forked.set()
            return [model.call("question-2").text()]

        child = in_child(ask)
        forked.set()
        thread.join()
        assert result_of(*child) == ["answer-2"]
