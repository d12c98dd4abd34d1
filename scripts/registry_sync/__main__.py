"""`just registry-sync`: reads the sources and says what has changed; `--apply` writes it.

Exit codes: 0 = nothing waits for a person, 1 = something does (new ids, contested facts), 2 = a source cannot be read
as it should be, and nothing was written.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from capably_codegen.load import load_registry, parse_registry
from capably_codegen.registry.problems import RegistryError
from capably_codegen.registry.verdicts import load_verdicts

from registry_sync.claims import Source, SourceError, lineages
from registry_sync.lock import check_sizes, load_lock, lock_of, lock_text
from registry_sync.patch import patched
from registry_sync.report import report
from registry_sync.sources.probes import FILE, read_probes
from registry_sync.vote import GROUPS, count
from registry_sync.wheels import fetch, read_all

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sync; return the exit code."""
    parser = argparse.ArgumentParser(prog="registry-sync", description=__doc__)
    parser.add_argument("--apply", nargs="?", const=",".join(GROUPS), default="", metavar="GROUPS")
    parser.add_argument("--check", action="store_true", help="write nothing, not even the lock")
    parser.add_argument("--sources", type=Path, metavar="FOLDER", help="wheels that are unpacked already; no download")
    parser.add_argument("--registry", type=Path, default=ROOT / "model_registry.yaml")
    parser.add_argument("--report", type=Path, metavar="FILE", help="where the Markdown goes; unsaid, to the terminal")
    parser.add_argument("--day", type=datetime.date.fromisoformat, default=datetime.date.today())
    options = parser.parse_args(arguments)
    groups = [group for group in options.apply.split(",") if group]
    if unknown := set(groups) - set(GROUPS):
        parser.error(f"--apply knows {', '.join(GROUPS)}, not {', '.join(unknown)}")
    try:
        return sync(options, groups)
    except (SourceError, RegistryError) as error:
        print(f"{error}\nNothing was written.", file=sys.stderr)
        return 2


def sync(options: argparse.Namespace, groups: list[str]) -> int:
    """Run a complete sync; everything is computed before anything is written."""
    registry_file: Path = options.registry
    lock_file, verdicts_file = registry_file.with_name("registry.lock.json"), registry_file.with_name("verdicts.yaml")
    text = registry_file.read_text(encoding="utf-8")
    old = load_registry(registry_file).registry
    verdicts = load_verdicts(verdicts_file, old) if verdicts_file.exists() else []
    lock = load_lock(lock_file)
    sources = [*_sources(options.sources, list(old.models), options.day), *read_probes(registry_file.with_name(FILE))]
    check_sizes(sources, lock)
    claims = lineages(sources)
    probed = {key: seen for source in sources for key, seen in source.days.items()}
    outcome = count(old, verdicts, claims, options.day, probed)
    wanted = [change for change in outcome.changes if not groups or change.group in groups]
    new_text = patched(text, wanted, options.day)
    new = parse_registry(new_text).registry
    if verdicts:
        load_verdicts(verdicts_file, new)
    apply = bool(groups) and not options.check
    outcome_report = report(old, new, apply, sources, outcome, options.day)
    evidence = count(new if apply else old, verdicts, claims, options.day, probed).evidence
    if not options.check:
        lock_file.write_text(lock_text(lock_of(sources, evidence, lock, options.day)), encoding="utf-8")
    if apply and new_text != text:
        registry_file.write_text(new_text, encoding="utf-8")
    if options.report:
        options.report.write_text(outcome_report.text, encoding="utf-8")
    else:
        print(outcome_report.text)
    return 1 if outcome_report.open else 0


def _sources(folder: Path | None, ids: list[str], day: datetime.date) -> list[Source]:
    if folder is not None:
        return read_all(folder, ids, day)
    with tempfile.TemporaryDirectory() as temporary:
        fetch(Path(temporary))
        return read_all(Path(temporary), ids, day)


if __name__ == "__main__":
    sys.exit(main())
