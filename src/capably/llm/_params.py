"""What may be passed as a parameter at all, whatever the model is: a name that exists, with a value of its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from capably.types.request import PARAMETERS


class Kind(NamedTuple):
    """The Python types of a parameter, how they are called, what a number is at least, and what it may hold."""

    types: tuple[type[Any], ...]
    words: str
    least: float | None = None
    holds: type[Any] | None = None


_NUMBER, _WHOLE = ((int, float), "a number"), ((int,), "an int")
KINDS: Mapping[str, Kind] = {
    "system": Kind((str,), "a str"),
    "tools": Kind((Iterable,), "a list of tools"),
    "parallel_tools": Kind((bool,), "True or False"),
    "temperature": Kind(*_NUMBER),
    "top_p": Kind(*_NUMBER),
    "top_k": Kind(*_WHOLE),
    "max_tokens": Kind(*_WHOLE),
    "stop": Kind((str, Sequence), "a str or a list of them", holds=str),
    "seed": Kind(*_WHOLE),
    "logprobs": Kind((int,), "True, or an int"),
    "prefill": Kind((str,), "a str"),
    "output": Kind((list, tuple), "a list or tuple of words", holds=str),
    "extra": Kind((Mapping,), "a mapping: the fields to add to the request's body"),
    "timeout": Kind(*_NUMBER, least=0),
    "max_retries": Kind(*_WHOLE, least=0),
    "headers": Kind((Mapping,), "a mapping of str to str", holds=str),
}
"""Parameters whose value can be of a wrong kind. The others are held against words, or looked at where they are used."""


def check_parameters(params: Mapping[str, Any]) -> None:
    """Raises `TypeError` for a name that no model has and for a value of a wrong kind, `ValueError` for a number below
    all that make sense. `None` stands for a parameter that is not given."""
    for name, value in params.items():
        kind = KINDS.get(name)
        if kind is None:
            if name not in PARAMETERS:
                raise unknown_parameter(name)
        elif value is not None:
            if not isinstance(value, kind.types):
                raise TypeError(f"{name}={_shown(value)} is of type {type(value).__name__}; it must be {kind.words}")
            if kind.least is not None and value < kind.least:
                raise ValueError(f"{name}={value!r} makes no sense; it must be at least {kind.least}")
            if kind.holds is not None:
                _check_items(name, value, kind)


def _check_items(name: str, value: Mapping[str, Any] | Sequence[Any], kind: Kind) -> None:
    items: Iterable[Any] = dict(value).values() if isinstance(value, Mapping) else value
    for item in items:
        if not isinstance(item, kind.holds or object):
            shown = "a value" if name == "headers" else _shown(item)  # A header may be a secret.
            raise TypeError(f"{name} holds {shown} of type {type(item).__name__}; it must be {kind.words}")


def unknown_parameter(name: str) -> TypeError:
    """The error for a keyword that no model has."""
    import difflib

    close = difflib.get_close_matches(name, PARAMETERS, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return TypeError(f"there is no parameter {name!r}.{hint} A provider's own fields go into extra={{...}}.")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
