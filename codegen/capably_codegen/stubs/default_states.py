"""Compute how a model's defaults change its type: the parameters of its calls, and the result of `with_`.

Some parameters depend on each other (`temperature` only with `reasoning="off"`). A default settles one side, so each such
default gives the model another type, a state. The tables here list, for every state, the overloads of a call, and the
overloads of `with_` with the state that each returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple, TypeAlias

from capably.registry.rules import Rule
from capably_codegen.stubs.signatures import (
    FORMAT,
    NONE_WITH_TOOLS,
    NOT_WITH_TOOLS,
    ONLY_WITH_REASONING_OFF,
    PARAMETERS,
    Branch,
    Method,
    Signature,
    literal,
    reasoning_type,
    signature,
    tool_choice_type,
)

State: TypeAlias = tuple[str, str]
"""What the defaults settle: the state of reasoning (a key of an `Axis`), and whether they include tools of the caller's own."""

FREE: State = ("", "")
TOOLS = "tools"

NAMES = {
    "on": "ReasoningOn",
    "off": "ReasoningOff",
    "stays off": "ReasoningStaysOff",
    "budget": "WithBudget",
    "forced": "WithForcedTool",
    TOOLS: "WithTools",
}
"""Word of a state -> the name of its class, which editors and error messages show: `ReasoningOff[Gpt51]`."""

DOCS = {
    "on": "reasoning is set by default, so that calls take what goes only without it where they turn it off",
    "off": 'reasoning is off by default, so that calls take what goes only with `reasoning="off"`',
    "stays off": 'a default goes only with `reasoning="off"`, so that reasoning stays off',
    "budget": "there is a thinking budget by default, so that a call that keeps it forces no tool",
    "forced": "a tool is forced by default, so that a call that keeps it has no thinking budget",
    TOOLS: "there are tools of the caller's own by default, so that a call that keeps them has no `format`",
}


class Axis(NamedTuple):
    """State of reasoning -> the branches of a call, and those of `with_` with the state that each returns.

    A type checker explains a refusal by the last branch that fits as far as any other. So the last one takes every word of
    `reasoning` (what `off` alone allows comes before it), and is open: it also declares what is refused.
    """

    calls: Mapping[str, tuple[Branch, ...]]
    copies: Mapping[str, tuple[tuple[Branch, str], ...]]


@dataclass(frozen=True)
class StateStub:
    """The data that a template needs for the class of a model in one state."""

    name: str
    doc: str
    capabilities: tuple[Method, ...]
    signatures: tuple[Signature, ...]
    copies: tuple[tuple[Signature, str], ...]
    """The overloads of `with_`, with what each returns."""


def call_signatures(rules: Mapping[str, Rule], state: State = FREE) -> tuple[Signature, ...]:
    """Return the overloads of a call to a model in this state.

    The first of each branch has no `format` and so no type variable: a call that is handed on as a value
    (`map(model.call, ...)`) has its type. Errors are those of the second, which has every parameter.
    """
    branches = _axis(rules).calls[state[0]]
    if _apart(rules):
        return tuple(_calls_apart(rules, branches, state[1]))
    branches = _open_if_single(branches)
    if rules["format"].refused:
        return tuple(signature(rules, branch) for branch in branches)
    pairs = ((replace(branch, format="", open=False), branch) for branch in branches)
    return tuple(signature(rules, branch) for pair in pairs for branch in pair)


def _open_if_single(branches: Sequence[Branch]) -> Sequence[Branch]:
    """Return the branches, of which one at least is open."""
    return [replace(branches[0], open=True)] if len(branches) == 1 else branches


def decorator_signatures(rules: Mapping[str, Rule]) -> tuple[Signature, ...]:
    """Return the overloads of `@llm.call(id, ...)`, which is no value to hand on, and so has one for each branch."""
    branches = _axis(rules).calls[""]
    if _apart(rules):
        return tuple(_calls_apart(rules, branches, ""))
    return tuple(signature(rules, branch) for branch in _open_if_single(branches))


def wrapper_signature(rules: Mapping[str, Rule]) -> Signature:
    """Return the parameters that a call takes in any company: what a wrapper can hand on, besides `format`."""
    plain = next(branch for branch in reversed(_axis(rules).calls[""]) if not branch.required)
    return signature(rules, replace(plain, format="", open=False, refused=""))


def copy_signatures(rules: Mapping[str, Rule], state: State = FREE) -> tuple[tuple[Signature, State], ...]:
    """Return the overloads of `with_` of a model in this state, each with the state that it returns."""
    apart = _apart(rules)
    return tuple(
        (signature(rules, branch).defaults, (leads, tools))
        for before, leads in _axis(rules).copies[state[0]]
        for branch, tools in (_copies_apart(before, state[1]) if apart else [(before, "")])
    )


def init_signatures(rules: Mapping[str, Rule]) -> tuple[Signature, ...]:
    """Return the overloads of `llm.Model(id, ...)`, whose type does not depend on its defaults."""
    return tuple(signature(rules, branch).defaults for branch in _axis(rules).calls[""])


def states_of(rules: Mapping[str, Rule]) -> tuple[State, ...]:
    """Return every state except the first, in which no default settles anything."""
    states = product(_axis(rules).calls, ("", TOOLS) if _apart(rules) else ("",))
    return tuple(state for state in states if state != FREE)


def state_name(state: State) -> str:
    """Return the class name of a state: `ReasoningOff`, `ReasoningOffWithTools`."""
    return "".join(NAMES[word] for word in state if word)


def state_stub(rules: Mapping[str, Rule], state: State) -> StateStub:
    """Return the data for the stub of a model in this state."""
    copies = copy_signatures(rules, state)
    return StateStub(
        name=state_name(state),
        doc="; ".join(DOCS[word] for word in state if word),
        capabilities=tuple(_capabilities(rules, state)),
        signatures=call_signatures(rules, state),
        copies=tuple((taken, _returned(leads, state)) for taken, leads in copies),
    )


def _returned(leads: State, state: State) -> str:
    if leads == state:
        return "Self"
    return "ModelT_co" if leads == FREE else f"{state_name(leads)}[ModelT_co]"


def _capabilities(rules: Mapping[str, Rule], state: State) -> Iterator[Method]:
    """Yield what a function may require of a model in this state, if it differs: name and accepted values."""
    reasoning, tools = state
    if reasoning == "on":
        yield from _conditional(rules, "without_reasoning", met=False)
    if reasoning in ("off", "stays off"):
        yield from _conditional(rules, "reasoning_off", met=True)
    if reasoning == "stays off":
        yield Method("reasoning", _off_type(rules))
    if reasoning == "budget":
        yield Method("tool_choice", tool_choice_type(rules, _PLAIN))
    if reasoning == "forced":
        yield Method("reasoning", reasoning_type(rules, budget=False))
    if tools:
        yield Method("format", "Never")


def _conditional(rules: Mapping[str, Rule], when: str, *, met: bool) -> Iterator[Method]:
    """Yield the capabilities under this condition: available if the defaults meet it (`met`), else removed."""
    for name, type in PARAMETERS.items():
        if rules[name].when == when:
            yield Method(name, type if met else "Never")
    if rules["tool_choice.forced"].when == when:
        yield Method("tool_choice", tool_choice_type(rules, _ALL if met else _PLAIN))


# --- reasoning, and what depends on it ----------------------------------------------------------------------------

_PLAIN = frozenset({"always"})
_ALL = frozenset({"always", "reasoning_off", "without_reasoning", "without_budget"})


def _axis(rules: Mapping[str, Rule]) -> Axis:
    conditions = {rule.when for rule in rules.values()}
    if "reasoning_off" in conditions:
        return _off_axis(rules)
    if "without_reasoning" in conditions:
        return _quiet_axis(rules)
    if "without_budget" in conditions:
        return _budget_axis(rules)
    every_call = Branch(reasoning_type(rules), _ALL, open=_apart(rules))
    return Axis({"": (every_call,)}, {"": ((every_call, ""),)})


def _off_axis(rules: Mapping[str, Rule]) -> Axis:
    """Build the axis of parameters, or a forced tool, that are accepted only with `reasoning="off"`."""
    plain = _ALL - {"reasoning_off"}
    off, off_plain = _off_branches(rules, plain)
    default = Branch(reasoning_type(rules), plain, open=True, refused=ONLY_WITH_REASONING_OFF)
    off_given, on_given = off.requires("reasoning"), default.requires("reasoning")
    only_off = replace(off, open=_apart(rules))
    if reasoning_type(rules, off=False) == "Never":
        # It reasons by default, and no value of `reasoning` turns reasoning on again.
        copies = {"": ((off_given, "off"), (default, "")), "off": ((only_off, "off"),)}
        return Axis({"": (off_given, default), "off": (only_off,)}, copies)
    calls = {"": (off_given, default), "off": (replace(off, open=True), on_given), "stays off": (only_off,)}
    copies = {
        "": ((off_plain.requires("reasoning"), "off"), (off_given, "stays off"), (default, "")),
        "off": ((off_plain, "off"), (replace(off, open=True), "stays off"), (on_given, "")),
        "stays off": ((only_off, "stays off"),),
    }
    if _only_a_forced_tool(rules, "reasoning_off"):
        stays_off, unforced = replace(off, open=True), off_plain.requires("tool_choice")
        calls["stays off"] = (stays_off, on_given.requires("tool_choice"))
        copies["stays off"] = ((unforced, "off"), (stays_off, "stays off"), (on_given.requires("tool_choice"), ""))
    return Axis(calls, copies)


def _quiet_axis(rules: Mapping[str, Rule]) -> Axis:
    """Build the same axis for a model that does not reason by default: `reasoning="off"` may be left out."""
    plain = _ALL - {"without_reasoning"}
    off, off_plain = _off_branches(rules, plain)
    quiet, only_off = replace(off, open=True), replace(off, open=_apart(rules))
    if reasoning_type(rules, off=False) == "Never":
        return Axis({"": (only_off,)}, {"": ((only_off, ""),)})
    default = Branch(reasoning_type(rules), plain, open=True, refused=ONLY_WITH_REASONING_OFF)
    on_given, off_given = default.requires("reasoning"), off.requires("reasoning")
    calls = {"": (quiet, default), "on": (off_given, default), "stays off": (only_off,)}
    copies = {
        "": ((off_plain, ""), (quiet, "stays off"), (on_given, "on")),
        "on": ((off_plain.requires("reasoning"), ""), (off_given, "stays off"), (default, "on")),
        "stays off": ((only_off, "stays off"),),
    }
    if _only_a_forced_tool(rules, "without_reasoning"):
        unforced = off_plain.requires("tool_choice")
        calls["stays off"] = (quiet, on_given.requires("tool_choice"))
        copies["stays off"] = ((unforced, ""), (quiet, "stays off"), (on_given.requires("tool_choice"), "on"))
    return Axis(calls, copies)


def _off_branches(rules: Mapping[str, Rule], plain: frozenset[str]) -> tuple[Branch, Branch]:
    """Return the branch of a call without reasoning, and the same without what needs that."""
    off = Branch(_off_type(rules), _ALL)
    return off, replace(off, met=plain, refused=ONLY_WITH_REASONING_OFF)


def _off_type(rules: Mapping[str, Rule]) -> str:
    """Return the type that turns reasoning off: the word, if the model has it."""
    return literal(tuple(word for word in rules["reasoning"].values if word == "off"))


def _only_a_forced_tool(rules: Mapping[str, Rule], when: str) -> bool:
    """Return whether a forced tool is all that has this condition. Unlike a temperature, a default that forces a
    tool can be undone."""
    return {name for name, rule in rules.items() if rule.when == when} == {"tool_choice.forced"}


def _budget_axis(rules: Mapping[str, Rule]) -> Axis:
    """Build the axis of a forced tool, which excludes a thinking budget."""
    free, any_plain = (
        Branch(reasoning_type(rules, budget=False), _ALL),
        Branch(reasoning_type(rules), _PLAIN, open=True),
    )
    unforced, budget_given = replace(free, met=_PLAIN), any_plain.requires("reasoning")
    forcing = replace(free, forces=True).requires("tool_choice")
    # The type of a budget takes settings without one too: the ways without come first.
    calls = {
        "": (replace(free, open=True), budget_given),
        "budget": (free.requires("reasoning"), any_plain),
        "forced": (replace(free, open=True), budget_given.requires("tool_choice")),
    }
    copies = {
        "": ((replace(unforced, open=True), ""), (forcing, "forced"), (budget_given, "budget")),
        "budget": (
            (unforced.requires("reasoning"), ""),
            (forcing.requires("reasoning"), "forced"),
            (any_plain, "budget"),
        ),
        "forced": (
            (unforced.requires("tool_choice"), ""),
            (replace(free, open=True), "forced"),
            (budget_given.requires("tool_choice"), "budget"),
        ),
    }
    return Axis(calls, copies)


# --- tools or `format` --------------------------------------------------------------------------------------------


def _apart(rules: Mapping[str, Rule]) -> bool:
    """Return whether a call may have the caller's own tools or `format`, but not both."""
    return not rules["tools"].refused and not rules["format"].refused and rules["tools.with_format"].refused


def _calls_apart(rules: Mapping[str, Rule], branches: Sequence[Branch], tools: str) -> Iterator[Signature]:
    """Yield the signatures with the caller's own tools, those with a required `format`, and those that explain a
    refusal."""
    formatted = [replace(branch, own_tools=False, format=FORMAT, open=False).requires("format") for branch in branches]
    if tools:
        for branch, other in zip(branches, formatted, strict=True):
            yield signature(rules, replace(branch, format=NONE_WITH_TOOLS))
            yield signature(rules, other.requires("tools"))
        return
    for branch, other in zip(branches, formatted, strict=True):
        yield signature(rules, replace(branch, format="None", open=False))
        yield signature(rules, other)
    if len(branches) == 1:
        yield replace(signature(rules, replace(formatted[0], open=True)), explains=True)
    default = next(branch for branch in branches if branch.open)
    yield replace(signature(rules, replace(default, format=NOT_WITH_TOOLS)), explains=True)


def _copies_apart(branch: Branch, tools: str) -> Iterator[tuple[Branch, str]]:
    """Yield the copies with and without the caller's own tools among the defaults."""
    provided = replace(branch, own_tools=False)
    if tools:
        yield replace(provided, open=False).requires("tools"), ""
        yield branch, TOOLS
    else:
        yield provided, ""
        yield replace(branch, open=False).requires("tools"), TOOLS
