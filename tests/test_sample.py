"""Samples of combinations: small, the same in every process, and without a hole between any two axes."""

from __future__ import annotations

import itertools

import pytest
from support import sample

AXES = (("a", "b", "c", "d"), (1, 2), ("", "sdk"), ("x", "y", "z"))
EVERY = list(itertools.product(*AXES))


def test_every_two_values_of_different_axes_meet_in_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "EVERYTHING", False)
    rows = sample.pairwise(*AXES)
    for one, other in itertools.combinations(range(len(AXES)), 2):
        assert {(row[one], row[other]) for row in rows} == set(itertools.product(AXES[one], AXES[other]))
    assert len(rows) < len(EVERY) / 2
    assert rows == sample.pairwise(*AXES)


def test_everything_is_every_combination(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "EVERYTHING", True)
    assert sample.pairwise(*AXES) == EVERY
