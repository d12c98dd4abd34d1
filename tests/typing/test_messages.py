"""What pyright says of a misuse names the argument that is wrong, and the model's own words; `misuses.txt` has it all."""

from __future__ import annotations

import difflib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.checkers import run_checker

MISUSES = Path(__file__).parent / "misuses.py"
MESSAGES = MISUSES.with_suffix(".txt")

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def messages(wheel_python: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Each misuse -> the line of pyright's message that names most; empty where it has none."""
    folder = tmp_path_factory.mktemp("misuses")
    shutil.copy(MISUSES, folder)
    errors = run_checker("pyright", folder, wheel_python)[MISUSES.name]
    lines = MISUSES.read_text(encoding="utf-8").splitlines()
    start = lines.index("# --- parameters")
    below = {n: line.strip() for n, line in enumerate(lines, start=1) if n > start and line}
    misuses = {n: line for n, line in below.items() if not line.startswith(("#", "def "))}
    assert not errors.keys() - misuses.keys()
    return {line: errors.get(number, "") for number, line in misuses.items()}


def test_every_misuse_is_rejected_in_the_words_that_were_reviewed(messages: Mapping[str, str]) -> None:
    """`CAPABLY_UPDATE_GOLDEN=1` writes them anew: read the difference."""
    text = "\n".join(f"{misuse}\n    {message}\n" for misuse, message in messages.items())
    if os.environ.get("CAPABLY_UPDATE_GOLDEN"):
        MESSAGES.write_text(text, encoding="utf-8")
    reviewed = MESSAGES.read_text(encoding="utf-8").splitlines()
    assert "\n".join(difflib.unified_diff(reviewed, text.splitlines(), lineterm="", n=1)) == ""
    assert len(messages) >= 140
    assert [misuse for misuse, message in messages.items() if not message] == []


def test_the_message_names_the_argument(messages: Mapping[str, str]) -> None:
    vague = [misuse for misuse, message in messages.items() if re.match(r"No overloads|Argument types", message)]
    assert vague == []


def test_a_wrong_level_is_answered_with_the_levels_of_the_model(messages: Mapping[str, str]) -> None:
    wrong = {
        misuse: text
        for misuse, text in messages.items()
        if re.search(r'reasoning="(extreme|minimal|max|xhigh)"', misuse)
    }
    assert len(wrong) >= 14
    assert [
        misuse for misuse, text in wrong.items() if not re.search("'(low|high)'", text) or "Literal['off']" in text
    ] == []


def test_the_message_names_the_argument_beside_a_string_and_beside_a_model(messages: Mapping[str, str]) -> None:
    """Of two overloads that fit as far, pyright names the last: the order of the overloads of `@llm.call` matters."""
    decorated = {misuse: text for misuse, text in messages.items() if re.match(r"llm\.call\((?!.*-soll).*=", misuse)}
    assert len(decorated) >= 18
    wrong = {misuse: misuse.rpartition("=")[0].rpartition(", ")[2] for misuse in decorated}
    assert [misuse for misuse, name in wrong.items() if f'parameter "{name}"' not in decorated[misuse]] == []


def test_an_argument_without_a_name_is_answered_with_what_to_do(messages: Mapping[str, str]) -> None:
    unnamed = {
        misuse: text
        for misuse, text in messages.items()
        if re.search(r', (0\.2|Book|image|"high"|"B[^"]*")[,)]', misuse)
    }
    assert len(unnamed) >= 12
    assert [misuse for misuse, text in unnamed.items() if '"GiveItByName"' not in text] == []


def test_names_of_types_are_short(messages: Mapping[str, str]) -> None:
    """A level or a setting of reasoning has a name; what a model lacks is no bare `Never`."""
    long = [misuse for misuse, text in messages.items() if re.search(r'Unbudgeted|of type "Never"', text)]
    assert long == []


def test_a_misspelt_id_is_answered_with_model_id_through_every_door(messages: Mapping[str, str]) -> None:
    misspelt = {misuse: text for misuse, text in messages.items() if '-soll"' in misuse}
    assert len(misspelt) >= 4
    assert [misuse for misuse, text in misspelt.items() if '"ModelId' not in text] == []
