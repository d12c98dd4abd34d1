"""`with llm.override(...)`: another model, or other parameters, for every call in a block."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from capably.types.turns import NOT_REPEATED, given_in, is_repeated
from capably.validation.arguments import check_defaults

if TYPE_CHECKING:
    from capably.calls.model import SomeModel


class Override(NamedTuple):
    """The overrides of a block: a model that replaces each called one, and parameters over the models' defaults."""

    model: SomeModel | None
    params: Mapping[str, object]


_current: ContextVar[Override] = ContextVar("capably_override", default=Override(None, {}))  # noqa: B039 (never changed)


@contextmanager
def override(model: SomeModel | None = None, /, **params: object) -> Generator[None]:
    """Swap the model, or set parameters, for every call made in the block (in this thread or task).

        with llm.override(llm.scripted("Hello!")):
            assert greet().text() == "Hello!"  # whatever model greet() calls

        with llm.override(on_unsupported="warn"):
            ...

    Parameters of the call take precedence, then those of the innermost block, then the model's defaults.
    """
    check_defaults(params)
    if model is not None:
        from capably.calls.model import must_be_model

        must_be_model(model)
    outer = _current.get()
    inner = Override(outer.model if model is None else model, {**outer.params, **given_in(params)})
    token = _current.set(inner)
    try:
        yield
    finally:
        _current.reset(token)


def in_force(model: SomeModel, params: Mapping[str, object]) -> tuple[SomeModel, dict[str, object]]:
    """Return the model that is called inside the current overrides, and all parameters that are set."""
    current = _current.get()
    called = current.model or model
    given: dict[str, object] = {**called.defaults, **current.params}
    handle = current.params.get("provider")
    if handle is not None and getattr(handle, "name", None) != called.provider:
        given["provider"] = called.defaults.get("provider")
    for name, value in params.items():
        if value is NOT_REPEATED:
            if name in given and not is_repeated(name, given[name]):
                del given[name]
        elif value is not None:
            given[name] = value
    return called, given
