"""A generateContent body -> a `ResponseData`. Pure: no SDK, no I/O.

The first candidate is the answer; others (`extra={"generationConfig": {"candidateCount": 2}}`) are in `ResponseData.others`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from capably.providers.counts import count_of, details_of
from capably.providers.google.citations import SOURCES, cite
from capably.providers.google.content import CONTINUATION
from capably.providers.google.errors import error_of, malformed
from capably.providers.google.parts import PartReader, sendable
from capably.providers.json import as_object, load_body, object_of, objects_among, objects_of, text_in, text_of
from capably.types import parts as p
from capably.types.candidate import Candidate, TokenLogprob
from capably.types.errors import ProviderError
from capably.types.request import Request
from capably.types.response_data import UNREADABLE, FinishReason, LazyPart, ResponseData, build_part, part_type
from capably.types.usage import Usage

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject

FINISH: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "continuation",
    **dict.fromkeys(("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"), "content_filter"),
    **dict.fromkeys(("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"), "content_filter"),
    **dict.fromkeys(("MODEL_ARMOR", "ESCALATION"), "content_filter"),
    **dict.fromkeys(("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"), "error"),
    **dict.fromkeys(("MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE", "PUP_LIMITED_DISABLED"), "error"),
    **dict.fromkeys(("OTHER", "IMAGE_OTHER", "NO_IMAGE"), "error"),
}
"""Google's finish reasons -> ours. Source: google-genai 3.4.0 `types.FinishReason` (read 2026-11-22)."""


def decode_reply(body: bytes, request: Request) -> ResponseData:
    """Decode the reply in a body. Raise `ServerError` if it is malformed, and the reported error if it contains one."""
    try:
        wire = load_body(body)
    except msgspec.DecodeError as error:
        raise malformed(f"it is no JSON ({error})", body) from error

    def shape_error(error: Exception) -> ProviderError:
        return malformed(str(error), wire)

    try:
        reply = _read_reply(wire, body, request)
    except UNREADABLE as error:
        raise shape_error(error) from error
    reply.malformed_error = shape_error
    return reply


def _read_reply(wire: Json, body: bytes, request: Request) -> ResponseData:
    if is_error(wire):
        raise error_of(wire)
    reply = as_object(wire, "body")
    candidates = objects_of(reply, "candidates")
    usage = read_usage(reply.get("usageMetadata"), candidates[0] if candidates else {})
    if not candidates:
        return _reply(reply, body, (), "content_filter", usage, stop_detail=_blocked(reply))
    answer = _read_candidate(candidates[0], reply, request)
    made = _reply(reply, body, answer.parts, answer.finish, usage, stop_detail=answer.stop_detail, wire=answer.content)
    if "logprobsResult" in candidates[0]:
        made.logprobs = tuple(decode_logprobs(candidates[0]["logprobsResult"]))
    if len(candidates) > 1:
        others = [_read_candidate(candidate, reply, request) for candidate in candidates[1:]]
        made.others = tuple(Candidate(list(map(build_part, o.parts)), o.finish, o.stop_detail) for o in others)
    return made


class _Answer(NamedTuple):
    """One candidate, read. `content` is what the next request sends back."""

    parts: Sequence[p.Part | LazyPart]
    finish: FinishReason
    stop_detail: str | None
    content: JsonObject


def _read_candidate(candidate: JsonObject, reply: JsonObject, request: Request) -> _Answer:
    content = object_of(candidate, "content")
    wire_parts = objects_of(content, "parts")
    reason = candidate.get("finishReason")
    if reason is None and not wire_parts and blocked_by(reply) is None:
        raise ValueError("its candidate has neither parts nor a finish reason")
    parts = _read_parts(candidate, wire_parts, request)
    content = sendable(content, wire_parts)
    blocked = blocked_by(reply) if reason is None else None
    if blocked is not None:
        return _Answer(parts, "content_filter", blocked, content)
    finish = _finish(reason, parts)
    token = text_of(candidate, CONTINUATION)
    if finish == "continuation" and token:
        return _Answer(parts, finish, token, {**content, CONTINUATION: token})
    return _Answer(parts, finish, _stop_detail(finish, reason, candidate), content)


def decode_logprobs(result: Json) -> Sequence[TokenLogprob]:
    """Return the tokens that Google chose, each with the most likely ones at its place."""
    lists = as_object(result or {}, "logprobsResult")
    tops = [objects_of(step, "candidates") for step in objects_of(lists, "topCandidates")]
    chosen = objects_of(lists, "chosenCandidates")
    return [
        _logprob(token, [_logprob(top) for top in (tops[place] if place < len(tops) else ())])
        for place, token in enumerate(chosen)
    ]


def _logprob(token: JsonObject, alternatives: Sequence[TokenLogprob] = ()) -> TokenLogprob:
    """Return a token with its probability, which is a word where JSON has no number for it."""
    number = token.get("logProbability", 0.0)
    if not isinstance(number, (int, float)):
        number = -math.inf if number == "-Infinity" else math.nan
    return TokenLogprob(str(token.get("token", "")), number, alternatives=alternatives)


def _reply(
    reply: JsonObject,
    body: bytes,
    parts: Sequence[p.Part | LazyPart],
    finish: FinishReason,
    usage: Usage,
    *,
    stop_detail: str | None,
    wire: Json = None,
) -> ResponseData:
    return ResponseData(
        content=parts,
        finish_reason=finish,
        usage=usage,
        body=body,
        wire=wire,
        id=text_of(reply, "responseId"),
        model=text_of(reply, "modelVersion"),
        stop_detail=stop_detail,
    )


def is_error(wire: Json) -> bool:
    """Return whether a body, or an event of a stream, reports a failure. Some failures are a list of one object."""
    if isinstance(wire, list):
        return len(wire) == 1 and is_error(wire[0])
    return isinstance(wire, dict) and "error" in wire


def blocked_by(reply: JsonObject) -> str | None:
    """Return why the prompt was blocked; `None` if it was not."""
    feedback = as_object(reply.get("promptFeedback") or {}, "promptFeedback")
    reason = feedback.get("blockReason")
    return None if reason is None else _joined(str(reason), feedback.get("blockReasonMessage"))


def _blocked(reply: JsonObject) -> str:
    reason = blocked_by(reply)
    if reason is None:
        raise ValueError("it has no candidates, and does not say that the prompt was blocked")
    return reason


def _read_parts(candidate: JsonObject, wire: Sequence[JsonObject], request: Request) -> Sequence[p.Part | LazyPart]:
    """Return the neutral parts: texts with their citations built now, others lazily.

    Neighbouring texts are one text: Gemini splits them where a stream or a tool broke them, in mid-word at times.
    """
    reader = PartReader(request)
    parts: list[LazyPart] = []
    pieces: dict[int, list[str]] = {}  # Of the parts that are made of several texts.
    owners: list[int] = []  # For each wire part the place of the part it went into; -1 for none.
    for wire_part in wire:
        part = reader.read(wire_part)
        if part is None:
            owners.append(-1)
            continue
        if part[0] in (p.Text, p.Thought) and parts and parts[-1][0] is part[0]:
            pieces.setdefault(len(parts) - 1, [text_in(parts[-1][2], "text")]).append(text_in(part[2], "text"))
        else:
            parts.append(part)
        owners.append(len(parts) - 1)
    for place, texts in pieces.items():
        kind, build, _ = parts[place]
        parts[place] = kind, build, {"text": "".join(texts)}
    read = [build_part(part) if part[0] is p.Text else part for part in parts]
    if not SOURCES.isdisjoint(candidate):
        cite(candidate, read, owners)
    return read


def _finish(reason: Json, parts: Sequence[p.Part | LazyPart]) -> FinishReason:
    """Map the finish reason, or return `other` (the detail then has Google's word). Without a reason, the answer is
    complete."""
    finish = "stop" if reason is None else FINISH.get(str(reason), "other")
    return "tool_use" if finish == "stop" and p.ToolCall in map(part_type, parts) else finish


def _stop_detail(finish: FinishReason, reason: Json, candidate: JsonObject) -> str | None:
    """Return Google's explanation of the finish reason; `None` for an ordinary end."""
    if finish in ("stop", "tool_use", "length"):
        return None
    return _joined(str(reason), candidate.get("finishMessage"))


def _joined(word: str, message: Json) -> str:
    return f"{word}: {message}" if message else word


def read_usage(usage: Json, candidate: JsonObject) -> Usage:
    """Return the usage in normal form. Google's prompt count includes cached tokens; its answer count excludes
    thoughts. A count of 0 is left out."""
    if not isinstance(usage, dict):
        return Usage(reported=False, searches=_searches(candidate))
    prompt, answer = count_of(usage, "promptTokenCount"), count_of(usage, "candidatesTokenCount") or 0
    thoughts, tools = count_of(usage, "thoughtsTokenCount") or 0, count_of(usage, "toolUsePromptTokenCount") or 0
    cached = count_of(usage, "cachedContentTokenCount") or 0
    kinds = _kinds(usage)
    audio, cached_audio = kinds.get("input_audio_tokens", 0), kinds.get("cache_read_audio_tokens", 0)
    says_cached_audio = not (cached and audio) or "cacheTokensDetails" in usage
    return Usage(
        (prompt or 0) + tools,
        answer + thoughts,
        thoughts,
        cached,
        input_audio_tokens=audio,
        input_image_tokens=kinds.get("input_image_tokens", 0),
        cache_read_audio_tokens=cached_audio if says_cached_audio else min(cached, audio),
        output_audio_tokens=kinds.get("output_audio_tokens", 0),
        output_image_tokens=kinds.get("output_image_tokens", 0),
        cache_read_audio_reported=says_cached_audio,
        searches=_searches(candidate),
        reported=prompt is not None or count_of(usage, "totalTokenCount") == tools + answer + thoughts,
        service_tier=_tier(usage),
    )


MODALITIES = (
    ("promptTokensDetails", {"AUDIO": "input_audio_tokens", "IMAGE": "input_image_tokens"}),
    ("toolUsePromptTokensDetails", {"AUDIO": "input_audio_tokens", "IMAGE": "input_image_tokens"}),
    ("cacheTokensDetails", {"AUDIO": "cache_read_audio_tokens"}),
    ("candidatesTokensDetails", {"AUDIO": "output_audio_tokens", "IMAGE": "output_image_tokens"}),
)
"""Google's breakdowns -> the fields of `Usage` for the modalities that are paid by themselves."""


def _kinds(counts: JsonObject) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for name, fields in MODALITIES:
        if name in counts:
            for entry in objects_among(counts[name]):
                field = fields.get(str(entry.get("modality")))
                if field:
                    kinds[field] = kinds.get(field, 0) + (count_of(entry, "tokenCount") or 0)
    return kinds


TIERS = {"ON_DEMAND": "default", "ON_DEMAND_FLEX": "flex", "ON_DEMAND_PRIORITY": "priority"}
"""Vertex AI's traffic types that are tiers -> the words of OpenAI and of the Gemini API."""


def _tier(counts: JsonObject) -> str | None:
    tier = counts.get("serviceTier") or counts.get("trafficType")
    if not isinstance(tier, str) or tier.endswith("UNSPECIFIED"):
        return None
    return TIERS.get(tier, tier.lower())


def _searches(candidate: JsonObject) -> int:
    """Return how many queries Google searched for, pages and pictures alike."""
    if "groundingMetadata" not in candidate:
        return 0
    metadata = details_of(candidate, "groundingMetadata")
    queries = [metadata.get(name) for name in ("webSearchQueries", "imageSearchQueries")]
    return sum(len(listed) for listed in queries if isinstance(listed, list))
