"""Messages and responses to plain JSON and back. Pickles hold the same data.

The JSON has every part, the provider's own JSON of each answer, usage, the model's id and defaults, and parameters that
are plain values. It lacks `tools` and `format` (Python objects), a `tool_choice` that is a tool, and `headers` and
`provider` (they may hold secrets). `from_json` takes tools and format again.
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import msgspec

from capably.types import parts as p
from capably.types.calls import CALLS
from capably.types.candidate import Candidate, TokenLogprob
from capably.types.errors import CapablyError
from capably.types.json import dump_text, load_body
from capably.types.messages import AssistantMessage, Source, SystemMessage, UserMessage
from capably.types.reasoning import Reasoning
from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.timeout import Timeout
from capably.types.usage import Usage
from capably.types.values import field_names, restored

if TYPE_CHECKING:
    from typing import TypedDict

    from capably_models import AnyModel

    from capably.types.json_types import Json
    from capably.types.messages import Message
    from capably.types.tools import AnyTool, BuiltinTool

    ResponseState = TypedDict(  # noqa: UP013 (keys of JSON are no names)
        "ResponseState",
        {
            "model": str,
            "origin": "str | None",
            "defaults": "dict[str, Json]",
            "endpoint": "str | None",
            "model_id": str,
            "day": str,
            "sent": "Json",
            "params": "dict[str, Json]",
            "not_kept": "list[str]",
            "warnings": "list[str]",
            "earlier": "Json",
            "reply": "dict[str, Json]",
            "last": "dict[str, Json] | None",
        },
    )
    """A response as JSON data."""


LoadedT = TypeVar("LoadedT")
MadeT = TypeVar("MadeT")
ValueT = TypeVar("ValueT")

VERSION = 1
"""Of the shape below. A later one reads this one, too."""


class ResponseRecord(NamedTuple):
    """All that a response is made of."""

    reply: ResponseData
    model: AnyModel
    request: Request
    sent: Sequence[Message]
    params: Mapping[str, object]
    warnings: Sequence[str]
    dropped: tuple[str, ...]
    earlier: Usage | None
    day: datetime.date


NOT_SERIALIZED = ("tools", "format", "headers", "provider")

OBJECTS: Mapping[str, type[object]] = {
    kind.__name__: kind
    for kind in (
        *p.PARTS,
        *CALLS,
        *(SystemMessage, UserMessage, AssistantMessage, Source, Reasoning, Timeout, Usage),
        *(Candidate, TokenLogprob),
    )
}
"""Name in JSON -> class. Each is written as its fields."""

TUPLES = ("content", "citations", "calls", "alternatives")
"""Fields that are tuples, which JSON has not."""

KIND, BYTES, PLAIN = "__kind__", "__bytes__", "__plain__"
"""Keys that mark what JSON has no form for. A mapping of the caller's that holds one of them is wrapped in `PLAIN`."""


def encode(value: object) -> Json:
    """Return a part, a message, or plain data that holds some, as JSON data. Raise `TypeError` for anything else."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, bytes):
        return {BYTES: base64.b64encode(value).decode("ascii")}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in cast("Sequence[object]", value)]
    if isinstance(value, Mapping):
        items = {str(key): encode(item) for key, item in cast("Mapping[object, object]", value).items()}
        return {PLAIN: items} if items.keys() & {KIND, BYTES, PLAIN} else items
    kind = type(value)
    if OBJECTS.get(kind.__name__) is not kind:
        raise TypeError(f"a {kind.__name__} has no form in JSON: {value!r}")
    return {KIND: kind.__name__, **{name: encode(getattr(value, name)) for name in field_names(kind)}}


def decode(data: Json) -> Any:
    """Return the value that `encode` was given. Raise `ValueError` for an unknown class."""
    if isinstance(data, list):
        return [decode(item) for item in data]
    if not isinstance(data, dict):
        return data
    if BYTES in data:
        return base64.b64decode(cast("str", data[BYTES]))
    if PLAIN in data:
        return {name: decode(item) for name, item in cast("dict[str, Json]", data[PLAIN]).items()}
    if KIND not in data:
        return {name: decode(item) for name, item in data.items()}
    kind = OBJECTS.get(str(data[KIND]))
    if kind is None:
        raise ValueError(f"there is no {data[KIND]} in this version of capably")
    values = {name: decode(data.get(name)) for name in field_names(kind)}
    return restored(kind, {name: tuple(value) if name in TUPLES else value for name, value in values.items()})


def dump_messages(messages: Sequence[Message]) -> str:
    """Return a conversation as JSON text. Raise `CapablyError` for values that are nested too deep for it."""
    data = _shallow("conversation", encode, messages)
    return dump_text({"capably": VERSION, "messages": data}, "the stored conversation")


def load_messages(text: str) -> list[Message]:
    """Return the conversation that `dump_messages` wrote. Raise `ValueError` for anything else."""
    return _checked("messages", lambda: decode(_read(text, "messages")))


def dump_response(record: ResponseRecord) -> str:
    """Return a response as JSON text. Raise `CapablyError` for values that are nested too deep for it."""
    return dump_text({"capably": VERSION, "response": state_of(record)}, "the stored response")


def _shallow(what: str, make: Callable[[ValueT], MadeT], value: ValueT) -> MadeT:
    """Return what `make` returns. Its depth is bounded: writing it takes less of the stack than making it."""
    try:
        return make(value)
    except RecursionError as error:
        raise CapablyError(f"the {what} cannot be written as JSON: a value in it is nested too deep") from error


def load_response(
    text: str,
    make: Callable[[ResponseRecord], LoadedT],
    format: object,
    tools: Sequence[AnyTool | BuiltinTool],
) -> LoadedT:
    """Return the response that `dump_response` wrote, made by `make`. Raise `ValueError` for anything else."""
    return _checked("response", lambda: make(record_of(cast("ResponseState", _read(text, "response")), format, tools)))


def _checked(key: str, load: Callable[[], LoadedT]) -> LoadedT:
    """Return what `load` returns. Its errors over JSON of another shape are a `ValueError` that says so."""
    try:
        return load()
    except (AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError(
            f"this is no {key} of capably's: it cannot be read ({type(error).__name__}: {error})"
        ) from error


def _read(text: str, key: str) -> Json:
    try:
        data: Json = load_body(text)
    except msgspec.DecodeError as error:
        raise ValueError(f"this is no JSON: {error}") from error
    fields: dict[str, Json] = data if isinstance(data, dict) else {}
    version = fields.get("capably")
    if key not in fields or not isinstance(version, int):
        raise ValueError(f"this is no {key} of capably's")
    if version > VERSION:
        raise ValueError(f"this was written by a later capably (version {version}; this one reads {VERSION})")
    return fields[key]


REPLY = ("finish_reason", "id", "logprobs", "model", "others", "request_id", "stop_detail", "stop_sequence")
TURN = ("content", "wire", "body", "usage", *REPLY, "sent")


def state_of(record: ResponseRecord) -> ResponseState:
    """Return a response as JSON data. Raise `CapablyError` for values that are nested too deep for it."""
    return _shallow("response", _state_of, record)


def _state_of(record: ResponseRecord) -> ResponseState:
    reply, model, request = record.reply, record.model, record.request
    params, dropped = _serializable(record.params)
    defaults, _ = _serializable(model.defaults)
    return {
        "model": model.id,
        "origin": model.info.origin if model.info else None,
        "defaults": defaults,
        "endpoint": request.endpoint,
        "model_id": request.model_id,
        "day": record.day.isoformat(),
        "sent": encode(list(record.sent)),
        "params": params,
        "not_kept": sorted({*dropped, *record.dropped}),
        "warnings": list(record.warnings),
        "earlier": encode(record.earlier),
        "reply": _reply_state(reply),
        "last": None if reply.last is reply else _reply_state(reply.last),
    }


def _reply_state(reply: ResponseData) -> dict[str, Json]:
    """Return a reply as JSON data. Bodies are JSON text; a body that is no text is encoded as bytes."""
    state = {name: encode(getattr(reply, name)) for name in TURN if name not in ("body", "sent")}
    return {**state, "body": _text(reply.body), "sent": _text(reply.sent)}


def _text(body: bytes) -> Json:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return encode(body)


def _serializable(params: Mapping[str, object]) -> tuple[dict[str, Json], list[str]]:
    """Return the parameters as JSON data, and the names of those that have no such form."""
    encoded: dict[str, Json] = {}
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


def record_of(
    state: ResponseState, format: object = None, tools: Sequence[AnyTool | BuiltinTool] = ()
) -> ResponseRecord:
    """Return what a response is made of, from what `state_of` returned. The model and the facts are those of today."""
    from capably_models import Model

    params: dict[str, object] = dict(decode(state["params"]))
    if tools:
        params["tools"] = list(tools)
    if format is not None:
        from capably.formats.output_format import format_of

        params["format"] = format_of(format)
    model: AnyModel = cast("Any", Model)._restore(state["model"], decode(state["defaults"]), state.get("origin"))
    request = Request(
        info=model.info,
        model_id=state["model_id"],
        endpoint=state["endpoint"],
        messages=(),
        system=None,
        params=params,
        extra=cast("Mapping[str, object] | None", params.get("extra")),
    )
    reply = _reply(state["reply"])
    if state["last"] is not None:
        from capably.responses.continuation import JoinedResponseData

        reply = JoinedResponseData(reply.content, reply.usage, _reply(state["last"]))
    dropped = tuple(name for name in state["not_kept"] if name not in params)
    day = datetime.date.fromisoformat(state["day"]) if "day" in state else datetime.date.today()
    earlier = decode(state.get("earlier"))
    return ResponseRecord(
        reply, model, request, decode(state["sent"]), params, state["warnings"], dropped, earlier, day
    )


def _reply(state: Mapping[str, Json]) -> ResponseData:
    fields: dict[str, Any] = {name: decode(state[name]) for name in TURN}
    for name in ("body", "sent"):
        fields[name] = fields[name].encode() if isinstance(fields[name], str) else fields[name]
    return ResponseData(**fields)
