"""`Any` switches the type checker off, so it is counted: for each folder per 1,000 lines, as a search for the word finds it.

A ceiling stands just above what was counted. Below it, `Any` is what a user reads as JSON (`ToolCall.args`), the default of
a type variable, or a function of values whose type depends on another value. Write `object` for what is only handed on or
looked at with `isinstance`, `Json` for parsed JSON, a `TypedDict` where the keys are fixed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LIBRARY = REPOSITORY / "src" / "capably"

CEILINGS = {
    "modules": 15,  # parameters.py: the annotations are the public types of every parameter
    "calls": 14,
    "cli": 3,
    "codegen": 6,
    "formats": 6,
    "http": 3,
    "json_schema": 8,
    "llm": 1,
    "providers": 2,
    "raw": 1,
    "registry": 8,
    "responses": 14,
    "tools": 7,
    "types": 12,
    "validation": 6,
}
"""Folder -> how often it may say `Any` in 1,000 lines."""


def test_no_folder_says_any_more_often_than_its_ceiling() -> None:
    lines, counts = defaultdict[str, int](int), defaultdict[str, dict[str, int]](dict)
    for path in (*LIBRARY.rglob("*.py"), *(REPOSITORY / "codegen" / "capably_codegen").rglob("*.py")):
        folder = path.relative_to(LIBRARY).parts[0] if path.is_relative_to(LIBRARY) else "codegen"
        folder = "modules" if folder.endswith(".py") or folder.startswith("_") else folder
        text = path.read_text(encoding="utf-8")
        lines[folder] += text.count("\n")
        counts[folder][str(path.relative_to(REPOSITORY))] = len(re.findall(r"\bAny\b", text))
    assert set(lines) == set(CEILINGS), "each folder has a ceiling"
    above = {
        folder: sorted(counts[folder].items(), key=lambda item: -item[1])[:5]
        for folder, ceiling in CEILINGS.items()
        if sum(counts[folder].values()) * 1000 > ceiling * lines[folder]
    }
    assert not above, "these files say it most often"
