"""Keeps the registry fresh: what other projects and the vendors' SDKs publish, against `model_registry.yaml`.

Flow: `wheels` (unpacked packages) and `live_probes.yaml` -> `sources` (one reader each: what it says of which model) -> `vote`
(lineages against the registry) -> `patch` (prices, limits and dates into the YAML) -> `lock` and `report`.
Nothing of a package is imported, but for pydantic-ai's profiles, which are functions and run in a process of their own.
"""
