"""One choice of a streamed completion: its message, put together from deltas, and the chunks of it."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from capably.providers.counts import NOTHING
from capably.providers.json import body_of, load_json, object_of, objects_of
from capably.providers.openai.chat.decode import (
    FILTERED,
    THOUGHTS,
    Place,
    decode_call,
    decode_completion,
    detailed_thought,
    own_thought,
    thinking_text,
    unused_id,
)
from capably.providers.openai.chat.join import Joiner
from capably.providers.openai.schema import strict_tools
from capably.types import parts as p
from capably.types.request import Request
from capably.types.response_data import build_part
from capably.types.stream import Chunk, TextBuffer

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject

STREAM_ONLY = frozenset({"role", "content", "tool_calls", "channel", "token_id", "index", "reasoning_encrypted"})
"""Fields of a delta that are handled by themselves, or that belong to the stream and not to the message."""

MOST_TESTS = 64
"""How often one call is checked for completeness. A host that repeats the name with every delta makes no more work."""

LONGEST_NAME = 256
"""No name of a tool is as long, so no piece is added to one that is."""

_INPUTS = {"function": "arguments", "custom": "input"}
"""Kind of a tool -> the field of its call that holds what it is called with."""

_THOUGHT_FIELDS = frozenset({*THOUGHTS, "reasoning_details"})
_OF_CALL = ("index", "id", "function", "custom")
_OF_CHOICE = frozenset({"delta", "message", "logprobs"})


class CallState:
    """One tool call in the making."""

    __slots__ = ("arguments", "closed", "fields", "id", "index", "kind", "name", "place", "tested", "tests")

    def __init__(self, index: int) -> None:
        self.index: int = index
        self.fields: JsonObject = {"type": "function"}
        """The call as in a message, but for its id and its function or custom tool."""
        self.id: str = ""
        self.kind: Literal["function", "custom"] = "function"
        self.name: str = ""
        self.arguments: TextBuffer | None = None
        """What it is called with; `None` for calls of neither a function nor a custom tool."""
        self.place: Place | None = None
        """Set when its first step was emitted."""
        self.closed: bool = False
        """Whether the complete call was emitted."""
        self.tested: bool = False
        """Whether it was checked for completeness when the next call began."""
        self.tests: int = 0
        """How often it was checked because its name came again."""

    @property
    def complete(self) -> bool:
        """Return whether nothing can follow: the arguments are one complete JSON object. Free text has no end of its own."""
        if self.kind == "custom":
            return False
        try:
            return isinstance(load_json(self.arguments or ""), dict)
        except msgspec.DecodeError:
            return False

    def is_followed_by(self, id: str, name: str, function: Mapping[str, Json]) -> bool:
        """Return whether a delta with the same index begins another call: some hosts number every call 0.

        It does with another id. Without ids, it does if these arguments are complete and the delta brings more, or another
        name. A delta that only repeats the name goes on with this call.
        """
        if not name:
            return False
        if id and self.id:
            return id != self.id
        if self.tests == MOST_TESTS or (name == self.name and not function.get("arguments")):
            return False
        self.tests += 1
        return self.complete

    def wire(self) -> JsonObject:
        """Return the call as it would be in a message."""
        call: JsonObject = {**self.fields, "id": self.id or None}
        if self.arguments is not None:
            call[self.kind] = {"name": self.name, _INPUTS[self.kind]: str(self.arguments)}
        return call


class ChoiceAccumulator:
    """An accumulator over the deltas of one choice.

    Tool calls are distinguished by their `index` (by their id, where a host sends no index). Parts stand in the order in
    which they began; that is the order of the non-streamed reply, unless a host lets words follow on tool calls.
    """

    __slots__ = (
        "_by_id",
        "_by_index",
        "_calls",
        "_finish",
        "_forgot",
        "_given",
        "_joiner",
        "_message",
        "_places",
        "_provider",
        "_request",
        "_texts",
        "_tools",
        "_waiting",
        "ended",
        "index",
    )

    def __init__(self, index: int, request: Request, provider: str) -> None:
        self.index: int = index
        self._request = request
        self._provider = provider
        self._tools = strict_tools(request)
        self._joiner = Joiner()
        self._message: JsonObject = {"role": "assistant", "content": None}
        self._texts: defaultdict[str, TextBuffer] = defaultdict(TextBuffer)
        """Fields of the message that are plain text, as they grow."""
        self._finish: JsonObject = {}
        self._calls: list[CallState] = []
        self._by_index: dict[int, CallState] = {}
        """The latest call with this index."""
        self._by_id: dict[str, CallState] = {}
        self._waiting: list[tuple[int, int, CallState]] = []
        """Calls without an emitted step, as a heap: by index, then in the order in which they began."""
        self._places: dict[Place, int] = {}
        self._given: set[int] = set()
        """Indices of the parts without deltas that were emitted."""
        self._forgot = False
        self.ended: bool = False
        """Whether it has a finish reason."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Return the places of its parts, in their order; none before anything of it arrived."""
        return tuple(self._places)

    def feed(self, choice: JsonObject) -> Sequence[Chunk]:
        """Return the chunks of one delta."""
        no_message = "message" in choice and not choice["message"] and "delta" not in choice
        if no_message and choice.get("finish_reason") not in FILTERED:
            raise ValueError("a choice has no message")
        delta = choice.get("delta")
        if not delta or type(delta) is not dict:
            delta = object_of(choice, "delta") or object_of(choice, "message")
        chunks = self._content(delta) if len(delta) == 1 and delta.get("content") else self._fields(delta)
        for key, value in choice.items():
            if value is not None and key not in _OF_CHOICE and (value != "" or key not in self._finish):
                self._finish[key] = value
        if choice.get("logprobs") and not self._forgot:
            self._joiner.join(self._finish, {"logprobs": choice["logprobs"]})
        if choice.get("finish_reason"):
            self.ended = True
        return chunks

    def _fields(self, delta: Mapping[str, Json]) -> Sequence[Chunk]:
        """Return the chunks of a delta with any fields."""
        chunks = [*self._thought(delta), *self._content(delta)]
        if "tool_calls" in delta:
            for call in objects_of(delta, "tool_calls"):
                chunks += self._call(call)
        for key, value in delta.items():
            if key not in STREAM_ONLY and value is not None:
                self._keep(key, value)
        return chunks

    def forget(self) -> None:
        """Drop everything except the state of the answer: whether it calls tools, or refuses."""
        self._forgot = True
        self._joiner.settle()
        self._joiner.forget()
        self._finish.pop("logprobs", None)
        for text in (*self._texts.values(), *(call.arguments for call in self._calls)):
            if text is not None:
                text.clear()
        message = {key: value for key, value in self._message.items() if key in ("role", "refusal", "function_call")}
        self._message = {**message, "content": [] if isinstance(self._message["content"], list) else None}

    # Steps

    def _index(self, place: Place) -> int:
        return self._places.setdefault(place, len(self._places))

    def _thought(self, delta: Mapping[str, Json]) -> Sequence[Chunk]:
        if not delta.keys() & _THOUGHT_FIELDS:
            return ()
        text = own_thought(delta)
        if not text and not any(field in self._texts for field in THOUGHTS):
            text = detailed_thought(delta)
        return (Chunk("thought", self._index(("thought", 0)), text),) if text else ()

    def _content(self, delta: Mapping[str, Json]) -> Sequence[Chunk]:
        content = delta.get("content")
        if content is None or content == "":
            return ()
        if type(content) is str:
            if isinstance(self._message["content"], list):
                return self._content_item({"type": "text", "text": content})
            self._texts["content"] += content.encode("utf-8", "surrogatepass")
            return (Chunk("text", self._index(("content", 0)), content),)
        return [chunk for item in objects_of(delta, "content") for chunk in self._content_item(item)]

    def _content_item(self, item: JsonObject) -> Sequence[Chunk]:
        if "content" in self._texts:
            self._message["content"] = str(self._texts.pop("content"))
        index = self._index(("content", self._joiner.join_content(self._message, item)))
        if item["type"] == "text":
            return _grown("text", index, item["text"])
        return _grown("thought", index, thinking_text(item))

    def _call(self, delta: JsonObject) -> Sequence[Chunk]:
        kind = "function" if delta.get("function") or not delta.get("custom") else "custom"
        function = object_of(delta, kind) if delta.get(kind) else NOTHING
        id, piece = _word(delta, "id"), _word(function, "name")
        state = self._call_state(delta.get("index"), id, piece, function)
        if kind == "custom":
            state.kind = state.fields["type"] = kind
        arguments = function.get(_INPUTS[state.kind])
        if not isinstance(arguments, str):  # An object without keys may precede text, and adds nothing.
            arguments = "" if arguments is None or arguments == {} else msgspec.json.encode(arguments).decode()
        more = {k: v for k, v in delta.items() if k not in _OF_CALL and v is not None}
        self._joiner.join(state.fields, more)
        state.id = state.id or id
        if state.id:
            self._by_id.setdefault(state.id, state)
        name = state.name
        if piece and not state.arguments and len(name) < LONGEST_NAME:  # It may come in pieces, or again.
            state.name = piece if not name or piece.startswith(name) else name + piece
        if function:
            state.arguments = TextBuffer() if state.arguments is None else state.arguments
            state.arguments += arguments.encode("utf-8", "surrogatepass")
        if state.place:
            step = Chunk(
                "tool_call", self._index(state.place), arguments, name=state.name if state.name != name else None
            )
            if state.kind == "custom":
                step.delta = ""
            return (step,) if (step.delta or step.name) and not state.closed else ()
        return [*self._finished(), *self._begun()]

    def _call_state(self, index: Json, id: str, name: str, function: Mapping[str, Json]) -> CallState:
        """Return the call that a delta goes on with, or a new one."""
        if isinstance(index, int):
            state_so_far = self._by_index.get(index)
            if state_so_far and not state_so_far.is_followed_by(id, name, function):
                return state_so_far
        else:
            state_so_far = self._by_id.get(id) if id else None
            if state_so_far or (self._calls and not name and not id):
                return state_so_far or self._calls[-1]
            index = len(self._calls)
        state = CallState(index)
        self._calls.append(state)
        heapq.heappush(self._waiting, (state.index, len(self._calls), state))
        self._by_index[index] = state
        return state

    def _begun(self, *, all: bool = False) -> Sequence[Chunk]:
        """Return the first chunks of calls that have a name and whose predecessors have begun; at the end, of all
        calls."""
        chunks: list[Chunk] = []
        begun = len(self._calls) - len(self._waiting)
        while self._waiting:
            call = self._waiting[0][2]
            if not all and (call.index > begun or not call.name):
                break
            heapq.heappop(self._waiting)
            call.place = ("call", begun)
            index = self._index(call.place)
            if not call.id:
                call.id = unused_id(self._request, self._by_id)
                self._by_id[call.id] = call
            begun += 1
            if call.arguments is not None:
                waited = str(call.arguments) if call.kind == "function" else ""
                chunks.append(Chunk("tool_call", index, id=call.id, name=call.name))
                chunks += [Chunk("tool_call", index, waited)] if waited else []
        return chunks

    def _finished(self) -> Sequence[Chunk]:
        """Return the chunk that completes the previous call, unless more of it may arrive."""
        before = self._calls[-2] if len(self._calls) > 1 else None
        if before is None or before.place is None or before.closed or before.tested:
            return []
        before.tested = True
        return [self._close(before)] if before.complete else []

    def _close(self, call: CallState) -> Chunk:
        call.closed = True
        assert call.place is not None
        return Chunk("part", self._index(call.place), part=build_part(decode_call(call.wire(), self._tools)))

    def _keep(self, key: str, value: Json) -> None:
        """Collect a field of the message that no chunk carries until the end."""
        if key in THOUGHTS and isinstance(value, str):
            self._texts[key] += value.encode("utf-8", "surrogatepass")
        elif key == "reasoning_details":
            self._joiner.join_details(self._message, value)
        else:
            self._joiner.join(self._message, {key: value})
        places = {"refusal": "refusal", "audio": "audio", "function_call": "call"}
        if key in places and value:
            self._index((places[key], 0))
        images = self._message.get("images")
        if key == "images" and isinstance(value, list) and isinstance(images, list):
            for i in range(max(0, len(images) - len(value)), len(images)):
                self._index(("image", i))

    def closed(self, completion: JsonObject) -> Sequence[Chunk]:
        """Return the final chunks: calls that still wait, and parts that are not streamed. `completion` is around it."""
        begun = self._begun(all=True)
        if self._forgot:
            return begun
        body: JsonObject = {**completion, "choices": [self.rebuilt()]}
        reply = decode_completion(*body_of(body), self._request, self._provider, self.places)
        complete: list[Chunk] = []
        for index in self._places.values():
            part = reply.content[index] if index < len(reply.content) else None
            if part is None or isinstance(part, (p.Text, p.Thought)) or index in self._given:
                continue
            if not isinstance(part, p.ToolCall):
                complete.append(Chunk("part", index, part=part))
                self._given.add(index)
            elif not self._calls:  # The legacy `function_call`.
                complete += [
                    Chunk("tool_call", index, id=part.id, name=part.name),
                    Chunk("tool_call", index, part.raw_args or ""),
                    Chunk("part", index, part=part),
                ]
                self._given.add(index)
        calls = [self._close(call) for call in self._calls if call.arguments is not None and not call.closed]
        return [*begun, *calls, *complete]

    def rebuilt(self) -> JsonObject:
        """Return the choice as it would be in a completion."""
        self._joiner.settle()
        message: JsonObject = {**self._message, **{key: str(text) for key, text in self._texts.items()}}
        if self._calls:
            placed = sorted(self._calls, key=lambda call: (call.place is None, call.place, call.index))
            message["tool_calls"] = [call.wire() for call in placed]
        return {"index": self.index, "finish_reason": None, **self._finish, "message": message}


def _word(fields: Mapping[str, Json], name: str) -> str:
    """Return the id or the name of a call; an empty one if there is none."""
    word = fields.get(name) or ""
    if type(word) is not str:
        raise TypeError(f"the {name} of a call is a {type(word).__name__}, not a str")
    return word


def _grown(kind: Literal["text", "thought"], index: int, delta: Json) -> Sequence[Chunk]:
    """Return the chunk by which a text grew; none if nothing was added."""
    if not delta:
        return ()
    if type(delta) is not str:
        raise TypeError(f"a {kind} is a {type(delta).__name__}, not a str")
    return (Chunk(kind, index, delta),)
