"""Tools: a function becomes one with `@llm.tool`.

`interface.py` reads the function, and `run.py` runs calls. They are separate, because a type checker of a file with a tool
reads only this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, overload

from capably.types.tools import AnyTool, AsyncTool, Tool

if TYPE_CHECKING:
    from capably.types.functions import Coro, OnlyAny

P = ParamSpec("P")
ResultT = TypeVar("ResultT")


class ToolDecorator(Protocol):
    """The decorator that `@llm.tool(name=...)` returns."""

    @overload
    def __call__(self, function: Callable[P, OnlyAny], /) -> Tool[Any, P]: ...
    @overload
    def __call__(self, function: Callable[P, Coro[ResultT]], /) -> AsyncTool[ResultT, P]: ...
    @overload
    def __call__(self, function: Callable[P, ResultT], /) -> Tool[ResultT, P]: ...
    def __call__(self, function: Callable[..., object], /) -> AnyTool: ...


@overload
def tool(function: Callable[P, OnlyAny], /) -> Tool[Any, P]: ...
@overload
def tool(function: Callable[P, Coro[ResultT]], /) -> AsyncTool[ResultT, P]: ...
@overload
def tool(function: Callable[P, ResultT], /) -> Tool[ResultT, P]: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
    extra: Mapping[str, object] | None = None,
) -> ToolDecorator: ...
def tool(
    function: Callable[..., object] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
    extra: Mapping[str, object] | None = None,
) -> AnyTool | Callable[[Callable[..., object]], AnyTool]:
    """Make a function or method a tool, described to models by its signature and docstring.

        @llm.tool
        def get_weather(city: str, days: int = 1) -> str:
            '''The weather forecast for a city.'''

    Parameters are described in the docstring (Google, NumPy or reST style) or by `Annotated[str, "..."]`, which takes
    precedence. The first use of the tool raises `TypeError` if a parameter's type has no JSON form.

    Args:
        name: The tool's name; by default that of the function.
        description: Its purpose, for the model; by default from the docstring.
        strict: Let the provider guarantee that arguments match the schema, if the model supports it.
        extra: Fields of the provider's own in the tool's entry, such as `{"defer_loading": True}` with `llm.ToolSearch()`.
    """

    from capably.tools.interface import tool_from_callable

    def decorate(function: Callable[..., object]) -> AnyTool:
        return tool_from_callable(function, name=name, description=description, strict=strict, extra=extra)

    if function is None:
        return decorate
    return tool_from_callable(function)
