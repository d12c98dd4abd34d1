"""What Anthropic takes in the strict tools and the format of one call together.

Source: its answers of 400, "Too many strict tools (21). The maximum number of strict tools supported is 20.", "Schemas contains too
many optional parameters (25) ... (limit: 24).", "Schemas contains too many parameters with union types (17 parameters with
type arrays or anyOf) ... (limit: 16 parameters with unions)." (claude-sonnet-4-6), and its guide to structured outputs,
"Schema complexity limits" (read 2026-11-29).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from capably.providers.spellings import NoSpellingError
from capably.types.tools import Tool

MOST_STRICT_TOOLS = 20
LIMITS: Mapping[str, int] = {"optional parameters": 24, "parameters of several types": 16}
"""What is counted -> the most of it in all schemas of a call."""

SIZES = "anthropic.sizes"
"""The key under which a tool or a format stores what its schema has."""


NO_SIZES: Mapping[str, Sequence[str]] = dict.fromkeys(LIMITS, ())


def check_sizes(params: Mapping[str, Any]) -> None:
    """Raise `NoSpellingError` for more strict tools, or larger schemas, than Anthropic takes. What is encoded later is checked
    then, together with what was before."""
    tools: Sequence[Any] = params.get("tools") or ()
    owners: list[Any] = [tool for tool in tools if isinstance(tool, Tool) and tool.strict is True]
    if len(owners) > MOST_STRICT_TOOLS:
        why = f"Anthropic takes at most {MOST_STRICT_TOOLS} strict tools in one call; these are {len(owners)}."
        raise NoSpellingError("tools.strict", owners[MOST_STRICT_TOOLS], why, "Leave strict=True out of the others")
    format = params.get("format")
    if format is not None:
        owners.append(format)
    for what, limit in LIMITS.items():
        places = [(owner, path) for owner in owners for path in _sizes_of(owner)[what]]
        if len(places) > limit:
            owner, path = places[limit]
            feature = "tools.strict" if isinstance(owner, Tool) else "format"
            why = (
                f"Anthropic takes at most {limit} {what} in the strict schemas of one call; these are {len(places)}, and the first "
                f"too many is `{path}` of {owner.name}."
            )
            raise NoSpellingError(
                feature, owner, why, "Make more of them required, of one type each, or leave some out"
            )


def _sizes_of(owner: Any) -> Mapping[str, Sequence[str]]:
    """Return the places of what is counted in the schema of a tool or a format; none before it was encoded."""
    sizes = owner.wire.get(SIZES)
    if "anthropic" not in owner.wire:
        return NO_SIZES
    if sizes is None:
        wire: Mapping[str, Any] = owner.wire["anthropic"]
        schema = wire["input_schema"] if isinstance(owner, Tool) else wire["schema"]
        found = list(_parameters(schema, ""))
        sizes = owner.wire[SIZES] = {what: [path for kind, path in found if kind == what] for what in LIMITS}
    return sizes


def _parameters(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield what is counted of each property, with its place. A reference adds nothing."""
    required = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        place = f"{path}.{name}".lstrip(".")
        if name not in required:
            yield "optional parameters", place
        if "anyOf" in inner or isinstance(inner.get("type"), list):
            yield "parameters of several types", place
        yield from _parameters(inner, place)
    for key in ("$defs", "definitions"):
        for name, inner in schema.get(key, {}).items():
            yield from _parameters(inner, name)
    if "items" in schema:
        yield from _parameters(schema["items"], f"{path}[]")
    for key in ("anyOf", "allOf"):
        for inner in schema.get(key, ()):
            yield from _parameters(inner, path)
