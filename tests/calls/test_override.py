"""`llm.override`: for which calls a block holds, and when it ends."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Generator

from capably import llm

ONE, TWO, THREE = (llm.scripted(text) for text in ("one", "two", "three"))


@llm.call(ONE)
def greet() -> str:
    return "Hi"


def greetings(model: llm.AnyModel) -> Generator[str]:
    with llm.override(model):
        while True:
            yield greet().text()


def test_blocks_of_generators_may_end_in_any_order_and_none_stays_in_force() -> None:
    first, second = greetings(TWO), greetings(THREE)
    seen = [next(first), next(second)]
    first.close()
    seen.append(greet().text())
    second.close()

    assert [*seen, greet().text()] == ["two", "three", "three", "one"]


def test_a_generator_may_end_its_block_in_another_context() -> None:
    generator = greetings(TWO)
    contextvars.copy_context().run(next, generator)
    generator.close()

    assert greet().text() == "one"


def test_an_async_generator_may_end_its_block_in_another_task() -> None:
    async def stream() -> AsyncGenerator[str]:
        with llm.override(TWO):
            yield (await greet.call_async()).text()

    async def talk() -> list[str]:
        generator = stream()
        seen = [await asyncio.create_task(anext(generator))]
        await asyncio.create_task(generator.aclose())
        return [*seen, greet().text()]

    assert asyncio.run(talk()) == ["two", "one"]


def test_one_block_may_be_entered_again_and_within_itself() -> None:
    block = llm.override(TWO)
    with block:
        with block, llm.override(THREE), block:
            assert greet().text() == "two"
        assert greet().text() == "two"
    with block:
        assert greet().text() == "two"
    assert greet().text() == "one"


def test_parameters_of_inner_blocks_stand_above_those_of_outer_ones() -> None:
    with llm.override(TWO, max_tokens=1, seed=1), llm.override(max_tokens=2):
        sent = greet().request

    assert (sent["max_tokens"], sent["seed"]) == ("2", "1")
