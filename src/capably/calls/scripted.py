"""`llm.scripted(...)`: a model that replies with your texts."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capably_models import AnyModel

    from capably.providers.scripted import Script

_numbers = count(1)


def scripted(*replies: Script, name: str | None = None) -> AnyModel:
    """Return a model without network or key that plays `replies`, one per call; the last is repeated.

    A reply is a text, a part (`llm.ToolCall(...)`), a list of them, an exception to raise, or a function of the request
    that returns one of these; an async function serves async calls. Without replies it echoes the last user text. A pickle takes
    along the replies that are left, so that another process goes on with them.

    Raises `TypeError` for what is no reply.

        llm.scripted("Hello!").call("Hi").text()   # -> "Hello!"
    """
    from capably_models import Model

    from capably.providers.scripted import set_script

    name = name or f"script-{next(_numbers)}"
    set_script(name, replies)
    return Model.of(f"scripted/{name}")
