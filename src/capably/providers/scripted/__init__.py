"""Replies from a list or a function: no network, no key. For tests, examples and the first run.

A script is a text, a part, a list of parts, an exception to raise, or a function of the `Request` that returns one of
these. Scripts are played in order; the last one is repeated. Without scripts, the model echoes the last user text, as
`scripted/echo` does. A name without a script is refused: an echo would hide that the replies are in another process.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

import msgspec

from capably.providers.handles import Handle
from capably.providers.json import dump_json
from capably.types import parts as p
from capably.types.errors import ConfigurationError
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


class Play:
    """The replies of one scripted model. Threads may take them: each gets the next, and all get the last one from then on."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        self._next: deque[Script] = deque(scripts[:-1])
        self._last: Script | None = scripts[-1] if scripts else None

    def take(self) -> Script | None:
        """Return the next reply; `None` if the model echoes."""
        try:
            return self._next.popleft()
        except IndexError:
            return self._last

    def left(self) -> tuple[Script, ...]:
        """Return the replies that are not played, the last one always among them."""
        return () if self._last is None else (*self._next, self._last)


ECHO = "echo"
"""The name of a scripted model that needs no script."""

_plays: dict[str, Play] = {}
"""Name of a scripted model -> its replies, in this process."""


def set_script(name: str, scripts: Sequence[Script]) -> None:
    """Set the replies of the model `scripted/<name>`, one per call, from the first one on.

    Raises `TypeError` for what is no reply.
    """
    for script in scripts:
        if not callable(script) and not isinstance(script, Exception):
            _parts_of(script)
    _plays[name] = Play(scripts)


def replies_left(name: str) -> tuple[Script, ...] | None:
    """Return what a pickle of the model `scripted/<name>` takes along; `None` if this process has no script of the name."""
    return _plays[name].left() if name in _plays else None


def add_script(name: str, scripts: Sequence[Script]) -> None:
    """Set the replies of a model that was pickled, unless this process has a script of its name, which goes on."""
    if name not in _plays:
        set_script(name, scripts)


def _parts_of(played: object) -> tuple[p.Part, ...]:
    """Return the parts of a reply. Raise `TypeError` for what is none."""
    try:
        content = to_parts(played)
    except TypeError:
        raise TypeError(
            f"a scripted reply is a text, a part, a list of them, an exception or a function of the request, not {played!r}"
        ) from None
    for part in content:
        if not isinstance(part, p.ResponsePart):
            raise TypeError(f"no model replies with a {type(part).__name__}, so a scripted one does not either.")
    return content


class ScriptedAdapter:
    """Plays scripts. Tokens are counted as words, so that usage is not empty."""

    def __init__(self, handle: Handle) -> None:
        pass

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
        played = _play(request)
        if inspect.iscoroutine(played):
            played.close()
            raise TypeError("a scripted reply of an async function: use the async form of the call.")
        return _reply(request, body, played)

    async def call_async(self, request: Request, body: Body) -> ResponseData:
        played = _play(request)
        return _reply(request, body, await played if inspect.isawaitable(played) else played)

    def stream(self, request: Request, body: Body) -> ScriptedEvents:
        return ScriptedEvents(self.call(request, body))

    async def stream_async(self, request: Request, body: Body) -> ScriptedEvents:
        return ScriptedEvents(await self.call_async(request, body))

    def accumulator(self, request: Request) -> ScriptedAccumulator:
        return ScriptedAccumulator()

    def to_sdk(self, body: bytes, endpoint: str | None) -> object:
        """Return the body as JSON: there is no SDK."""
        return msgspec.json.decode(body)


def _play(request: Request) -> object:
    """Return what the next script of the model gives."""
    play = _plays.get(request.model_id)
    if play is None and request.model_id == ECHO:
        return _last_text(request)
    if play is None:
        raise ConfigurationError(
            f'this process has no script of the name "{request.model_id}": make one with '
            f'llm.scripted(..., name="{request.model_id}").'
        )
    script = play.take()
    if script is None:
        return _last_text(request)
    if _is_exception_class(script):
        return script()
    return script(request) if callable(script) else script


def _is_exception_class(script: object) -> TypeGuard[type[Exception]]:
    return isinstance(script, type) and issubclass(script, Exception)


def _reply(request: Request, body: Body, played: object) -> ResponseData:
    if isinstance(played, Exception):
        raise played
    content = _parts_of(played)
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
