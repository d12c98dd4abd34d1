"""`capably check`, `capably swap` and `capably try`: what they say of a code base, and what they leave alone."""

from __future__ import annotations

import datetime
import io
import json
from pathlib import Path
from typing import Any

import pytest
from support.loopback import Canned, Loopback

from capably import llm
from capably.cli import main
from capably.cli.check import findings
from capably.cli.find_models_in_code import mentions_in
from capably.cli.source_files import decode, files_of, read_files

NOT_ACCEPTED = (
    'Argument of type "float" cannot be assigned to parameter "{0}" of type "NotAcceptedByThisModel" in function "call"; '
    'Type "float" is not assignable to type "NotAcceptedByThisModel"'
)

DAY = datetime.date(2026, 11, 22)

APP = '''\
from capably import llm

judge = llm.Model("openai/gpt-4.1")


def ask() -> str:
    """Asks openai/gpt-4.1, which a docstring may say."""
    return judge.call("Hi", temperature=0.2, max_tokens=30000).text()


print(llm.openai.gpt_4_1.call("Hi", top_p=0.5))
mistake: int = "x"
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    (tmp_path / "config.yaml").write_text("judge: openai/gpt-4.1\nother: openai/gpt-4.1-mini\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(folder: Path, text: str, name: str = "a.py", within: int = 60) -> list[tuple[str, str]]:
    """Kind and text of each finding in one file."""
    (folder / name).write_text(text, encoding="utf-8")
    files, _ = read_files([folder / name])
    return [(found.kind, found.mention.text) for found in findings(files, DAY, within)]


# --- check --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param('llm.Model("openai/gpt-6-sol")', [], id="alive"),
        pytest.param('llm.Model("openai/gpt-6-sool")', [("unknown", "openai/gpt-6-sool")], id="a typo"),
        pytest.param('Model.of("gpt-six")', [("unknown", "gpt-six")], id="no provider"),
        pytest.param('@llm.call("openai/gpt-six")\ndef f(): ...', [("unknown", "openai/gpt-six")], id="a decorator"),
        pytest.param('llm.Model.custom("openai/ft:x", like="openai/gpt-6-sol")', [], id="a fine-tune is no listed id"),
        pytest.param('llm.Model.custom("a/b", like="openai/gpt-x")', [("unknown", "openai/gpt-x")], id="like what?"),
        pytest.param('github = "openai/openai-python"', [], id="another string with a slash"),
        pytest.param('ids = ["openai/o1"]', [("retired", "openai/o1")], id="retired, anywhere"),
        pytest.param('ids = ["gpt-4o-2024-05-13"]', [("retired", "gpt-4o-2024-05-13")], id="by its bare id"),
        pytest.param('x = "google/lyria-3.5"', [("not_chat", "google/lyria-3.5")], id="no chat model"),
        pytest.param("llm.openai.o3", [("ending", "llm.openai.o3")], id="a constant"),
        pytest.param("llm.openai.gpt_nine", [("unknown", "llm.openai.gpt_nine")], id="no such constant"),
        pytest.param("llm.tool.x", [], id="an attribute that is no model"),
        pytest.param('llm.Model("openai/gpt-5.1")', [("deprecated", "openai/gpt-5.1")], id="an end far away"),
        pytest.param('llm.Model("openai/o1")  # capably: ignore', [], id="meant"),
        pytest.param('def f(:\n  x = "openai/o1"', [("retired", "openai/o1")], id="Python that does not parse"),
    ],
)
def test_check_finds(tmp_path: Path, text: str, found: list[tuple[str, str]]) -> None:
    assert told(tmp_path, text) == found


def test_check_reads_text_files_for_known_ids(tmp_path: Path) -> None:
    text = "a: openai/o1\nb: x/openai/o1\nc: openai/o1-unheard\nd: 'google/gemini-2.5-pro'.\n"
    assert told(tmp_path, text, "a.yaml") == [("retired", "openai/o1"), ("ending", "google/gemini-2.5-pro")]


def test_an_end_fails_when_it_is_near_enough(tmp_path: Path) -> None:
    text = 'llm.Model("openai/gpt-4.1")'
    assert told(tmp_path, text, within=52) == [("deprecated", "openai/gpt-4.1")]
    assert told(tmp_path, text, within=53) == [("ending", "openai/gpt-4.1")]


def test_hidden_folders_environments_and_binaries_are_left_out(tmp_path: Path) -> None:
    for name in (".git/a.py", "node_modules/a.py", "venv/a.py", "__pycache__/a.py", "a.png", "src/deep/b.py", ".env"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x", encoding="utf-8")
    (tmp_path / "latin.py").write_bytes(b"\xff\xfe")
    assert [file.relative_to(tmp_path).as_posix() for file in files_of([tmp_path])] == [
        ".env",
        "latin.py",
        "src/deep/b.py",
    ]
    _, unread = read_files([tmp_path])
    assert [(file.path.name, file.why) for file in unread] == [
        ("latin.py", "it is no text: invalid or missing encoding declaration")
    ]


def test_a_mention_says_where_it_stands() -> None:
    [mention] = mentions_in(decode(Path("a.py"), 'é = llm.Model("openai/o1")'.encode()))
    assert (str(mention), mention.text, mention.id) == ("a.py:1:16", "openai/o1", "openai/o1")


OLD = (
    *(
        "anthropic/claude-3-haiku-20240307",
        "anthropic/claude-3-5-sonnet-20241022",
        "anthropic/claude-opus-4-1-20250805",
    ),
    *("openai/gpt-4.5-preview", "google/gemini-1.5-flash", "groq/llama-3.3-70b-versatile", "deepseek/deepseek-chat"),
    "mistral/mistral-large-2411",
)


def test_ids_of_old_code_bases_are_found_in_any_text(tmp_path: Path) -> None:
    text = "\n".join(f"model_{number}: {id}" for number, id in enumerate(OLD))
    assert told(tmp_path, text, "a.yaml") == [("retired", id) for id in OLD]


def test_check_prints_findings_and_exits_with_1(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "app.py").write_text('llm.Model("openai/o1")\n', encoding="utf-8")
    assert main(["check", "app.py"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "app.py:1:12: openai/o1 was retired on 2026-10-23 and no longer answers. Its successor is openai/gpt-5.6-sol.",
        "1 file read; 1 mention to look at, 1 to fail for",
    ]
    assert main(["check", "app.py", "--json"]) == 1
    [found] = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["ends"], found["replacement"]) == ("retired", "2026-10-23", "openai/gpt-5.6-sol")


def test_check_of_a_clean_code_base_exits_with_0(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "app.py").write_text('llm.Model("openai/gpt-6-sol")\n', encoding="utf-8")
    assert main(["check", "app.py"]) == 0
    assert capsys.readouterr().out == "1 file read; nothing to report\n"
    (project / "empty").mkdir()
    assert main(["check", "empty"]) == 0
    assert capsys.readouterr().out == "0 files read; nothing to report\n"


def test_check_takes_no_negative_number_of_days(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for days in ("-5", "soon"):
        with pytest.raises(SystemExit) as exited:
            main(["check", "app.py", f"--within={days}"])
        assert exited.value.code == 2
        assert f"argument --within: '{days}' is no number of days" in capsys.readouterr().err


def test_check_of_no_file_exits_with_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["check", str(tmp_path / "nothing")]) == 2
    assert "there is no file or folder" in capsys.readouterr().err


def test_check_knows_the_users_own_models(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "models:\n  openai/gpt-mine: {like: openai/gpt-6-sol}\nretired:\n  openai/gpt-4.1: {on: 2026-11-01}\n",
        encoding="utf-8",
    )
    llm.use_registry(file)
    try:
        found = told(tmp_path, 'llm.Model("openai/gpt-mine"); llm.Model("openai/gpt-4.1"); llm.openai.gpt_mine')
    finally:
        llm.use_registry(None)
    assert found == [("retired", "openai/gpt-4.1")]


# --- swap ---------------------------------------------------------------------------------------------------------


def test_swap_names_every_mention_and_every_call_that_would_break(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {file.name: file.read_text(encoding="utf-8") for file in project.iterdir()}
    assert main(["swap", "openai/gpt-4.1", "google/gemini-3.1-flash-lite-image", "."]) == 1
    assert capsys.readouterr().out.splitlines()[-6:] == [
        "app.py:3:20: openai/gpt-4.1 -> google/gemini-3.1-flash-lite-image",
        "app.py:11:7: llm.openai.gpt_4_1 -> llm.google.gemini_3_1_flash_lite_image",
        "config.yaml:1:8: openai/gpt-4.1 -> google/gemini-3.1-flash-lite-image",
        "app.py:8: breaks: max_tokens=30,000; google/gemini-3.1-flash-lite-image writes at most 4,096",
        "app.py:11: breaks: " + NOT_ACCEPTED.format("top_p"),
        "3 mentions would be swapped, 2 places would break",
    ]
    assert {file.name: file.read_text(encoding="utf-8") for file in project.iterdir()} == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "openai/gpt-5.1",
            "openai/gpt-5.6",
            'openai/gpt-5.6 takes only with reasoning="off": temperature, top_p, logprobs',
        ),
        (
            "openai/gpt-4.1",
            "openai/gpt-5.1",
            "openai/gpt-5.1 takes only without reasoning: temperature, top_p, logprobs",
        ),
        ("openai/gpt-5.6", "openai/gpt-5.1", ""),
    ],
)
def test_swap_tells_what_the_new_model_takes_in_fewer_calls(
    project: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str
) -> None:
    text = f'from capably import llm\n\nllm.Model("{old}").call("Hi", max_tokens=10)\n'
    (project / "app.py").write_text(text, encoding="utf-8")
    assert main(["swap", old, new, "app.py"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "takes only" in line] == [told][: bool(told)]


def test_swap_tells_what_the_new_model_takes_and_does_not(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["swap", "openai/gpt-4.1", "anthropic/claude-sonnet-5-5", "app.py"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("anthropic/claude-sonnet-5-5 no longer takes: tool_choice.forced, temperature, top_p")
    assert [line for line in lines if "breaks" in line] == [
        "app.py:8: breaks: " + NOT_ACCEPTED.format("temperature"),
        "app.py:11: breaks: " + NOT_ACCEPTED.format("top_p"),
    ]


def test_swap_writes_when_it_is_told_to(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["swap", "openai/gpt-4.1", "openai/gpt-4o", ".", "--write"]) == 1
    text = (project / "app.py").read_text(encoding="utf-8")
    assert text == APP.replace('Model("openai/gpt-4.1")', 'Model("openai/gpt-4o")').replace("gpt_4_1", "gpt_4o")
    assert (
        (project / "config.yaml")
        .read_text(encoding="utf-8")
        .startswith("judge: openai/gpt-4o\nother: openai/gpt-4.1-mini")
    )
    out = capsys.readouterr().out
    assert "app.py:8: breaks: max_tokens=30,000; openai/gpt-4o writes at most 16,384" in out
    assert out.endswith("3 mentions swapped, 1 place breaks\n")


def test_swap_of_equals_breaks_nothing_and_old_errors_are_not_its_own(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["swap", "openai/gpt-4.1", "openai/gpt-4.1-mini", "app.py"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 mentions would be swapped, 0 places would break"


def test_swap_of_a_model_with_itself_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["swap", "openai/gpt-4.1", "openai/gpt-4.1", "app.py"]) == 2
    assert capsys.readouterr().err == "capably: OLD and NEW are the same model, openai/gpt-4.1\n"


def test_swap_sees_once_what_breaks_also_on_a_line_that_was_wrong_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = 'from capably import llm\nllm.Model("openai/gpt-4.1").call("é", temperature=0.2, stop="END")\n'
    (tmp_path / "app.py").write_text(text, encoding="utf-8")
    call = 'from capably import llm\nllm.Model("openai/gpt-4.1").call(\n    "Hi",\n    temperature=0.3,\n)\n'
    (tmp_path / "broken.py").write_text("def (:\n", encoding="utf-8")
    (tmp_path / "call.py").write_text(call, encoding="utf-8")
    assert main(["swap", "openai/gpt-4.1", "openai/gpt-6-luna", "."]) == 1
    lines = capsys.readouterr().out.splitlines()
    told = (
        'breaks: Argument of type "float" cannot be assigned to parameter "temperature" of type "OnlyWithReasoningOff" '
        'in function "call"; Type "float" is not assignable'
    )
    broken = [line for line in lines if "breaks" in line]
    assert [line[: line.index(" to type")] for line in broken] == [f"app.py:2: {told}", f"call.py:4: {told}"]
    assert lines[-1] == "2 mentions would be swapped, 2 places would break"


def test_swap_of_a_model_that_is_named_nowhere_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["swap", "openai/o3", "openai/gpt-4o", "."]) == 0
    assert capsys.readouterr().out == "openai/o3 is named nowhere\n"


def test_swap_to_an_unknown_model_exits_with_2(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["swap", "openai/gpt-4.1", "openai/gpt-six", "."]) == 2
    assert "openai/gpt-six" in capsys.readouterr().err


def test_swap_without_pyright_says_what_to_install(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(project))
    monkeypatch.setattr("sys.executable", str(project / "python"))
    assert main(["swap", "openai/gpt-4.1", "openai/gpt-4o", "."]) == 2
    assert 'pip install "pyright[nodejs]"' in capsys.readouterr().err


# --- try ----------------------------------------------------------------------------------------------------------

STREAM = [
    {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m",
     "stop_reason": None, "usage": {"input_tokens": 1000, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello "}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "there"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 200}},
    {"type": "message_stop"},
]  # fmt: skip


@pytest.fixture
def server() -> Any:
    sse = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in STREAM)
    with Loopback([Canned(sse)]) as opened:
        llm.configure("anthropic", api_key="test", base_url=opened.url)
        yield opened
    llm.configure("anthropic")


def test_try_streams_one_answer_and_tells_what_it_cost(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["try", "anthropic/claude-sonnet-5-5", "Hi", "--max-tokens", "500", "--system", "Be brief."]) == 0
    out, err = capsys.readouterr()
    assert out == "Hello there\n"
    assert err == "stop; 1,000 tokens in, 200 out; $0.004000\n"
    sent = server.requests[0].json()
    assert sent["max_tokens"] == 500
    assert "Be brief." in json.dumps(sent["system"])


def test_try_reads_the_prompt_from_standard_input(
    server: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("From a pipe"))
    assert main(["try", "anthropic/claude-sonnet-5-5", "-"]) == 0
    assert "From a pipe" in server.requests[0].body.decode()


def test_try_refuses_what_the_model_does_not_take(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["try", "anthropic/claude-sonnet-5-5", "Hi", "--temperature", "0.2"]) == 2
    assert "does not accept `temperature`" in capsys.readouterr().err
    assert server.requests == []
