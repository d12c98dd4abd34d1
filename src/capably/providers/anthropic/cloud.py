"""Anthropic's models at Amazon Bedrock and at Vertex AI, through the SDK's own clients for these clouds.

They sign requests with the cloud's credentials, put the model into the URL, and decode Bedrock's event streams.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from capably.providers import Settings
from capably.providers.credentials import key_of
from capably.types.errors import ConfigurationError

AWS_EVENTS = "application/vnd.amazon.eventstream"

NEEDS: Mapping[str, tuple[str, ...]] = {"bedrock": ("boto3", "botocore"), "vertex": ("google.auth",)}
"""The cloud, which is also the extra to install -> the modules that its client imports."""


def build_cloud_client(sdk: Any, settings: Settings, kind: str, http_client: Any) -> Any:
    """Return a cloud client; `kind` is `""` or `"Async"`. Raise `ConfigurationError` if something is missing."""
    cloud = str(settings.cloud)
    chosen: dict[str, Any] = {"base_url": settings.base_url, "http_client": http_client}
    key = key_of(settings)
    if cloud == "bedrock":
        chosen["api_key"] = key
        if key is None:
            check_installed(cloud)
    else:
        check_installed(cloud)
        chosen |= {
            "access_token": key,
            "region": _first("CLOUD_ML_REGION", "GOOGLE_CLOUD_LOCATION"),
            "project_id": _first("ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"),
        }
    try:
        made = getattr(sdk, f"{kind}Anthropic{cloud.capitalize()}")
        return made(**{name: value for name, value in chosen.items() if value is not None})
    except ValueError as error:
        raise ConfigurationError(f"{settings.provider}: {error}") from error


def check_installed(cloud: str) -> None:
    """Raise `ConfigurationError`, naming the extra, if a module that the cloud's client imports is not installed."""
    for module in NEEDS[cloud]:
        if not _is_there(module):
            raise ConfigurationError(f'{cloud} needs {module}, which is not installed: pip install "capably[{cloud}]"')


def events_of(response: Any, client: Any, sdk: Any) -> Iterator[Any]:
    """Yield the events of a Bedrock stream, decoded by the SDK's own client."""
    check_installed("bedrock")
    return iter(sdk.Stream(cast_to=object, response=response, client=client))


def events_of_async(response: Any, client: Any, sdk: Any) -> AsyncIterator[Any]:
    """Yield the same as `events_of`, asynchronously."""
    check_installed("bedrock")
    return aiter(sdk.AsyncStream(cast_to=object, response=response, client=client))


def _first(*variables: str) -> str | None:
    return next(filter(None, map(os.environ.get, variables)), None)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that holds it
        return False
