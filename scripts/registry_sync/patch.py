"""Writes changed prices, limits and dates into `model_registry.yaml`, line by line: all else stays as it was written."""

from __future__ import annotations

import datetime
import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from capably_codegen.load import parse_registry
from capably_codegen.registry.flat_fields import fields_of
from capably_codegen.registry.yaml_lines import read_yaml

from registry_sync.claims import SourceError
from registry_sync.vote import Change

_ORDER: Final = (
    *("profile", "name", "constant", "snapshot_of", "status", "replacement", "api_version"),
    *("limits", "prices", "dates"),
)
"""How the fields of a model follow each other in the file."""
_KEYS: Final = {
    "limits": ("context", "input", "output", "cache_min"),
    "dates": ("released", "deprecated", "retires", "knowledge"),
    "prices": (
        *("until", "start", "above", "input", "output", "cache_read", "cache_write", "cache_write_1h"),
        *("cache_read_audio", "input_audio", "output_audio", "output_image"),
        *(
            "batch",
            "batch_cache",
            "flex",
            "flex_cache",
            "priority",
            "priority_cache",
            "web_search",
            "file_search",
            "tiers",
        ),
    ),
}
_WIDTH: Final = 140
_QUOTED: Final = ("knowledge",)


def patched(text: str, changes: Iterable[Change], day: datetime.date) -> str:
    """Return the file with the changes. Raise `SourceError` if anything else would change."""
    data, _ = read_yaml(text, "model_registry.yaml", needs="models")
    by_model: dict[str, list[Change]] = {}
    for change in changes:
        by_model.setdefault(change.id, []).append(change)
    new = text
    for id, wanted in sorted(by_model.items()):
        new = _with_model(new, id, data["models"][id], wanted, day)
    _check(text, new, by_model, day)
    return new


def _with_model(text: str, id: str, model: dict[str, Any], wanted: list[Change], day: datetime.date) -> str:
    touched: dict[str, Any] = {}
    for change in sorted(wanted, key=lambda c: c.field):
        group = change.group
        value = touched.setdefault(group, _copy(model.get(group)) or ([] if group == "prices" else {}))
        if group == "prices":
            _set_rate(value, change, day)
        else:
            value[change.field.partition(".")[2]] = change.new
    if "retires" in touched.get("dates", {}) and model.get("status") != "deprecated":
        touched["status"] = "deprecated"
    for key, value in touched.items():
        text = _with_statement(text, id, key, value)
    return text


def priced(id: str, fields: Mapping[str, Any], day: datetime.date) -> list[dict[str, Any]]:
    """Convert `prices.input`, `prices@2027-01-01.output`, ... to the `prices` of a model."""
    prices: list[dict[str, Any]] = []
    for field, value in sorted(fields.items()):
        _set_rate(prices, Change(id, field, None, value, []), day)
    return prices


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _set_rate(prices: list[dict[str, Any]], change: Change, day: datetime.date) -> None:
    head, _, rate = change.field.rpartition(".")
    group, _, tier = head.partition(".")
    start = group.partition("@")[2]
    entry = _entry_from(prices, start) if start else _entry_on(prices, day)
    if tier:
        above = int(tier.removeprefix("above_"))
        tiers: list[dict[str, Any]] = entry.setdefault("tiers", [])
        entry = next((t for t in tiers if t["above"] == above), None) or {"above": above}
        if entry not in tiers:
            tiers.append(entry)
            tiers.sort(key=lambda t: t["above"])
    entry[rate] = change.new


def _entry_on(prices: list[dict[str, Any]], day: datetime.date) -> dict[str, Any]:
    """Return the price of that day; a new one if there is none."""
    for price in prices:
        if price.get("start", "") <= day.isoformat() <= price.get("until", "9999"):
            return price
    prices.append({})
    return prices[-1]


def _entry_from(prices: list[dict[str, Any]], start: str) -> dict[str, Any]:
    """Return the price that begins on that day; a new one ends the one before it."""
    for price in prices:
        if price.get("start") == start:
            return price
    before = datetime.date.fromisoformat(start) - datetime.timedelta(days=1)
    if prices:
        prices[-1].setdefault("until", before.isoformat())
    prices.append({"start": start})
    return prices[-1]


# --- lines --------------------------------------------------------------------------------------------------------


def _with_statement(text: str, id: str, key: str, value: Any) -> str:
    """Return the text with `key: value` in the block of that model, replacing the old value or in its usual place."""
    _, numbers = read_yaml(text, "model_registry.yaml", needs="models")
    lines = text.splitlines()
    place = ("models", id, key)
    if place in numbers:
        start = numbers[place] - 1
        end = _end(lines, start)
        if any(re.search(r"(^|\s)#", line) for line in lines[start:end]):
            raise SourceError(
                f"model_registry.yaml:{start + 1}: `{key}` of {id} has a comment in it; change it by hand"
            )
    else:
        before = [k for k in _ORDER[: _ORDER.index(key)] if ("models", id, k) in numbers]
        start = end = _end(lines, numbers["models", id, before[-1]] - 1)
    lines[start:end] = statement(key, value)
    return "\n".join(lines) + "\n"


def _end(lines: list[str], start: int) -> int:
    """Return the line after a statement that begins on line `start`, by indentation."""
    end = start + 1
    while end < len(lines) and lines[end].startswith("     "):
        end += 1
    return end


def statement(key: str, value: Any) -> list[str]:
    """Format `key: value` of a model in the style of this file, in as few lines as fit."""
    if key == "status":
        return [f"    status: {value}"]
    if key != "prices":
        return [f"    {key}: {_flow(value, _KEYS[key])}"]
    entries = [_flow(price, _KEYS["prices"]) for price in value]
    line = f"    prices: [{', '.join(entries)}]"
    if len(entries) == 1 and len(line) <= _WIDTH:
        return [line]
    return ["    prices:", *(part for price in value for part in _long(price))]


def _long(price: Mapping[str, Any]) -> list[str]:
    line = f"      - {_flow(price, _KEYS['prices'])}"
    if len(line) <= _WIDTH:
        return [line]
    rest = {key: value for key, value in price.items() if key != "tiers"}
    words = f"{_flow(rest, _KEYS['prices'])[1:-1]},".split(", ")
    lines = textwrap.wrap(", ".join(word.replace(" ", "\0") for word in words), _WIDTH - 9)
    lines = [line.replace("\0", " ") for line in lines]
    if "tiers" in price:
        lines.append(f"tiers: {_flow(price['tiers'], _KEYS['prices'])},")
    return [
        f"{'         ' if index else '      - {'}{line}"
        for index, line in enumerate([*lines[:-1], f"{lines[-1][:-1]}}}"])
    ]


def _flow(value: Any, order: tuple[str, ...]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_flow(item, order) for item in cast(list[Any], value))}]"
    if isinstance(value, dict):
        pairs = sorted(cast(dict[str, Any], value).items(), key=lambda pair: order.index(pair[0]))
        return f"{{{', '.join(f'{k}: {_word(k, v, order)}' for k, v in pairs)}}}"
    return str(value)


def _word(key: str, value: Any, order: tuple[str, ...]) -> str:
    if key in _QUOTED:
        return json.dumps(value)
    if isinstance(value, float):
        return f"{value:.8g}"
    return _flow(value, order)


def _check(old: str, new: str, wanted: Mapping[str, list[Change]], day: datetime.date) -> None:
    """Raise unless the new file is a registry that differs only in the wanted changes."""
    before, after = parse_registry(old).registry, parse_registry(new).registry
    for id in before.models:
        expected = fields_of(before, id, day) | {change.field: change.new for change in wanted.get(id, [])}
        if fields_of(after, id, day) != expected:
            raise SourceError(f"writing {id} would have changed more than was wanted; nothing was written")
    same = {"providers", "profiles", "retired", "not_chat"}
    if before.model_dump(include=same) != after.model_dump(include=same):
        raise SourceError("writing would have changed more than models; nothing was written")
