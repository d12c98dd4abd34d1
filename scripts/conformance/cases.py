"""The corpus of recorded traffic, exchange by exchange: which wire format each one is in, or why it is left out."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("CAPABLY_CORPUS", ROOT.parent / "shared" / "corpus"))

HEADERS_TO_KEEP = ("request-id", "x-request-id", "apim-request-id", "retry-after", "retry-after-ms")

ENDPOINTS = (
    (r"/messages$", "messages"),
    (r":(stream)?[rR]awPredict$", "messages"),
    (r"/chat/completions$", "chat_completions"),
    (r"/responses$", "responses"),
    (r":(g|streamG)enerateContent$", "generate_content"),
)
"""End of the path -> the wire format, in the registry's word."""

INVOKE = re.compile(r"/model/([^/]+)/invoke(-with-response-stream)?$")
"""How Bedrock is asked for a model in the model's own format. Its event streams hold the events as they are."""

OTHER_PATHS = (
    (r"/converse(-stream)?$|/invoke(-with-response-stream)?$|/apply$", "Bedrock's own wire formats: no adapter"),
    (r"count.?[tT]okens$|/input_tokens$", "counts tokens, says nothing"),
    (r"/complete$", "Anthropic's Text Completions, which the API no longer has"),
    (r"/api/chat$|/v2/chat$", "Ollama's or Cohere's own wire format: no adapter"),
    (r"/interactions", "Google's Interactions API: no adapter"),
    (r"/input_items$|/responses/|/items|/conversations", "reads or changes stored conversations"),
    (r"[eE]mbed|/moderations|/ocr|/transcriptions|/speech|/images|/generations|/edits|:predict", "no chat"),
)
"""End of the path -> why capably never makes such a request."""
ELSE = "files, batches, caches, models: no chat"

DAMAGED = (
    (r'("message_start".*?){2}|(event: ?response\.created.*?){2}', "the recording glues several replies together"),
    (r"^data: \{[^\n]*\}\ndata: \{", "the recording lost the empty lines between events"),
)
"""What is wrong with some recorded streams."""

SHORTENED = re.compile(r'"result": ?"[A-Za-z0-9+/]+\.\.\.')
"""The base64 of a picture that the recorder replaced in part."""


NAMES = {"azure-openai": "azure", "bedrock": "anthropic", "openai-chat": "openai", "openai-responses": "openai"}
"""The corpus's name for a host -> the registry's, where it is another. Bedrock's event streams are unpacked."""


class Exchange(NamedTuple):
    """One request and its answer. `name` is `provider/case#n`; `body` is the answer in bytes."""

    name: str
    provider: str
    endpoint: str
    sent: Mapping[str, Any]
    status: int
    headers: Mapping[str, str]
    body: bytes
    streamed: bool


class Skipped(NamedTuple):
    """An exchange that is left out, and why."""

    name: str
    provider: str
    reason: str


def name_of(folder: str) -> str:
    """Return the registry's name for a host of the corpus, or the same where the registry does not list it."""
    return NAMES.get(folder, folder)


def exchanges(only: str = "", corpus: Path = CORPUS) -> Iterator[Exchange | Skipped]:
    """Yield every exchange of every case whose `provider/case` contains `only`, in a fixed order."""
    for path in sorted(corpus.glob("*/*.json")):
        if only not in f"{path.parent.name}/{path.stem}":
            continue
        for number, raw in enumerate(json.loads(path.read_bytes())["exchanges"]):
            yield _exchange(f"{path.parent.name}/{path.stem}#{number}", path.parent.name, raw)


def _exchange(name: str, provider: str, raw: Mapping[str, Any]) -> Exchange | Skipped:
    request, response = raw["request"], raw["response"]
    path = (request.get("url") or "").partition("?")[0]
    invoked = INVOKE.search(path)
    endpoint = "messages" if invoked and _is_message(response) else _first(ENDPOINTS, path)
    if endpoint is None:
        return Skipped(name, provider, _first(OTHER_PATHS, path) or ELSE)
    if request.get("method", "POST") != "POST":
        return Skipped(name, provider, _first(OTHER_PATHS, f"{path}/") or ELSE)
    sent: Any = request.get("body")
    sent = sent if isinstance(sent, dict) else {}
    if invoked:
        sent = _unwrapped(sent, *invoked.groups())
    if "embedding" in str(sent.get("model")) or "pages_processed" in json.dumps(response.get("body")):
        return Skipped(name, provider, "no chat")
    body, streamed = _body(response)
    if not body:
        return Skipped(name, provider, "the recording has no answer")
    if "enum-encoding" in (request.get("url") or ""):
        return Skipped(name, provider, "the caller asked for enums as numbers, which capably never does")
    damage = _first(DAMAGED, body.decode(), re.DOTALL) if streamed else None
    if SHORTENED.search(body.decode()):
        damage = "the recording has a part of a picture"
    if damage:
        return Skipped(name, provider, damage)
    headers = {key: value for key, value in (response.get("headers") or {}).items() if key.lower() in HEADERS_TO_KEEP}
    return Exchange(name, provider, endpoint, sent, response["status"], headers, body, streamed)


def _is_message(response: Mapping[str, Any]) -> bool:
    """Return whether Bedrock answered in the format of Anthropic's Messages, which it takes and gives as it is."""
    first = (response.get("eventstream") or [{}])[0].get("payload") or {}
    body: Any = response.get("body")
    event: Any = first.get("bytes_json")
    is_event = isinstance(event, dict) and event.get("type") == "message_start"
    return is_event or (isinstance(body, dict) and body.get("type") == "message")


def _unwrapped(sent: Mapping[str, Any], model: str, stream: str | None) -> dict[str, Any]:
    """Return a request to Bedrock as one to Anthropic: the model stands in the path there, and so does the wish to stream."""
    own = {key: value for key, value in sent.items() if key not in ("anthropic_version", "anthropic_beta")}
    return {"model": unquote(model), **own, **({"stream": True} if stream else {})} if own else {}


def _body(response: Mapping[str, Any]) -> tuple[bytes, bool]:
    """Return the answer's bytes, and whether they are events. A stream that Google sent as one array becomes events."""
    if "sse" in response:
        return response["sse"].encode(), response["status"] == 200
    if "eventstream" in response:
        events = [frame["payload"]["bytes_json"] for frame in response["eventstream"]]
        return "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode(), True
    if "text" in response:
        return response["text"].encode(), False
    body = response.get("body")
    if isinstance(body, list) and response["status"] == 200:
        return "".join(f"data: {json.dumps(event)}\r\n\r\n" for event in body).encode(), True
    if body is None:
        return b"", False
    return (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode(), False


def _first(table: tuple[tuple[str, str], ...], text: str, flags: int = 0) -> str | None:
    return next((word for pattern, word in table if re.search(pattern, text, flags)), None)
