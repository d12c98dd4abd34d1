"""A user's own registry file, laid over capably's: `my_models.yaml` adds, corrects and removes.

Its schema is the registry's with relaxed rules (`schema`): no field is required, because what an entry leaves out comes
from ours of the same name, from the profile that it `extends` or from the model that it is `like`. Nothing is checked
twice: the file is merged as plain data (`capably.registry.overlay`, as at run time), and the result must be a registry.
Every problem is reported at the user's own line, since ours has none.

`hosts: [openrouter]` adds the models of a gateway, which are too many for everybody's types: they stand in `hosts/` beside
this module in the same form, and lie between the user's entries and ours.

A model may use a profile of another provider (a gateway that serves OpenAI's models): it gets a copy of it at its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from capably import __version__
from capably.registry.overlay import LIKE, SECTIONS, Overlay, digest
from capably.types.errors import did_you_mean
from capably.types.facts import ENDPOINTS_BY_ADAPTER, UNVERIFIED
from capably_codegen.load import Plain, check_registry
from capably_codegen.registry.facts import profile_facts
from capably_codegen.registry.names import constant_name
from capably_codegen.registry.problems import Key, Problem, RegistryError, problem
from capably_codegen.registry.schema import Entry, Profile, Registry
from capably_codegen.registry.source import Source
from capably_codegen.registry.yaml_lines import read_yaml
from capably_codegen.unspelled import unspelled_facts

POINTERS = {"profiles": "extends", "models": "like"}
"""Section -> the key with which an entry names its base entry."""

_REMOVABLE = "ids: models, or whole providers"
_NEEDS = "providers, profiles, models, or ids to remove"


@dataclass(frozen=True)
class Laid:
    """A user's file merged with capably's: the `source` of the types, and the compiled file for run time."""

    source: Source
    compiled: Plain


def base_file() -> Path:
    """Return the path of capably's own registry: beside this module in a wheel, at the root of a clone."""
    here = Path(__file__).resolve().parent
    shipped = here / "model_registry.yaml"
    return shipped if shipped.exists() else here.parent.parent / "model_registry.yaml"


def load_overlay(path: Path) -> Laid:
    """Load the file at `path` on top of capably's registry. Raise `RegistryError` with every problem."""
    return parse_overlay(path.read_text(encoding="utf-8"), path.name)


def parse_overlay(text: str, name: str, base: str | None = None) -> Laid:
    """Parse the file's `text` on top of `base` (by default capably's registry); `name` is used in messages."""
    file = base_file()
    ours, base_lines = read_yaml(base or file.read_text(encoding="utf-8"), file.name, needs=_NEEDS)
    given, lines = read_yaml(text, name, needs=_NEEDS)
    _stop_at(name, _misshapen(given), lines)
    _stop_at(name, _unknown_hosts(given.get("hosts") or []), lines)
    theirs: Plain = {section: dict(given.get(section) or {}) for section in SECTIONS}
    for place, host in enumerate(given.get("hosts") or []):
        _lay_on(host_file(host), theirs, lines, lines["hosts", place])
    merge = _Merge({**theirs, "remove": given.get("remove") or []}, ours)
    _stop_at(name, merge.wrong_names(), lines)
    _stop_at(name, merge.resolve(), lines)
    untouched = [profile for profile in ours["profiles"] if profile not in merge.written]
    source = check_registry(merge.data(), lines, name, ours=[*untouched, *merge.copies], pointers=POINTERS)
    _stop_at(name, merge.foreign_endpoints(source.registry), lines)
    _stop_at(name, _unspelled(source.registry, given.get("profiles") or {}), lines)
    copied_lines = {("profiles", copy): lines["models", model] for copy, model in merge.copies.items()}
    source = replace(source, path=f"capably's {file.name} and {name}", lines={**base_lines, **lines, **copied_lines})
    return Laid(source, {**_stamp(text, name), **_compiled(merge, source, name)})


def _unspelled(registry: Registry, written: Mapping[str, Collection[str]]) -> Iterator[tuple[Key, str]]:
    """Facts of the user's own that the host's API has no field for: types would take them, and no call could send them."""
    for name, given in written.items():
        for field, what in unspelled_facts(registry, name, given):
            yield ("profiles", name, field), what


def host_file(host: str) -> Path:
    """Return the path of the file with a gateway's models."""
    return Path(__file__).parent / "hosts" / f"{host}.yaml"


def host_names() -> list[str]:
    """Return the gateways whose models a user's file can include."""
    return sorted(file.stem for file in host_file("").parent.glob("*.yaml"))


def _lay_on(file: Path, theirs: Plain, lines: dict[Key, int], line: int) -> None:
    """Put a gateway's entries below the user's, all at the `line` that names it."""
    shipped, _ = read_yaml(file.read_text(encoding="utf-8"), file.name, needs=_NEEDS)
    for section in ("profiles", "models"):
        below: Plain = shipped[section]
        for entry in below:
            lines.setdefault((section, entry), line)
        above = {entry: {**below.get(entry, {}), **given} for entry, given in theirs[section].items()}
        theirs[section] = {**below, **above}


def schema() -> Plain:
    """Return the JSON Schema of a user's file."""
    shape = Registry.model_json_schema()
    for name in ("Provider", "Profile", "Model"):
        shape["$defs"][name].pop("required", None)
    for name, word, what in (
        ("Profile", "extends", "The profile, or the model whose profile, this one starts from; say only what differs."),
        ("Model", "like", "The model whose profile, limits and prices this one has, except for the fields given here."),
    ):
        shape["$defs"][name]["properties"][word] = {"type": "string", "description": what}
    removed = "Models (`openai/gpt-4.1`) and providers (`openai`) of capably's to remove."
    shape["properties"]["remove"] = {"type": "array", "items": {"type": "string"}, "description": removed}
    hosts = "Gateways whose models are typed and listed too."
    shape["properties"]["hosts"] = {"type": "array", "items": {"enum": host_names()}, "description": hosts}
    shape["description"] = "A user's own facts about models, laid over capably's."
    del shape["required"]
    return shape


def _stop_at(name: str, violations: Iterator[tuple[Key, str]], lines: Mapping[Key, int]) -> None:
    problems: list[Problem] = [problem(key, what, lines) for key, what in violations]
    if problems:
        raise RegistryError(name, problems)


# --- what the merge needs before it can start ---------------------------------------------------------------------


def _misshapen(data: object) -> Iterator[tuple[Key, str]]:
    if not isinstance(data, dict):
        yield (), f"the file must be a mapping with {_NEEDS}"
        return
    keys = sorted([*SECTIONS, "hosts", "remove"])
    for section, entries in cast("dict[str, object]", data).items():
        if section not in keys:
            yield (section,), f"unknown key {section!r}.{did_you_mean(section, keys)} Known: {', '.join(keys)}."
        elif section in ("hosts", "remove"):
            if not _is_list_of_ids(entries):
                yield (section,), f"it must be a list of {'gateways' if section == 'hosts' else _REMOVABLE}"
        elif entries is not None:
            yield from _misshapen_section(section, entries)


def _unknown_hosts(hosts: list[str]) -> Iterator[tuple[Key, str]]:
    names = host_names()
    for place, host in enumerate(hosts):
        if host not in names:
            yield ("hosts", place), f"no gateway {host!r}.{did_you_mean(host, names)} Known: {', '.join(names)}."


def _is_list_of_ids(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(id, str) for id in cast("list[object]", value)))


def _misshapen_section(section: str, entries: object) -> Iterator[tuple[Key, str]]:
    if not isinstance(entries, dict):
        yield (section,), "it must be a mapping from names to what is said of them"
        return
    for name, entry in cast("dict[str, object]", entries).items():
        if section == "not_chat":
            continue  # words, which the registry's own schema checks
        if not isinstance(entry, dict):
            yield (section, name), f"it must be a mapping; it is {entry!r}"
            continue
        pointer = POINTERS.get(section)
        target = cast("dict[str, object]", entry).get(pointer, "") if pointer else ""
        if not isinstance(target, str):
            yield (section, name, str(pointer)), f"it must name one; it is {target!r}"


# --- the merge ----------------------------------------------------------------------------------------------------


class _Merge:
    """The user's entries merged with ours, as plain data.

    `written`: profiles in the user's file; `copies`: profiles of other providers, by their new name, with the model
    that needs them.
    """

    def __init__(self, theirs: Plain, ours: Plain) -> None:
        self.theirs = theirs
        self.ours = ours
        self.overlay = Overlay(theirs, self._our_entry)
        self.written = frozenset(theirs["profiles"])
        self.copies: dict[str, str] = {}

    def _our_entry(self, section: str, name: str) -> Plain | None:
        return self.ours.get(section, {}).get(name)

    def data(self) -> Plain:
        """Return the complete registry, ours first, so that collisions are reported at the user's entry."""
        merged = {section: self.overlay.entries(section, self.ours.get(section, {})) for section in SECTIONS}
        for section in ("models", "retired"):
            for name, entry in merged[section].items():
                if name not in self.theirs[section]:
                    merged[section][name] = self._without_dangling(entry, merged)
        return merged

    def _without_dangling(self, entry: Plain, merged: Plain) -> Plain:
        """Return an entry of ours without references to models that the user removed."""
        dangling = {f for f in ("snapshot_of", "replacement") if f in entry and entry[f] not in merged["models"]}
        return {field: value for field, value in entry.items() if field not in dangling} if dangling else entry

    def wrong_names(self) -> Iterator[tuple[Key, str]]:
        """Yield names to remove or to start from that do not exist."""
        removable = [*self.ours["models"], *self.ours["providers"]]
        for place, id in enumerate(self.theirs["remove"]):
            if id not in removable:
                yield ("remove", place), f"capably has no model or provider {id!r}.{did_you_mean(id, removable)}"
        models, profiles = self._names("models"), self._names("profiles")
        for name, entry in self.theirs["models"].items():
            if "like" in entry and entry["like"] not in models:
                yield ("models", name, "like"), f"no model {entry['like']!r}.{did_you_mean(entry['like'], models)}"
            if entry.get("profile") in models and entry["profile"] not in [*profiles, UNVERIFIED]:
                what = f"{entry['profile']!r} is a model. To have its profile, write `like: {entry['profile']}`"
                yield ("models", name, "profile"), what
        for name, entry in self.theirs["profiles"].items():
            names = [*profiles, *models]
            if "extends" in entry and entry["extends"] not in names:
                what = f"no profile {entry['extends']!r}.{did_you_mean(entry['extends'], names)}"
                yield ("profiles", name, "extends"), what
        yield from self._incomplete()
        yield from self._circles("models")

    def _incomplete(self) -> Iterator[tuple[Key, str]]:
        """Yield new entries that lack required fields, often corrections with a misspelt name."""
        for name, entry in self.theirs["models"].items():
            if not {"profile", "like"} & entry.keys() and self.overlay.entry("models", name).get("profile") is None:
                ours = did_you_mean(name, self.ours["models"])
                yield ("models", name), f"capably has no model {name!r}.{ours} A new one needs `profile:` or `like:`"
        needed = [field for field, info in Profile.model_fields.items() if info.is_required()]
        for name, entry in self.theirs["profiles"].items():
            if "extends" in entry or name in self.ours["profiles"] or all(field in entry for field in needed):
                continue
            model = self.ours["models"].get(name)
            ours = (
                f" That of the model {name!r} is {model['profile']!r}."
                if model
                else did_you_mean(name, self.ours["profiles"])
            )
            yield (
                ("profiles", name),
                f"capably has no profile {name!r}.{ours} A new one needs `extends:`, or {', '.join(needed)}",
            )

    def _names(self, section: str) -> list[str]:
        ours = [name for name in self.ours[section] if self.overlay.stands(section, name)]
        return [*ours, *(name for name in self.theirs[section] if name not in ours)]

    def _circles(self, section: str) -> Iterator[tuple[Key, str]]:
        pointer = POINTERS[section]
        reported: set[str] = set()
        for name in self.theirs[section]:
            chain = [name]
            while (target := self.theirs[section].get(chain[-1], {}).get(pointer)) is not None and target not in chain:
                chain.append(target)
            if target == name and name not in reported:
                reported.update(chain)
                yield (section, name, pointer), f"it leads back to itself: {' -> '.join([*chain, name])}"

    def resolve(self) -> Iterator[tuple[Key, str]]:
        """Fill in what a user may leave out: profiles named by a model, copies at another provider, names."""
        profiles = self._names("profiles")
        for name, entry in self.theirs["profiles"].items():
            if "extends" in entry and entry["extends"] not in profiles:
                profile = self.overlay.entry("models", entry["extends"]).get("profile")
                if profile not in profiles:
                    what = f"{entry['extends']!r} has no profile whose facts are known"
                    yield ("profiles", name, "extends"), what
                    continue
                self.theirs["profiles"][name] = {**entry, "extends": profile}
        circles = list(self._circles("profiles"))
        yield from circles
        if circles:
            return
        for name, entry in self.theirs["providers"].items():
            if self.overlay.ours("providers", name) is None or name in self.overlay.removed:
                defaults = {"name": name, "docs": entry.get("base_url") or name}
                self.theirs["providers"][name] = {**defaults, **entry}
        for id in list(self.theirs["models"]):
            yield from self._at_home(id)

    def _at_home(self, id: str) -> Iterator[tuple[Key, str]]:
        """Give a model whose profile belongs to another provider a copy of it."""
        profile = self.overlay.entry("models", id).get("profile", UNVERIFIED)
        provider, home = id.partition("/")[0], str(profile).partition("/")[0]
        host = self.overlay.entry("providers", provider)
        if profile == UNVERIFIED or home == provider or host is None:
            return
        facts = self.overlay.entry("profiles", profile)
        if facts is None:
            return  # told as a profile that does not exist
        copy = f"{provider}/{home}-{profile.partition('/')[2]}"
        spoken = ENDPOINTS_BY_ADAPTER.get(host.get("adapter"), ())
        # Hosts with OpenAI's formats are called at the endpoint that all of them have.
        endpoints = {name: facts["endpoints"][name] for name in reversed(spoken) if name in facts["endpoints"]}
        if not endpoints:
            it_has = " and ".join(facts["endpoints"])
            what = (
                f"its profile {profile!r} is asked at {it_has}, which {provider!r} (adapter {host.get('adapter')!r}) does "
                f"not speak. Write a profile `{provider}/...` with `extends: {profile}` and `endpoints:` of its own"
            )
            yield ("models", id), what
            return
        self.copies.setdefault(copy, id)
        self.theirs["profiles"][copy] = {"extends": profile, "endpoints": endpoints}
        self.theirs["models"][id] = {**self.theirs["models"][id], "profile": copy}

    def foreign_endpoints(self, registry: Registry) -> Iterator[tuple[Key, str]]:
        """Yield endpoints of the user's profiles that their provider's adapter does not support."""
        for name in self.written:
            adapter = registry.providers[name.partition("/")[0]].adapter
            for endpoint in registry.profiles[name].endpoints:
                if endpoint not in ENDPOINTS_BY_ADAPTER[adapter]:
                    allowed = ", ".join(ENDPOINTS_BY_ADAPTER[adapter])
                    what = f"{endpoint!r} is not spoken by the adapter {adapter!r}. Allowed: {allowed}."
                    yield ("profiles", name, "endpoints", endpoint), what


# --- what the run time reads --------------------------------------------------------------------------------------


def _stamp(text: str, name: str) -> dict[str, object]:
    return {
        "about": f"Compiled by `capably generate` from {name}, for run time. Do not edit: change {name} instead.",
        "capably": __version__,
        "source": name,
        "sha256": digest(text),
    }


def _compiled(merge: _Merge, source: Source, name: str) -> dict[str, object]:
    """Compile the user's entries: complete with defaults if they are new, else only the given fields."""
    registry, theirs = source.registry, merge.theirs
    constants: dict[str, dict[str, str]] = {}
    for id in theirs["models"]:
        constants.setdefault(id.partition("/")[0], {})[constant_name(id, registry.models[id])] = id
    profiles: dict[str, object] = {}
    for profile in theirs["profiles"]:
        fields = _given_fields(merge, "profiles", profile, profile_facts(registry.profiles[profile]))
        profiles[profile] = {**fields, "line": source.lines["profiles", profile], "file": name}
    return {
        "remove": theirs["remove"],
        "providers": {
            n: _given_fields(merge, "providers", n, _plain(registry.providers[n])) for n in theirs["providers"]
        },
        "profiles": profiles,
        "models": {id: _given_fields(merge, "models", id, _plain(registry.models[id])) for id in theirs["models"]},
        "retired": {id: _plain(registry.retired[id]) for id in theirs["retired"]},
        "not_chat": theirs["not_chat"],
        "constants": constants,
    }


def _plain(entry: Entry) -> dict[str, object]:
    return entry.model_dump(mode="json")


def _given_fields(merge: _Merge, section: str, name: str, spelt: dict[str, object]) -> dict[str, object]:
    """Return the fields of an entry that run time cannot take from the entry's base."""
    given = merge.theirs[section][name]
    if "extends" in given:
        return {"extends": given["extends"], **{f: v for f, v in spelt.items() if f in given}}
    if "like" in given:
        return {"like": given["like"], **{f: v for f, v in spelt.items() if f in given or f not in LIKE}}
    corrects = merge.overlay.ours(section, name) is not None and merge.overlay.stands(section, name)
    return {f: v for f, v in spelt.items() if f in given} if corrects else spelt
