"""What is wrong with a registry: file, line, place and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Key: TypeAlias = tuple[str | int, ...]
"""The place of an entry in a file: its keys and positions, from the top."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, at a line of the file."""

    line: int
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.line}: {self.where}: {self.what}" if self.where else f"{self.line}: {self.what}"


class RegistryError(Exception):
    """The registry cannot be used. `problems` lists everything that is wrong with it, in order of lines."""

    def __init__(self, path: str, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = sorted(set(problems), key=lambda p: (p.line, p.where, p.what))
        super().__init__("\n".join(f"{path}:{problem}" for problem in self.problems))


def problem(key: Key, what: str, lines: Mapping[Key, int]) -> Problem:
    """Return a problem at `key`, on its line or its parent's."""
    line_of = next(key[:n] for n in range(len(key), -1, -1) if key[:n] in lines)
    return Problem(lines[line_of], " > ".join(map(str, key)), what)
