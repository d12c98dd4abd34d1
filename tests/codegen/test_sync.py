"""Generated files in somebody's project: what is ours to replace, what stays, and what an interruption leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from capably_codegen.output.sync import HEADER, OutputError, differences, write

OLD = {"__init__.pyi": f"{HEADER}a\n", "_x/__init__.pyi": f"{HEADER}b\n", "gone.pyi": f"{HEADER}c\n", "py.typed": ""}
NEW = {"__init__.pyi": f"{HEADER}a2\n", "_x/__init__.pyi": f"{HEADER}b\n", "_y/z.pyi": f"{HEADER}d\n", "py.typed": ""}
MINE = {"mine.py": "x = 1\n", "_x/notes.txt": "é\n", "sub/deep/own.pyi": "y: int\n", "__init__.py": ""}


def lay(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def read(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return lay(tmp_path / "typings" / "capably_models", OLD)


def test_a_package_is_brought_up_to_date_and_the_users_own_files_in_it_stay(package: Path) -> None:
    lay(package, MINE)
    assert write(NEW, package) == ["wrote __init__.pyi", "wrote _y/z.pyi", "removed gone.pyi"]
    assert read(package) == {**NEW, **MINE}
    assert [path.name for path in package.parent.iterdir()] == ["capably_models"]
    assert (write(NEW, package), differences(NEW, package)) == ([], [])


def test_a_file_without_our_header_is_no_orphan(package: Path) -> None:
    lay(package, {"__init__.py": "", "_z/__init__.pyi": "x: int\n"})
    assert differences(OLD, package) == []


def test_provenance_is_replaced_and_removed_although_json_has_no_header(package: Path) -> None:
    lay(package, {"_provenance.json": "<<<<<<< a conflict"})
    assert write({**OLD, "_provenance.json": "{}\n"}, package) == ["wrote _provenance.json"]
    assert write(OLD, package) == ["removed _provenance.json"]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"app/main.py": "x"}, id="sources"),
        pytest.param({"requests/__init__.pyi": "x"}, id="stubs of another package"),
        pytest.param({"capably_models/__init__.pyi": f"{HEADER}a"}, id="the folder above our package"),
        pytest.param({"README.md": "x"}, id="anything"),
        pytest.param({"__init__.pyi": "x: int"}, id="a stub written by hand"),
    ],
)
def test_a_folder_that_is_not_ours_is_refused_and_stays_as_it_was(tmp_path: Path, files: dict[str, str]) -> None:
    lay(tmp_path / "out", files)
    for run in (write, differences):
        with pytest.raises(
            OutputError, match=r"out is not empty and holds no package of capably's \(it has .*\), so no"
        ):
            run(NEW, tmp_path / "out")
    assert read(tmp_path) == {f"out/{name}": text for name, text in files.items()}


@pytest.mark.parametrize("names", [[], [".gitkeep", "__pycache__/a.pyc"]], ids=["empty", "as good as empty"])
def test_an_empty_folder_is_written_into(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "out").mkdir()
    lay(tmp_path / "out", dict.fromkeys(names, ""))
    assert write(NEW, tmp_path / "out") == [f"wrote {name}" for name in sorted(NEW)]
    assert read(tmp_path / "out") == {**NEW, **dict.fromkeys(names, "")}


def _file(out: Path) -> None:
    out.write_text("x", encoding="utf-8")


def _dangling(out: Path) -> None:
    out.symlink_to(out.parent / "nothing")


@pytest.mark.parametrize(("make", "why"), [(_file, "is a file"), (_dangling, "is a symbolic link that leads nowhere")])
def test_an_output_that_is_no_folder_is_refused(tmp_path: Path, make: Callable[[Path], None], why: str) -> None:
    make(tmp_path / "out")
    with pytest.raises(OutputError, match=rf"out {why}, so no package can be written there. Name a folder"):
        write(NEW, tmp_path / "out")


def test_an_output_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="because the disk refuses"):
        write(NEW, tmp_path / "file" / "capably_models")


def _by_hand(package: Path) -> None:
    (package / "__init__.pyi").write_text("import os\n", encoding="utf-8")


def _partial(package: Path) -> None:
    (package / "py.typed").write_text("partial\n", encoding="utf-8")


def _link(package: Path) -> None:
    (package / "_y").mkdir()
    (package / "_y" / "z.pyi").symlink_to(lay(package.parent, {"theirs.pyi": f"{HEADER}x"}) / "theirs.pyi")


def _linked_folder(package: Path) -> None:
    (package / "_y").symlink_to(lay(package.parent.parent, {"elsewhere/z.pyi": f"{HEADER}x"}) / "elsewhere")


def _folder(package: Path) -> None:
    (package / "_y" / "z.pyi").mkdir(parents=True)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (
            _by_hand,
            "the file there is not: its first line does not begin with '# Generated by `capably generate` from'",
        ),
        (_partial, "the file there is not"),
        (_link, "it is a symbolic link"),
        (_linked_folder, "_y is no folder of its own"),
        (_folder, "it is a folder"),
    ],
)
def test_what_somebody_else_put_in_the_place_of_a_file_is_not_overwritten(
    package: Path, spoil: Callable[[Path], None], why: str
) -> None:
    lay(package, {"_any.pyi": HEADER})
    spoil(package)
    before = read(package.parent.parent)
    with pytest.raises(OutputError, match=f"is to be generated, but {why}"):
        write(NEW, package)
    assert read(package.parent.parent) == before


def test_an_empty_file_is_what_a_crash_left_and_is_written(package: Path) -> None:
    (package / "__init__.pyi").write_text("", encoding="utf-8")
    assert write(OLD, package) == ["wrote __init__.pyi"]


def test_a_linked_package_is_written_where_it_is(package: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(package)
    write(NEW, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert read(package) == NEW


def test_an_orphan_behind_a_link_is_not_removed(package: Path, tmp_path: Path) -> None:
    theirs = lay(tmp_path / "theirs", {"a.pyi": HEADER})
    (package / "_theirs").symlink_to(theirs)
    assert write(OLD, package) == []
    assert (theirs / "a.pyi").exists()


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_modes_stay_and_a_read_only_file_of_ours_is_replaced(package: Path) -> None:
    (package / "__init__.pyi").chmod(0o444)
    package.chmod(0o750)
    write(NEW, package)
    assert [path.stat().st_mode & 0o777 for path in (package / "__init__.pyi", package)] == [0o444, 0o750]
    assert (package / "_y").stat().st_mode & 0o777 == (package / "_x").stat().st_mode & 0o777


def test_line_ends_that_a_checkout_changed_are_not_stale(package: Path) -> None:
    (package / "__init__.pyi").write_bytes(OLD["__init__.pyi"].replace("\n", "\r\n").encode())
    assert (write(OLD, package), differences(OLD, package)) == ([], [])


def test_the_current_folder_is_not_pulled_away(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(package / "_x")
    with pytest.raises(OutputError, match="is the current folder; run the command from outside of it"):
        write(NEW, package)
    assert read(package) == OLD


# --- interruptions ------------------------------------------------------------------------------------------------

DRIVER = """
import json, os, shutil, signal, sys
from pathlib import Path
from capably_codegen.output import replace, sync

root, how, fallback, old, new = Path(sys.argv[1]), *sys.argv[2:4], *map(json.loads, sys.argv[4:])
folder, file = root / "typings" / "capably_models", root / "my_models.json"
if fallback == "rename":
    replace._exchange = lambda one, other: False

def state():
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}, file.read_text()

def run(step):
    left = [step]
    def hook(event, arguments):
        if event.startswith(("open", "os.", "shutil.", "ctypes.call")) and "capably" in repr(arguments):
            left[0] -= 1
            if left[0] == 0:
                if how == "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                raise KeyboardInterrupt
    child = os.fork()
    if not child:
        sys.addaudithook(hook)
        try:
            sync.write(new, folder, (file, "new"))
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]

for step in range(1, 500):
    shutil.rmtree(root)
    for name, text in old.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    file.write_text("old")
    interrupted = run(step)
    after = state()
    healed = run(-1)
    neighbours = sorted(path.name for place in (root, folder.parent) for path in place.iterdir())
    print(json.dumps([interrupted != 0, *after, healed, *state(), neighbours]))
    if not interrupted:
        break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")
@pytest.mark.parametrize("fallback", ["exchange", "rename"])
@pytest.mark.parametrize("how", ["kill", "interrupt"])
def test_an_interruption_at_any_step_leaves_the_old_package_or_the_new_one(
    tmp_path: Path, how: str, fallback: str
) -> None:
    old, new = {**OLD, **MINE}, {**NEW, **MINE}
    arguments = [str(tmp_path / "project"), how, fallback, json.dumps(old), json.dumps(new)]
    (tmp_path / "project").mkdir()
    done = subprocess.run([sys.executable, "-c", DRIVER, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(steps) > 20
    allowed = [(old, "old"), (new, "new")]
    if how == "kill":
        allowed.append(
            (new, "old")
        )  # the compiled file carries the hash of its YAML, so that run time sees that it is old
        if fallback == "rename":
            allowed.append(({}, "old"))  # the old package stands beside, and comes back
    for interrupted, files, file, *healed in steps:
        assert interrupted or (files, file) == (new, "new")
        assert (files, file) in allowed
        assert healed == [0, new, "new", ["capably_models", "my_models.json", "typings"]]
