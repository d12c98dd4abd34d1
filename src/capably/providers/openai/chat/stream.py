"""The chunks of a streamed completion as ours, and in the end as the reply that the call would have given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from capably.providers.json import body_of, list_of
from capably.providers.openai.chat.choice import ChoiceAccumulator
from capably.providers.openai.chat.decode import check_failed, decode_completion
from capably.providers.openai.errors import malformed_reply
from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.stream import Chunk

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject

DONE: JsonObject = {}
"""The event that stands for `[DONE]`: the stream is at its end, also where no choice has a finish reason."""


_NOT_MERGED = frozenset({"choices", "usage"})
"""Fields of an event that the completion does not take over as they are."""


class ChatAccumulator:
    """An accumulator over the chunks of one completion, of which each choice has one of its own.

    The answer is choice 0 if the call asked for several. Otherwise it is the first that says anything: some hosts number
    their only choice 1.
    """

    __slots__ = ("_answer", "_choices", "_completion", "_done", "_forgot", "_provider", "_request", "_usage_ends")

    def __init__(self, request: Request, provider: str = "openai") -> None:
        self._request = request
        self._provider = provider
        self._completion: JsonObject = {}
        self._choices: dict[int, ChoiceAccumulator] = {}
        several = (request.extra or {}).get("n") or 1
        self._answer: ChoiceAccumulator | None = self._choice(0) if several != 1 else None
        self._usage_ends: bool | None = None
        """Whether a usage has ended the stream; `None` before one arrived."""
        self._done = False
        self._forgot = False

    def feed(self, event: Json) -> Sequence[Chunk]:
        """Return the chunks of one event."""
        if event is DONE:
            last = self._answer.closed(self._completion) if self._answer and not self.ended else ()
            self._done = True
            return last
        if type(event) is not dict:
            raise malformed_reply("a stream event is no JSON object", self._provider, event)
        check_failed(event, self._provider)
        try:
            return self._fed(event)
        except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise malformed_reply(
                f"a stream event cannot be read ({type(error).__name__}: {error})", self._provider, event
            ) from error

    @property
    def ended(self) -> bool:
        """Return whether each choice that says anything has a finish reason.

        Some hosts forget it. There `[DONE]` ends the stream, and so does a usage that comes alone, after the answer. Others send one with every
        chunk, beginning with the first: that ends nothing, and neither does one on which more follows.
        """
        begun = [choice for choice in self._choices.values() if choice.places or choice is self._answer]
        return bool(begun) and (self._done or bool(self._usage_ends) or all(choice.ended for choice in begun))

    def reply(self) -> ResponseData:
        """Return the complete reply, decoded from the completion that the chunks add up to."""
        completion = self._rebuilt()
        if not self.ended:
            raise malformed_reply("the stream was cut: it ended before the answer did", self._provider, completion)
        places = self._answer.places if self._answer else ()
        return decode_completion(*body_of(completion), self._request, self._provider, places)

    def forget(self) -> None:
        """Drop everything except the state of the answer: whether it calls tools, or refuses."""
        self._forgot = True
        self._choices = {index: choice for index, choice in self._choices.items() if choice is self._answer}
        for choice in self._choices.values():
            choice.forget()

    def _choice(self, index: int) -> ChoiceAccumulator:
        if index not in self._choices:
            self._choices[index] = ChoiceAccumulator(index, self._request, self._provider)
        return self._choices[index]

    def _fed(self, event: JsonObject) -> Sequence[Chunk]:
        choices = event.get("choices")
        if type(choices) is not list:
            choices = list_of(event, "choices")
        completion = self._completion
        for key, value in event.items():
            if value is not None and key not in _NOT_MERGED and (value or key not in completion):
                completion[key] = value
        usage = event.get("usage")
        if not usage and type(groq := event.get("x_groq")) is dict:
            usage = groq.get("usage")
        if usage:
            completion["usage"] = usage
        chunks: Sequence[Chunk] = ()
        for choice in choices:
            of_choice = self._fed_choice(choice)
            chunks = [*chunks, *of_choice] if chunks else of_choice
        if chunks and self._usage_ends:
            self._usage_ends = False
        return [*chunks, *self._fed_usage(alone=not chunks)] if usage else chunks

    def _fed_usage(self, *, alone: bool) -> Sequence[Chunk]:
        """Return the last chunks if a usage ends the stream. Only the first can, if no chunk is `alone` with it."""
        if self._usage_ends is not None:
            return ()
        self._usage_ends = alone and self._answer is not None and bool(self._answer.places)
        if self._usage_ends and self._answer and not self._answer.ended:
            return self._answer.closed(self._completion)
        return ()

    def _fed_choice(self, wire: Json) -> Sequence[Chunk]:
        if type(wire) is not dict:
            raise TypeError(f"a choice is a {type(wire).__name__}, not a dict")
        index = wire.get("index") or 0
        if not isinstance(index, int):
            raise TypeError(f"the index of a choice is {index!r}")
        if self._forgot and self._answer and index != self._answer.index:
            return ()
        choice = self._choices.get(index) or self._choice(index)
        had_ended = choice.ended
        chunks = choice.feed(wire)
        if self._answer is None and (choice.places or choice.ended):
            self._answer = choice
        if choice is not self._answer:
            return ()
        return [*chunks, *choice.closed(self._completion)] if choice.ended and not had_ended else chunks

    def _rebuilt(self) -> JsonObject:
        """Return the completion, the answer before the other choices."""
        answer = self._answer
        others = [choice for _, choice in sorted(self._choices.items()) if choice is not answer and choice.places]
        return {**self._completion, "choices": [choice.rebuilt() for choice in ([answer] if answer else []) + others]}
