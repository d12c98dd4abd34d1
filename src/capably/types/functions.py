"""Functions that became objects by `@llm.tool`, `@llm.prompt` or `@llm.call`: how they bind as methods."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Coroutine
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

ResultT = TypeVar("ResultT")

Coro: TypeAlias = Coroutine[Any, Any, ResultT]
"""What a call of an `async def` gives. What it yields and is sent is between it and its event loop."""

if TYPE_CHECKING:
    from typing import Self, TypeGuard, final

    @final
    class OnlyAny:
        """A class without instances: to a type checker, only a function whose result is `Any` returns it."""

    class FunctionObject:
        """The base of functions that became objects. Each subclass declares the types of `__get__`."""

        function: Callable[..., Any]

        def __init__(self, function: Callable[..., object]) -> None: ...
        def with_function(self, function: Callable[..., Any], /) -> Self: ...
        def _arguments(self) -> dict[str, object]: ...

else:

    class FunctionObject(staticmethod):
        """The base of functions that became objects. As an attribute of a class, it binds like its function.

        A `staticmethod` takes over the name, docstring and signature of its function, and libraries that read classes,
        such as pydantic, see a method in it and no field.
        """

        def __new__(cls, function: Callable[..., object], *_: object, **__: object) -> Self:
            return super().__new__(cls, function)  # Python 3.15 takes nothing else

        def __init__(self, function: Callable[..., object]) -> None:
            if not (callable(function) or hasattr(function, "__get__")):
                raise TypeError(f"the decorator is for a function, and not for {function!r}")
            super().__init__(function)
            self.function = function

        def __get__(self, instance: object, owner: type | None = None) -> Self:
            bind = getattr(type(self.function), "__get__", None)
            bound = self.function if bind is None else bind(self.function, instance, owner)
            return self if bound is self.function else self.with_function(bound)

        def with_function(self, function: Callable[..., object]) -> Self:
            """Return the same object of another function, which is bound to an instance or class."""
            raise NotImplementedError

        def __repr__(self) -> str:
            return f"<{type(self).__name__} {getattr(self, '__qualname__', self.function)}>"

        def _arguments(self) -> dict[str, object]:
            """Return the arguments of the constructor that make this object."""
            raise NotImplementedError

        @cached_property
        def _definition(self) -> Callable[[], Self]:
            """The function that gives this object. A pickle names it, so that the object is loaded from where it is
            defined. A pickler that takes functions of `__main__`, local ones and lambdas by value (cloudpickle) takes
            this one so too, and with it what the object is made of."""
            kind, arguments, module, qualname = type(self), self._arguments(), self.__module__, self.__qualname__

            def definition() -> object:
                there = _attribute(module, qualname)
                own = isinstance(there, FunctionObject) and there._definition is definition
                return there if own else kind(**arguments)

            definition.__module__, definition.__qualname__ = module, f"{qualname}._definition"
            return definition

        def __reduce__(self) -> object:
            owner, name = getattr(self.function, "__self__", None), getattr(self.function, "__name__", "")
            if owner is not None and isinstance(getattr(owner, name, None), FunctionObject):
                return getattr, (owner, name)
            if owner is not None or not hasattr(self, "__qualname__"):  # of a partial, or of an object with `__call__`
                return _made, (type(self), self._arguments())
            if _attribute(self.__module__, self.__qualname__) is self.function:  # made beside the function
                return _made, (type(self), self._arguments())
            return _defined, (self._definition,)

        def __copy__(self) -> Self:
            return self

        def __deepcopy__(self, memo: dict[int, object]) -> Self:
            return self


def _defined(definition: Callable[[], object]) -> object:
    return definition()


def _made(kind: Callable[..., object], arguments: dict[str, object]) -> object:
    return kind(**arguments)


def _attribute(module: str, qualname: str) -> object:
    """Return what a module has under a dotted name; `None` if there is nothing."""
    found: object = sys.modules.get(module)
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return found


def without_partials(function: Callable[..., object]) -> Callable[..., object]:
    """Return the function that a `functools.partial` calls; any other function unchanged."""
    while isinstance(function, partial):
        function = function.func
    return function


def is_async(function: Callable[..., object]) -> TypeGuard[Callable[..., Coro[object]]]:
    """Return whether a call of `function` gives a coroutine: an `async def`, also as a class or static method, in a
    partial, or as the `__call__` of an object."""
    function = without_partials(function)
    plain = getattr(function, "__func__", function)
    return inspect.iscoroutinefunction(plain) or inspect.iscoroutinefunction(type(plain).__call__)
