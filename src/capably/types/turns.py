"""Which parameters a call is given, and which of them a further turn of the conversation has again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from capably.parameters import PARAMETERS

ValueT = TypeVar("ValueT")

ONCE: tuple[str, ...] = tuple(name for name, parameter in PARAMETERS.items() if parameter.repeats is not True)
"""Parameters that a further turn does not have again, or not with every value."""

NOT_REPEATED: object = object()
"""The value of a parameter that a further turn leaves out: a default of the model or of a block does not set it again."""


def given_in(params: Mapping[str, ValueT]) -> dict[str, ValueT]:
    """Return the parameters that are given: `None` stands for one that is not."""
    return {name: value for name, value in params.items() if value is not None}


def is_repeated(name: str, value: object) -> bool:
    """Return whether a further turn has this parameter again with this value."""
    repeats = PARAMETERS[name].repeats
    return repeats if isinstance(repeats, bool) else value in repeats


def next_turn(params: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters of a turn that follows one with `params`."""
    once = dict.fromkeys(ONCE, NOT_REPEATED)
    return {**once, **{name: value for name, value in params.items() if is_repeated(name, value)}}


def remembered(params: Mapping[str, object]) -> dict[str, object]:
    """Return what a response keeps of its call's parameters: all but those that no further turn has again."""
    return {name: value for name, value in params.items() if PARAMETERS[name].repeats is not False}
