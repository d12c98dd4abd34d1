"""Write what a docstring says of each parameter of a call: what it does, and the values that this model takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from capably.parameters import PARAMETERS as DECLARED
from capably.registry.rules import Rule
from capably.types.facts import UNVERIFIED, Facts
from capably_codegen.registry.schema import Model
from capably_codegen.stubs.signatures import (
    BUILTINS,
    NONE_WITH_TOOLS,
    NOT_WITH_TOOLS,
    ONLY_WITH_REASONING_OFF,
    Parameter,
    Signature,
)

_REFUSALS = {
    ONLY_WITH_REASONING_OFF: 'Only in a call with `reasoning="off"`.',
    NOT_WITH_TOOLS: "Not together with tools of your own.",
    NONE_WITH_TOOLS: "Not together with tools of your own.",
    "None": "Not together with tools of your own.",
}
"""The type of a parameter that a signature names to refuse it -> what the docstring says of it."""

_PLURALS = {"image": "images", "document": "documents", "video": "videos"}


def arguments(signature: Signature, value_docs: Mapping[str, str]) -> str:
    """Return a line for each parameter of an overload.

    Every overload has them: for one without a docstring, an editor looks for the function's code, which takes a second.
    """
    own = {p.name: p for p in signature.parameters}
    return "".join(f"{name}: {paragraph(own[name], value_docs)}\n" for name in DECLARED if name in own)


def paragraph(parameter: Parameter, value_docs: Mapping[str, str]) -> str:
    """Return what a parameter of this type does; `value_docs` has what the profile's facts add to that (`value_docs_of`)."""
    if parameter.type in _REFUSALS:
        return _REFUSALS[parameter.type]
    words = _words(parameter.type)
    taken = f"This model takes {listed(words, 'or')}." if words else ""
    return " ".join(filter(None, (DECLARED[parameter.name].doc, taken, value_docs.get(parameter.name))))


def value_docs_of(rules: Mapping[str, Rule], facts: Facts, models: Mapping[str, Model]) -> dict[str, str]:
    """Return what the facts of a profile say of the values of each parameter: ranges, limits, and what goes together."""
    return {
        "content": f"This model reads {listed([_PLURALS.get(kind, kind) for kind in facts['input']])}.",
        "reasoning": " ".join(_reasoning(rules, facts)),
        "tools": " ".join(_tools(rules)),
        "format": _format(facts),
        **_sampling(facts),
        "max_tokens": _limits(models),
    }


def listed(words: Sequence[str], link: str = "and") -> str:
    """Return the words as a sentence has them: `a, b or c`."""
    return f" {link} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _words(type: str) -> list[str]:
    """Return the words of the first `Literal` of a type, and the tool that stands beside them."""
    literal = re.match(r"(?:Sequence\[)?Literal\[(.*?)\]", type)
    words = re.findall(r'"(\w+)"', literal[1]) if literal else []
    return [*(f"`{word}`" for word in words), *(["a tool"] if words and "AnyTool" in type else [])]


def _reasoning(rules: Mapping[str, Rule], facts: Facts) -> Iterator[str]:
    reasoning = facts["reasoning"]
    if reasoning is None or reasoning == UNVERIFIED or rules["reasoning"].refused:
        return
    if reasoning["default"]:
        yield f"Without it the level is `{reasoning['default']}`."
    elif reasoning["on_by_default"] is not None:
        yield f"Without it the model {'reasons' if reasoning['on_by_default'] else 'does not reason'}."
    budget = reasoning["budget"]
    if budget and not rules["reasoning.budget_tokens"].refused:
        span = (
            f"{budget['min']:,} to {budget['max']:,} tokens" if budget["max"] else f"at least {budget['min']:,} tokens"
        )
        yield f"A budget has {span}."
    else:
        yield "It takes no budget."
    if rules["reasoning.visible"].refused:
        yield "It shows no thoughts."


def _tools(rules: Mapping[str, Rule]) -> Iterator[str]:
    names = [f"`llm.{BUILTINS[word]}`" for word in rules["builtin_tools"].values]
    yield f"At the provider this model has {listed(names)}." if names else "This model has none at the provider."
    if names and not rules["tools"].refused and rules["tools.with_builtin"].refused:
        yield "They are of one kind in a call."


def _format(facts: Facts) -> str:
    is_json = facts["structured_output"] == "json_object"
    return "The API guarantees JSON, and not that it fits." if is_json else ""


def _sampling(facts: Facts) -> dict[str, str]:
    sampling = facts["sampling"]
    most, least = sampling["temperature_max"], sampling["top_p_min"]
    apart = sampling["exclusive"]
    temperature = [f"This model takes 0 to {most:g}." if most else "", "Not together with `top_p`." if apart else ""]
    top_p = [f"This model takes {least:g} to 1." if least else "", "Not together with `temperature`." if apart else ""]
    return {"temperature": " ".join(filter(None, temperature)), "top_p": " ".join(filter(None, top_p))}


def _limits(models: Mapping[str, Model]) -> str:
    """Return the most tokens that the models of a profile write; with their ids, where that differs."""
    ids: dict[int, list[str]] = {}
    for id, model in models.items():
        if model.limits.output:
            ids.setdefault(model.limits.output, []).append(f"`{id.partition('/')[2]}`")
    if not ids:
        return ""
    if len(ids) == 1 and len(models) == len(next(iter(ids.values()))):
        return f"At most {next(iter(ids)):,}."
    return f"At most {listed([f'{most:,} ({listed(names)})' for most, names in sorted(ids.items())], 'or')}."
