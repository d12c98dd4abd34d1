"""`validate()`: an answer that does not fit is asked again, a bounded number of times."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.made_responses import BOOK, Book

from capably import llm
from capably.types.request import Request


def test_an_answer_that_fits_is_not_asked_again() -> None:
    response = llm.scripted(BOOK).call("Hi", format=Book)
    assert response.validate() is response


def test_the_model_is_told_what_was_wrong_until_it_fits() -> None:
    model = llm.scripted("No idea.", '{"title": "Dune"}', BOOK)
    response = model.call("Hi", format=Book).validate()
    assert response.parse() == Book("Dune", 412)
    told: list[Any] = [m.content[0].text for m in response.messages if isinstance(m, llm.UserMessage)]
    assert len(told) == 3
    assert "required but missing" in told[2]
    assert "Answer again" in told[2]


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_asking_again_is_bounded(retries: int) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> str:
        asked.append(request)
        return "No idea."

    with pytest.raises(llm.ParseError):
        llm.scripted(answer).call("Hi", format=Book).validate(retries=retries)
    assert len(asked) == retries + 1


def test_a_refusal_and_a_missing_format_are_not_asked_again() -> None:
    with pytest.raises(llm.RefusalError):
        llm.scripted([llm.Refusal("No.")], BOOK).call("Hi", format=Book).validate()
    with pytest.raises(llm.ParseError, match="asked for no format"):
        llm.scripted("Hi").call("Hi").validate()


def test_streams_and_asynchronous_answers_validate_too() -> None:
    assert llm.scripted("?", BOOK).stream("Hi", format=Book).validate().parse() == Book("Dune", 412)

    async def story() -> None:
        called = await llm.scripted("?", BOOK).call_async("Hi", format=Book)
        assert (await called.validate()).parse() == Book("Dune", 412)
        streamed = await llm.scripted("?", BOOK).stream_async("Hi", format=Book)
        assert (await streamed.validate()).parse() == Book("Dune", 412)

    asyncio.run(story())
