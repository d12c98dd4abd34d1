"""Messages and responses to plain JSON and back. Pickles hold the same data.

The JSON has every part, the provider's own JSON of each answer, usage, the model's id and defaults, and parameters that
are plain values. It lacks `tools` and `format` (Python objects), a `tool_choice` that is a tool, and `headers` and
`provider` (they may hold secrets). `from_json` takes tools and format again.
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec

from capably.types import parts as p
from capably.types.calls import CALLS
from capably.types.candidate import Candidate, TokenLogprob
from capably.types.errors import CapablyError
from capably.types.json import load_body
from capably.types.messages import AssistantMessage, Source, SystemMessage, UserMessage
from capably.types.reasoning import Reasoning
from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.timeout import Timeout
from capably.types.usage import Usage
from capably.types.values import field_names, restored

VERSION = 1
"""Of the shape below. A later one reads this one, too."""

NOT_SERIALIZED = ("tools", "format", "headers", "provider")

OBJECTS: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(p.Text, p.Image, p.Document, p.Audio, p.Video, p.Thought, p.ToolCall, p.ToolOutput, p.Citation, p.Refusal),
        *CALLS,
        p.Commentary,
        *(p.CachePoint, p.Unknown, SystemMessage, UserMessage, AssistantMessage, Source, Reasoning, Timeout, Usage),
        *(Candidate, TokenLogprob),
    )
}
"""Name in JSON -> class. Each is written as its fields."""

TUPLES = ("content", "citations", "calls", "alternatives")
"""Fields that are tuples, which JSON has not."""

KIND, BYTES, PLAIN = "__kind__", "__bytes__", "__plain__"
"""Keys that mark what JSON has no form for. A mapping of the caller's that holds one of them is wrapped in `PLAIN`."""


def encode(value: Any) -> Any:
    """Return a part, a message, or plain data that holds some, as JSON data. Raise `TypeError` for anything else."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, bytes):
        return {BYTES: base64.b64encode(value).decode("ascii")}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in cast("Sequence[Any]", value)]
    if isinstance(value, Mapping):
        items = {str(key): encode(item) for key, item in cast("Mapping[Any, Any]", value).items()}
        return {PLAIN: items} if items.keys() & {KIND, BYTES, PLAIN} else items
    kind = cast("type[Any]", type(value))
    if OBJECTS.get(kind.__name__) is not kind:
        raise TypeError(f"a {kind.__name__} has no form in JSON: {value!r}")
    return {KIND: kind.__name__, **{name: encode(getattr(value, name)) for name in field_names(kind)}}


def decode(data: Any) -> Any:
    """Return the value that `encode` was given. Raise `ValueError` for an unknown class."""
    if isinstance(data, list):
        return [decode(item) for item in cast("list[Any]", data)]
    if not isinstance(data, dict):
        return data
    fields = cast("dict[str, Any]", data)
    if BYTES in fields:
        return base64.b64decode(fields[BYTES])
    if PLAIN in fields:
        return {name: decode(item) for name, item in fields[PLAIN].items()}
    if KIND not in fields:
        return {name: decode(item) for name, item in fields.items()}
    if fields[KIND] not in OBJECTS:
        raise ValueError(f"there is no {fields[KIND]} in this version of capably")
    kind = OBJECTS[fields[KIND]]
    values = {name: decode(fields.get(name)) for name in field_names(kind)}
    return restored(kind, {name: tuple(value) if name in TUPLES else value for name, value in values.items()})


def dump_messages(messages: Sequence[Any]) -> str:
    """Return a conversation as JSON text. Raise `CapablyError` for values that are nested too deep for it."""
    return _written("messages", encode, messages)


def load_messages(text: str) -> list[Any]:
    """Return the conversation that `dump_messages` wrote. Raise `ValueError` for anything else."""
    return _checked("messages", lambda: decode(_read(text, "messages")))


def dump_response(response: Any) -> str:
    """Return a response as JSON text. Raise `CapablyError` for values that are nested too deep for it."""
    return _written("response", _state, response)


def _written(key: str, make: Callable[[Any], Any], value: Any) -> str:
    return msgspec.json.encode({"capably": VERSION, key: _made(key, make, value)}).decode()


def _made(key: str, make: Callable[[Any], Any], value: Any) -> Any:
    """Return what `make` returns. Its depth is bounded: writing it takes less of the stack than making it."""
    try:
        return make(value)
    except RecursionError as error:
        raise CapablyError(f"the {key} cannot be written as JSON: a value in it is nested too deep") from error


def load_response(text: str, cls: Any, format: Any, tools: Sequence[Any]) -> Any:
    """Return the response that `dump_response` wrote, as a `cls`. Raise `ValueError` for anything else."""
    return _checked("response", lambda: _restore(cls, _read(text, "response"), format, tools))


def _checked(key: str, load: Callable[[], Any]) -> Any:
    """Return what `load` returns. Its errors over JSON of another shape are a `ValueError` that says so."""
    try:
        return load()
    except (AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError(
            f"this is no {key} of capably's: it cannot be read ({type(error).__name__}: {error})"
        ) from error


def pickled_response(response: Any) -> tuple[Any, ...]:
    """Return the function and arguments for pickle. A stream is read to its end first, and becomes a response."""
    return _restore, (response._COMPLETE_CLASS or type(response), _made("response", _state, response))


def _read(text: str, key: str) -> Any:
    try:
        data: Any = load_body(text)
    except msgspec.DecodeError as error:
        raise ValueError(f"this is no JSON: {error}") from error
    fields: dict[str, Any] = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    version = fields.get("capably")
    if key not in fields or not isinstance(version, int):
        raise ValueError(f"this is no {key} of capably's")
    if version > VERSION:
        raise ValueError(f"this was written by a later capably (version {version}; this one reads {VERSION})")
    return fields[key]


REPLY = ("finish_reason", "id", "logprobs", "model", "others", "request_id", "stop_detail", "stop_sequence")
TURN = ("content", "wire", "body", "usage", *REPLY, "sent")


def _state(response: Any) -> dict[str, Any]:
    reply: ResponseData = response._reply
    request: Request = response._request
    model = response.model
    params, dropped = _serializable(response._params)
    defaults, _ = _serializable(model.defaults)
    return {
        "model": model.id,
        "origin": model.info.origin if model.info else None,
        "defaults": defaults,
        "endpoint": request.endpoint,
        "model_id": request.model_id,
        "day": response._day.isoformat(),
        "sent": encode(list(response._sent)),
        "params": params,
        "not_kept": sorted({*dropped, *response._dropped}),
        "warnings": list(response.warnings),
        "earlier": encode(response._earlier),
        "reply": _reply_state(reply),
        "last": None if reply.last is reply else _reply_state(reply.last),
    }


def _reply_state(reply: ResponseData) -> dict[str, Any]:
    """Return a reply as JSON data. Bodies are JSON text; a body that is no text is encoded as bytes."""
    state = {name: encode(getattr(reply, name)) for name in TURN if name not in ("body", "sent")}
    return {**state, "body": _text(reply.body), "sent": _text(reply.sent)}


def _text(body: bytes) -> Any:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return encode(body)


def _serializable(params: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the parameters as JSON data, and the names of those that have no such form."""
    encoded: dict[str, Any] = {}
    dropped: list[str] = []
    for name, value in params.items():
        try:
            encoded[name] = None if name in NOT_SERIALIZED else encode(value)
        except TypeError:
            encoded[name] = None
        if encoded[name] is None:
            del encoded[name]
            if value is not None:
                dropped.append(name)
    return encoded, dropped


def _restore(cls: Any, state: Mapping[str, Any], format: Any = None, tools: Sequence[Any] = ()) -> Any:
    from capably_models import Model

    params: dict[str, Any] = dict(decode(state["params"]))
    if tools:
        params["tools"] = list(tools)
    if format is not None:
        from capably.formats.output_format import format_of

        params["format"] = format_of(format)
    model: Any = cast("Any", Model)._restore(state["model"], decode(state["defaults"]), state.get("origin"))
    request = Request(
        info=model.info,
        model_id=state["model_id"],
        endpoint=state["endpoint"],
        messages=(),
        system=None,
        params=params,
        extra=params.get("extra"),
    )
    reply = _reply(state["reply"])
    if state["last"] is not None:
        from capably.responses.continuation import JoinedResponseData

        reply = JoinedResponseData(reply.content, reply.usage, _reply(state["last"]))
    response = cls(reply, model, request, decode(state["sent"]), params, state["warnings"])
    response._dropped = tuple(name for name in state["not_kept"] if name not in params)
    response._earlier = decode(state.get("earlier"))
    if "day" in state:
        response._day = datetime.date.fromisoformat(state["day"])
    return response


def _reply(state: Mapping[str, Any]) -> ResponseData:
    fields = {name: decode(state[name]) for name in TURN}
    for name in ("body", "sent"):
        fields[name] = fields[name].encode() if isinstance(fields[name], str) else fields[name]
    return ResponseData(**fields)
