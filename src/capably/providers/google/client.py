"""Builds google-genai's client: key, address, timeout, retries; and the options that one request changes."""

from __future__ import annotations

import math
import os
from typing import Any

from capably.providers import Settings
from capably.providers.credentials import NO_KEY, key_of
from capably.providers.google import transport
from capably.providers.google.content import model_of
from capably.types.errors import ConfigurationError, UnknownModelError
from capably.types.request import Request

TIMEOUT = 600.0
"""Seconds; google-genai has none of its own."""

RETRIES = 2
"""google-genai retries nothing by default; the SDKs of the other vendors try again twice."""

SHORTEST_DEADLINE = 10
"""Seconds. The SDK tells Google our timeout, and Google answers 400 to less: "Manually set deadline 5s is too short.
Minimum allowed deadline is 10s." The client still gives up on time."""

VENDOR = "google"
"""The provider whose client reads google-genai's own variables (address, version, cloud). No other host gets them."""

ADDRESS, VERSION = "https://generativelanguage.googleapis.com/", "v1"
"""Where and which API the SDK asks when nobody says otherwise."""

ENTERPRISE = ("GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI")
"""Variables that send google-genai to Google Cloud, where credentials take the place of a key."""


def import_sdk() -> Any:
    """Return `google.genai`. Raise `ConfigurationError` if it is not installed."""
    try:
        from google import genai
    except ImportError as error:
        raise ConfigurationError(
            f'google-genai could not be imported ({error}). Install it: pip install "capably[google]"'
        ) from error
    return genai


def build_client(settings: Settings) -> Any:
    """Return a `genai.Client` for both sync and async. Raise `ConfigurationError` if a key is missing."""
    key, given = key_of(settings), bool(settings.api_key)
    vertex, own = settings.cloud == "vertex", settings.provider == VENDOR
    cloud = vertex or (own and any(os.environ.get(name, "").lower() in ("true", "1") for name in ENTERPRISE))
    if key is None and not cloud and settings.key_names:
        names = " or ".join(settings.key_names)
        raise ConfigurationError(
            f'No API key for "{settings.provider}": set the environment variable {names}, '
            f'or call llm.provider("{settings.provider}", api_key="...").'
        )
    options = _options(
        timeout=TIMEOUT if settings.timeout is None else settings.timeout,
        max_retries=RETRIES if settings.max_retries is None else settings.max_retries,
    )
    if settings.base_url:
        options["base_url"] = settings.base_url
    if not own and not cloud:
        options = {"base_url": ADDRESS, "api_version": VERSION, **options}
    if settings.http_client is not None:
        name = "httpx_async_client" if hasattr(settings.http_client, "aclose") else "httpx_client"
        options[name] = settings.http_client
    elif not cloud:
        options.update(_lean_clients())
    try:
        place = _at_vertex(settings) if vertex else {} if own else {"vertexai": False}
        used = (key if given else None) if cloud else key or NO_KEY
        client = import_sdk().Client(api_key=used, http_options=options, **place)
    except Exception as error:
        raise ConfigurationError(f'google-genai could not set up "{settings.provider}": {error}') from error
    transport.guard(transport.check_client(client), keyless=used is NO_KEY, http_client=settings.http_client)
    return client


def _lean_clients() -> dict[str, Any]:
    """Return our HTTP clients as options of the SDK, except those that must be the SDK's own."""
    from capably.providers.lean import lean_client

    clients = {"httpx_client": lean_client("Client"), "httpx_async_client": lean_client("AsyncClient")}
    return {name: client for name, client in clients.items() if client is not None}


def _at_vertex(settings: Settings) -> dict[str, Any]:
    """Return the arguments for Vertex AI: a key, else a project, which the client would ignore next to `base_url`."""
    if settings.api_key:
        return {"vertexai": True}
    place = {
        "project": ("GOOGLE_CLOUD_PROJECT", "ANTHROPIC_VERTEX_PROJECT_ID"),
        "location": ("GOOGLE_CLOUD_LOCATION", "CLOUD_ML_REGION"),
    }
    named = {name: next(filter(None, map(os.environ.get, variables)), None) for name, variables in place.items()}
    return {"vertexai": True, **{name: value for name, value in named.items() if value}}


def request_options(request: Request, settings: Settings, api: Any) -> dict[str, Any]:
    """Return the `HttpOptions` that differ from the client's own; empty if none do.

    `max_retries=N` means N + 1 attempts. A client that the caller built keeps its settings, unless ours say otherwise.
    """
    given = settings.client is not None or settings.async_client is not None
    timeout, retries = request.timeout, request.max_retries
    options = _options(
        timeout=settings.timeout if timeout is None and given else timeout,
        max_retries=settings.max_retries if retries is None and given else retries,
    )
    if request.info and request.info.api_version and not api.vertexai:
        options["api_version"] = request.info.api_version
    if request.headers:
        options["headers"] = {**options.get("headers", {}), **request.headers}
    return options


def path_of(request: Request, verb: str, api: Any) -> str:
    """Return `models/{model}:{verb}`, or the model's path at Google Cloud."""
    model = model_of(request)
    if not model or ".." in model or "?" in model or "&" in model:
        raise UnknownModelError(f"{model!r} cannot be a model id of Google's", model=model)
    if model.startswith(("models/", "tunedModels/", "projects/", "publishers/")):
        return f"{model}:{verb}"
    return f"{'publishers/google/' if api.vertexai else ''}models/{model}:{verb}"


def _options(*, timeout: float | None, max_retries: int | None) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if timeout is not None:
        options["timeout"] = math.ceil(timeout * 1000)
        if timeout < SHORTEST_DEADLINE:
            options["headers"] = {"X-Server-Timeout": str(SHORTEST_DEADLINE)}
    if max_retries is not None:
        options["retry_options"] = {"attempts": max(0, max_retries) + 1}
    return options
