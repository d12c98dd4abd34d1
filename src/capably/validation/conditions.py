"""The conditions under which a model takes a parameter in some calls and not in others: the test of each, and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from capably.validation.violations import Params


class CallCondition(NamedTuple):
    """A condition on the other parameters of a call.

    - `met`: whether the parameters of a call meet it.
    - `accepts`: what an error says of the model; `{}` is what was refused.
    - `advice`: how the caller meets it.
    - `words`: the condition alone, as it stands after `only` or behind the id of another model.
    """

    met: Callable[[Params], bool]
    accepts: str
    advice: str
    words: str


def budget_of(reasoning: object) -> int | None:
    """Return the token budget of a value of `reasoning`; `None` for a level in words."""
    return getattr(reasoning, "budget_tokens", None)


def _turns_reasoning_off(params: Params) -> bool:
    return params.get("reasoning") == "off"


def _asks_for_no_reasoning(params: Params) -> bool:
    return params.get("reasoning") in (None, "off")


def _sets_no_budget(params: Params) -> bool:
    return budget_of(params.get("reasoning")) is None


CONDITIONS: Mapping[str, CallCondition] = {
    "reasoning_off": CallCondition(
        _turns_reasoning_off,
        accepts='accepts {} only together with reasoning="off"',
        advice='Add reasoning="off"',
        words='with reasoning="off"',
    ),
    "without_reasoning": CallCondition(
        _asks_for_no_reasoning,
        accepts='accepts {} only without reasoning, or together with reasoning="off"',
        advice='Leave out reasoning or turn it "off"',
        words="without reasoning",
    ),
    "without_budget": CallCondition(
        _sets_no_budget,
        accepts="does not accept {} together with a thinking budget",
        advice="Leave out the thinking budget",
        words="without a thinking budget",
    ),
}
"""The word of a rule (`Rule.when`) -> the condition. Every other word holds for all calls: `always`, or for none."""


def is_met(when: str, params: Params) -> bool:
    """Return whether a call with these parameters meets the condition of a rule."""
    condition = CONDITIONS.get(when)
    return when == "always" if condition is None else condition.met(params)
