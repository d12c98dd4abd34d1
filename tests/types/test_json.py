"""JSON that msgspec and Python's reader take differently: received it is read, and sent it is refused with its place."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from support.loopback import Canned, Loopback
from support.untyped import untyped
from support.wire_answers import FORMATS, WAYS, answer_to, ask

from capably import llm
from capably.types.json import load_body, load_json, load_strict


@pytest.mark.parametrize(
    ("data", "value"),
    [
        pytest.param(b'{"a": "x \\ud83d y"}', {"a": "x \ufffd y"}, id="half a surrogate pair"),
        pytest.param(b'{"\\ud83d": ["\\ude00"]}', {"\ufffd": ["\ufffd"]}, id="halves in keys and lists"),
        pytest.param(b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}, id="a pair"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', {"a": 1}, id="a byte order mark"),
        pytest.param('\ufeff{"a": 1}', {"a": 1}, id="a byte order mark in text"),
        pytest.param('{"a": 1}'.encode("utf-16"), {"a": 1}, id="UTF-16"),
        pytest.param(b'{"a": 1e999}', {"a": float("inf")}, id="a number beyond a float"),
        pytest.param(b'{"a": 1' + b"0" * 400 + b"}", {"a": 10**400}, id="a large integer"),
    ],
)
def test_what_the_sdks_read_is_read(data: Any, value: Any) -> None:
    assert load_body(data) == value


def test_not_a_number_is_read_where_a_provider_sends_it_and_not_where_a_model_writes_it() -> None:
    assert str(untyped(load_body(b'{"a": NaN}'))["a"]) == "nan"
    with pytest.raises(msgspec.DecodeError):
        load_strict('{"a": NaN}')


def test_an_event_keeps_its_half_for_the_next_one() -> None:
    assert load_json(b'{"a": "\\ud83d"}') == {"a": "\ud83d"}


@pytest.mark.parametrize("data", [b"{", b'{"a": "\xff"}', b"[" * 100_000, b"{}{}", b""])
def test_what_nobody_reads_is_an_error(data: bytes) -> None:
    for load in (load_json, load_body):
        with pytest.raises(msgspec.DecodeError):
            load(data)


# Received


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", FORMATS)
def test_an_answer_with_half_an_emoji_is_read(wire: str, way: str) -> None:
    response, _ = ask(way, FORMATS[wire][0], [answer_to(way, wire, ["a \ud83d", " b"])])
    assert response.text() == "a \ufffd b"


@pytest.mark.parametrize("way", ["stream", "stream_async"])
@pytest.mark.parametrize("wire", FORMATS)
def test_an_emoji_in_two_deltas_is_one_character(wire: str, way: str) -> None:
    events = answer_to(way, wire, ["a \ud83d", "\ude00 b"])

    async def read(response: Any) -> list[str]:
        return [text async for text in response.text_stream()]

    def use(response: Any) -> Any:
        return read(response) if way == "stream_async" else list(response.text_stream())

    texts, _ = ask(way, FORMATS[wire][0], [events], use)
    assert "".join(texts) == "a \U0001f600 b"


def test_each_step_of_a_cut_emoji_can_be_printed() -> None:
    steps: list[str] = []
    for pieces in (
        ["a\ud83d", "\ude00b"],
        ["a\ud83d", "b"],
        ["a", "\ud83d"],
        ["\ude00a"],
        ["\ud83d", "\ud83d", "\ude00"],
    ):
        with Loopback([Canned([_sse(answer_to("stream", "chat", pieces))])]) as server:
            llm.configure("mistral", api_key="k", base_url=server.url)
            with llm.Model.of(FORMATS["chat"][0]).stream("Hi") as stream:
                read = list(stream.text_stream())
            assert "".join(read) == stream.text() == "".join(stream.text_stream())
            assert all(text.encode() for text in read)
            steps.append("|".join(read))
    assert steps == ["a|\U0001f600b", "a|\ufffdb", "a|\ufffd", "\ufffda", "\ufffd|\U0001f600"]


def _sse(events: list[Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", FORMATS)
def test_a_conversation_goes_on_after_half_an_emoji(wire: str, way: str) -> None:
    answers = [answer_to(way, wire, ["a \ud83d"]), answer_to(way, wire, ["b"])]
    _, sent = ask(way, FORMATS[wire][0], answers, lambda response: response.resume("Go on"))
    assert "a \ufffd" in json.dumps(sent[1], ensure_ascii=False)


def test_a_structured_answer_with_half_an_emoji_is_parsed() -> None:
    response, _ = ask("call", FORMATS["chat"][0], [answer_to("call", "chat", ['["\\ud83d"]'])], format=list[str])
    with pytest.raises(llm.ParseError):
        response.parse()  # A list stands under a key.
    response, _ = ask(
        "call", FORMATS["chat"][0], [answer_to("call", "chat", ['{"value": ["\\ud83d"]}'])], format=list[str]
    )
    assert response.parse() == ["\ufffd"]


def test_a_call_of_google_has_the_same_arguments_in_its_chunk_and_in_the_reply() -> None:
    call = {"functionCall": {"id": "g", "name": "f", "args": {"a": "x\ud83d"}}}
    answer = [{"candidates": [{"content": {"role": "model", "parts": [call]}, "finishReason": "STOP"}]}]

    def use(response: Any) -> Any:
        return [chunk.part for chunk in response.chunks() if chunk.part], response.tool_calls

    (parts, calls), _ = ask("stream", FORMATS["google"][0], [answer], use)
    assert parts == list(calls) == [llm.ToolCall("g", "f", {"a": "x\ufffd"})]


# Sent


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", FORMATS)
def test_text_that_cannot_be_sent_is_refused_with_its_place(wire: str, way: str) -> None:
    answers = [answer_to(way, wire, ["b"])]
    match = r"tags\[0\].*character 3, near 'caf.udce9'.*Nothing was sent"
    with pytest.raises(llm.ConversationError, match=match) as caught:
        ask(way, FORMATS[wire][0], answers, extra={"tags": ["caf\udce9"]})
    assert caught.value.rule == "unsendable_text"


HALF = "x\ud83d"


def exchange(part: Any, output: Any = "r") -> list[Any]:
    return [llm.user("Hi"), llm.assistant([part]), llm.user([llm.ToolOutput("c1", "f", output)])]


def answered(output: Any) -> list[Any]:
    return exchange(llm.ToolCall("c1", "f", {}), output)


def tool(**fields: Any) -> Any:
    parameters = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    given: dict[str, Any] = {"name": "f", "parameters": parameters, **fields}
    return llm.Tool(lambda **_: "", **given)


@dataclass
class Note:
    text: str


PLACES: dict[str, dict[str, Any]] = {
    "the prompt": {"content": HALF},
    "instructions": {"content": [llm.system(HALF), llm.user("Hi")]},
    "an answer": {"content": [llm.user("a"), llm.assistant(HALF), llm.user("c")]},
    "a tool's result": {"content": answered(HALF)},
    "a result as JSON": {"content": answered({"a": [{"b": HALF}]})},
    "a key of a result": {"content": answered({HALF: 1})},
    "an object as a result": {"content": answered(Note(HALF))},
    "a part of a result": {"content": answered([{"a": HALF}, llm.Text("y")])},
    "arguments": {"content": exchange(llm.ToolCall("c1", "f", {"a": HALF}))},
    "a key of arguments": {"content": exchange(llm.ToolCall("c1", "f", {HALF: 1}))},
    "arguments as text": {"content": exchange(llm.ToolCall("c1", "f", {}, f'{{"a": "{HALF}"}}'))},
    "free text of a call": {"content": exchange(llm.CustomToolCall("c1", "f", {"input": HALF}))},
    "a URL": {"content": ["a", llm.Image.from_url(f"https://x/{HALF}")]},
    "JSON of the caller's own": {"content": ["a", llm.Unknown("text", {"type": "text", "text": HALF})]},
    "metadata": {"content": "a", "extra": {"metadata": {"user": HALF}}},
    "a tool's description": {"content": "a", "tools": [tool(description=HALF)]},
    "a tool's schema": {
        "content": "a",
        "tools": [tool(parameters={"type": "object", "properties": {HALF: {"type": "string"}}})],
    },
    "a limit that becomes words": {
        "content": "a",
        "tools": [
            tool(
                strict=True,
                parameters={
                    "type": "object",
                    "properties": {"a": {"type": "string", "x": [HALF]}},
                    "required": ["a"],
                    "additionalProperties": False,
                },
            )
        ],
    },
}


@pytest.mark.parametrize("wire", FORMATS)
@pytest.mark.parametrize("place", PLACES)
def test_a_text_that_cannot_be_sent_is_named_wherever_it_stands(place: str, wire: str) -> None:
    params = dict(PLACES[place])
    content = params.pop("content")
    with Loopback([Canned(answer_to("call", wire, ["ok"]))]) as server:
        llm.configure(FORMATS[wire][0].partition("/")[0], api_key="k", base_url=server.url)
        with pytest.raises(llm.ConversationError, match=r"the text at .* cannot be sent: its character \d+") as caught:
            llm.Model.of(FORMATS[wire][0]).call(content, **params)
        assert caught.value.rule == "unsendable_text"
        assert not server.requests


def test_the_name_of_a_file_is_a_text_too() -> None:
    document = llm.Document.from_bytes(b"%PDF-1.4", media_type="application/pdf", name=f"{HALF}.pdf")
    with Loopback([Canned(b"")]) as server:
        llm.configure("openai", api_key="k", base_url=server.url)
        with pytest.raises(llm.ConversationError, match=r"the text at input\[0\].content\[0\].filename of the request"):
            llm.Model.of(FORMATS["responses"][0]).call([document])


@pytest.mark.parametrize("result", [HALF, {"a": HALF}, [llm.Text(HALF)], Note(HALF)], ids=repr)
def test_a_result_that_cannot_be_sent_is_an_error_for_the_model_and_the_developer(result: Any) -> None:
    @llm.tool
    def read() -> Any:
        """Read."""
        return result

    @llm.tool(name="read")
    async def read_async() -> Any:
        """Read."""
        return result

    call = llm.ToolCall("c1", "read", {})
    (output,) = llm.scripted(call).call("Hi", tools=[read]).execute_tools()

    async def run() -> Any:
        return await (await llm.scripted(call).call_async("Hi", tools=[read_async])).execute_tools()

    for ran in (output, asyncio.run(run())[0]):
        assert ran.is_error
        assert ran.value == "read ran, but its result cannot be sent: it holds a text that is no valid Unicode."
        assert isinstance(ran.exception, llm.ConversationError)


def test_a_conversation_that_has_no_form_in_utf_8_is_not_stored() -> None:
    with pytest.raises(llm.ConversationError, match=r"the text at messages\[0\].content\[0\].text of the stored conv"):
        llm.dump_messages([llm.user(HALF)])
