"""Short names for the types of `tools=`, which error messages print: `AnthropicTools`, `OpenaiGpt54Tools`.

While a signature is written, the name of a union lists its members (`AnyToolOrWebSearchOrShell`). Here each long one gets a
name of its own: the set that most profiles of a provider have is that provider's, any other is its first profile's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from capably_codegen.stubs.profiles import ProfileStub

Tools: TypeAlias = tuple[str, ...]

READABLE = 3
"""A union of so many classes keeps the name that lists them."""


def listed_name(tools: Tools) -> str:
    """Return the name of a union that lists its members."""
    return "Or".join(tools)


def tool_names(stubs: Iterable[ProfileStub]) -> dict[str, str]:
    """Return the long names of these profiles' unions, and what each is called instead."""
    by_provider: dict[str, list[ProfileStub]] = {}
    for stub in sorted(stubs, key=lambda stub: stub.class_name):
        if len(stub.tools) > READABLE:
            by_provider.setdefault(stub.package, []).append(stub)
    names: dict[str, str] = {}
    for package, own in sorted(by_provider.items()):
        counts = Counter(stub.tools for stub in own)
        most = min(counts, key=lambda tools: (-counts[tools], tools))
        for stub in own:
            name = (
                (package.removeprefix("_").title() or "Any")
                if stub.tools == most
                else stub.class_name.removesuffix("Profile")
            )
            names.setdefault(listed_name(stub.tools), f"{name}Tools")
    return names


def with_short_names(files: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Return the files with the short names in the place of the long ones."""
    if not names:
        return dict(files)
    long = re.compile(rf"\b(?:{'|'.join(sorted(names, key=len, reverse=True))})\b")
    return {path: long.sub(lambda match: names[match[0]], text) for path, text in files.items()}
