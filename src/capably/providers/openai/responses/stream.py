"""The events of a streamed response as chunks, and in the end as the reply that `POST /responses` would have given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from capably.providers.counts import details_of
from capably.providers.json import body_of, object_in, objects_of, text_in
from capably.providers.openai.errors import in_band, malformed_reply
from capably.providers.openai.responses.calls import WAITING
from capably.providers.openai.responses.decode import (
    COMMENTARY,
    call_builder,
    check_failed,
    decode_item,
    decode_response,
)
from capably.providers.openai.responses.items import GrowingKind, ItemState, growing, outline
from capably.types import parts as p
from capably.types.request import Request
from capably.types.response_data import ResponseData, build_part
from capably.types.stream import Chunk, ChunkBuffer, TextBuffer

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject

UNFINISHED = ("queued", "in_progress")
"""States of a response that is no answer yet."""

PARAGRAPH = "\n\n"
"""What stands between two paragraphs of a thought."""


class ResponsesAccumulator:
    """An accumulator over the events of one response.

    The index of a part is its place in the finished reply. It follows from `output_index` and `content_index`, never
    from the order of events; where an earlier item can still grow, later steps wait until it is done. An item without
    `output_index`, or with that of an item that is over, is found by its id, and comes after those before it.
    """

    __slots__ = (
        "_bases",
        "_build_call",
        "_by_id",
        "_forgot",
        "_frontier",
        "_highest",
        "_items",
        "_last",
        "_output",
        "_places",
        "_provider",
        "_request",
        "_response",
        "ended",
    )

    def __init__(self, request: Request, provider: str = "openai") -> None:
        self._request = request
        self._provider = provider
        self._build_call = call_builder(request)
        self._items: defaultdict[int, ItemState] = defaultdict(ItemState)
        """Items by place: their `output_index`, unless that is missing or taken."""
        self._by_id: dict[str, int] = {}
        """Id of an item -> its place."""
        self._places: dict[int, int] = {}
        """`output_index` -> the place of the item that last began with it, where that is another."""
        self._last = 0
        """The place of the item that began last."""
        self._highest = -1
        """The highest place of an item."""
        self._output: dict[int, JsonObject] = {}
        self._bases: dict[int, int] = {0: 0}
        """The index of the first part of each item whose place is known."""
        self._frontier = 0
        """The last of these items."""
        self._response: JsonObject = {}
        self._forgot = False
        self.ended: bool = False

    def feed(self, event: Json) -> Sequence[Chunk]:
        """Return the chunks of one event. Events without a handler only repeat what the last event contains."""
        if not isinstance(event, dict):
            raise malformed_reply("a stream event is no JSON object", self._provider, event)
        if "type" not in event and event.get("object") == "response":  # The whole response instead of a stream.
            event = {"type": "response.completed", "response": event}
        handler = _HANDLERS.get(str(event.get("type")))
        if handler is None:
            if event.get("error"):
                raise in_band(event["error"], self._provider, body=event)
            return ()
        try:
            return handler(self, event)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise malformed_reply(
                f"a stream event cannot be read ({type(error).__name__}: {error})", self._provider, event
            ) from error

    def reply(self) -> ResponseData:
        """Return the reply, decoded from the response in the last event."""
        if not self.ended:
            raise malformed_reply(
                "the stream was cut: it ended before the response did", self._provider, self._response or None
            )
        return decode_response(*body_of(self._response), self._request, self._provider)

    def forget(self) -> None:
        """Drop everything except how much of each part was emitted, and the fields that show how the response ended."""
        self._forgot = True
        self._output = {index: outline(item) for index, item in self._output.items()}
        for state in self._items.values():
            for text in state.sent.values():
                text.forget()
            state.cited.clear()
            if state.announced.get("type") != "message":  # A refusal stays.
                state.unseen.clear()

    # Events

    def started(self, event: JsonObject) -> Sequence[Chunk]:
        self._response = dict(details_of(event, "response"))
        return ()

    def item_added(self, event: JsonObject) -> Sequence[Chunk]:
        if event["item"] is None:
            return ()
        item = object_in(event, "item")
        index = self._begin(event, item)
        state = self._items[index]
        state.announced = {key: value for key, value in item.items() if key != "content"}
        if item.get("phase") == COMMENTARY:
            state.words = "commentary"
        if item["type"] != "message":
            state.parts = 1
        if item["type"] != "function_call":
            return self._flushed()
        state.sent[0] = TextBuffer()
        begun = Chunk("tool_call", 0, id=text_in(item, "call_id"), name=text_in(item, "name"))
        return [*self._flushed(), *self._step(index, begun)]

    def part_added(self, event: JsonObject) -> Sequence[Chunk]:
        self._items[self._place(event)].place(event.get("content_index"))
        return ()

    def text_delta(self, event: JsonObject) -> Sequence[Chunk]:
        index = self._place(event)
        state = self._items[index]
        part = event["content_index"] if "content_index" in event else None  # noqa: SIM401 - as above
        place = state.places[part] if part in state.places else state.place(part)
        return self._grow(index, place, state.words, event["delta"])

    def text_done(self, event: JsonObject) -> Sequence[Chunk]:
        """Return what the deltas lack of a complete text: all of it, at a host that sends none."""
        index, text = self._place(event), event.get("text")
        state = self._items[index]
        place = state.place(event.get("content_index"))
        rest = self._rest_of(index, place, text)
        return self._grow(index, place, state.words, rest) if rest else ()

    def arguments_done(self, event: JsonObject) -> Sequence[Chunk]:
        index = self._place(event)
        rest = self._rest_of(index, 0, event.get("arguments"))
        return self._grow(index, 0, "tool_call", rest) if rest else ()

    def _rest_of(self, index: int, place: int, text: Json) -> str:
        sent = self._items[index].sent.get(place)
        if not isinstance(text, str):
            return ""
        return text if sent is None else sent.rest_of(text)

    def unseen_done(self, event: JsonObject) -> Sequence[Chunk]:
        state, text = self._items[self._place(event)], event.get("refusal", event.get("input"))
        if not state.unseen and isinstance(text, str):
            state.unseen += text.encode("utf-8", "surrogatepass")
        return ()

    def cited(self, event: JsonObject) -> Sequence[Chunk]:
        """Collect a source, for hosts that never send the complete item."""
        if not self._forgot:
            state = self._items[self._place(event)]
            state.cited[state.place(event.get("content_index"))].append(event.get("annotation"))
        return ()

    def thought_delta(self, event: JsonObject) -> Sequence[Chunk]:
        index, delta = self._place(event), event["delta"]
        state = self._items[index]
        paragraph = (
            ("summary", event["summary_index"]) if "summary_index" in event else ("content", event.get("content_index"))
        )
        if type(delta) is str and delta and paragraph != state.paragraph:
            delta = PARAGRAPH + delta if state.paragraph else delta
            state.paragraph = paragraph
        if not state.announced:
            state.announced = {"type": "reasoning", "summary": []}
        return self._grow(index, 0, "thought", delta)

    def arguments_delta(self, event: JsonObject) -> Sequence[Chunk]:
        return self._grow(self._place(event), 0, "tool_call", event["delta"])

    def unseen_delta(self, event: JsonObject) -> Sequence[Chunk]:
        self._items[self._place(event)].unseen += text_in(event, "delta").encode("utf-8", "surrogatepass")
        return ()

    def item_done(self, event: JsonObject) -> Sequence[Chunk]:
        item = object_in(event, "item")
        index = self._place({**event, "item_id": item.get("id")}, new=self._items[self._last].done)
        chunks = self._settled(index, item)
        self._items[index].done = True
        self._output[index] = outline(item) if self._forgot else item
        return chunks

    def response_ended(self, event: JsonObject) -> Sequence[Chunk]:
        response = object_in(event, "response")
        check_failed(response, self._provider)
        status = response.get("status") or str(event["type"]).removeprefix("response.")
        placed = self._complete_items(objects_of(response, "output"))
        chunks = self._rest(placed)
        items: list[Json] = [outline(item) if self._forgot else item for _, item in placed]
        self._response = {**response, "status": status, "output": items}
        self.ended = status not in UNFINISHED
        return chunks

    def _complete_items(self, output: Sequence[JsonObject]) -> Sequence[tuple[int, JsonObject]]:
        """Return all items with their places: those of the last event, or those of the events before it, if these are at
        least as many."""
        begun = {
            place
            for place, state in self._items.items()
            if not state.done and (state.sent or state.unseen or state.announced.get("type") in WAITING)
        }
        places = sorted({*self._output, *begun})
        if len(self._output) >= len(output) or len(places) > len(output):
            return [(place, self._output.get(place) or self._items[place].gathered()) for place in places]
        if len(places) == len(output):
            return list(zip(places, output, strict=True))
        return list(enumerate(output))

    def failed(self, event: JsonObject) -> Sequence[Chunk]:
        response = object_in(event, "response")
        raise in_band(response.get("error"), self._provider, body=response)

    def error(self, event: JsonObject) -> Sequence[Chunk]:
        raise in_band(event.get("error") or {**event, "type": None}, self._provider, body=event)

    # Places

    def _begin(self, event: JsonObject, item: JsonObject) -> int:
        """Return the place of an item that begins."""
        index, id = _index_of(event), item.get("id")
        place = self._highest + 1 if index is None else index
        if place in self._items and self._items[place].done:  # A host that numbers every item 0.
            place = self._highest + 1
        if index is not None and place != index:
            self._places[index] = place
        if isinstance(id, str):
            self._by_id[id] = place
        self._last = place
        self._highest = max(self._highest, place)
        return place

    def _place(self, event: JsonObject, *, new: bool = False) -> int:
        """Return the place of the item that an event is for: by its id, its index, or the last one that began.

        Ids come first, unless they are new: some hosts send another id with each event. An event without an index, for an
        item that nothing announced, begins one if `new`.
        """
        id = event["item_id"] if "item_id" in event else None  # noqa: SIM401 - as above
        if type(id) is str and id in self._by_id:
            return self._by_id[id]
        index = _index_of(event) if "output_index" in event else None
        if index is not None:
            if index > self._highest:
                self._highest = index
            return self._places.get(index, index) if self._places else index
        return self._begin(event, {"id": id}) if new else self._last

    # Steps

    def _grow(self, index: int, local: int, kind: GrowingKind, delta: Json) -> Sequence[Chunk]:
        if not isinstance(delta, str):
            raise TypeError(f"`delta` is a {type(delta).__name__}, not a str")
        if not delta:
            return ()
        self._items[index].sent[local] += delta.encode("utf-8", "surrogatepass")
        return self._step(index, Chunk(kind, local, delta))

    def _step(self, index: int, step: Chunk) -> Sequence[Chunk]:
        """Return a step whose index is that of a part in the item, if the index of the item's first part is known."""
        if index in self._bases:
            step.index += self._bases[index]
            return (step,)
        self._items[index].waiting.add(step)
        return ()

    def _flushed(self) -> Sequence[Chunk]:
        """Return the waiting chunks of every item whose index is now determined."""
        chunks: list[Chunk] = []
        while (state := self._items.get(self._frontier)) and state.parts is not None:
            chunks += self._advance(self._frontier + 1)
        return chunks

    def _advance(self, index: int) -> Sequence[Chunk]:
        """Return the waiting chunks of the item at `index`, the next one whose base index is determined."""
        before = self._items.get(self._frontier)
        base = self._bases[index] = self._bases[self._frontier] + ((before.parts if before else None) or 0)
        self._frontier = index
        chunks: list[Chunk] = []
        following = self._items.get(index)
        if following:
            for step in (*following.waiting, *following.waiting.held()):
                step.index += base
                chunks.append(step)
            following.waiting = ChunkBuffer()
        return chunks

    def _settled(self, index: int, item: JsonObject) -> Sequence[Chunk]:
        """Return the chunks of a finished item that were not emitted yet."""
        state = self._items[index]
        parts = [build_part(part) for part in decode_item(item, self._build_call)]
        chunks = [chunk for local, part in enumerate(parts) for chunk in self._remainder(index, local, part, state)]
        state.parts = len(parts)
        return [*chunks, *self._flushed()]

    def _remainder(self, index: int, local: int, part: p.Part, state: ItemState) -> Sequence[Chunk]:
        sent = state.sent.get(local)
        kind, text = growing(part)
        if kind is None:
            if sent is None:
                state.sent[local] = TextBuffer()
                return self._step(index, Chunk("part", local, part=part))
            return ()
        chunks: list[Chunk] = []
        if sent is None:
            sent = state.sent[local] = TextBuffer()
            if isinstance(part, p.ToolCall):
                chunks += self._step(index, Chunk(kind, local, id=part.id, name=part.name))
        chunks += self._grow(index, local, kind, sent.rest_of(text))
        if isinstance(part, p.ToolCall):
            chunks += self._step(index, Chunk("part", local, part=part))
        return chunks

    def _rest(self, placed: Sequence[tuple[int, JsonObject]]) -> Sequence[Chunk]:
        """Return the final chunks: items that were never reported as done, and everything that still waits."""
        chunks: list[Chunk] = []
        for place, item in placed:
            if place not in self._output:
                chunks += self._settled(place, item)
        for index in sorted(self._items):  # Those that exist: an index may be any number.
            if index > self._frontier:
                chunks += self._advance(index)
        return chunks


def _index_of(event: JsonObject) -> int | None:
    """Return the index of an item in the output; `None` if the event has none."""
    index = event["output_index"] if "output_index" in event else None  # noqa: SIM401 - a call less for each delta
    if index is not None and (type(index) is not int or index < 0):
        raise ValueError(f"`output_index` is {index!r}")
    return index


_HANDLERS: dict[str, Callable[[ResponsesAccumulator, JsonObject], Sequence[Chunk]]] = {
    "response.created": ResponsesAccumulator.started,
    "response.in_progress": ResponsesAccumulator.started,
    "response.queued": ResponsesAccumulator.started,
    "response.output_item.added": ResponsesAccumulator.item_added,
    "response.content_part.added": ResponsesAccumulator.part_added,
    "response.output_item.done": ResponsesAccumulator.item_done,
    "response.output_text.delta": ResponsesAccumulator.text_delta,
    "response.reasoning_summary_text.delta": ResponsesAccumulator.thought_delta,
    "response.reasoning_text.delta": ResponsesAccumulator.thought_delta,
    "response.function_call_arguments.delta": ResponsesAccumulator.arguments_delta,
    "response.output_text.done": ResponsesAccumulator.text_done,
    "response.output_text.annotation.added": ResponsesAccumulator.cited,
    "response.function_call_arguments.done": ResponsesAccumulator.arguments_done,
    "response.custom_tool_call_input.done": ResponsesAccumulator.unseen_done,
    "response.refusal.done": ResponsesAccumulator.unseen_done,
    "response.custom_tool_call_input.delta": ResponsesAccumulator.unseen_delta,
    "response.refusal.delta": ResponsesAccumulator.unseen_delta,
    "response.completed": ResponsesAccumulator.response_ended,
    "response.incomplete": ResponsesAccumulator.response_ended,
    "response.failed": ResponsesAccumulator.failed,
    "error": ResponsesAccumulator.error,
}
