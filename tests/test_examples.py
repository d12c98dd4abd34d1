"""The programs in `examples/`: without a key, and unchanged on the wire formats of three vendors through their SDKs."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from support.loopback import Canned, Loopback, Received
from support.vendor_replies import Turn, vendor_reply

from capably import llm

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
MODELS = {
    "anthropic": "anthropic/claude-sonnet-5-5",
    "openai": "openai/gpt-6.1-sol",
    "google": "google/gemini-3.8-flash",
}

POWERS: Turn = ["Both powers first.", ("power", {"base": 42, "exponent": 4}), ("power", {"base": 37, "exponent": 3})]
PROGRAMS: dict[str, tuple[list[Turn], str]] = {
    "call": ([["Tigana."]], "Tigana.\n"),
    "stream": ([["Nobody knows."]], "Nobody knows.\n"),
    "resume": (
        [["Muddle the herbs."], ["Two slices."]],
        "Muddle the herbs.\nTwo slices.\n(4 messages, 2 tokens in the last answer)\n",
    ),
    "tools": (
        [[("power", {"base": 42, "exponent": 3})], [("power", {"base": 74088, "exponent": 2})], ["5489031744"]],
        "power({'base': 42, 'exponent': 3})\npower({'base': 74088, 'exponent': 2})\n5489031744\n",
    ),
    "structured": (
        [["A fine one."], ['{"title": "Tigana", "author": "Kay", "reason": "its name"}']],
        "Tigana by Kay: its name\n",
    ),
    "agent": (
        [POWERS, [("add", {"a": 3111696, "b": 50653})], ["It is 3,162,349."]],
        (
            "Both powers first.\n> power({'base': 42, 'exponent': 4})\n\n> power({'base': 37, 'exponent': 3})\n\n"
            "\n> add({'a': 3111696, 'b': 50653})\n\nIt is 3,162,349.\n"
        ),
    ),
}
"""Example -> what the model says turn by turn, and what the program prints."""

SCRIPTED = ["call", "stream", "resume", "tools", "structured", "agent", "quickstart"]


def test_every_example_is_tested() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {*SCRIPTED, "misuse"}


@pytest.mark.parametrize("name", SCRIPTED)
def test_an_example_runs_without_a_key(name: str) -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": ""})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_runs_on_every_vendors_sdk(
    provider: str, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, printed = PROGRAMS[name]
    left = list(turns)

    def answer(request: Received) -> Canned:
        return vendor_reply(provider, request, left.pop(0), len(left))

    monkeypatch.setattr(sys, "argv", [name, MODELS[provider]])
    with Loopback([answer]) as server:
        llm.configure(provider, api_key="test", base_url=server.url)
        try:
            runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        finally:
            llm.configure(provider)
        assert len(server.requests) == len(turns)
    assert capsys.readouterr().out == printed
