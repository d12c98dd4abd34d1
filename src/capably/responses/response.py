"""The complete response of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from capably.responses.base import CapsT_co, FormatT, FormatT_co, InputT_contra
from capably.responses.follow_up import AsyncFollowUp, FollowUp
from capably.types.response_data import ResponseData

if TYPE_CHECKING:
    from typing import Self

    from capably_models._resume import AfterAsyncResponse, AfterResponse  # pyright: ignore[reportMissingModuleSource]
    from typing_extensions import TypeForm

    from capably.types.messages import Message
else:
    AfterAsyncResponse = AfterResponse = object  # They only give `resume` its types.


class Response(FollowUp[FormatT_co, InputT_contra, CapsT_co], AfterResponse):
    """The complete response of `model.call`."""

    def __init__(self, reply: ResponseData, *rest: Any) -> None:
        super().__init__(*rest)
        self._received = reply

    @property
    def _reply(self) -> ResponseData:
        return self._received

    def _ask(self, messages: list[Message], params: Mapping[str, Any]) -> Self:
        model: Any = self._model
        return model.call(messages, **params)

    def _join(self, following: Any) -> Self:
        from capably.responses.continuation import join

        following._received = join(self._received, following._received)
        return following._with_request_of(self)

    @overload
    @classmethod
    def from_json(cls, text: str, *, tools: Sequence[Any] = ()) -> Response[None, Any, Any]: ...
    @overload
    @classmethod
    def from_json(
        cls, text: str, *, format: TypeForm[FormatT], tools: Sequence[Any] = ()
    ) -> Response[FormatT, Any, Any]: ...
    @classmethod
    def from_json(cls, text: str, *, format: Any = None, tools: Sequence[Any] = ()) -> Response[Any, Any, Any]:
        """Return the response that `to_json` wrote. `parse()` needs the `format`; running tools and resuming need `tools`."""
        return cls._load(text, format, tools)


class AsyncResponse(AsyncFollowUp[FormatT_co, InputT_contra, CapsT_co], AfterAsyncResponse):
    """The complete response of `await model.call_async`."""

    def __init__(self, reply: ResponseData, *rest: Any) -> None:
        super().__init__(*rest)
        self._received = reply

    @property
    def _reply(self) -> ResponseData:
        return self._received

    async def _ask(self, messages: list[Message], params: Mapping[str, Any]) -> Self:
        model: Any = self._model
        return await model.call_async(messages, **params)

    def _join(self, following: Any) -> Self:
        from capably.responses.continuation import join

        following._received = join(self._received, following._received)
        return following._with_request_of(self)

    @overload
    @classmethod
    def from_json(cls, text: str, *, tools: Sequence[Any] = ()) -> AsyncResponse[None, Any, Any]: ...
    @overload
    @classmethod
    def from_json(
        cls, text: str, *, format: TypeForm[FormatT], tools: Sequence[Any] = ()
    ) -> AsyncResponse[FormatT, Any, Any]: ...
    @classmethod
    def from_json(cls, text: str, *, format: Any = None, tools: Sequence[Any] = ()) -> AsyncResponse[Any, Any, Any]:
        """Return the response that `to_json` wrote. `parse()` needs the `format`; running tools and resuming need `tools`."""
        return cls._load(text, format, tools)
