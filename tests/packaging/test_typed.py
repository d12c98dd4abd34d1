"""What type checkers are told by the wheel: complete, so that none has to guess, and true at run time."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.checkers import find_checker

ALLOWLIST = Path(__file__).parent / "stubtest_allowlist.txt"

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def equipped_python(wheel: Path, new_environment: Callable[..., str]) -> str:
    """The wheel beside what its adapters import, whose classes some of ours extend."""
    return new_environment(f"{wheel}[all]")


@pytest.mark.parametrize("package", ["capably", "capably_models"])
def test_every_public_symbol_has_a_known_type(package: str, equipped_python: str, tmp_path: Path) -> None:
    """Everything that the package exports or its signatures mention; what ours inherit from httpx2 is httpx2's."""
    report = _verify_types(package, equipped_python, tmp_path)["typeCompleteness"]
    assert [symbol["name"] for symbol in report["symbols"] if not symbol["isTypeKnown"]] == []
    assert report["exportedSymbolCounts"]["withKnownType"] > 50
    assert report["completenessScore"] == 1


def test_stubs_and_run_time_have_the_same_names_and_signatures(
    wheel: Path, new_environment: Callable[..., str], tmp_path: Path
) -> None:
    if find_checker("stubtest") is None:
        pytest.skip("mypy is not installed (uv sync --group checkers)")
    python = new_environment(str(wheel), f"mypy=={importlib.metadata.version('mypy')}")
    command = [python, "-m", "mypy.stubtest", "capably_models", "--concise", "--allowlist", str(ALLOWLIST)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_constants_of_the_stubs_are_those_of_the_run_time(wheel_python: str) -> None:
    """What the allowlist of stubtest passes over."""
    program = (
        "import json, pathlib, capably_models\n"
        "from capably_models import Model\n"
        "folder = pathlib.Path(capably_models.__file__).parent\n"
        "names = [name for name in capably_models.__all__ if (folder / f'{name}.pyi').exists()]\n"
        "modules = {name: getattr(capably_models, name) for name in names}\n"
        "assert all(type(getattr(module, n)) is Model for module in modules.values() for n in dir(module))\n"
        "print(json.dumps({str(folder / f'{name}.pyi'): dir(module) for name, module in modules.items()}))\n"
    )
    done = subprocess.run([wheel_python, "-c", program], capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(done.stdout)
    assert len(found) >= 3
    for stub, names in found.items():
        body = ast.parse(Path(stub).read_text(encoding="utf-8")).body
        declared = {str(getattr(n.target, "id", "")): n.annotation for n in body if isinstance(n, ast.AnnAssign)}
        assert sorted(n for n, type in declared.items() if ast.unparse(type) != "TypeAlias") == sorted(names)


def _verify_types(package: str, python: str, folder: Path) -> dict[str, Any]:
    """pyright's report; it looks for the package with the interpreter that the PATH names first, and only there."""
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(python).parent), os.environ["PATH"]])}
    command = [find_checker("pyright") or "pyright", "--verifytypes", package, "--ignoreexternal", "--outputjson"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    return json.loads(done.stdout)
