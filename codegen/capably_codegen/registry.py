"""Read `model_registry.yaml`. A problem is reported with file, line, the wrong word, the allowed and the nearest one."""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from capably_codegen.profiles import class_name, profile_class
from capably_codegen.requirements import AXES
from capably_codegen.schema import Model, Profile, Reasoning, Registry
from capably_codegen.signatures import BUILTINS, PARTS

Key: TypeAlias = tuple[str | int, ...]
Plain: TypeAlias = dict[str, Any]
"""A mapping of a YAML file. Its shape is checked by the schema, when files are merged."""

UNVERIFIED = "unverified"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, at a line of the file."""

    line: int
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.line}: {self.where}: {self.what}" if self.where else f"{self.line}: {self.what}"


class RegistryError(Exception):
    """The registry cannot be used. `problems` lists everything that is wrong with it, in order of lines."""

    def __init__(self, path: str, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = sorted(set(problems), key=lambda p: (p.line, p.where, p.what))
        super().__init__("\n".join(f"{path}:{problem}" for problem in self.problems))


@dataclass(frozen=True)
class Source:
    """A registry that holds together, and the line on which each profile and model stands."""

    path: str
    registry: Registry
    lines: Mapping[Key, int]


def load_registry(path: Path) -> Source:
    """Load the registry at `path`. Raise `RegistryError` with every problem."""
    return parse_registry(path.read_text(encoding="utf-8"), path.name)


def parse_registry(text: str, name: str = "model_registry.yaml") -> Source:
    """Parse the registry in `text`; `name` is used in messages."""
    data, lines = read_yaml(text, name, needs="providers, profiles and models")
    return check_registry(data, lines, name)


def check_registry(
    data: object,
    lines: Mapping[Key, int],
    name: str,
    *,
    ours: Collection[str] = (),
    pointers: Mapping[str, str] | None = None,
) -> Source:
    """Check and build the registry in plain `data`. A key without a line in `lines` is reported at its parent's line.

    Of a user's own file: `ours` are the profiles that it did not write and `pointers` the words that only it may use, by
    section.
    """
    try:
        registry = Registry.model_validate(data)
    except ValidationError as error:
        raise RegistryError(name, _schema_problems(error, data, lines, pointers or {})) from None
    problems = [problem(key, what, lines) for key, what in _contradictions(registry, ours)]
    if problems:
        raise RegistryError(name, problems)
    return Source(name, registry, lines)


def problem(key: Key, what: str, lines: Mapping[Key, int]) -> Problem:
    """Return a problem at `key`, on its line or its parent's."""
    line_of = next(key[:n] for n in range(len(key), -1, -1) if key[:n] in lines)
    return Problem(lines[line_of], " > ".join(map(str, key)), what)


if TYPE_CHECKING:
    _Loader = yaml.SafeLoader
else:
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# --- YAML, with lines ---------------------------------------------------------------------------------------------


class _Yaml12(_Loader):
    """YAML 1.2 scalars: only `true` and `false` are booleans (so `off` and `no` are words), and dates stay text."""


_Yaml12.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", ("n", "~", "")),
    ("int", r"[-+]?[0-9][0-9_]*", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Yaml12.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))  # pyright: ignore[reportUnknownMemberType]


def read_yaml(text: str, name: str, *, needs: str) -> tuple[Any, dict[Key, int]]:
    """Return plain data and the line of every key; `needs` says what an empty file lacks."""
    try:
        root = yaml.compose(text, Loader=_Yaml12)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise RegistryError(name, [Problem(line, "", f"no valid YAML: {error.problem}")]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise RegistryError(name, [Problem(line, "", f"no valid YAML: {error.reason}")]) from None
    if root is None:
        raise RegistryError(name, [Problem(1, "", f"the file is empty; it needs {needs}")])
    if _size(root, {}) > MOST_VALUES:
        why = f"its aliases (`*name`) make more than {MOST_VALUES:,} values of it, or contain themselves"
        raise RegistryError(name, [Problem(1, "", why)])
    lines: dict[Key, int] = {}
    doubles: list[Problem] = []
    data = _construct(root, (), lines, doubles)
    if doubles:
        raise RegistryError(name, doubles)
    return data, lines


MOST_VALUES = 1_000_000
"""Values of a file, each counted as often as an alias repeats it."""


def _size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """Return the number of values below a node. One that contains itself has more than a file may have."""
    if id(node) not in sizes:
        sizes[id(node)] = MOST_VALUES + 1
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            parts = node.value
        sizes[id(node)] = 1 + sum(_size(part, sizes) for part in parts)
    return sizes[id(node)]


def _construct(node: yaml.Node, path: Key, lines: dict[Key, int], doubles: list[Problem]) -> object:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        mapping: dict[object, object] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            line = key_node.start_mark.line + 1
            where = " > ".join(map(str, path))
            if not isinstance(key, str):
                doubles.append(Problem(line, where, "a key must be a word, and here it is a mapping or a list"))
                continue
            if key in mapping:
                first = lines[(*path, key)]
                doubles.append(Problem(line, where, f"{key!r} is here a second time (first on line {first}); keep one"))
                continue
            lines[(*path, key)] = line
            mapping[key] = _construct(value_node, (*path, key), lines, doubles)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_construct(item, (*path, i), lines, doubles) for i, item in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> object:
    kind = node.tag.rpartition(":")[2]
    if kind == "int":
        return int(node.value.replace("_", ""))
    if kind == "float":
        return float(node.value)
    return {"bool": node.value == "true", "null": None}.get(kind, node.value)


# --- what the schema refuses --------------------------------------------------------------------------------------


def _schema_problems(
    error: ValidationError, data: object, lines: Mapping[Key, int], pointers: Mapping[str, str]
) -> Iterator[Problem]:
    by_place: dict[Key, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        by_place.setdefault(_place(detail, data), []).append(detail)
    for place, details in by_place.items():
        if any(len(other) > len(place) and other[: len(place)] == place for other in by_place):
            # Of a union, only the intended branch is reported: the one that got furthest.
            continue
        yield problem(place, _explain(place, details, pointers), lines)


def _place(detail: ErrorDetails, data: object) -> Key:
    """Return the path in the YAML: pydantic's location without the names of union branches."""
    place: list[str | int] = []
    last = len(detail["loc"]) - 1
    for number, step in enumerate(detail["loc"]):
        if isinstance(data, dict) and step in data:
            data = cast(dict[object, object], data)[step]
        elif isinstance(data, list) and isinstance(step, int) and step < len(cast(list[object], data)):
            data = cast(list[object], data)[step]
        elif detail["type"] != "missing" or number != last:
            continue
        place.append(step)
    return tuple(place)


def _explain(place: Key, details: list[ErrorDetails], pointers: Mapping[str, str]) -> str:
    first = details[0]
    word = str(place[-1]) if place else ""
    if first["type"] == "extra_forbidden":
        return _unknown_key(place, word, pointers)
    if first["type"] == "missing":
        return f"{word!r} is missing"
    allowed = [w for d in details if d["type"] in ("literal_error", "enum") for w in _words(d)]
    if any(d["type"] in ("bool_type", "bool_parsing") for d in details):
        allowed = ["true", "false", *allowed]
    allowed = [_SHAPES[d["type"]] for d in details if allowed and d["type"] in _SHAPES] + allowed
    if allowed:
        got = first["input"]
        return f"{got!r} is not allowed. Allowed: {', '.join(allowed)}.{nearest(str(got), allowed)}"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        return message
    return f"{message[:1].lower()}{message[1:]}; it is {first['input']!r}"


_SHAPES = {"model_type": "a mapping", "list_type": "a list"}


def _unknown_key(place: Key, word: str, pointers: Mapping[str, str]) -> str:
    if len(place) == 3 and place[0] == "models" and word in Profile.model_fields:
        return (
            f"a model never overrides {word!r}, a fact of its profile. Give the model a profile of its own "
            "(`profiles:`) that says so."
        )
    keys = _fields_at(place)
    if len(place) == 3 and str(place[0]) in pointers:
        keys = sorted([*keys, pointers[str(place[0])]])
    return f"unknown key {word!r}.{nearest(word, keys)} Known: {', '.join(keys)}."


def _fields_at(place: Key) -> list[str]:
    """Return the keys allowed at the last step of `place`."""
    kind: object = Registry
    for step in place[:-1]:
        fields = getattr(kind, "model_fields", None)
        annotation: object = fields[step].annotation if fields and step in fields else kind
        kind = next(iter(_models_in(annotation)), kind)
    return sorted(getattr(kind, "model_fields", {}))


def _models_in(annotation: object) -> Iterator[object]:
    if hasattr(annotation, "model_fields"):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_in(inner)


def _words(detail: ErrorDetails) -> list[str]:
    return re.findall(r"'([^']*)'", detail.get("ctx", {}).get("expected", ""))


def nearest(word: str, words: Iterable[str]) -> str:
    """Return the word most similar to `word`, as a question; nothing if none is similar."""
    close = difflib.get_close_matches(word, list(words), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


# --- contradictions between entries -------------------------------------------------------------------------------


def _contradictions(registry: Registry, ours: Collection[str]) -> Iterator[tuple[Key, str]]:
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
                yield (section, id), f"no provider {provider!r}.{nearest(provider, names)} Known: {', '.join(names)}."
            elif section in ("retired", "not_chat") and id in registry.models:
                yield (section, id), f"{id!r} is also in models; keep it in one place"
    for name, provider in registry.providers.items():
        if provider.any_model is not None and provider.any_model not in registry.profiles:
            close = nearest(provider.any_model, registry.profiles)
            yield ("providers", name, "any_model"), f"no profile {provider.any_model!r}.{close}"
    for id, model in registry.models.items():
        if model.profile != UNVERIFIED and model.profile not in registry.profiles:
            close = nearest(model.profile, [*registry.profiles, UNVERIFIED])
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
        yield (*key, field), f"no model {id!r}.{nearest(id, ids)}"


def constant_name(id: str, model: Model) -> str:
    """Return the constant of a model: `openai/gpt-4.1` -> `gpt_4_1`, unless the model names its constant."""
    name = model.constant or re.sub(r"[^0-9A-Za-z]+", "_", id.partition("/")[2]).strip("_").lower()
    return f"_{name}" if name[:1].isdigit() else name


def model_class(id: str, model: Model) -> str:
    """Return the class of a model: `openai/gpt-4.1` -> `Gpt41`, and with `constant: gpt_4_1_dotted`, `Gpt41Dotted`."""
    return class_name(f"/{constant_name(id, model)}" if model.constant else id)


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
