"""Calls that are handed on as values: to threads, pools, `map`, `partial`, and as callables with a type."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import assert_type

from capably import llm

plain = llm.anthropic.claude_sonnet_5_5
conditional = llm.openai.gpt_5_6_sol
apart = llm.google.gemini_2_5_flash
settled = conditional.with_(reasoning="off")

one: Callable[[str], llm.Response[None]] = plain.call
two: Callable[[str], llm.Response[None]] = conditional.call
three: Callable[[str], llm.Response[None]] = apart.call
any_arguments: Callable[..., llm.Response[None]] = conditional.call
later: Callable[[str], Awaitable[llm.AsyncResponse[None]]] = plain.call_async
streamed: Callable[[str], llm.StreamResponse[None]] = plain.stream
wrong: Callable[[int], llm.Response[None]] = plain.call  # error


async def in_a_thread() -> llm.Response[None]:
    return await asyncio.to_thread(plain.call, "hi")  # error in ty


async def in_a_thread_with_parameters() -> llm.Response[None]:
    return await asyncio.to_thread(conditional.call, "hi", reasoning="off", temperature=0.2)  # error in ty


async def in_a_thread_with_a_misuse() -> None:
    await asyncio.to_thread(conditional.call, "hi", temprature=0.2)  # error except in pyrefly
    await asyncio.to_thread(plain.call, 3)  # error except in pyrefly


async def gathered() -> list[str]:
    answers = await asyncio.gather(*map(plain.call_async, ["a", "b"]))
    first, second = await asyncio.gather(plain.call_async("a"), plain.call_async("b", format=int))
    assert_type(second.parse(), int)
    return [first.text(), *(answer.text() for answer in answers)]


async def in_an_executor() -> llm.Response[None]:
    return await asyncio.get_running_loop().run_in_executor(None, conditional.call, "hi")


def in_a_pool(pool: ThreadPoolExecutor) -> list[str]:
    waiting: list[Future[llm.Response[None]]] = []
    waiting.append(pool.submit(plain.call, "hi"))  # error in ty
    waiting.append(pool.submit(settled.call, "hi", temperature=0.2))  # error in ty
    answers: list[llm.Response[None]] = list(pool.map(plain.call, ["a", "b"]))
    return [answer.text() for answer in answers] + [done.result().text() for done in waiting]


def mapped() -> None:
    print([answer.text() for answer in map(apart.call, ["a", "b"])])
    print([answer.text() for answer in map(settled.call, ["a", "b"])])
    answers: list[llm.Response[None]] = list(map(conditional.call, ["a", "b"]))
    assert_type(answers[0].parse(), None)
    assert_type([answer.text() for answer in map(plain.call, ["a"])], list[str])  # error in ty
    assert_type([answer.text() for answer in map(answers[0].resume, ["a"])], list[str])  # error in ty


def applied() -> None:
    assert_type(partial(plain.call, max_tokens=20)("hi").parse(), None)
    assert_type(partial(plain.call, "hi")().parse(), None)
    assert_type(partial(conditional.call, "hi", reasoning="off")().parse(), None)
    call = plain.call
    assert_type(call("hi").parse(), None)
    assert_type(call("hi", format=int).parse(), int)


def demanded(model: llm.Model[llm.Text, llm.HasFormat], pool: ThreadPoolExecutor) -> None:
    call: Callable[[str], llm.Response[None]] = model.call
    answers: list[llm.Response[None]] = list(map(model.call, ["a"]))
    print(call("hi").text(), answers[0].text())
