"""What a stream adds up to by the SDKs' own accumulators: the second reading that owes nothing to us.

google-genai has no accumulator, so Google's streams are put together in `streams.py`.
"""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import httpx2
from anthropic.lib.streaming._beta_messages import accumulate_event
from openai import omit
from openai._models import construct_type_unchecked
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseStreamEvent

Json = dict[str, Any]


class NotReadError(Exception):
    """The SDK's accumulator cannot read a stream; the message says how it failed."""


def body_of(events: Sequence[Json], endpoint: str) -> Json:
    """Return the body that the SDK's accumulator makes of the events.

    Raises `NotReadError` where there is no accumulator, where it fails, and where it is not made for what a host sends.
    """
    if endpoint not in ACCUMULATORS:
        raise NotReadError("google-genai has no accumulator")
    for is_beyond, reason in BEYOND if endpoint == "chat_completions" else ():
        if is_beyond(events):
            raise NotReadError(reason)
    accumulate = ACCUMULATORS[endpoint]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of values beyond the SDK's types.
            snapshot = accumulate(events)
            return json.loads(snapshot.model_dump_json(exclude_unset=True, warnings=False))
    except Exception as error:
        raise NotReadError(f"it raises {type(error).__name__}: {str(error)[:60]}") from error


def _deltas(event: Json) -> list[Json]:
    return [choice.get("delta") or {} for choice in event.get("choices") or ()]


def _repeats_names(events: Sequence[Json]) -> bool:
    calls = [call for event in events for delta in _deltas(event) for call in delta.get("tool_calls") or ()]
    named = [
        (call.get("index"), call["function"]["name"]) for call in calls if (call.get("function") or {}).get("name")
    ]
    return len(named) > len(set(named))


def _has_lists(events: Sequence[Json]) -> bool:
    return any(isinstance(delta.get("content"), list) for event in events for delta in _deltas(event))


BEYOND: tuple[tuple[Callable[[Sequence[Json]], bool], str], ...] = (
    (_has_lists, "content that is a list"),
    (_repeats_names, "a call's name comes again with each piece, and it joins names"),
)
"""What OpenAI's types lack, so that its accumulator misreads it."""


def _message(events: Sequence[Json]) -> Any:
    snapshot: Any = None
    arguments: dict[int, bytes] = {}
    for event in events:
        if event["type"] == "ping":
            continue
        snapshot = accumulate_event(
            event=event,  # pyright: ignore[reportArgumentType]
            current_snapshot=snapshot,
            json_bufs=arguments,
            request_headers=httpx2.Headers(),
        )
    return snapshot


def _response(events: Sequence[Json]) -> Any:
    state: Any = ResponseStreamState(input_tools=[], text_format=omit)
    last: Any = None
    for event in events:
        made: Any = construct_type_unchecked(type_=ResponseStreamEvent, value=event)  # pyright: ignore[reportArgumentType]
        for given in state.handle_event(made):
            if given.type in ("response.completed", "response.incomplete", "response.failed"):
                last = given.response
    if last is None:
        raise ValueError("the stream has no end")
    return last


def _completion(events: Sequence[Json]) -> Any:
    state: Any = ChatCompletionStreamState()
    for event in events:
        usage = event.get("usage") or (event.get("x_groq") or {}).get("usage")
        made: Any = construct_type_unchecked(type_=ChatCompletionChunk, value={**event, "usage": usage})
        state.handle_chunk(made)
    return state.current_completion_snapshot


ACCUMULATORS: dict[str, Callable[[Sequence[Json]], Any]] = {
    "messages": _message,
    "responses": _response,
    "chat_completions": _completion,
}
