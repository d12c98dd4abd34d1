"""Facts about one model, read from the generated tables in `capably_models`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict, cast

if TYPE_CHECKING:
    from capably_models import _facts

    from capably.parameters import Verbosity

    class LimitsJson(TypedDict):
        """Sizes in tokens; unknown is `None`."""

        context: int | None
        max_input: int | None
        max_output: int | None
        cache_min: int | None

    class _About(TypedDict):
        id: str
        name: str
        provider: str
        status: Literal["active", "preview", "deprecated"]
        profile: str

    class _Can(TypedDict):
        input: list[_facts.Modality] | None
        unverified_input: list[_facts.Modality] | None
        output: list[_facts.Modality] | None
        tools: _facts.ToolsJson
        structured_output: Literal["json_schema", "json_object", "never"] | None
        reasoning: _facts.ReasoningJson
        sampling: _facts.SamplingJson
        system: Literal["never", "start", "anywhere"] | None
        verbosity: list[Verbosity] | None
        prefill: bool | None
        cache: _facts.CacheJson | None
        builtin_tools: list[_facts.BuiltinTool] | None
        unverified_builtin_tools: list[_facts.BuiltinTool] | None
        endpoints: dict[_facts.Endpoint, _facts.EndpointRulesJson] | None

    class ModelJson(_About, _Can):
        """A model in JSON, as `capably models --json` prints it: unknown is `None`, never `False`."""

        limits: LimitsJson
        prices: list[_facts.Price]
        dates: _facts.Dates
        replacement: str | None
        snapshot_of: str | None
        sources: list[str]
        verified: str | None


Facts: TypeAlias = "_facts.Profile"
"""A profile as the generator wrote it: every field of `codegen/capably_codegen/registry/schema.py`, defaults spelt out."""

UNVERIFIED: Final = "unverified"
"""What no source settles."""

Endpoint: TypeAlias = Literal["messages", "responses", "chat_completions", "generate_content"]
"""The registry's word for a wire format, where it is served."""

ENDPOINTS_BY_ADAPTER: Mapping[str, tuple[Endpoint, ...]] = {
    "anthropic": ("messages",),
    "openai": ("responses", "chat_completions"),
    "google": ("generate_content",),
}
"""The registry's word for an adapter -> the endpoints that it supports, the one for models of which none is known first."""


class ModelInfo:
    """One listed model: its capabilities, limits, prices, dates and sources. Unknown values are `None`."""

    __slots__ = ("_entry", "facts", "id", "line", "origin", "profile")

    def __init__(self, id: str, profile: str, facts: Facts | None, entry: _facts.Model, line: int) -> None:
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
        """Return the same facts under another id: a fine-tune or a deployment of this model.

        Another provider has prices of its own, which nobody knows.
        """
        entry: _facts.Model = self._entry
        if id.partition("/")[0] != self.provider:
            entry = {**entry, "prices": ()}
        info = ModelInfo(id, self.profile, self.facts, entry, self.line)
        info.origin = self.origin
        return info

    @property
    def verified(self) -> bool:
        """Return whether its capabilities are verified. If not, calls cannot be checked."""
        return self.facts is not None

    @property
    def file(self) -> str:
        """Return the registry file that contains its profile, at `line`."""
        return self.facts.get("file", "model_registry.yaml") if self.facts else "model_registry.yaml"

    @property
    def provider(self) -> str:
        return self.id.partition("/")[0]

    @property
    def wire_id(self) -> str:
        """Return the id as the provider spells it."""
        return self.id.partition("/")[2]

    @property
    def name(self) -> str:
        return self._entry["name"] or self.wire_id

    @property
    def status(self) -> Literal["active", "preview", "deprecated"]:
        return self._entry["status"]

    @property
    def limits(self) -> _facts.Limits:
        """Return `context`, `input`, `output`, `cache_min`, in tokens."""
        return self._entry["limits"]

    @property
    def prices(self) -> tuple[_facts.Price, ...]:
        """Return prices in US dollars per million tokens, each with the days on which it holds (`start`, `until`)."""
        return tuple(self._entry["prices"])

    @property
    def dates(self) -> _facts.Dates:
        """Return `released`, `deprecated`, `retires`, `knowledge`, as ISO dates."""
        return self._entry["dates"]

    @property
    def replacement(self) -> str | None:
        """Return the id that the vendor names as its successor."""
        return self._entry["replacement"]

    @property
    def api_version(self) -> Literal["v1", "v1beta"] | None:
        return self._entry["api_version"]

    @property
    def endpoint(self) -> _facts.Endpoint | None:
        """Return the endpoint used by default; `None` for an unverified model (the adapter's own default)."""
        return next(iter(self.facts["endpoints"]), None) if self.facts else None

    @property
    def endpoints(self) -> Iterator[_facts.Endpoint]:
        return iter(self.facts["endpoints"] if self.facts else ())

    def to_json(self) -> ModelJson:
        """Return every fact as plain JSON, as `capably models --json` does. Unknown is `None`, never `False`."""
        entry, limits = self._entry, self.limits
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
            "prices": unverified_as_none(entry["prices"]),
            "dates": entry["dates"].copy(),
            "replacement": entry["replacement"],
            "snapshot_of": entry["snapshot_of"],
            "sources": list(self.facts["sources"]) if self.facts else [],
            "verified": self.facts["verified"] if self.facts else None,
        }


def _capabilities(facts: Facts | None) -> _Can:
    if facts is None:
        return _unknown()
    return {
        "input": list(facts["input"]),
        "unverified_input": list(facts["unverified_input"]),
        "output": list(facts["output"]),
        "tools": _tools(facts["tools"]),
        "structured_output": unverified_as_none(facts["structured_output"]),
        "reasoning": _reasoning(facts["reasoning"]),
        "sampling": unverified_as_none(facts["sampling"]),
        "system": unverified_as_none(facts["system"]),
        "verbosity": unverified_as_none(facts["verbosity"]),
        "prefill": unverified_as_none(facts["prefill"]),
        "cache": unverified_as_none(facts["cache"]),
        "builtin_tools": list(facts["builtin_tools"]),
        "unverified_builtin_tools": list(facts["unverified_builtin_tools"]),
        "endpoints": unverified_as_none(facts["endpoints"]),
    }


def unverified_as_none(value: object) -> Any:
    """Replace `unverified` by `None`, in nested values too. Lists and mappings are copied, anything else is
    unchanged."""
    if isinstance(value, Mapping):
        return {key: unverified_as_none(inner) for key, inner in cast("Mapping[str, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [unverified_as_none(item) for item in cast("Iterable[object]", value)]
    return None if value == UNVERIFIED else value


def _unknown() -> _Can:
    return {
        "input": None,
        "unverified_input": None,
        "output": None,
        "tools": _tools(UNVERIFIED),
        "structured_output": None,
        "reasoning": _reasoning(UNVERIFIED),
        "sampling": {
            "temperature": None,
            "top_p": None,
            "top_k": None,
            "temperature_max": None,
            "top_p_min": None,
            "exclusive": None,
        },
        "system": None,
        "verbosity": None,
        "prefill": None,
        "cache": None,
        "builtin_tools": None,
        "unverified_builtin_tools": None,
        "endpoints": None,
    }


def _tools(tools: _facts.Tools | Literal["unverified"] | None) -> _facts.ToolsJson:
    if tools is not None and tools != UNVERIFIED:
        return {"supported": True, **cast("_facts.ToolsJson", unverified_as_none(tools))}
    no, never = (False, "never") if tools is None else (None, None)
    return {
        "supported": no,
        "forced": never,
        "named": None,
        "parallel": never,
        "strict": no,
        "with_structured_output": no,
        "with_builtin": no,
    }


def _reasoning(reasoning: _facts.Reasoning | Literal["unverified"] | None) -> _facts.ReasoningJson:
    if reasoning is not None and reasoning != UNVERIFIED:
        off = reasoning["off"]
        always_on = None if off == UNVERIFIED else off == "never"
        return {
            "supported": True,
            **cast("_facts.ReasoningJson", unverified_as_none(reasoning)),
            "always_on": always_on,
        }
    no = False if reasoning is None else None
    return {
        "supported": no,
        "style": None,
        "efforts": [] if reasoning is None else None,
        "off": None,
        "off_efforts": None,
        "on_by_default": no,
        "default": None,
        "budget": None,
        "visible": None,
        "always_on": no,
    }
