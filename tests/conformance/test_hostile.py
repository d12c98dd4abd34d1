"""Answers that nobody should send: each is a clear error of ours or an `Unknown` part, never a bare exception or a hang."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conformance import bench as conformance, chunking
from conformance.cases import Exchange
from support.call_cost import calls_made
from support.loopback import Canned, Loopback

from capably import llm
from capably.responses.response import Response
from capably.responses.stream_response import StreamResponse
from capably.types import stream as types_stream
from capably.types.errors import CapablyError
from capably.types.response_data import ResponseData

ENDPOINTS = ["messages", "responses", "chat_completions", "generate_content"]
PROVIDERS = {"messages": "anthropic", "generate_content": "google", "responses": "openai", "chat_completions": "openai"}

BODIES: dict[str, Any] = {
    "messages": {
        "type": "message",
        "id": "msg_1",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "s"},
            {"type": "text", "text": "Hi", "citations": [{"type": "char_location", "url": "u", "cited_text": "c"}]},
            {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": "it"}},
            {"type": "brand_new", "inside": {"a": [1]}},
        ],
        "stop_reason": "tool_use",
        "stop_details": {"category": "c", "explanation": "e"},
        "container": {"id": "c", "expires_at": "2030-01-01T00:00:00Z"},
        "usage": {
            "input_tokens": 1,
            "output_tokens": 2,
            "cache_creation": {"ephemeral_1h_input_tokens": 1},
            "iterations": [{"type": "compaction", "input_tokens": 1}],
        },
    },
    "responses": {
        "id": "resp_1",
        "model": "m",
        "status": "completed",
        "incomplete_details": {"reason": "max_output_tokens"},
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}], "content": []},
            {
                "type": "message",
                "id": "m1",
                "content": [
                    {
                        "type": "output_text",
                        "text": "Hi",
                        "annotations": [{"type": "url_citation", "url": "u", "start_index": 0, "end_index": 1}],
                    },
                    {"type": "refusal", "refusal": "No."},
                ],
            },
            {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"at": "it"}'},
            {"type": "image_generation_call", "result": "AAAA", "output_format": "png"},
            {"type": "brand_new", "inside": {"a": [1]}},
        ],
        "usage": {"input_tokens": 1, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 1}},
    },
    "chat_completions": {
        "id": "c1",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "message": {
                    "role": "assistant",
                    "content": "Hi",
                    "reasoning_content": "Hm.",
                    "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}],
                    "refusal": "No.",
                    "annotations": [{"type": "url_citation", "url_citation": {"url": "u", "start_index": 0}}],
                    "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}],
                    "audio": {"id": "a1", "data": "AAAA", "transcript": "Hi"},
                    "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": "it"}'}}
                    ],
                },
            }
        ],
        "usage": {
            "prompt_tokens": 1,
            "completion_tokens": 2,
            "total_tokens": 4,
            "prompt_tokens_details": {"cached_tokens": 1},
        },
    },
    "generate_content": {
        "responseId": "r1",
        "modelVersion": "m",
        "promptFeedback": {"safetyRatings": []},
        "candidates": [
            {
                "index": 0,
                "finishReason": "STOP",
                "content": {
                    "role": "model",
                    "parts": [
                        {"text": "Hm.", "thought": True, "thoughtSignature": "s"},
                        {"text": "Hi"},
                        {"functionCall": {"name": "look", "args": {"at": "it"}}},
                        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                        {"fileData": {"mimeType": "image/png", "fileUri": "u"}},
                        {"brandNew": {"a": [1]}},
                    ],
                },
                "groundingMetadata": {
                    "groundingChunks": [{"web": {"uri": "u", "title": "t"}}],
                    "groundingSupports": [{"segment": {"text": "Hi", "partIndex": 1}, "groundingChunkIndices": [0]}],
                },
                "citationMetadata": {"citations": [{"uri": "u"}]},
            }
        ],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3},
    },
}


def events_of(endpoint: str) -> list[Any]:
    """The events of the same answers."""
    body = copy.deepcopy(BODIES[endpoint])
    if endpoint == "messages":
        message = {**body, "content": [], "stop_reason": None}
        steps: list[Any] = [{"type": "message_start", "message": message}]
        for index, block in enumerate(body["content"]):
            empty = {"text": {"text": ""}, "thinking": {"thinking": ""}, "tool_use": {"input": {}}}.get(
                block["type"], {}
            )
            steps.append({"type": "content_block_start", "index": index, "content_block": {**block, **empty}})
            delta = {
                "text": {"type": "text_delta", "text": "Hi"},
                "thinking": {"type": "thinking_delta", "thinking": "Hm."},
                "tool_use": {"type": "input_json_delta", "partial_json": '{"at": "it"}'},
            }.get(block["type"])
            steps += [{"type": "content_block_delta", "index": index, "delta": delta}] if delta else []
            steps.append({"type": "content_block_stop", "index": index})
        end = {"stop_reason": "tool_use", "stop_sequence": None}
        return [*steps, {"type": "message_delta", "delta": end, "usage": body["usage"]}, {"type": "message_stop"}]
    if endpoint == "responses":
        steps = [{"type": "response.created", "response": {**body, "output": []}}]
        for index, item in enumerate(body["output"]):
            place = {"output_index": index}
            steps.append({"type": "response.output_item.added", **place, "item": item})
            steps.append({"type": "response.output_text.delta", **place, "content_index": 0, "delta": "Hi"})
            steps.append({"type": "response.output_item.done", **place, "item": item})
        return [*steps, {"type": "response.completed", "response": body}]
    if endpoint == "chat_completions":
        choice = body["choices"][0]
        message = choice.pop("message")
        head = {"id": "c1", "model": "m"}
        calls = [{"index": i, **call} for i, call in enumerate(message.pop("tool_calls"))]
        deltas = [{key: value} for key, value in message.items()] + [{"tool_calls": [call]} for call in calls]
        steps = [{**head, "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
        return [*steps, {**head, "choices": [{**choice, "delta": {}}]}, {**head, "choices": [], "usage": body["usage"]}]
    first = {**body, "candidates": [{"content": body["candidates"][0]["content"]}]}
    return [first, body]


def decode(endpoint: str, body: bytes) -> Response[Any, Any, Any]:
    exchange = Exchange("made/up#0", PROVIDERS[endpoint], endpoint, {}, 200, {}, body, False)
    request = conformance.request_of(exchange)
    module = {
        "messages": "anthropic.decode",
        "generate_content": "google.decode",
        "responses": "openai.responses.decode",
        "chat_completions": "openai.chat.decode",
    }[endpoint]
    reader: Any = __import__(f"capably.providers.{module}", fromlist=["decode_reply"])
    reply: ResponseData = reader.decode_reply(body, request)
    return Response(reply, *conformance.rest(exchange, request))


def stream(endpoint: str, body: bytes) -> StreamResponse[Any, Any, Any]:
    exchange = Exchange("made/up#0", PROVIDERS[endpoint], endpoint, {}, 200, {}, body, True)
    bench = conformance.Bench()
    adapter = bench.adapter(exchange.provider, endpoint)
    bench.server._server.server_close()
    request = conformance.request_of(exchange)
    return StreamResponse(
        chunking.opened(adapter, [body]), adapter.accumulator(request), *conformance.rest(exchange, request)
    )


def as_events(events: list[Any]) -> bytes:
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()


def use(response: Any) -> None:
    """Everything that a caller might read of a response."""
    assert isinstance(response.text(), str)
    for part in response.content:
        assert isinstance(part, llm.Part)
        repr(part)
    for call in response.tool_calls:
        assert isinstance(call.args, dict)
    assert response.usage.total_tokens is not None
    _ = (response.citations, response.thoughts, response.images, response.finish_reason, response.messages)
    assert llm.Response.from_json(response.to_json()).text() == response.text()


def survives(read: Callable[[], Any]) -> None:
    """Our error, or a response that can be used."""
    try:
        use(read())
    except CapablyError as error:
        assert str(error)


WRONG: list[Any] = [None, 0, -1.5, "x", True, [], {}, [1], ["x"], {"x": 1}, [[]], [{}], [None]]


def mutants(whole: Any) -> Iterator[Any]:
    """`whole` with each of its places in turn holding each wrong value, or nothing."""
    for path in list(paths(whole)):
        for wrong in (*WRONG, KeyError):
            changed = copy.deepcopy(whole)
            owner = changed
            for step in path[:-1]:
                owner = owner[step]
            if wrong is KeyError:
                del owner[path[-1]]
            else:
                owner[path[-1]] = wrong
            yield changed


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*above, key)
        yield from paths(inner, (*above, key))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_good_answers_are_good(endpoint: str) -> None:
    whole = decode(endpoint, json.dumps(BODIES[endpoint]).encode())
    streamed = stream(endpoint, as_events(events_of(endpoint)))
    for response in (whole, streamed):
        use(response)
        assert response.tool_calls[0].args == {"at": "it"}
        assert response.text().startswith("Hi")
    kinds = [part.kind for part in whole.content if isinstance(part, llm.Unknown)]
    assert endpoint == "chat_completions" or kinds in (["brand_new"], ["brandNew"])


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_body_with_anything_of_a_wrong_type_is_told(endpoint: str) -> None:
    for body in mutants(BODIES[endpoint]):
        survives(lambda body=body: decode(endpoint, json.dumps(body).encode()))


class Events:
    """An open stream."""

    request_id: str | None = None
    sent = b"{}"

    def __init__(self, events: list[Any]) -> None:
        self.events = events

    def __iter__(self) -> Iterator[Any]:
        return iter(self.events)

    def close(self) -> None: ...


def wrong_streams(endpoint: str) -> Iterator[Callable[[], StreamResponse[Any, Any, Any]]]:
    """Streams with one thing of a wrong type each; every one can be opened again and again."""
    exchange = Exchange("made/up#0", PROVIDERS[endpoint], endpoint, {}, 200, {}, b"", True)
    request = conformance.request_of(exchange)
    bench = conformance.Bench()
    adapter = bench.adapter(exchange.provider, endpoint)
    bench.server._server.server_close()
    for events in mutants(events_of(endpoint)):
        rest = conformance.rest(exchange, request)
        yield lambda events=events, rest=rest: StreamResponse(Events(events), adapter.accumulator(request), *rest)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_stream_with_anything_of_a_wrong_type_is_told(endpoint: str) -> None:
    for opened in wrong_streams(endpoint):
        survives(opened)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_stream_that_forgets_tells_how_it_ended(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[Any] = []
    for kept in (10**9, 0):
        monkeypatch.setattr(types_stream, "MAX_BUFFERED_BYTES", kept)
        response = stream(endpoint, as_events(events_of(endpoint)))
        assert "".join(response.text_stream()).startswith("Hi")
        reply = response._reply
        ends.append((reply.finish_reason, reply.stop_detail, reply.usage, reply.id, reply.model))
        assert bool(response._buffer.begin) == (kept == 0)
    assert ends[0] == ends[1]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_nothing_wrong_changes_the_texts_of_a_stream_that_forgets(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for opened in wrong_streams(endpoint):
        found: list[list[str]] = []
        for kept in (10**9, 0):
            monkeypatch.setattr(types_stream, "MAX_BUFFERED_BYTES", kept)
            response = opened()
            found.append([])
            with contextlib.suppress(CapablyError):
                for delta in response.text_stream():
                    found[-1].append(delta)
                _ = response.usage
        assert found[0] == found[1]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_body_cut_anywhere_is_told(endpoint: str) -> None:
    body = json.dumps(BODIES[endpoint]).encode()
    for end in range(len(body)):
        with pytest.raises(llm.ServerError):
            decode(endpoint, body[:end])


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_stream_cut_anywhere_is_told(endpoint: str) -> None:
    body = as_events(events_of(endpoint))
    whole = stream(endpoint, body).content
    for end in range(0, len(body), 3):
        try:
            # What is cut off the end may say nothing new: usage, or the empty line after the last event.
            assert stream(endpoint, body[:end]).content == whole
            assert end > len(body) * 0.6
        except llm.ServerError:
            pass


GARBAGE: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b" \n \n",
    "null": b"null",
    "number": b"12",
    "text": b'"ok"',
    "list": b"[]",
    "object": b"{}",
    "page": b"<html><body>502 Bad Gateway</body></html>",
    "no UTF-8": b'{"content": "\xff\xfe"}',
    "lone surrogate": b'{"content": "\\ud800"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "two documents": b"{}{}",
    "not a number": b'{"usage": NaN}',
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"a":' * 200_000,
    "deep inside": b'{"content":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "huge number": b'{"id": 1' + b"0" * 5000 + b"}",
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("name", GARBAGE)
def test_a_body_that_is_none_is_told(endpoint: str, name: str) -> None:
    with pytest.raises(llm.ServerError):
        decode(endpoint, GARBAGE[name])


LINES: dict[str, Callable[[bytes], bytes]] = {
    "garbage": lambda body: b"garbage\n\n" + body,
    "comments": lambda body: b": ping\n\n" + body.replace(b"\n\n", b"\n\n: ping\n\n"),
    "names": lambda body: body.replace(b"data: {", b"event: x\nid: 7\nretry: 5\ndata: {"),
    "CRLF": lambda body: body.replace(b"\n", b"\r\n"),
    "CR": lambda body: body.replace(b"\n", b"\r"),
    "no space": lambda body: body.replace(b"data: {", b"data:{"),
    "empty data": lambda body: b"data:\n\ndata: \n\n" + body,
    "done": lambda body: body + b"data: [DONE]\n\n",
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("name", LINES)
def test_lines_that_say_nothing_change_nothing(endpoint: str, name: str) -> None:
    body = as_events(events_of(endpoint))
    assert stream(endpoint, LINES[name](body)).content == stream(endpoint, body).content


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("name", [name for name in GARBAGE if name not in ("nothing", "spaces")])
def test_an_event_that_is_none_is_told_or_says_nothing(endpoint: str, name: str) -> None:
    good = as_events(events_of(endpoint))
    survives(lambda: stream(endpoint, b"data: " + GARBAGE[name] + b"\n\n" + good))
    survives(lambda: stream(endpoint, good[: len(good) // 2] + b"data: " + GARBAGE[name] + b"\n\n"))
    with pytest.raises(llm.ServerError):
        use(stream(endpoint, b"data: " + GARBAGE[name] + b"\n\n"))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_stream_of_nothing_is_told(endpoint: str) -> None:
    for body in (b"", b"\n\n\n", b": ping\n\n", b"data: [DONE]\n\n"):
        with pytest.raises(llm.ServerError):
            use(stream(endpoint, body))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_unknown_event_says_nothing(endpoint: str) -> None:
    events = events_of(endpoint)
    unknown: Any = {"type": "brand.new", "data": {"a": [1]}} if endpoint in ("messages", "responses") else {"new": [1]}
    more = [step for event in events for step in (unknown, event)]
    assert stream(endpoint, as_events(more)).content == stream(endpoint, as_events(events)).content


# --- size ---------------------------------------------------------------------------------------------------------


def saying(endpoint: str, text: str, calls: int) -> Any:
    """An answer with this text and so many calls."""
    body: Any = copy.deepcopy(BODIES[endpoint])
    arguments = '{"at": "it"}'
    if endpoint == "messages":
        uses = [{"type": "tool_use", "id": f"t{i}", "name": "look", "input": {"at": "it"}} for i in range(calls)]
        body["content"] = [{"type": "text", "text": text}, *uses]
    elif endpoint == "responses":
        call = {"type": "function_call", "name": "look", "arguments": arguments}
        said = {"type": "message", "content": [{"type": "output_text", "text": text}]}
        body["output"] = [said, *({**call, "call_id": f"c{i}"} for i in range(calls))]
    elif endpoint == "chat_completions":
        function = {"name": "look", "arguments": arguments}
        uses = [{"id": f"c{i}", "type": "function", "function": function} for i in range(calls)]
        body["choices"][0]["message"] = {"content": text, "tool_calls": uses}
    else:
        uses = [{"functionCall": {"name": "look", "args": {"at": "it"}}} for _ in range(calls)]
        body["candidates"][0] = {"finishReason": "STOP", "content": {"parts": [{"text": text}, *uses]}}
    return body


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_ten_megabytes_and_a_thousand_calls_are_read(endpoint: str) -> None:
    body = json.dumps(saying(endpoint, "word " * 2_000_000, 1000)).encode()
    response = decode(endpoint, body)
    assert (len(response.text()), len(response.tool_calls)) == (10_000_000, 1000)
    assert len({call.id for call in response.tool_calls}) == 1000


def many_events(endpoint: str, deltas: int, calls: int) -> bytes:
    """A stream with one event per word, and one or three per call."""
    steps: list[Any]
    if endpoint == "messages":
        message = {**BODIES[endpoint], "content": []}
        steps = [{"type": "message_start", "message": message}]
        steps.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
        word = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word "}}
        steps += [word] * deltas + [{"type": "content_block_stop", "index": 0}]
        for i in range(1, calls + 1):
            block = {"type": "tool_use", "id": f"t{i}", "name": "look", "input": {}}
            delta = {"type": "input_json_delta", "partial_json": '{"at": "it"}'}
            steps.append({"type": "content_block_start", "index": i, "content_block": block})
            steps.append({"type": "content_block_delta", "index": i, "delta": delta})
            steps.append({"type": "content_block_stop", "index": i})
        steps += [
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {}},
            {"type": "message_stop"},
        ]
    elif endpoint == "responses":
        body = saying(endpoint, "word " * deltas, calls)
        word = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "word "}
        steps = [word] * deltas
        for index, item in enumerate(body["output"]):
            if index:
                steps.append({"type": "response.output_item.added", "output_index": index, "item": item})
            steps.append({"type": "response.output_item.done", "output_index": index, "item": item})
        steps.append({"type": "response.completed", "response": body})
    elif endpoint == "chat_completions":
        steps = [{"choices": [{"index": 0, "delta": {"content": "word "}}]}] * deltas
        for i in range(calls):
            call = {"index": i, "id": f"c{i}", "function": {"name": "look", "arguments": '{"at": "it"}'}}
            steps.append({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
        steps.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    else:
        steps = [{"candidates": [{"content": {"parts": [{"text": "word "}]}}]}] * deltas
        call = {"functionCall": {"name": "look", "args": {"at": "it"}}}
        steps += [{"candidates": [{"content": {"parts": [call]}}]}] * calls
        steps.append({"candidates": [{"finishReason": "STOP"}]})
    return as_events(steps)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_work_of_a_stream_grows_with_its_length_and_not_with_its_square(endpoint: str) -> None:
    def effort(deltas: int, calls: int) -> int:
        body = many_events(endpoint, deltas, calls)

        def read() -> None:
            response = stream(endpoint, body)
            for part in response.streams():
                list(part)
            assert (len(response.text()), len(response.tool_calls)) == (5 * deltas, calls)

        return calls_made(read)

    effort(100, 10)
    for long, short in (((3_000, 0), (500, 0)), ((10, 600), (10, 100))):
        assert effort(*long) < 6.5 * effort(*short)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_arguments_nested_too_deep_stay_readable_or_are_told(endpoint: str) -> None:
    deep = '{"a":' * 5000 + "1" + "}" * 5000
    text = json.dumps(saying(endpoint, "Hi", 1))
    for body in (text.replace('{"at": "it"}', deep), text.replace('{\\"at\\": \\"it\\"}', deep.replace('"', '\\"'))):
        survives(lambda body=body: decode(endpoint, body.encode()))


# --- over the network ---------------------------------------------------------------------------------------------

CANNED = {
    "a page instead of JSON": Canned("<html>502 Bad Gateway</html>"),
    "an empty answer": Canned(b""),
    "half an answer": Canned(b'{"type": "mess'),
    "a connection that breaks": Canned(b'{"type": "mess', cut=True),
    "a stream that breaks": Canned("data: {", cut=True),
    "an empty stream": Canned("data: [DONE]\n\n"),
    "a page with an error": Canned("<html>Bad Gateway</html>", status=502),
    "an empty error": Canned(b"", status=500),
    "an error of a wrong shape": Canned([1, 2], status=400),
    "an error that is null": Canned(b"null", status=429),
    "an error inside an error": Canned({"error": {"error": {"message": None}}}, status=403),
    "an error with everything wrong": Canned(
        {"error": {"code": [], "message": {}, "type": 3, "details": "x"}}, status=400
    ),
    "a retry-after that is nonsense": Canned({}, status=429, headers={"retry-after": "soon", "retry-after-ms": "x"}),
}
MODELS = {
    "anthropic": "anthropic/claude-sonnet-5-5",
    "openai": "openai/gpt-6.1-sol",
    "google": "google/gemini-3.8-flash",
}


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("name", CANNED)
def test_whatever_a_server_answers_is_an_error_of_ours(provider: str, name: str) -> None:
    model: Any = llm.Model.of(MODELS[provider])
    with Loopback([CANNED[name]]) as server:
        llm.configure(provider, api_key="test", base_url=server.url, max_retries=0)
        try:
            for form in ("call", "stream"):
                with pytest.raises(llm.ProviderError) as caught:
                    getattr(model, form)("Hi").text()
                assert provider in str(caught.value)
        finally:
            llm.configure(provider)
