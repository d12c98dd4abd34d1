"""langchain's profiles: a fresh models.dev that installs from PyPI, one package per vendor.

Left out: what a package says of all its models alike (documents, structured output, forced tools), OpenAI's effort
levels, which were copied in bulk, and OpenAI's `max_input_tokens`, which is now the prompt and now the context.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, Final

from registry_sync.claims import PROVIDERS, Claims, Source, SourceError, without_none
from registry_sync.python_data import variable
from registry_sync.sources import expect, version_of

PACKAGES: Final = {
    "anthropic": "langchain-anthropic",
    "google": "langchain-google-genai",
    "openai": "langchain-openai",
    "deepseek": "langchain-deepseek",
    "groq": "langchain-groq",
    "mistral": "langchain-mistralai",
    "perplexity": "langchain-perplexity",
    "xai": "langchain-xai",
}
"""Vendor or host -> its package."""
_FLAGS: Final = {
    "image_inputs": "input.image",
    "audio_inputs": "input.audio",
    "video_inputs": "input.video",
    "image_outputs": "output.image",
    "audio_outputs": "output.audio",
    "reasoning_output": "reasoning",
    "tool_calling": "tools",
    "temperature": "sampling.temperature",
}
_EXPECTED: Final = (*_FLAGS, "max_input_tokens", "max_output_tokens", "release_date")


def read(folder: Path, provider: str) -> Source:
    """Read the claims of models.dev about one vendor's models."""
    distribution = PACKAGES[provider]
    version = version_of(folder, distribution)
    file = folder / distribution.replace("-", "_") / "data" / "_profiles.py"
    try:
        profiles: dict[str, dict[str, Any]] = ast.literal_eval(variable(file, "_PROFILES"))
    except ValueError:
        raise SourceError(f"{distribution}: _PROFILES is no plain data any more") from None
    own = {id: profile for id, profile in profiles.items() if "release_date" in profile}
    expect(f"{distribution} {version}", _EXPECTED, {field for profile in own.values() for field in profile})
    claims: Claims = {f"{provider}/{id}": _fields(provider, profile) for id, profile in own.items()}
    chat = frozenset(f"{provider}/{id}" for id, profile in own.items() if profile["max_output_tokens"])
    if provider not in PROVIDERS:
        chat = frozenset[str]()
    return Source(distribution, version, "models.dev", claims, chat)


def _fields(provider: str, profile: dict[str, Any]) -> dict[str, Any]:
    fields = {ours: profile.get(theirs) for theirs, ours in _FLAGS.items()}
    fields["dates.released"] = profile["release_date"]
    fields["limits.output"] = profile.get("max_output_tokens") or None
    if provider != "openai":
        fields["limits.context"] = profile.get("max_input_tokens") or None
        levels = profile.get("reasoning_effort_levels")
        fields["reasoning.efforts"] = sorted(set(levels) - {"none"}) if levels else None
    return without_none(fields)
