"""A suite of a user's that runs with `-W error` and closes what it used, as docs/handles.md says, meets no warning."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.questions import LIBRARIES

ROOT = Path(__file__).parents[2]

CONFTEST = """
import pytest
from capably import llm

@pytest.fixture(autouse=True, scope="session")
def closed():
    yield
    llm.close()
"""

SUITE = """
import asyncio, gc, os, threading
import pytest
from support.loopback import Loopback
from support.questions import MODELS, ok
from capably import llm

@pytest.fixture(scope="module", autouse=True)
def server():
    with Loopback([ok]) as server:
        for name in MODELS:
            llm.configure(name, api_key="k", base_url=server.url, http=os.environ["LIBRARY"])
        yield server

@pytest.fixture(params=MODELS.values())
def model(request):
    return llm.Model.of(request.param)

def test_call(model):
    assert model.call("Hi").text() == "ok"
    gc.collect()

def test_stream(model):
    assert "".join(model.stream("Hi").text_stream()) == "ok"
    gc.collect()

def test_a_stream_that_is_left(model):
    with model.stream("Hi") as stream:
        next(iter(stream.chunks()))
    for _ in model.stream("Hi").chunks():
        break
    gc.collect()

def test_a_thread(model):
    thread = threading.Thread(target=lambda: model.call("Hi"))
    thread.start()
    thread.join()
    gc.collect()

def test_a_handle(server):
    with llm.provider("openai", api_key="k", base_url=server.url, http=os.environ["LIBRARY"]) as handle:
        assert llm.Model.of(MODELS["openai"], provider=handle).call("Hi").text() == "ok"
    gc.collect()

def test_asynchronous_calls(model):
    async def main():
        assert (await model.call_async("Hi")).text() == "ok"
        stream = await model.stream_async("Hi")
        assert "".join([piece async for piece in stream.text_stream()]) == "ok"
        async with await model.stream_async("Hi") as stream:
            await anext(stream.chunks())
        await asyncio.gather(*(model.call_async("Hi") for _ in range(4)))
        await llm.aclose()
    asyncio.run(main())
    gc.collect()

def test_an_asynchronous_handle(server):
    async def main():
        async with llm.provider("openai", api_key="k", base_url=server.url, http=os.environ["LIBRARY"]) as handle:
            assert (await llm.Model.of(MODELS["openai"], provider=handle).call_async("Hi")).text() == "ok"
    asyncio.run(main())
    gc.collect()
"""


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_suite_that_closes_what_it_used_meets_no_warning(library: str, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_suite.py").write_text(SUITE)
    words = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    environment = {**os.environ, "LIBRARY": library, "PYTHONPATH": str(ROOT / "tests"), "PYTEST_ADDOPTS": ""}
    done = subprocess.run(
        [*words, str(tmp_path)], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert done.stderr == ""
