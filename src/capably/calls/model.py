"""The run time of `llm.Model`. The generated stubs have its types; the same facts are checked at run time."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic

from capably.providers.adapters import check_alike
from capably.registry.identify import find_model, identify, model_of
from capably.registry.lookup import resolve_model
from capably.types.errors import UnverifiedModelWarning
from capably.types.facts import ModelInfo
from capably.types.turns import given_in
from capably.validation.arguments import check_defaults

if TYPE_CHECKING:
    from typing import Never, Self, TypeAlias

    from capably_models import Capabilities
    from typing_extensions import TypeVar

    from capably.providers.scripted import Script
    from capably.types.parts import Part, Text

    InputT_contra = TypeVar("InputT_contra", bound=Part, contravariant=True, default=Text)
    CapsT_co = TypeVar("CapsT_co", covariant=True, default=Capabilities)

    SomeModel: TypeAlias = "ModelBase[Never, object]"
    """A model, whatever it takes and can do."""
else:
    from typing import TypeVar

    InputT_contra = TypeVar("InputT_contra", contravariant=True)
    CapsT_co = TypeVar("CapsT_co", covariant=True)

__all__ = ["CapsT_co", "InputT_contra", "ModelBase"]


class ModelBase(Generic[InputT_contra, CapsT_co]):
    """A model and the parameters that every call to it starts from. Immutable; pickles; compares by value."""

    __slots__ = ("_info", "defaults", "id")
    id: str
    defaults: Mapping[str, Any]
    _info: ModelInfo | None

    if TYPE_CHECKING:

        def _inputs(self, value: InputT_contra, /) -> None: ...
        def _capabilities(self) -> CapsT_co: ...
        def _axes(self) -> CapsT_co: ...

    else:
        # Type parameters with defaults, which `Generic` supports from Python 3.13 only.
        def __class_getitem__(cls, item: object) -> object:
            from types import GenericAlias

            return GenericAlias(cls, item)

        # The signature stands in the generated stub, one overload per profile.
        def __new__(cls, id, /, **defaults):  # noqa: ANN001, ANN003, ANN204
            _check_id(id)
            return cls._create(id, find_model(id), defaults)

    @classmethod
    def _create(cls, id: str, info: ModelInfo | None, defaults: Mapping[str, object]) -> Self:
        check_defaults(defaults)
        model: Self = object.__new__(cls)
        object.__setattr__(model, "id", id)
        object.__setattr__(model, "defaults", MappingProxyType(given_in(defaults)))
        object.__setattr__(model, "_info", info)
        return model

    @classmethod
    def _restore(
        cls,
        id: str,
        defaults: Mapping[str, object],
        origin: str | None = None,
        replies: Sequence[Script] | None = None,
    ) -> Self:
        """Return a model as it was written; `origin` is the listed id whose facts it has, where its own id is another. `replies` are
        what a scripted model had left."""
        if replies is not None:
            from capably.providers.scripted import add_script

            add_script(id.partition("/")[2], replies)
        info = resolve_model(origin or id)
        return cls._create(id, info.renamed(id) if info and info.id != id else info, defaults)

    if not TYPE_CHECKING:

        @classmethod
        def of(cls, id, /, **defaults):  # noqa: ANN001, ANN003, ANN206
            _check_id(id)
            info, problem = model_of(id)
            if problem:
                warnings.warn(problem, UnverifiedModelWarning, stacklevel=2)
            return cls._create(id, info, defaults)

        @classmethod
        def custom(cls, id, /, *, like):  # noqa: ANN001, ANN206
            """Return an unlisted model with the capabilities, limits and prices of one that the registry lists.

            The id's provider serves it. Raises `ConfigurationError` if its wire format differs from that of `like`'s provider.
            """
            _check_id(id)
            if "/" not in id:
                raise ValueError(f'"{id}" names no provider; ids read provider/model')
            if not isinstance(like, (str, ModelBase)):
                raise TypeError(
                    f"like={like!r} is of type {type(like).__name__}; it must be a model, or the id of a listed one"
                )
            like_info = find_model(like) if isinstance(like, str) else like.info
            identity = identify(id)
            if identity.status in ("retired", "not_chat"):
                warnings.warn(str(identity), UnverifiedModelWarning, stacklevel=2)
            if like_info is not None:
                check_alike(id, like_info)
            info = None if like_info is None else like_info.renamed(id)
            return cls._create(id, info, {} if isinstance(like, str) else like.defaults)

        def with_(self, **defaults):  # noqa: ANN003, ANN201
            """Return the same model with other defaults."""
            check_defaults(defaults)
            return self._create(self.id, self._info, {**self.defaults, **given_in(defaults)})

    if not TYPE_CHECKING:
        # Unseen by type checkers, which would take any attribute to be settable.
        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError("a model does not change; make another one: llm.Model(id, **defaults)")

        def __delattr__(self, name: str) -> None:
            self.__setattr__(name, None)

    def __reduce__(self) -> tuple[object, ...]:
        origin = self._info.origin if self._info else None
        defaults = {**self.defaults}
        if "headers" in defaults:
            from capably.types.secrets import is_secret

            defaults["headers"] = {name: value for name, value in defaults["headers"].items() if not is_secret(name)}
        if self.provider == "scripted":
            from capably.providers.scripted import replies_left

            return (type(self)._restore, (self.id, defaults, origin, replies_left(self.id.partition("/")[2])))
        return (type(self)._restore, (self.id, defaults, origin))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelBase) and self.id == other.id and self.defaults == other.defaults

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        from capably.types.secrets import repr_without_secrets

        shown = {**self.defaults}
        if shown.get("headers"):  # Their values may be secrets.
            shown["headers"] = dict.fromkeys(shown["headers"], "...")
        defaults = "".join(f", {name}={repr_without_secrets(name, value)}" for name, value in shown.items())
        return f'llm.Model("{self.id}"{defaults})'

    @property
    def provider(self) -> str:
        """Return the part of the id before the slash."""
        return self.id.partition("/")[0]

    @property
    def info(self) -> ModelInfo | None:
        """Return the registry's facts about this model; `None` if its id is not listed."""
        return self._info


def must_be_model(value: object) -> SomeModel:
    """Return `value` if it is a model. Raise `TypeError` otherwise."""
    if not isinstance(value, ModelBase):
        raise TypeError(f'what answers must be a model, such as llm.Model("provider/id"), and not {value!r}')
    return value  # pyright: ignore[reportUnknownVariableType]


def _check_id(id: object) -> None:
    if not isinstance(id, str):
        raise TypeError(f"a model is named by a str that reads provider/model, not by {id!r}")
