"""One call in neutral form. An adapter encodes it in its wire format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from capably.parameters import CallParams, OnUnsupported

if TYPE_CHECKING:
    from typing import Never

    from capably.types.facts import ModelInfo
    from capably.types.messages import Message, SystemMessage
    from capably.types.timeout import Timeout

    class ReasoningOffInThisCallOrByWith_:  # noqa: N801
        """Of this class there is no object. It says in a refusal what to do: a default of `llm.Model(id, ...)` has no type."""

    OnlyWithReasoningOff: TypeAlias = ReasoningOffInThisCallOrByWith_ | None
    """In a refusal by the type checker: this parameter is accepted only while the model does not reason.

    Say `reasoning="off"` in this call, or beforehand by `model.with_(reasoning="off")`; a model that does not reason by default also takes it in a call without `reasoning`.
    """
    NotTogetherWithTools: TypeAlias = None
    """In a refusal by the type checker: this model takes `format` or tools of yours, and not both in one call."""
    NoneWithTools: TypeAlias = None
    """The type of `format` where tools of yours are a default of the model, which does not take both in one call."""
    OnlyThroughWith: TypeAlias = Never
    """In a refusal by the type checker: this is a parameter of the model, `model.with_(...)`. `@llm.call(model, ...)`,
    `@llm.prompt(...)` and `llm.Model.custom(...)` do not take it."""
    GiveItByName: TypeAlias = Never
    """In a refusal by the type checker: only the first argument goes without a name, as in `call("Hi", temperature=0.2)`."""
    NotDemanded: TypeAlias = Never
    """In a refusal by the type checker: a function's body passes what the type of its model does not demand."""
    NotAcceptedByThisModel: TypeAlias = Never
    """In a refusal by the type checker: this model does not take this parameter, or not this value."""


class Request:
    """A call to send: the model, the conversation, and the parameters that passed the check.

    `system` holds the instructions that lead the conversation as one text, and `instructions` the messages they stand in;
    system messages in mid-conversation stay in `messages`.
    `params` has only keys of `CallParams` that a model can refuse; an adapter encodes every one of them or raises.
    """

    __slots__ = (
        "endpoint",
        "extra",
        "headers",
        "info",
        "instructions",
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
        instructions: Sequence[SystemMessage] = (),
        params: Mapping[str, Any],
        extra: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: Timeout | None = None,
        max_retries: int | None = None,
    ) -> None:
        self.info: ModelInfo | None = info
        self.model_id: str = model_id
        self.endpoint: str | None = endpoint
        self.messages: Sequence[Message] = messages
        self.system: str | None = system
        self.instructions: Sequence[SystemMessage] = instructions
        self.params: Mapping[str, Any] = params
        self.extra: Mapping[str, object] | None = extra
        self.headers: Mapping[str, str] | None = headers
        self.timeout: Timeout | None = timeout
        self.max_retries: int | None = max_retries


__all__ = ["CallParams", "OnUnsupported", "Request"]
