"""Functions that became objects by `@llm.tool`, `@llm.prompt` or `@llm.call`: how they bind as methods."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, final

    @final
    class OnlyAny:
        """A class without instances: to a type checker, only a function whose result is `Any` returns it."""

    class FunctionObject:
        """The base of functions that became objects. Each subclass declares the types of `__get__`."""

        function: Callable[..., Any]

        def __init__(self, function: Callable[..., Any]) -> None: ...
        def with_function(self, function: Callable[..., Any], /) -> Self: ...

else:

    class FunctionObject(staticmethod):
        """The base of functions that became objects. As an attribute of a class, it binds like its function.

        A `staticmethod` takes over the name, docstring and signature of its function, and libraries that read classes,
        such as pydantic, see a method in it and no field.
        """

        def __init__(self, function: Callable[..., Any]) -> None:
            super().__init__(function)
            self.function = function

        def __get__(self, instance: object, owner: type | None = None) -> Self:
            bind = getattr(type(self.function), "__get__", None)
            bound = self.function if bind is None else bind(self.function, instance, owner)
            return self if bound is self.function else self.with_function(bound)

        def with_function(self, function: Callable[..., Any]) -> Self:
            """Return the same object of another function, which is bound to an instance or class."""
            raise NotImplementedError

        def __repr__(self) -> str:
            return f"<{type(self).__name__} {getattr(self, '__qualname__', self.function)}>"

        def __reduce__(self) -> Any:
            """Return the place that defines it, as for a function: pickles name it, and copies are the object itself."""
            owner = getattr(self.function, "__self__", None)
            return self.__qualname__ if owner is None else (getattr, (owner, self.function.__name__))


def is_async(function: Any) -> bool:
    """Return whether a call of `function` gives a coroutine: an `async def`, also as a class or static method, in a
    partial, or as the `__call__` of an object."""
    plain = getattr(function, "__func__", function)
    return inspect.iscoroutinefunction(plain) or inspect.iscoroutinefunction(type(plain).__call__)
