"""A second reading of recorded answers, straight from their JSON: it knows nothing of capably's decoders."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Json = dict[str, Any]


class Reading(NamedTuple):
    """What an answer says. `calls` are names with arguments, `parts` how many pieces of content there are, `turn` what
    must be sent back; `tokens` are input, output, reasoning, read from the cache, written to it."""

    text: str
    thoughts: str
    calls: list[tuple[str, Any]]
    citations: int
    tokens: tuple[int, int, int, int, int]
    finish: Any
    parts: int
    turn: Any


def read(body: Json, endpoint: str, sent: Json) -> Reading:
    """Read a complete body."""
    return READERS[endpoint](body, sent)


def _object(text: Any) -> Any:
    """Return arguments as an object; anything else counts as empty."""
    if isinstance(text, dict):
        return text
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _read_message(body: Json, _: Json) -> Reading:
    blocks: list[Json] = body["content"]
    words = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "compaction": "pause"}
    usage = body["usage"]
    beside = ("compaction", "advisor_message")
    counted = [usage, *(step for step in usage.get("iterations") or [] if step["type"] in beside)]

    def count(name: str) -> int:
        return sum(step.get(name) or 0 for step in counted)

    read, written = count("cache_read_input_tokens"), count("cache_creation_input_tokens")
    thinking = sum((step.get("output_tokens_details") or {}).get("thinking_tokens") or 0 for step in counted)
    return Reading(
        text="".join(b["text"] for b in blocks if b["type"] == "text"),
        thoughts="".join(b["thinking"] for b in blocks if b["type"] == "thinking"),
        calls=[(b["name"], b["input"]) for b in blocks if b["type"] == "tool_use"],
        citations=sum(len(b.get("citations") or []) for b in blocks if b["type"] == "text"),
        tokens=(count("input_tokens") + read + written, count("output_tokens"), thinking, read, written),
        finish=words.get(body["stop_reason"], body["stop_reason"]),
        parts=len(blocks),
        turn=blocks,
    )


def _read_response(body: Json, _: Json) -> Reading:
    items: list[Json] = body["output"]
    inner = [part for item in items if item["type"] == "message" for part in item["content"]]
    answer = [i for i in items if i["type"] == "message" and i.get("phase") != "commentary"]
    words = [part for item in answer for part in item["content"]]
    thoughts = [
        "\n\n".join(p["text"] for p in (*(i.get("summary") or []), *(i.get("content") or [])) if p.get("text"))
        for i in items
        if i["type"] == "reasoning"
    ]
    usage = body.get("usage") or {}
    read, written = usage.get("input_tokens_details") or {}, usage.get("output_tokens_details") or {}
    return Reading(
        text="".join(part["text"] for part in words if part["type"] == "output_text"),
        thoughts="".join(thoughts),
        calls=[_own_call(item) for item in _open_calls(items)],
        citations=sum(len(part.get("annotations") or []) for part in inner),
        tokens=(
            usage.get("input_tokens") or 0,
            usage.get("output_tokens") or 0,
            written.get("reasoning_tokens") or 0,
            read.get("cached_tokens") or 0,
            read.get("cache_write_tokens") or 0,
        ),
        finish=_response_finish(body, items, inner),
        parts=sum(len(item["content"]) if item["type"] == "message" else 1 for item in items),
        turn=items,
    )


def _response_finish(body: Json, items: list[Json], inner: list[Json]) -> str:
    if body.get("status") == "incomplete":
        why = (body.get("incomplete_details") or {}).get("reason") or "incomplete"
        return {"max_output_tokens": "length"}.get(why, why)
    if body.get("status") in ("queued", "in_progress", "cancelled"):
        return body["status"]
    if any(part["type"] == "refusal" for part in inner):
        return "refusal"
    outputs = {item.get("call_id") for item in items if item["type"] == "tool_search_output"}
    searches = [item for item in items if item["type"] == "tool_search_call" and item.get("execution") == "client"]
    waits = any(item.get("call_id") not in outputs for item in searches)
    return "tool_use" if _open_calls(items) or waits else "stop"


def _open_calls(items: list[Json]) -> list[Json]:
    """Return the calls that wait for an output. A function's call is open though the recording has its output."""
    outputs = {item.get("call_id") for item in items if item["type"].endswith("_output")}
    yours = ("custom_tool_call", "computer_call", "apply_patch_call", "local_shell_call", "shell_call")
    return [
        item
        for item in items
        if item["type"] in ("function_call", "mcp_approval_request")
        or (item["type"] in yours and item["call_id"] not in outputs and "container_reference" not in str(item))
    ]


def _own_call(item: Json) -> tuple[str, Json]:
    """Return the name and the arguments of a call that the caller answers."""
    action: Json = item.get("action") or {}
    match item["type"]:
        case "shell_call":
            return "shell", action
        case "local_shell_call":
            return "local_shell", {**action, "commands": [shlex.join(action["command"])]}
        case "apply_patch_call":
            return "apply_patch", item["operation"]
        case "custom_tool_call":
            return item["name"], {"input": item["input"]}
        case "computer_call":
            checks = item.get("pending_safety_checks") or []
            return "computer", {"actions": item.get("actions") or [action], "pending_safety_checks": checks}
        case _:
            return item["name"], _object(item["arguments"])


def _read_completion(body: Json, _: Json) -> Reading:
    choice = body["choices"][0]
    message = choice["message"]
    content = message.get("content") or []
    items: list[Json] = [{"type": "text", "text": content}] if isinstance(content, str) else content
    beside = message.get("reasoning_content") or message.get("reasoning") or ""
    details: list[Json] = message.get("reasoning_details") or []
    beside = beside or "".join(detail.get("text") or detail.get("summary") or "" for detail in details)
    inside = [item for item in items if item["type"] in ("thinking", "reasoning")]
    calls: list[Json] = message.get("tool_calls") or []
    legacy = [call for call in [message.get("function_call")] if call and call.get("name")]
    functions: list[Json] = [*(call.get("function") or call["custom"] for call in calls), *legacy]
    words = {"tool_calls": "tool_use", "function_call": "tool_use", "eos": "stop"}
    finish = words.get(choice.get("finish_reason") or "stop", choice.get("finish_reason") or "stop")
    if finish == "stop":
        finish = "refusal" if message.get("refusal") else "tool_use" if calls or legacy else "stop"
    sources = message.get("annotations") or body.get("search_results") or body.get("citations") or []
    texts = [item for item in items if item["type"] == "text"]
    complete = ("images", "tool_calls")
    alone = any((message.get("audio") or {}).values()) + bool(message.get("refusal")) + len(legacy) + bool(beside)
    return Reading(
        text="".join(item["text"] for item in texts),
        thoughts=beside + "".join(map(_thinking_text, inside)),
        calls=[
            (call["name"], {"input": call["input"]} if "input" in call else _object(call.get("arguments")))
            for call in functions
        ],
        citations=len(sources) * len(texts),
        tokens=_completion_tokens(body.get("usage") or {}),
        finish=finish,
        parts=len(items) + sum(len(message.get(key) or []) for key in complete) + alone,
        turn=message,
    )


def _thinking_text(item: Json) -> str:
    inner = item.get("thinking") or item.get("summary") or ""
    return inner if isinstance(inner, str) else "".join(piece.get("text") or "" for piece in inner)


def _completion_tokens(usage: Json) -> tuple[int, int, int, int, int]:
    """Return tokens that a host counts in the total only: audio in the prompt (Mistral), or thoughts (xAI, Gemini)."""
    read, written = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    prompt, answer = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    reasoning = written.get("reasoning_tokens") or 0
    more = max(0, (usage.get("total_tokens") or 0) - prompt - answer)
    sound = more if more and more == read.get("audio_tokens") and more != reasoning else 0
    names = ("prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens")
    cached = read.get("cached_tokens") or next((usage[name] for name in names if usage.get(name)), 0)
    hidden = more - sound
    return (prompt + sound, answer + hidden, reasoning or hidden, cached, read.get("cache_write_tokens") or 0)


def _read_content(body: Json, sent: Json) -> Reading:
    candidate = (body.get("candidates") or [{}])[0]
    content = candidate.get("content") or {}
    parts: list[Json] = content.get("parts") or []
    served = "mcpServers" in json.dumps(sent.get("tools"))
    calls = [part["functionCall"] for part in parts if "functionCall" in part and not served]
    calls = [call for call in calls if call.get("name")]
    reason = candidate.get("finishReason")
    words = {"STOP": "stop", "MAX_TOKENS": "length", "OTHER": "error", None: "stop"}
    blocked = ("SAFETY", "RECITATION", "PROHIBITED_CONTENT", "MODEL_ARMOR")
    errors = ("UNEXPECTED_TOOL_CALL", "MALFORMED_FUNCTION_CALL")
    finish = "content_filter" if reason in blocked else "error" if reason in errors else words.get(reason, str(reason))
    if reason is None and (body.get("promptFeedback") or {}).get("blockReason"):
        finish = "content_filter"
    usage = body.get("usageMetadata") or {}
    names = ("promptTokenCount", "toolUsePromptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    prompt, tools, answer, thoughts = (usage.get(name) or 0 for name in names)
    texts = [part["text"] for part in parts if "text" in part and not part.get("thought")]
    return Reading(
        text="".join(texts),
        thoughts="".join(part["text"] for part in parts if "text" in part and part.get("thought")),
        calls=[(call["name"], call.get("args") or {}) for call in calls],
        citations=len(list(_google_citations(candidate))) if texts else 0,
        tokens=(prompt + tools, answer + thoughts, thoughts, usage.get("cachedContentTokenCount") or 0, 0),
        finish="tool_use" if finish == "stop" and calls else finish,
        parts=len(list(_google_pieces(parts))),
        turn=content,
    )


def _google_pieces(parts: list[Json]) -> Iterator[str]:
    """Yield the kinds of parts, one per run of texts; empty parts (which carry a signature) are skipped."""
    last = ""
    for part in parts:
        kind = next((key for key in part if key not in ("thought", "thoughtSignature")), "")
        if kind == "text":
            kind = "" if not part["text"] else "thought" if part.get("thought") else "text"
        if kind and (kind != last or kind not in ("text", "thought")):
            yield kind
        last = kind or last


def _google_citations(candidate: Json) -> Iterator[Any]:
    grounding = candidate.get("groundingMetadata") or {}
    chunks, supports = grounding.get("groundingChunks") or [], grounding.get("groundingSupports") or []
    for support in supports:
        yield from (i for i in support.get("groundingChunkIndices") or [] if i < len(chunks))
    if not supports:
        yield from chunks
    works = candidate.get("citationMetadata") or {}
    for work in (*works.get("citations", ()), *works.get("citationSources", ())):
        if work.get("uri") or work.get("title"):
            yield work


READERS: dict[str, Callable[[Json, Json], Reading]] = {
    "messages": _read_message,
    "responses": _read_response,
    "chat_completions": _read_completion,
    "generate_content": _read_content,
}
