"""`capably models --coverage`: of each fact, for how many models it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, cast

from capably.parameters import PARAMETERS
from capably.types.facts import UNVERIFIED, ModelInfo

IsVerified = Callable[[ModelInfo], bool]


def _fact(*path: str) -> IsVerified:
    """Return a check of one fact of the profile. A fact inside a group that the model does not have counts as
    verified."""

    def is_verified(info: ModelInfo) -> bool:
        value: object = info.facts
        if value is None:
            return False
        for step in path:
            value = cast("Mapping[str, object]", value)[step]
            if value is None or value == UNVERIFIED:
                break
        return value != UNVERIFIED

    return is_verified


def _at_endpoint(name: str) -> IsVerified:
    def is_verified(info: ModelInfo) -> bool:
        if info.facts is None or info.endpoint is None:
            return False
        return cast("Mapping[str, object]", info.facts["endpoints"][info.endpoint])[name] != UNVERIFIED

    return is_verified


def _empty(name: Literal["unverified_input", "unverified_builtin_tools"]) -> IsVerified:
    return lambda info: info.facts is not None and not info.facts[name]


def _limit(name: Literal["output"]) -> IsVerified:
    return lambda info: info.limits[name] is not None


def _rate(name: Literal["input", "output"]) -> IsVerified:
    return lambda info: bool(info.prices) and info.prices[-1][name] is not None


def _parameter(path: str) -> IsVerified:
    group, _, name = path.partition(".")
    return _at_endpoint(name) if group == "endpoints" else _fact(*path.split("."))


FIELDS: Mapping[str, IsVerified] = {
    "input modalities": _empty("unverified_input"),
    "output modalities": _fact("output"),
    **{name: _parameter(p.fact) for name, p in PARAMETERS.items() if p.fact and name != "output"},
    "strict tools": _fact("tools", "strict"),
    "built-in tools": _empty("unverified_builtin_tools"),
    "reasoning efforts": _fact("reasoning", "efforts"),
    "reasoning off": _fact("reasoning", "off"),
    "automatic caching": _fact("cache", "automatic"),
    "input limit": lambda info: (info.limits["input"] or info.limits["context"]) is not None,
    "output limit": _limit("output"),
    "input price": _rate("input"),
    "output price": _rate("output"),
    "release date": lambda info: info.dates["released"] is not None,
}
"""Name of a fact -> whether it is known of a model."""


def coverage(models: Iterable[ModelInfo]) -> list[tuple[str, ...]]:
    """Return a table of fields by providers, with a header. A cell reads `known/models`, or `29/31 -2` if two are
    unverified."""
    of: dict[str, list[ModelInfo]] = {}
    for info in models:
        of.setdefault(info.provider, []).append(info)
    columns = {**of, "all": [info for infos in of.values() for info in infos]}
    rows: list[tuple[str, ...]] = [("known", *columns)]
    for field, is_verified in FIELDS.items():
        rows.append((field, *(_cell(sum(map(is_verified, infos)), len(infos)) for infos in columns.values())))
    return rows


def _cell(count: int, total: int) -> str:
    return f"{count}/{total}" + (f" -{total - count}" if count < total else "")
