"""Render the package `capably_models` as `{relative path: contents}`. Pure: no I/O."""

from __future__ import annotations

import pprint
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, get_args

import jinja2

from capably.modalities import SELECTORS as MODALITIES
from capably.parameters import CONTENT, SELECTORS, OnUnsupported
from capably_codegen.registry import facts
from capably_codegen.registry.names import class_name, constant_name, model_class
from capably_codegen.registry.schema import Model
from capably_codegen.registry.source import Source
from capably_codegen.stubs import profiles
from capably_codegen.stubs.capabilities import capability_classes
from capably_codegen.stubs.fact_types import alias_texts, fact_types
from capably_codegen.stubs.model_doc import end_of_life, model_doc
from capably_codegen.stubs.parameter_docs import arguments
from capably_codegen.stubs.profiles import ProfileStub
from capably_codegen.stubs.provider_settings import FUNCTIONS, setting_groups
from capably_codegen.stubs.requirements import AXES, AXIS_PARAMETERS, GENERICS, METHODS, REQUIREMENTS
from capably_codegen.stubs.signatures import BUILTINS, PARTS, ROUTING, Parameter, literal
from capably_codegen.stubs.tool_names import tool_names, with_short_names


@dataclass(frozen=True)
class Form:
    """One method that calls a model."""

    name: str
    start: str
    returns: str
    doc: str


FORMS = (
    Form("call", "def", "Response", "Send `content` and return the complete reply."),
    Form(
        "stream", "def", "StreamResponse", "Send `content` and return at once; iterate to read the reply as it arrives."
    ),
    Form("call_async", "async def", "AsyncResponse", "Send `content` and await the complete reply."),
    Form(
        "stream_async", "async def", "AsyncStreamResponse", "Send `content`; iterate asynchronously to read the reply."
    ),
)


COMMON = (
    *("_types", "_ids", "_model_id", "_model", "_new", "_custom", "_capabilities", "_requirements", "_resume"),
    *("_call", "_override", "_select"),
)
"""Stubs that all providers share."""


@dataclass(frozen=True)
class ModelStub:
    """The data that a template needs for one model."""

    id: str
    constant: str
    class_name: str
    base: str
    module: str
    """The module of its calls; empty for an unverified model."""
    doc: str
    params: str
    """The TypedDict of its call parameters; empty for an unverified model."""
    deprecated: str
    """What a type checker says where it is named; empty for a model without an end."""

    @property
    def provider(self) -> str:
        return self.id.partition("/")[0]

    @property
    def has_own_init(self) -> bool:
        """Return whether it has a constructor of its own, which gives pyright's message of its end the model's name."""
        return bool(self.deprecated and self.module)


@dataclass(frozen=True)
class Ids:
    """Ids of one profile that end alike. `deprecated` is what a type checker says of them; empty for those without an end."""

    alias: str
    members: tuple[str, ...]
    deprecated: str


@dataclass(frozen=True)
class Door:
    """The ids of one profile, and the type of `llm.Model(id)`. Those that are not deprecated are the first of `ids`."""

    ids: tuple[Ids, ...]
    returns: str
    caps: str
    stub: ProfileStub

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(id for ids in self.ids for id in ids.members)


NAMED_MODELS = 300
"""For this many models, `llm.Model(id)` has a type with the model's own name, which is one overload for each.

Providers with few models come first. Models of the others (a gateway's) have the type of their profile: a type checker
compares an id with every overload, so that its time grows with their number.
"""


def render(source: Source, *, run_time: bool = True) -> dict[str, str]:
    """Render every file of `capably_models`; without `run_time`, only the stubs (for a user's own project)."""
    providers = sorted(source.registry.providers)
    stubs = {provider: _profile_stubs(source, provider) for provider in providers}
    names = tool_names([stub for own in stubs.values() for stub in own.values()] + [profiles.any_stub()])
    files = with_short_names(dict(_stubs(source, stubs)), names)
    if run_time:
        files |= dict(_twins(source, providers))
    return files


def _profile_stubs(source: Source, provider: str) -> dict[str, ProfileStub]:
    """Return what the stubs of a provider's profiles say; a profile without models has none."""
    members: dict[str, dict[str, Model]] = {}
    for id, model in facts.models_of(source, provider).items():
        members.setdefault(model.profile, {})[id] = model
    tables = facts.profile_tables(source, provider)
    return {
        name: profiles.profile_stub(name, table, members[name]) for name, table in tables.items() if name in members
    }


def _stubs(source: Source, by_provider: Mapping[str, dict[str, ProfileStub]]) -> Iterator[tuple[str, str]]:
    any_stub = profiles.any_stub()
    settings = _settings(stub for own in by_provider.values() for stub in own.values())
    stubs: dict[str, ProfileStub] = {}
    doors: list[Door] = []
    ending: list[str] = []
    named: list[ModelStub] = []
    named_providers = _named_providers(source)
    for provider, own in by_provider.items():
        models = facts.models_of(source, provider)
        stubs |= own
        doors += _doors(provider, models, own, any_stub)
        members = [_model_stub(source, id, model, own) for id, model in models.items()]
        title = source.registry.providers[provider].name
        shared: dict[str, object] = {"provider": provider, "title": title, "models": members}
        if provider in named_providers:
            named += members
        yield f"_{provider}/__init__.pyi", _fill("_provider.pyi", source)
        for stub in own.values():
            yield from _calls(source, stub, members)
            if stub.states:
                yield f"{stub.package}/{stub.states_module}.pyi", _fill("_states.pyi", source, stub=stub)
        if own:
            yield f"_{provider}/_profiles.pyi", _profiles(source, list(own.values()), settings)
            yield f"_{provider}/_params.pyi", _fill("_params.pyi", source, stubs=list(own.values()))
        yield f"_{provider}/_models.pyi", _fill("_models.pyi", source, **shared)
        yield f"{provider}.pyi", _fill("provider.pyi", source, **shared)
        if any(model.deprecated for model in members):
            ending.append(provider)
            yield f"_{provider}/_constants.pyi", _fill("_constants.pyi", source, **shared)
    yield from _calls(source, any_stub, [])
    yield from _common(source, any_stub, list(stubs.values()), doors, named, settings)
    yield "_facts.pyi", _fill("_facts.pyi", source, aliases=alias_texts(), entries=list(fact_types()))
    functions = {"settings_functions": FUNCTIONS, "settings_groups": list(setting_groups(source.registry))}
    yield "_settings.pyi", _fill("_settings.pyi", source, **functions)
    yield "__init__.pyi", _fill("__init__.pyi", source, providers=list(by_provider), ending=ending)


def _calls(source: Source, stub: ProfileStub, models: Iterable[ModelStub]) -> Iterator[tuple[str, str]]:
    """Yield what a class of a profile says of calls: a module for each form, and one that names them all and has the
    constructors of those of its models that have an end."""
    folder = f"{stub.package}/" if stub.package else ""
    ending = [model for model in models if model.has_own_init and model.module == stub.module]
    yield f"{folder}{stub.module}.pyi", _fill("_signatures.pyi", source, stub=stub, ending=ending)
    for form in FORMS:
        yield f"{folder}{stub.form_module(form.name)}.pyi", _fill("_form.pyi", source, stub=stub, form=form)


def _settings(stubs: Iterable[ProfileStub]) -> dict[str, str]:
    """Return each type of `llm.Reasoning(...)` -> the class in `_types` in which it has the name `ReasoningSettings`.

    A type checker prints the name of an alias without its class, so a message has `ReasoningSettings` for any of them.
    """
    types = sorted({type for stub in stubs for type in stub.settings})
    return {type: f"Settings{number}" for number, type in enumerate(types, start=1)}


def _common(
    source: Source,
    any_stub: ProfileStub,
    stubs: list[ProfileStub],
    doors: list[Door],
    named: list[ModelStub],
    settings: Mapping[str, str],
) -> Iterator[tuple[str, str]]:
    """Yield the stubs that all providers share."""
    common = {"max_tokens": "int", **ROUTING}
    with_any = [*stubs, any_stub]
    ids = frozenset(model.id for model in named)
    shared: dict[str, object] = {
        "doors": doors,
        "settings": settings,
        "named": named,
        "unnamed_doors": [door for door in doors if not ids.issuperset(door.members)],
        "homes": sorted({stub.package.removeprefix("_") for stub in stubs}),
        "any": any_stub,
        "ids": literal(tuple(id for door in doors for id in door.members)),
        "inputs": sorted({(stub.inputs_alias, stub.inputs) for stub in with_any}),
        "contents": sorted({(stub.content, stub.inputs_alias, stub.messages) for stub in with_any}),
        "tools": sorted({stub.tools for stub in with_any if len(stub.tools) > 1}),
        "routing": [Parameter(name, type) for name, type in common.items()],
    }
    for name in COMMON:
        yield f"{name}.pyi", _fill(f"{name}.pyi", source, **shared)
    for form in FORMS:
        yield f"_resume__{form.name}.pyi", _fill("_resume_form.pyi", source, form=form, **shared)


def _named_providers(source: Source) -> set[str]:
    """Return the providers whose models each have a type of their own (`NAMED_MODELS`)."""
    sizes = Counter(id.partition("/")[0] for id in source.registry.models)
    by_size = sorted(sizes, key=lambda provider: (sizes[provider], provider))
    totals = accumulate(sizes[provider] for provider in by_size)
    return {provider for provider, total in zip(by_size, totals, strict=True) if total <= NAMED_MODELS}


def _profiles(source: Source, stubs: list[ProfileStub], settings: Mapping[str, str]) -> str:
    """Render the profiles of one provider, so that a checker reads only those of the providers in use."""
    capabilities = list(capability_classes({stub.caps: stub.capabilities for stub in stubs}))
    return _fill("_profiles.pyi", source, stubs=stubs, capabilities=capabilities, settings=settings)


def _twins(source: Source, providers: list[str]) -> Iterator[tuple[str, str]]:
    retired, not_chat = facts.retired_tables(source)
    for provider in providers:
        title = source.registry.providers[provider].name
        models = [_model_stub(source, id, model, {}) for id, model in facts.models_of(source, provider).items()]
        yield f"{provider}.py", _fill("provider.py", source, provider=provider, title=title, models=models)
        yield (
            f"_{provider}/__init__.py",
            _fill(
                "_provider.py",
                source,
                title=title,
                profiles=facts.profile_tables(source, provider),
                models=facts.model_tables(source, provider),
            ),
        )
    yield "_capabilities.py", _fill("_capabilities.py", source)
    yield "_model.py", _fill("_model.py", source)
    yield "_call.py", _fill("_call.py", source)
    yield "_select.py", _fill("_select.py", source)
    yield "_facts.py", _fill("_facts.py", source)
    yield "_override.py", _fill("_override.py", source)
    yield "_settings.py", _fill("_settings.py", source)
    yield "__init__.py", _fill("__init__.py", source, providers=providers)
    yield (
        "_providers.py",
        _fill(
            "_providers.py", source, provider_tables=facts.provider_tables(source), retired=retired, not_chat=not_chat
        ),
    )
    yield "py.typed", ""


def _doors(
    provider: str, models: dict[str, Model], stubs: dict[str, ProfileStub], any_stub: ProfileStub
) -> Iterator[Door]:
    ids: dict[str, list[str]] = {}
    for id, model in models.items():
        ids.setdefault(model.profile, []).append(id)
    for profile, members in sorted(ids.items()):
        stub = stubs.get(profile, any_stub)
        home = "" if stub is any_stub else f"{stub.package}."
        name = (
            f"{class_name('/' + provider)}Unverified" if stub is any_stub else stub.class_name.removesuffix("Profile")
        )
        yield Door(
            ids=tuple(_ids_by_ending(name, {id: models[id] for id in members})),
            returns=f"{home}{stub.class_name}",
            caps=f"{home}{stub.caps}",
            stub=stub,
        )


def _ids_by_ending(name: str, models: Mapping[str, Model]) -> Iterator[Ids]:
    """Yield the ids that are not deprecated, then those that end alike, each with an alias."""
    endings: dict[str, list[str]] = {"": []}
    for id, model in models.items():
        end = end_of_life(model)
        endings.setdefault(f"The model of this id is deprecated: {end}." if end else "", []).append(id)
    for number, (text, members) in enumerate(endings.items()):
        if members:
            yield Ids(f"{name}DeprecatedId{number}" if text else f"{name}Id", tuple(members), text)


def _model_stub(source: Source, id: str, model: Model, stubs: dict[str, ProfileStub]) -> ModelStub:
    stub = stubs.get(model.profile)
    base = f"_profiles.{stub.class_name}" if stub else "AnyModel"
    module = stub.module if stub else ""
    profile = source.registry.profiles.get(model.profile)
    doc = model_doc(id, model, profile.verified if profile else None)
    params = stub.params if stub else ""
    deprecated = f"This model is deprecated: {ending}." if (ending := end_of_life(model)) else ""
    return ModelStub(id, constant_name(id, model), model_class(id, model), base, module, doc, params, deprecated)


def _fill(template: str, source: Source, **values: object) -> str:
    return _ENVIRONMENT.get_template(f"{template}.jinja").render(source=source.path, forms=FORMS, **values)


def _python(value: object) -> str:
    return pprint.pformat(value, width=118, sort_dicts=False)


def _with_settings(text: str, settings: Mapping[str, str]) -> str:
    """Return the text with the names of `_types` in the place of types of `llm.Reasoning(...)`."""
    return _named(text, {type: f"_types.{name}.ReasoningSettings" for type, name in settings.items()})


def _named(text: str, names: Mapping[str, str]) -> str:
    """Return the text with these names in the place of the types."""
    for type, name in names.items():
        text = text.replace(type, name)
    return text


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("capably_codegen"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["python"] = _python
    environment.filters["literal"] = literal
    filters: Any = environment.filters
    filters["named"] = _named
    filters["with_settings"] = _with_settings
    macros: Any = environment.get_template(
        "macros.jinja", globals={"forms": FORMS, "content_doc": CONTENT, "arguments": arguments}
    ).module
    declared: Any = {
        "builtins": BUILTINS,
        "parts": PARTS,
        "policies": get_args(OnUnsupported),
        "axes": AXES,
        "axis_parameters": AXIS_PARAMETERS,
        "requirements": REQUIREMENTS,
        "generics": GENERICS,
        "methods": METHODS,
        "selectors": (*SELECTORS, *MODALITIES),
    }
    environment.globals.update(declared)
    environment.globals.update(keywords=macros.keywords, profile_class=macros.profile_class)
    environment.globals.update(calls=macros.calls, copies=macros.copies)
    return environment


_ENVIRONMENT = _environment()
