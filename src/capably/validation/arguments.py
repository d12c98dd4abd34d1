"""Checks parameters for any model: the name must exist, and the value must be of its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from capably.parameters import OF_EVERY_MODEL, PARAMETERS, PER_CALL, Kind
from capably.types.errors import did_you_mean
from capably.types.timeout import check_seconds


def check_parameters(params: Mapping[str, object]) -> None:
    """Raise `TypeError` for an unknown name or a value of a wrong kind, and `ValueError` for a number below
    all that make sense. `None` stands for a parameter that is not given."""
    for name, value in params.items():
        parameter = PARAMETERS.get(name)
        if parameter is None:
            raise unknown_parameter(name)
        kind = parameter.kind
        if kind is not None and value is not None:
            if not isinstance(value, kind.types):
                raise TypeError(f"{name}={_shown(value)} is of type {type(value).__name__}; it must be {kind.words}")
            if isinstance(value, (int, float)):
                if parameter.routes and kind.least is not None and value < kind.least:
                    raise ValueError(f"{name}={value!r} makes no sense; it must be at least {kind.least}")
                if kind.positive:
                    check_seconds(value, name)
            if kind.holds is not None:
                _check_items(name, value, kind)


def check_defaults(params: Mapping[str, object]) -> None:
    """Raise what `check_parameters` raises, and `TypeError` for what is no default of a model or a block."""
    check_parameters(params)
    for name in PER_CALL:
        if params.get(name) is not None:
            raise TypeError(
                f"`{name}` belongs to one call, not to a model or a block: pass it to call, stream, resume or @llm.call."
            )


def check_parameters_of_prompt(params: Mapping[str, object]) -> None:
    """Raise what `check_parameters` raises, and `TypeError` for what a prompt cannot demand of a model."""
    check_parameters(params)
    for name in params:
        if name not in ("tools", "format", *OF_EVERY_MODEL):
            by = "call(prompt.content(...), " if name in PER_CALL else "with_("
            raise TypeError(
                f"@llm.prompt takes no `{name}`; it takes tools, format, and what every model takes: "
                f"{', '.join(OF_EVERY_MODEL)}. Write model.{by}{name}=...)."
            )


def _check_items(name: str, value: object, kind: Kind) -> None:
    values = cast("Mapping[str, object]", value).values() if isinstance(value, Mapping) else value
    for item in cast("Iterable[object]", values):
        if not isinstance(item, kind.holds or object):
            shown = "a value" if name == "headers" else _shown(item)  # A header may be a secret.
            raise TypeError(f"{name} holds {shown} of type {type(item).__name__}; it must be {kind.words}")


def unknown_parameter(name: str) -> TypeError:
    """Return the error for a keyword that no model has."""
    if name in _ELSEWHERE:
        return TypeError(f"there is no parameter {name!r}. Here it is {_ELSEWHERE[name]}.")
    hint = did_you_mean(name, PARAMETERS)
    return TypeError(f"there is no parameter {name!r}.{hint} A provider's own fields go into extra={{...}}.")


_KEY = "a setting of the provider: llm.configure(name, {0}=...), or provider=llm.provider(name, {0}=...)"
_ELSEWHERE: Mapping[str, str] = {
    "stream": "a method: model.stream(...)",
    **dict.fromkeys(("messages", "input", "prompt", "contents"), "the first argument, content"),
    **dict.fromkeys(("response_format", "response_model", "response_schema", "output_type"), "format=, a type"),
    **dict.fromkeys(("max_completion_tokens", "max_output_tokens"), "max_tokens="),
    **dict.fromkeys(("reasoning_effort", "effort", "thinking"), "reasoning="),
    **dict.fromkeys(("instructions", "system_instruction", "system_prompt"), "system="),
    **dict.fromkeys(("stop_sequences",), "stop="),
    **{name: _KEY.format(name) for name in ("api_key", "base_url")},
}
"""Keyword of an SDK or of another library -> what it is here."""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
