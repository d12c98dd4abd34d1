"""genai-prices' table of prices, a Python file of constructor calls, read without importing it.

A model's ids are match rules; prices may be dated and tiered. Its context windows are left out: they are often those of
another variant.
"""

from __future__ import annotations

import ast
import datetime
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, cast

from registry_sync.claims import PROVIDERS, Claims, Source, SourceError, factors, priced_by_query, rounded
from registry_sync.python_data import Built, read as plain, variable
from registry_sync.sources import expect, version_of

_RATES = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "cache_audio_read_mtok": "cache_read_audio",
    "input_audio_mtok": "input_audio",
    "output_audio_mtok": "output_audio",
    "output_image_mtok": "output_image",
}
_TIERS = {
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}
_SEARCHES = {"web_searches_kcount": "web_search", "storage_searches_kcount": "file_search"}
_HOSTS = {"moonshotai": "moonshot", "x-ai": "xai"}
"""Their name of a host -> ours, where it is another."""


def read(folder: Path, ids: Collection[str], day: datetime.date) -> Source:
    """Read prices of `day` and later ones, for the given ids and every id that a rule names."""
    version = version_of(folder, "genai-prices")
    file = folder / "genai_prices" / "data.py"
    claims: Claims = {}
    rates: set[str] = set()
    for provider in _providers(file, {*PROVIDERS, *(id.partition("/")[0] for id in ids)}):
        host = provider.get("id")
        names = {id.partition("/")[2] for id in ids if id.startswith(f"{host}/")}
        for model in cast(list[Built], provider.get("models") or []):
            fields = _prices(model, day)
            rates |= {field.rpartition(".")[2] for field in fields}
            matched = {name for name in names if _matches(model.get("match"), name)}
            spelt = set(_spelt_out(model.get("match"))) if host in PROVIDERS else set[str]()
            for name in sorted(matched | spelt):
                claims.setdefault(f"{host}/{name}", _of_queries(f"{host}/{name}", fields))
    expect(f"genai-prices {version}", (*_RATES.values(), "batch"), rates)
    return Source("genai-prices", version, "genai-prices", {id: f for id, f in claims.items() if f}, frozenset(claims))


def host_prices(folder: Path, host: str, ids: Collection[str], day: datetime.date) -> dict[str, dict[str, Any]]:
    """Return prices of those of a gateway's models that have one."""
    prices: dict[str, dict[str, Any]] = {}
    for provider in _providers(folder / "genai_prices" / "data.py", {*PROVIDERS, host}):
        for model in cast(list[Built], provider.get("models") or []) if provider.get("id") == host else []:
            for id in (id for id in ids if _matches(model.get("match"), id)):
                prices.setdefault(id, _prices(model, day))
    return prices


def _of_queries(id: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields without the price of a search where that is not the price of a query."""
    return fields if priced_by_query(id) else {k: v for k, v in fields.items() if not k.endswith(".web_search")}


def _providers(file: Path, wanted: Collection[str]) -> Iterator[Built]:
    """Yield the wanted vendors and hosts by our names, each read from its own part of the file."""
    table = variable(file, "providers")
    if not isinstance(table, ast.List):
        raise SourceError("genai_prices/data.py: `providers` is no list any more")
    providers: list[Any] = []
    for node in table.elts:
        named = {k.arg: k.value for k in node.keywords} if isinstance(node, ast.Call) else {}
        id = named.get("id")
        host = _HOSTS.get(str(id.value), str(id.value)) if isinstance(id, ast.Constant) else ""
        if host in wanted:
            providers.append(host)
            yield Built("Provider", {"id": host, "models": plain(named.get("models") or ast.List(elts=[]))}, [])
    providers = [host for host in providers if host in PROVIDERS]
    if sorted(providers) != sorted(PROVIDERS):
        raise SourceError(f"genai_prices/data.py has {', '.join(providers) or 'none'} of {', '.join(PROVIDERS)}")


def _matches(clause: Built | None, name: str) -> bool:
    if clause is None:
        return False
    word = next(iter(clause.fields.values()))
    match clause.kind:
        case "ClauseOr":
            return any(_matches(inner, name) for inner in word)
        case "ClauseAnd":
            return all(_matches(inner, name) for inner in word)
        case "ClauseEquals":
            return name == word
        case "ClauseStartsWith":
            return name.startswith(word)
        case "ClauseEndsWith":
            return name.endswith(word)
        case "ClauseContains":
            return word in name
        case "ClauseRegex":
            return re.search(word, name) is not None
        case other:
            raise SourceError(f"genai_prices/data.py: a match rule {other!r} of which nobody has heard")


def _spelt_out(clause: Built | None) -> Iterator[str]:
    """Yield ids that a rule names one by one."""
    if clause is None:
        return
    if clause.kind == "ClauseEquals":
        yield clause.fields["equals"]
    elif clause.kind == "ClauseOr":
        for inner in clause.fields["or_"]:
            yield from _spelt_out(inner)


def _prices(model: Built, day: datetime.date) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    # Of those that have begun the last is in force; conditions other than a day (hours) are not ours.
    for start, price in _dated(model.get("prices")):
        if start <= day.isoformat():
            fields = {f"prices.{name}": value for name, value in _rates(price)}
        else:
            fields |= {f"prices@{start}.{name}": value for name, value in _rates(price)}
    return fields | dict(_service_tiers(model, fields, day))


def _service_tiers(model: Built, fields: dict[str, Any], day: datetime.date) -> Iterator[tuple[str, Any]]:
    """Yield the prices in other service tiers, as factors on the ordinary ones."""
    variants = cast(list[Built], model.get("price_variants") or [])
    for tier, when in _TIERS.items():
        for start, price in _dated([variant for variant in variants if variant.get("when") == when]):
            group = "prices" if start <= day.isoformat() else f"prices@{start}"
            ordinary = {k.removeprefix(f"{group}."): v for k, v in fields.items() if k.startswith(f"{group}.")}
            rates = dict(_rates(price))
            yield from ((f"{group}.{name}", factor) for name, factor in factors(tier, ordinary, rates).items())
            if tier == "batch" and ordinary.get("input") and rates.get("input"):
                yield f"{group}.batch", rounded(rates["input"] / ordinary["input"])


def _dated(prices: Built | list[Built] | None) -> list[tuple[str, Built | None]]:
    """Return first day and price, in order; the empty day for a price without a start."""
    if isinstance(prices, Built):
        return [("", prices)]
    dated = [(_start(price), cast(Built | None, price.get("prices"))) for price in prices or []]
    return sorted(((start, price) for start, price in dated if start is not None), key=lambda pair: pair[0])


def _start(price: Built) -> str | None:
    """Return the first day of a dated price; empty without a start, `None` if it depends on something else."""
    constraint = cast(Built | None, price.get("constraint"))
    if constraint is None:
        return ""
    start = constraint.get("start_date")
    return datetime.date(*start.positional).isoformat() if isinstance(start, Built) else None


def _rates(price: Built | None) -> Iterator[tuple[str, float]]:
    if price is None:
        return
    for theirs, ours in _RATES.items():
        rate = price.get(theirs)
        if isinstance(rate, Built):
            yield ours, rounded(rate.fields["base"])
            for tier in rate.fields["tiers"]:
                above = tier.fields["start"]
                above += above % 1000 == 999  # 199,999 is their way to say "from 200,000 on"
                yield f"above_{above}.{ours}", rounded(tier.fields["price"])
        elif rate is not None:
            yield ours, rounded(rate)
    for theirs, ours in _SEARCHES.items():
        if isinstance(price.get(theirs), (int, float)):
            yield ours, rounded(price.get(theirs))
