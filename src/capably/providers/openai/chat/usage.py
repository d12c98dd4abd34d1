"""The usage of a completion in normal form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capably.providers.counts import count_of, counts_in, details_of, reported_cost
from capably.providers.json import text_of
from capably.providers.openai.counts import ANSWER_PARTS, PROMPT_PARTS, with_cached_audio
from capably.types.usage import Usage

if TYPE_CHECKING:
    from capably.types.json_types import JsonObject

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


def decode_usage(completion: JsonObject) -> Usage:
    """Return the usage in normal form. Cached tokens are part of the prompt.

    The total reveals tokens that a host counts separately: Gemini and xAI count thoughts beside the completion,
    Mistral counts audio beside the prompt.
    """
    usage = completion.get("usage")
    tier = text_of(completion, "service_tier")
    if type(usage) is not dict:
        return Usage(reported=False, service_tier=tier)
    prompt, answer = count_of(usage, "prompt_tokens"), count_of(usage, "completion_tokens")
    total = count_of(usage, "total_tokens")
    parts = counts_in(details_of(usage, "prompt_tokens_details"), PROMPT_PARTS)
    parts |= counts_in(details_of(usage, "completion_tokens_details"), ANSWER_PARTS)
    parts = {**counts_in(usage, OUTSIDE), **parts}
    reported = prompt is not None and (answer is not None or total is not None)
    prompt, answer = prompt or 0, answer or 0
    beside = (total or 0) - prompt - answer
    if beside > 0 and beside == parts.get("input_audio_tokens") != parts.get("reasoning_tokens"):
        prompt += beside
    elif beside > 0:
        answer += beside
        parts.setdefault("reasoning_tokens", beside)
    searches = parts.pop("searches", 0)
    if "server_tool_use" in usage:
        searches = count_of(details_of(usage, "server_tool_use"), "web_search_requests") or searches
    return Usage(
        prompt,
        answer,
        **with_cached_audio(parts),
        reported=reported,
        reported_cost=reported_cost(usage),
        service_tier=tier,
        searches=searches,
    )
