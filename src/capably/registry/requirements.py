"""Requirements of a model (`llm.Model[llm.Image, Needs]`), read at run time from the classes that types use."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Generic, Literal, Never, Protocol, Union, get_args, get_origin

from capably_models._capabilities import REQUIREMENTS, Capabilities

from capably.capabilities import CAPABILITIES
from capably.modalities import MODALITY_OF
from capably.registry.lookup import rules_for
from capably.registry.rules import capabilities_of
from capably.types import parts as p
from capably.types.facts import ModelInfo
from capably.types.reasoning import LevelAndBudget, Reasoning
from capably.types.tools import BuiltinTool

ALL_WORDS: Mapping[str, tuple[str, ...]] = {name: has.words for name, has in CAPABILITIES.items() if has.words}
"""Capabilities that require all of these words."""

_PART_CAPABILITIES: Mapping[object, str] = {p.ToolOutput: "tools", p.CachePoint: "cache"}
_MODALITIES: Mapping[object, str] = {**MODALITY_OF}
_NOT_REQUIREMENTS = (Capabilities, Protocol, Generic, object)


class Requirements:
    """Requirements of `llm.Model[llm.Image, Needs]`: parts that the model reads, capabilities, and the words of each."""

    def __init__(self, demanded: object) -> None:
        inputs, needs = (*get_args(demanded), *(p.Text, Capabilities)[len(get_args(demanded)) :])
        self.modalities: set[str] = {"text"}
        self.words: dict[str, set[str]] = {}
        for part in _members(inputs):
            self._read_part(part)
        self._read(needs)

    def met_by(self, info: ModelInfo) -> bool:
        """Return whether this model meets all requirements; an unverified model does not."""
        if info.facts is None:
            return False
        rules = rules_for(info, info.endpoint)
        return (
            self.modalities.issubset(rules["input"].values)
            and capabilities_of(rules, info.facts).issuperset(self.words)
            and all(words.issubset(rules[name].values) for name, words in self.words.items() if words)
        )

    def _read_part(self, part: object) -> None:
        if modality := _MODALITIES.get(part):
            self.modalities.add(modality)
        elif name := _PART_CAPABILITIES.get(part):
            self.words.setdefault(name, set())
        elif part is not p.Unknown:
            raise TypeError(f"{part!r} is no part that a model can be asked to read; llm.Image and llm.Audio are")

    def _read(self, needs: object) -> None:
        """Read a capability, or a protocol that has several among its bases."""
        origin: object = get_origin(needs) or needs
        if isinstance(origin, type) and origin in REQUIREMENTS:
            name = REQUIREMENTS[origin]
            self.words.setdefault(name, set()).update(ALL_WORDS.get(name, ()))
            for wanted in get_args(needs):
                self._read_words(name, wanted)
        elif Capabilities not in getattr(origin, "__mro__", ()):
            raise TypeError(f"{needs!r} is no capability; llm.HasTools is, and a protocol of several")
        for base in getattr(origin, "__orig_bases__", None) or getattr(origin, "__bases__", ()):
            if (get_origin(base) or base) not in _NOT_REQUIREMENTS:
                self._read(base)

    def _read_words(self, name: str, wanted: object) -> None:
        """Read the words required of a capability: levels, lifetimes, the provider's own tools."""
        origin = get_origin(wanted)
        if origin is Literal:
            self.words[name].update(get_args(wanted))
        elif origin is Reasoning:
            levels, budget = get_args(wanted)
            self._read_words(name, levels)
            if budget is int:
                self.words.setdefault("reasoning.budget_tokens", set())
        elif wanted is LevelAndBudget:
            self.words.setdefault("reasoning.level_with_budget", set())
        elif len(_members(wanted)) > 1:
            for member in _members(wanted):
                self._read_words(name, member)
        elif isinstance(wanted, type) and issubclass(wanted, BuiltinTool):
            self.words[name].add(wanted.kind)
        elif wanted is not Never:
            raise TypeError(f'{wanted!r} cannot be looked for; Literal["high"], llm.WebSearch or a union of such can')


def _members(kind: object) -> tuple[object, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
