"""Turns `model_registry.yaml` into the typed package `capably_models`.

Flow: `registry` (YAML -> models) -> `profiles` (what a stub must say) -> `render` (text) -> `tidy` (form)
-> `sync` (disk).
"""
