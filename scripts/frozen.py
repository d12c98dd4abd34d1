"""A program that uses capably, frozen by PyInstaller and run once: `just frozen`.

The frozen program calls the four wire formats on a loopback server, synchronously and asynchronously, over both HTTP
libraries, and makes a structured answer, a tool and a refusal. Ends with 1 if anything is missing from it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from support.loopback import Canned, Loopback, Received
from support.vendor_replies import vendor_reply

PROGRAM = '''
import asyncio
import sys
from dataclasses import dataclass

from capably import llm


@dataclass
class Book:
    title: str


@llm.tool
def stock(title: str) -> int:
    """Count copies."""
    return 3


async def ask_async(model):
    response = await model.call_async("Hi")
    await llm.aclose()
    return response.text()


for http in ("httpx2", "pyreqwest"):
    for word in sys.argv[1:]:
        id, url = word.split("=")
        llm.configure(id.partition("/")[0], api_key="test", base_url=url, http=http)
        model = llm.Model.of(id)
        stream = model.stream("Hi")
        print(http, id, model.call("Hi").text(), "".join(stream.text_stream()), asyncio.run(ask_async(model)))
    llm.close()
print(llm.scripted('{"title": "Piranesi"}').call("Hi", format=Book).parse().title)
print(stock.parameters["properties"])
print(len(llm.models(tools=True)) > 50)
try:
    llm.Model.of("anthropic/claude-sonnet-5-5").call("Hi", temperature=0.2)
except llm.UnsupportedFeatureError:
    print("refused")
'''

MODELS = ("anthropic/claude-sonnet-5-5", "openai/gpt-6.1-sol", "groq/openai/gpt-oss-120b", "google/gemini-3.8-flash")
ANSWER = "Hello."
CHAT = {"choices": [{"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}]}
CHAT_EVENTS = 'data: {"choices":[{"index":0,"delta":{"content":"Hello."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def answer(provider: str, request: Received) -> Canned:
    """Return what a provider answers, streamed if the request wants it."""
    if provider != "groq":
        return vendor_reply(provider, request, [ANSWER])
    return Canned(CHAT_EVENTS if request.json().get("stream") else CHAT)


def expected() -> list[str]:
    lines = [f"{http} {id} {ANSWER} {ANSWER} {ANSWER}" for http in ("httpx2", "pyreqwest") for id in MODELS]
    return [*lines, "Piranesi", "{'title': {'type': 'string'}}", "True", "refused"]


def freeze(folder: Path) -> Path:
    """Return the executable that PyInstaller makes of the program."""
    source = folder / "app.py"
    source.write_text(PROGRAM, encoding="utf-8")
    places = ["--distpath", str(folder / "dist"), "--workpath", str(folder / "build"), "--specpath", str(folder)]
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", *places, str(source)]
    subprocess.run(command, check=True, cwd=folder)
    return folder / "dist" / "app" / ("app.exe" if sys.platform == "win32" else "app")


def run(executable: Path) -> subprocess.CompletedProcess[str]:
    """Run the program against a loopback server for each model."""
    with ExitStack() as stack:
        words: list[str] = []
        for id in MODELS:
            provider = id.partition("/")[0]
            server = stack.enter_context(Loopback([lambda request, name=provider: answer(name, request)]))
            words.append(f"{id}={server.url}")
        return subprocess.run([str(executable), *words], capture_output=True, text=True, timeout=120, check=False)


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = run(freeze(Path(folder)))
    print(done.stdout + done.stderr, end="")
    held = done.returncode == 0 and done.stdout.splitlines() == expected()
    print("the frozen program works" if held else "the frozen program does NOT work")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
