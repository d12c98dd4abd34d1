"""What both endpoints need to write parameters: how a table entry looks, and what the model's facts say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast, get_args

from capably.providers.openai.errors import unsupported
from capably.providers.openai.schema import NotStrictError, tool_schema
from capably.types.facts import UNVERIFIED, Facts
from capably.types.reasoning import Effort, Reasoning
from capably.types.request import Request
from capably.types.tools import Tool

if TYPE_CHECKING:
    from capably_models import _facts

Body: TypeAlias = dict[str, Any]
EFFORTS: tuple[str, ...] = get_args(Effort)
Encoder: TypeAlias = Callable[[Body, Any, Request], None]
"""Writes one parameter into the body, or raises `UnsupportedFeatureError`."""


def sent_as(key: str) -> Encoder:
    """The parameter goes out as it is, under this key."""

    def encode(body: Body, value: Any, _: Request) -> None:
        body[key] = value

    return encode


def refused(name: str, why: str) -> Encoder:
    """The endpoint has no place for the parameter."""

    def encode(_: Body, value: Any, request: Request) -> None:
        raise unsupported(request, name, value, why)

    return encode


def facts_of(request: Request) -> Facts | None:
    """What the registry knows of the model's capabilities."""
    return request.info.facts if request.info else None


def reasons(request: Request) -> bool:
    """Whether the model is known to reason, or new enough not to be known."""
    facts = facts_of(request)
    return facts is None or bool(facts["reasoning"])


def off_spelling(request: Request) -> str:
    """How the model's reasoning is turned off: the registry's word; the newest spelling where it has none."""
    reasoning = _reasoning(request)
    off = reasoning["off"] if reasoning else UNVERIFIED
    return "effort_none" if off == UNVERIFIED else off


def shows_no_thoughts(request: Request) -> bool:
    """Whether the model is known to show none at any endpoint; asking for them was refused or warned of already."""
    reasoning = _reasoning(request)
    return reasoning is not None and reasoning["visible"] == "never"


def _reasoning(request: Request) -> _facts.Reasoning | None:
    facts = facts_of(request)
    reasoning = facts["reasoning"] if facts else None
    return None if isinstance(reasoning, str) else reasoning


def effort_of(value: Any, request: Request) -> str | None:
    """The word for `reasoning=`: `none` for off; `None` where the level is left to the provider."""
    if value == "off":
        if off_spelling(request) != "effort_none":
            raise unsupported(request, "reasoning", value, "its reasoning cannot be turned off at this endpoint")
        return "none"
    if not isinstance(value, Reasoning):
        return _known_effort(value, request)
    settings = cast("Reasoning[Any, Any]", value)
    if settings.budget_tokens is not None:
        why = "this wire format has no token budget for reasoning; give an effort, and max_tokens to bound the whole"
        raise unsupported(request, "reasoning.budget_tokens", settings.budget_tokens, why)
    return _known_effort(settings.effort, request)


def _known_effort(effort: Any, request: Request) -> str | None:
    """The level; of a listed model whose levels nobody knows, it must at least be one that there is."""
    if effort is not None and request.info is not None and request.info.facts is None and effort not in EFFORTS:
        raise unsupported(request, "reasoning", effort, "there is no such level", allowed=EFFORTS)
    return effort


def only_json_object(request: Request) -> bool:
    """Whether the model promises JSON of no particular shape."""
    facts = facts_of(request)
    return facts is not None and facts["structured_output"] == "json_object"


def function_fields(tool: Tool[Any], request: Request) -> dict[str, Any]:
    """Name, description, parameters and `strict` of a function tool.

    Raises where `strict=True` was asked for arguments that cannot be guaranteed.
    """
    try:
        schema = tool_schema(tool)
    except NotStrictError as error:
        why = f"the arguments of {tool.name!r} cannot be guaranteed: {error}; change them, or leave strict=True out"
        raise unsupported(request, "strict", True, why) from error
    return {"name": tool.name, **({"description": tool.description} if tool.description else {}), **schema}
