"""Capability classes that profiles share: what many have is written once, and every class adds to one other.

A type checker reads the capabilities of every profile to find the type of `llm.Model("provider/id")`, so they are kept
few: there are as many as there are combinations, however many models have them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from capably_codegen.profiles import Parameter

Set: TypeAlias = tuple[Parameter, ...]
"""Everything that a profile has."""
Path: TypeAlias = tuple[Parameter, ...]
"""The same, or the beginning of it, with the most common first."""

NOTHING = "NoCapabilities"


@dataclass(frozen=True)
class SharedClass:
    """A class that has `adds` beside what `base` has."""

    name: str
    base: str
    adds: Path


def shared_classes(sets: Iterable[Set]) -> tuple[list[SharedClass], dict[Set, str]]:
    """The classes, bases first, and the name of the one that has exactly what a set says."""
    sets = list(dict.fromkeys(sets))
    count = Counter(capability for one in sets for capability in one)
    paths = {one: tuple(sorted(one, key=lambda c: (-count[c], c.name, c.type))) for one in sets}
    ends = set(paths.values())
    names: dict[Path, str] = {(): NOTHING}
    classes: list[SharedClass] = []
    for path in sorted(_forks(ends) | ends - {()}, key=lambda path: [(c.name, c.type) for c in path]):
        base = next(path[:end] for end in range(len(path) - 1, -1, -1) if path[:end] in names)
        names[path] = f"Shared{len(classes) + 1}"
        classes.append(SharedClass(names[path], names[base], path[len(base) :]))
    return classes, {one: names[path] for one, path in paths.items()}


def _forks(paths: set[Path]) -> set[Path]:
    """Beginnings after which paths part."""
    following: dict[Path, set[Parameter]] = {}
    for path in paths:
        for end, capability in enumerate(path):
            following.setdefault(path[:end], set()).add(capability)
    return {start for start, nexts in following.items() if start and len(nexts) > 1}
