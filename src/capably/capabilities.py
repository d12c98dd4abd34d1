"""Everything that a function can demand of a model: the capabilities of parameters, of modalities, and three more."""

from __future__ import annotations

from collections.abc import Mapping

from capably.modalities import OUTPUTS
from capably.parameters import PARAMETERS, Capability

OTHERS: tuple[Capability, ...] = (
    Capability(
        "HasBuiltinTools",
        "Has tools that run at the provider: `llm.HasBuiltinTools[llm.WebSearch | llm.CodeExecution]`.",
        "BuiltinT_contra",
        feature="builtin_tools",
        generic="BuiltinT_contra",
    ),
    Capability(
        "HasToolsWithFormat",
        "Takes tools of the caller's own and `format=` in one call.",
        "Yes",
        feature="tools.with_format",
        base="HasTools, HasFormat",
    ),
    Capability("HasThoughts", "Shows something of its reasoning (`response.thoughts`).", "Yes", feature="thoughts"),
)
"""Those that belong to no parameter and no modality."""

CAPABILITIES: Mapping[str, Capability] = {
    **{name: parameter.has for name, parameter in PARAMETERS.items() if parameter.has},
    **{has.feature.replace(".", "_"): has for has in (*OTHERS, *OUTPUTS.values())},
}
"""The method of a capability's class -> the capability."""
