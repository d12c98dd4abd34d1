"""The JSON Schema that pydantic makes of its models, as answers need it."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from capably.json_schema.shape import Schema


def pydantic_schema(adapter: TypeAdapter[object], prefix: str) -> tuple[Schema, dict[str, Schema]]:
    """Return the schema of a type and its definitions, whose names begin with `prefix`."""
    schema = typing.cast("Schema", adapter.json_schema(ref_template=f"#/$defs/{prefix}{{model}}"))
    defs = {f"{prefix}{name}": body for name, body in schema.pop("$defs", {}).items()}
    _require_tags([schema, *defs.values()], defs)
    return schema, defs


def _require_tags(nodes: Iterable[object], defs: Mapping[str, Schema]) -> None:
    """Make the tag of each discriminated union required in its members: pydantic reads no answer without, default or not."""
    for node in nodes:
        if isinstance(node, list):
            _require_tags(typing.cast("list[object]", node), defs)
        elif isinstance(node, dict):
            schema = typing.cast("Schema", node)
            tag = schema.get("discriminator", {}).get("propertyName", "")
            for variant in schema.get("oneOf", ()) if tag else ():
                member = defs.get(variant.get("$ref", "").removeprefix("#/$defs/"), {})
                if tag in member.get("properties", {}) and tag not in member.get("required", ()):
                    member["required"] = [tag, *member.get("required", ())]
            _require_tags(typing.cast("dict[str, object]", node).values(), defs)
