"""The generator as one call: registry file in, package on disk out (or checked)."""

from __future__ import annotations

import json
from pathlib import Path

from capably_codegen import sync
from capably_codegen.registry import load_registry
from capably_codegen.render import render
from capably_codegen.schema import Registry
from capably_codegen.tidy import tidy

SCHEMA_FILE = Path(__file__).parent / "registry.schema.json"


def schema_text() -> str:
    """The JSON Schema that line 1 of the registry names."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Registry.model_json_schema()}
    return json.dumps(schema, indent=2) + "\n"


def generate(registry: Path, folder: Path, *, check: bool = False, run_time: bool = True) -> list[str]:
    """Brings `folder` up to date; returns what changed, or with `check` what is stale (and writes nothing)."""
    files = tidy(render(load_registry(registry), run_time=run_time))
    return sync.differences(files, folder) if check else sync.write(files, folder)


def generate_schema(*, check: bool = False) -> list[str]:
    """The same for the JSON Schema beside this module."""
    fresh = schema_text()
    stale = not SCHEMA_FILE.exists() or SCHEMA_FILE.read_text(encoding="utf-8") != fresh
    if stale and not check:
        SCHEMA_FILE.write_text(fresh, encoding="utf-8", newline="\n")
    return [SCHEMA_FILE.name] if stale else []


def is_source_tree(registry: Path) -> bool:
    """Whether this is capably's own registry, beside the generator's sources, so that the JSON Schema is ours to write."""
    return (registry.resolve().parent / "codegen" / "capably_codegen") == Path(__file__).resolve().parent
