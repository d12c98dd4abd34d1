"""OpenAI's models, and others, at Azure. The name of a deployment replaces the model's id.

Without a version an address ends in `/openai/v1` and is asked as OpenAI's own is. With one (`api_version=`, or its variable) the
path of Chat Completions names the deployment, and that of Responses does not. Source: openai 3.54.0 (lib/azure.py).
"""

from __future__ import annotations

import re

from capably.providers.credentials import named_token, resolve_secret
from capably.providers.settings import Settings, check_address
from capably.types.errors import ConfigurationError, UnknownModelError

V1 = "/openai/v1"
"""End of the addresses that are asked as OpenAI's own are, without a version."""

BY_DEPLOYMENT = ("/chat/completions",)
"""Paths that name the deployment."""

DEPLOYMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
"""What the name of a deployment is made of: any other sign would change the address."""


def place_of(settings: Settings, path: str, deployment: str) -> tuple[str, str]:
    """Return the address and the path of a request to a resource at Azure."""
    address = (settings.base_url or settings.value("endpoint") or "").rstrip("/")
    if not address:
        why = "Set AZURE_OPENAI_ENDPOINT, or call llm.configure"
        raise ConfigurationError(f'No address for azure. {why}("azure", endpoint="https://RESOURCE.openai.azure.com").')
    address = address.strip()
    check_address(
        address, "AZURE_OPENAI_ENDPOINT" if settings.endpoint is None and settings.base_url is None else "endpoint"
    )
    version = settings.value("api_version")
    if version is None or V1 in address:
        return (address if V1 in address else address + V1), path
    if path in BY_DEPLOYMENT and not DEPLOYMENT.fullmatch(deployment):
        raise UnknownModelError(f"{deployment!r} cannot be the name of a deployment at Azure", model=deployment)
    at_deployment = f"/deployments/{deployment}" if path in BY_DEPLOYMENT else ""
    return address, f"/openai{at_deployment}{path}?api-version={version}"


def is_versioned(settings: Settings) -> bool:
    """Return whether requests go to an address with a version."""
    address = settings.base_url or settings.value("endpoint") or ""
    return V1 not in address and settings.value("api_version") is not None


async def authorization(settings: Settings, *, sync: bool) -> tuple[str, str] | None:
    """Return the header with a token of Entra, or with the resource's key; `None` if neither is there."""
    if callable(settings.token):
        return "authorization", f"Bearer {await resolve_secret(settings.token, settings, 'token', sync=sync)}"
    token = named_token(settings) if settings.api_key is None else None
    return None if token is None else ("authorization", f"Bearer {token}")
