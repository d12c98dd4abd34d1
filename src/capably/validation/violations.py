"""A call before it is sent, and what can be wrong with it: the values that checks and refusals hand to each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

if TYPE_CHECKING:
    from capably.types.facts import ModelInfo
    from capably.types.messages import Message

Params: TypeAlias = dict[str, Any]
"""The parameters of a call by name. Their kinds are checked before (`check_parameters`), and they are read by names that
are data, so that `CallParams` cannot say what each is."""


class PendingCall(NamedTuple):
    """A call that is not sent yet: the model, the endpoint, the parameters and messages, and the policy for violations.

    `params` and `messages` belong to the call. Dropping changes them in place.
    """

    id: str
    info: ModelInfo | None
    endpoint: str
    params: Params
    messages: list[Message]
    on_unsupported: str


class Violation(NamedTuple):
    """A value that the model or the API does not take. `drop` removes it from the parameters or the messages."""

    feature: str
    value: object
    allowed: tuple[str, ...]
    reason: str
    what: str
    advice: str
    drop: Callable[[], object]
    general: bool = False
    """Every model lacks this, so the error names no other models."""
    why: str = ""
    """What the API offers instead, as a sentence."""
    reason_in_words: str = ""


def shown(value: object) -> str:
    """Return a value as a caller would write it, its strings in double quotes."""
    if isinstance(value, str):
        return f'"{value}"' if '"' not in value else repr(value)
    if isinstance(value, dict):
        items = cast("dict[object, object]", value).items()
        return "{" + ", ".join(f"{shown(key)}: {shown(inner)}" for key, inner in items) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(shown, cast('list[object]', value)))}]"
    return repr(value)
