"""One call on its way out, in neutral form: what an adapter turns into its wire format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from capably.parameters import CallParams, OnUnsupported
from capably.types.parts import Part

if TYPE_CHECKING:
    from typing import Never

    from capably.types.errors import ProviderError
    from capably.types.facts import ModelInfo
    from capably.types.messages import Message
    from capably.types.usage import Usage

    OnlyWithReasoningOff: TypeAlias = Never
    """In a refusal by the type checker: this parameter is accepted only while the model does not reason.

    Say `reasoning="off"`; a model that does not reason by default also takes it in a call without `reasoning`.
    """
    NotTogetherWithTools: TypeAlias = Never
    """In a refusal by the type checker: this model takes `format` or tools of yours, and not both in one call."""
    NoneWithTools: TypeAlias = "None"
    """The type of `format` where tools of yours are a default of the model, which does not take both in one call."""
    NotAcceptedByThisModel: TypeAlias = Never
    """In a refusal by the type checker: this model does not take this parameter, or not this value."""

FinishReason: TypeAlias = Literal[
    "stop",
    "length",
    "tool_use",
    "refusal",
    "content_filter",
    "context_overflow",
    "pause",
    "continuation",
    "error",
    "other",
]
"""Why an answer ended. `other` is a provider's own word without a match here; `stop_detail` has it."""


class Request:
    """What to send: the model, the conversation, and the parameters that passed the check.

    `system` holds the instructions that lead the conversation; system messages in mid-conversation stay in `messages`.
    `params` has only keys of `CallParams` that a model can refuse; an adapter encodes every one of them or raises.
    """

    __slots__ = (
        "endpoint",
        "extra",
        "headers",
        "info",
        "max_retries",
        "messages",
        "model_id",
        "params",
        "system",
        "timeout",
    )

    def __init__(
        self,
        *,
        info: ModelInfo | None,
        model_id: str,
        endpoint: str | None,
        messages: Sequence[Message],
        system: str | None,
        params: Mapping[str, Any],
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> None:
        self.info: ModelInfo | None = info
        self.model_id: str = model_id
        self.endpoint: str | None = endpoint
        self.messages: Sequence[Message] = messages
        self.system: str | None = system
        self.params: Mapping[str, Any] = params
        self.extra: Mapping[str, Any] | None = extra
        self.headers: Mapping[str, str] | None = headers
        self.timeout: float | None = timeout
        self.max_retries: int | None = max_retries


__all__ = ["UNREADABLE", "CallParams", "FinishReason", "Later", "OnUnsupported", "Reply", "Request", "built", "kind_of"]

PartT = TypeVar("PartT", bound=Part)

Later: TypeAlias = tuple[type[Part], Callable[[Any], Part], Any]
"""A part that is built when somebody asks for it: its class, the function that builds it, and from what."""

UNREADABLE = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What comes of reading JSON that is not shaped as expected."""


def kind_of(part: Part | Later) -> type[Part]:
    """The class of a part, built or not."""
    return part[0] if isinstance(part, tuple) else type(part)


def built(part: Part | Later) -> Part:
    """The part."""
    return part[1](part[2]) if isinstance(part, tuple) else part


class Reply:
    """What came back, decoded: the assistant's parts, how it ended, what it cost, and the body as it was received.

    Parts may be put off: those are built when `content`, or `of` their class, is read, each once (by threads that read at
    the same moment, each once for each). `broken` makes the error to raise where that fails; who puts off sets it.
    """

    __slots__ = (
        "_parts",
        "body",
        "broken",
        "finish_reason",
        "id",
        "model",
        "request_id",
        "sent",
        "stop_detail",
        "usage",
        "wire",
    )

    def __init__(
        self,
        *,
        content: Sequence[Part | Later],
        finish_reason: FinishReason,
        usage: Usage,
        body: bytes,
        wire: Any,
        id: str | None = None,
        model: str | None = None,
        stop_detail: str | None = None,
        request_id: str | None = None,
        sent: bytes = b"",
    ) -> None:
        self._parts: Any = list(content)
        self.broken: Callable[[Exception], ProviderError] | None = None
        self.finish_reason: FinishReason = finish_reason
        self.usage: Usage = usage
        self.body: bytes = body
        self.wire: Any = wire
        self.id: str | None = id
        self.model: str | None = model
        self.stop_detail: str | None = stop_detail
        self.request_id: str | None = request_id
        self.sent: bytes = sent

    @property
    def content(self) -> tuple[Any, ...]:
        """All parts, in order."""
        if isinstance(self._parts, list):
            self._parts = self.of(Part)
        return self._parts

    def of(self, kind: type[PartT]) -> tuple[PartT, ...]:
        """The parts of one class, in order. No others are built."""
        parts: list[Part | Later] = self._parts
        found: list[Any] = []
        try:
            for place, part in enumerate(parts):
                if isinstance(part, tuple):
                    made, build, source = part
                    if made is kind or issubclass(made, kind):
                        whole = parts[place] = build(source)
                        found.append(whole)
                elif isinstance(part, kind):
                    found.append(part)
        except UNREADABLE as error:
            if self.broken is None:
                raise
            failure = self.broken(error)
            failure.request_id = self.request_id
            raise failure from error
        return tuple(found)

    def __getstate__(self) -> object:
        """For copies and pickles, which hold parts and not what builds them."""
        _ = self.content
        return super().__getstate__()

    @property
    def last(self) -> Reply:
        """What came back in the last turn: itself, unless it was joined with what came before."""
        return self
