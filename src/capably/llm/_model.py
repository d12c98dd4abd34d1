"""The run time of `llm.Model`. What each model takes is typed in the generated stubs and checked from the same facts."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic

from capably.llm._calls import PARAMETERS, prepare
from capably.llm._check import unknown_parameter
from capably.llm._registry import find_model, listed_model
from capably.llm._responses import AsyncResponse, AsyncStreamResponse, InputT_contra, Response, StreamResponse
from capably.types.errors import UnverifiedModelWarning
from capably.types.facts import ModelInfo

if TYPE_CHECKING:
    from typing import Self, Unpack

    from capably.types.request import CallParams

__all__ = ["InputT_contra", "ModelBase", "constants"]


class ModelBase(Generic[InputT_contra]):
    """A model and the parameters that every call to it starts from. Immutable; pickles; compares by value."""

    __slots__ = ("_info", "defaults", "id")
    id: str
    defaults: Mapping[str, Any]
    _info: ModelInfo | None

    if not TYPE_CHECKING:
        # The signature stands in the generated stub, one overload per profile.
        def __new__(cls, id, /, **defaults):
            return cls._made(id, find_model(id), defaults)

    @classmethod
    def _made(cls, id: str, info: ModelInfo | None, defaults: Mapping[str, Any]) -> Self:
        for name in defaults:
            if name not in PARAMETERS:
                raise unknown_parameter(name, PARAMETERS)
        model: Self = object.__new__(cls)
        object.__setattr__(model, "id", id)
        object.__setattr__(model, "defaults", dict(defaults))
        object.__setattr__(model, "_info", info)
        return model

    if not TYPE_CHECKING:

        @classmethod
        def of(cls, id, /, **defaults):
            info = find_model(id) if "/" not in id else listed_model(id)
            if info is None and not id.startswith("scripted/"):
                text = f'"{id}" is not in the registry, so nothing about it is checked.'
                warnings.warn(text, UnverifiedModelWarning, stacklevel=2)
            return cls._made(id, info, defaults)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a model does not change; make another one: llm.Model(id, **defaults)")

    def __reduce__(self) -> tuple[Any, ...]:
        return (_remade, (type(self), self.id, self.defaults))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelBase) and self.id == other.id and self.defaults == other.defaults

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        defaults = "".join(f", {name}={value!r}" for name, value in self.defaults.items())
        return f'llm.Model("{self.id}"{defaults})'

    @property
    def provider(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]

    @property
    def info(self) -> ModelInfo | None:
        """What the registry knows of it; `None` for an id that is not listed."""
        return self._info

    def call(self, content: Any, **params: Unpack[CallParams]) -> Response[Any, Any]:
        """Sends `content` and waits for the whole reply."""
        given: dict[str, Any] = {**self.defaults, **params}
        ready = prepare(self.id, self._info, content, given)
        reply = ready.adapter.call(ready.request)
        return Response(reply, self, ready.request, ready.messages, _kept(given), ready.warnings)

    async def call_async(self, content: Any, **params: Unpack[CallParams]) -> AsyncResponse[Any, Any]:
        """Sends `content` and awaits the whole reply."""
        given: dict[str, Any] = {**self.defaults, **params}
        ready = prepare(self.id, self._info, content, given)
        reply = await ready.adapter.call_async(ready.request)
        return AsyncResponse(reply, self, ready.request, ready.messages, _kept(given), ready.warnings)

    def stream(self, content: Any, **params: Unpack[CallParams]) -> StreamResponse[Any, Any]:
        """Sends `content`; iterate over what is returned to read the reply as it comes."""
        given: dict[str, Any] = {**self.defaults, **params}
        ready = prepare(self.id, self._info, content, given)
        events = ready.adapter.stream(ready.request)
        fold = ready.adapter.fold(ready.request)
        return StreamResponse(events, fold, self, ready.request, ready.messages, _kept(given), ready.warnings)

    async def stream_async(self, content: Any, **params: Unpack[CallParams]) -> AsyncStreamResponse[Any, Any]:
        """Sends `content`; iterate asynchronously over what is returned to read the reply as it comes."""
        given: dict[str, Any] = {**self.defaults, **params}
        ready = prepare(self.id, self._info, content, given)
        events = await ready.adapter.stream_async(ready.request)
        fold = ready.adapter.fold(ready.request)
        return AsyncStreamResponse(events, fold, self, ready.request, ready.messages, _kept(given), ready.warnings)


def _kept(params: Mapping[str, Any]) -> dict[str, Any]:
    """What `resume` passes again: all but what belongs to the first turn only."""
    return {name: value for name, value in params.items() if name not in ("system", "prefill")}


def _remade(cls: type[ModelBase[Any]], id: str, defaults: Mapping[str, Any]) -> ModelBase[Any]:
    return cls._made(id, listed_model(id), defaults)  # pyright: ignore[reportPrivateUsage]


def constants(provider: str, ids: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a module of constants: each model is made when it is first asked for."""
    made: dict[str, Any] = {}

    def get(name: str) -> Any:
        if name not in made:
            if name not in ids:
                raise AttributeError(_no_constant(provider, name, ids))
            from capably_models._model import Model

            made[name] = Model(ids[name])  # pyright: ignore[reportArgumentType]
        return made[name]

    return get, lambda: list(ids)


def _no_constant(provider: str, name: str, ids: Mapping[str, str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, ids, n=1)
    return f"llm.{provider} has no model {name!r}." + (f" Did you mean {close[0]!r}?" if close else "")
