"""Messages and their parts -> `contents` of a generateContent request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from capably.providers.json import is_object, load_json, text_of
from capably.providers.message_cache import Form, encoded
from capably.providers.spellings import Body, NoSpellingError, Spellings, contents, damaged, feature_of, lack, no_field
from capably.types import parts as p
from capably.types.arguments import args_object
from capably.types.messages import AssistantMessage, Source, SystemMessage, UserMessage
from capably.types.request import Request
from capably.types.tool_results import result_parts

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject
    from capably.types.messages import Message

ENDPOINT = "generate_content"
CONTINUATION = "continuationToken"

NO_THOUGHT_SIGNATURE = "skip_thought_signature_validator"
"""Stands for the signature of a call that Gemini did not make itself. Without any, Gemini 3 and later answer 400:
"Function call is missing a thought_signature in functionCall parts"."""

BEFORE_GEMINI_3 = ("gemini-1", "gemini-2")
"""Models (as are those of other families) that check no signatures of calls and take no media in `functionResponse`."""

_FILES = "https://generativelanguage.googleapis.com/v1beta/files/"


def encode_contents(request: Request) -> tuple[list[Mapping[str, object]], str | None]:
    """Return the wire contents, and the continuation token if Gemini broke the last answer off.

    The token continues such an answer: the earlier conversation is sent unchanged, without the answer's parts.
    """
    for instruction in request.instructions:
        for part in instruction.content:
            if isinstance(part, p.CachePoint):
                raise lack(CONTENT, feature_of(part), part)
    messages = list(request.messages)
    provider = request.info.provider if request.info else "google"
    token = None
    while messages and (found := _token_of(messages[-1], provider)):
        token = token or found
        messages.pop()
    ours: set[str] = set()

    def replay(message: AssistantMessage, source: Source) -> Form | None:
        wire = _own_wire(source, provider)
        if wire is None:
            return None
        ours.update(_ids_of_ours(message, wire))
        return _replayed(wire)

    def encode(message: Message) -> Form:
        return _encode_message(message, request)

    contents: list[Mapping[str, object]] = []
    for form in encoded(messages, ("google", provider), replay=replay, encode_text=_text_content, encode=encode):
        for content in [_without_ids(content, ours) for content in form] if ours else form:
            last = contents[-1] if contents else None
            if last and last["role"] == content["role"] and (before := _results(last)) and (more := _results(content)):
                # Gemini wants all results of one turn of parallel calls in one content.
                contents[-1] = {**last, "parts": [*before, *more]}
            else:
                contents.append(content)
    return contents, token


def _text_content(role: str, text: str) -> Form:
    return [{"role": "user" if role == "user" else "model", "parts": [{"text": text}]}]


def model_of(request: Request) -> str:
    """Return the model's id as Google spells it."""
    return request.info.wire_id if request.info else request.model_id.removeprefix("google/")


def _is_gemini_3(request: Request) -> bool:
    """Return whether the model is of generation 3 or later."""
    model = model_of(request)
    return model.startswith("gemini-") and not model.startswith(BEFORE_GEMINI_3)


def _own_wire(source: Source, provider: str) -> JsonObject | None:
    """Return the JSON of a message that Gemini wrote, which is sent as it is. Its state is not bound to a model. JSON whose
    parts are no objects is not what Gemini wrote.

    A call of an unlisted model names no endpoint; Google has but this one.
    """
    wire = source.wire
    if not wire or not isinstance(wire, dict) or not _is_own(source, provider):
        return None
    parts = wire.get("parts")
    sound = parts is None or (isinstance(parts, list) and all(map(is_object, parts)))
    return wire if sound else None


def _is_own(source: Source, provider: str) -> bool:
    return source.endpoint in (ENDPOINT, "") and source.provider in ("google", provider)


def _token_of(message: Message, provider: str) -> str | None:
    source = message.source if isinstance(message, AssistantMessage) else None
    wire = _own_wire(source, provider) if source else None
    return text_of(wire, CONTINUATION) if wire else None


def _ids_of_ours(message: AssistantMessage, wire: JsonObject) -> set[str]:
    """Return the ids that we gave to calls without one. They are not sent back."""
    calls = {part.id for part in message.content if isinstance(part, p.ToolCall)}
    return calls and calls.difference(_ids_in(wire))


def _ids_in(wire: JsonObject) -> Iterator[str | None]:
    for part in _parts_of(wire):
        call = part.get("functionCall") if isinstance(part, dict) else None
        if isinstance(call, dict):
            yield text_of(call, "id")


def _parts_of(content: Mapping[str, object]) -> Sequence[Json]:
    parts = content.get("parts")
    return cast("list[Json]", parts) if isinstance(parts, list) else ()


def _encode_message(message: Message, request: Request) -> Form:
    """Return one content; none for a message with nothing to send (an empty answer, thoughts only)."""
    if isinstance(message, SystemMessage):
        raise lack({"system_messages": SYSTEM_MESSAGES}, "system_messages", message)
    if isinstance(message, UserMessage):
        return _content("user", _encode_user(message.content, request))
    return _content("model", _encode_assistant(message, request))


def _content(role: str, parts: Iterable[Body]) -> Form:
    listed = list(parts)
    return [{"role": role, "parts": listed}] if listed else []


def _replayed(wire: JsonObject) -> Form:
    if not wire.get("parts"):
        return []
    if "role" in wire and CONTINUATION not in wire:
        return [wire]
    return [{"role": "model", **{key: value for key, value in wire.items() if key != CONTINUATION}}]


def _results(content: Mapping[str, object]) -> Sequence[Json]:
    """Return the parts of a user's content that holds results of calls alone; none of any other."""
    parts = _parts_of(content) if content["role"] == "user" else ()
    return parts if all(isinstance(part, dict) and "functionResponse" in part for part in parts) else ()


def _without_ids(content: Mapping[str, object], ours: set[str]) -> Mapping[str, object]:
    """Return the results of calls without the ids that are not Gemini's."""
    parts = _parts_of(content) if content["role"] == "user" else ()
    return {**content, "parts": [_without_id(part, ours) for part in parts]} if parts else content


def _without_id(part: Json, ours: set[str]) -> Json:
    response = part.get("functionResponse") if isinstance(part, dict) else None
    if not isinstance(response, dict) or text_of(response, "id") not in ours:
        return part
    return {"functionResponse": {key: value for key, value in response.items() if key != "id"}}


def _encode_user(parts: Sequence[p.Part], request: Request) -> Iterator[Body]:
    for part in parts:
        if isinstance(part, p.ToolOutput):
            yield from _encode_output(part, request)
        else:
            yield encode_part(part, request)


def _encode_assistant(message: AssistantMessage, request: Request) -> Iterator[Body]:
    """Yield the parts of an answer of another model or the caller, without thoughts, which only their model reads."""
    signed = False
    for part in message.content:
        if isinstance(part, p.Thought) or (isinstance(part, p.Text) and not part.text):
            continue
        if isinstance(part, p.Unknown) and message.source is not None:
            if _is_own(message.source, request.info.provider if request.info else "google"):
                raise damaged(part, message.source)
            why = f'It is a part "{part.kind}" in the own JSON of {message.source.provider}.'
            raise NoSpellingError(feature_of(part), part, why, "Leave it out of the history, or keep to that provider")
        encoded = encode_part(part, request)
        if "functionCall" in encoded and not signed and _is_gemini_3(request):
            # Only the first call of a turn is checked.
            encoded["thoughtSignature"] = NO_THOUGHT_SIGNATURE
            signed = True
        yield encoded


def _encode_output(part: p.ToolOutput, request: Request) -> Iterator[Body]:
    """Yield the result of a call. Old models take text only, so media follow it as separate parts."""
    value, media = _split(part.value)
    response: Body = {"name": part.name, "response": {"error" if part.is_error else "output": value}}
    if part.id:
        response = {"id": part.id, **response}
    encoded = [encode_part(item, request) for item in media]
    if _is_gemini_3(request):
        yield {"functionResponse": {**response, "parts": encoded} if encoded else response}
        return
    yield {"functionResponse": response}
    if encoded:
        yield {"text": f"Returned by {part.name}:"}
        yield from encoded


def _split(value: object) -> tuple[object, list[p.Media]]:
    """Return a tool's result as text or JSON, and the media in it."""
    parts = result_parts(value)
    if isinstance(parts, str):
        return (value if isinstance(value, str) else load_json(parts)), []
    for part in parts:
        if not isinstance(part, p.Media | p.Text):
            raise lack(CONTENT, feature_of(part), part)
    text = "".join(part.text for part in parts if isinstance(part, p.Text))
    return text, [part for part in parts if isinstance(part, p.Media)]


def encode_part(part: p.Part, request: Request) -> Body:
    """Encode one part of a user's or the caller's assistant message. Raise for a kind that Gemini does not take."""
    if isinstance(part, (p.Text, p.Refusal, p.Commentary)):
        return {"text": part.text}
    if isinstance(part, (p.Image, p.Document, p.Audio, p.Video)):
        return _encode_media(part, request)
    if isinstance(part, p.ToolCall):
        return _encode_call(part)
    if isinstance(part, p.Unknown):
        return _encode_unknown(part)
    raise lack(CONTENT, feature_of(part), part)


def _encode_media(part: p.Media, request: Request) -> Body:
    resolution = _resolution(part, request) if isinstance(part, p.Image) and part.detail not in (None, "auto") else {}
    if part.data is not None:
        if part.media_type is None:
            raise NoSpellingError(feature_of(part), part, "Gemini must be told what the bytes are.", "Pass media_type=")
        return {"inlineData": {"mimeType": part.media_type, "data": part.base64()}, **resolution}
    uri = part.url or _file_uri(part.file_id or "")
    file = {"mimeType": part.media_type, "fileUri": uri} if part.media_type else {"fileUri": uri}
    return {"fileData": file, **resolution}


def _resolution(part: p.Image, request: Request) -> Body:
    if part.detail not in ("low", "high") or not _is_gemini_3(request):
        why = "Gemini takes low and high, from generation 3 on."
        raise NoSpellingError("input.image.detail", part, why, "Leave detail out", ("low", "high"))
    return {"mediaResolution": {"level": f"MEDIA_RESOLUTION_{part.detail.upper()}"}}


def _file_uri(file_id: str) -> str:
    """Return the address that generateContent reads for `files/abc` of the Files API; other schemes are unchanged."""
    return file_id if "://" in file_id else _FILES + file_id.removeprefix("files/")


def _encode_call(part: p.ToolCall) -> Body:
    call: Body = {"name": part.name, "args": args_object(part)}
    return {"functionCall": {"id": part.id, **call} if part.id else call}


def _encode_unknown(part: p.Unknown) -> Body:
    """Return a part that the caller wrote in Gemini's own JSON."""
    raw: object = part.raw
    if not isinstance(raw, Mapping):
        why = f'The JSON of "{part.kind}" is no object.'
        raise NoSpellingError(feature_of(part), part, why, "Give it the JSON of one of Gemini's parts")
    return dict(cast("Mapping[str, object]", raw))


CONTENT: Spellings = {
    **contents(text="text", image="inlineData", document="inlineData", audio="inlineData", video="inlineData"),
    "input.thought": no_field("Thoughts are the model's own.", "Leave it out, or send it as text"),
    "input.tool_output": no_field("A result belongs into a user message.", "Put it into llm.user([...])"),
    "cache.point": no_field(
        "Gemini caches repeated beginnings by itself, and has no cache points.",
        'Name a cache that you made (cache="cachedContents/...")',
    ),
}
"""Kinds of content -> the field of a part that says it."""

SYSTEM_MESSAGES = no_field(
    "Gemini reads one system instruction, at the start.", "Pass it as system=, or say it in a user message"
)
