"""What each checker needs in a user's project: nothing, or the lines that `docs/types.md` shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.checkers import CHECKERS, READS_INIT, find_checker, run_checker
from support.documents import blocks_of

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).resolve().parents[2]
MISUSE = ROOT / "examples" / "misuse.py"
UNANNOTATED = 'from capably import llm\ndef main():\n    llm.openai.o3.call("Hi", temperature=0.2)\n'
OWN = 'from capably import llm\nllm.openai.our_own.call("Hi")\nllm.openai.o3.call("Hi", temperature=0.2)\n'
DEFAULTS = "defaults are checked too"
"""The mark of a line that only those of `READS_INIT` reject."""


def _lines(*, with_defaults: bool) -> set[int]:
    lines = enumerate(MISUSE.read_text(encoding="utf-8").splitlines(), start=1)
    return {number for number, line in lines if "# error" in line and (with_defaults or DEFAULTS not in line)}


def _configure(folder: Path, *, own_types: bool) -> None:
    """Write the lines of the documentation: for every project, or for one with types of its own."""
    settings = blocks_of(ROOT / "docs" / "types.md", "toml")[own_types]
    (folder / "pyproject.toml").write_text(settings.code, encoding="utf-8")


def _rejected(checker: str, python: str, folder: Path, text: str, *files: str) -> set[int]:
    if find_checker(checker) is None:
        pytest.skip(f"{checker} is not installed (uv sync --group checkers)")
    (folder / "program.py").write_text(text, encoding="utf-8")
    return set(run_checker(f"{checker}:bare", folder, python, *files).get("program.py", {}))


@pytest.mark.parametrize("checker", ["pyright", "basedpyright", "mypy", "ty"])
def test_without_any_configuration_misuse_is_rejected(checker: str, wheel_python: str, tmp_path: Path) -> None:
    expected = _lines(with_defaults=checker in READS_INIT)
    assert _rejected(checker, wheel_python, tmp_path, MISUSE.read_text(encoding="utf-8")) == expected


@pytest.mark.parametrize(("checker", "text"), [("pyrefly", MISUSE.read_text(encoding="utf-8")), ("mypy", UNANNOTATED)])
def test_what_is_missed_without_configuration_is_as_documented(
    checker: str, text: str, wheel_python: str, tmp_path: Path
) -> None:
    assert len(_rejected(checker, wheel_python, tmp_path, text)) < len(_lines(with_defaults=False)) / 2


@pytest.mark.parametrize("checker", ["mypy", "pyrefly"])
def test_with_the_lines_of_the_documentation_misuse_is_rejected(
    checker: str, wheel_python: str, tmp_path: Path
) -> None:
    _configure(tmp_path, own_types=False)
    text = MISUSE.read_text(encoding="utf-8")
    inside = UNANNOTATED.partition("\n")[2]
    expected = _lines(with_defaults=False) | {len(text.splitlines()) + 2}
    assert _rejected(checker, wheel_python, tmp_path, text + inside) == expected


@pytest.mark.parametrize("checker", CHECKERS)
def test_types_of_the_project_come_first(checker: str, wheel_python: str, tmp_path: Path) -> None:
    if checker in ("mypy", "ty", "pyrefly"):
        _configure(tmp_path, own_types=checker != "pyrefly")
    own = tmp_path / "typings" / "capably_models"
    shutil.copytree(ROOT / "typings" / "capably_models", own)
    stub = own / "_openai" / "_constants.pyi"
    text = stub.read_text(encoding="utf-8")
    stub.write_text(text.replace("gpt_6_1_sol: ", "our_own: ", 1), encoding="utf-8")
    config = (
        ("--config", "pyproject.toml") if checker == "pyrefly" else ()
    )  # Given a file only, it does not read `typings`.
    assert _rejected(checker, wheel_python, tmp_path, OWN, *config, "program.py") == {3}


def test_the_mode_off_of_pyright_shows_nothing(wheel_python: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.pyright]\ntypeCheckingMode = "off"\n', encoding="utf-8")
    assert _rejected("pyright", wheel_python, tmp_path, MISUSE.read_text(encoding="utf-8")) == set()
