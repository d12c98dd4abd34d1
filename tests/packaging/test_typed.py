"""What type checkers are told by the wheel: complete, so that none has to guess."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from checkers import find_checker

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("wheel")]


@pytest.mark.parametrize("package", ["capably", "capably.llm", "capably_models"])
def test_every_public_symbol_has_a_known_type(package: str, wheel_python: str, tmp_path: Path) -> None:
    """Everything that the package exports or its signatures mention; no allowance for other packages' types."""
    report = _verify_types(package, wheel_python, tmp_path)["typeCompleteness"]
    assert [symbol["name"] for symbol in report["symbols"] if not symbol["isTypeKnown"]] == []
    assert report["exportedSymbolCounts"]["withKnownType"] > 50
    assert report["completenessScore"] == 1


def _verify_types(package: str, python: str, folder: Path) -> dict[str, Any]:
    """pyright's report; it looks for the package with the interpreter that the PATH names first, and only there."""
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(python).parent), os.environ["PATH"]])}
    command = [find_checker("pyright") or "pyright", "--verifytypes", package, "--outputjson"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    return json.loads(done.stdout)
