"""Data for templates about requirements of functions, from the declaration in `capably.parameters`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from capably.capabilities import CAPABILITIES
from capably.modalities import OUTPUTS
from capably.parameters import FEATURES, PARAMETERS
from capably_codegen.stubs.signatures import Method, Parameter


@dataclass(frozen=True)
class Requirement:
    """One capability class: its methods, and the rule of the registry behind it."""

    name: str
    doc: str
    base: str
    generic: str
    feature: str
    methods: tuple[Method, ...]


@dataclass(frozen=True)
class Axis:
    """A method that reads what a requirement may pass, and the type variable that takes it."""

    method: str
    variable: str


def _methods(name: str) -> Iterator[tuple[str, str]]:
    """Yield the methods of a capability class, each with the type of the values that it takes."""
    has = CAPABILITIES[name]
    yield from ((name, has.takes), *has.also)
    if has.mark:
        yield has.mark, "Yes"


REQUIREMENTS: tuple[Requirement, ...] = tuple(
    Requirement(
        has.name, has.doc, has.base, has.generic, has.feature or name, tuple(Method(*pair) for pair in _methods(name))
    )
    for name, has in CAPABILITIES.items()
)

_TYPES: Mapping[str, str] = dict(pair for name in CAPABILITIES for pair in _methods(name))
"""Method of a capability class -> the type of the values that it takes."""

METHODS: tuple[str, ...] = tuple(_TYPES)
"""All methods of capability classes."""

GENERICS: tuple[str, ...] = tuple(dict.fromkeys(has.generic for has in CAPABILITIES.values() if has.generic))
"""Type variables of capabilities that are required with words."""


def _axis(method: str) -> Axis:
    return Axis(method, "".join(word.title() for word in method.split("_")) + "T")


AXES: tuple[Axis, ...] = tuple(_axis(method) for method, type in _TYPES.items() if type != "Yes")
"""What is passed with a type of its own; a capability that a model has or lacks decides which overload it is."""

_MADE_OF: Mapping[str, str] = {
    "reasoning": "ReasoningT | Reasoning[ReasoningT, Never]",
    "tools": "Sequence[ToolsT | BuiltinToolsT | NoTool] | None",
    "output": f"Sequence[{' | '.join(_axis(has.feature).variable for has in OUTPUTS.values())} | NoOutput] | None",
}
"""Parameters whose type is more than the type variable of their axis."""

AXIS_PARAMETERS: tuple[Parameter, ...] = tuple(
    Parameter(name, _MADE_OF.get(name, _axis(name).variable), none=False)
    for name in FEATURES
    if (PARAMETERS[name].has or name in _MADE_OF) and name != "format"
)
"""The parameters of a call to a demanded model."""
