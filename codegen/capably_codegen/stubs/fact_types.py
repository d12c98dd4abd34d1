"""From the schema to types of the run-time tables: a TypedDict for each kind of entry, as `facts.py` spells it out."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from capably.types.facts import UNVERIFIED
from capably_codegen.registry import schema
from capably_codegen.registry.facts import NOT_OF_PROFILES, NOT_OF_PROVIDERS
from capably_codegen.registry.schema import Entry
from capably_codegen.stubs.signatures import literal


@dataclass(frozen=True)
class FactField:
    """One key of a TypedDict."""

    name: str
    type: str
    doc: str = ""

    @property
    def read_only(self) -> str:
        """Return the type of a key that must not be set."""
        required = self.type.removeprefix("NotRequired[")
        return f"ReadOnly[{self.type}]" if required == self.type else f"NotRequired[ReadOnly[{required}]"


@dataclass(frozen=True)
class FactType:
    """One TypedDict. Its `base` is another one, or `TypedDict` itself."""

    name: str
    base: str
    doc: str
    fields: tuple[FactField, ...]


ALIASES: Mapping[str, object] = {
    name: getattr(schema, name) for name in ("Modality", "Effort", "Endpoint", "When", "Sampled", "BuiltinTool")
}
"""Words that several fields take, by the name that the schema gives them."""

ENTRIES: tuple[type[Entry], ...] = (
    schema.Dialect,
    schema.Provider,
    schema.EndpointRules,
    schema.Tools,
    schema.Budget,
    schema.Reasoning,
    schema.Sampling,
    schema.Cache,
    schema.Profile,
    schema.Limits,
    schema.Rates,
    schema.Tier,
    schema.Price,
    schema.Dates,
    schema.Model,
    schema.Retired,
)

LEFT_OUT: Mapping[type[Entry], frozenset[str]] = {
    schema.Profile: NOT_OF_PROFILES,
    schema.Provider: NOT_OF_PROVIDERS,
}

ADDED: Mapping[type[Entry], tuple[FactField, ...]] = {
    schema.Profile: (
        FactField("line", "int", "Where the registry file describes it."),
        FactField("file", "NotRequired[str]", "The user's own file, where that describes it."),
    ),
}

AT_RUN_TIME: Mapping[tuple[type[Entry], str], str] = {
    (schema.Provider, "docs"): "str | None",
    (schema.Provider, "dialect"): "Dialect | None",
    (schema.Dialect, "builtin_tools"): "Mapping[str, str]",
}
"""Types of fields at run time: a host added by a program (`llm.configure`) has no docs and no dialect, and tools are looked up
by any tool's kind."""

AS_JSON: tuple[type[Entry], ...] = (schema.Tools, schema.Reasoning, schema.Sampling, schema.Cache, schema.EndpointRules)
"""Groups that `ModelInfo.to_json()` has in a form of its own: with `None` for `unverified`."""

_OPTIONAL_GROUPS = (schema.Tools, schema.Reasoning)
"""Groups that a model may lack: their JSON has `supported`, and nothing else if unverified."""


def fact_types() -> Iterator[FactType]:
    """Yield every TypedDict, in the order of the schema."""
    for entry in ENTRIES:
        yield FactType(entry.__name__, _base(entry), _doc(entry.__doc__), tuple(_fields(entry)))
    for entry in AS_JSON:
        doc = f"`{entry.__name__}` in JSON; unknown is `None`."
        yield FactType(f"{entry.__name__}Json", "TypedDict", doc, tuple(_json_fields(entry)))


def alias_texts() -> dict[str, str]:
    """Return the aliases with their definitions."""
    return {name: literal(get_args(words)) for name, words in ALIASES.items()}


def _base(entry: type[Entry]) -> str:
    parent = entry.__mro__[1]
    return parent.__name__ if parent in ENTRIES else "TypedDict"


def _fields(entry: type[Entry]) -> Iterator[FactField]:
    parent = next((other for other in ENTRIES if other is entry.__mro__[1]), Entry)
    for name, field in entry.model_fields.items():
        if name not in parent.model_fields and name not in LEFT_OUT.get(entry, ()):
            text = AT_RUN_TIME.get((entry, name)) or type_text(field.annotation)
            yield FactField(name, text, _doc(field.description))
    yield from ADDED.get(entry, ())


def _json_fields(entry: type[Entry]) -> Iterator[FactField]:
    if entry in _OPTIONAL_GROUPS:
        yield FactField("supported", "bool | None")
    for name, field in entry.model_fields.items():
        yield FactField(name, type_text(field.annotation, json=True))
    if entry is schema.Reasoning:
        yield FactField("always_on", "bool | None")


def type_text(annotation: object, *, json: bool = False) -> str:
    """Return a field's type as text for the stub: dates are text, lists become sequences.

    In JSON lists are lists, and anything may be `None`, as `unverified` is.
    """
    members = dict.fromkeys((*_members(annotation, json), *(("None",) if json else ())))
    return " | ".join(sorted(members, key=lambda member: member == "None"))


def _members(annotation: object, json: bool) -> Iterator[str]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _members(arguments[0], json)
    elif origin in (Union, UnionType):
        for member in arguments:
            yield from _members(member, json)
    elif origin is Literal:
        yield from _words(annotation, json)
    elif origin is list:
        yield f"{'list' if json else 'Sequence'}[{type_text(arguments[0])}]"
    elif origin is dict:
        yield f"Mapping[{type_text(arguments[0])}, {type_text(arguments[1])}]"
    else:
        yield _NAMES.get(annotation) or getattr(annotation, "__name__", str(annotation))


_NAMES: Mapping[object, str] = {NoneType: "None", datetime.date: "str"}


def _words(annotation: object, json: bool) -> Iterator[str]:
    words = get_args(annotation)
    if json and UNVERIFIED in words:
        verified = tuple(word for word in words if word != UNVERIFIED)
        yield from (*((literal(verified),) if verified else ()), "None")
    else:
        yield next((name for name, alias in ALIASES.items() if alias == annotation), literal(words))


def _doc(text: str | None) -> str:
    return " ".join((text or "").split())
