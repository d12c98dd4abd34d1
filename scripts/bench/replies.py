"""The canned replies of the four wire formats, as complete as the providers send them. Standard library only."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from cases import BOOK, CASES, EVENTS, LONG, MODELS, ROWS, SHORT, THOUGHT

SIGNATURE = "EqkDCkYICBgCKkDWzGzNvR1b" * 12
PIECES = [f"{word} " for word in LONG.split(" ")[:-1]] + [LONG.split(" ")[-1]]
ARGUMENTS = json.dumps({"rows": ROWS})
USAGE = (16, 24)


def cut(text: str, count: int = EVENTS) -> list[str]:
    """Split `text` into `count` pieces."""
    edges = [len(text) * number // count for number in range(count + 1)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


def reply(wire: str, case: str) -> bytes:
    """Return the JSON body of a reply."""
    return json.dumps(_REPLIES[wire](case), separators=(",", ":")).encode()


def events(wire: str, case: str) -> Iterator[bytes]:
    """Yield the server-sent events of a streamed reply."""
    for event in _EVENTS[wire](case):
        data = b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n"
        if wire in ("anthropic", "responses"):
            data = b"event: " + event["type"].encode() + b"\n" + data
        yield data
    if wire == "chat":
        yield b"data: [DONE]\n\n"


def _parts(case: str) -> tuple[str, list[tuple[str, str]], str]:
    """Return text, tool calls as (name, arguments) and the thought of a reply that is not streamed."""
    if case == "calls":
        return "", [(name, json.dumps(args)) for name, args in CASES["calls"].answer.calls], ""
    text = json.dumps(BOOK) if case == "structured" else SHORT
    return text, [], THOUGHT if case == "thinking" else ""


def _tokens(case: str) -> tuple[int, int]:
    return CASES[case].answer.tokens


# --- Anthropic ----------------------------------------------------------------------------------------------------


def _anthropic_usage(read: int, written: int) -> dict[str, Any]:
    return {
        "input_tokens": read,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": written,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def _anthropic_message(content: list[Any], stop: str | None, tokens: tuple[int, int]) -> dict[str, Any]:
    return {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
        "type": "message",
        "role": "assistant",
        "model": MODELS["anthropic"],
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": _anthropic_usage(*tokens),
    }


def _anthropic(case: str) -> dict[str, Any]:
    text, calls, thought = _parts(case)
    content: list[Any] = [{"type": "thinking", "thinking": thought, "signature": SIGNATURE}] if thought else []
    content += [{"type": "text", "text": text}] if text else []
    content += [
        {"type": "tool_use", "id": f"toolu_{number:02}", "name": name, "input": json.loads(arguments)}
        for number, (name, arguments) in enumerate(calls)
    ]
    return _anthropic_message(content, "tool_use" if calls else "end_turn", _tokens(case))


def _anthropic_blocks(case: str) -> Iterator[tuple[dict[str, Any], str, list[str]]]:
    """Yield blocks as they start, the kind of their deltas, and the deltas. Some libraries stream every call."""
    text, calls, thought = _parts(case)
    thoughts, texts, arguments = [thought] if thought else [], [text] if text else [], [[a] for _, a in calls]
    names = [name for name, _ in calls]
    if case == "stream":
        texts = PIECES
    elif case == "stream-thoughts":
        thoughts = PIECES
    elif case == "stream-calls":
        texts, names, arguments = [], ["save_rows"], [cut(ARGUMENTS)]
    if thoughts:
        yield {"type": "thinking", "thinking": "", "signature": ""}, "thinking", thoughts
    if texts:
        yield {"type": "text", "text": ""}, "text", texts
    for number, (name, pieces) in enumerate(zip(names, arguments, strict=True)):
        yield {"type": "tool_use", "id": f"toolu_{number:02}", "name": name, "input": {}}, "input_json", pieces


def _anthropic_events(case: str) -> Iterator[dict[str, Any]]:
    read, written = _tokens(case)
    yield {"type": "message_start", "message": _anthropic_message([], None, (read, 1))}
    for index, (block, kind, pieces) in enumerate(_anthropic_blocks(case)):
        yield {"type": "content_block_start", "index": index, "content_block": block}
        if not index:
            yield {"type": "ping"}
        carrier = "partial_json" if kind == "input_json" else kind
        for piece in pieces:
            delta = {"type": f"{kind}_delta", carrier: piece}
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        if kind == "thinking":
            delta = {"type": "signature_delta", "signature": SIGNATURE}
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = "tool_use" if case.endswith("calls") else "end_turn"
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": stop, "stop_sequence": None},
        "usage": {
            "input_tokens": read,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": written,
        },
    }
    yield {"type": "message_stop"}


# --- OpenAI Responses ---------------------------------------------------------------------------------------------


def _responses_body(output: list[Any], status: str, tokens: tuple[int, int] | None) -> dict[str, Any]:
    usage = tokens and {
        "input_tokens": tokens[0],
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": tokens[1],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": sum(tokens),
    }
    return {
        "id": "resp_68af4030592c81938ec0a5fbab4a3e9f05438e46b5f69a3b",
        "object": "response",
        "created_at": 1795000000,
        "status": status,
        "background": False,
        "completed_at": 1795000002 if tokens else None,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "model": MODELS["responses"],
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": "medium", "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage,
        "user": None,
        "metadata": {},
    }


def _message_item(text: str, status: str = "completed") -> dict[str, Any]:
    content = [_output_text(text)] if status == "completed" else []
    return {"id": "msg_68af40337e58", "type": "message", "status": status, "role": "assistant", "content": content}


def _output_text(text: str) -> dict[str, Any]:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _reasoning_item(thought: str) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": thought}] if thought else []
    return {"id": "rs_68af403", "type": "reasoning", "summary": summary, "encrypted_content": SIGNATURE}


def _call_item(number: int, name: str, arguments: str, status: str = "completed") -> dict[str, Any]:
    return {
        "id": f"fc_{number:02}",
        "type": "function_call",
        "status": status,
        "arguments": arguments,
        "call_id": f"call_{number:02}",
        "name": name,
    }


def _responses(case: str) -> dict[str, Any]:
    text, calls, thought = _parts(case)
    output: list[Any] = [_reasoning_item(thought)] if thought else []
    output += [_message_item(text)] if text else []
    output += [_call_item(number, *call) for number, call in enumerate(calls)]
    return _responses_body(output, "completed", _tokens(case))


def _responses_events(case: str) -> Iterator[dict[str, Any]]:
    for number, event in enumerate(_responses_numbered(case)):
        yield {"type": event.pop("type"), "sequence_number": number, **event}


def _responses_numbered(case: str) -> Iterator[dict[str, Any]]:
    started = _responses_body([], "in_progress", None)
    yield {"type": "response.created", "response": started}
    yield {"type": "response.in_progress", "response": started}
    output: list[Any] = []
    if case == "stream-thoughts":
        yield from _reasoning_events(output)
    if case == "stream-calls":
        yield from _call_events(output)
    else:
        yield from _message_events(output, [SHORT] if output else PIECES)
    yield {"type": "response.completed", "response": _responses_body(output, "completed", _tokens(case))}


def _reasoning_events(output: list[Any]) -> Iterator[dict[str, Any]]:
    place = {"item_id": "rs_68af403", "output_index": 0, "summary_index": 0}
    yield {"type": "response.output_item.added", "output_index": 0, "item": _reasoning_item("")}
    yield {
        "type": "response.reasoning_summary_part.added",
        **place,
        "part": {"type": "summary_text", "text": ""},
    }
    for piece in PIECES:
        yield {"type": "response.reasoning_summary_text.delta", **place, "delta": piece}
    yield {"type": "response.reasoning_summary_text.done", **place, "text": LONG}
    yield {
        "type": "response.reasoning_summary_part.done",
        **place,
        "part": {"type": "summary_text", "text": LONG},
    }
    output.append(_reasoning_item(LONG))
    yield {"type": "response.output_item.done", "output_index": 0, "item": output[-1]}


def _call_events(output: list[Any]) -> Iterator[dict[str, Any]]:
    place = {"item_id": "fc_00", "output_index": 0}
    item = _call_item(0, "save_rows", "", "in_progress")
    yield {"type": "response.output_item.added", "output_index": 0, "item": item}
    for piece in cut(ARGUMENTS):
        yield {"type": "response.function_call_arguments.delta", **place, "delta": piece}
    yield {"type": "response.function_call_arguments.done", **place, "name": "save_rows", "arguments": ARGUMENTS}
    output.append(_call_item(0, "save_rows", ARGUMENTS))
    yield {"type": "response.output_item.done", "output_index": 0, "item": output[-1]}


def _message_events(output: list[Any], pieces: list[str]) -> Iterator[dict[str, Any]]:
    text = "".join(pieces)
    at = len(output)
    place = {"item_id": "msg_68af40337e58", "output_index": at, "content_index": 0}
    yield {"type": "response.output_item.added", "output_index": at, "item": _message_item("", "in_progress")}
    yield {"type": "response.content_part.added", **place, "part": _output_text("")}
    for piece in pieces:
        yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": text, "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": _output_text(text)}
    output.append(_message_item(text))
    yield {"type": "response.output_item.done", "output_index": at, "item": output[-1]}


# --- Chat Completions ---------------------------------------------------------------------------------------------


def _chat_usage(tokens: tuple[int, int]) -> dict[str, Any]:
    return {
        "prompt_tokens": tokens[0],
        "completion_tokens": tokens[1],
        "total_tokens": sum(tokens),
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _chat_head(kind: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "object": kind,
        "created": 1795000000,
        "model": MODELS["chat"],
        "service_tier": "default",
        "system_fingerprint": "fp_fc9f1d7035",
    }


def _chat(case: str) -> dict[str, Any]:
    text, calls, thought = _parts(case)
    message: dict[str, Any] = {"role": "assistant", "content": text or None, "refusal": None, "annotations": []}
    if thought:
        message["reasoning_content"] = thought
    if calls:
        message["tool_calls"] = [
            {"id": f"call_{number:02}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for number, (name, arguments) in enumerate(calls)
        ]
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": "tool_calls" if calls else "stop",
    }
    return {**_chat_head("chat.completion"), "choices": [choice], "usage": _chat_usage(_tokens(case))}


def _chat_events(case: str) -> Iterator[dict[str, Any]]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**_chat_head("chat.completion.chunk"), "choices": [choice], "usage": None}

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    if case == "stream-calls":
        function = {"name": "save_rows", "arguments": ""}
        yield chunk({"tool_calls": [{"index": 0, "id": "call_00", "type": "function", "function": function}]})
        for piece in cut(ARGUMENTS):
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        yield chunk({}, "tool_calls")
    else:
        field = "reasoning_content" if case == "stream-thoughts" else "content"
        for piece in PIECES:
            yield chunk({field: piece})
        if case == "stream-thoughts":
            yield chunk({"content": SHORT})
        yield chunk({}, "stop")
    yield {**_chat_head("chat.completion.chunk"), "choices": [], "usage": _chat_usage(_tokens(case))}


# --- Google -------------------------------------------------------------------------------------------------------


def _google_body(parts: list[Any], finish: str | None, tokens: tuple[int, int]) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": tokens[0],
            "candidatesTokenCount": tokens[1],
            "totalTokenCount": sum(tokens),
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens[0]}],
        },
        "modelVersion": MODELS["google"],
        "responseId": "mVhZaZ7XNIj3nsEP58CR4QM",
    }


def _google(case: str) -> dict[str, Any]:
    text, calls, thought = _parts(case)
    parts: list[Any] = [{"text": thought, "thought": True}] if thought else []
    parts += [{"text": text}] if text else []
    parts += [
        {"functionCall": {"id": f"call_{number:02}", "name": name, "args": json.loads(arguments)}}
        for number, (name, arguments) in enumerate(calls)
    ]
    parts[-1]["thoughtSignature"] = SIGNATURE
    return _google_body(parts, "STOP", _tokens(case))


def _google_events(case: str) -> Iterator[dict[str, Any]]:
    read, written = _tokens(case)
    if case == "stream-calls":
        call = {"id": "call_00", "name": "save_rows", "args": json.loads(ARGUMENTS)}
        yield _google_body([{"functionCall": call, "thoughtSignature": SIGNATURE}], "STOP", (read, written))
        return
    thoughts = case == "stream-thoughts"
    for number, piece in enumerate(PIECES):
        part = {"text": piece, "thought": True} if thoughts else {"text": piece}
        last = number == len(PIECES) - 1 and not thoughts
        yield _google_body([part], "STOP" if last else None, (read, number + 1))
    if thoughts:
        yield _google_body([{"text": SHORT, "thoughtSignature": SIGNATURE}], "STOP", (read, written))


_REPLIES = {"anthropic": _anthropic, "responses": _responses, "chat": _chat, "google": _google}
_EVENTS = {
    "anthropic": _anthropic_events,
    "responses": _responses_events,
    "chat": _chat_events,
    "google": _google_events,
}
