"""Every page of `docs/`: its blocks run and type-check, its links resolve, and the reference has every public name."""

from __future__ import annotations

import io
import itertools
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.documents import Block, blocks_of, check_blocks, loopback_providers, run_block, write_files

from capably import llm
from capably.capabilities import CAPABILITIES
from capably.cli import main
from capably.modalities import MODALITY_OF
from capably.parameters import FEATURES, PARAMETERS
from capably.registry import lookup
from capably.types.parts import PARTS
from capably.types.tools import BUILTIN_TOOLS

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
BLOCKS = [block for page in PAGES for block in blocks_of(page)]
COMMANDS = [line for line in blocks_of(DOCS / "command-line.md", "bash") for line in line.code.splitlines()]
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def use_servers() -> Iterator[Callable[[], None]]:
    with loopback_providers() as use_servers:
        yield use_servers


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use_servers: Callable[[], None]) -> Iterator[Path]:
    """The folder in which a block or command runs. What it sets, of providers or a registry file, does not last."""
    monkeypatch.chdir(tmp_path)
    use_servers()
    yield tmp_path
    llm.use_registry(None)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_every_block_runs_and_its_marked_lines_are_refused(block: Block, folder: Path) -> None:
    write_files(block.page, folder)
    run_block(block)


def test_pyright_rejects_the_marked_lines_and_no_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for registry in write_files(DOCS / "your-models.md", folder):
        assert main(["generate", "--registry", str(registry)]) == 0
    capsys.readouterr()
    errors, marked = check_blocks(BLOCKS, folder)
    assert {name: sorted(lines) for name, lines in errors.items()} == marked, errors


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "src").mkdir()
    (folder / "src" / "app.py").write_text('from capably import llm\n\nllm.Model("openai/gpt-6-luna").call("Hi")\n')
    piped, _, command = command.rpartition("| ")
    monkeypatch.setattr("sys.stdin", io.StringIO(piped))
    assert main(shlex.split(command)[1:]) == 0


def test_links_lead_to_pages_that_exist() -> None:
    links = [(page, link) for page in PAGES for link in LINK.findall(_prose(page)) if "://" not in link]
    assert links
    broken = [f"{page.name}: {link}" for page, link in links if not (page.parent / link.partition("#")[0]).is_file()]
    assert broken == []


def test_every_page_is_in_the_table_of_contents() -> None:
    listed = set(re.findall(r"^[\w/-]+$", (DOCS / "index.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert {page.relative_to(DOCS).with_suffix("").as_posix() for page in PAGES} == listed | {"index"}


def test_the_reference_has_every_public_name_once() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md"))
    listed = re.findall(r"^\.\. (?:auto\w+|data):: (\w+)$", text, re.MULTILINE)
    declared = {
        "@CAPABILITIES@": [capability.name for capability in CAPABILITIES.values()],
        "@PARTS@": [part.__name__ for part in PARTS],
        "@BUILTIN_TOOLS@": [tool.__name__ for tool in BUILTIN_TOOLS.values()],
    }
    assert [mark for mark in declared if text.count(mark) != 1] == []
    assert sorted([*listed, *itertools.chain(*declared.values())]) == sorted(dir(llm))


def test_the_table_of_parameters_has_every_parameter() -> None:
    table = (DOCS / "calls.md").read_text(encoding="utf-8").partition("## Parameters")[2].partition("```")[0]
    cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(cells))) == sorted(["content", *PARAMETERS])


def test_the_page_of_spellings_says_how_each_api_spells_each_feature_or_that_it_cannot() -> None:
    page = (DOCS / "reference" / "spellings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.*) \|$", page, re.MULTILINE))
    assert rows["seed"] == "— | — | `seed` | `generationConfig.seed`"
    assert rows["reasoning.budget_tokens"].startswith("`thinking.budget_tokens` | — | — |")
    assert rows["llm.Video"] == "— | — | — | `inlineData`"
    assert rows["llm.Memory"] == '`"tools": [{"type": "memory_20250818", "name": "memory"}]` | — | — | —'
    assert "`seed`: `random_seed`" in rows["mistral"]
    assert rows["azure"] == "nothing"
    classes = {f"llm.{kind.__name__}" for kind in (*MODALITY_OF, *BUILTIN_TOOLS.values())}
    assert rows.keys() > {*FEATURES, *classes, "mistral", "openrouter", "xai"}


def test_the_table_of_keys_has_every_provider() -> None:
    text = (DOCS / "hosts.md").read_text(encoding="utf-8")
    for name, provider in lookup.providers().items():
        if not provider.get("cloud") and name in dir(llm):
            keys = ", ".join(f"`{key}`" for key in provider["api_key"]) or "none"
            assert f"| `{name}` | {keys} |" in text


def _prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
