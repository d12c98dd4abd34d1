"""What the registry knows of one model, read from the generated tables in `capably_models`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

Facts: TypeAlias = Mapping[str, Any]
"""A profile as the generator wrote it: every field of `codegen/capably_codegen/schema.py`, defaults spelt out."""

UNVERIFIED = "unverified"

SPOKEN: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("messages",),
    "openai": ("responses", "chat_completions"),
    "google": ("generate_content",),
}
"""The registry's word for an adapter -> the endpoints that it speaks."""


class ModelInfo:
    """One listed model: its capabilities, limits, prices, dates and sources. Unknown values are `None`."""

    __slots__ = ("_entry", "facts", "id", "line", "origin", "profile")

    def __init__(self, id: str, profile: str, facts: Facts | None, entry: Mapping[str, Any], line: int) -> None:
        self.id: str = id
        self.profile: str = profile
        self.facts: Facts | None = facts
        self.line: int = line
        self._entry = entry
        self.origin: str = id
        """The listed id whose facts these are; another than `id` for a fine-tune or a deployment."""

    def __repr__(self) -> str:
        return f"<ModelInfo {self.id}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelInfo) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.id)

    def renamed(self, id: str) -> ModelInfo:
        """The same facts under another id: a fine-tune or a deployment of this model."""
        info = ModelInfo(id, self.profile, self.facts, self._entry, self.line)
        info.origin = self.origin
        return info

    @property
    def verified(self) -> bool:
        """Whether its capabilities are known; if not, nothing can be checked."""
        return self.facts is not None

    @property
    def provider(self) -> str:
        return self.id.partition("/")[0]

    @property
    def wire_id(self) -> str:
        """The id as the provider spells it."""
        return self.id.partition("/")[2]

    @property
    def name(self) -> str:
        return self._entry["name"] or self.wire_id

    @property
    def status(self) -> Literal["active", "preview", "deprecated"]:
        return self._entry["status"]

    @property
    def limits(self) -> Mapping[str, int | None]:
        """`context`, `input`, `output`, `cache_min`, in tokens."""
        return self._entry["limits"]

    @property
    def prices(self) -> tuple[Mapping[str, Any], ...]:
        """Prices in US dollars per million tokens, each with the days on which it holds (`start`, `until`)."""
        return tuple(self._entry["prices"])

    @property
    def dates(self) -> Mapping[str, str | None]:
        """`released`, `deprecated`, `retires`, `knowledge`, as ISO dates."""
        return self._entry["dates"]

    @property
    def replacement(self) -> str | None:
        """The id that the vendor names as its successor."""
        return self._entry["replacement"]

    @property
    def api_version(self) -> str | None:
        return self._entry["api_version"]

    @property
    def endpoint(self) -> str | None:
        """The endpoint used by default; `None` for an unverified model (the adapter's own default)."""
        return next(iter(self.facts["endpoints"]), None) if self.facts else None

    @property
    def endpoints(self) -> Iterator[str]:
        return iter(self.facts["endpoints"] if self.facts else ())

    def to_json(self) -> dict[str, Any]:
        """Every fact as plain JSON, in the shape of `capably models --json`; unknown is `None`, never `False`."""
        entry, limits, dates = self._entry, self.limits, self.dates
        return {
            "id": self.id,
            "name": self.name,
            "provider": self.provider,
            "status": self.status,
            "profile": self.profile,
            **_capabilities(self.facts),
            "limits": {
                "context": limits["context"],
                "max_input": limits["input"],
                "max_output": limits["output"],
                "cache_min": limits["cache_min"],
            },
            "prices": list(entry["prices"]),
            "dates": dict(dates),
            "replacement": entry["replacement"],
            "snapshot_of": entry["snapshot_of"],
            "sources": list(self.facts["sources"]) if self.facts else [],
            "verified": self.facts["verified"] if self.facts else None,
        }


def _capabilities(facts: Facts | None) -> dict[str, Any]:
    if facts is None:
        return {
            **dict.fromkeys(_CAPABILITIES),
            "tools": _tools(UNVERIFIED),
            "reasoning": _reasoning(UNVERIFIED),
            "sampling": dict.fromkeys(("temperature", "top_p", "top_k")),
        }
    return {
        "input": list(facts["input"]),
        "unverified_input": list(facts["unverified_input"]),
        "output": list(facts["output"]),
        "tools": _tools(facts["tools"]),
        "structured_output": known(facts["structured_output"]),
        "reasoning": _reasoning(facts["reasoning"]),
        "sampling": {name: known(facts["sampling"][name]) for name in ("temperature", "top_p", "top_k")},
        "system": known(facts["system"]),
        "verbosity": known(facts["verbosity"]),
        "prefill": known(facts["prefill"]),
        "cache": known(facts["cache"]),
        "builtin_tools": list(facts["builtin_tools"]),
        "unverified_builtin_tools": list(facts["unverified_builtin_tools"]),
        "endpoints": {
            name: {key: known(value) for key, value in rules.items()} for name, rules in facts["endpoints"].items()
        },
    }


_CAPABILITIES = (
    "input",
    "unverified_input",
    "output",
    "tools",
    "structured_output",
    "reasoning",
    "sampling",
    "system",
    "verbosity",
    "prefill",
    "cache",
    "builtin_tools",
    "unverified_builtin_tools",
    "endpoints",
)


def known(value: Any) -> Any:
    """`unverified` as `None`, in nested values too; anything else as it is."""
    if isinstance(value, Mapping):
        return {key: known(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return None if value == UNVERIFIED else value


def _tools(tools: Any) -> dict[str, Any]:
    if tools is None:
        return {"supported": False, "forced": "never", "parallel": "never", "strict": False}
    if tools == UNVERIFIED:
        return dict.fromkeys(("supported", "forced", "parallel", "strict"))
    return {"supported": True, **known(tools)}


def _reasoning(reasoning: Any) -> dict[str, Any]:
    if reasoning is None:
        return {"supported": False, "efforts": [], "off": None, "always_on": False, "budget": None}
    if reasoning == UNVERIFIED:
        return dict.fromkeys(("supported", "efforts", "off", "always_on", "budget"))
    off = known(reasoning["off"])
    return {"supported": True, **known(reasoning), "always_on": None if off is None else off == "never"}
