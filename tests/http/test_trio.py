"""Programs of trio: calls and streams go over httpx2, whatever else is installed."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from support.loopback import Loopback
from support.questions import MODELS, model_at, ok

from capably import llm


@pytest.mark.parametrize("provider", MODELS)
def test_calls_and_streams_work_in_trio(provider: str) -> None:
    async def main(model: Any) -> list[str]:
        texts: list[str] = []

        async def ask() -> None:
            texts.append((await model.call_async("Hi")).text())

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(ask)
        stream = await model.stream_async("Hi")
        texts.append("".join([piece async for piece in stream.text_stream()]))
        async with await model.stream_async("Hi") as left:
            await anext(left.chunks())
        await model.defaults["provider"].aclose()
        return texts

    with Loopback([ok]) as server:
        assert trio.run(main, model_at(provider, server.url)) == ["ok"] * 4


def test_the_total_time_and_a_cancellation_end_a_call_in_trio() -> None:
    async def slow() -> str:
        await trio.sleep(600)
        return "k"

    async def main(model: Any) -> bool:
        with pytest.raises(llm.TimedOutError):
            await model.call_async("Hi", timeout=llm.Timeout(total=0.1))
        with trio.move_on_after(0.1) as scope:
            await model.call_async("Hi")
        return scope.cancelled_caught

    with Loopback([ok]) as server:
        assert trio.run(main, model_at("openai", server.url, api_key=slow))
    assert server.requests == []
