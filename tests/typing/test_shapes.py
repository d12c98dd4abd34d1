"""Programs in the shapes that people write: pyright rejects every misuse and nothing else, and run time agrees."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.shapes import Shape, check_shapes, read_shapes, run_shape

SHAPES = read_shapes()
STRICT = "\n# pyright: strict\n# pyright: reportDeprecated=false\n"


def test_there_are_as_many_programs_as_were_promised() -> None:
    kinds = [shape.kind for shape in SHAPES]
    assert kinds.count("valid") >= 115
    assert kinds.count("misuse") >= 120
    assert all(bool(shape.lines("error", "run time")) is (shape.kind == "misuse") for shape in SHAPES)


def test_pyright_rejects_every_misuse_and_nothing_else(tmp_path: Path) -> None:
    """Programs that are fine are checked in strict mode, which reports all that the standard mode does."""
    shapes = [shape if shape.kind == "misuse" else shape._replace(text=shape.text + STRICT) for shape in SHAPES]
    counts, wrong = check_shapes(shapes, "pyright", sys.executable, tmp_path)
    assert list(map(str, wrong)) == []
    assert counts["excepted"] == 0


@pytest.mark.parametrize("shape", [pytest.param(shape, id=shape.name) for shape in SHAPES])
def test_valid_programs_run_and_misuse_is_refused_before_anything_is_sent(shape: Shape) -> None:
    assert run_shape(shape) is None
