"""What a call costs: the vendors' SDKs, capably and its peers, on the same work, one after the other in random order.

    just bench                                   # ours, over both HTTP libraries, against the SDKs
    just bench --systems ours,plain_httpx2       # and a library alone (plain_pyreqwest, raw: the SDK's client alone)
    just bench --peers                           # and the peers (installs each into an environment of its own)
    just bench --wires google --cases small,history --rounds 20
    just bench --json result.json                # every number
    just bench --keep                            # keeps the result as the one to compare with

CPU time is what counts: on loopback the clock on the wall measures the machine. In each round every system does every
piece of work, in an order that is drawn anew; what is shown is the ratio to the SDK's within the round, the median over
all rounds, and the middle half of them. Before anything is measured, every system must read the same text, tool calls
and usage out of the reply.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from cases import CASES, WIRES
from certificate import write_certificate
from environments import python_for

HERE = Path(__file__).resolve().parent

BASELINE_FILE = HERE / "kept.json"
BASE = "sdk"
"""The system that the others are measured against."""

OURS = ("ours", "fast")
"""capably over httpx2, and over pyreqwest."""

PLAIN = ("raw", "plain_httpx2", "plain_pyreqwest")
"""The SDKs' clients alone, and the HTTP libraries alone: marks to measure ourselves against."""

SLOWER = 0.05
"""Ratios that differ by less than this share, or whose middle halves overlap, are taken for equal."""

Ratios: TypeAlias = dict[str, dict[str, dict[str, list[float]]]]
"""Wire -> case -> system -> CPU seconds of each round."""


class Served(NamedTuple):
    """Where the server is, and the certificate to trust."""

    url: str
    tls_url: str
    certificate: str


class Worker:
    """A system on a wire format, in a process of its own."""

    def __init__(self, file: Path, wire: str, served: Served) -> None:
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}
        environment["SSL_CERT_FILE"] = served.certificate
        command = [python_for(file), str(HERE / "worker.py"), str(file), wire, served.url, served.tls_url]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def ask(self, case: str, times: int) -> dict[str, Any]:
        """Order work and wait for its cost."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"case": case, "times": times}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        return json.loads(line) if line else {"error": "the process died"}

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def serving() -> Generator[Served]:
    """Run the server in its own process and return its addresses."""
    with tempfile.TemporaryDirectory() as folder:
        certificate = str(write_certificate(Path(folder, "both.pem")))
        command = [sys.executable, str(HERE / "server.py"), certificate]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdin and server.stdout
        try:
            url, tls_url = server.stdout.readline().split()
            yield Served(url, tls_url, certificate)
        finally:
            server.stdin.close()
            server.wait()


def systems(names: Sequence[str]) -> dict[str, Path]:
    """Return the files of the systems with these names."""
    files = {name: HERE / f"{name}.py" for name in (BASE, *OURS, *PLAIN)}
    files.update((file.stem, file) for file in sorted((HERE / "peers").glob("*.py")))
    return {name: files[name] for name in dict.fromkeys((BASE, *names))}


def measure(
    wire: str, files: dict[str, Path], cases: Sequence[str], rounds: int, budget: float, served: Served
) -> dict[str, Any]:
    """Map case and system to CPU seconds of one call per round. Systems with wrong answers are printed and left out."""
    times: dict[str, dict[str, list[float]]] = {}
    with ExitStack() as open_workers:
        workers = {name: Worker(file, wire, served) for name, file in files.items()}
        for worker in workers.values():
            open_workers.callback(worker.close)
        for case in cases:
            able = [name for name, worker in workers.items() if _answers(worker, name, wire, case)]
            if BASE in able:
                times[case] = _rounds({name: workers[name] for name in able}, case, rounds, budget)
    return times


def _answers(worker: Worker, name: str, wire: str, case: str) -> bool:
    """Return whether the system reads the reply correctly. A case that it does not have is left out silently."""
    answer = worker.ask(case, 0)
    expected = json.loads(json.dumps(CASES[case].answer))
    if answer.get("answer") == expected:
        return True
    if "NotImplementedError" not in answer.get("error", ""):
        print(f"{name} on {wire}, {case}: {str(answer)[:200]} instead of {str(expected)[:80]}", file=sys.stderr)
    return False


def _rounds(workers: dict[str, Worker], case: str, rounds: int, budget: float) -> dict[str, list[float]]:
    for worker in workers.values():
        worker.ask(case, 2)
    times = max(1, min(200, round(budget / max(1e-4, workers[BASE].ask(case, 2)["cpu"] / 2))))
    order, took = list(workers), {name: list[float]() for name in workers}
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            took[name].append(workers[name].ask(case, times)["cpu"] / times)
    return took


def ratio(took: dict[str, list[float]], name: str) -> dict[str, float]:
    """Return the median ratio to the SDK, the middle half, and microseconds of CPU of one system in one case."""
    ratios = sorted(own / base for own, base in zip(took[name], took[BASE], strict=True))
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return {
        "ratio": round(middle, 3),
        "low": round(low, 3),
        "high": round(high, 3),
        "us": round(1e6 * statistics.median(took[name]), 1),
    }


def table(result: dict[str, Any]) -> str:
    """Format the ratios of every system, case by case, for all wire formats."""
    names = sorted({name for cases in result.values() for case in cases.values() for name in case} - {BASE})
    names.sort(key=lambda name: [*OURS, *PLAIN, name].index(name))
    lines: list[str] = []
    for wire, cases in result.items():
        lines.append(f"\n{wire:34}{'SDK, us':>10}" + "".join(f"{name:>24}" for name in names))
        for case, ratios in cases.items():
            cells = (_cell(ratios.get(name)) for name in names)
            lines.append(
                f"{CASES[case].title:34}{ratios[BASE]['us']:>10,.0f}" + "".join(f"{cell:>24}" for cell in cells)
            )
    return "\n".join(lines)


def _cell(cost: dict[str, float] | None) -> str:
    return f"{cost['ratio']:.2f} ({cost['low']:.2f}-{cost['high']:.2f})" if cost else "-"


def markdown(result: dict[str, Any]) -> str:
    """Return our column and the best and worst of the peers, for BENCHMARKS.md."""
    lines = [f"| work | {' | '.join(result)} |", f"|---|{'---|' * len(result)}"]
    for case in dict.fromkeys(case for cases in result.values() for case in cases):
        cells = (_summary(cases.get(case, {})) for cases in result.values())
        lines.append(f"| {CASES[case].title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _summary(ratios: dict[str, dict[str, float]]) -> str:
    others = sorted(numbers["ratio"] for name, numbers in ratios.items() if name not in (BASE, *OURS, *PLAIN))
    cells = [
        f"**{ratios[name]['ratio']:.2f}** ({ratios[name]['low']:.2f}-{ratios[name]['high']:.2f})"
        for name in OURS
        if name in ratios
    ]
    ours = " / ".join(cells) or "-"
    return f"{ours}; {others[0]:.2f} to {others[-1]:.2f}" if others else ours


def over(baseline: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """Return the baseline with the new measurements in it, in the order of the cases."""
    wires = list(dict.fromkeys([*baseline, *result]))
    both = {wire: (baseline.get(wire, {}), result.get(wire, {})) for wire in wires}
    return {
        wire: {case: {**old.get(case, {}), **new.get(case, {})} for case in CASES if case in old or case in new}
        for wire, (old, new) in both.items()
    }


def slower(result: dict[str, Any], baseline: dict[str, Any]) -> list[str]:
    """Return what costs more than in the baseline, beyond the spread of both."""
    lines: list[str] = []
    for wire, cases in result.items():
        for case, ratios in cases.items():
            for name in OURS:
                before, now = baseline.get(wire, {}).get(case, {}).get(name), ratios.get(name)
                if before and now and now["low"] > before["high"] and now["ratio"] > before["ratio"] * (1 + SLOWER):
                    change = f"{before['ratio']:.2f} -> {now['ratio']:.2f} of the SDK"
                    lines.append(f"{wire}, {CASES[case].title}, {name}: {change}")
    return lines


def about() -> dict[str, Any]:
    """Describe the machine and the versions that a result belongs to."""
    packages = ("anthropic", "openai", "google-genai", "httpx2", "msgspec", "pyreqwest", "capably")
    versions: dict[str, str] = {}
    for package in packages:
        try:
            versions[package] = version(package)
        except ImportError:
            versions[package] = "-"
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "python": platform.python_version(),
        "versions": versions,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wires", default=",".join(WIRES), help="with commas")
    parser.add_argument("--cases", default=",".join(CASES), help="with commas")
    parser.add_argument("--systems", default=",".join(OURS), help="with commas; files of this folder and of peers/")
    parser.add_argument("--peers", action="store_true", help="all of peers/ too")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument(
        "--budget", type=float, default=0.12, help="CPU seconds that the SDK shall take for a case in a round"
    )
    parser.add_argument("--json", type=Path, help="writes every number into this file")
    parser.add_argument(
        "--markdown",
        action="store_true",
        help="prints the table of BENCHMARKS.md as well, with the kept numbers of what was not measured now",
    )
    parser.add_argument("--keep", action="store_true", help=f"keeps the result in {BASELINE_FILE.name}")
    options = parser.parse_args()
    names = options.systems.split(",")
    if options.peers:
        names += sorted(file.stem for file in (HERE / "peers").glob("*.py"))
    files, cases = systems(names), options.cases.split(",")
    result: dict[str, Any] = {}
    with serving() as served:
        for wire in options.wires.split(","):
            times = measure(wire, files, cases, options.rounds, options.budget, served)
            result[wire] = {case: {name: ratio(took, name) for name in took} for case, took in times.items()}
            print(table({wire: result[wire]}), flush=True)
    baseline: dict[str, Any] = json.loads(BASELINE_FILE.read_text(encoding="utf-8")) if BASELINE_FILE.exists() else {}
    if options.markdown:
        print(f"\n{markdown(over(baseline.get('result', {}), result))}")
    worse = slower(result, baseline.get("result", {}))
    if baseline:
        print(
            "\nslower than the kept result:"
            if worse
            else f"\nnothing is slower than the result of {baseline['about']['date']}"
        )
        print("\n".join(worse))
    record = {"about": {**about(), "rounds": options.rounds}, "result": result}
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    if options.keep:
        record["result"] = over(baseline.get("result", {}), result)
        BASELINE_FILE.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
