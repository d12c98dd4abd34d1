"""Where hosts of the Chat Completions format differ from OpenAI's own, as data.

Unnamed hosts are taken to speak the oldest common dialect, which all of them still accept.
"""

from __future__ import annotations

from typing import NamedTuple


class Host(NamedTuple):
    """The dialect of one host. The defaults are what a host is assumed to speak when it is not listed."""

    system_role: str = "system"
    """Role of instructions. Models without reasoning are always sent `system`."""
    max_tokens: str = "max_tokens"
    seed: str = "seed"
    usage_in_stream: bool = True
    """Whether `stream_options.include_usage` must be asked for."""
    obfuscates: bool = False
    """Whether streams are padded with random characters unless that is turned off."""
    prefix: bool = False
    """Whether the beginning of an answer must be marked with `prefix: true`."""
    call_id: str = ""
    """Pattern that ids of tool calls must match; empty where any id does."""


_OPENAI = Host(system_role="developer", max_tokens="max_completion_tokens", obfuscates=True)
_NEW_NAMES = Host(max_tokens="max_completion_tokens")

HOSTS = {
    "openai": _OPENAI,
    "azure": _OPENAI,
    "azure-openai": _OPENAI,
    "cerebras": _NEW_NAMES,
    "groq": _NEW_NAMES,
    "openrouter": _NEW_NAMES,
    "xai": _NEW_NAMES,
    "deepseek": Host(prefix=True),
    "mistral": Host(seed="random_seed", usage_in_stream=False, prefix=True, call_id=r"[a-zA-Z0-9]{9}"),
}
_OTHER = Host()


def host_of(provider: str) -> Host:
    """The dialect of a provider of the registry."""
    return HOSTS.get(provider, _OTHER)
