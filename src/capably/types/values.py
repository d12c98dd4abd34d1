"""Values that cannot be changed: what parts, messages and timeouts are.

A history is sent again in each turn, so adapters cache its encoding, which is safe only for immutable values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import NoReturn, Self

KindT = TypeVar("KindT", bound=type)
ValueT = TypeVar("ValueT")

set_field: Callable[[object, str, object], None] = object.__setattr__
"""Sets a field of a value: for its `__init__`, and for adapters that complete an answer while it arrives."""


@dataclass_transform(eq_default=False, frozen_default=True, kw_only_default=True)
def read_only(kind: KindT) -> KindT:
    """Make type checkers refuse assignments to the annotated fields of a `Value`. Its `__init__` is unchanged."""
    return kind


class Value:
    """An object whose fields are set once, in its `__init__`, with `set_field`.

    Copies, pickles and `copy.replace` (of Python 3.13) are made from the fields. A slot that begins with `_` is not a field: it
    holds data cached beside the value.
    """

    __slots__ = ()

    def _cannot_be_changed(self, *_: object) -> NoReturn:
        raise AttributeError(
            f"a {type(self).__name__} cannot be changed; build a new one: llm.{type(self).__name__}(...)"
        )

    if not TYPE_CHECKING:  # Type checkers use `read_only`; with these they would accept any assignment.
        __setattr__ = __delattr__ = _cannot_be_changed

    def __reduce__(self) -> tuple[object, ...]:
        return restored, (type(self), fields_of(self))

    def __replace__(self, **changes: object) -> Self:
        return type(self)(**(fields_of(self) | changes))


def field_names(kind: type) -> tuple[str, ...]:
    """Return the fields of a class with slots, those of its bases first."""
    return tuple(name for name in _slots(kind) if not name.startswith("_"))


def fields_of(value: Value) -> dict[str, object]:
    """Return the fields of a value, by name."""
    return {name: getattr(value, name) for name in field_names(type(value))}


def restored(kind: type[ValueT], fields: Mapping[str, object]) -> ValueT:
    """Return an object of this kind with these fields, unchecked. Missing fields are `None`."""
    made = object.__new__(kind)
    for name in _slots(kind):
        set_field(made, name, fields.get(name))
    return made


def _slots(kind: type) -> Iterator[str]:
    return (name for base in reversed(kind.__mro__) for name in base.__dict__.get("__slots__", ()))
