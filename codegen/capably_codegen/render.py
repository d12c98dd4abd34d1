"""From the registry to text: `{relative path: contents}` of the package `capably_models`. Pure: no I/O."""

from __future__ import annotations

import pprint
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import jinja2

from capably_codegen import facts, profiles
from capably_codegen.model_doc import end_of_life, model_doc
from capably_codegen.profiles import NOT_ACCEPTED, ROUTING, Parameter, ProfileStub, Signature
from capably_codegen.registry import Source, constant_name, model_class
from capably_codegen.schema import Model


@dataclass(frozen=True)
class Form:
    """One of the ways to call a model."""

    name: str
    start: str
    returns: str
    doc: str


FORMS = (
    Form("call", "def", "Response", "Sends `content` and waits for the whole reply."),
    Form(
        "stream", "def", "StreamResponse", "Sends `content` and returns at once; iterate to read the reply as it comes."
    ),
    Form("call_async", "async def", "AsyncResponse", "Sends `content` and awaits the whole reply."),
    Form(
        "stream_async", "async def", "AsyncStreamResponse", "Sends `content`; iterate asynchronously to read the reply."
    ),
)


@dataclass(frozen=True)
class ModelStub:
    """What a template needs to write one model."""

    id: str
    constant: str
    class_name: str
    base: str
    doc: str


@dataclass(frozen=True)
class Door:
    """The ids of one profile, and what `llm.Model(id)` has as its type.

    `live` is the type of those that are not deprecated; `endings` has what is said of the others, with the type of their ids.
    """

    home: str
    alias: str
    ids: str
    live: str
    endings: tuple[tuple[str, str], ...]
    returns: str
    caps: str
    stub: ProfileStub
    signatures: tuple[Signature, ...]


def render(source: Source, *, run_time: bool = True) -> dict[str, str]:
    """Every file of `capably_models`; without `run_time`, the stubs only (what a user's own project needs)."""
    providers = sorted(source.registry.providers)
    files = dict(_stubs(source, providers))
    if run_time:
        files |= dict(_twins(source, providers))
    return files


def _stubs(source: Source, providers: list[str]) -> Iterator[tuple[str, str]]:
    any_stub = profiles.any_stub()
    doors: list[Door] = []
    for provider in providers:
        models = facts.models_of(source, provider)
        tables = facts.profile_tables(source, provider)
        used = {model.profile for model in models.values()}
        stubs = {name: profiles.profile_stub(name, table) for name, table in tables.items() if name in used}
        own_doors = list(_doors(provider, models, stubs, any_stub))
        doors += own_doors
        shared: dict[str, Any] = {
            "provider": provider,
            "profiles": list(stubs.values()),
            "models": [_model_stub(source, id, model, stubs) for id, model in models.items()],
        }
        contents = sorted({(stub.content, stub.inputs, stub.messages) for stub in stubs.values()})
        tools = sorted({stub.tools for stub in stubs.values() if len(stub.tools) > 1})
        home = f"_{provider}"
        yield (
            f"{home}/__init__.pyi",
            _fill("_provider.pyi", source, doors=own_doors, contents=contents, tools=tools, **shared),
        )
        for stub in stubs.values():
            yield f"{home}/{stub.module}.pyi", _signatures(source, stub, home, stub.caps)
        yield f"{home}/_models.pyi", _fill("_models.pyi", source, **shared)
        yield f"{provider}.pyi", _fill("provider.pyi", source, **shared)
    common = {"max_tokens": "int", **ROUTING}
    shared = {
        "providers": providers,
        "doors": doors,
        "any": any_stub,
        "explainer": [Parameter(p.name, common.get(p.name, NOT_ACCEPTED)) for p in any_stub.signatures[0].parameters],
        "routing": [Parameter(name, type) for name, type in common.items()],
    }
    for name in ("_model", "_requirements", "_call"):
        yield f"{name}.pyi", _fill(f"{name}.pyi", source, **shared)
    yield "_any.pyi", _signatures(source, any_stub, "_model")
    yield "__init__.pyi", _fill("__init__.pyi", source, providers=providers)


def _signatures(source: Source, stub: ProfileStub, home: str, *names: str) -> str:
    """The calls of one profile. A type checker reads them when that profile is called, and none of the others'."""
    names = (stub.content, *(["Or".join(stub.tools)] if len(stub.tools) > 1 else []), *names)
    imported = f"from capably_models.{home} import {', '.join(names)}"
    return _fill("_signatures.pyi", source, stub=stub, home=imported)


def _twins(source: Source, providers: list[str]) -> Iterator[tuple[str, str]]:
    retired, not_chat = facts.gone_tables(source)
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
    yield "_model.py", _fill("_model.py", source)
    yield "_call.py", _fill("_call.py", source)
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
    home = f"_{provider}"
    for profile, members in sorted(ids.items()):
        stub = stubs.get(profile, any_stub)
        own = "" if stub is any_stub else f"{home}."
        name = "Unverified" if stub is any_stub else stub.class_name.removesuffix("Profile")
        living = tuple(id for id in members if not end_of_life(models[id]))
        yield Door(
            home=home,
            alias=f"{name}Id",
            ids=profiles.literal(tuple(members)),
            live=f"{home}.{name}Id" if len(living) == len(members) else profiles.literal(living) if living else "",
            endings=_endings(models, members),
            returns=f"{own}{stub.class_name}",
            caps=f"{own}{stub.caps}",
            stub=stub,
            # The last of three overloads only explains a refusal; at the door, the door's own last overload does that.
            signatures=stub.signatures[:2] if stub is any_stub else tuple(map(_qualified(home), stub.signatures[:2])),
        )


def _endings(models: dict[str, Model], members: list[str]) -> tuple[tuple[str, str], ...]:
    """What a type checker says of the deprecated among these ids, and which they are."""
    said: dict[str, list[str]] = {}
    for id in members:
        if end := end_of_life(models[id]):
            said.setdefault(f"This model is deprecated: {end}.", []).append(id)
    return tuple((text, profiles.literal(tuple(ids))) for text, ids in said.items())


def _qualified(home: str) -> Callable[[Signature], Signature]:
    """The names that a provider's module defines, as other modules write them."""

    def qualify(signature: Signature) -> Signature:
        return Signature(
            tuple(
                replace(p, type=p.type.replace("[", f"[{home}.", 1)) if p.name == "tools" and "Or" in p.type else p
                for p in signature.parameters
            )
        )

    return qualify


def _model_stub(source: Source, id: str, model: Model, stubs: dict[str, ProfileStub]) -> ModelStub:
    base = stubs[model.profile].class_name if model.profile in stubs else "AnyModel"
    profile = source.registry.profiles.get(model.profile)
    doc = model_doc(id, model, profile.verified if profile else None)
    return ModelStub(id, constant_name(id, model), model_class(id, model), base, doc)


def _fill(template: str, source: Source, **values: Any) -> str:
    return _ENVIRONMENT.get_template(f"{template}.jinja").render(source=source.path, forms=FORMS, **values)


def _python(value: Any) -> str:
    return pprint.pformat(value, width=118, sort_dicts=False)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("capably_codegen"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["python"] = _python
    macros: Any = environment.get_template("macros.jinja", globals={"forms": FORMS}).module
    environment.globals.update(keywords=macros.keywords, profile_class=macros.profile_class)
    return environment


_ENVIRONMENT = _environment()
