"""The checks of one recorded exchange."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from support import request_types
from support.request_readers import Inexpressible

from capably import llm
from capably.responses.response import Response
from capably.responses.stream_response import StreamResponse
from capably.types import parts as p
from capably.types.errors import CapablyError
from conformance import accumulators, encode, readings, streams
from conformance.bench import Bench, ask, ask_async, request_of, tools_of
from conformance.cases import Exchange, Skipped
from conformance.chunking import reopened, same_in_any_chunking
from conformance.compare import compare, same
from conformance.replay import elsewhere, replay

ASYNC_EVERY = 7
DOOR_EVERY = 3

DOORS = {
    ("anthropic", "messages"): "anthropic/claude-sonnet-5-5",
    ("openai-responses", "responses"): "openai/gpt-5.6-sol",
    ("openai-chat", "chat_completions"): "openai/gpt-audio-1.5",
    ("google", "generate_content"): "google/gemini-3.8-flash",
}
"""Folder and wire format -> a listed model that is called in it; recorded models borrow its facts."""


class Result(NamedTuple):
    """One check of one exchange; `problem` is empty where it held."""

    name: str
    provider: str
    feature: str
    problem: str


def check(bench: Bench, exchange: Exchange, place: int = 0) -> Iterator[Result]:
    """Yield the result of every check that applies to the exchange."""
    bench.sent.clear()
    try:
        problem = _encoded_again(bench, exchange) if exchange.status == 200 else None
        if problem is not None:
            yield Result(exchange.name, exchange.provider, "encode", problem)
        for feature, problem in _checks(bench, exchange, place):
            yield Result(exchange.name, exchange.provider, feature, problem)
        yield Result(exchange.name, exchange.provider, "valid", _undescribed(exchange.endpoint, bench.sent))
    except Exception as error:
        yield Result(exchange.name, exchange.provider, "error", f"raised {type(error).__name__}: {error}")


def _checks(bench: Bench, exchange: Exchange, place: int) -> Iterator[tuple[str, str]]:
    expected = _expected_failure(exchange)
    bench.serve(exchange.body, status=exchange.status, headers=exchange.headers, events=exchange.streamed)
    if expected is not None:
        yield "error", compare(expected, _raised(bench, exchange))
        if opens_the_door(exchange, place):
            yield "door", _through_the_door(bench, exchange, expected, None)
        yield "sdk", _over_the_sdk(bench, exchange, expected, None)
        return
    response = ask(bench, exchange)
    seen = streams.events_of(exchange.body) if exchange.streamed else []
    body = streams.body_of(seen, exchange.endpoint) if exchange.streamed else json.loads(exchange.body)
    reading = readings.read(body, exchange.endpoint, dict(exchange.sent))
    if exchange.streamed:
        yield from _as_the_sdk_adds_it_up(bench, exchange, seen, reading)
    text = "".join(response.text_stream()) if isinstance(response, StreamResponse) else None
    yield from _agreement(reading, response)
    yield "raw", "" if response.raw is not None else "there is none"
    if text is not None:
        yield "text_stream", compare(response.text(), text)
        fresh, content = reopened(bench, exchange, [exchange.body]), list(response.content)
        yield "streams", compare([content, content], [_collected(fresh), _collected(response)])
        yield "chunking", same_in_any_chunking(bench, exchange, response)
        bench.serve(json.dumps(body).encode(), headers=exchange.headers)
        yield "stream=call", same(ask(bench, exchange._replace(streamed=False)), response)
    yield "kept", same(response, Response.from_json(response.to_json()))
    if response.content:
        yield "replay", replay(bench, exchange, reading, response)
        yield "elsewhere", elsewhere(bench, exchange, response)
    if place % ASYNC_EVERY == 0:
        bench.serve(exchange.body, status=exchange.status, headers=exchange.headers, events=exchange.streamed)
        yield "async", same(response, bench.runner.run(ask_async(bench, exchange)))
    if opens_the_door(exchange, place):
        yield "door", _through_the_door(bench, exchange, None, response)
    yield "sdk", _over_the_sdk(bench, exchange, None, response)


def _as_the_sdk_adds_it_up(
    bench: Bench, exchange: Exchange, events: list[Any], reading: readings.Reading
) -> Iterator[tuple[str, str]]:
    """Yield how the SDK's own accumulator reads the stream otherwise; nothing where it cannot read it (counted in `unread`)."""
    try:
        body = accumulators.body_of(events, exchange.endpoint)
    except accumulators.NotReadError as error:
        bench.unread.append(Skipped(exchange.name, exchange.provider, str(error)))
        return
    theirs = readings.read(body, exchange.endpoint, dict(exchange.sent))
    fields = [name for name in reading._fields if name != "turn"]
    problems = [compare(getattr(theirs, name), getattr(reading, name)) for name in fields]
    yield "added up", "; ".join(filter(None, problems))


def opens_the_door(exchange: Exchange, place: int) -> bool:
    """Return whether an exchange is also played through the public methods."""
    return (exchange.provider, exchange.endpoint) in DOORS and place % DOOR_EVERY == 0


def _encoded_again(bench: Bench, exchange: Exchange) -> str | None:
    """Return how our encoding differs from the recorded request; `None` if our API cannot express it (added to
    `unsaid`)."""
    try:
        ours = encode.encode(exchange, bench.adapter(exchange.provider, exchange.endpoint))
    except Inexpressible as missing:
        bench.unsaid.append(Skipped(exchange.name, exchange.provider, str(missing)))
        return None
    return encode.difference(exchange, ours)


def _undescribed(endpoint: str, sent: Iterable[bytes]) -> str:
    """Return what the SDK's types reject in requests; answers in them are the provider's own JSON and left out."""
    return "; ".join(
        problem
        for body in sorted(sent)
        for problem in request_types.problems(endpoint, _without_answers(endpoint, body))
    )


def _without_answers(endpoint: str, body: bytes) -> bytes:
    sent = json.loads(body)
    key = {"responses": "input", "generate_content": "contents"}.get(endpoint, "messages")
    sent[key] = [turn for turn in sent[key] if turn.get("role", turn.get("type")) in OURS]
    return json.dumps(sent).encode()


OURS = (
    *("user", "tool", "function", "function_call_output", "computer_call_output", "shell_call_output"),
    *("local_shell_call_output", "apply_patch_call_output", "custom_tool_call_output", "mcp_approval_response"),
)
"""Role, or else type, of what does not come from a model."""


def _expected_failure(exchange: Exchange) -> str | None:
    if exchange.status != 200:
        return streams.failure_of_status(exchange.status, exchange.body)
    bodies = streams.events_of(exchange.body) if exchange.streamed else [json.loads(exchange.body)]
    return streams.failure_inside(bodies, streamed=exchange.streamed, endpoint=exchange.endpoint)


def _raised(bench: Bench, exchange: Exchange) -> str:
    try:
        return f"no error: {ask(bench, exchange).content!r}"
    except CapablyError as error:
        return type(error).__name__


def _through_the_door(bench: Bench, exchange: Exchange, expected: str | None, adapted: Any) -> str:
    """Return how the public methods differ from the adapters; `expected` is the class of the error to raise."""
    like = DOORS[exchange.provider, exchange.endpoint]
    custom: Any = llm.Model.custom
    model = custom(f"{like.partition('/')[0]}/{request_of(exchange).model_id}", like=like)
    given: dict[str, Any] = {"max_retries": 0, "on_unsupported": "warn"}
    tools = list(tools_of(exchange.sent))
    given |= {"tools": tools} if tools else {}

    def sync() -> Any:
        if not exchange.streamed:
            return model.call("Hi", **given)
        with model.stream("Hi", **given) as response:
            return (
                response if "".join(response.text_stream()) == response.text() else "the text is not what was streamed"
            )

    async def awaited() -> Any:
        if not exchange.streamed:
            return await model.call_async("Hi", **given)
        async with await model.stream_async("Hi", **given) as response:
            return await response.finish()

    for public in (sync, lambda: bench.runner.run(awaited())):
        bench.serve(exchange.body, status=exchange.status, headers=exchange.headers, events=exchange.streamed)
        try:
            result = public()
        except CapablyError as error:
            problem = compare(expected, type(error).__name__)
        else:
            problem = same(adapted, result) if expected is None else compare(expected, "no error")
        if problem:
            return problem
    return ""


def _over_the_sdk(bench: Bench, exchange: Exchange, expected: str | None, response: Any) -> str:
    """Return how a client of the SDK differs from our HTTP: in what it sends, or in what comes of the answer."""
    sent: list[tuple[str, Any]] = []
    for sdk in (False, True):
        bench.serve(exchange.body, status=exchange.status, headers=exchange.headers, events=exchange.streamed)
        try:
            answer = ask(bench, exchange, sdk=sdk)
            problem = same(response, answer) if expected is None else f"no error: {answer.content!r}"
        except CapablyError as error:
            problem = compare(expected, type(error).__name__)
        if problem:
            return problem
        (received,) = bench.server.requests
        sent.append((received.path, received.json()))
    return compare(*sent)


def _agreement(reading: readings.Reading, response: Any) -> Iterator[tuple[str, str]]:
    calls = [(call.name, call.args) for call in response.tool_calls]
    thoughts = "".join(thought.text for thought in response.thoughts)
    usage = response.usage
    tokens = (
        usage.input_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
        usage.cache_read_tokens,
        usage.cache_write_tokens,
    )
    for feature, mine, ours in (
        ("text", reading.text, response.text()),
        ("thoughts", reading.thoughts, thoughts),
        ("tool calls", reading.calls, calls),
        ("citations", reading.citations, len(response.citations)),
        ("usage", reading.tokens, tokens),
        ("finish", reading.finish, _finish_as_read(response)),
        ("whole", reading.parts, len(response.content)),
    ):
        if mine or ours or feature == "whole":
            yield feature, compare(mine, ours)


def _finish_as_read(response: Any) -> str:
    """Return how an answer ended: our word, or the provider's own where we have none for it."""
    reason = response.finish_reason
    return reason if reason != "other" else response.stop_detail.partition(":")[0]


def _collected(response: Any) -> list[Any]:
    """Return the parts as their own streams give them. Citations may follow a text; empty parts have no stream."""
    parts: dict[int, Any] = {}
    for stream in response.streams():
        complete, part = response.content[stream.index], stream.collect()
        if isinstance(complete, p.Text | p.Thought):
            before = parts.get(stream.index)
            part = type(complete)((before.text if before else "") + part.text)
            part = complete if part.text == complete.text else part
        parts[stream.index] = part
    for index, complete in enumerate(response.content):
        if isinstance(complete, p.Text | p.Thought) and not complete.text:
            parts.setdefault(index, complete)
    return [parts[index] for index in sorted(parts)]
