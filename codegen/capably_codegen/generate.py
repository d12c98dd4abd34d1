"""Run the generator: read a registry file, and write the package or check it."""

from __future__ import annotations

import json
from pathlib import Path

from capably_codegen import overlay
from capably_codegen.load import load_registry
from capably_codegen.output import sync
from capably_codegen.output.format_code import format_files
from capably_codegen.registry.provenance import provenance
from capably_codegen.registry.schema import Registry
from capably_codegen.spellings_page import spellings_page
from capably_codegen.stubs.render import render

SCHEMA_FILE = Path(__file__).parent / "registry.schema.json"
OVERLAY_SCHEMA_FILE = Path(__file__).parent / "overlay.schema.json"
ROOT = Path(__file__).resolve().parents[2]
SPELLINGS_PAGE = ROOT / "docs" / "reference" / "spellings.md"


def schema_text() -> str:
    """Return the JSON Schema that line 1 of the registry names."""
    return _json_schema(Registry.model_json_schema())


def overlay_schema_text() -> str:
    """Return the JSON Schema that line 1 of a user's own file may name."""
    return _json_schema(overlay.schema())


def _json_schema(schema: dict[str, object]) -> str:
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


def generate(registry: Path, folder: Path, *, check: bool = False, run_time: bool = True) -> list[str]:
    """Bring `folder` up to date with the registry.

    Returns:
        What was done ("wrote acme.pyi", "removed beta.pyi"), or with `check`, which writes nothing, what is stale.

    Raises:
        OutputError: The folder is not ours.
    """
    source = load_registry(registry)
    files = format_files(render(source, run_time=run_time))
    if run_time:
        files = {**files, **provenance(registry, source.registry)}
    return sync.differences(files, folder) if check else sync.write(files, folder)


def generate_overlay(registry: Path, folder: Path, *, check: bool = False) -> list[str]:
    """Bring up to date what a user's own file produces: stubs in `folder`, and the compiled file beside the YAML."""
    laid = overlay.load_overlay(registry)
    files = format_files(render(laid.source, run_time=False))
    compiled = compiled_file(registry)
    text = json.dumps(laid.compiled, indent=1, ensure_ascii=False) + "\n"
    if check:
        return [*sync.differences(files, folder), *sync.difference(compiled, text)]
    return sync.write(files, folder, (compiled, text))


def compiled_file(registry: Path) -> Path:
    """Return the path of the compiled form of a user's own file: `my_models.yaml` -> `my_models.json`."""
    return registry.with_suffix(".json")


def generate_for_clone(registry: Path, *, check: bool = False) -> list[str]:
    """Bring up to date what only a clone has, or with `check` return what is stale: the JSON Schemas, and a page of `docs`."""
    stale: list[str] = []
    texts = {
        SCHEMA_FILE: schema_text(),
        OVERLAY_SCHEMA_FILE: overlay_schema_text(),
        SPELLINGS_PAGE: spellings_page(load_registry(registry).registry),
    }
    for file, fresh in texts.items():
        if sync.difference(file, fresh):
            stale.append(f"{file.name} is stale" if check else f"wrote {file.name}")
            if not check:
                sync.write_file(file, fresh)
    return stale


def is_source_tree(registry: Path) -> bool:
    """Return whether this is capably's own registry in a clone, so that `generate_for_clone` applies."""
    here = Path(__file__).resolve().parent
    return here == ROOT / "codegen" / "capably_codegen" and registry.resolve() == ROOT / "model_registry.yaml"
