"""One system on one wire format, in a process of its own: does what it is told, and says what that cost.

    python worker.py FILE WIRE URL

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

from cases import AT_ONCE, CASES


def load(file: str) -> Any:
    """The module in a file, under a name that cannot stand before the library of the same name."""
    spec = importlib.util.spec_from_file_location(f"measured_{Path(file).stem}", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def work(system: Any, name: str, times: int, loop: asyncio.AbstractEventLoop) -> Any:
    """Does the work of a case `times` times; gives the last answer."""
    case = CASES[name]
    answer: Any = None
    for _ in range(times):
        if case.kind == "async":
            answers = loop.run_until_complete(system.at_once(case, AT_ONCE))
            answer = answers[-1] if all(one == answers[-1] for one in answers) else "answers that differ"
        else:
            answer = getattr(system, case.kind)(case)
    return answer


def main() -> None:
    file, wire, url = sys.argv[1:]
    out = sys.stdout
    sys.stdout = sys.stderr  # Some libraries print.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    system: Any = None
    for line in sys.stdin:
        order = json.loads(line)
        try:
            system = system or load(file).System(wire, url)
            if not order["times"]:
                told: Any = {"answer": work(system, order["case"], 1, loop)}
            else:
                wall, cpu = time.perf_counter(), time.process_time()
                work(system, order["case"], order["times"], loop)
                told = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        except Exception as error:  # Whatever it is, it is told, and the others go on.
            told = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(told) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
