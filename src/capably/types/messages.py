"""Messages of a conversation. `user("...")`, `system("...")` and `assistant("...")` build them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar, cast, overload

from capably.types import parts as p
from capably.types.values import Value, read_only, set_field

if TYPE_CHECKING:
    from capably.types.json_types import Json

PartT = TypeVar("PartT", bound=p.Part)
PartT_co = TypeVar("PartT_co", covariant=True)


class _Turn(Value):
    """One turn of a conversation. `_form` is for `capably.providers.message_cache`: what was made of it, and for whom;
    the others for `capably.validation`: the ids of its calls or outputs, and the same turn with other ids, which may be unset."""

    __slots__ = ("_call_ids", "_form", "_renamed")
    _call_ids: tuple[str, ...] | None
    _form: tuple[object, Any] | None
    _renamed: tuple[object, Message] | None


@read_only
class SystemMessage(_Turn):
    """Instructions that stand above the conversation: texts, with cache points between them."""

    __slots__ = ("content",)
    content: tuple[p.Text | p.CachePoint, ...]

    def __init__(self, content: str | Sequence[str | p.Text | p.CachePoint]) -> None:
        parts = to_parts(content)
        for part in parts:
            if not isinstance(part, p.Text | p.CachePoint):
                raise TypeError(f"system messages hold texts and cache points, not a {type(part).__name__}")
        set_field(self, "content", parts)
        set_field(self, "_form", None)
        set_field(self, "_call_ids", None)

    @property
    def text(self) -> str:
        """Return the instructions as one text, without the cache points."""
        return "\n\n".join(part.text for part in self.content if isinstance(part, p.Text))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SystemMessage) and self.content == other.content

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"system({(self.text if len(self.content) == 1 else list(self.content))!r})"


@read_only
class UserMessage(_Turn, Generic[PartT_co]):
    """The caller's content: parts in order. Its type has the kinds of its parts."""

    __slots__ = ("content",)
    content: tuple[PartT_co, ...]

    def __init__(self, content: Sequence[PartT_co]) -> None:
        set_field(self, "content", tuple(content))
        set_field(self, "_form", None)
        set_field(self, "_call_ids", None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UserMessage) and self.content == other.content  # pyright: ignore[reportUnknownMemberType]

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"user({list(self.content)!r})"


@read_only
class Source(Value):
    """The origin of an assistant message, with the provider's own JSON, which is replayed unchanged.

    `id` is the provider's id of the reply, and `state` what its server keeps the conversation under, if it does.
    """

    __slots__ = ("endpoint", "id", "model", "provider", "state", "wire")
    provider: str
    endpoint: str
    model: str
    wire: Json
    id: str | None
    state: object

    def __init__(
        self, provider: str, endpoint: str, model: str, wire: object, id: str | None = None, state: object = None
    ) -> None:
        set_field(self, "provider", provider)
        set_field(self, "endpoint", endpoint)
        set_field(self, "model", model)
        set_field(self, "wire", wire)
        set_field(self, "id", id)
        set_field(self, "state", state)


@read_only
class AssistantMessage(_Turn):
    """A model's answer: parts in order. `source` is set if a provider wrote it, and `None` if you did."""

    __slots__ = ("content", "source")
    content: tuple[p.Part, ...]
    source: Source | None

    def __init__(self, content: Sequence[p.Part], source: Source | None = None) -> None:
        set_field(self, "content", tuple(content))
        set_field(self, "_form", None)
        set_field(self, "_call_ids", None)
        set_field(self, "source", source)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssistantMessage) and self.content == other.content

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"assistant({list(self.content)!r})"


Message: TypeAlias = SystemMessage | UserMessage[Any] | AssistantMessage
"""One turn of a conversation."""

Content: TypeAlias = str | p.Part | Sequence[str | p.Part | Message]
"""What a call takes as `content`, where a model admits every kind of part."""


def system(content: str | Sequence[str | p.Text | p.CachePoint]) -> SystemMessage:
    """Return a system message: instructions above the conversation.

    A cache point marks what is before it, the tools included: `llm.system(["Fixed.", llm.CachePoint(), "Of this user."])`.
    """
    return SystemMessage(content)


@overload
def user(content: str) -> UserMessage[p.Text]: ...
@overload
def user(content: PartT | Sequence[str | PartT]) -> UserMessage[PartT]: ...
@overload  # for mypy, which infers no part from `["text", image]` unless the expected message is declared
def user(content: Sequence[str | p.Part]) -> UserMessage[p.Part]: ...  # pyright: ignore[reportOverlappingOverload]
def user(content: object) -> UserMessage[p.Part]:
    """Return a user message of a text, a part, or several of them."""
    return UserMessage(to_parts(content))


def assistant(content: str | p.Part | Sequence[str | p.Part]) -> AssistantMessage:
    """Return an assistant message in your words, such as an example answer in a prompt."""
    return AssistantMessage(to_parts(content))


def to_parts(content: object) -> tuple[p.Part, ...]:
    """Return a text, a part, or a sequence of them, as parts. Raise `TypeError` for anything else."""
    if isinstance(content, str):
        return (p.Text(content),)
    if isinstance(content, p.Part):
        return (content,)
    return tuple(map(_to_part, _items(content)))


def _items(content: object) -> list[object]:
    """Return a sequence as a list. Raise for anything else, as types do: a generator could be read once, a set has no
    order, and the keys of a mapping would be taken for texts."""
    if isinstance(content, Sequence):
        return list(cast("Sequence[object]", content))
    kind = type(content).__name__
    raise TypeError(f"content is of type {kind}; it must be a str, a part, a list of parts, or a list of messages")


def _to_part(item: object) -> p.Part:
    if isinstance(item, str):
        return p.Text(item)
    if isinstance(item, p.Part):
        return item
    raise TypeError(
        f"content holds a value of type {type(item).__name__}; it may hold strings and parts (llm.Text, llm.Image, ...), "
        "or messages only (llm.user(...), llm.system(...), llm.assistant(...))"
    )


_KINDS = frozenset({SystemMessage, UserMessage, AssistantMessage})


def to_messages(content: Content) -> list[Message]:
    """Return the `content` of a call as a list of messages. Loose texts and parts that stand together become one
    user message, at their place among the messages."""
    if isinstance(content, (str, p.Part)):
        return [UserMessage(to_parts(content))]
    items = _items(content)
    if not items:
        raise ValueError("content is empty: pass a text, a part, or messages")
    if _KINDS.issuperset(map(type, items)):
        return cast("list[Message]", items)
    messages: list[Message] = []
    for is_message, group in groupby(items, lambda item: isinstance(item, tuple(_KINDS))):
        together = list(group)
        messages += cast("list[Message]", together) if is_message else [UserMessage(to_parts(together))]
    return messages
