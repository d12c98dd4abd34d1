"""The body of a completion from `POST /chat/completions`, of OpenAI or a host with its format, as a `ResponseData`."""

from __future__ import annotations

import base64
from collections.abc import Container, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, cast

import msgspec

from capably.providers.call_ids import unused_ids
from capably.providers.counts import count_of, counts_in, details_of, reported_cost
from capably.providers.json import list_of, load_body, object_of, text_in, text_of
from capably.providers.openai.content import decode_call_of, decode_custom_call
from capably.providers.openai.counts import ANSWER_PARTS, PROMPT_PARTS, with_cached_audio
from capably.providers.openai.errors import in_band, malformed_reply, wrong_shape
from capably.providers.openai.logprobs import decode_logprobs
from capably.providers.openai.schema import strict_tools
from capably.types import parts as p
from capably.types.calls import CustomToolCall
from capably.types.candidate import Candidate
from capably.types.request import Request
from capably.types.response_data import UNREADABLE, FinishReason, LazyPart, ResponseData, build_part, part_type
from capably.types.tools import Tool
from capably.types.usage import Usage

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

Json: TypeAlias = Mapping[str, Any]
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
    completion: Any, body: bytes, request: Request, provider: str, places: Sequence[Place] = ()
) -> ResponseData:
    """Build the reply from a parsed body. `places` gives the order of its parts if it is not the usual one."""
    if not isinstance(completion, dict):
        raise malformed_reply("the answer is no JSON object", provider, body)
    fields = cast(Json, completion)
    check_failed(fields, provider)
    shape_error = partial(wrong_shape, "completion", provider, body)
    try:
        reply = _reply(fields, body, request, places)
    except UNREADABLE as error:
        raise shape_error(error) from error
    reply.malformed_error = shape_error
    return reply


def check_failed(completion: Json, provider: str) -> None:
    """Raise the error in a body, at its top level or in its choice, regardless of the status code."""
    choices: Any = completion.get("choices")
    first: Any = cast("list[Any]", choices)[0] if isinstance(choices, list) and choices else None
    inner: Json = cast("Json", first) if isinstance(first, dict) else {}
    error = completion.get("error") or inner.get("error")
    if error:
        raise in_band(error, provider, body=completion)
    if inner.get("finish_reason") in FAILED:
        reason = inner["finish_reason"]
        raise in_band(
            {"code": reason, "message": f"the provider broke off the answer: {reason}"}, provider, body=completion
        )


def _reply(completion: Json, body: bytes, request: Request, places: Sequence[Place]) -> ResponseData:
    choice: Json = completion["choices"][0]
    message, content = _answer_of(choice, completion, request, places)
    reason, detail = _finish(choice, content)
    return ResponseData(
        content=content,
        finish_reason=reason,
        stop_detail=detail,
        stop_sequence=_stop_sequence(choice),
        logprobs=decode_logprobs(details_of(choice, "logprobs").get("content")),
        others=[_candidate(other, completion, request) for other in completion["choices"][1:]],
        usage=decode_usage(completion),
        body=body,
        wire=message,
        id=text_of(completion, "id"),
        model=text_of(completion, "model"),
    )


def _answer_of(
    choice: Json, completion: Json, request: Request, places: Sequence[Place] = ()
) -> tuple[dict[str, Any], list[p.Part | LazyPart]]:
    """Return the message of a choice, to be sent back, and its parts."""
    message = with_call_ids(_message_of(choice), request)
    parts = decode_message(message, completion, request)
    if places:
        indexes = {place: index for index, place in enumerate(places)}
        parts.sort(key=lambda placed: indexes.get(placed[0], len(indexes)))
    return message, [part for _, part in parts]


def _candidate(choice: Json, completion: Json, request: Request) -> Candidate:
    _, parts = _answer_of(choice, completion, request)
    reason, detail = _finish(choice, parts)
    return Candidate([build_part(part) for part in parts], reason, detail)


def _stop_sequence(choice: Json) -> str | None:
    """Return the stop sequence that was met, which vLLM and SGLang name."""
    met = choice.get("stop_reason") or choice.get("matched_stop")
    return met if isinstance(met, str) else None


def _message_of(choice: Json) -> dict[str, Any]:
    message = choice.get("message")
    if message is None and choice.get("finish_reason") in FILTERED:
        return {"role": "assistant", "content": ""}
    if not isinstance(message, dict):
        raise ValueError("a choice has no message")
    return cast("dict[str, Any]", message)


def with_call_ids(message: dict[str, Any], request: Request) -> dict[str, Any]:
    """Return the message with generated ids for tool calls that have none, so that outputs can name their call.

    No call of the conversation has one of them: they are sent on to providers that take an id once.
    """
    calls: list[dict[str, Any]] = message.get("tool_calls") or []
    if all(call.get("id") for call in calls):
        return message
    named: list[dict[str, Any]] = []
    taken = {call["id"] for call in calls if call.get("id")}
    for call in calls:
        id = call.get("id") or unused_id(request, taken)
        taken.add(id)
        named.append({**call, "id": id})
    return {**message, "tool_calls": named}


def unused_id(request: Request, taken: Container[str]) -> str:
    """Return an id for a call without one: no call of the conversation has it, and none of those `taken`."""
    return next(id for id in unused_ids(request.messages) if id not in taken)


# Parts


def decode_message(message: Json, completion: Json, request: Request) -> list[tuple[Place, p.Part | LazyPart]]:
    """Return the parts of a message with their places: thoughts, content, images, audio, refusal, calls.

    Texts and refusals are built now, others later.
    """
    placed: list[tuple[Place, p.Part | LazyPart]] = []
    thought = thought_of(message)
    if thought:
        placed.append((("thought", 0), (p.Thought, p.Thought, thought)))
    placed += [(("content", i), part) for i, part in enumerate(_content(message, completion))]
    placed += [(("image", i), (p.Image, _image, image)) for i, image in enumerate(list_of(message, "images"))]
    audio = object_of(message, "audio")
    if any(audio.values()):
        later = (
            (p.Audio, _audio, (audio, request))
            if audio.get("data")
            else (p.Unknown, partial(p.Unknown, "audio"), audio)
        )
        placed.append((("audio", 0), later))
    if message.get("refusal") not in (None, ""):
        placed.append((("refusal", 0), p.Refusal(text_in(message, "refusal"))))
    tools = strict_tools(request)
    placed += [(("call", i), decode_call(call, tools)) for i, call in enumerate(list_of(message, "tool_calls"))]
    legacy = message.get("function_call")
    if legacy and legacy.get("name"):
        later = p.ToolCall, decode_call_of, ("", legacy["name"], legacy.get("arguments"), tools)
        placed.append((("call", len(message.get("tool_calls") or ())), later))
    return placed


def thought_of(message: Json) -> str:
    """Return the thoughts of a message that are separate from its content."""
    for field in THOUGHTS:
        if isinstance(message.get(field), str) and message[field]:
            return message[field]
    details: Sequence[Json] = message.get("reasoning_details") or ()
    return "".join(map(detail_text, details))


def detail_text(detail: Json) -> str:
    """Return the text of a detail of the reasoning; an empty one for a detail of another kind."""
    return _text_in(detail, "text") or _text_in(detail, "summary")


def _text_in(fields: Json, name: str) -> str:
    """Return a text; an empty one if it is absent or null. Raise `TypeError` for anything else."""
    return text_in(fields, name) if fields.get(name) is not None else ""


def _content(message: Json, completion: Json) -> Sequence[p.Part | LazyPart]:
    content = message.get("content")
    if not content:
        if content is not None and content != "":
            check_empty(content)
        return []
    citations = _citations(message, completion)
    if isinstance(content, str):
        return [p.Text(content, citations)]
    return [_content_item(item, citations) for item in content]


def check_empty(content: Any) -> None:
    """Raise `TypeError` for a content that says nothing, and that is none either: `0`, `false`, `{}`."""
    if not isinstance(content, list):
        raise TypeError(f"'content' is a {type(content).__name__}, not a str or a list")


def _content_item(item: Json, citations: tuple[p.Citation, ...]) -> p.Part | LazyPart:
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


def _thought(item: Json) -> p.Part:
    return p.Thought(thinking_text(item))


def thinking_text(item: Json) -> str:
    """Return the text of a thought that is a content item: Mistral's `thinking` and Databricks' `reasoning`."""
    field = "summary" if item.get("thinking") is None else "thinking"
    if isinstance(item.get(field), str):
        return item[field]
    return "".join(_text_in(piece, "text") for piece in list_of(item, field))


def _image(image: Json) -> p.Image:
    url = image["image_url"] if isinstance(image["image_url"], str) else image["image_url"]["url"]
    return p.Image.from_url(url) if url.startswith("data:") else p.Image(url=url)


def _audio(source: tuple[Json, Request]) -> p.Part:
    audio, request = source
    options: Json = (request.extra or {}).get("audio") or {}
    kind: str = audio.get("format") or options.get("format") or "wav"
    data = base64.b64decode(audio["data"])
    return p.Audio(
        data=data, media_type=AUDIO_TYPES.get(kind, f"audio/{kind}"), transcript=text_of(audio, "transcript")
    )


AUDIO_TYPES = {"mp3": "audio/mpeg", "pcm16": "audio/pcm", "opus": "audio/ogg", "aac": "audio/aac"}


def decode_call(call: Json, tools: Mapping[str, Tool[Any]]) -> LazyPart:
    """Return a call of `tool_calls`: of a function, or of a custom tool, whose input is free text."""
    function = call.get("function")
    if function is not None:
        return p.ToolCall, decode_call_of, (call["id"], function["name"], function.get("arguments"), tools)
    custom = call.get("custom")
    if custom is not None:
        return CustomToolCall, decode_custom_call, (call["id"], custom["name"], custom.get("input"))
    return p.Unknown, partial(p.Unknown, text_of(call, "type") or "tool_call"), call


def _citations(message: Json, completion: Json) -> tuple[p.Citation, ...]:
    """Return the sources of the text: OpenAI's annotations, or Perplexity's lists beside the choices."""
    annotations: Sequence[Json] = message.get("annotations") or ()
    if annotations:
        text = message["content"] if isinstance(message["content"], str) else ""
        return tuple(_citation(raw.get("url_citation") or raw, raw, text) for raw in annotations if raw)
    sources: Sequence[Any] = completion.get("search_results") or completion.get("citations") or ()
    if not isinstance(sources, list):
        return ()
    pages: list[Json] = [{"url": source} if isinstance(source, str) else source for source in sources]
    return tuple(p.Citation(url=text_of(page, "url"), title=text_of(page, "title"), raw=page) for page in pages)


def _citation(source: Json, raw: Json, text: str) -> p.Citation:
    start, end = source.get("start_index"), source.get("end_index")
    span = text[start:end] if isinstance(start, int) and isinstance(end, int) else ""
    return p.Citation(url=text_of(source, "url"), title=text_of(source, "title"), cited_text=span or None, raw=raw)


# How it ended

_CALLS = frozenset((p.ToolCall, CustomToolCall))
"""Classes of calls that wait for the caller."""


def _finish(choice: Json, content: Sequence[p.Part | LazyPart]) -> tuple[FinishReason, str | None]:
    wire_reason: str = choice.get("finish_reason") or "stop"
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


def decode_usage(completion: Json) -> Usage:
    """Return the usage in normal form. Cached tokens are part of the prompt.

    The total reveals tokens that a host counts separately: Gemini and xAI count thoughts beside the completion,
    Mistral counts audio beside the prompt.
    """
    usage: Any = completion.get("usage")
    tier = text_of(completion, "service_tier")
    if not isinstance(usage, dict):
        return Usage(reported=False, service_tier=tier)
    counts = cast(Json, usage)
    prompt, answer = count_of(counts, "prompt_tokens"), count_of(counts, "completion_tokens")
    total = count_of(counts, "total_tokens")
    parts = counts_in(details_of(counts, "prompt_tokens_details"), PROMPT_PARTS)
    parts |= counts_in(details_of(counts, "completion_tokens_details"), ANSWER_PARTS)
    parts = {**counts_in(counts, OUTSIDE), **parts}
    reported = prompt is not None and (answer is not None or total is not None)
    prompt, answer = prompt or 0, answer or 0
    beside = (total or 0) - prompt - answer
    if beside > 0 and beside == parts.get("input_audio_tokens") != parts.get("reasoning_tokens"):
        prompt += beside
    elif beside > 0:
        answer += beside
        parts.setdefault("reasoning_tokens", beside)
    if "server_tool_use" in counts:
        parts |= counts_in(details_of(counts, "server_tool_use"), (("web_search_requests", "searches"),))
    return Usage(
        prompt,
        answer,
        **with_cached_audio(parts),
        reported=reported,
        reported_cost=reported_cost(counts),
        service_tier=tier,
    )


OUTSIDE = (
    ("prompt_cache_hit_tokens", "cache_read_tokens"),
    ("cached_tokens", "cache_read_tokens"),
    ("num_cached_tokens", "cache_read_tokens"),
    ("cache_read_input_tokens", "cache_read_tokens"),
    ("cache_creation_input_tokens", "cache_write_tokens"),
    ("num_search_queries", "searches"),
    ("num_sources_used", "searches"),
)
"""What hosts count outside of the details. Perplexity counts queries, xAI sources."""
