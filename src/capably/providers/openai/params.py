"""Parameters at both endpoints: allowed words, and facts about the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from capably.providers.openai.schema import NotStrictError, tool_schema
from capably.providers.spellings import Body, NoSpellingError
from capably.types.facts import Facts
from capably.types.reasoning import Effort
from capably.types.request import Request

if TYPE_CHECKING:
    from capably.types.tools import AnyTool

EFFORTS: tuple[str, ...] = get_args(Effort)


def facts_of(request: Request) -> Facts | None:
    """Return the registry's facts about the model."""
    return request.info.facts if request.info else None


def reasons(request: Request) -> bool:
    """Return whether the model reasons. Models without facts are assumed to."""
    facts = facts_of(request)
    return facts is None or bool(facts["reasoning"])


def turned_off_by_switch(request: Request) -> bool:
    """Return whether a switch, and not an effort level, turns the model's reasoning off."""
    facts = facts_of(request)
    reasoning = facts["reasoning"] if facts else None
    return reasoning is not None and reasoning != "unverified" and reasoning["off"] == "disabled"


def only_json_object(request: Request) -> bool:
    """Return whether the model promises JSON without promising a schema."""
    facts = facts_of(request)
    return facts is not None and facts["structured_output"] == "json_object"


def function_fields(tool: AnyTool) -> Body:
    """Return name, description, parameters and `strict` of a function tool.

    Raises `NoSpellingError` for `strict=True` with arguments that cannot be guaranteed.
    """
    try:
        schema = tool_schema(tool)
    except NotStrictError as error:
        why = f'The arguments of "{tool.name}" cannot be guaranteed: {error}.'
        raise NoSpellingError("tools.strict", tool, why, "Change them, or leave strict=True out") from None
    return {"name": tool.name, **({"description": tool.description} if tool.description else {}), **schema}
