"""Our library against an independent server: npm's `@copilotkit/aimock`, which speaks all four wire formats: `just peer`.

It is installed with npm into a cache directory (CAPABLY_CACHE, else the user's own), started with the fixtures below,
and asked through the public door: text, tools, parallel tools, thinking, second turns, structured answers, refusals by
status, broken streams; each of them called and streamed, synchronously and not. Prints a table, ends with 1 when
anything failed, and with 0 and a word where Node is absent.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

from capably import llm
from capably.types.errors import CapablyError, ConnectionFailedError, RateLimitError, ServerError

PACKAGE = "@copilotkit/aimock"
VERSION = "1.43.0"
PIECE = 7
"""Characters per event of a stream: few, so that words and arguments are cut."""

MODELS = {
    "messages": "anthropic/claude-sonnet-5-5",
    "responses": "openai/gpt-5.6-sol",
    "chat_completions": "openai/gpt-audio-1.5",
    "generate_content": "google/gemini-3.8-flash",
}
"""Wire format -> a listed model that is called in it."""


class PeerAbsent(Exception):  # noqa: N818 (it is no error)
    """Node, npm or the package is not to be had here; the message says which."""


# --- the server ---------------------------------------------------------------------------------------------------

MOON = 'Über den Mond: er ist 384.400 km fern, "grau" und — 🌕 — rund.'
WEATHER = [
    {"id": "call_a", "name": "weather", "arguments": '{"city": "Ur", "days": 2}'},
    {"id": "call_b", "name": "weather", "arguments": '{"city": "Nippur \\u2600"}'},
]


def _fixture(match: dict[str, Any], response: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"match": match, "response": response, **fields}


FIXTURES = [
    _fixture({"userMessage": "the moon"}, {"content": MOON}),
    _fixture({"userMessage": "one city", "hasToolResult": False}, {"toolCalls": WEATHER[:1]}),
    _fixture({"userMessage": "one city", "hasToolResult": True}, {"content": "Dry in Ur."}),
    _fixture({"userMessage": "two cities", "hasToolResult": False}, {"content": "Let me look.", "toolCalls": WEATHER}),
    _fixture({"userMessage": "two cities", "hasToolResult": True}, {"content": "Dry in both."}),
    _fixture({"userMessage": "think"}, {"content": "42.", "reasoning": "Six times seven, carefully."}),
    _fixture({"userMessage": "And then?"}, {"content": "Then the stars."}),
    _fixture({"userMessage": "as JSON"}, {"content": '{"name": "Ur", "people": 65000}'}),
    _fixture(
        {"userMessage": "too fast"}, {"error": {"message": "Slow down.", "type": "rate_limit_error"}, "status": 429}
    ),
    _fixture({"userMessage": "broken"}, {"error": {"message": "Oops.", "type": "server_error"}, "status": 500}),
    _fixture({"userMessage": "cut off"}, {"content": MOON * 4}, truncateAfterChunks=6),
]


def command(*, install: bool) -> list[str]:
    """Return the command that starts the server. Raise `PeerAbsent` without Node, or without the package and
    permission to install it."""
    cache = Path(os.environ.get("CAPABLY_CACHE") or Path.home() / ".cache" / "capably")
    folder = cache / f"aimock-{VERSION}"
    script = folder / "node_modules" / PACKAGE / "dist" / "cli.js"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None:
        raise PeerAbsent("Node is not installed")
    if not script.is_file():
        if not install:
            raise PeerAbsent(f"{PACKAGE} is not installed (`just peer` does it)")
        if npm is None:
            raise PeerAbsent("npm is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        words = [
            npm,
            "install",
            "--no-audit",
            "--no-fund",
            "--silent",
            "--prefix",
            str(folder),
            f"{PACKAGE}@{VERSION}",
        ]
        try:
            done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
        except subprocess.TimeoutExpired as error:
            raise PeerAbsent(f"{PACKAGE} could not be installed in two minutes") from error
        if done.returncode or not script.is_file():
            raise PeerAbsent(f"{PACKAGE} could not be installed: {done.stderr.strip()[-300:]}")
    return [node, str(script)]


class Peer:
    """The server, running while the `with` block does; our providers point to it."""

    def __init__(self, start: list[str]) -> None:
        self._start = start
        self.url = ""

    def __enter__(self) -> Self:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._folder = tempfile.TemporaryDirectory()
        file = Path(self._folder.name, "fixtures.json")
        file.write_text(json.dumps({"fixtures": FIXTURES}))
        options = ["-p", str(port), "-f", str(file), "-c", str(PIECE), "--strict", "--log-level", "silent"]
        self._process = subprocess.Popen([*self._start, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{port}"
        self._wait()
        self._point()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()
        self._folder.cleanup()
        for name in ("anthropic", "openai", "google"):
            llm.configure(name)

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self.journal()
                return
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._process.kill()
                    raise RuntimeError(f"{PACKAGE} did not start: {self._process.communicate()[1]!r}") from error
                time.sleep(0.05)

    def _point(self) -> None:
        llm.configure("anthropic", api_key="test", base_url=self.url)
        llm.configure("openai", api_key="test", base_url=f"{self.url}/v1")
        llm.configure("google", api_key="test", base_url=self.url, api_version="v1beta")  # It serves no other.

    def journal(self) -> list[Any]:
        """Return every request that the server received."""
        with urllib.request.urlopen(f"{self.url}/__aimock/journal", timeout=10) as answer:
            return json.load(answer)


# --- four ways to ask ---------------------------------------------------------------------------------------------


@llm.tool
def weather(city: str, days: int = 1) -> str:
    """Tells the weather."""
    return f"dry in {city} for {days}"


Ask = Callable[..., Any]
"""Asks a model and gives the whole response; `resume` and the rest of it are synchronous."""


def _call(model: Any, content: Any, **params: Any) -> Any:
    return model.call(content, **params)


def _stream(model: Any, content: Any, **params: Any) -> Any:
    response = model.stream(content, **params)
    text = "".join(response.text_stream())
    assert text == response.text(), "the pieces of the stream are not its text"
    return response


def _call_async(model: Any, content: Any, **params: Any) -> Any:
    return asyncio.run(model.call_async(content, **params))


def _stream_async(model: Any, content: Any, **params: Any) -> Any:
    async def ask() -> Any:
        response = await model.stream_async(content, **params)
        pieces = [piece async for piece in response.text_stream()]
        assert "".join(pieces) == response.text(), "the pieces of the stream are not its text"
        return response

    return asyncio.run(ask())


WAYS: dict[str, Ask] = {"call": _call, "stream": _stream, "call_async": _call_async, "stream_async": _stream_async}


# --- stories ------------------------------------------------------------------------------------------------------


def text(model: Any, ask: Ask) -> None:
    """Compare a text, letter by letter."""
    response = ask(model, "Tell of the moon, the moon.", max_tokens=500)
    assert (response.text(), response.finish_reason) == (MOON, "stop")


def one_tool(model: Any, ask: Ask) -> None:
    """Run a tool call, send its output, and read the answer."""
    first = ask(model, "How is it in one city?", tools=[weather])
    assert [(c.name, c.args) for c in first.tool_calls] == [("weather", {"city": "Ur", "days": 2})]
    assert first.finish_reason in ("tool_use", "other")  # The peer has a word for Gemini that Google has not.
    outputs = [llm.ToolOutput(c.id, c.name, weather(**c.args)) for c in first.tool_calls]
    second = ask(model, [*first.messages, llm.user(outputs)], tools=[weather])
    assert second.text() == "Dry in Ur."
    assert not second.tool_calls


def parallel_tools(model: Any, ask: Ask) -> None:
    """Words and two calls in one turn, and both outputs in the next."""
    first = ask(model, "How is it in two cities?", tools=[weather])
    assert first.text() == "Let me look."
    assert [c.args for c in first.tool_calls] == [{"city": "Ur", "days": 2}, {"city": "Nippur ☀"}]
    assert len({c.id for c in first.tool_calls}) == 2
    outputs = [llm.ToolOutput(c.id, c.name, weather(**c.args)) for c in first.tool_calls]
    assert ask(model, [*first.messages, llm.user(outputs)], tools=[weather]).text() == "Dry in both."


def thinking(model: Any, ask: Ask) -> None:
    """Thoughts are no part of the text."""
    response = ask(model, "Please think.")
    assert response.text() == "42."
    assert "".join(thought.text for thought in response.thoughts) == "Six times seven, carefully."


def thinking_goes_back(model: Any, ask: Ask) -> None:
    """Send the thoughts of the last turn in the next one."""
    first = ask(model, "Please think.")
    assert ask(model, [*first.messages, llm.user("And then?")]).text() == "Then the stars."


def second_turn(model: Any, ask: Ask) -> None:
    """Continue a conversation."""
    first = ask(model, "Tell of the moon.")
    second = ask(model, [*first.messages, llm.user("And then?")])
    assert second.text() == "Then the stars."
    assert [type(m).__name__ for m in second.messages] == ["UserMessage", "AssistantMessage"] * 2


def structured(model: Any, ask: Ask) -> None:
    """Parse an answer in a format."""
    from typing import TypedDict

    City = TypedDict("City", {"name": str, "people": int})  # noqa: UP013 (local to this story)
    assert ask(model, "Ur as JSON.", format=City).parse() == {"name": "Ur", "people": 65000}


def too_many_requests(model: Any, ask: Ask) -> None:
    """429 is an error of its own, with the time to wait."""
    error = _raised(RateLimitError, model, ask, "This is too fast.")
    assert (error.status_code, error.retry_after) == (429, 1)
    assert "Slow down." in str(error)
    assert error.body


def server_error(model: Any, ask: Ask) -> None:
    """500 is an error of the server's."""
    assert "Oops." in str(_raised(ServerError, model, ask, "It is broken."))


def broken_stream(model: Any, ask: Ask) -> None:
    """Expect an error for a stream that ends too early."""
    if ask in (_stream, _stream_async):
        _raised((ConnectionFailedError, ServerError), model, ask, "It is cut off.")


def _raised(kind: Any, model: Any, ask: Ask, content: str) -> Any:
    try:
        response = ask(model, content, max_retries=0)
    except CapablyError as error:
        assert isinstance(error, kind), f"{type(error).__name__}: {error}"
        return error
    raise AssertionError(f"no error, but {response.text()!r}")


STORIES: tuple[Callable[[Any, Ask], None], ...] = (
    text,
    one_tool,
    parallel_tools,
    thinking,
    thinking_goes_back,
    second_turn,
    structured,
    too_many_requests,
    server_error,
    broken_stream,
)
WITHOUT = {"chat_completions": ("thinking", "thinking_goes_back", "structured")}
"""OpenAI shows no thoughts in Chat Completions; of its listed models, none takes a format there."""


class Outcome(NamedTuple):
    """One story in one wire format, told in one way; `problem` is empty where it held."""

    story: str
    endpoint: str
    way: str
    problem: str


def tell(endpoint: str, story: Callable[[Any, Ask], None], way: str) -> Outcome:
    """Play one story and return its outcome."""
    try:
        model: Any = llm.Model.of(MODELS[endpoint])
        story(model, WAYS[way])
    except Exception as error:
        return Outcome(story.__name__, endpoint, way, f"{type(error).__name__}: {error}")
    return Outcome(story.__name__, endpoint, way, "")


def stories(endpoint: str) -> Iterator[Callable[[Any, Ask], None]]:
    """Return the stories that a wire format has."""
    return (story for story in STORIES if story.__name__ not in WITHOUT.get(endpoint, ()))


def main() -> int:
    try:
        with Peer(command(install=True)) as peer:
            outcomes = [tell(e, story, way) for e in MODELS for story in stories(e) for way in WAYS]
            received = len(peer.journal())
    except PeerAbsent as absent:
        print(f"skipped: {absent}")
        return 0
    width = max(len(story.__name__) for story in STORIES)
    print(" " * width, *MODELS)
    for story in STORIES:
        counts = [[t.problem for t in outcomes if (t.story, t.endpoint) == (story.__name__, e)] for e in MODELS]
        cells = [f"{c.count('')}/{len(c)}" if c else "." for c in counts]
        print(story.__name__.ljust(width), *(cell.rjust(len(e)) for cell, e in zip(cells, MODELS, strict=True)))
    bad = [t for t in outcomes if t.problem]
    print(f"\n{len(outcomes) - len(bad)} passed, {len(bad)} failed; the server received {received} requests")
    for t in bad:
        print(f"  {t.endpoint} {t.story} [{t.way}] {t.problem}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
