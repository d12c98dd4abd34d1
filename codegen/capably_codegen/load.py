"""Load `model_registry.yaml`: read it, and check it. A problem is reported with file, line, the wrong word, the allowed and the nearest one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from capably.types.errors import did_you_mean
from capably_codegen.contradictions import contradictions
from capably_codegen.registry.problems import Key, Problem, RegistryError, problem
from capably_codegen.registry.schema import Profile, Registry
from capably_codegen.registry.source import Source
from capably_codegen.registry.yaml_lines import read_yaml

Plain: TypeAlias = dict[str, Any]
"""A mapping of a YAML file. Its shape is checked by the schema, when files are merged."""


def load_registry(path: Path) -> Source:
    """Load the registry at `path`. Raise `RegistryError` with every problem."""
    return parse_registry(path.read_text(encoding="utf-8"), path.name)


def parse_registry(text: str, name: str = "model_registry.yaml") -> Source:
    """Parse the registry in `text`; `name` is used in messages."""
    data, lines = read_yaml(text, name, needs="providers, profiles and models")
    return check_registry(data, lines, name)


def check_registry(
    data: object,
    lines: Mapping[Key, int],
    name: str,
    *,
    ours: Collection[str] = (),
    pointers: Mapping[str, str] | None = None,
) -> Source:
    """Check and build the registry in plain `data`. A key without a line in `lines` is reported at its parent's line.

    Of a user's own file: `ours` are the profiles that it did not write and `pointers` the words that only it may use, by
    section.
    """
    try:
        registry = Registry.model_validate(data)
    except ValidationError as error:
        raise RegistryError(name, _schema_problems(error, data, lines, pointers or {})) from None
    problems = [problem(key, what, lines) for key, what in contradictions(registry, ours)]
    if problems:
        raise RegistryError(name, problems)
    return Source(name, registry, lines)


def _schema_problems(
    error: ValidationError, data: object, lines: Mapping[Key, int], pointers: Mapping[str, str]
) -> Iterator[Problem]:
    by_place: dict[Key, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        by_place.setdefault(_place(detail, data), []).append(detail)
    for place, details in by_place.items():
        if any(len(other) > len(place) and other[: len(place)] == place for other in by_place):
            # Of a union, only the intended branch is reported: the one that got furthest.
            continue
        yield problem(place, _explain(place, details, pointers), lines)


def _place(detail: ErrorDetails, data: object) -> Key:
    """Return the path in the YAML: pydantic's location without the names of union branches."""
    place: list[str | int] = []
    last = len(detail["loc"]) - 1
    for number, step in enumerate(detail["loc"]):
        if isinstance(data, dict) and step in data:
            data = cast(dict[object, object], data)[step]
        elif isinstance(data, list) and isinstance(step, int) and step < len(cast(list[object], data)):
            data = cast(list[object], data)[step]
        elif detail["type"] != "missing" or number != last:
            continue
        place.append(step)
    return tuple(place)


def _explain(place: Key, details: list[ErrorDetails], pointers: Mapping[str, str]) -> str:
    first = details[0]
    word = str(place[-1]) if place else ""
    if first["type"] == "extra_forbidden":
        return _unknown_key(place, word, pointers)
    if first["type"] == "missing":
        return f"{word!r} is missing"
    allowed = [w for d in details if d["type"] in ("literal_error", "enum") for w in _words(d)]
    if any(d["type"] in ("bool_type", "bool_parsing") for d in details):
        allowed = ["true", "false", *allowed]
    allowed = [_SHAPES[d["type"]] for d in details if allowed and d["type"] in _SHAPES] + allowed
    if allowed:
        got = first["input"]
        return f"{got!r} is not allowed. Allowed: {', '.join(allowed)}.{did_you_mean(str(got), allowed)}"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        return message
    return f"{message[:1].lower()}{message[1:]}; it is {first['input']!r}"


_SHAPES = {"model_type": "a mapping", "list_type": "a list"}


def _unknown_key(place: Key, word: str, pointers: Mapping[str, str]) -> str:
    if len(place) == 3 and place[0] == "models" and word in Profile.model_fields:
        return (
            f"a model never overrides {word!r}, a fact of its profile. Give the model a profile of its own "
            "(`profiles:`) that says so."
        )
    keys = _fields_at(place)
    if len(place) == 3 and str(place[0]) in pointers:
        keys = sorted([*keys, pointers[str(place[0])]])
    return f"unknown key {word!r}.{did_you_mean(word, keys)} Known: {', '.join(keys)}."


def _fields_at(place: Key) -> list[str]:
    """Return the keys allowed at the last step of `place`."""
    kind: object = Registry
    for step in place[:-1]:
        fields = getattr(kind, "model_fields", None)
        annotation: object = fields[step].annotation if fields and step in fields else kind
        kind = next(iter(_models_in(annotation)), kind)
    return sorted(getattr(kind, "model_fields", {}))


def _models_in(annotation: object) -> Iterator[object]:
    if hasattr(annotation, "model_fields"):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_in(inner)


def _words(detail: ErrorDetails) -> list[str]:
    return re.findall(r"'([^']*)'", detail.get("ctx", {}).get("expected", ""))
