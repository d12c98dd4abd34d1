"""The body of a completion from `POST /chat/completions`, of OpenAI or a host with its format, as a `ResponseData`."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

import msgspec

from capably.providers.call_ids import unused_ids
from capably.providers.counts import NOTHING, details_of
from capably.providers.json import as_object, list_in, load_body, object_in, objects_among, objects_of, text_in, text_of
from capably.providers.openai.chat.usage import decode_usage
from capably.providers.openai.content import decode_call_of, decode_custom_call
from capably.providers.openai.errors import in_band, malformed_reply, other_error, wrong_shape
from capably.providers.openai.logprobs import decode_logprobs
from capably.providers.openai.schema import strict_tools
from capably.types import parts as p
from capably.types.calls import CustomToolCall
from capably.types.candidate import Candidate, TokenLogprob
from capably.types.media_types import decode_base64
from capably.types.request import Request
from capably.types.response_data import UNREADABLE, FinishReason, LazyPart, ResponseData, build_part, part_type

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject
    from capably.types.tools import AnyTool

FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "tool_use": "tool_use",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "sensitive": "content_filter",
    "refusal": "refusal",
    "model_length": "context_overflow",
    "model_context_window_exceeded": "context_overflow",
}
"""Neutral words for what hosts call the end; any other is `other`, and stands in the detail."""

FILTERED = tuple(word for word, reason in FINISH.items() if reason == "content_filter")
"""Ends without which an answer must have a message. Azure leaves it out of a choice that it filtered."""

FAILED = ("error", "insufficient_system_resource", "network_error")
"""Ends that are failures of the host, in the middle of the answer."""

THOUGHTS = ("reasoning_content", "reasoning")
"""Fields of a message that hold its thoughts: DeepSeek's name, which most hosts took, and OpenRouter's."""

Place: TypeAlias = tuple[str, int]
"""Where in a message a part stands: `("content", 0)`, `("call", 1)`, ..."""


def decode_reply(body: bytes, request: Request, provider: str = "openai") -> ResponseData:
    """Decode the reply. An error inside the body is raised; an unreadable body raises `ServerError` with the body."""
    try:
        completion = load_body(body)
    except msgspec.DecodeError as error:
        raise malformed_reply(f"the answer is no JSON ({error})", provider, body) from error
    return decode_completion(completion, body, request, provider)


def decode_completion(
    completion: Json, body: bytes, request: Request, provider: str, places: Sequence[Place] = ()
) -> ResponseData:
    """Build the reply from a parsed body. `places` gives the order of its parts if it is not the usual one."""
    if not isinstance(completion, dict):
        raise malformed_reply("the answer is no JSON object", provider, body)
    check_failed(completion, provider, complete=True)
    shape_error = partial(wrong_shape, "completion", provider, body)
    try:
        reply = _reply(completion, body, request, places)
    except UNREADABLE as error:
        raise shape_error(error) from error
    reply.malformed_error = shape_error
    return reply


def check_failed(completion: JsonObject, provider: str, *, complete: bool = False) -> None:
    """Raise the error in a body, at its top level or in its choice, regardless of the status code. A `complete` one without choices is
    an error if it has a message."""
    choices = completion.get("choices")
    first = choices[0] if type(choices) is list and choices else None
    inner = first if type(first) is dict else NOTHING
    groq = details_of(completion, "x_groq").get("error") if "x_groq" in completion else None
    error = completion.get("error") or inner.get("error") or groq or (complete and other_error(completion, "choices"))
    if error:
        raise in_band(error, provider, body=completion)
    if inner.get("finish_reason") in FAILED:
        reason = inner["finish_reason"]
        raise in_band(
            {"code": reason, "message": f"the provider broke off the answer: {reason}"}, provider, body=completion
        )


def _reply(completion: JsonObject, body: bytes, request: Request, places: Sequence[Place]) -> ResponseData:
    choices = list_in(completion, "choices")
    choice = as_object(choices[0], "choices")
    message, content = _answer_of(choice, completion, request, places)
    reason, detail = _finish(choice, content)
    return ResponseData(
        content=content,
        finish_reason=reason,
        stop_detail=detail,
        stop_sequence=_stop_sequence(choice),
        logprobs=_logprobs(details_of(choice, "logprobs")),
        others=[_candidate(as_object(other, "choices"), completion, request) for other in choices[1:]],
        usage=decode_usage(completion),
        body=body,
        wire=message,
        id=text_of(completion, "id"),
        model=text_of(completion, "model"),
    )


def _answer_of(
    choice: JsonObject, completion: JsonObject, request: Request, places: Sequence[Place] = ()
) -> tuple[JsonObject, list[p.Part | LazyPart]]:
    """Return the message of a choice, to be sent back, and its parts."""
    message = _with_call_ids(_message_of(choice), request)
    parts = decode_message(message, completion, request)
    if places:
        indexes = {place: index for index, place in enumerate(places)}
        parts.sort(key=lambda placed: indexes.get(placed[0], len(indexes)))
    return message, [part for _, part in parts]


def _candidate(choice: JsonObject, completion: JsonObject, request: Request) -> Candidate:
    _, parts = _answer_of(choice, completion, request)
    reason, detail = _finish(choice, parts)
    return Candidate([build_part(part) for part in parts], reason, detail)


def _logprobs(lists: Mapping[str, Json]) -> Sequence[TokenLogprob]:
    """Return the tokens of the words, then those of a refusal."""
    return [*decode_logprobs(lists.get("content")), *decode_logprobs(lists.get("refusal"))]


def _stop_sequence(choice: JsonObject) -> str | None:
    """Return the stop sequence that was met, which vLLM and SGLang name."""
    met = choice.get("stop_reason") or choice.get("matched_stop")
    return met if isinstance(met, str) else None


def _message_of(choice: JsonObject) -> JsonObject:
    message = choice.get("message")
    if message is None and choice.get("finish_reason") in FILTERED:
        return {"role": "assistant", "content": ""}
    if not isinstance(message, dict):
        raise ValueError("a choice has no message")
    return message


def _with_call_ids(message: JsonObject, request: Request) -> JsonObject:
    """Return the message with generated ids for tool calls that have none, so that outputs can name their call.

    No call of the conversation has one of them: they are sent on to providers that take an id once.
    """
    given = message.get("tool_calls")
    if type(given) is not list or not [call for call in given if type(call) is dict and not call.get("id")]:
        return message
    named: list[Json] = []
    calls = objects_of(message, "tool_calls")
    taken = {id for call in calls if type(id := call.get("id")) is str}
    for call in calls:
        id = call.get("id")
        if not id:
            id = unused_id(request, taken)
            taken.add(id)
        named.append({**call, "id": id})
    return {**message, "tool_calls": named}


def unused_id(request: Request, taken: Container[str]) -> str:
    """Return an id for a call without one: no call of the conversation has it, and none of those `taken`."""
    return next(id for id in unused_ids(request.messages) if id not in taken)


# Parts


def decode_message(
    message: JsonObject, completion: JsonObject, request: Request
) -> list[tuple[Place, p.Part | LazyPart]]:
    """Return the parts of a message with their places: thoughts, content, images, audio, refusal, calls.

    Texts and refusals are built now, others later.
    """
    placed: list[tuple[Place, p.Part | LazyPart]] = []
    if own_thought(message) or detailed_thought(message):
        placed.append((("thought", 0), (p.Thought, _separate_thought, message)))
    placed += [(("content", i), part) for i, part in enumerate(_content(message, completion))]
    if "images" in message:
        placed += [(("image", i), (p.Image, _image, image)) for i, image in enumerate(objects_of(message, "images"))]
    audio = object_in(message, "audio") if message.get("audio") is not None else {}
    if audio.get("data"):
        placed.append((("audio", 0), (p.Audio, partial(_audio, request), audio)))
    elif any(audio.values()):
        placed.append((("audio", 0), (p.Unknown, partial(p.Unknown, "audio"), audio)))
    if message.get("refusal") not in (None, ""):
        placed.append((("refusal", 0), p.Refusal(text_in(message, "refusal"))))
    tools = strict_tools(request)
    calls = objects_of(message, "tool_calls")
    placed += [(("call", i), decode_call(call, tools)) for i, call in enumerate(calls)]
    if message.get("function_call"):
        legacy = object_in(message, "function_call")
        if legacy.get("name"):
            later = p.ToolCall, partial(_function_call, "", legacy["name"], tools), legacy
            placed.append((("call", len(calls)), later))
    return placed


def own_thought(message: Mapping[str, Json]) -> str:
    """Return the text of a field that holds nothing but thoughts; an empty one if there is none."""
    for field in THOUGHTS:
        text = message.get(field)
        if text and type(text) is str:
            return text
    return ""


def detailed_thought(message: Mapping[str, Json]) -> str:
    """Return the text in the details of a reasoning. Details of other kinds have none."""
    details = objects_of(message, "reasoning_details") if message.get("reasoning_details") else ()
    return "".join([_text_in(detail, "text") or _text_in(detail, "summary") for detail in details])


def _separate_thought(message: JsonObject) -> p.Part:
    return p.Thought(own_thought(message) or detailed_thought(message))


def _text_in(fields: JsonObject, name: str) -> str:
    """Return a text; an empty one if it is absent or null. Raise `TypeError` for anything else."""
    return text_in(fields, name) if fields.get(name) is not None else ""


def _content(message: JsonObject, completion: JsonObject) -> Sequence[p.Part | LazyPart]:
    content = message.get("content")
    if content is None or content == "":
        return ()
    citations = _citations(message, completion)
    if type(content) is str:
        return [p.Text(content, citations)]
    return [_content_item(item, citations) for item in objects_of(message, "content")]


def _content_item(item: JsonObject, citations: tuple[p.Citation, ...]) -> p.Part | LazyPart:
    kind = text_in(item, "type")
    if kind in ("text", "output_text"):
        return p.Text(text_in(item, "text"), citations)
    if kind == "refusal":
        return p.Refusal(text_in(item, "refusal"))
    if kind in ("thinking", "reasoning"):
        return p.Thought, _thought, item
    if kind == "image_url":
        return p.Image, _image, item
    return p.Unknown, partial(p.Unknown, kind), item


def _thought(item: JsonObject) -> p.Part:
    return p.Thought(thinking_text(item))


def thinking_text(item: JsonObject) -> str:
    """Return the text of a thought that is a content item: Mistral's `thinking` and Databricks' `reasoning`."""
    field = "summary" if item.get("thinking") is None else "thinking"
    text = text_of(item, field)
    return "".join([_text_in(piece, "text") for piece in objects_of(item, field)]) if text is None else text


def _image(image: JsonObject) -> p.Part:
    source = image["image_url"]
    url = source if type(source) is str else text_in(object_in(image, "image_url"), "url")
    return p.Image.from_url(url) if url.startswith("data:") else p.Image(url=url)


def _audio(request: Request, audio: JsonObject) -> p.Part:
    kind = text_of(audio, "format") or _audio_format(request)
    return p.Audio(
        data=decode_base64(text_in(audio, "data")),
        media_type=AUDIO_TYPES.get(kind, f"audio/{kind}"),
        transcript=text_of(audio, "transcript"),
    )


def _audio_format(request: Request) -> str:
    """Return the format of sound that the caller asked for, or that is asked for by default."""
    options = (request.extra or {}).get("audio")
    format = cast("Mapping[str, object]", options).get("format") if isinstance(options, Mapping) else None
    return format if isinstance(format, str) else "wav"


AUDIO_TYPES = {"mp3": "audio/mpeg", "pcm16": "audio/pcm", "opus": "audio/ogg", "aac": "audio/aac"}


def decode_call(call: JsonObject, tools: Mapping[str, AnyTool]) -> LazyPart:
    """Return a call of `tool_calls`: of a function, or of a custom tool, whose input is free text."""
    function = call.get("function")
    if type(function) is dict:
        return p.ToolCall, partial(_function_call, call["id"], function["name"], tools), function
    custom = call.get("custom")
    if type(custom) is dict and function is None:
        return CustomToolCall, partial(_custom_call, call["id"], custom["name"]), custom
    if function is not None or custom is not None:
        raise TypeError("what a call calls is no object")
    return p.Unknown, partial(p.Unknown, text_of(call, "type") or "tool_call"), call


def _function_call(id: Json, name: Json, tools: Mapping[str, AnyTool], function: JsonObject) -> p.Part:
    return decode_call_of(id, name, function.get("arguments"), tools)


def _custom_call(id: Json, name: Json, custom: JsonObject) -> p.Part:
    return decode_custom_call(id, name, custom.get("input"))


def _citations(message: JsonObject, completion: JsonObject) -> tuple[p.Citation, ...]:
    """Return the sources of the text: OpenAI's annotations, or Perplexity's lists beside the choices."""
    annotations = message.get("annotations")
    if annotations:
        text = text_of(message, "content") or ""
        return tuple([_citation(raw, text) for raw in objects_among(annotations)])
    sources = completion.get("search_results") or completion.get("citations")
    if not sources or type(sources) is not list:
        return ()
    pages = objects_among([{"url": source} if type(source) is str else source for source in sources])
    return tuple([p.Citation(url=text_of(page, "url"), title=text_of(page, "title"), raw=page) for page in pages])


def _citation(raw: JsonObject, text: str) -> p.Citation:
    source = details_of(raw, "url_citation") or raw
    start, end = source.get("start_index"), source.get("end_index")
    span = text[start:end] if isinstance(start, int) and isinstance(end, int) else ""
    return p.Citation(url=text_of(source, "url"), title=text_of(source, "title"), cited_text=span or None, raw=raw)


# How it ended

_CALLS = frozenset((p.ToolCall, CustomToolCall))
"""Classes of calls that wait for the caller."""


def _finish(choice: JsonObject, content: Sequence[p.Part | LazyPart]) -> tuple[FinishReason, str | None]:
    wire_reason = text_in(choice, "finish_reason") if choice.get("finish_reason") else "stop"
    reason = FINISH.get(wire_reason, "other")
    native = text_of(choice, "native_finish_reason")
    detail = native if native and native != wire_reason else None
    refusal = next((part.text for part in content if isinstance(part, p.Refusal)), None)
    if reason == "stop" and refusal is not None:
        return "refusal", refusal
    if reason == "stop":
        return ("stop" if _CALLS.isdisjoint(map(part_type, content)) else "tool_use"), None
    if reason == "other":
        return reason, ": ".join(word for word in (wire_reason, refusal or detail) if word)
    return reason, None if reason == "tool_use" else refusal or detail
