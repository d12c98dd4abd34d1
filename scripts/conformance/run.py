"""Every recorded exchange through a loopback server into our `Response`, over HTTP and the SDKs: `just conformance`.

Prints a table provider x feature of what held, and why anything was left out. What held is decided by a second reading
of the recorded JSON (`conformance_readings`), which knows nothing of our decoders. Ends with 1 when anything failed.

    just conformance                     # all, over pyreqwest if it is installed
    just conformance --http httpx2       # over httpx2
    just conformance --only anthropic    # cases whose name contains this
"""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, get_args

from capably.http.libraries import Library
from conformance.bench import Bench
from conformance.cases import CORPUS, Skipped, exchanges
from conformance.checks import Result, check

FEATURES = (
    "error",
    "text",
    "thoughts",
    "tool calls",
    "citations",
    "usage",
    "finish",
    "whole",
    "raw",
    "added up",
    "stream=call",
    "text_stream",
    "streams",
    "chunking",
    "replay",
    "elsewhere",
    "kept",
    "async",
    "valid",
    "encode",
    "door",
    "sdk",
)
"""
error: a failed answer raises the right class · text .. finish: as the second reading has them · whole: no piece of content
is missing · raw: the SDK's own object can be built · added up: the SDK's own accumulator makes of a stream what the second
reading does · stream=call: a stream gives what `call` gives for the body that it
adds up to · text_stream: its pieces join to `text()` · streams: each part's own stream gives that part · chunking: bytes cut anywhere give the same · replay: the next request
holds the answer's JSON as it came · elsewhere: the other three formats take the conversation, as their SDKs' types have it,
or refuse a part by name · kept: JSON and back gives the same · async: the asynchronous form gives the same (every seventh exchange)
· valid: all that we sent is as the SDK's own types of parameters have it, extra keys forbidden (the answers in it aside)
· encode: the recorded request, said in our API, is encoded to the same JSON (where our API has words for it, and it was
answered) · door: `Model.call` or `stream`, and its asynchronous twin, give the same (every third exchange of the vendors)
· sdk: a client of the vendor's SDK (`client=`) sends the same body to the same path, and gives the same answer or error
"""


class Run(NamedTuple):
    """What was checked, the exchanges that were left out, the requests that our API has no words for, and the streams that no
    SDK's accumulator reads."""

    results: list[Result]
    skipped: list[Skipped]
    unsaid: list[Skipped]
    unread: list[Skipped]


def run(only: str = "", http: Library = "auto") -> Run:
    """Run all checks of all exchanges whose name contains `only`, over an HTTP library."""
    results: list[Result] = []
    skipped: list[Skipped] = []
    with Bench(http) as bench, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place, exchange in enumerate(exchanges(only)):
            if isinstance(exchange, Skipped):
                skipped.append(exchange)
            else:
                results += check(bench, exchange, place)
        return Run(results, skipped, bench.unsaid, bench.unread)


def table(results: list[Result]) -> str:
    """Format providers by features: `passed`, or `passed/failed` if any failed; `.` without a recording."""
    passed = Counter((r.provider, r.feature) for r in results if not r.problem)
    failed = Counter((r.provider, r.feature) for r in results if r.problem)
    names = sorted({r.provider for r in results})
    rows = [["provider", "exchanges", *FEATURES]]
    for name in [*names, "all"]:
        ours = names if name == "all" else [name]
        count = len({r.name for r in results if r.provider in ours})
        row = [name, str(count)]
        for feature in FEATURES:
            good, bad = (sum(c[n, feature] for n in ours) for c in (passed, failed))
            row.append(f"{good}/{bad}" if bad else str(good or "."))
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def report(run_results: Run) -> str:
    """Format the table, what was left out and why, and every failure."""
    results, skipped, unsaid, unread = run_results
    lines = [table(results), "", f"{len(skipped)} exchanges left out:", *_reasons(skipped)]
    same = sum(1 for r in results if r.feature == "encode" and not r.problem)
    lines += ["", f"{same} recorded requests equal ours; our API has no words for {len(unsaid)}:", *_reasons(unsaid)]
    read = sum(1 for r in results if r.feature == "added up")
    lines += [
        "",
        f"{read} streams were added up by an SDK's accumulator too; {len(unread)} by none:",
        *_reasons(unread),
    ]
    bad = [r for r in results if r.problem]
    lines += ["", f"{len(results) - len(bad)} passed, {len(bad)} failed"]
    lines += [f"  {r.name} [{r.feature}] {r.problem}" for r in bad]
    return "\n".join(lines)


def _reasons(left_out: list[Skipped]) -> Iterator[str]:
    reasons = Counter((s.reason, s.provider) for s in left_out)
    for reason in sorted({reason for reason, _ in reasons}):
        where = ", ".join(f"{name} {n}" for (why, name), n in sorted(reasons.items()) if why == reason)
        yield f"  {reason}: {where}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Hold our adapters against recorded traffic.")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--http", default="auto", choices=get_args(Library), help="the HTTP library that sends")
    options = parser.parse_args()
    if not CORPUS.is_dir():
        print(f"skipped: there are no recorded conversations at {CORPUS} (set CAPABLY_CORPUS)")
        return 0
    start = time.monotonic()
    results = run(options.only, options.http)
    print(report(results))
    print(f"{time.monotonic() - start:.0f} s")
    return 1 if any(r.problem for r in results.results) else 0
