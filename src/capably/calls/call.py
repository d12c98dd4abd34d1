"""A call: content and parameters -> check -> request -> adapter. Sync and async share all but the I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from capably.calls.override import in_force
from capably.parameters import CONTENT, PARAMETERS
from capably.providers import Adapter
from capably.providers.adapters import adapter_of, default_endpoint, spellings_at
from capably.providers.credentials import sendable_headers
from capably.providers.handles import Handle, default_handle
from capably.providers.spellings import NoSpellingError, notes_on
from capably.responses.response import AsyncResponse, Response
from capably.responses.stream_response import AsyncStreamResponse, StreamResponse
from capably.types.errors import ConfigurationError
from capably.types.facts import ModelInfo
from capably.types.messages import SystemMessage, to_messages
from capably.types.request import Request
from capably.types.timeout import as_timeout
from capably.types.tools import BuiltinTool, Tool
from capably.types.turns import given_in, remembered
from capably.validation.arguments import check_parameters
from capably.validation.check import check_call
from capably.validation.conversations import repaired
from capably.validation.refusal import decide, missing_violation, refusal
from capably.validation.violations import PendingCall

if TYPE_CHECKING:
    from typing import TypedDict, Unpack

    from capably.calls.model import SomeModel
    from capably.types.messages import Content, Message
    from capably.types.request import CallParams
    from capably.types.timeout import Timeout

    class Sending(TypedDict):
        """How a call is sent, which is nothing that a model could lack."""

        extra: Mapping[str, object] | None
        headers: Mapping[str, str] | None
        timeout: Timeout | None
        max_retries: int | None


class PreparedCall(NamedTuple):
    """A call that passed the check, and its body."""

    adapter: Adapter
    request: Request
    body: dict[str, object]
    messages: list[Message]
    warnings: list[str]


def call(self: SomeModel, content: Content, **params: Unpack[CallParams]) -> Response[object]:
    """Send `content` and wait for the complete response."""
    model, given = in_force(self, params)
    ready = prepare(model.id, model.info, content, given)
    reply = ready.adapter.call(ready.request, ready.body)
    return Response(reply, model, ready.request, ready.messages, remembered(given), ready.warnings)


async def call_async(self: SomeModel, content: Content, **params: Unpack[CallParams]) -> AsyncResponse[object]:
    """Send `content` and await the complete response."""
    model, given = in_force(self, params)
    ready = prepare(model.id, model.info, content, given)
    reply = await ready.adapter.call_async(ready.request, ready.body)
    return AsyncResponse(reply, model, ready.request, ready.messages, remembered(given), ready.warnings)


def stream(self: SomeModel, content: Content, **params: Unpack[CallParams]) -> StreamResponse[object]:
    """Send `content` and return a stream of the response."""
    model, given = in_force(self, params)
    ready = prepare(model.id, model.info, content, given)
    events = ready.adapter.stream(ready.request, ready.body)
    accumulator = ready.adapter.accumulator(ready.request)
    return StreamResponse(events, accumulator, model, ready.request, ready.messages, remembered(given), ready.warnings)


async def stream_async(self: SomeModel, content: Content, **params: Unpack[CallParams]) -> AsyncStreamResponse[object]:
    """Send `content` and return an asynchronous stream of the response."""
    model, given = in_force(self, params)
    ready = prepare(model.id, model.info, content, given)
    events = await ready.adapter.stream_async(ready.request, ready.body)
    accumulator = ready.adapter.accumulator(ready.request)
    return AsyncStreamResponse(
        events, accumulator, model, ready.request, ready.messages, remembered(given), ready.warnings
    )


def prepare(id: str, info: ModelInfo | None, content: Content, params: Mapping[str, Any]) -> PreparedCall:
    """Check the call and encode it. Nothing is sent; the SDK is imported only if the check passes."""
    check_parameters(params)
    given = given_in(params)
    messages = _with_system(to_messages(content), given.pop("system", None))
    if "tools" in given:
        given["tools"] = _tools(given["tools"])
    provider, _, wire_id = id.partition("/")
    handle = _handle_of(given.pop("provider", None), provider)
    endpoint = (info.endpoint if info else None) or default_endpoint(provider, wire_id)
    sending: Sending = {
        "extra": given.pop("extra", None),
        "headers": sendable_headers(given.pop("headers", None)),
        "timeout": as_timeout(given.pop("timeout", None)),
        "max_retries": given.pop("max_retries", None),
    }
    pending = PendingCall(id, info, endpoint, given, messages, given.pop("on_unsupported", "raise"))
    warnings = check_call(pending)
    if "format" in given:
        from capably.formats.output_format import format_of

        given["format"] = format_of(given["format"])
    adapter = adapter_of(handle, wire_id)
    request, body = encode_call(adapter, pending, sending, warnings)
    if "format" in request.params:
        warnings += notes_on(spellings_at(provider, endpoint) or {}, request.params)
    return PreparedCall(adapter, request, body, messages, warnings)


def _handle_of(given: object, provider: str) -> Handle:
    """Return the handle that a call uses: the given one, else that of the process."""
    if given is None:
        return default_handle(provider)
    if not isinstance(given, Handle):
        raise TypeError(f"provider= is a handle that llm.provider(...) made, not {given!r}")
    if given.name != provider:
        raise ConfigurationError(f"the handle is one of {given.name!r}, and the model is served by {provider!r}")
    return given


def encode_call(
    adapter: Adapter, call: PendingCall, sending: Sending, warnings: list[str]
) -> tuple[Request, dict[str, object]]:
    """Return the request and its body. What the wire format cannot express raises, or is dropped and encoded again."""
    provider, _, wire_id = call.id.partition("/")
    dropped: list[NoSpellingError] = []
    while True:
        instructions, rest = split_instructions(repaired(call.messages, provider, call.endpoint, sending["extra"]))
        request = Request(
            info=call.info,
            model_id=wire_id,
            endpoint=call.endpoint,
            messages=rest,
            system="\n\n".join(message.text for message in instructions) or None,
            instructions=instructions,
            params=call.params,
            **sending,
        )
        try:
            return request, adapter.encode(request)
        except NoSpellingError as error:
            missing = error
        violation = missing_violation(call, missing)
        if any(one.feature == missing.feature and one.value is missing.value for one in dropped):
            raise refusal(call, violation, None)  # It cannot be dropped; trying again would never end.
        warnings.append(decide(call, violation))
        dropped.append(missing)


def _with_system(messages: list[Message], system: str | None) -> list[Message]:
    return messages if system is None else [SystemMessage(system), *messages]


def split_instructions(messages: Sequence[Message]) -> tuple[list[SystemMessage], list[Message]]:
    """Return the leading instructions of the conversation, and the other messages."""
    leading: list[SystemMessage] = []
    for message in messages:
        if not isinstance(message, SystemMessage):
            break
        leading.append(message)
    return leading, list(messages[len(leading) :])


def _tools(tools: Sequence[object]) -> list[object]:
    given = list(tools)
    names: set[str] = set()
    for tool in given:
        if not isinstance(tool, (Tool, BuiltinTool)):
            name = getattr(tool, "__name__", type(tool).__name__)
            raise TypeError(f"tools holds {name}, which is no tool; put @llm.tool above the function")
        if isinstance(tool, Tool):
            if tool.name in names:
                raise ValueError(f"tools holds two tools named {tool.name!r}; a model calls them by name")
            names.add(tool.name)
    return given


def _with_arguments(doc: str | None) -> str:
    """Return a docstring with a paragraph for each parameter of a call."""
    arguments = {"content": CONTENT, **{name: parameter.doc for name, parameter in PARAMETERS.items()}}
    return f"{doc}\n\nArgs:\n" + "".join(f"    {name}: {text}\n" for name, text in arguments.items())


for _function in (call, call_async, stream, stream_async):
    _function.__doc__ = _with_arguments(_function.__doc__)
