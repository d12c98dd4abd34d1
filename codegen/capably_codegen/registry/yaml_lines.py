"""Read YAML 1.2 as plain data, with the line of every key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from capably_codegen.registry.problems import Key, Problem, RegistryError

if TYPE_CHECKING:
    _Loader = yaml.SafeLoader
else:
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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
