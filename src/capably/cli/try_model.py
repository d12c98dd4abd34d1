"""`capably try MODEL PROMPT`: one call, streamed to the terminal, then what it used and cost."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from typing import Any

from capably.parameters import PARAMETERS
from capably.types.usage import Usage

_WRITABLE = {
    name: parameter
    for name, parameter in PARAMETERS.items()
    if name in ("reasoning", "verbosity", "cache")
    or (parameter.kind is not None and not parameter.routes and parameter.kind.types[0] in (str, int))
}
"""Parameters that can be written on a command line."""


def add_try(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    parser = add_parser("try", help="one call, streamed to the terminal")
    parser.add_argument("model", metavar="MODEL", help="for example anthropic/claude-sonnet-5-5")
    parser.add_argument("prompt", metavar="PROMPT", help="what to say; - reads it from standard input")
    for name, parameter in _WRITABLE.items():
        kind = next((kind for kind in (int, float) if parameter.kind and kind in parameter.kind.types[-1:]), str)
        shown = parameter.doc.partition(". ")[0].removesuffix(".").replace("%", "%%")
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=kind, metavar="TEXT" if kind is str else "N", help=shown)
    parser.set_defaults(run=_try)


def _try(options: argparse.Namespace) -> int:
    from capably import llm

    prompt: str = sys.stdin.read() if options.prompt == "-" else options.prompt
    given: dict[str, object] = {name: value for name in _WRITABLE if (value := getattr(options, name)) is not None}
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        for category in (llm.UnverifiedModelWarning, llm.UnsupportedFeatureWarning):
            warnings.simplefilter("always", category)
        model: Any = llm.Model.of(options.model)
        with model.stream(prompt, **given) as stream:
            for delta in stream.text_stream():
                print(delta, end="", flush=True)
    print()
    cost = stream.cost
    spent = "cost unknown" if cost is None else f"${cost:.6f}"
    print(f"{stream.finish_reason}; {_tokens(stream.usage)}; {spent}", file=sys.stderr)
    return 0


def _show_warning(message: Warning | str, *_: object) -> None:
    print(f"capably: {message}", file=sys.stderr)


def _tokens(usage: Usage) -> str:
    parts = [f"{usage.input_tokens:,} tokens in", f"{usage.output_tokens:,} out"]
    if usage.cache_read_tokens:
        parts[0] += f" ({usage.cache_read_tokens:,} from the cache)"
    if usage.reasoning_tokens:
        parts[1] += f" ({usage.reasoning_tokens:,} for reasoning)"
    return ", ".join(parts)
