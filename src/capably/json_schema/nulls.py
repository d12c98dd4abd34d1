"""Remove the nulls of an answer that stand for optional properties left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from capably.json_schema.shape import MisfitError, constants_of

if TYPE_CHECKING:
    from capably.json_schema.shape import Loader, Schema
    from capably.types.json_types import Json


def again_without_nulls(load: Loader, schema: Schema, defs: Mapping[str, Schema]) -> Loader:
    """Return a loader that reads null as "left out" where a property is optional and cannot be null.

    Under OpenAI's strict mode null is the only way to leave a property out.
    """

    def load_again(value: Json) -> object:
        try:
            return load(value)
        except MisfitError:
            fewer = _stripped(value, schema, defs)
            if fewer is value:
                raise
        return load(fewer)

    return load_again


_ANYTHING: Schema = {}


def without_nulls(value: dict[str, Json], schema: Mapping[str, object]) -> dict[str, Json]:
    """Return a JSON object without the nulls of properties that are optional in `schema` and cannot be null.

    The same object comes back where there are none. `schema` is anyone's JSON Schema, with its `$defs`.

    {"name": "Ada", "nickname": None} -> {"name": "Ada"}, where `nickname` is an optional text.
    """
    schema = cast("Schema", schema)
    return _stripped_object(value, schema, schema.get("$defs") or schema.get("definitions") or {})


def _takes_null(schema: Schema, defs: Mapping[str, Schema]) -> bool:
    """Return whether null fits the schema, as far as its type and its constants say. A schema without any takes it."""
    return any(_is_nullable(variant) for variant in _variants(schema, defs))


def _is_nullable(schema: Schema) -> bool:
    constants = constants_of(schema)
    if constants is not None:
        return None in constants
    kinds = schema.get("type", "null")
    return kinds == "null" or "null" in kinds


def _stripped(value: Json, schema: Schema | bool | None, defs: Mapping[str, Schema]) -> Json:
    if type(value) is list:
        return _stripped_array(value, schema, defs)
    return _stripped_object(value, schema, defs) if type(value) is dict else value


def _stripped_array(items: list[Json], schema: Schema | bool | None, defs: Mapping[str, Schema]) -> list[Json]:
    arrays = (one for one in _variants(schema, defs) if "items" in one or "prefixItems" in one)
    inner = next(arrays, _ANYTHING)
    places = inner.get("prefixItems", ())
    fewer = [
        _stripped(item, places[at] if at < len(places) else inner.get("items"), defs) for at, item in enumerate(items)
    ]
    return fewer if any(new is not old for new, old in zip(fewer, items, strict=True)) else items


def _stripped_object(
    pairs: dict[str, Json], schema: Schema | bool | None, defs: Mapping[str, Schema]
) -> dict[str, Json]:
    inner = _object_of(pairs, schema, defs)
    properties, required, others = (
        inner.get("properties", {}),
        inner.get("required", ()),
        inner.get("additionalProperties"),
    )
    fewer = {
        key: _stripped(item, properties.get(key, others), defs)
        for key, item in pairs.items()
        if item is not None or key in required or key not in properties or _takes_null(properties[key], defs)
    }
    same = len(fewer) == len(pairs) and all(item is pairs[key] for key, item in fewer.items())
    return pairs if same else fewer


def _object_of(value: Mapping[str, Json], schema: Schema | bool | None, defs: Mapping[str, Schema]) -> Schema:
    """Return the object type of a union that the value is meant for: its constants agree, and it has the most keys."""

    def distance(one: Schema) -> tuple[bool, int]:
        properties = one.get("properties", {})
        shared = [(value[key], properties[key]) for key in value if key in properties]
        return not all(_may_be(item, inner) for item, inner in shared), len(value) - len(shared)

    objects = [one for one in _variants(schema, defs) if "properties" in one or "additionalProperties" in one]
    return min(objects, key=distance, default=_ANYTHING)


def _may_be(value: Json, schema: Schema) -> bool:
    """Return whether a value is null or one of the constants of a schema that has some."""
    constants = constants_of(schema)
    return value is None or constants is None or value in constants


def _variants(schema: Schema | bool | None, defs: Mapping[str, Schema], seen: tuple[str, ...] = ()) -> Iterator[Schema]:
    """Yield the schemas that a value may fit: references are followed, unions are taken apart."""
    if not isinstance(schema, Mapping):
        return
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name and name not in seen:
        yield from _variants(defs.get(name), defs, (*seen, name))
    unions = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    for inner in unions:
        yield from _variants(inner, defs, seen)
    if not name and not unions:
        yield schema
