"""What the page shows of each model: words and numbers, and who says so."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, cast

from capably.cli.provenance import provenance_of
from capably.modalities import INPUTS, OUTPUTS
from capably.registry.cost import price_on
from capably.registry.lookup import providers, rules_for
from capably.types.facts import UNVERIFIED, ModelInfo

if TYPE_CHECKING:
    from capably_models import _facts

    from capably.cli.provenance import Provenance
    from capably.types.facts import ModelJson

CAPABILITIES: Final[Mapping[str, str]] = {
    **{f"reads {word}": f"Reads {word}" for word in INPUTS},
    **{f"writes {word}": f"Writes {word}" for word in OUTPUTS},
    "tools": "Tools",
    "forced tools": "Forced tools",
    "structured output": "Structured output",
    "reasoning": "Reasoning",
    "reasoning off": "Reasoning can be off",
    "temperature": "Temperature",
    "prefill": "Prefill",
    "cache points": "Cache points",
    "web search": "Web search",
    "code execution": "Code execution",
}
"""What can be filtered by: key -> label."""

LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "Context": ("limits.context",),
    "Longest prompt": ("limits.input",),
    "Longest answer": ("limits.output",),
    "Input price": ("prices.input",),
    "Output price": ("prices.output",),
    "Cache reads": ("prices.cache_read",),
    "Cache writes": ("prices.cache_write",),
    "Long prompts": ("prices.above_*",),
    "In batches": ("prices.batch",),
    "Price to come": ("prices@*",),
    "Reads": tuple(f"input.{word}" for word in INPUTS),
    "Writes": tuple(f"output.{word}" for word in OUTPUTS),
    "Tools": ("tools",),
    "Forced tools": ("tools.forced",),
    "Parallel tools": ("tools.parallel",),
    "Structured output": ("structured_output",),
    "Reasoning": ("reasoning", "reasoning.efforts"),
    "Reasoning off": ("reasoning.off", "reasoning.always_on"),
    "Thinking budget": ("reasoning.budget",),
    "Temperature": ("sampling.temperature",),
    "Top p": ("sampling.top_p",),
    "Verbosity": (),
    "System messages": ("system",),
    "Prefill": ("prefill",),
    "Cache points": (),
    "Built-in tools": (),
    "Endpoints": ("endpoints.*",),
    "Released": ("dates.released",),
    "Knowledge": ("dates.knowledge",),
    "Retires": ("dates.retires",),
    "Successor": (),
}
"""What is compared: label -> the fields behind it (patterns), whose sources are shown."""

UNKNOWN: Final = "unknown"
LEVELS: Final = ("minimal", "low", "medium", "high", "xhigh", "max")


def model_data(info: ModelInfo, day: datetime.date) -> dict[str, Any]:
    """Return the page's data of one model; prices are those of `day`."""
    price = price_on(info.prices, day)
    facts = info.to_json()
    provenance = provenance_of(info)
    checked = _checked(facts)
    return {
        "id": info.id,
        "name": info.name,
        "provider": info.provider,
        "host": providers()[info.provider]["name"],
        "status": info.status,
        "context": info.limits["context"] or info.limits["input"],
        "output": info.limits["output"],
        "input_price": price and price["input"],
        "output_price": price and price["output"],
        "released": facts["dates"]["released"],
        "retires": facts["dates"]["retires"],
        "replacement": info.replacement,
        "can": sorted(_can(info)),
        "verified": info.verified,
        "facts": [
            {"value": value, "source": _sources(_behind(label, provenance), value, checked)}
            for label, value in _values(info, facts, price, day).items()
        ],
        "links": [source for source in facts["sources"] if source.startswith("https://")],
    }


def interned(models: list[dict[str, Any]]) -> list[str]:
    """Replace the sentences about sources by numbers into one list of distinct sentences."""
    numbers: dict[str, int] = {}
    for model in models:
        for fact in model["facts"]:
            fact["source"] = numbers.setdefault(fact["source"], len(numbers))
    return list(numbers)


def _can(info: ModelInfo) -> Iterable[str]:
    if info.facts is None:
        return
    rules = rules_for(info, info.endpoint)
    for modality in INPUTS:
        if modality in info.facts["input"]:
            yield f"reads {modality}"
    for modality in OUTPUTS:
        if modality in info.facts["output"]:
            yield f"writes {modality}"
    for key, name in (
        ("tools", "tools"),
        ("forced tools", "tool_choice.forced"),
        ("structured output", "format"),
        ("temperature", "temperature"),
        ("prefill", "prefill"),
        ("cache points", "cache"),
    ):
        if not rules[name].refused:
            yield key
    if info.facts["reasoning"] not in (None, UNVERIFIED):
        yield "reasoning"
    if "off" in rules["reasoning"].values:
        yield "reasoning off"
    for tool in ("web_search", "code_execution"):
        if tool in info.facts["builtin_tools"]:
            yield tool.replace("_", " ")


def _values(info: ModelInfo, facts: ModelJson, price: _facts.Price | None, day: datetime.date) -> dict[str, str]:
    tools, reasoning, limits = facts["tools"], facts["reasoning"], facts["limits"]
    cache, batch = facts["cache"], price and price["batch"]
    values = {
        "Context": _size(limits["context"]),
        "Longest prompt": _size(limits["max_input"]),
        "Longest answer": _size(limits["max_output"]),
        "Input price": _usd(price and price["input"]),
        "Output price": _usd(price and price["output"]),
        "Cache reads": _usd(price and price["cache_read"]),
        "Cache writes": _usd(price and price["cache_write"]),
        "Long prompts": _tiers(price["tiers"] if price else ()),
        "In batches": f"{batch:.0%}" if batch else UNKNOWN,
        "Price to come": _to_come(info, day),
        "Reads": _modalities(facts["input"], facts["unverified_input"]),
        "Writes": _modalities(facts["output"], []),
        "Tools": _word(tools["supported"]),
        "Forced tools": _word(tools["forced"]),
        "Parallel tools": _word(tools["parallel"]),
        "Structured output": _word(facts["structured_output"]),
        "Reasoning": _levels(reasoning),
        "Reasoning off": _word("no reasoning" if reasoning["supported"] is False else reasoning["off"]),
        "Thinking budget": _budget(reasoning["budget"], reasoning["supported"]),
        "Temperature": _word(facts["sampling"]["temperature"]),
        "Top p": _word(facts["sampling"]["top_p"]),
        "Verbosity": _words(facts["verbosity"]),
        "System messages": _word(facts["system"]),
        "Prefill": _word(facts["prefill"]),
        "Cache points": _words(cache and cache["breakpoints"]) if info.verified else UNKNOWN,
        "Built-in tools": _words(_spelt(facts["builtin_tools"])),
        "Endpoints": _words(_spelt(info.endpoints)),
        "Released": facts["dates"]["released"] or UNKNOWN,
        "Knowledge": facts["dates"]["knowledge"] or UNKNOWN,
        "Retires": facts["dates"]["retires"] or "no date",
        "Successor": info.replacement or "none named",
    }
    assert list(values) == list(LABELS)
    return values


def _checked(facts: ModelJson) -> str:
    if not facts["verified"]:
        return "Nobody has checked what this model takes."
    named = [_site(source) for source in facts["sources"]]
    return f"Checked {facts['verified']} against {', '.join(dict.fromkeys(named))}."


def _site(source: str) -> str:
    return source.removeprefix("https://").partition("/")[0] if source.startswith("https://") else source


def _behind(label: str, provenance: Mapping[str, Provenance]) -> list[Provenance]:
    return [entry for field, entry in provenance.items() if any(fnmatchcase(field, p) for p in LABELS[label])]


def _sources(entries: list[Provenance], value: str, checked: str) -> str:
    """Describe who confirms a fact, since when, who contradicts it and what was decided."""
    sentences: list[str] = []
    for entry in entries:
        if entry["by"]:
            sentences.append(f"{', '.join(entry['by'])} (since {entry['since']}).")
        if entry["against"]:
            sentences.append(
                f"Against it: {', '.join(f'{who} {_plain(what)}' for who, what in entry['against'].items())}."
            )
        if "verdict" in entry:
            sentences.append(f"Decided {entry['verdict']['on']}: {entry['verdict']['because'].strip()}")
    nobody = "Nobody has published it." if value == UNKNOWN else checked
    return " ".join(dict.fromkeys(sentences)) or nobody


def _levels(reasoning: _facts.ReasoningJson) -> str:
    if not reasoning["supported"]:
        return "none" if reasoning["supported"] is False else UNKNOWN
    if reasoning["efforts"]:
        return _range(reasoning["efforts"])
    return "levels unknown" if reasoning["efforts"] is None else "budget" if reasoning["budget"] else "yes"


def _range(efforts: Sequence[str]) -> str:
    """Return `low to max` if no level between is missing, else each of them."""
    first, last = LEVELS.index(efforts[0]), LEVELS.index(efforts[-1])
    return f"{efforts[0]} to {efforts[-1]}" if last - first + 1 == len(efforts) > 1 else " ".join(efforts)


def _budget(budget: _facts.Budget | None, supported: bool | None) -> str:
    if supported is None:
        return UNKNOWN
    if not budget:
        return "no"
    most = f"{budget['max']:,}" if budget["max"] else "the answer's limit"
    return f"{budget['min']:,} to {most}"


def _tiers(tiers: Iterable[_facts.Tier]) -> str:
    tiers_text = [f"{_usd(t['input'])} / {_usd(t['output'])} beyond {t['above']:,}" for t in tiers]
    return "; ".join(tiers_text) or "the same"


def _to_come(info: ModelInfo, day: datetime.date) -> str:
    later = [price for price in info.prices if (price["start"] or "") > day.isoformat()]
    return "; ".join(f"{_usd(p['input'])} / {_usd(p['output'])} from {p['start']}" for p in later) or "none announced"


def _usd(value: float | None) -> str:
    if value is None:
        return UNKNOWN
    is_integer = float(value).is_integer()
    return (
        "free"
        if value == 0
        else f"${value:,.0f}"
        if is_integer
        else f"${value:.2f}"
        if value >= 0.1
        else f"${value:.3g}"
    )


def _size(tokens: int | None) -> str:
    return UNKNOWN if tokens is None else f"{tokens:,}"


def _modalities(listed: Sequence[str] | None, unverified: Sequence[str] | None) -> str:
    """Return all modalities except text, which every model has; unverified ones with a question mark."""
    if listed is None:
        return UNKNOWN
    return " ".join([*listed[1:], *(f"{word}?" for word in unverified or [])]) or "text"


def _word(value: Any) -> str:
    return UNKNOWN if value is None else _plain(value).replace("_", " ")


def _words(values: Iterable[str] | None) -> str:
    return UNKNOWN if values is None else " ".join(values) or "none"


def _spelt(words: Iterable[str] | None) -> list[str] | None:
    return None if words is None else [word.replace("_", " ") for word in words]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, cast(list[Any], value)))
    return f"{value:,}" if isinstance(value, int) else str(value)
