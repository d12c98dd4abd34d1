"""Every Python block of the README is run, and held against pyright: marked lines are rejected, all others are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.documents import Block, blocks_of, check_blocks, loopback_providers, run_block

from capably import llm

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCKS = blocks_of(README)


@pytest.fixture(scope="module", autouse=True)
def providers() -> Iterator[None]:
    with loopback_providers():
        yield


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_every_block_runs_and_its_marked_lines_are_refused(block: Block) -> None:
    run_block(block)


def test_pyright_rejects_the_marked_lines_and_no_others(tmp_path: Path) -> None:
    errors, marked = check_blocks(BLOCKS, tmp_path)
    assert {name: sorted(lines) for name, lines in errors.items()} == marked


def test_the_error_that_the_readme_shows_is_the_error_that_is_raised() -> None:
    shown = re.search(r"```text\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    with pytest.raises(llm.UnsupportedFeatureError) as raised:
        llm.Model.of("anthropic/claude-sonnet-5-5").call("Hi", temperature=0.2)
    pattern = ".*?".join(map(re.escape, shown[1].strip().split("...")))
    assert re.fullmatch(pattern, str(raised.value), re.DOTALL)
