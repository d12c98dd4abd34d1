"""A reply, Anthropic's wire to ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from capably.providers.anthropic.errors import error_from_body
from capably.providers.counts import count_of, details_of
from capably.providers.json import list_in, load_body, objects_among, text_in, text_of
from capably.types import parts as p
from capably.types.arguments import read_arguments, wire_object
from capably.types.errors import ServerError
from capably.types.request import Request
from capably.types.response_data import UNREADABLE, FinishReason, LazyPart, ResponseData
from capably.types.usage import Usage

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject

FINISH: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_use",
    "refusal": "refusal",
    "pause_turn": "pause",
    "compaction": "pause",
    "model_context_window_exceeded": "context_overflow",
}
"""`stop_reason` -> our word; any other is `other`, and stands in the detail."""


def decode_reply(body: bytes, request: Request, *, provider: str = "anthropic") -> ResponseData:
    """Decode the reply in `body`. An error body raises its error; an unreadable body raises `ServerError`, and so
    does an unreadable part when it is read."""
    try:
        message = load_body(body)
    except msgspec.DecodeError as error:
        raise malformed_reply(f"is no JSON ({error})", _words_of(body), provider) from error
    if not isinstance(message, dict) or message.get("type") != "message":
        if isinstance(message, dict) and "error" in message:
            raise error_from_body(message, provider=provider)
        raise malformed_reply("is no message", message, provider)
    shape_error = partial(_wrong_shape, message, provider)
    try:
        content, reason = list_in(message, "content"), text_in(message, "stop_reason")
        finish, stop_sequence = FINISH.get(reason, "other"), text_of(message, "stop_sequence")
        reply = ResponseData(
            content=[decode_block(block) for block in content],
            finish_reason=finish,
            stop_detail=_stop_detail(message, reason if finish == "other" else None) or stop_sequence,
            stop_sequence=stop_sequence,
            usage=decode_usage(message.get("usage")),
            body=body,
            wire=_wire(message, content, request.model_id, paused=finish == "pause"),
            id=text_of(message, "id"),
            model=text_of(message, "model"),
        )
    except UNREADABLE as error:
        raise shape_error(error) from error
    reply.malformed_error = shape_error
    return reply


def _wrong_shape(message: Json, provider: str, error: Exception) -> ServerError:
    return malformed_reply(f"lacks a field or has one of the wrong type ({error})", message, provider)


def malformed_reply(what: str, body: Json, provider: str) -> ServerError:
    """Return the error for a reply that cannot be read."""
    return ServerError(f"The reply {what} ({provider}). It is in `.body` of this error.", provider=provider, body=body)


def decode_block(block: Json) -> p.Part | LazyPart:
    """Decode one content block: a text now, other kinds lazily. A kind without a class becomes `Unknown`."""
    if type(block) is not dict:
        raise TypeError(f"a block is a {type(block).__name__}, not an object")
    kind = text_in(block, "type")
    if kind == "text":
        return _text(block)
    made, build = _LATER.get(kind) or (p.Unknown, partial(p.Unknown, kind))
    return made, build, block


def decode_usage(usage: Json) -> Usage:
    """Return the usage in normal form. Anthropic's `input_tokens` exclude cached tokens.

    Its totals exclude compaction and the tokens of an advisor, which is another model. If a fallback served the turn, they
    are those of that model.
    """
    if not isinstance(usage, dict):
        return Usage(reported=False)
    tier = _tier(usage)
    steps = objects_among(usage["iterations"]) if usage.get("iterations") else ()
    served = next((text_of(step, "model") for step in steps if step.get("type") == "fallback_message"), None)
    others = [step for step in steps if step.get("type") in ("compaction", "advisor_message")]
    calls = [_usage(usage, tier, served), *(_usage(step, tier, text_of(step, "model")) for step in others)]
    calls[0].searches = count_of(details_of(usage, "server_tool_use"), "web_search_requests") or 0
    return calls[0] if len(calls) == 1 else sum(calls, Usage())


ANYWHERE = (None, "global", "not_available")
"""Values of `inference_geo` at the usual rates. In one country the same tokens cost more.

Source: https://platform.claude.com/docs/en/manage-claude/data-residency (read 2026-11-30)."""


def _tier(usage: JsonObject) -> str | None:
    """Return what the rates of a call depend on: that it was fast, where it ran, that a credit changed its bill, or its tier."""
    place, status = usage.get("inference_geo"), details_of(details_of(usage, "fallback_credit"), "status")
    if usage.get("speed") == "fast":
        return "fast"
    if isinstance(place, str) and place not in ANYWHERE:
        return place
    return "fallback_credit" if status.get("type") == "redeemed" else text_of(usage, "service_tier")


def _usage(usage: JsonObject, tier: str | None, model: str | None) -> Usage:
    """Return the counts of one model. Anthropic counts the parts of the prompt that its cache reads or writes beside it."""
    prompt, answer = count_of(usage, "input_tokens"), count_of(usage, "output_tokens")
    read = count_of(usage, "cache_read_input_tokens") or 0
    lives = details_of(usage, "cache_creation")
    short, long = (count_of(lives, f"ephemeral_{life}_input_tokens") or 0 for life in ("5m", "1h"))
    written = count_of(usage, "cache_creation_input_tokens") or short + long
    return Usage(
        (prompt or 0) + read + written,
        answer or 0,
        count_of(details_of(usage, "output_tokens_details"), "thinking_tokens") or 0,
        read,
        written,
        long,
        reported=prompt is not None and answer is not None,
        service_tier=tier,
        model=model,
    )


def _stop_detail(message: JsonObject, own: str | None) -> str | None:
    """Return the reason of a refusal: `cyber: This request ...`. The provider's `own` word, which has no other here, comes first."""
    details = message.get("stop_details")
    if not isinstance(details, dict):
        return own
    words = (own, text_of(details, "category"), text_of(details, "explanation"))
    return ": ".join(word for word in words if word) or None


def _wire(message: JsonObject, content: list[Json], model_id: str, *, paused: bool) -> JsonObject:
    """Return what the next request sends back: the blocks as received, the requested model, and the sandbox.

    The reply names the dated snapshot of an alias, so the requested id is stored to detect the same model later.
    """
    wire: JsonObject = {"content": list(map(_sendable, content)), "model": model_id}
    if paused:
        wire["paused"] = True  # It goes on from where it stands, with models too that take no `prefill`.
    if message.get("container"):
        wire["container"] = message["container"]
    return wire


def _sendable(block: Json) -> Json:
    """Return the block as the API accepts it back: its input must be an object, unless its kind has none."""
    if type(block) is not dict:
        return block
    sent = block.get("input")
    if type(sent) is dict or ("input" not in block and block.get("type") != "tool_use"):
        return block
    return {**block, "input": wire_object(sent)}


def _text(block: JsonObject) -> p.Part:
    return p.Text(text_in(block, "text"), tuple(map(_citation, objects_among(block.get("citations")))))


def _citation(citation: JsonObject) -> p.Citation:
    return p.Citation(
        url=text_of(citation, "url") or text_of(citation, "source"),
        title=text_of(citation, "title") or text_of(citation, "document_title"),
        cited_text=text_of(citation, "cited_text"),
        raw=citation,
    )


def _thinking(block: JsonObject) -> p.Part:
    return p.Thought(text_in(block, "thinking"))


def _redacted_thinking(_block: JsonObject) -> p.Part:
    return p.Thought("", redacted=True)


def _tool_use(block: JsonObject) -> p.Part:
    """Decode a tool call. Unreadable arguments (a stream cut by `max_tokens`) stay as text in `raw_args`."""
    id, name = text_in(block, "id"), text_in(block, "name")
    args, raw_args, _ = read_arguments(block.get("input"))
    return p.ToolCall(id, name, args, raw_args)


_LATER: dict[str, tuple[type[p.Part], Callable[[JsonObject], p.Part]]] = {
    "thinking": (p.Thought, _thinking),
    "redacted_thinking": (p.Thought, _redacted_thinking),
    "tool_use": (p.ToolCall, _tool_use),
}


def _words_of(body: bytes) -> str:
    return body.decode("utf-8", "replace")
