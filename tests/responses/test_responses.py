"""What can be done with a response: sub-streams, partial values, asking again, going on, keeping it, closing it."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, assert_never, assert_type, cast

import pytest
from hypothesis import given, strategies as st
from support.call_cost import calls_made
from support.patience import PATIENCE

from capably import llm
from capably.responses.chunk_splitter import parts_of
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


# --- streams() ----------------------------------------------------------------------------------------------------


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


# --- reading again ------------------------------------------------------------------------------------------------


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


# --- structured_stream() ------------------------------------------------------------------------------------------


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


# --- validate() ---------------------------------------------------------------------------------------------------


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


# --- keeping it ---------------------------------------------------------------------------------------------------

EVERYTHING: list[Any] = [
    llm.Thought("Hm."),
    llm.Text("See ", (llm.Citation(url="https://example.com", raw={"__kind__": "odd", "n": 1}),)),
    LOOK,
    llm.Image.from_bytes(b"\x00\xff", media_type="image/png"),
    llm.Audio(data=b"x", media_type="audio/wav", transcript="hello"),
    llm.Refusal("No."),
    llm.Unknown("new_block", {"type": "new_block", "deep": [1, None, {"a": "b"}]}),
]


def conversation() -> llm.Response[Any, Any, Any]:
    asked: list[Any] = [
        llm.system("Be kind."),
        llm.user(["What?", llm.Document.from_bytes(b"%PDF", media_type="application/pdf"), llm.CachePoint("1h")]),
        llm.assistant([LOOK]),
        llm.user([llm.ToolOutput("1", "look", [llm.Text("A fox."), llm.Image.from_url("https://e.com/x.png")])]),
    ]
    return llm.scripted(EVERYTHING).call(asked, max_tokens=10, extra={"a": [1]})


def same(one: Any, other: Any) -> None:
    for name in ("content", "messages", "finish_reason", "usage", "id", "body", "request", "warnings", "model", "cost"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.messages[-1].source.wire == other.messages[-1].source.wire
    assert one._params == other._params


KEEP: list[Callable[[Any], Any]] = [
    lambda response: llm.Response.from_json(response.to_json()),
    lambda response: pickle.loads(pickle.dumps(response)),
    copy.deepcopy,
    copy.copy,
]


@pytest.mark.parametrize("keep", KEEP, ids=["json", "pickle", "deepcopy", "copy"])
def test_a_kept_response_is_the_same_and_goes_on(keep: Callable[[Any], Any]) -> None:
    response = conversation()
    again = keep(response)
    same(response, again)
    assert again.resume("And?").messages[: len(response.messages)] == response.messages


def test_a_kept_response_shares_nothing_with_the_first() -> None:
    response = conversation()
    again = copy.deepcopy(response)
    said: Any = again.content[2]
    said.args["at"] = "changed"
    assert response.content[2] == LOOK


@pytest.mark.parametrize("keep", KEEP[:3], ids=["json", "pickle", "deepcopy"])
def test_a_stream_is_kept_as_a_whole_response(keep: Callable[[Any], Any]) -> None:
    stream = llm.scripted("A fox.").stream("Hi")
    again = keep(stream)
    assert type(again) is llm.Response
    same(stream, again)


def test_format_and_tools_are_not_kept_but_can_be_given_again() -> None:
    @llm.tool
    def look(at: str) -> str:
        return f"{at} is there"

    model = llm.scripted([llm.Text(BOOK), LOOK])
    response = model.call("Hi", format=Book, tools=[look], headers={"x-secret": "s"}, max_tokens=5)
    text = response.to_json()
    assert "x-secret" not in text
    bare = llm.Response.from_json(text)
    with pytest.raises(llm.ParseError, match=r"from_json\(text, format="):
        bare.parse()
    assert bare._dropped == ("format", "headers", "tools")
    whole = llm.Response.from_json(text, format=Book, tools=[look])
    assert whole.parse() == Book("Dune", 412)
    assert whole.execute_tools() == [llm.ToolOutput("1", "look", "it is there")]
    assert pickle.loads(pickle.dumps(response))._params == {"max_tokens": 5}
    for copied in (copy.copy(response), copy.deepcopy(response)):
        assert copied.parse() == Book("Dune", 412)
        assert copied.execute_tools() == [llm.ToolOutput("1", "look", "it is there")]


def test_a_kept_real_answer_is_replayed_with_the_providers_own_json() -> None:
    reply = replying([llm.Text("Hi")])
    response = llm.Response(reply, *rest())
    said: Any = llm.Response.from_json(response.to_json()).messages[-1]
    assert (said.source.wire, said.source.provider, said.source.endpoint) == ({"said": 1}, "scripted", "scripted")


def test_a_kept_answer_costs_what_it_cost_on_its_day() -> None:
    """The price of Gemini 4 Argon changes after 2026-11-30, and an answer is not charged again when it is read again."""
    model = llm.Model("google/gemini-4-argon")
    request = Request(
        info=model.info, model_id="gemini-4-argon", endpoint="generate_content", messages=[], system=None, params={}
    )
    reply = ResponseData(content=[], finish_reason="stop", usage=llm.Usage(1_000_000, 100_000), body=b"{}", wire={})
    state = json.loads(llm.Response(reply, model, request, [], {}, ()).to_json())
    costs: list[float | None] = []
    for day in ("2026-10-20", "2026-11-30", "2026-12-01", "2027-03-01"):
        state["response"]["day"] = day
        again = llm.Response.from_json(json.dumps(state))
        costs.append(pickle.loads(pickle.dumps(again)).cost)
    assert costs == [3, 3, 6, 6]


def test_messages_survive_json_pickle_and_copies() -> None:
    messages = conversation().messages
    for again in (
        llm.load_messages(llm.dump_messages(messages)),
        pickle.loads(pickle.dumps(messages)),
        copy.deepcopy(messages),
    ):
        assert again == messages


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no JSON"),
        ("[]", "no response of capably's"),
        ('{"capably": "1", "response": {}}', "no response of capably's"),
        ('{"capably": 99, "response": {}}', "written by a later capably"),
    ],
)
def test_what_is_no_kept_response_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        llm.Response.from_json(text)


def test_a_part_of_a_later_version_is_told() -> None:
    text = conversation().to_json().replace('"__kind__":"Refusal"', '"__kind__":"Hologram"')
    with pytest.raises(ValueError, match="no Hologram in this version"):
        llm.Response.from_json(text)


def test_asynchronous_responses_are_kept_too() -> None:
    async def story() -> None:
        called = await llm.scripted("one", "two").call_async("Hi")
        again = llm.AsyncResponse.from_json(called.to_json())
        same(called, again)
        assert (await again.resume("And?")).text() == "two"
        stream = await llm.scripted("one").stream_async("Hi")
        with pytest.raises(RuntimeError, match="finish"):
            pickle.dumps(stream)
        assert type(pickle.loads(pickle.dumps(await stream.finish()))) is llm.AsyncResponse

    asyncio.run(story())


# --- a stream that breaks -----------------------------------------------------------------------------------------

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


# --- closing ------------------------------------------------------------------------------------------------------


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


# --- and the rest -------------------------------------------------------------------------------------------------


def test_tools_are_handed_the_context_of_the_call() -> None:
    @llm.tool
    def look(context: llm.Context[str], at: str) -> str:
        return f"{context.deps} sees {at}"

    response = llm.scripted([LOOK]).call("Hi", tools=[look])
    outputs = response.execute_tools(llm.Context("Ann"))
    assert outputs == [llm.ToolOutput("1", "look", "Ann sees it")]


def test_a_system_of_the_models_own_is_said_once_in_every_form() -> None:
    model: Any = cast("Any", llm.scripted("one")).with_(system="Be kind.")
    asked = model.call("a", prefill="O").resume("b").resume("c")
    assert asked.request["system"] == "Be kind."
    assert "prefill" not in asked.request
    assert model.stream("a").resume("b").request["system"] == "Be kind."


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda state: [], id="a list"),
        pytest.param(lambda state: {**state, "model": 5}, id="a model that is a number"),
        pytest.param(lambda state: {key: value for key, value in state.items() if key != "reply"}, id="no reply"),
        pytest.param(lambda state: {**state, "sent": [{"__kind__": ["x"]}]}, id="a kind that is a list"),
        pytest.param(lambda state: {**state, "sent": [{"__bytes__": 5}]}, id="bytes that are a number"),
        pytest.param(lambda state: {**state, "sent": [{"__plain__": 5}]}, id="a mapping that is a number"),
        pytest.param(lambda state: {**state, "params": 1}, id="parameters that are a number"),
        pytest.param(lambda state: {**state, "day": "x"}, id="a day that is none"),
    ],
)
def test_json_of_another_shape_is_a_value_error(change: Any) -> None:
    saved = json.loads(llm.scripted("Hi").call("Hi").to_json())
    with pytest.raises(ValueError, match=r"capably|isoformat"):
        llm.Response.from_json(json.dumps({**saved, "response": change(saved["response"])}))


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, b"\xff", None, "{}"])
def test_what_is_no_saved_response_is_a_value_error(text: Any) -> None:
    with pytest.raises(ValueError, match="this is no"):
        llm.Response.from_json(text)
    with pytest.raises(ValueError, match="this is no"):
        llm.load_messages(text)


def test_a_saved_answer_with_half_an_emoji_is_read() -> None:
    text = llm.scripted("Hello").call("Hi").to_json().replace("Hello", "\\ud83d")
    assert llm.Response.from_json(text).text() == "\ufffd"
