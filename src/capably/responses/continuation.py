"""Continues an answer that broke off, and joins both answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from capably.types import parts as p
from capably.types.errors import CapablyError
from capably.types.messages import UserMessage
from capably.types.response_data import ResponseData
from capably.types.stream import Chunk, StreamAccumulator

if TYPE_CHECKING:
    from capably.types.messages import Message
    from capably.types.usage import Usage

BROKEN_OFF = ("length", "pause", "continuation")
"""Finish reasons after which the answer can go on."""

GO_ON = "You were cut off. Go on exactly where you stopped, without repeating anything and without a word about it."
"""The message to a model whose answer reached the limit. A pause and Gemini's continuation need none."""


def breaks_off(response: Any) -> bool:
    """Return whether the answer can go on. Raise `CapablyError` if it was cut inside a tool call."""
    if response.finish_reason not in BROKEN_OFF:
        return False
    if response.finish_reason == "length" and response.tool_calls:
        name = response.tool_calls[-1].name
        raise CapablyError(
            f"the answer reached its limit in the call of {name}, and no provider goes on with half a call. Ask again "
            "with a higher max_tokens, or let the model call once more: response.resume(response.execute_tools()) "
            "tells it which calls were cut."
        )
    return True


def cut_call(response: Any) -> p.ToolCall | None:
    """Return the call that the limit cut: the last part, after `length`, unless the text of its arguments is complete.

    Free text shows no end, nor does an object that the provider put together from what it had.
    """
    last = response.content[-1] if response.content else None
    if response.finish_reason != "length" or not isinstance(last, p.ToolCall):
        return None
    return last if last.raw_args is None or not last.args else None


def further(response: Any) -> tuple[list[Message], dict[str, Any]]:
    """Return the conversation and the parameters that make the model go on."""
    messages = response.messages
    params = response._again()
    if response.finish_reason == "length":
        # It is the same turn still: a call that was forced is yet to come (an answer that holds one never gets here).
        if "tool_choice" in response._params:
            params["tool_choice"] = response._params["tool_choice"]
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
            if name not in ("_parts", "malformed_error", "usage")
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


def join_parts(first: Sequence[Any], second: Sequence[Any]) -> list[Any]:
    """Return the parts of both, in order. A text that was cut and the text that goes on with it are joined."""
    if _one_text(first, second):
        return [*first[:-1], join_text(first[-1], second[0]), *second[1:]]
    return [*first, *second]


def _one_text(first: Sequence[Any], second: Sequence[Any]) -> bool:
    return bool(first and second) and isinstance(first[-1], p.Text) and isinstance(second[0], p.Text)


def join_text(first: p.Text, second: p.Text) -> p.Text:
    return p.Text(first.text + second.text, (*first.citations, *second.citations))


class ContinuationAccumulator(StreamAccumulator):
    """The accumulator of a reply that continues another: it goes on numbering the parts, and joins the replies."""

    def __init__(self, first: ResponseData, accumulator: StreamAccumulator) -> None:
        self._first = first
        self._accumulator = accumulator
        self._shift: int | None = None
        self._forgot = False

    def feed(self, event: Any) -> Sequence[Chunk]:
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
            begins = [part] if part is not None else [p.Text("")] if chunk.kind == "text" else []
            one = chunk.index == 0 and _one_text(self._first.content, begins)
            self._shift = len(self._first.content) - (1 if one else 0)
        index = chunk.index + self._shift
        if isinstance(part, p.Text) and index == len(self._first.content) - 1:
            part = join_text(self._first.content[index], part)
        return Chunk(chunk.kind, index, chunk.delta, id=chunk.id, name=chunk.name, part=part)
