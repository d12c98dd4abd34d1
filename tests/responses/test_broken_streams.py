"""Streams that break or are closed early: what has arrived stays, and nothing looks like success."""

from __future__ import annotations

import asyncio
import pickle
import socket
import threading
import time
from typing import Any

import pytest
from support.made_responses import PARALLEL, StreamAccumulator, call, replying, streaming, streaming_async, text
from support.patience import PATIENCE

from capably import llm
from capably.responses.chunk_splitter import parts_of
from capably.types.response_data import ResponseData
from capably.types.stream import Chunk

BROKEN = [text(0, "Let me"), call(1, '{"at": "i', id="1", name="look"), llm.OverloadedError("no room", provider="x")]


def test_what_had_arrived_is_attached_to_the_error() -> None:
    response = streaming(BROKEN)
    pieces: list[str] = []
    with pytest.raises(llm.OverloadedError) as caught:
        pieces += response.text_stream()
    assert caught.value.partial == (llm.Text("Let me"), llm.ToolCall("1", "look", {"at": "i"}, '{"at": "i'))
    for read in (response.text, lambda: response.usage, lambda: list(response.chunks()) and response.content):
        with pytest.raises(llm.OverloadedError):
            read()
    assert [chunk.delta for chunk in response.chunks()] == ["Let me", '{"at": "i']
    assert pickle.loads(pickle.dumps(caught.value)).partial == caught.value.partial


def test_the_whole_reply_is_built_when_somebody_asks_for_it_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[ResponseData] = []

    def reply(accumulator: StreamAccumulator) -> ResponseData:
        built.append(replying([llm.Text("Let me.")]))
        return built[-1]

    monkeypatch.setattr(StreamAccumulator, "reply", reply)
    response = streaming([text(0, "Let "), text(0, "me.")])
    assert list(response.text_stream()) == ["Let ", "me."]
    assert not built
    assert (response.text(), response.finish_reason, len(built)) == ("Let me.", "stop", 1)


def test_a_whole_reply_that_makes_no_sense_says_so_to_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def reply(accumulator: StreamAccumulator) -> ResponseData:
        raise llm.ServerError("it makes no sense", provider="scripted")

    monkeypatch.setattr(StreamAccumulator, "reply", reply)
    response = streaming([text(0, "Let "), text(0, "me.")])
    assert "".join(response.text_stream()) == "Let me."
    for _ in range(2):
        with pytest.raises(llm.ServerError, match="makes no sense") as caught:
            response.text()
        assert caught.value.partial == (llm.Text("Let me."),)


def test_a_stream_that_is_cut_never_looks_like_success() -> None:
    response = streaming(BROKEN[:2], None)
    with pytest.raises(llm.ServerError) as caught:
        response.text()
    assert caught.value.partial[0] == llm.Text("Let me")
    with pytest.raises(llm.ServerError):
        response.text()


def test_a_broken_asynchronous_stream_says_so_each_time() -> None:
    async def story() -> None:
        response = streaming_async(BROKEN)
        with pytest.raises(llm.OverloadedError) as caught:
            await response.finish()
        assert caught.value.partial[0] == llm.Text("Let me")
        with pytest.raises(llm.OverloadedError):
            await response.finish()
        with pytest.raises(llm.OverloadedError):
            response.text()

    asyncio.run(story())


def test_parts_of_some_chunks() -> None:
    assert parts_of([]) == ()
    assert parts_of([text(0, "a"), Chunk("part", 1, part=llm.Refusal("no")), text(0, "b")]) == (
        llm.Text("a"),
        llm.Refusal("no"),
        llm.Text("b"),
    )


def test_a_stream_closed_early_keeps_what_came_and_says_that_it_is_not_whole() -> None:
    response = streaming(*PARALLEL)
    with response:
        assert next(response.text_stream()) == "Let "
    assert [chunk.delta for chunk in response.chunks()] == ["Let "]
    with pytest.raises(RuntimeError, match="closed before its end"):
        response.text()

    async def story() -> None:
        stream = streaming_async(*PARALLEL)
        async with stream:
            assert await anext(stream.text_stream()) == "Let "
        with pytest.raises(RuntimeError, match="closed before its end"):
            stream.text()

    asyncio.run(story())


class Dripping:
    """A server that sends one event after another until the client goes away; `left` is set when it does."""

    def __init__(self, event: bytes) -> None:
        self._event = event
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.left = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        end = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < end:
                connection.sendall(self._event)
                time.sleep(0.002)
        except OSError:
            self.left.set()
        finally:
            connection.close()
            self._socket.close()


DRIPS = {
    "anthropic": (
        "claude-sonnet-5-5",
        (
            b'data: {"type":"message_start","message":{"content":[],"usage":{}}}\n\n'
            b'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
            b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}\n\n'
        ),
    ),
    "openai": (
        "gpt-6.1-sol",
        b'data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a"}\n\n',
    ),
    "google": ("gemini-3.8-flash", b'data: {"candidates":[{"content":{"parts":[{"text":"a"}]}}]}\r\n\r\n'),
}


@pytest.mark.parametrize("provider", DRIPS)
@pytest.mark.parametrize("form", ["sync", "async"])
def test_closing_early_closes_the_connection(provider: str, form: str) -> None:
    id, event = DRIPS[provider]
    server = Dripping(event)
    llm.configure(provider, api_key="test", base_url=server.url)
    model: Any = llm.Model.of(f"{provider}/{id}")

    async def leave() -> None:
        async with await model.stream_async("Hi") as stream:
            assert await anext(stream.text_stream()) == "a"
        assert await asyncio.to_thread(server.left.wait, PATIENCE)

    try:
        if form == "async":
            asyncio.run(leave())
        else:
            with model.stream("Hi") as stream:
                assert next(stream.text_stream()) == "a"
            assert server.left.wait(PATIENCE)
    finally:
        llm.configure(provider)
