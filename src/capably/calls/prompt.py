"""Functions that return content, made callable: `@llm.prompt` (the model comes with the call) and `@llm.call` (it is fixed)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

from capably.responses.response import AsyncResponse, Response
from capably.responses.stream_response import AsyncStreamResponse, StreamResponse
from capably.types.functions import FunctionObject, is_async
from capably.validation.arguments import check_parameters, check_parameters_of_prompt

if TYPE_CHECKING:
    from typing import Self, TypeAlias

    from capably_models import Capabilities, HasFormat, HasTools, HasToolsWithFormat
    from typing_extensions import TypeForm, TypeVar as TypeVarWithDefault

    from capably.calls.model import ModelBase, SomeModel
    from capably.types.functions import Coro, OnlyAny
    from capably.types.messages import AssistantMessage, SystemMessage, UserMessage
    from capably.types.parts import Part, Text
    from capably.types.provider import Provider
    from capably.types.request import OnlyThroughWith, OnUnsupported
    from capably.types.timeout import Timeout
    from capably.types.tools import AnyTool


P = ParamSpec("P")
BoundP = ParamSpec("BoundP")
SelfT = TypeVar("SelfT")
FormatT = TypeVar("FormatT")
InputT = TypeVar("InputT", bound="Part")
NeedsT = TypeVar("NeedsT")
CapsT = TypeVar("CapsT")
PartT = TypeVar("PartT", bound="Part")
if TYPE_CHECKING:
    SystemT = TypeVarWithDefault("SystemT", default=SystemMessage)
    Parts: TypeAlias = PartT | Sequence[str | PartT | UserMessage[PartT] | AssistantMessage | SystemMessage]
else:
    SystemT = TypeVar("SystemT")


def _of(model: SomeModel) -> Any:
    """Return `model` untyped: its generated signatures do not apply here. Raise `TypeError` if it is no model."""
    from capably.calls.model import must_be_model

    return must_be_model(model)


class Prompt(FunctionObject, Generic[P, InputT, NeedsT, FormatT]):
    """A function that returns content. `prompt(model, ...)` calls the model with it; `.stream` streams, `.call_async`
    and `.stream_async` are awaited. On a method: `self.prompt(model, ...)`."""

    def __init__(self, function: Callable[..., object], params: Mapping[str, object]) -> None:
        super().__init__(function)
        self.params = params

    if TYPE_CHECKING:

        @overload
        def __get__(
            self: Callable[
                Concatenate[ModelBase[InputT, NeedsT], type[SelfT], BoundP], Response[FormatT, InputT, NeedsT]
            ],
            instance: SelfT | None,
            owner: type[SelfT],
            /,
        ) -> Prompt[BoundP, InputT, NeedsT, FormatT]: ...
        @overload
        def __get__(self, instance: None, owner: object, /) -> Self: ...
        @overload
        def __get__(
            self: Callable[Concatenate[ModelBase[InputT, NeedsT], SelfT, BoundP], Response[FormatT, InputT, NeedsT]],
            instance: SelfT,
            owner: object,
            /,
        ) -> Prompt[BoundP, InputT, NeedsT, FormatT]: ...
        @overload
        def __get__(self, instance: object, owner: object, /) -> Self: ...
        def __get__(self, instance: object, owner: object, /) -> object: ...

    def with_function(self, function: Callable[..., object]) -> Self:
        return type(self)(function, self.params)

    def _arguments(self) -> dict[str, object]:
        return {"function": self.function, "params": self.params}

    def content(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Return the content that would be sent."""
        return self.function(*args, **kwargs)

    def __call__(
        self, model: ModelBase[InputT, NeedsT], /, *args: P.args, **kwargs: P.kwargs
    ) -> Response[FormatT, InputT, NeedsT]:
        return _of(model).call(self.function(*args, **kwargs), **self.params)

    def stream(
        self, model: ModelBase[InputT, NeedsT], /, *args: P.args, **kwargs: P.kwargs
    ) -> StreamResponse[FormatT, InputT, NeedsT]:
        return _of(model).stream(self.function(*args, **kwargs), **self.params)

    async def call_async(
        self, model: ModelBase[InputT, NeedsT], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncResponse[FormatT, InputT, NeedsT]:
        """Call the model with the content, in the asynchronous form."""
        return await _of(model).call_async(self.function(*args, **kwargs), **self.params)

    async def stream_async(
        self, model: ModelBase[InputT, NeedsT], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncStreamResponse[FormatT, InputT, NeedsT]:
        """Stream the model's answer to the content, in the asynchronous form."""
        return await _of(model).stream_async(self.function(*args, **kwargs), **self.params)


class AsyncPrompt(FunctionObject, Generic[P, InputT, NeedsT, FormatT]):
    """An asynchronous function that returns content. `await prompt(model, ...)` calls the model with it."""

    def __init__(self, function: Callable[..., Awaitable[object]], params: Mapping[str, object]) -> None:
        super().__init__(function)
        self.params = params

    if TYPE_CHECKING:

        @overload
        def __get__(
            self: Callable[
                Concatenate[ModelBase[InputT, NeedsT], type[SelfT], BoundP],
                Coro[AsyncResponse[FormatT, InputT, NeedsT]],
            ],
            instance: SelfT | None,
            owner: type[SelfT],
            /,
        ) -> AsyncPrompt[BoundP, InputT, NeedsT, FormatT]: ...
        @overload
        def __get__(self, instance: None, owner: object, /) -> Self: ...
        @overload
        def __get__(
            self: Callable[
                Concatenate[ModelBase[InputT, NeedsT], SelfT, BoundP],
                Coro[AsyncResponse[FormatT, InputT, NeedsT]],
            ],
            instance: SelfT,
            owner: object,
            /,
        ) -> AsyncPrompt[BoundP, InputT, NeedsT, FormatT]: ...
        @overload
        def __get__(self, instance: object, owner: object, /) -> Self: ...
        def __get__(self, instance: object, owner: object, /) -> object: ...

    def with_function(self, function: Callable[..., Awaitable[object]]) -> Self:
        return type(self)(function, self.params)

    def _arguments(self) -> dict[str, object]:
        return {"function": self.function, "params": self.params}

    async def content(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Return the content that would be sent."""
        return await self.function(*args, **kwargs)

    async def __call__(
        self, model: ModelBase[InputT, NeedsT], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncResponse[FormatT, InputT, NeedsT]:
        return await _of(model).call_async(await self.function(*args, **kwargs), **self.params)

    async def stream(
        self, model: ModelBase[InputT, NeedsT], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncStreamResponse[FormatT, InputT, NeedsT]:
        return await _of(model).stream_async(await self.function(*args, **kwargs), **self.params)


class PromptDecorator(Generic[NeedsT, FormatT]):
    """The decorator that `@llm.prompt(...)` returns."""

    def __init__(self, params: Mapping[str, object]) -> None:
        self._params = params

    @overload
    def __call__(self, function: Callable[P, OnlyAny], /) -> Prompt[P, Any, NeedsT, FormatT]: ...
    @overload
    def __call__(self, function: Callable[P, Awaitable[str]], /) -> AsyncPrompt[P, Text, NeedsT, FormatT]: ...
    @overload
    def __call__(self, function: Callable[P, Awaitable[Parts[PartT]]], /) -> AsyncPrompt[P, PartT, NeedsT, FormatT]: ...
    @overload
    def __call__(self, function: Callable[P, str], /) -> Prompt[P, Text, NeedsT, FormatT]: ...
    @overload
    def __call__(self, function: Callable[P, Parts[PartT]], /) -> Prompt[P, PartT, NeedsT, FormatT]: ...
    def __call__(self, function: Callable[..., object], /) -> object:
        if is_async(function):
            return AsyncPrompt[..., Any, object, object](function, self._params)
        return Prompt[..., Any, object, object](function, self._params)


@overload
def prompt(function: Callable[P, OnlyAny], /) -> Prompt[P, Any, Capabilities, None]: ...
@overload
def prompt(function: Callable[P, Awaitable[str]], /) -> AsyncPrompt[P, Text, Capabilities, None]: ...
@overload
def prompt(function: Callable[P, Awaitable[Parts[PartT]]], /) -> AsyncPrompt[P, PartT, Capabilities, None]: ...
@overload
def prompt(function: Callable[P, str], /) -> Prompt[P, Text, Capabilities, None]: ...
@overload
def prompt(function: Callable[P, Parts[PartT]], /) -> Prompt[P, PartT, Capabilities, None]: ...
@overload
def prompt(  # pyright: ignore[reportOverlappingOverload]
    *,
    tools: None = None,
    format: None = None,
    max_tokens: int | None = None,
    extra: Mapping[str, object] | None = None,
    on_unsupported: OnUnsupported | None = None,
    provider: Provider | None = None,
    timeout: float | Timeout | None = None,
    max_retries: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> PromptDecorator[Capabilities, None]: ...
@overload
def prompt(
    *,
    tools: Sequence[AnyTool],
    format: None = None,
    max_tokens: int | None = None,
    extra: Mapping[str, object] | None = None,
    on_unsupported: OnUnsupported | None = None,
    provider: Provider | None = None,
    timeout: float | Timeout | None = None,
    max_retries: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> PromptDecorator[HasTools, None]: ...
@overload
def prompt(
    *,
    tools: None = None,
    format: TypeForm[FormatT],
    max_tokens: int | None = None,
    extra: Mapping[str, object] | None = None,
    on_unsupported: OnUnsupported | None = None,
    provider: Provider | None = None,
    timeout: float | Timeout | None = None,
    max_retries: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> PromptDecorator[HasFormat, FormatT]: ...
@overload  # It also names what is no parameter of a prompt.
def prompt(
    *,
    tools: Sequence[AnyTool] = ...,
    format: TypeForm[FormatT] = ...,  # pyright: ignore[reportInvalidTypeVarUse]
    max_tokens: int | None = None,
    extra: Mapping[str, object] | None = None,
    on_unsupported: OnUnsupported | None = None,
    provider: Provider | None = None,
    timeout: float | Timeout | None = None,
    max_retries: int | None = None,
    headers: Mapping[str, str] | None = None,
    **_others: OnlyThroughWith,
) -> PromptDecorator[HasToolsWithFormat, FormatT]: ...
def prompt(function: Callable[..., object] | None = None, /, **params: object) -> object:
    """Make a function that returns content a reusable prompt: `p(model, ...)`, for any model that can take it.

    With `tools=` or `format=` the prompt demands those capabilities of the model that it is called with. It also takes
    what every model takes (`max_tokens=`, `timeout=`, ...); anything else is the model's: `model.with_(temperature=0.2)`.
    """
    check_parameters_of_prompt(params)
    decorate: Any = PromptDecorator[object, object](params)
    return decorate if function is None else decorate(function)


class Call(FunctionObject, Generic[P, FormatT, InputT, CapsT]):
    """A function whose content goes to a fixed model. Calling it gives the response; `.stream` streams, `.call_async`
    and `.stream_async` are awaited."""

    def __init__(self, model: Any, function: Callable[..., object], params: Mapping[str, object]) -> None:
        super().__init__(function)
        self.model = model
        self.params = params

    if TYPE_CHECKING:

        @overload
        def __get__(
            self: Callable[Concatenate[type[SelfT], BoundP], Response[FormatT, InputT, CapsT]],
            instance: SelfT | None,
            owner: type[SelfT],
            /,
        ) -> Call[BoundP, FormatT, InputT, CapsT]: ...
        @overload
        def __get__(self, instance: None, owner: object, /) -> Self: ...
        @overload
        def __get__(
            self: Callable[Concatenate[SelfT, BoundP], Response[FormatT, InputT, CapsT]],
            instance: SelfT,
            owner: object,
            /,
        ) -> Call[BoundP, FormatT, InputT, CapsT]: ...
        @overload
        def __get__(self, instance: object, owner: object, /) -> Self: ...
        def __get__(self, instance: object, owner: object, /) -> object: ...

    def with_function(self, function: Callable[..., object]) -> Self:
        return type(self)(self.model, function, self.params)

    def _arguments(self) -> dict[str, object]:
        return {"model": self.model, "function": self.function, "params": self.params}

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Response[FormatT, InputT, CapsT]:
        return self.model.call(self.function(*args, **kwargs), **self.params)

    def stream(self, *args: P.args, **kwargs: P.kwargs) -> StreamResponse[FormatT, InputT, CapsT]:
        return self.model.stream(self.function(*args, **kwargs), **self.params)

    async def call_async(self, *args: P.args, **kwargs: P.kwargs) -> AsyncResponse[FormatT, InputT, CapsT]:
        """Call the model with the content, in the asynchronous form."""
        return await self.model.call_async(self.function(*args, **kwargs), **self.params)

    async def stream_async(self, *args: P.args, **kwargs: P.kwargs) -> AsyncStreamResponse[FormatT, InputT, CapsT]:
        """Stream the model's answer to the content, in the asynchronous form."""
        return await self.model.stream_async(self.function(*args, **kwargs), **self.params)


class AsyncCall(FunctionObject, Generic[P, FormatT, InputT, CapsT]):
    """An asynchronous function whose content goes to a fixed model."""

    def __init__(self, model: Any, function: Callable[..., Awaitable[object]], params: Mapping[str, object]) -> None:
        super().__init__(function)
        self.model = model
        self.params = params

    if TYPE_CHECKING:

        @overload
        def __get__(
            self: Callable[Concatenate[type[SelfT], BoundP], Coro[AsyncResponse[FormatT, InputT, CapsT]]],
            instance: SelfT | None,
            owner: type[SelfT],
            /,
        ) -> AsyncCall[BoundP, FormatT, InputT, CapsT]: ...
        @overload
        def __get__(self, instance: None, owner: object, /) -> Self: ...
        @overload
        def __get__(
            self: Callable[Concatenate[SelfT, BoundP], Coro[AsyncResponse[FormatT, InputT, CapsT]]],
            instance: SelfT,
            owner: object,
            /,
        ) -> AsyncCall[BoundP, FormatT, InputT, CapsT]: ...
        @overload
        def __get__(self, instance: object, owner: object, /) -> Self: ...
        def __get__(self, instance: object, owner: object, /) -> object: ...

    def with_function(self, function: Callable[..., Awaitable[object]]) -> Self:
        return type(self)(self.model, function, self.params)

    def _arguments(self) -> dict[str, object]:
        return {"model": self.model, "function": self.function, "params": self.params}

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> AsyncResponse[FormatT, InputT, CapsT]:
        return await self.model.call_async(await self.function(*args, **kwargs), **self.params)

    async def stream(self, *args: P.args, **kwargs: P.kwargs) -> AsyncStreamResponse[FormatT, InputT, CapsT]:
        return await self.model.stream_async(await self.function(*args, **kwargs), **self.params)


class CallDecorator(Generic[InputT, FormatT, CapsT, SystemT]):
    """The decorator that `@llm.call("provider/id", ...)` returns."""

    def __init__(self, model: SomeModel, params: Mapping[str, object]) -> None:
        self._model = model
        self._params = params

    @overload
    def __call__(self, function: Callable[P, OnlyAny], /) -> Call[P, FormatT, InputT, CapsT]: ...
    @overload
    def __call__(
        self,
        function: Callable[
            P,
            Awaitable[str | InputT | Sequence[str | InputT | UserMessage[InputT] | AssistantMessage | SystemT]],
        ],
        /,
    ) -> AsyncCall[P, FormatT, InputT, CapsT]: ...
    @overload
    def __call__(
        self,
        function: Callable[P, str | InputT | Sequence[str | InputT | UserMessage[InputT] | AssistantMessage | SystemT]],
        /,
    ) -> Call[P, FormatT, InputT, CapsT]: ...
    def __call__(self, function: Callable[..., object], /) -> object:
        if is_async(function):
            return AsyncCall[..., FormatT, InputT, CapsT](self._model, function, self._params)
        return Call[..., FormatT, InputT, CapsT](self._model, function, self._params)


def call(model: SomeModel | str, /, **params: object) -> CallDecorator[Any, object, object]:
    """Bind a function that returns content to a model and parameters. `capably_models._call` has the types."""
    check_parameters(params)
    if isinstance(model, str):
        from capably_models import Model

        model = cast("Callable[[str], SomeModel]", Model)(model)
    return CallDecorator(_of(model), params)
