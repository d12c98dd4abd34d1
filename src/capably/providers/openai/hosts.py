"""The differences between hosts of OpenAI's formats. They are data: `dialect` in the registry.

A host is a value: whoever encodes or decodes is handed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast


class Host(NamedTuple):
    """One host and its dialect, as `Dialect` in `codegen/capably_codegen/registry/schema.py` explains it."""

    provider: str = "openai"
    system_role: str = "system"
    max_tokens: str = "max_tokens"
    seed: str = "seed"
    required: str = "required"
    effort: str = "reasoning_effort"
    off: str = "thinking"
    budget: str | None = None
    thoughts: str = "reasoning_content"
    show_thoughts: tuple[tuple[str, object], ...] = ()
    builtin_tools: tuple[tuple[str, str], ...] = ()
    documents: str = "file"
    audio: str = "data_and_format"
    format: str = "json_schema"
    cache: str = "prompt_cache_options"
    prefix: str | None = None
    prefill_path: str | None = None
    call_id: str | None = None
    refuses: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    usage_in_stream: bool = True
    obfuscates: bool = False


SWITCHES: Mapping[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
    "thinking": ({"thinking": {"type": "disabled"}}, {"thinking": {"type": "enabled"}}),
    "enable_thinking": ({"enable_thinking": False}, {"enable_thinking": True}),
    "reasoning": ({"reasoning": {"enabled": False}}, {"reasoning": {"enabled": True}}),
}
"""`Host.off` -> the fields that turn reasoning off, and on."""


def host_of(provider: str, dialect: Mapping[str, object] | None = None) -> Host:
    """Return how a provider speaks; one whose dialect nobody described speaks the common form."""
    return Host(provider)._replace(**{name: _frozen(value) for name, value in (dialect or {}).items()})


def _frozen(value: object) -> object:
    """Return a dialect's value as a hashable one."""
    if isinstance(value, Mapping):
        return tuple(cast("Mapping[str, object]", value).items())
    return tuple(cast("list[object]", value)) if isinstance(value, list) else value
