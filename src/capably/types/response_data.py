"""What a provider answered to one call, decoded. An adapter makes it; responses read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from capably.types.candidate import Candidate, FinishReason as FinishReason, TokenLogprob
from capably.types.parts import Part

if TYPE_CHECKING:
    from capably.types.errors import ProviderError
    from capably.types.json_types import Json, JsonObject
    from capably.types.usage import Usage

PartT = TypeVar("PartT", bound=Part)

LazyPart: TypeAlias = "tuple[type[Part], Callable[[JsonObject], Part], JsonObject]"
"""A part that is built when it is first read: its class, the function that builds it, and its wire data."""

UNREADABLE = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""The errors that are raised by reading JSON of an unexpected shape."""


def part_type(part: Part | LazyPart) -> type[Part]:
    """Return the class of a part without building it."""
    return part[0] if isinstance(part, tuple) else type(part)


def build_part(part: Part | LazyPart) -> Part:
    """Return the part itself, built if it was not yet."""
    return part[1](part[2]) if isinstance(part, tuple) else part


class ResponseData:
    """A decoded answer: the parts, the finish reason, the usage, and the body as it was received.

    A `LazyPart` is built when `content`, or `of` its class, is read. Each is built once, or once for each of the threads
    that read at the same moment. An adapter that passes lazy parts also sets `malformed_error`, which makes the error to
    raise where building one fails.
    """

    __slots__ = (
        "_content",
        "_parts",
        "body",
        "finish_reason",
        "id",
        "logprobs",
        "malformed_error",
        "model",
        "others",
        "request_id",
        "sent",
        "stop_detail",
        "stop_sequence",
        "usage",
        "wire",
    )

    def __init__(
        self,
        *,
        content: Sequence[Part | LazyPart],
        finish_reason: FinishReason,
        usage: Usage,
        body: bytes,
        wire: Json,
        id: str | None = None,
        model: str | None = None,
        stop_detail: str | None = None,
        stop_sequence: str | None = None,
        logprobs: Sequence[TokenLogprob] = (),
        others: Sequence[Candidate] = (),
        request_id: str | None = None,
        sent: bytes = b"",
    ) -> None:
        self._parts: list[Part | LazyPart] = list(content)
        self._content: tuple[Part, ...] | None = None
        self.malformed_error: Callable[[Exception], ProviderError] | None = None
        self.finish_reason: FinishReason = finish_reason
        self.usage: Usage = usage
        self.body: bytes = body
        self.wire: Json = wire
        self.id: str | None = id
        self.model: str | None = model
        self.stop_detail: str | None = stop_detail
        self.stop_sequence: str | None = stop_sequence
        self.logprobs: tuple[TokenLogprob, ...] = tuple(logprobs)
        self.others: tuple[Candidate, ...] = tuple(others)
        """The answers beside this one, of a call that wanted several."""
        self.request_id: str | None = request_id
        self.sent: bytes = sent

    @property
    def content(self) -> tuple[Part, ...]:
        """Return all parts, in order."""
        if self._content is None:
            self._content = self.of(Part)
        return self._content

    def of(self, kind: type[PartT]) -> tuple[PartT, ...]:
        """Return the parts of one class, in order. No others are built."""
        parts = self._parts
        matches: list[Part] = []
        try:
            for place, part in enumerate(parts):
                if isinstance(part, tuple):
                    cls, build, source = part
                    if cls is kind or issubclass(cls, kind):
                        complete = parts[place] = build(source)
                        matches.append(complete)
                elif isinstance(part, kind):
                    matches.append(part)
        except UNREADABLE as error:
            if self.malformed_error is None:
                raise
            failure = self.malformed_error(error)
            failure.request_id = self.request_id
            raise failure from error
        return cast("tuple[PartT, ...]", tuple(matches))

    def __getstate__(self) -> object:
        """Build all parts first: copies and pickles hold parts, and not the functions that build them."""
        _ = self.content
        return super().__getstate__()

    @property
    def last(self) -> ResponseData:
        """Return the data of the last turn: itself, unless it was joined with earlier turns."""
        return self
