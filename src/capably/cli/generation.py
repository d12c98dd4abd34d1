"""`capably generate`: the registry as types. The generator is an extra, imported only here and only when it runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from capably.types.errors import ConfigurationError


def add_generate(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "generate",
        help="write typings/capably_models from a registry",
        description="Writes the typed package `capably_models` into ./typings, where pyright looks first.",
    )
    parser.add_argument("--registry", type=Path, default=Path("model_registry.yaml"), metavar="FILE")
    parser.add_argument("--output", type=Path, default=Path("typings/capably_models"), metavar="FOLDER")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 and a diff if something is stale"
    )
    parser.set_defaults(run=_generate)


def _generate(options: argparse.Namespace) -> int:
    try:
        from capably_codegen.generate import generate, generate_schema, is_source_tree
        from capably_codegen.registry import RegistryError
    except ModuleNotFoundError as missing:
        raise ConfigurationError(
            f'the generator needs {missing.name}, which is not installed: pip install "capably[codegen]"'
        ) from missing
    if not options.registry.exists():
        raise ConfigurationError(f"there is no file {options.registry}; name one with --registry FILE")
    try:
        found = generate(options.registry, options.output, check=options.check)
    except RegistryError as error:
        print(error, file=sys.stderr)
        return 1
    if is_source_tree(options.registry):
        found += generate_schema(check=options.check)
    if not options.check:
        print("\n".join(f"wrote {path}" for path in found) or "everything is fresh")
        return 0
    if found:
        print("\n".join(found))
        print(
            f"{len(found)} files are stale; bring them up to date with: capably generate --registry {options.registry}"
        )
    return 1 if found else 0
