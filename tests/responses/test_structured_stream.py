"""A structured answer while it grows."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Iterator
from typing import Any, assert_never, assert_type

import pytest
from support.call_cost import calls_made
from support.made_responses import LOOK, Book

from capably import llm


def test_a_structured_answer_grows_in_place() -> None:
    stream = llm.scripted('{"title": "The Name of the Wind", "pages": 662}').stream("Hi", format=Book)
    seen = [copy.deepcopy(partial) for partial in stream.structured_stream()]
    assert [partial.get("title") for partial in seen[1:4]] == ["The ", "The Name ", "The Name of "]
    assert seen[-1] == {"title": "The Name of the Wind", "pages": 662}
    assert stream.parse() == Book("The Name of the Wind", 662)


def test_a_structured_stream_is_typed_by_the_format() -> None:
    model = llm.scripted('{"title": "Tigana"}')
    titles = [partial["title"] for partial in model.stream("Hi", format=Book).structured_stream() if partial]
    assert_type(model.stream("Hi", format=Book).structured_stream(), Iterator[dict[str, Any]])
    assert_type(model.stream("Hi", format=list[Book]).structured_stream(), Iterator[list[Any]])
    assert_type(model.stream("Hi", format=str).structured_stream(), Iterator[str])
    assert titles[-1] == "Tigana"


def test_the_content_of_a_response_is_matched_exhaustively() -> None:
    def name(part: llm.ResponsePart) -> str:
        match part:
            case llm.Text() | llm.Thought() | llm.Commentary() | llm.Refusal():
                return part.text
            case llm.ToolCall():
                return part.name
            case llm.Image() | llm.Audio():
                return str(part.media_type)
            case llm.Unknown():
                return part.kind
            case _:
                assert_never(part)

    picture = llm.Image.from_bytes(b"x", media_type="image/png")
    response = llm.scripted([llm.Thought("Hm."), "A fox.", LOOK, picture]).call("Hi")
    assert [name(part) for part in response.content] == ["Hm.", "A fox.", LOOK.name, "image/png"]


def test_a_script_replies_with_what_models_reply_with() -> None:
    document = llm.Document.from_bytes(b"%PDF", media_type="application/pdf")
    with pytest.raises(TypeError, match="no model replies with a Document"):
        llm.scripted([document]).call("Hi")


def test_a_structured_stream_needs_a_format() -> None:
    with pytest.raises(llm.ParseError, match="asked for no format"):
        llm.scripted("x").stream("Hi").structured_stream()


def test_the_asynchronous_structured_stream_does_the_same() -> None:
    async def story() -> Any:
        stream = await llm.scripted('{"value": ["a", "b c"]}').stream_async("Hi", format=list[str])
        return [copy.deepcopy(partial) async for partial in stream.structured_stream()]

    assert asyncio.run(story()) == [["a"], ["a", "b "], ["a", "b c"]]


def test_the_work_of_a_structured_stream_grows_with_its_length_and_not_with_its_square() -> None:
    def effort(words: int) -> int:
        text = json.dumps({"title": "word " * words, "pages": 1})
        stream = llm.scripted(text).stream("Hi", format=Book)
        return calls_made(lambda: list(stream.structured_stream()))

    effort(100)
    assert effort(5_000) < 5.5 * effort(1_000)
