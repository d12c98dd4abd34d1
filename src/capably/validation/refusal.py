"""How a refusal is told: what the model does not take, why, what it takes, who else does, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from capably.parameters import PARAMETERS
from capably.registry.lookup import listed_models, rules_for
from capably.types.errors import UnsupportedFeatureError
from capably.types.facts import UNVERIFIED, ModelInfo

_WHY = {
    "never": "never",
    "ignored": "accepted and ignored, so it would do nothing",
    UNVERIFIED: "unverified: nobody has seen it work",
}


class Finding(NamedTuple):
    """One thing that the model does not take. `drop` takes it out of the parameters or messages it was found in."""

    feature: str
    value: Any
    allowed: tuple[str, ...]
    reason: str
    what: str
    advice: str
    drop: Callable[[], None]
    general: bool = False
    """It is no lack of this model alone, so no other models are named."""


def refusal(info: ModelInfo, endpoint: str | None, finding: Finding) -> UnsupportedFeatureError:
    """The error that tells it."""
    source = f"checked {info.facts['verified']}, {info.file}:{info.line}" if info.facts else "never checked"
    conditions = {
        "reasoning_off": f'accepts {finding.what} only together with reasoning="off" ({source}).',
        "without_reasoning": f'accepts {finding.what} only without reasoning, or together with reasoning="off" ({source}).',
        "without_budget": f"does not accept {finding.what} together with a thinking budget ({source}).",
        "value": f"does not accept {finding.what} ({source}).",
        "range": f"does not accept {finding.what} ({source}).",
    }
    why = _WHY.get(finding.reason, finding.reason)
    lines = [f'"{info.id}" ' + conditions.get(finding.reason, f"does not accept {finding.what} ({why}; {source}).")]
    if finding.allowed:
        words = finding.allowed if finding.reason == "range" else map(repr, finding.allowed)
        lines.append(f"It takes: {', '.join(words)}.")
    others = _alternatives(info, finding)
    if others:
        lines.append(f"Models that do: {', '.join(others)}{_selector(finding)}.")
    lines.append(f"{finding.advice}, or send it anyway with {_escape(endpoint, finding)}.")
    return UnsupportedFeatureError(
        "\n".join(lines),
        model=info.id,
        feature=finding.feature,
        value=finding.value,
        allowed=finding.allowed,
        reason="reasoning_off" if finding.reason == "without_reasoning" else finding.reason,
        alternatives=others,
    )


_WIRE: Mapping[str, Mapping[str, str]] = {
    "messages": {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "stop": "stop_sequences"},
    "responses": {"temperature": "temperature", "top_p": "top_p", "logprobs": "top_logprobs"},
    "chat_completions": {"temperature": "temperature", "top_p": "top_p", "stop": "stop", "seed": "seed"},
    "generate_content": {
        "temperature": "generationConfig.temperature",
        "top_p": "generationConfig.topP",
        "top_k": "generationConfig.topK",
        "seed": "generationConfig.seed",
    },
}
"""Where the provider's body has a field that we refuse: endpoint -> parameter -> path."""


def _escape(endpoint: str | None, finding: Finding) -> str:
    """How to send it all the same: in the provider's own words where they are that simple."""
    path = _WIRE.get(endpoint or "", {}).get(finding.feature)
    if path is None:
        return 'on_unsupported="warn"'
    shown: Any = finding.value
    for key in reversed(path.split(".")):
        shown = {key: shown}
    return f"extra={_double_quoted(shown)}"


def _double_quoted(value: Any) -> str:
    if isinstance(value, dict):
        items = cast(dict[str, Any], value).items()
        return "{" + ", ".join(f'"{key}": {_double_quoted(inner)}' for key, inner in items) + "}"
    return repr(value)


def _alternatives(info: ModelInfo, finding: Finding, count: int = 3) -> list[str]:
    """Active models that take what was refused: plain chat models of the same provider first, newest first."""
    able = [(how, other) for other in listed_models() if other.status == "active" and (how := _takes(other, finding))]
    able.sort(key=lambda pair: pair[1].dates["released"] or "", reverse=True)
    able.sort(key=lambda pair: (_writes_more(pair[1]), pair[1].provider != info.provider))
    return [f"{other.id}{how.strip() and how}" for how, other in able[:count]]


def _writes_more(info: ModelInfo) -> bool:
    return info.facts is not None and list(info.facts["output"]) != ["text"]


def _selector(finding: Finding) -> str:
    """The call that lists all models that do, where `llm.models` has a word for it."""
    group, _, word = finding.feature.partition(".")
    if group == "input":
        return f", ... (llm.models({word}_input=True))"
    if finding.feature == "reasoning" and finding.reason == "value":
        return f', ... (llm.models(reasoning="{finding.value}"))'
    selects = finding.feature in PARAMETERS and PARAMETERS[finding.feature].selects and finding.reason != "value"
    return f", ... (llm.models({group}=True))" if selects else ""


def _takes(info: ModelInfo, finding: Finding) -> str:
    """Whether a model takes what another refused: empty if not, else the condition (a blank where there is none)."""
    if info.facts is None or finding.general or finding.reason == "range":
        return ""
    rules = rules_for(info, info.endpoint)
    group, _, word = finding.feature.partition(".")
    if group in ("input", "builtin_tools"):
        return " " if word in rules[group].values else ""
    rule = rules["tool_choice.forced" if finding.feature == "tool_choice" and finding.allowed else finding.feature]
    if rule.values and finding.reason == "value" and finding.value not in rule.values:
        return ""
    if rule.when == finding.reason or (finding.reason, rule.when) == ("without_reasoning", "reasoning_off"):
        return ""
    return _CONDITIONS.get(rule.when, "")


_CONDITIONS: Mapping[str, str] = {
    "always": " ",
    "reasoning_off": ' (with reasoning="off")',
    "without_reasoning": " (without reasoning)",
}
"""Condition of a rule -> how it stands behind the id of a model that takes what another refused."""
