"""What changed between two registries reads as release notes, from one change to one line."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from capably_codegen.load import parse_registry
from capably_codegen.registry.changes import release_notes
from capably_codegen.registry.schema import Registry

from capably.cli import main

DAY = datetime.date(2026, 11, 22)
OLD = """\
providers:
  acme: {name: Acme, adapter: openai, api_key: [ACME_API_KEY], docs: "https://example.com"}
profiles:
  acme/thinker:
    verified: 2026-01-01
    sources: [somebody]
    endpoints: {responses: {}}
    input: [text]
    output: [text]
    reasoning: {style: effort, efforts: [low, high], off: never}
    sampling: {temperature: always}
models:
  acme/one:
    profile: acme/thinker
    limits: {output: 1000}
    prices: [{input: 1, output: 2, tiers: [{above: 200000, input: 2}]}]
  acme/two:
    profile: acme/thinker
    prices: [{input: 1, output: 2}]
  acme/three:
    profile: unverified
"""


def registry(*changes: tuple[str, str]) -> Registry:
    text = OLD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse_registry(text).registry


def notes(*changes: tuple[str, str]) -> list[str]:
    """The lines of the release notes after these changes of the text, without blank ones."""
    return [line for line in release_notes(registry(), registry(*changes), DAY).splitlines() if line]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param("output: 1000", "output: 2000", ["### Limits", "- `acme/one`: limits.output 1,000 -> 2,000"], id="limit"),
        pytest.param(
            "tiers: [{above: 200000, input: 2}]",
            "tiers: [{above: 200000, input: 3}]",
            ["### Prices", "- `acme/one`: input beyond 200,000 tokens 2 -> 3"],
            id="a tier",
        ),
        pytest.param(
            "[{input: 1, output: 2}]",
            "[{input: 1, output: 2, until: 2026-12-31}, {start: 2027-01-01, input: 4, output: 2}]",
            [
                "### Prices",
                "- `acme/two`: input, from 2027-01-01 4 (was unknown)",
                "- `acme/two`: output, from 2027-01-01 2 (was unknown)",
            ],
            id="a price to come",
        ),
        pytest.param(
            "efforts: [low, high]",
            "efforts: [high, max]",
            ["### Capabilities", "- `acme/one`, `acme/two`: reasoning.efforts high max (+max -low)"],
            id="efforts of two models",
        ),
        pytest.param(
            "temperature: always",
            "temperature: reasoning_off",
            ["### Capabilities", "- `acme/one`, `acme/two`: sampling.temperature always -> reasoning_off"],
            id="a capability",
        ),
        pytest.param(
            "profile: unverified",
            "profile: acme/thinker",
            ["### Now known", "- `acme/three`: its capabilities are known (acme/thinker)"],
            id="verified at last",
        ),
        pytest.param(
            "    prices: [{input: 1, output: 2}]",
            "    prices: [{input: 1, output: 2}]\n    status: deprecated\n    replacement: acme/one\n    dates: {retires: 2027-01-01}",
            [
                "### Dates",
                "- `acme/two`: dates.retires 2027-01-01 (was unknown)",
                "### Successors and states",
                "- `acme/two`: status deprecated (was active)",
                "- `acme/two`: replacement acme/one (was none)",
            ],
            id="deprecated",
        ),
        pytest.param(
            "  acme/three:\n    profile: unverified\n",
            "  acme/four:\n    profile: unverified\nretired:\n  acme/three: {on: 2026-11-01, replacement: acme/one}\n",
            [
                "### New models",
                "- `acme/four` (capabilities not known yet)",
                "### Retired",
                "- `acme/three` on 2026-11-01; its successor is `acme/one`",
            ],
            id="one comes, one goes",
        ),
        pytest.param(
            "  acme/three:\n    profile: unverified\n",
            "not_chat:\n  acme/three: speech\n",
            ["### Removed", "- `acme/three` (it is a model for speech)"],
            id="no chat model after all",
        ),
    ],
)  # fmt: skip
def test_a_change_is_told(old: str, new: str, told: list[str]) -> None:
    assert notes((old, new)) == told


def test_a_price_that_is_over_is_not_told() -> None:
    over = (
        "[{input: 1, output: 2}]",
        "[{input: 9, output: 9, until: 2026-01-01}, {start: 2026-01-02, input: 1, output: 2}]",
    )
    assert notes(over) == ["Nothing changed."]


def test_models_diff_prints_the_notes_and_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(OLD, encoding="utf-8")
    new.write_text(OLD.replace("output: 1000", "output: 2000"), encoding="utf-8")
    assert main(["models", "--diff", str(old), str(new)]) == 1
    assert capsys.readouterr().out == "### Limits\n\n- `acme/one`: limits.output 1,000 -> 2,000\n"
    assert main(["models", "--diff", str(old), str(old)]) == 0
    assert capsys.readouterr().out == "Nothing changed.\n"


@pytest.mark.parametrize(("text", "told"), [("", "the file is empty"), (None, "cannot be read")])
def test_models_diff_of_no_registry_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, told: str
) -> None:
    file = tmp_path / "old.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert main(["models", "--diff", str(file), str(file)]) == 2
    assert told in capsys.readouterr().err
