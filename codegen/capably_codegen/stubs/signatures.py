"""Compute the keyword parameters of one overload, and their types, from the rules of a profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from capably.modalities import MODALITIES
from capably.parameters import (
    FEATURES,
    PARAMETERS as DECLARED,
    PER_CALL,
    ROUTING as ROUTING_NAMES,
    CallParams,
    OnUnsupported,
    Verbosity,
)
from capably.registry.rules import Rule
from capably.types.tools import BUILTIN_TOOLS

ONLY_WITH_REASONING_OFF = "OnlyWithReasoningOff"
NOT_WITH_TOOLS = "NotTogetherWithTools"
NONE_WITH_TOOLS = "NoneWithTools"
NOT_ACCEPTED = "NotAcceptedByThisModel"
UNNAMED = "*_unnamed: GiveItByName"
"""Makes a type checker say what is wrong with `call("Hi", 0.2)`, in an overload that also names misspelt parameters."""
BUILTINS: Mapping[str, str] = {word: tool.__name__ for word, tool in BUILTIN_TOOLS.items()}
"""The registry's word for a built-in tool -> the name of its class."""

PARTS: Mapping[str, str] = {word: modality.part.__name__ for word, modality in MODALITIES.items()}
"""The registry's word for a modality -> the name of the class of its parts."""


def static_type(name: str) -> str:
    """Return the Python type of a parameter as a signature writes it: `str | Sequence[str]`."""
    hint = get_args(CallParams.__annotations__[name])[0]
    named = {id(OnUnsupported): "OnUnsupported", id(Verbosity): "Verbosity"}.get(id(hint))
    return named or (hint.__name__ if isinstance(hint, type) else re.sub(r"[\w.]+\.", "", repr(hint)))


PARAMETERS = {name: "" if DECLARED[name].by_model else static_type(name) for name in FEATURES}
"""Parameters in the order of the signature, with their types; an empty one depends on the model."""

ROUTING = {name: static_type(name) for name in ROUTING_NAMES}
"""Parameters that every model takes, because they steer the call and are no feature."""


@dataclass(frozen=True)
class Parameter:
    """A keyword parameter of a stub, or all others (`**_others`). Required ones have no default.

    - `none`: whether its type leaves `None` to be added, which stands for a parameter that is not given.
    """

    name: str
    type: str
    required: bool = False
    none: bool = True

    @property
    def written(self) -> str:
        """Return it as a signature writes it."""
        if self.required:
            return f"{self.name}: {self.type}"
        if not self.none or self.type in _WITHOUT_NONE:
            return f"{self.name}: {self.type} = ..."
        return (
            f"{self.name}: {self.type} = None" if self.type in _ONLY_NONE else f"{self.name}: {self.type} | None = None"
        )


@dataclass(frozen=True)
class Method:
    """A method of a class of capabilities, and the values that the model accepts for what it stands for."""

    name: str
    type: str

    @property
    def value(self) -> str:
        """Return the type of its argument: with `None` if it stands for a parameter, unless the model has none."""
        return self.type if self.type == "Never" or self.name not in _GIVEN_OR_NONE else f"{self.type} | None"


FORMAT = "TypeForm[FormatT]"
"""The type of `format`. A variable that may be `None` does not fit, since nobody could tell what `parse()` returns."""

_WITHOUT_NONE = (FORMAT, NOT_ACCEPTED)
_ONLY_NONE = (ONLY_WITH_REASONING_OFF, NOT_WITH_TOOLS, NONE_WITH_TOOLS, "None")
_GIVEN_OR_NONE = frozenset(PARAMETERS) - {"tools", "format"}
"""Parameters with one value, which a function hands on with the type of its own parameter: `float | None`."""


OTHERS = Parameter("**_others", NOT_ACCEPTED, required=True)
"""Makes a type checker name a misspelt parameter. It begins with an underscore, so that editors do not offer it."""


@dataclass(frozen=True)
class Signature:
    """The keyword parameters of one overload."""

    parameters: tuple[Parameter, ...]
    explains: bool = False
    """Whether it accepts nothing of its own, and only explains a refusal."""

    @property
    def defaults(self) -> Signature:
        """Return the signature of the parameters that a model's defaults accept."""
        return replace(self, parameters=tuple(p for p in self.parameters if p.name not in PER_CALL))

    @property
    def star(self) -> str:
        """Return what stands before the keywords."""
        return UNNAMED if OTHERS in self.parameters else "*"

    @property
    def has_format(self) -> bool:
        return any(p.name == "format" and "FormatT" in p.type for p in self.parameters)


@dataclass(frozen=True)
class Branch:
    """One overload of the parameters that depend on each other.

    - `reasoning`: its type, empty if the model has none.
    - `met`: the conditions that hold in this overload; parameters with such a condition are accepted.
    - `required`: parameters without a default.
    - `own_tools`: whether the caller's own tools may be among `tools`.
    - `format`: its type.
    - `forces`: whether `tool_choice` forces a tool.
    - `refused`: the reason for which it declares parameters that need another condition, to take only `None` for them.
    - `open`: the overload also declares any other name, to refuse it.
    """

    reasoning: str
    met: frozenset[str]
    required: frozenset[str] = frozenset()
    own_tools: bool = True
    format: str = FORMAT
    forces: bool = False
    open: bool = False
    refused: str = ""

    def requires(self, *names: str) -> Branch:
        """Return a copy in which these parameters are required."""
        return replace(self, required=self.required.union(names))


def signature(rules: Mapping[str, Rule], branch: Branch) -> Signature:
    """Return the signature of a call written in this way."""
    taken = [Parameter(name, type, name in branch.required) for name, type in _types(rules, branch).items() if type]
    routing = [Parameter(name, type) for name, type in ROUTING.items()]
    names = {p.name for p in taken}
    refused = [
        Parameter(name, branch.refused)
        for name in PARAMETERS
        if branch.refused and name not in names and rules[name].when in ("reasoning_off", "without_reasoning")
    ]
    return Signature((*taken, *routing, *refused, *([OTHERS] if branch.open else [])))


def _types(rules: Mapping[str, Rule], branch: Branch) -> dict[str, str]:
    """Map each parameter to its type, empty if the model does not take it."""
    computed = {
        "reasoning": branch.reasoning,
        "tools": tools_type(rules) if branch.own_tools else _provided_type(rules),
        "tool_choice": _naming(rules, 'Literal["required"]') if branch.forces else tool_choice_type(rules, branch.met),
        "format": branch.format,
        **{name: literal(rules[name].values) for name in ("verbosity", "cache")},
        "output": f"Sequence[{literal(rules['output'].values)}]",
    }
    return {
        name: (type or computed[name]) if _takes(name, rules, branch.met) else "" for name, type in PARAMETERS.items()
    }


def _takes(name: str, rules: Mapping[str, Rule], met: frozenset[str]) -> bool:
    if name == "tools" and rules["builtin_tools"].when == "always":
        return True
    if name == "output":
        return len(rules["output"].values) > 1
    return rules[name].when in met


def tools(rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """Return the classes allowed in `tools`: the caller's own if the model takes them, and the provider's."""
    own = () if rules["tools"].refused else ("AnyTool",)
    return (*own, *(BUILTINS[word] for word in rules["builtin_tools"].values))


def tools_type(rules: Mapping[str, Rule]) -> str:
    """Return the type of `tools=`: a sequence of any of them or, if they exclude each other, of one kind or the
    other."""
    own, provided = tools(rules)[:1], tools(rules)[1:]
    if own == ("AnyTool",) and provided and rules["tools.with_builtin"].refused:
        return f"Sequence[AnyTool] | Sequence[{' | '.join(provided)}]"
    return f"Sequence[{'Or'.join(tools(rules))}]"


def _provided_type(rules: Mapping[str, Rule]) -> str:
    """Return the type of the provider's tools only. Without any, only an empty list is accepted."""
    provided = tools(rules)[1:]
    return f"Sequence[{' | '.join(provided) or 'Never'}]"


def tool_choice_type(rules: Mapping[str, Rule], met: frozenset[str]) -> str:
    if rules["tool_choice.forced"].when in met:
        return _naming(rules, 'Literal["auto", "none", "required"]')
    return 'Literal["auto", "none"]'


def _naming(rules: Mapping[str, Rule], words: str) -> str:
    """Return the words, with the tool itself if the model accepts a named one."""
    return words if rules["tool_choice.forced"].values else f"{words} | AnyTool"


def reasoning_type(rules: Mapping[str, Rule], *, off: bool = True, budget: bool = True) -> str:
    """Return the type of `reasoning=`: the model's words, and `Reasoning(...)` with its levels. Empty if it takes none.

    `off` and `budget` each leave out one way of saying it.
    """
    rule = rules["reasoning"]
    if rule.refused:
        return ""
    shown = rule.values if off else _levels(rules)
    settings = settings_type(rules, budget=budget)
    return " | ".join([*([literal(shown)] if shown else []), *([settings] if settings else [])]) or "Never"


def settings_type(rules: Mapping[str, Rule], *, budget: bool = True) -> str:
    """Return the type of `llm.Reasoning(...)`; empty if the model takes none."""
    levels, has_budget = _levels(rules), budget and rules["reasoning.budget_tokens"].when == "always"
    if rules["reasoning"].refused:
        return ""
    unbudgeted = rules["reasoning.unbudgeted"].when == "always"
    thoughts = ["Hidden" if rules["reasoning.visible"].refused else "Unbudgeted"] if unbudgeted else []
    both = ["LevelAndBudget"] if levels and has_budget and not rules["reasoning.level_with_budget"].refused else []
    taken = " | ".join([*([literal(levels)] if levels else []), *thoughts, *both])
    return f"Reasoning[{taken or 'Never'}, {'int' if has_budget else 'Never'}]" if taken or has_budget else ""


def _levels(rules: Mapping[str, Rule]) -> tuple[str, ...]:
    return tuple(word for word in rules["reasoning"].values if word != "off")


def settings_names(rules: Mapping[str, Rule]) -> dict[str, str]:
    """Return the types of `llm.Reasoning(...)` in the signatures of a model, each with a name for error messages."""
    names = {settings_type(rules, budget=False): "ReasoningWithoutBudget", settings_type(rules): "ReasoningSettings"}
    return {type: name for type, name in names.items() if type}


def literal(words: tuple[str, ...]) -> str:
    return f"Literal[{', '.join(map(quoted, words))}]" if words else "Never"


def quoted(word: str) -> str:
    return f'"{word}"'
