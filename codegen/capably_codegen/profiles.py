"""From rules to signatures: what the stub of a profile must say.

The rules come from `capably.types.rules`, the reading of the facts that the run-time check uses too. Here they only get
Python types. A condition on reasoning becomes a pair of overloads.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from capably.types.rules import PARTS, Rule, capabilities_of, rules_of

ONLY_WITH_REASONING_OFF = "OnlyWithReasoningOff"
NOT_WITH_TOOLS = "NotTogetherWithTools"
NOT_ACCEPTED = "NotAcceptedByThisModel"

BUILTINS = {
    "apply_patch": "ApplyPatch",
    "bash": "Bash",
    "browser_use": "BrowserUse",
    "code_execution": "CodeExecution",
    "computer_use": "ComputerUse",
    "file_search": "FileSearch",
    "google_maps": "GoogleMaps",
    "image_generation": "ImageGeneration",
    "mcp": "MCPServer",
    "memory": "Memory",
    "shell": "Shell",
    "text_editor": "TextEditor",
    "tool_search": "ToolSearch",
    "web_fetch": "WebFetch",
    "web_search": "WebSearch",
}
"""The registry's word for a built-in tool -> its class."""

EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")

_PARAMETERS = {
    "system": "str",
    "reasoning": "",
    "tools": "",
    "tool_choice": "",
    "parallel_tools": "bool",
    "format": "type[FormatT] | None",
    "temperature": "float",
    "top_p": "float",
    "top_k": "int",
    "max_tokens": "int",
    "stop": "str | Sequence[str]",
    "seed": "int",
    "logprobs": "int",
    "verbosity": "",
    "prefill": "str",
    "cache": "",
    "output": "",
}
"""Parameters in the order of the signature, with their types; an empty one depends on the model."""

ROUTING = {
    "extra": "Mapping[str, Any]",
    "on_unsupported": "OnUnsupported",
    "timeout": "float",
    "max_retries": "int",
    "headers": "Mapping[str, str]",
}
"""Parameters that every model takes, because they steer the call and are no feature."""


@dataclass(frozen=True)
class Parameter:
    """A keyword parameter of a stub, or all others (`**others`). Required ones have no default."""

    name: str
    type: str
    required: bool = False


OTHERS = Parameter("**others", NOT_ACCEPTED, required=True)
"""In a last overload: what a type checker then says of a misspelt parameter names it."""


@dataclass(frozen=True)
class Signature:
    """The keyword parameters of one overload."""

    parameters: tuple[Parameter, ...]

    def with_types(self, **types: str) -> Signature:
        """The same with other types of these parameters; without those whose type is empty."""
        changed = (replace(p, type=types.get(p.name, p.type)) for p in self.parameters)
        return Signature(tuple(p for p in changed if p.type))

    @property
    def defaults(self) -> tuple[Parameter, ...]:
        """Those that may be set on the model itself."""
        return tuple(p for p in self.parameters if p.name not in ("prefill", "format"))

    @property
    def explains(self) -> bool:
        """Whether it only explains a refusal."""
        return OTHERS in self.parameters

    @property
    def has_format(self) -> bool:
        return any(p.name == "format" and "FormatT" in p.type for p in self.parameters)


@dataclass(frozen=True)
class ProfileStub:
    """Everything a template needs to write one profile class, whose calls stand in a module of their own."""

    class_name: str
    package: str
    module: str
    doc: str
    parts: tuple[str, ...]
    tools: tuple[str, ...]
    capabilities: tuple[Parameter, ...]
    signatures: tuple[Signature, ...]
    has_system: bool = True

    @property
    def caps(self) -> str:
        """The name of the class of its capabilities."""
        return "Any" if self.class_name == "AnyModel" else f"{self.class_name.removesuffix('Profile')}Capabilities"

    @property
    def inputs(self) -> str:
        return " | ".join(self.parts)

    @property
    def inputs_alias(self) -> str:
        """The name of the type of its parts: `TextImageParts`."""
        return f"{self._named}Parts"

    @property
    def _named(self) -> str:
        return "".join(part.removesuffix("Output").removesuffix("Point") for part in self.parts[:-1])

    @property
    def content(self) -> str:
        """The name of the type of `content`, which error messages print: `TextImageContent`."""
        if self.class_name == "AnyModel":
            return "AnyContent"
        return f"{self._named}Content" if self.has_system else f"{self._named}ContentWithoutSystem"

    @property
    def messages(self) -> str:
        """What may stand in a list of messages."""
        return f"UserMessage[{self.inputs}] | AssistantMessage{' | SystemMessage' if self.has_system else ''}"


def class_name(id: str) -> str:
    """`openai/gpt-5.6-luna` -> `Gpt56Luna`."""
    words = re.split(r"[^0-9A-Za-z]+", id.partition("/")[2])
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return f"_{name}" if name[0].isdigit() else name


def profile_class(name: str) -> str:
    """`openai/gpt-4.1` -> `OpenaiGpt41Profile`."""
    return f"{class_name('/' + name.partition('/')[0])}{class_name(name).removeprefix('_')}Profile"


def module_name(id: str) -> str:
    """`openai/gpt-5.6-luna` -> `gpt_5_6_luna`, the module of its signatures."""
    name = re.sub(r"[^0-9A-Za-z]+", "_", id.partition("/")[2]).strip("_").lower()
    return f"_{name}" if name[0].isdigit() or keyword.iskeyword(name) or name in _IMPORTED else name


_IMPORTED = ("overload", "type_check_only")
"""What a stub imports in lower case, which a module must not hide."""


def profile_stub(name: str, facts: Mapping[str, Any]) -> ProfileStub:
    """What the stub of this profile must say."""
    rules = rules_of(facts)
    return ProfileStub(
        class_name=profile_class(name),
        package=f"_{name.partition('/')[0]}",
        module=module_name(name),
        doc=f"What models of the profile `{name}` take. Facts of {facts['verified']}.",
        parts=parts(rules),
        tools=tools(rules),
        capabilities=tuple(capabilities(rules, facts)),
        signatures=signatures(rules),
        has_system=not rules["system"].refused,
    )


def any_stub() -> ProfileStub:
    """A model of which nothing is known before the call: every parameter, every value."""
    always = {
        name: Rule("always")
        for name in (
            *_PARAMETERS,
            "tool_choice.forced",
            "reasoning.budget_tokens",
            "reasoning.unbudgeted",
            "system_messages",
            "tools.with_format",
            "tools.with_builtin",
        )
    }
    words = {
        "input": tuple(PARTS),
        "output": ("text", "image", "audio"),
        "builtin_tools": tuple(BUILTINS),
        "reasoning": ("off", *EFFORTS),
        "verbosity": ("low", "medium", "high"),
        "cache": ("5m", "30m", "1h", "12h", "24h"),
    }
    rules = {**always, **{name: Rule("always", values) for name, values in words.items()}}
    doc = "A model whose capabilities are not known to the type checker. Everything is admitted here and checked at run time."
    return ProfileStub("AnyModel", "", "_any", doc, parts(rules), tools(rules), (), signatures(rules))


def parts(rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """The classes of the parts that may stand in `content`; `Unknown`, the provider's own JSON, may everywhere."""
    extra = (("tools", "ToolOutput"), ("cache", "CachePoint"))
    taken = (part for name, part in extra if not rules[name].refused)
    return (*(PARTS[m] for m in rules["input"].values), *taken, "Unknown")


def signatures(rules: Mapping[str, Rule]) -> tuple[Signature, ...]:
    """One signature; or, where parameters depend on each other, a pair of overloads and one that explains a refusal.

    Type checkers report against the last, so it accepts nothing that the pair refuses, and names the parameter and the reason.
    """
    conditions = {rule.when for rule in rules.values()}
    if "reasoning_off" in conditions:
        on = _signature(rules, reasoning_type(rules, off=False), {"always", "without_budget"})
        off = _signature(rules, 'Literal["off"]', {"always", "without_budget", "reasoning_off"}, required=True)
        if _tools_with_format(rules):
            return on, off, _explained(on, off)
        explained = _explained(on, off).with_types(format=NOT_WITH_TOOLS)
        return *_split(on, rules), *_split(off, rules), explained
    if "without_budget" in conditions:
        words, budget = reasoning_type(rules, budget=False), reasoning_type(rules, words=False)
        free = _signature(rules, words, {"always", "without_budget"})
        tight = _signature(rules, budget, {"always"}, required=True)
        explained = _signature(rules, f"{words} | {budget}", {"always"})
        return free, tight, Signature((*explained.parameters, OTHERS))
    whole = _signature(rules, reasoning_type(rules), {"always"})
    return (whole,) if _tools_with_format(rules) else _apart(whole, rules)


def _tools_with_format(rules: Mapping[str, Rule]) -> bool:
    """Whether one call may have both, as far as it may have each."""
    return rules["tools"].refused or rules["format"].refused or not rules["tools.with_format"].refused


def _apart(whole: Signature, rules: Mapping[str, Rule]) -> tuple[Signature, ...]:
    """The caller's own tools, or `format`; and two overloads that explain a refusal."""
    free, formatted = _split(whole, rules)
    explained = whole.with_types(format=NOT_WITH_TOOLS)
    return free, formatted, Signature((*formatted.parameters, OTHERS)), Signature((*explained.parameters, OTHERS))


def _split(whole: Signature, rules: Mapping[str, Rule]) -> tuple[Signature, Signature]:
    """The caller's own tools, or `format`, which then is required."""
    provided = tools(rules)[1:]
    formatted = whole.with_types(tools=f"Sequence[{' | '.join(provided)}]" if provided else "")
    required = (
        replace(p, type="type[FormatT]", required=True) if p.name == "format" else p for p in formatted.parameters
    )
    return whole.with_types(format="None"), Signature(tuple(required))


def _explained(on: Signature, off: Signature) -> Signature:
    known = {p.name for p in on.parameters}
    extra = (Parameter(p.name, ONLY_WITH_REASONING_OFF) for p in off.parameters if p.name not in known)
    return Signature((*on.parameters, *extra, OTHERS))


def _signature(rules: Mapping[str, Rule], reasoning: str, met: set[str], *, required: bool = False) -> Signature:
    computed = {
        "reasoning": reasoning,
        "tools": tools_type(rules),
        "tool_choice": tool_choice_type(rules, met),
        **{name: literal(rules[name].values) for name in ("verbosity", "cache")},
        "output": f"Sequence[{literal(rules['output'].values)}]",
    }
    taken = (
        Parameter(name, type or computed[name], required and name == "reasoning")
        for name, type in _PARAMETERS.items()
        if _takes(name, rules, met)
    )
    return Signature((*taken, *(Parameter(name, type) for name, type in ROUTING.items())))


def _takes(name: str, rules: Mapping[str, Rule], met: set[str]) -> bool:
    if name == "tools" and rules["builtin_tools"].when == "always":
        return True
    if name == "output":
        return len(rules["output"].values) > 1
    return rules[name].when in met


def capabilities(rules: Mapping[str, Rule], facts: Mapping[str, Any]) -> Iterator[Parameter]:
    """What the profile has in every call, as the methods of `capably.llm._capabilities`: name and accepted values."""
    has = capabilities_of(rules, facts)
    types = {
        **{name: type for name, type in _PARAMETERS.items() if type and name != "format"},
        "tools": "AnyTool",
        "tool_choice": tool_choice_type(rules, {"always", "without_budget"})
        if "tool_choice.forced" in has
        else tool_choice_type(rules, set()),
        "format": "Yes",
        "reasoning": reasoning_type(rules),
        "verbosity": literal(rules["verbosity"].values),
        "cache": literal(rules["cache"].values),
    }
    for name, type in types.items():
        if name not in ("max_tokens", "output") and name in has:
            yield Parameter(name, type)
    if rules["builtin_tools"].values:
        yield Parameter("builtin_tools", " | ".join(BUILTINS[word] for word in rules["builtin_tools"].values))
    marks = {"reasons": "reasoning", "thoughts": "thoughts", "caches": "cache"}
    marks |= {"image_output": "image_output", "audio_output": "audio_output"}
    yield from (Parameter(mark, "Yes") for mark, name in marks.items() if name in has)


def tools(rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """The classes that may stand in `tools`: the caller's own where the model takes them, and the provider's."""
    own = () if rules["tools"].refused else ("AnyTool",)
    return (*own, *(BUILTINS[word] for word in rules["builtin_tools"].values))


def tools_type(rules: Mapping[str, Rule]) -> str:
    """What `tools=` takes: a sequence of any of them, or, where they exclude each other, of one kind or the other."""
    own, provided = tools(rules)[:1], tools(rules)[1:]
    if own == ("AnyTool",) and provided and rules["tools.with_builtin"].refused:
        return f"Sequence[AnyTool] | Sequence[{' | '.join(provided)}]"
    return f"Sequence[{tools_alias(rules)}]"


def tools_alias(rules: Mapping[str, Rule]) -> str:
    """The name of that union, which error messages print: `AnyToolOrWebFetchOrWebSearch`."""
    return "Or".join(tools(rules))


def tool_choice_type(rules: Mapping[str, Rule], met: set[str]) -> str:
    if rules["tool_choice.forced"].when in met:
        return 'Literal["auto", "none", "required"] | AnyTool'
    return 'Literal["auto", "none"]'


def reasoning_type(rules: Mapping[str, Rule], *, off: bool = True, budget: bool = True, words: bool = True) -> str:
    """The type of `reasoning=`: the model's own words, and `Reasoning(...)` with the model's own levels. Empty if none.

    `off`, `budget` and `words` each leave out one way of saying it.
    """
    rule = rules["reasoning"]
    if rule.refused:
        return ""
    levels = tuple(word for word in rule.values if word != "off")
    has_budget = budget and rules["reasoning.budget_tokens"].when == "always"
    unbudgeted = rules["reasoning.unbudgeted"].when == "always"
    said = " | ".join([*([literal(levels)] if levels else []), *(["Unbudgeted"] if unbudgeted else [])]) or "Never"
    settings = f"Reasoning[{said}, {'int' if has_budget else 'Never'}]"
    shown = (rule.values if off else levels) if words else ()
    if said == "Never" and not has_budget:
        return literal(shown)
    return f"{literal(shown)} | {settings}" if shown else settings


def literal(words: tuple[str, ...]) -> str:
    return f"Literal[{', '.join(map(quoted, words))}]" if words else "Never"


def quoted(word: str) -> str:
    return f'"{word}"'
