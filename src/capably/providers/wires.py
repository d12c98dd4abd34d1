"""Wire formats by endpoint, and the table of spellings that each has. Reading a table imports no SDK and builds no adapter."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from capably.providers.spellings import Spellings

WIRES: Mapping[str, str] = {
    "messages": "capably.providers.anthropic.encode",
    "responses": "capably.providers.openai.responses.encode",
    "chat_completions": "capably.providers.openai.chat.encode",
    "generate_content": "capably.providers.google.encode",
}
"""Endpoint -> the module that has its table, `SPELLINGS`; that of Chat Completions is made for a host."""


def table_of(endpoint: str, name: str, dialect: Mapping[str, object] | None) -> Spellings:
    """Return how a host with this dialect spells each feature at an endpoint."""
    module = import_module(WIRES[endpoint])
    return module.spellings(name, dialect) if endpoint == "chat_completions" else module.SPELLINGS
