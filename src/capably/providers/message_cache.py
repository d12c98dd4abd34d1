"""Caches the encoded messages of a conversation, so that a further turn encodes one message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from capably.types import parts as p
from capably.types.messages import AssistantMessage, Source, UserMessage
from capably.types.values import set_field

if TYPE_CHECKING:
    from capably.types.messages import Message

Form: TypeAlias = Sequence[Mapping[str, object]]
"""A message as a provider's JSON objects: one of them mostly, none for a message that says nothing."""

FormT = TypeVar("FormT", bound=Form)


def encoded(
    messages: Iterable[Message],
    target: object,
    *,
    replay: Callable[[AssistantMessage, Source], FormT | None],
    encode_text: Callable[[str, str], FormT],
    encode: Callable[[Message], FormT],
) -> Iterator[FormT]:
    """Yield each message in a provider's form: cached, replayed in the provider's own JSON, or encoded.

    The form of a message of texts is cached until the message is sent to another target. Two targets must be equal if
    and only if they get the same form of every such message. What can change (arguments, JSON) and what is large (media)
    is encoded each time. Forms belong to their messages: do not change them.

    `encode_text` encodes the most frequent messages: a role (`user`, `assistant`) and one text, which is not empty.
    """
    for message in messages:
        form = message._form  # pyright: ignore[reportPrivateUsage]
        if form is not None and form[0] == target:
            yield form[1]
            continue
        form = None
        if isinstance(message, AssistantMessage) and message.source is not None:
            form = replay(message, message.source)
        if form is None:
            form = _encoded_anew(message, target, encode_text, encode)
        yield form


def _encoded_anew(
    message: Message, target: object, encode_text: Callable[[str, str], FormT], encode: Callable[[Message], FormT]
) -> FormT:
    role = _ROLES.get(type(message), "")
    text = _only_text(message) if role else ""
    form = encode_text(role, text) if text else encode(message)
    if text or _is_of_words(message):
        set_field(message, "_form", (target, form))
    return form


_ROLES: Mapping[type, str] = {UserMessage: "user", AssistantMessage: "assistant"}
_WORDS = frozenset({p.Text, p.Refusal, p.Thought, p.Commentary})


def _only_text(message: Message) -> str:
    """Return the text of a message that is one text; empty for any other."""
    content = message.content
    return content[0].text if len(content) == 1 and type(content[0]) is p.Text else ""


def _is_of_words(message: Message) -> bool:
    """Return whether the message holds only texts, which cannot change."""
    if _WORDS.issuperset(map(type, message.content)):
        return True
    return all(
        type(part) in _WORDS or (type(part) is p.ToolOutput and type(part.value) is str) for part in message.content
    )
