"""pydantic-ai's model profiles. They are functions of the id, so they run, in a process of their own and nowhere else.

Their rules go by prefix: an id that they do not know gets the defaults of its family. So only ids that the registry
has are asked for, and only answers that a rule gave on purpose are taken.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from registry_sync.claims import PROVIDERS, Claims, Source, SourceError, without_none
from registry_sync.sources import expect, version_of

_ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from importlib import import_module
def plain(value):
    if isinstance(value, (set, frozenset, tuple, list)):
        return sorted(str(getattr(item, "value", item)) for item in value)
    return value if isinstance(value, (bool, int, str)) else None
asked = json.load(sys.stdin)
told = {}
for provider, names in asked.items():
    profile_of = getattr(import_module(f"pydantic_ai.profiles.{provider}"), f"{provider}_model_profile")
    for name in names:
        told[f"{provider}/{name}"] = {key: plain(value) for key, value in (profile_of(name) or {}).items()}
json.dump(told, sys.stdout)
"""
_EXPECTED = (
    *("supports_tools", "supports_thinking", "supports_forced_tool_choice", "thinking_always_enabled"),
    *("anthropic_disallows_sampling_settings", "openai_reasoning_efforts", "google_thinking_levels"),
)


def read(folder: Path, ids: Collection[str]) -> Source:
    """Read the profiles of the given ids. `folder` has pydantic-ai-slim and its dependencies."""
    version = version_of(folder, "pydantic-ai-slim")
    questions = {
        provider: sorted(id.partition("/")[2] for id in ids if id.startswith(f"{provider}/")) for provider in PROVIDERS
    }
    done = subprocess.run(
        [sys.executable, "-I", "-c", _ASK, str(folder)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise SourceError(f"pydantic-ai-slim {version}: its profiles cannot be asked any more: {last}")
    profiles: dict[str, dict[str, Any]] = json.loads(done.stdout)
    expect(f"pydantic-ai-slim {version}", _EXPECTED, {field for profile in profiles.values() for field in profile})
    claims: Claims = {id: without_none(_fields(id.partition("/")[0], profile)) for id, profile in profiles.items()}
    return Source("pydantic-ai-slim", version, "pydantic-ai", claims, frozenset())


def _fields(provider: str, profile: dict[str, Any]) -> dict[str, Any]:
    # What is also the default says nothing: tools "yes", reasoning "no".
    fields: dict[str, Any] = {
        "tools": False if profile.get("supports_tools") is False else None,
        "reasoning": profile.get("supports_thinking") or None,
        "tools.forced": profile.get("supports_forced_tool_choice"),
    }
    if provider == "google":
        fields["output.image"] = profile.get("supports_image_output") or None
        levels = profile.get("google_thinking_levels")
        fields["reasoning.efforts"] = sorted(level.lower() for level in levels) if levels else None
    elif provider == "openai":
        fields["reasoning.efforts"] = sorted(set(profile.get("openai_reasoning_efforts") or ()) - {"none"}) or None
    elif profile.get("anthropic_supports_effort"):
        more = [level for level in ("xhigh", "max") if profile.get(f"anthropic_supports_{level}_effort")]
        fields["reasoning.efforts"] = sorted(["low", "medium", "high", *more])
    if profile.get("anthropic_disallows_sampling_settings"):
        fields["sampling.temperature"] = False
    if profile.get("supports_thinking"):
        fields["reasoning.always_on"] = profile.get("thinking_always_enabled") or None
    return fields
