"""A registry that was read and checked, with the place of each entry in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from capably_codegen.registry.problems import Key
from capably_codegen.registry.schema import Registry


@dataclass(frozen=True)
class Source:
    """A registry that holds together, and the line on which each profile and model stands."""

    path: str
    registry: Registry
    lines: Mapping[Key, int]
