"""A stream longer than any model's, read by `text_stream` only: it keeps nothing, and says so to whoever asks afterwards."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from support.loopback import Canned, Loopback
from support.wire_answers import FORMATS, USAGES, responses, sse

from capably import llm
from capably.responses.stream_response import StreamResponse
from capably.responses.stream_result import ForgottenResponseData
from capably.types import stream
from capably.types.request import Request
from capably.types.response_data import FinishReason, ResponseData
from capably.types.stream import Chunk

WORDS = [f"word{number} " for number in range(100)]
TEXT = "".join(WORDS).strip()
SHORT = TEXT[:50]

TOLD = (
    "the text of this stream was not buffered, because it is longer than 0.000244141 MiB and only text_stream() read it. Its "
    "usage, cost, finish_reason and ids are available. To buffer a longer answer, read the stream with chunks() or streams(), "
    "or use call()."
)


@pytest.fixture(autouse=True)
def little_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_BUFFERED_BYTES", 256)


def read(model: Any, *, awaited: bool = False, **params: Any) -> tuple[Any, list[str]]:
    """A stream that was read by `text_stream` to its end, and what it gave."""
    if not awaited:
        response = model.stream("Hi", **params)
        return response, list(response.text_stream())

    async def story() -> tuple[Any, list[str]]:
        response = await model.stream_async("Hi", **params)
        return response, [delta async for delta in response.text_stream()]

    return asyncio.run(story())


def test_what_is_kept_is_more_than_any_model_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    longest = max(info.limits["output"] or 0 for info in llm.models())
    assert longest * 12 < stream.MAX_BUFFERED_BYTES, "a token has four letters, seldom more than twelve bytes"


@pytest.mark.parametrize("awaited", [False, True])
def test_each_delta_comes_once_however_long_the_stream_is(awaited: bool) -> None:
    response, deltas = read(llm.scripted(TEXT), awaited=awaited)
    assert deltas == TEXT.replace(" ", " \n").split("\n")
    assert response._buffer.begin > 0, "it has forgotten"


@pytest.mark.parametrize("awaited", [False, True])
def test_a_short_stream_keeps_everything(awaited: bool) -> None:
    response, deltas = read(llm.scripted([llm.Thought("Hm."), SHORT]), awaited=awaited)
    assert response.text() == "".join(deltas) == SHORT
    assert response.content == (llm.Thought("Hm."), llm.Text(SHORT))
    assert pickle.loads(pickle.dumps(response)).text() == SHORT


@pytest.mark.parametrize("awaited", [False, True])
def test_how_a_long_stream_ended_and_what_it_cost_can_be_read(awaited: bool) -> None:
    model = llm.scripted(TEXT)
    called, (response, _) = model.call("Hi"), read(model, awaited=awaited)
    for name in ("usage", "cost", "finish_reason", "id", "request_id", "request", "model", "warnings"):
        assert getattr(response, name) == getattr(called, name)
    assert repr(response) == f"<{type(response).__name__} of {model.id}: CapablyError: {TOLD[:66]}>"


READS: dict[str, Callable[[Any], Any]] = {
    "text": lambda response: response.text(),
    "parse": lambda response: response.parse(),
    **{
        name: lambda response, name=name: getattr(response, name)
        for name in ("content", "thoughts", "tool_calls", "images", "audio", "citations", "messages", "body", "raw")
    },
    "to_json": lambda response: response.to_json(),
    "pickle": pickle.dumps,
    "deepcopy": copy.deepcopy,
}

GOES_ON: dict[str, Callable[[Any], Any]] = {
    "resume": lambda response: response.resume("More."),
    "execute_tools": lambda response: response.execute_tools(),
    "validate": lambda response: response.validate(),
}

READERS: dict[str, Callable[[Any], Any]] = {
    "chunks": lambda response: response.chunks(),
    "streams": lambda response: response.streams(),
    "text_stream": lambda response: response.text_stream(),
    "structured_stream": lambda response: response.structured_stream(),
}


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize("name", READS)
def test_what_a_long_stream_said_cannot_be_read_and_it_says_why(name: str, awaited: bool) -> None:
    response, _ = read(llm.scripted(TEXT), awaited=awaited, format=list[str])
    for _ in range(2):
        with pytest.raises(llm.CapablyError) as caught:
            READS[name](response)
        assert str(caught.value) == TOLD
        assert type(caught.value) is llm.CapablyError


@pytest.mark.parametrize("name", [*GOES_ON, *READERS])
def test_it_cannot_be_gone_on_with_nor_read_again(name: str) -> None:
    response, _ = read(llm.scripted(TEXT), format=list[str])
    with pytest.raises(llm.CapablyError, match="not buffered"):
        list(READERS[name](response)) if name in READERS else GOES_ON[name](response)


@pytest.mark.parametrize("name", [*GOES_ON, *READERS])
def test_nor_can_an_asynchronous_one(name: str) -> None:
    async def story() -> None:
        response = await llm.scripted(TEXT).stream_async("Hi", format=list[str])
        async for _ in response.text_stream():
            pass
        with pytest.raises(llm.CapablyError, match="not buffered"):
            if name in GOES_ON:
                await GOES_ON[name](response)
            else:
                _ = [step async for step in READERS[name](response)]
        assert (await response.finish()).usage.output_tokens == 100

    asyncio.run(story())


# --- several readers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["chunks", "streams", "structured_stream"])
def test_one_that_somebody_reads_whole_forgets_nothing(name: str) -> None:
    response = llm.scripted(TEXT).stream("Hi", format=list[str])
    other = READERS[name](response)
    assert "".join(response.text_stream()) == TEXT
    if name == "chunks":
        assert "".join(chunk.delta for chunk in other) == TEXT
    elif name == "streams":
        assert [part.collect() for part in other] == [llm.Text(TEXT)]
    assert response.text() == TEXT


@pytest.mark.parametrize("ask", [lambda response: response.text(), lambda response: response.usage])
def test_whoever_asks_before_it_has_forgotten_is_in_time(ask: Callable[[Any], Any]) -> None:
    response = llm.scripted(TEXT).stream("Hi")
    texts = response.text_stream()
    first = next(texts)
    ask(response)
    assert first + "".join(texts) == response.text() == TEXT


def test_whoever_asks_afterwards_in_mid_stream_learns_what_is_left() -> None:
    response = llm.scripted(TEXT).stream("Hi")
    texts = response.text_stream()
    for _ in range(60):
        next(texts)
    with pytest.raises(llm.CapablyError, match="not buffered"):
        response.text()
    assert response.usage.output_tokens == 100


def test_readers_of_texts_that_keep_up_with_each_other_read_the_same() -> None:
    response = llm.scripted(TEXT).stream("Hi")
    pairs = list(zip(response.text_stream(), response.text_stream(), strict=True))
    assert all(one == other for one, other in pairs)
    assert "".join(one for one, _ in pairs) == TEXT
    assert response._buffer.begin > 0


def test_one_that_is_left_far_behind_is_told() -> None:
    response = llm.scripted(TEXT).stream("Hi")
    late = response.text_stream()
    next(late)
    assert len(list(response.text_stream())) == 100
    with pytest.raises(llm.CapablyError, match="not buffered"):
        next(late)


def test_a_finished_stream_is_read_again_as_often_as_one_likes() -> None:
    response = llm.scripted(TEXT).stream("Hi")
    assert response.text() == TEXT
    assert ["".join(response.text_stream()) for _ in range(2)] == [TEXT, TEXT]


# --- failures, and going on ---------------------------------------------------------------------------------------


class Events:
    """An open stream of ready chunks; an exception among them is raised."""

    request_id: str | None = "req_1"
    sent = b"{}"

    def __init__(self, events: Sequence[Any]) -> None:
        self.events = events

    def __iter__(self) -> Iterator[Any]:
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event

    def close(self) -> None: ...


class StreamAccumulator:
    """Ends with `finish`, or was cut."""

    def __init__(self, finish: FinishReason | None = "stop") -> None:
        self._finish: FinishReason | None = finish
        self.said: list[Chunk] = []

    def feed(self, event: Any) -> Sequence[Chunk]:
        self.said.append(event)
        return (event,)

    @property
    def ended(self) -> bool:
        return self._finish is not None

    def reply(self) -> ResponseData:
        if self._finish is None:
            raise llm.ServerError("cut", provider="scripted")
        said = llm.Text("".join(chunk.delta for chunk in self.said))
        return ResponseData(content=[said], finish_reason=self._finish, usage=llm.Usage(1, 2), body=b"{}", wire=None)

    def forget(self) -> None:
        self.said.clear()


class Model:
    """Streams what it is given, one answer after the other."""

    id = "made/up"
    provider = "made"

    def __init__(self, *answers: tuple[Sequence[Any], FinishReason | None]) -> None:
        self.answers = list(answers)

    def stream(self, *_: Any, **__: Any) -> StreamResponse[Any, Any, Any]:
        events, finish = self.answers.pop(0)
        request = Request(info=None, model_id="x", endpoint="scripted", messages=[], system=None, params={})
        model: Any = self
        return StreamResponse(Events(events), StreamAccumulator(finish), model, request, [llm.user("Hi")], {}, ())


LONG = [Chunk("text", 0, word) for word in WORDS]
FAILURE = llm.OverloadedError("busy", provider="made")


@pytest.mark.parametrize(("events", "finish"), [([*LONG, FAILURE], "stop"), (LONG, None)], ids=["failed", "cut"])
def test_a_failure_in_mid_stream_says_that_nothing_was_kept(events: Sequence[Any], finish: FinishReason | None) -> None:
    response, deltas = Model((events, finish)).stream(), []
    with pytest.raises(llm.ServerError if finish is None else llm.OverloadedError) as caught:
        for delta in response.text_stream():
            deltas.append(delta)
    assert deltas == WORDS
    assert caught.value.partial == ()
    assert caught.value.__notes__ == [f"`partial` is empty: {TOLD.partition('. ')[0]}."]
    with pytest.raises(type(caught.value)):
        _ = response.usage


def test_one_that_was_closed_early_says_so() -> None:
    response = llm.scripted(TEXT).stream("Hi")
    for _ in zip(range(60), response.text_stream(), strict=False):
        pass
    response.close()
    with pytest.raises(RuntimeError, match=r"closed before its end; the text of this stream was not buffered"):
        _ = response.usage


@pytest.mark.parametrize("finish", ["length", "pause"])
def test_one_that_broke_off_cannot_go_on(finish: FinishReason) -> None:
    response, _ = read(Model((LONG, finish)))
    with pytest.raises(llm.CapablyError, match="not buffered"):
        response.continue_()


def test_one_that_ended_by_itself_has_nothing_to_go_on_with() -> None:
    response, _ = read(llm.scripted(TEXT))
    assert response.continue_() is response


def test_a_long_answer_that_goes_on_with_a_short_one_is_read_whole_and_forgotten() -> None:
    first = Model(([Chunk("text", 0, SHORT)], "pause"), (LONG, "stop")).stream()
    assert first.text() == SHORT
    both = first.continue_()
    assert "".join(both.text_stream()) == SHORT + "".join(WORDS)
    assert (both.usage, both.finish_reason) == (llm.Usage(2, 4), "stop")
    with pytest.raises(llm.CapablyError, match="not buffered"):
        both.text()


def test_a_reply_that_is_forgotten_lacks_nothing_else() -> None:
    whole = StreamAccumulator().reply()
    reply = ForgottenResponseData(whole)
    lacking = {name for name in ResponseData.__slots__ if _missing(lambda name=name: getattr(reply, name))}
    assert lacking == {"_content", "_parts", "body", "logprobs", "others", "wire"}
    assert not hasattr(reply, "no such thing")


def _missing(read: Callable[[], Any]) -> bool:
    try:
        read()
    except llm.CapablyError:
        return True
    return False


def test_what_a_long_stream_searched_and_who_runs_its_shell_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    place = {"type": "container_reference", "container_id": "c"}
    items: list[dict[str, Any]] = [
        {"type": "web_search_call", "id": "w1", "action": {"type": "search", "query": "x"}},
        {"type": "web_search_call", "id": "w2", "action": {"type": "open_page", "url": "https://x"}},
        {"type": "shell_call", "id": "s", "call_id": "c1", "action": {"commands": ["ls"]}, "environment": place},
        {"type": "message", "id": "m", "role": "assistant", "content": [{"type": "output_text", "text": TEXT}]},
    ]
    whole = {**responses("", usage=USAGES["responses"]), "output": items}
    events: list[Any] = []
    for index, item in enumerate(items):
        events.append({"type": "response.output_item.added", "output_index": index, "item": {**item, "content": []}})
        if item["type"] == "message":
            where = {"output_index": index, "content_index": 0}
            events += [{"type": "response.output_text.delta", **where, "delta": letter} for letter in TEXT]
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": "response.completed", "response": whole})

    def use(response: Any) -> Any:
        return "".join(response.text_stream()), response.usage.searches, response.finish_reason, response._buffer.begin

    def asked() -> Any:
        with Loopback([Canned([sse(events)])]) as server:
            llm.configure("openai", api_key="k", base_url=server.url)
            return use(llm.Model.of(FORMATS["responses"][0]).stream("Hi"))

    *forgot, begin = asked()
    monkeypatch.setattr(stream, "MAX_BUFFERED_BYTES", 10**6)
    *remembered, _ = asked()
    assert begin > 0, "it has forgotten"
    assert forgot == remembered == [TEXT, 1, "stop"]
