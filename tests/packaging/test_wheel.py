"""What a user gets: the wheel in another project, in every import style, from an editable install too."""

from __future__ import annotations

import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.checkers import run_checker

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).resolve().parent.parent.parent

STYLES = {
    "from_package.py": 'from capably import llm\nllm.Model("anthropic/claude-sonnet-5-5").call("hi", temperature=0.2)\n',
    "whole_path.py": 'import capably.llm\ncapably.llm.Model("anthropic/claude-sonnet-5-5").call("hi", temperature=0.2)\n',
    "renamed.py": 'import capably.llm as ai\nai.Model("anthropic/claude-sonnet-5-5").call("hi", temperature=0.2)\n',
    "by_name.py": 'from capably.llm import Model\nModel("anthropic/claude-sonnet-5-5").call("hi", temperature=0.2)\n',
    "constant.py": 'from capably.llm import anthropic\nanthropic.claude_sonnet_5_5.call("hi", temperature=0.2)\n',
    "star.py": 'from capably.llm import *\nModel("anthropic/claude-sonnet-5-5").call("hi", temperature=0.2)\n',
}
WORDS = 'Argument of type "float" cannot be assigned to parameter "temperature" of type "NotAcceptedByThisModel" in function "call"'
REJECTED = {name: {2: WORDS} for name in STYLES}


def _write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "capably",
        "capably_codegen",
        "capably_models",
    }
    for needed in (
        "capably/py.typed",
        "capably_models/py.typed",
        "capably_models/_model.pyi",
        "capably_models/_model.py",
        "capably_models/_openai/gpt_5_1.pyi",
    ):
        assert needed in names


def test_every_import_style_rejects_the_same_call_from_the_wheel(wheel_python: str, tmp_path: Path) -> None:
    found = run_checker("pyright", _write(tmp_path, STYLES), wheel_python)
    assert found == REJECTED


def test_every_import_style_rejects_the_same_call_from_an_editable_install(
    new_environment: Callable[..., str], tmp_path: Path
) -> None:
    found = run_checker("pyright", _write(tmp_path, STYLES), new_environment("--editable", f"{ROOT}[codegen]"))
    assert found == REJECTED


def test_every_import_style_rejects_the_same_call_in_the_repository(
    new_environment: Callable[..., str], tmp_path: Path
) -> None:
    """A project laid out as this repository is: pyright finds `src` and `typings` by itself."""
    for folder in ("src", "typings"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    found = run_checker("pyright", _write(tmp_path, STYLES), new_environment("msgspec", "httpx2"))
    assert {name: found[name] for name in STYLES} == REJECTED


def test_the_wheel_alone_runs_a_scripted_model_without_any_sdk(wheel_python: str) -> None:
    program = (
        "import sys; from capably import llm; before = set(sys.modules)\n"
        "assert not before & {'anthropic', 'openai', 'google.genai', 'pydantic', 'yaml', 'jinja2', 'libcst'}\n"
        "print(llm.scripted('Hello!').call('Hi').text())\n"
    )
    assert _python(wheel_python, program).stdout == "Hello!\n"


def test_the_wheel_tells_pyinstaller_where_its_hook_is(wheel_python: str) -> None:
    program = """
from importlib.metadata import entry_points
from pathlib import Path
(found,) = entry_points(group="pyinstaller40")
print(*(file.name for folder in found.load()() for file in Path(folder).glob("hook-*.py")))
"""
    assert _python(wheel_python, program).stdout == "hook-capably.py\n"


def test_the_wheel_alone_calls_all_four_formats(wheel_python: str) -> None:
    program = """
import asyncio, json, sys, threading
from capably import llm
from support.loopback import Canned, Loopback
from support.vendor_replies import vendor_reply
CHAT = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
for id in ("anthropic/claude-sonnet-5-5", "openai/gpt-6.1-sol", "groq/openai/gpt-oss-120b", "google/gemini-3.8-flash"):
    name = id.partition("/")[0]
    answer = lambda received: Canned(CHAT) if name == "groq" else vendor_reply(name, received, ["Hi"])
    with Loopback([answer]) as server:
        llm.configure(name, api_key="test", base_url=server.url)
        model = llm.Model.of(id)
        async def call():
            response = await model.call_async("Hello")
            await llm.aclose()
            return response
        print(model.provider, model.call("Hello").text(), asyncio.run(call()).text())
assert not sys.modules.keys() & {"anthropic", "openai", "google.genai", "pydantic"}
"""
    done = _python(wheel_python, program, PYTHONPATH=str(ROOT / "tests"), PYTHONWARNINGS="error")
    assert done.stdout == "anthropic Hi Hi\nopenai Hi Hi\ngroq Hi Hi\ngoogle Hi Hi\n"
    assert done.stderr == ""


def test_a_zip_app_runs_from_its_archive(wheel: Path, new_environment: Callable[..., str], tmp_path: Path) -> None:
    """Python files run from an archive; what is compiled (msgspec) does not, and is installed beside it."""
    app = tmp_path / "app.pyz"
    app.write_bytes(wheel.read_bytes())
    program = (
        "import capably\n"
        "from capably import llm\n"
        "print('app.pyz' in capably.__file__, len(llm.models(tools=True)) > 50)\n"
        "from capably.cli import main\n"
        "main(['show', 'openai/gpt-6.1-sol'])\n"
        "llm.configure('openai', api_key='test', base_url='http://127.0.0.1:9', max_retries=0)\n"
        "try: llm.Model('openai/gpt-6.1-sol').call('Hi')\n"
        "except llm.ConnectionFailedError: print('sent')\n"
    )
    with zipfile.ZipFile(app, "a") as archive:
        archive.writestr("__main__.py", program)
    python = new_environment("msgspec", "httpx2")
    done = subprocess.run([python, str(app)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("True True", "sent")


def test_the_wheel_brings_nine_packages_at_most(wheel_python: str) -> None:
    program = "from importlib.metadata import distributions; print(*sorted(d.name for d in distributions()))"
    installed = set(_python(wheel_python, program).stdout.split())
    assert {"capably", "httpx2", "msgspec"} <= installed
    assert len(installed - {"pip"}) <= 9, "a package more that every user installs"


@pytest.mark.parametrize(
    ("model", "extra"),
    [
        pytest.param("anthropic/claude-sonnet-5-5", "anthropic", id="anthropic"),
        pytest.param("openai/gpt-6.1-sol", "openai", id="openai"),
        pytest.param("google/gemini-3.8-flash", "google", id="google"),
    ],
)
def test_raw_without_the_sdk_says_which_extra_to_install(model: str, extra: str, wheel_python: str) -> None:
    program = f"""
from capably import llm
from support.loopback import Loopback
from support.vendor_replies import vendor_reply
with Loopback([lambda received: vendor_reply("{extra}", received, ["Hi"])]) as server:
    llm.configure("{extra}", api_key="test", base_url=server.url)
    response = llm.Model.of("{model}").call("Hello")
try: response.raw
except llm.ConfigurationError as e: print(e)
"""
    done = _python(wheel_python, program, PYTHONPATH=str(ROOT / "tests"))
    assert f'pip install "capably[{extra}]"' in done.stdout


def test_the_library_that_is_not_installed_says_which_extra_to_install(wheel_python: str) -> None:
    program = """
from capably import llm
try: llm.configure("openai", http="pyreqwest")
except llm.ConfigurationError as e: print(e)
print(llm.provider("openai"))
"""
    printed = _python(wheel_python, program).stdout
    assert 'pip install "capably[fast]"' in printed
    assert printed.endswith("<llm.provider('openai') over httpx2>\n")


def test_the_generator_without_its_extra_says_what_to_install(wheel_python: str) -> None:
    done = subprocess.run([wheel_python, "-m", "capably.cli", "generate"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert 'pip install "capably[codegen]"' in done.stderr
    assert "Traceback" not in done.stderr


def _python(python: str, program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done
