"""codegen/README.md is complete: it names every template and every module."""

import re
from pathlib import Path

import capably_codegen

PACKAGE = Path(capably_codegen.__file__).parent
README = PACKAGE.parent / "README.md"


def test_every_template_has_a_row() -> None:
    text = README.read_text(encoding="utf-8")
    assert [file.name for file in sorted((PACKAGE / "templates").iterdir()) if f"`{file.name}`" not in text] == []


def test_every_module_is_named() -> None:
    text = README.read_text(encoding="utf-8")
    modules = sorted(file.name for file in PACKAGE.rglob("*.py") if file.name != "__init__.py")
    assert [name for name in modules if not re.search(rf"`(?:\w+/)?{name}`", text)] == []
