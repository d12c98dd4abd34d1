"""Runs the tool calls of a model. Asyncio and msgspec are imported when they are first needed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, overload

from capably.types.calls import CALLS, ApplyPatchCall, ApprovalRequest, ComputerCall, CustomToolCall, ShellCall
from capably.types.errors import ConversationError, ToolError
from capably.types.functions import is_async
from capably.types.parts import Text, ToolCall, ToolOutput
from capably.types.tools import AnyTool, AsyncTool, BuiltinTool, CallerTool, MCPServer, Tool
from capably.types.values import set_field

if TYPE_CHECKING:
    from capably.tools.context import Context
    from capably.types.functions import Coro


def run_tool_calls(
    calls: Sequence[ToolCall],
    tools: Sequence[AnyTool | BuiltinTool],
    context: Context[object] | None = None,
    *,
    cut: ToolCall | None = None,
    endpoint: str | None = None,
) -> list[ToolOutput]:
    """Run the calls in order and return their outputs. An error in a tool or in a call becomes an `is_error` output.

    The model reads the text of a `ToolError` that a tool raises, and of any other exception the class only.
    `cut` is a call of which only a part arrived: it is not run. `endpoint` answered: at some, calls of a tool have names of any kind.

    Raises `ToolError`, before any tool runs, where one is async or wants a context that is not given.
    """
    by_name = _by_name(tools, calls, endpoint)
    _check_context(calls, by_name, context)
    for call in calls:
        if isinstance(by_name.get(call.name), AsyncTool):
            raise ToolError(f"tool {call.name} is async: run it with the async form of the call.")
    return [_cut(call) if call is cut else _run(call, by_name, context) for call in calls]


async def run_tool_calls_async(
    calls: Sequence[ToolCall],
    tools: Sequence[AnyTool | BuiltinTool],
    context: Context[object] | None = None,
    *,
    cut: ToolCall | None = None,
    endpoint: str | None = None,
) -> list[ToolOutput]:
    """Run sync and async tools: async ones concurrently, the others one by one in a thread meanwhile."""
    import asyncio

    by_name = _by_name(tools, calls, endpoint)
    _check_context(calls, by_name, context)
    outputs: list[ToolOutput | None] = [None] * len(calls)

    async def run_async(index: int) -> None:
        outputs[index] = await _run_async(calls[index], by_name, context)

    for index, call in enumerate(calls):
        if call is cut:
            outputs[index] = _cut(call)

    async def run_sync(indexes: list[int]) -> None:
        for index in indexes:
            output = await asyncio.to_thread(_run, calls[index], by_name, context, awaits=True)
            outputs[index] = output if isinstance(output, ToolOutput) else await _finish(calls[index], output)

    wanted = [index for index in range(len(calls)) if outputs[index] is None]
    waiting = [index for index in wanted if isinstance(by_name.get(calls[index].name), AsyncTool)]
    others = [index for index in wanted if index not in waiting]
    await asyncio.gather(*map(run_async, waiting), run_sync(others))
    return [output for output in outputs if output is not None]


def _by_name(
    tools: Sequence[AnyTool | BuiltinTool], calls: Sequence[ToolCall], endpoint: str | None
) -> dict[str, AnyTool]:
    """Return the tools by name, with the caller's functions for those that the provider defines."""
    by_name: dict[str, AnyTool] = {}
    for tool in tools:
        if isinstance(tool, BuiltinTool):
            continue
        if by_name.setdefault(tool.name, tool) is not tool:
            raise ToolError(f"two tools are named {tool.name}: give one of them another with @llm.tool(name=...).")
    defined = [tool for tool in tools if isinstance(tool, BuiltinTool)]
    others = [call for call in calls if call.name not in by_name]
    return by_name | {call.name: run for call in others if (run := _runner(call, defined, endpoint))}


class _Runner(Tool[object]):
    """A function of the caller's that takes a call."""

    __slots__ = ()


class _AsyncRunner(AsyncTool[object]):
    __slots__ = ()


def _runner(call: ToolCall, defined: Sequence[BuiltinTool], endpoint: str | None) -> AnyTool | None:
    """Return the caller's function for a call of a tool that the provider defines; `None` for any other call.

    Raises `ToolError` where there is none: the model cannot mend that.
    """
    if isinstance(call, ApprovalRequest):
        functions = [tool.approve for tool in defined if isinstance(tool, MCPServer) and _is_server(tool, call.server)]
        what, instead = f"asks to call {call.name} of the MCP server {call.server}", "llm.MCPServer(approve=...)"
    else:
        owners = [tool for tool in defined if isinstance(tool, CallerTool) and call.name in tool.names]
        owners = owners or [
            tool for tool in defined if isinstance(tool, CallerTool) and endpoint in tool.endpoints_with_other_names
        ]
        if not owners and not isinstance(call, CALLS):
            return None
        functions = [tool.run for tool in owners]
        kinds = [f"llm.{type(owner).__name__}(run=...)" for owner in owners] or [_RUN_BY[type(call)]]
        what, instead = f"calls {call.name}, which you run", " or ".join(kinds)
    if len(functions) != 1 or functions[0] is None:
        raise ToolError(
            f"the model {what}: pass {instead} {'alone ' if len(functions) > 1 else ''}in tools= for execute_tools(), or answer it with "
            f'response.resume(llm.ToolOutput("{call.id}", "{call.name}", ...)).'
        )
    function = functions[0]
    return _AsyncRunner(function, name=call.name) if is_async(function) else _Runner(function, name=call.name)


_RUN_BY: Mapping[type[ToolCall], str] = {
    ShellCall: "llm.Shell(run=...)",
    ComputerCall: "llm.ComputerUse(run=...)",
    ApplyPatchCall: "llm.ApplyPatch(run=...)",
    CustomToolCall: "a function of this name with the argument `input`",
}
"""Class of a call -> what runs it."""


def _is_server(tool: MCPServer, label: str) -> bool:
    return label in ("", tool.options.get("server_label"), tool.options.get("name"))


def _refuse_bare_data(context: object) -> None:
    from capably.tools.context import Context

    if context is not None and not isinstance(context, Context):
        raise TypeError(f"context= is a {type(context).__name__}: pass llm.Context(...) around it.")


def _check_context(calls: Sequence[ToolCall], tools: Mapping[str, AnyTool], context: Context[object] | None) -> None:
    _refuse_bare_data(context)
    for call in calls:
        tool = tools.get(call.name)
        if tool is not None and context is None and tool.interface.takes_context:
            raise ToolError(f"tool {call.name} wants a context: pass context=llm.Context(...).")


def _output(call: ToolCall, result: object) -> ToolOutput:
    """Return what a tool gave as its output. Raise `ConversationError` for a text that cannot be sent."""
    from capably.types.json import is_sendable, unsendable
    from capably.types.tool_results import NoJSONFormError, result_parts

    parts = result_parts(result)
    for part in parts:
        if isinstance(part, ToolCall | ToolOutput):
            raise NoJSONFormError(part, "is no result of a tool")
    for text in [parts] if isinstance(parts, str) else [part.text for part in parts if isinstance(part, Text)]:
        if not is_sendable(text):
            raise unsendable(text, f"the result of {call.name}")
    return ToolOutput(call.id, call.name, parts)


@overload
def _run(call: ToolCall, tools: Mapping[str, AnyTool], context: Context[object] | None) -> ToolOutput: ...
@overload
def _run(
    call: ToolCall, tools: Mapping[str, AnyTool], context: Context[object] | None, *, awaits: bool
) -> ToolOutput | Coro[object]: ...
def _run(
    call: ToolCall, tools: Mapping[str, AnyTool], context: Context[object] | None, *, awaits: bool = False
) -> ToolOutput | Coro[object]:
    """Run a call. With `awaits`, return the coroutine that a sync function gives, such as a decorated `async def`."""
    try:
        tool, args, kwargs = _prepare(call, tools, context)
        result = tool.function(*args, **kwargs)
        if inspect.iscoroutine(result):
            if awaits:
                return result
            result.close()
            raise ToolError(f"tool {call.name} gave a coroutine: run it with the async form of the call.")
        return _output(call, result)
    except Exception as error:  # the model is told, whatever it is
        return _failed(call, error)


async def _run_async(call: ToolCall, tools: Mapping[str, AnyTool], context: Context[object] | None) -> ToolOutput:
    try:
        tool, args, kwargs = _prepare(call, tools, context)
        result = tool.function(*args, **kwargs)
        return _output(call, await result if inspect.isawaitable(result) else result)
    except Exception as error:  # the model is told, whatever it is
        return _failed(call, error)


async def _finish(call: ToolCall, result: Coro[object]) -> ToolOutput:
    try:
        return _output(call, await result)
    except Exception as error:  # the model is told, whatever it is
        return _failed(call, error)


def _cut(call: ToolCall) -> ToolOutput:
    message = f"The call of {call.name} was cut off at the limit of the answer, so it was not run. Call it again, or be briefer."
    return ToolOutput(call.id, call.name, message, is_error=True)


class _WrongCallError(Exception):
    """The model's call is wrong; the message is for the model."""


def _failed(call: ToolCall, error: Exception) -> ToolOutput:
    """Return an error for the model, with the exception for the developer.

    Only what is meant for the model goes to the provider: the text of any other exception may hold secrets, so it is logged.
    """
    from capably.types.tool_results import NoJSONFormError

    if isinstance(error, ConversationError) and error.rule == "unsendable_text":
        message = f"{call.name} ran, but its result cannot be sent: it holds a text that is no valid Unicode."
    elif isinstance(error, _WrongCallError | ToolError):
        message = str(error)
    elif isinstance(error, NoJSONFormError):
        message = f"{call.name} ran, but its result cannot be sent: {error}."
    else:
        message = f"{call.name} failed with {type(error).__name__}."
    output = ToolOutput(call.id, call.name, message, is_error=True)
    if not isinstance(error, _WrongCallError):
        set_field(output, "_exception", error)
    if not isinstance(error, _WrongCallError | ToolError):
        import logging

        logging.getLogger("capably.tools").error("The tool %s failed.", call.name, exc_info=error)
    return output


def _prepare(
    call: ToolCall, tools: Mapping[str, AnyTool], context: Context[object] | None
) -> tuple[AnyTool, list[object], dict[str, object]]:
    """Return the tool that a call names, and its Python arguments."""
    tool = tools.get(call.name)
    if tool is None:
        there = f"The tools are: {', '.join(tools)}." if tools else "There are no tools."
        raise _WrongCallError(f"There is no tool {call.name}. {there}")
    if (unreadable := call.args_error) is not None:
        raise _WrongCallError(
            f"The arguments of {call.name} cannot be read, so it was not run: {unreadable}. "
            f"Call it again with its arguments as one JSON object. They were {_short(call.raw_args or call.args)}."
        )
    if isinstance(tool, _Runner | _AsyncRunner):
        return tool, [call], {}
    interface = tool.interface
    if interface.load is None:
        args, kwargs = list[object](), dict(call.args)
    else:
        try:
            args, kwargs = interface.load(call.args)
        except ValueError as error:
            raise _WrongCallError(
                f"Wrong arguments for {call.name}: {error}. They were {_short(call.args)}."
            ) from error
    if interface.context_keyword is not None:
        return tool, args, {**kwargs, interface.context_keyword: context}
    return tool, [context, *args] if interface.takes_context else args, kwargs


def _short(args: Mapping[str, object] | str) -> str:
    """Format the arguments as text for the model: at most 300 characters, all encodable as UTF-8."""
    import json

    text = args if isinstance(args, str) else json.dumps(args, ensure_ascii=False)
    text = text[:301].encode(errors="backslashreplace").decode()
    return text if len(text) <= 300 else f"{text[:300]}..."
