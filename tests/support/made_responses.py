"""Responses over ready chunks, without a provider: streams that are whole, cut or broken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from capably import llm
from capably.responses.stream_response import AsyncStreamResponse, StreamResponse
from capably.types.request import Request
from capably.types.response_data import FinishReason, ResponseData
from capably.types.stream import Chunk


@dataclass
class Book:
    title: str
    pages: int


BOOK = '{"title": "Dune", "pages": 412}'


class Events:
    """An open stream of ready chunks; an exception among them is raised."""

    request_id: str | None = "req_1"
    sent = b"{}"

    def __init__(self, events: Sequence[Any]) -> None:
        self.events = events
        self.closed = 0

    def __iter__(self) -> Any:
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event

    async def __aiter__(self) -> Any:
        for event in self:
            yield event

    def close(self) -> Any:
        self.closed += 1
        return asyncio.sleep(0)


class StreamAccumulator:
    def __init__(self, reply: ResponseData | None) -> None:
        self._reply = reply

    def feed(self, event: Any) -> Sequence[Chunk]:
        return (event,)

    @property
    def ended(self) -> bool:
        return self._reply is not None

    def reply(self) -> ResponseData:
        if self._reply is None:
            raise llm.ServerError("cut", provider="scripted")
        return self._reply

    def forget(self) -> None: ...


def replying(content: Sequence[Any], finish: FinishReason = "stop") -> ResponseData:
    return ResponseData(content=content, finish_reason=finish, usage=llm.Usage(1, 2), body=b"{}", wire={"said": 1})


def rest() -> tuple[Any, ...]:
    model = llm.scripted("later")
    request = Request(info=None, model_id="x", endpoint="scripted", messages=[llm.user("Hi")], system=None, params={})
    return model, request, [llm.user("Hi")], {}, ()


def streaming(events: Sequence[Any], content: Sequence[Any] | None = ()) -> StreamResponse[Any, Any, Any]:
    return StreamResponse(Events(events), StreamAccumulator(None if content is None else replying(content)), *rest())


def streaming_async(events: Sequence[Any], content: Sequence[Any] | None = ()) -> AsyncStreamResponse[Any, Any, Any]:
    return AsyncStreamResponse(
        cast("Any", Events(events)), StreamAccumulator(None if content is None else replying(content)), *rest()
    )


def text(index: int, delta: str) -> Chunk:
    return Chunk("text", index, delta)


def call(index: int, delta: str = "", **first: str) -> Chunk:
    return Chunk("tool_call", index, delta, id=first.get("id"), name=first.get("name"))


LOOK = llm.ToolCall("1", "look", {"at": "it"}, '{"at": "it"}')
TAKE = llm.ToolCall("2", "take", {"what": ["a", "b"]}, '{"what": ["a", "b"]}')

PARALLEL = (
    [
        text(0, "Let "),
        call(1, id="1", name="look"),
        call(2, id="2", name="take"),
        call(1, '{"at": '),
        call(2, '{"what": ["a",'),
        call(1, '"it"}'),
        text(0, "me."),
        call(2, ' "b"]}'),
    ],
    [llm.Text("Let me."), LOOK, TAKE],
)
