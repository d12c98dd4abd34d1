"""Where hosts of OpenAI's formats differ from one another. The differences are data: `dialect` in the registry.

An adapter tells the dialect of its provider when it is built; a host that nobody described speaks the common form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from capably_models import _facts


class Host(NamedTuple):
    """The dialect of one host, as `Dialect` in `codegen/capably_codegen/schema.py` explains it."""

    system_role: str = "system"
    max_tokens: str = "max_tokens"
    seed: str = "seed"
    required: str = "required"
    effort: str = "reasoning_effort"
    off: str = "thinking"
    budget: str | None = None
    thoughts: str = "reasoning_content"
    show_thoughts: Mapping[str, Any] = {}
    builtin_tools: Mapping[str, str] = {}
    documents: str = "file"
    audio: str = "data_and_format"
    format: str = "json_schema"
    prefix: str | None = None
    prefill_path: str | None = None
    call_id: str | None = None
    refuses: Sequence[str] = ()
    usage_in_stream: bool = True
    obfuscates: bool = False


COMMON = Host()

SWITCHES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "thinking": ({"thinking": {"type": "disabled"}}, {"thinking": {"type": "enabled"}}),
    "enable_thinking": ({"enable_thinking": False}, {"enable_thinking": True}),
    "reasoning": ({"reasoning": {"enabled": False}}, {"reasoning": {"enabled": True}}),
}
"""`Host.off` -> the fields that turn reasoning off, and on."""


def put(body: dict[str, Any], path: str, value: Any) -> None:
    """Sets a field of the body: `"reasoning.effort"` is the field `effort` of the object `reasoning`."""
    outer, dot, inner = path.partition(".")
    body[outer] = {**body.get(outer, {}), inner: value} if dot else value


_known: dict[str, Host] = {}


def learn_host(provider: str, dialect: _facts.Dialect | None) -> None:
    """Takes down the dialect of a provider; `None` where nobody described it."""
    _known[provider] = COMMON if dialect is None else Host(**dialect)


def host_of(provider: str) -> Host:
    """The dialect of a provider."""
    return _known.get(provider, COMMON)
