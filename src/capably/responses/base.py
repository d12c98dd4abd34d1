"""The base of all responses: reading a reply."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, cast

from capably.providers.adapters import adapter_of
from capably.providers.handles import default_handle
from capably.registry.cost import cost_of
from capably.registry.lookup import resolve_model
from capably.types import parts as p
from capably.types.candidate import Candidate
from capably.types.errors import CapablyError, ParseError, RefusalError
from capably.types.messages import AssistantMessage, Source, UserMessage, to_messages, to_parts
from capably.types.request import Request
from capably.types.response_data import ResponseData
from capably.types.turns import given_in, next_turn
from capably.types.usage import Usage

if TYPE_CHECKING:
    from typing import Never, Self, TypeAlias

    from capably_models import AnyModel, HasAudioOutput, HasImageOutput, HasThoughts, _facts
    from typing_extensions import TypeVar

    from capably.responses.serialization import ResponseRecord, ResponseState
    from capably.types.candidate import TokenLogprob
    from capably.types.messages import Content, Message
    from capably.types.response_data import FinishReason
    from capably.types.stream import Chunk
    from capably.types.tools import AnyTool, BuiltinTool

    CallRecord: TypeAlias = tuple[object, Request, Sequence[Message], Mapping[str, object], Sequence[str]]
    """What a response is made with besides the reply: model, request, messages, parameters, warnings."""

    FormatT = TypeVar("FormatT", default=None)
    FormatT_co = TypeVar("FormatT_co", covariant=True, default=None)
    InputT_contra = TypeVar("InputT_contra", contravariant=True, default=Any)
    CapsT_co = TypeVar("CapsT_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    FormatT = TypeVar("FormatT")
    FormatT_co = TypeVar("FormatT_co", covariant=True)
    InputT_contra = TypeVar("InputT_contra", contravariant=True)
    CapsT_co = TypeVar("CapsT_co", covariant=True)


class BaseResponse(Generic[FormatT_co, InputT_contra, CapsT_co]):
    """The base of all responses. It reads `_reply`, which subclasses provide."""

    _model: Any
    """An `AnyModel`. What its calls take is known at run time only."""
    _dropped: tuple[str, ...] = ()
    """The parameters that a loaded response lacks, since JSON cannot hold them (`format`, `tools`)."""
    _request: Request
    _sent: Sequence[Message]
    _params: Mapping[str, object]
    warnings: tuple[str, ...]
    _earlier: Usage | None = None
    """What the calls before this one took, whose answers did not fit (`validate`)."""
    _day: datetime.date
    """The day of the call, in the user's own calendar."""

    if not TYPE_CHECKING:
        # Type parameters with defaults, which `Generic` supports from Python 3.13 only.
        def __class_getitem__(cls, item: object) -> object:
            from types import GenericAlias

            return GenericAlias(cls, item)

    def __init__(
        self,
        model: object,
        request: Request,
        messages: Sequence[Message],
        params: Mapping[str, object],
        warnings: Sequence[str],
    ) -> None:
        self._model = model
        self._request = request
        self._sent = messages
        self._params = params
        self.warnings = tuple(warnings)
        self._day = datetime.date.today()

    @property
    def _reply(self) -> ResponseData:
        raise NotImplementedError

    @property
    def model(self) -> AnyModel:
        """Return the model that was called."""
        return self._model

    @property
    def content(self) -> tuple[p.ResponsePart, ...]:
        """Return all parts of the answer, in order. `match` can tell every kind of them apart."""
        return cast("tuple[p.ResponsePart, ...]", self._reply.content)

    def text(self) -> str:
        """Return the answer's text without thoughts; empty if there is none."""
        return "".join([part.text for part in self._reply.of(p.Text)])

    if TYPE_CHECKING:

        def _inputs(self, value: InputT_contra, /) -> None: ...
        def _capabilities(self) -> CapsT_co: ...
        def _axes(self) -> CapsT_co: ...

    @property
    def thoughts(self: BaseResponse[object, Never, HasThoughts]) -> tuple[p.Thought, ...]:
        """Return the reasoning that the model shows."""
        return self._reply.of(p.Thought)

    @property
    def tool_calls(self) -> tuple[p.ToolCall, ...]:
        """Return the model's tool calls."""
        return self._reply.of(p.ToolCall)

    @property
    def images(self: BaseResponse[object, Never, HasImageOutput]) -> tuple[p.Image, ...]:
        """Return the pictures that the model made."""
        return self._reply.of(p.Image)

    @property
    def audio(self: BaseResponse[object, Never, HasAudioOutput]) -> tuple[p.Audio, ...]:
        """Return the sound that the model made."""
        return self._reply.of(p.Audio)

    @property
    def citations(self) -> tuple[p.Citation, ...]:
        """Return the sources of the answer, in order."""
        return tuple(c for part in self._reply.of(p.Text) for c in part.citations)

    @property
    def finish_reason(self) -> FinishReason:
        """Return why it ended: `stop`, `length`, `tool_use`, `refusal`, `content_filter`, `context_overflow`, `pause`,
        `continuation`, `error`, or `other` for a provider's own word, which `stop_detail` has."""
        return self._reply.finish_reason

    @property
    def stop_detail(self) -> str | None:
        """Return the provider's details of the end: the stop sequence, why it refused, its own word for the end.
        `None` if there is no more than `finish_reason`."""
        return self._reply.stop_detail

    @property
    def stop_sequence(self) -> str | None:
        """Return the one of `stop` that ended the answer; `None` if none did, or the provider does not say which."""
        return self._reply.stop_sequence

    @property
    def logprobs(self) -> tuple[TokenLogprob, ...]:
        """Return the tokens of the answer with their logarithmic probabilities; empty if the call did not want them, or the
        provider did not send them."""
        return self._reply.logprobs

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Return all answers of a call that wanted several (`extra={"n": 2}`), each with its parts and finish reason. The
        first is that of this response."""
        own = Candidate(self.content, self._reply.finish_reason, self._reply.stop_detail)
        return (own, *self._reply.others)

    @property
    def usage(self) -> Usage:
        """Return the tokens that the call consumed; of `validate` and `continue_`, those of all its calls."""
        own = self._reply.usage
        return own if self._earlier is None else self._earlier + own

    @property
    def cost(self) -> float | None:
        """Return the US dollars of the call; `None` if the usage or a price is unknown.

        A cost that the provider reported counts (`reported_cost`). Otherwise it is computed from `usage` at the registry's
        prices on the day of the call. Searches, and service tiers other than the usual one and batches, have no price there.
        """
        info = self._request.info
        return cost_of(self.usage, info.prices if info else (), self._day, self._prices_of)

    def _prices_of(self, wire_id: str) -> Sequence[_facts.Price]:
        """Return the prices of another model of the same provider."""
        info = resolve_model(f"{self._model.provider}/{wire_id}")
        return info.prices if info else ()

    @property
    def reported_cost(self) -> float | None:
        """Return the US dollars that the provider says the call cost; `None` if it does not say."""
        return self.usage.reported_cost

    @property
    def service_tier(self) -> str | None:
        """Return the tier that served the call, in the provider's word (`"default"`, `"flex"`, ...); `None` if it does not
        say."""
        return self.usage.service_tier

    @property
    def id(self) -> str | None:
        """Return the provider's id of the reply."""
        return self._reply.id

    @property
    def request_id(self) -> str | None:
        """Return the provider's id of the request, for its support."""
        return self._reply.request_id

    @property
    def request(self) -> Mapping[str, Any]:
        """Return the JSON body that was sent."""
        import msgspec

        return msgspec.json.decode(self._reply.sent)

    @property
    def body(self) -> bytes:
        """Return the JSON body that was received."""
        return self._reply.body

    @property
    def raw(self) -> Any:
        """Return the vendor SDK's own object for the reply, built now."""
        return adapter_of(default_handle(self._model.provider), self._request.model_id).to_sdk(
            self._reply.body, self._request.endpoint
        )

    @property
    def messages(self) -> list[Message]:
        """Return the conversation, this reply included. Every model takes it as `content`."""
        turn = self._reply.last
        request = self._request
        extra = request.extra or {}
        state = extra.get("conversation") or (extra.get("previous_response_id") if extra.get("store") else None)
        source = Source(self._model.provider, request.endpoint or "", request.model_id, turn.wire, turn.id, state)
        return [*self._sent, AssistantMessage(turn.content, source)]

    def parse(self) -> FormatT_co:
        """Return the answer as a value of the call's `format`.

        Raises:
            ParseError: The answer does not fit, was cut at its limit, or calls a tool first; or the call had no format.
            RefusalError: The model or a filter declined.
        """
        wanted = self._request.params.get("format")
        if wanted is None:
            raise ParseError(_NO_FORMAT["format" in self._dropped], text=self.text())
        refusals = [part.text for part in self._reply.of(p.Refusal)]
        if refusals or self.finish_reason in ("refusal", "content_filter"):
            detail = refusals[0] if refusals else self._reply.stop_detail or self.finish_reason
            raise RefusalError(f"the model declined to answer: {detail}")
        from capably.formats.output_format import parse_text

        try:
            return cast("FormatT_co", parse_text(wanted, self.text()))
        except ParseError as error:
            from capably.responses.unfinished import ending

            why = self._unfinished() or ending(self._reply)
            if why is None:
                raise
            raise ParseError(f"{why}. What there is: {error}", text=error.text) from error

    @property
    def _tools(self) -> Sequence[AnyTool | BuiltinTool]:
        return cast("Sequence[AnyTool | BuiltinTool]", self._params.get("tools", ()))

    def _unfinished(self) -> str | None:
        from capably.responses.unfinished import unfinished

        return unfinished(self._reply, self._params.get("max_tokens"))

    def _next(self, content: Content) -> list[Message]:
        """Return the conversation with further content."""
        if isinstance(content, (str, p.Part)):
            return [*self.messages, UserMessage(to_parts(content))]
        return [*self.messages, *to_messages(content)]

    def _again(self, params: Mapping[str, object] | None = None) -> dict[str, object]:
        """Return the parameters of a further turn: what it repeats of this one's, and `params` over that."""
        return {**next_turn(self._params), **given_in(params or {})}

    def _arrived(self) -> Iterable[Chunk]:
        """Return the chunks of a stream, as far as they have arrived."""
        return ()

    def _join(self, first: ResponseData, chunks: Iterable[Chunk]) -> None:
        """Put the answer that this one goes on with before it: its data, and its chunks where it is a stream."""
        raise NotImplementedError

    def _with_request_of(self, first: BaseResponse[object]) -> Self:
        """Return this response with the format and the parameters of `first`, whose earlier calls count too."""
        self._request, self._params, self._earlier = first._request, first._params, first._earlier
        return self

    def _after(self, rejected: BaseResponse[object]) -> Self:
        """Return this response, whose usage counts an answer that did not fit."""
        self._earlier = rejected.usage
        return self

    def _objection(self) -> str | None:
        """Return the message for the model if its answer does not fit the format; `None` if it fits.

        Raise the error of an answer that was cut, or that waits for a tool: another one under the same limit, or without
        the tool's result, would be no better.
        """
        try:
            self.parse()
        except ParseError as error:
            if self._request.params.get("format") is None or self._unfinished():
                raise
            return f"That cannot be used: {error}. Answer again, with all of it and nothing else."
        return None

    def to_json(self) -> str:
        """Return this response with its conversation as JSON, which `from_json` reads.

        It leaves out tools, the format and headers: the first two are Python objects, and headers may hold secrets.
        """
        from capably.responses.serialization import dump_response

        return dump_response(self._record())

    @classmethod
    def _load(cls, text: str, format: object, tools: Sequence[AnyTool | BuiltinTool]) -> BaseResponse[object]:
        from capably.responses.serialization import load_response

        return load_response(text, cls._restored, format, tools)

    @classmethod
    def _unpickled(cls, state: ResponseState) -> BaseResponse[object]:
        from capably.responses.serialization import record_of

        return cls._restored(record_of(state))

    def _record(self) -> ResponseRecord:
        """Return all that this response is made of. A stream is read to its end first."""
        from capably.responses.serialization import ResponseRecord

        return ResponseRecord(
            self._reply,
            self._model,
            self._request,
            self._sent,
            self._params,
            self.warnings,
            self._dropped,
            self._earlier,
            self._day,
        )

    @classmethod
    def _restored(cls, record: ResponseRecord) -> BaseResponse[object]:
        """Return the response that is made of this."""
        response = cls._complete_class()(
            record.reply, record.model, record.request, record.sent, record.params, record.warnings
        )
        response._dropped, response._earlier, response._day = record.dropped, record.earlier, record.day
        return response

    @classmethod
    def _complete_class(cls) -> Callable[..., BaseResponse[object]]:
        """Return the class of a copy: of a stream, the response that holds the complete reply."""
        return cls

    def __reduce__(self) -> tuple[object, ...]:
        from capably.responses.serialization import state_of

        return (type(self)._unpickled, (state_of(self._record()),))

    def __copy__(self) -> Self:
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        return copied

    def __deepcopy__(self, memo: dict[int, object]) -> BaseResponse[object]:
        from copy import deepcopy

        record = self._record()
        copies = {"reply": deepcopy(record.reply, memo), "sent": deepcopy(list(record.sent), memo)}
        return self._restored(record._replace(**copies))

    def __repr__(self) -> str:
        try:
            calls = ", ".join(call.name for call in self.tool_calls)
            shown = repr(self.text()[:60]) + (f", calls {calls}" if calls else "")
        except CapablyError as error:
            shown = f"{type(error).__name__}: {error}"[:80]
        return f"<{type(self).__name__} of {self._model.id}: {shown}>"


_NO_FORMAT = {
    False: "this call asked for no format; pass format= to have an answer to parse",
    True: "the format is not kept in JSON or pickles; load with Response.from_json(text, format=...)",
}
