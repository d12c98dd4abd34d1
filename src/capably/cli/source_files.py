"""The text files of a code base: which they are, what is in them, and how they are edited without harm.

A text is decoded as its bytes say (for Python: PEP 263 and the byte order mark), line ends included, so that encoding it
again gives the same bytes.
"""

from __future__ import annotations

import ast
import io
import os
import re
import shutil
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from capably.types.errors import ConfigurationError

_LEFT_OUT = ("__pycache__", "node_modules", "build", "dist", "site-packages", "venv")
_TEXTS = (".cfg", ".env", ".ini", ".ipynb", ".json", ".md", ".py", ".pyi", ".sh", ".toml", ".txt", ".yaml", ".yml")
_PYTHON = (".py", ".pyi")
_TOO_LONG = 1_000_000
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


class SourceFile(NamedTuple):
    """A file as it was read."""

    path: Path
    data: bytes
    text: str
    encoding: str
    module: ast.Module | None
    """The syntax tree; `None` for what is not Python or does not parse."""
    problem: str
    """Why Python could not be parsed; empty otherwise."""


class Unread(NamedTuple):
    """A file that could not be read, or only as plain text, and why."""

    path: Path
    why: str


def decode(path: Path, data: bytes) -> SourceFile:
    """Return the file with its text. Raise `ValueError` if the bytes are not text in the encoding that they declare."""
    encoding = "utf-8"
    if path.suffix in _PYTHON:
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        except SyntaxError as error:
            raise ValueError(f"it is no text: {error.msg}") from error
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no {error.encoding} text (byte {error.start:,})") from error
    module, problem = parse(text) if path.suffix in _PYTHON else (None, "")
    return SourceFile(path, data, text, encoding, module, problem)


def parse(text: str) -> tuple[ast.Module | None, str]:
    """Return the syntax tree of Python, or why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes and the like, in somebody else's code
            return ast.parse(text), ""
    except SyntaxError as error:
        return None, f"it is no valid Python: {error.msg}{f' (line {error.lineno})' if error.lineno else ''}"
    except ValueError as error:
        return None, f"it is no valid Python: {error}"
    except (RecursionError, MemoryError):
        return None, "it is nested too deeply for Python's parser"


def files_of(paths: Iterable[Path], unread: list[Unread] | None = None) -> Iterator[Path]:
    """Yield every text file in these files and folders. Hidden files, environments and build output are left out.

    A folder that cannot be listed is added to `unread`.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted(_inside(path, [] if unread is None else unread))
        elif path.exists():
            yield path
        else:
            raise ConfigurationError(f"there is no file or folder {path}")


def _inside(folder: Path, unread: list[Unread]) -> Iterator[Path]:
    def add_unread(error: OSError) -> None:
        unread.append(Unread(Path(error.filename), f"the folder cannot be listed: {error.strerror}"))

    for place, folders, names in os.walk(folder, onerror=add_unread):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _LEFT_OUT]
        for name in names:
            file = Path(place, name)
            hidden = name.startswith(".") and name != ".env"
            wanted = file.suffix in _TEXTS or name == ".env"
            if wanted and not hidden and name not in _LEFT_OUT and (file.is_file() or file.is_symlink()):
                yield file


def read_files(paths: Iterable[Path]) -> tuple[list[SourceFile], list[Unread]]:
    """Return what stands in these files and folders, each file once, and what could not be read."""
    unread: list[Unread] = []
    files: dict[Path, SourceFile] = {}
    paths_to_read = dict.fromkeys(files_of(paths, unread))
    for path in sorted(
        paths_to_read, key=lambda path: path.is_symlink()
    ):  # links last: they often lead to a file of the same tree
        try:
            place = path.resolve()
            if place not in files:
                files[place] = decode(path, _bytes(path))
        except ValueError as error:
            unread.append(Unread(path, str(error)))
        except (OSError, RuntimeError) as error:  # the second for links in a circle
            unread.append(Unread(path, getattr(error, "strerror", None) or str(error)))
    read = {file.path: file for file in files.values()}
    return [read[path] for path in paths_to_read if path in read], unread


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > _TOO_LONG:
        raise ValueError(f"it is longer than {_TOO_LONG:,} bytes")
    return path.read_bytes()


def lines_of(text: str) -> list[str]:
    """Split into lines as Python and editors count them (a form feed or U+2028 ends no line), keeping line ends."""
    return [line for line in _LINE.findall(text) if line]


def why_not_writable(file: SourceFile, paths: Iterable[Path]) -> str:
    """Return why a file must not be edited, or nothing.

    Args:
        file: The file as it was read.
        paths: The files and folders that the user named.
    """
    place = file.path.resolve()
    if not any(place.is_relative_to(path.resolve()) for path in paths):
        return f"the file is a symbolic link to {place}, outside of the given paths"
    if not place.stat().st_mode & 0o222 or not os.access(place, os.W_OK):
        return "the file is read-only"
    if file.problem:
        return file.problem
    try:
        same = file.text.encode(file.encoding) == file.data
    except UnicodeEncodeError:
        same = False
    return "" if same else f"its encoding, {file.encoding}, does not give back the same bytes"


def overwrite(file: SourceFile, text: str) -> None:
    """Put `text` into the file in one step; mode, owner and encoding stay. Raise `OSError` if that cannot be done."""
    place = file.path.resolve()
    if place.read_bytes() != file.data:
        raise OSError("it has been changed meanwhile")
    before = place.stat()
    fresh = place.with_name(f".{place.name}.capably-{os.getpid()}")
    try:
        fresh.write_bytes(text.encode(file.encoding))
        shutil.copymode(place, fresh)
        with suppress(OSError, AttributeError):  # only root may give a file away; Windows has no owners of this kind
            os.chown(fresh, before.st_uid, before.st_gid)
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)
