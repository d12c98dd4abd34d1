"""Edits of source text that change a model's name and nothing else."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple, cast

from capably.cli.find_models_in_code import Mention
from capably.cli.source_files import SourceFile, parse


class Edit(NamedTuple):
    """A mention and its replacement."""

    mention: Mention
    replacement: str


def edited(file: SourceFile, edits: Iterable[Edit]) -> str | None:
    """Return the text with these edits made; `None` if the program would differ in more than the edited names."""
    edits = list(edits)
    text = file.text
    for mention, replacement in sorted(edits, key=lambda edit: edit.mention.start, reverse=True):
        text = text[: mention.start] + replacement + text[mention.start + len(mention.text) :]
    if file.module is None:
        return text
    module, _ = parse(text)
    expected = Counter(pair for edit in edits for pair in _names(edit))
    same = module is not None and Counter(_differences(file.module, module)) == expected
    return text if same else None


def _names(edit: Edit) -> Iterator[tuple[object, object]]:
    """Yield the values that an edit changes in the syntax tree: a string, or the last two names of
    `llm.openai.gpt_4_1`."""
    before, after = edit.mention.text, edit.replacement
    if not before.startswith("llm."):
        yield before, after
        return
    for pair in zip(before.split("."), after.split("."), strict=True):
        if pair[0] != pair[1]:
            yield pair


def _differences(old: ast.AST, new: ast.AST) -> Iterator[tuple[object, object]]:
    """Yield the values in which two syntax trees differ, ignoring positions. Iterative, because trees may be deep."""
    pending: list[tuple[object, object]] = [(old, new)]
    while pending:
        one, other = pending.pop()
        if type(one) is not type(other):
            yield type(one), type(other)
        elif isinstance(one, ast.AST):
            pending += [(getattr(one, name, None), getattr(other, name, None)) for name in one._fields]
        elif isinstance(one, list):
            items, others = cast("list[object]", one), cast("list[object]", other)
            if len(items) != len(others):
                yield len(items), len(others)
            pending += zip(items, others, strict=False)
        elif one != other:
            yield one, other
