"""A server's reply that fits the request: a call of the first tool, then JSON that fits the format, or a text."""

from __future__ import annotations

import json
from typing import Any

from .loopback import Canned, Received
from .vendor_replies import vendor_reply

PROVIDERS = ("anthropic", "openai", "google")


def model_reply(request: Received) -> Canned:
    """Return the reply of the provider that the path begins with."""
    provider = request.path.split("/")[1]
    tools, schema, answered = _READERS[provider](request.json())
    if tools and not answered:
        name, parameters = tools[0]
        return vendor_reply(provider, request, [(name, _value(parameters, parameters))])
    return vendor_reply(provider, request, [json.dumps(_value(schema, schema)) if schema else "Hello."])


_Wanted = tuple[list[tuple[str, Any]], Any, bool]
"""Tools as (name, schema of the arguments), the schema of the answer, and whether a tool has been run."""


def _anthropic(body: Any) -> _Wanted:
    tools = [(tool["name"], tool["input_schema"]) for tool in body.get("tools", ()) if "input_schema" in tool]
    schema = body.get("output_config", {}).get("format", {}).get("schema")
    return tools, schema, "tool_result" in json.dumps(body["messages"])


def _openai(body: Any) -> _Wanted:
    tools = [(tool["name"], tool["parameters"]) for tool in body.get("tools", ()) if tool["type"] == "function"]
    schema = body.get("text", {}).get("format", {}).get("schema")
    return tools, schema, "function_call_output" in json.dumps(body["input"])


def _google(body: Any) -> _Wanted:
    functions = [function for tool in body.get("tools", ()) for function in tool.get("functionDeclarations", ())]
    tools = [(function["name"], function.get("parametersJsonSchema", {})) for function in functions]
    schema = body.get("generationConfig", {}).get("responseJsonSchema")
    return tools, schema, "functionResponse" in json.dumps(body["contents"])


_READERS = {"anthropic": _anthropic, "openai": _openai, "google": _google}
_PLAIN: dict[str, Any] = {"string": "x", "integer": 1, "number": 1.5, "boolean": True, "null": None}


def _value(schema: Any, root: Any) -> Any:
    """Return a value that fits a JSON Schema of the kind that we send."""
    if "$ref" in schema:
        return _value(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _value(schema[choice][0], root)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    kind = schema.get("type")
    if isinstance(kind, list):
        return _value({**schema, "type": kind[0]}, root)
    if not schema or kind == "object":
        return {name: _value(inner, root) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [_value(schema.get("items", {"type": "string"}), root)]
    return _PLAIN[kind or "string"]
