"""Streams of the parts of an answer: in any order, in any interleaving, and read again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from hypothesis import given, strategies as st
from support.made_responses import LOOK, PARALLEL, TAKE, call, streaming, streaming_async, text

from capably import llm
from capably.types.stream import Chunk


def test_each_part_is_a_stream_of_its_own() -> None:
    picture = llm.Image.from_bytes(b"x", media_type="image/png")
    model = llm.scripted([llm.Thought("Hm, hm."), "A fox.", LOOK, picture])
    seen: list[Any] = []
    for stream in model.stream("Hi").streams():
        if stream.content_type == "tool_call":
            whole = stream.collect()
            seen.append((stream.tool_name, stream.id, stream.partial_args, whole))
        elif stream.content_type == "text" or stream.content_type == "thought":
            seen.append((stream.content_type, list(stream), stream.collect()))
        else:
            seen.append((stream.content_type, list(stream), stream.collect()))
    assert seen == [
        ("thought", ["Hm, ", "hm."], llm.Thought("Hm, hm.")),
        ("text", ["A ", "fox."], llm.Text("A fox.")),
        ("look", "1", {"at": "it"}, LOOK),
        ("image", [], picture),
    ]


def test_interleaved_parts_keep_every_delta() -> None:
    response = streaming(*PARALLEL)
    seen = [(stream.content_type, "".join(stream), stream.collect()) for stream in response.streams()]
    assert seen == [
        ("text", "Let ", llm.Text("Let ")),
        ("tool_call", '{"at": "it"}', LOOK),
        ("tool_call", '{"what": ["a", "b"]}', TAKE),
        ("text", "me.", llm.Text("me.")),
    ]
    assert response.text() == "Let me."


def test_streams_can_be_read_in_any_order_and_again() -> None:
    response = streaming(*PARALLEL)
    streams: list[Any] = list(response.streams())
    assert [stream.collect() for stream in reversed(streams)] == [llm.Text("me."), TAKE, LOOK, llm.Text("Let ")]
    assert ["".join(stream) for stream in streams] == ["".join(stream) for stream in response.streams()]


def test_the_arguments_grow_while_they_come() -> None:
    response = streaming(*PARALLEL)
    take: Any = [stream for stream in response.streams() if stream.content_type == "tool_call"][1]
    again: Any = next(s for s in streaming(*PARALLEL).streams() if s.content_type == "tool_call")
    grown = [(delta, dict(again.partial_args)) for delta in again]
    assert grown == [('{"at": ', {}), ('"it"}', {"at": "it"})]
    assert take.partial_args == {"what": ["a", "b"]}


def test_a_text_is_over_when_another_part_begins() -> None:
    response = streaming(*PARALLEL)
    first = next(response.streams())
    assert list(first) == ["Let "]
    assert [chunk.kind for chunk in response._buffer] == ["text", "tool_call"]


def test_the_asynchronous_streams_do_the_same() -> None:
    async def story() -> list[Any]:
        response = streaming_async(*PARALLEL)
        seen: list[Any] = []
        async for stream in response.streams():
            deltas = [delta async for delta in stream]
            seen.append((stream.content_type, "".join(deltas), await stream.collect()))
        return seen

    expected = [(s.content_type, "".join(s), s.collect()) for s in streaming(*PARALLEL).streams()]
    assert asyncio.run(story()) == expected


@given(st.data())
def test_any_interleaving_gives_the_same_parts(data: st.DataObject) -> None:
    pieces = {0: ["a ", "b ", "c"], 1: ['{"x"', ": 1", "}"], 2: ['{"y": ', '"z"}'], 3: ["Hm", "."]}
    kinds = {0: "text", 1: "tool_call", 2: "tool_call", 3: "thought"}
    order = data.draw(st.permutations([i for i, deltas in pieces.items() for _ in deltas]))
    left = {index: list(deltas) for index, deltas in pieces.items()}
    chunks: list[Any] = []
    for index in order:
        first = {"id": str(index), "name": "f"} if kinds[index] == "tool_call" and left[index] == pieces[index] else {}
        chunks.append(Chunk(kinds[index], index, left[index].pop(0), **first))  # type: ignore[arg-type]
    content = [
        llm.Text("a b c"),
        llm.ToolCall("1", "f", {"x": 1}),
        llm.ToolCall("2", "f", {"y": "z"}),
        llm.Thought("Hm."),
    ]
    streams: list[Any] = list(streaming(chunks, content).streams())
    for index, deltas in pieces.items():
        assert "".join(d for s in streams if s.index == index for d in s) == "".join(deltas)
    assert [s.collect() for s in streams if s.content_type == "tool_call" and s.index == 1] == [content[1]]


def test_what_was_read_comes_joined_and_what_is_new_piece_by_piece() -> None:
    response = streaming(
        [text(0, "Let "), text(0, "me "), text(0, "see."), Chunk("part", 0, part=llm.Text("Let me see."))]
    )
    first, second = response.text_stream(), response.text_stream()
    assert (next(first), next(first)) == ("Let ", "me ")
    assert next(second) == "Let me "
    assert (next(second), list(first), list(second)) == ("see.", ["see."], [])
    assert list(response.text_stream()) == ["Let me see."]
    assert [chunk.kind for chunk in response.chunks()] == ["text", "part"]


def joined(chunks: Sequence[Chunk]) -> list[Any]:
    """Steps in one spelling: deltas of one part that follow each other are one."""
    found: list[Any] = []
    for chunk in chunks:
        same = found and found[-1][:2] == [chunk.kind, chunk.index] and chunk.id is None and chunk.part is None
        if same:
            found[-1][2] += chunk.delta
        else:
            found.append([chunk.kind, chunk.index, chunk.delta, chunk.id, chunk.part])
    return found


@given(st.lists(st.sampled_from(["text 0", "text 2", "call", "more", "part"])), st.lists(st.integers(0, 2)))
def test_readers_in_any_interleaving_read_the_same(kinds: list[str], turns: list[int]) -> None:
    steps = {
        "text 0": text(0, "ä\ud800 "),
        "text 2": text(2, "🦊"),
        "call": call(1, "{", id="1", name="f"),
        "more": call(1, "x"),
        "part": Chunk("part", 3, part=llm.Refusal("no")),
    }
    chunks = [steps[kind] for kind in kinds]
    response = streaming(chunks)
    readers = [response.chunks() for _ in range(3)]
    read: list[list[Chunk]] = [[], [], []]
    for turn in turns:
        read[turn] += [chunk for chunk in [next(readers[turn], None)] if chunk]
    for reader, seen in zip(readers, read, strict=True):
        assert joined([*seen, *reader]) == joined(chunks)
    assert joined(list(response.chunks())) == joined(chunks)
