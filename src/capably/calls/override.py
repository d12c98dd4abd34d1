"""`with llm.override(...)`: another model, or other parameters, for every call in a block."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, ContextDecorator
from contextvars import ContextVar
from typing import TYPE_CHECKING

from capably.types.turns import NOT_REPEATED, given_in, is_repeated
from capably.validation.arguments import check_defaults

if TYPE_CHECKING:
    from capably.calls.model import SomeModel


class Override(ContextDecorator, AbstractContextManager[None]):
    """A block of `llm.override`. It may be entered again, also within itself.

    Each block that runs is one item of `_current`, and its end takes out its own: generators may end their blocks in any
    order, and in another context than the one that they began in.
    """

    def __init__(self, model: SomeModel | None, params: Mapping[str, object]) -> None:
        self.model: SomeModel | None = model
        self.params: Mapping[str, object] = params

    def __enter__(self) -> None:
        _current.set((*_current.get(), self))

    def __exit__(self, *_: object) -> None:
        blocks = list(_current.get())
        if self in blocks:
            blocks.reverse()
            blocks.remove(self)
            _current.set(tuple(reversed(blocks)))


_current: ContextVar[tuple[Override, ...]] = ContextVar("capably_override", default=())


def override(model: SomeModel | None = None, /, **params: object) -> Override:
    """Swap the model, or set parameters, for every call made in the block (in this thread or task).

        with llm.override(llm.scripted("Hello!")):
            assert greet().text() == "Hello!"  # whatever model greet() calls

        with llm.override(on_unsupported="warn"):
            ...

    Parameters of the call take precedence, then those of the innermost block, then the model's defaults. Inside a generator the
    block holds for its caller too, from one `yield` to the next, as every context variable does.
    """
    check_defaults(params)
    if model is not None:
        from capably.calls.model import must_be_model

        must_be_model(model)
    return Override(model, given_in(params))


def in_force(model: SomeModel, params: Mapping[str, object]) -> tuple[SomeModel, dict[str, object]]:
    """Return the model that is called inside the current overrides, and all parameters that are set."""
    blocks = _current.get()
    called = next((block.model for block in reversed(blocks) if block.model is not None), model) if blocks else model
    overridden: dict[str, object] = {}
    for block in blocks:
        overridden |= block.params
    given: dict[str, object] = {**called.defaults, **overridden}
    handle = overridden.get("provider")
    if handle is not None and getattr(handle, "name", None) != called.provider:
        given["provider"] = called.defaults.get("provider")
    for name, value in params.items():
        if value is NOT_REPEATED:
            if name in given and not is_repeated(name, given[name]):
                del given[name]
        elif value is not None:
            given[name] = value
    return called, given
