"""OpenAI's models, and others, at Azure. The name of a deployment replaces the model's id."""

from __future__ import annotations

import os
from typing import Any

from capably.providers import Settings
from capably.providers.credentials import key_of, sendable
from capably.types.errors import ConfigurationError

BEARER_VARIABLE = "AZURE_OPENAI_AD_TOKEN"

V1 = "/openai/v1"
"""End of the addresses that are asked as OpenAI's own are, without a version."""


def build_azure_client(sdk: Any, settings: Settings, kind: str) -> Any:
    """Return a client for a resource at Azure; `kind` is `"OpenAI"` or `"AsyncOpenAI"`.

    With `OPENAI_API_VERSION` it is the SDK's `AzureOpenAI`; without, the SDK's plain client at the resource's v1 address.
    """
    endpoint = settings.base_url or os.environ.get("AZURE_OPENAI_ENDPOINT")
    if not endpoint:
        why = "Set AZURE_OPENAI_ENDPOINT, or call llm.provider"
        raise ConfigurationError(f'No address for azure. {why}("azure", base_url="https://RESOURCE.openai.azure.com").')
    key = key_of(settings)
    if key is None:
        names = " or ".join(settings.key_names)
        raise ConfigurationError(f'No API key for azure. Set {names}, or call llm.provider("azure", api_key=...).')
    http = {} if settings.http_client is None else {"http_client": settings.http_client}
    version = os.environ.get("OPENAI_API_VERSION")
    if version and V1 not in endpoint:
        token = (
            None
            if settings.api_key
            else sendable(os.environ.get(BEARER_VARIABLE, ""), f"The token in {BEARER_VARIABLE}")
        )
        credential = {"azure_ad_token": token} if token else {"api_key": key}
        made = getattr(sdk, kind.replace("OpenAI", "AzureOpenAI"))
        return made(azure_endpoint=endpoint, api_version=version, **credential, **http)
    base_url = endpoint if V1 in endpoint else endpoint.rstrip("/") + V1
    return getattr(sdk, kind)(api_key=key, base_url=base_url, **http)
