"""What several test files need: the built wheel in a fresh environment, and the folder of recorded conversations."""

from __future__ import annotations

import gc
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from capably.providers import handles
from capably.registry import lookup

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")  # Hypothesis holds no clock against a test either: a machine may be that busy.


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """Clients that a module leaves behind go with it.

    CPython before 3.11.8 dies with "AST constructor recursion depth mismatch" when they are collected while pytest
    compiles the next module (python/cpython#106905); this can go with Python 3.11.
    """
    yield
    gc.collect()


@pytest.fixture(scope="module", autouse=True)
def own_settings() -> Iterator[None]:
    """What a module sets by `llm.configure` ends with it: no other module meets its hosts and keys."""
    hosts, defaults = dict(lookup._own_hosts), dict(handles._defaults)  # pyright: ignore[reportPrivateUsage]
    yield
    if lookup._own_hosts != hosts:  # pyright: ignore[reportPrivateUsage]
        lookup._own_hosts.clear()  # pyright: ignore[reportPrivateUsage]
        lookup._own_hosts.update(hosts)  # pyright: ignore[reportPrivateUsage]
        lookup._providers.clear()  # pyright: ignore[reportPrivateUsage]
    handles._defaults.clear()  # pyright: ignore[reportPrivateUsage]
    handles._defaults.update(defaults)  # pyright: ignore[reportPrivateUsage]


def pytest_collection_finish() -> None:
    """Let the collector pass over what was imported, most of it the SDKs' types: `collected` would look at all of it each time."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests against the wheel first: they are the longest, and none of them shall begin when all others are done."""
    items.sort(key=lambda item: item.get_closest_marker("wheel") is None)


@pytest.fixture(scope="session")
def registry_file() -> Path:
    return ROOT / "model_registry.yaml"


MadeOnce: TypeAlias = Callable[[str, Callable[[Path], str]], str]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Return what makes something in a new folder, once for all processes of a run, and gives each what it returned."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def once(name: str, make: Callable[[Path], str]) -> str:
        folder, result = shared / name, shared / f"{name}.txt"
        with FileLock(shared / f"{name}.lock"):
            if not result.exists():
                folder.mkdir(exist_ok=True)
                result.write_text(make(folder), encoding="utf-8")
        return result.read_text(encoding="utf-8")

    return once


@pytest.fixture(scope="session")
def wheel(made_once: MadeOnce) -> Path:
    """Return the wheel, built from this tree."""

    def build(folder: Path) -> str:
        _run(_uv(), "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT))
        return str(next(folder.glob("*.whl")))

    return Path(made_once("wheel", build))


@pytest.fixture(scope="session")
def new_environment(made_once: MadeOnce) -> Callable[..., str]:
    """Return what gives the interpreter of a virtual environment with these packages and no others.

    Tests that name the same packages share the environment: none may change it.
    """

    def environment(*packages: str) -> str:
        name = f"env-{hashlib.sha256(repr(packages).encode()).hexdigest()[:12]}"
        return made_once(name, lambda folder: _environment(folder, *packages))

    return environment


@pytest.fixture(scope="session")
def wheel_python(wheel: Path, new_environment: Callable[..., str]) -> str:
    """Return the interpreter of an environment that has the wheel and nothing else of ours."""
    return new_environment(str(wheel))


def _environment(folder: Path, *packages: str) -> str:
    _run(_uv(), "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder))
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
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
