"""litellm's model map, one JSON file. A missing flag is unknown, not no; `gemini/x` is Google's own `x`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

from registry_sync.claims import PROVIDERS, Claims, Source, SourceError, factors, priced_by_query, rounded, without_none
from registry_sync.sources import expect, version_of

_FILE = "model_prices_and_context_window_backup.json"
_VENDORS = {"anthropic": "anthropic", "gemini": "google", "openai": "openai"}
_HOSTS = {
    "cerebras": "cerebras",
    "cohere_chat": "cohere",
    "dashscope": "dashscope",
    "deepseek": "deepseek",
    "groq": "groq",
    "meta": "meta",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "perplexity": "perplexity",
    "xai": "xai",
    "zai": "zai",
}
_BARE = ("cohere_chat",)
"""Hosts whose models stand there without the host's name."""
_CHAT = ("chat", "responses")
_MODES = (*_CHAT, "image_generation")
"""Models that draw in a conversation are listed under either mode; only of chat models a new one is told."""
_RATES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "cache_read_input_audio_token_cost": "cache_read_audio",
    "input_cost_per_audio_token": "input_audio",
    "output_cost_per_audio_token": "output_audio",
    "output_cost_per_image_token": "output_image",
}
_NUMBERS = {
    "max_input_tokens": "limits.input",
    "max_output_tokens": "limits.output",
    "prompt_cache_min_tokens": "limits.cache_min",
}
_FLAGS = {
    "supports_vision": "input.image",
    "supports_pdf_input": "input.document",
    "supports_audio_input": "input.audio",
    "supports_video_input": "input.video",
    "supports_audio_output": "output.audio",
    "supports_function_calling": "tools",
    "supports_forced_tool_use": "tools.forced",
    "supports_reasoning": "reasoning",
    "thinking_always_on": "reasoning.always_on",
    "supports_sampling_params": "sampling.temperature",
    "supports_assistant_prefill": "prefill",
    "supports_mid_conversation_system": "system",
}
_SCHEMA = {"anthropic": "supports_native_structured_output"}
"""Claude's `supports_response_schema` was true before there were structured outputs."""
_BATCH = "input_cost_per_token_batches"
_TIERS = {"batches": "batch", "flex": "flex", "priority": "priority"}
_SEARCH = "search_context_cost_per_query"
_EXPECTED = (
    *_RATES,
    *_NUMBERS,
    *_FLAGS,
    *_SCHEMA.values(),
    "supports_response_schema",
    "deprecation_date",
    _BATCH,
    _SEARCH,
)


def read(folder: Path) -> Source:
    """Read limits, prices, dates and flags of the chat models of the three vendors."""
    version = version_of(folder, "litellm")
    entries = {id: entry for key, entry in _load(folder / "litellm" / _FILE).items() if (id := _id(key, entry))}
    expect(f"litellm {version}", _EXPECTED, {field for entry in entries.values() for field in entry})
    claims: Claims = {id: _fields(id, entry) for id, entry in entries.items()}
    vendors = {id: entry for id, entry in entries.items() if id.partition("/")[0] in PROVIDERS}
    chat = frozenset(id for id, entry in vendors.items() if entry["mode"] in _CHAT)
    return Source("litellm", version, "litellm", claims, chat)


def gateway(folder: Path, theirs: str) -> dict[str, dict[str, Any]]:
    """Read the chat models of a litellm provider that is a gateway, by their ids there."""
    entries = {
        key.removeprefix(f"{theirs}/"): entry
        for key, entry in _load(folder / "litellm" / _FILE).items()
        if key.startswith(f"{theirs}/") and entry.get("litellm_provider") == theirs and entry.get("mode") in _CHAT
    }
    return {id: _fields(id, entry) for id, entry in entries.items()}


def _load(file: Path) -> dict[str, Any]:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourceError(f"litellm/{file.name} is missing") from None
    except json.JSONDecodeError as error:
        raise SourceError(
            f"litellm/{file.name} is no valid JSON (line {error.lineno}: {error.msg}); cut off?"
        ) from None


def _id(key: str, entry: Any) -> str | None:
    """Convert `gemini/gemini-4-argon` to `google/gemini-4-argon`; skip regions, speeds, fine-tunes and other hosts."""
    theirs = entry.get("litellm_provider", "")
    if entry.get("mode") not in _MODES:
        return None
    if theirs in _HOSTS:
        named = theirs in _BARE or key.startswith(f"{theirs}/")
        return f"{_HOSTS[theirs]}/{key.removeprefix(f'{theirs}/')}" if named else None
    provider = _VENDORS.get(theirs)
    if provider is None:
        return None
    name = key.removeprefix("gemini/") if provider == "google" else key
    return None if "/" in name or name.startswith("ft:") else f"{provider}/{name}"


def _fields(id: str, entry: dict[str, Any]) -> dict[str, Any]:
    provider = id.partition("/")[0]
    fields: dict[str, Any] = {ours: int(entry[theirs]) for theirs, ours in _NUMBERS.items() if entry.get(theirs)}
    fields |= without_none({ours: entry.get(theirs) for theirs, ours in _FLAGS.items()})
    fields |= without_none({"structured_output": entry.get(_SCHEMA.get(provider, "supports_response_schema"))})
    fields |= without_none({"dates.retires": entry.get("deprecation_date")})
    if "supports_none_reasoning_effort" in entry and entry.get("supports_reasoning"):
        fields.setdefault("reasoning.always_on", not entry["supports_none_reasoning_effort"])
    fields |= _prices(entry)
    searches = set(cast("dict[str, float]", entry.get(_SEARCH) or {}).values())
    if len(searches) == 1 and priced_by_query(id):
        fields["prices.web_search"] = rounded(searches.pop() * 1_000)
    return fields


def _prices(entry: dict[str, Any]) -> dict[str, Any]:
    rates: dict[str, dict[str, float]] = {service: {} for service in ("", *_TIERS)}
    for key, value in entry.items():
        parts = re.fullmatch(r"(.+?)(?:_above_(\d+)k_tokens)?(?:_(batches|flex|priority))?", key)
        rate = _RATES.get(parts[1]) if parts else None
        if parts and rate and isinstance(value, (int, float)):
            beyond = f"above_{int(parts[2]) * 1000}." if parts[2] else ""
            rates[parts[3] or ""][f"{beyond}{rate}"] = rounded(value * 1_000_000)
    fields: dict[str, Any] = {f"prices.{name}": rate for name, rate in rates[""].items()}
    for theirs, ours in _TIERS.items():
        fields |= {f"prices.{name}": factor for name, factor in factors(ours, rates[""], rates[theirs]).items()}
    if entry.get(_BATCH) and entry.get("input_cost_per_token"):
        fields["prices.batch"] = rounded(entry[_BATCH] / entry["input_cost_per_token"])
    return fields
