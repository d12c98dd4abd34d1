"""Read descriptions of classes, functions and parameters from docstrings in Google, NumPy and reST style."""

from __future__ import annotations

import re


class Docstring:
    """The description in a docstring, and that of each parameter or attribute."""

    __slots__ = ("description", "parameters")

    def __init__(self, description: str | None, parameters: dict[str, str]) -> None:
        self.description: str | None = description
        self.parameters: dict[str, str] = parameters


def own_docstring(cls: type) -> str | None:
    """Return the docstring written for this class: not an inherited one, not a signature that Python generates."""
    doc = cls.__dict__.get("__doc__")
    return doc if isinstance(doc, str) and not doc.startswith(f"{cls.__name__}(") else None


_SECTION = re.compile(
    r"((?:Keyword |Other )?(?:Args|Arguments|Parameters)|Params|Attributes|Returns?|Raises|Yields?)\s*(:?)\s*"
)


_LISTS = ("Args", "Arguments", "Params", "Parameters", "Attributes")
"""The last words of headers that a list of parameters follows."""


_FIELD = re.compile(r":(?:(param|parameter|arg|argument|key|ivar|var)\s+(?:[^:]*\s)?\*{0,2}(\w+)|\w[^:]*):\s*(.*)")


_GOOGLE = re.compile(r"\*{0,2}(\w+)\s*(?:\(.*?\))?\s*:\s*(.*)")


_NUMPY = re.compile(r"\*{0,2}(\w+(?:\s*,\s*\w+)*)\s*(?::.*)?")


def read_docstring(text: str | None) -> Docstring:
    """Return the description and the parameters of a docstring in Google, NumPy or reST style.

    Sections on results and errors are left out: a model needs the purpose and the parameters.
    """
    if not text:
        return Docstring(None, {})
    import inspect

    prose: list[str] = []
    entries: dict[str, list[str]] = {}
    section = ""
    style = entry_indent = None
    into: list[str] | None = prose
    lines = inspect.cleandoc(text).splitlines()
    if _SECTION.fullmatch(lines[0] if lines else ""):  # whose line Python does not count as indented
        lines[1:] = [line if _SECTION.fullmatch(line) else f"    {line}" for line in lines[1:]]
    for number, line in enumerate(lines):
        words = line.strip()
        indent = len(line) - len(line.lstrip())
        below = lines[number + 1].strip() if number + 1 < len(lines) else ""
        underlined = len(below) >= 3 and set(below) == {"-"} and indent == 0
        header = _SECTION.fullmatch(line)
        if underlined or (header and header[2] == ":"):
            section = header[1].rpartition(" ")[2] if header else ""
            style = "numpy" if underlined else "google"
            entry_indent = None
            into = None if section else prose
            if not section:
                prose.append(line)
        elif style == "numpy" and section and words and set(words) == {"-"}:
            continue
        elif field := _FIELD.fullmatch(words) if indent == 0 else None:
            section, style = "rest", None
            into = entries.setdefault(field[2], [field[3]]) if field[2] else []
        elif section and style != "numpy" and words and indent == 0:
            section, into = "", prose
            prose.append(line)
        elif section in _LISTS and words and (entry_indent is None or indent <= entry_indent):
            entry_indent = indent
            entry = (_NUMPY if style == "numpy" else _GOOGLE).fullmatch(words)
            into = [] if entry is None else [entry[2] if style == "google" else ""]
            if entry:
                entries |= {name.strip(): into for name in entry[1].split(",")}
        elif into is not None:
            into.append(line if into is prose else words)
    description = re.sub(r"\n{3,}", "\n\n", "\n".join(prose)).strip()
    return Docstring(description or None, {name: " ".join(filter(None, lines)) for name, lines in entries.items()})
