"""What `llm.configure` and `llm.provider` take for each provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from capably.providers.settings import OWN_WORDS
from capably_codegen.registry.schema import Registry

SECRETS = ("token",)
"""Settings of which a function can be asked."""

FUNCTIONS = (
    ("configure", "None", "Set how the process reaches a provider from now on, where a call names no handle."),
    ("provider", "Provider", "Return a handle with settings of its own, for some models, calls or blocks."),
)
"""Name, what it returns, and the first sentence of its documentation, which the library has in full."""


class Group(NamedTuple):
    """Providers with the same settings: the type of their names, and the settings that not every provider has."""

    name: str
    words: tuple[tuple[str, str], ...]


def setting_groups(registry: Registry) -> Iterator[Group]:
    """Yield the groups of listed providers, and last the one of servers of the user's own."""
    by_words: dict[tuple[str, ...], list[str]] = {}
    for name, provider in sorted(registry.providers.items()):
        by_words.setdefault(OWN_WORDS.get(provider.cloud or provider.adapter, ()), []).append(name)
    for words, names in by_words.items():
        listed = ", ".join(f'"{name}"' for name in names)
        yield Group(f"Literal[{listed}]", tuple((word, "Secret" if word in SECRETS else "str") for word in words))
    yield Group("str", (("wire", "Wire"),))
