"""Compute the data of stubs from the rules of a profile.

The rules come from `capably.registry.rules`, the reading of the facts that the run-time check uses too. Here they only get
Python types: of one overload in `signatures.py`, of parameters that depend on each other in `default_states.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from capably.capabilities import CAPABILITIES
from capably.modalities import OUTPUTS
from capably.parameters import Verbosity
from capably.registry.rules import Rule, capabilities_of, rules_of
from capably.types.facts import Facts
from capably.types.reasoning import Effort
from capably_codegen.registry.names import module_name, profile_class
from capably_codegen.registry.schema import Lifetime, Model
from capably_codegen.stubs.default_states import (
    FREE,
    StateStub,
    call_signatures,
    copy_signatures,
    decorator_signatures,
    init_signatures,
    state_name,
    state_stub,
    states_of,
    wrapper_signature,
)
from capably_codegen.stubs.parameter_docs import value_docs_of
from capably_codegen.stubs.signatures import (
    BUILTINS,
    PARAMETERS,
    PARTS,
    Method,
    Signature,
    literal,
    reasoning_type,
    settings_names,
    tool_choice_type,
    tools,
)


@dataclass(frozen=True)
class ProfileStub:
    """Everything a template needs to write one profile class, whose calls stand in a module of their own."""

    class_name: str
    package: str
    module: str
    doc: str
    parts: tuple[str, ...]
    tools: tuple[str, ...]
    capabilities: tuple[Method, ...]
    inits: tuple[Signature, ...]
    signatures: tuple[Signature, ...]
    decorators: tuple[Signature, ...]
    wrapped: Signature
    copies: tuple[tuple[Signature, str], ...]
    states: tuple[StateStub, ...]
    settings: Mapping[str, str]
    """Types of `llm.Reasoning(...)` in the signatures -> their names."""
    value_docs: Mapping[str, str]
    """Parameter -> what the docstring says of the values that this profile takes."""
    has_system: bool = True

    @property
    def caps(self) -> str:
        """Return the name of the class of its capabilities."""
        return "Any" if self.class_name == "AnyModel" else f"{self.class_name.removesuffix('Profile')}Capabilities"

    @property
    def params(self) -> str:
        """Return the name of the TypedDict of its call parameters."""
        return f"{self.class_name.removesuffix('Profile')}Params"

    @property
    def states_module(self) -> str:
        """Return the module of its states. No profile name contains two underscores."""
        return f"{self.module}__states"

    def form_module(self, form: str) -> str:
        """Return the module of one form of calls, which a type checker reads only where that form is used."""
        return f"{self.module}__{form}"

    def path_of(self, form: str) -> str:
        """Return the module of one form of calls as an import names it."""
        return ".".join(filter(None, ("capably_models", self.package, self.form_module(form))))

    @property
    def inputs(self) -> str:
        return " | ".join(self.parts)

    @property
    def inputs_alias(self) -> str:
        """Return the name of the type of its parts: `TextImageParts`."""
        return f"{self._named}Parts"

    @property
    def _named(self) -> str:
        return "".join(part.removesuffix("Output").removesuffix("Point") for part in self.parts[:-1])

    @property
    def content(self) -> str:
        """Return the name of the type of `content`, which error messages print: `TextImageContent`."""
        if self.class_name == "AnyModel":
            return "AnyContent"
        return f"{self._named}Content" if self.has_system else f"{self._named}ContentWithoutSystem"

    @property
    def messages(self) -> str:
        """Return the message types allowed in a list of messages."""
        return f"UserMessage[{self.inputs}] | AssistantMessage{' | SystemMessage' if self.has_system else ''}"


def profile_stub(name: str, facts: Facts, models: Mapping[str, Model]) -> ProfileStub:
    """Return the data for the stub of this profile and of its models."""
    rules = rules_of(facts)
    return ProfileStub(
        class_name=profile_class(name),
        package=f"_{name.partition('/')[0]}",
        module=module_name(name),
        doc=f"What models of the profile `{name}` take. Facts of {facts['verified']}.",
        parts=parts(rules),
        tools=tools(rules),
        capabilities=tuple(capabilities(rules, facts)),
        **_functions(rules),
        value_docs=value_docs_of(rules, facts, models),
        has_system=not rules["system"].refused,
    )


def any_stub() -> ProfileStub:
    """Return the stub of an unverified model: every parameter, every value."""
    always = {
        name: Rule("always")
        for name in (
            *PARAMETERS,
            "tool_choice.forced",
            "reasoning.budget_tokens",
            "reasoning.level_with_budget",
            "reasoning.unbudgeted",
            "reasoning.visible",
            "system_messages",
            "tools.with_format",
            "tools.with_builtin",
        )
    }
    words = {
        "input": tuple(PARTS),
        "output": ("text", *OUTPUTS),
        "builtin_tools": tuple(BUILTINS),
        "reasoning": ("off", *get_args(Effort)),
        "verbosity": get_args(Verbosity),
        "cache": get_args(Lifetime),
    }
    rules = {**always, **{name: Rule("always", values) for name, values in words.items()}}
    doc = "A model whose capabilities are not known to the type checker. Everything is admitted here and checked at run time."
    return ProfileStub("AnyModel", "", "_any", doc, parts(rules), tools(rules), (), **_functions(rules), value_docs={})


def _functions(rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Return the call signatures of a model with free defaults, and of one in each other state."""
    return {
        "inits": init_signatures(rules),
        "signatures": call_signatures(rules),
        "wrapped": wrapper_signature(rules),
        "decorators": decorator_signatures(rules),
        "copies": tuple(
            (taken, "ModelT" if leads == FREE else f"states.{state_name(leads)}[ModelT]")
            for taken, leads in copy_signatures(rules)
        ),
        "settings": settings_names(rules),
        "states": tuple(state_stub(rules, state) for state in states_of(rules)),
    }


def parts(rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """Return the classes of the parts allowed in `content`. `Unknown`, the provider's own JSON, is always allowed."""
    extra = (("tools", "ToolOutput"), ("cache", "CachePoint"))
    taken = (part for name, part in extra if not rules[name].refused)
    return (*(PARTS[m] for m in rules["input"].values), *taken, "Unknown")


def capabilities(rules: Mapping[str, Rule], facts: Facts) -> Iterator[Method]:
    """Yield the capabilities of the profile in every call, as methods of `_capabilities`: name and accepted values."""
    has = capabilities_of(rules, facts)
    types = {
        **{name: type for name, type in PARAMETERS.items() if type},
        "tools": "AnyTool",
        "tool_choice": tool_choice_type(rules, frozenset({"always", "without_budget", "without_reasoning"}))
        if "tool_choice.forced" in has
        else tool_choice_type(rules, frozenset()),
        "format": "Yes",
        "reasoning": reasoning_type(rules),
        "verbosity": literal(rules["verbosity"].values),
        "cache": literal(rules["cache"].values),
    }
    for name, type in types.items():
        if name not in ("max_tokens", "output") and name in has:
            yield Method(name, type)
    if rules["builtin_tools"].values:
        yield Method("builtin_tools", " | ".join(BUILTINS[word] for word in rules["builtin_tools"].values))
    yield from (Method(mark, "Yes") for mark, name in _MARKS.items() if name in has)
    for name, capability in CAPABILITIES.items():
        own = [(name, capability.takes)] if name in _PLAIN else []
        also = [(other, type) for other, type in capability.also if other not in PARAMETERS]
        if (capability.feature or name) in has:
            yield from (Method(method, type) for method, type in (*own, *also))


_MARKS = {"reasons": "reasoning", "thoughts": "thoughts", "caches": "cache"}
"""Capabilities that a model has with any words -> the rule behind each."""

_PLAIN = ("tools_with_format", *(has.feature for has in OUTPUTS.values()))
"""Capabilities beside the parameters that take the same values of every model."""
