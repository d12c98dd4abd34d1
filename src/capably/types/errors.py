"""Every error that capably raises, in one tree.

CapablyError
├── UnsupportedFeatureError      the model does not take what the call asks for; nothing was sent
├── ConversationError            the conversation is incomplete, and the API refuses such ones; nothing was sent
├── UnknownModelError            no such model id; names the nearest ones
├── ConfigurationError           a key, an extra or a setting is missing; says which
├── ProviderError                the provider answered with an error, or could not be reached
│   ├── AuthenticationError      401: the key is wrong
│   ├── PermissionDeniedError    403: the key may not do this
│   ├── NotFoundError            404: the provider does not know the model or file
│   ├── BadRequestError          400, 402, 413, 422: the provider refused the request
│   ├── RateLimitError           429: too many requests, or the quota is used up
│   ├── OverloadedError          503, 529: the provider has no capacity now
│   ├── ServerError              other 5xx, and replies that make no sense
│   ├── ConnectionFailedError    no connection, or it broke
│   └── TimedOutError            no answer in time
├── RefusalError                 the model or a filter declined, so there is no result
├── ParseError                   the answer does not fit the call's format
└── ToolError                    a tool could not be run
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import date

    from capably.types.messages import Message
    from capably.types.parts import Part, ToolCall


class CapablyError(Exception):
    """The base of all errors of capably."""

    partial: tuple[Part, ...] = ()
    """Where a stream failed in the middle: the parts of the answer that had arrived, the last one perhaps cut. Empty where
    the stream had grown too long for `text_stream` to keep them."""


Reason: TypeAlias = Literal[
    "ignored", "never", "no_field", "range", "reasoning_off", "together", "unverified", "value", "without_budget"
]
"""Why a model does not take something.

- `no_field`: the API has no field, or no word, for it.
- `never`: the model does not take it; `ignored`: it accepts it without effect; `unverified`: nobody has seen it work.
- `reasoning_off`: only while it does not reason; `without_budget`: not with a thinking budget.
- `value`, `range`: not this value; `together`: not with something else in this call.
"""


class UnsupportedFeatureError(CapablyError):
    """The model does not take what the call asks for. Nothing was sent."""

    def __init__(
        self,
        message: str,
        *,
        model: str,
        feature: str,
        value: object = None,
        allowed: Sequence[str] = (),
        reason: Reason = "never",
        alternatives: Sequence[str] = (),
        spelled: str | None = None,
        source: str | None = None,
        checked: date | None = None,
    ) -> None:
        super().__init__(message)
        self.model: str = model
        """The id of the model, `provider/id`."""
        self.provider: str = model.partition("/")[0]
        """The part of the id before the slash."""
        self.feature: str = feature
        """What is not taken: a parameter (`top_k`, `reasoning.budget_tokens`), or content (`input.audio`)."""
        self.value: Any = value
        """What was passed."""
        self.allowed: tuple[str, ...] = tuple(allowed)
        """The values that it does take; empty where it takes none."""
        self.reason: Reason = reason
        """Why, in one word."""
        self.alternatives: tuple[str, ...] = tuple(alternatives)
        """Ids of models that do take it, each with its condition where it has one."""
        self.spelled: str | None = spelled
        """Where this API's body says it, `generationConfig.topK`; `None` where the API cannot say it at all."""
        self.source: str | None = source
        """File and line of the fact; `None` for a model of which none are listed."""
        self.checked: date | None = checked
        """When the fact was last checked."""

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.args, self.__dict__))


class ConversationError(CapablyError, ValueError):
    """The conversation breaks a rule of the API that it is for, whatever the model. Nothing was sent.

    `rule` says which: `unanswered_call` (calls of tools without an output before the next turn; `calls` has those that
    lack one), `unasked_output` (an output whose call does not stand before it; `ids` has the output's), `nothing_said`,
    `unsendable_text` (a half of a surrogate pair, which UTF-8 has no form for), `nested_too_deep` (values inside of values).
    `turn` is the message at fault, `None` where there is none.
    """

    def __init__(
        self,
        message: str,
        *,
        rule: Literal["unanswered_call", "unasked_output", "nothing_said", "unsendable_text", "nested_too_deep"],
        turn: Message | None = None,
        calls: Sequence[ToolCall] = (),
        ids: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.rule: Literal[
            "unanswered_call", "unasked_output", "nothing_said", "unsendable_text", "nested_too_deep"
        ] = rule
        self.turn = turn
        self.calls: tuple[ToolCall, ...] = tuple(calls)
        self.ids: tuple[str, ...] = tuple(ids)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.args, self.__dict__))


class UnsupportedFeatureWarning(UserWarning):
    """The warning in place of `UnsupportedFeatureError` with `on_unsupported="warn"` or `"drop"`."""


class UnverifiedModelWarning(UserWarning):
    """The model's id is known and its capabilities are not, so nothing could be checked."""


class UnknownModelError(CapablyError):
    """No such model id. `nearest` holds the ids that look most like it."""

    def __init__(self, message: str, *, model: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.model = model
        self.nearest: tuple[str, ...] = tuple(nearest)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.args, self.__dict__))


class ConfigurationError(CapablyError):
    """A key, an optional dependency or a setting is missing or wrong."""


class ProviderError(CapablyError):
    """The provider answered with an error, or could not be reached. `__cause__` is what the HTTP library or an
    SDK raised, where one did."""

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        body: object = None,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.status_code = status_code
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.body: Any = body

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.args, self.__dict__))


class AuthenticationError(ProviderError):
    """401: the key is missing or wrong."""


class PermissionDeniedError(ProviderError):
    """403: the key may not do this."""


class NotFoundError(ProviderError):
    """404: the provider does not know this model, file or path."""


class BadRequestError(ProviderError):
    """The provider refused the request itself."""


class RateLimitError(ProviderError):
    """429: too many requests, or the quota is used up. `retry_after` has the provider's seconds to wait."""


class OverloadedError(ProviderError):
    """503 or 529: the provider has no capacity now."""


class ServerError(ProviderError):
    """The provider failed, or its reply makes no sense."""


class ConnectionFailedError(ProviderError):
    """No connection to the provider, or it broke."""


class TimedOutError(ProviderError):
    """No answer in time."""


class RefusalError(CapablyError):
    """The model or a filter declined to answer, so that there is no result."""


class ParseError(CapablyError):
    """The answer does not fit the call's `format`. `text` is the answer."""

    def __init__(self, message: str, *, text: str = "") -> None:
        super().__init__(message)
        self.text = text


class ToolError(CapablyError):
    """A tool could not be run. Raise it in a tool to say to the model why: it reads the text of no other exception."""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return the question after the word that looks most like `word`, with a blank before it; empty if none does."""
    import difflib  # It costs a millisecond, and few programs misspell.

    close = difflib.get_close_matches(word, list(words), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _rebuild(kind: type[CapablyError], args: tuple[object, ...], state: dict[str, object]) -> CapablyError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
