"""The body of a response from `POST /responses` as a `ResponseData`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from capably.providers.counts import count_of, counts_in, details_of, reported_cost
from capably.providers.json import as_object, list_in, list_of, load_body, objects_among, objects_of, text_in, text_of
from capably.providers.openai.content import decode_call_of
from capably.providers.openai.counts import ANSWER_PARTS, PROMPT_PARTS, with_cached_audio
from capably.providers.openai.errors import in_band, malformed_reply, other_error, wrong_shape
from capably.providers.openai.logprobs import decode_logprobs
from capably.providers.openai.responses.calls import WAITING, answered_in, waits
from capably.providers.openai.schema import strict_tools
from capably.types import parts as p
from capably.types.candidate import TokenLogprob
from capably.types.request import Request
from capably.types.response_data import UNREADABLE, FinishReason, LazyPart, ResponseData
from capably.types.usage import Usage

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject
    from capably.types.tools import Tool

INCOMPLETE: Mapping[str, FinishReason] = {
    "max_output_tokens": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "max_messages": "length",
    "steered": "continuation",
}
"""Why a response stopped early, in neutral words; any other is `other`, and stands in the detail."""

DONE = ("completed", "complete", None)
"""States of a response that was finished. (Some hosts leave the field out.)"""

COMMENTARY = "commentary"
"""The phase of a message that the model writes on the way to its answer."""

PAINTED = "image_generation_call"
IMAGE_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}


def decode_reply(body: bytes, request: Request, provider: str = "openai") -> ResponseData:
    """Decode the reply. A failed response raises its error; an unreadable one raises `ServerError` with the body."""
    try:
        response = load_body(body)
    except msgspec.DecodeError as error:
        raise malformed_reply(f"the answer is no JSON ({error})", provider, body) from error
    return decode_response(response, body, request, provider)


def decode_response(response: Json, body: bytes, request: Request, provider: str) -> ResponseData:
    """Build the reply from a parsed body."""
    if not isinstance(response, dict):
        raise malformed_reply("the answer is no JSON object", provider, body)
    check_failed(response, provider)
    if error := other_error(response, "output"):
        raise in_band(error, provider, body=response)
    shape_error = partial(wrong_shape, "response", provider, body)
    try:
        reply = _reply(response, body, request)
    except UNREADABLE as error:
        raise shape_error(error) from error
    reply.malformed_error = shape_error
    return reply


def check_failed(response: JsonObject, provider: str) -> None:
    """Raise the error of a failed response, regardless of its status code."""
    if response.get("error") or response.get("status") == "failed":
        raise in_band(response.get("error"), provider, body=response)


def _reply(response: JsonObject, body: bytes, request: Request) -> ResponseData:
    wire = list_in(response, "output")
    output = [item for item in wire if type(item) is dict]
    if len(output) != len(wire):
        raise TypeError("an item of `output` is no object")
    build_call = call_builder(request)
    answered = answered_in(output)
    content = [part for item in output for part in decode_item(item, build_call, answered)]
    reason, detail = _finish(response, output, content, answered)
    return ResponseData(
        content=content,
        finish_reason=reason,
        stop_detail=detail,
        logprobs=_logprobs(output),
        usage=_usage(response, output),
        body=body,
        wire=wire,
        id=text_of(response, "id"),
        model=text_of(response, "model"),
    )


def _logprobs(output: Sequence[JsonObject]) -> Sequence[TokenLogprob]:
    """Return the tokens of all texts, in order."""
    parts = [part for item in output if item["type"] == "message" for part in list_of(item, "content")]
    entries = [entry for part in parts if type(part) is dict and (entry := part.get("logprobs"))]
    return [token for entry in entries for token in decode_logprobs(entry)]


# Parts


def decode_item(
    item: JsonObject, build_call: Callable[[JsonObject], p.Part], answered: frozenset[str] = frozenset()
) -> Sequence[p.Part | LazyPart]:
    """Return the parts of one output item: one per content part of a message, exactly one for any other item.

    Those of a message are built now, others later. `answered` has the ids of calls that need no output.
    """
    kind = item["type"]
    if type(kind) is not str:
        raise TypeError(f"the type of an item is {kind!r}")
    if kind == "message":
        make = _commentary if item.get("phase") == COMMENTARY else _content_part
        return [make(part) for part in list_of(item, "content")]
    if kind == "reasoning":
        return [(p.Thought, _thought, item)]
    if kind == "function_call":
        return [(p.ToolCall, build_call, item)]
    if kind in WAITING and waits(item, answered):
        return [(*WAITING[kind], item)]
    if kind == PAINTED and item.get("result"):
        return [(p.Image, _image, item)]
    return [(p.Unknown, partial(p.Unknown, kind), item)]


def call_builder(request: Request) -> Callable[[JsonObject], p.Part]:
    """Return the function that builds the call of one of the caller's functions."""
    return partial(_call, strict_tools(request))


def _call(tools: Mapping[str, Tool[object]], item: JsonObject) -> p.Part:
    return decode_call_of(item["call_id"], item["name"], item.get("arguments"), tools)


def _thought(item: JsonObject) -> p.Part:
    return p.Thought(thought_text(item))


def _image(item: JsonObject) -> p.Part:
    kind = IMAGE_TYPES.get(text_of(item, "output_format") or "png", "image/png")
    return p.Image.from_url(f"data:{kind};base64,{text_in(item, 'result')}")


def _commentary(part: Json) -> p.Part:
    made = _content_part(part)
    return p.Commentary(made.text) if isinstance(made, p.Text) else made


def _content_part(part: Json) -> p.Part:
    fields = as_object(part, "content")
    kind = fields["type"]
    if kind == "output_text":
        text = text_in(fields, "text")
        return p.Text(text, tuple([_citation(one, text) for one in objects_among(fields.get("annotations"))]))
    if kind == "refusal":
        return p.Refusal(text_in(fields, "refusal"))
    return p.Unknown(text_in(fields, "type"), fields)


def _citation(raw: JsonObject, text: str) -> p.Citation:
    """Build a citation. `cited_text` is the marked span of the answer, if the provider marked one."""
    start, end = raw.get("start_index"), raw.get("end_index")
    span = text[start:end] if isinstance(start, int) and isinstance(end, int) else ""
    return p.Citation(
        url=text_of(raw, "url"),
        title=text_of(raw, "title") or text_of(raw, "filename"),
        cited_text=span or None,
        raw=raw,
    )


def thought_text(item: Mapping[str, Json]) -> str:
    """Return the readable text of a reasoning item: its summaries, then its full text, by paragraph."""
    parts = [*objects_of(item, "summary"), *objects_of(item, "content")]
    return "\n\n".join([text_in(part, "text") for part in parts if part.get("text") not in (None, "")])


# How it ended


def _finish(
    response: JsonObject, output: Sequence[JsonObject], content: Sequence[p.Part | LazyPart], answered: frozenset[str]
) -> tuple[FinishReason, str | None]:
    status = response.get("status")
    if status == "incomplete":
        reason = text_of(details_of(response, "incomplete_details"), "reason") or "incomplete"
        return INCOMPLETE.get(reason, "other"), reason
    if status not in DONE:
        return "other", str(status)
    refusal = next((part.text for part in content if isinstance(part, p.Refusal)), None)
    if refusal is not None:
        return "refusal", refusal
    return ("tool_use" if any(waits(item, answered) for item in output) else "stop"), None


def _usage(response: JsonObject, output: Sequence[JsonObject]) -> Usage:
    """Return the usage in normal form. OpenAI's input includes cached tokens and its output includes reasoning.

    Hosted tools count by themselves: searches in the output, or as far as they are paid in `tool_usage`, and what pictures took.
    """
    usage = response.get("usage")
    tier = text_of(response, "service_tier")
    if not isinstance(usage, dict):
        return Usage(reported=False, service_tier=tier)
    prompt, answer = count_of(usage, "input_tokens"), count_of(usage, "output_tokens")
    parts = counts_in(details_of(usage, "input_tokens_details"), PROMPT_PARTS)
    parts |= counts_in(details_of(usage, "output_tokens_details"), ANSWER_PARTS)
    web, files = _searches(output)
    used = details_of(response, "tool_usage")
    if used and (paid := count_of(details_of(used, "web_search"), "num_requests")) is not None:
        web = paid
    own = Usage(
        prompt or 0,
        answer or 0,
        **with_cached_audio(parts),
        searches=web + files,
        file_searches=files,
        reported=prompt is not None and answer is not None,
        reported_cost=reported_cost(usage),
        service_tier=tier,
    )
    painted = PAINTED in [item["type"] for item in output]
    pictures = _pictures(response, painted=painted) if used or painted else None
    if pictures is None:
        return own
    total = own + pictures
    total.reported, total.service_tier = own.reported, tier  # What the answer itself took is there in any case.
    return total


def _pictures(response: JsonObject, *, painted: bool) -> Usage | None:
    """Return what the model that painted took, which is another one; `None` if none was called.

    It is not reported where a count is missing, so that the cost of the answer is unknown, and not too low.
    """
    usage = details_of(details_of(response, "tool_usage"), "image_gen")
    prompt, answer = count_of(usage, "input_tokens"), count_of(usage, "output_tokens")
    if not (prompt or answer or painted):
        return None
    kinds = details_of(usage, "output_tokens_details")
    cached = count_of(usage, "cached_tokens")
    cached_pictures = count_of(details_of(usage, "cached_tokens_details"), "cached_image_tokens")
    return Usage(
        prompt or 0,
        answer or 0,
        cache_read_tokens=cached or 0,
        input_image_tokens=count_of(details_of(usage, "input_tokens_details"), "image_tokens") or 0,
        output_image_tokens=count_of(kinds, "image_tokens") or 0,
        reported=bool(prompt and answer and kinds) and not cached_pictures,
        model=_painter(response),
    )


def _painter(response: JsonObject) -> str:
    """Return the model that the tool for pictures was set to; the name of the tool where it was not."""
    tools = [tool for tool in objects_among(response.get("tools")) if tool.get("type") == "image_generation"]
    return next((model for tool in tools if (model := text_of(tool, "model"))), "image_generation")


def _searches(output: Sequence[JsonObject]) -> tuple[int, int]:
    """Return how often the web and files were searched. Pages that were opened are no searches.

    Source: OpenAI's guide to web search, "Search actions incur a tool call cost" (read 2026-11-29).
    """
    files = sum([item["type"] == "file_search_call" for item in output])
    web = [item for item in output if item["type"] == "web_search_call"]
    return len([item for item in web if details_of(item, "action").get("type", "search") == "search"]), files
