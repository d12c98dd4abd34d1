"""Every Python block of the README is run, and held against pyright: marked lines are rejected, all others are not."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.checkers import run_checker
from support.loopback import Canned, Loopback

from capably import llm

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
MARK = "# error:"
REPLY = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": [{"type": "text", "text": "The Name of the Wind."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 12, "output_tokens": 6},
}
GEMINI_REPLY = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello."}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
}
RESPONSES_REPLY = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "gpt-5.6-luna",
    "output": [
        {
            "type": "message",
            "id": "m",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hi.", "annotations": []}],
        }
    ],
    "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
}


@pytest.fixture(scope="module", autouse=True)
def providers() -> Iterator[None]:
    """Loopback servers in the place of the providers."""
    with (
        Loopback([Canned(REPLY)]) as anthropic,
        Loopback([Canned(RESPONSES_REPLY)]) as openai,
        Loopback([Canned(GEMINI_REPLY)]) as google,
    ):
        llm.provider("anthropic", api_key="test", base_url=anthropic.url)
        llm.provider("openai", api_key="test", base_url=f"{openai.url}/v1")
        llm.provider("google", api_key="test", base_url=google.url)
        yield


@pytest.mark.parametrize("block", [pytest.param(block, id=f"block{i}") for i, block in enumerate(BLOCKS, 1)])
def test_every_block_runs_and_its_marked_lines_are_refused(block: str) -> None:
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        for statement in _statements(block):
            if MARK in statement:
                with pytest.raises((llm.UnsupportedFeatureError, llm.UnknownModelError)):
                    exec(statement, names)
            else:
                exec(statement, names)
    for shown in re.findall(r"print\(.*\)  # (.*)$", block, re.MULTILINE):
        assert shown in printed.getvalue()


def test_pyright_rejects_the_marked_lines_and_no_others(tmp_path: Path) -> None:
    for number, block in enumerate(BLOCKS, 1):
        (tmp_path / f"block{number}.py").write_text(block, encoding="utf-8")
    import sys

    found = run_checker("pyright", tmp_path, sys.executable)
    marked = {
        f"block{number}.py": [line for line, text in enumerate(block.splitlines(), 1) if MARK in text]
        for number, block in enumerate(BLOCKS, 1)
    }
    assert {name: sorted(lines) for name, lines in found.items()} == {
        name: lines for name, lines in marked.items() if lines
    }


def test_the_error_that_the_readme_shows_is_the_error_that_is_raised() -> None:
    shown = re.search(r"```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    with pytest.raises(llm.UnsupportedFeatureError) as raised:
        llm.Model.of("anthropic/claude-sonnet-5-5").call("Hi", temperature=0.2)
    pattern = ".*?".join(map(re.escape, shown[1].strip().split("...")))
    assert re.fullmatch(pattern, str(raised.value), re.DOTALL)


def _statements(block: str) -> list[str]:
    """The statements of a block, each with the comment that ends its last line."""
    import ast

    lines = block.splitlines()
    body = ast.parse(block).body
    starts = [min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) for node in body]
    return ["\n".join(lines[start - 1 : node.end_lineno]) for start, node in zip(starts, body, strict=True)]
