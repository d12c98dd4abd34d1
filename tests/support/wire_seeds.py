"""Answers in the four wire formats, complete and as the events of a stream: what `scripts/wire_fuzz.py` mutates.

Made by hand after the vendors' references. Each holds other kinds of content, so that together they reach every decoder.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

WORDS = 'Über Ur: "65.000" Menschen — 🌾🏺 und\nzwei Flüsse.'
HMM = "Zuerst die Stadt 🤔, dann das Wetter."
ARGUMENTS = {"city": "Ur ☀", "days": 2, "inside": {"list": [1, 2.5, None, True]}}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PIECE = 6
"""Characters per delta."""


class Seed(NamedTuple):
    """An answer: its complete body, and the events that say the same."""

    name: str
    body: Any
    events: Sequence[Any]


def pieces_of(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


# --- Anthropic ----------------------------------------------------------------------------------------------------


def _block_events(index: int, block: Mapping[str, Any]) -> Iterator[Any]:
    kind = block["type"]
    grown: dict[str, tuple[str, str, str]] = {
        "text": ("text", "text_delta", "text"),
        "thinking": ("thinking", "thinking_delta", "thinking"),
        "tool_use": ("input", "input_json_delta", "partial_json"),
        "server_tool_use": ("input", "input_json_delta", "partial_json"),
    }
    begun = dict(block)
    deltas: list[Any] = []
    if kind in grown:
        field, delta, carrier = grown[kind]
        text = block[field] if isinstance(block[field], str) else json.dumps(block[field], ensure_ascii=False)
        deltas += [{"type": delta, carrier: piece} for piece in pieces_of(text)]
        begun[field] = "" if isinstance(block[field], str) else {}
    deltas += [{"type": "citations_delta", "citation": citation} for citation in begun.pop("citations", ())]
    deltas += [{"type": "signature_delta", "signature": begun.pop("signature")}] if "signature" in begun else []
    yield {"type": "content_block_start", "index": index, "content_block": begun}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _anthropic_events(body: Mapping[str, Any]) -> Iterator[Any]:
    usage = {**body["usage"], "output_tokens": 1}
    yield {"type": "message_start", "message": {**body, "content": [], "stop_reason": None, "usage": usage}}
    yield {"type": "ping"}
    for index, block in enumerate(body["content"]):
        yield from _block_events(index, block)
    end = {key: body.get(key) for key in ("stop_reason", "stop_sequence", "stop_details", "container") if key in body}
    yield {"type": "message_delta", "delta": end, "usage": body["usage"]}
    yield {"type": "message_stop"}


def _anthropic(name: str, content: Sequence[Any], reason: str = "end_turn", **fields: Any) -> Seed:
    usage = {"input_tokens": 11, "output_tokens": 7, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 2}
    body = {
        "type": "message",
        "id": "msg_01",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": usage,
        **fields,
    }
    return Seed(name, body, list(_anthropic_events(body)))


def anthropic() -> list[Seed]:
    """Return the seeds of `POST /v1/messages`."""
    found = {"type": "web_search_result", "url": "https://ur.test", "title": "Ur", "encrypted_content": "Ev=="}
    said = {"type": "web_search_result_location", "url": "https://ur.test", "title": "Ur", "cited_text": "zwei Flüsse"}
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "Ur"}}
    thought = {"type": "thinking", "thinking": HMM, "signature": "EqQB"}
    call = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": ARGUMENTS}
    return [
        _anthropic("words", [{"type": "text", "text": WORDS}]),
        _anthropic(
            "thoughts and calls",
            [
                thought,
                {"type": "redacted_thinking", "data": "EmwK"},
                {"type": "text", "text": "Ich sehe nach."},
                call,
                {**call, "id": "toolu_2", "input": {}},
            ],
            "tool_use",
        ),
        _anthropic(
            "search",
            [
                search,
                {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [found]},
                {"type": "text", "text": WORDS, "citations": [said, {**said, "cited_text": "Menschen"}]},
                {"type": "brand_new", "inside": {"a": [1]}},
            ],
            container={"id": "container_1", "expires_at": "2030-01-01T00:00:00Z"},
        ),
        _anthropic("limit", [{"type": "text", "text": WORDS}], "max_tokens"),
        _anthropic(
            "refusal",
            [{"type": "text", "text": "Nein."}],
            "refusal",
            stop_details={"type": "refusal", "category": "cyber", "explanation": "Not this."},
        ),
    ]


# --- OpenAI, Responses --------------------------------------------------------------------------------------------


def _item_events(index: int, item: Mapping[str, Any]) -> Iterator[Any]:
    place = {"output_index": index, "item_id": item["id"]}
    begun = {**item, "status": "in_progress"}
    steps: list[Any] = []
    if item["type"] == "message":
        begun["content"] = []
        for number, part in enumerate(item["content"]):
            spot = {**place, "content_index": number}
            field = "text" if part["type"] == "output_text" else "refusal"
            steps.append({"type": "response.content_part.added", **spot, "part": {**part, field: ""}})
            kind = f"response.{part['type']}.delta"
            steps += [{"type": kind, **spot, "delta": piece} for piece in pieces_of(part[field])]
            steps.append({"type": f"response.{part['type']}.done", **spot, field: part[field]})
            steps.append({"type": "response.content_part.done", **spot, "part": part})
    elif item["type"] == "reasoning":
        begun["summary"] = []
        for number, paragraph in enumerate(item["summary"]):
            spot, kind = {**place, "summary_index": number}, "response.reasoning_summary_text.delta"
            steps += [{"type": kind, **spot, "delta": piece} for piece in pieces_of(paragraph["text"])]
    elif item["type"] == "function_call":
        begun["arguments"] = ""
        kind = "response.function_call_arguments"
        steps += [{"type": f"{kind}.delta", **place, "delta": piece} for piece in pieces_of(item["arguments"])]
        steps.append({"type": f"{kind}.done", **place, "arguments": item["arguments"]})
    yield {"type": "response.output_item.added", "output_index": index, "item": begun}
    yield from steps
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _responses_events(body: Mapping[str, Any]) -> Iterator[Any]:
    begun = {**body, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(body["output"]):
        yield from _item_events(index, item)
    yield {"type": f"response.{body['status']}", "response": body}


def _responses(name: str, output: Sequence[Any], status: str = "completed", **fields: Any) -> Seed:
    output = [{"id": f"item_{place}", "status": "completed", **item} for place, item in enumerate(output)]
    usage = {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}
    details = {"input_tokens_details": {"cached_tokens": 3}, "output_tokens_details": {"reasoning_tokens": 2}}
    body = {
        "id": "resp_1",
        "object": "response",
        "model": "gpt-6.1-sol",
        "status": status,
        "error": None,
        "output": output,
        "usage": {**usage, **details},
        **fields,
    }
    return Seed(name, body, list(_responses_events(body)))


def responses() -> list[Seed]:
    """Return the seeds of `POST /v1/responses`."""
    arguments = json.dumps(ARGUMENTS, ensure_ascii=False)
    cited = {"type": "url_citation", "url": "https://ur.test", "title": "Ur", "start_index": 5, "end_index": 7}
    words = {"type": "output_text", "text": WORDS, "annotations": []}
    message = {"type": "message", "role": "assistant", "content": [words]}
    call = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": arguments}
    summary = [{"type": "summary_text", "text": HMM}, {"type": "summary_text", "text": "Genug."}]
    return [
        _responses("words", [message]),
        _responses(
            "thoughts and calls",
            [
                {"type": "reasoning", "summary": summary, "encrypted_content": "gAAA"},
                {**message, "phase": "commentary", "content": [{**words, "text": "Ich sehe nach."}]},
                call,
                {**call, "call_id": "call_2", "arguments": "{}"},
                {"type": "custom_tool_call", "call_id": "call_3", "name": "sql", "input": "SELECT 1"},
                {"type": "shell_call", "call_id": "call_4", "action": {"commands": ["ls"], "timeout_ms": 9}},
            ],
        ),
        _responses(
            "search",
            [
                {"type": "web_search_call", "action": {"type": "search", "query": "Ur"}},
                {**message, "content": [{**words, "annotations": [cited]}, {**words, "text": "Ende."}]},
                {"type": "image_generation_call", "result": PIXEL, "output_format": "png"},
                {"type": "mcp_approval_request", "name": "drop", "arguments": "{}", "server_label": "db"},
                {"type": "brand_new", "inside": {"a": [1]}},
            ],
        ),
        _responses("limit", [message], "incomplete", incomplete_details={"reason": "max_output_tokens"}),
        _responses("refusal", [{**message, "content": [{"type": "refusal", "refusal": "Nein."}]}]),
    ]


# --- OpenAI, Chat Completions -------------------------------------------------------------------------------------


def _deltas(message: Mapping[str, Any]) -> Iterator[Any]:
    yield {"role": "assistant", "content": ""}
    yield from ({"reasoning_details": [item]} for item in message.get("reasoning_details", ()))
    for field in ("reasoning_content", "content", "refusal"):
        if isinstance(message.get(field), str):
            yield from ({field: piece} for piece in pieces_of(message[field]))
    for item in message["content"] if isinstance(message.get("content"), list) else ():
        yield {"content": [item]}
    for field in ("annotations", "images"):
        yield from ({field: [item]} for item in message.get(field, ()))
    if "audio" in message:
        yield {"audio": message["audio"]}
    for index, call in enumerate(message.get("tool_calls", ())):
        yield {"tool_calls": [{"index": index, **call, "function": {**call["function"], "arguments": ""}}]}
        for piece in pieces_of(call["function"]["arguments"]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _chat_events(body: Mapping[str, Any]) -> Iterator[Any]:
    head = {"id": body["id"], "object": "chat.completion.chunk", "model": body["model"]}
    choice = body["choices"][0]
    for delta in _deltas(choice["message"]):
        yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]}
    yield {**head, "choices": [], "usage": body["usage"]}


def _chat(name: str, message: Mapping[str, Any], reason: str = "stop") -> Seed:
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    details = {"prompt_tokens_details": {"cached_tokens": 3}, "completion_tokens_details": {"reasoning_tokens": 2}}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "mistral-medium",
        "choices": [{"index": 0, "finish_reason": reason, "message": {"role": "assistant", **message}}],
        "usage": {**usage, **details},
    }
    return Seed(name, body, list(_chat_events(body)))


def chat() -> list[Seed]:
    """Return the seeds of `POST /v1/chat/completions`, with what hosts add to it."""
    arguments = json.dumps(ARGUMENTS, ensure_ascii=False)
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": arguments}}
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": HMM}]}
    detail = {"type": "reasoning.text", "text": HMM, "index": 0, "signature": "c2ln"}
    cited = {"type": "url_citation", "url_citation": {"url": "https://ur.test", "start_index": 5, "end_index": 7}}
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    second = {**call, "id": "call_2", "function": {"name": "weather", "arguments": "{}"}}
    return [
        _chat("words", {"content": WORDS}),
        _chat(
            "thoughts and calls",
            {"reasoning_content": HMM, "content": "Ich sehe nach.", "tool_calls": [call, second]},
            "tool_calls",
        ),
        _chat("details", {"content": WORDS, "reasoning_details": [detail], "annotations": [cited], "images": [image]}),
        _chat("lists", {"content": [thinking, {"type": "text", "text": WORDS}]}),
        _chat("sound", {"content": None, "audio": {"id": "audio_1", "data": "AAAA", "transcript": "Hallo"}}),
        _chat("limit", {"content": WORDS}, "length"),
        _chat("refusal", {"content": None, "refusal": "Nein."}),
    ]


# --- Google -------------------------------------------------------------------------------------------------------


def _google_events(body: Mapping[str, Any]) -> Iterator[Any]:
    candidate = body["candidates"][0]
    head = {"responseId": body["responseId"], "modelVersion": body["modelVersion"]}
    for part in candidate["content"]["parts"]:
        plain = "text" in part and "thoughtSignature" not in part
        for piece in [{**part, "text": text} for text in pieces_of(part["text"])] if plain else [part]:
            yield {**head, "candidates": [{"index": 0, "content": {"role": "model", "parts": [piece]}}]}
    ending = {key: value for key, value in candidate.items() if key != "content"}
    yield {**head, "candidates": [ending], "usageMetadata": body["usageMetadata"]}


def _google(name: str, parts: Sequence[Any], reason: str = "STOP", **fields: Any) -> Seed:
    usage = {"promptTokenCount": 11, "candidatesTokenCount": 7, "thoughtsTokenCount": 2, "totalTokenCount": 20}
    modalities = {"promptTokensDetails": [{"modality": "TEXT", "tokenCount": 11}]}
    candidate = {"index": 0, "content": {"role": "model", "parts": parts}, "finishReason": reason, **fields}
    body = {
        "responseId": "r1",
        "modelVersion": "gemini-3.8-flash",
        "candidates": [candidate],
        "usageMetadata": {**usage, **modalities},
    }
    return Seed(name, body, list(_google_events(body)))


def google() -> list[Seed]:
    """Return the seeds of `generateContent`."""
    call = {"functionCall": {"id": "fc_1", "name": "weather", "args": ARGUMENTS}, "thoughtSignature": "c2ln"}
    grounding = {
        "webSearchQueries": ["Ur"],
        "groundingChunks": [{"web": {"uri": "https://ur.test", "title": "Ur"}}],
        "groundingSupports": [
            {"segment": {"startIndex": 6, "endIndex": 8, "text": "Ur", "partIndex": 0}, "groundingChunkIndices": [0]}
        ],
    }
    return [
        _google("words", [{"text": WORDS}]),
        _google(
            "thoughts and calls",
            [{"text": HMM, "thought": True}, {"text": "Ich sehe nach."}, call, {"functionCall": {"name": "weather"}}],
        ),
        _google("search", [{"text": WORDS}], groundingMetadata=grounding, citationMetadata={"citations": []}),
        _google(
            "media",
            [
                {"text": "Ein Bild:"},
                {"inlineData": {"mimeType": "image/png", "data": PIXEL}},
                {"fileData": {"mimeType": "video/mp4", "fileUri": "https://ur.test/v"}},
                {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
                {"brandNew": {"a": [1]}},
            ],
        ),
        _google("limit", [{"text": WORDS}], "MAX_TOKENS"),
        _google("refusal", [{"text": "Nein."}], "SAFETY", finishMessage="Not this."),
    ]


SEEDS: Mapping[str, Callable[[], list[Seed]]] = {
    "anthropic": anthropic,
    "responses": responses,
    "chat": chat,
    "google": google,
}
"""Wire format -> its seeds."""

DONE = {"chat": b"data: [DONE]\n\n"}
"""Wire formats whose streams end with a line of their own."""


def as_bytes(event: Any) -> bytes:
    """Return an event of a stream as it is sent."""
    named = f"event: {event['type']}\n" if isinstance(event, dict) and isinstance(event.get("type"), str) else ""
    return f"{named}data: {json.dumps(event, ensure_ascii=False)}\n\n".encode("utf-8", "surrogatepass")


def copy_of(value: Any) -> Any:
    """Return a copy of a JSON value, however deep it is."""
    return marshal.loads(marshal.dumps(value))
