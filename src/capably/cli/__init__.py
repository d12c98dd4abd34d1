"""The `capably` command: `models`, `show`, `check`, `swap`, `generate`, `try`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from capably import __version__
from capably.cli import catalogue, check, generation, swap, try_model
from capably.types.errors import CapablyError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 = fine, 1 = there are results to act on, 2 = wrong use or a
    missing piece."""
    parser = argparse.ArgumentParser(prog="capably", description="Which model can do what, as types and as facts.")
    parser.add_argument("--version", action="version", version=f"capably {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    catalogue.add_models(commands.add_parser)
    catalogue.add_show(commands.add_parser)
    check.add_check(commands.add_parser)
    swap.add_swap(commands.add_parser)
    generation.add_generate(commands.add_parser)
    try_model.add_try(commands.add_parser)
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except CapablyError as error:
        print(f"capably: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; keep Python from complaining at exit.
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"capably: {error}", file=sys.stderr)
        return 2
