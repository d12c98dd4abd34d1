"""A second reading of recorded streams and failures, straight from their JSON: what they add up to, and how they fail."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

Json = dict[str, Any]

# --- failures -----------------------------------------------------------------------------------------------------

BY_STATUS = {
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    408: "TimedOutError",
    429: "RateLimitError",
    503: "OverloadedError",
    504: "TimedOutError",
    529: "OverloadedError",
}
IN_BAND = {"insufficient_quota": "RateLimitError", "tool_use_failed": "BadRequestError", "400": "BadRequestError"}
"""Code of an error that comes inside an answer of status 200 -> its class; 400 is how OpenRouter says it."""


def failure_of_status(status: int, body: bytes) -> str:
    """Return the class of the error for an HTTP status."""
    if b"API key not valid" in body or b"API_KEY_INVALID" in body:
        return "AuthenticationError"
    return BY_STATUS.get(status) or ("BadRequestError" if status < 500 else "ServerError")


def failure_inside(bodies: Sequence[Any], *, streamed: bool, endpoint: str) -> str | None:
    """Return the class of the error that a body with status 200 must raise; `None` for a good one."""
    for body in bodies:
        inside = body.get("response") or body
        error = inside.get("error") or (inside if inside.get("type") == "error" else None)
        if error or inside.get("status") == "failed":
            error = error if isinstance(error, dict) else {}
            return IN_BAND.get(str(error.get("code") or error.get("type")), "ServerError")
    complete = any(map(ENDS[endpoint] if streamed else HAS_ANSWER[endpoint], bodies))
    return None if complete else "ServerError"


def _google_ends(event: Json) -> bool:
    blocked = (event.get("promptFeedback") or {}).get("blockReason")
    return bool(blocked or (event.get("candidates") or [{}])[0].get("finishReason"))


def _google_has_answer(body: Json) -> bool:
    first = (body.get("candidates") or [{}])[0]
    return _google_ends(body) or bool((first.get("content") or {}).get("parts"))


ENDS: dict[str, Callable[[Json], bool]] = {
    "messages": lambda event: event["type"] == "message_stop",
    "responses": lambda event: event["type"] in ("response.completed", "response.incomplete"),
    "chat_completions": lambda e: bool(e.get("usage") or (e.get("choices") or [{}])[0].get("finish_reason")),
    "generate_content": _google_ends,
}
"""Whether an event says that the answer is over."""

HAS_ANSWER: dict[str, Callable[[Json], bool]] = {
    "messages": lambda body: "content" in body,
    "responses": lambda body: "output" in body,
    "chat_completions": lambda body: bool(body.get("choices")),
    "generate_content": _google_has_answer,
}
"""Whether a body holds an answer."""


# --- events -------------------------------------------------------------------------------------------------------


def events_of(body: bytes) -> list[Any]:
    """Return the JSON of each event; a stream that is one JSON document is one event."""
    text = body.decode()
    lines = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
    events = [json.loads(line) for line in lines if line and line != "[DONE]"]
    return events or [json.loads(text)]


def body_of(events: Sequence[Json], endpoint: str) -> Json:
    """Return the body that the same answer would have had without streaming."""
    return BODIES[endpoint](events)


def _messages_body(events: Sequence[Json]) -> Json:
    message: Json = {}
    blocks: dict[int, Json] = {}
    arguments: dict[int, str] = {}
    for event in events:
        if event["type"] == "message_start":
            message = {**event["message"], "usage": dict(event["message"]["usage"])}
        elif event["type"] == "content_block_start":
            blocks[event["index"]] = dict(event["content_block"])
        elif event["type"] == "content_block_delta":
            _add_to_block(blocks[event["index"]], event["delta"], arguments, event["index"])
        elif event["type"] == "message_delta":
            message |= event["delta"]
            message["usage"] |= {name: count for name, count in event["usage"].items() if count is not None}
    for index, text in arguments.items():
        if text:
            blocks[index]["input"] = json.loads(text)
    return {**message, "content": [blocks[index] for index in sorted(blocks)]}


def _add_to_block(block: Json, delta: Json, arguments: dict[int, str], index: int) -> None:
    if "partial_json" in delta:
        arguments[index] = arguments.get(index, "") + delta["partial_json"]
    elif "citation" in delta:
        block["citations"] = [*(block.get("citations") or []), delta["citation"]]
    else:
        for name, value in delta.items():
            if name != "type":
                block[name] = block.get(name, "") + value if name in ("text", "thinking") else value


def _responses_body(events: Sequence[Json]) -> Json:
    last = next(e["response"] for e in reversed(events) if ENDS["responses"](e))
    done = {e["output_index"]: e["item"] for e in events if e["type"] == "response.output_item.done"}
    items = [done[index] for index in sorted(done)]
    return {**last, "output": items if len(items) >= len(last.get("output") or []) else last["output"]}


def _chat_body(events: Sequence[Json]) -> Json:
    body: Json = {}
    message: Json = {"role": "assistant", "content": None}
    calls: list[Json] = []
    finish: Json = {}
    for event in events:
        usage = event.get("usage") or (event.get("x_groq") or {}).get("usage")
        body |= {key: value for key, value in event.items() if value is not None and key not in ("choices", "usage")}
        body |= {"usage": usage} if usage else {}
        for choice in (event.get("choices") or [])[:1]:
            if choice.get("index"):
                continue
            finish |= {k: v for k, v in choice.items() if k != "delta" and v is not None}
            for key, value in choice["delta"].items():
                if key == "tool_calls":
                    for call in value or []:
                        _add_call(calls, call)
                elif value is not None and key != "role":
                    message[key] = _joined(message.get(key), value)
    if calls:
        message["tool_calls"] = [{key: value for key, value in call.items() if key != "index"} for call in calls]
    return {**body, "choices": [{"finish_reason": None, **finish, "message": message}]}


def _add_call(calls: list[Json], delta: Json) -> None:
    same = [call for call in calls if call.get("index") == delta.get("index")]
    begins = delta.get("id") and (delta.get("function") or {}).get("name")
    if not same or (begins and delta["id"] != same[-1].get("id")):
        calls.append({"type": "function", **delta, "function": {"name": "", "arguments": "", **(delta["function"])}})
        return
    function = delta.get("function") or {}
    same[-1]["function"]["arguments"] += function.get("arguments") or ""
    same[-1]["id"] = same[-1].get("id") or delta.get("id")


def _joined(before: Any, after: Any, key: str = "") -> Any:
    """Return a field so far with a delta added."""
    if isinstance(after, list):
        items: list[Any] = (
            [{"type": "text", "text": before}] if isinstance(before, str) and before else list(before or [])
        )
        for item in after:
            _add_item(items, item)
        return items
    if isinstance(after, str) and isinstance(before, list):
        return _joined(before, [{"type": "text", "text": after}]) if after else before
    if isinstance(after, dict) and isinstance(before, dict):
        return {**before, **{name: _joined(before.get(name), value, name) for name, value in after.items()}}
    grows = isinstance(after, str) and isinstance(before, str) and key not in ("id", "type", "name")
    return f"{before}{after}" if grows else after


def _add_item(items: list[Any], item: Json) -> None:
    """Add an item to the one before it if both have the same kind (and the same index, if they have one)."""
    last = items[-1] if items else {}
    grows = ("text", "summary", "thinking", "data")
    same = last and all(last.get(key) == item.get(key) for key in ("type", "index"))
    if not same or not ("index" in item or item.keys() & set(grows)):
        items.append(item)
        return
    new = {k: _joined(last.get(k), v) if k in grows else v for k, v in item.items() if v is not None}
    items[-1] = {**last, **new}


def _google_body(events: Sequence[Json]) -> Json:
    body: Json = {}
    candidate: Json = {}
    parts: list[Json] = []
    role: Json = {}
    for event in events:
        body |= {key: value for key, value in event.items() if key != "candidates"}
        first = (event.get("candidates") or [{}])[0]
        for key, value in first.items():
            before = candidate.get(key)
            if key == "citationMetadata" and before:
                candidate[key] = {name: [*before.get(name, []), *works] for name, works in value.items()}
            elif isinstance(before, dict) and isinstance(value, dict):
                candidate[key] = {**before, **value}
            else:
                candidate[key] = value
        content = first.get("content") or {}
        role = {"role": content["role"]} if "role" in content else role
        for part in content.get("parts") or []:
            _add_part(parts, part)
    candidate["content"] = {**({"parts": parts} if parts else {}), **role}
    return {**body, "candidates": [candidate]} if any(map(len, (parts, candidate))) else body


def _add_part(parts: list[Json], part: Json) -> None:
    plain = {"text", "thought"}
    call = part.get("functionCall")
    if call is not None and not call.get("name"):
        part = {"functionCall": call}
    if call is not None and ("partialArgs" in call or "willContinue" in call or not call.get("name")):
        _add_call_piece(parts, part, call)
        return
    if part.keys() <= plain and not part.get("text"):
        return
    if parts and part.keys() == parts[-1].keys() <= plain and part.get("thought") == parts[-1].get("thought"):
        parts[-1] = {**part, "text": parts[-1]["text"] + part["text"]}
    else:
        parts.append(part)


def _add_call_piece(parts: list[Json], part: Json, call: Json) -> None:
    """Add a piece of a call: its name, then values with their paths."""
    if call.get("name"):
        parts.append({**part, "functionCall": {"name": call["name"], "args": {}}})
    arguments = parts[-1]["functionCall"]["args"]
    for piece in call.get("partialArgs") or []:
        value = next((piece[key] for key in ("stringValue", "numberValue", "boolValue") if key in piece), None)
        steps = re.findall(r"\w+", piece["jsonPath"])
        inner = arguments
        for step, following in itertools.pairwise(steps):
            key = int(step) if isinstance(inner, list) else step
            if isinstance(inner, list) and len(inner) == key:
                inner.append([] if following.isdigit() else {})
            inner = inner[key] if isinstance(inner, list) else inner.setdefault(key, [] if following.isdigit() else {})
        inner[steps[-1]] = _joined(inner.get(steps[-1]), value)


BODIES: dict[str, Callable[[Sequence[Json]], Json]] = {
    "messages": _messages_body,
    "responses": _responses_body,
    "chat_completions": _chat_body,
    "generate_content": _google_body,
}
