"""Holds requests against what the vendors say of them: the parameter types of their SDKs, and published JSON schemas.

The SDKs' types are read with pydantic and made strict: no key that they do not name, no value of another type. Whatever
differs is a mistake of ours, or stands in `EXCEPTIONS` with its reason.

    problems("messages", body)        # [] where the request is one that the vendor describes
    spec_problems("messages", body)   # the same against the published schemas, where they are at hand
"""

# Types of other packages are read here as data:
# pyright: basic
from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SPECS = Path(os.environ.get("CAPABLY_SPECS", ROOT.parent / "shared" / "specs"))

PARAMS = {
    "messages": ("anthropic.types.message_create_params", "MessageCreateParams"),
    "messages beta": ("anthropic.types.beta.message_create_params", "MessageCreateParams"),
    "responses": ("openai.types.responses.response_create_params", "ResponseCreateParams"),
    "chat_completions": ("openai.types.chat.completion_create_params", "CompletionCreateParams"),
}
"""Wire format -> the types of its parameters in the vendor's SDK: this name, and `Streaming` or `NonStreaming`."""

BETA_FIELDS = ("mcp_servers",)
"""Fields of `messages` that make a request one of the beta API."""

SCHEMAS = {
    "messages": "anthropic-messages-request.from-sdk.schema.json",
    "messages beta": "anthropic-messages-beta-request.from-sdk.schema.json",
    "responses": "openai-openapi.2026-08-21.json#/components/schemas/CreateResponse",
    "chat_completions": "openai-openapi.2026-08-21.json#/components/schemas/CreateChatCompletionRequest",
    "generate_content": "gemini-generatecontent-request.from-sdk.schema.json",
}
"""Wire format -> its published JSON schema, where one is kept beside the recordings."""


class Exemption(NamedTuple):
    """A difference that is meant: where (a pattern of `path: what is wrong`), for which wire format, and why."""

    endpoint: str
    pattern: str
    reason: str


EXCEPTIONS = (
    Exemption(
        "responses",
        r"^prompt_cache_options\.ttl: '12h' is not one of",
        "the published description is of August 2026; openai 3.54 has 12h too",
    ),
)


def problems(endpoint: str, body: bytes, allowed: Sequence[Exemption] = EXCEPTIONS) -> list[str]:
    """Return what the SDK's own types reject in a request, as `path: why`, without exceptions."""
    from pydantic_core import ValidationError

    sent = json.loads(body)
    try:
        validator(_kind(endpoint, sent), streamed=bool(sent.get("stream"))).validate_json(body, strict=True)
    except ValidationError as error:
        lines = dict.fromkeys(_problem_lines(error.errors(include_url=False, include_context=False), sent))
        return [problem for problem in lines if not exempt(endpoint, problem, allowed)]
    return []


def described(endpoint: str, body: dict[str, Any], undescribed: str = "") -> dict[str, Any]:
    """Return `body` after a check against the SDK's own types; `undescribed` = why they must reject it. For tests."""
    lines = problems(endpoint, json.dumps(body).encode())
    assert bool(lines) == bool(undescribed), lines or f"the SDK describes it, though {undescribed}"
    return body


def spec_problems(endpoint: str, body: bytes, allowed: Sequence[Exemption] = EXCEPTIONS) -> list[str]:
    """Return what the published schema rejects in a request; call it only if `SPECS` is a folder."""
    sent = json.loads(body)
    errors = schema(_kind(endpoint, sent)).iter_errors(sent)
    lines = (f"{'.'.join(map(str, error.absolute_path))}: {_best(error).message[:200]}" for error in errors)
    return [problem for problem in lines if not exempt(endpoint, problem, allowed)]


def exempt(endpoint: str, problem: str, allowed: Sequence[Exemption]) -> Exemption | None:
    """Return the exception that covers a problem."""
    return next((e for e in allowed if e.endpoint == endpoint and re.search(e.pattern, problem)), None)


def _kind(endpoint: str, sent: dict[str, Any]) -> str:
    beta = endpoint == "messages" and any(field in sent for field in BETA_FIELDS)
    return f"{endpoint} beta" if beta else endpoint


# --- the SDKs' types ----------------------------------------------------------------------------------------------


@cache
def validator(endpoint: str, *, streamed: bool) -> Any:
    """Return a strict validator of requests in this wire format, made from the installed SDK."""
    from pydantic import TypeAdapter
    from pydantic_core import SchemaValidator

    if endpoint == "generate_content":
        return SchemaValidator(_changed(TypeAdapter(_google_request()).core_schema, _strict))
    module, name = PARAMS[endpoint]
    params = getattr(import_module(module), name + ("Streaming" if streamed else "NonStreaming"))
    return SchemaValidator(_changed(TypeAdapter(params).core_schema, _strict_params))


def _google_request() -> Any:
    """Build the schema of generateContent's body: the SDK has types for its fields, and none for the body."""
    from typing import NotRequired

    from google.genai import types
    from typing_extensions import TypedDict

    return TypedDict(
        "GenerateContentRequest",
        {
            "contents": list[types.Content],
            "systemInstruction": NotRequired[types.Content],
            "tools": NotRequired[list[types.Tool]],
            "toolConfig": NotRequired[types.ToolConfig],
            "safetySettings": NotRequired[list[types.SafetySetting]],
            "generationConfig": NotRequired[types.GenerationConfig],
            "cachedContent": NotRequired[str],
            "continuationToken": NotRequired[str],
        },
    )


def _changed(schema: Any, change: Callable[[dict[str, Any]], Any]) -> Any:
    """Return a pydantic core schema with every schema in it changed, the innermost first."""
    if isinstance(schema, dict):
        inner = {key: _changed(value, change) for key, value in schema.items()}
        return change(inner) if isinstance(inner.get("type"), str) else inner
    if isinstance(schema, list | tuple):
        return type(schema)(_changed(item, change) for item in schema)
    return schema


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema closed, with wire names, and without the lenience of SDKs towards responses."""
    kind = schema["type"]
    if kind == "typed-dict":
        rest = {key: value for key, value in schema.items() if key not in ("extras_schema", "config")}
        return {**rest, "extra_behavior": "forbid"}
    if kind == "model":
        return {**schema, "config": {**schema.get("config", {}), "validate_by_name": False, "validate_by_alias": True}}
    if kind == "model-fields":
        return {key: value for key, value in schema.items() if key != "extras_schema"} | {"extra_behavior": "forbid"}
    if kind == "enum":
        return {"type": "literal", "expected": [member.value for member in schema["members"]], **_only(schema, "ref")}
    return schema


def _strict_params(schema: dict[str, Any]) -> dict[str, Any]:
    """Return strict parameters: any iterable is a list in JSON, and the SDK's own objects are refused."""
    if schema["type"] == "generator":
        return {"type": "list", "items_schema": schema.get("items_schema", {"type": "any"})}
    if schema["type"] == "model":
        return {"type": "literal", "expected": [f"<{schema['cls'].__name__}>"], **_only(schema, "ref")}
    return _strict(schema)


def _only(schema: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: schema[key] for key in keys if key in schema}


def _problem_lines(errors: list[Any], body: Any) -> Iterator[str]:
    """Yield the errors of the intended variants, without those of another `type` or `role`."""
    wrong = {e["loc"][:-1] for e in errors if e["loc"][-1:] in (("type",), ("role",)) and e["type"] == "literal_error"}
    meant = [e for e in errors if not any(e["loc"][: len(branch)] == branch for branch in wrong)]
    deepest = max((len(_path(e["loc"], body)) for e in meant or errors), default=0)
    for error in meant or errors:
        path = _path(error["loc"], body)
        if len(path) >= deepest or error["type"] in ("missing", "extra_forbidden"):
            yield f"{'.'.join(map(str, path))}: {error['msg']}" + (
                f" ({error['loc'][-1]})" if error["type"] == "missing" else ""
            )


def _path(location: tuple[Any, ...], body: Any) -> list[Any]:
    """Return the steps of a location that are in the body; pydantic also includes the names of the types that it
    tried."""
    path: list[Any] = []
    for step in location:
        if (isinstance(body, dict) and step in body) or (isinstance(body, list) and isinstance(step, int)):
            path.append(step)
            body = body[step]
    return path


# --- published schemas --------------------------------------------------------------------------------------------


@cache
def schema(endpoint: str) -> Any:
    """Return a validator of the published schema; of OpenAI's complete API, the part that describes this endpoint."""
    import jsonschema

    name, _, place = SCHEMAS[endpoint].partition("#")
    document = json.loads((SPECS / name).read_bytes())
    if place:
        # In the description of OpenAI's API variants overlap that are said to exclude each other.
        document = {**json.loads(json.dumps(document).replace('"oneOf":', '"anyOf":')), "$ref": f"#{place}"}
    return jsonschema.Draft202012Validator(document)


def _best(error: Any) -> Any:
    from jsonschema.exceptions import best_match

    return best_match([error]) or error
