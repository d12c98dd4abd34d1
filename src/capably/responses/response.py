"""The complete response of a call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast, overload

from capably.responses.base import CapsT_co, FormatT, FormatT_co, InputT_contra
from capably.responses.follow_up import AsyncFollowUp, FollowUp
from capably.types.response_data import ResponseData

if TYPE_CHECKING:
    from typing import Self

    from capably_models._resume import AfterAsyncResponse, AfterResponse  # pyright: ignore[reportMissingModuleSource]
    from typing_extensions import TypeForm

    from capably.responses.base import CallRecord
    from capably.types.messages import Message
    from capably.types.stream import Chunk
    from capably.types.tools import AnyTool, BuiltinTool
else:
    AfterAsyncResponse = AfterResponse = object  # They only give `resume` its types.


class Response(FollowUp[FormatT_co, InputT_contra, CapsT_co], AfterResponse):
    """The complete response of `model.call`."""

    def __init__(self, reply: ResponseData, *rest: *CallRecord) -> None:
        super().__init__(*rest)
        self._received = reply

    @property
    def _reply(self) -> ResponseData:
        return self._received

    def _ask(self, messages: list[Message], params: Mapping[str, object]) -> Self:
        return self._model.call(messages, **params)

    def _join(self, first: ResponseData, chunks: Iterable[Chunk]) -> None:
        from capably.responses.continuation import join

        self._received = join(first, self._received)

    @overload
    @classmethod
    def from_json(cls, text: str, *, tools: Sequence[AnyTool | BuiltinTool] = ()) -> Response[None]: ...
    @overload
    @classmethod
    def from_json(
        cls, text: str, *, format: TypeForm[FormatT], tools: Sequence[AnyTool | BuiltinTool] = ()
    ) -> Response[FormatT]: ...
    @classmethod
    def from_json(
        cls, text: str, *, format: object = None, tools: Sequence[AnyTool | BuiltinTool] = ()
    ) -> Response[object]:
        """Return the response that `to_json` wrote. `parse()` needs the `format`; running tools and resuming need `tools`."""
        return cast("Response[object]", cls._load(text, format, tools))


class AsyncResponse(AsyncFollowUp[FormatT_co, InputT_contra, CapsT_co], AfterAsyncResponse):
    """The complete response of `await model.call_async`."""

    def __init__(self, reply: ResponseData, *rest: *CallRecord) -> None:
        super().__init__(*rest)
        self._received = reply

    @property
    def _reply(self) -> ResponseData:
        return self._received

    async def _ask(self, messages: list[Message], params: Mapping[str, object]) -> Self:
        return await self._model.call_async(messages, **params)

    def _join(self, first: ResponseData, chunks: Iterable[Chunk]) -> None:
        from capably.responses.continuation import join

        self._received = join(first, self._received)

    @overload
    @classmethod
    def from_json(cls, text: str, *, tools: Sequence[AnyTool | BuiltinTool] = ()) -> AsyncResponse[None]: ...
    @overload
    @classmethod
    def from_json(
        cls, text: str, *, format: TypeForm[FormatT], tools: Sequence[AnyTool | BuiltinTool] = ()
    ) -> AsyncResponse[FormatT]: ...
    @classmethod
    def from_json(
        cls, text: str, *, format: object = None, tools: Sequence[AnyTool | BuiltinTool] = ()
    ) -> AsyncResponse[object]:
        """Return the response that `to_json` wrote. `parse()` needs the `format`; running tools and resuming need `tools`."""
        return cast("AsyncResponse[object]", cls._load(text, format, tools))
