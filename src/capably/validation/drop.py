"""Drops a parameter, a part, a message, or the `strict` of a tool from a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from capably.types import parts as p
from capably.types.reasoning import Reasoning
from capably.types.tools import BuiltinTool
from capably.validation.violations import Params

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capably.types.messages import Message
    from capably.types.tools import AnyTool


def drop_from_messages(messages: list[Message], thing: object, instead: p.Part | None = None) -> None:
    """Remove this very part or message, or put another part in its place; an equal one stays. A message that is left
    empty is removed too."""
    remaining = [_without(message, thing, instead) for message in messages if message is not thing]
    messages[:] = [message for message in remaining if message is not None]


def _without(message: Message, part: object, instead: p.Part | None) -> Message | None:
    if not any(_holds(other, part) for other in message.content):
        return message
    replaced = [instead if other is part else _emptied(other, part, instead) for other in message.content]
    content = [other for other in replaced if other is not None]
    return message.__replace__(content=content) if content else None


def _holds(other: p.Part, part: object) -> bool:
    return other is part or (isinstance(other, p.ToolOutput) and any(item is part for item in _items(other)))


def _items(output: p.ToolOutput) -> Sequence[object]:
    value: object = output.value
    return cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else [value]


def _emptied(other: p.Part, part: object, instead: p.Part | None) -> p.Part:
    """Return a tool's result without a part that it holds, or with another in its place."""
    if not isinstance(other, p.ToolOutput) or not _holds(other, part):
        return other
    items = [instead if item is part else item for item in _items(other)]
    left = [p.Text(item) if isinstance(item, str) else item for item in items if item is not None]
    return p.ToolOutput(other.id, other.name, left or "", other.is_error)


def drop_from_parameters(params: Params, feature: str, value: object) -> None:
    """Remove a feature from its parameter, and the parameter if nothing else is left of it."""
    name = feature.partition(".")[0]
    if feature == "tools.strict":
        params["tools"] = [_loose(tool) if tool is value else tool for tool in params.get("tools", ())]
    elif isinstance(value, BuiltinTool) and name == "builtin_tools":
        params["tools"] = [tool for tool in params.get("tools", ()) if tool is not value]
    elif feature == "reasoning.visible" and "reasoning" in params:
        settings = params["reasoning"]
        params["reasoning"] = Reasoning(effort=settings.effort, budget_tokens=settings.budget_tokens)
    else:
        params.pop(name, None)


def _loose(tool: AnyTool) -> AnyTool:
    """Return the tool without `strict`."""
    loose = tool.with_function(tool.function)
    loose.strict, loose.wire = None, {}
    return loose
