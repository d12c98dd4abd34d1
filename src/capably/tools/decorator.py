"""Tools: a function becomes one with `@llm.tool`.

What it says stands in `_tool_interface.py`, what runs the calls of a model in `_tool_runs.py`: a type checker of a file
that has a tool reads this module, and is spared those.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar, overload

from capably.types.tools import AsyncTool, Tool

ResultT = TypeVar("ResultT")


class ToolDecorator(Protocol):
    """What `@llm.tool(name=...)` decorates with."""

    @overload
    def __call__(self, function: Callable[..., Coroutine[Any, Any, ResultT]], /) -> AsyncTool[ResultT]: ...
    @overload
    def __call__(self, function: Callable[..., ResultT], /) -> Tool[ResultT]: ...
    def __call__(self, function: Callable[..., Any], /) -> Tool[Any]: ...


@overload
def tool(function: Callable[..., Coroutine[Any, Any, ResultT]], /) -> AsyncTool[ResultT]: ...
@overload
def tool(function: Callable[..., ResultT], /) -> Tool[ResultT]: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
    extra: Mapping[str, Any] | None = None,
) -> ToolDecorator: ...
def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Any:
    """Make a function or method a tool, described to models by its signature and docstring.

    Parameters are described in the docstring (Google, NumPy or reST style) or by `Annotated[str, "..."]`, which goes
    first. Raise `TypeError` at its first use, if a parameter's type has no JSON form. `extra` holds fields of the
    provider's own for the tool's entry in the request, such as `{"defer_loading": True}` beside `llm.ToolSearch()`.

        @llm.tool
        def get_weather(city: str, days: int = 1) -> str:
            '''The weather forecast for a city.'''
    """

    from capably.tools.interface import tool_from_callable

    def decorate(function: Callable[..., Any]) -> Tool[Any]:
        return tool_from_callable(function, name=name, description=description, strict=strict, extra=extra)

    if function is None:
        return decorate
    return tool_from_callable(function)
