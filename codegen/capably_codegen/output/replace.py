"""Replace a file or a folder in one step: a reader, or a crash, meets the old one or the new one and nothing between.

What is new is written beside the old (`.capably_models.capably-new-<pid>`) and then takes its place. An interrupted run
may leave such a neighbour; the next run removes it (`heal`).
"""

from __future__ import annotations

import ctypes
import errno
import glob
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import uuid4

_SWAP = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
_LINUX_WORKING_FOLDER = -100
_NO_SWAP = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EXDEV)


def replace_file(target: Path, text: str) -> None:
    """Write `target`; the file keeps its mode, and a symbolic link keeps pointing at it."""
    target = target.resolve()
    heal(target)
    fresh = _write_beside(target, text)
    try:
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def replace_folder(
    folder: Path, written: Mapping[str, str], removed: Iterable[str], beside: tuple[Path, str] | None = None
) -> None:
    """Replace `folder` by a copy with these files written and removed; all its other files come along unchanged.

    `beside` is a file elsewhere, with its text, which is replaced together with the folder: if that fails, both stay.
    A kill between the two leaves the new folder with the old file.
    """
    fresh = _neighbour(folder, "new")
    file = beside[0].resolve() if beside else None
    fresh_file: Path | None = None
    try:
        _copy(folder, fresh)
        _change(fresh, written, removed)
        if file and beside:
            heal(file)
            fresh_file = _write_beside(file, beside[1])
        _put_in_place(fresh, folder, written, removed, fresh_file, file)
    finally:
        if fresh_file:
            fresh_file.unlink(missing_ok=True)
        heal(folder)


def heal(target: Path) -> None:
    """Remove what interrupted runs left beside `target`, and bring back a folder that was only moved away."""
    for old in _neighbours(target, "old"):
        if not target.exists():
            old.rename(target)
    for left in _neighbours(target, ""):
        try:
            # Moved first, so that a run that is not dead after all fails instead of using a folder that is being emptied.
            trash = left.rename(_neighbour(target, f"trash-{uuid4().hex[:8]}"))
        except FileNotFoundError:
            continue
        shutil.rmtree(trash, ignore_errors=True) if trash.is_dir() else trash.unlink(missing_ok=True)


def _neighbour(target: Path, word: str) -> Path:
    return target.with_name(f".{target.name}.capably-{word}-{os.getpid()}")


def _neighbours(target: Path, word: str) -> list[Path]:
    return sorted(target.parent.glob(f".{glob.escape(target.name)}.capably-{word}*"))


def _write_beside(target: Path, text: str) -> Path:
    fresh = _neighbour(target, "new")
    fresh.write_text(text, encoding="utf-8", newline="\n")
    if target.exists():
        shutil.copymode(target, fresh)
    return fresh


def _copy(folder: Path, copy: Path) -> None:
    """Copy a folder by links to the same files, which costs next to nothing and keeps them as they are."""
    if folder.exists():
        shutil.copytree(folder, copy, symlinks=True, copy_function=_link)
    else:
        copy.mkdir(parents=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EXDEV:  # something is mounted in the folder, and must not be moved or removed with it
            raise
        shutil.copy2(source, target, follow_symlinks=False)


def _change(copy: Path, written: Mapping[str, str], removed: Iterable[str]) -> None:
    for path, text in written.items():
        target = copy / path
        target.parent.mkdir(parents=True, exist_ok=True)
        # Never in place: the old folder has the same inode, and no half file shall have a name that tools look for.
        _write_beside(target, text).replace(target)
    for path in removed:
        _remove(copy / path)


def _remove(target: Path) -> None:
    """Remove a file, and its folder if only compiled Python is left in it."""
    target.unlink()
    if all(left.name == "__pycache__" for left in target.parent.iterdir()):
        shutil.rmtree(target.parent)


def _put_in_place(
    fresh: Path,
    folder: Path,
    written: Mapping[str, str],
    removed: Iterable[str],
    fresh_file: Path | None,
    file: Path | None,
) -> None:
    inode = fresh.stat().st_ino
    try:
        try:
            _swap(fresh, folder)
        except OSError as error:
            # A folder of a lower layer of a container's file system cannot be renamed; its files can.
            if error.errno != errno.EXDEV:
                raise
            _put_files_in_place(fresh, folder, written, removed)
        if fresh_file and file:
            fresh_file.replace(file)
    except BaseException:
        if fresh_file and fresh_file.exists() and folder.exists() and folder.stat().st_ino == inode:
            _swap_back(fresh, folder)
        raise


def _put_files_in_place(fresh: Path, folder: Path, written: Mapping[str, str], removed: Iterable[str]) -> None:
    for path in written:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (fresh / path).replace(folder / path)
    for path in removed:
        _remove(folder / path)


def _swap(fresh: Path, folder: Path) -> None:
    if not folder.exists():
        fresh.rename(folder)
    elif not _exchange(fresh, folder):
        # A kill between these two leaves no folder, until `heal` brings the old one back.
        folder.rename(_neighbour(folder, "old"))
        fresh.rename(folder)


def _swap_back(fresh: Path, folder: Path) -> None:
    old = _neighbour(folder, "old")
    if old.exists() or not fresh.exists():
        folder.rename(fresh)
        if old.exists():
            old.rename(folder)
    else:
        _exchange(fresh, folder)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; return false if the system or the file system cannot."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform in ("linux", "darwin") else None
    paths = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(libc, "renameat2"):
        failed = libc.renameat2(_LINUX_WORKING_FOLDER, paths[0], _LINUX_WORKING_FOLDER, paths[1], _SWAP)  # pyright: ignore[reportOptionalMemberAccess]
    elif sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        failed = libc.renamex_np(*paths, _SWAP)
    else:
        return False
    code = ctypes.get_errno()
    if failed and code not in _NO_SWAP:
        raise OSError(code, os.strerror(code), str(other))
    return not failed
