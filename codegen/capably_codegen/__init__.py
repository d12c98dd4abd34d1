"""Turns `model_registry.yaml` into the typed package `capably_models`.

Flow: `load` (YAML -> a checked `registry`) -> `stubs` (facts -> text) -> `output` (text -> disk). `generate` runs it.
codegen/README.md has a table of templates and outputs.
"""
