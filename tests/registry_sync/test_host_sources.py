"""Hosts: somebody is named for every word about how to reach them and how they spell things."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from capably_codegen.load import load_registry
from capably_codegen.registry.schema import Provider

PROVIDERS = load_registry(Path(__file__).parents[2] / "model_registry.yaml").registry.providers


def said(host: Provider) -> Iterator[str]:
    """What the registry says of a host that can be true or false."""
    if host.base_url is not None:
        yield "base_url"
    if host.api_key:
        yield "api_key"
    if host.variables:
        yield "variables"
    yield from (f"dialect.{word}" for word in host.dialect.model_fields_set)


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_word_about_a_host_has_a_source(name: str) -> None:
    host = PROVIDERS[name]
    assert sorted(host.sources) == sorted(said(host))


def test_a_host_of_openais_formats_says_where_its_thoughts_are() -> None:
    hosts = {name: host for name, host in PROVIDERS.items() if host.adapter == "openai"}
    assert [name for name, host in hosts.items() if "thoughts" not in host.dialect.model_fields_set] == []
