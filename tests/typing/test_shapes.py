"""Programs in the shapes that people write: pyright rejects every misuse and nothing else, and run time agrees."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.shapes import Shape, check_shapes, read_shapes, run_shape

SHAPES = read_shapes()


def test_there_are_as_many_programs_as_were_promised() -> None:
    kinds = [shape.kind for shape in SHAPES]
    assert kinds.count("valid") >= 60
    assert kinds.count("misuse") >= 60
    assert all(bool(shape.lines("error", "run time")) is (shape.kind == "misuse") for shape in SHAPES)


@pytest.mark.xdist_group("shapes")
@pytest.mark.parametrize("mode", ["pyright", "pyright:strict"])
def test_pyright_rejects_every_misuse_and_nothing_else(mode: str, tmp_path: Path) -> None:
    shapes = [shape for shape in SHAPES if mode == "pyright" or shape.kind != "misuse"]
    counts, wrong = check_shapes(shapes, mode, sys.executable, tmp_path)
    assert list(map(str, wrong)) == []
    assert counts["excepted"] == 0


@pytest.mark.parametrize("shape", [pytest.param(shape, id=shape.name) for shape in SHAPES])
def test_valid_programs_run_and_misuse_is_refused_before_anything_is_sent(shape: Shape) -> None:
    assert run_shape(shape) is None
