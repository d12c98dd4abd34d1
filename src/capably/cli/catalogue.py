"""`capably models` and `capably show`: the registry, read aloud."""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from capably.calls.select_models import models, price
from capably.cli.coverage import coverage
from capably.cli.differences import print_differences
from capably.cli.provenance import provenance_lines, provenance_of
from capably.cli.words import in_words
from capably.modalities import SELECTORS as MODALITIES
from capably.parameters import FEATURES, PARAMETERS, SELECTORS
from capably.registry.identify import find_model
from capably.registry.lookup import rules_for
from capably.types.facts import ModelInfo

_NUMBERS = {"min_context": int, "min_output": int, "max_input_price": float, "max_output_price": float}


def add_models(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    parser = add_parser("models", help="list models, filtered by what they can do", description=inspect.getdoc(models))
    for name in (*SELECTORS, *MODALITIES):
        parser.add_argument(f"--{name.replace('_', '-')}", action=argparse.BooleanOptionalAction, default=None)
    parser.add_argument("--provider", metavar="NAME")
    parser.add_argument("--reasoning", nargs="?", const=True, metavar="LEVEL", help="it reasons, or takes this level")
    for name, kind in _NUMBERS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar="N")
    parser.add_argument("--json", action="store_true", help="every fact of every listed model, unknown as null")
    parser.add_argument("--no-deprecated", action="store_true", help="leave out models that have an end")
    parser.add_argument(
        "--coverage", action="store_true", help="of each fact, for how many of these models it is known"
    )
    parser.add_argument(
        "--diff", nargs=2, metavar=("OLD", "NEW"), help="what changed between two registries, as release notes"
    )
    parser.set_defaults(run=_models)


def add_show(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    parser = add_parser("show", help="one model: what it takes, and who says so")
    parser.add_argument("id", metavar="ID", help="for example anthropic/claude-sonnet-5-5")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=_show)


def _models(options: argparse.Namespace) -> int:
    if options.diff:
        return print_differences(*options.diff)
    names = (*SELECTORS, *MODALITIES, *_NUMBERS, "provider", "reasoning")
    wanted: dict[str, object] = {name: getattr(options, name) for name in names}
    try:
        selected = models(deprecated=not options.no_deprecated, **wanted)
    except ValueError as error:
        print(f"capably: {error}", file=sys.stderr)
        return 2
    if options.coverage:
        for row in _table(coverage(sorted(selected, key=lambda info: info.id))):
            print(row)
        return 0 if selected else 1
    if options.json:
        _print_json([info.to_json() for info in sorted(selected, key=lambda info: info.id)])
        return 0
    for row in _table([_HEADER, *map(_row, selected)]):
        print(row)
    print(
        f"{len(selected)} models; prices are US dollars per million tokens. `capably show ID` tells everything about one."
    )
    return 0 if selected else 1


def _show(options: argparse.Namespace) -> int:
    info = find_model(options.id)
    if options.json:
        _print_json({**info.to_json(), "provenance": provenance_of(info)})
        return 0
    print(f"{info.id}  ({info.name}, {info.status})")
    for name, value in _facts(info):
        print(f"  {name:<20} {value}")
    for line in (*_parameters(info), *provenance_lines(info)):
        print(line)
    return 0


def _parameters(info: ModelInfo) -> Iterator[str]:
    """List each parameter, what it is, and whether a call to this model at its default endpoint takes it."""
    if info.facts is None:
        return
    rules = rules_for(info, info.endpoint)
    yield from ("", f"parameters at {info.endpoint}")
    for name in FEATURES:
        rule = rules[name]
        taken = " ".join(rule.values) if rule.values and not rule.refused else rule.when.replace("_", " ")
        yield f"  {name:<16} {taken:<36} {PARAMETERS[name].doc.partition('. ')[0].removesuffix('.')}."


def _print_json(value: object) -> None:
    json.dump(value, sys.stdout, indent=2)
    print()


_HEADER = ("id", "in $", "out $", "context", "output", "reads", "reasoning", "temperature", "tools", "format")


def _row(info: ModelInfo) -> tuple[str, ...]:
    facts = info.to_json()
    tools, reasoning, sampling = facts["tools"], facts["reasoning"], facts["sampling"]
    off = reasoning["supported"] and reasoning["always_on"] is False
    efforts = ("off " if off else "") + " ".join(reasoning["efforts"] or ())
    return (
        info.id,
        _number(price(info, "input")),
        _number(price(info, "output")),
        _size(info.limits["context"] or info.limits["input"]),
        _size(info.limits["output"]),
        " ".join(facts["input"] or ("?",)),
        efforts.strip() or {True: "yes", False: "no", None: "?"}[reasoning["supported"]],
        sampling["temperature"] or "?",
        {True: "yes", False: "no", None: "?"}[tools["supported"]],
        facts["structured_output"] or "?",
    )


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _size(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens:,}"


def _facts(info: ModelInfo) -> Iterator[tuple[str, str]]:
    """Yield name and value, one fact per line; an unknown value is shown as such."""
    facts = info.to_json()
    for name in ("profile", "input", "output", "system", "prefill", "structured_output", "verbosity", "builtin_tools"):
        yield name.replace("_", " "), _fact_in_words(facts[name])
    groups = {name: facts[name] for name in ("tools", "reasoning", "sampling", "cache", "limits")}
    groups["sampling"] = {**facts["sampling"], "exclusive": facts["sampling"]["exclusive"] or None}
    for group, values in groups.items():
        yield group, _fact_in_words(values, unverified=_UNVERIFIED[group]) or "unknown"
    for endpoint, rules in (facts["endpoints"] or {}).items():
        yield "endpoint", f"{endpoint}: {_fact_in_words(rules, unverified=('tools', 'stop', 'seed', 'logprobs'))}"
    for entry in info.prices:
        span = " ".join(f"{word} {entry[key]}" for word, key in (("from", "start"), ("until", "until")) if entry[key])
        rates = {k: v for k, v in entry.items() if k not in ("start", "until")}
        yield "price", f"{_fact_in_words(rates)}{f' ({span})' if span else ''}"
    yield "dates", _fact_in_words(facts["dates"]) or "unknown"
    yield "successor", facts["replacement"] or "none named"
    yield "facts checked", f"{facts['verified']} ({info.file}:{info.line})" if info.verified else "never"
    for source in facts["sources"]:
        yield "source", source


_UNVERIFIED: Mapping[str, tuple[str, ...]] = {
    "tools": ("forced", "parallel", "strict", "with_structured_output", "with_builtin"),
    "reasoning": ("efforts", "off", "visible"),
    "sampling": ("temperature", "top_p", "top_k"),
    "cache": ("automatic", "breakpoints"),
    "limits": (),
}
"""Group -> the facts in it that are unverified when they are `None`; any other `None` there means absent."""


def _fact_in_words(value: object, *, unverified: tuple[str, ...] = ()) -> str:
    if value is None:
        return "unverified"
    if isinstance(value, Mapping):
        facts = cast(Mapping[str, object], value)
        if facts.get("supported", True) is not True:
            return _fact_in_words(facts["supported"])
        shown = ((k, v) for k, v in facts.items() if v not in (None, []) or (v is None and k in unverified))
        return ", ".join(f"{key} {_fact_in_words(inner)}" for key, inner in shown)
    if isinstance(value, (list, tuple)):
        return " ".join(map(_fact_in_words, cast(list[object], value))) or "none"
    return in_words(value)
