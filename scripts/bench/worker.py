"""One system on one wire format, in a process of its own: does what it is told, and says what that cost.

    python worker.py FILE WIRE URL TLS_URL

Reads commands as lines of JSON, `{"case": "small", "times": 40}`, and answers with lines of JSON, `{"cpu": 0.05,
"wall": 0.06}` (seconds for all of them), `{"answer": ...}` for `"times": 0`, or `{"error": ...}`. Standard library only:
it runs in the environments of other libraries too.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
import time
from pathlib import Path
from typing import Any

from cases import AT_ONCE, CASES, Answer


def load(file: str) -> Any:
    """Load the module in a file, under a name that cannot shadow the library of the same name."""
    spec = importlib.util.spec_from_file_location(f"measured_{Path(file).stem}", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Spent:
    """Seconds of CPU, and on the wall, in the `with` blocks of this object."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0

    def __enter__(self) -> None:
        self.wall -= time.perf_counter()
        self.cpu -= time.process_time()

    def __exit__(self, *_: object) -> None:
        self.cpu += time.process_time()
        self.wall += time.perf_counter()


def work(system: Any, name: str, times: int, loop: asyncio.AbstractEventLoop) -> tuple[Any, Spent]:
    """Do the work of a case `times` times; return the last answer and the total cost."""
    case, spent = CASES[name], Spent()
    answer: Any = None
    if case.kind == "first":
        for _ in range(times):
            with spent:
                pieces = pieces_of(system, case)
                first = next(pieces)
            answer = Answer(first + "".join(pieces))
        return answer, spent
    with spent:
        for _ in range(times):
            if case.kind == "async":
                answers = loop.run_until_complete(system.at_once(case, AT_ONCE))
                answer = answers[-1] if all(one == answers[-1] for one in answers) else "answers that differ"
            else:
                answer = getattr(system, case.kind)(case)
    return answer, spent


def pieces_of(system: Any, case: Any) -> Any:
    """Return the text of a stream piece by piece, for systems that report it."""
    if not hasattr(system, "pieces"):
        raise NotImplementedError
    return system.pieces(case)


def main() -> None:
    file, wire, *urls = sys.argv[1:]
    out = sys.stdout
    sys.stdout = sys.stderr  # Some libraries print.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    system: Any = None
    tls = False
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if system is None or CASES[order["case"]].tls != tls:
                tls = CASES[order["case"]].tls
                system = load(file).System(wire, urls[tls])
            answer, spent = work(system, order["case"], order["times"] or 1, loop)
            outcome: Any = {"cpu": spent.cpu, "wall": spent.wall} if order["times"] else {"answer": answer}
        except Exception as error:  # Whatever it is, it is told, and the others go on.
            outcome = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(outcome) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
