"""Find what contradicts itself in a registry: entries that name others which do not exist, and names that collide."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

from capably.types.errors import did_you_mean
from capably.types.facts import UNVERIFIED
from capably_codegen.registry.names import constant_name, model_class, profile_class
from capably_codegen.registry.problems import Key
from capably_codegen.registry.schema import Profile, Reasoning, Registry
from capably_codegen.stubs.requirements import AXES
from capably_codegen.stubs.signatures import BUILTINS, PARTS


def contradictions(registry: Registry, ours: Collection[str]) -> Iterator[tuple[Key, str]]:
    yield from _misnamed_providers(registry)
    yield from _unwritable_names(registry)
    yield from _dangling(registry)
    yield from _colliding_names(registry)
    yield from _idle_or_equal_profiles(registry, ours)
    yield from _unseen_thoughts(registry)
    for name, profile in registry.profiles.items():
        for field, what in _inconsistent(profile):
            yield ("profiles", name, field), what


def _dangling(registry: Registry) -> Iterator[tuple[Key, str]]:
    """Yield references to entries that do not exist."""
    for section in ("profiles", "models", "retired", "not_chat"):
        for id in getattr(registry, section):
            provider, slash, name = id.partition("/")
            if not slash or not name:
                yield (section, id), f"{id!r} must read provider/name"
            elif provider not in registry.providers:
                names = sorted(registry.providers)
                yield (
                    (section, id),
                    f"no provider {provider!r}.{did_you_mean(provider, names)} Known: {', '.join(names)}.",
                )
            elif section in ("retired", "not_chat") and id in registry.models:
                yield (section, id), f"{id!r} is also in models; keep it in one place"
    for name, provider in registry.providers.items():
        if provider.any_model is not None and provider.any_model not in registry.profiles:
            close = did_you_mean(provider.any_model, registry.profiles)
            yield ("providers", name, "any_model"), f"no profile {provider.any_model!r}.{close}"
    for id, model in registry.models.items():
        if model.profile != UNVERIFIED and model.profile not in registry.profiles:
            close = did_you_mean(model.profile, [*registry.profiles, UNVERIFIED])
            yield ("models", id, "profile"), f"no profile {model.profile!r}.{close}"
        yield from _unknown_id(("models", id), "snapshot_of", model.snapshot_of, registry.models)
        yield from _unknown_id(("models", id), "replacement", model.replacement, registry.models)
    for id, retired in registry.retired.items():
        names = [*registry.models, *registry.retired]
        yield from _unknown_id(("retired", id), "replacement", retired.replacement, names)


def _unseen_thoughts(registry: Registry) -> Iterator[tuple[Key, str]]:
    """Yield models that may show thoughts although their provider's wire format has no field for them."""
    for id, model in registry.models.items():
        provider, profile = id.partition("/")[0], registry.profiles.get(model.profile)
        host = registry.providers.get(provider)
        if profile is None or not isinstance(profile.reasoning, Reasoning) or host is None:
            continue
        visible, key = profile.reasoning.visible, ("profiles", model.profile, "reasoning", "visible")
        if host.dialect.thoughts == "never" and {*profile.endpoints} == {"chat_completions"} and visible != "never":
            yield key, f"{visible!r}, but chat_completions of {provider} has no place for thoughts; say never"


def _unknown_id(key: Key, field: str, id: str | None, ids: Iterable[str]) -> Iterator[tuple[Key, str]]:
    if id is not None and id not in ids:
        yield (*key, field), f"no model {id!r}.{did_you_mean(id, ids)}"


RESERVED_PROVIDERS = (
    *("aclose", "assistant", "call", "close", "configure", "dump_messages", "load_messages", "model", "models"),
    *("override", "preload", "prompt", "provider", "providers", "scripted", "system", "tool", "use_registry", "user"),
)
"""Names that `llm` and the generated package already use."""


def _misnamed_providers(registry: Registry) -> Iterator[tuple[Key, str]]:
    """Yield providers that cannot be a module `llm.<provider>`."""
    for name in registry.providers:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
            what = f"{name!r} must be a Python name in lower case, because its constants stand in `llm.{name}`"
            yield ("providers", name), what
        elif name in RESERVED_PROVIDERS:
            yield ("providers", name), f"`llm.{name}` is something else already; choose another name"


def _unwritable_names(registry: Registry) -> Iterator[tuple[Key, str]]:
    """Yield ids and names that cannot stand in generated code as they are."""
    names = [(("models", id), id) for id in registry.models] + [(("profiles", id), id) for id in registry.profiles]
    names += [(("providers", id, "name"), provider.name) for id, provider in registry.providers.items()]
    for key, name in names:
        if re.search(r'["\\\x00-\x1f\x7f]', name):
            yield key, f"{name!r} holds a quotation mark, a backslash or a control character"


def _colliding_names(registry: Registry) -> Iterator[tuple[Key, str]]:
    """Yield name collisions: of constants and of model classes within a provider, and of profile classes."""
    constants: dict[tuple[str, str], str] = {}
    classes: dict[tuple[str, str], str] = {}
    profiles: dict[str, str] = {}
    for name in registry.profiles:
        if _has_letter(name.partition("/")[2]):
            other = profiles.setdefault(profile_class(name), name)
            if other != name:
                what = f"its class {profile_class(name)!r} is that of {other!r} too; rename one of them"
                yield ("profiles", name), what
    for id, model in registry.models.items():
        provider, _, own = id.partition("/")
        if not own:
            continue  # reported as an id that does not read provider/name
        constant = constant_name(id, model)
        if not constant.isidentifier() or keyword.iskeyword(constant):
            yield ("models", id), f"the constant would be {constant!r}, no Python name; set `constant:`"
            continue
        other = constants.setdefault((provider, constant), id)
        if other != id:
            yield ("models", id), f"its constant {constant!r} is that of {other!r} too; set `constant:` on one of them"
            continue
        name = model_class(id, model)
        other = classes.setdefault((provider, name), id)
        if other != id:
            yield ("models", id), f"its class {name!r} is that of {other!r} too; set `constant:` on one of them"
        elif name in _imported_names():
            yield ("models", id), f"its class would be {name!r}, which is a class of capably's; set `constant:`"


def _has_letter(name: str) -> bool:
    return re.search(r"[0-9A-Za-z]", name) is not None


@cache
def _imported_names() -> frozenset[str]:
    """Return the classes that a stub imports, which a model's class must not hide."""
    head = (Path(__file__).parent / "templates" / "imports.jinja").read_text(encoding="utf-8")
    named = {"Model", "AnyModel", *re.findall(r"\b[A-Z]\w*", head)}
    return frozenset(named.union(BUILTINS.values(), PARTS.values(), (axis.variable for axis in AXES)))


def _idle_or_equal_profiles(registry: Registry, ours: Collection[str]) -> Iterator[tuple[Key, str]]:
    """Yield unused or duplicate profiles, among those that the file itself defines."""
    used = {model.profile for model in registry.models.values()}
    used |= {provider.any_model for provider in registry.providers.values() if provider.any_model}
    same: dict[str, str] = {}
    for name, profile in registry.profiles.items():
        if name in ours:
            continue
        if name not in used:
            yield ("profiles", name), "no model uses this profile; use it or take it out"
        facts = f"{name.partition('/')[0]} {profile.model_dump_json(exclude={'verified', 'sources', 'notes'})}"
        other = same.setdefault(facts, name)
        if other != name:
            yield ("profiles", name), f"says the same as {other!r}; keep one of them"


def _inconsistent(profile: Profile) -> Iterator[tuple[str, str]]:
    if profile.input[0] != "text":
        yield "input", f"the first input must be 'text', not {profile.input[0]!r}"
    tools = [*profile.builtin_tools, *profile.unverified_builtin_tools]
    for endpoint, rules in profile.endpoints.items():
        for tool in rules.builtin_tools or ():
            if tool not in tools:
                has = ", ".join(tools) or "none"
                yield "endpoints", f"{endpoint} names built-in tool {tool!r}, which is not among the model's ({has})"
    reasoning = profile.reasoning
    if reasoning is None or isinstance(reasoning, str) or isinstance(reasoning.efforts, str):
        return
    efforts = reasoning.efforts
    for field, levels in (("off_efforts", reasoning.off_efforts or ()), ("default", (reasoning.default,))):
        for level in levels:
            if level is not None and level not in efforts:
                yield "reasoning", f"{field} names {level!r}, which is not among its efforts ({', '.join(efforts)})"
    for endpoint, rules in profile.endpoints.items():
        for level in rules.efforts or ():
            if level not in efforts:
                yield (
                    "endpoints",
                    f"{endpoint} names effort {level!r}, which is not among the model's ({', '.join(efforts)})",
                )
