"""Which library sends, and the clients of one handle: each is made when it is first needed.

The rule: the caller's `http_client=`, else what `http=` names, else pyreqwest where it is installed and works, else httpx2.
pyreqwest's runtime does not survive a fork: a child of a process that used it goes over httpx2.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

from capably.http import Client
from capably.types.errors import ConfigurationError

if TYPE_CHECKING:
    import httpx2

MadeT = TypeVar("MadeT")

Library: TypeAlias = Literal["auto", "httpx2", "pyreqwest"]


class _Process:
    """What this process did: its generation counts the forks before it."""

    generation = 0
    used_pyreqwest = False
    lost_pyreqwest = False

    @classmethod
    def forked(cls) -> None:
        cls.generation += 1
        cls.lost_pyreqwest = cls.lost_pyreqwest or cls.used_pyreqwest
        cls.used_pyreqwest = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Process.forked)

_of_parent: list[object] = []
"""In a forked child, the clients of its parent. They are never used, nor let go, which could write to its connections."""


def _load_pyreqwest() -> None:
    """Import pyreqwest in a thread that never ends.

    The memory allocator in pyreqwest 0.15 belongs to the thread that imports it first. After the end of that thread, the
    process dies.
    """
    if "pyreqwest.client" in sys.modules or threading.current_thread() is threading.main_thread():
        return
    loaded = threading.Event()

    def load_and_stay() -> None:
        try:
            import_module("pyreqwest.client")
        finally:
            loaded.set()
        threading.Event().wait()

    threading.Thread(target=load_and_stay, name="capably-pyreqwest", daemon=True).start()
    loaded.wait()


@cache
def _has_pyreqwest() -> bool:
    return find_spec("pyreqwest") is not None


def choose(http: Library) -> Literal["httpx2", "pyreqwest"]:
    """Return the library that sends, by the rule above. Raises `ConfigurationError` if it is not there."""
    if http == "httpx2":
        return "httpx2"
    if http == "auto":
        return "pyreqwest" if _has_pyreqwest() and not _Process.lost_pyreqwest else "httpx2"
    if not _has_pyreqwest():
        raise ConfigurationError(
            'http="pyreqwest" needs pyreqwest, which is not installed: pip install "capably[fast]"'
        )
    if _Process.lost_pyreqwest:
        raise ConfigurationError(
            'http="pyreqwest" does not work in this process: it was forked from one that used pyreqwest. Use http="auto" or '
            '"httpx2", or start processes with the method "spawn" or "forkserver"'
        )
    return "pyreqwest"


class PerLoop(Generic[MadeT]):
    """One object for each event loop, for connections that end with the loop that opened them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_loop: dict[object, MadeT] = {}

    def get(self, build: Callable[[], MadeT]) -> MadeT:
        """Return the object of the running loop, and build it if there is none. Those of closed loops are let go."""
        loop = _running_loop()
        one = self._by_loop.get(loop)
        if one is None:
            with self._lock:
                for other in [other for other in list(self._by_loop) if _is_over(other)]:
                    self._by_loop.pop(other, None)
                one = self._by_loop[loop] = build()
        return one

    def pop(self) -> MadeT | None:
        """Return the object of the running loop, if there is one, and keep it no longer."""
        return self._by_loop.pop(_running_loop(), None)


class Clients:
    """The connections of one handle, synchronous and asynchronous."""

    def __init__(
        self,
        http: Library = "auto",
        http_client: httpx2.Client | None = None,
        async_http_client: httpx2.AsyncClient | None = None,
    ) -> None:
        self._http: Library = http
        self._given = http_client
        self._given_async = async_http_client
        self._reset()

    def _reset(self) -> None:
        self._generation = _Process.generation
        self._lock = threading.Lock()
        self._sync: Client | None = None
        self._shared: Client | None = None
        self._per_loop: PerLoop[Client] = PerLoop()

    def _check_process(self) -> None:
        """Start anew in a forked child, whose parent goes on with the connections that were there."""
        if self._generation != _Process.generation:
            _of_parent.append((self._sync, self._shared, self._per_loop))
            self._reset()

    @property
    def backend(self) -> str:
        """Return the name of the library that sends synchronous calls."""
        return "httpx2" if self._given is not None else choose(self._http)

    def sync(self) -> Client:
        """Return the client for synchronous calls."""
        self._check_process()
        client = self._sync
        if client is None:
            with self._lock:
                client = self._sync = self._sync or self._opened()
        return client

    def for_loop(self) -> Client:
        """Return the client for the running event loop: that of pyreqwest is the same for all of asyncio."""
        self._check_process()
        shared = self._shared
        if shared is not None:
            return shared
        if self._given_async is None and self._given is not None:
            raise ConfigurationError("http_client= sends synchronous calls only; give an async_http_client= as well")
        if self._given_async is None and choose(self._http) == "pyreqwest" and _is_asyncio():
            _load_pyreqwest()
            from capably.http.over_pyreqwest_async import AsyncPyreqwestClient

            _Process.used_pyreqwest = True
            with self._lock:
                shared = self._shared = self._shared or AsyncPyreqwestClient()
            return shared
        return self._per_loop.get(self._opened_async)

    async def close(self) -> None:
        """Let go of the connections of synchronous calls. It waits for no event loop."""
        self._check_process()
        client, self._sync = self._sync, None
        if client is not None:
            await client.close()

    async def aclose(self) -> None:
        """Let go of all connections, but those of other event loops."""
        await self.close()
        shared, self._shared = self._shared, None
        for client in (shared, self._per_loop.pop()):
            if client is not None:
                await client.close()

    def _opened(self) -> Client:
        if self._given is None and self._given_async is not None:
            raise ConfigurationError("async_http_client= sends asynchronous calls only; give an http_client= as well")
        if self._given is None and choose(self._http) == "pyreqwest":
            _load_pyreqwest()
            from capably.http.over_pyreqwest import PyreqwestClient

            _Process.used_pyreqwest = True
            return PyreqwestClient()
        from capably.http.over_httpx2 import Httpx2Client

        return Httpx2Client(self._given)

    def _opened_async(self) -> Client:
        from capably.http.over_httpx2_async import AsyncHttpx2Client

        return AsyncHttpx2Client(self._given_async)


class SdkClients:
    """Clients of the vendors' SDKs that a handle makes: one, or one for each event loop, and new ones in a forked child."""

    def __init__(self) -> None:
        self._generation = _Process.generation
        self._one: dict[str, object] = {}
        self._per_loop: dict[str, PerLoop[object]] = {}

    def get(self, name: str, build: Callable[[], MadeT], *, per_loop: bool) -> MadeT:
        """Return the client of that name, and build it if there is none."""
        if self._generation != _Process.generation:
            _of_parent.append((self._one, self._per_loop))
            self._one, self._per_loop = {}, {}
            self._generation = _Process.generation
        if per_loop:
            return cast("MadeT", self._per_loop.setdefault(name, PerLoop()).get(build))
        if name not in self._one:
            self._one.setdefault(name, build())
        return cast("MadeT", self._one[name])


def _running_loop() -> object:
    """Return the running event loop of asyncio, or what stands for it in trio."""
    if _is_asyncio():
        from asyncio import get_running_loop

        return get_running_loop()
    trio: Any = import_module("trio")
    return trio.lowlevel.current_trio_token()


def _is_asyncio() -> bool:
    trio = sys.modules.get("trio")
    return trio is None or not trio.lowlevel.in_trio_run()


def _is_over(loop: object) -> bool:
    is_closed = getattr(loop, "is_closed", None)
    return is_closed is None or is_closed()
