"""Programs in the shapes that people write, through the five type checkers and run: a table of what each gets wrong.

`tests/support/shapes.py` says how the programs are marked; `just shapes` prints the table. CI does the same for pyright.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from support.checkers import CHECKERS, find_checker
from support.shapes import Disagreement, Shape, check_shapes, read_shapes, run_shape


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="the interpreter whose installed capably is checked")
    parser.add_argument("--checker", action="append", choices=CHECKERS, help="only this one; may be repeated")
    parser.add_argument("--only", default="", help="only programs whose name begins so: agents, agents_03")
    parser.add_argument("--no-run", action="store_true", help="do not run the programs")
    options = parser.parse_args()
    shapes = [shape for shape in read_shapes() if shape.name.startswith(options.only)]
    kinds = [shape.kind for shape in shapes]
    print(f"{kinds.count('valid')} valid programs, {kinds.count('misuse')} misuses, {kinds.count('pending')} pending\n")
    wrong: list[Disagreement] = []
    print(f"{'':13} false rejects  false accepts  excepted  pending that are right")
    for checker in options.checker or CHECKERS:
        wrong += _row(shapes, checker, options.python)
    for shape in shapes:
        for checker, reason in shape.exceptions.items():
            print(f"\n{checker} cannot say {shape.name}, {shape.title}: {reason}", end="")
    print("", *wrong, sep="\n")
    failed = [] if options.no_run else [(shape, message) for shape in shapes if (message := run_shape(shape))]
    for shape, message in failed:
        print(f"run time: {shape.name}, {shape.title}\n    {message}")
    return 1 if wrong or failed else 0


def _row(shapes: list[Shape], checker: str, python: str) -> list[Disagreement]:
    if find_checker(checker) is None:
        print(f"{checker:13} is not installed (uv sync --group checkers)")
        return []
    with tempfile.TemporaryDirectory() as folder:
        counts, wrong = check_shapes(shapes, checker, python, Path(folder))
    rejects = sum(item.kind == "false reject" for item in wrong)
    pending = f"{counts['pending and right']} of {counts['pending']}"
    print(f"{checker:13} {rejects:13}  {len(wrong) - rejects:13}  {counts['excepted']:8}  {pending:>22}", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
