"""The ways to ask a server over HTTP: plain httpx2, plain pyreqwest, and capably over both, called and streamed."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias, cast

from capably import llm

MODEL = "gpt-5.6-sol"

SILENCE = 0.8
"""Seconds without a byte after which a question is given up."""

Ask: TypeAlias = Callable[[str], Generator[str, None, None]]
"""Asks a prompt and yields what comes back, piece by piece. To close it is to leave."""

AskAsync: TypeAlias = Callable[[str], AsyncGenerator[str, None]]


class Unreadable(Exception):  # noqa: N818 (named for what the answer is)
    """A plain client's answer is not the JSON of a reply."""


class Way(NamedTuple):
    """A client. `sync` and `async_` give, for a server's URL, what asks it; `tree` imports its base classes of errors."""

    name: str
    backend: str
    tree: Callable[[], tuple[type[BaseException], ...]]
    sync: Callable[[str, ExitStack], Ask] | None = None
    async_: Callable[[str, AsyncExitStack], AskAsync] | None = None

    @property
    def ours(self) -> bool:
        return self.name.startswith("capably")

    @property
    def streamed(self) -> bool:
        return "stream" in self.name


def plain_body(prompt: str) -> bytes:
    return json.dumps({"model": MODEL, "input": prompt}).encode()


def plain_text(status: int, content: bytes) -> str:
    """Return the text of a reply as a careful user of a plain client reads it."""
    if status != 200:
        raise Unreadable(f"status {status}")
    try:
        return "".join(part["text"] for part in json.loads(content)["output"][0]["content"])
    except (ValueError, LookupError, TypeError) as error:
        raise Unreadable(f"{type(error).__name__}: {content[:60]!r}") from error


def httpx2_tree() -> tuple[type[BaseException], ...]:
    import httpx2

    return (Unreadable, httpx2.HTTPError)


def httpx2_sync(url: str, stack: ExitStack) -> Ask:
    import httpx2

    client = stack.enter_context(httpx2.Client(timeout=SILENCE, trust_env=False))

    def ask(prompt: str) -> Generator[str, None, None]:
        response = client.post(f"{url}/v1/responses", content=plain_body(prompt))
        yield plain_text(response.status_code, response.content)

    return ask


def httpx2_async(url: str, stack: AsyncExitStack) -> AskAsync:
    import httpx2

    client = httpx2.AsyncClient(timeout=SILENCE, trust_env=False)
    stack.push_async_callback(client.aclose)

    async def ask(prompt: str) -> AsyncGenerator[str, None]:
        response = await client.post(f"{url}/v1/responses", content=plain_body(prompt))
        yield plain_text(response.status_code, response.content)

    return ask


def pyreqwest_tree() -> tuple[type[BaseException], ...]:
    from pyreqwest.exceptions import PyreqwestError

    return (Unreadable, PyreqwestError)


def pyreqwest_sync(url: str, stack: ExitStack) -> Ask:
    from pyreqwest.client import SyncClientBuilder

    builder = SyncClientBuilder().read_timeout(timedelta(seconds=SILENCE)).follow_redirects(False).no_proxy()
    client = stack.enter_context(builder.build())

    def ask(prompt: str) -> Generator[str, None, None]:
        response = client.post(f"{url}/v1/responses").body_bytes(plain_body(prompt)).build().send()
        yield plain_text(response.status, bytes(response.bytes()))

    return ask


def pyreqwest_async(url: str, stack: AsyncExitStack) -> AskAsync:
    from pyreqwest.client import ClientBuilder

    builder = ClientBuilder().read_timeout(timedelta(seconds=SILENCE)).follow_redirects(False).no_proxy()
    client = builder.build()
    stack.push_async_callback(client.close)

    async def ask(prompt: str) -> AsyncGenerator[str, None]:
        response = await client.post(f"{url}/v1/responses").body_bytes(plain_body(prompt)).build().send()
        yield plain_text(response.status, bytes(await response.bytes()))

    return ask


def capably_tree() -> tuple[type[BaseException], ...]:
    return (llm.CapablyError,)


def capably_model(url: str, library: str, stack: ExitStack | AsyncExitStack) -> Any:
    """Return a model that asks this server over this library, once per question, until the stack unwinds."""
    settings = {"api_key": "test", "http": library, "max_retries": 0, "timeout": SILENCE}
    stack.callback(cast(Any, llm).configure, "openai")
    cast(Any, llm).configure("openai", base_url=f"{url}/v1", **settings)
    return llm.Model.of(f"openai/{MODEL}")


def capably_sync(library: str, streamed: bool) -> Callable[[str, ExitStack], Ask]:
    def open_(url: str, stack: ExitStack) -> Ask:
        model = capably_model(url, library, stack)
        stack.callback(cast(Any, llm).close)

        def call(prompt: str) -> Generator[str, None, None]:
            yield model.call(prompt).text()

        def stream(prompt: str) -> Generator[str, None, None]:
            with model.stream(prompt) as response:
                yield from response.text_stream()

        return stream if streamed else call

    return open_


def capably_async(library: str, streamed: bool) -> Callable[[str, AsyncExitStack], AskAsync]:
    def open_(url: str, stack: AsyncExitStack) -> AskAsync:
        model = capably_model(url, library, stack)
        stack.push_async_callback(cast(Any, llm).aclose)

        async def call(prompt: str) -> AsyncGenerator[str, None]:
            yield (await model.call_async(prompt)).text()

        async def stream(prompt: str) -> AsyncGenerator[str, None]:
            async with await model.stream_async(prompt) as response:
                async for piece in response.text_stream():
                    yield piece

        return stream if streamed else call

    return open_


def _capably_ways() -> Iterator[Way]:
    for library in ("httpx2", "pyreqwest"):
        for name, streamed in ((f"capably, {library}", False), (f"capably, {library}, stream", True)):
            yield Way(name, library, capably_tree, sync=capably_sync(library, streamed))
            yield Way(f"{name}, async", library, capably_tree, async_=capably_async(library, streamed))


WAYS: Sequence[Way] = (
    Way("plain httpx2", "httpx2", httpx2_tree, sync=httpx2_sync),
    Way("plain httpx2, async", "httpx2", httpx2_tree, async_=httpx2_async),
    Way("plain pyreqwest", "pyreqwest", pyreqwest_tree, sync=pyreqwest_sync),
    Way("plain pyreqwest, async", "pyreqwest", pyreqwest_tree, async_=pyreqwest_async),
    *_capably_ways(),
)
