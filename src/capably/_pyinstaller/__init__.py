"""What PyInstaller asks an installed package for: the folder of its hook. Programs that use capably freeze without options."""

from __future__ import annotations

from pathlib import Path


def get_hook_dirs() -> list[str]:
    """Return the folder in which PyInstaller finds `hook-capably.py`."""
    return [str(Path(__file__).resolve().parent)]
