"""Capabilities as types: what a function can demand of a model, and what a model's class says it has.

    def describe(model: llm.Model[llm.Image]) -> str: ...            # any model that reads images

    class Needs(llm.HasTools, llm.HasFormat, Protocol): ...
    def extract(model: llm.Model[llm.Image, Needs]) -> Book: ...     # ... and has tools and structured output

A capability is a method that takes the values which a model accepts; a model that lacks it takes `Never`. So a model
fits a requirement exactly when it accepts every value that the requirement's body may pass. None of these methods
exists at run time; they are only read by type checkers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, Never

    from typing_extensions import TypeVar

    from capably.types.tools import AnyTool

    LevelT_contra = TypeVar("LevelT_contra", contravariant=True, default=Never)
    TtlT_contra = TypeVar("TtlT_contra", contravariant=True, default=Never)
    BuiltinT_contra = TypeVar("BuiltinT_contra", contravariant=True)
    InputT_contra = TypeVar("InputT_contra", contravariant=True)
    CapsT_co = TypeVar("CapsT_co", covariant=True)
    AxesT_co = TypeVar("AxesT_co", covariant=True)
    SystemT = TypeVar("SystemT", contravariant=True)
    ToolT = TypeVar("ToolT", contravariant=True)
    BuiltinT = TypeVar("BuiltinT", contravariant=True)
    ChoiceT = TypeVar("ChoiceT", contravariant=True)
    ParallelT = TypeVar("ParallelT", contravariant=True)
    ReasoningT = TypeVar("ReasoningT", contravariant=True)
    TemperatureT = TypeVar("TemperatureT", contravariant=True)
    TopPT = TypeVar("TopPT", contravariant=True)
    TopKT = TypeVar("TopKT", contravariant=True)
    StopT = TypeVar("StopT", contravariant=True)
    SeedT = TypeVar("SeedT", contravariant=True)
    LogprobsT = TypeVar("LogprobsT", contravariant=True)
    VerbosityT = TypeVar("VerbosityT", contravariant=True)
    PrefillT = TypeVar("PrefillT", contravariant=True)
    CacheT = TypeVar("CacheT", contravariant=True)
else:
    from typing import TypeVar

    LevelT_contra = TypeVar("LevelT_contra", contravariant=True)
    TtlT_contra = TypeVar("TtlT_contra", contravariant=True)
    BuiltinT_contra = TypeVar("BuiltinT_contra", contravariant=True)


class Yes:
    """The value of a capability that a model either has or lacks."""


class Capabilities(Protocol):
    """None of them: what every model has."""

    if TYPE_CHECKING:

        def _system(self, value: Never, /) -> None: ...
        def _tools(self, value: Never, /) -> None: ...
        def _builtin_tools(self, value: Never, /) -> None: ...
        def _tool_choice(self, value: Never, /) -> None: ...
        def _parallel_tools(self, value: Never, /) -> None: ...
        def _format(self, value: Never, /) -> None: ...
        def _reasoning(self, value: Never, /) -> None: ...
        def _reasons(self, value: Never, /) -> None: ...
        def _thoughts(self, value: Never, /) -> None: ...
        def _temperature(self, value: Never, /) -> None: ...
        def _top_p(self, value: Never, /) -> None: ...
        def _top_k(self, value: Never, /) -> None: ...
        def _stop(self, value: Never, /) -> None: ...
        def _seed(self, value: Never, /) -> None: ...
        def _logprobs(self, value: Never, /) -> None: ...
        def _verbosity(self, value: Never, /) -> None: ...
        def _prefill(self, value: Never, /) -> None: ...
        def _cache(self, value: Never, /) -> None: ...
        def _caches(self, value: Never, /) -> None: ...
        def _image_output(self, value: Never, /) -> None: ...
        def _audio_output(self, value: Never, /) -> None: ...


class HasSystem(Capabilities, Protocol):
    """Takes instructions (`system=`)."""

    if TYPE_CHECKING:

        def _system(self, value: str, /) -> None: ...


class HasTools(Capabilities, Protocol):
    """Calls the caller's functions (`tools=`)."""

    if TYPE_CHECKING:

        def _tools(self, value: AnyTool, /) -> None: ...
        def _tool_choice(self, value: Literal["auto", "none"], /) -> None: ...


class HasForcedTools(HasTools, Protocol):
    """Can be made to call a tool (`tool_choice="required"`, or a tool)."""

    if TYPE_CHECKING:

        def _tool_choice(self, value: Literal["auto", "none", "required"] | AnyTool, /) -> None: ...


class HasParallelTools(HasTools, Protocol):
    """Parallel tool calls can be switched (`parallel_tools=`)."""

    if TYPE_CHECKING:

        def _parallel_tools(self, value: bool, /) -> None: ...


class HasBuiltinTools(Capabilities, Protocol[BuiltinT_contra]):
    """Has tools that run at the provider: `llm.HasBuiltinTools[llm.WebSearch | llm.CodeExecution]`."""

    if TYPE_CHECKING:

        def _builtin_tools(self, value: BuiltinT_contra, /) -> None: ...


class HasFormat(Capabilities, Protocol):
    """Answers in a structure (`format=`)."""

    if TYPE_CHECKING:

        def _format(self, value: Yes, /) -> None: ...


class HasReasoning(Capabilities, Protocol[LevelT_contra]):
    """Reasoning can be set; `llm.HasReasoning[Literal["low", "high"]]` names the levels that the function uses."""

    if TYPE_CHECKING:

        def _reasoning(self, value: LevelT_contra, /) -> None: ...
        def _reasons(self, value: Yes, /) -> None: ...


class HasThoughts(Capabilities, Protocol):
    """Shows something of its reasoning (`response.thoughts`)."""

    if TYPE_CHECKING:

        def _thoughts(self, value: Yes, /) -> None: ...


class HasTemperature(Capabilities, Protocol):
    """Takes `temperature=` in a call that says nothing of reasoning (and not only with reasoning off)."""

    if TYPE_CHECKING:

        def _temperature(self, value: float, /) -> None: ...


class HasTopP(Capabilities, Protocol):
    """Takes `top_p=` in a call that says nothing of reasoning."""

    if TYPE_CHECKING:

        def _top_p(self, value: float, /) -> None: ...


class HasTopK(Capabilities, Protocol):
    """Takes `top_k=` in a call that says nothing of reasoning."""

    if TYPE_CHECKING:

        def _top_k(self, value: int, /) -> None: ...


class HasStop(Capabilities, Protocol):
    """Takes stop sequences (`stop=`)."""

    if TYPE_CHECKING:

        def _stop(self, value: str | Sequence[str], /) -> None: ...


class HasSeed(Capabilities, Protocol):
    """Takes a sampling seed (`seed=`)."""

    if TYPE_CHECKING:

        def _seed(self, value: int, /) -> None: ...


class HasLogprobs(Capabilities, Protocol):
    """Gives log probabilities in a call that says nothing of reasoning (`logprobs=`)."""

    if TYPE_CHECKING:

        def _logprobs(self, value: int, /) -> None: ...


class HasVerbosity(Capabilities, Protocol):
    """The length of its answers can be set (`verbosity=`)."""

    if TYPE_CHECKING:

        def _verbosity(self, value: Literal["low", "medium", "high"], /) -> None: ...


class HasPrefill(Capabilities, Protocol):
    """Continues an answer that the caller began (`prefill=`)."""

    if TYPE_CHECKING:

        def _prefill(self, value: str, /) -> None: ...


class HasCache(Capabilities, Protocol[TtlT_contra]):
    """Takes cache points; `llm.HasCache[Literal["5m"]]` names the lifetimes that the function uses."""

    if TYPE_CHECKING:

        def _cache(self, value: TtlT_contra, /) -> None: ...
        def _caches(self, value: Yes, /) -> None: ...


class HasImageOutput(Capabilities, Protocol):
    """Makes pictures (`response.images`)."""

    if TYPE_CHECKING:

        def _image_output(self, value: Yes, /) -> None: ...


class HasAudioOutput(Capabilities, Protocol):
    """Makes sound (`response.audio`)."""

    if TYPE_CHECKING:

        def _audio_output(self, value: Yes, /) -> None: ...


if TYPE_CHECKING:

    class NoTool:
        """Never made. What `tools` holds where a requirement has no tools, so that the type is known there too."""

    class NoCapabilities(Capabilities):
        """What generated classes start from: everything that they do not say is refused."""

    class Axes(
        Protocol[
            SystemT,
            ToolT,
            BuiltinT,
            ChoiceT,
            ParallelT,
            ReasoningT,
            TemperatureT,
            TopPT,
            TopKT,
            StopT,
            SeedT,
            LogprobsT,
            VerbosityT,
            PrefillT,
            CacheT,
        ]
    ):
        """Reads a requirement: the type of each parameter that its body may pass."""

        def _system(self, value: SystemT, /) -> None: ...
        def _tools(self, value: ToolT, /) -> None: ...
        def _builtin_tools(self, value: BuiltinT, /) -> None: ...
        def _tool_choice(self, value: ChoiceT, /) -> None: ...
        def _parallel_tools(self, value: ParallelT, /) -> None: ...
        def _reasoning(self, value: ReasoningT, /) -> None: ...
        def _temperature(self, value: TemperatureT, /) -> None: ...
        def _top_p(self, value: TopPT, /) -> None: ...
        def _top_k(self, value: TopKT, /) -> None: ...
        def _stop(self, value: StopT, /) -> None: ...
        def _seed(self, value: SeedT, /) -> None: ...
        def _logprobs(self, value: LogprobsT, /) -> None: ...
        def _verbosity(self, value: VerbosityT, /) -> None: ...
        def _prefill(self, value: PrefillT, /) -> None: ...
        def _cache(self, value: CacheT, /) -> None: ...

    class FormatAxes(
        Axes[
            SystemT,
            ToolT,
            BuiltinT,
            ChoiceT,
            ParallelT,
            ReasoningT,
            TemperatureT,
            TopPT,
            TopKT,
            StopT,
            SeedT,
            LogprobsT,
            VerbosityT,
            PrefillT,
            CacheT,
        ],
        Protocol[
            SystemT,
            ToolT,
            BuiltinT,
            ChoiceT,
            ParallelT,
            ReasoningT,
            TemperatureT,
            TopPT,
            TopKT,
            StopT,
            SeedT,
            LogprobsT,
            VerbosityT,
            PrefillT,
            CacheT,
        ],
    ):
        """The same for a requirement that includes structured output."""

        def _format(self, value: Yes, /) -> None: ...

    class Demanded(Protocol[InputT_contra, CapsT_co, AxesT_co]):
        """A model in the body of a function that demands it: what it reads, what it has, and the same as `Axes`."""

        def _inputs(self, value: InputT_contra, /) -> None: ...
        def _capabilities(self) -> CapsT_co: ...
        def _axes(self) -> AxesT_co: ...

else:
    NoTool = NoCapabilities = Axes = FormatAxes = Demanded = Any
