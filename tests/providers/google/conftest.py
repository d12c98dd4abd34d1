"""What every test of Google's generateContent needs."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _clear_away() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """Finalizers of google-genai's clients raise; they shall do so here, and not in the middle of something else."""
    yield
    gc.collect()
