"""What clients of the vendors' SDKs have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from capably.providers.settings import Settings
from capably.types.errors import ConfigurationError
from capably.types.request import Request
from capably.types.timeout import Timeout

if TYPE_CHECKING:
    import httpx2


class SdkOptions(TypedDict):
    """Options of a request by an SDK, which its client decides where they are absent."""

    max_retries: NotRequired[int]
    timeout: NotRequired[httpx2.Timeout]


def sdk_options(request: Request, settings: Settings) -> SdkOptions:
    """Return the timeout and the retries of a request as options of an SDK; empty where its client decides."""
    retries = settings.max_retries if request.max_retries is None else request.max_retries
    timeout = request.timeout or settings.timeout
    options: SdkOptions = {} if retries is None else {"max_retries": retries}
    return options if timeout is None else {**options, "timeout": httpx2_timeout(timeout)}


def httpx2_timeout(timeout: Timeout) -> httpx2.Timeout:
    """Return a timeout as httpx2 has it, whose clients count no total."""
    import httpx2

    return httpx2.Timeout(timeout.silence, connect=timeout.connect)


def refuse_functions(settings: Settings) -> None:
    """Raise `ConfigurationError` for a function as key or token: the SDKs' clients would go on with another credential."""
    for word in ("api_key", "token"):
        if callable(getattr(settings, word)):
            raise ConfigurationError(
                f"{word}= of {settings.provider} cannot be a function here; give a text, or a client="
            )
