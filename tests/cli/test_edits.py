"""`capably check` and `capably swap --write` on files as they are found in the wild: what is seen, edited, and left alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from capably.cli import main
from capably.cli.edits import Edit, edited
from capably.cli.find_models_in_code import mentions_in
from capably.cli.source_files import SourceFile, decode, overwrite

OLD, NEW = "openai/gpt-4.1", "openai/gpt-4.1-mini"
MODEL = f'llm.Model("{OLD}")'
PLAIN = "it is not written as one plain string"

EDITED: dict[str, bytes] = {
    "crlf.py": f"import x\r\nm = {MODEL}\r\n".encode(),
    "cr.py": f"import x\rm = {MODEL}\r".encode(),
    "mixed.py": f"a = 1\r\nb = 2\nm = {MODEL}\rc = 3".encode(),
    "form_feed.py": f"a = 1\n\x0c\nm = {MODEL}\n\x0c{MODEL}\n".encode(),
    "line_separators.py": f's = "a\u2028b\u2029c\x0b\x1c\x85"\né = {MODEL}\n'.encode(),
    "byte_order_mark.py": b"\xef\xbb\xbf" + f"m = {MODEL}\n".encode(),
    "latin.py": f"# -*- coding: latin-1 -*-\n# \xe9\nm = '\xe9', {MODEL}\n".encode("latin-1"),
    "shift_jis.py": f"# coding: shift_jis\nm = 'モデル', {MODEL}\n".encode("shift_jis"),
    "wide.py": f'"é😀", {MODEL}, "😀", llm.openai.gpt_4_1\n'.encode(),
    "twice.py": f"[{MODEL}, {MODEL}, llm.openai.gpt_4_1, llm.openai.gpt_4_1]\n".encode(),
    "near.py": f'"{OLD}-nano"; "{OLD}"; "x {OLD}"\n'.encode(),
    "quotes.py": f"'{OLD}', r'{OLD}', u\"{OLD}\", '''{OLD}''', \"\"\"{OLD}\"\"\"\n".encode(),
    "in_f_string.py": b"f\"{llm.Model('" + OLD.encode() + b"')} {llm.openai.gpt_4_1}\"\n",
    "annotation.py": f'from typing import Literal\nx: Literal["{OLD}"] = "{OLD}"\n'.encode(),
    "no_newline.py": f'"{OLD}"'.encode(),
    "bad_escape.py": f'"\\d"; "{OLD}"\n'.encode(),
    "stub.pyi": f'from typing import Literal\r\nx: Literal["{OLD}"]\r\n'.encode(),
    "crlf.md": f"Use `{OLD}`.\r\nOr {OLD}.\r\n".encode(),
    "mark.yaml": b"\xef\xbb\xbf" + f"a: {OLD}\r\nb: 'é\u2028'\nc: \"{OLD}\"".encode(),
}
LEFT: dict[str, tuple[bytes, str]] = {
    "implicit.py": (b'm = llm.Model("openai/"\n  "gpt-4.1")\n', PLAIN),
    "escape.py": (b'm = "openai\\x2fgpt-4.1"\n', PLAIN),
    "continued.py": (b'm = "openai/\\\ngpt-4.1"\n', PLAIN),
    "bytes.py": (b'm = b"openai/gpt-4.1"\n', PLAIN),
    "f_string.py": (b'm = f"openai/gpt-4.1"\n', PLAIN),
    "empty_piece.py": (b'm = "openai/gpt-4.1" ""\n', PLAIN),
    "lines.py": (b"x = (llm.openai\n  .gpt_4_1)\n", "it is not written as one word"),
    "spaces.py": (b"x = llm . openai . gpt_4_1\n", "it is not written as one word"),
    "python_2.py": (b'print "openai/gpt-4.1", openai/gpt-4.1\n', "it is no valid Python: "),
    "nul.py": (b'm = "openai/gpt-4.1" # openai/gpt-4.1\n\x00', "it is no valid Python: "),
}


@pytest.fixture(scope="module")
def swapped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder with all of these files after one `capably swap --write`, and what it printed."""
    folder = tmp_path_factory.mktemp("code")
    for name, data in {**EDITED, **{name: data for name, (data, _) in LEFT.items()}}.items():
        (folder / name).write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.chdir(folder)
        patch.setattr("builtins.print", lambda *words, **_: printed.append(" ".join(map(str, words))))
        assert main(["swap", OLD, NEW, ".", "--write"]) == 1
    return folder, printed


def replaced(data: bytes) -> bytes:
    """The bytes with every name of the old model, but not of its longer namesakes, replaced."""
    kept = data.replace(b"gpt-4.1-nano", b"@").replace(b"x " + OLD.encode(), b"%")
    new = kept.replace(OLD.encode(), NEW.encode()).replace(b"llm.openai.gpt_4_1", b"llm.openai.gpt_4_1_mini")
    return new.replace(b"@", b"gpt-4.1-nano").replace(b"%", b"x " + OLD.encode())


@pytest.mark.parametrize("name", EDITED)
def test_only_the_name_changes_and_every_other_byte_stays(swapped: tuple[Path, list[str]], name: str) -> None:
    assert (swapped[0] / name).read_bytes() == replaced(EDITED[name]) != EDITED[name]


@pytest.mark.parametrize("name", LEFT)
def test_what_cannot_be_edited_safely_is_reported_and_left_alone(swapped: tuple[Path, list[str]], name: str) -> None:
    folder, printed = swapped
    data, why = LEFT[name]
    assert (folder / name).read_bytes() == data
    lines = [line for line in printed if line.startswith(f"{name}:") and " is left alone: " in line]
    assert lines
    assert all(why in line for line in lines)


def test_nothing_but_the_files_is_left_behind(swapped: tuple[Path, list[str]]) -> None:
    assert {path.name for path in swapped[0].iterdir()} == {*EDITED, *LEFT}
    assert swapped[1][-1].endswith(f", {sum('left alone:' in line for line in swapped[1])} left alone, 0 places break")


@pytest.mark.parametrize("name", [*EDITED, *LEFT])
def test_check_sees_the_mentions_that_swap_sees(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {**EDITED, **{name: data for name, (data, _) in LEFT.items()}}[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(data)
    main(["check", name, "--within", "100000"])
    places = [
        line.partition(" ")[0]
        for line in capsys.readouterr().out.splitlines()[:-1]
        if f"{OLD} " in line or "gpt_4_1 " in line
    ]
    mentions = mentions_in(decode(Path(name), data))
    assert places == [f"{mention}:" for mention in mentions if mention.id == OLD] != []


def test_places_are_those_that_editors_show() -> None:
    text = f"s = 'a\u2028b'\r\n\x0c\r\n'é😀', {MODEL}\r\n"
    [mention] = mentions_in(decode(Path("a.py"), text.encode()))
    assert (mention.line, mention.column, text[mention.start :][: len(OLD)]) == (3, 17, OLD)


def test_a_text_that_would_be_another_program_is_not_given() -> None:
    file = decode(Path("a.py"), f'm = "{OLD}"\n'.encode())
    [mention] = mentions_in(file)
    assert edited(file, [Edit(mention, NEW)]) == f'm = "{NEW}"\n'
    assert edited(file, [Edit(mention, 'a", "b')]) is None
    assert edited(file, [Edit(mention._replace(start=mention.start - 1), NEW)]) is None
    assert edited(file, [Edit(mention, NEW), Edit(mention, NEW)]) is None


# --- links, modes, and files that change --------------------------------------------------------------------------


def swap(*arguments: str) -> int:
    return main(["swap", OLD, NEW, *arguments, "--write"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text(f'"{OLD}"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_link_to_a_file_outside_is_not_followed_for_writing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outside = folder / "outside.py"
    outside.write_text(f'"{OLD}"\n', encoding="utf-8")
    (folder / "src" / "link.py").symlink_to(outside)
    assert swap("src") == 1
    assert outside.read_text(encoding="utf-8") == f'"{OLD}"\n'
    assert (
        f"src/link.py:1:2: {OLD} is left alone: the file is a symbolic link to {outside}, outside of the given paths"
        in capsys.readouterr().out.splitlines()
    )
    assert swap("src/link.py") == 0  # named by the user, it is what is meant
    assert outside.read_text(encoding="utf-8") == f'"{NEW}"\n'
    assert (folder / "src" / "link.py").is_symlink()


def test_a_link_to_a_file_inside_is_the_same_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "src" / "A_link.py").symlink_to("a.py")
    assert swap("src", "src/a.py") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 mention swapped, 0 places break"
    assert (folder / "src" / "A_link.py").is_symlink()
    assert (folder / "src" / "a.py").read_text(encoding="utf-8") == f'"{NEW}"\n'


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_the_mode_stays_and_a_read_only_file_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, locked = folder / "src" / "a.py", folder / "src" / "locked.py"
    locked.write_text(f'"{OLD}"\n', encoding="utf-8")
    file.chmod(0o751)
    locked.chmod(0o444)
    assert swap("src") == 1
    assert (file.stat().st_mode & 0o777, file.read_text(encoding="utf-8")) == (0o751, f'"{NEW}"\n')
    assert locked.read_text(encoding="utf-8") == f'"{OLD}"\n'
    assert f"src/locked.py:1:2: {OLD} is left alone: the file is read-only" in capsys.readouterr().out


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(folder: Path) -> None:
    file = folder / "src" / "a.py"
    read: SourceFile = decode(file, file.read_bytes())
    file.write_text("edited()\n", encoding="utf-8")
    with pytest.raises(OSError, match="changed meanwhile"):
        overwrite(read, "x")
    assert file.read_text(encoding="utf-8") == "edited()\n"
    assert [path.name for path in file.parent.iterdir()] == ["a.py"]


def test_a_file_is_never_half_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash at the last moment: what is new stands beside, what is old is whole."""
    file = folder / "src" / "a.py"
    before = file.stat().st_ino

    def crash(self: Path, target: Path) -> Path:
        assert (self.parent, target.read_bytes()) == (target.parent, f'"{OLD}"\n'.encode())
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        swap("src")
    assert (file.stat().st_ino, file.read_text(encoding="utf-8")) == (before, f'"{OLD}"\n')
    assert [path.name for path in file.parent.iterdir()] == ["a.py"]


# --- what cannot be read ------------------------------------------------------------------------------------------

UNREAD: Mapping[str, tuple[bytes, str]] = {
    "latin.txt": (b"\xe9", "not read: it is no utf-8 text (byte 0)"),
    "latin.py": (b"# \xe9\n", "not read: it is no text: invalid or missing encoding declaration"),
    "cookie.py": (b"# coding: klingon\n", "not read: it is no text: unknown encoding: klingon"),
    "lies.py": (b"# coding: ascii\n'\xe9'\n", "not read: it is no ascii text (byte 17)"),
    "long.json": (b" " * 1_000_001, "not read: it is longer than 1,000,000 bytes"),
    "syntax.py": (b"def (:\n", "searched as plain text: it is no valid Python: "),
    "sum.py": (b"1+" * 200_000 + b"1\n", "searched as plain text: it is nested too deeply for Python's parser"),
}


@pytest.mark.parametrize("name", UNREAD)
def test_check_and_swap_say_what_they_could_not_read(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data, why = UNREAD[name]
    (folder / name).write_bytes(data)
    for arguments in (["check", name], ["swap", OLD, NEW, name]):
        assert main(arguments) == 0
        assert f"{name}: {why}" in capsys.readouterr().err


def test_a_link_that_leads_nowhere_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "src" / "link.py").symlink_to("nothing.py")
    (folder / "src" / "a.py").unlink()
    assert main(["check", "src"]) == 0
    out, err = capsys.readouterr()
    assert err == "src/link.py: not read: No such file or directory\n"
    assert out == "0 files read; nothing to report\n"


def test_deep_names_and_lone_surrogates_are_no_crash(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "deep.py").write_text(f"a{'.b' * 500}()\n", encoding="utf-8")
    (folder / "surrogate.py").write_text('llm.Model("\\ud800")\n', encoding="utf-8")
    assert main(["check", "deep.py", "surrogate.py"]) == 1
    assert "surrogate.py:1:11: \\ud800 names no provider" in capsys.readouterr().out


def test_ids_with_a_slash_are_seen_in_text(tmp_path: Path) -> None:
    """`groq/openai/gpt-oss-120b` is one id, and neither `groq/openai` nor `openai/gpt-oss-120b`."""
    found = mentions_in(decode(tmp_path / "a.yaml", b"a: groq/openai/gpt-oss-120b\nb: openai/gpt-4.1/x\n"))
    assert [mention.id for mention in found] == ["groq/openai/gpt-oss-120b"]
