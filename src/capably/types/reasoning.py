"""Reasoning settings: a level in words, or `Reasoning(...)` for more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeAlias, overload

Effort: TypeAlias = Literal["minimal", "low", "medium", "high", "xhigh", "max"]
"""Every effort level there is, weakest first; each model takes its own subset."""

if TYPE_CHECKING:
    from typing import Never

    from typing_extensions import TypeVar

    EffortT = TypeVar("EffortT", bound=Effort)
    EffortT_co = TypeVar("EffortT_co", covariant=True, default=Any)
    BudgetT_co = TypeVar("BudgetT_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    EffortT_co = TypeVar("EffortT_co", covariant=True)
    BudgetT_co = TypeVar("BudgetT_co", covariant=True)


class Unbudgeted:
    """Marks a `Reasoning` with `visible=` and without a token budget. Some models need the budget."""


class Shown(Unbudgeted):
    """Marks a `Reasoning` with `visible=True`. Some models never show thoughts."""


class Hidden(Unbudgeted):
    """Marks a `Reasoning` with `visible=False`, or without `visible=`."""


class LevelAndBudget:
    """Marks a `Reasoning` with both a level and a token budget. Some models take one of the two."""


class Reasoning(Generic[EffortT_co, BudgetT_co]):
    """Reasoning settings: `effort` in words, `budget_tokens` as a number, `visible` to read the thoughts.

    Its type contains the level and whether a budget is set, so that a type checker refuses what a model does not take.
    `visible=None` leaves the provider's default; `True` asks for summaries (or the full text where that is shown).
    """

    __slots__ = ("budget_tokens", "effort", "visible")
    effort: EffortT_co | None
    budget_tokens: BudgetT_co | None
    visible: bool | None

    if TYPE_CHECKING:
        # `__new__` and its return types: ty and pyrefly solve an `__init__` with typed `self` from the type that is
        # wanted, and so would take any effort.
        @overload
        def __new__(cls, *, visible: Literal[False] | None = None) -> Reasoning[Hidden, Never]: ...
        @overload
        def __new__(cls, *, visible: Literal[True]) -> Reasoning[Shown, Never]: ...
        @overload
        def __new__(cls, *, visible: bool | None) -> Reasoning[Unbudgeted, Never]: ...
        @overload
        def __new__(cls, *, effort: EffortT, visible: None = None) -> Reasoning[EffortT, Never]: ...
        @overload
        def __new__(cls, *, effort: EffortT, visible: Literal[False]) -> Reasoning[EffortT | Hidden, Never]: ...
        @overload
        def __new__(cls, *, effort: EffortT, visible: Literal[True]) -> Reasoning[EffortT | Shown, Never]: ...
        @overload
        def __new__(cls, *, effort: EffortT, visible: bool | None) -> Reasoning[EffortT | Unbudgeted, Never]: ...
        @overload
        def __new__(cls, *, budget_tokens: int, visible: bool | None = None) -> Reasoning[Never, int]: ...
        @overload
        def __new__(
            cls, *, effort: EffortT, budget_tokens: int, visible: bool | None = None
        ) -> Reasoning[EffortT | LevelAndBudget, int]: ...
        def __new__(
            cls, *, effort: object = None, budget_tokens: object = None, visible: bool | None = None
        ) -> object: ...

    else:

        def __init__(self, *, effort=None, budget_tokens=None, visible=None):  # noqa: ANN001, ANN204
            self.effort = effort
            self.budget_tokens = budget_tokens
            self.visible = visible

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reasoning) and (self.effort, self.budget_tokens, self.visible) == (
            other.effort,  # pyright: ignore[reportUnknownMemberType]
            other.budget_tokens,  # pyright: ignore[reportUnknownMemberType]
            other.visible,
        )

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = (("effort", self.effort), ("budget_tokens", self.budget_tokens), ("visible", self.visible))
        return f"Reasoning({', '.join(f'{name}={value!r}' for name, value in shown if value is not None)})"
