"""`llm.Provider`: what a handle of `llm.provider(...)` can do."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Provider(Protocol):
    """A handle of one provider, made by `llm.provider(...)`. Its settings never change.

    Pass it with a model, a call or a block: `llm.Model(id, provider=acme)`, `model.call(..., provider=acme)`,
    `with llm.override(provider=acme)`. It can be shared by threads, event loops, and processes that are forked. As a context
    manager, or by `close()` and `aclose()`, it lets its connections go; a later call opens new ones.
    """

    @property
    def name(self) -> str:
        """Return the provider's name, as ids of models have it."""
        ...

    def close(self) -> None:
        """Let go of the connections of synchronous calls."""
        ...

    async def aclose(self) -> None:
        """Let go of all connections: those of synchronous calls, and those of the running event loop."""
        ...

    # Not `Self`: ty takes no protocol that says it for a context manager, in `ExitStack.enter_context(handle)`.
    def __enter__(self) -> Provider: ...  # noqa: PYI034
    def __exit__(self, *_: object) -> None: ...
    async def __aenter__(self) -> Provider: ...  # noqa: PYI034
    async def __aexit__(self, *_: object) -> None: ...
