"""`capably check PATH...`: models that a code base names and that are unknown, retired or about to end. For CI."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from capably.cli.find_models_in_code import IGNORE, Mention, mentions_in
from capably.cli.source_files import SourceFile, Unread, read_files
from capably.registry.identify import identify


class Finding(NamedTuple):
    """One mention that needs attention."""

    mention: Mention
    kind: str
    """`unknown`, `retired`, `not_chat`, `ended`, `ending` or `deprecated` (it will end, no day is known or it is far)."""
    what: str
    ends: str | None = None
    use: str | None = None

    @property
    def fails(self) -> bool:
        """Return whether a build should stop for it."""
        return self.kind != "deprecated"


def add_check(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    parser = add_parser(
        "check",
        help="unknown, retired and ending models that a code base names",
        description="Reads source files without running them. Exits with 1 if a model is unknown, retired, or ends within "
        f"--within days; a comment `{IGNORE}` on the line takes it out.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--within", type=_days, default=60, metavar="DAYS", help="an end this near fails (default: 60)")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=_check)


def _days(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days")
    return int(text)


def _check(options: argparse.Namespace) -> int:
    files, unread = read_files(options.paths)
    results = list(findings(files, datetime.date.today(), options.within))
    print_unread(files, unread)
    if options.json:
        print(json.dumps([_plain(finding) for finding in results], indent=2))
    else:
        for finding in results:
            use = f" Its successor is {finding.use}." if finding.use else ""
            print(f"{finding.mention}: {finding.mention.text} {finding.what}.{use}")
        bad = sum(finding.fails for finding in results)
        read = f"{counted(len(files), 'file')} read"
        print(
            f"{read}; {counted(len(results), 'mention')} to look at, {bad} to fail for"
            if results
            else f"{read}; nothing to report"
        )
    return 1 if any(finding.fails for finding in results) else 0


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 file`, `2 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def findings(files: Iterable[SourceFile], day: datetime.date, within: int) -> Iterator[Finding]:
    """Yield a finding for every mention in these files that needs attention, file by file."""
    for file in files:
        for mention in mentions_in(file):
            finding = _finding(mention, day, within)
            if finding:
                yield finding


def print_unread(files: Iterable[SourceFile], unread: Iterable[Unread]) -> None:
    """Print to standard error the files that were not read, and Python that was searched as plain text."""
    for path, why in unread:
        print(f"{path}: not read: {why}", file=sys.stderr)
    for file in files:
        if file.problem:
            print(f"{file.path}: searched as plain text: {file.problem}", file=sys.stderr)


def _finding(mention: Mention, day: datetime.date, within: int) -> Finding | None:
    identity = identify(mention.id)
    if not mention.listed:
        near = f" (nearest: {', '.join(identity.nearest)})" if identity.nearest else ""
        return Finding(mention, "unknown", identity.problem + near)
    if identity.status == "not_chat" and not (mention.text == mention.id and mention.file.suffix == ".py"):
        return None  # Named by its bare id it may well be used for what it is.
    if identity.status in ("retired", "not_chat"):
        return Finding(mention, identity.status, identity.problem, identity.ended, identity.replacement)
    info = identity.info
    end = info.dates["retires"] if info else None
    if info is None or (end is None and info.status != "deprecated"):
        return None
    if end is None:
        return Finding(mention, "deprecated", "is deprecated; no day of its end is known", None, info.replacement)
    left = (datetime.date.fromisoformat(end) - day).days
    kind = "ended" if left < 0 else "ending" if left <= within else "deprecated"
    return Finding(
        mention, kind, f"ended on {end}" if left < 0 else f"ends on {end}, in {left} days", end, info.replacement
    )


def _plain(finding: Finding) -> dict[str, object]:
    mention = finding.mention
    return {
        "file": str(mention.file),
        "line": mention.line,
        "column": mention.column + 1,
        "text": mention.text,
        "id": mention.id if mention.listed else None,
        "kind": finding.kind,
        "fails": finding.fails,
        "what": finding.what,
        "ends": finding.ends,
        "replacement": finding.use,
    }
