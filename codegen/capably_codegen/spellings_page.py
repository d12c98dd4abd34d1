"""The page `docs/reference/spellings.md`: how each wire format says each feature, printed from the tables of spellings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from capably.modalities import INPUTS, OUTPUTS
from capably.parameters import FEATURES
from capably.providers.spellings import Body, Spelling, Spellings
from capably.providers.wires import WIRES, table_of
from capably.types.tools import BUILTIN_TOOLS
from capably_codegen.registry.schema import Registry
from capably_codegen.stubs.signatures import BUILTINS, PARTS

HEAD = """\
<!-- Written by `capably generate` from the tables of spellings (`SPELLINGS` of each wire format). Do not edit. -->

# How each API spells it

What capably writes for each parameter, kind of content and built-in tool, as a place in the JSON body: `a.b` is the field `b` of the
object `a`. Values in parentheses are the only ones that the API has. A dash means that the API cannot say it: `"raise"` and `"warn"`
refuse it before anything is sent, and `on_unsupported="drop"` leaves it out. Which model takes what is another question, which
[`llm.models`](../models.md) and `capably show` answer."""
BEFORE_HOSTS = """
## Hosts of Chat Completions

The table above has OpenAI's own spelling. Other hosts differ from it in these features, and in no others:
"""
API: Mapping[str, str] = {"anthropic": "Anthropic", "openai": "OpenAI", "google": "Google"}
NOWHERE = "—"


def spellings_page(registry: Registry) -> str:
    """Return the page as Markdown."""
    tables = {endpoint: _table(registry, endpoint, "openai") for endpoint in WIRES}
    sections = {
        "Parameters": {f"`{feature}`": feature for feature in _parameters(tables)},
        "Kinds of content": {
            **{f"`llm.{PARTS[word]}`": f"input.{word}" for word in ("text", *INPUTS)},
            "`llm.CachePoint`": "cache.point",
            "system messages in mid-conversation": "system_messages",
        },
        "Built-in tools": {f"`llm.{name}`": f"builtin_tools.{word}" for word, name in BUILTINS.items()},
    }
    lines = [HEAD]
    for title, features in sections.items():
        lines += [f"\n## {title}\n", _row("", *map(_heading, tables)), _row(*["---"] * (len(tables) + 1))]
        lines += [
            _row(name, *(_cell(table, feature) for table in tables.values())) for name, feature in features.items()
        ]
    return "\n".join([*lines, BEFORE_HOSTS, *_hosts(registry, tables["chat_completions"]), ""])


def _table(registry: Registry, endpoint: str, provider: str) -> Spellings:
    return table_of(endpoint, provider, registry.providers[provider].dialect.model_dump())


def _parameters(tables: Mapping[str, Spellings]) -> Iterator[str]:
    """Yield each parameter, followed by its further meanings (`reasoning.budget_tokens`) that some API tells apart."""
    spelled = dict.fromkeys(feature for table in tables.values() for feature in table)
    content = ("cache.point", "output.text")
    for name in FEATURES:
        yield name
        if name == "output":
            yield from (f"output.{word}" for word in OUTPUTS)
        else:
            yield from (other for other in spelled if other.startswith(f"{name}.") and other not in content)


def _heading(endpoint: str) -> str:
    vendor = WIRES[endpoint].split(".")[2]
    return f"{API.get(vendor, vendor)} `{endpoint}`"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(table: Spellings, feature: str) -> str:
    spelling = table.get(feature)
    if spelling is None or not spelling.path:
        return NOWHERE
    words = ", ".join(f"`{json.dumps(word)}`" for word in spelling.words if word is not None)
    written = _written(spelling, feature) or spelling.path
    return f"`{written}`" + (f" ({words})" if words else "")


def _written(spelling: Spelling, feature: str) -> str:
    """Return the JSON of a built-in tool without options, whose path alone says little; nothing for other features."""
    group, _, word = feature.partition(".")
    if group != "builtin_tools" or spelling.encode is None:
        return ""
    body: Body = {}
    spelling.encode(body, BUILTIN_TOOLS[word](), cast("Any", None))
    return ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in body.items())


def _hosts(registry: Registry, openai: Spellings) -> Iterator[str]:
    yield from (_row("host", "spells differently"), _row("---", "---"))
    for name, provider in sorted(registry.providers.items()):
        if provider.adapter == "openai" and name != "openai":
            table = _table(registry, "chat_completions", name)
            cells = {feature: _cell(table, feature) for feature in dict.fromkeys((*openai, *table))}
            other = [f"`{f}`: {cell}" for f, cell in cells.items() if cell != _cell(openai, f)]
            yield _row(f"`{name}`", "; ".join(other) or "nothing")
