"""One row in `capably.parameters` declares a parameter: a made-up one in a scratch copy reaches every derived place."""

from __future__ import annotations

import ast
import inspect
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from capably import llm
from capably.capabilities import CAPABILITIES
from capably.parameters import PARAMETERS, CallParams, static_type

ROOT = Path(__file__).parents[1]

DECLARATION = """    zeal: Annotated[
        float,
        Parameter(
            "How eager the answer is, from 0 to 1. This sentence stands in the paragraph only.",
            "endpoints.zeal",
            kind=_NUMBER._replace(least=0, most=1),
            has=Capability("HasZeal", "Takes `zeal=`.", "float"),
            selects="zeal",
        ),
    ]
"""
FACT = '''    zeal: When = "never"
    """How eager it is (`zeal`)."""
'''
PROBE = """
import contextlib, io, json
from capably import llm
from capably.cli import main
from capably.parameters import CallParams

def printed(*words):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        try:
            main(list(words))
        except SystemExit:
            pass
    return out.getvalue()

def refused(value):
    try:
        llm.Model("acme/7b-plain").call("Hi", zeal=value)
    except Exception as error:
        return f"{type(error).__name__}: {error}"

from typing import Protocol
class Needs(llm.HasZeal, Protocol): ...

print(json.dumps({
    "annotations": list(CallParams.__annotations__),
    "call": llm.Model.call.__doc__,
    "kind": refused("much"),
    "range": refused(3),
    "selected": [info.id for info in llm.models(zeal=True)],
    "demanded": [model.id for model in llm.models(llm.Model[llm.Text, Needs])],
    "coverage": printed("models", "--coverage"),
    "flag": printed("models", "--zeal"),
    "show": printed("show", "acme/7b-plain"),
    "try": printed("try", "--help"),
    "json": json.loads(printed("show", "acme/7b-plain", "--json"))["endpoints"],
}))
"""


def edited(file: Path, before: str, after: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(before) == 1, f"{file.name}: {before!r}"
    file.write_text(text.replace(before, after), "utf-8")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the library with a row more in the declaration, a field in the schema, and a model that takes it."""
    root = tmp_path_factory.mktemp("scratch")
    for folder in ("src", "codegen"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    edited(root / "src/capably/parameters.py", "    verbosity: Annotated[", DECLARATION + "    verbosity: Annotated[")
    edited(
        root / "codegen/capably_codegen/registry/schema.py",
        '    seed: When = "never"\n',
        FACT + '    seed: When = "never"\n',
    )
    spellings = root / "src/capably/providers/openai/chat/encode.py"
    edited(
        spellings,
        '        "seed": field(host.seed),\n',
        '        "seed": field(host.seed),\n        "zeal": field("zeal"),\n',
    )
    registry = root / "registry.yaml"
    shutil.copy(ROOT / "tests/codegen/golden/registry.yaml", registry)
    edited(registry, "{chat_completions: {stop: always}}", "{chat_completions: {stop: always, zeal: always}}")
    done = run(
        root,
        "-c",
        "from pathlib import Path; from capably_codegen.generate import generate; "
        "generate(Path('registry.yaml'), Path('typings/capably_models'))",
    )
    assert done.returncode == 0, done.stderr
    return root


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(root / folder) for folder in ("src", "codegen", "typings"))
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def seen(scratch: Path) -> Mapping[str, Any]:
    done = run(scratch, "-c", PROBE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def stub(scratch: Path, name: str) -> str:
    return (scratch / "typings/capably_models" / name).read_text("utf-8")


def test_signatures_of_models_that_take_it_have_it_and_explain_it(scratch: Path) -> None:
    taking, lacking = stub(scratch, "_acme/plain.pyi"), stub(scratch, "_acme/thinker.pyi")
    assert "zeal: float | None = None" in taking
    assert "zeal: How eager the answer is, from 0 to 1. This sentence stands in the paragraph only." in taking
    assert "zeal" not in lacking
    assert "zeal: float | None = None" in stub(scratch, "_any.pyi")


def test_functions_can_demand_it(scratch: Path, seen: Mapping[str, Any]) -> None:
    stubs = stub(scratch, "_capabilities.pyi")
    assert 'class HasZeal(Capabilities, Protocol):\n    """Takes `zeal=`."""' in stubs
    assert "zeal: ZealT = ..." in stub(scratch, "_requirements.pyi")
    assert "def _zeal(self, value: float | None, /)" in stub(scratch, "_acme/_profiles.pyi")
    assert "HasZeal as HasZeal" in stub(scratch, "__init__.pyi")
    assert seen["demanded"] == ["acme/7b-plain"]


def test_values_are_checked_before_anything_is_sent(seen: Mapping[str, Any]) -> None:
    assert seen["kind"] == "TypeError: zeal='much' is of type str; it must be a number"
    assert seen["range"].startswith('UnsupportedFeatureError: "acme/7b-plain" does not accept `zeal=3`')


def test_models_are_selected_by_it(scratch: Path, seen: Mapping[str, Any]) -> None:
    assert "    zeal: bool | None = None,\n" in stub(scratch, "_select.pyi")
    assert seen["selected"] == ["acme/7b-plain"]


def test_the_documentation_of_a_call_names_it(seen: Mapping[str, Any]) -> None:
    assert "zeal" in seen["annotations"]
    assert "    zeal: How eager the answer is, from 0 to 1." in seen["call"]


def test_the_command_line_has_it(seen: Mapping[str, Any]) -> None:
    assert any(line.split()[0] == "zeal" for line in seen["coverage"].splitlines() if line.strip())
    assert "acme/7b-plain" in seen["flag"]
    assert "acme/thinker-2" not in seen["flag"]
    assert any(line.split()[:2] == ["zeal", "always"] for line in seen["show"].splitlines() if line.strip())
    assert "--zeal N" in seen["try"]
    assert seen["json"]["chat_completions"]["zeal"] == "always"


# --- what is declared today ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_is_documented_in_a_paragraph(name: str) -> None:
    doc = PARAMETERS[name].doc
    assert doc[0].isupper()
    assert doc.endswith(".")
    assert "\n" not in doc


def test_every_capability_is_public() -> None:
    assert {capability.name for capability in CAPABILITIES.values()} <= set(dir(llm))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("seed", "int"),
        ("stop", "str | Sequence[str]"),
        ("headers", "Mapping[str, str]"),
        ("on_unsupported", "OnUnsupported"),
    ],
)
def test_the_static_type_reads_as_it_is_annotated(name: str, written: str) -> None:
    assert name in CallParams.__annotations__
    assert static_type(name) == written


def test_llm_models_says_the_same_in_an_editor_and_at_run_time() -> None:
    tree = ast.parse((ROOT / "typings/capably_models/_select.pyi").read_text("utf-8"))
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    assert ast.get_docstring(function) == inspect.getdoc(llm.models)
