"""Handles: how a provider is reached, its connections, and its adapters. One for the process, or as many as the caller makes."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from capably.http import run
from capably.http.libraries import Clients, SdkClients
from capably.providers.settings import Settings
from capably.registry.lookup import on_registry_change

if TYPE_CHECKING:
    from typing import Self

    from capably.providers import Adapter


class Handle:
    """A provider as one program, tenant or test reaches it: an `llm.Provider`."""

    __slots__ = ("__weakref__", "adapters", "clients", "name", "sdk_clients", "settings")

    def __init__(self, settings: Settings) -> None:
        self.name: str = settings.provider
        self.settings: Settings = settings
        self.clients: Clients = Clients(settings.http, settings.http_client, settings.async_http_client)
        self.adapters: dict[str, Adapter] = {}
        self.sdk_clients: SdkClients = SdkClients()
        _handles.add(self)

    def close(self) -> None:
        """Let go of the connections of synchronous calls."""
        run(self.clients.close())

    async def aclose(self) -> None:
        """Let go of all connections: those of synchronous calls, and those of the running event loop."""
        await self.clients.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        """Show the settings without secrets, and the library that sends."""
        return f"<llm.provider({self.settings.shown()}) over {self.clients.backend}>"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the name alone: the process that reads it reaches the provider in its own way."""
        return (default_handle, (self.name,))


_handles: weakref.WeakSet[Handle] = weakref.WeakSet()
_defaults: dict[str, Handle] = {}
"""Provider -> the handle of calls that name none."""

_of_process: weakref.WeakSet[Handle] = weakref.WeakSet()
"""Handles that are defaults, or were and still serve a call."""


def default_handle(name: str) -> Handle:
    """Return the handle of the process for a provider: that of `llm.configure`, or one with the registry's settings."""
    handle = _defaults.get(name)
    if handle is None:
        handle = _defaults.setdefault(name, Handle(Settings(provider=name)))
        _of_process.add(handle)
    return handle


def set_default(handle: Handle) -> None:
    """Use a handle for the calls of its provider that name none. Calls that are under way keep theirs."""
    _defaults[handle.name] = handle
    _of_process.add(handle)


def default_handles() -> list[Handle]:
    """Return the handles of the process, with those that another configuration has replaced and that still serve a call."""
    return list(_of_process)


def _forget_adapters() -> None:
    for handle in list(_handles):
        handle.adapters.clear()


on_registry_change(_forget_adapters)
