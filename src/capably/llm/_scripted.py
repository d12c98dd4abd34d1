"""`llm.scripted(...)`: a model that says what you wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from capably_models import AnyModel

_count = 0


def scripted(*replies: Any, name: str | None = None) -> AnyModel:
    """A model without network or key that plays `replies`, one per call; the last is repeated.

    A reply is a text, a part (`llm.ToolCall(...)`), a list of them, an exception to raise, or a function of the request
    that returns one of these. Without replies it echoes the last user text.

        llm.scripted("Hello!").call("Hi").text()   # -> "Hello!"
    """
    global _count
    from capably.providers.scripted import set_script
    from capably_models import AnyModel

    _count += 1
    name = name or f"script-{_count}"
    set_script(name, replies)
    return AnyModel.of(f"scripted/{name}")
