"""How much is tried: samples in `just test`, all that they are drawn from in `just test-all`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from typing import Any

EVERYTHING = os.environ.get("CAPABLY_TESTS") == "all"


def pairwise(*axes: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return rows of one value of each axis, in which every two values of different axes meet at least once.

    `just test-all` gets every combination.
    """
    values = [list(axis) for axis in axes]
    rows = list(itertools.product(*(range(len(axis)) for axis in values)))
    chosen = rows if EVERYTHING else _covering(rows)
    return [tuple(axis[place] for axis, place in zip(values, row, strict=True)) for row in chosen]


def _covering(rows: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The first row that has the most pairs that no row before had, until none is left."""
    pairs = {row: _pairs(row) for row in rows}
    left = set[Any]().union(*pairs.values())
    chosen: list[tuple[int, ...]] = []
    while left:
        chosen.append(max(rows, key=lambda row: len(left & pairs[row])))
        left -= pairs[chosen[-1]]
    return sorted(chosen)


def _pairs(row: tuple[int, ...]) -> set[Any]:
    return set(itertools.combinations(enumerate(row), 2))
