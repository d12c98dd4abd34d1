"""What Anthropic takes in the strict tools and the format of one call together.

Source: its answers of 400, "Too many strict tools (21). The maximum number of strict tools supported is 20.", "Schemas contains too
many optional parameters (25) ... (limit: 24).", "Schemas contains too many parameters with union types (17 parameters with
type arrays or anyOf) ... (limit: 16 parameters with unions)." (claude-sonnet-4-6), and its guide to structured outputs,
"Schema complexity limits" (read 2026-11-29).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from capably.providers.anthropic.schema import DEFINITIONS, is_schema, items_of
from capably.providers.spellings import NoSpellingError
from capably.types.tools import Tool

if TYPE_CHECKING:
    from capably.types.format import Format
    from capably.types.tools import AnyTool, BuiltinTool

Sizes: TypeAlias = Mapping[str, Sequence[str]]
"""What is counted -> its places in a schema."""

MOST_STRICT_TOOLS = 20
LIMITS: Mapping[str, int] = {"optional parameters": 24, "parameters of several types": 16}
"""What is counted -> the most of it in all schemas of a call."""

SIZES = "anthropic.sizes"
"""The key under which a tool or a format stores what its schema has."""

NO_SIZES: Sizes = dict.fromkeys(LIMITS, ())


def check_sizes(params: Mapping[str, Any]) -> None:
    """Raise `NoSpellingError` for more strict tools, or larger schemas, than Anthropic takes. What is encoded later is checked
    then, together with what was before."""
    tools: Sequence[AnyTool | BuiltinTool] = params.get("tools") or ()
    strict = [tool for tool in tools if isinstance(tool, Tool) and tool.strict is True]
    if len(strict) > MOST_STRICT_TOOLS:
        why = f"Anthropic takes at most {MOST_STRICT_TOOLS} strict tools in one call; these are {len(strict)}."
        raise NoSpellingError("tools.strict", strict[MOST_STRICT_TOOLS], why, "Leave strict=True out of the others")
    format: Format | None = params.get("format")
    sizes = [(owner, _sizes_of(owner)) for owner in (*strict, *(() if format is None else (format,)))]
    for what, limit in LIMITS.items():
        places = [(owner, path) for owner, counted in sizes for path in counted[what]]
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


def _sizes_of(owner: AnyTool | Format) -> Sizes:
    """Return the places of what is counted in the schema of a tool or a format; none before it was encoded."""
    wire = owner.wire.get("anthropic")
    if wire is None:
        return NO_SIZES
    if SIZES not in owner.wire:
        places = list(_parameters(wire.get("input_schema" if isinstance(owner, Tool) else "schema"), ""))
        owner.wire[SIZES] = {what: [path for kind, path in places if kind == what] for what in LIMITS}
    return cast("Sizes", owner.wire[SIZES])


def _parameters(schema: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield what is counted of each property, with its place. A reference adds nothing."""
    if not is_schema(schema):
        return
    required, properties = items_of(schema.get("required")), schema.get("properties")
    for name, inner in properties.items() if is_schema(properties) else ():
        place = f"{path}.{name}".lstrip(".")
        if name not in required:
            yield "optional parameters", place
        if is_schema(inner) and ("anyOf" in inner or items_of(inner.get("type"))):
            yield "parameters of several types", place
        yield from _parameters(inner, place)
    for key in DEFINITIONS:
        definitions = schema.get(key)
        for name, inner in definitions.items() if is_schema(definitions) else ():
            yield from _parameters(inner, name)
    yield from _parameters(schema.get("items"), f"{path}[]")
    for key in ("anyOf", "allOf"):
        for inner in items_of(schema.get(key)):
            yield from _parameters(inner, path)
