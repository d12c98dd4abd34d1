"""Continues an answer that broke off, and joins both answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from capably.types import parts as p
from capably.types.errors import CapablyError
from capably.types.messages import UserMessage
from capably.types.response_data import ResponseData
from capably.types.stream import Chunk, StreamAccumulator

if TYPE_CHECKING:
    from capably.types.json_types import Json
    from capably.types.messages import Message
    from capably.types.usage import Usage

BROKEN_OFF = ("length", "pause", "continuation")
"""Finish reasons after which the answer can go on."""

GO_ON = "You were cut off. Go on exactly where you stopped, without repeating anything and without a word about it."
"""The message to a model whose answer reached the limit. A pause and Gemini's continuation need none."""


def breaks_off(reply: ResponseData) -> bool:
    """Return whether the answer can go on. Raise `CapablyError` if it was cut inside a tool call."""
    if reply.finish_reason not in BROKEN_OFF:
        return False
    calls = reply.of(p.ToolCall)
    if reply.finish_reason == "length" and calls:
        name = calls[-1].name
        raise CapablyError(
            f"the answer reached its limit in the call of {name}, and no provider goes on with half a call. Ask again "
            "with a higher max_tokens, or let the model call once more: response.resume(response.execute_tools()) "
            "tells it which calls were cut."
        )
    return True


def cut_call(reply: ResponseData) -> p.ToolCall | None:
    """Return the call that the limit cut: the last part, after `length`, unless the text of its arguments is complete.

    Free text shows no end, nor does an object that the provider put together from what it had.
    """
    last = reply.content[-1] if reply.content else None
    if reply.finish_reason != "length" or not isinstance(last, p.ToolCall):
        return None
    return last if last.raw_args is None or not last.args else None


def further(
    reply: ResponseData, messages: list[Message], params: dict[str, object], tool_choice: object
) -> tuple[list[Message], dict[str, object]]:
    """Return the conversation and the parameters that make the model go on.

    `messages` end with the answer, `params` are those of a further turn, and `tool_choice` is that of the turn that was cut.
    """
    if reply.finish_reason == "length":
        # It is the same turn still: a call that was forced is yet to come (an answer that holds one never gets here).
        if tool_choice is not None:
            params["tool_choice"] = tool_choice
        # A format would make it begin a second answer rather than go on with the first.
        params.pop("format", None)
        return [*messages, UserMessage((p.Text(GO_ON),))], params
    return messages, params


class JoinedResponseData(ResponseData):
    """Two replies as one: parts and usage of both, everything else of the second."""

    __slots__ = ("_last",)

    def __init__(self, content: Sequence[p.Part], usage: Usage, last: ResponseData) -> None:
        own = {
            name: getattr(last, name)
            for name in ResponseData.__slots__
            if name not in ("_content", "_parts", "malformed_error", "usage")
        }
        super().__init__(content=content, usage=usage, **own)
        self._last = last

    @property
    def last(self) -> ResponseData:
        """Return the second reply: the turn that the conversation ends with."""
        return self._last.last


def join(first: ResponseData, second: ResponseData) -> ResponseData:
    """Return `second`, which goes on with `first`, with the parts and the usage of both."""
    joined = JoinedResponseData(join_parts(first.content, second.content), first.usage + second.usage, second)
    joined.logprobs = (*first.logprobs, *second.logprobs)
    return joined


def join_parts(first: Sequence[p.Part], second: Sequence[p.Part]) -> list[p.Part]:
    """Return the parts of both, in order. A text that was cut and the text that goes on with it are joined."""
    end, begin = first[-1:], second[:1]
    match [*end, *begin]:
        case [p.Text() as cut, p.Text() as rest]:
            return [*first[:-1], join_text(cut, rest), *second[1:]]
        case _:
            return [*first, *second]


def join_text(first: p.Text, second: p.Text) -> p.Text:
    return p.Text(first.text + second.text, (*first.citations, *second.citations))


class ContinuationAccumulator(StreamAccumulator):
    """The accumulator of a reply that continues another: it goes on numbering the parts, and joins the replies."""

    def __init__(self, first: ResponseData, accumulator: StreamAccumulator) -> None:
        self._first = first
        last = first.content[-1] if first.content else None
        self._cut_text = last if isinstance(last, p.Text) else None
        self._accumulator = accumulator
        self._shift: int | None = None
        self._forgot = False

    def feed(self, event: Json) -> Sequence[Chunk]:
        return [self._moved(chunk) for chunk in self._accumulator.feed(event)]

    @property
    def ended(self) -> bool:
        return self._accumulator.ended

    def reply(self) -> ResponseData:
        second = self._accumulator.reply()
        return (
            JoinedResponseData((), self._first.usage + second.usage, second)
            if self._forgot
            else join(self._first, second)
        )

    def forget(self) -> None:
        self._forgot = True
        self._accumulator.forget()

    def _moved(self, chunk: Chunk) -> Chunk:
        part = chunk.part
        if self._shift is None:
            goes_on = isinstance(part, p.Text) if part is not None else chunk.kind == "text"
            one = chunk.index == 0 and goes_on and self._cut_text is not None
            self._shift = len(self._first.content) - (1 if one else 0)
        index = chunk.index + self._shift
        if isinstance(part, p.Text) and self._cut_text is not None and index == len(self._first.content) - 1:
            part = join_text(self._cut_text, part)
        return Chunk(chunk.kind, index, chunk.delta, id=chunk.id, name=chunk.name, part=part)
