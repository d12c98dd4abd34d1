"""The programs in `examples/`: without a key, and unchanged on the wire formats of three vendors through their SDKs."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.loopback import Canned, Loopback, Received

from capably import llm

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
MODELS = {
    "anthropic": "anthropic/claude-sonnet-5-5",
    "openai": "openai/gpt-6.1-sol",
    "google": "google/gemini-3.8-flash",
}

Turn = Sequence[Any]
"""What a model says in one turn: texts, and calls as (name, arguments)."""

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
        streamed = "stream" in request.path or bool(request.json().get("stream"))
        body = BODIES[provider](left.pop(0), len(left))
        return Canned("".join(EVENTS[provider](body))) if streamed else Canned(body)

    monkeypatch.setattr(sys, "argv", [name, MODELS[provider]])
    with Loopback([answer]) as server:
        llm.provider(provider, api_key="test", base_url=server.url)
        try:
            runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        finally:
            llm.provider(provider)
        assert len(server.requests) == len(turns)
    assert capsys.readouterr().out == printed


# --- what the vendors would send ----------------------------------------------------------------------------------


def _claude(turn: Turn, key: int) -> dict[str, Any]:
    content: list[Any] = [
        {"type": "text", "text": said}
        if isinstance(said, str)
        else {"type": "tool_use", "id": f"toolu_{key}_{place}", "name": said[0], "input": said[1]}
        for place, said in enumerate(turn)
    ]
    reason = "end_turn" if isinstance(turn[-1], str) else "tool_use"
    usage = {"input_tokens": 3, "output_tokens": 2}
    return {"type": "message", "id": "msg_1", "model": "m", "content": content, "stop_reason": reason, "usage": usage}


def _claude_events(body: dict[str, Any]) -> Iterator[str]:
    yield _event({"type": "message_start", "message": {**body, "content": [], "stop_reason": None}})
    for index, block in enumerate(body["content"]):
        empty = {"text": ""} if block["type"] == "text" else {"input": {}}
        yield _event({"type": "content_block_start", "index": index, "content_block": {**block, **empty}})
        for piece in _pieces(block["text"] if block["type"] == "text" else json.dumps(block["input"])):
            text = {"type": "text_delta", "text": piece}
            delta = text if block["type"] == "text" else {"type": "input_json_delta", "partial_json": piece}
            yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})
    yield _event({"type": "message_delta", "delta": {"stop_reason": body["stop_reason"]}, "usage": body["usage"]})
    yield _event({"type": "message_stop"})


def _gpt(turn: Turn, key: int) -> dict[str, Any]:
    output: list[Any] = [
        {"type": "message", "id": f"msg_{place}", "content": [{"type": "output_text", "text": said, "annotations": []}]}
        if isinstance(said, str)
        else {
            "type": "function_call",
            "call_id": f"call_{key}_{place}",
            "name": said[0],
            "arguments": json.dumps(said[1]),
        }
        for place, said in enumerate(turn)
    ]
    return {"id": "resp_1", "status": "completed", "output": output, "usage": {"input_tokens": 3, "output_tokens": 2}}


def _gpt_events(body: dict[str, Any]) -> Iterator[str]:
    for index, item in enumerate(body["output"]):
        whole = item["arguments"] if "arguments" in item else item["content"][0]["text"]
        kind = "function_call_arguments" if "arguments" in item else "output_text"
        empty = {"arguments": ""} if "arguments" in item else {"content": []}
        yield _event({"type": "response.output_item.added", "output_index": index, "item": {**item, **empty}})
        for piece in _pieces(whole):
            place = {"output_index": index, "content_index": 0}
            yield _event({"type": f"response.{kind}.delta", **place, "delta": piece})
        yield _event({"type": "response.output_item.done", "output_index": index, "item": item})
    yield _event({"type": "response.completed", "response": body})


def _gemini(turn: Turn, _: int) -> dict[str, Any]:
    parts: list[Any] = [
        {"text": said} if isinstance(said, str) else {"functionCall": {"name": said[0], "args": said[1]}}
        for said in turn
    ]
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
    return {"candidates": [candidate], "usageMetadata": usage}


def _gemini_events(body: dict[str, Any]) -> Iterator[str]:
    candidate = body["candidates"][0]
    for part in candidate["content"]["parts"]:
        for piece in [{"text": text} for text in _pieces(part["text"])] if "text" in part else [part]:
            yield _event({"candidates": [{"content": {"role": "model", "parts": [piece]}}]})
    yield _event({**body, "candidates": [{"finishReason": candidate["finishReason"]}]})


def _pieces(text: str) -> list[str]:
    return [text[start : start + 5] for start in range(0, len(text), 5)]


def _event(data: Any) -> str:
    return f"data: {json.dumps(data)}\n\n"


BODIES = {"anthropic": _claude, "openai": _gpt, "google": _gemini}
EVENTS = {"anthropic": _claude_events, "openai": _gpt_events, "google": _gemini_events}
