"""The rules of conversations that each API has for all its models. Violations are repaired if possible, else refused.

A call id that the API does not take, or has seen already, is replaced in the call and its output. The new id depends only
on earlier turns, so a further turn changes no byte of them. Outputs that come late in their turn are moved to its front.
A provider's own JSON is left unchanged if its API takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from capably.registry.lookup import on_registry_change, providers
from capably.types import parts as p
from capably.types.errors import ConversationError
from capably.types.messages import AssistantMessage, SystemMessage, UserMessage
from capably.types.values import set_field
from capably.validation.call_pairs import Ids, Pairs, answered_by, renamed

if TYPE_CHECKING:
    from capably.types.messages import Message


class ConversationRules(NamedTuple):
    """The rules of one API: what it refuses, and the pattern of call ids.

    `refuses` has words of `Dialect.refuses`, and four that only a wire format has: `no_turns` (only instructions),
    `blank_texts` (empty or white space), `repeated_ids` (two calls with one id, in the provider's own JSON too) and
    `late_outputs` (outputs that are not all in the message after their calls).
    """

    refuses: frozenset[str] = frozenset()
    call_id: re.Pattern[str] | None = None


_ANTHROPIC = ("unpaired_calls", "late_outputs", "repeated_ids", "blank_texts", "no_turns", "last_answer")

FORMATS: Mapping[str, ConversationRules] = {
    "messages": ConversationRules(frozenset(_ANTHROPIC), re.compile(r"[a-zA-Z0-9_-]+")),
    "generate_content": ConversationRules(frozenset(("unpaired_calls", "no_turns", "last_answer"))),
    "responses": ConversationRules(call_id=re.compile(r"(?s).{1,64}")),
    "chat_completions": ConversationRules(),
}
"""Wire format -> what it refuses at every host. Hosts of OpenAI's formats differ: the rest is in their dialects."""

SERVER_STATE = ("previous_response_id", "conversation")
"""Fields of Responses that refer to a conversation stored at the server."""
REPLACES_CONVERSATION = ("messages", "input", "contents")
"""Fields that replace the conversation."""
RESUMABLE = ("continuationToken", "paused")
"""Fields of an answer that the provider broke off (Gemini's, Anthropic's) and will continue."""

_rules: dict[tuple[str, str | None], ConversationRules] = {}
on_registry_change(_rules.clear)


def conversation_rules_of(provider: str, endpoint: str | None) -> ConversationRules:
    """Return the rules of a provider's API at an endpoint."""
    rules = _rules.get((provider, endpoint))
    if rules is None:
        rules = FORMATS.get(endpoint or "", ConversationRules())
        entry = providers().get(provider)
        dialect = entry["dialect"] if entry else None
        if dialect and endpoint in ("responses", "chat_completions"):
            pattern = dialect["call_id"] if endpoint == "chat_completions" else None
            rules = ConversationRules(
                rules.refuses.union(dialect["refuses"]), re.compile(pattern) if pattern else rules.call_id
            )
        _rules[provider, endpoint] = rules
    return rules


_NO_SPEECH = (p.ToolCall, p.ToolOutput, p.Unknown)
"""Parts that call or answer a call, or may do so in the provider's own JSON."""


def repaired(
    messages: list[Message], provider: str, endpoint: str | None, extra: Mapping[str, object] | None
) -> list[Message]:
    """Return the conversation as the API takes it: the same list, or a repaired copy.

    Raises `ConversationError` if the API refuses it and it cannot be repaired.
    """
    rules = conversation_rules_of(provider, endpoint)
    _check_says_something(messages, rules, extra)
    if _is_in_order(messages, rules, provider, endpoint):
        return messages
    if extra and not extra.keys().isdisjoint((*SERVER_STATE, *REPLACES_CONVERSATION)):
        return messages
    return _paired(messages, rules, provider, endpoint)


def _is_in_order(messages: list[Message], rules: ConversationRules, provider: str, endpoint: str | None) -> bool:
    """Return whether the outputs of all calls follow them directly, in order, and all ids are valid and unique.

    This fast path holds for nearly every conversation.
    """
    seen: set[str] = set()
    waiting: tuple[str, ...] = ()
    count, pattern = 0, rules.call_id
    for message in messages:
        ids = message._call_ids  # pyright: ignore[reportPrivateUsage]
        if ids is None:
            ids = _note_ids(message)
        if not ids:
            if waiting:
                return False
        elif type(message) is not AssistantMessage:
            if ids != waiting:
                return False
            waiting = ()
        else:
            if waiting or not (
                pattern is None or _is_own(message, provider, endpoint) or all(map(pattern.fullmatch, ids))
            ):
                return False
            seen.update(ids)
            count, waiting = count + len(ids), ids
    return not waiting and len(seen) == count


def _note_ids(message: Message) -> tuple[str, ...]:
    """Return the ids of an answer's calls, or of a user message's outputs. They are cached on the message."""
    ids: tuple[str, ...] = ()
    if not isinstance(message, SystemMessage):
        kind = p.ToolCall if isinstance(message, AssistantMessage) else p.ToolOutput
        content: tuple[p.Part, ...] = message.content  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        ids = tuple([part.id for part in content if isinstance(part, kind)])
    set_field(message, "_call_ids", ids)
    return ids


def is_prefill(message: Message) -> bool:
    """Return whether a last assistant message is a prefill: it has text, and no call that waits for an output.

    Answers that the provider broke off (in a tool of its own, at Gemini's token) are no prefill.
    """
    if type(message) is not AssistantMessage or any(isinstance(part, _NO_SPEECH) for part in message.content):
        return False
    wire = message.source.wire if message.source else None
    if isinstance(wire, dict) and not wire.keys().isdisjoint(RESUMABLE):
        return False
    return any(
        isinstance(part, (p.Text, p.Refusal, p.Commentary)) and not is_blank(part.text) for part in message.content
    )


def is_blank(text: str) -> bool:
    """Return whether a text is empty or white space."""
    return not text or text.isspace()


def _check_says_something(
    messages: list[Message], rules: ConversationRules, extra: Mapping[str, object] | None
) -> None:
    last = messages[-1]
    if type(last) is SystemMessage and "no_turns" in rules.refuses:
        if all(type(message) is SystemMessage for message in messages) and not (extra and "messages" in extra):
            advice = 'Add a user message: llm.user("...").'
            raise ConversationError(f"there are instructions, and nothing to answer. {advice}", rule="nothing_said")
    elif type(last) is UserMessage and "blank_texts" in rules.refuses:
        content: tuple[p.Part, ...] = last.content  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if all(type(part) in (p.Text, p.CachePoint) and is_blank(getattr(part, "text", "")) for part in content):
            raise ConversationError(
                "the last message says nothing: its text is empty or white space, which this API refuses. "
                "Say something in it, or leave it out.",
                rule="nothing_said",
                turn=last,
            )


# --- calls and their outputs --------------------------------------------------------------------------------------


def _paired(messages: list[Message], rules: ConversationRules, provider: str, endpoint: str | None) -> list[Message]:
    """Return the messages with ids that the API takes, and with each turn's outputs in front."""
    strict = "unpaired_calls" in rules.refuses
    anywhere = endpoint == "responses"
    ids = Ids(rules.call_id, once="repeated_ids" in rules.refuses)
    pairs = Pairs()
    repaired: list[Message] = list(messages)
    late: list[int] = []
    answer = -1
    for place, message in enumerate(messages):
        if type(message) is AssistantMessage:
            # Answers in a row are one turn where roles are merged.
            if strict and not anywhere and (place - 1 != answer or endpoint == "chat_completions"):
                _check_answered(pairs, messages, provider)
            if not anywhere and place - 1 != answer:
                pairs.begin()
            answer = place
            own = _is_own(message, provider, endpoint)
            repaired[place] = renamed(message, ids.of_answer(message, pairs, place, own=own), own=own)
        elif type(message) is UserMessage:
            waiting = bool(pairs.waiting)
            new, unexpected = ids.of_outputs(message, pairs)  # pyright: ignore[reportUnknownArgumentType]
            if unexpected is not None and strict:
                raise _unexpected_output(message, unexpected, pairs, provider)  # pyright: ignore[reportUnknownArgumentType]
            if waiting and not anywhere and place - 1 != answer and any(id is not None for id in new):
                late.append(answer)
            repaired[place] = renamed(message, new, own=False)  # pyright: ignore[reportUnknownArgumentType]
    if strict:
        _check_answered(pairs, messages, provider)
    if late and strict:
        repaired = _with_outputs_in_front(repaired, set(late), alone="late_outputs" in rules.refuses)
    return repaired if any(one is not other for one, other in zip(repaired, messages, strict=False)) else messages


def _is_own(message: AssistantMessage, provider: str, endpoint: str | None) -> bool:
    """Return whether a message is sent in the JSON in which it was received."""
    source = message.source
    if source is None or not source.wire or source.endpoint not in (endpoint, ""):
        return False
    return source.provider == provider or (endpoint == "generate_content" and source.provider == "google")


def _check_answered(pairs: Pairs, messages: Sequence[Message], provider: str) -> None:
    if not pairs.waiting:
        return
    place = min(call.place for calls in pairs.waiting.values() for call in calls)
    calls = [call.part for calls in pairs.waiting.values() for call in calls if call.place == place]
    turn = messages[place]
    names = ", ".join(f"{call.name} ({call.id})" for call in calls)
    outputs = ", ".join(f'llm.ToolOutput("{call.id}", "{call.name}", ...)' for call in calls[:2])
    many, it = len(calls) > 1, "them" if len(calls) > 1 else "it"
    raise ConversationError(
        f"the call{'s' if many else ''} of {names} {'have' if many else 'has'} no output before the next turn, and "
        f"{provider} refuses such a conversation.\nRun {it} and pass all outputs together: "
        f"response.resume([*response.execute_tools(), ...]). Or answer {it} yourself: {outputs}"
        f"{', ...' if len(calls) > 2 else ''}, with is_error=True if nothing was run.",
        rule="unanswered_call",
        turn=turn,
        calls=calls,
        ids=[call.id for call in calls],
    )


def _unexpected_output(message: Message, id: str, pairs: Pairs, provider: str) -> ConversationError:
    if id in pairs.answered:
        why, advice = "its call has an output already", "Leave one of the two out"
    else:
        why = "no call of the answer before it has this id"
        advice = "Put the message with the call before it (`response.messages` has it), or say the result in words"
    return ConversationError(
        f"there is an output of {id!r}, but {why}, and {provider} refuses such a conversation.\n{advice}.",
        rule="unasked_output",
        turn=message,
        ids=(id,),
    )


def _with_outputs_in_front(messages: list[Message], answers: set[int], *, alone: bool) -> list[Message]:
    """Return the messages; after each of these answers, one message has the outputs of its turn."""
    result: list[Message] = []
    place = 0
    while place < len(messages):
        result.append(messages[place])
        place += 1
        if place - 1 not in answers:
            continue
        turn: list[Message] = []
        while place < len(messages) and type(messages[place]) is not AssistantMessage:
            turn.append(messages[place])
            place += 1
        result += turn if not alone and _has_outputs_in_front(turn) else _in_order(turn)
    return result


def _has_outputs_in_front(turn: Sequence[Message]) -> bool:
    """Return whether only outputs stand before each output, message by message."""
    others = False
    for message in turn:
        outputs = len(list(_outputs(message)))
        if others and outputs:
            return False
        others = others or type(message) is SystemMessage or outputs < len(getattr(message, "content", ()))
    return True


def _in_order(turn: Sequence[Message]) -> Iterator[Message]:
    yield UserMessage([part for message in turn for part in _outputs(message)])
    for message in turn:
        if type(message) is not UserMessage:
            yield message
            continue
        content: tuple[p.Part, ...] = message.content  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        outputs = list(_outputs(message))  # pyright: ignore[reportUnknownArgumentType]
        rest = [part for part in content if not any(part is output for output in outputs)]
        if not outputs:
            yield message
        elif rest:
            yield UserMessage(rest)


def _outputs(message: Message) -> Iterator[p.Part]:
    if type(message) is UserMessage:
        for part in message.content:  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            if isinstance(part, p.ToolOutput) or (isinstance(part, p.Unknown) and answered_by(part)):
                yield part
