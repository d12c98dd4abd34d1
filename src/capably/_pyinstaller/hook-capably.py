"""Names the modules that capably imports by name at the first use, so that a frozen program has them."""

# PyInstaller runs this file, and is installed only where it does:
# pyright: basic, reportMissingImports=false
from __future__ import annotations

from importlib.util import find_spec

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

OURS = ("capably", "capably_models")
BESIDE = ("pyreqwest", "msgspec")
"""Packages whose compiled modules import others of theirs."""


def _is_needed(module: str) -> bool:
    return not module.startswith(("capably.cli", "capably._pyinstaller"))


hiddenimports = [
    module
    for package in (*OURS, *BESIDE)
    if find_spec(package)
    for module in collect_submodules(package, filter=_is_needed)
]
datas = collect_data_files("capably_models", includes=["*.json"])
