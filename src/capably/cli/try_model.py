"""`capably try MODEL PROMPT`: one call, streamed to the terminal, then what it used and cost."""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import Any

from capably.types.usage import Usage


def add_try(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser("try", help="one call, streamed to the terminal")
    parser.add_argument("model", metavar="MODEL", help="for example anthropic/claude-sonnet-5-5")
    parser.add_argument("prompt", metavar="PROMPT", help="what to say; - reads it from standard input")
    parser.add_argument("--system", metavar="TEXT")
    parser.add_argument("--reasoning", metavar="LEVEL")
    parser.add_argument("--temperature", type=float, metavar="N")
    parser.add_argument("--max-tokens", type=int, metavar="N")
    parser.set_defaults(run=_try)


def _try(options: argparse.Namespace) -> int:
    from capably import llm

    prompt: str = sys.stdin.read() if options.prompt == "-" else options.prompt
    names = ("system", "reasoning", "temperature", "max_tokens")
    given: dict[str, Any] = {name: value for name in names if (value := getattr(options, name)) is not None}
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


def _show_warning(message: Warning | str, *_: Any) -> None:
    print(f"capably: {message}", file=sys.stderr)


def _tokens(usage: Usage) -> str:
    parts = [f"{usage.input_tokens:,} tokens in", f"{usage.output_tokens:,} out"]
    if usage.cache_read_tokens:
        parts[0] += f" ({usage.cache_read_tokens:,} from the cache)"
    if usage.reasoning_tokens:
        parts[1] += f" ({usage.reasoning_tokens:,} for reasoning)"
    return ", ".join(parts)
