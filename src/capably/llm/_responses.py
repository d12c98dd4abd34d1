"""What a call gives back: the reply in parts, what it consumed, and the way to go on."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic

from capably.types import parts as p
from capably.types.cost import cost_of
from capably.types.errors import ParseError, RefusalError
from capably.types.messages import AssistantMessage, Source, UserMessage, to_messages, to_parts
from capably.types.request import Reply, Request
from capably.types.usage import Usage

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from typing_extensions import TypeVar

    from capably.llm._capabilities import HasAudioOutput, HasImageOutput, HasThoughts
    from capably.llm._model import ModelBase
    from capably.providers import AsyncEventStream, EventStream
    from capably.types.messages import Message
    from capably.types.stream import Chunk, Fold

    FormatT = TypeVar("FormatT", default=None)
    FormatT_co = TypeVar("FormatT_co", covariant=True, default=None)
    InputT_contra = TypeVar("InputT_contra", contravariant=True, default=Any)
    CapsT_co = TypeVar("CapsT_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    FormatT = TypeVar("FormatT")
    FormatT_co = TypeVar("FormatT_co", covariant=True)
    InputT_contra = TypeVar("InputT_contra", contravariant=True)
    CapsT_co = TypeVar("CapsT_co", covariant=True)


class _Answer(Generic[FormatT_co, InputT_contra, CapsT_co]):
    """What every kind of response shares: reading a reply. Subclasses say where the reply comes from."""

    _model: ModelBase[Any, Any]
    _request: Request
    _sent: Sequence[Message]
    _params: Mapping[str, Any]
    warnings: tuple[str, ...]

    if not TYPE_CHECKING:
        # Parameters with defaults, which `Generic` itself knows from Python 3.13 only.
        def __class_getitem__(cls, item: Any) -> Any:
            from types import GenericAlias

            return GenericAlias(cls, item)

    def __init__(
        self,
        model: ModelBase[Any, Any],
        request: Request,
        messages: Sequence[Message],
        params: Mapping[str, Any],
        warnings: Sequence[str],
    ) -> None:
        self._model = model
        self._request = request
        self._sent = messages
        self._params = params
        self.warnings = tuple(warnings)

    @property
    def _reply(self) -> Reply:
        raise NotImplementedError

    @property
    def model(self) -> ModelBase[Any, Any]:
        """The model that was called."""
        return self._model

    @property
    def content(self) -> tuple[p.Part, ...]:
        """Everything the model said, part by part, in order."""
        return self._reply.content

    def text(self) -> str:
        """The answer's text, without thoughts; empty where there is none."""
        return "".join(part.text for part in self.content if isinstance(part, p.Text))

    if TYPE_CHECKING:

        def _capabilities(self) -> CapsT_co: ...

    @property
    def thoughts(self: _Answer[Any, Any, HasThoughts]) -> tuple[p.Thought, ...]:
        """What the model lets us read of its reasoning."""
        return tuple(part for part in self.content if isinstance(part, p.Thought))

    @property
    def tool_calls(self) -> tuple[p.ToolCall, ...]:
        """The tools that the model asks for."""
        return tuple(part for part in self.content if isinstance(part, p.ToolCall))

    @property
    def images(self: _Answer[Any, Any, HasImageOutput]) -> tuple[p.Image, ...]:
        """Pictures that the model made."""
        return tuple(part for part in self.content if isinstance(part, p.Image))

    @property
    def audio(self: _Answer[Any, Any, HasAudioOutput]) -> tuple[p.Audio, ...]:
        """Sound that the model made."""
        return tuple(part for part in self.content if isinstance(part, p.Audio))

    @property
    def citations(self) -> tuple[p.Citation, ...]:
        """Sources of the answer, in order."""
        return tuple(c for part in self.content if isinstance(part, p.Text) for c in part.citations)

    @property
    def finish_reason(self) -> str:
        """Why it ended, in one of these words, or in the provider's own where it is none of them: `stop`, `length`,
        `tool_use`, `refusal`, `content_filter`, `context_overflow`, `pause`, `continuation`, `error`."""
        return self._reply.finish_reason

    @property
    def usage(self) -> Usage:
        """Tokens that the call consumed."""
        return self._reply.usage

    @property
    def cost(self) -> float | None:
        """US dollars at today's prices of the registry; `None` where a price is unknown."""
        info = self._request.info
        return None if info is None else cost_of(self.usage, info.prices, datetime.date.today())

    @property
    def id(self) -> str | None:
        """The provider's id of the reply."""
        return self._reply.id

    @property
    def request_id(self) -> str | None:
        """The provider's id of the request, for its support."""
        return self._reply.request_id

    @property
    def request(self) -> Mapping[str, Any]:
        """The JSON body that was sent."""
        import msgspec

        return msgspec.json.decode(self._reply.sent)

    @property
    def body(self) -> bytes:
        """The JSON body that was received."""
        return self._reply.body

    @property
    def raw(self) -> Any:
        """The vendor SDK's own object for the reply, built now."""
        adapters = import_module("capably.llm._providers")
        return adapters.adapter_of(self._model.provider).to_sdk(self._reply.body, self._request.endpoint)

    @property
    def messages(self) -> list[Message]:
        """The whole conversation, this reply included; it can be passed to any model as `content`."""
        reply = self._reply
        request = self._request
        source = Source(self._model.provider, request.endpoint or "", request.model_id, reply.wire)
        return [*self._sent, AssistantMessage(reply.content, source)]

    def parse(self) -> FormatT_co:
        """The answer as the `format` that was asked for.

        Raises `ParseError` where it does not fit, and `RefusalError` where the model or a filter declined.
        """
        wanted = self._request.params.get("format")
        if wanted is None:
            raise ParseError("this call asked for no format; pass format= to have an answer to parse", text=self.text())
        refusals = [part.text for part in self.content if isinstance(part, p.Refusal)]
        if refusals or self.finish_reason in ("refusal", "content_filter"):
            detail = refusals[0] if refusals else self._reply.stop_detail or self.finish_reason
            raise RefusalError(f"the model declined to answer: {detail}")
        from capably.llm._format import parse_text

        return parse_text(wanted, self.text())

    def _next(self, content: Any) -> list[Message]:
        """The conversation with one more thing said."""
        if isinstance(content, (str, p.Part)):
            return [*self.messages, UserMessage(to_parts(content))]
        return [*self.messages, *to_messages(content)]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._model.id}: {self.text()[:60]!r}>"


class Response(_Answer[FormatT_co, InputT_contra, CapsT_co]):
    """The whole reply of `model.call`."""

    def __init__(self, reply: Reply, *rest: Any) -> None:
        super().__init__(*rest)
        self._received = reply

    @property
    def _reply(self) -> Reply:
        return self._received

    def resume(
        self,
        content: str | InputT_contra | p.Text | p.ToolOutput | Sequence[str | InputT_contra | p.Text | p.ToolOutput],
    ) -> Self:
        """Says one more thing and calls the same model again, with the same parameters and the whole conversation."""
        model: Any = self._model
        return model.call(self._next(content), **self._params)

    def execute_tools(self) -> list[p.ToolOutput]:
        """Runs the tools that the model asked for, in order; pass the outputs to `resume`."""
        from capably.llm._tool import run_tool_calls

        return run_tool_calls(self.tool_calls, self._params.get("tools", ()))


class AsyncResponse(_Answer[FormatT_co, InputT_contra, CapsT_co]):
    """The whole reply of `await model.call_async`."""

    def __init__(self, reply: Reply, *rest: Any) -> None:
        super().__init__(*rest)
        self._received = reply

    @property
    def _reply(self) -> Reply:
        return self._received

    async def resume(
        self,
        content: str | InputT_contra | p.Text | p.ToolOutput | Sequence[str | InputT_contra | p.Text | p.ToolOutput],
    ) -> Self:
        """Says one more thing and calls the same model again, with the same parameters and the whole conversation."""
        model: Any = self._model
        return await model.call_async(self._next(content), **self._params)

    async def execute_tools(self) -> list[p.ToolOutput]:
        """Runs the tools that the model asked for, asynchronous ones at the same time; pass the outputs to `resume`."""
        from capably.llm._tool import run_tool_calls_async

        return await run_tool_calls_async(self.tool_calls, self._params.get("tools", ()))


class StreamResponse(_Answer[FormatT_co, InputT_contra, CapsT_co]):
    """The reply of `model.stream`, as it comes. Reading anything of the whole reply first reads the stream to its end.

    Use it in a `with` block to close the connection when you stop early.
    """

    def __init__(self, events: EventStream, fold: Fold, *rest: Any) -> None:
        super().__init__(*rest)
        self._events = events
        self._fold = fold
        self._seen: list[Chunk] = []
        self._done: Reply | None = None
        self._steps = self._read()

    def _read(self) -> Iterator[Chunk]:
        try:
            for event in self._events:
                for chunk in self._fold.feed(event):
                    self._seen.append(chunk)
                    yield chunk
            self._done = _finished(self._fold, self._events)
        finally:
            self._events.close()

    @property
    def _reply(self) -> Reply:
        if self._done is None:
            for _ in self._steps:
                pass
        if self._done is None:
            self._done = _finished(self._fold, self._events)
        return self._done

    def chunks(self) -> Iterator[Chunk]:
        """Every step of the reply; a second time over, those already read come from memory."""
        place = 0
        while True:
            while place < len(self._seen):
                yield self._seen[place]
                place += 1
            if next(self._steps, None) is None:
                return

    def text_stream(self) -> Iterator[str]:
        """The answer's text, piece by piece."""
        return (chunk.delta for chunk in self.chunks() if chunk.kind == "text")

    def close(self) -> None:
        """Closes the connection; what has arrived stays readable through `chunks`."""
        self._steps.close()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def resume(
        self,
        content: str | InputT_contra | p.Text | p.ToolOutput | Sequence[str | InputT_contra | p.Text | p.ToolOutput],
    ) -> Self:
        """Says one more thing and streams the same model again, with the same parameters and the whole conversation."""
        model: Any = self._model
        return model.stream(self._next(content), **self._params)

    def execute_tools(self) -> list[p.ToolOutput]:
        """Runs the tools that the model asked for, in order; pass the outputs to `resume`."""
        from capably.llm._tool import run_tool_calls

        return run_tool_calls(self.tool_calls, self._params.get("tools", ()))


class AsyncStreamResponse(_Answer[FormatT_co, InputT_contra, CapsT_co]):
    """The reply of `await model.stream_async`, as it comes. `await finish()` before reading the whole reply."""

    def __init__(self, events: AsyncEventStream, fold: Fold, *rest: Any) -> None:
        super().__init__(*rest)
        self._events = events
        self._fold = fold
        self._seen: list[Chunk] = []
        self._done: Reply | None = None
        self._steps = self._read()

    async def _read(self) -> AsyncIterator[Chunk]:
        try:
            async for event in self._events:
                for chunk in self._fold.feed(event):
                    self._seen.append(chunk)
                    yield chunk
            self._done = _finished(self._fold, self._events)
        finally:
            await self._events.close()

    @property
    def _reply(self) -> Reply:
        if self._done is None:
            raise RuntimeError("the stream has not been read to its end yet: `await response.finish()` first")
        return self._done

    async def finish(self) -> Self:
        """Reads the stream to its end, so that the whole reply can be read."""
        async for _ in self.chunks():
            pass
        return self

    async def chunks(self) -> AsyncIterator[Chunk]:
        """Every step of the reply; a second time over, those already read come from memory."""
        place = 0
        while True:
            while place < len(self._seen):
                yield self._seen[place]
                place += 1
            if await anext(self._steps, None) is None:
                return

    async def text_stream(self) -> AsyncIterator[str]:
        """The answer's text, piece by piece."""
        async for chunk in self.chunks():
            if chunk.kind == "text":
                yield chunk.delta

    async def close(self) -> None:
        """Closes the connection; what has arrived stays readable through `chunks`."""
        await self._events.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def resume(
        self,
        content: str | InputT_contra | p.Text | p.ToolOutput | Sequence[str | InputT_contra | p.Text | p.ToolOutput],
    ) -> Self:
        """Says one more thing and streams the same model again, with the same parameters and the whole conversation."""
        model: Any = self._model
        return await model.stream_async(self._next(content), **self._params)

    async def execute_tools(self) -> list[p.ToolOutput]:
        """Runs the tools that the model asked for, asynchronous ones at the same time; pass the outputs to `resume`."""
        from capably.llm._tool import run_tool_calls_async

        return await run_tool_calls_async(self.tool_calls, self._params.get("tools", ()))


def _finished(fold: Fold, events: EventStream | AsyncEventStream) -> Reply:
    """The whole reply of a stream, with what only the connection knows."""
    reply = fold.reply()
    reply.sent = events.sent
    reply.request_id = reply.request_id or events.request_id
    return reply
