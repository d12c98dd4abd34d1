"""What several test files need: the built wheel in a fresh environment, and the folder of recorded conversations."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """Clients that a module leaves behind go with it.

    CPython before 3.11.8 dies with "AST constructor recursion depth mismatch" when they are collected while pytest
    compiles the next module (python/cpython#106905); this can go with Python 3.11.
    """
    yield
    gc.collect()


@pytest.fixture(scope="session")
def registry_file() -> Path:
    return ROOT / "model_registry.yaml"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree."""
    folder = tmp_path_factory.mktemp("dist")
    _run(_uv(), "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT))
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def wheel_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of a fresh environment that has the wheel and nothing else of ours."""
    return make_environment(tmp_path_factory.mktemp("wheel-env"), str(wheel))


@pytest.fixture(scope="session")
def new_environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Makes a virtual environment with the packages it is given; returns its interpreter."""
    return lambda *packages: make_environment(tmp_path_factory.mktemp("env"), *packages)


def make_environment(folder: Path, *packages: str) -> str:
    _run(_uv(), "venv", "--quiet", "--python", sys.executable, str(folder / "env"))
    python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    _run(_uv(), "pip", "install", "--quiet", "--python", str(python), *packages)
    return str(python)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of recorded conversations with the providers; a test that needs it skips where it is absent."""
    folder = Path(os.environ.get("CAPABLY_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not folder.is_dir():
        pytest.skip(f"no recorded conversations at {folder} (set CAPABLY_CORPUS)")
    return folder


def _uv() -> str:
    """uv beside this interpreter, or wherever the machine has it."""
    found = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if found is None:
        pytest.fail("these tests build the wheel with uv, which is not on the PATH")
    return found


def _run(*command: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
