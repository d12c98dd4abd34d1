"""Turns `model_registry.yaml` into the typed package `capably_models`.

Flow: `registry` (YAML -> models) -> `profiles` (data of stubs) -> `render` (text) -> `format_code` -> `sync` (disk).
codegen/README.md has a table of templates and outputs.
"""
