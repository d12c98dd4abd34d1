"""Read the description of a tool from a function: its name, purpose, and the schema of its arguments.

The function's signature and docstring are read when the tool is first sent or run, not when it is decorated: then
annotations that are strings can be resolved, and what is never used costs nothing. For that reason msgspec and the walk
over types are imported there too: this module is loaded by whoever decorates.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from capably.tools.context import Context
from capably.types.functions import is_async, without_partials
from capably.types.tools import AnyTool, AsyncTool, Tool, ToolInterface

if sys.version_info >= (3, 14):
    import annotationlib

if TYPE_CHECKING:
    from capably.json_schema import Schema, Shape
    from capably.types.json_types import Json
    from capably.types.tools import ArgumentsLoader

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_OURS = (__name__, "capably.tools.decorator")
"""Modules between the one that defines a tool and the function that reads it."""


def tool_from_callable(
    function: Callable[..., object],
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
    extra: Mapping[str, object] | None = None,
) -> AnyTool:
    """Make a tool of anything callable: a function, a bound method, a partial, a class, an object with `__call__`."""
    if not callable(function) and not hasattr(function, "__func__"):  # a class method is a tool once it is bound
        raise TypeError(f"llm.tool is given {function!r}, which cannot be called. Name a tool by @llm.tool(name=...).")
    plain = without_partials(function)
    chosen = name or getattr(plain, "__name__", None) or type(plain).__name__
    if not _NAME.fullmatch(chosen):
        raise TypeError(f"{chosen!r} is no name for a tool: pass name= with 1 to 64 of a-z, A-Z, 0-9, _ and -.")
    if inspect.isasyncgenfunction(plain):
        raise TypeError(f"tool {chosen} is an async generator, whose results cannot be sent: return a list of them.")
    names = _local_names(plain)

    read = functools.partial(_read_interface, name=chosen, description=description, names=names)  # which pickles
    if is_async(function):
        return AsyncTool(function, name=chosen, strict=strict, extra=extra, read=read)
    return Tool(function, name=chosen, strict=strict, extra=extra, read=read)


def _local_names(function: Callable[..., object]) -> dict[str, object]:
    """Return the local names around a nested function, which its string annotations may refer to."""
    if "<locals>" not in getattr(function, "__qualname__", ""):
        return {}
    if not any(isinstance(hint, str) for hint in _annotations(function).values()):
        return {}
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_globals.get("__name__") in _OURS:
        frame = frame.f_back
    return dict(frame.f_locals)


# Reading a signature


def _annotations(function: Callable[..., object]) -> Mapping[str, object]:
    """Return the annotations of a function. Python 3.14 evaluates them here, and a name that does not exist yet is a
    `ForwardRef`."""
    if sys.version_info >= (3, 14):
        return annotationlib.get_annotations(function, format=annotationlib.Format.FORWARDREF)
    return function.__annotations__


def _parameters(function: Callable[..., object]) -> list[inspect.Parameter]:
    """Return the parameters of a function. In Python 3.14 a name without a value is a `ForwardRef` among their annotations."""
    if sys.version_info >= (3, 14):
        signature = inspect.signature(function, annotation_format=annotationlib.Format.FORWARDREF)
    else:
        signature = inspect.signature(function)
    return list(signature.parameters.values())


def _read_interface(
    function: Callable[..., object], name: str, description: str | None, names: Mapping[str, object]
) -> ToolInterface:
    from capably import json_schema as schema

    parameters = _parameters(function)
    hints = _hints(function, name, parameters, names)
    context = _context_of(parameters, hints)
    parameters = [parameter for parameter in parameters if parameter is not context]
    _check_parameters(parameters, hints, name)
    annotations = {parameter.name: hints[parameter.name] for parameter in parameters}
    shapes, defs = schema.shapes_of(
        annotations, where=lambda arg: f"tool {name}, parameter {arg}", names=names, closed=True
    )
    doc = schema.read_docstring(_docstring(function))
    properties = {
        parameter.name: schema.property_schema(
            shapes[parameter.name], doc.parameters.get(parameter.name), parameter.default
        )
        for parameter in parameters
    }
    required = [parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty]
    body: Schema = {"type": "object", "properties": properties, "required": required}
    return ToolInterface(
        description=description or doc.description,
        parameters=schema.with_defs(body, defs),
        load=_arguments_loader(parameters, shapes),
        takes_context=context is not None,
        context_keyword=context.name if context is not None and context.kind is context.KEYWORD_ONLY else None,
    )


def _hints(
    function: Callable[..., object], name: str, parameters: list[inspect.Parameter], names: Mapping[str, object]
) -> dict[str, object]:
    """Return the annotation of each parameter, with strings resolved. The return annotation is skipped if it cannot
    be resolved."""
    plain = inspect.unwrap(without_partials(function))
    plain = getattr(plain, "__func__", plain)
    if isinstance(plain, type):
        plain = getattr(plain, "__init__", plain)
    elif not hasattr(plain, "__globals__"):
        plain = getattr(type(plain).__call__, "__func__", type(plain).__call__)
    space = getattr(plain, "__globals__", {})
    hints: dict[str, object] = {}
    for parameter in parameters:
        if parameter.annotation is inspect.Parameter.empty:
            continue
        holder = type("annotated", (), {"__annotations__": {parameter.name: parameter.annotation}})
        try:
            hints |= typing.get_type_hints(holder, space, {**space, **names}, include_extras=True)
        except NameError as error:
            raise TypeError(
                f"tool {name}, parameter {parameter.name}: {error}. Import it at run time, not under TYPE_CHECKING."
            ) from error
    return hints


def _is_context(hint: object) -> bool:
    return hint is Context or typing.get_origin(hint) is Context


def _context_of(parameters: list[inspect.Parameter], hints: Mapping[str, object]) -> inspect.Parameter | None:
    """Return the parameter that takes the context: the first one, or one that is keyword-only."""
    places = [*parameters[:1], *(parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY)]
    return next((parameter for parameter in places if _is_context(hints.get(parameter.name))), None)


def _check_parameters(parameters: list[inspect.Parameter], hints: Mapping[str, object], name: str) -> None:
    for parameter in parameters:
        where = f"tool {name}, parameter {parameter.name}"
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"{where}: a model passes arguments by name, so *args and **kwargs cannot be described.")
        if parameter.name not in hints:
            raise TypeError(f"{where}: it has no annotation. Give it one, such as {parameter.name}: str.")
        if _is_context(hints[parameter.name]):
            raise TypeError(f"{where}: a Context must be the first parameter or keyword-only, and the only one.")


def _docstring(function: Callable[..., object]) -> str | None:
    """Return the docstring of a function, in a partial too; of a class, its own or that of `__init__`; of an object with `__call__`,
    that of the method or else of its class."""
    from capably.json_schema import own_docstring

    function = without_partials(function)  # a partial is a routine since Python 3.14
    if isinstance(function, type):
        own = own_docstring(function)
        return own if own or "__init__" not in vars(function) else vars(function)["__init__"].__doc__
    if inspect.isroutine(function):
        return function.__doc__
    return type(function).__call__.__doc__ or type(function).__doc__


def _arguments_loader(parameters: Sequence[inspect.Parameter], shapes: Mapping[str, Shape]) -> ArgumentsLoader:
    """Return a loader of a call's arguments that reports all errors at once, so that the model can fix them
    together."""
    from capably.json_schema import MisfitError

    def load_arguments(given: Mapping[str, Json]) -> tuple[list[object], dict[str, object]]:
        positional: list[object] = []
        named: dict[str, object] = {}
        wrong = [f"{name}: no such argument" for name in given if name not in shapes]
        for parameter in parameters:
            name = parameter.name
            optional = parameter.default is not parameter.empty
            if name not in given:
                if not optional:
                    wrong.append(f"{name}: required but missing")
                elif parameter.kind is parameter.POSITIONAL_ONLY:
                    positional.append(parameter.default)
                continue
            try:
                value = shapes[name].load(given[name])
            except MisfitError as misfit:
                if given[name] is None and optional:  # null is the only way to leave it out in strict mode
                    positional += [parameter.default] if parameter.kind is parameter.POSITIONAL_ONLY else []
                    continue
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
