"""Fetches the newest wheels of the sources through uv, unpacked into a folder, none of them installed where we run."""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Callable, Collection
from pathlib import Path

from registry_sync.claims import PROVIDERS, Source, SourceError
from registry_sync.sdks import SDKS, read_sdk
from registry_sync.sources import genai_prices, langchain, litellm, pydantic_ai
from registry_sync.sources.endpoints import read_endpoints

_DATA = ("litellm", "genai-prices", *langchain.PACKAGES.values(), *(sdk.distribution for sdk in SDKS))
_RUN = ("pydantic-ai-slim",)
"""This one is run, so it comes with what it needs."""


def fetch(folder: Path) -> None:
    """Unpack the newest wheel of each source. Raise `SourceError` if one cannot be had."""
    unpack(folder, "--no-deps", *_DATA)
    unpack(folder, *_RUN)


def unpack(folder: Path, *what: str) -> None:
    """Unpack packages, with pip's `options` before their names. Raise `SourceError` if one cannot be had."""
    command = ["uv", "pip", "install", "--quiet", "--upgrade", "--only-binary", ":all:", "--target", str(folder), *what]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SourceError("uv, which downloads the sources, is not on the PATH") from None
    if done.returncode:
        message = " ".join(done.stderr.split())[-300:]
        raise SourceError(f"these wheels could not be had: {', '.join(w for w in what if w[0] != '-')}: {message}")


def read_all(folder: Path, ids: Collection[str], day: datetime.date) -> list[Source]:
    """Read every source, the vendors' own first. Raise one `SourceError` that names every problem."""
    providers = {*PROVIDERS, *(id.partition("/")[0] for id in ids)}
    readers: list[Callable[[], list[Source]]] = [
        read_endpoints,
        *(lambda sdk=sdk: [read_sdk(sdk, folder)] for sdk in SDKS),
        lambda: [litellm.read(folder)],
        lambda: [genai_prices.read(folder, ids, day)],
        *(
            lambda provider=provider: [langchain.read(folder, provider)]
            for provider in langchain.PACKAGES
            if provider in providers
        ),
        lambda: [pydantic_ai.read(folder, ids)],
    ]
    sources: list[Source] = []
    wrong: list[str] = []
    for reader in readers:
        try:
            sources += reader()
        except SourceError as error:
            wrong.append(str(error))
    if wrong:
        raise SourceError("\n".join(wrong))
    return sources
