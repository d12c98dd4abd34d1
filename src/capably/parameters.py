"""Every parameter of a call, declared once.

`CallParams` has one entry for each parameter: its Python type, and a `Parameter` with everything else that is the same for
all models. From it follow the run-time check of values, the signatures in the generated stubs, the capability classes
(`llm.HasSeed`), the keywords of `llm.models`, the flags of the command line, what `resume` repeats, the words of refusals,
and the documentation. What one model takes is a fact of the registry; how one API spells it is a line of its adapter.

This module imports no other module of capably but the types that it names, and nothing heavy: it is read at import.
"""

# Annotations are values here, so there is no `from __future__ import annotations`.
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, TypedDict, get_args

from capably.types.provider import Provider
from capably.types.reasoning import Effort, Reasoning
from capably.types.timeout import Timeout

OnUnsupported: TypeAlias = Literal["raise", "warn", "drop"]
Verbosity: TypeAlias = Literal["low", "medium", "high"]


class Kind(NamedTuple):
    """The values that a parameter takes of any model: their Python types, what errors call them, and their range.

    `least` and `most` bound a number; one that is `positive` is above zero and finite. `holds` is the type of the items of a sequence, or of the values of a mapping.
    """

    types: tuple[type, ...]
    words: str
    least: float | None = None
    most: float | None = None
    holds: type | None = None
    positive: bool = False


class Capability(NamedTuple):
    """A capability that a function can demand of a model: the class `llm.<name>` and its docstring.

    `takes` is the type of the values that the demanding function may pass. `feature` is its rule in the registry,
    by default the parameter's own; `base` is a capability that it includes. A `generic` capability is demanded with words,
    `llm.HasReasoning[Literal["high"]]`, and `mark` names the method that exists with any of them. `also` has what
    else it includes, parameters and kinds of content, and their types. A model has a capability with `words` only if it takes all of them.
    """

    name: str
    doc: str
    takes: str
    feature: str = ""
    base: str = "Capabilities"
    generic: str = ""
    mark: str = ""
    also: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()


class Parameter(NamedTuple):
    """What is the same for every model.

    - `doc`: one paragraph with units; the first sentence stands alone where there is little room.
    - `fact`: the field of the registry that says whether a model takes it, `endpoints.seed` for one of each endpoint. Empty
      where every model does.
    - `kind`: the values that are possible at all; `None` where words, tools or a class are looked at elsewhere.
    - `by_model`: the static type is made from the model's facts and not from the annotation.
    - `routes`: it steers the call and is no feature that a model could lack.
    - `has`: the capability that a function can demand.
    - `selects`: the keyword of `llm.models`, the flag of the command line, and the call that a refusal recommends.
    - `repeats`: whether a further turn of the conversation has it again; or the only values that it has again.
    - `per_call`: it is no default of a model, because it belongs to one call.
    """

    doc: str
    fact: str = ""
    kind: Kind | None = None
    by_model: bool = False
    routes: bool = False
    has: Capability | None = None
    selects: str = ""
    repeats: bool | tuple[str, ...] = True
    per_call: bool = False


CONTENT = "What to say: a text, a part such as `llm.Image.from_file(...)`, a list of these, or a list of messages."
"""The documentation of the one positional parameter of a call."""

_NUMBER, _INTEGER = Kind((int, float), "a number"), Kind((int,), "an int")


class CallParams(TypedDict, total=False):
    """Every parameter that a call can carry besides its content. Which of them a model takes is a fact of the registry."""

    system: Annotated[
        str,
        Parameter(
            "Instructions that lead the conversation. They come before its messages, as one more system message.",
            "system",
            kind=Kind((str,), "a str"),
            has=Capability("HasSystem", "Takes instructions (`system=`).", "str"),
            repeats=False,
        ),
    ]
    reasoning: Annotated[
        Literal["off"] | Effort | Reasoning[Any, Any],
        Parameter(
            "How much the model reasons before it answers: one of its own effort levels, or `off` where it can be turned off. "
            "`llm.Reasoning(effort=, budget_tokens=, visible=)` sets a budget in tokens, or asks to read the thoughts.",
            "reasoning",
            by_model=True,
            has=Capability(
                "HasReasoning",
                'Reasoning can be set; `llm.HasReasoning[Literal["low", "high"]]` names the levels that the function uses.',
                "LevelT_contra",
                generic="LevelT_contra",
                mark="reasons",
            ),
        ),
    ]
    tools: Annotated[
        Sequence[Any],
        Parameter(
            "Tools that the model may call: functions under `@llm.tool`, and tools that run at the provider "
            "(`llm.WebSearch()`). No two of them have the same name.",
            "tools",
            kind=Kind((Sequence,), "a list of tools"),
            by_model=True,
            has=Capability(
                "HasTools",
                "Calls the caller's functions (`tools=`).",
                "AnyTool",
                also=(("tool_choice", 'Literal["auto", "none"]'), ("tool_output", "ToolOutput")),
            ),
            selects="tools",
        ),
    ]
    tool_choice: Annotated[
        Any,
        Parameter(
            "Whether the model calls a tool: `auto` leaves it to the model, `none` forbids it, `required` forces some tool, and "
            "a tool forces that one. A forced choice is for one turn: `resume` does not repeat it.",
            "tools.forced",
            by_model=True,
            has=Capability(
                "HasForcedTools",
                'Can be made to call a tool (`tool_choice="required"`, or a tool).',
                'Literal["auto", "none", "required"] | AnyTool',
                feature="tool_choice.forced",
                base="HasTools",
            ),
            selects="forced_tools",
            repeats=("auto", "none"),
        ),
    ]
    parallel_tools: Annotated[
        bool,
        Parameter(
            "Whether the model may ask for several tool calls in one turn.",
            "tools.parallel",
            kind=Kind((bool,), "True or False"),
            has=Capability(
                "HasParallelTools", "Parallel tool calls can be switched (`parallel_tools=`).", "bool", base="HasTools"
            ),
        ),
    ]
    format: Annotated[
        Any,
        Parameter(
            "The type that the answer is parsed as: a dataclass, TypedDict, pydantic model, primitive, `list[T]`, `Literal`, "
            "`Enum` or union. "
            "Its JSON Schema is sent, and `response.parse()` returns a value of it.",
            "structured_output",
            by_model=True,
            has=Capability("HasFormat", "Answers in a structure (`format=`).", "Yes"),
            selects="format",
            per_call=True,
        ),
    ]
    temperature: Annotated[
        float,
        Parameter(
            "Sampling temperature, from 0 (always the likeliest words) to the model's maximum, which is 1 or 2.",
            "sampling.temperature",
            kind=_NUMBER,
            has=Capability(
                "HasTemperature", "Takes `temperature=` in every call that does not ask for reasoning.", "float"
            ),
            selects="temperature",
        ),
    ]
    top_p: Annotated[
        float,
        Parameter(
            "Nucleus sampling: only the likeliest words that together have this probability, from 0 to 1, are considered.",
            "sampling.top_p",
            kind=_NUMBER._replace(least=0, most=1),
            has=Capability("HasTopP", "Takes `top_p=` in every call that does not ask for reasoning.", "float"),
            selects="top_p",
        ),
    ]
    top_k: Annotated[
        int,
        Parameter(
            "Only this many of the likeliest words are considered at each step; 1 or more.",
            "sampling.top_k",
            kind=_INTEGER._replace(least=1),
            has=Capability("HasTopK", "Takes `top_k=` in every call that does not ask for reasoning.", "int"),
            selects="top_k",
        ),
    ]
    presence_penalty: Annotated[
        float,
        Parameter(
            "A penalty, from -2 to 2, on every word that the text has already: above 0 new subjects become likelier, below 0 the "
            "same ones.",
            "endpoints.presence_penalty",
            kind=_NUMBER._replace(least=-2, most=2),
            has=Capability("HasPresencePenalty", "Takes `presence_penalty=`.", "float"),
            selects="presence_penalty",
        ),
    ]
    frequency_penalty: Annotated[
        float,
        Parameter(
            "A penalty, from -2 to 2, on a word for each time that the text has it already: above 0 repetitions become rarer.",
            "endpoints.frequency_penalty",
            kind=_NUMBER._replace(least=-2, most=2),
            has=Capability("HasFrequencyPenalty", "Takes `frequency_penalty=`.", "float"),
            selects="frequency_penalty",
        ),
    ]
    max_tokens: Annotated[
        int,
        Parameter(
            "The most tokens that the model may write in this answer, reasoning included where the API counts it.",
            kind=_INTEGER,
        ),
    ]
    stop: Annotated[
        str | Sequence[str],
        Parameter(
            "Text, or several, at which the model stops. The text itself is not part of the answer.",
            "endpoints.stop",
            kind=Kind((str, Sequence), "a str or a list of them", holds=str),
            has=Capability("HasStop", "Takes stop sequences (`stop=`).", "str | Sequence[str]"),
            selects="stop",
        ),
    ]
    seed: Annotated[
        int,
        Parameter(
            "A number that makes sampling repeatable, as far as the provider can: equal requests give mostly equal answers.",
            "endpoints.seed",
            kind=_INTEGER,
            has=Capability("HasSeed", "Takes a sampling seed (`seed=`).", "int"),
            selects="seed",
        ),
    ]
    logprobs: Annotated[
        int,
        Parameter(
            "Log probabilities of the tokens of the answer: `True`, or the number of likeliest alternatives to each, 0 to 20.",
            "endpoints.logprobs",
            kind=Kind((int,), "True, or an int", least=0, most=20),
            has=Capability("HasLogprobs", "Gives log probabilities in every call (`logprobs=`).", "int"),
        ),
    ]
    verbosity: Annotated[
        Verbosity,
        Parameter(
            "How long the answer is: `low`, `medium` or `high`.",
            "verbosity",
            by_model=True,
            has=Capability(
                "HasVerbosity",
                "The length of its answers can be set (`verbosity=`).",
                'Literal["low", "medium", "high"]',
                words=("low", "medium", "high"),
            ),
        ),
    ]
    prefill: Annotated[
        str,
        Parameter(
            "The beginning of the answer, which the model continues. It is for one answer: `resume` does not repeat it.",
            "prefill",
            kind=Kind((str,), "a str"),
            has=Capability("HasPrefill", "Continues an answer that the caller began (`prefill=`).", "str"),
            selects="prefill",
            repeats=False,
            per_call=True,
        ),
    ]
    cache: Annotated[
        str,
        Parameter(
            "How long the provider keeps the beginning of the conversation, so that the next call reads it at a lower price: "
            "a lifetime such as `5m` or `1h`. `llm.CachePoint()` in the content marks where the cached part ends.",
            "cache.breakpoints",
            by_model=True,
            has=Capability(
                "HasCache",
                'Takes cache points; `llm.HasCache[Literal["5m"]]` names the lifetimes that the function uses.',
                "TtlT_contra",
                generic="TtlT_contra",
                mark="caches",
                also=(("cache_point", "CachePoint"),),
            ),
        ),
    ]
    output: Annotated[
        Sequence[str],
        Parameter(
            'The kinds of content that the model shall write, such as `("text", "image")`.',
            "output",
            kind=Kind((list, tuple), "a list or tuple of words", holds=str),
            by_model=True,
        ),
    ]
    extra: Annotated[
        Mapping[str, Any],
        Parameter(
            "Fields that are merged into the JSON body of the request as they are, objects key by key: whatever the provider "
            "takes and capably has no word for.",
            kind=Kind((Mapping,), "a mapping: the fields to add to the request's body"),
            routes=True,
        ),
    ]
    on_unsupported: Annotated[
        OnUnsupported,
        Parameter(
            "What happens when the model does not take something: `raise` an error before anything is sent (the default), "
            "`warn` and send it in this API's own spelling (what the API has no field for is refused), or `drop` it and warn.",
            routes=True,
        ),
    ]
    provider: Annotated[
        Provider,
        Parameter(
            "Whose key, address and connections the call uses: a handle that `llm.provider(...)` made for the model's provider. "
            "In a block (`llm.override`) it is for models of that provider.",
            kind=Kind((Provider,), "a handle that llm.provider(...) returned"),
            routes=True,
        ),
    ]
    timeout: Annotated[
        float | Timeout,
        Parameter(
            "The longest silence in seconds, while connecting and between bytes; `llm.Timeout(connect=, silence=, total=)` says "
            "more.",
            kind=Kind((int, float, Timeout), "a number of seconds, or an llm.Timeout", positive=True),
            routes=True,
        ),
    ]
    max_retries: Annotated[
        int,
        Parameter(
            "How often a request that failed for a passing reason is sent again.",
            kind=_INTEGER._replace(least=0),
            routes=True,
        ),
    ]
    headers: Annotated[
        Mapping[str, str],
        Parameter(
            "HTTP headers that are sent with the request, over those of the same name.",
            kind=Kind((Mapping,), "a mapping of str to str", holds=str),
            routes=True,
        ),
    ]


def _declared(annotation: object) -> Parameter:
    return get_args(annotation)[1]


PARAMETERS: Mapping[str, Parameter] = {name: _declared(a) for name, a in CallParams.__annotations__.items()}
"""Name -> declaration, in the order of signatures."""

FEATURES: tuple[str, ...] = tuple(name for name, parameter in PARAMETERS.items() if not parameter.routes)
"""Parameters that a model can lack."""

ROUTING: tuple[str, ...] = tuple(name for name, parameter in PARAMETERS.items() if parameter.routes)
"""Parameters that steer the call, and are no feature of a model."""

OF_EVERY_MODEL: tuple[str, ...] = tuple(name for name, parameter in PARAMETERS.items() if not parameter.fact)
"""Parameters that every model takes."""

PER_CALL: tuple[str, ...] = tuple(name for name, parameter in PARAMETERS.items() if parameter.per_call)
"""Parameters that no model has by default."""

SELECTORS: Mapping[str, str] = {
    parameter.selects: parameter.has.feature or name if parameter.has else name
    for name, parameter in PARAMETERS.items()
    if parameter.selects
}
"""Keyword of `llm.models` -> the rule that it asks for."""
