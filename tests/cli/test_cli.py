"""The command line: `capably models`, `capably show`, `capably generate`, their output and their exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from capably import __version__, llm
from capably.cli import main
from capably.registry.lookup import listed_models

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests" / "codegen" / "golden" / "registry.yaml"
SECRET = "google/gemini-exp-1114"
KEYS = {
    "id": None,
    "provider": None,
    "status": None,
    "profile": None,
    "input": None,
    "output": None,
    "tools": {"supported", "forced", "parallel", "strict"},
    "structured_output": None,
    "reasoning": {"supported", "efforts", "off", "always_on", "budget"},
    "sampling": {"temperature", "top_p", "top_k"},
    "system": None,
    "prefill": None,
    "cache": None,
    "builtin_tools": None,
    "endpoints": None,
    "limits": {"context", "max_input", "max_output"},
    "prices": None,
    "dates": {"released", "retires"},
    "sources": None,
    "verified": None,
}
"""What scripts read from `--json`: key -> keys inside it that are always there."""


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    return capsys.readouterr().out


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(printed(capsys, *arguments, "--json"))


def run(*arguments: str, cwd: Path = ROOT, program: str = "") -> subprocess.CompletedProcess[str]:
    command = ["-c", program] if program else ["-m", "capably.cli"]
    return subprocess.run([sys.executable, *command, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


# --- models -------------------------------------------------------------------------------------------------------


def test_models_lists_every_model_with_a_head_and_a_foot(capsys: pytest.CaptureFixture[str]) -> None:
    head, *rows, foot = printed(capsys, "models").splitlines()
    assert head.split("  ")[0] == "id"
    assert {row.split()[0] for row in rows} == {info.id for info in listed_models()}
    assert foot.startswith(f"{len(rows)} models; prices are US dollars per million tokens.")


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        pytest.param(["--tools"], {"tools": True}, id="a feature"),
        pytest.param(["--no-tools"], {"tools": False}, id="its absence"),
        pytest.param(["--image-input", "--no-audio-input"], {"image_input": True, "audio_input": False}, id="two"),
        pytest.param(["--forced-tools", "--top-p"], {"forced_tools": True, "top_p": True}, id="dashes"),
        pytest.param(["--reasoning"], {"reasoning": True}, id="reasoning"),
        pytest.param(["--reasoning", "xhigh"], {"reasoning": "xhigh"}, id="a level"),
        pytest.param(["--max-input-price", "0.5"], {"max_input_price": 0.5}, id="a price"),
        pytest.param(["--min-context", "1000000"], {"min_context": 1_000_000}, id="a size"),
        pytest.param(["--provider", "google"], {"provider": "google"}, id="a provider"),
        pytest.param(["--no-deprecated"], {"deprecated": False}, id="only those without an end"),
    ],
)
def test_models_filters_as_llm_models_does(
    capsys: pytest.CaptureFixture[str], arguments: list[str], wanted: dict[str, Any]
) -> None:
    every: dict[str, Any] = {"deprecated": True}
    expected = [info.id for info in llm.models(**{**every, **wanted})]
    rows = printed(capsys, "models", *arguments).splitlines()[1:-1]
    assert [row.split()[0] for row in rows] == expected
    assert [entry["id"] for entry in as_json(capsys, "models", *arguments)] == sorted(expected)


def test_models_exits_with_1_when_none_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "models", "--max-output-price", "-1", code=1).splitlines()[-1].startswith("0 models;")
    assert as_json(capsys, "models", "--max-output-price", "-1") == []


def test_models_exits_with_2_where_a_word_selects_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--provider", "openia"]) == 2
    assert capsys.readouterr().err == "capably: provider='openia' selects nothing. Did you mean 'openai'?\n"


def test_every_model_has_every_key_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    entries = as_json(capsys, "models")
    assert [entry["id"] for entry in entries] == sorted(info.id for info in listed_models())
    assert len({frozenset(entry) for entry in entries}) == 1
    for entry in entries:
        assert KEYS.keys() <= entry.keys()
        for key, inside in KEYS.items():
            if inside is not None:
                assert inside <= entry[key].keys(), (entry["id"], key)


def test_json_has_the_types_that_scripts_expect(capsys: pytest.CaptureFixture[str]) -> None:
    for entry in as_json(capsys, "models"):
        assert entry["status"] in ("active", "preview", "deprecated")
        assert entry["tools"]["supported"] in (True, False, None)
        assert entry["reasoning"]["always_on"] in (True, False, None)
        assert entry["prefill"] in (True, False, None)
        assert isinstance(entry["prices"], list)
        assert isinstance(entry["sources"], list)
        if entry["verified"] is not None:
            assert entry["sources"]
            assert entry["input"][0] == "text"
            assert entry["endpoints"]


def test_json_says_null_for_unknown_and_never_the_word(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "models", "--json")
    assert '"unverified"' not in text.replace('"profile": "unverified"', "")


def test_an_unverified_model_is_null_throughout(capsys: pytest.CaptureFixture[str]) -> None:
    entry = as_json(capsys, "show", SECRET)
    assert (entry["profile"], entry["verified"], entry["sources"]) == ("unverified", None, [])
    for key in ("input", "output", "structured_output", "system", "prefill", "cache", "builtin_tools", "endpoints"):
        assert entry[key] is None
    for key in ("tools", "reasoning", "sampling"):
        assert set(entry[key].values()) == {None}
    assert entry["limits"]["max_output"] == 8192


@pytest.mark.parametrize(
    ("id", "key", "value"),
    [
        pytest.param("anthropic/claude-sonnet-5-5", ("sampling", "temperature"), "never", id="never"),
        pytest.param("openai/gpt-5.6", ("sampling", "temperature"), "reasoning_off", id="a condition"),
        pytest.param("google/gemini-3.8-flash", ("sampling", "top_k"), "ignored", id="ignored"),
        pytest.param("google/gemini-2.5-flash-image", ("sampling", "top_p"), None, id="unknown"),
        pytest.param("google/gemini-2.5-flash-image", ("tools", "supported"), False, id="no tools"),
        pytest.param("google/gemma-3-27b-it", ("tools", "supported"), None, id="unknown tools"),
        pytest.param("openai/gpt-6.1-sol", ("reasoning", "always_on"), True, id="always reasons"),
        pytest.param("anthropic/claude-sonnet-5-5", ("reasoning", "always_on"), False, id="can stop"),
        pytest.param("google/gemma-4-31b-it", ("reasoning", "off"), None, id="nobody knows how to stop it"),
        pytest.param("openai/gpt-4.1", ("reasoning", "supported"), False, id="does not reason"),
        pytest.param("google/gemini-2.5-pro", ("reasoning", "budget"), {"min": 128, "max": 32768}, id="a budget"),
        pytest.param("anthropic/claude-sonnet-5-5", ("limits", "max_output"), 128000, id="a limit"),
        pytest.param("anthropic/claude-sonnet-4-5", ("dates", "retires"), "2026-11-30", id="an end"),
    ],
)
def test_json_tells_the_facts(capsys: pytest.CaptureFixture[str], id: str, key: tuple[str, str], value: Any) -> None:
    assert as_json(capsys, "show", id)[key[0]][key[1]] == value


def test_the_list_tells_no_reasoning_from_reasoning_that_can_be_off(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row.split()[0]: " ".join(row.split()) for row in printed(capsys, "models").splitlines()}
    assert " text image document no always yes json_schema" in rows["openai/gpt-4.1"]
    assert " off low medium high xhigh max never yes " in rows["anthropic/claude-sonnet-5-5"]
    assert rows[SECRET].endswith(" ? ? ? ? ?")


# --- show ---------------------------------------------------------------------------------------------------------


def test_show_tells_everything_about_one_model(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "show", "google/gemini-4-argon").partition("\n\n")[0].splitlines()
    facts = {line[2:22].strip(): line[23:] for line in lines[1:]}
    info = next(info for info in listed_models() if info.id == "google/gemini-4-argon")
    assert lines[0] == "google/gemini-4-argon  (Gemini 4 Argon, active)"
    assert facts["input"] == "text image document audio video"
    assert facts["sampling"] == "temperature ignored, top_p ignored, top_k ignored"
    assert facts["reasoning"].startswith("supported yes, style level, efforts low medium high, off never")
    assert facts["endpoint"] == "generate_content: tools always, stop always, seed always, logprobs unverified"
    assert facts["facts checked"] == f"2026-11-22 (model_registry.yaml:{info.line})"
    prices = [line[23:] for line in lines if line.startswith("  price ")]
    assert prices == [
        (
            "input 2.0, output 10.0, cache_read 0.1, batch 0.5, batch_cache 0.5, flex 0.5, flex_cache 0.5, priority 1.8, priority_cache 1.8, "
            "web_search 14.0 (until 2026-11-30)"
        ),
        "input 4.0, output 20.0, cache_read 0.2, batch 0.5, batch_cache 0.5, web_search 14.0 (from 2026-12-01)",
    ]


def test_show_says_what_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "show", "google/gemma-3-27b-it")
    assert "  tools                unverified\n" in text
    assert "  reasoning            no\n" in text
    text = printed(capsys, "show", "google/gemini-2.5-flash-image")
    assert (
        "  sampling             temperature always, top_p unverified, top_k unverified, temperature_max 2.0\n" in text
    )
    text = printed(capsys, "show", SECRET)
    assert "  facts checked        never\n" in text
    assert "  dates                unknown\n" in text


def test_show_words_the_rates_of_long_prompts_like_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "show", "openai/gpt-6.1-sol")
    assert re.search(r"price .* tiers input [\d.]+, output [\d.]+, .*above [\d,]+\n", text)


def test_every_model_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for info in listed_models():
        lines = printed(capsys, "show", info.id).partition("\n\n")[0].splitlines()
        assert all(line[23:].strip() for line in lines[1:]), info.id


def test_show_of_an_unknown_model_exits_with_2_and_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "anthropic/claude-sonet-5-5"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith('capably: "anthropic/claude-sonet-5-5" is not in the registry. Nearest: ')


# --- generate -----------------------------------------------------------------------------------------------------


def test_generate_counts_what_it_writes_and_check_names_ten_stale_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    output = tmp_path / "a folder" / "capably_models"
    arguments = ("generate", "--base", "--registry", str(SMALL), "--output", str(output))
    again = f"up to date with: capably generate --registry {SMALL} --base --output '{output}'"
    assert main([*arguments, "--check"]) == 1
    missing = capsys.readouterr().out.splitlines()
    written = printed(capsys, *arguments)
    names = sorted(file.relative_to(output).as_posix() for file in output.rglob("*.*"))
    assert written == f"wrote {len(names) - 1} files in {output}\nwrote py.typed\n"
    assert missing == [
        *(f"{name} is missing" for name in names[:10]),
        f"... and {len(names) - 10} more (--verbose names all, and what differs in each)",
        f"{len(names)} files are stale; bring them {again}",
    ]
    assert printed(capsys, *arguments, "--check") == "everything is fresh\n"
    with (output / "zeta.pyi").open("a", encoding="utf-8") as file:
        file.write("# by hand\n")
    assert main([*arguments, "--check"]) == 1
    assert capsys.readouterr().out == f"zeta.pyi differs\n1 file is stale; bring it {again}\n"
    assert main([*arguments, "--check", "--verbose"]) == 1
    assert "\n-# by hand\n" in capsys.readouterr().out
    for name in names:
        (output / name).rename(output / f"{name}.old")
    (output / "old.pyi").write_bytes((output / "acme.pyi.old").read_bytes())
    lines = printed(capsys, *arguments, "--verbose").splitlines()
    assert lines == [*(f"wrote {name}" for name in names), "removed old.pyi"]


def test_generate_writes_where_pyright_looks_first(tmp_path: Path) -> None:
    (tmp_path / "model_registry.yaml").write_text(SMALL.read_text(encoding="utf-8"), encoding="utf-8")
    done = run("generate", "--base", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "typings" / "capably_models" / "acme.pyi").exists()


def test_generate_without_a_registry_exits_with_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    missing = tmp_path / "nope.yaml"
    assert main(["generate", "--registry", str(missing)]) == 2
    assert capsys.readouterr().err == f"capably: there is no file {missing}; name one with --registry FILE\n"


def test_generate_that_is_given_no_registry_says_how_to_name_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAPABLY_REGISTRY", raising=False)
    assert main(["generate"]) == 2
    assert capsys.readouterr().err == (
        "capably: no registry is named: pass --registry FILE, or write it into pyproject.toml: [tool.capably] registry = "
        '"my_models.yaml"\n'
    )


def test_generate_tells_what_is_wrong_with_a_registry(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bad = tmp_path / "mine.yaml"
    bad.write_text(SMALL.read_text(encoding="utf-8").replace("forced: always", "forced: alway"), encoding="utf-8")
    output = tmp_path / "typings"
    assert main(["generate", "--registry", str(bad), "--output", str(output)]) == 1
    assert capsys.readouterr().err == (
        "mine.yaml:19: profiles > acme/thinker > tools > forced: 'alway' is not allowed. "
        "Allowed: always, reasoning_off, without_budget, never, unverified. Did you mean 'always'?\n"
    )
    assert not output.exists()


@pytest.mark.parametrize("missing", ["pydantic", "yaml", "jinja2", "libcst", "ruff"])
def test_without_the_extra_generate_says_what_to_install(missing: str, tmp_path: Path) -> None:
    program = f"""
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
from capably.cli import main
sys.exit(main(sys.argv[1:]))
"""
    done = run("generate", "--registry", str(SMALL), program=program, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f'capably: the generator needs {missing}, which is not installed: pip install "capably[codegen]"\n'
    )
    assert run("models", program=program).returncode == 0


# --- the command itself -------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device of a full disk")
def test_output_that_cannot_be_written_is_no_traceback() -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-u", "-m", "capably.cli", "models"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "capably: [Errno 28] No space left on device\n")


@pytest.mark.parametrize("arguments", [["--help"], ["models", "--help"], ["show", "--help"], ["generate", "--help"]])
def test_help_is_given(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    assert exited.value.code == 0
    assert capsys.readouterr().out.startswith("usage: capably")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="no command"),
        pytest.param(["modles"], id="an unknown command"),
        pytest.param(["models", "--imge-input"], id="an unknown option"),
        pytest.param(["models", "--min-context", "much"], id="a word for a number"),
        pytest.param(["show"], id="no model"),
    ],
)
def test_wrong_use_exits_with_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    assert exited.value.code == 2
    assert "usage: capably" in capsys.readouterr().err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"capably {__version__}\n"


def test_a_reader_that_stops_early_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "capably.cli", "models", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


# --- coverage -----------------------------------------------------------------------------------------------------


def test_coverage_counts_known_facts_by_provider(capsys: pytest.CaptureFixture[str]) -> None:
    head, *rows = printed(capsys, "models", "--coverage").splitlines()
    infos = list(listed_models())
    assert head.split() == ["known", *dict.fromkeys(info.provider for info in infos), "all"]
    found = {row.split("  ")[0]: row for row in rows}
    unverified = sum(not info.verified for info in infos)
    assert found["system"].endswith(f"  {len(infos) - unverified}/{len(infos)} -{unverified}")
    for field in ("tools", "format", "reasoning", "temperature", "output limit", "input price"):
        assert field in found


def test_coverage_follows_the_filter(capsys: pytest.CaptureFixture[str]) -> None:
    head, *_ = printed(capsys, "models", "--coverage", "--provider", "anthropic").splitlines()
    assert head.split() == ["known", "anthropic", "all"]


# --- who says so --------------------------------------------------------------------------------------------------


def test_show_tells_who_says_so_since_when_and_what_was_decided(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "show", "openai/gpt-5.4")
    lines = out.partition("who says so")[2].splitlines()
    [price] = [line for line in lines if line.startswith("  prices.input ")]
    assert re.fullmatch(r"  prices\.input +2\.5  \(genai-prices, litellm; \d{4}-\d\d-\d\d\)", price)
    at = next(n for n, line in enumerate(lines) if line.startswith("  limits.input "))
    assert "922,000  (decided by hand; " in lines[at]
    assert "litellm: 1,050,000" in lines[at + 1]
    assert "decided 2026-11-22: 1,050,000 is the context window;" in lines[at + 1]
    assert lines[-1].startswith("  read: anthropic ")


def test_show_as_json_has_the_provenance_of_each_field(capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, "show", "openai/gpt-5.4")["provenance"]
    assert found["limits.input"]["against"] == {"litellm": 1_050_000}
    assert found["limits.input"]["verdict"]["value"] == 922_000
    assert found["tools"]["by"] == ["litellm", "models.dev"]


def test_show_says_that_a_file_of_the_users_corrects_the_model(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("models:\n  openai/gpt-5.4:\n    prices: [{input: 1, output: 2}]\n", encoding="utf-8")
    llm.use_registry(file)
    try:
        out = printed(capsys, "show", "openai/gpt-5.4")
    finally:
        llm.use_registry(None)
    assert "mine.yaml corrects this model; what follows is about capably's own registry" in out
