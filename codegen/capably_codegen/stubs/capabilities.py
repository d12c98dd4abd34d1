"""Classes of capabilities: what several profiles have is written once, and every class adds to one other.

A type checker reads the capabilities of every profile of a provider whose model is named, and those of all profiles to find
the type of `llm.Model("provider/id")`, so there are few classes, and those are short.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from capably_codegen.stubs.signatures import Method

Set: TypeAlias = tuple[Method, ...]
"""Everything that a profile has."""
Path: TypeAlias = tuple[Method, ...]
"""The same, or the beginning of it, with the most common first."""

NOTHING = "NoCapabilities"


@dataclass(frozen=True)
class CapabilityClass:
    """A class that has `adds` beside what `base` has."""

    name: str
    base: str
    adds: Path


def capability_classes(sets: Mapping[str, Set]) -> Iterator[CapabilityClass]:
    """Yield a class per name with exactly the capabilities of its set, after the base classes that they share."""
    count = Counter(capability for one in sets.values() for capability in one)
    paths = {name: tuple(sorted(one, key=lambda c: (-count[c], c.name, c.type))) for name, one in sets.items()}
    names: dict[Path, str] = {(): NOTHING}
    for path in sorted(_shared(paths.values()), key=lambda path: [(c.name, c.type) for c in path]):
        name = f"Shared{len(names)}"
        yield _class(name, path, names)
        names[path] = name
    for name, path in paths.items():
        yield _class(name, path, names)


def _class(name: str, path: Path, bases: Mapping[Path, str]) -> CapabilityClass:
    """Build the class that adds to the class with most of its capabilities."""
    shared = next(path[:end] for end in range(len(path), -1, -1) if path[:end] in bases)
    return CapabilityClass(name, bases[shared], path[len(shared) :])


def _shared(paths: Collection[Path]) -> set[Path]:
    """Return the paths that are shared: complete in two sets, complete in one and a prefix in others, or a fork of
    several."""
    following: dict[Path, set[Method | None]] = {}
    ends = Counter(paths)
    for path in ends:
        for start, then in _steps(path):
            following.setdefault(start, set()).add(then)
    return {start for start, nexts in following.items() if start and (len(nexts) > 1 or ends[start] > 1)}


def _steps(path: Path) -> Iterable[tuple[Path, Method | None]]:
    """Yield each prefix of a path with the element that follows it; `None` after the complete path."""
    return ((path[:end], path[end] if end < len(path) else None) for end in range(len(path) + 1))
