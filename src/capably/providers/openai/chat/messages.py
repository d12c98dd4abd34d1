"""Messages in the form of Chat Completions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from capably.modalities import MODALITY_OF
from capably.providers.json import is_object
from capably.providers.message_cache import Form, encoded
from capably.providers.openai import content as c
from capably.providers.openai.hosts import Host
from capably.providers.spellings import Body, NoSpellingError, Spelling, Spellings, contents, feature_of, lack
from capably.types import parts as p
from capably.types.arguments import args_text
from capably.types.messages import AssistantMessage, Source, SystemMessage, UserMessage
from capably.types.request import Request

if TYPE_CHECKING:
    from capably.types.json_types import JsonObject
    from capably.types.messages import Message

ENDPOINT = "chat_completions"
AUDIO_FORMATS = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}


def encode_messages(request: Request, host: Host, role: str) -> Iterator[Form]:
    """Yield the wire messages of a conversation; `role` is that of instructions."""

    def replay(_: AssistantMessage, source: Source) -> Form | None:
        wire = source.wire if _is_own(source, host) else None
        return _unless_silent(_replayed(wire), host) if is_object(wire) else None

    def encode(message: Message) -> Form:
        if isinstance(message, SystemMessage):
            return [{"role": role, "content": instructions_of([message], host) or ""}]
        if isinstance(message, UserMessage):
            return _user_messages(message, host)
        return _unless_silent(_assistant_message(message, host), host)

    return encoded(request.messages, ("chat", host, role), replay=replay, encode_text=_encode_text, encode=encode)


def _is_own(source: Source | None, host: Host) -> bool:
    return source is not None and (source.provider, source.endpoint) == (host.provider, ENDPOINT)


def _encode_text(role: str, text: str) -> Form:
    return [{"role": role, "content": text}]


def _replayed(wire: JsonObject) -> JsonObject:
    """Return the model's own message, thoughts and signatures included. Sound is named by its id."""
    audio = wire.get("audio")
    return {**wire, "audio": {"id": audio["id"]}} if is_object(audio) and audio.get("id") else wire


def _unless_silent(message: Mapping[str, object], host: Host) -> Form:
    """Return the assistant message; nothing if it is empty and the host refuses empty ones."""
    if "silent_answers" in host.refuses and not any(message.get(field) for field in ("content", "tool_calls", "audio")):
        return []
    return [message]


def _user_messages(message: UserMessage[p.Part], host: Host) -> list[Body]:
    """Return a message for each tool output, then one with the rest, media of tool outputs included."""
    outputs: list[Body] = []
    content: list[Body] = []
    for part in message.content:
        if isinstance(part, p.ToolOutput):
            outputs.append(_output_message(part, content, host))
        elif isinstance(part, p.CachePoint):
            c.set_cache_point(content or _as_parts(outputs), part, cache_point_of(host))
        else:
            content.append(_content_part(part, host))
    if not content:
        return outputs
    only_text = content[0] if len(content) == 1 and content[0].keys() == {"type", "text"} else None
    return [*outputs, {"role": "user", "content": only_text["text"] if only_text else content}]


def cache_point_of(host: Host) -> Spelling:
    """Return the host's spelling of cache points."""
    return c.CACHE_POINT if host.cache == "prompt_cache_options" else c.CONTROL_POINT


def instructions_of(messages: Sequence[SystemMessage], host: Host) -> str | list[Body] | None:
    """Return instructions as one text, or as parts where they have cache points."""
    return c.instructions_of(messages, "text", cache_point_of(host))


def _as_parts(outputs: list[Body]) -> list[Body]:
    """Return the content of the last tool message as parts, so that a cache point can mark it."""
    if not outputs:
        return []
    content = outputs[-1]["content"]
    if isinstance(content, str):
        outputs[-1]["content"] = content = [{"type": "text", "text": content}]
    return cast("list[Body]", content)


def _output_message(output: p.ToolOutput, content: list[Body], host: Host) -> Body:
    """Return the tool message with text only. Media move into `content`, after a line that names their tool."""
    parts = c.output_parts(output)
    media = [part for part in parts if not isinstance(part, p.Text)]
    if media:
        content.append({"type": "text", "text": f"Output of {output.name} (call {output.id}):"})
        content.extend(_content_part(part, host) for part in media)
    text = "".join(part.text for part in parts if isinstance(part, p.Text)) or ("See below." if media else "")
    if not output.id:  # The legacy `function_call` has no id.
        return {"role": "function", "name": output.name, "content": text}
    return {"role": "tool", "tool_call_id": output.id, "content": text}


def _content_part(part: p.Part, host: Host) -> Body:
    encoder = _CONTENT_PARTS.get(type(part))
    if encoder is None:
        raise lack(CONTENT, feature_of(part), part)
    if f"input.{MODALITY_OF.get(part.__class__)}" in host.lacks:
        raise lack({}, feature_of(part), part)
    return encoder(part, host)


def _text(part: p.Text | p.Refusal, _: Host) -> Body:
    return {"type": "text", "text": part.text}


def _image(part: p.Image, _: Host) -> Body:
    if part.file_id:
        raise NoSpellingError("input.image", part, "Images are sent by URL or as bytes here.", "Pass one of these")
    detail = {"detail": part.detail} if part.detail else {}
    return {"type": "image_url", "image_url": {"url": part.url or c.data_url(part), **detail}}


def _document(part: p.Document, host: Host) -> Body:
    if host.documents in ("document_url", "file_url"):
        if part.file_id:
            why = "This host takes documents by URL or as bytes."
            raise NoSpellingError("input.document", part, why, "Pass one of these")
        if host.documents == "document_url":
            return {"type": "document_url", "document_url": part.url or c.data_url(part)}
        return {"type": "file_url", "file_url": {"url": part.url or part.base64()}}
    if part.file_id:
        return {"type": "file", "file": {"file_id": part.file_id}}
    if part.url and host.documents != "file_or_url":
        why = "Documents are sent as bytes or by file id here."
        raise NoSpellingError("input.document", part, why, "Pass one of these")
    return {"type": "file", "file": {"filename": c.file_name(part), "file_data": part.url or c.data_url(part)}}


def _audio(part: p.Audio, host: Host) -> Body:
    if host.audio == "data" and not part.file_id:
        return {"type": "input_audio", "input_audio": part.url or part.base64()}
    kind = AUDIO_FORMATS.get(part.media_type or "")
    if kind is None or part.data is None:
        why = "Sound is sent as bytes in WAV or MP3 here."
        raise NoSpellingError("input.audio", part, why, "Convert it", ("audio/wav", "audio/mpeg"))
    return {"type": "input_audio", "input_audio": {"data": part.base64(), "format": kind}}


def _video(part: p.Video, _: Host) -> Body:
    if part.file_id:
        raise NoSpellingError("input.video", part, "Video is sent by URL or as bytes here.", "Pass one of these")
    return {"type": "video_url", "video_url": {"url": part.url or c.data_url(part)}}


_CONTENT_PARTS: dict[type[p.Part], Callable[[Any, Host], Body]] = {
    p.Text: _text,
    p.Refusal: _text,
    p.Image: _image,
    p.Document: _document,
    p.Audio: _audio,
    p.Video: _video,
    p.Unknown: lambda part, _: c.own_json(part),
}

CONTENT: Spellings = {
    **contents(text="text", image="image_url", document="file", audio="input_audio", video="video_url"),
}
"""Kinds of content -> the type of the part that says it."""


def _assistant_message(message: AssistantMessage, host: Host) -> Body:
    """Return the texts and calls of an answer from another model. Thoughts are bound to their model."""
    text = ""
    calls: list[Body] = []
    for part in message.content:
        if isinstance(part, (p.Text, p.Refusal)):
            text += part.text
        elif isinstance(part, p.Commentary):
            text += f"{part.text}\n\n"
        elif isinstance(part, p.ToolCall):
            function = {"name": part.name, "arguments": args_text(part)}
            calls.append({"id": part.id, "type": "function", "function": function})
        elif not isinstance(part, p.Thought):
            raise c.foreign(part, message.source, own=_is_own(message.source, host))
    return {"role": "assistant", "content": text or (None if calls else ""), **({"tool_calls": calls} if calls else {})}
