"""Ids and ends of life in the vendors' SDKs: their `Literal`s, and what they say of deprecation."""

from __future__ import annotations

import ast
import datetime
import importlib.util
import re
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from registry_sync.claims import Claims, Source, SourceError
from registry_sync.python_data import parse, value_of, variable
from registry_sync.sources import version_of


class Sdk(NamedTuple):
    """Where one SDK names its models."""

    provider: str
    distribution: str
    package: str
    literals: tuple[tuple[str, str], ...]
    """File and name of each alias of `Literal`s."""


SDKS = (
    Sdk("anthropic", "anthropic", "anthropic", (("types/model.py", "Model"),)),
    Sdk("google", "google-genai", "google.genai", (("_gaos/types/interactions/model.py", "Model"),)),
    Sdk(
        "openai",
        "openai",
        "openai",
        (("types/shared/chat_model.py", "ChatModel"), ("types/shared/responses_model.py", "ResponsesModel")),
    ),
)


def folder_of(package: str) -> Path:
    """Return the folder of an installed package. Raise `SourceError` if it is not installed."""
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise SourceError(f"the SDK {package} is not installed")
    return Path(next(iter(spec.submodule_search_locations)))


def ids(sdk: Sdk, folder: Path | None = None) -> list[str]:
    """Return every model id in the SDK's `Literal`s, as `provider/id`, in its own order."""
    folder = folder or folder_of(sdk.package)
    listed: dict[str, None] = {}
    for path, name in sdk.literals:
        words = _literal_words(variable(folder / path, name))
        if not words:
            raise SourceError(f"{sdk.package}/{path}: `{name}` names no ids any more")
        listed |= dict.fromkeys(f"{sdk.provider}/{word}" for word in words)
    return list(listed)


def read_sdk(sdk: Sdk, unpacked: Path | None = None) -> Source:
    """Return the ids of an SDK, and the days on which some end. `unpacked` may hold another version than the
    installed one."""
    there = unpacked / sdk.package.replace(".", "/") if unpacked else None
    if unpacked and there and there.is_dir():
        folder, number = there, version_of(unpacked, sdk.distribution)
    else:
        folder, number = folder_of(sdk.package), version(sdk.distribution)
    claims: Claims = {f"{sdk.provider}/{id}": {"dates.retires": day} for id, day in _shutdowns(sdk, folder).items()}
    return Source(sdk.distribution, number, "sdk", claims, frozenset(ids(sdk, folder)))


def _literal_words(node: ast.AST) -> list[str]:
    """Return the strings of a `Literal`, or of those in a `Union`."""
    return [
        word.value
        for part in ast.walk(node)
        if isinstance(part, ast.Subscript) and getattr(part.value, "id", getattr(part.value, "attr", "")) == "Literal"
        for word in ast.walk(part.slice)
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
    ]


def _shutdowns(sdk: Sdk, folder: Path) -> dict[str, str]:
    if sdk.provider == "anthropic":
        table = ast.literal_eval(variable(folder / "_data" / "deprecated_models.py", "DEPRECATED_MODELS"))
        return {id: _written_day(day) for id, day in table.items()}
    if sdk.provider == "openai":
        path, name = sdk.literals[0]
        return _shutdowns_in_docstring(folder / path, name)
    return {}


def _written_day(text: str) -> str:
    """Convert `June 30th, 2026` to `2026-06-30`."""
    plain = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", text)
    try:
        return datetime.datetime.strptime(plain, "%B %d, %Y").date().isoformat()  # noqa: DTZ007
    except ValueError:
        raise SourceError(f"anthropic: {text!r} is no day as DEPRECATED_MODELS used to write it") from None


def _shutdowns_in_docstring(file: Path, name: str) -> dict[str, str]:
    """Read ids with `Announced shutdown date: 2027-04-01` from the docstring of the alias."""
    module = parse(file)
    value_of(module, name, file)
    texts = [
        statement.value.value
        for statement in module.body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    ]
    notes = " ".join(" ".join(str(text).split()) for text in texts)
    days = {
        id: day
        for ids, day in re.findall(r"- ((?:\"[^\"]+\",? ?)+): Announced shutdown date: (\d{4}-\d\d-\d\d)", notes)
        for id in re.findall(r'"([^"]+)"', ids)
    }
    if not days:
        raise SourceError(f"openai/{file.name} tells no shutdown dates any more; its docstring has changed")
    return days
