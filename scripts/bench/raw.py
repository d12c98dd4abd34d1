"""The least that the SDKs' stock transport allows: bytes posted through the SDK's client, read with msgspec, and no more.

No check, no error mapping, and bodies that are put together here: a mark to measure ourselves against, not a library.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from cases import HISTORY, MODELS, SCHEMAS, Answer, Case, base_url

PATHS = {"anthropic": "/v1/messages", "responses": "/responses", "chat": "/chat/completions"}


class Function(msgspec.Struct, gc=False):
    name: str = ""
    arguments: str = ""
    args: dict[str, Any] = {}


class Call(msgspec.Struct, gc=False):
    function: Function


class Piece(msgspec.Struct, gc=False):
    type: str = ""
    text: str = ""
    name: str = ""
    input: dict[str, Any] = {}
    functionCall: Function | None = None  # noqa: N815


class Message(msgspec.Struct, gc=False):
    content: str | None = ""
    tool_calls: list[Call] = []


class Usage(msgspec.Struct, gc=False):
    input_tokens: int = 0
    output_tokens: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    promptTokenCount: int = 0  # noqa: N815
    candidatesTokenCount: int = 0  # noqa: N815

    @property
    def tokens(self) -> tuple[int, int]:
        return (
            self.input_tokens or self.prompt_tokens or self.promptTokenCount,
            self.output_tokens or self.completion_tokens or self.candidatesTokenCount,
        )


class Content(msgspec.Struct, gc=False):
    parts: list[Piece] = []


class Choice(msgspec.Struct, gc=False):
    message: Message | None = None
    delta: Message | None = None
    content: Content | None = None


class Item(msgspec.Struct, gc=False):
    type: str = ""
    text: str = ""
    content: list[Piece] = []
    name: str = ""
    arguments: str = ""


class Reply(msgspec.Struct, gc=False):
    """The replies of all four wires, as far as they are read here."""

    content: list[Piece] = []
    output: list[Item] = []
    choices: list[Choice] = []
    candidates: list[Choice] = []
    usage: Usage | None = None
    usageMetadata: Usage | None = None  # noqa: N815

    def answer(self) -> Answer:
        text = "".join(piece.text for piece in self.content)
        text += "".join(piece.text for item in self.output for piece in item.content)
        text += "".join(choice.message.content or "" for choice in self.choices if choice.message)
        text += "".join(part.text for choice in self.candidates if choice.content for part in choice.content.parts)
        usage = self.usage or self.usageMetadata or Usage()
        return Answer(text, tuple(self._calls()), usage.tokens)

    def _calls(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield from ((piece.name, piece.input) for piece in self.content if piece.type == "tool_use")
        yield from ((item.name, _json(item.arguments)) for item in self.output if item.type == "function_call")
        for choice in self.choices:
            for call in choice.message.tool_calls if choice.message else ():
                yield call.function.name, _json(call.function.arguments)
        for choice in self.candidates:
            for part in choice.content.parts if choice.content else ():
                if part.functionCall:
                    yield part.functionCall.name, part.functionCall.args


class Delta(msgspec.Struct, gc=False):
    type: str = ""
    text: str = ""


class Event(msgspec.Struct, gc=False):
    """The events of all four wires, as far as they are read here."""

    type: str = ""
    delta: Delta | str = ""
    message: Reply | None = None
    response: Reply | None = None
    choices: list[Choice] = []
    candidates: list[Choice] = []
    usage: Usage | None = None
    usageMetadata: Usage | None = None  # noqa: N815


_json = msgspec.json.Decoder().decode
_reply = msgspec.json.Decoder(Reply)
_event = msgspec.json.Decoder(Event)


def _events(chunks: Iterable[bytes]) -> Iterator[Event]:
    rest = b""
    for chunk in chunks:
        *blocks, rest = (rest + chunk).split(b"\n\n")
        for block in blocks:
            data = block[block.find(b"data:") + 5 :]
            if not data.startswith(b" [DONE]"):
                yield _event.decode(data)


def _of_events(events: Iterable[Event]) -> Answer:
    text: list[str] = []
    read = written = 0
    for event in events:
        if isinstance(event.delta, Delta):
            text.append(event.delta.text)
        elif event.type == "response.output_text.delta":
            text.append(event.delta)
        text += [choice.delta.content or "" for choice in event.choices if choice.delta]
        for choice in event.candidates:
            text += [part.text for part in choice.content.parts] if choice.content else ()
        inner = event.message or event.response
        usage = event.usage or event.usageMetadata or (inner and inner.usage)
        if usage:
            read, written = usage.tokens[0] or read, usage.tokens[1] or written
    return Answer("".join(text), (), (read, written))


def answer_of(body: bytes, case: Case) -> Answer:
    """Return what a reply says."""
    answer = _reply.decode(body).answer()
    return answer._replace(text=repr(_json(answer.text))) if case.structured else answer


def streamed(chunks: Iterable[bytes]) -> Answer:
    """Return what a stream says."""
    return _of_events(_events(chunks))


def urls(wire: str, url: str) -> dict[bool, str]:
    """Return the addresses of calls and of streams, for those who use no SDK."""
    if wire == "google":
        model = f"{base_url(wire, url)}/v1beta/models/{MODELS[wire]}"
        return {False: f"{model}:generateContent", True: f"{model}:streamGenerateContent?alt=sse"}
    return dict.fromkeys((False, True), base_url(wire, url) + PATHS[wire])


HEADERS = {"content-type": "application/json", "accept": "application/json", "authorization": "Bearer test"}


def _tools(wire: str) -> dict[str, Any]:
    if wire == "google":
        declared = [{"name": name, "parametersJsonSchema": schema} for name, schema in SCHEMAS.items()]
        return {"tools": [{"functionDeclarations": declared}]}
    if wire == "anthropic":
        return {"tools": [{"name": name, "input_schema": schema} for name, schema in SCHEMAS.items()]}
    functions = [{"name": name, "parameters": schema} for name, schema in SCHEMAS.items()]
    if wire == "responses":
        return {"tools": [{"type": "function", **function} for function in functions]}
    return {"tools": [{"type": "function", "function": function} for function in functions]}


def _format(wire: str) -> dict[str, Any]:
    types = {"title": "string", "author": "string", "year": "integer"}
    properties: dict[str, Any] = {name: {"type": kind} for name, kind in types.items()}
    properties["tags"] = {"type": "array", "items": {"type": "string"}}
    schema = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    named = {"name": "Book", "schema": schema, "strict": True}
    return {
        "google": {"generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": schema}},
        "anthropic": {"output_config": {"format": {"type": "json_schema", "schema": schema}}},
        "responses": {"text": {"format": {"type": "json_schema", **named}}},
        "chat": {"response_format": {"type": "json_schema", "json_schema": named}},
    }[wire]


class System:
    """What the worker drives."""

    def __init__(self, wire: str, url: str) -> None:
        self.wire = wire
        kinds: Any
        if wire == "google":
            from google import genai

            self.client: Any = genai.Client(api_key="test", http_options={"base_url": url})
            self.api = self.client._api_client
            return
        if wire == "anthropic":
            import anthropic

            kinds = anthropic.Anthropic, anthropic.AsyncAnthropic
        else:
            import openai

            kinds = openai.OpenAI, openai.AsyncOpenAI
        import httpx2

        self.client, self.async_client = (kind(api_key="test", base_url=base_url(wire, url)) for kind in kinds)
        self.fixed: Any = {
            "path": PATHS[wire],
            "cast_to": httpx2.Response,
            "options": {"headers": {"content-type": "application/json"}},
        }

    def body(self, case: Case, streams: bool = False) -> bytes:
        if "thoughts" in case.title or (streams and case.tools):
            raise NotImplementedError
        turns = [*HISTORY, ("user", case.prompt)] if case.history else [("user", case.prompt)]
        options = {**(_tools(self.wire) if case.tools else {}), **(_format(self.wire) if case.structured else {})}
        if self.wire == "google":
            roles = {"user": "user", "assistant": "model"}
            history = [{"role": roles[role], "parts": [{"text": text}]} for role, text in turns]
            return msgspec.json.encode({"contents": history, **options})
        body: dict[str, Any] = {"model": MODELS[self.wire], **options}
        history = [{"role": role, "content": text} for role, text in turns]
        body.update({"input": history} if self.wire == "responses" else {"messages": history, "max_tokens": 4096})
        if streams:
            body["stream"] = True
            if self.wire == "chat":
                body["stream_options"] = {"include_usage": True}
        return msgspec.json.encode(body)

    def _google(self, body: bytes, verb: str) -> Any:
        request = self.api._build_request("post", f"models/{MODELS['google']}:{verb}", {}, None)
        return {"url": request.url, "headers": request.headers, "content": body}

    def call(self, case: Case) -> Answer:
        body = self.body(case)
        if self.wire == "google":
            response = self.api._httpx_client.post(**self._google(body, "generateContent"))
        else:
            response = self.client.post(content=body, **self.fixed)
        return answer_of(response.content, case)

    def stream(self, case: Case) -> Answer:
        body = self.body(case, True)
        if self.wire == "google":
            options = self._google(body, "streamGenerateContent?alt=sse")
            with self.api._httpx_client.stream("POST", **options) as response:
                return _of_events(_events(response.iter_bytes()))
        response = self.client.post(content=body, stream=True, **self.fixed)
        return _of_events(_events(response.iter_bytes()))

    async def at_once(self, case: Case, count: int) -> list[Answer]:
        return await asyncio.gather(*(self._call_async(case) for _ in range(count)))

    async def _call_async(self, case: Case) -> Answer:
        body = self.body(case)
        if self.wire == "google":
            response = await self.api._async_httpx_client.post(**self._google(body, "generateContent"))
        else:
            response = await self.async_client.post(content=body, **self.fixed)
        return _reply.decode(response.content).answer()
