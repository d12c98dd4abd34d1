"""Find and load the user's own registry file at run time.

`my_models.yaml` is named by `llm.use_registry`, by `CAPABLY_REGISTRY`, or by `[tool.capably] registry = "..."` in the
nearest `pyproject.toml`. Beside it is `my_models.json`, compiled by `capably generate`. If that is
current, the YAML is not read, which would need the extra `codegen`.
"""

from __future__ import annotations

# ruff: noqa: PTH109, PTH110, PTH118, PTH119, PTH120, PTH122, PTH123
# pathlib would cost more than all the rest, in every program that has no such file.
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from capably import __version__
from capably.registry.overlay import Overlay, digest
from capably.types.errors import ConfigurationError

if TYPE_CHECKING:
    from capably_models import _facts

PROVIDERS_MODULE = "capably_models._providers"
_REACHED_BY = ("adapter", "also", "api_key", "base_url", "cloud", "dialect", "endpoint", "variables")


class Named(NamedTuple):
    """A registry file, and the setting that names it."""

    path: str
    by: str


def configured() -> Named | None:
    """Return the file that the environment or the project names, if any."""
    path = os.environ.get("CAPABLY_REGISTRY")
    return Named(path, "CAPABLY_REGISTRY") if path else _from_project()


def load(path: str, by: str) -> Overlay:
    """Load the user's file on top of the generated tables. Raise `ConfigurationError` if it cannot be used."""
    overlay = Overlay(_read(path, by), our_entry)
    if by.endswith("pyproject.toml"):
        _refuse_redirection(overlay, path, by)
    return overlay


def our_entry(section: str, name: str) -> object:
    """Return an entry of the generated tables; `None` if there is none."""
    tables = import_module(PROVIDERS_MODULE)
    if section in ("providers", "retired", "not_chat"):
        return getattr(tables, section.upper()).get(name)
    provider, _, own = name.partition("/")
    if provider not in tables.PROVIDERS:
        return None
    facts = import_module(f"capably_models._{provider}")
    return facts.PROFILES.get(name) if section == "profiles" else facts.MODELS.get(own)


def is_compiled(path: str) -> bool:
    """Return whether the JSON file at `path` was written by `capably generate`."""
    return _compiled(path) is not None


# --- where it is --------------------------------------------------------------------------------------------------


def _from_project() -> Named | None:
    try:
        folder = os.getcwd()
    except OSError:
        return None  # the working directory was deleted
    while True:
        file = os.path.join(folder, "pyproject.toml")
        text = _text(file)
        if text is not None:
            return _named_in(text, file, folder) if "tool.capably" in text else None
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _named_in(text: str, file: str, folder: str) -> Named | None:
    import tomllib

    try:
        path = tomllib.loads(text).get("tool", {}).get("capably", {}).get("registry")
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is no valid TOML: {error}") from error
    if path is None:
        return None
    if not isinstance(path, str):
        raise ConfigurationError(f"{file}: [tool.capably] registry must be the path of a file; it is {path!r}")
    return Named(os.path.join(folder, path), file)


def _text(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return None


# --- which form is read -------------------------------------------------------------------------------------------


def _read(path: str, by: str) -> dict[str, object]:
    stem, kind = os.path.splitext(path)
    compiled = _compiled(f"{stem}.json")
    if kind == ".json":
        if compiled is None:
            what = "was not written by `capably generate`" if os.path.exists(path) else "does not exist"
            raise ConfigurationError(f"{by} names {path}, which {what}")
        return compiled
    text = _text(path)
    if text is None and compiled is None:
        what = "cannot be read as UTF-8 text" if os.path.exists(path) else "does not exist"
        raise ConfigurationError(f"{by} names {path}, which {what}")
    if compiled is not None and (text is None or compiled["sha256"] == digest(text)) and _fits(compiled):
        return compiled
    return _compile(text, path, stale=compiled is not None)


def _compiled(path: str) -> dict[str, object] | None:
    text = _text(path)
    if text is None:
        return None
    import msgspec

    try:
        data = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return data if isinstance(data, dict) and "sha256" in data and "capably" in data else None  # pyright: ignore[reportUnknownVariableType]


def _fits(compiled: dict[str, object]) -> bool:
    """Return whether a file compiled by another version of capably has every field that this version needs."""
    if compiled["capably"] == __version__:
        return True
    overlay = Overlay(compiled, our_entry)
    provider = next(iter(import_module(PROVIDERS_MODULE).PROVIDERS))
    ours = import_module(f"capably_models._{provider}")
    for section, samples in (("profiles", ours.PROFILES), ("models", ours.MODELS)):
        needed = set(next(iter(samples.values())))
        if not all(needed <= set(overlay.entry(section, name) or ()) for name in overlay.section(section)):
            return False
    return True


def _compile(text: str | None, path: str, *, stale: bool) -> dict[str, object]:
    name = os.path.basename(path)
    compiled = f"{os.path.splitext(name)[0]}.json"
    again = f"compile it: capably generate --registry {path}"
    if text is None:
        raise ConfigurationError(f"{compiled} was compiled by an older capably, and {name} is not beside it; {again}")
    try:
        # By name, because the library must not depend on the generator.
        overlay = import_module("capably_codegen.overlay")
        problems = import_module("capably_codegen.registry.problems")
    except ModuleNotFoundError as missing:
        why = f"{compiled} is older than {name}, and reading" if stale else f"there is no {compiled}, and reading"
        raise ConfigurationError(
            f'{why} YAML needs {missing.name}, which is not installed: pip install "capably[codegen]", or where it is '
            f"installed {again}"
        ) from missing
    try:
        return overlay.parse_overlay(text, name).compiled
    except problems.RegistryError as error:
        raise ConfigurationError(str(error)) from error


def _refuse_redirection(overlay: Overlay, path: str, by: str) -> None:
    """Raise if a file found through the working directory changes where our providers' keys are sent."""
    for name, entry in overlay.section("providers").items():
        if our_entry("providers", name) is None:
            taken = sorted(_variables_of(entry) & _our_variables())
            if taken:
                raise ConfigurationError(
                    f"{path} has the provider {name} read {' and '.join(taken)}, a variable of another provider, and was only "
                    f"found through {by}. A file that sends keys elsewhere must be named by the program (llm.use_registry) or by "
                    "the environment (CAPABLY_REGISTRY)"
                )
        changed = [field for field in _REACHED_BY if field in entry]
        if changed and our_entry("providers", name) is not None:
            raise ConfigurationError(
                f"{path} changes {' and '.join(changed)} of {name}, and was only found through {by}. "
                "A file that changes where keys are sent must be named by the program (llm.use_registry) or by the "
                "environment (CAPABLY_REGISTRY)"
            )


def _our_variables() -> set[str]:
    """Return every variable that holds a key, or a setting, of a provider of ours."""
    providers: Mapping[str, _facts.Provider] = import_module(PROVIDERS_MODULE).PROVIDERS
    return set[str]().union(*map(_variables_of, providers.values()))


def _variables_of(entry: _facts.Provider) -> set[str]:
    variables: Mapping[str, Sequence[str]] = entry.get("variables") or {}
    keys = entry.get("api_key") or ()
    return set(keys).union(*variables.values())
