"""The types of a partial answer, by the type that the call's `format` names. For type checkers only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Set as AbstractSet
    from typing import Any, ClassVar, Protocol, TypeAlias

    from _typeshed import DataclassInstance

    class CallWithoutFormat:
        """In a refusal by the type checker: the call has no `format`, so its answer is not structured."""

    class PydanticObject(Protocol):
        """An object of a pydantic model."""

        __pydantic_fields__: ClassVar[dict[str, Any]]

    class StructObject(Protocol):
        """An object of a msgspec struct."""

        __struct_fields__: ClassVar[tuple[str, ...]]

    class AttrsObject(Protocol):
        """An object of an attrs class."""

        __attrs_attrs__: ClassVar[Any]

    class NamedTupleObject(Protocol):
        """A named tuple."""

        def _asdict(self) -> Mapping[str, object]: ...

    WithFields: TypeAlias = (
        DataclassInstance | PydanticObject | StructObject | AttrsObject | NamedTupleObject | Mapping[Any, object]
    )
    """What is a JSON object in the answer."""
    Items: TypeAlias = list[Any] | tuple[object, ...] | AbstractSet[object]
    """What is a JSON array in the answer."""
