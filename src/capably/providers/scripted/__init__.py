"""Replies from a list or a function: no network, no key. For tests, examples and the first run.

A script is a text, a part, a list of parts, an exception to raise, or a function of the `Request` that returns one of
these. Scripts are played in order; the last one is repeated. Without scripts, the model echoes the last user text.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from capably.providers.handles import Handle
from capably.providers.json import dump_json
from capably.types import parts as p
from capably.types.messages import UserMessage, to_parts
from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.stream import Chunk
from capably.types.usage import Usage

if TYPE_CHECKING:
    from capably.providers.spellings import Body

Script: TypeAlias = str | p.Part | Sequence[str | p.Part] | Exception | Callable[[Request], object]

Event: TypeAlias = Chunk | ResponseData
"""A step of a stream, and in the end the reply."""

_scripts: dict[str, list[Script]] = {}


def set_script(name: str, scripts: Sequence[Script]) -> None:
    """Set the replies of the model `scripted/<name>`, one per call."""
    _scripts[name] = list(scripts)


class ScriptedAdapter:
    """Plays scripts. Tokens are counted as words, so that usage is not empty."""

    def __init__(self, handle: Handle) -> None:
        self._played: dict[str, int] = {}

    def encode(self, request: Request) -> Body:
        """Return the request as JSON, for `response.request`."""
        shown = [
            {"role": type(m).__name__.removesuffix("Message").lower(), "content": repr(m)} for m in request.messages
        ]
        params = {name: repr(value) for name, value in request.params.items()}
        return {
            "model": request.model_id,
            "system": request.system,
            "messages": shown,
            **params,
            **(request.extra or {}),
        }

    def call(self, request: Request, body: Body) -> ResponseData:
        return self._reply(request, body)

    async def call_async(self, request: Request, body: Body) -> ResponseData:
        return self._reply(request, body)

    def stream(self, request: Request, body: Body) -> ScriptedEvents:
        return ScriptedEvents(self._reply(request, body))

    async def stream_async(self, request: Request, body: Body) -> ScriptedEvents:
        return ScriptedEvents(self._reply(request, body))

    def accumulator(self, request: Request) -> ScriptedAccumulator:
        return ScriptedAccumulator()

    def to_sdk(self, body: bytes, endpoint: str | None) -> object:
        """Return the body as JSON: there is no SDK."""
        return msgspec.json.decode(body)

    def _reply(self, request: Request, body: Body) -> ResponseData:
        script = self._next_script(request)
        played = script(request) if callable(script) else script
        if isinstance(played, Exception):
            raise played
        content = to_parts(played)
        for part in content:
            if not isinstance(part, p.ResponsePart):
                raise TypeError(f"no model replies with a {type(part).__name__}, so a scripted one does not either.")
        sent = dump_json(body)
        called = any(isinstance(part, p.ToolCall) for part in content)
        message = " ".join(part.text for part in content if isinstance(part, (p.Text, p.Thought, p.Commentary)))
        return ResponseData(
            content=content,
            finish_reason="tool_use" if called else "stop",
            usage=Usage(input_tokens=len(sent.split()), output_tokens=len(message.split())),
            body=msgspec.json.encode({"content": [repr(part) for part in content]}),
            wire=None,
            model=request.model_id,
            sent=sent,
        )

    def _next_script(self, request: Request) -> Script:
        scripts = _scripts.get(request.model_id)
        if not scripts:
            return _last_text(request)
        turn = self._played.get(request.model_id, 0)
        self._played[request.model_id] = turn + 1
        return scripts[min(turn, len(scripts) - 1)]


class ScriptedEvents:
    """A finished reply as a stream: one event per word, then the part."""

    request_id: str | None = None

    def __init__(self, reply: ResponseData) -> None:
        self._reply = reply
        self.sent: bytes = reply.sent

    def __iter__(self) -> Iterator[Event]:
        for index, part in enumerate(self._reply.content):
            yield from _steps(part, index)
            yield Chunk("part", index, part=part)
        yield self._reply

    async def __aiter__(self) -> AsyncIterator[Event]:
        for event in self:
            yield event

    def close(self) -> _Closed:
        return _Closed()


class _Closed:
    """Nothing to wait for, whether or not it is awaited."""

    def __await__(self) -> Iterator[None]:
        return iter(())


class ScriptedAccumulator:
    """Hands the chunks through and keeps the reply that comes last."""

    def __init__(self) -> None:
        self._reply: ResponseData | None = None

    def feed(self, event: Event) -> Sequence[Chunk]:
        if isinstance(event, Chunk):
            return (event,)
        self._reply = event
        return ()

    @property
    def ended(self) -> bool:
        return self._reply is not None

    def reply(self) -> ResponseData:
        if self._reply is None:
            raise RuntimeError("the scripted stream was not read to its end")
        return self._reply

    def forget(self) -> None:
        """Do nothing: the reply was complete before it was streamed."""


def _steps(part: p.Part, index: int) -> Iterator[Chunk]:
    if isinstance(part, (p.Text, p.Thought, p.Commentary)):
        kind = "text" if isinstance(part, p.Text) else "thought" if isinstance(part, p.Thought) else "commentary"
        *words, last = part.text.split(" ")
        yield from (Chunk(kind, index, f"{word} ") for word in words)
        yield Chunk(kind, index, last)


def _last_text(request: Request) -> str:
    for message in reversed(request.messages):
        if isinstance(message, UserMessage):
            texts = [part.text for part in message.content if isinstance(part, p.Text)]
            if texts:
                return texts[-1]
    return ""
