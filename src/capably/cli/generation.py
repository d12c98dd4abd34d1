"""`capably generate`: the registry as types. The generator is an extra, imported only here and only when it runs."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from capably.registry.user_registry import configured, is_compiled
from capably.types.errors import ConfigurationError

_OUTPUT = Path("typings/capably_models")
_SHOWN = 10


def add_generate(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    parser = add_parser(
        "generate",
        help="write typings/capably_models from a registry",
        description="Writes the typed package `capably_models` into ./typings, where pyright looks first: capably's models "
        "and those of your own file. Beside the file it writes what the run time reads, my_models.json.",
    )
    parser.add_argument(
        "--registry",
        type=Path,
        metavar="FILE",
        help="your own models; unsaid, CAPABLY_REGISTRY, [tool.capably] in pyproject.toml, or model_registry.yaml",
    )
    parser.add_argument("--output", type=Path, default=_OUTPUT, metavar="FOLDER")
    parser.add_argument(
        "--base",
        action="store_true",
        help="FILE is a complete registry: nothing comes from capably's, run time included",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 and name the files that are stale"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="name every file; with --check, show what differs in each as well"
    )
    parser.set_defaults(run=_generate)


def _generate(options: argparse.Namespace) -> int:
    try:
        from capably_codegen.generate import generate, generate_for_clone, generate_overlay, is_source_tree
        from capably_codegen.output.sync import OutputError
        from capably_codegen.registry.problems import RegistryError
    except ModuleNotFoundError as missing:
        raise ConfigurationError(
            f'the generator needs {missing.name}, which is not installed: pip install "capably[codegen]"'
        ) from missing
    own = Path("model_registry.yaml")
    registry = options.registry or (own if is_source_tree(own) and own.exists() else _configured())
    if registry is None and not own.exists():
        raise ConfigurationError(
            "no registry is named: pass --registry FILE, or write it into pyproject.toml: [tool.capably] registry = "
            '"my_models.yaml"'
        )
    registry = registry or own
    if not registry.is_file():
        raise ConfigurationError(f"there is no file {registry}; name one with --registry FILE")
    base = options.base or is_source_tree(registry)
    if not base:
        _refuse_to_overwrite(registry, options.output)
    try:
        changes = (generate if base else generate_overlay)(registry, options.output, check=options.check)
    except RegistryError as error:
        print(error, file=sys.stderr)
        return 1
    except OutputError as error:
        raise ConfigurationError(str(error)) from error
    if is_source_tree(registry):
        changes += generate_for_clone(registry, check=options.check)
    if options.check:
        return _report_stale(changes, registry, options)
    lines = changes if options.verbose else _summary(changes, options.output)
    print("\n".join(lines) or "everything is fresh")
    return 0


def _summary(changes: list[str], output: Path) -> list[str]:
    """Return the changes with the modules counted ("wrote 480 files in typings/capably_models") where they are many."""
    modules = [change for change in changes if change.endswith((".py", ".pyi"))]
    if len(modules) <= _SHOWN:
        return changes
    counts = Counter(change.partition(" ")[0] for change in modules)
    where = {"wrote": "in", "removed": "from"}
    lines = [f"{action} {count} files {where[action]} {output}" for action, count in counts.items()]
    return lines + [change for change in changes if change not in modules]


def _report_stale(stale: list[str], registry: Path, options: argparse.Namespace) -> int:
    """Print which files are stale and the command that mends it, and return the exit code."""
    if not stale:
        print("everything is fresh")
        return 0
    if options.verbose:
        print("\n".join(stale))
    else:
        print("\n".join(file.partition("\n")[0] for file in stale[:_SHOWN]))
        if len(stale) > _SHOWN:
            print(f"... and {len(stale) - _SHOWN} more (--verbose names all, and what differs in each)")
    again = f"capably generate --registry {shlex.quote(str(registry))}{' --base' if options.base else ''}"
    again += f" --output {shlex.quote(str(options.output))}" if options.output != _OUTPUT else ""
    count = "1 file is stale; bring it" if len(stale) == 1 else f"{len(stale)} files are stale; bring them"
    print(f"{count} up to date with: {again}")
    return 1


def _configured() -> Path | None:
    named = configured()
    return Path(named.path) if named else None


def _refuse_to_overwrite(registry: Path, output: Path) -> None:
    """Raise if this would overwrite a complete package, or a JSON file that capably did not write."""
    if registry.suffix not in (".yaml", ".yml"):
        raise ConfigurationError(f"{registry} is no YAML file; name the file that it was compiled from")
    if (output / "_providers.py").exists():
        raise ConfigurationError(
            f"{output} holds a complete package with its run time; stubs alone would replace it. "
            "Name another folder with --output FOLDER, or remove that one"
        )
    compiled = registry.with_suffix(".json")
    if compiled.exists() and not is_compiled(str(compiled)):
        raise ConfigurationError(
            f"{compiled}, where the compiled registry would stand, is another file; rename one of them"
        )
