"""A parameter, a kind of content and a built-in tool are declared once.

A copy of the library gets one of each, made up, by the edits that CONTRIBUTING's recipes name. They reach every derived place.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from capably_codegen.stubs.signatures import static_type

from capably import llm
from capably.capabilities import CAPABILITIES
from capably.parameters import PARAMETERS, CallParams

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
SPELLINGS = "src/capably/providers/openai"
FACT = '''    zeal: When = "never"
    """How eager it is (`zeal`)."""
'''
MESH = '''class Model3D(Media):
    """A shape in space."""

    __slots__ = ()
    _TYPES: ClassVar[Mapping[str, str]] = {".glb": "model/gltf-binary"}


'''
ENCODE_MESH = """def _mesh(part: p.Model3D, _: Host) -> Body:
    return {"type": "mesh_url", "mesh_url": part.url}


"""
TELESCOPE = '''class Telescope(BuiltinTool):
    """The provider looks at the sky."""

    __slots__ = ()
    kind = "telescope"


'''
EDITS: tuple[tuple[str, str, str], ...] = (
    # a parameter
    ("src/capably/parameters.py", "    verbosity: Annotated[", DECLARATION),
    ("codegen/capably_codegen/registry/schema.py", '    seed: When = "never"\n', FACT),
    (f"{SPELLINGS}/chat/encode.py", '        "seed": field(host.seed),\n', '        "zeal": field("zeal"),\n'),
    # a kind of content
    ("src/capably/types/parts.py", "@read_only\nclass Thought(Part):", MESH),
    (
        "src/capably/modalities.py",
        '    "video": Modality(p.Video),\n',
        '    "mesh": Modality(p.Model3D, "Makes shapes (`output=(\\"text\\", \\"mesh\\")`)."),\n',
    ),
    ("src/capably/llm/__init__.py", "        Part as Part,\n", "        Model3D as Model3D,\n"),
    ("src/capably/llm/__init__.py", "Part Refusal ResponsePart", "Model3D "),
    (f"{SPELLINGS}/chat/messages.py", "_CONTENT_PARTS: dict", ENCODE_MESH),
    (f"{SPELLINGS}/chat/messages.py", "    p.Video: _video,\n", "    p.Model3D: _mesh,\n"),
    (f"{SPELLINGS}/chat/messages.py", 'video="video_url"', 'mesh="mesh_url", '),
    # a built-in tool
    ("src/capably/types/tools.py", "class WebFetch(BuiltinTool):", TELESCOPE),
    ("src/capably/llm/__init__.py", "        TextEditor as TextEditor,\n", "        Telescope as Telescope,\n"),
    ("src/capably/llm/__init__.py", "TextEditor Tool ToolSearch", "Telescope "),
    (
        f"{SPELLINGS}/responses/encode.py",
        '    "tool_search": {"type": "tool_search"},\n',
        '    "telescope": {"type": "telescope_2026"},\n',
    ),
)
"""File, the text in it before which something is added, and what."""

FACTS = {
    "    endpoints: {chat_completions: {stop: always}}\n    input: [text]\n    output: [text]\n": (
        "    endpoints: {chat_completions: {stop: always, zeal: always}}\n    input: [text, mesh]\n    output: [text, mesh]\n"
    ),
    "    tools: unverified\n": "    tools: unverified\n    builtin_tools: [telescope]\n",
    "\nmodels:\n": """
  acme/blind:
    verified: 2026-11-22
    sources: ["https://acme.example/blind"]
    endpoints: {chat_completions: {}}
    input: [text]
    output: [text]

models:
  acme/blind: {profile: acme/blind}
""",
}
"""Facts of the registry of the generator's tests, and what stands there in the copy's.

`plain` has the parameter and the content, `painter` the tool; `blind` is at the same API as `plain` and has neither.
"""

PROBE = """
import contextlib, datetime, io, json, warnings
from pathlib import Path
from typing import Protocol
from capably import llm
from capably.cli import main
from capably.parameters import CallParams
from capably_codegen.registry.flat_fields import fields_of
from capably_codegen.generate import schema_text
from capably_codegen.load import load_registry
from capably_codegen.spellings_page import spellings_page
from catalogue.facts import CAPABILITIES, LABELS, model_data
from support.loopback import Canned, Loopback

registry = load_registry(Path("registry.yaml")).registry
day = datetime.date(2026, 11, 29)
mesh = llm.Model3D.from_url("https://example.com/cup.glb")

def printed(*words):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        try:
            main(list(words))
        except SystemExit:
            pass
    return out.getvalue()

def refused(id, content="Hi", **params):
    try:
        llm.Model.of(id).call(content, **params)
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def demanded(kind):
    return [model.id for model in llm.models(kind)]

def sent(id, reply, *content, **params):
    with Loopback([Canned(reply)]) as server:
        llm.configure("acme", api_key="test", base_url=server.url)
        return llm.Model.of(id).call([*content, "Hi"], **params).request

def elsewhere(wire, *content, **params):
    llm.configure(f"own-{wire}".replace("_", "-"), base_url="http://127.0.0.1:9", wire=wire)
    with warnings.catch_warnings(action="ignore"):
        return refused(f"own-{wire}/x".replace("_", "-"), [*content, "Hi"], **params)

class Needs(llm.HasZeal, Protocol): ...

chat = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
responses = {"output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}]}
wires = ("messages", "responses", "chat_completions", "generate_content")
print(json.dumps({
    "annotations": list(CallParams.__annotations__),
    "call": llm.Model.call.__doc__,
    "kind": refused("acme/7b-plain", zeal="much"),
    "range": refused("acme/7b-plain", zeal=3),
    "selected": {
        name: [info.id for info in llm.models(**{name: True})] for name in ("zeal", "mesh_input", "mesh_output")
    },
    "demanded": demanded(llm.Model[llm.Text, Needs]),
    "demanded to read": demanded(llm.Model[llm.Model3D]),
    "demanded to write": demanded(llm.Model[llm.Text, llm.HasModel3DOutput]),
    "demanded tool": demanded(llm.Model[llm.Text, llm.HasBuiltinTools[llm.Telescope]]),
    "coverage": printed("models", "--coverage"),
    "flag": {name: printed("models", f"--{name}") for name in ("zeal", "mesh-input", "mesh-output")},
    "show": printed("show", "acme/7b-plain"),
    "show painter": printed("show", "acme/painter"),
    "try": printed("try", "--help"),
    "json": json.loads(printed("show", "acme/7b-plain", "--json"))["endpoints"],
    "words": json.loads(schema_text())["$defs"]["Profile"]["properties"],
    "fields": fields_of(registry, "acme/7b-plain", day),
    "page": spellings_page(load_registry(Path("model_registry.yaml")).registry),
    "catalogue": [CAPABILITIES, LABELS, model_data(llm.Model.of("acme/7b-plain").info, day)["can"]],
    "message": llm.load_messages(llm.dump_messages([llm.user([mesh])])) == [llm.user([mesh])],
    "part": sent("acme/7b-plain", chat, mesh)["messages"],
    "tool": sent("acme/painter", responses, tools=[llm.Telescope(power=3)])["tools"],
    "part not read": refused("acme/blind", [mesh]),
    "tool not taken": refused("acme/thinker-2", tools=[llm.Telescope()]),
    "part elsewhere": {wire: elsewhere(wire, mesh) for wire in wires if wire != "chat_completions"},
    "tool elsewhere": {wire: elsewhere(wire, tools=[llm.Telescope()]) for wire in wires if wire != "responses"},
}))
"""


def edited(file: Path, before: str, after: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(before) == 1, f"{file.name}: {before!r}"
    file.write_text(text.replace(before, after), "utf-8")


@pytest.fixture(scope="module")
def scratch(made_once: Callable[[str, Callable[[Path], str]], str]) -> Path:
    """A copy of the library with one more of each, and a registry whose models have them."""
    return Path(made_once("declarations", make_scratch))


def make_scratch(root: Path) -> str:
    for folder in ("src", "codegen"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file, before, added in EDITS:
        edited(root / file, before, added + before)
    shutil.copy(ROOT / "model_registry.yaml", root)
    registry = root / "registry.yaml"
    shutil.copy(ROOT / "tests/codegen/golden/registry.yaml", registry)
    for fact, replaced in FACTS.items():
        edited(registry, fact, replaced)
    generate = "generate(Path('registry.yaml'), Path('typings/capably_models'))"
    run(root, f"from pathlib import Path; from capably_codegen.generate import generate; {generate}")
    (root / "seen.json").write_text(run(root, PROBE), "utf-8")
    return str(root)


def run(root: Path, program: str) -> str:
    own = (root / folder for folder in ("src", "codegen", "typings"))
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, (*own, ROOT / "tests", ROOT / "scripts"))),
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def seen(scratch: Path) -> Mapping[str, Any]:
    return json.loads((scratch / "seen.json").read_text("utf-8"))


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
    assert seen["selected"]["zeal"] == ["acme/7b-plain"]


def test_the_documentation_of_a_call_names_it(seen: Mapping[str, Any]) -> None:
    assert "zeal" in seen["annotations"]
    assert "    zeal: How eager the answer is, from 0 to 1." in seen["call"]


def test_the_command_line_has_it(seen: Mapping[str, Any]) -> None:
    assert any(line.split()[0] == "zeal" for line in seen["coverage"].splitlines() if line.strip())
    assert "acme/7b-plain" in seen["flag"]["zeal"]
    assert "acme/thinker-2" not in seen["flag"]["zeal"]
    assert any(line.split()[:2] == ["zeal", "always"] for line in seen["show"].splitlines() if line.strip())
    assert "--zeal N" in seen["try"]
    assert seen["json"]["chat_completions"]["zeal"] == "always"


# --- a kind of content ----------------------------------------------------------------------------------------------


def test_the_registry_has_a_word_for_it(scratch: Path, seen: Mapping[str, Any]) -> None:
    assert "mesh" in seen["words"]["input"]["items"]["enum"]
    assert "mesh" in seen["words"]["output"]["items"]["enum"]
    assert re.search(r'^Modality: TypeAlias = Literal\[.*"mesh"', stub(scratch, "_facts.pyi"), re.MULTILINE)
    assert seen["fields"]["input.mesh"] is True
    assert seen["fields"]["output.mesh"] is True


def test_signatures_of_models_that_read_it_take_it(scratch: Path) -> None:
    types = stub(scratch, "_types.pyi")
    assert "TextModel3DParts: TypeAlias = Text | Model3D | Unknown" in types
    assert "content: TextModel3DContent" in stub(scratch, "_acme/plain__call.pyi")
    assert "Model3D" not in stub(scratch, "_acme/thinker__call.pyi")
    assert re.search(r"^AnyContent: TypeAlias = [^:]*Model3D", types, re.MULTILINE)
    assert 'output: Sequence[Literal["text", "mesh"]] | None = None' in stub(scratch, "_acme/plain.pyi")


def test_functions_can_demand_to_read_or_write_it(scratch: Path, seen: Mapping[str, Any]) -> None:
    assert seen["demanded to read"] == ["acme/7b-plain"]
    assert seen["demanded to write"] == ["acme/7b-plain"]
    assert "class HasModel3DOutput(Capabilities, Protocol):" in stub(scratch, "_capabilities.pyi")
    assert "MeshOutputT | NoOutput]" in stub(scratch, "_requirements.pyi")
    assert "def _mesh_output(self, value" in stub(scratch, "_acme/_profiles.pyi")


@pytest.mark.parametrize("side", ["input", "output"])
def test_models_are_selected_by_a_kind_of_content(scratch: Path, seen: Mapping[str, Any], side: str) -> None:
    assert f"    mesh_{side}: bool | None = None,\n" in stub(scratch, "_select.pyi")
    assert seen["selected"][f"mesh_{side}"] == ["acme/7b-plain"]
    assert "acme/7b-plain" in seen["flag"][f"mesh-{side}"]
    assert "acme/thinker-2" not in seen["flag"][f"mesh-{side}"]


def test_it_is_refused_where_a_model_or_an_api_lacks_it(seen: Mapping[str, Any]) -> None:
    lacking = seen["part not read"]
    assert '"acme/blind" does not accept mesh input (`llm.Model3D`) (never; checked' in lacking
    assert "Models that do: acme/7b-plain, ... (llm.models(mesh_input=True))." in lacking
    for text in seen["part elsewhere"].values():
        assert "does not accept mesh input (`llm.Model3D`) (this API has no such field)." in text


def test_it_is_sent_and_stored(seen: Mapping[str, Any]) -> None:
    wire = {"type": "mesh_url", "mesh_url": "https://example.com/cup.glb"}
    assert seen["part"] == [{"role": "user", "content": [wire, {"type": "text", "text": "Hi"}]}]
    assert seen["message"] is True


def test_the_pages_have_it(seen: Mapping[str, Any]) -> None:
    assert "| `llm.Model3D` | — | — | `mesh_url` | — |" in seen["page"]
    assert "| `output.mesh` |" in seen["page"]
    assert "mesh" in next(line for line in seen["show"].splitlines() if line.split()[:1] == ["input"])
    labels, compared, can = seen["catalogue"]
    assert labels["reads mesh"] == "Reads mesh"
    assert "output.mesh" in compared["Writes"]
    assert {"reads mesh", "writes mesh"} <= set(can)


# --- a built-in tool ------------------------------------------------------------------------------------------------


def test_the_registry_has_a_word_for_a_tool(scratch: Path, seen: Mapping[str, Any]) -> None:
    assert "telescope" in seen["words"]["builtin_tools"]["items"]["enum"]
    assert re.search(r'^BuiltinTool: TypeAlias = Literal\[[^]]*"telescope"', stub(scratch, "_facts.pyi"), re.MULTILINE)


def test_signatures_of_models_that_have_a_tool_take_it(scratch: Path, seen: Mapping[str, Any]) -> None:
    assert "tools: Sequence[Telescope] | None = None" in stub(scratch, "_acme/painter.pyi")
    assert "Telescope" not in stub(scratch, "_acme/plain.pyi")
    assert re.search(r"^AnyTools: TypeAlias = .*?Telescope", stub(scratch, "_types.pyi"), re.MULTILINE | re.DOTALL)
    assert "def _builtin_tools(self, value: Telescope, /)" in stub(scratch, "_acme/_profiles.pyi")
    assert seen["demanded tool"] == ["acme/painter"]


def test_a_tool_is_sent_or_refused_in_its_name(seen: Mapping[str, Any]) -> None:
    assert seen["tool"] == [{"type": "telescope_2026", "power": 3}]
    assert '"acme/thinker-2" does not accept the built-in tool llm.Telescope (never; checked' in seen["tool not taken"]
    for text in seen["tool elsewhere"].values():
        assert "does not accept the built-in tool llm.Telescope" in text


def test_the_pages_have_a_tool(seen: Mapping[str, Any]) -> None:
    assert '| `llm.Telescope` | — | `"tools": [{"type": "telescope_2026"}]` | — | — |' in seen["page"]
    assert "telescope" in seen["show painter"]


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
