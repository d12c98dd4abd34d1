"""A reply, Anthropic's wire to ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from capably.providers.anthropic.errors import error_from_body
from capably.providers.counts import count_of, counts_in, details_of
from capably.providers.json import is_object, list_in, load_body, text_in, text_of
from capably.types import parts as p
from capably.types.arguments import read_arguments, wire_object
from capably.types.errors import ServerError
from capably.types.request import Request
from capably.types.response_data import UNREADABLE, FinishReason, LazyPart, ResponseData
from capably.types.usage import Usage

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
        message: Any = load_body(body)
    except msgspec.DecodeError as error:
        raise malformed_reply(f"is no JSON ({error})", _words_of(body), provider) from error
    if not is_object(message) or message.get("type") != "message":
        if is_object(message) and "error" in message:
            raise error_from_body(message, provider=provider)
        raise malformed_reply("is no message", message, provider)
    shape_error = partial(_wrong_shape, message, provider)
    try:
        content: list[Any] = list_in(message, "content")
        reply = ResponseData(
            content=[decode_block(block) for block in content],
            finish_reason=decode_finish(message),
            stop_detail=_stop_detail(message),
            stop_sequence=text_of(message, "stop_sequence"),
            usage=decode_usage(message.get("usage")),
            body=body,
            wire=_wire(message, content, request),
            id=text_of(message, "id"),
            model=text_of(message, "model"),
        )
    except UNREADABLE as error:
        raise shape_error(error) from error
    reply.malformed_error = shape_error
    return reply


def _wrong_shape(message: Any, provider: str, error: Exception) -> ServerError:
    return malformed_reply(f"lacks a field or has one of the wrong type ({error})", message, provider)


def malformed_reply(what: str, body: Any, provider: str) -> ServerError:
    """Return the error for a reply that cannot be read."""
    return ServerError(f"The reply {what} ({provider}). It is in `.body` of this error.", provider=provider, body=body)


def decode_block(block: dict[str, Any]) -> p.Part | LazyPart:
    """Decode one content block: a text now, other kinds lazily. A kind without a class becomes `Unknown`."""
    kind = text_in(block, "type")
    if kind == "text":
        return _text(block)
    made, build = _LATER.get(kind) or (p.Unknown, partial(p.Unknown, kind))
    return made, build, block


def decode_finish(message: dict[str, Any]) -> FinishReason:
    return FINISH.get(text_in(message, "stop_reason"), "other")


def decode_usage(usage: Any) -> Usage:
    """Return the usage in normal form. Anthropic's `input_tokens` exclude cached tokens.

    Its totals exclude compaction and the tokens of an advisor, which is another model. If a fallback served the turn, they
    are those of that model.
    """
    if not is_object(usage):
        return Usage(reported=False)
    tier = usage.get("speed") if usage.get("speed") == "fast" else usage.get("service_tier")
    steps: list[dict[str, Any]] = usage.get("iterations") or []
    served = next((step.get("model") for step in steps if step["type"] == "fallback_message"), None)
    others = [step for step in steps if step["type"] in ("compaction", "advisor_message")]
    calls = [_usage(usage, tier, served), *(_usage(step, tier, step.get("model")) for step in others)]
    calls[0].searches = count_of(details_of(usage, "server_tool_use"), "web_search_requests") or 0
    return calls[0] if len(calls) == 1 else sum(calls, Usage())


def _usage(usage: dict[str, Any], tier: str | None, model: str | None = None) -> Usage:
    prompt, answer = count_of(usage, "input_tokens"), count_of(usage, "output_tokens")
    parts = counts_in(usage, CACHED)
    inside = sum(parts.values())
    parts |= counts_in(details_of(usage, "output_tokens_details"), (("thinking_tokens", "reasoning_tokens"),))
    parts |= counts_in(details_of(usage, "cache_creation"), (("ephemeral_1h_input_tokens", "cache_write_1h_tokens"),))
    return Usage(
        (prompt or 0) + inside,
        answer or 0,
        **parts,
        reported=prompt is not None and answer is not None,
        service_tier=tier,
        model=model,
    )


CACHED = (("cache_read_input_tokens", "cache_read_tokens"), ("cache_creation_input_tokens", "cache_write_tokens"))
"""Parts of the prompt that Anthropic counts beside it."""


def _stop_detail(message: dict[str, Any]) -> str | None:
    """Return the stop sequence, or the reason of a refusal: `cyber: This request ...`. An unmapped stop reason comes
    first."""
    details: dict[str, Any] = message.get("stop_details") or {}
    own = message["stop_reason"] if decode_finish(message) == "other" else None
    words = [word for word in (own, details.get("category"), details.get("explanation")) if word]
    return ": ".join(words) or text_of(message, "stop_sequence")


def _wire(message: dict[str, Any], content: list[Any], request: Request) -> dict[str, Any]:
    """Return what the next request sends back: the blocks as received, the requested model, and the sandbox.

    The reply names the dated snapshot of an alias, so the requested id is stored to detect the same model later.
    """
    if not all(map(_is_sendable, content)):
        content = [
            block if _is_sendable(block) else {**block, "input": wire_object(block.get("input"))} for block in content
        ]
    wire: dict[str, Any] = {"content": content, "model": request.model_id}
    if FINISH.get(message.get("stop_reason", "")) == "pause":
        wire["paused"] = True  # It goes on from where it stands, with models too that take no `prefill`.
    if message.get("container"):
        wire["container"] = message["container"]
    return wire


def _is_sendable(block: dict[str, Any]) -> bool:
    """Return whether the API accepts the block back: its input must be an object, unless its kind has none."""
    return is_object(block["input"]) if "input" in block else block.get("type") != "tool_use"


def _text(block: dict[str, Any]) -> p.Part:
    citations: list[dict[str, Any]] = block.get("citations") or []
    return p.Text(text_in(block, "text"), tuple(_citation(citation) for citation in citations))


def _citation(citation: dict[str, Any]) -> p.Citation:
    return p.Citation(
        url=text_of(citation, "url") or text_of(citation, "source"),
        title=text_of(citation, "title") or text_of(citation, "document_title"),
        cited_text=text_of(citation, "cited_text"),
        raw=citation,
    )


def _thinking(block: dict[str, Any]) -> p.Part:
    return p.Thought(text_in(block, "thinking"))


def _redacted_thinking(_block: dict[str, Any]) -> p.Part:
    return p.Thought("", redacted=True)


def _tool_use(block: dict[str, Any]) -> p.Part:
    """Decode a tool call. Unreadable arguments (a stream cut by `max_tokens`) stay as text in `raw_args`."""
    id, name = text_in(block, "id"), text_in(block, "name")
    args, raw_args, _ = read_arguments(block.get("input"))
    return p.ToolCall(id, name, args, raw_args)


_LATER: dict[str, tuple[type[p.Part], Callable[[dict[str, Any]], p.Part]]] = {
    "thinking": (p.Thought, _thinking),
    "redacted_thinking": (p.Thought, _redacted_thinking),
    "tool_use": (p.ToolCall, _tool_use),
}


def _words_of(body: bytes) -> str:
    return body.decode("utf-8", "replace")
