"""`capably models --diff OLD NEW`: what changed between two registries. Reading one needs the generator's extra."""

from __future__ import annotations

import datetime
from pathlib import Path

from capably.types.errors import ConfigurationError


def print_differences(old: str, new: str) -> int:
    """Print release notes between two registry files (each a complete `model_registry.yaml`). Return 1 if there are
    changes."""
    try:
        from capably_codegen.load import parse_registry
        from capably_codegen.registry.changes import release_notes
        from capably_codegen.registry.problems import RegistryError
    except ModuleNotFoundError as missing:
        raise ConfigurationError(
            f'reading a registry needs {missing.name}, which is not installed: pip install "capably[codegen]"'
        ) from missing
    try:
        # A file may be a pipe, `<(git show v1:model_registry.yaml)`, which can be read once.
        before, after = (parse_registry(_read(name), name).registry for name in (old, new))
    except RegistryError as error:
        raise ConfigurationError(str(error)) from None
    notes = release_notes(before, after, datetime.date.today())
    print(notes, end="")
    return 0 if before == after else 1


def _read(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}") from None
