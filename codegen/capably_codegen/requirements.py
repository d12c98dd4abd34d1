"""Data for templates about requirements of functions, from the declaration in `capably.parameters`."""

from __future__ import annotations

from dataclasses import dataclass

from capably.parameters import ANSWERS, CAPABILITIES, FEATURES, PARAMETERS
from capably_codegen.signatures import Parameter


@dataclass(frozen=True)
class Requirement:
    """One capability class: its methods, and the rule of the registry behind it."""

    name: str
    doc: str
    base: str
    generic: str
    feature: str
    methods: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Axis:
    """A method that reads what a requirement may pass, and the type variable that takes it."""

    method: str
    variable: str


REQUIREMENTS: tuple[Requirement, ...] = tuple(
    Requirement(
        has.name, has.doc, has.base, has.generic, has.feature or method, ((method, has.takes), *has.also, *_mark)
    )
    for method, has in CAPABILITIES.items()
    for _mark in [((has.mark, "Yes"),) if has.mark else ()]
)

METHODS: tuple[str, ...] = tuple(method for name, has in CAPABILITIES.items() for method in (name, has.mark) if method)
"""All methods of capability classes."""

GENERICS: tuple[str, ...] = tuple(dict.fromkeys(has.generic for has in CAPABILITIES.values() if has.generic))
"""Type variables of capabilities that are required with words."""


def _axis(method: str) -> Axis:
    return Axis(method, "".join(word.title() for word in method.split("_")) + "T")


AXES: tuple[Axis, ...] = tuple(
    _axis(method)
    for method, has in CAPABILITIES.items()
    if method != "format" and has not in ANSWERS  # A format decides which overload it is; answers are not passed.
)

AXIS_PARAMETERS: tuple[Parameter, ...] = tuple(
    Parameter(name, "Sequence[ToolsT | BuiltinToolsT | NoTool]" if name == "tools" else _axis(name).variable)
    for name in FEATURES
    if PARAMETERS[name].has and name != "format"
)
"""The parameters of a call to a demanded model."""
