"""Every recorded exchange through a loopback server into our `Response`, over HTTP and the SDKs: `just conformance`.

Prints a table provider x feature of what held, and why anything was left out. What held is decided by a second reading
of the recorded JSON (`conformance_readings`), which knows nothing of our decoders. Ends with 1 when anything failed.

    just conformance                     # all, over pyreqwest if it is installed
    just conformance --http httpx2       # over httpx2
    just conformance --only anthropic    # cases whose name contains this
"""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Self, get_args

import anthropic
import openai
from google import genai
from support import request_types
from support.loopback import Canned, Loopback, Received
from support.request_readers import Inexpressible

from capably import llm
from capably.calls.model import ModelBase
from capably.http.libraries import Library
from capably.providers.adapters import adapter_of
from capably.providers.events import Events, Origin
from capably.providers.handles import Handle
from capably.providers.settings import Settings
from capably.providers.spellings import NoSpellingError
from capably.registry.lookup import add_host, providers
from capably.responses.stream_response import AsyncResponse, AsyncStreamResponse, Response, StreamResponse
from capably.types import parts as p
from capably.types.errors import CapablyError
from capably.types.messages import UserMessage, user
from capably.types.request import Request
from capably.types.timeout import DEFAULT
from capably.types.tools import MCPServer, Tool
from conformance import accumulators, encode, readings, streams
from conformance.cases import CORPUS, Exchange, Skipped, exchanges, name_of

FEATURES = (
    "error",
    "text",
    "thoughts",
    "tool calls",
    "citations",
    "usage",
    "finish",
    "whole",
    "raw",
    "added up",
    "stream=call",
    "text_stream",
    "streams",
    "chunking",
    "replay",
    "elsewhere",
    "kept",
    "async",
    "valid",
    "encode",
    "door",
    "sdk",
)
"""
error: a failed answer raises the right class · text .. finish: as the second reading has them · whole: no piece of content
is missing · raw: the SDK's own object can be built · added up: the SDK's own accumulator makes of a stream what the second
reading does · stream=call: a stream gives what `call` gives for the body that it
adds up to · text_stream: its pieces join to `text()` · streams: each part's own stream gives that part · chunking: bytes cut anywhere give the same · replay: the next request
holds the answer's JSON as it came · elsewhere: the other three formats take the conversation, as their SDKs' types have it,
or refuse a part by name · kept: JSON and back gives the same · async: the asynchronous form gives the same (every seventh exchange)
· valid: all that we sent is as the SDK's own types of parameters have it, extra keys forbidden (the answers in it aside)
· encode: the recorded request, said in our API, is encoded to the same JSON (where our API has words for it, and it was
answered) · door: `Model.call` or `stream`, and its asynchronous twin, give the same (every third exchange of the vendors)
· sdk: a client of the vendor's SDK (`client=`) sends the same body to the same path, and gives the same answer or error
"""

ADAPTER_OF = {
    "messages": "anthropic",
    "generate_content": "google",
    "responses": "openai",
    "chat_completions": "openai",
}

SDK_CLIENTS: Mapping[str, Callable[[str], Any]] = {
    "anthropic": lambda url: anthropic.Anthropic(api_key="test", base_url=url, max_retries=0),
    "openai": lambda url: openai.OpenAI(api_key="test", base_url=url, max_retries=0),
    "google": lambda url: genai.Client(api_key="test", http_options=genai.types.HttpOptions(base_url=url)),
}
"""Adapter -> a client of its vendor's SDK, as a user builds it."""

CUTTINGS = 3
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


class Bench:
    """One server and, per provider, one adapter; each exchange sets what the server answers next."""

    def __init__(self, http: Library = "auto") -> None:
        self.http: Library = http
        self.server = Loopback([self._reply])
        self.answer = Canned()
        self.sent: set[bytes] = set()
        self.unsaid: list[Skipped] = []
        self.unread: list[Skipped] = []
        self._adapters: dict[tuple[str, str, bool], Any] = {}

    def _reply(self, received: Received) -> Canned:
        self.sent.add(received.body)
        return self.answer

    def __enter__(self) -> Self:
        self.server.__enter__()
        self.runner = asyncio.Runner()
        for vendor, path in (("anthropic", ""), ("openai", "/v1"), ("google", "")):
            llm.configure(vendor, api_key="test", base_url=self.server.url + path, http=self.http)
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.run(llm.aclose())
        for adapter in self._adapters.values():
            self.runner.run(adapter.handle.aclose())
        for vendor in ("anthropic", "openai", "google"):
            llm.configure(vendor)
        self.runner.close()
        self.server.__exit__()

    def adapter(self, provider: str, endpoint: str, *, sdk: bool = False) -> Any:
        """Return the adapter that asks the server, over our HTTP or over a client of the vendor's SDK."""
        kind = ADAPTER_OF[endpoint]
        if (provider, kind, sdk) not in self._adapters:
            name = name_of(provider)
            if name not in providers():
                add_host(name, endpoint)
            url = self.server.url + ("/v1" if kind == "openai" else "")
            way: dict[str, Any] = {"api_key": "test", "base_url": url, "http": self.http}
            if sdk:
                way = {"client": SDK_CLIENTS[kind](url + ("/openai/v1" if name == "azure" else ""))}
            self._adapters[provider, kind, sdk] = adapter_of(Handle(Settings(provider=name, **way)))
        return self._adapters[provider, kind, sdk]

    def serve(
        self, body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None, events: bool = False
    ) -> None:
        kind = "text/event-stream" if events else "application/json"
        self.answer = Canned([body], status=status, headers={"content-type": kind, **(headers or {})})
        self.server.requests.clear()


# --- one exchange -------------------------------------------------------------------------------------------------


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
        yield "error", _compare(expected, _raised(bench, exchange))
        if opens_the_door(exchange, place):
            yield "door", _through_the_door(bench, exchange, expected, None)
        yield "sdk", _over_the_sdk(bench, exchange, expected, None)
        return
    response = _ask(bench, exchange)
    seen = streams.events_of(exchange.body) if exchange.streamed else []
    body = streams.body_of(seen, exchange.endpoint) if exchange.streamed else json.loads(exchange.body)
    reading = readings.read(body, exchange.endpoint, dict(exchange.sent))
    if exchange.streamed:
        yield from _as_the_sdk_adds_it_up(bench, exchange, seen, reading)
    text = "".join(response.text_stream()) if isinstance(response, StreamResponse) else None
    yield from _agreement(reading, response)
    yield "raw", "" if response.raw is not None else "there is none"
    if text is not None:
        yield "text_stream", _compare(response.text(), text)
        fresh, content = _reopened(bench, exchange, [exchange.body]), list(response.content)
        yield "streams", _compare([content, content], [_collected(fresh), _collected(response)])
        yield "chunking", _same_in_any_chunking(bench, exchange, response)
        bench.serve(json.dumps(body).encode(), headers=exchange.headers)
        yield "stream=call", _same(_ask(bench, exchange._replace(streamed=False)), response)
    yield "kept", _same(response, Response.from_json(response.to_json()))
    if response.content:
        yield "replay", _replay(bench, exchange, reading, response)
        yield "elsewhere", _elsewhere(bench, exchange, response)
    if place % ASYNC_EVERY == 0:
        bench.serve(exchange.body, status=exchange.status, headers=exchange.headers, events=exchange.streamed)
        yield "async", _same(response, bench.runner.run(_ask_async(bench, exchange)))
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
    problems = [_compare(getattr(theirs, name), getattr(reading, name)) for name in fields]
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
        return f"no error: {_ask(bench, exchange).content!r}"
    except CapablyError as error:
        return type(error).__name__


def _through_the_door(bench: Bench, exchange: Exchange, expected: str | None, adapted: Any) -> str:
    """Return how the public methods differ from the adapters; `expected` is the class of the error to raise."""
    like = DOORS[exchange.provider, exchange.endpoint]
    custom: Any = llm.Model.custom
    model = custom(f"{like.partition('/')[0]}/{_request(exchange).model_id}", like=like)
    given: dict[str, Any] = {"max_retries": 0, "on_unsupported": "warn"}
    tools = list(_tools(exchange.sent))
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

    for ask in (sync, lambda: bench.runner.run(awaited())):
        bench.serve(exchange.body, status=exchange.status, headers=exchange.headers, events=exchange.streamed)
        try:
            result = ask()
        except CapablyError as error:
            problem = _compare(expected, type(error).__name__)
        else:
            problem = _same(adapted, result) if expected is None else _compare(expected, "no error")
        if problem:
            return problem
    return ""


def _over_the_sdk(bench: Bench, exchange: Exchange, expected: str | None, response: Any) -> str:
    """Return how a client of the SDK differs from our HTTP: in what it sends, or in what comes of the answer."""
    sent: list[tuple[str, Any]] = []
    for sdk in (False, True):
        bench.serve(exchange.body, status=exchange.status, headers=exchange.headers, events=exchange.streamed)
        try:
            answer = _ask(bench, exchange, sdk=sdk)
            problem = _same(response, answer) if expected is None else f"no error: {answer.content!r}"
        except CapablyError as error:
            problem = _compare(expected, type(error).__name__)
        if problem:
            return problem
        (received,) = bench.server.requests
        sent.append((received.path, received.json()))
    return _compare(*sent)


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
            yield feature, _compare(mine, ours)


def _finish_as_read(response: Any) -> str:
    """Return how an answer ended: our word, or the provider's own where we have none for it."""
    reason = response.finish_reason
    return reason if reason != "other" else response.stop_detail.partition(":")[0]


def _compare(expected: Any, actual: Any) -> str:
    return "" if expected == actual else f"expected {_short(expected)}, found {_short(actual)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 300 else f"{text[:200]} ... {text[-60:]}"


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


def _same(one: Any, other: Any) -> str:
    for name in ("content", "finish_reason", "usage", "id"):
        if getattr(one, name) != getattr(other, name):
            return f"{name}: {_compare(getattr(one, name), getattr(other, name))}"
    return ""


# --- asking -------------------------------------------------------------------------------------------------------


def _request(exchange: Exchange, messages: list[Any] | None = None, **extra: Any) -> Request:
    tools = list(_tools(exchange.sent))
    return Request(
        info=None,
        model_id=str(exchange.sent.get("model") or "some-model").replace(":", "-"),
        endpoint=exchange.endpoint,
        messages=messages or [user("Hi")],
        system=None,
        params={"tools": tools} if tools else {},
        extra=extra or None,
        max_retries=0,
    )


def _tools(sent: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the tools that decide how an answer is read: Google itself answers calls to an MCP server."""
    for tool in sent.get("tools") or ():
        if not isinstance(tool, dict):
            continue
        for server in tool.get("mcpServers") or ():
            yield MCPServer(**server)
        for function in (tool.get("functionDeclarations") or ()) if "mcpServers" in json.dumps(sent["tools"]) else ():
            yield Tool(lambda: None, name=function["name"], description=None, parameters={})


def _rest(exchange: Exchange, request: Request) -> tuple[Any, ...]:
    name = name_of(exchange.provider)
    model = ModelBase._create(f"{name}/{request.model_id}", None, {})  # pyright: ignore[reportPrivateUsage]
    return model, request, request.messages, {}, ()


def _ask(bench: Bench, exchange: Exchange, *, sdk: bool = False) -> Any:
    adapter, request = bench.adapter(exchange.provider, exchange.endpoint, sdk=sdk), _request(exchange)
    if not exchange.streamed:
        return _Response(adapter, adapter.call(request, adapter.encode(request)), *_rest(exchange, request))
    return _Stream(
        adapter,
        adapter.stream(request, adapter.encode(request)),
        adapter.accumulator(request),
        *_rest(exchange, request),
    )


async def _ask_async(bench: Bench, exchange: Exchange) -> Any:
    adapter, request = bench.adapter(exchange.provider, exchange.endpoint), _request(exchange)
    if not exchange.streamed:
        return AsyncResponse(await adapter.call_async(request, adapter.encode(request)), *_rest(exchange, request))
    response: Any = AsyncStreamResponse(
        await adapter.stream_async(request, adapter.encode(request)),
        adapter.accumulator(request),
        *_rest(exchange, request),
    )
    return await response.finish()


class _WithAdapter:
    """`raw` of a provider that the registry does not list."""

    _adapter: Any

    @property
    def raw(self) -> Any:
        answer: Any = self
        return self._adapter.to_sdk(answer.body, answer._request.endpoint)


class _Response(_WithAdapter, Response[Any, Any, Any]):
    def __init__(self, adapter: Any, *rest: Any) -> None:
        super().__init__(*rest)
        self._adapter = adapter


class _Stream(_WithAdapter, StreamResponse[Any, Any, Any]):
    def __init__(self, adapter: Any, *rest: Any) -> None:
        super().__init__(*rest)
        self._adapter = adapter


# --- chunking -----------------------------------------------------------------------------------------------------


class Cut:
    """An open answer whose bytes arrive in these pieces."""

    status = 200
    headers: Mapping[str, str] = {"content-type": "text/event-stream"}

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter([piece for piece in pieces if piece])

    async def piece(self) -> bytes:
        return self.read()

    def read(self) -> bytes:
        return next(self._pieces, b"")

    async def close(self) -> None:
        pass

    async def finish(self) -> None:
        pass


def cut(body: bytes, dice: random.Random) -> list[bytes]:
    """Split `body` into pieces: a few long ones, or many of a few bytes each."""
    count = dice.choice((1, 5, max(1, min(len(body) // 3, 2000))))
    places = sorted(dice.randrange(len(body) + 1) for _ in range(count))
    return [body[start:end] for start, end in zip([0, *places], [*places, len(body)], strict=True)]


def _same_in_any_chunking(bench: Bench, exchange: Exchange, response: Any) -> str:
    dice = random.Random(exchange.name)
    steps = [(c.kind, c.index, c.delta, c.id, c.name) for c in _reopened(bench, exchange, [exchange.body]).chunks()]
    for _ in range(CUTTINGS):
        again = _reopened(bench, exchange, cut(exchange.body, dice))
        if [(c.kind, c.index, c.delta, c.id, c.name) for c in again.chunks()] != steps:
            return "the steps differ"
        problem = _same(response, again)
        if problem:
            return problem
    return ""


def _reopened(bench: Bench, exchange: Exchange, pieces: list[bytes]) -> Any:
    """Replay the stream in these pieces, without the network."""
    adapter, request = bench.adapter(exchange.provider, exchange.endpoint), _request(exchange)
    return StreamResponse(_opened(adapter, pieces), adapter.accumulator(request), *_rest(exchange, request))


def _opened(adapter: Any, pieces: list[bytes]) -> Events:
    """Open an adapter's reader over an answer that arrives in these pieces."""
    return Events(Cut(pieces), Origin(adapter.provider, None, b"", DEFAULT, adapter.is_last, adapter.done))


# --- replay -------------------------------------------------------------------------------------------------------


def _replay(bench: Bench, exchange: Exchange, reading: readings.Reading, response: Any) -> str:
    """Send the answer back with a new message, and compare what the server received with what it had sent."""
    outputs = _outputs(response)
    extra = {"store": True} if exchange.endpoint == "responses" and _needs_store(reading.turn) else {}
    request = _request(exchange, [*response.messages, UserMessage(outputs or [p.Text("Go on.")])], **extra)
    adapter = bench.adapter(exchange.provider, exchange.endpoint)
    bench.serve(GOOD[exchange.endpoint])
    adapter.call(request, adapter.encode(request))
    sent = bench.server.requests[-1].json()
    return _compare(_turn(exchange, reading.turn), _turn(exchange, TURN[exchange.endpoint](sent)))


def _outputs(response: Any) -> list[p.ToolOutput]:
    """Return an output for each call: a screenshot for a computer, a word for any other."""
    screen = p.Image.from_url("https://example.com/done.png")
    return [
        p.ToolOutput(call.id, call.name, screen if isinstance(call, llm.ComputerCall) else "done")
        for call in response.tool_calls
    ]


def _elsewhere(bench: Bench, exchange: Exchange, response: Any) -> str:
    """Return what the SDKs reject in the conversation as it would be sent to models of other vendors."""
    outputs = _outputs(response)
    request = _request(exchange, [*response.messages, UserMessage(outputs or [p.Text("Go on.")])])
    for endpoint, kind in ADAPTER_OF.items():
        if endpoint == exchange.endpoint:
            continue
        request.endpoint, request.params = endpoint, {}
        try:
            body = bench.adapter(kind, endpoint).encode(request)
        except NoSpellingError:
            continue
        problems = request_types.problems(endpoint, json.dumps(body).encode())
        if problems:
            return f"{endpoint}: {'; '.join(problems)}"
    return ""


def _needs_store(items: list[Any]) -> bool:
    """Return whether only an id is left of some reasoning, so that it can go back only to where it was stored."""
    return any(i["type"] == "reasoning" and not (i.get("encrypted_content") or i.get("content")) for i in items)


TURN: Mapping[str, Any] = {
    "messages": lambda body: body["messages"][1]["content"] if body["messages"][1]["role"] == "assistant" else [],
    "responses": lambda body: body["input"][1:-1] if "role" in body["input"][-1] else _items_before(body["input"]),
    "chat_completions": lambda body: body["messages"][1],
    "generate_content": lambda body: body["contents"][1],
}
"""Where in a request the answer stands: after the first question, before what was said last."""

GOOD: Mapping[str, bytes] = {
    "messages": b'{"type":"message","id":"m","model":"m","content":[],"stop_reason":"end_turn","usage":{}}',
    "responses": b'{"output":[],"status":"completed"}',
    "chat_completions": b'{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}]}',
    "generate_content": b'{"candidates":[{"finishReason":"STOP","content":{"parts":[{"text":"ok"}]}}]}',
}


def _items_before(items: list[Any]) -> list[Any]:
    """Return the items of the answer that precede outputs of its calls."""
    last = len(items)
    while items[last - 1]["type"].endswith(("_output", "_response")) and "done" in json.dumps(items[last - 1]):
        last -= 1
    return items[1:last]


STREAM_FIELDS = ("channel", "index", "token_id", "reasoning_encrypted")
"""Fields of some hosts' deltas that number or name the pieces; a whole message has none of them."""


def _turn(exchange: Exchange, turn: Any) -> Any:
    """An answer's JSON without what must differ: sound goes back as its id, calls without an id are given one, and
    Anthropic takes no text without a letter back.

    Of a stream, Chat Completions gives no message: absent fields count as empty ones, and `STREAM_FIELDS` as none.
    """
    if exchange.endpoint == "generate_content":
        return {"role": "model", **turn}
    if exchange.endpoint == "messages":
        return [block for block in turn if block.get("type") != "text" or block["text"].strip()]
    if exchange.endpoint != "chat_completions":
        return turn
    fields = {key: value for key, value in turn.items() if key not in STREAM_FIELDS}
    if (fields.get("audio") or {}).get("id"):
        fields["audio"] = {"id": fields["audio"]["id"]}
    fields["tool_calls"] = [_call(call) for call in fields.get("tool_calls") or []]
    return {key: value for key, value in fields.items() if value not in (None, "", [], "assistant")}


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    made_up = not call.get("id") or re.fullmatch(r"call_\d{1,2}", call["id"])
    fields = {key: value for key, value in call.items() if not (key == "id" and made_up)}
    if fields.get("function"):
        fields["function"] = {**fields["function"], "arguments": fields["function"].get("arguments") or ""}
    return fields


# --- all of them --------------------------------------------------------------------------------------------------


class Run(NamedTuple):
    """What was checked, the exchanges that were left out, the requests that our API has no words for, and the streams that no
    SDK's accumulator reads."""

    results: list[Result]
    skipped: list[Skipped]
    unsaid: list[Skipped]
    unread: list[Skipped]


def run(only: str = "", http: Library = "auto") -> Run:
    """Run all checks of all exchanges whose name contains `only`, over an HTTP library."""
    results: list[Result] = []
    skipped: list[Skipped] = []
    with Bench(http) as bench, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place, exchange in enumerate(exchanges(only)):
            if isinstance(exchange, Skipped):
                skipped.append(exchange)
            else:
                results += check(bench, exchange, place)
        return Run(results, skipped, bench.unsaid, bench.unread)


def table(results: list[Result]) -> str:
    """Format providers by features: `passed`, or `passed/failed` if any failed; `.` without a recording."""
    passed = Counter((r.provider, r.feature) for r in results if not r.problem)
    failed = Counter((r.provider, r.feature) for r in results if r.problem)
    names = sorted({r.provider for r in results})
    rows = [["provider", "exchanges", *FEATURES]]
    for name in [*names, "all"]:
        ours = names if name == "all" else [name]
        count = len({r.name for r in results if r.provider in ours})
        row = [name, str(count)]
        for feature in FEATURES:
            good, bad = (sum(c[n, feature] for n in ours) for c in (passed, failed))
            row.append(f"{good}/{bad}" if bad else str(good or "."))
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def report(run_results: Run) -> str:
    """Format the table, what was left out and why, and every failure."""
    results, skipped, unsaid, unread = run_results
    lines = [table(results), "", f"{len(skipped)} exchanges left out:", *_reasons(skipped)]
    same = sum(1 for r in results if r.feature == "encode" and not r.problem)
    lines += ["", f"{same} recorded requests equal ours; our API has no words for {len(unsaid)}:", *_reasons(unsaid)]
    read = sum(1 for r in results if r.feature == "added up")
    lines += [
        "",
        f"{read} streams were added up by an SDK's accumulator too; {len(unread)} by none:",
        *_reasons(unread),
    ]
    bad = [r for r in results if r.problem]
    lines += ["", f"{len(results) - len(bad)} passed, {len(bad)} failed"]
    lines += [f"  {r.name} [{r.feature}] {r.problem}" for r in bad]
    return "\n".join(lines)


def _reasons(left_out: list[Skipped]) -> Iterator[str]:
    reasons = Counter((s.reason, s.provider) for s in left_out)
    for reason in sorted({reason for reason, _ in reasons}):
        where = ", ".join(f"{name} {n}" for (why, name), n in sorted(reasons.items()) if why == reason)
        yield f"  {reason}: {where}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Hold our adapters against recorded traffic.")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--http", default="auto", choices=get_args(Library), help="the HTTP library that sends")
    options = parser.parse_args()
    if not CORPUS.is_dir():
        print(f"skipped: there are no recorded conversations at {CORPUS} (set CAPABLY_CORPUS)")
        return 0
    start = time.monotonic()
    results = run(options.only, options.http)
    print(report(results))
    print(f"{time.monotonic() - start:.0f} s")
    return 1 if any(r.problem for r in results.results) else 0
