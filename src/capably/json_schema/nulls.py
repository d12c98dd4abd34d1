"""Remove the nulls of an answer that stand for optional properties left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from capably.json_schema.shape import MisfitError


def again_without_nulls(
    load: Callable[[Any], Any], schema: Mapping[str, Any], defs: Mapping[str, Any]
) -> Callable[[Any], Any]:
    """Return a loader that reads null as "left out" where a property is optional and cannot be null.

    Under OpenAI's strict mode null is the only way to leave a property out.
    """

    def load_again(value: Any) -> Any:
        try:
            return load(value)
        except MisfitError:
            fewer = without_nulls(value, schema, defs)
            if fewer is value:
                raise
        return load(fewer)

    return load_again


_ANYTHING: Mapping[str, Any] = {}


def without_nulls(value: Any, schema: Mapping[str, Any], defs: Mapping[str, Any] | None = None) -> Any:
    """Return JSON without the nulls of properties that are optional in `schema` and cannot be null.

    The same object comes back where there are none. `defs` are the definitions beside the schema, if not under `$defs`.

    {"name": "Ada", "nickname": None} -> {"name": "Ada"}, where `nickname` is an optional text.
    """
    return _stripped(value, schema, schema.get("$defs") or schema.get("definitions") or {} if defs is None else defs)


def accepts_null(schema: Any, defs: Mapping[str, Any]) -> bool:
    """Return whether null fits the schema, as far as its type and its constants say. A schema without any takes it."""
    return any(_takes_null(variant) for variant in _variants(schema, defs))


def _takes_null(schema: Mapping[str, Any]) -> bool:
    if "enum" in schema or "const" in schema:
        return None in schema.get("enum", [schema.get("const")])
    kinds = schema.get("type", "null")
    return kinds == "null" or "null" in kinds


def _stripped(value: Any, schema: Any, defs: Mapping[str, Any]) -> Any:
    if type(value) is list:
        items = cast("list[Any]", value)
        arrays = (one for one in _variants(schema, defs) if "items" in one or "prefixItems" in one)
        inner = next(arrays, _ANYTHING)
        places: list[Any] = [*inner.get("prefixItems", ())]
        fewer = [
            _stripped(item, places[at] if at < len(places) else inner.get("items"), defs)
            for at, item in enumerate(items)
        ]
        return fewer if any(new is not old for new, old in zip(fewer, items, strict=True)) else items
    if type(value) is not dict:
        return value
    pairs = cast("dict[str, Any]", value)
    inner = _object_of(pairs, schema, defs)
    properties, required, others = (
        inner.get("properties", {}),
        inner.get("required", ()),
        inner.get("additionalProperties"),
    )
    fewer = {
        key: _stripped(item, properties.get(key, others), defs)
        for key, item in pairs.items()
        if item is not None or key in required or key not in properties or accepts_null(properties[key], defs)
    }
    same = len(fewer) == len(pairs) and all(item is pairs[key] for key, item in fewer.items())
    return pairs if same else fewer


def _object_of(value: Mapping[str, Any], schema: Any, defs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the object type of a union that the value is meant for: its constants agree, and it has the most keys."""

    def distance(one: Mapping[str, Any]) -> tuple[bool, int]:
        properties: Mapping[str, Any] = one.get("properties", {})
        shared = [(value[key], properties[key]) for key in value if key in properties]
        return not all(_may_be(item, inner) for item, inner in shared), len(value) - len(shared)

    objects = [one for one in _variants(schema, defs) if "properties" in one or "additionalProperties" in one]
    return min(objects, key=distance, default=_ANYTHING)


def _may_be(value: Any, schema: Mapping[str, Any]) -> bool:
    """Return whether a value is null or one of the constants of a schema that has some."""
    return value is None or not {"enum", "const"} & schema.keys() or value in schema.get("enum", [schema.get("const")])


def _variants(schema: Any, defs: Mapping[str, Any], seen: tuple[str, ...] = ()) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that a value may fit: references are followed, unions are taken apart."""
    if not isinstance(schema, Mapping):
        return
    schema = cast("Mapping[str, Any]", schema)
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name and name not in seen:
        yield from _variants(defs.get(name), defs, (*seen, name))
    unions = [inner for key in ("anyOf", "oneOf", "allOf") for inner in schema.get(key, ())]
    for inner in unions:
        yield from _variants(inner, defs, seen)
    if not name and not unions:
        yield schema
