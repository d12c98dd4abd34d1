"""The vendors' own model endpoints, asked through their SDKs when there is a key. Nobody outranks them.

OpenAI's endpoint tells ids and nothing else, so it is not asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from registry_sync.claims import Claims, Source, SourceError, without_none

_LEVELS = ("low", "medium", "high", "xhigh", "max")


def read_endpoints(environment: Mapping[str, str] = os.environ) -> list[Source]:
    """Read the endpoint of each vendor whose key is in the environment; nothing without keys."""
    endpoints: list[tuple[str, str | None, Callable[[str], Claims]]] = [
        ("anthropic /v1/models", environment.get("ANTHROPIC_API_KEY"), ask_anthropic),
        ("google models.list", environment.get("GEMINI_API_KEY") or environment.get("GOOGLE_API_KEY"), ask_google),
    ]
    return [_source(name, key, ask) for name, key, ask in endpoints if key]


def _source(name: str, key: str, ask: Callable[[str], Claims]) -> Source:
    try:
        claims = ask(key)
    except SourceError:
        raise
    except Exception as error:
        # The SDKs raise their own kinds; whichever it is, this source cannot be used.
        raise SourceError(f"{name} did not answer: {type(error).__name__}: {error}") from error
    if not claims:
        raise SourceError(f"{name} lists no model")
    return Source(name, "live", "api", claims, frozenset(claims))


def ask_anthropic(key: str, base_url: str | None = None) -> Claims:
    """Return limits, ends of life and capabilities of every Claude that the key may use."""
    import anthropic

    with anthropic.Anthropic(api_key=key, base_url=base_url) as client:
        return {
            f"anthropic/{model.id}": without_none(_claude(model))
            for model in client.models.list()
            if model.lifecycle != "retired"
        }


def _claude(model: Any) -> dict[str, Any]:
    released = model.created_at.date()
    fields: dict[str, Any] = {
        "limits.input": model.max_input_tokens,
        "limits.output": model.max_tokens,
        "dates.released": released.isoformat() if released.year > 1970 else None,
        "dates.deprecated": model.deprecated_at and model.deprecated_at.date().isoformat(),
        "dates.retires": model.retires_at and model.retires_at.date().isoformat(),
    }
    can = model.capabilities
    if can is None:
        return fields
    efforts = [level for level in _LEVELS if (support := getattr(can.effort, level)) and support.supported]
    types = can.thinking.types
    offs = [getattr(types, name, None) for name in ("disabled", "between_tools")]
    return {
        **fields,
        "input.image": can.image_input.supported,
        "input.document": can.pdf_input.supported,
        "structured_output": can.structured_outputs.supported,
        "reasoning": can.thinking.supported,
        "reasoning.efforts": sorted(efforts) if can.effort.supported else None,
        "reasoning.budget": types.enabled.supported,
        "reasoning.always_on": can.thinking.supported and not any(off and off.supported for off in offs),
    }


def ask_google(key: str, base_url: str | None = None) -> Claims:
    """Return limits, and whether it reasons, of every model that generates content."""
    from google import genai
    from google.genai import types

    options = types.HttpOptions(base_url=base_url) if base_url else None
    claims: Claims = {}
    with genai.Client(api_key=key, http_options=options, vertexai=False) as client:
        for model in client.models.list(config={"page_size": 1000}):
            if model.name and "generateContent" in (model.supported_actions or []):
                claims[f"google/{model.name.removeprefix('models/')}"] = without_none(
                    {
                        "limits.input": model.input_token_limit,
                        "limits.output": model.output_token_limit,
                        "reasoning": model.thinking,
                    }
                )
    return claims
