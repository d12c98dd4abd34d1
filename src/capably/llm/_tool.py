"""Tools: a function becomes one with `@llm.tool`, and the calls that a model makes are run here.

The function's signature and docstring are read when the tool is first sent or run, not when it is decorated: then
annotations that are strings can be resolved, and what is never used costs nothing. For that reason msgspec, asyncio and
the walk over types are imported there too: this module is loaded by whoever decorates.
"""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from capably.types.errors import ToolError
from capably.types.parts import Part, Text, ToolCall, ToolOutput
from capably.types.tools import AsyncTool, BuiltinTool, Tool, ToolInterface

if TYPE_CHECKING:
    from capably.schema import Shape

DepsT = TypeVar("DepsT")
ResultT = TypeVar("ResultT")

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Context(Generic[DepsT]):
    """What your tools need and the model must not see: a database, the current user.

    A tool whose first parameter is annotated `llm.Context[...]` is handed the context of the call that runs it.
    """

    __slots__ = ("deps",)

    def __init__(self, deps: DepsT) -> None:
        self.deps: DepsT = deps


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
    first. Raises `TypeError` at its first use, if a parameter's type has no JSON form. `extra` holds fields of the
    provider's own for the tool's entry in the request, such as `{"defer_loading": True}` beside `llm.ToolSearch()`.

        @llm.tool
        def get_weather(city: str, days: int = 1) -> str:
            '''The weather forecast for a city.'''
    """

    def decorate(function: Callable[..., Any]) -> Tool[Any]:
        return tool_from_callable(function, name=name, description=description, strict=strict, extra=extra)

    if function is None:
        return decorate
    return tool_from_callable(function)


def tool_from_callable(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Tool[Any]:
    """A tool from anything that can be called: a function, a bound method, a partial, an object with `__call__`."""
    chosen = name or getattr(function, "__name__", None) or type(function).__name__
    if not _NAME.fullmatch(chosen):
        raise TypeError(f"{chosen!r} is no name for a tool: pass name= with 1 to 64 of a-z, A-Z, 0-9, _ and -.")
    names = _local_names(function)

    def read(function: Callable[..., Any]) -> ToolInterface:
        return _read_interface(function, chosen, description, names)

    kind: type[Tool[Any]] = AsyncTool[Any] if _is_async(function) else Tool[Any]
    return kind(function, name=chosen, strict=strict, extra=extra, read=read)


def _is_async(function: Any) -> bool:
    plain = getattr(function, "__func__", function)  # a staticmethod or classmethod object holds its function
    return inspect.iscoroutinefunction(plain) or inspect.iscoroutinefunction(type(plain).__call__)


def _local_names(function: Any) -> dict[str, Any]:
    """The local names around a function that is made inside another one: its string annotations may mean them."""
    if "<locals>" not in getattr(function, "__qualname__", ""):
        return {}
    if not any(isinstance(hint, str) for hint in function.__annotations__.values()):
        return {}
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return dict(frame.f_locals)


# Reading a signature


def _read_interface(
    function: Callable[..., Any], name: str, description: str | None, names: Mapping[str, Any]
) -> ToolInterface:
    from capably import schema

    parameters = list(inspect.signature(function).parameters.values())
    hints = _hints(function, name, parameters, names)
    takes_context = bool(parameters) and _is_context(hints.get(parameters[0].name))
    if takes_context:
        parameters = parameters[1:]
    _check_parameters(parameters, hints, name)
    annotations = {parameter.name: hints[parameter.name] for parameter in parameters}
    shapes, defs = schema.shapes_of(annotations, where=lambda arg: f"tool {name}, parameter {arg}", names=names)
    doc = schema.read_docstring(_docstring(function))
    properties = {
        parameter.name: schema.property_schema(
            shapes[parameter.name], doc.parameters.get(parameter.name), parameter.default
        )
        for parameter in parameters
    }
    required = [parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty]
    body = {"type": "object", "properties": properties, "required": required}
    return ToolInterface(
        description=description or doc.description,
        parameters=schema.with_defs(body, defs),
        load=_arguments_loader(parameters, shapes),
        takes_context=takes_context,
    )


def _hints(function: Any, name: str, parameters: list[inspect.Parameter], names: Mapping[str, Any]) -> dict[str, Any]:
    """The annotation of each parameter, strings resolved. A return annotation may be one that cannot be."""
    plain = inspect.unwrap(getattr(function, "func", function))
    plain = getattr(plain, "__func__", plain)
    if not hasattr(plain, "__globals__"):
        plain = getattr(type(plain).__call__, "__func__", type(plain).__call__)
    space = getattr(plain, "__globals__", {})
    hints: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.annotation is inspect.Parameter.empty:
            continue
        holder = typing.cast("Any", type("annotated", (), {"__annotations__": {parameter.name: parameter.annotation}}))
        try:
            hints |= typing.get_type_hints(holder, space, {**space, **names}, include_extras=True)
        except NameError as error:
            raise TypeError(
                f"tool {name}, parameter {parameter.name}: {error}. Import it at run time, not under TYPE_CHECKING."
            ) from error
    return hints


def _is_context(hint: Any) -> bool:
    return hint is Context or typing.get_origin(hint) is Context


def _check_parameters(parameters: list[inspect.Parameter], hints: Mapping[str, Any], name: str) -> None:
    for parameter in parameters:
        where = f"tool {name}, parameter {parameter.name}"
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"{where}: a model passes arguments by name, so *args and **kwargs cannot be described.")
        if parameter.name not in hints:
            raise TypeError(f"{where}: it has no annotation. Give it one, such as {parameter.name}: str.")
        if _is_context(hints[parameter.name]):
            raise TypeError(f"{where}: a Context must be the first parameter.")


def _docstring(function: Any) -> str | None:
    """The docstring of a function; of an object with `__call__`, that of the method or else of its class."""
    if inspect.isroutine(function):
        return function.__doc__
    partial = getattr(function, "func", None)
    return partial.__doc__ if partial is not None else type(function).__call__.__doc__ or type(function).__doc__


def _arguments_loader(
    parameters: Sequence[inspect.Parameter], shapes: Mapping[str, Shape]
) -> Callable[[Mapping[str, Any]], tuple[list[Any], dict[str, Any]]]:
    """Loads a call's arguments, and reports all that are wrong at once, so that the model can mend them in one go."""
    from capably.schema import MisfitError

    def load_arguments(given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        positional: list[Any] = []
        named: dict[str, Any] = {}
        wrong = [f"{name}: no such argument" for name in given if name not in shapes]
        for parameter in parameters:
            name = parameter.name
            if name not in given:
                if parameter.default is parameter.empty:
                    wrong.append(f"{name}: required but missing")
                elif parameter.kind is parameter.POSITIONAL_ONLY:
                    positional.append(parameter.default)
                continue
            try:
                value = shapes[name].load(given[name])
            except MisfitError as misfit:
                misfit.path = f"{name}{misfit.path}"
                wrong.append(str(misfit))
                continue
            if parameter.kind is parameter.POSITIONAL_ONLY:
                positional.append(value)
            else:
                named[name] = value
        if wrong:
            raise ValueError("; ".join(wrong))
        return positional, named

    return load_arguments


# Running


def run_tool_calls(
    calls: Sequence[ToolCall],
    tools: Sequence[Tool[Any] | BuiltinTool],
    context: Context[Any] | None = None,
    *,
    cut: ToolCall | None = None,
) -> list[ToolOutput]:
    """The output of each call, in order. What goes wrong in a tool or is wrong in a call becomes an `is_error` output.

    `cut` is a call of which only a part arrived: it is not run.

    Raises `ToolError`, before any tool runs, where one is async or wants a context that is not given.
    """
    by_name = _by_name(tools)
    _check_context(calls, by_name, context)
    for call in calls:
        if isinstance(by_name.get(call.name), AsyncTool):
            raise ToolError(f"tool {call.name} is async: run it with the async form of the call.")
    return [_cut(call) if call is cut else _run(call, by_name, context) for call in calls]


async def run_tool_calls_async(
    calls: Sequence[ToolCall],
    tools: Sequence[Tool[Any] | BuiltinTool],
    context: Context[Any] | None = None,
    *,
    cut: ToolCall | None = None,
) -> list[ToolOutput]:
    """The same for sync and async tools: async ones run all at once, the others one by one in a thread meanwhile."""
    import asyncio

    by_name = _by_name(tools)
    _check_context(calls, by_name, context)
    outputs: list[ToolOutput | None] = [None] * len(calls)

    async def run_async(index: int) -> None:
        outputs[index] = await _run_async(calls[index], by_name, context)

    for index, call in enumerate(calls):
        if call is cut:
            outputs[index] = _cut(call)

    async def run_sync(indexes: list[int]) -> None:
        for index in indexes:
            outputs[index] = await asyncio.to_thread(_run, calls[index], by_name, context)

    wanted = [index for index in range(len(calls)) if outputs[index] is None]
    waiting = [index for index in wanted if isinstance(by_name.get(calls[index].name), AsyncTool)]
    others = [index for index in wanted if index not in waiting]
    await asyncio.gather(*map(run_async, waiting), run_sync(others))
    return [output for output in outputs if output is not None]


def _by_name(tools: Sequence[Tool[Any] | BuiltinTool]) -> dict[str, Tool[Any]]:
    found: dict[str, Tool[Any]] = {}
    for tool in tools:
        if isinstance(tool, BuiltinTool):
            continue
        if found.setdefault(tool.name, tool) is not tool:
            raise ToolError(f"two tools are named {tool.name}: give one of them another with @llm.tool(name=...).")
    return found


def _check_context(calls: Sequence[ToolCall], tools: Mapping[str, Tool[Any]], context: Context[Any] | None) -> None:
    for call in calls:
        tool = tools.get(call.name)
        if tool is not None and context is None and tool.interface.takes_context:
            raise ToolError(f"tool {call.name} wants a context: pass context=llm.Context(...).")


def _run(call: ToolCall, tools: Mapping[str, Tool[Any]], context: Context[Any] | None) -> ToolOutput:
    try:
        tool, args, kwargs = _prepare(call, tools, context)
        result = tool.function(*args, **kwargs)
        if inspect.iscoroutine(result):
            result.close()
            raise ToolError(f"tool {call.name} gave a coroutine: define it with async def, and run it async.")
        return ToolOutput(call.id, call.name, encode_result(result))
    except Exception as error:  # the model is told, whatever it is
        return _failed(call, error)


async def _run_async(call: ToolCall, tools: Mapping[str, Tool[Any]], context: Context[Any] | None) -> ToolOutput:
    try:
        tool, args, kwargs = _prepare(call, tools, context)
        return ToolOutput(call.id, call.name, encode_result(await tool.function(*args, **kwargs)))
    except Exception as error:  # the model is told, whatever it is
        return _failed(call, error)


def _cut(call: ToolCall) -> ToolOutput:
    said = f"The call of {call.name} was cut off at the limit of the answer, so it was not run. Call it again, or be briefer."
    return ToolOutput(call.id, call.name, said, is_error=True)


class _WrongCallError(Exception):
    """The model's call is wrong; the message is for the model."""


def _failed(call: ToolCall, error: Exception) -> ToolOutput:
    if isinstance(error, _WrongCallError):
        return ToolOutput(call.id, call.name, str(error), is_error=True)
    said = str(error)
    kind = type(error).__name__
    return ToolOutput(call.id, call.name, f"{kind}: {said}" if said else kind, is_error=True)


def _prepare(
    call: ToolCall, tools: Mapping[str, Tool[Any]], context: Context[Any] | None
) -> tuple[Tool[Any], list[Any], dict[str, Any]]:
    """The tool that a call names, and the Python arguments for it."""
    tool = tools.get(call.name)
    if tool is None:
        there = f"The tools are: {', '.join(tools)}." if tools else "There are no tools."
        raise _WrongCallError(f"There is no tool {call.name}. {there}")
    if not call.args and call.raw_args:
        _check_raw(call)
    interface = tool.interface
    if interface.load is None:
        args, kwargs = list[Any](), dict(call.args)
    else:
        try:
            args, kwargs = interface.load(call.args)
        except ValueError as error:
            raise _WrongCallError(
                f"Wrong arguments for {call.name}: {error}. They were {_short(call.args)}."
            ) from error
    return tool, [context, *args] if interface.takes_context else args, kwargs


def _check_raw(call: ToolCall) -> None:
    import json

    try:
        json.loads(call.raw_args or "{}")
    except ValueError as error:
        raise _WrongCallError(f"The arguments of {call.name} are not JSON: {error}.") from error


def _short(args: Mapping[str, Any]) -> str:
    import json

    text = json.dumps(args, ensure_ascii=False)
    return text if len(text) <= 300 else f"{text[:300]}..."


def encode_result(result: Any) -> str | list[Part]:
    """What a tool returned, as a model is sent it: text as it is, parts as they are, anything else as JSON."""
    if isinstance(result, str):
        return result
    if isinstance(result, Part):
        return [result]
    if isinstance(result, list | tuple):
        items = typing.cast("Sequence[Any]", result)
        if any(isinstance(item, Part) for item in items):
            return [item if isinstance(item, Part) else Text(str(encode_result(item))) for item in items]
    import msgspec

    return msgspec.json.encode(result, enc_hook=_encode_other).decode()


def _encode_other(value: Any) -> Any:
    """Objects that msgspec does not know: a pydantic model by its own JSON, anything else by its text."""
    dump = getattr(value, "model_dump", None)
    return dump(mode="json") if callable(dump) else str(value)
